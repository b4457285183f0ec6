"""Transcripts of the documentation: what is typed behind ``$``, and below it what is printed."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)

# What differs from run to run and system to system: ids, times, seconds, memory, sizes of pages,
# what confines scripts, and their widths.
VARIES = (
    (r"\b\d{8}T\d{6,12}-[0-9a-f]{12}\b|\b[0-9a-f]{40}\b|\b[0-9a-f]{12}\b", "<id>"),
    (r"\b[0-9a-f]{10}\b", "<id>"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d", "<time>"),
    (r"\b\d+\.\d+ s, \d+\.\d+ MB", "<measured>"),
    (r"\.html: \d+\.\d kB", ".html: <size>"),
    (r"\b\d+\.\d+s?$", "<seconds>"),
    (r"^(Sandbox|Python|Packages)(:| ) *.*$", r"\1 <environment>"),
    (r"─+|[ \t]+", " "),
)


def fences(page: Path) -> list[tuple[str, str]]:
    """Return the fenced blocks of a page: language and text."""
    return FENCE.findall(page.read_text("utf-8"))


def blocks(text: str, language: str) -> list[str]:
    """Return the fenced blocks in one language."""
    return [content for found, content in FENCE.findall(text) if found == language]


def commands(transcript: str) -> list[tuple[str, str]]:
    """Return each command of a transcript with the output shown below it."""
    before, *parts = re.split(r"^\$ (.*)\n", transcript, flags=re.MULTILINE)
    assert not before, before
    return list(zip(parts[::2], parts[1::2], strict=True))


def masked(text: str) -> list[str]:
    """Return lines without what differs from run to run."""
    for pattern, word in VARIES:
        text = re.sub(pattern, word, text, flags=re.MULTILINE)
    return [line.strip() for line in text.strip().splitlines()]


def output_of(done: subprocess.CompletedProcess[str]) -> str:
    """Return what a command printed, or its error message if it printed nothing else."""
    return done.stdout or (done.stderr if done.returncode else "")


@dataclass
class Shell:
    """A terminal in one folder; `doit` and `python` are those of an environment.

    `python` is that environment's interpreter, `variables` are those of the shell.
    """

    cwd: Path
    bin: Path
    variables: Mapping[str, str]
    python: Path = field(default_factory=lambda: Path(sys.executable))

    def __post_init__(self) -> None:
        self.bin.mkdir(parents=True, exist_ok=True)
        for name, words in {"python": "", "doit": "-m doit "}.items():
            shim = self.bin / name
            shim.write_text(f'#!/bin/sh\nexec "{self.python}" {words}"$@"\n')
            shim.chmod(0o755)

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run one command line."""
        return subprocess.run(
            ["bash", "-c", command],
            cwd=self.cwd,
            env={**self.variables, "PATH": f"{self.bin}:{self.variables['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
        )

    def follow(self, transcript: str) -> Iterator[tuple[str, list[str], list[str]]]:
        """Run every command; give it with what it printed and with what is shown, both masked.

        An error counts when it is all that a command printed; other lines on stderr are progress.
        """
        for command, shown in commands(transcript):
            done = self.run(command)
            yield command, masked(output_of(done)), masked(shown)
