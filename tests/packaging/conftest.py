"""The distributions of this checkout, built once, and an environment with the wheel in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from installed import Installed, build


@pytest.fixture(scope="session")
def distributions(project: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The wheel, which is built from the source distribution, and that one."""
    wheel, sdist = build(project, tmp_path_factory.mktemp("dist"))
    return wheel, sdist


@pytest.fixture(scope="session")
def installed(
    distributions: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory
) -> Installed:
    """A fresh environment with the wheel and what it depends on."""
    return Installed.at(tmp_path_factory.mktemp("environment") / "venv", distributions[0])
