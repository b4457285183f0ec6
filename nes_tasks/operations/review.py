"""Remarks for reviewers of a preview: doubts about the data that are not errors."""

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
# Limit of remarks of each kind; others are counted.
MAX_OF_A_KIND = 1000

ID = re.compile(r"(?:entity|relationship):[a-z][!-~]*")
ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
# Prose may mention any date in any calendar.
PROSE = ("description", "short_description")
DAMAGED = {DamageKind.MOJIBAKE, DamageKind.REPLACEMENT, DamageKind.QUESTION_MARKS}
# A person usually has one of these at a time.
ONE_AT_A_TIME = frozenset({"EMPLOYED_BY", "MEMBER_OF"})


class Remark(NamedTuple):
    """One remark: its kind (a key of `KINDS`), its subject, and the text."""

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


def review_changes(
    git: Git, new: str, changes: Iterable[Change], *, data_dir: str, clock: datetime
) -> tuple[Remark, ...]:
    """Return remarks about the `changes` that led to the tree `new` (id) of the database.

    Only new problems count. `clock` is the clock of the migration. Reads the
    contents of what changed, and, where there are new persons, the names of all persons. Raises
    `DatabaseError` for a file that is not there.
    """
    with closing(GitSource(git)) as source:
        review = _Review(source, Snapshot(source, new), data_dir, clock.date())
        review.check(changes)
        if review.new_persons and not git.is_partial:
            review.compare_names()
        return tuple(review.remarks())


class _Review:
    """Checks changed files; `source` reads both versions, `after` is the result."""

    def __init__(self, source: GitSource, after: Snapshot, data_dir: str, today: date) -> None:
        self._source, self._after, self._data_dir, self._today = source, after, data_dir, today
        self._found: defaultdict[str, list[Remark]] = defaultdict(list)
        self._left_out: defaultdict[str, int] = defaultdict(int)
        self._without_source: list[str] = []
        self._deleted: set[str] = set()
        self._overlapping: set[frozenset[str]] = set()
        self.new_persons: dict[str, list[str]] = {}

    def remarks(self) -> Iterator[Remark]:
        """Yield the remarks, in the order of the kinds."""
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

    def check(self, changes: Iterable[Change]) -> None:
        """Check all changed files."""
        folders = (f"{self._data_dir}/entity/", f"{self._data_dir}/relationship/")
        to_check = [change for change in changes if change.path.startswith(folders)]
        # Read by blob id: finding files by path would read the whole folder.
        old = self._contents((change.path, change.old) for change in to_check)
        new = self._contents((change.path, change.new) for change in to_check)
        for change, was, now in zip(to_check, old, new, strict=True):
            identifier = document_id(change.path, self._data_dir)
            content = parse(now) if now is not None else None
            if now is None:
                self._note_deletion(identifier)
            elif isinstance(content, dict):
                before = parse(was) if was is not None else None
                self._check_document(
                    Changed(identifier, before if isinstance(before, dict) else None, content)
                )
        if self._deleted:
            self._check_references()

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

    def _check_document(self, changed: Changed) -> None:
        known = set(_leaves(changed.old)) if changed.old is not None else set()
        for path, text in _leaves(changed.new):
            if (path, text) not in known:
                self._check_text(changed.id, path, text)
        if changed.id.startswith("relationship:"):
            self._check_relationship(changed)
        elif changed.old is None:
            if not changed.new.get("attributions"):
                self._without_source.append(changed.id)
            if changed.id.startswith("entity:person/"):
                self.new_persons[changed.id] = list(_full_names(changed.new))

    # Texts

    def _check_text(self, identifier: str, path: str, text: str) -> None:
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
            self._check_date(identifier, path, text)

    def _is_there(self, identifier: str) -> bool:
        try:
            return self._after.exists(f"{self._data_dir}/{path_of(identifier)}")
        except InvalidIdentifierError:
            return False

    def _check_date(self, identifier: str, path: str, text: str) -> None:
        if ISO_DATE.fullmatch(text):
            if doubt := _doubt_of_date(text, self._today):
                self._add("bikram_sambat", identifier, f"{path} is {text}{doubt}")
            return
        for found in find_dates(text)[:1]:
            self._add(
                "bikram_sambat",
                identifier,
                f"{path} holds {found.text!r}, which is {found.date.to_gregorian()}",
            )

    # Relationships

    def _note_deletion(self, identifier: str) -> None:
        if identifier.startswith("entity:"):
            self._deleted.add(identifier)
        else:
            self._add("relationship", identifier, "it is deleted")

    def _check_references(self) -> None:
        """Find relationships of deleted entities."""
        for path in self._after.walk(f"{self._data_dir}/relationship"):
            identifier = document_id(path, self._data_dir)
            parts = identifier.split(":")
            if len(parts) != 4:
                continue
            for end in parts[1:3]:
                if f"entity:{end}" in self._deleted:
                    self._add("dangling_id", identifier, f"it points to entity:{end}, now deleted")

    def _check_relationship(self, changed: Changed) -> None:
        end = changed.new.get("end_date")
        if changed.old is not None and end and not changed.old.get("end_date"):
            self._add("relationship", changed.id, f"it ends on {end}")
        source, kind = str(changed.new.get("source_entity_id")), str(changed.new.get("type"))
        if kind not in ONE_AT_A_TIME or not source.startswith("entity:person/"):
            return
        for other, content in self._others(source, kind, changed.id):
            pair = frozenset((changed.id, other))
            if pair not in self._overlapping and _overlap(changed.new, content):
                self._overlapping.add(pair)
                self._add(
                    "relationship",
                    changed.id,
                    f"{_term(changed.new)}, while {other} is {_term(content)}",
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
        """Find new persons with the same name as another, new or not."""
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
    """Return a doubt about an ISO 8601 date, as the end of a sentence."""
    try:
        nepali = suspect(date.fromisoformat(text), today)
    except ValueError:
        in_nepal = find_dates(f"BS {text}")
        meant = f"; as Bikram Sambat it is {in_nepal[0].date.to_gregorian()}" if in_nepal else ""
        return f", which is not a calendar date{meant}"
    return None if nepali is None else f"; as Bikram Sambat it is {nepali.to_gregorian()}"


def folder_remarks(unread: Iterable[str], hints: Sequence[str]) -> Iterator[Remark]:
    """Return remarks about a migration's folder.

    `unread` are files that the script has not opened, `hints` are doubts about the data.
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
