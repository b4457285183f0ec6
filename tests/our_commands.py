"""Our commands as doit would make them, found by the entry points of pyproject.toml."""

from __future__ import annotations

import re
import shlex
import tomllib
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from doit.cmd_base import DodoTaskLoader
from doit.plugin import PluginDict

PROJECT = Path(__file__).resolve().parent.parent


@cache
def our_commands() -> dict[str, Any]:
    """Return an object of each command by its name."""
    declared = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    points = declared["project"]["entry-points"]["doit.COMMAND"]
    classes = PluginDict()
    for name, point in points.items():
        module, _, attribute = point.partition(":")
        classes[name] = getattr(import_module(module), attribute)
    return {
        name: classes[name](
            task_loader=DodoTaskLoader(), config={}, bin_name="doit", cmds=classes, opt_vals={}
        )
        for name in sorted(classes)
    }


def own_options(command: Any) -> list[Any]:
    """Return the options of a command beside those that all commands of doit have."""
    return [opt for opt in command.cmdparser.options if not opt.section and (opt.short or opt.long)]


def shared_options(command: Any) -> list[Any]:
    """Return the options that all commands of doit have."""
    return [opt for opt in command.cmdparser.options if opt.section and (opt.short or opt.long)]


def flags(option: Any) -> set[str]:
    """Return how an option is typed: -o, --output and its opposite."""
    names = {f"-{option.short}"} if option.short else set()
    names |= {f"--{option.long}"} if option.long else set()
    return names | ({f"--{option.inverse}"} if option.inverse else set())


def invocations(line: str) -> list[list[str]]:
    """Return the words behind each `doit` of a shell line."""
    inner = re.search(r"\$\((.*?)\)", line)
    parts = re.split(r"&&|\|\||;", inner[1] if inner else line)
    words = [shlex.split(part.partition(" > ")[0]) for part in parts]
    assert all(part[0] == "doit" for part in words), line
    return [part[1:] for part in words]
