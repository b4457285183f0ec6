"""The same base, folder and clock give the same tree, whatever the machine is like."""

from __future__ import annotations

import shutil
from pathlib import Path

from workspace import EPOCH, Workspace

CURIOUS = """\
import datetime, os, random, time
from pathlib import Path

names = os.listdir(context.migration_dir / "data")
names += [path.name for path in (context.migration_dir / "data").iterdir()]
names += [path.name for path in Path(context.migration_dir).rglob("*.txt")]
attributes = {
    "listed": names,
    "set": list({"a", "b", "c", "d", "e", "f"}),
    "hash": hash("Kathmandu"),
    "random": random.random(),
    "now": str(datetime.datetime.now()),
    "utc": datetime.datetime.now(datetime.timezone.utc),
    "today": datetime.date.today(),
    "time": time.time(),
    "local": time.strftime("%c %Z"),
    "upper": "ı".upper(),
}
await context.publication.create_entity(
    entity_type="location",
    entity_subtype="ward",
    entity_data={
        "slug": "somewhere",
        "names": [{"kind": "PRIMARY", "ne": {"full": "कतै"}}],
        "attributes": attributes,
    },
)
context.log(f"{names} {random.randint(0, 10**9)}")
"""


def run_once(root: Path, files: list[str], **env: str) -> tuple[str, str]:
    """Apply the curious migration in a fresh project; return the tree and commit ids."""
    workspace = Workspace(root)
    workspace.migration("001-curious", CURIOUS, files={name: name for name in files})
    ran = workspace.doit(SOURCE_DATE_EPOCH=EPOCH, **env)
    assert ran.code == 0, ran.err
    return workspace.tree, workspace.git("show", "HEAD:v2/entity/location/ward/somewhere.json")


def test_locale_zone_hash_seed_and_listing_order_do_not_matter(tmp_path: Path) -> None:
    files = [f"data/{name}.txt" for name in ("b", "a", "d", "c", "e", "z", "y")]
    first = run_once(tmp_path / "1", files, TZ="UTC", LC_ALL="C", PYTHONHASHSEED="1")
    second = run_once(
        tmp_path / "2",
        list(reversed(files)),
        TZ="Asia/Kathmandu",
        LC_ALL="tr_TR.UTF-8",
        LANG="ne_NP.UTF-8",
        PYTHONHASHSEED="2",
        PYTHONUTF8="0",
    )
    assert first == second
    assert "2026-02-03T04:05:06" in first[1]


def test_another_file_system_lists_in_another_order_and_gives_the_same(tmp_path: Path) -> None:
    files = [f"data/{name}.txt" for name in ("b", "a", "d", "c", "e", "z", "y")]
    memory = Path("/dev/shm")  # tmpfs lists the newest file first
    first = run_once(tmp_path / "1", files)
    if not memory.is_dir():
        memory = tmp_path
    root = memory / f"nes-tasks-{tmp_path.name}-{id(files)}"
    try:
        assert run_once(root, files) == first
    finally:
        shutil.rmtree(root)


def test_the_clock_is_part_of_the_tree(workspace: Workspace, tmp_path: Path) -> None:
    tree, _ = run_once(tmp_path / "1", ["data/a.txt"])
    workspace.migration("001-curious", CURIOUS, files={"data/a.txt": "data/a.txt"})
    workspace.doit(SOURCE_DATE_EPOCH="1770091507")
    assert workspace.tree != tree


def test_every_timestamp_is_that_of_the_marker(workspace: Workspace) -> None:
    workspace.migration("001-curious", CURIOUS, files={"data/a.txt": ""})
    workspace.doit()
    marker = workspace.git("show", "HEAD:v2/migration-logs/001-curious/marker.toml")
    applied_at = next(
        row.partition(" = ")[2] for row in marker.splitlines() if row.startswith("applied_at")
    )
    moment = applied_at.replace("+00:00", "").replace("Z", "").replace(" ", "T")
    entity = workspace.git("show", "HEAD:v2/entity/location/ward/somewhere.json")
    created = [row for row in entity.splitlines() if '"created_at"' in row]
    assert len(created) == 2
    assert all(moment in row for row in created)


def test_a_rerun_after_a_revert_gives_the_same_tree(workspace: Workspace) -> None:
    workspace.migration("001-base")
    workspace.migration("002-curious", CURIOUS, files={"data/a.txt": ""})
    workspace.doit(SOURCE_DATE_EPOCH=EPOCH)
    tree = workspace.tree
    workspace.git("revert", "--no-edit", "HEAD")
    workspace.doit(SOURCE_DATE_EPOCH=EPOCH)
    assert workspace.tree == tree
