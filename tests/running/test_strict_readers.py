"""Data that could be published wrong without a word: each is read right or refused by name."""

from __future__ import annotations

import json
import warnings
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from nes_tasks.running import readers
from nes_tasks.running.readers import InputFileError, Layout, SheetOptions, Source


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def put(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(folder: Path, content: str | bytes, name: str = "a.csv", **options: Any) -> Any:
    return readers.read_csv(put(folder, name, content), name, **options)


# CSV ----------------------------------------------------------------------------------------

REFUSED_CSV = [
    # The delimiter inside of a number
    (
        "slug,name,amount,year\nsh-1,Bridge,Rs. 1,23,456,2079\n",
        "a.csv line 2 has 6 cells for 4 columns; put a value that holds the delimiter into "
        "quotation marks",
    ),
    (
        "slug,name\nx\n",
        "a.csv line 2 has 1 cell for 2 columns; add the missing cells, or pass "
        'restval="" for missing cells at the end',
    ),
    ("a,b\n\n1,2\n\n1,2,3\n", "a.csv line 5 has 3 cells for 2 columns; "),
    ('a,b\n"1\n2",3\n1,2,3\n', "a.csv line 4 has 3 cells for 2 columns; "),
    ("slug;name\nx;1,5\n", "a.csv line 2 has 2 cells for 1 column; read it with delimiter=';'"),
    ("Members of 2079\nslug,name\n", "a.csv line 2 has 2 cells for 1 column; if that is a title"),
    # A column twice
    ("slug,phone,phone\nd-1,01-4200000,9851000000\n", "a.csv line 1: two columns are called 'phon"),
    # Columns without names, and something in one of them
    ("List,,\nslug,name,x\n", "a.csv line 2: cell 2 has no column name above it; give the column"),
    # A quotation mark that is never closed
    ('a,b\n1,2\n3,"4\n5,6\n', "a.csv: the quotation mark that opens in line 3 is never closed; "),
    ('a,b\n1,"2', "a.csv: the quotation mark that opens in line 2 is never closed; "),
    ('a,b\n"x\ny","1\r\n2\r\n', "a.csv: the quotation mark that opens in line 3 is never closed; "),
    ('a,"b\n1,2\n', "a.csv: the quotation mark that opens in line 1 is never closed; "),
    # Not what it is called
    (b"PK\x03\x04....", "a.csv is an Excel or OpenDocument workbook, or another zip archive, not"),
    (b"<!DOCTYPE html><html>", "a.csv is a web page, not CSV; "),
    (b"%PDF-1.7", "a.csv is a PDF, not CSV; "),
    (b"\x1f\x8b\x08", "a.csv is compressed with gzip, not CSV; unpack it first"),
    (
        "नाम\nराम\n".encode()[:-2],
        "a.csv ends in the middle of a character, in line 2: it is truncated; download or copy it",
    ),
    (
        "नाम,b\nराम,1\n".encode("utf-16-le"),
        'a.csv is not UTF-8: byte 0x00 in line 1; it looks like UTF-16; pass encoding="utf-16-le"',
    ),
    ("a,b\n1,2\n".encode("utf-16-be"), "a.csv is not UTF-8: byte 0x00 in line 1; it looks like"),
    (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n",
        "a.csv is a Git LFS pointer, not the data; git lfs pull",
    ),
    (b"/annex/objects/SHA256E-s9--0.csv\n", "a.csv is a git-annex pointer, not the data; "),
]


@pytest.mark.parametrize(("content", "said"), REFUSED_CSV)
def test_a_csv_that_cannot_be_understood_is_refused_with_its_place(
    folder: Path, content: str | bytes, said: str
) -> None:
    with pytest.raises(InputFileError) as caught:
        read(folder, content)
    assert str(caught.value).startswith(said)
    with pytest.raises(InputFileError):
        readers.read_csv_frame(folder / "a.csv", "a.csv")


@pytest.mark.parametrize(
    ("content", "options", "rows"),
    [
        ("sep=;\na;b\n1;2\n", {}, [{"a": "1", "b": "2"}]),
        ('"sep=;"\r\na;b\r\n1;2\r\n', {}, [{"a": "1", "b": "2"}]),
        ("a,b,,\n1,2,,\n", {}, [{"a": "1", "b": "2"}]),
        ("a,b\n1,2,, \n", {}, [{"a": "1", "b": "2"}]),
        (",a\n0,x\n", {}, [{"": "0", "a": "x"}]),
        ("a,b\n1\n", {"restval": ""}, [{"a": "1", "b": ""}]),
        ("a,b\n1,2,3\n", {"restkey": "more"}, [{"a": "1", "b": "2", "more": ["3"]}]),
        ("a,b\n1,2\n   \n", {}, [{"a": "1", "b": "2"}]),
        ("T\n\na,b\n1,2\n", {"layout": Layout(header=3)}, [{"a": "1", "b": "2"}]),
        ("T\nU\na,b\n1,2\n", {"layout": Layout(skip_rows=2)}, [{"a": "1", "b": "2"}]),
        ("a,b\n(1),(2)\n1,2\n", {"layout": Layout(skip_rows=[2])}, [{"a": "1", "b": "2"}]),
        (
            "slug,2079,,2080,\n,male,female,male,female\nx,1,2,3,4\n",
            {"layout": Layout(header=(1, 2))},
            [
                {
                    "slug": "x",
                    "2079 male": "1",
                    "2079 female": "2",
                    "2080 male": "3",
                    "2080 female": "4",
                }
            ],
        ),
    ],
)
def test_what_a_csv_means_is_understood(
    folder: Path, content: str, options: dict[str, Any], rows: list[dict[str, Any]]
) -> None:
    assert read(folder, content, **options) == rows


def test_a_tsv_is_known_by_its_name(folder: Path) -> None:
    assert read(folder, "a\tb\n1\t2,5\n", "a.tsv") == [{"a": "1", "b": "2,5"}]


def test_required_columns_have_a_value_in_each_row(folder: Path) -> None:
    text = "slug,name\nx,X\n ,Y\n"
    with pytest.raises(InputFileError) as caught:
        read(folder, text, layout=Layout(required=["slug"]))
    assert str(caught.value) == "a.csv line 3: the column 'slug' has no value"
    with pytest.raises(InputFileError, match="no column 'Slugs'; did you mean 'slug'"):
        read(folder, text, layout=Layout(required=["Slugs"]))
    with pytest.raises(InputFileError, match="no column 'phone'; it has 'slug', 'name'"):
        read(folder, text, layout=Layout(ignore=["phone"]))
    with pytest.raises(TypeError, match="required is a list of columns"):
        Layout(required="slug")


def test_a_row_knows_its_place_and_a_table_which_columns_were_read(folder: Path) -> None:
    sources: list[Source] = []
    layout = Layout(ignore=["fax"])
    rows = read(folder, 'a,b,c,fax\n1,"2\n3",4,5\n6,7,8,9\n', layout=layout, sources=sources)
    assert [row.place for row in rows] == ["a.csv line 2", "a.csv line 4"]
    (source,) = sources
    assert source.unread == []
    assert rows[0]["a"] == "1"
    assert source.unread == ["b", "c"]
    assert rows[1].get("b") == "7"
    assert source.unread == ["c"]
    assert dict(rows[1])["c"] == "8"
    assert source.unread == []


@pytest.mark.parametrize("use", [dict, json.dumps, lambda row: {**row}, lambda row: [*row.items()]])
def test_a_row_that_is_taken_whole_is_read_whole(folder: Path, use: Any) -> None:
    sources: list[Source] = []
    (row,) = read(folder, "a,b\n1,2\n", sources=sources)
    use(row)
    assert sources[0].read == {"a", "b"}


def test_na_is_a_name_and_an_empty_cell_is_missing_in_a_data_frame(folder: Path) -> None:
    path = put(folder, "a.csv", "name,age\nNA,1\n,2\nnull,3\n")
    frame = readers.read_csv_frame(path, "a.csv")
    assert list(frame["name"].fillna("-")) == ["NA", "-", "null"]


# JSON ---------------------------------------------------------------------------------------

REFUSED_JSON = [
    ('{"a": [1,\n NaN]}', "line 2, column 2: NaN is not a JSON number"),
    ("[-Infinity]", "line 1, column 2: -Infinity is not a JSON number"),
    ('{"a": 1e999}', "line 1, column 7: 1e999 is too large a number"),
    ('{"a": 1,\n "b": {"a": 2}, "a": 3}', "line 2, column 17: the key 'a' occurs twice in one obj"),
    ('[{"\\u0061": 1, "a": 2}]', "line 1, column 16: the key 'a' occurs twice in one object"),
    ("[" + "9" * 5000 + "]", "line 1, column 2: " + "9" * 40 + "… is a number of 5,000 digits"),
    ('{"NaN": "1e999, NaN", "b": Infinity}', "line 1, column 28: Infinity is not a JSON number"),
]


@pytest.mark.parametrize(("content", "said"), REFUSED_JSON)
def test_what_json_does_not_have_is_refused_with_its_place(
    folder: Path, content: str, said: str
) -> None:
    path = put(folder, "a.json", content)
    with pytest.raises(InputFileError) as caught:
        readers.read_json(path, "a.json")
    assert str(caught.value).startswith(f"a.json, {said}")
    lines = put(folder, "a.jsonl", f"1\n{content.replace(chr(10), '')}\n")
    with pytest.raises(InputFileError, match=r"^a\.jsonl, line 2, column "):
        readers.read_jsonl(lines, "a.jsonl")


def test_a_key_in_two_objects_is_no_repetition(folder: Path) -> None:
    content = '[{"a": {"a": 1}, "b": [{"a": 2}, {"a": 3}]}, {"a": 1.5e3}]'
    path = put(folder, "a.json", content)
    assert readers.read_json(path, "a.json") == json.loads(content)


def test_the_neighbouring_reader_is_named(folder: Path) -> None:
    path = put(folder, "a.json", '{"a": 1}\n{"a": 2}\n')
    with pytest.raises(InputFileError, match="read it with read_jsonl"):
        readers.read_json(path, "a.json")
    path = put(folder, "a.jsonl", "[\n1]\n")
    with pytest.raises(InputFileError, match=r"read it with read_json$"):
        readers.read_jsonl(path, "a.jsonl")


def test_objects_of_a_list_and_of_lines_know_their_place(folder: Path) -> None:
    _, second = readers.read_json(put(folder, "a.json", '[1, {"a": 1}]'), "a.json")
    assert second.place == "a.json item 2"
    (row,) = readers.read_jsonl(put(folder, "a.jsonl", '\n{"a": 1}\n'), "a.jsonl")
    assert row.place == "a.jsonl line 2"


def test_features_of_geojson_are_rows(folder: Path) -> None:
    point = {"type": "Point", "coordinates": [85.3, 27.7]}
    feature = {"type": "Feature", "id": 7, "properties": {"name": "Patan"}, "geometry": point}
    content = {"type": "FeatureCollection", "features": [feature]}
    path = put(folder, "a.geojson", json.dumps(content))
    (row,) = readers.read_geojson(path, "a.geojson")
    assert row == {"name": "Patan", "geometry": point, "id": 7}
    assert row.place == "a.geojson feature 1"
    feature["properties"] = {"geometry": "round"}
    put(folder, "a.geojson", json.dumps(content))
    with pytest.raises(InputFileError, match="feature 1 has a property 'geometry' beside its own"):
        readers.read_geojson(path, "a.geojson")
    with pytest.raises(InputFileError, match="is not a FeatureCollection"):
        readers.read_geojson(put(folder, "b.geojson", json.dumps(feature)), "b.geojson")


# Workbooks ----------------------------------------------------------------------------------


def sheet(folder: Path, rows: list[list[Any]], change: Any = None) -> Path:
    book = openpyxl.Workbook()
    cells = book.active
    assert cells is not None
    cells.title = "S"
    for row in rows:
        cells.append(row)
    if change:
        change(cells)
    book.save(folder / "a.xlsx")
    return folder / "a.xlsx"


def excel(path: Path, layout: Layout | None = None, **options: Any) -> Any:
    return readers.read_excel(path, path.name, layout=layout, options=SheetOptions(**options))


def rewrite(path: Path, *changes: tuple[bytes, bytes]) -> Path:
    member = "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for old, new in changes:
        assert old in parts[member]
        parts[member] = parts[member].replace(old, new)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def test_a_whole_number_is_an_integer_whoever_wrote_it(folder: Path) -> None:
    path = sheet(folder, [["seats", "phone", "share"], [5, 14211289, 2.5]])
    rewrite(path, (b"<v>5</v>", b"<v>5.0</v>"), (b"<v>14211289</v>", b"<v>14211289.0</v>"))
    (row,) = excel(path)
    assert json.dumps(row) == '{"seats": 5, "phone": 14211289, "share": 2.5}'


@pytest.mark.parametrize(
    ("code", "value", "shown"),
    [
        ("000", 7, "007"),
        ("00-000", 1234, "01-234"),
        ('"D-"00', 3, "D-03"),
        ("General", 7, "7"),
        ("0.00", 7, "7"),
        ("000", 12345, "12345"),
        ("yyyy-mm-dd", datetime(2024, 1, 25), "2024-01-25"),  # noqa: DTZ001 - cells have no zone
    ],
)
def test_what_a_cell_shows_can_be_had_as_text(
    folder: Path, code: str, value: Any, shown: str
) -> None:
    def change(cells: Any) -> None:
        cells["A2"].number_format = code

    path = sheet(folder, [["code", "b"], [value, None]], change)
    assert excel(path, as_text=True) == [{"code": shown, "b": ""}]
    assert excel(path) == [{"code": value, "b": None}]


def test_leading_zeros_of_a_format_are_a_doubt(folder: Path) -> None:
    def change(cells: Any) -> None:
        cells["A3"].number_format = "000"

    path = sheet(folder, [["code"], [123], [7]], change)
    sources: list[Source] = []
    readers.read_excel(path, "a.xlsx", sources=sources)
    assert sources[0].hints == [
        "a.xlsx, sheet 'S', cell A3 shows 007 and is read as 7; pass as_text=True for what the "
        "column 'code' shows"
    ]


@pytest.mark.parametrize("error", ["#N/A", "#REF!", "#DIV/0!"])
def test_an_error_in_a_cell_is_refused_with_the_cell(folder: Path, error: str) -> None:
    path = sheet(folder, [["slug", "age"], ["x", 1], ["y", error]])
    with pytest.raises(InputFileError) as caught:
        excel(path)
    assert caught.value.message == f"a.xlsx, sheet 'S', cell B3 holds the error {error}"


def test_a_formula_that_gave_an_empty_text_is_empty(folder: Path) -> None:
    path = sheet(folder, [["a", "b"], [1, '=""']])
    rewrite(path, (b'<c r="B2">', b'<c r="B2" t="str">'))
    assert excel(path) == [{"a": 1, "b": None}]


def test_rows_end_with_the_data_and_a_stray_cell_is_a_doubt(folder: Path) -> None:
    def change(cells: Any) -> None:
        cells["A1048576"] = "x"

    path = sheet(folder, [["slug"], ["a"], ["b"]], change)
    sources: list[Source] = []
    rows = readers.read_excel(path, "a.xlsx", sources=sources)
    assert rows == [{"slug": "a"}, {"slug": "b"}]
    assert "cell A1048576 (column 'slug') is far below the other rows" in sources[0].hints[0]


def test_many_rows_below_a_gap_are_refused_instead_of_lost(folder: Path) -> None:
    def change(cells: Any) -> None:
        for row in range(5000, 5010):
            cells.cell(row, 1, "x")

    path = sheet(folder, [["slug"], ["a"]], change)
    with pytest.raises(
        InputFileError, match=r"more rows follow at cell A5000 .* after 1,000 empty"
    ):
        excel(path)


def test_more_rows_than_a_list_should_have_are_refused(folder: Path) -> None:
    path = sheet(folder, [["n"], [1], [2], [3]])
    with pytest.raises(InputFileError, match="has more than 2 rows; read it row by row with iter"):
        excel(path, max_rows=2)
    assert [row["n"] for row in readers.iter_excel(path, "a.xlsx")] == [1, 2, 3]


def test_a_title_above_the_names_is_refused_and_can_be_named(folder: Path) -> None:
    path = sheet(folder, [["Members of 2079"], ["slug", "name"], ["x", "X"]])
    with pytest.raises(InputFileError) as caught:
        excel(path)
    assert str(caught.value) == (
        "a.xlsx, sheet 'S', cell B2 has no column name above it: row 1 looks like a title; pass "
        "the row of the column names, such as header=2"
    )
    for layout in (Layout(header=2), Layout(skip_rows=1)):
        (row,) = excel(path, layout)
        assert (row, row.place) == ({"slug": "x", "name": "X"}, "a.xlsx, sheet 'S' row 3")


def test_merged_cells_are_refused_filled_or_left_empty(folder: Path) -> None:
    def change(cells: Any) -> None:
        cells.merge_cells("A2:A3")

    path = sheet(folder, [["district", "name"], ["Bara", "a"], [None, "b"], ["Dang", "c"]], change)
    with pytest.raises(InputFileError, match=r"the cells A2:A3 are merged; pass fill_merged=True"):
        excel(path)
    filled = excel(path, fill_merged=True)
    assert [row["district"] for row in filled] == ["Bara", "Bara", "Dang"]
    assert [row["district"] for row in excel(path, fill_merged=False)] == ["Bara", None, "Dang"]


def test_a_header_may_span_rows(folder: Path) -> None:
    def change(cells: Any) -> None:
        cells.merge_cells("A2:A3")
        cells.merge_cells("B2:C2")

    rows = [["Title"], ["slug", "2079", None], [None, "male", "female"], ["x", 1, 2]]
    path = sheet(folder, rows, change)
    assert excel(path, Layout(header=(2, 3))) == [{"slug": "x", "2079 male": 1, "2079 female": 2}]


def test_rows_one_by_one_leave_the_scripts_warnings_alone(folder: Path) -> None:
    rows = readers.iter_excel(sheet(folder, [["n"], [1], [2]]), "a.xlsx")
    before = list(warnings.filters)
    assert next(rows)["n"] == 1
    assert list(warnings.filters) == before


def test_several_sheets_are_read_at_once(folder: Path) -> None:
    path = sheet(folder, [["a"], [1]], lambda cells: cells.parent.create_sheet("T").append(["b"]))
    assert readers.read_excel(path, "a.xlsx", sheet_name=["S", "T"]) == {"S": [{"a": 1}], "T": []}
    assert readers.sheet_names(path, "a.xlsx") == ["S", "T"]


def test_an_archive_that_unpacks_to_too_much_is_refused(folder: Path) -> None:
    path = folder / "a.xlsx"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as member,
    ):
        for _ in range(1001):
            member.write(b" " * 1_000_000)
    with pytest.raises(InputFileError, match=r"a\.xlsx holds 1\.0 GB when it is unpacked"):
        excel(path)


