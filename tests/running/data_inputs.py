"""Inputs of contributors that once went wrong without a word, or with words that did not help.

They were made after public bug reports and public lists. A case is what the lines of a migration do
with the files of its folder, and what must come of it: an error, or what is logged.
"""

# ruff: noqa: E501 - tables, in which a row is a line

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any, NamedTuple

import openpyxl

HELPERS = """
async def person(slug, name="Asha Rai", **more):
    names = [{"kind": "PRIMARY", "en": {"full": name}}]
    return await context.publication.create_entity("person", {"slug": slug, "names": names, **more})
async def party(slug, **more):
    data = {"slug": slug, "names": [{"kind": "PRIMARY", "en": {"full": "Party"}}], **more}
    return await context.publication.create_entity("organization", data, entity_subtype="political_party")
async def employ(**more):
    return await context.publication.create_relationship("entity:person/asha-rai",
        "entity:organization/political_party/green", "EMPLOYED_BY", change_description="x", **more)
"""
CSV = "for row in context.read_csv('a.csv'): context.log(dict(row))"
EXCEL = "for row in context.read_excel('a.xlsx'): context.log(dict(row))"
JSON = "context.log(context.read_json('a.json'))"
MEMBERS = """for row in context.read_csv("members.csv"):
    await person(row["slug"], row["name"], **{row["field"]: eval(row["value"])})"""
START = 'await person("asha-rai")\nawait party("green")\n'


class Case(NamedTuple):
    """A migration, and what must come of it.

    `error` is a part of the message that it ends with; None when it must end well. `said` are parts
    of what it logs and of the hints about its data, each in its turn.
    """

    body: str
    files: dict[str, str | bytes]
    error: str | None
    said: tuple[str, ...] = ()


def refused(body: str, error: str, **files: str | bytes) -> Case:
    """Return a case that ends with an error; `files` are by name, with _ for the dot."""
    return Case(body, _named(files), error)


def taken(body: str, *said: str, **files: str | bytes) -> Case:
    """Return a case that ends well."""
    return Case(body, _named(files), None, said)


def _named(files: dict[str, str | bytes]) -> dict[str, str | bytes]:
    return {".".join(name.rsplit("_", 1)): content for name, content in files.items()}


