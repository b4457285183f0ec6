"""Pages of documentation as data: sections and tables."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from transcripts import output_of

HEADING = re.compile(r"^#{2,} (.*)$", re.MULTILINE)


def sections(text: str) -> dict[str, str]:
    """Return what stands below each heading, up to the next one of any level."""
    parts = HEADING.split(re.sub(r"^```.*?^```$", _masked_headings, text, flags=re.S | re.M))
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def _masked_headings(block: re.Match[str]) -> str:
    """Keep the headings of a block of Markdown from being those of the page."""
    return re.sub(r"^#", " #", block[0], flags=re.MULTILINE)


def anchor(heading: str) -> str:
    """Return the name by which GitHub links to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def rows(text: str, *headings: str) -> list[list[str]]:
    """Return the rows of all tables that have these headings."""
    found = []
    head = r" \| ".join(map(re.escape, headings))
    for table in re.findall(rf"^\| {head} \|\n\|[-|]+\|\n((?:\|.*\|\n?)*)", text, re.MULTILINE):
        for line in table.strip().splitlines():
            cells = re.split(r"(?<!\\)\|", line.strip("|"))
            found.append([cell.strip().replace("\\|", "|") for cell in cells])
    return found


def code(text: str) -> list[str]:
    """Return what stands in backticks."""
    return re.findall(r"`([^`\n]+)`", text)


def run_shell(command: str, folder: Path, environment: Mapping[str, str]) -> str:
    """Run a line of a transcript; return its output, or its error message without any."""
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return output_of(done)


def json_pages(project: Path) -> dict[str, tuple[Path, str]]:
    """Return for each command the page that describes its JSON document, and the anchor."""
    index = project / "docs/reference/json.md"
    found = {}
    for command, cell in rows(index.read_text("utf-8"), "Command", "Document"):
        target = re.search(r"\]\(([\w.]*)#([\w-]+)\)", cell)
        assert target, cell
        page = index.with_name(target[1]) if target[1] else index
        found[code(command)[0].split()[1]] = (page, target[2])
    return found
