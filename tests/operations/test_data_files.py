"""The kinds of data files: what one place knows of them, the others know as well."""

from __future__ import annotations

from nes_tasks.migrations.data_kinds import READER_BY_ENDING, READERS
from nes_tasks.operations.data_files import READ
from nes_tasks.running.context import MigrationContext


def test_every_reader_of_the_context_is_known_to_the_checks() -> None:
    methods = {name for name in vars(MigrationContext) if name.startswith(("read_", "iter_"))}
    assert methods == READERS == READ.keys()
    assert {method for method in READER_BY_ENDING.values() if method} <= READERS
