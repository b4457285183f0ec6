"""The failure of a script: its hint comes from the notes of the exception."""

from __future__ import annotations

from nes_tasks.running.failure import describe


def test_the_notes_of_an_exception_are_the_hint() -> None:
    error = ValueError("it already exists")
    error.add_note("take another slug")
    assert describe(error) == "ValueError: it already exists; take another slug"
    assert describe(ValueError("it already exists")) == "ValueError: it already exists"
