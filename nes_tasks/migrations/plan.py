"""The plan: the applied, pending and invalid migrations, in execution order.

It is built only from the folders and the records of the database; it does not use git and changes
nothing. The order of the entries is the order of execution: first what is applied, then the rest by
number. An invalid folder holds up what comes after it and nothing before it; one that needs a new
number stands last, as it will have the highest number.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import count

from ..errors import InvalidMigrationError, UsageError
from ..text import move_command, quote
from .inputs import HashCache, differs_in_line_ends, is_input_path
from .loader import README, Folder, SortKey, free_name, load, next_number, ordering, split_name
from .metadata import Metadata
from .migration import Migration
from .record import AppliedRecord


class State(StrEnum):
    """The state of a migration.

    Applied: its record is in the database, its folder unchanged but for the README, or not
    comparable. Drift: its record is there, its folder differs. Missing: its record is there, its
    folder is not. Pending: it can be applied. Invalid: it is not applied and cannot be.
    """

    APPLIED = "applied"
    PENDING = "pending"
    DRIFT = "drift"
    MISSING = "missing"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Entry:
    """One migration of the plan.

    `record` is set when it is applied, `folder` unless it is missing, `migration` when it is
    pending. `problem` says why it is invalid, or why the folder of an applied one could not be
    compared. `changed`, `added` and `removed` are the files that cause the drift, or the README of
    an applied migration. `predecessor` is the entry that must be applied before this one.
    """

    name: str
    state: State
    folder: Folder | None = None
    record: AppliedRecord | None = None
    migration: Migration | None = None
    problem: InvalidMigrationError | None = None
    changed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    predecessor: str | None = None

    @property
    def is_applied(self) -> bool:
        """Whether the database has its record: applied, drifted or missing its folder."""
        return self.record is not None

    @property
    def prefix(self) -> int | None:
        """Its number, if its name has one."""
        parts = split_name(self.name)
        return parts[0] if parts else None

    @property
    def metadata(self) -> Metadata | None:
        """Author, date and description: from the record, else from the script; None if invalid."""
        source = self.record or self.migration
        return source.metadata if source else None

    @property
    def is_same_text(self) -> bool:
        """Whether the drift consists only of line ends; reads the changed files."""
        if self.folder is None or self.record is None or self.added or self.removed:
            return False
        files = {file.relative: file for file in self.folder.files or ()}
        recorded = self.record.inputs or {}
        return bool(self.changed) and all(
            differs_in_line_ends(files[path], recorded[path]) for path in self.changed
        )

    @property
    def difference(self) -> str:
        """The drift in one line, such as "changed data.csv; added notes.md"."""
        if self.is_same_text:
            return f"only the line ends of {', '.join(self.changed)}"
        kinds = {"changed": self.changed, "added": self.added, "removed": self.removed}
        listed = "; ".join(f"{kind} {', '.join(files)}" for kind, files in kinds.items() if files)
        return listed or (self.problem.message if self.problem else "")

    @property
    def note(self) -> str:
        """A difference that is not drift: the README does not affect the database."""
        return self.difference if self.state is State.APPLIED and not self.problem else ""

    @property
    def drift_hint(self) -> str:
        """The hint for the drift.

        Not ``--force``: most scripts fail on data that they wrote before.
        """
        display_path = self.folder.display_path if self.folder else self.name
        if self.is_same_text:
            return (
                f"add the line '* -text' to {display_path.removesuffix(self.name)}.gitattributes, "
                f"delete these files, and get them back: git checkout -- {display_path}"
            )
        return (
            f"undo the change (git log -p -- {display_path}), or doit accept {self.name} if it "
            "gives the same data; to change the data write a new migration: doit create NAME"
        )


class Plan:
    """All migrations in execution order; ``plan[full_name]`` looks one up."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries = tuple(entries)
        self._by_name = {entry.name: entry for entry in self.entries}

    @classmethod
    def build(
        cls,
        folders: Iterable[Folder],
        applied: Mapping[str, AppliedRecord],
        *,
        out_of_order: bool = False,
        same_number: Sequence[str] = (),
        cache: HashCache | None = None,
    ) -> Plan:
        """Compare the folders with the records of the database, by full name.

        `out_of_order` allows a pending migration to have a lower number than an applied one;
        `same_number` names those that may share a number, in their order. Reads the input files of
        applied migrations and the scripts of pending ones, unless the `cache` has them; the error
        of a folder becomes part of its entry.
        """
        present = {folder.name: folder for folder in folders}
        entries: list[Entry] = []
        last: str | None = None
        key = ordering(same_number)
        for name in sorted(applied, key=key):
            entry = _applied_entry(name, applied[name], present.get(name), last, cache)
            entries.append(entry)
            last = last if entry.state is State.MISSING else name
        validator = _FolderValidator(
            present, applied, out_of_order, frozenset(same_number), key, cache
        )
        judged = [
            (folder, *validator.check(folder))
            for folder in sorted(present.values(), key=lambda folder: key(folder.name))
            if folder.name not in applied
        ]
        judged.sort(key=lambda row: row[2])  # the sort is stable
        for folder, outcome, _ in judged:
            entries.append(_unapplied_entry(folder, outcome, last))
            last = folder.name
        return cls(entries)

    def with_applied(self, name: str, record: AppliedRecord) -> Plan:
        """Return the plan after `name` was applied from its current folder.

        Reads nothing; keeps the order. Raises `KeyError` for a name that is not there.
        """
        done = replace(
            self[name],
            state=State.APPLIED,
            record=record,
            migration=None,
            problem=None,
            changed=(),
            added=(),
            removed=(),
        )
        return Plan({**self._by_name, name: done}.values())

    @property
    def names(self) -> Collection[str]:
        """The full names of all entries."""
        return self._by_name.keys()

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __getitem__(self, name: str) -> Entry:
        """Return the entry with this full name; raises `KeyError` without one."""
        return self._by_name[name]

    def get(self, name: str) -> Entry | None:
        """Return the entry with this full name, None without one."""
        return self._by_name.get(name)

    def in_state(self, state: State) -> tuple[Entry, ...]:
        """Return the entries in `state`, in the order of the plan."""
        return tuple(entry for entry in self.entries if entry.state is state)

    @property
    def applied(self) -> tuple[Entry, ...]:
        """The applied migrations whose folders are unchanged."""
        return self.in_state(State.APPLIED)

    @property
    def pending(self) -> tuple[Entry, ...]:
        """The migrations to be applied, in order."""
        return self.in_state(State.PENDING)

    @property
    def drifted(self) -> tuple[Entry, ...]:
        """The applied migrations whose folders changed afterwards."""
        return self.in_state(State.DRIFT)

    @property
    def missing(self) -> tuple[Entry, ...]:
        """The applied migrations without a folder."""
        return self.in_state(State.MISSING)

    @property
    def invalid(self) -> tuple[Entry, ...]:
        """The folders that are not valid migrations, or may not be applied."""
        return self.in_state(State.INVALID)

    @property
    def due(self) -> tuple[Entry, ...]:
        """The pending migrations that are not blocked by an invalid one, in order."""
        invalid = next((at for at, e in enumerate(self.entries) if e.state is State.INVALID), None)
        return tuple(e for e in self.entries[:invalid] if e.state is State.PENDING)

    def blocker(self, name: str) -> Entry | None:
        """Return the invalid migration that blocks a pending one, None without one."""
        earlier = self.entries[: self.entries.index(self[name])]
        return next((entry for entry in earlier if entry.state is State.INVALID), None)

    @property
    def next_number(self) -> int:
        """The number for the next new migration."""
        return next_number(_numbers(self._by_name))

    def resolve(self, text: str) -> Entry:
        """Return the entry that `text` names.

        That is its full name, its number (``005``, ``5``), the path of its folder, or the
        beginning of a word of its name that no other has, with what follows it; digits must be a
        whole word, so that 5 does not mean 015. Raises `UsageError` with suggestions otherwise.
        """
        wanted = text.strip().rstrip("/").rpartition("/")[2]
        if wanted in self._by_name:
            return self._by_name[wanted]
        found = self._matching(wanted)
        if len(found) == 1:
            return found[0]
        if found:
            names = [entry.name for entry in found]
            raise UsageError(
                f"{quote(text)} can mean {_listed(names, 'or')}", hint="give the full name"
            )
        raise UsageError(f"there is no migration {quote(text)}", hint=self._suggestion(wanted))

    def _matching(self, wanted: str) -> list[Entry]:
        if not wanted:
            return []
        if not (wanted.isascii() and wanted.isdigit()):
            words = f"-{wanted.lower().lstrip('0')}"
            return [e for e in self.entries if words in f"-{e.name.lstrip('0')}"]
        # Compared as strings: a number may have thousands of digits.
        number = wanted.lstrip("0") or "0"
        numbered = [entry for entry in self.entries if str(entry.prefix) == number]
        return numbered or [e for e in self.entries if wanted in e.name.split("-")[1:]]

    def _suggestion(self, wanted: str) -> str:
        import difflib

        if not self.entries:
            return "doit create NAME makes the first one"
        names = {name.partition("-")[2]: name for name in self._by_name}
        names.update((name, name) for name in self._by_name)
        close = difflib.get_close_matches(wanted.lower(), names, n=1)
        return f"did you mean {names[close[0]]}?" if close else "doit list shows them"


