"""Reading and writing real files of the published database gives the same bytes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nes_tasks.models import codec
from nes_tasks.models.identifiers import id_of, path_of

Load = Callable[[bytes, str], Any]

KINDS: dict[str, tuple[Load, Callable[..., bytes]]] = {
    "entity": (codec.load_entity, codec.dump_entity),
    "version": (codec.load_version, codec.dump_version),
    "author": (codec.load_author, codec.dump_author),
}


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    return shared_data / "database-sample" / "v2"


def files(folder: Path, kind: str) -> list[Path]:
    found = sorted((folder / kind).rglob("*.json"))
    assert len(found) > 0
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_writing_what_was_read_gives_the_same_bytes(folder: Path, kind: str) -> None:
    load, dump = KINDS[kind]
    for file in files(folder, kind):
        data = file.read_bytes()
        assert dump(load(data, str(file)), only_set=True) == data, file


@pytest.mark.parametrize("kind", KINDS)
def test_ids_of_real_files_are_their_paths(folder: Path, kind: str) -> None:
    load, _ = KINDS[kind]
    for file in files(folder, kind):
        path = file.relative_to(folder).as_posix()
        identifier = load(file.read_bytes(), path).id
        assert id_of(path) == identifier
        assert path_of(identifier) == path


def with_later_fields(content: dict[str, Any]) -> dict[str, Any]:
    for identifier in content.get("identifiers") or []:
        identifier.setdefault("name", None)
    if content.get("address"):
        content["address"].setdefault("description2", None)
    return content


def test_writing_real_entities_anew_adds_only_fields_that_came_later(folder: Path) -> None:
    for file in files(folder, "entity"):
        written = codec.dump_entity(codec.load_entity(file.read_bytes(), str(file)))
        assert json.loads(written) == with_later_fields(json.loads(file.read_bytes())), file


def test_the_snapshot_of_a_real_entity_is_the_one_in_its_version(folder: Path) -> None:
    for file in files(folder, "entity"):
        entity = codec.load_entity(file.read_bytes(), str(file))
        number = entity.version_summary.version_number
        version = codec.load_version((folder / path_of(entity.version_summary.id)).read_bytes())
        assert version.version_number == number
        assert codec.snapshot_of(entity, only_set=True) == version.snapshot
