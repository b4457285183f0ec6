"""A migrations directory in a temporary folder, to be filled by the tests."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from migrations_directory import Directory


@pytest.fixture
def migrations(tmp_path: Path) -> Directory:
    return Directory(tmp_path / "migrations")


@pytest.fixture
def unprivileged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], AbstractContextManager[None]]:
    """A context in which file permissions count, even when the tests are run by root.

    The working folder becomes `tmp_path`, because the folders above it are closed to others:
    use relative paths inside.
    """
    monkeypatch.chdir(tmp_path)

    @contextmanager
    def drop() -> Iterator[None]:
        if os.geteuid() != 0:
            yield
            return
        tmp_path.chmod(0o755)
        os.seteuid(65534)
        try:
            yield
        finally:
            os.seteuid(0)

    return drop
