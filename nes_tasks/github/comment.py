"""The comment of a pull request that shows what its migrations would do."""

from __future__ import annotations

from ..cli.findings import as_markdown
from ..cli.markdown import LIMIT
from ..cli.markdown import comment as preview_comment
from ..cli.preview import UPDATED_IN_A_COMMENT
from ..operations.preview import Preview
from .api import BOT, Api
from .artifact import UnfitArtifactError, check_of, preview_of
from .notes import notes
from .pull_request import OpenPull, PreviewRun, pull_request_of

# Invisible marker by which the comment is found again.
MARK = "<!-- nes-tasks: preview of the migrations -->"
# Conclusions of runs that executed something. Others wait for approval (`action_required`), were
# skipped, superseded (`cancelled`), or could not start.
EXECUTED = ("success", "failure", "timed_out")
# Limits for the check and the notes; the preview gets the rest.
MAX_CHECK = 12_000
MAX_NOTES = 8_000


def comment_on(api: Api, run: PreviewRun) -> str:
    """Write the results of a run into the comment of its pull request; return what was done.

    Raises `UnfitArtifactError`, after the comment has said so, when an artifact of the run is
    not what the workflow uploads.
    """
    if run.conclusion not in EXECUTED:
        return f"the run ended as {run.conclusion} and executed nothing: there is nothing to report"
    pull = pull_request_of(api, run)
    if pull is None:
        return f"no open pull request is at {run.head[:12]} any more: there is nothing to report"
    unfit = None
    try:
        text = _found(api, run, pull)
    except UnfitArtifactError as error:
        unfit, text = error, "The preview could not be read, and so it is not shown.\n"
    if text is None:
        known = _known(api, pull.number)
        if known is None:
            return "no migration is changed: there is nothing to report"
        text = "This pull request does not change migrations any more.\n"
    done = _put(api, pull.number, f"{MARK}\n{text}\n{_footer(run)}")
    if unfit is not None:
        raise unfit
    return done


def _found(api: Api, run: PreviewRun, pull: OpenPull) -> str | None:
    """Return the comment, None when the run found no migration to report."""
    checked, preview = check_of(api, run), preview_of(api, run)
    if checked is None and preview is None and run.conclusion == "success":
        return None
    if checked is None:
        check = "There is no result of the check: the run ended before there was one.\n"
    else:
        check = as_markdown(checked, limit=MAX_CHECK)
    if preview is None:
        return f"{check}\nThere is no preview: the run ended before there was one.\n"
    remarks = notes(api, pull, preview, MAX_NOTES)
    shown = _shown(preview, LIMIT - len(check) - len(remarks))
    return "\n".join(part for part in (remarks, check, shown) if part)


def _shown(preview: Preview, limit: int) -> str:
    return preview_comment(preview.limited(UPDATED_IN_A_COMMENT), limit=limit)


def _footer(run: PreviewRun) -> str:
    """Return the conclusion of the run, and the origin of the text above."""
    ended = "succeeded" if run.conclusion == "success" else f"ended as **{run.conclusion}**"
    return (
        f"---\n[The run]({run.url}) at {run.head} {ended}. "
        "It executed the code of this pull request, so its numbers are the claims of that code.\n"
    )


def _known(api: Api, number: int) -> int | None:
    """Return the id of the comment when there is one already."""
    for known in api.get_all(f"issues/{number}/comments"):
        # The author is null when the account was deleted.
        if known["user"] and known["user"]["login"] == BOT and known["body"].startswith(MARK):
            return int(known["id"])
    return None


def _put(api: Api, number: int, body: str) -> str:
    known = _known(api, number)
    if known is not None:
        changed = api.send("PATCH", f"issues/comments/{known}", {"body": body})
        return f"comment updated: {changed['html_url']}"
    made = api.send("POST", f"issues/{number}/comments", {"body": body})
    return f"comment created: {made['html_url']}"
