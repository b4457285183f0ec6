"""What reviewers should ask about: other authors than expected, others at work on the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..cli.markdown import code
from ..operations.preview import Preview
from .api import Api
from .artifact import UnfitArtifactError, preview_of
from .pull_request import OpenPull, last_good_run

# Each costs three calls and a download; the newest ones are looked at.
MAX_PULLS = 20
MAX_NAMED = 5


def notes(api: Api, pull: OpenPull, preview: Preview, limit: int) -> str:
    """Return the notes as Markdown of at most `limit` characters, empty when there are none."""
    text = ""
    for line in (*_authors(api, pull, preview), *_overlaps(api, pull, preview)):
        if len(text) + len(line) > limit:
            break
        text += line
    return text


def _authors(api: Api, pull: OpenPull, preview: Preview) -> Iterator[str]:
    """Name each migration whose AUTHOR is not the account that opened the pull request.

    An address is compared with those of the account's own commits, a name alone with theirs.
    """
    commits = api.get_all(f"pulls/{pull.number}/commits")
    own = [
        commit["commit"]["author"]
        for commit in commits
        if commit["author"] and commit["author"]["login"] == pull.opener
    ]
    hidden = f"{pull.opener}@users.noreply.github.com"
    emails = {hidden, f"{pull.opener_id}+{hidden}", *(one["email"] for one in own)}
    names = {pull.opener, *(one["name"] for one in own)}
    for one in preview.migrations:
        name, _, email = one.about.author.partition("<")
        wanted, known = (email.rstrip("> "), emails) if email else (name.strip(), names)
        if wanted.casefold() not in {text.casefold() for text in known}:
            yield (
                f"- AUTHOR of {code(one.result.migration)} is {code(one.about.author, 300)}, and "
                f"{code(pull.opener) or 'a deleted account'} opened this pull request. "
                "Is this intended?\n"
            )


def _overlaps(api: Api, pull: OpenPull, preview: Preview) -> Iterator[str]:
    """Name each other open pull request that changes an entity or relationship of this one."""
    mine = _touched(preview)
    others = [OpenPull.read(one) for one in api.get_all("pulls", state="open")]
    others = sorted((one for one in others if one.number != pull.number), key=_newest)
    for other in others[:MAX_PULLS] if mine else ():
        common = sorted(mine & _touched(_preview(api, other)))
        if common:
            named = ", ".join(code(name) for name in common[:MAX_NAMED])
            more = len(common) - MAX_NAMED
            rest = f" and {more:,} more" if more > 0 else ""
            yield (
                f"- Pull request #{other.number} changes the same: {named}{rest}. "
                "Review the one that is merged later again.\n"
            )


def _newest(pull: OpenPull) -> int:
    return -pull.number


def _preview(api: Api, pull: OpenPull) -> Preview | None:
    """Return what another pull request does; an unreadable one is reported at its own."""
    run = last_good_run(api, pull.head)
    try:
        return preview_of(api, run) if run else None
    except UnfitArtifactError:
        return None


def _touched(preview: Preview | None) -> set[str]:
    found: Iterable[str] = ()
    if preview is not None:
        found = (
            name
            for one in preview.migrations
            for name in (
                *one.changes.created,
                *one.changes.deleted,
                *(updated.id for updated in one.changes.updated),
            )
        )
    return set(found)
