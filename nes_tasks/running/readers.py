"""Reading the data files of a migration's folder: CSV, JSON, JSON Lines and Excel.

Data files come from people and from spreadsheet programs, so every way in which one can be
wrong ends in one line that names the file, the place in it and what to change. Reads only.

pandas and openpyxl are loaded when a caller asks for what needs them: they cost more than
most migrations take.
"""

from __future__ import annotations

import csv
import json
import warnings
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO

from ..errors import NesTasksError
from .rows import Row

if TYPE_CHECKING:
    import pandas
    from openpyxl.workbook.workbook import Workbook

# UTF-8 with or without the byte order mark that spreadsheet programs put in front.
UTF_8 = "utf-8-sig"
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
# The first bytes of a compound file: an .xls of Excel 97-2003, or an encrypted .xlsx.
# Source: [MS-CFB] 2.2, Compound File Header.
COMPOUND_FILE_MARK = bytes.fromhex("d0cf11e0a1b11ae1")


class InputFileError(NesTasksError, ValueError):
    """A data file of a migration cannot be read as what it should be."""


class MissingInputFileError(InputFileError, FileNotFoundError):
    """There is no such data file in the migration's folder."""


# Where files are ----------------------------------------------------------------------------


def input_path(folder: Path, filename: str | Path, kind: str) -> Path:
    """Return the path of the data file `filename` of `folder`.

    `kind` is the word for it in messages, such as "CSV". Raises `MissingInputFileError` when
    there is no such file, and `InputFileError` for a name that leads out of the folder, by
    ``..``, an absolute path or a symbolic link, or that is not a file.
    """
    name = str(filename)
    if not name or "\0" in name:
        raise InputFileError(f"{name!r} is not a file name")
    if _leaves(name):
        raise _outside(name)
    try:
        path = (folder / name).resolve()
        if not path.is_relative_to(folder.resolve()):
            raise _outside(name)
        if path.is_dir():
            raise InputFileError(f"{name} is a folder, not a {kind} file")
        if not path.exists():
            raise MissingInputFileError(f"{kind} file not found: {name}")
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop of symbolic links
        if isinstance(error, InputFileError):
            raise
        raise InputFileError(f"{name} cannot be read: {error}") from None
    return path


def _leaves(name: str) -> bool:
    """Return whether the name alone leads out of a folder, on any system."""
    flavours = (PurePosixPath(name), PureWindowsPath(name))
    return any(path.anchor or path.drive or ".." in path.parts for path in flavours)


def _outside(name: str) -> InputFileError:
    return InputFileError(
        f"{name} is outside the migration's folder",
        hint="copy the file into the folder, so that it is reviewed and recorded with it",
    )


@contextmanager
def _text(path: Path, name: str, encoding: str) -> Iterator[TextIO]:
    """Open a text file; what is wrong with its bytes or its access becomes `InputFileError`."""
    try:
        if path.stat().st_size <= _mark_size(path):
            raise InputFileError(f"{name} is empty")
        with path.open(encoding=encoding, newline="") as file:
            yield file
    except UnicodeError as error:
        raise _wrong_encoding(path, name, encoding, error) from None
    except LookupError as error:
        if "encoding" not in str(error):
            raise
        raise InputFileError(f"{name} cannot be read: {error}") from None
    except OSError as error:
        if isinstance(error, InputFileError):
            raise
        raise InputFileError(f"{name} cannot be read: {error.strerror or error}") from None


def _mark_size(path: Path) -> int:
    """Return how many bytes at the start of the file are a byte order mark."""
    with path.open("rb") as file:
        head = file.read(3)
    if head == b"\xef\xbb\xbf":
        return 3
    return 2 if head.startswith(UTF_16_MARKS) else 0


def _wrong_encoding(path: Path, name: str, encoding: str, error: UnicodeError) -> InputFileError:
    """Say where the file is not what it was read as, and what to pass instead."""
    spoken = "UTF-8" if encoding == UTF_8 else encoding
    with path.open("rb") as file:
        start = file.read(2)
    if start in UTF_16_MARKS:
        return InputFileError(f"{name} is not {spoken} but UTF-16", hint='pass encoding="utf-16"')
    hint = "save it as UTF-8 or pass its encoding, for example"
    return InputFileError(
        f"{name} is not {spoken}{_first_bad_byte(path, encoding)} ({error.args[-1]})",
        hint=f'{hint} encoding="cp1252" for a CSV that Excel saved on Windows',
    )


