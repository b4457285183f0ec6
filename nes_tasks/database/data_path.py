"""Which files a migration may write: an allow-list, and names that no file system confuses.

Only the standard library is loaded: the process of the script checks here to fail at the
right line, the transaction checks here because a script can do anything to its own process.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from ..text import casefold_key

KINDS = ("author", "entity", "relationship", "version")
VERSIONS = "version/"
# One name: printable ASCII, the only characters that ids have, but none that Windows refuses, no
# dot at the start, and neither dot nor blank at the end, which Windows drops.
_NAME = r'(?!\.)[^\x00-\x1f\x7f-\U0010ffff/\\:*?"<>|]{0,254}[^\x00-\x20\x7f-\U0010ffff/\\:*?"<>|.]'
_ALLOWED = re.compile(rf"(?:{'|'.join(KINDS)})(?:/{_NAME})+(?<=[^/]\.json)")
# git and Windows take it for the folder .git (core.protectNTFS).
_GIT_ALIAS = re.compile(r"/git~[0-9]+(?:/|$)", re.IGNORECASE)


class RefusedPathError(ValueError):
    """A migration may not write this file."""


def check_data_path(path: str) -> None:
    """Raise `RefusedPathError` unless a migration may write `path`, relative to the data folder.

    It may write JSON files below ``author``, ``entity``, ``relationship`` and ``version``.
    """
    if not _ALLOWED.fullmatch(path) or _GIT_ALIAS.search(path):
        raise RefusedPathError(
            f"{path!r} cannot be written by a migration: it writes .json files below "
            f"{', '.join(KINDS)}"
        )


def type_of(parts: Sequence[str]) -> str:
    """Return the type of an entity or relationship from the parts of its path in the data folder.

    ``location/ward`` for an entity, ``relationship:FUNDED_BY`` for a relationship.
    """
    if parts[0] == "relationship":
        return f"relationship:{parts[-1].removesuffix('.json')}"
    return "/".join(parts[1:-1]) or parts[0]


class Collisions:
    """Finds names in one folder that a file system may treat as the same.

    macOS and Windows compare without case, macOS also without the Unicode normalization form.

    `names_in` returns at least the stored names of a folder that differ from their `casefold_key`,
    `is_there` whether something is at a path at this moment. Memory grows with the folders that
    were asked about and with the names in them that differ from their `casefold_key`.
    """

    def __init__(
        self, names_in: Callable[[str], Iterable[str]], is_there: Callable[[str], bool]
    ) -> None:
        self._names_in = names_in
        self._is_there = is_there
        self._spelled: dict[str, dict[str, str]] = {}

    def check(self, folder: str, name: str) -> None:
        """Raise `RefusedPathError` when `folder` has another spelling of `name`."""
        spelled = self._spelled.get(folder)
        if spelled is None:
            pairs = ((casefold_key(known), known) for known in self._names_in(folder))
            spelled = {key: known for key, known in pairs if key != known}
            self._spelled[folder] = spelled
        key = casefold_key(name)
        known = spelled.get(key, key)
        if known != name and self._is_there(_join(folder, known)):
            paths = f"{_join(folder, name)!r} and {_join(folder, known)!r}"
            raise RefusedPathError(f"{paths} are one file where case or Unicode form do not count")
        if key != name:
            # The folded name itself can be added only when this spelling has been deleted.
            spelled[key] = name


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