ODS_CONTENT = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content
 xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0">
<office:body><office:spreadsheet>
<table:table table:name="Other"><table:table-row><table:table-cell/></table:table-row></table:table>
<table:table table:name="S">
<table:table-header-rows><table:table-row>{header}</table:table-row></table:table-header-rows>
{rows}
<table:table-row table:number-rows-repeated="1048570"><table:table-cell
 table:number-columns-repeated="1024"/></table:table-row>
</table:table></office:spreadsheet></office:body></office:document-content>"""


def text_cell(text: str) -> str:
    start = '<table:table-cell office:value-type="string">'
    return f"{start}<text:p>{text}</text:p></table:table-cell>"


def ods(folder: Path, names: str, rows: str) -> Path:
    header = "".join(map(text_cell, names.split()))
    with zipfile.ZipFile(folder / "a.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", ODS_CONTENT.format(header=header, rows=rows))
    return folder / "a.ods"


def test_opendocument_is_read_by_the_same_rules(folder: Path) -> None:
    cell = "<table:table-cell office:value-type"
    rows = (
        "<table:table-row>"
        + text_cell('A<text:s text:c="2"/>b')
        + f'{cell}="float" office:value="5"/>{cell}="date" office:date-value="2024-01-25"/>'
        f'{cell}="boolean" office:boolean-value="true"/></table:table-row>'
        '<table:table-row table:number-rows-repeated="2">'
        f'{cell}="string" office:string-value="r"/>'
        '<table:table-cell table:number-columns-repeated="2"/></table:table-row>'
    )
    path = ods(folder, "name n since ok", rows)
    day = datetime(2024, 1, 25)  # noqa: DTZ001 - cells have no zone
    again = {"name": "r", "n": None, "since": None, "ok": None}
    found = readers.read_excel(path, "a.ods", sheet_name="S")
    assert found == [{"name": "A  b", "n": 5, "since": day, "ok": True}, again, again]
    assert found[2].place == "a.ods, sheet 'S' row 4"
    assert readers.sheet_names(path, "a.ods") == ["Other", "S"]


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (
            '<table:table-cell table:formula="of:=NA()" office:value-type="string" '
            'calcext:value-type="error"><text:p>#N/A</text:p></table:table-cell>',
            "a.ods, sheet 'S', cell A2 holds the error #N/A",
        ),
        (
            '<table:table-cell table:formula="of:=1+1"/>',
            "a.ods, sheet 'S', cell A2 holds a formula without a saved value",
        ),
        (
            '<table:table-cell table:number-rows-spanned="2" office:value-type="string">'
            "<text:p>x</text:p></table:table-cell>",
            "a.ods, sheet 'S': the cells A2:A3 are merged",
        ),
    ],
)
def test_what_opendocument_cannot_say_is_refused(folder: Path, cell: str, said: str) -> None:
    path = ods(folder, "a", f"<table:table-row>{cell}</table:table-row>")
    with pytest.raises(InputFileError) as caught:
        readers.read_excel(path, "a.ods", sheet_name="S")
    assert caught.value.message == said


def test_a_repeated_row_of_opendocument_meets_the_limit(folder: Path) -> None:
    row = (
        f'<table:table-row table:number-rows-repeated="1048570">{text_cell("x")}</table:table-row>'
    )
    with pytest.raises(InputFileError, match="has more than 250,000 rows"):
        readers.read_excel(ods(folder, "a", row), "a.ods", sheet_name="S")
