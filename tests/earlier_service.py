"""A small service repository of the legacy system: its migrations, and a database filled by hand.

The folders have the names and the forms of the published ones (000 to 011, two of them 007); their
data is made up. What was applied is recorded the way the legacy system and its maintainers did
it: a `metadata.json` with a log and a patch, committed by hand under all sorts of subjects; one
migration left nothing but its commit message; the last two were never applied.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from workspace import Workspace

ALLOW_FILES = ("-c", "protocol.file.allow=always")

PYPROJECT = """\
[project]
name = "nepal-entity-service"
version = "0.1.0"
requires-python = ">=3.12"
dependencies = ["pydantic>=2"]
"""

README = """\
# {earlier.name}

{earlier.description}. The data were copied by hand from the pages of the source, which is named in
the script, on {earlier.date}.
"""

HEAD = """\
from nes.services.migration.context import MigrationContext
{imports}
AUTHOR = "{author}"
DATE = "{date}"
DESCRIPTION = "{description}"


async def migrate(context: MigrationContext) -> None:
"""


@dataclass(frozen=True)
class Earlier:
    """One migration of the legacy system; `subject` is that of its commit, None without one."""

    name: str
    date: str
    description: str
    subject: str | None
    body: str
    imports: str = ""
    author: str = "Damodar Dahal"
    is_recorded: bool = True

    def script(self, description: str | None = None) -> str:
        """Return the text of its `migrate.py`."""
        keys = ("imports", "author", "date", "description")
        values = {key: getattr(self, key) for key in keys}
        if description is not None:
            values["description"] = description
        lines = "".join(f"    {line}\n" for line in self.body.strip().splitlines())
        return HEAD.format(**values) + lines

    def record(self) -> bytes:
        """Return the `metadata.json` that the earlier runner wrote."""
        content = {
            "migration_name": self.name,
            "author": self.author,
            "date": f"{self.date}T00:00:00",
            "description": self.description,
            "executed_at": f"{self.date}T08:27:03.357205",
            "duration_seconds": 0.25,
            "status": "completed",
            "changes": {
                "entities_created": self.body.count("create_entity"),
                "relationships_created": 0,
                "versions_created": self.body.count("publication."),
                "summary": "Created some",
                "has_diff": True,
            },
        }
        return json.dumps(content, indent=2).encode()


NAMES = '"names": [{"kind": "PRIMARY", "en": {"full": "%s"}}]'
CREATE = """\
await context.publication.create_entity(
    entity_type="{type}",
    entity_subtype={subtype!r},
    entity_data={{"slug": "{slug}", {names}}},
    author_id="author:damodar-dahal",
    change_description="{why}",
)
"""


def create(kind: str, slug: str, subtype: str | None = None) -> str:
    """Return the lines that create one entity."""
    names = NAMES % slug.replace("-", " ").title()
    why = "Initial sourcing"
    return CREATE.format(type=kind, subtype=subtype, slug=slug, names=names, why=why)


UPDATE = """\
for entity in await context.db.list_entities(entity_type="{type}", sub_type={subtype!r}, limit=10):
    entity.tags = [{tag!r}]
    await context.publication.update_entity(
        entity=entity, author_id="author:damodar-dahal", change_description="{tag}"
    )
"""


def update(kind: str, tag: str, subtype: str | None = None) -> str:
    """Return the lines that change all entities of a type."""
    return UPDATE.format(type=kind, subtype=subtype, tag=tag)


MIGRATIONS = (
    Earlier(
        "000-example-migration",
        "2024-11-08",
        "Create an example entity",
        "Run 000-example-migration",
        create("person", "bp-koirala").replace("author:damodar-dahal", "system"),
        author="system@example.org",
    ),
    Earlier(
        "001-source-locations",
        "2025-11-09",
        "Source provinces, districts and wards",
        "Run migration 001-source-locations",
        "await context.db.put_author(Author(slug='damodar-dahal', name='Damodar Dahal'))\n"
        + create("location", "kathmandu", "district")
        + create("location", "kathmandu-ward-1", "ward"),
        imports="from nes.core.models.version import Author\n",
    ),
    Earlier(
        "002-ward-name-fix",
        "2025-11-11",
        "[TODO: Describe what this migration does]",
        "Ward no fix. https://example.org/pull/15",
        update("location", "Fix ward name", "ward"),
    ),
    Earlier(
        "003-source-2082-political-parties",
        "2025-11-11",
        "Import registered political parties",
        "Source political parties. https://example.org/pull/17",
        create("organization", "green-party", "political_party"),
    ),
    Earlier(
        "004-source-election-constituencies",
        "2025-11-12",
        "Create election constituencies",
        "Run migration 004-source-election-constituencies",
        create("location", "kathmandu-1", "constituency"),
    ),
    Earlier(
        "005-seed-2079-election-candidates",
        "2025-11-13",
        "Seed the candidates of 2079",
        "Run migration 005-seed-2079-election-candidates",
        create("person", "asha-rai") + create("person", "bina-lama"),
    ),
    Earlier(
        "006-source-hospitals",
        "2025-12-20",
        "Source hospitals",
        "Hospitals",
        create("organization", "bir-hospital", "hospital"),
    ),
    Earlier(
        "007-redact-family-info",
        "2025-12-28",
        "Redact family information",
        "Redact family info (#31)",
        update("person", "Redacted"),
    ),
    Earlier(
        "007-source-projects",
        "2026-01-04",
        "Source development projects",
        "Run migration 007-source-projects",
        create("project", "wb-p1", "development_project"),
    ),
    Earlier(
        "008-complete-political-parties",
        "2026-01-06",
        "Complete the political parties",
        "Run migration 008-complete-political-parties",
        create("organization", "blue-party", "political_party"),
    ),
    Earlier(
        "009-party-election-symbols",
        "2026-01-08",
        "Add the election symbols of parties",
        "Migration 009-party-election-symbols",
        update("organization", "Symbol", "political_party"),
        is_recorded=False,
    ),
    Earlier(
        "010-source-2082-direct-candidates",
        "2026-02-02",
        "Source the direct candidates of 2082",
        None,
        create("person", "chandra-thapa"),
    ),
    Earlier(
        "011-source-constitutional-commissions",
        "2026-03-31",
        "Source constitutional commissions",
        None,
        """\