def _first_bad_byte(path: Path, encoding: str) -> str:
    """Return ": byte 0x92 in line 3" for the first byte that cannot be decoded."""
    # A decoder that reads in pieces counts from the start of a piece, so the whole is decoded.
    data = path.read_bytes()
    try:
        data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return f": byte 0x{data[error.start]:02x} in line {line}"
    except UnicodeError:
        pass
    return ""


# CSV ----------------------------------------------------------------------------------------


def iter_csv(
    path: Path,
    name: str,
    *,
    delimiter: str | None = None,
    encoding: str = UTF_8,
    **options: Any,
) -> Iterator[dict[str, Any]]:
    """Return the rows of a CSV file one by one, as `csv.DictReader` gives them.

    `options` are those of `csv.DictReader` (``fieldnames``, ``restkey``, ``dialect``,
    ``quotechar`` …). All values are texts; a row with too few cells has None in the rest.
    A row that is asked for a column that is not there says which ones are (`Row`).
    Raises `InputFileError` when the file is empty, is not in `encoding` or is no CSV.
    """
    if delimiter is not None:
        options["delimiter"] = delimiter
    with _text(path, name, encoding) as file:
        reader = csv.DictReader(file, **options)
        try:
            if not reader.fieldnames:
                raise _without_columns(name, reader)
            for row in reader:
                yield Row(row, name)
        except csv.Error as error:
            raise _malformed_csv(name, reader.line_num, error) from None


def read_csv(path: Path, name: str, **options: Any) -> list[dict[str, Any]]:
    """Return the rows of a CSV file; see `iter_csv`."""
    return list(iter_csv(path, name, **options))


def read_csv_frame(
    path: Path,
    name: str,
    *,
    delimiter: str | None = None,
    encoding: str = UTF_8,
    **options: Any,
) -> pandas.DataFrame:
    """Return a CSV file as a data frame; `options` are those of `pandas.read_csv`.

    pandas guesses the types of columns: pass ``dtype=str`` where codes have leading zeros.
    """
    import pandas

    if delimiter is not None:
        options["delimiter"] = delimiter
    with _text(path, name, encoding) as file:
        try:
            frame: pandas.DataFrame = pandas.read_csv(file, **options)
        except pandas.errors.EmptyDataError:
            raise InputFileError(f"{name} is empty") from None
        except pandas.errors.ParserError as error:
            reason = " ".join(str(error).split())
            raise InputFileError(f"{name} is not a CSV file: {reason}") from None
    return frame


def _without_columns(name: str, reader: csv.DictReader[str]) -> InputFileError:
    if any(row for row in reader.reader):
        return InputFileError(f"{name}: the first line holds no column names")
    return InputFileError(f"{name} is empty")


def _malformed_csv(name: str, line: int, error: csv.Error) -> InputFileError:
    hint = None
    if "field larger" in str(error):
        hint = "look for a quotation mark that is never closed"
    return InputFileError(f"{name} is not a CSV file, line {line}: {error}", hint=hint)


# JSON ---------------------------------------------------------------------------------------


def read_json(path: Path, name: str, *, encoding: str = UTF_8) -> Any:
    """Return what a JSON file holds.

    Raises `InputFileError` with line and column when it is malformed.
    """
    with _text(path, name, encoding) as file:
        text = file.read()
    if not text.strip():
        raise InputFileError(f"{name} is empty")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise InputFileError(f"{name} is not JSON, {place}: {error.msg}") from None
    except RecursionError:
        raise InputFileError(f"{name} is nested too deeply to be read") from None


def iter_jsonl(path: Path, name: str, *, encoding: str = UTF_8) -> Iterator[Any]:
    """Return what each line of a JSON Lines file holds, one by one; blank lines do not count.

    Raises `InputFileError` that names the line when one is malformed, or when there is none.
    """
    found = False
    with _text(path, name, encoding) as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                yield json.loads(line.rstrip())
            except json.JSONDecodeError as error:
                place = f"line {number}, column {error.colno}"
                raise InputFileError(f"{name} is not JSON Lines, {place}: {error.msg}") from None
            except RecursionError:
                raise InputFileError(f"{name}, line {number}: nested too deeply") from None
            found = True
    if not found:
        raise InputFileError(f"{name} is empty")


