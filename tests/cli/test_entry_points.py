"""Commands are found by doit through entry points, which pip writes when it installs."""

from __future__ import annotations

import inspect
import tomllib
from importlib import import_module
from importlib.metadata import distribution
from pathlib import Path

from our_commands import our_commands

from nes_tasks.cli.doit_commands import BaseCommand


def test_every_command_of_the_package_is_declared(project: Path) -> None:
    declared = [type(command) for command in our_commands().values()]
    for path in sorted((project / "nes_tasks/cli").glob("*.py")):
        module = import_module(f"nes_tasks.cli.{path.stem}")
        for name, member in inspect.getmembers(module, inspect.isclass):
            if not issubclass(member, BaseCommand) or "doc_purpose" not in vars(member):
                continue
            assert any(issubclass(command, member) for command in declared), (
                f"{module.__name__}:{name} has no line in "
                '[project.entry-points."doit.COMMAND"] of pyproject.toml'
            )


def test_what_is_installed_is_what_is_declared(project: Path) -> None:
    declared = tomllib.loads((project / "pyproject.toml").read_text())["project"]["entry-points"]
    installed: dict[str, dict[str, str]] = {}
    for point in distribution("nes-tasks").entry_points:
        installed.setdefault(point.group, {})[point.name] = point.value
    assert installed == declared, "after a change of entry points: pip install -e ."
