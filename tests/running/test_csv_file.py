"""CSV: what is read, and the error for each broken file."""

from __future__ import annotations

import copy
import csv
import json
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from data_files import put

from nes_tasks.running import readers
from nes_tasks.running.readers import InputFileError


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
