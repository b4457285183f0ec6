"""Excel workbooks: what is read, and the error for each broken file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import openpyxl.chart
import pytest
from data_files import put, workbook

from nes_tasks.running import readers
from nes_tasks.running.readers import InputFileError


def test_a_sheet_is_read_by_its_first_row_with_types(folder: Path) -> None:
    day = datetime(2024, 1, 25)  # noqa: DTZ001 - cells have no zone
    path = workbook(
        folder,
        {"Ministers": [["name", "since", 2024, None, "ok"], ["अ", day, 3, "dropped", True]]},
    )
    assert readers.read_excel(path, "data.xlsx") == [
        {"name": "अ", "since": day, "2024": 3, "ok": True}
    ]


def test_a_sheet_can_be_chosen_and_the_shown_one_is_the_default(folder: Path) -> None:
    path = workbook(folder, {"One": [["a"], [1]], "Two": [["a"], [2]]})
    book = openpyxl.load_workbook(path)
    book.active = 1
    book.save(path)
    assert readers.read_excel(path, "data.xlsx") == [{"a": 2}]
    assert readers.read_excel(path, "data.xlsx", sheet_name="One") == [{"a": 1}]


def test_a_chart_that_is_shown_first_is_not_a_sheet_of_cells(folder: Path) -> None:
    path = workbook(folder, {"Cells": [["a"], [1]]})
    book = openpyxl.load_workbook(path)
    book.create_chartsheet("Chart", 0).add_chart(openpyxl.chart.BarChart())
    book.active = 0
    book.save(path)
    assert readers.read_excel(path, "data.xlsx") == [{"a": 1}]


def test_a_missing_sheet_is_named_with_those_there_are(folder: Path) -> None:
    path = workbook(folder, {"One": [["a"]], "Two": [["a"]]})
    with pytest.raises(InputFileError) as caught:
        readers.read_excel(path, "data.xlsx", sheet_name="Three")
    assert str(caught.value) == (
        "Sheet 'Three' not found in workbook data.xlsx; it has 'One', 'Two'"
    )


def test_empty_rows_at_the_end_are_dropped_and_others_kept(folder: Path) -> None:
    rows = [["a", "b"], [1, None], [None, None], [2, "x"], [None, "  "], [None, None]]
    assert readers.read_excel(workbook(folder, {"S": rows}), "data.xlsx") == [
        {"a": 1, "b": None},
        {"a": None, "b": None},
        {"a": 2, "b": "x"},
    ]


def test_a_formula_gives_the_value_saved_with_it_and_without_one_is_refused(folder: Path) -> None:
    path = workbook(folder, {"S": [["a", "b"], [1, "=A2+1"]]})
    with pytest.raises(InputFileError) as caught:
        readers.read_excel(path, "data.xlsx")
    assert caught.value.message == (
        "data.xlsx, sheet 'S', cell B2 holds a formula without a saved value"
    )
    rewrite(path, "xl/worksheets/sheet1.xml", b"<v />", b"<v>2</v>")
    assert readers.read_excel(path, "data.xlsx") == [{"a": 1, "b": 2}]


def test_a_workbook_that_states_a_wrong_size_is_read_whole(folder: Path) -> None:
    path = workbook(folder, {"S": [["a", "b"], [1, 2], [3, 4]]})
    rewrite(path, "xl/worksheets/sheet1.xml", b'ref="A1:B3"', b'ref="A1:A1"')
    assert readers.read_excel(path, "data.xlsx") == [{"a": 1, "b": 2}, {"a": 3, "b": 4}]


def rewrite(path: Path, member: str, old: bytes, new: bytes) -> None:
    """Change a part of a workbook's archive."""
    import zipfile

    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert old in parts[member]
    parts[member] = parts[member].replace(old, new)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "data.xlsx, sheet 'S', row 1 holds no column names"),
        ([[None, " "], [1, 2]], "data.xlsx, sheet 'S', row 1 holds no column names"),
        ([["a", "b", "a"], [1, 2, 3]], "data.xlsx, sheet 'S', row 1: two columns are called 'a'"),
    ],
)
def test_a_sheet_without_clear_column_names_is_an_error(
    folder: Path, rows: list[list[Any]], said: str
) -> None:
    with pytest.raises(InputFileError) as caught:
        readers.read_excel(workbook(folder, {"S": rows}), "data.xlsx")
    assert caught.value.message == said


def test_column_names_alone_give_no_rows(folder: Path) -> None:
    assert readers.read_excel(workbook(folder, {"S": [["a"]]}), "data.xlsx") == []


def test_what_is_no_workbook_is_a_clear_error(folder: Path) -> None:
    whole = workbook(folder, {"S": [["a"], [1]]}).read_bytes()
    cases = {
        "text.xlsx": (
            b"name,seats\n",
            "is not an Excel workbook: it is text; read it with read_csv",
        ),
        "cut.xlsx": (whole[: len(whole) // 2], "is not an Excel workbook: "),
        "data.csv": (b"name\n", "is not an Excel workbook: "),
        "empty.xlsx": (b"", "is empty"),
        "old.xls": (bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600, "is an old .xls or encrypted"),
    }
    for name, (content, said) in cases.items():
        with pytest.raises(InputFileError, match=f"{name} {said}") as caught:
            readers.read_excel(put(folder, name, content), name)
        assert "\n" not in str(caught.value)


def test_an_archive_that_is_no_workbook_is_a_clear_error(folder: Path) -> None:
    path = workbook(folder, {"S": [["a"], [1]]})
    rewrite(path, "xl/workbook.xml", b"<workbook", b"<workbok")
    with pytest.raises(InputFileError, match=r"data\.xlsx is not an Excel workbook"):
        readers.read_excel(path, "data.xlsx")


def test_a_damaged_sheet_is_a_clear_error(folder: Path) -> None:
    path = workbook(folder, {"S": [["a"], [1], [2]]})
    rewrite(path, "xl/worksheets/sheet1.xml", b"</row>", b"</raw>")
    with pytest.raises(InputFileError, match=r"data\.xlsx is not an Excel workbook: .*mismatched"):
        readers.read_excel(path, "data.xlsx")
