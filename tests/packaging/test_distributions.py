"""What is in the wheel and in the source distribution, and what is not."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest
from installed import build

from nes_tasks import __version__

Distributions = tuple[Path, Path]


@pytest.fixture(scope="session")
def wheel(distributions: Distributions) -> zipfile.ZipFile:
    return zipfile.ZipFile(distributions[0])


@pytest.fixture(scope="session")
def metadata(wheel: zipfile.ZipFile) -> Message:
    return Parser().parsestr(wheel.read(f"{info_folder()}/METADATA").decode())


def info_folder() -> str:
    return f"nes_tasks-{__version__}.dist-info"


def test_the_wheel_has_the_package_the_template_and_the_licence(
    wheel: zipfile.ZipFile, project: Path
) -> None:
    tracked = subprocess.run(
        ["git", "-C", project, "ls-files", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    there = {path for path in tracked if (project / path).is_file()}
    package = {path for path in there if path.startswith("nes_tasks/")}
    template = {path for path in there if path.startswith("templates/")}
    assert {"nes_tasks/py.typed", "nes_tasks/dodo.py"} <= package
    assert {path.rpartition("/")[2] for path in template} >= {"migrate.py", "README.md"}
    about = {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE"}
    assert set(wheel.namelist()) == {
        *package,
        *(f"nes_tasks/{path}" for path in template),
        *(f"{info_folder()}/{name}" for name in about),
    }
    for path in template:
        assert wheel.read(f"nes_tasks/{path}") == (project / path).read_bytes()


def test_the_wheel_of_the_source_distribution_is_that_of_the_checkout(
    distributions: Distributions, project: Path, tmp_path: Path
) -> None:
    (straight,) = build(project, tmp_path, "--wheel")
    assert straight.name == distributions[0].name
    assert straight.read_bytes() == distributions[0].read_bytes()


def test_the_source_distribution_has_what_developers_and_readers_need(
    distributions: Distributions,
) -> None:
    with tarfile.open(distributions[1]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {
        "CHANGELOG.md",
        "LICENSE",
        "README.md",
        "docs/new-repository.md",
        "dodo.py",
        "migrations/000-provinces/migrate.py",
        "pyproject.toml",
        "tests/conftest.py",
    } <= names
    unwanted = re.compile(r"(^|/)(nes-db|\.nes-tasks|\.venv|__pycache__|dist)/")
    assert not [name for name in names if unwanted.search(name)]


def test_the_version_is_written_in_one_place(metadata: Message, project: Path) -> None:
    assert metadata["Version"] == __version__
    assert re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc)\d+)?", __version__)
    content = tomllib.loads((project / "pyproject.toml").read_text())
    assert "version" not in content["project"]
    written = f'"{__version__}"'
    places = [path for path in (project / "nes_tasks").rglob("*.py") if written in path.read_text()]
    assert places == [project / "nes_tasks/version.py"]


def test_the_metadata_say_what_an_index_shows(metadata: Message, project: Path) -> None:
    assert metadata["Name"] == "nes-tasks"
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert metadata.get_payload().strip() == (project / "README.md").read_text("utf-8").strip()
    needed = [row for row in metadata.get_all("Requires-Dist", []) if "extra ==" not in row]
    assert {re.split(r"[<>=]", row)[0] for row in needed} >= {"doit", "orjson", "pydantic"}


def test_an_index_would_take_them_and_can_show_the_readme(distributions: Distributions) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "twine", "--no-color", "check", "--strict", *distributions],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("PASSED") == 2
