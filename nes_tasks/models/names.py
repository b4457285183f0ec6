"""Normalize names to the form of the database."""

from __future__ import annotations


def standardize_name(name: str) -> str:
    """Return `name` with each word capitalised and single spaces between.

    Words of two or more characters that are all upper case (``CPN``, ``(UML)``, ``K.C.``) stay.
    In the others the first character goes up and the rest down, so ``McDonald`` becomes
    ``Mcdonald``. Scripts without case, such as Devanagari, stay as they are.
    """
    return " ".join(
        word if len(word) > 1 and word.isupper() else word.capitalize() for word in name.split()
    )


class NameExtractor:
    """The name helpers under the class that existing migrations use."""

    def standardize_name(self, name: str) -> str:
        """Return `name` as `standardize_name` of this module does."""
        return standardize_name(name)

    def disambiguate_name(self, name: str, context: object = None) -> str:
        """Return `name` trimmed; the context is accepted and does not matter."""
        return name.strip()
