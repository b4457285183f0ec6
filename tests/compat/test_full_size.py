"""The first 30,000 files of the published database, made anew by migrations that import `nes`."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest
from workspace import Ran, Workspace

from nes_tasks.database.marker import Marker

MIGRATIONS = Path(__file__).parent / "migrations"
DATA_FILES = {
    "001-source-locations": ["locations/en.json", "locations/np.json"],
    "003-source-political-parties": ["parties/parties-2082.csv", "parties/parties-data-en.json"],
    "004-source-election-constituencies": ["constituencies/constituencies.csv"],
}
# Not of these four migrations.
OTHER_FILES = {"author/migration-000-example-migration.json"}

TIMESTAMP = re.compile(rb'"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"')

# How many files of each kind the published database has after these migrations.
PUBLISHED = {
    "author": 1,
    "entity/location/constituency": 165,
    "entity/location/district": 77,
    "entity/location/metropolitan_city": 6,
    "entity/location/municipality": 276,
    "entity/location/province": 7,
    "entity/location/rural_municipality": 460,
    "entity/location/sub_metropolitan_city": 11,
    "entity/location/ward": 6743,
    "entity/organization/political_party": 124,
    "version": 7580 + 6743 + 124 + 165,
}


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> tuple[Workspace, Ran]:
    workspace = Workspace(tmp_path_factory.mktemp("full-size") / "project")
    workspace.migrations.rmdir()
    shutil.copytree(MIGRATIONS, workspace.migrations)
    for name, files in DATA_FILES.items():
        for file in files:
            shutil.copyfile(shared_data / file, workspace.migrations / name / Path(file).name)
    process = workspace.start()
    out, err = process.communicate(timeout=900)
    return workspace, Ran(process.returncode, out, err)


@pytest.fixture
def data(applied: tuple[Workspace, Ran]) -> Path:
    return applied[0].db / "v2"


@pytest.fixture
def sample(shared_data: Path) -> dict[str, Path]:
    """The published entities, versions and authors that these migrations make, by path."""
    root = shared_data / "database-sample" / "v2"
    paths = {str(path.relative_to(root)): path for path in root.rglob("*.json")}
    kinds = ("author/", "entity/", "version/")
    return {p: f for p, f in paths.items() if p.startswith(kinds) and p not in OTHER_FILES}


def masked(content: bytes) -> bytes:
    return TIMESTAMP.sub(b'"<timestamp>"', content)


def as_published(path: str, content: bytes) -> bytes:
    """Return our file without the fields that models did not have yet when it was published.

    These are the name of an identifier where locations were sourced, and the second
    description of an address where parties were; both are null in our files.
    """
    file = json.loads(content)
    entity = file.get("snapshot", file)
    if "/location/" in path:
        for identifier in entity["identifiers"] or []:
            assert identifier.pop("name") is None
    else:
        assert entity["address"].pop("description2") is None
    return json.dumps(file, indent=2, sort_keys=True, ensure_ascii=False).encode()


def has_later_fields(path: str) -> bool:
    return path.startswith(("entity/", "version/")) and not re.search(
        r"/location/(ward|constituency)/", path
    )


def test_all_four_migrations_are_applied(applied: tuple[Workspace, Ran]) -> None:
    workspace, ran = applied
    assert ran.code == 0, ran.err
    assert workspace.applied() == sorted(path.name for path in MIGRATIONS.iterdir())


def test_the_statistics_are_those_of_the_published_runs(data: Path) -> None:
    markers = [
        Marker.from_bytes(path.read_bytes()).statistics
        for path in sorted(data.glob("migration-logs/*/marker.toml"))
    ]
    created = [(s.entities_created, s.entities_updated, s.versions_created) for s in markers]
    assert created == [(7580, 0, 7580), (0, 6743, 6743), (124, 0, 124), (165, 0, 165)]


def test_the_sample_is_complete(sample: dict[str, Path]) -> None:
    kinds = Counter(path.partition("/")[0] for path in sample)
    assert kinds == {"author": 1, "entity": 54, "version": 60}


def test_files_are_the_published_ones_but_for_timestamps(
    data: Path, sample: dict[str, Path]
) -> None:
    same = [path for path in sample if not has_later_fields(path)]
    assert len(same) == 6 + 12 + 6 + 6 + 1
    other = [p for p in same if masked(sample[p].read_bytes()) != masked((data / p).read_bytes())]
    assert other == []


def test_the_others_are_the_published_ones_but_for_fields_that_came_later(
    data: Path, sample: dict[str, Path]
) -> None:
    later = [path for path in sample if has_later_fields(path)]
    assert len(later) == 115 - 31
    other = [
        path
        for path in later
        if masked(sample[path].read_bytes())
        != masked(as_published(path, (data / path).read_bytes()))
    ]
    assert other == []


def test_there_are_as_many_files_of_each_kind_as_published(data: Path) -> None:
    paths = (path.relative_to(data).parent.as_posix() for path in data.rglob("*.json"))
    kinds = Counter("version" if path.startswith("version/") else path for path in paths)
    assert kinds == PUBLISHED


def test_no_commit_has_more_than_a_thousand_files(applied: tuple[Workspace, Ran]) -> None:
    workspace, _ = applied
    log = workspace.git("log", "--format=format:commit", "--name-only").split("commit\n")[1:]
    sizes = [len(names.split()) for names in log]
    assert max(sizes) <= 1000
    assert sum(sizes) == 15_161 + 13_486 + 248 + 330 + 4 * 2


def test_the_working_tree_is_what_was_committed(applied: tuple[Workspace, Ran]) -> None:
    workspace, _ = applied
    assert workspace.git("status", "--porcelain") == ""
    assert workspace.git("fsck", "--strict") == ""


def test_a_second_run_has_nothing_to_do(applied: tuple[Workspace, Ran]) -> None:
    workspace, _ = applied
    tip = workspace.git("rev-parse", "HEAD")
    ran = workspace.doit()
    assert ran.code == 0
    assert "nothing to do" in ran.out
    assert workspace.git("rev-parse", "HEAD") == tip
