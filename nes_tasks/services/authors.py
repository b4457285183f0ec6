"""The authors of changes."""

from __future__ import annotations

from ..models.identifiers import AUTHOR, build_author_id
from ..models.version import Author
from .database import EntityDatabase

# Guides of the legacy system recommend "author:migration:NNN-name"; a slug has no colon.
COLON_FORM = "migration:"


class Authors:
    """The authors that one service writes under, each read from the database once.

    Writing or deleting an author in the database drops the cached one.
    """

    def __init__(self, database: EntityDatabase) -> None:
        self._database = database
        self._stored: dict[str, Author] = {}
        database.watch(self._changed)

    async def resolve(self, author_id: str) -> Author:
        """Return the stored author, or a new one without a name. Writes nothing.

        ``author:migration:NNN-name`` stands for ``author:migration-NNN-name``, and a slug
        alone for ``author:`` with it. Raises `ValueError` when it cannot be an author id.
        """
        identifier = build_author_id(author_slug(author_id))
        known = self._stored.get(identifier)
        if known is None:
            known = await self._database.get_author(identifier)
            if known is None:
                return Author(slug=author_slug(author_id))
            self._stored[identifier] = known
        # A copy, so that a script cannot change that of another caller.
        return known.model_copy()

    async def save(self, author: Author) -> None:
        """Write an author that `resolve` has created; a stored one is not changed."""
        identifier = author.id
        if identifier not in self._stored:
            await self._database.put_author(author)
            self._stored[identifier] = author.model_copy()

    def _changed(self, identifier: str) -> None:
        self._stored.pop(identifier, None)


def author_slug(author_id: str) -> str:
    """Return the slug that an author id, in any of the accepted spellings, stands for."""
    slug = author_id.removeprefix(AUTHOR)
    if slug.startswith(COLON_FORM):
        return slug.replace(":", "-", 1)
    return slug
