"""Notes for reviewers: unexpected authors, and overlapping pull requests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..cli.markdown import code
from ..operations.preview import Preview
from .api import Api
from .artifact import UnfitArtifactError, preview_of
from .pull_request import OpenPull, last_good_run

# Each costs three calls and a download, so only the newest ones are examined.
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
    emails = {hidden, f"{pull.opener_id}+{hidden}", *(commit["email"] for commit in own)}
    names = {pull.opener, *(commit["name"] for commit in own)}
    for previewed in preview.migrations:
        name, _, email = previewed.about.author.partition("<")
        wanted, known = (email.rstrip("> "), emails) if email else (name.strip(), names)
        if wanted.casefold() not in {text.casefold() for text in known}:
            yield (
                f"- AUTHOR of {code(previewed.result.migration)} is "
                f"{code(previewed.about.author, 300)}, and "
                f"{code(pull.opener) or 'a deleted account'} opened this pull request. "
                "Is this intended?\n"
            )


def _overlaps(api: Api, pull: OpenPull, preview: Preview) -> Iterator[str]:
    """Name each other open pull request that changes an entity or relationship of this one."""
    mine = _touched(preview)
    others = [OpenPull.read(document) for document in api.get_all("pulls", state="open")]
    others = sorted((other for other in others if other.number != pull.number), key=_newest)
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
    """Return the preview of another pull request; an unreadable one is reported there."""
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
            for previewed in preview.migrations
            for name in (
                *previewed.changes.created,
                *previewed.changes.deleted,
                *(updated.id for updated in previewed.changes.updated),
            )
        )
    return set(found)
