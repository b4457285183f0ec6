"""The terms of a script: its permissions and limits."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import MigrationRefusedError

if TYPE_CHECKING:
    from ..migrations import Folder, Migration
    from ..settings import Settings

RECORD = "NES_TASKS_RECORD"
# Values of `sandbox`: confine if the kernel can, require confinement, never confine.
AUTO, REQUIRE, OFF = "auto", "require", "off"
# Limit of processes and threads of one script, above the size of any worker pool.
TASK_LIMIT = 1024


@dataclass(frozen=True, slots=True)
class Terms:
    """The permissions and limits of a migration's script.

    `folder` is the migration's folder, `index` that of the index, if there is one, and `forbidden`
    are folders that it must not read; all are absolute. `sandbox` is the setting, `records` says
    that answers of the network are recorded in the folder. Limits are in seconds and bytes, 0
    stands for none.
    """

    folder: str
    sandbox: str = AUTO
    network: bool = False
    processes: bool = False
    records: bool = False
    time_limit: int = 0
    memory_limit: int = 0
    output_limit: int = 0
    forbidden: tuple[str, ...] = ()
    index: str = ""

    @classmethod
    def of(
        cls,
        settings: Settings,
        folder: Folder,
        *,
        allowed: Collection[str] = (),
        processes: bool = False,
        may_record: bool = False,
    ) -> Terms:
        """Return the terms of the migration in `folder`.

        It may use the network when `allowed` has its name, or when answers are recorded.
        """
        kept_from = [str(p) for p in (settings.root, settings.database, settings.migrations)]
        with contextlib.suppress(RuntimeError):  # a user without a home directory
            kept_from.append(str(Path.home()))
        records = may_record and os.environ.get(RECORD, "").strip() == folder.name
        return cls(
            folder=folder.directory,
            sandbox=settings.sandbox,
            network=records or folder.name in allowed,
            processes=processes,
            records=records,
            time_limit=settings.time_limit,
            memory_limit=settings.memory_limit,
            output_limit=settings.output_limit,
            forbidden=(*kept_from,),
            index=str(settings.index_folder),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the terms for JSON."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_dict(cls, known: Mapping[str, Any]) -> Terms:
        """Return the terms that `to_dict` gave, decoded from JSON."""
        return cls(**{**known, "forbidden": tuple(known["forbidden"])})


def terms_of_run(
    settings: Settings,
    folder: Folder,
    migration: Migration,
    *,
    allowed: Collection[str],
    may_record: bool,
) -> Terms:
    """Return the terms for executing a migration, see `Terms.of`.

    Raises `MigrationRefusedError` for one that needs the network, may not use it, and has no
    recorded answers.
    """
    terms = Terms.of(
        settings,
        folder,
        allowed=allowed,
        processes=migration.metadata.processes,
        may_record=may_record,
    )
    if migration.metadata.network and not terms.network:
        from ..scraping.recording import FILE_NAME

        if not (folder.path / FILE_NAME).exists():
            raise MigrationRefusedError(
                f"{folder.name} says NETWORK = True, which this run does not allow",
                hint=f"read its script, then add --allow-network {folder.name}, or the name to "
                "the setting network",
            )
    return terms
