"""Strictness as users see it: verify, EXPECT, lookups, unread columns, points to review."""

from __future__ import annotations

import json

import pytest
from workspace import Workspace, create_person

from nes_tasks.migrations.expected_counts import Deeds, differences, fitting, read_expected

HELPERS = """
async def person(slug, name="Asha Rai", **more):
    names = [{"kind": "PRIMARY", "en": {"full": name}}]
    return await context.publication.create_entity("person", {"slug": slug, "names": names, **more})
async def relate(source, target, kind, **more):
    return await context.publication.create_relationship(
        f"entity:{source}", f"entity:{target}", kind, change_description="x", **more)
async def organization(slug):
    names = [{"kind": "PRIMARY", "en": {"full": slug}}]
    await context.publication.create_entity("organization", {"slug": slug, "names": names})
"""
VERIFY = """

async def verify(context):
    count = len(await context.search.search_entities(entity_type="person"))
    assert count == 1, f"{count} persons, not 1"
"""
README = (
    "# A\n\nAdds what the list of the ministry has.\n\nSources: the list of the ministry, page 3.\n"
)


def add(workspace: Workspace, name: str, body: str, after: str = "", **options: object) -> None:
    """Write a migration with a README that the check accepts, and lines after `migrate`."""
    folder = workspace.migration(name, body, **options)  # type: ignore[arg-type]
    script = folder / "migrate.py"
    script.write_text(script.read_text() + after)
    (folder / "README.md").write_text(README)


def said(workspace: Workspace, *words: str) -> dict[str, list[str]]:
    """Return what a preview shows to look at, by kind."""
    [migration] = json.loads(workspace.doit("preview", *words, "--json").out)["migrations"]
    found: dict[str, list[str]] = {}
    for remark in migration["to_look_at"]:
        text = f"{remark['subject']}: {remark['text']}" if remark["subject"] else remark["text"]
        found.setdefault(remark["kind"], []).append(text)
    return found


# verify --------------------------------------------------------------------------------------


def test_verify_sees_the_result_and_its_passing_is_shown(workspace: Workspace) -> None:
    add(workspace, "001-first", create_person("asha-rai"), VERIFY)
    assert "\nverify passed\n" in workspace.doit("preview").out
    assert "`verify` passed.\n" in workspace.doit("preview", "--markdown").out
    found = json.loads(workspace.doit("preview", "--json").out)
    assert found["migrations"][0]["verified"] is True
    assert workspace.doit().code == 0


FAILING = {
    "an assertion": ("assert False, 'no province'", "verify: no province"),
    "an error": ("raise ValueError('seats')", "verify: ValueError: seats"),
    "false": ("return False", "verify: it returned False; let it raise an error that says why"),
    "a change": (
        "await context.publication.delete_entity('entity:person/asha-rai', change_description='x')",
        "verify: verify only reads, and would change entity/person/asha-rai.json",
    ),
    "a change by what migrate got": (
        "await kept.publication.delete_entity('entity:person/asha-rai', change_description='x')",
        "verify: verify only reads, and would change entity/person/asha-rai.json",
    ),
    "a call without await": ("context.search.search_entities()", "was called without await"),
}


@pytest.mark.parametrize(("line", "error"), FAILING.values(), ids=FAILING)
def test_nothing_is_applied_when_verify_fails(workspace: Workspace, line: str, error: str) -> None:
    after = f"\n\nasync def verify(context):\n    {line}\n"
    body = f"import builtins\nbuiltins.kept = context\n{create_person('asha-rai')}"
    add(workspace, "001-first", body, after)
    ran = workspace.doit()
    assert ran.code == 1
    [said] = [line for line in ran.err.splitlines() if line.startswith("error: ")]
    assert said.startswith("error: 001-first failed: verify: ")
    assert error in said
    assert not (workspace.db / "v2").exists()