def _applied_entry(
    name: str,
    record: AppliedRecord,
    folder: Folder | None,
    predecessor: str | None,
    cache: HashCache | None,
) -> Entry:
    if folder is None or folder.is_empty:
        return Entry(name, State.MISSING, record=record)
    if not record.inputs:
        return Entry(name, State.APPLIED, folder, record, predecessor=predecessor)
    try:
        now = folder.hashes(cache)
    except InvalidMigrationError as problem:
        return Entry(name, State.DRIFT, folder, record, problem=problem, predecessor=predecessor)
    then = record.inputs
    if now != then:
        # Recorded leftovers of other programs do not count as removed.
        then = {path: digest for path, digest in then.items() if is_input_path(path)}
    if now == then:
        return Entry(name, State.APPLIED, folder, record, predecessor=predecessor)
    changed = tuple(sorted(path for path in now if path in then and now[path] != then[path]))
    added = tuple(sorted(path for path in now if path not in then))
    removed = tuple(sorted(path for path in then if path not in now))
    is_readme = {*changed, *added, *removed} == {README}
    return Entry(
        name,
        State.APPLIED if is_readme else State.DRIFT,
        folder,
        record,
        changed=changed,
        added=added,
        removed=removed,
        predecessor=predecessor,
    )


def _unapplied_entry(
    folder: Folder, outcome: Migration | InvalidMigrationError, predecessor: str | None
) -> Entry:
    if isinstance(outcome, Migration):
        return Entry(folder.name, State.PENDING, folder, migration=outcome, predecessor=predecessor)
    return Entry(folder.name, State.INVALID, folder, problem=outcome, predecessor=predecessor)


