"""The report: numbers from the files of one commit and its history, and what a clone lacks."""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from databases import Commit, entity, fill, migration

from nes_tasks.errors import DatabaseError
from nes_tasks.git.command import Git
from nes_tasks.git.log import read_commits
from nes_tasks.operations import report_coverage as coverage_module
from nes_tasks.operations.changes import Counts
from nes_tasks.operations.report import Gaps, Report, make_report, people
from nes_tasks.operations.report_coverage import Source, Unreadable, is_filled
from nes_tasks.operations.report_growth import measure_growth
from nes_tasks.project import Project
from nes_tasks.settings import Settings

PERSON = "v2/entity/person"
WARD = "v2/entity/location/ward"
MEMBER = "v2/relationship/person/asha-rai/organization/ngo/good-work/MEMBER_OF.json"

ELECTION = {"title": {"en": {"value": "Election Commission"}, "ne": {"value": "आयोग"}}}

HISTORY = [
    Commit("Initial commit", "2025-11-01", {"README.md": b"By hand"}),
    migration(
        "001-people",
        "2025-11-09",
        {
            f"{PERSON}/asha-rai.json": entity(
                "asha-rai",
                attributions=[ELECTION],
                personal_details={"gender": "female", "birth_place": {"description": None}},
            ),
            f"{PERSON}/bina-rai.json": entity("bina-rai", tags=["mp"]),
            "v2/version/entity/person/asha-rai/1.json": {},
            "v2/version/entity/person/bina-rai/1.json": {},
            "v2/author/asha-example.json": {"slug": "asha-example"},
        },
        entities_created=2,
        versions_created=2,
    ),
    Commit("Migration: 002-wards (Batch 1/2)", "2025-12-01", {f"{WARD}/w-1.json": entity("w-1")}),
    Commit("Fix by hand", "2025-12-05", {f"{WARD}/w-1.json": entity("w-1", tags=["x"])}),
    migration(
        "003-more",
        "2026-01-15",
        {
            f"{WARD}/w-2.json": entity("w-2"),
            f"{PERSON}/bina-rai.json": entity("bina-rai", tags=["minister"]),
            f"{PERSON}/asha-rai.json": None,
            MEMBER: {"type": "MEMBER_OF", "attributions": ["A register", "A register"]},
            f"v2/version/{MEMBER[3:-5]}/1.json": {},
        },
        author="Bina <bina@example.org>",
        entities_created=1,
        entities_updated=1,
        entities_deleted=1,
        relationships_created=1,
    ),
]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fill(tmp_path_factory.mktemp("report") / "nes-db", HISTORY)


def project_of(database: Path) -> Project:
    root = database.parent
    return Project(Settings(root=root, migrations=root / "no-folder", database=database))


def report_of(database: Path, **options: Any) -> Report:
    return make_report(project_of(database), lambda *_: None, **options)


@pytest.fixture(scope="module")
def report(database: Path) -> Report:
    return report_of(database)


def clone(database: Path, path: Path, *options: str) -> Path:
    subprocess.run(
        ["git", "-C", str(database), "config", "uploadpack.allowFilter", "true"], check=True
    )
    url = database.as_uri()
    subprocess.run(["git", "clone", "--quiet", *options, url, str(path)], check=True)
    return path


# What the database holds


def test_files_are_counted_by_kind_and_type(report: Report) -> None:
    file_counts = report.file_counts
    assert file_counts.entities == {"location/ward": 2, "person": 1}
    assert file_counts.relationships == {"MEMBER_OF": 1}
    assert file_counts.versions == {"person": 2, "relationship:MEMBER_OF": 1}
    assert (file_counts.authors, file_counts.records, file_counts.others) == (1, 2, 0)
    assert file_counts.files == 2 + 1 + 1 + 3 + 1 + 2


def test_what_is_of_no_kind_is_counted_as_other(tmp_path: Path) -> None:
    odd = ("v2/loose.json", "v2/entity/person/notes.txt", "v2/author/a/b.json", "v2/version/1.json")
    database = fill(tmp_path / "nes-db", [Commit("x", "2026-01-01", dict.fromkeys(odd, b"{}"))])
    file_counts = report_of(database).file_counts
    assert (file_counts.others, file_counts.files) == (4, 4)


def test_growth_counts_what_was_there_after_each_step(report: Report) -> None:
    assert [(str(p.moment.date()), p.migration, p.entities) for p in report.growth] == [
        ("2025-11-01", None, {}),
        ("2025-11-09", "001-people", {"person": 2}),
        ("2025-12-01", "002-wards", {"location": 1, "person": 2}),
        ("2025-12-05", None, {"location": 1, "person": 2}),
        ("2026-01-15", "003-more", {"location": 2, "person": 1}),
    ]


