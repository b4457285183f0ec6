"""Workbooks: .xlsx and .ods, distinguished by their content."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from .content import COMPOUND_FILE, KINDS, ZIP, head_of, kind_of
from .errors import InputFileError
from .layout import Layout
from .rows import Row, Source
from .sheet import SheetOptions, sheet_rows

if TYPE_CHECKING:
    from .ods import Ods
    from .xlsx import Xlsx


def iter_excel(
    path: Path,
    name: str,
    *,
    sheet_name: str | None = None,
    layout: Layout | None = None,
    options: SheetOptions | None = None,
    sources: list[Source] | None = None,
) -> Iterator[Row]:
    """Return the rows of one sheet of an .xlsx or .ods workbook one by one; see `sheet_rows`.

    Without `sheet_name` the sheet that is shown when the workbook is opened. `sources` gets the
    table's `Source`. Raises `InputFileError` when the file is not a workbook, or has no such sheet.
    """
    options = options or SheetOptions(max_rows=None)
    layout = layout or Layout()
    # The file is ours: openpyxl leaves it open when it fails.
    with _parsing(name), _opened(path, name) as file, closing(_workbook(file, name)) as book:
        title = _title(book, name, sheet_name)
        source = Source(f"{name}, sheet '{title}'", "row", layout.ignore)
        if sources is not None:
            sources.append(source)
        merged = book.merged(title)
        yield from sheet_rows(book.grid(title), merged, source, layout, options)


def read_excel(
    path: Path,
    name: str,
    *,
    sheet_name: str | Sequence[str] | None = None,
    layout: Layout | None = None,
    options: SheetOptions | None = None,
    sources: list[Source] | None = None,
) -> Any:
    """Return the rows of a sheet as a list, of several sheets a dict of lists by their names."""
    known: dict[str, Any] = {
        "layout": layout,
        "options": options or SheetOptions(),
        "sources": sources,
    }
    if sheet_name is None or isinstance(sheet_name, str):
        return list(iter_excel(path, name, sheet_name=sheet_name, **known))
    return {title: list(iter_excel(path, name, sheet_name=title, **known)) for title in sheet_name}


def sheet_names(path: Path, name: str) -> list[str]:
    """Return the names of a workbook's sheets of cells, in their order."""
    with _parsing(name), _opened(path, name) as file, closing(_workbook(file, name)) as book:
        return list(book.titles)


@contextmanager
def _opened(path: Path, name: str) -> Iterator[BinaryIO]:
    head = head_of(path, name)
    if head.startswith(COMPOUND_FILE):
        what, hint = KINDS[COMPOUND_FILE]
        raise InputFileError(f"{name} is {what}", hint=hint)
    if not head.startswith(ZIP):
        what, hint = kind_of(head) or ("text", "read it with read_csv, or save it as .xlsx")
        raise InputFileError(f"{name} is not an Excel workbook: it is {what}", hint=hint)
    with path.open("rb") as file:
        yield file


def _workbook(file: BinaryIO, name: str) -> Xlsx | Ods:
    from .ods import Ods, is_ods

    if is_ods(file):
        return Ods(file, name)
    from .xlsx import Xlsx

    return Xlsx(file, name)


@contextmanager
def _parsing(name: str) -> Iterator[None]:
    """Turn whatever a parser makes of a damaged workbook into `InputFileError`."""
    try:
        yield
    except (InputFileError, ImportError):
        raise
    # A damaged archive can fail in any part of the parser, with any exception.
    except Exception as error:
        raise InputFileError(
            f"{name} is not an Excel workbook: {' '.join(str(error).split())}",
            hint="save it as .xlsx",
        ) from None


def _title(book: Xlsx | Ods, name: str, wanted: str | None) -> str:
    if wanted is None:
        if (shown := book.shown) is None:
            raise InputFileError(f"{name} has no sheet with cells")
        return shown
    if wanted not in book.titles:
        present = ", ".join(f"'{title}'" for title in book.titles)
        raise InputFileError(
            f"Sheet '{wanted}' not found in workbook {name}", hint=f"it has {present}"
        )
    return wanted
