"""Previews in files: read for `doit run --expect` and for `doit preview --from` and `--keep`."""

from __future__ import annotations

from pathlib import Path

from ..errors import MigrationRefusedError, UsageError
from ..operations.preview import Preview
from ..operations.preview_file import outdated, read_preview
from ..project import Project
from ..running.expectation import Expectation, Expected


def saved_preview(path: str) -> Preview:
    """Return the preview in a file; raises `UsageError` if the file does not hold one."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}",
            hint=f"doit preview --json -o {path} writes it",
        ) from error
    return read_preview(data, path)


def expectation(path: str, project: Project) -> Expectation:
    """Return the results that a run must reproduce, from the preview in a file.

    Raises `UsageError` if it does not hold one, and `MigrationRefusedError` if it was made from a
    different state, so that trees cannot match.
    """
    found = saved_preview(path)
    why = outdated(found, project)
    if why is not None:
        raise MigrationRefusedError(
            f"{path} is not a preview of the current state: {why}",
            hint=f"doit preview --json -o {path} makes a new one",
        )
    trees = {
        previewed.result.migration: Expected(previewed.clock, previewed.result.tree)
        for previewed in found.migrations
        if previewed.result.tree is not None
    }
    return Expectation(path, trees)
