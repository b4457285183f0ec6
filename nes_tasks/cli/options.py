"""The options of commands: how doit gets one, and those that several commands have."""

from __future__ import annotations

from typing import Any


def option(long: str, text: str, *, name: str = "", **more: Any) -> dict[str, Any]:
    """Return an option ``--long`` that takes a value, a string unless `type` is another.

    `text` explains it in the help. `name` is the parameter of the command that gets the value,
    when it is not `long` with underscores. `more` are other keys of
    https://pydoit.org/cmd-other.html.
    """
    values = {"type": str, "default": "", **more}
    return {"name": name or long.replace("-", "_"), "long": long, "help": text, **values}


def flag(long: str, text: str, *, name: str = "", **more: Any) -> dict[str, Any]:
    """Return an option ``--long`` that is given or not."""
    return option(long, text, name=name, type=bool, default=False, **more)


JSON = flag("json", "print one JSON document, and nothing else, on stdout")
OUTPUT = option("output", "write to this file instead", short="o")
YES = flag("yes", "do it without asking", short="y")
DRY_RUN = flag("dry-run", "show what it would do, and write nothing")
ALLOW_NETWORK = option(
    "allow-network",
    "let this migration use the network; its script can then send data anywhere; may be repeated",
    type=list,
    default=[],
    metavar="NAME",
)