def read_jsonl(path: Path, name: str, *, encoding: str = UTF_8) -> list[Any]:
    """Return what the lines of a JSON Lines file hold; see `iter_jsonl`."""
    return list(iter_jsonl(path, name, encoding=encoding))


def frame_of(records: object, name: str) -> pandas.DataFrame:
    """Return a data frame of the objects that a file held.

    Raises `InputFileError` when it is not a list of objects.
    """
    import pandas

    if not isinstance(records, list) or not all(isinstance(row, dict) for row in records):
        raise InputFileError(
            f"{name} is not a list of objects, so it cannot become a data frame",
            hint="read it without as_frame=True",
        )
    return pandas.DataFrame(records)


# Excel --------------------------------------------------------------------------------------


def read_excel(path: Path, name: str, *, sheet_name: str | None = None) -> list[dict[str, Any]]:
    """Return the rows of one sheet of an .xlsx workbook, by the names in its first row.

    Without `sheet_name` the sheet that is shown when the workbook is opened. Numbers, dates
    and truth values keep their type, formulas give the value that was saved with them, empty
    cells None. Columns without a name are left out, and so are empty rows at the end.
    Raises `InputFileError` when the file is no workbook, when it has no such sheet, or when
    the sheet is empty, has no names or has a name twice.
    """
    # The file is ours: openpyxl leaves it open when it fails.
    with _parsing(name), path.open("rb") as file, closing(_workbook(file, name)) as workbook:
        sheet = _sheet(workbook, name, sheet_name)
        # The size that a workbook states for a sheet is often wrong; the cells never are.
        sheet.reset_dimensions()
        rows = sheet.iter_rows(values_only=True)
        where = f"{name}, sheet '{sheet.title}'"
        columns = _columns(next(rows, ()), where)
        return [Row(record, where) for record in _records(rows, columns)]


def _workbook(file: BinaryIO, name: str) -> Workbook:
    import openpyxl

    start = file.read(len(COMPOUND_FILE_MARK))
    if not start:
        raise InputFileError(f"{name} is empty")
    if start == COMPOUND_FILE_MARK:
        raise InputFileError(
            f"{name} is an old .xls or encrypted workbook", hint="save it as .xlsx, unencrypted"
        )
    return openpyxl.load_workbook(file, read_only=True, data_only=True)


@contextmanager
def _parsing(name: str) -> Iterator[None]:
    """Turn whatever a parser makes of a damaged workbook into `InputFileError`."""
    try:
        with warnings.catch_warnings():
            # About charts and validation rules, which are not read anyway.
            warnings.simplefilter("ignore")
            yield
    except (InputFileError, ImportError):
        raise
    # A damaged archive can fail in any part of the parser, with any exception.
    except Exception as error:
        raise InputFileError(
            f"{name} is not an Excel workbook: {' '.join(str(error).split())}",
            hint="save it as .xlsx",
        ) from None


def _sheet(workbook: Workbook, name: str, wanted: str | None) -> Any:
    sheets = {sheet.title: sheet for sheet in workbook.worksheets}
    if wanted is None:
        active = workbook.active
        if active is not None and active.title in sheets:
            return sheets[active.title]
        if sheets:
            return next(iter(sheets.values()))
        raise InputFileError(f"{name} has no sheet with cells")
    if wanted not in sheets:
        present = ", ".join(f"'{title}'" for title in sheets)
        raise InputFileError(
            f"Sheet '{wanted}' not found in workbook {name}", hint=f"it has {present}"
        )
    return sheets[wanted]


def _columns(header: Sequence[Any], where: str) -> list[tuple[int, str]]:
    """Return position and name of each named column."""
    named = [(at, str(cell)) for at, cell in enumerate(header) if not _is_empty(cell)]
    if not named:
        raise InputFileError(f"{where}: the first row holds no column names")
    seen: set[str] = set()
    for _, column in named:
        if column in seen:
            raise InputFileError(f"{where}: two columns are called '{column}'")
        seen.add(column)
    return named


def _records(
    rows: Iterator[tuple[Any, ...]], columns: list[tuple[int, str]]
) -> Iterator[dict[str, Any]]:
    """Return the rows by column name; empty ones only if something follows them."""
    empty = 0
    for row in rows:
        record = {column: row[at] if at < len(row) else None for at, column in columns}
        if all(_is_empty(value) for value in record.values()):
            empty += 1
            continue
        for _ in range(empty):
            yield dict.fromkeys(record)
        empty = 0
        yield record


def _is_empty(cell: object) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())
