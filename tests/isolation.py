"""Fixtures of tests that run git, isolated from the configuration of the person who runs them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from repositories import Place, init


@pytest.fixture(autouse=True)
def isolated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No configuration and no variables but these."""
    for variable in list(os.environ):
        if variable.startswith(("GIT_", "NES_TASKS_")):
            monkeypatch.delenv(variable)
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "Mina Maintainer")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "mina@example.org")


@pytest.fixture
def database(tmp_path: Path) -> Place:
    """An empty database repository, in the place where the settings of `tmp_path` look."""
    return init(tmp_path / "nes-db")