def workbook(*rows: list[Any], change: Callable[[Any], None] | None = None, raw: Any = ()) -> bytes:
    """Return an .xlsx file; `raw` are pairs of texts to replace in its sheet."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    if change:
        change(sheet)
    data = io.BytesIO()
    book.save(data)
    changed = io.BytesIO()
    with zipfile.ZipFile(data) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            for before, after in raw if name.endswith("sheet1.xml") else ():
                assert before in content
                content = content.replace(before, after)
            new.writestr(name, content)
    return changed.getvalue()


def _members(field: str, value: str) -> str:
    return f'slug,name,field,value\nfirst-rai,First,tags,[]\nasha-rai,Asha Rai,{field},"{value}"\n'


def _with(name: str, value: Any, number_format: str | None = None) -> Callable[[Any], None]:
    def change(sheet: Any) -> None:
        sheet[name] = value
        if number_format:
            sheet[name].number_format = number_format

    return change


def _merge(sheet: Any) -> None:
    sheet.merge_cells("A2:A3")


BLANK = "has neither a letter nor a digit"
NAME = "for name in {names!r}: context.log(await context.search.find_entity_by_name(name))"

SILENT = {
    # 1: names without a letter
    "1 a blank name is nobody's": taken(
        f"{HELPERS}{START}" + NAME.format(names=["", "   ", "-", "\u200d"]), "None", "None", "None"
    ),
    "1 no name": refused("await context.search.find_entity_by_name(None)", "is None; pass a string"),
    "1 an empty Nepali name": refused(
        "await context.publication.create_entity('person', {'slug': 'asha-rai', 'names': [{'kind': "
        "'PRIMARY', 'en': {'full': 'Asha'}, 'ne': {'full': ''}}]})",
        f"the name '' (ne) {BLANK}",
    ),
    "1 punctuation": refused(f"{HELPERS}await person('asha-rai', '-')", f"'-' (en) {BLANK}"),
    "1 a joiner alone": refused(f"{HELPERS}await person('asha-rai', '\\u200d')", BLANK),
    # 2: rows of another width
    "2 too many cells": refused(
        CSV, "a.csv line 2 has 6 cells for 4 columns", a_csv="slug,name,amount,year\ns,B,Rs. 1,23,456,2079\n"
    ),
    "2 too few cells": refused(CSV, "a.csv line 3 has 1 cell for 2", a_csv="a,b\n1,2\n3\n"),
    "2 too few cells, as the script says": taken(
        CSV.replace("'a.csv'", "'a.csv', restval=''"), "{'a': '1', 'b': ''}", a_csv="a,b\n1\n"
    ),
    "2 a tabulator more": refused(
        CSV.replace("a.csv", "a.tsv"), "a.tsv line 2 has 3 cells", a_tsv="a\tb\n1\t2\t3\n"
    ),
    # 3: columns twice
    "3 a column twice": refused(CSV, "two columns are called 'phone'", a_csv="slug,phone,phone\nd,1,2\n"),
    "3 a column twice but for blanks": refused(CSV, "two columns are called", a_csv="phone,phone \n1,2\n"),
    "3 a column of a workbook twice": refused(EXCEL, "two columns", a_xlsx=workbook(["a", "a"], [1, 2])),
    # 4: a quotation mark that never closes
    "4 an open quotation mark": refused(
        CSV, "opens in line 3 is never closed", a_csv='slug,name\na,x\nb,"open\nc,y\n'
    ),
    "4 in the first cell": refused(CSV, "opens in line 2 is never closed", a_csv='slug,name\n"a,x\nb,y\n'),
    "4 in the header": refused(CSV, "opens in line 1 is never closed", a_csv='slug,"name\na,x\n'),
    # 5: whole numbers with a point
    "5 numbers of Google Sheets": taken(
        f"{EXCEL}\ncontext.log(context.values.read_phone_numbers(row['phone'])[0].number)",
        "{'n': 5, 'phone': 14211289}", "+97714211289",
        a_xlsx=workbook(["n", "phone"], [5, 14211289],
            raw=[(b"<v>5</v>", b"<v>5.0</v>"), (b"<v>14211289</v>", b"<v>14211289.0</v>")]),
    ),
    "5 a fraction stays": taken(EXCEL, "{'n': 5.5}", a_xlsx=workbook(["n"], [5.5])),
    "5 negative and large": taken(EXCEL, "{'n': -3, 'm': 9841000000}",
        a_xlsx=workbook(["n", "m"], [-3, 9841000000], raw=[(b"<v>-3</v>", b"<v>-3.0</v>")])),
    # 6: leading zeros by format
    "6 leading zeros": taken(
        EXCEL, "{'id': 7}", "shows 007 and is read as 7",
        a_xlsx=workbook(["id"], [7], change=_with("A2", 7, "000")),
    ),
    "6 leading zeros on request": taken(
        EXCEL.replace("'a.xlsx'", "'a.xlsx', as_text=True"), "{'id': '007'}",
        a_xlsx=workbook(["id"], [7], change=_with("A2", 7, "000")),
    ),
    "6 a number with a hyphen": taken(
        EXCEL.replace("'a.xlsx'", "'a.xlsx', as_text=True"), "{'id': '01-0042'}",
        a_xlsx=workbook(["id"], [7], change=_with("A2", 10042, "00-0000")),
    ),
    # 7: formulas and errors
    "7 a formula": refused(EXCEL, "cell A2 holds a formula without", a_xlsx=workbook(["a"], ["=1+1"])),
    "7 #N/A": refused(EXCEL, "cell A2 holds the error #N/A", a_xlsx=workbook(["a"], ["#N/A"])),
    "7 #REF!": refused(EXCEL, "cell B3 holds the error #REF!",
        a_xlsx=workbook(["a", "b"], [1, 2], [3, "#REF!"])),
    "7 #DIV/0!": refused(EXCEL, "holds the error #DIV/0!", a_xlsx=workbook(["a"], ["#DIV/0!"])),
    # 8: stray cells far below
    "8 a stray cell": taken(
        EXCEL, "{'a': 1}", "cell A1048576 (column 'a') is far below",
        a_xlsx=workbook(["a"], [1], change=_with("A1048576", 1)),
    ),
    "8 beside the columns": taken(
        EXCEL, "{'a': 1}", "cell C1048576 is far below",
        a_xlsx=workbook(["a"], [1], change=_with("C1048576", 1)),
    ),
    "8 many below a gap": refused(
        EXCEL, "more rows follow at cell A5000",
        a_xlsx=workbook(["a"], [1], change=lambda sheet: [_with(f"A{n}", 1)(sheet) for n in range(5000, 5005)] and None),
    ),
    # 9: titles, merged cells, several header rows
    "9 a title": refused(EXCEL, "row 1 looks like a title", a_xlsx=workbook(["A title"], ["a", "b"], [1, 2])),
    "9 a title, as the script says": taken(
        EXCEL.replace("'a.xlsx'", "'a.xlsx', header=2"), "{'a': 1, 'b': 2}",
        a_xlsx=workbook(["A title"], ["a", "b"], [1, 2])),
    "9 merged cells": refused(
        EXCEL, "the cells A2:A3 are merged", a_xlsx=workbook(["p", "d"], ["x", 1], [None, 2], change=_merge)
    ),
    "9 merged cells filled": taken(
        EXCEL.replace("'a.xlsx'", "'a.xlsx', fill_merged=True"), "{'p': 'x', 'd': 1}", "{'p': 'x', 'd': 2}",
        a_xlsx=workbook(["p", "d"], ["x", 1], [None, 2], change=_merge)),
    "9 two header rows": taken(
        EXCEL.replace("'a.xlsx'", "'a.xlsx', header=(1, 2)"), "{'2079 male': 1, '2079 female': 2}",
        a_xlsx=workbook(["2079", None], ["male", "female"], [1, 2],
            change=lambda sheet: sheet.merge_cells("A1:B1"))),
    "9 rows to skip": taken(
        EXCEL.replace("'a.xlsx'", "'a.xlsx', skip_rows=1"), "{'a': 1}", a_xlsx=workbook(["T"], ["a"], [1])),
    # 10: JSON that is none
    "10 NaN": refused(JSON, "a.json, line 1, column 7: NaN is not", a_json='[{"a":NaN}]'),
    "10 Infinity": refused(JSON, "Infinity is not a JSON number", a_json="[-Infinity]"),
    "10 1e999": refused(JSON, "a.json, line 1, column 7: 1e999 is too large", a_json='[{"a":1e999}]'),
    "10 a key twice": refused(JSON, "line 2, column 1: the key 'a' occurs twice", a_json='{"a":1,\n"a":2}'),
    "10 a key twice inside": refused(JSON, "the key 'x' occurs twice", a_json='{"a":[{"x":1,"x":1}]}'),
    "10 a long number": refused(JSON, "a number of 5,000 digits", a_json=f"[{'9' * 5000}]"),
    # 11: damaged text
    "11 UTF-16": refused(
        CSV, 'it looks like UTF-16; pass encoding="utf-16-le"', a_csv="slug,name\na,राम\n".encode("utf-16-le")
    ),
    "11 a bidi override": refused(f"{HELPERS}await person('asha-rai', 'A\\u202eR')", "has U+202E, which no name"),
    "11 a line end in a name": refused(f"{HELPERS}await person('asha-rai', 'A\\nR')", "has U+000A, which no name"),
    "11 NUL": refused(f"{HELPERS}await person('asha-rai', 'A\\0R')", "has U+0000, which no name"),
    "11 ESC": refused(f"{HELPERS}await person('asha-rai', 'A\\x1b[2J')", "has U+001B, which no name"),
    "11 question marks": refused(f"{HELPERS}await person('asha-rai', '??? ???')", BLANK),
    "11 Preeti": taken("context.log(context.names.to_unicode('sf7df8f}+'))", "काठमाडौं"),
    # 12: Bikram Sambat
    "12 a start": refused(f"{HELPERS}{START}await employ(start_date='2079-11-20')", "if it is Bikram Sambat, it is 2023-03-04"),
    "12 a registration": refused(
        f"{HELPERS}await party('green', registration_date='2047-03-12')", "if it is Bikram Sambat, it is 1990-06-26"
    ),
    "12 a birth": refused(
        f"{HELPERS}await person('asha-rai', personal_details={{'birth_date': '2047'}})", "birth_date 2047 is after"
    ),
    "12 a day that no calendar has": refused(
        f"{HELPERS}await person('asha-rai', personal_details={{'birth_date': '2079-02-33'}})",
        "birth_date 2079-02-33 is after",
    ),
    "12 planned": taken(f"{HELPERS}{START}context.log((await employ(start_date='2079-11-20', planned=True)).start_date)", "2079-11-20"),
    "12 an end": refused(f"{HELPERS}{START}await employ(end_date='2079-11-20')", "is more than 20 years after"),
    # 15: terms
    "15 what is left out stays": taken(
        f"{HELPERS}{START}await employ(start_date='2010-01-01', attributes={{'role': 'x'}})\n"
        "r = await employ(end_date='2012-01-01')\ncontext.log(f'{r.start_date} {r.end_date} {r.attributes}')\n"
        "r = await employ(start_date=None)\ncontext.log(f'{r.start_date} {r.end_date}')",
        "2010-01-01 2012-01-01 {'role': 'x'}", "None 2012-01-01"),
    "15 a second term": refused(
        f"{HELPERS}{START}await employ(start_date='2010-01-01', end_date='2012-01-01')\n"
        "await employ(start_date='2015-01-01')",
        "is stored with the term 2010-01-01 to 2012-01-01, and 2015-01-01 to today is another one",
    ),
    "15 a second term while the first lasts": refused(
        f"{HELPERS}{START}await employ(start_date='2010-01-01')\nawait employ(start_date='2015-01-01', end_date='2016-01-01')",
        "pass replace=True",
    ),
    # 16 and 17: spellings
    "16 joiners": taken(
        f"{HELPERS}await person('asha-rai', 'श्रेष्‍ठ')\n"
        "context.log((await context.search.find_entity_by_name('श्रेष्ठ')).names[0].en.full == 'श्रेष्\\u200dठ')\n"
        "context.log({context.names.slug_for(x) for x in ('राम श्रेष्‍ठ', 'राम श्रेष्ठ')})",
        "True", "{'ram-shrestha'}"),
    "17 nasals": taken("context.log([context.names.slug_for(x) for x in ('गङ्गा', 'गंगा')])", "['ganga', 'ganga']"),
    "17 a nasal before a labial": taken("context.log([context.names.slug_for(x) for x in ('सम्पत्ति', 'संपत्ति')])", "['sampatti', 'sampatti']"),
    "17 a nasal before a dental": taken("context.log([context.names.slug_for(x) for x in ('सन्तोष', 'संतोष')])", "['santosh', 'santosh']"),
    "18 one romanisation": taken("context.log(context.names.slug_for('राम चन्द्र पौडेल'))", "ram-chandra-paudel"),
    "18 a long vowel": taken("context.log(context.names.slug_for('सुशील कोइराला'))", "sushil-koirala"),
    "18 a conjunct": taken("context.log(context.names.slug_for('कृष्ण प्रसाद'))", "krishna-prasad"),
    "19 blank names are not alike": taken(
        "for pair in (('', '-'), ('-', '???'), ('', '')): context.log(context.names.name_similarity(*pair))",
        "0.0", "0.0", "0.0"),
    "19 marks are not alike": taken("context.log(context.names.name_similarity('।', '॥'))", "0.0"),
    "19 a name is not like nothing": taken("context.log(context.names.name_similarity('Asha', ' '))", "0.0"),
    # 20: phone numbers
    "20 an extension": taken(
        "[n] = context.values.read_phone_numbers('01-4211641 ext 12')\ncontext.log((n.number, n.extension))",
        "('+97714211641', '12')"),
    "20 a short code": taken("context.log(context.values.read_phone_numbers('100')[0].number)", "100"),
    "20 two numbers": taken(
        "context.log([n.number for n in context.values.read_phone_numbers('9851000000, 9841000000')])",
        "['+9779851000000', '+9779841000000']"),
    "20 no area code": refused("context.values.read_phone_numbers('4211289')", "has no area code; pass area_code="),
    # 21: data frames
    "21 a person called NA": taken(
        "context.log(list(context.read_csv('a.csv', as_frame=True)['name']))", "['NA', 'Null']",
        a_csv="slug,name\na,NA\nb,Null\n"),
    "21 scalars": taken(
        f"{HELPERS}import numpy, pandas\nvalue = {{'n': numpy.int64(3), 't': pandas.NaT, 'm': pandas.NA}}\n"
        "await person('asha-rai', attributes=value)\n"
        "entity = await context.db.get_entity('entity:person/asha-rai')\ncontext.log(entity.attributes)",
        "{'m': None, 'n': 3, 't': None}"),
    "21 a boolean of numpy": taken(
        f"{HELPERS}import numpy\nawait person('asha-rai', attributes={{'b': numpy.bool_(True)}})\n"
        "context.log((await context.db.get_entity('entity:person/asha-rai')).attributes)", "{'b': True}"),
    "21 something else": refused(
        f"{HELPERS}await person('asha-rai', attributes={{'x': {{'y': object()}}}})",
        "attributes.x.y is an object, which JSON cannot hold",
    ),
}  # fmt: skip

# 13 and 14: what is not clearly one day, in a relationship and in an entity.
NO_DATES = {
    "0": "0 is a number, not a date", '"0"': "'0' is not a date", '"86400"': "'86400' is not a date",
    '"1706140800"': "'1706140800' is not a date", "45316": "45316 is a number, not a date",
    "20240125": "20240125 is a number, not a date", '"2014"': "'2014' is only a part of a date",
    '"2014-01"': "'2014-01' is only a part of a date", '"31/12/2020"': "'31/12/2020' is not a date",
    '"2020-13-01"': "'2020-13-01' is not a calendar date", "True": "True is not a date",
}  # fmt: skip
for value, error in NO_DATES.items():
    SILENT[f"13 {value}"] = refused(
        f"{HELPERS}{START}await employ(start_date={value})", f"start_date: {error}"
    )
    SILENT[f"14 {value}"] = refused(
        f"{HELPERS}await party('green', registration_date={value})", f"registration_date: {error}"
    )
SILENT['14 ""'] = taken(
    f"{HELPERS}context.log((await party('green', registration_date='')).registration_date)", "None"
)

UNHELPFUL = {
    **{
        f"22 {label}": refused(f"{HELPERS}{MEMBERS}", f"members.csv line 3: {error}", members_csv=_members(*cell))
        for label, cell, error in (
            ("an enumeration", ("personal_details", "{'gender': 'M'}"), 'personal_details.gender is "M"; use "male", "female" or "other"'),
            ("a bad date", ("personal_details", "{'positions': [{'title': {}, 'start_date': 'May'}]}"), "personal_details.positions[0].start_date: 'May' is not a date"),
            ("an unknown field", ("gendre", "1"), 'there is no field "gendre"; did you mean "personal_details.gender"?'),
            ("a text for a list", ("tags", "'x'"), 'tags is "x"; it must be a list'),
            ("a link", ("identifiers", "[{'scheme': 'website', 'value': 'x', 'url': 'x'}]"), 'identifiers[0].url is "x"; it must be an address'),
        )
    },
    "22 a short slug": refused(f"{HELPERS}for row in context.read_csv('a.csv'): await person(row['slug'])",
        'a.csv line 2: slug is "b"; it must have at least 3 characters', a_csv="slug\nb\n"),
    "22 a blank cell": refused(f"{HELPERS}for row in context.read_csv('a.csv'): await person(row['slug'], row['name'])",
        f"a.csv line 3: the name '' (en) {BLANK}", a_csv="slug,name\nasha-rai,A\nbina-rai,\n"),
    "22 a required cell": refused("context.read_csv('a.csv', required=['name'])", "a.csv line 3", a_csv="slug,name\na,A\nb,\n"),
    "22 a row of a workbook": refused(f"{HELPERS}for row in context.read_excel('a.xlsx'): await person(row['slug'])",
        "a.xlsx, sheet 'Sheet' row 3: slug is \"B\"", a_xlsx=workbook(["slug"], ["asha-rai"], ["B"])),
    "22 wrapped by the script": refused(
        f"{HELPERS}try:\n    await person('b')\nexcept ValueError as error:\n    raise RuntimeError(f'row 1: {{error}}')",
        'RuntimeError: row 1: slug is "b"; it must have at least 3 characters'),
    "23 await forgotten": refused("entity = context.db.get_entity('entity:person/asha-rai')\nentity.id", "await is missing before the call"),
    "23 await forgotten before a loop": refused("for one in context.search.search_entities(): pass", "await is missing before the call"),
    "23 await forgotten in a count": refused("len(context.search.search_entities())", "await is missing before the call"),
    "24 a file": refused("context.read_csv('Members.csv')", "did you mean members.csv?", members_csv="a\n1\n"),
    "24 a file of another ending": refused("context.read_csv('member.csv')", "did you mean members.csv?", members_csv="a\n1\n"),
    "24 a column": refused("for row in context.read_csv('a.csv'): row['Nmae']", "did you mean 'name'?", a_csv="name\nx\n"),
    "24 a method": refused("context.publication.create_entitty('person', {})", "did you mean create_entity?"),
    "24 a reader": refused("context.read_cvs('a.csv')", "did you mean read_csv?", a_csv="a\n1\n"),
    "24 an argument": refused("await context.publication.create_entity(entity_typ='person')", "did you mean entity_type?"),
    "24 an attribute": refused(f"{HELPERS}(await person('asha-rai')).nmes", "did you mean names?"),
    "24 a type": refused("await context.publication.create_entity('persn', {'slug': 'x'})", "did you mean person?"),
    "24 a type of relationship": refused(f"{HELPERS}{START}await context.publication.create_relationship("
        "'entity:person/asha-rai', 'entity:organization/political_party/green', 'MEMBER', change_description='x')",
        "did you mean MEMBER_OF?"),
    "24 a field of a part": refused(f"{HELPERS}await person('asha-rai', personal_details={{'gendre': 'male'}})",
        'personal_details has no field "gendre"; did you mean "gender"?'),
    "25 namesakes": refused(f"{HELPERS}for row in context.read_csv('a.csv'): await person(row['slug'], row['name'])",
        "a.csv line 3: Entity with slug 'ram-prasad' and type 'EntityType.PERSON' already exists; "
        "entity:person/ram-prasad (राम प्रसाद) is stored: if this is the same one, get it and call update_entity; "
        "a namesake needs another slug, from await context.search.free_slug",
        a_csv="slug,name\nram-prasad,राम प्रसाद\nram-prasad,राम प्रसाद\n"),
    "25 namesakes without a list": refused(f"{HELPERS}await person('ram-prasad')\nawait person('ram-prasad')",
        "a namesake needs another slug, from await context.search.free_slug"),
    "25 a slug that is free": taken(f"{HELPERS}await person('ram-prasad')\n"
        "context.log(await context.search.free_slug('Ram Prasad', 'person'))", "ram-prasad-2"),
    "26 several hits": refused(f"{HELPERS}await person('asha-rai')\nawait person('asha-rai-2')\n"
        "await context.search.find_entity_by_name('Asha Rai', entity_type='person')",
        "2 entities are called 'Asha Rai': entity:person/asha-rai, entity:person/asha-rai-2; choose one"),
    "26 several hits in Nepali": refused(f"{HELPERS}await person('a-rai', 'आशा राई')\nawait person('b-rai', 'आशा राई')\n"
        "await context.search.find_entity_by_name('आशा राई')", "entity:person/a-rai, entity:person/b-rai"),
    "26 no hit": taken("context.log(await context.search.find_entity_by_name('Asha Rai', entity_type='person'))", "None"),
    "27 sep=;": taken(CSV, "{'slug': 'a', 'name': 'b'}", a_csv="sep=;\nslug;name\na;b\n"),
    "27 sep= of a tabulator": taken(CSV, "{'slug': 'a', 'name': 'b'}", a_csv="sep=\t\nslug\tname\na\tb\n"),
    "27 sep=|": taken(CSV, "{'slug': 'a', 'name': 'b'}", a_csv="sep=|\nslug|name\na|b\n"),
    "28 a workbook for CSV": refused("context.read_csv('a.xlsx')", "read it with read_excel", a_xlsx=workbook(["a"], [1])),
    "28 JSON Lines for JSON": refused(JSON, "read it with read_jsonl", a_json='{"a":1}\n{"a":2}\n'),
    "28 truncated": refused(CSV, "it is truncated", a_csv="slug,name\na,राम".encode()[:-1]),
    "28 CSV for a workbook": refused(EXCEL, "read it with read_csv", a_xlsx="a,b\n1,2\n"),
}  # fmt: skip
