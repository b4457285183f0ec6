"""The garbage collector during a migration."""

from __future__ import annotations

import gc

import pytest

from nes_tasks.running.collector import HARDLY_EVER, rare_collections


def fail() -> None:
    with rare_collections():
        raise ValueError(gc.get_threshold())


def test_garbage_is_looked_for_as_before_after_a_migration_that_failed() -> None:
    before = gc.get_threshold()
    with pytest.raises(ValueError, match=str(HARDLY_EVER[0])):
        fail()
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0
