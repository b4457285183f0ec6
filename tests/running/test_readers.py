"""Data files: what is read, and what each broken one is told."""

from __future__ import annotations

import copy
import csv
import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import openpyxl.chart
import pytest

from nes_tasks.errors import NesTasksError
from nes_tasks.running import readers
from nes_tasks.running.readers import InputFileError, MissingInputFileError, input_path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "001-example"
    folder.mkdir()
    return folder


def put(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def workbook(folder: Path, sheets: dict[str, list[list[Any]]], name: str = "data.xlsx") -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(folder / name)
    return folder / name


# Where files are


def test_a_file_of_the_folder_and_of_a_subfolder_is_found(folder: Path) -> None:
    (folder / "source").mkdir()
    put(folder, "source/a.csv", "x\n1\n")
    assert input_path(folder, "source/a.csv", "CSV") == (folder / "source/a.csv").resolve()
    assert input_path(folder, Path("source") / "a.csv", "CSV").is_file()


@pytest.mark.parametrize(
    "name",
    [
        "../secret.csv",
        "a/../../secret.csv",
        "a/../b.csv",
        "/etc/passwd",
        "..",
        "..\\secret.csv",
        "C:\\secret.csv",
        "C:secret.csv",
        "\\\\server\\share\\secret.csv",
    ],
)
def test_a_name_that_leads_out_of_the_folder_is_refused(folder: Path, name: str) -> None:
    put(folder.parent, "secret.csv", "x\n1\n")
    with pytest.raises(InputFileError, match=r"is outside the migration's folder; copy the file"):
        input_path(folder, name, "CSV")


def test_a_link_that_leads_out_of_the_folder_is_refused(folder: Path) -> None:
    put(folder.parent, "secret.csv", "x\n1\n")
    (folder / "link.csv").symlink_to(folder.parent / "secret.csv")
    (folder / "linked").symlink_to(folder.parent)
    for name in ("link.csv", "linked/secret.csv"):
        with pytest.raises(InputFileError, match="outside the migration's folder"):
            input_path(folder, name, "CSV")


def test_a_link_inside_the_folder_is_followed(folder: Path) -> None:
    put(folder, "a.csv", "x\n1\n")
    (folder / "b.csv").symlink_to("a.csv")
    assert input_path(folder, "b.csv", "CSV").is_file()


def test_a_folder_that_is_itself_behind_a_link_can_be_read(folder: Path) -> None:
    put(folder, "a.csv", "x\n1\n")
    (folder.parent / "alias").symlink_to(folder)
    assert input_path(folder.parent / "alias", "a.csv", "CSV").is_file()


def test_a_loop_of_links_is_an_error_and_not_a_crash(folder: Path) -> None:
    (folder / "a.csv").symlink_to("b.csv")
    (folder / "b.csv").symlink_to("a.csv")
    with pytest.raises(InputFileError, match=r"a\.csv"):
        input_path(folder, "a.csv", "CSV")


@pytest.mark.parametrize("kind", ["CSV", "JSON", "Excel"])
def test_a_missing_file_is_a_file_not_found_error_with_the_known_text(
    folder: Path, kind: str
) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        input_path(folder, "source/none.x", kind)
    assert str(caught.value) == f"{kind} file not found: source/none.x"
    assert isinstance(caught.value, MissingInputFileError)
    assert isinstance(caught.value, NesTasksError)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("name", ["", "a\0b"])
def test_what_is_no_file_name_is_refused(folder: Path, name: str) -> None:
    with pytest.raises(InputFileError, match="is not a file name"):
        input_path(folder, name, "CSV")


def test_a_name_that_is_too_long_is_an_input_error(folder: Path) -> None:
    with pytest.raises(InputFileError):
        input_path(folder, "x" * 5000, "CSV")


def test_a_folder_is_not_a_file(folder: Path) -> None:
    (folder / "data").mkdir()
    with pytest.raises(InputFileError, match="data is a folder, not a JSON file"):
        input_path(folder, "data", "JSON")


def test_a_file_without_read_permission_is_an_input_error(
    folder: Path, unprivileged: Callable[[], AbstractContextManager[None]]
) -> None:
    put(folder, "a.json", "{}").chmod(0)
    with unprivileged(), pytest.raises(InputFileError, match=r"a\.json cannot be read"):
        readers.read_json(Path(folder.name, "a.json"), "a.json")


# CSV


def test_rows_are_dicts_of_texts(folder: Path) -> None:
    path = put(folder, "a.csv", "name,seats\nकाठमाडौं,10\nBara,04\n")
    assert readers.read_csv(path, "a.csv") == [
        {"name": "काठमाडौं", "seats": "10"},
        {"name": "Bara", "seats": "04"},
    ]


def test_a_row_that_is_asked_for_a_wrong_column_names_those_it_has(folder: Path) -> None:
    (row,) = readers.read_csv(put(folder, "a.csv", "slug,name\nbara,Bara\n"), "a.csv")
    with pytest.raises(KeyError) as raised:
        row["Slug"]
    assert str(raised.value) == (
        "a.csv has no column 'Slug'; did you mean 'slug'? it has 'slug', 'name'"
    )
    with pytest.raises(KeyError, match=r"a\.csv has no column"):
        pickle.loads(pickle.dumps(copy.deepcopy(row)))["Slug"]
    assert row.get("Slug") is None
    assert json.dumps(row) == '{"slug": "bara", "name": "Bara"}'


def test_a_row_of_many_columns_names_a_few_of_them(folder: Path) -> None:
    names = [f"c{number}" for number in range(40)]
    text = f"{','.join(names)}\n{','.join(names)}\n"
    (row,) = readers.read_csv(put(folder, "a.csv", text), "a.csv")
    with pytest.raises(KeyError, match=r"'c11', 28 more$"):
        row["c40"]


@pytest.mark.parametrize("sign", [";", "\t", "|"])
def test_a_wrong_column_of_a_file_with_another_delimiter_names_that(
    folder: Path, sign: str
) -> None:
    path = put(folder, "a.csv", f"slug{sign}name\nbara{sign}Bara\n")
    (row,) = readers.read_csv(path, "a.csv")
    with pytest.raises(KeyError) as raised:
        row["slug"]
    assert str(raised.value) == f"a.csv has no column 'slug'; read it with delimiter={sign!r}"


def test_a_byte_order_mark_is_not_part_of_the_first_column(folder: Path) -> None:
    path = put(folder, "a.csv", b"\xef\xbb\xbfname\r\nBara\r\n")
    assert readers.read_csv(path, "a.csv") == [{"name": "Bara"}]


def test_a_line_end_inside_quotes_belongs_to_the_value(folder: Path) -> None:
    path = put(folder, "a.csv", b'name,note\r\nBara,"one\r\ntwo, three"\r\n')
    assert readers.read_csv(path, "a.csv") == [{"name": "Bara", "note": "one\r\ntwo, three"}]


def test_the_delimiter_and_the_options_of_the_reader_are_passed_on(folder: Path) -> None:
    path = put(folder, "a.csv", "Bara|'4|5'|more\nDang\n")
    rows = readers.read_csv(
        path,
        "a.csv",
        delimiter="|",
        quotechar="'",
        fieldnames=["name", "seats"],
        restkey="rest",
        restval="-",
    )
    assert rows == [
        {"name": "Bara", "seats": "4|5", "rest": ["more"]},
        {"name": "Dang", "seats": "-"},
    ]


def test_a_dialect_keeps_its_own_delimiter(folder: Path) -> None:
    path = put(folder, "a.csv", "a\tb\n1\t2\n")
    assert readers.read_csv(path, "a.csv", dialect="excel-tab") == [{"a": "1", "b": "2"}]


def test_rows_are_those_of_the_standard_reader(folder: Path) -> None:
    text = 'a,b,c\n1,2,3\n\n"x ""y""",,\n5,"6\n7",8'
    path = put(folder, "a.csv", text)
    with path.open(newline="") as file:
        expected = list(csv.DictReader(file))
    assert readers.read_csv(path, "a.csv") == expected


def test_a_header_alone_gives_no_rows(folder: Path) -> None:
    assert readers.read_csv(put(folder, "a.csv", "a,b\n"), "a.csv") == []


def test_another_encoding_can_be_named(folder: Path) -> None:
    path = put(folder, "a.csv", "name\nGröße\n".encode("cp1252"))
    assert readers.read_csv(path, "a.csv", encoding="cp1252") == [{"name": "Größe"}]
    path = put(folder, "b.csv", "name\nबारा\n".encode("utf-16"))
    assert readers.read_csv(path, "b.csv", encoding="utf-16") == [{"name": "बारा"}]


def test_a_wrong_encoding_says_where_and_what_to_pass(folder: Path) -> None:
    content = b"name\n" + b"x\n" * 20_000 + b"don\x92t\n"
    path = put(folder, "a.csv", content)
    with pytest.raises(InputFileError) as caught:
        readers.read_csv(path, "a.csv")
    assert str(caught.value) == (
        "a.csv is not UTF-8: byte 0x92 in line 20002 (invalid start byte);"
        ' save it as UTF-8 or pass its encoding, for example encoding="cp1252"'
        " for a CSV that Excel saved on Windows"
    )


def test_utf_16_is_recognised_by_its_mark(folder: Path) -> None:
    path = put(folder, "a.csv", "name\nBara\n".encode("utf-16"))
    with pytest.raises(InputFileError, match='not UTF-8 but UTF-16; pass encoding="utf-16"'):
        readers.read_csv(path, "a.csv")


def test_utf_8_read_as_utf_16_is_an_input_error(folder: Path) -> None:
    path = put(folder, "a.csv", "name\nBara\n")
    with pytest.raises(InputFileError, match=r"a\.csv is not utf-16"):
        readers.read_csv(path, "a.csv", encoding="utf-16")


def test_an_unknown_encoding_is_an_input_error(folder: Path) -> None:
    path = put(folder, "a.csv", "name\nBara\n")
    with pytest.raises(InputFileError, match=r"a\.csv cannot be read: unknown encoding: utf-88"):
        readers.read_csv(path, "a.csv", encoding="utf-88")


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\n", b"\n\n\r\n", b"\xff\xfe"])
def test_an_empty_csv_is_an_error(folder: Path, content: bytes) -> None:
    with pytest.raises(InputFileError, match=r"a\.csv is empty"):
        readers.read_csv(put(folder, "a.csv", content), "a.csv")


def test_a_blank_line_above_the_header_is_an_error(folder: Path) -> None:
    with pytest.raises(InputFileError, match=r"a\.csv: line 1 holds no column names"):
        readers.read_csv(put(folder, "a.csv", "\nname\nBara\n"), "a.csv")


def test_a_quotation_mark_that_is_never_closed_is_named_with_its_line(folder: Path) -> None:
    path = put(folder, "a.csv", 'name,note\nBara,"x\n' + "y" * 200_000)
    with pytest.raises(InputFileError, match=r"line \d: field larger.*mark that is never closed"):
        readers.read_csv(path, "a.csv")


def test_rows_can_be_had_one_by_one(folder: Path) -> None:
    path = put(folder, "a.csv", "n\n" + "".join(f"{n}\n" for n in range(1000)))
    rows = readers.iter_csv(path, "a.csv")
    assert next(rows) == {"n": "0"}
    assert next(rows) == {"n": "1"}
    rows.close()  # type: ignore[attr-defined]


def test_an_option_that_does_not_exist_is_an_error_of_the_script(folder: Path) -> None:
    with pytest.raises(TypeError):
        readers.read_csv(put(folder, "a.csv", "a\n1\n"), "a.csv", separator=";")


def test_a_data_frame_has_the_types_of_pandas(folder: Path) -> None:
    path = put(folder, "a.csv", b"\xef\xbb\xbfname;seats\nBara;4\nDang;3\n")
    frame = readers.read_csv_frame(path, "a.csv", delimiter=";")
    assert list(frame.columns) == ["name", "seats"]
    assert frame["seats"].sum() == 7
    texts = readers.read_csv_frame(path, "a.csv", delimiter=";", dtype=str)
    assert list(texts["seats"]) == ["4", "3"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "a.csv is empty"),
        (b"\n\n", "a.csv is empty"),
        (b"a,b\n1,2\n1,2,3\n", "a.csv line 3 has 3 cells for 2 columns"),
        (b"a\n\x92\n", "a.csv is not UTF-8: byte 0x92 in line 2"),
    ],
)
def test_a_broken_csv_is_told_in_the_same_way_for_a_data_frame(
    folder: Path, content: bytes, said: str
) -> None:
    with pytest.raises(InputFileError) as caught:
        readers.read_csv_frame(put(folder, "a.csv", content), "a.csv")
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)


