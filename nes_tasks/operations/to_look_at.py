"""What a reviewer should look at in a preview: doubts about the data that no rule refuses."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from ..git.command import Git
from ..git.diff import Change
from ..git.snapshot import GitSource, Snapshot, read_files
from ..models.bikram_sambat import find_dates, suspect
from ..models.damage import DamageKind, damage_of
from ..models.identifiers import InvalidIdentifierError, path_of
from ..models.name_keys import is_blank, name_key
from .changes import BOOKKEEPING, document_id
from .fields import leaves, parse

# The kinds, in the order in which they are shown, with their headings.
KINDS = {
    "unread_file": "Files of the folder that the script never opened",
    "data": "Data files",
    "dangling_id": "Ids that do not exist",
    "damaged_text": "Text that looks damaged",
    "bikram_sambat": "Dates that look like Bikram Sambat",
    "same_name": "Persons with the name of another person",
    "relationship": "Relationships that end or overlap",
    "no_source": "Entities without a source",
}
# Of each kind so many are kept; the others are counted.
MAX_OF_A_KIND = 1000

ID = re.compile(r"(?:entity|relationship):[a-z][!-~]*")
ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
# Prose may speak of any date, and of any calendar.
PROSE = ("description", "short_description")
DAMAGED = {DamageKind.MOJIBAKE, DamageKind.REPLACEMENT, DamageKind.QUESTION_MARKS}
# Of these a person has one at a time, as a rule.
ONE_AT_A_TIME = frozenset({"EMPLOYED_BY", "MEMBER_OF"})


class Remark(NamedTuple):
    """One thing to look at: its kind (a key of `KINDS`), what it is about, and what it is."""

    kind: str
    subject: str
    text: str

    def to_dict(self) -> dict[str, str]:
        """Return what JSON can hold."""
        return self._asdict()


@dataclass(frozen=True, slots=True)
class Changed:
    """An entity or relationship that is new or changed: its content before (None) and now."""

    id: str
    old: Mapping[str, Any] | None
    new: Mapping[str, Any]


def to_look_at(
    git: Git, new: str, changes: Iterable[Change], *, data_dir: str, clock: datetime
) -> tuple[Remark, ...]:
    """Return what is doubtful in the `changes` that have made the tree `new` (id) of the database.

    Only what the change brings counts. `clock` is the time that the migration saw. Reads the
    contents of what changed, and, where there are new persons, the names of all persons. Raises
    `DatabaseError` for a file that is not there.
    """
    with closing(GitSource(git)) as source:
        review = _Review(source, Snapshot(source, new), data_dir, clock.date())
        review.look(changes)
        if review.new_persons and not git.is_partial:
            review.compare_names()
        return tuple(review.remarks())


class _Review:
    """Looks through what changed; `source` has both contents of it, `after` is the result."""

    def __init__(self, source: GitSource, after: Snapshot, data_dir: str, today: date) -> None:
        self._source, self._after, self._data_dir, self._today = source, after, data_dir, today
        self._found: defaultdict[str, list[Remark]] = defaultdict(list)
        self._left_out: defaultdict[str, int] = defaultdict(int)
        self._without_source: list[str] = []
        self._deleted: set[str] = set()
        self._overlapping: set[frozenset[str]] = set()
        self.new_persons: dict[str, list[str]] = {}

    def remarks(self) -> Iterator[Remark]:
        """Return what was found, in the order of the kinds."""
        if self._without_source:
            count = len(self._without_source)
            noun = "new entity names" if count == 1 else "new entities name"
            more = "" if count == 1 else f", such as {self._without_source[0]}"
            subject = self._without_source[0] if count == 1 else ""
            self._add("no_source", subject, f"{count:,} {noun} no source in attributions{more}")
        for kind in KINDS:
            yield from self._found[kind]
            if rest := self._left_out[kind]:
                yield Remark(kind, "", f"and {rest:,} more")

    def look(self, changes: Iterable[Change]) -> None:
        """Look at all that changed."""
        folders = (f"{self._data_dir}/entity/", f"{self._data_dir}/relationship/")
        looked_at = [change for change in changes if change.path.startswith(folders)]
        # By their ids: to find them by their paths a whole folder would have to be read.
        old = self._contents((change.path, change.old) for change in looked_at)
        new = self._contents((change.path, change.new) for change in looked_at)
        for change, was, now in zip(looked_at, old, new, strict=True):
            identifier = document_id(change.path, self._data_dir)
            content = parse(now) if now is not None else None
            if now is None:
                self._gone(identifier)
            elif isinstance(content, dict):
                before = parse(was) if was is not None else None
                self._of(Changed(identifier, before if isinstance(before, dict) else None, content))
        if self._deleted:
            self._left_behind()

    def _contents(self, files: Iterable[tuple[str, str | None]]) -> Iterator[bytes | None]:
        """Yield the content of each file, given by path and id, None for one that is not there."""
        wanted = list(files)
        found = read_files(self._source, ((path, oid) for path, oid in wanted if oid))
        for _, oid in wanted:
            yield next(found) if oid else None

    def _add(self, kind: str, subject: str, text: str) -> None:
        if len(self._found[kind]) < MAX_OF_A_KIND:
            self._found[kind].append(Remark(kind, subject, text))
        else:
            self._left_out[kind] += 1

    def _of(self, one: Changed) -> None:
        known = set(_leaves(one.old)) if one.old is not None else set()
        for path, text in _leaves(one.new):
            if (path, text) not in known:
                self._of_text(one.id, path, text)
        if one.id.startswith("relationship:"):
            self._of_relationship(one)
        elif one.old is None:
            if not one.new.get("attributions"):
                self._without_source.append(one.id)
            if one.id.startswith("entity:person/"):
                self.new_persons[one.id] = list(_full_names(one.new))

    # Texts

    def _of_text(self, identifier: str, path: str, text: str) -> None:
        if ID.fullmatch(text):
            if not self._is_there(text):
                self._add("dangling_id", identifier, f"{path} is {text}, which does not exist")
            return
        is_name = path.startswith(("names[", "misspelled_names["))
        damage = damage_of(text)
        if damage is not None and (is_name or damage.kind in DAMAGED):
            meant = f"; it may be {damage.repaired!r}" if damage.repaired else ""
            self._add(
                "damaged_text", identifier, f"{path} is {text!r}: {damage.explanation}{meant}"
            )
        elif not is_name and not path.startswith(PROSE):
            self._of_date(identifier, path, text)

    def _is_there(self, identifier: str) -> bool:
        try:
            return self._after.exists(f"{self._data_dir}/{path_of(identifier)}")
        except InvalidIdentifierError:
            return False

    def _of_date(self, identifier: str, path: str, text: str) -> None:
        if ISO_DATE.fullmatch(text):
            if said := _doubt_of_date(text, self._today):
                self._add("bikram_sambat", identifier, f"{path} is {text}{said}")
            return
        for found in find_dates(text)[:1]:
            self._add(
                "bikram_sambat",
                identifier,
                f"{path} holds {found.text!r}, which is {found.date.to_gregorian()}",
            )

    # Relationships

    def _gone(self, identifier: str) -> None:
        if identifier.startswith("entity:"):
            self._deleted.add(identifier)
        else:
            self._add("relationship", identifier, "it is deleted")

    def _left_behind(self) -> None:
        """Find relationships that stay though one of their ends was deleted."""
        for path in self._after.walk(f"{self._data_dir}/relationship"):
            identifier = document_id(path, self._data_dir)
            parts = identifier.split(":")
            if len(parts) != 4:
                continue
            for end in parts[1:3]:
                if f"entity:{end}" in self._deleted:
                    self._add("dangling_id", identifier, f"it points to entity:{end}, now deleted")

    def _of_relationship(self, one: Changed) -> None:
        end = one.new.get("end_date")
        if one.old is not None and end and not one.old.get("end_date"):
            self._add("relationship", one.id, f"it ends on {end}")
        source, kind = str(one.new.get("source_entity_id")), str(one.new.get("type"))
        if kind not in ONE_AT_A_TIME or not source.startswith("entity:person/"):
            return
        for other, content in self._others(source, kind, one.id):
            pair = frozenset((one.id, other))
            if pair not in self._overlapping and _overlap(one.new, content):
                self._overlapping.add(pair)
                self._add(
                    "relationship",
                    one.id,
                    f"{_term(one.new)}, while {other} is {_term(content)}",
                )

    def _others(self, source: str, kind: str, own: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        folder = f"{self._data_dir}/relationship/{source.removeprefix('entity:')}"
        paths = [
            path
            for path in self._after.walk(folder)
            if path.endswith(f"/{kind}.json") and document_id(path, self._data_dir) != own
        ]
        for path, data in self._after.read_many(paths):
            content = parse(data or b"")
            if isinstance(content, dict):
                yield document_id(path, self._data_dir), content

    # Names

    def compare_names(self) -> None:
        """Find new persons that are called like another, new or not."""
        holders: defaultdict[str, set[str]] = defaultdict(set)
        wanted = {
            name_key(name)
            for names in self.new_persons.values()
            for name in names
            if not is_blank(name)
        }
        for path, data in self._after.read_many(
            self._after.walk(f"{self._data_dir}/entity/person")
        ):
            content = parse(data or b"")
            for name in _full_names(content) if isinstance(content, dict) else ():
                if (key := name_key(name)) in wanted:
                    holders[key].add(document_id(path, self._data_dir))
        for identifier, names in self.new_persons.items():
            others: dict[str, str] = {}
            for name in names:
                for other in sorted(holders[name_key(name)] - {identifier}):
                    others.setdefault(other, name)
            if others:
                listed = ", ".join(list(others)[:3])
                more = f" and {len(others) - 3} more" if len(others) > 3 else ""
                name = next(iter(others.values()))
                self._add("same_name", identifier, f"{name!r} is also the name of {listed}{more}")


def _doubt_of_date(text: str, today: date) -> str | None:
    """Return what is doubtful in a date as in ISO 8601, in words that follow it."""
    try:
        nepali = suspect(date.fromisoformat(text), today)
    except ValueError:
        in_nepal = find_dates(f"BS {text}")
        meant = f"; as Bikram Sambat it is {in_nepal[0].date.to_gregorian()}" if in_nepal else ""
        return f", which is not a calendar date{meant}"
    return None if nepali is None else f"; as Bikram Sambat it is {nepali.to_gregorian()}"


def of_the_folder(unread: Iterable[str], hints: Sequence[str]) -> Iterator[Remark]:
    """Return what is to be looked at in a migration's folder.

    `unread` are files that the script has not opened, `hints` what seemed wrong with the data.
    """
    for path in unread:
        yield Remark("unread_file", path, "the script never opened it")
    for text in hints:
        yield Remark("data", "", text)


def _leaves(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the path and the text of each field that is one, but for the bookkeeping."""
    for key, value in content.items():
        if key == BOOKKEEPING or key in ("created_at", "slug"):
            continue
        for path, leaf in leaves(value, key):
            if isinstance(leaf, str):
                yield path, leaf


def _full_names(content: Mapping[str, Any]) -> Iterator[str]:
    names = content.get("names")
    for name in names if isinstance(names, list) else ():
        for language in ("en", "ne"):
            parts = name.get(language) if isinstance(name, dict) else None
            full = parts.get("full") if isinstance(parts, dict) else None
            if isinstance(full, str) and not is_blank(full):
                yield full


def _overlap(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two terms have a day in common; ISO dates sort as strings."""
    starts = [str(term.get("start_date") or "") for term in (one, other)]
    ends = [str(term.get("end_date") or "9999") for term in (one, other)]
    return starts[0] < ends[1] and starts[1] < ends[0]


def _term(content: Mapping[str, Any]) -> str:
    return f"{content.get('start_date') or 'unknown'} to {content.get('end_date') or 'today'}"
