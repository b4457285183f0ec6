"""Python's garbage collector while many small objects are made and kept.

By default it looks through what is new after each 700 objects. Most of what a migration makes stays
until its end, in the script's process and in that of the run, so looking finds next to nothing.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# After how many new objects, and each time after how many rounds of the generation before. Of a
# script some 40 MB of garbage that refers to itself can wait; the run itself makes next to none.
RARELY = (200_000, 20, 100)
HARDLY_EVER = (1_000_000, 20, 100)


def collect_rarely() -> None:
    """Look for garbage rarely from now on, and never in what is there already."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*RARELY)


@contextmanager
def rare_collections() -> Iterator[None]:
    """Look for garbage rarely within the block."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*HARDLY_EVER)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