def test_a_verify_that_cannot_be_called_is_found(workspace: Workspace) -> None:
    add(workspace, "001-first", "pass", "\n\ndef verify(one, other):\n    pass\n")
    assert "verify(one, other) cannot be called with one argument" in workspace.doit().err
    ran = workspace.doit("check")
    assert "migrate.py:10: verify(one, other) cannot be called" in ran.err + ran.out


def test_verify_is_called_again_on_the_database_of_today(workspace: Workspace) -> None:
    add(workspace, "001-first", create_person("asha-rai"), VERIFY)
    add(workspace, "002-second", create_person("bina-rai"))
    assert workspace.doit("verify").out == "No applied migration has a function verify.\n"
    assert workspace.doit("migrate:001-first").code == 0
    before = workspace.state()
    assert workspace.doit("verify").out == "001-first: passed\n"
    assert workspace.state() == before
    assert workspace.doit().code == 0
    ran = workspace.doit("verify", "1")
    assert (ran.code, ran.out) == (1, "001-first: failed\n")
    assert "error: 001-first failed: verify: 2 persons, not 1\n" in ran.err
    document = json.loads(workspace.doit("verify", "--json").out)
    assert [(one["name"], one["passed"]) for one in document["verified"]] == [("001-first", False)]
    assert document["without"] == ["002-second"]
    add(workspace, "003-third", "pass", VERIFY)
    for name, error in (("2", "has no function verify"), ("3", "is not applied")):
        ran = workspace.doit("verify", name)
        assert (ran.code, ran.out) == (2, "")
        assert error in ran.err


def test_verify_may_read_entities_and_then_their_versions(workspace: Workspace) -> None:
    """A snapshot learns that order, and then asks for both at once."""
    slugs = [f"asha-{number:02}" for number in range(40)]
    far_apart = [slugs[23 * number % 40] for number in range(40)]
    after = f"""

async def verify(context):
    for slug in {far_apart}:
        person = await context.db.get_entity(f"entity:person/{{slug}}")
        assert len(await context.db.list_versions_by_entity(person.id)) == 1
"""
    add(workspace, "001-first", "".join(map(create_person, slugs)), after)
    assert workspace.doit().code == 0
    ran = workspace.doit("verify")
    assert (ran.code, ran.out) == (0, "001-first: passed\n"), ran.err


# EXPECT --------------------------------------------------------------------------------------


def test_nothing_is_applied_when_another_number_changed(workspace: Workspace) -> None:
    body = create_person("asha-rai") + create_person("bina-rai")
    add(workspace, "001-first", body, head='EXPECT = {"person": 3}')
    ran = workspace.doit()
    assert ran.code == 1
    assert (
        "error: 001-first failed: EXPECT is not met: person 2, not 3; nothing was applied; what it "
        'does now is EXPECT = {"person": 2}\n'
    ) in ran.err
    assert not (workspace.db / "v2").exists()


def test_the_preview_proposes_the_line_and_says_that_it_is_met(workspace: Workspace) -> None:
    add(workspace, "001-first", create_person("asha-rai"))
    assert '\nsuggested for the script: EXPECT = {"person": 1}\n' in workspace.doit("preview").out
    script = workspace.migrations / "001-first/migrate.py"
    script.write_text(f'EXPECT = {{"person": (1, 2)}}\n{script.read_text()}')
    assert "\nEXPECT is met\n" in workspace.doit("preview").out
    assert workspace.doit().code == 0


def test_an_expect_that_cannot_be_read_is_refused(workspace: Workspace) -> None:
    for value, error in (
        ('{"persn": 1}', "EXPECT has the key 'persn', which is not a kind: did you mean 'person'?"),
        ('{"person": "many"}', "EXPECT gives 'person' 'many', neither a number nor (least, most)"),
        ("dict(person=1)", "EXPECT is not a plain dict"),
    ):
        add(workspace, "001-first", "pass", head=f"EXPECT = {value}")
        assert error in workspace.doit().err
        for path in sorted((workspace.migrations / "001-first").iterdir()):
            path.unlink()
        (workspace.migrations / "001-first").rmdir()