class _FolderValidator:
    """Validates the folders that are not applied, one after the other in their order."""

    def __init__(
        self,
        present: Mapping[str, Folder],
        applied: Mapping[str, AppliedRecord],
        out_of_order: bool,
        same_number: frozenset[str],
        key: Callable[[str], SortKey],
        cache: HashCache | None,
    ) -> None:
        self.applied = applied
        self.cache = cache
        self.key = key
        self.same_number = same_number
        here = {name for name, folder in present.items() if not folder.is_empty}
        # Names by number, from folders and records, without duplicates.
        self.holders: dict[int, list[str]] = {}
        for name in sorted(here.union(applied)):
            for number in _numbers([name]):
                self.holders.setdefault(number, []).append(name)
        highest = max(filter(split_name, applied), key=key, default=None)
        self.highest = None if out_of_order else highest
        self.deserted = present.keys() - here
        self.lost = {
            frozenset(record.inputs.items()): name
            for name, record in applied.items()
            if name not in here and record.inputs
        }
        self.lost_files = {frozenset(path for path, _ in inputs) for inputs in self.lost}
        # No two hints give the same number, so users can follow all of them.
        self.free_numbers = count(next_number(self.holders))
        self.free_names: dict[str, str] = {}

    def check(self, folder: Folder) -> tuple[Migration | InvalidMigrationError, bool]:
        """Return the migration to apply, or the error of the folder.

        The flag says whether it must be renamed first: then it does not block others.
        """
        misplaced = self._renamed(folder) or self._number_applied(folder) or self._too_late(folder)
        problem = folder.problem or misplaced or self._number_shared(folder)
        if problem:
            return problem, misplaced is not None
        try:
            return load(folder, self.cache), False
        except InvalidMigrationError as error:
            return error, False

    def _renamed(self, folder: Folder) -> InvalidMigrationError | None:
        """Refuse an applied folder under a new name: it would be applied twice."""
        files = frozenset(file.relative for file in folder.files or ())
        if files not in self.lost_files:
            return None
        try:
            name = self.lost.get(frozenset(folder.hashes(self.cache).items()))
        except InvalidMigrationError as error:
            return error
        if name is None:
            return None
        old = _beside(folder, name)
        # With an existing target, git would move the folder into it.
        clear = f"rm -r {old} && " if name in self.deserted else ""
        return InvalidMigrationError(
            f"{folder.display_path} is {name} under another name, which is applied already",
            hint=clear + move_command(folder.display_path, old),
        )

    def _number_applied(self, folder: Folder) -> InvalidMigrationError | None:
        applied = [name for name in self._same_number(folder) if name in self.applied]
        if not applied:
            return None
        return InvalidMigrationError(
            f"{folder.display_path} has the number of {_listed(applied)}, which is already applied",
            hint=self._renumbering(folder, [folder.name]),
        )

    def _too_late(self, folder: Folder) -> InvalidMigrationError | None:
        if self.highest is None or self.key(folder.name) > self.key(self.highest):
            return None
        return InvalidMigrationError(
            f"{folder.display_path} comes before {self.highest}, which is already applied",
            hint=f"{self._renumbering(folder, [folder.name])}, or set "
            'out_of_order = "allow" in [tool.nes_tasks]',
        )

    def _number_shared(self, folder: Folder) -> InvalidMigrationError | None:
        """Refuse all folders that share a number; the first may keep it."""
        others = self._same_number(folder)
        if not others:
            return None
        return InvalidMigrationError(
            f"{folder.display_path} has the same number as {_listed(others)}",
            hint=self._renumbering(folder, sorted([folder.name, *others])[1:]),
        )

    def _same_number(self, folder: Folder) -> list[str]:
        return [
            name
            for number in _numbers([folder.name])
            for name in self.holders.get(number, ())
            if name != folder.name and not {name, folder.name} <= self.same_number
        ]

    def _renumbering(self, folder: Folder, names: list[str]) -> str:
        """Return the commands that give the migrations `names` free numbers."""
        return " && ".join(
            move_command(_beside(folder, name), _beside(folder, self._free_name(name)))
            for name in names
        )

    def _free_name(self, name: str) -> str:
        """Return a name with a free number, the same in every hint."""
        if name not in self.free_names:
            self.free_names[name] = free_name(name, next(self.free_numbers))
        return self.free_names[name]


def _numbers(names: Iterable[str]) -> Iterator[int]:
    return (parts[0] for name in names if (parts := split_name(name)))


def _beside(folder: Folder, name: str) -> str:
    return folder.display_path.removesuffix(folder.name) + name


def _listed(names: list[str], last: str = "and") -> str:
    return f" {last} ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
