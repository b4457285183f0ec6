"""The one comment of a pull request that says what its migrations would do."""

from __future__ import annotations

from ..cli.markdown import comment as preview_comment
from ..cli.preview import UPDATED_IN_A_COMMENT
from .api import BOT, Api
from .artifact import UnfitArtifactError, checked, fetch
from .pull_request import PreviewRun, pull_request_of

# By which the comment is found again; nobody sees it.
MARK = "<!-- nes-tasks: preview of the migrations -->"


def comment_on(api: Api, run: PreviewRun) -> str:
    """Write what a run has found into the comment of its pull request; return what was done.

    Raises `UnfitArtifactError`, after the comment has said so, when the run's artifact is not
    what the preview uploads.
    """
    number = pull_request_of(api, run)
    if number is None:
        return f"no open pull request is at {run.head[:12]} any more: there is nothing to tell"
    unfit = None
    try:
        text = _found(api, run)
    except UnfitArtifactError as error:
        unfit, text = error, "The preview could not be read, and so it is not shown.\n"
    done = _put(api, number, f"{MARK}\n{text}\n{_footer(run)}")
    if unfit is not None:
        raise unfit
    return done


def _found(api: Api, run: PreviewRun) -> str:
    data = fetch(api, run)
    if data is None:
        return "There is no preview: the run ended before there was one.\n"
    return preview_comment(checked(run, data).limited(UPDATED_IN_A_COMMENT))


def _footer(run: PreviewRun) -> str:
    """Say how the run ended, and whose word the text above is."""
    ended = "succeeded" if run.conclusion == "success" else f"ended as **{run.conclusion}**"
    return (
        f"---\n[The run]({run.url}) at {run.head} {ended}. "
        "It executed the code of this pull request, and the numbers are what that code says.\n"
    )


def _put(api: Api, number: int, body: str) -> str:
    for known in api.get_all(f"issues/{number}/comments"):
        # Somebody whose account is gone is nobody.
        if known["user"] and known["user"]["login"] == BOT and known["body"].startswith(MARK):
            api.send("PATCH", f"issues/comments/{known['id']}", {"body": body})
            return f"comment updated: {known['html_url']}"
    made = api.send("POST", f"issues/{number}/comments", {"body": body})
    return f"comment made: {made['html_url']}"