COUNTS = {
    "person": Deeds(2, 1, 0),
    "location/ward": Deeds(0, 0, 3),
    "relationship:MEMBER_OF": Deeds(4, 0, 0),
}


@pytest.mark.parametrize(
    ("expected", "wrong"),
    [
        ({"person": 3, "location": 3, "relationship": 4}, []),
        ({"person": (1, 3), "location/ward deleted": 3, "relationship:MEMBER_OF": 4}, []),
        ({"person created": 2, "person changed": 1, "location": 3, "relationship": 4}, []),
        (
            {"person created": 2, "location": 3, "relationship": 4},
            ["person changed 1, which it does not name"],
        ),
        (
            {"person": 2, "location": 3},
            ["person 3, not 2", "relationship:MEMBER_OF created 4, which it does not name"],
        ),
        (
            {"person": 3, "location": 3, "relationship": (5, 6), "project": 1},
            ["relationship 4, not 5 to 6", "project 0, not 1"],
        ),
    ],
)
def test_what_is_counted_and_what_no_key_names(
    expected: dict[str, object], wrong: list[str]
) -> None:
    assert differences(read_expected(expected), COUNTS) == wrong


def test_the_proposed_line_is_met_by_what_it_was_made_of() -> None:
    line = fitting(COUNTS)
    assert line == (
        'EXPECT = {"person created": 2, "person changed": 1, "location deleted": 3, '
        '"relationship": 4}'
    )
    assert differences(read_expected(json.loads(line.partition(" = ")[2])), COUNTS) == []


# Lookups -------------------------------------------------------------------------------------

LOOKING_UP = """
rows = context.read_csv("members.csv", ignore=["name"])
party = context.lookup("party", rows)
for row in rows:
    context.log(f"{row['party']} is {party[row['party']]}")
"""
MEMBERS = 'name,party\na,"UML, CPN"\nb,Congress\nc,\nd,CONGRESS\n'


def test_all_values_without_a_meaning_are_named_at_once_with_a_stub(workspace: Workspace) -> None:
    add(workspace, "001-first", LOOKING_UP, files={"members.csv": MEMBERS})
    ran = workspace.doit("preview")
    assert ran.code == 1
    assert "lookups.csv has no meaning for 2 values of party: 'UML, CPN', 'Congress'; " in ran.err
    stub = '  lookup,value,meaning\n  party,"UML, CPN",\n  party,Congress,\n'
    assert stub in ran.err
    lines = "".join(line.strip() + "\n" for line in stub.splitlines())
    lookups = workspace.migrations / "001-first/lookups.csv"
    lookups.write_text(lines)
    ran = workspace.doit("preview")
    assert "lookups.csv line 2 is not filled in" in ran.err
    lookups.write_text(lines.replace('CPN",', 'CPN",-').replace("Congress,", "congress,nc"))
    ran = workspace.doit("preview")
    assert ran.code == 0
    for line in ("UML, CPN is None", "Congress is nc", " is None", "CONGRESS is nc"):
        assert f"  {line}\n" in ran.err


def test_a_lookup_may_be_toml_and_a_line_that_nothing_needs_is_a_hint(workspace: Workspace) -> None:
    toml = '[party]\n"UML, CPN" = "uml"\nCongress = "nc"\nother = "x"\n[district]\nKavre = "k"\n'
    files = {"members.csv": MEMBERS, "lookups.toml": toml}
    add(workspace, "001-first", LOOKING_UP, files=files)
    found = said(workspace)
    assert found == {"data": ["lookups.toml, party: no party is 'other'; remove it"]}
    assert "lookups" not in workspace.doit("check").out


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        (
            "lookups.csv",
            "lookup,value,meaning\nparty,Congress,a\nparty,congress,b\n",
            "lookups.csv line 3: 'congress' of party has another meaning in lookups.csv line 2",
        ),
        ("lookups.csv", "lookup,value\nparty,Congress\n", "lookups.csv has no column 'meaning'"),
        ("lookups.toml", "[party\n", "lookups.toml is not TOML"),
        ("lookups.toml", "[party]\nCongress = 1\n", "the meaning of 'Congress' of party is not"),
    ],
)
def test_a_lookup_that_cannot_be_understood_is_refused(
    workspace: Workspace, name: str, content: str, error: str
) -> None:
    add(workspace, "001-first", LOOKING_UP, files={"members.csv": MEMBERS, name: content})
    assert error in workspace.doit("preview").err