# JSON


def test_json_is_read_with_and_without_a_byte_order_mark(folder: Path) -> None:
    assert readers.read_json(put(folder, "a.json", '{"क": [1, 2.5]}'), "a.json") == {"क": [1, 2.5]}
    assert readers.read_json(put(folder, "b.json", b"\xef\xbb\xbf[true]"), "b.json") == [True]


def test_malformed_json_says_line_and_column(folder: Path) -> None:
    path = put(folder, "a.json", '{\n  "a": 1,\n  "b" 2\n}')
    with pytest.raises(InputFileError) as caught:
        readers.read_json(path, "a.json")
    assert str(caught.value) == "a.json is not JSON, line 3, column 7: Expecting ':' delimiter"


@pytest.mark.parametrize("content", [b"", b"  \n", b"\xef\xbb\xbf"])
def test_empty_json_is_an_error(folder: Path, content: bytes) -> None:
    with pytest.raises(InputFileError, match=r"a\.json is empty"):
        readers.read_json(put(folder, "a.json", content), "a.json")


def test_json_in_another_encoding_says_where(folder: Path) -> None:
    with pytest.raises(InputFileError, match=r"a\.json is not UTF-8: byte 0xe9 in line 1"):
        readers.read_json(put(folder, "a.json", b'["caf\xe9"]'), "a.json")


