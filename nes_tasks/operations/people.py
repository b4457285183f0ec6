"""The people behind the authors of migrations: one who writes the name in several ways is one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def name_of(author: str) -> str:
    """Return the name in ``Name <address>``; of an address alone what stands before the @."""
    name = author.partition("<")[0].strip() or author.strip("<> ")
    return name.partition("@")[0] if " " not in name else name


def people_of(authors: Iterable[str]) -> Mapping[str, str]:
    """Return the name of the person behind each of `authors`, strings like ``Name <address>``.

    Authors with the same address, or with the same name but for capitals and blanks, are one
    person, also where one leads to the other: who has a new address keeps the name, and who has
    a new name keeps the address. The person is called by the name that comes last, what stands
    before the @ of an address counts only where there is no name.
    """
    written = list(authors)
    group: dict[str, str] = {}  # a key that an author has, and one that stands for the group

    def root(key: str) -> str:
        while group.setdefault(key, key) != key:
            key = group[key]
        return key

    for author in written:
        first, *others = _keys(author)
        for key in others:
            group[root(key)] = root(first)
    names: dict[str, str] = {}
    for author in sorted(written, key=_has_name):  # stable, so that the last name wins
        names[root(_keys(author)[0])] = name_of(author)
    return {author: names[root(_keys(author)[0])] for author in written}


def _has_name(author: str) -> bool:
    return bool(author.partition("<")[0].strip()) and "@" not in author.partition("<")[0]


def _keys(author: str) -> list[str]:
    """Return what an author is known by: the name, and the address if there is one."""
    address = author.partition("<")[2].partition(">")[0].strip() or author.strip()
    name = " ".join(name_of(author).casefold().split())
    return [f"name {name}", *([f"address {address.casefold()}"] if "@" in address else [])]
