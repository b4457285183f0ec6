"""The contents of many files, one after the other, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from .command import Git
from .diff import File
from .incomplete_clone import fetch_files
from .objects import REQUEST_BATCH, ObjectReader

# Files that a partial clone fetches in one request; smaller requests would cost more time than the
# contents.
FETCHED_TOGETHER = 64 * REQUEST_BATCH


def read_contents(
    git: Git, files: Iterable[File], *, fetch: bool = False
) -> Iterator[tuple[File, bytes | None]]:
    """Yield each file with its content, None where the repository lacks it.

    With `fetch` a partial clone first fetches what it lacks, some thousand files at a time.
    Holds a few hundred contents at a time. Raises `GitError`.
    """
    waiting = iter(files)
    together = FETCHED_TOGETHER if fetch and git.is_partial else REQUEST_BATCH
    with ObjectReader(git) as reader:
        while some := list(islice(waiting, together)):
            if together > REQUEST_BATCH:
                fetch_files(git, (file.oid for file in some))
            answers = reader.get_many(file.oid for file in some)
            for file, answer in zip(some, answers, strict=True):
                yield file, answer and answer.data
