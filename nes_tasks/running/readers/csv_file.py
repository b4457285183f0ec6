"""CSV files, read by Python's own module, with the checks that it does not make."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from .content import UTF_8, open_text
from .errors import InputFileError
from .layout import Layout, joined_names, refuse_repeated
from .rows import Row, Source, is_blank, likely_delimiter

if TYPE_CHECKING:
    import pandas

# A line that Excel writes and reads to name the delimiter.
SEP_LINE = re.compile(r'"?sep=(.)"?[\r\n]*', re.IGNORECASE)
# The last line that the parser gets; inside of quotes it becomes a part of the cell. A
# character for private use, which no data file has a reason to hold.
END = "\uf8ff"
LINE_END = re.compile(r"\r\n|\r|\n")
NOT_GIVEN: Any = object()
# With these pandas reads another table than the file as it is.
STRUCTURE = frozenset(
    {
        "comment", "dialect", "engine", "escapechar", "header", "iterator", "lineterminator",
        "names", "nrows", "on_bad_lines", "quotechar", "quoting", "sep", "skipfooter", "skiprows",
    }
)  # fmt: skip


def iter_csv(
    path: Path,
    name: str,
    *,
    delimiter: str | None = None,
    encoding: str = UTF_8,
    layout: Layout | None = None,
    sources: list[Source] | None = None,
    **options: Any,
) -> Iterator[Row]:
    """Return the rows of a CSV file one by one; all values are strings.

    Without `delimiter` it is what a first line ``sep=;`` says, a tabulator for a .tsv file, else a
    comma. `options` are those of `csv.DictReader` (``fieldnames``, ``restkey``, ``restval``,
    ``dialect``, ``quotechar`` …): with ``restval`` a row may have too few cells, with ``restkey``
    too many. `sources` gets the table's `Source`. Raises `InputFileError`, with the line, when the
    file is empty, is not in `encoding`, has a column twice, a row with too few or too many cells,
    or a quotation mark that is never closed.
    """
    layout = layout or Layout()
    source = Source(name, "line", layout.ignore)
    if sources is not None:
        sources.append(source)
    columns = _Columns(source, layout, options)
    with open_text(path, name, encoding, "CSV") as file:
        first = file.readline()
        separator = SEP_LINE.fullmatch(first)
        if "dialect" not in options:
            delimiter = delimiter or (separator and separator[1]) or _usual_delimiter(name)
        if delimiter:
            options["delimiter"] = delimiter
        lines = file if separator else chain([first], file)
        records = _Records(lines, name, 1 if separator else 0, options)
        for number, cells in records:
            if (row := columns.row(number, cells)) is not None:
                yield row
    columns.check()


def _usual_delimiter(name: str) -> str | None:
    return "\t" if name.lower().endswith((".tsv", ".tab")) else None


class _Records:
    """The records of a file with the lines that they start in; `before` lines were read already."""

    def __init__(self, lines: Any, name: str, before: int, options: dict[str, Any]) -> None:
        self._name = name
        self._before = before
        known = {k: v for k, v in options.items() if k not in ("fieldnames", "restkey", "restval")}
        dialect = known.pop("dialect", "excel")
        # With other rules of quoting the last line would not come back as it is.
        self._is_marked = known.get("quoting", csv.QUOTE_MINIMAL) in (
            csv.QUOTE_MINIMAL,
            csv.QUOTE_ALL,
        )
        ends = [END] if self._is_marked else []
        self._reader = csv.reader(chain(lines, ends), dialect, **known)

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        start = self._before + 1
        try:
            for cells in self._reader:
                if self._is_marked and cells and cells[-1].endswith(END):
                    if cells != [END]:
                        raise self._unclosed(cells[-1])
                    return
                yield start, cells
                start = self._before + self._reader.line_num + 1
        except csv.Error as error:
            raise self._malformed(start, error) from None

    def _unclosed(self, cell: str) -> InputFileError:
        """Return the error for a file that ends inside of the quoted `cell`."""
        text = cell.removesuffix(END)
        lines = self._before + self._reader.line_num - 1
        opened = lines - len(LINE_END.findall(text)) + text.endswith(("\r", "\n"))
        return InputFileError(
            f"{self._name}: the quotation mark that opens in line {opened} is never closed",
            hint='close it there, or write "" for a quotation mark inside quotes',
        )

    def _malformed(self, start: int, error: csv.Error) -> InputFileError:
        text = str(error)
        hint = None
        if "field larger" in text or "unexpected end" in text:
            hint = "look for a quotation mark that is never closed"
        return InputFileError(f"{self._name} is not a CSV file, line {start}: {text}", hint=hint)


class _Columns:
    """Makes rows of records: finds the names first, then holds each record to them."""

    def __init__(self, source: Source, layout: Layout, options: dict[str, Any]) -> None:
        self._source = source
        self._layout = layout
        self._restkey = options.get("restkey", NOT_GIVEN)
        self._restval = options.get("restval", NOT_GIVEN)
        self._header: list[list[str]] = []
        self._rows_of_header: tuple[int, ...] | None = None
        self._names: list[str] | None = None
        self._nameless: list[int] = []
        self._seen = False
        self._blank = 0
        if options.get("fieldnames") is not None:
            self._name(list(options["fieldnames"]), source.name)

    def row(self, number: int, cells: list[str]) -> Row | None:
        """Return the row of a record, None for the header and for what does not count."""
        self._seen = self._seen or bool(cells)
        if number in self._layout.skipped:
            return None
        if self._names is None:
            self._take_header(number, cells)
            return None
        if not cells or (len(cells) == 1 < len(self._names) and is_blank(cells[0])):
            return None
        row = Row(self._paired(number, cells, self._names), self._source, number)
        self._layout.check_row(row)
        return row

    def check(self) -> None:
        """Check that there was a header; raises `InputFileError`."""
        if self._names is None:
            name = self._source.name
            if self._seen and self._layout.header is not None:
                raise InputFileError(f"{name} has no line {max(self._layout.header_rows(1))}")
            raise InputFileError(f"{name} is empty")

    def _take_header(self, number: int, cells: list[str]) -> None:
        if self._rows_of_header is None:
            self._rows_of_header = self._layout.header_rows(number)
        if number in self._rows_of_header:
            self._header.append(cells)
        if number < max(self._rows_of_header):
            return
        if self._blank and cells:
            raise self._without_names(self._blank)
        names = joined_names(self._header)
        if any(names):
            self._name(names, f"{self._source.name} line {number}")
        elif cells or self._layout.header is not None:
            raise self._without_names(number)
        else:  # an empty file is described as such in the end
            self._blank, self._rows_of_header = self._blank or number, None
            self._header.clear()

    def _without_names(self, number: int) -> InputFileError:
        return InputFileError(
            f"{self._source.name}: line {number} holds no column names",
            hint="pass the line that does, such as header=3",
        )

    def _name(self, names: list[str], where: str) -> None:
        nameless = [at for at, name in enumerate(names) if is_blank(name)]
        # One column without a name is what pandas writes for its index; more would be lost.
        self._nameless = nameless if len(nameless) > 1 else []
        refuse_repeated((n for at, n in enumerate(names) if at not in self._nameless), where)
        self._names = names
        self._source.columns = tuple(n for at, n in enumerate(names) if at not in self._nameless)
        self._layout.check_columns(self._source)

    def _paired(self, number: int, cells: list[str], names: list[str]) -> dict[Any, Any]:
        count = len(cells)
        if count > len(names) and self._restkey is NOT_GIVEN:
            if any(cell.strip() for cell in cells[len(names) :]):
                raise self._wrong_count(number, count, names)
            cells = cells[: len(names)]
        if count < len(names) and self._restval is NOT_GIVEN:
            raise self._wrong_count(number, count, names)
        row: dict[Any, Any] = dict(zip(names, cells, strict=False))
        if count < len(names):
            row.update(dict.fromkeys(names[count:], self._restval))
        elif len(cells) > len(names):
            row[self._restkey] = cells[len(names) :]
        if self._nameless:
            self._drop_nameless(number, cells, row)
        return row

    def _drop_nameless(self, number: int, cells: Sequence[str], row: dict[Any, Any]) -> None:
        for at in self._nameless:
            if at < len(cells) and cells[at].strip():
                raise InputFileError(
                    f"{self._source.place(number)}: cell {at + 1} has no column name above it",
                    hint="give the column a name, or pass the line of the names, such as header=2",
                )
            row.pop(self._names[at], None)  # type: ignore[index]

    def _wrong_count(self, number: int, count: int, names: list[str]) -> InputFileError:
        cells = "1 cell" if count == 1 else f"{count} cells"
        columns = "1 column" if len(names) == 1 else f"{len(names)} columns"
        if delimiter := likely_delimiter(names):
            hint = f"read it with delimiter={delimiter!r}"
        elif len(names) == 1:
            hint = "if that is a title, pass the line of the column names, such as header=2"
        elif count > len(names):
            hint = "put a value that holds the delimiter into quotation marks"
        else:
            hint = 'add the missing cells, or pass restval="" for missing cells at the end'
        return InputFileError(f"{self._source.place(number)} has {cells} for {columns}", hint=hint)


def read_csv(path: Path, name: str, **options: Any) -> list[Row]:
    """Return the rows of a CSV file; see `iter_csv`."""
    return list(iter_csv(path, name, **options))


def read_csv_frame(
    path: Path,
    name: str,
    *,
    delimiter: str | None = None,
    encoding: str = UTF_8,
    layout: Layout | None = None,
    **options: Any,
) -> pandas.DataFrame:
    """Return a CSV file as a data frame; `options` are those of `pandas.read_csv`.

    pandas guesses the types of columns: pass ``dtype=str`` where codes have leading zeros. Only
    an empty cell is a missing value: "NA" may be a name. A file that `iter_csv` refuses is refused
    here, too, unless the options say that it is laid out in another way.
    """
    if not STRUCTURE & options.keys():
        return _checked_frame(path, name, delimiter, encoding, layout, options)
    if delimiter is not None:
        options["delimiter"] = delimiter
    with open_text(path, name, encoding, "CSV") as file:
        return _parsed(file, name, options)


def _checked_frame(
    path: Path,
    name: str,
    delimiter: str | None,
    encoding: str,
    layout: Layout | None,
    options: dict[str, Any],
) -> pandas.DataFrame:
    """Return the rows of `iter_csv` with the types that pandas guesses."""
    import io

    sources: list[Source] = []
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    for number, row in enumerate(
        iter_csv(path, name, delimiter=delimiter, encoding=encoding, layout=layout, sources=sources)
    ):
        if not number:
            writer.writerow(sources[0].columns)
        writer.writerow(dict.values(row))
    if not text.tell():
        writer.writerow(sources[0].columns)
    text.seek(0)
    return _parsed(text, name, options)


def _parsed(file: TextIO, name: str, options: dict[str, Any]) -> pandas.DataFrame:
    import pandas

    if "na_values" not in options:
        options = {"keep_default_na": False, "na_values": [""], **options}
    try:
        frame: pandas.DataFrame = pandas.read_csv(file, **options)
    except pandas.errors.EmptyDataError:
        raise InputFileError(f"{name} is empty") from None
    except pandas.errors.ParserError as error:
        reason = " ".join(str(error).split())
        raise InputFileError(f"{name} is not a CSV file: {reason}") from None
    return frame
