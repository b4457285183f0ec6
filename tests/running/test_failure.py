from __future__ import annotations

from nes_tasks.running.failure import describe


def test_what_an_exception_notes_is_the_advice() -> None:
    error = ValueError("it already exists")
    error.add_note("take another slug")
    assert describe(error) == "ValueError: it already exists; take another slug"
    assert describe(ValueError("it already exists")) == "ValueError: it already exists"