def test_json_that_is_nested_too_deeply_is_an_error_and_not_a_crash(folder: Path) -> None:
    path = put(folder, "a.json", "[" * 100_000 + "]" * 100_000)
    with pytest.raises(InputFileError, match=r"a\.json is nested too deeply"):
        readers.read_json(path, "a.json")


def test_json_lines_are_read_and_blank_lines_skipped(folder: Path) -> None:
    path = put(folder, "a.jsonl", b'\xef\xbb\xbf{"a": 1}\r\n\r\n[2]\n"\xe2\x80\xa8"')
    assert readers.read_jsonl(path, "a.jsonl") == [{"a": 1}, [2], "\u2028"]


def test_json_lines_can_be_had_one_by_one_until_the_broken_one(folder: Path) -> None:
    lines = readers.iter_jsonl(put(folder, "a.jsonl", '1\n2\n\n{"a": }\n'), "a.jsonl")
    assert [next(lines), next(lines)] == [1, 2]
    with pytest.raises(InputFileError, match=r"a\.jsonl is not JSON Lines, line 4, column 7: "):
        next(lines)


@pytest.mark.parametrize("content", [b"", b"\n \n"])
def test_empty_json_lines_are_an_error(folder: Path, content: bytes) -> None:
    with pytest.raises(InputFileError, match=r"a\.jsonl is empty"):
        readers.read_jsonl(put(folder, "a.jsonl", content), "a.jsonl")