def test_the_batches_of_a_migration_are_one_step_and_clocks_never_run_back(tmp_path: Path) -> None:
    batches = [
        Commit(f"Migration: 001-a (Batch {n}/2)", day, {f"{PERSON}/p-{n}.json": {}})
        for n, day in ((1, "2026-01-02"), (2, "2026-01-03"))
    ]
    early = Commit("By hand", "2025-01-01", {f"{PERSON}/p-3.json": {}})
    points = report_of(fill(tmp_path / "nes-db", [*batches, early])).growth
    assert [point.entities for point in points] == [{"person": 2}, {"person": 3}]
    assert points[0].moment == points[1].moment


def test_of_a_long_history_evenly_spread_steps_are_shown(tmp_path: Path) -> None:
    commits = [
        Commit(f"Run {n:03d}-x", "2026-01-01", {f"{PERSON}/p-{n}.json": {}}) for n in range(30)
    ]
    git = Git(fill(tmp_path / "nes-db", commits))
    points = measure_growth(
        git,
        read_commits(git, "--first-parent", "main"),
        "v2",
        {},
        progress=lambda *_: None,
        max_points=4,
    )
    assert [point.entities["person"] for point in points] == [1, 11, 20, 30]
    assert {point.migration for point in points} == {None}


# The migrations


def test_each_migration_says_who_when_and_what(report: Report) -> None:
    first, last = report.summaries
    assert (first.name, first.author, first.committer) == (
        "001-people",
        "Asha Example",
        "Mina Maintainer",
    )
    assert str(first.applied_on) == "2025-11-09"
    assert last.changes
    assert last.changes.types == {
        "location/ward": Counts(created=1),
        "person": Counts(updated=1, deleted=1),
        "relationship:MEMBER_OF": Counts(created=1),
    }
    assert (last.changes.fields, last.changes.compared) == ({"tags[]": 1}, 1)
    assert list(people(report.summaries)) == ["Asha Example", "Bina"]


def test_of_many_changed_ones_the_first_of_each_type_are_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nes_tasks.operations.changes.LOOKED_INTO_PER_TYPE", 2)
    paths = [f"{folder}/p-{n}.json" for folder in (PERSON, WARD) for n in range(5)]
    commits = [
        migration("001-a", "2026-01-01", {path: entity("p") for path in paths}),
        migration("002-b", "2026-01-02", {path: entity("p", tags=["x"]) for path in paths}),
    ]
    changes = report_of(fill(tmp_path / "nes-db", commits)).summaries[1].changes
    assert changes
    assert (changes.updated, changes.compared, changes.fields) == (10, 4, {"tags": 4})


def test_the_record_of_an_earlier_system_is_a_migration_too(tmp_path: Path) -> None:
    record = {
        "author": "someone@example.org",
        "description": "Parties",
        "date": "2025-11-14T00:00:00",
        "executed_at": "2025-11-14T05:06:07",
        "changes": {"entities_created": 1},
    }
    files = {
        "v2/migration-logs/003-parties/metadata.json": record,
        f"{PERSON}/asha-rai.json": entity("asha-rai"),
    }
    database = fill(tmp_path / "nes-db", [Commit("Source parties. PR 17", "2025-11-15", files)])
    (summary,) = report_of(database).summaries
    assert (summary.author, str(summary.applied_on)) == ("someone", "2025-11-14")
    assert summary.changes
    assert summary.changes.types == {"person": Counts(created=1)}


# Fields and sources


def test_coverage_counts_what_is_filled(report: Report) -> None:
    found = report.coverage
    assert found
    assert found.types["person"].entities == 1
    assert found.types["person"].fields == Counter({"names.en": 1, "tags": 1})
    assert found.types["location/ward"].fields == Counter({"names.en": 2, "tags": 1})
    assert (found.entities_with_source, found.relationships_with_source) == (0, 1)
    assert found.sources == {Source("A register", ""): Counter({"relationship": 1})}


def test_details_are_looked_into_and_sources_have_two_languages(tmp_path: Path) -> None:
    files = {f"{PERSON}/asha-rai.json": HISTORY[1].files[f"{PERSON}/asha-rai.json"]}
    found = report_of(fill(tmp_path / "nes-db", [Commit("x", "2026-01-01", files)])).coverage
    assert found
    assert found.types["person"].fields == Counter(
        {"names.en": 1, "attributions": 1, "personal_details.gender": 1}
    )
    assert found.sources == {Source("Election Commission", "आयोग"): Counter({"entity": 1})}


@pytest.mark.parametrize(
    ("value", "filled"),
    [
        (None, False),
        ("", False),
        (" \n", False),
        ([], False),
        ({"en": None, "ne": {"value": "", "provenance": "imported"}}, False),
        ([{"a": [None, {}]}], False),
        (False, True),
        (0, True),
        ({"en": {"value": "x"}}, True),
    ],
)
def test_only_what_says_something_is_filled(value: Any, filled: bool) -> None:
    assert is_filled(value) is filled


