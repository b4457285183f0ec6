"""Paths that a migration may write; what is refused, see test_transaction."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nes_tasks.database.data_path import PLAIN, is_allowed


@given(st.from_regex(PLAIN, fullmatch=True))
def test_what_is_plain_is_allowed(path: str) -> None:
    assert is_allowed(path)