def test_a_whole_json_array_over_several_lines_is_not_json_lines(folder: Path) -> None:
    with pytest.raises(InputFileError, match=r"line 1, column 2"):
        readers.read_jsonl(put(folder, "a.jsonl", '[\n{"a": 1}\n]'), "a.jsonl")


def test_objects_become_a_data_frame_and_nothing_else_does() -> None:
    assert list(readers.frame_of([{"a": 1}, {"b": 2}], "a.json").columns) == ["a", "b"]
    for content in ({"a": [1]}, [1, 2], "text"):
        with pytest.raises(InputFileError, match=r"a\.json is not a list of objects"):
            readers.frame_of(content, "a.json")


# Excel


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


# Cost


def test_neither_pandas_nor_openpyxl_is_loaded_before_it_is_needed(folder: Path) -> None:
    put(folder, "a.csv", "a\n1\n")
    put(folder, "a.json", "[]")
    code = (
        "import sys, pathlib\n"
        "from nes_tasks.running import readers\n"
        f"folder = pathlib.Path({str(folder)!r})\n"
        "readers.read_csv(folder / 'a.csv', 'a.csv'), readers.read_json(folder / 'a.json', 'a')\n"
        "print([m for m in ('pandas', 'openpyxl', 'pydantic') if m in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.replace("'", '"')) == []
