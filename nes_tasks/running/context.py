"""The context of a migration script: services, folder, data files, log.

The context never prints: it calls back, and the caller decides what to show.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence, Sized
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import NesTasksError
from . import readers

if TYPE_CHECKING:
    from ..services.database import EntityDatabase
    from ..services.publication import PublicationService
    from ..services.search import SearchService
    from .toolbox import Calendar, Names, Values

Item = TypeVar("Item")

# A row, or several, by its number from 1.
Rows = int | Sequence[int] | None
LogCallback = Callable[[str], None]
ProgressCallback = Callable[[str | None, int, int | None], None]

# Interval of progress reports: frequent enough to look alive, cheap enough to ignore.
SECONDS_BETWEEN_PROGRESS = 0.1


class ServiceMissingError(NesTasksError, AttributeError):
    """A script asked for a service that this run does not have."""


def _ignore(*_: object) -> None:
    """Default no-op callback."""


class MigrationContext:
    """The argument of ``migrate(context)``.

    `publication` writes with versions and checks, `search` finds, `db` is the database below both.
    `migration_dir` is the migration's folder and `author_id` the author that stands for the
    migration (``author:migration-NNN-name``). `on_log` is called with each message, `on_progress`
    with a label, the number done and the total, None where unknown, `on_note` with notes for people
    that are not logged. `inputs` are the files that may be read; without them any file of the
    folder may. `sources` gets each table that is read.
    """

    def __init__(
        self,
        *,
        publication: PublicationService,
        search: SearchService,
        db: EntityDatabase,
        migration_dir: Path,
        author_id: str,
        scraping: Any = None,
        on_log: LogCallback = _ignore,
        on_progress: ProgressCallback = _ignore,
        on_note: LogCallback = _ignore,
        inputs: readers.Inputs | None = None,
        sources: list[readers.Source] | None = None,
    ) -> None:
        self.publication = publication
        self.search = search
        self.db = db
        self.migration_dir = migration_dir
        self.author_id = author_id
        self._scraping = scraping
        self._logs: list[str] = []
        self._on_log = on_log
        self._on_progress = on_progress
        self._on_note = on_note
        self._inputs = inputs
        self._sources = [] if sources is None else sources

    @property
    def scraping(self) -> Any:
        """The scraping service; raises `ServiceMissingError` without one."""
        if self._scraping is None:
            raise ServiceMissingError(
                "context.scraping is not available in this run",
                hint="put what it would fetch into a data file of the migration's folder",
            )
        return self._scraping

    # The Nepali toolbox ---------------------------------------------------------------------

    @property
    def calendar(self) -> Calendar:
        """Bikram Sambat dates and conversions."""
        from .toolbox import CALENDAR

        return CALENDAR

    @property
    def names(self) -> Names:
        """Names in both scripts: titles, slugs, spellings, similarity."""
        from .toolbox import NAMES

        return NAMES

    @property
    def values(self) -> Values:
        """Numbers, sums of money and phone numbers in cells."""
        from .toolbox import VALUES

        return VALUES

    # Telling -------------------------------------------------------------------------------

    @property
    def logs(self) -> list[str]:
        """A copy of the messages so far."""
        return list(self._logs)

    def log(self, message: object) -> None:
        """Add a message to the migration's log, which is committed with its data."""
        text = str(message)
        self._logs.append(text)
        self._on_log(text)

    def progress(
        self, items: Iterable[Item], label: str | None = None, total: int | None = None
    ) -> Iterator[Item]:
        """Yield the items one by one and report the progress of the loop.

        `total` defaults to the length of the items, if known. It reports at the start, at most ten
        times a second, and at the end. The log does not contain it.
        """
        if total is None and isinstance(items, Sized):
            total = len(items)
        done = 0
        self._on_progress(label, done, total)
        reported_at = time.perf_counter()
        try:
            for item in items:
                yield item
                done += 1
                now = time.perf_counter()
                if now - reported_at >= SECONDS_BETWEEN_PROGRESS:
                    reported_at = now
                    self._on_progress(label, done, total)
        finally:
            self._on_progress(label, done, total)

    # Data files ----------------------------------------------------------------------------

    def read_csv(
        self,
        filename: str | Path,
        *,
        delimiter: str | None = None,
        encoding: str = readers.UTF_8,
        as_frame: bool = False,
        header: Rows = None,
        skip_rows: int | Collection[int] = 0,
        required: Collection[str] = (),
        ignore: Collection[str] = (),
        **options: Any,
    ) -> Any:
        """Return the rows of a CSV file of the folder as dicts of strings.

        The delimiter is a comma unless given, or said by the file: a tabulator for a .tsv file,
        or a first line ``sep=;``. `header` is the line of the column names, or several that make
        them up; `skip_rows` how many lines at the top are left out, or which ones; `required` are
        columns that must have a value in each row, `ignore` those that are left alone on purpose.
        Further options are those of `csv.DictReader`. With ``as_frame=True`` a pandas data frame,
        and the options are those of `pandas.read_csv`. Errors: see `readers`.
        """
        path = self._path(filename, "CSV")
        known: dict[str, Any] = {
            "delimiter": delimiter,
            "encoding": encoding,
            "layout": readers.Layout(header, skip_rows, required, ignore),
            **options,
        }
        if as_frame:
            return readers.read_csv_frame(path, str(filename), **known)
        return readers.read_csv(path, str(filename), sources=self._sources, **known)

    def iter_csv(
        self,
        filename: str | Path,
        *,
        encoding: str = readers.UTF_8,
        header: Rows = None,
        skip_rows: int | Collection[int] = 0,
        required: Collection[str] = (),
        ignore: Collection[str] = (),
        **options: Any,
    ) -> Iterator[readers.Row]:
        """Return the rows of a CSV file one by one, for files that do not fit into memory."""
        return readers.iter_csv(
            self._path(filename, "CSV"),
            str(filename),
            encoding=encoding,
            layout=readers.Layout(header, skip_rows, required, ignore),
            sources=self._sources,
            **options,
        )

    def read_json(
        self, filename: str | Path, *, encoding: str = readers.UTF_8, as_frame: bool = False
    ) -> Any:
        """Return what a JSON file of the folder holds; ``as_frame=True`` for a list of objects."""
        path = self._path(filename, "JSON")
        content = readers.read_json(path, str(filename), encoding=encoding)
        return readers.frame_of(content, str(filename)) if as_frame else content

    def read_jsonl(
        self, filename: str | Path, *, encoding: str = readers.UTF_8, as_frame: bool = False
    ) -> Any:
        """Return what the lines of a JSON Lines file of the folder hold, as a list."""
        rows = readers.read_jsonl(self._path(filename, "JSONL"), str(filename), encoding=encoding)
        return readers.frame_of(rows, str(filename)) if as_frame else rows

    def iter_jsonl(self, filename: str | Path, *, encoding: str = readers.UTF_8) -> Iterator[Any]:
        """Return what each line of a JSON Lines file holds, one by one."""
        path = self._path(filename, "JSONL")
        return readers.iter_jsonl(path, str(filename), encoding=encoding)

    def read_geojson(
        self, filename: str | Path, *, encoding: str = readers.UTF_8
    ) -> list[readers.Row]:
        """Return the features of a GeoJSON file: their properties, `geometry` and `id`."""
        path = self._path(filename, "GeoJSON")
        return readers.read_geojson(path, str(filename), encoding=encoding)

    def read_excel(
        self,
        filename: str | Path,
        sheet_name: str | Sequence[str] | None = None,
        as_frame: bool = False,
        *,
        header: Rows = None,
        skip_rows: int | Collection[int] = 0,
        fill_merged: bool | None = None,
        as_text: bool = False,
        required: Collection[str] = (),
        ignore: Collection[str] = (),
        max_rows: int | None = readers.MAX_ROWS,
    ) -> Any:
        """Return the rows of a sheet of an .xlsx or .ods workbook of the folder.

        Without `sheet_name` the sheet that is shown when the workbook is opened; with several
        names a dict of the rows of each. `header`, `skip_rows`, `required` and `ignore` are as in
        `read_csv`. Numbers and dates keep their type, unless ``as_text=True`` asks for what cells
        show: "007" where the format is 000. With ``fill_merged=True`` merged cells all have the
        value of the first, with False the others are empty. `max_rows` is the limit of a list,
        None for no limit.
        """
        rows = readers.read_excel(
            self._path(filename, "Excel"),
            str(filename),
            sheet_name=sheet_name,
            layout=readers.Layout(header, skip_rows, required, ignore),
            options=readers.SheetOptions(as_text, fill_merged, max_rows),
            sources=None if as_frame else self._sources,
        )
        if not as_frame:
            return rows
        name = str(filename)
        if isinstance(rows, dict):
            return {title: readers.frame_of(part, name) for title, part in rows.items()}
        return readers.frame_of(rows, name)

    def iter_excel(
        self,
        filename: str | Path,
        sheet_name: str | None = None,
        *,
        header: Rows = None,
        skip_rows: int | Collection[int] = 0,
        fill_merged: bool | None = None,
        as_text: bool = False,
        required: Collection[str] = (),
        ignore: Collection[str] = (),
    ) -> Iterator[readers.Row]:
        """Return the rows of a sheet one by one, however many there are."""
        return readers.iter_excel(
            self._path(filename, "Excel"),
            str(filename),
            sheet_name=sheet_name,
            layout=readers.Layout(header, skip_rows, required, ignore),
            options=readers.SheetOptions(as_text, fill_merged, max_rows=None),
            sources=self._sources,
        )

    def sheet_names(self, filename: str | Path) -> list[str]:
        """Return the names of the sheets of a workbook of the folder."""
        return readers.sheet_names(self._path(filename, "Excel"), str(filename))

    def lookup(
        self,
        name: str,
        values: Iterable[Any],
        *,
        column: str | None = None,
        filename: str | None = None,
    ) -> readers.Lookup:
        """Return what the values of a source mean, as lookups.csv or lookups.toml says.

        `values` are all of them: rows, of which it is the column called like the lookup (or
        `column`), or texts. ``context.lookup("party", rows)[row["party"]]`` is then the meaning,
        None for a blank. Raises `UnmatchedError` with all values that have none. `filename`
        is another file of the folder than these two.
        """
        names = (readers.TOML_NAME, readers.CSV_NAME) if filename is None else (filename,)
        path, display_path = None, names[-1]
        for candidate in names:
            if filename is not None or (self.migration_dir / candidate).exists():
                path, display_path = self._path(candidate, "lookups"), candidate
                break
        return readers.read_lookup(
            path, display_path, name, values, self._on_note, self._sources, column=column
        )

    def _path(self, filename: str | Path, kind: str) -> Path:
        return readers.input_path(self.migration_dir, filename, kind, self._inputs)