# Columns and sources -------------------------------------------------------------------------


def test_columns_that_nothing_reads_are_a_finding_of_check_and_preview(
    workspace: Workspace,
) -> None:
    body = 'for row in context.read_csv("a.csv"): context.log(row["slug"])'
    add(workspace, "001-first", body, files={"a.csv": "slug,fax,web\nx,1,2\n"})
    hint = "a.csv: nothing read the columns 'fax', 'web'; use them, or pass ignore=['fax', 'web']"
    assert said(workspace) == {"data": [hint]}
    assert hint in workspace.doit("check").out
    script = workspace.migrations / "001-first/migrate.py"
    plain = script.read_text()
    script.write_text(plain.replace('"a.csv"', '"a.csv", ignore=["fax", "web"]'))
    assert said(workspace) == {}
    assert "nothing read" not in workspace.doit("check").out
    script.write_text(plain.replace('row["slug"]', "dict(row)"))
    assert "nothing read" not in workspace.doit("check").out


def test_new_entities_without_a_source_are_a_hint_of_the_check(workspace: Workspace) -> None:
    add(workspace, "001-first", create_person("asha-rai"))
    hint = "hint: migrations/001-first/migrate.py:7: the new entities name no source"
    assert hint in workspace.doit("check").out
    source = '"attributions": [{"title": {"en": {"value": "x"}}, "details": None}],\n        "slug"'
    script = workspace.migrations / "001-first/migrate.py"
    script.write_text(script.read_text().replace('"slug"', source))
    assert "name no source" not in workspace.doit("check").out
    assert said(workspace) == {}


# To look at ----------------------------------------------------------------------------------

DOUBTFUL = f"""{HELPERS}
for row in context.read_csv("a.csv"):
    await person(row["slug"], attributes={{"seat": "entity:location/constituency/none-1",
        "note": "मिति २०७९-०२-१५", "from": "2079-11-20", "to": "2079-02-33"}})
await person("mojibake", "à¤°à¤¾à¤®")
await person("markup", "<b>Bina</b> Rai")
await person("preeti", "sf7df8f}}+")
await organization("one-party")
await organization("two-party")
await relate("person/markup", "organization/one-party", "MEMBER_OF", start_date="2010-01-01")
await relate("person/markup", "organization/two-party", "MEMBER_OF", start_date="2012-01-01")
await relate("person/old-rai", "organization/old", "MEMBER_OF", end_date="2020-01-01")
await context.publication.delete_entity("entity:organization/gone", change_description="x")
"""