await context.publication.create_entity(
    entity_prefix="organization/government/commission/federal",
    entity_data={"slug": "tharu-commission", "names": [Name(
        kind="PRIMARY", en=NameParts(full="Tharu Commission")).model_dump()]},
    author_id="author:damodar-dahal",
    change_description="Initial sourcing",
)
""",
        imports="from nes.core.models import Name, NameParts\n",
    ),
)


@dataclass
class Service:
    """The clone that a maintainer has.

    `root` is the service repository, with the submodule `nes-db`; `remotes` has the two bare
    repositories that they are clones of.
    """

    root: Path
    remotes: Path

    @classmethod
    def at(cls, folder: Path) -> Service:
        """Make the two published repositories, and the maintainer's clone of them."""
        remotes, root = folder / "remotes", folder / "service"
        remotes.mkdir()
        maker = Workspace(folder / "making")
        _fill(maker, folder / "database")
        maker.git_in(folder, "clone", "-q", "--bare", "database", str(remotes / "nes-db.git"))
        _write_service(maker, folder / "source", (remotes / "nes-db.git").as_uri())
        maker.git_in(folder, "clone", "-q", "--bare", "source", str(remotes / "service.git"))
        where = (remotes / "service.git").as_uri()
        clone = ("clone", "-q", "--recurse-submodules", where, str(root))
        maker.git_in(folder, *ALLOW_FILES, *clone)
        for made in ("making", "database", "source"):
            shutil.rmtree(folder / made)
        return cls(root, remotes)


def _fill(maker: Workspace, database: Path) -> None:
    """Apply what was applied, and commit it with the records of then as it was done by hand."""
    applied = [earlier for earlier in MIGRATIONS if earlier.subject is not None]
    for number, earlier in enumerate(applied):
        # The bytes of the data are the same under a name and a description that pass the check.
        maker.migration(f"{number:03d}-data", script=earlier.script("Make the data"))
    ran = maker.doit()
    assert ran.code == 0, ran.err
    (database / "v2/migration-logs").mkdir(parents=True)
    maker.git_in(database, "init", "-q", "-b", "main")
    (database / "README.md").write_text("# The database\n")
    _commit(maker, database, "Initial commit")
    for earlier, commit in zip(
        applied, maker.git("rev-list", "--reverse", "--min-parents=1", "HEAD").split(), strict=True
    ):
        maker.git("checkout", "-q", "--detach", commit)
        without_markers = shutil.ignore_patterns("migration-logs")
        shutil.copytree(
            maker.db / "v2", database / "v2", ignore=without_markers, dirs_exist_ok=True
        )
        if earlier.is_recorded:
            log = database / "v2/migration-logs" / earlier.name
            log.mkdir()
            (log / "metadata.json").write_bytes(earlier.record())
            (log / "logs.txt").write_text(f"Migration: {earlier.name}\n")
            (log / "changes.diff").write_text("--- /dev/null\n")
        assert earlier.subject
        _commit(maker, database, earlier.subject)


def _write_service(maker: Workspace, root: Path, database: str) -> None:
    """Make the repository of the service: its package, its migrations, and the submodule."""
    root.mkdir()
    maker.git_in(root, "init", "-q", "-b", "main")
    for earlier in MIGRATIONS:
        folder = root / "migrations" / earlier.name
        folder.mkdir(parents=True)
        (folder / "migrate.py").write_text(earlier.script())
        (folder / "README.md").write_text(README.format(earlier=earlier))
    # The package of the legacy system lies there, too, with the runner that is to go.
    for name in (
        "nes/__init__.py",
        "nes/services/__init__.py",
        "nes/services/migration/__init__.py",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text('"""The earlier system."""\n')
    (root / "pyproject.toml").write_text(PYPROJECT)
    (root / ".gitignore").write_text(".venv/\n__pycache__/\n")
    maker.git_in(root, *ALLOW_FILES, "submodule", "--quiet", "add", database, "nes-db")
    _commit(maker, root, "The service as it was")


def _commit(maker: Workspace, root: Path, subject: str) -> None:
    maker.git_in(root, "add", "--all")
    maker.git_in(root, "commit", "-q", "-m", subject)
