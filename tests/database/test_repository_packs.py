"""Packs after a run: small ones are joined, a large one is left alone."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from repositories import Place

from nes_tasks.database.repository import Repository
from nes_tasks.git.tidying import MANY_PACKS
from nes_tasks.settings import Settings


def packs(repository: Path) -> dict[str, int]:
    """Return the packs of a repository by name, with their inodes."""
    folder = repository / ".git" / "objects" / "pack"
    return {pack.name: pack.stat().st_ino for pack in folder.glob("*.pack")}


def with_packs(database: Place, count: int) -> dict[str, int]:
    """Make one large pack and `count` small ones; return the large one."""
    database.commit({f"v2/entity/person/p{number}.json": f"{number}" for number in range(300)})
    database.git("repack", "-d", "-q")
    large = packs(Path(database.path))
    for number in range(count):
        database.commit({"v2/entity/person/new.json": f"{number}"})
        database.git("repack", "-d", "-q")
    assert len(packs(Path(database.path))) == count + 1
    return large


def opened(path: Path) -> Repository:
    root = path.parent
    return Repository.open(Settings(root=root, migrations=root / "migrations", database=path))


def test_many_small_packs_are_joined_and_the_large_one_is_left_alone(database: Place) -> None:
    large = with_packs(database, MANY_PACKS - 1)
    before = database.git("rev-list", "--objects", "--all")
    opened(Path(database.path)).tidy()
    left = packs(Path(database.path))
    assert len(left) == 2
    assert large.items() <= left.items()
    assert database.git("rev-list", "--objects", "--all") == before
    database.git("fsck", "--strict")


def test_a_few_packs_are_left_alone(database: Place) -> None:
    with_packs(database, MANY_PACKS - 2)
    before = packs(Path(database.path))
    opened(Path(database.path)).tidy()
    assert packs(Path(database.path)) == before


def test_what_a_remote_has_promised_stays_promised(
    database: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_packs(database, 1)
    database.git("config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    options = ("-q", "--filter=blob:none", "--no-checkout")
    subprocess.run(["git", "clone", *options, f"file://{database.path}", str(clone)], check=True)
    monkeypatch.setattr("nes_tasks.git.tidying.MANY_PACKS", 1)
    before = packs(clone)
    opened(clone).tidy()
    assert packs(clone) == before
    assert list((clone / ".git" / "objects" / "pack").glob("*.promisor"))
    subprocess.run(["git", "-C", str(clone), "fsck"], check=True, capture_output=True)