def test_a_preview_shows_what_to_look_at(workspace: Workspace) -> None:
    before = (
        f"{HELPERS}await person('old-rai', ' ASHA  rai')\nawait organization('old')\n"
        "await organization('gone')\nawait relate('person/old-rai', 'organization/old', "
        "'MEMBER_OF', start_date='2001-01-01')\n"
        "await relate('person/old-rai', 'organization/gone', 'AFFILIATED_WITH')"
    )
    add(workspace, "001-first", before)
    assert workspace.doit().code == 0
    files = {"a.csv": "slug\nasha-rai\n", "b.csv": "x\n1\n", "notes.txt": "x"}
    add(workspace, "002-second", DOUBTFUL, files=files)
    found = said(workspace)
    member = "MEMBER_OF"
    assert found == {
        "unread_file": [
            "b.csv: the script never opened it",
            "notes.txt: the script never opened it",
        ],
        "dangling_id": [
            "entity:person/asha-rai: attributes.seat is entity:location/constituency/none-1, "
            "which does not exist",
            "relationship:person/old-rai:organization/gone:AFFILIATED_WITH: it points to "
            "entity:organization/gone, now deleted",
        ],
        "damaged_text": [
            "entity:person/markup: names[0].en.full is '<b>Bina</b> Rai': it has HTML tags or "
            "entities; it may be 'Bina Rai'",
            "entity:person/mojibake: names[0].en.full is 'à¤°à¤¾à¤®': it is UTF-8 that was read as "
            "cp1252; it may be 'राम'",
            "entity:person/preeti: names[0].en.full is 'sf7df8f}+': it seems to be typed for the "
            "font Preeti or Kantipur; it may be 'काठमाडौं'",
        ],
        "bikram_sambat": [
            "entity:person/asha-rai: attributes.from is 2079-11-20; as Bikram Sambat it is "
            "2023-03-04",
            "entity:person/asha-rai: attributes.note holds '२०७९-०२-१५', which is 2022-05-29",
            "entity:person/asha-rai: attributes.to is 2079-02-33, which is not a calendar date",
        ],
        "same_name": [
            "entity:person/asha-rai: 'Asha Rai' is also the name of entity:person/old-rai"
        ],
        "relationship": [
            f"relationship:person/markup:organization/one-party:{member}: 2010-01-01 to today, "
            f"while relationship:person/markup:organization/two-party:{member} is 2012-01-01 to "
            "today",
            f"relationship:person/old-rai:organization/old:{member}: it ends on 2020-01-01",
        ],
        "no_source": [
            "6 new entities name no source in attributions, such as entity:organization/one-party"
        ],
    }
    text, comment = workspace.doit("preview").out, workspace.doit("preview", "--markdown").out
    assert "\nTo look at:\n  Files of the folder that the script never opened:\n    b.csv" in text
    assert "**To look at: ids that do not exist**\n\n- <code>entity" in comment
    workspace.doit("preview", "--json", "-o", "seen.json")
    again = workspace.doit("preview", "--from", "seen.json").out
    assert text.partition("To look at:")[2].partition("EXPECT")[0] in again


def test_full_shows_everything(workspace: Workspace) -> None:
    body = (
        f"{HELPERS}for n in range(8): await person(f'asha-{{n}}', attributes={{'long': 'x' * 99}})"
    )
    add(workspace, "001-first", body)
    short, full = workspace.doit("preview").out, workspace.doit("preview", "--full").out
    assert "(5 new ones are not shown)" in short
    assert "(3 more: doit preview --full)" in short
    assert "not shown" not in full
    assert full.count(f"    attributes.long: {'x' * 99}\n") == 8
    assert full.count("' is also the name of ") == 8


def test_what_editors_leave_behind_is_not_an_input(workspace: Workspace) -> None:
    files = {"a.csv": "x\n1\n", "~$members.xlsx": b"x", "Thumbs.db": b"x", "desktop.ini": b"x"}
    add(workspace, "001-first", "context.log(context.read_csv('a.csv')[0]['x'])", files=files)
    assert said(workspace) == {}
    assert workspace.doit().code == 0
    marker = (workspace.db / "v2/migration-logs/001-first/marker.toml").read_text()
    assert "a.csv" in marker
    assert not any(name in marker for name in ("members", "Thumbs", "desktop"))
    (workspace.migrations / "001-first/.DS_Store").write_bytes(b"x")
    assert json.loads(workspace.doit("list", "--json").out)["migrations"][0]["state"] == "applied"


def test_the_check_reads_a_file_as_the_script_does(workspace: Workspace) -> None:
    body = (
        "import pandas\npandas.read_excel(context.migration_dir / 'a.xlsx', header=3)\n"
        "context.read_jsonl('b.json')\ncontext.read_csv('c.txt', delimiter=';')"
    )
    files = {"a.xlsx": b"no workbook", "b.json": '{"a":1}\n{"a":2}\n', "c.txt": "a;b\n1;2\n"}
    add(workspace, "001-first", body, files=files)
    ran = workspace.doit("check")
    assert (ran.code, ran.out) == (0, "1 migration checked: no problems found.\n")