def test_files_that_cannot_be_read_are_named_and_nothing_else_suffers(tmp_path: Path) -> None:
    deep = b"[" * 100_000
    files = {
        f"{PERSON}/a-broken.json": b'{"slug": ',
        f"{PERSON}/b-empty.json": b"",
        f"{PERSON}/c-list.json": [],
        f"{PERSON}/d-latin.json": b'{"slug": "\xe9"}',
        f"{PERSON}/e-deep.json": deep,
        f"{PERSON}/f-odd.json": {
            "names": [7, {"en": 1}],
            "attributions": {"title": 1},
            "tags": {"x": [[[0]]]},
        },
        f"{PERSON}/g-odd.json": {"names": {}, "attributions": [1, {"title": 2}, {"title": {}}]},
        f"{PERSON}/h-good.json": entity("good"),
        MEMBER: b"null",
    }
    found = report_of(fill(tmp_path / "nes-db", [Commit("x", "2026-01-01", files)])).coverage
    assert found
    assert found.unreadable_count == 6
    assert Unreadable("entity:person/c-list", "not a JSON object") in found.unreadable
    assert [one.id[:17] for one in found.unreadable] == [
        "entity:person/" + c for c in ("a-b", "b-e", "c-l", "d-l", "e-d")
    ] + ["relationship:pers"]
    assert found.types["person"].entities == 3
    assert found.types["person"].fields["tags"] == 1


def test_memory_does_not_grow_with_names_in_the_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coverage_module, "MAX_FIELDS", 3)
    monkeypatch.setattr(coverage_module, "MAX_SOURCES", 2)
    monkeypatch.setattr(coverage_module, "MAX_NAMED", 1)
    files: dict[str, Any] = {
        f"{PERSON}/p-{n}.json": {f"key-{n}": 1, "attributions": [{"title": f"Source {n}"}]}
        for n in range(5)
    }
    files |= {f"{PERSON}/q-{n}.json": b"x" for n in range(3)}
    found = report_of(fill(tmp_path / "nes-db", [Commit("x", "2026-01-01", files)])).coverage
    assert found
    assert len(found.types["person"].fields) == 3
    assert (len(found.sources), found.sources_left_out) == (2, 3)
    assert (len(found.unreadable), found.unreadable_count) == (1, 3)


# What a clone lacks


def test_a_brief_report_reads_no_contents(database: Path, report: Report) -> None:
    brief = report_of(database, brief=True)
    assert brief.file_counts == report.file_counts
    assert (brief.growth, brief.coverage) == ((), None)
    assert [summary.changes for summary in brief.summaries] == [None, None]


def test_a_working_tree_makes_no_difference(database: Path, report: Report, tmp_path: Path) -> None:
    there = clone(database, tmp_path / "nes-db")
    for file in there.rglob("v2/entity/**/*.json"):
        file.write_text("changed")
    assert report_of(there) == report


def test_a_shallow_clone_tells_what_it_knows(database: Path, tmp_path: Path) -> None:
    found = report_of(clone(database, tmp_path / "nes-db", "--depth", "1"))
    assert found.gaps == Gaps(is_shallow=True, lacks_trees=False, lacks_files=False)
    assert [point.entities for point in found.growth] == [{"location": 2, "person": 1}]
    assert [summary.changes for summary in found.summaries] == [None, None]
    assert found.summaries[0].author == "Asha Example"
    assert found.coverage
    assert found.coverage.types["person"].entities == 1


@pytest.mark.parametrize("options", [[], ["--depth", "1", "--sparse"]])
def test_a_partial_clone_fetches_nothing(
    database: Path, tmp_path: Path, options: list[str]
) -> None:
    filtered = ["--filter=blob:none", "--no-checkout", *options]
    there = clone(database, tmp_path / "nes-db", *filtered)
    # The records of migrations are needed, as they are for any command.
    Git(there).run("checkout", "main", "--", "v2/migration-logs")
    Git(there).run("remote", "set-url", "origin", "file:///nowhere")
    found = report_of(there)
    assert found.gaps.lacks_files
    assert found.coverage
    assert (found.coverage.unfetched, found.coverage.types) == (4, {})
    if not options:
        assert found.summaries[1].changes
        assert found.summaries[1].changes.types["person"] == Counts(updated=1, deleted=1)
        assert found.summaries[1].changes.compared == 0


def test_a_clone_without_early_folders_has_no_growth(database: Path, tmp_path: Path) -> None:
    found = report_of(clone(database, tmp_path / "nes-db", "--filter=tree:0"))
    assert (found.gaps.lacks_trees, found.growth) == (True, ())
    assert found.file_counts.entities == {"location/ward": 2, "person": 1}
    assert found.coverage
    assert found.coverage.types["person"].entities == 1


def test_without_a_commit_there_is_nothing_to_report(tmp_path: Path) -> None:
    for database in (tmp_path / "absent", fill(tmp_path / "nes-db", [])):
        with pytest.raises(DatabaseError, match="no commit to report on; doit applies"):
            report_of(database)
