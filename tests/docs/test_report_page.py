"""The page about the report: its commands work, its numbers are those of the program."""

from __future__ import annotations

import gzip
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from databases import fill
from hostile import commits
from workspace import Workspace

from nes_tasks.cli.markdown import MAX_MIGRATIONS
from nes_tasks.operations.changes import LOOKED_INTO_PER_TYPE
from nes_tasks.operations.report_growth import MAX_POINTS


@pytest.fixture(scope="module")
def page(project: Path) -> str:
    return (project / "docs/reference/report.md").read_text()


def test_the_commands_write_what_the_page_says(page: str, workspace: Workspace) -> None:
    fill(workspace.db, commits())
    (workspace.root / "site").mkdir()
    summary = workspace.root / "summary.md"
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    lines = "".join(re.findall(r"^```bash\n(.*?)^```$", page, re.DOTALL | re.MULTILINE))
    subprocess.run(
        ["bash", "-ec", "set -o pipefail\n" + lines],
        cwd=workspace.root,
        env=workspace.environment(GITHUB_STEP_SUMMARY=str(summary), PATH=path),
        check=True,
        capture_output=True,
    )
    html = (workspace.root / "report.html").read_bytes()
    assert html.startswith(b"<!DOCTYPE html>")
    assert (workspace.root / "site/index.html").read_bytes() == html
    assert gzip.decompress((workspace.root / "report.html.gz").read_bytes()) == html
    assert summary.read_text().startswith("### <code>nes-db</code> on 1 March 2026\n")


def test_the_numbers_of_the_page_are_those_of_the_program(page: str) -> None:
    words = {10: "ten"}
    assert f"of more than {MAX_POINTS}, evenly" in page
    assert f"the first {LOOKED_INTO_PER_TYPE} changed entities" in page
    assert f"the last {words[MAX_MIGRATIONS]} migrations" in page


def test_the_extra_has_the_libraries_that_the_page_needs(project: Path) -> None:
    import tomllib

    from nes_tasks.cli.report_html import NEEDED

    content = tomllib.loads((project / "pyproject.toml").read_text())
    extra = content["project"]["optional-dependencies"]["report"]
    names = [re.split(r"[<>=]", row)[0].replace("-", "_").removesuffix("_python") for row in extra]
    assert sorted(names) == sorted(NEEDED)
