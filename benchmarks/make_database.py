"""Make a database of any size for measurements, in one commit.

    python benchmarks/make_database.py --files 1000000 FOLDER

Half of the files are persons in one flat folder, the worst case for git, and half are their
versions, each in a folder of its own. The working tree is sparse, as the maintainer guide advises
for large databases. A million files take a minute or two: the objects are written as migrations
write theirs.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from nes_tasks.git.checkout import check_out_sparsely
from nes_tasks.git.command import Git
from nes_tasks.git.commit import Signature
from nes_tasks.git.object_writer import ObjectWriter
from nes_tasks.git.trees import TreeEntry

MAKER = Signature("A", "a@example.org", datetime(2026, 1, 15, tzinfo=UTC))


def person(number: int) -> tuple[str, bytes, bytes]:
    """Return the slug of a person, the file of the entity, and that of its first version."""
    slug = f"person-{number:07d}"
    summary = {
        "author": {"id": "author:a-b", "name": "A", "slug": "a-b"},
        "change_description": "Source",
        "created_at": "2026-01-15T00:00:00.000000Z",
        "entity_or_relationship_id": f"entity:person/{slug}",
        "type": "ENTITY",
        "version_number": 1,
    }
    entity = {
        "slug": slug,
        "type": "person",
        "names": [{"kind": "PRIMARY", "en": {"full": f"Person {number}"}}],
        "created_at": summary["created_at"],
        "version_summary": summary,
    }
    version = {**summary, "snapshot": entity}
    return slug, json.dumps(entity, indent=2).encode(), json.dumps(version, indent=2).encode()


def relationship(number: int, persons: int) -> tuple[str, bytes]:
    """Return the path of a relationship between two persons, and its file."""
    ends = [f"person/person-{n % persons:07d}" for n in (number, number * 7 + 1)]
    content = {
        "source_entity_id": f"entity:{ends[0]}",
        "target_entity_id": f"entity:{ends[1]}",
        "type": "AFFILIATED_WITH",
    }
    path = f"v2/relationship/{ends[0]}/{ends[1]}/AFFILIATED_WITH.json"
    return path, json.dumps(content, indent=2).encode()


def build(folder: Path, files: int, relationships: int = 0) -> None:
    """Make a database of so many files in `folder`, and of so many relationships besides."""
    subprocess.run(["git", "init", "-q", "-b", "main", str(folder)], check=True)
    git = Git(folder)
    empty = git.empty_tree()
    with closing(ObjectWriter(git, id_digits=len(empty))) as writer:
        changes: dict[bytes, TreeEntry | None] = {}
        for number in range(files // 2):
            slug, entity, version = person(number)
            changes[f"v2/entity/person/{slug}.json".encode()] = writer.file(writer.blob(entity))
            path = f"v2/version/entity/person/{slug}/1.json"
            changes[path.encode()] = writer.file(writer.blob(version))
        for number in range(relationships):
            path, content = relationship(number, files // 2)
            changes[path.encode()] = writer.file(writer.blob(content))
        commit = writer.commit(
            tree=writer.tree(empty, changes),
            parents=[],
            message="Make a database\n",
            author=MAKER,
            committer=MAKER,
        )
        writer.install()
    git.run("update-ref", "refs/heads/main", commit)
    check_out_sparsely(git, "v2/migration-logs")


def main() -> None:
    """Make one."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--relationships", type=int, default=0)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    build(options.folder, options.files, options.relationships)


if __name__ == "__main__":
    main()
