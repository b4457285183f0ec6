"""The manual of a command: what `doit help COMMAND` prints."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from .doit_options import help_of

WIDTH = 79
# Options of doit for the state of ordinary tasks; migrations do not use them.
STATE_SECTIONS = frozenset({"DB backend", "doit core"})


class Explained(Protocol):
    """The attributes of a command that its manual uses."""

    name: str
    doc_purpose: Any
    doc_usage: Any
    doc_description: Any

    @property
    def examples(self) -> Iterable[tuple[str, str]]:
        """Command lines, each with what it does."""

    def exit_codes(self) -> dict[int, str]:
        """Return what each exit code means."""


def manual(command: Explained) -> str:
    """Return purpose, usage, description, examples, options and exit codes of a command."""
    parts = [
        ("PURPOSE", _paragraphs(command.doc_purpose)),
        ("USAGE", _paragraphs(f"doit {command.name} {command.doc_usage}".rstrip())),
        ("DESCRIPTION", _paragraphs(command.doc_description or "")),
        ("EXAMPLES", _examples(command.examples)),
        ("OPTIONS", "\n".join(option_lines(shown_options(command)))),
        ("EXIT CODES", _codes(command.exit_codes())),
    ]
    return "\n\n".join(f"{title}\n{text}" for title, text in parts if text)


def shown_options(command: Any) -> list[Any]:
    """Return the options of a doit command that concern its users, its own ones first."""
    options = [option for option in command.cmdparser.options if option.short or option.long]
    if getattr(command, "is_about_migrations", False):
        options = [option for option in options if option.section not in STATE_SECTIONS]
    return sorted(options, key=lambda option: option.section != "")


def _paragraphs(text: str, indent: str = "    ") -> str:
    lines: list[str] = []
    for paragraph in text.splitlines():
        lines += textwrap.wrap(
            paragraph,
            WIDTH,
            initial_indent=indent,
            subsequent_indent=indent,
            break_on_hyphens=False,
            break_long_words=False,
        ) or [""]
    return "\n".join(lines)


def _examples(examples: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"    {line}\n{_paragraphs(meaning, ' ' * 8)}" for line, meaning in examples)


def option_lines(options: Iterable[Any]) -> list[str]:
    """Return the help lines of options, which are doit's `CmdOption`."""
    return [line for option in options for line in _option(option)]


def _option(option: Any) -> Iterator[str]:
    yield f"    {option.help_param()}"
    about = help_of(option)
    choices = ", ".join(sorted(filter(None, option.choices)))
    about = f"{about.strip()} (one of {choices})" if choices else about.strip()
    variable = f" (or the variable {option.env_var})" if option.env_var else ""
    yield _paragraphs(f"{about}{variable}", " " * 8)
    if option.inverse:
        yield f"    --{option.inverse}"
        yield _paragraphs(f"the opposite of --{option.long}", " " * 8)


def _codes(codes: dict[int, str]) -> str:
    return "\n".join(
        textwrap.fill(f"    {code}  {meaning}", WIDTH, subsequent_indent=" " * 7)
        for code, meaning in codes.items()
    )
