"""`doit check` for other programs: JSON, annotations, Markdown and SARIF say the same."""

from __future__ import annotations

import html
import json
from pathlib import Path

import pytest
from workspace import Workspace

README = "# x\n\nSources: https://example.org/data, taken for the test of what a check finds.\n"
HOSTILE = "002-two"


@pytest.fixture
def checked(workspace: Workspace) -> Workspace:
    """A project with one sound migration and one whose script does not load."""
    for name, body in (("001-one", "pass"), (HOSTILE, "pass")):
        (workspace.migration(name, body) / "README.md").write_text(README)
    script = workspace.migrations / HOSTILE / "migrate.py"
    script.write_text(script.read_text() + "raise ValueError('50%: a,b\\n::error::x | <b>')\n")
    return workspace


def test_json_has_each_finding_and_is_complete_the_second_time(checked: Workspace) -> None:
    first, second = checked.doit("check", "--json"), checked.doit("check", "--json")
    assert (first.code, second.code) == (1, 1)
    assert first.out == second.out
    found = json.loads(first.out)
    assert (found["format"], found["checked"]) == (1, 2)
    (finding,) = found["findings"]
    assert (finding["migration"], finding["severity"]) == (HOSTILE, "error")
    lines = (checked.migrations / HOSTILE / "migrate.py").read_text().splitlines()
    assert finding["path"] == f"migrations/{HOSTILE}/migrate.py"
    assert lines[finding["line"] - 1].startswith("raise ValueError")


def test_names_limit_it_and_come_before_or_after_options(checked: Workspace) -> None:
    for words in (["1", "--json"], ["--json", "001-one"]):
        ran = checked.doit("check", *words)
        assert ran.code == 0, ran.err
        assert json.loads(ran.out) == {"format": 1, "checked": 1, "findings": []}
    ran = checked.doit("check", "--json", "7")
    assert (ran.code, ran.out) == (2, "")
    assert "there is no migration '7'" in ran.err


def test_annotations_are_one_line_whatever_a_message_has(checked: Workspace) -> None:
    ran = checked.doit("check", "--format", "github")
    assert ran.code == 1
    (line,) = ran.out.splitlines()
    start = f"::error file=migrations/{HOSTILE}/migrate.py,line="
    assert line.startswith(start)
    assert "50%25" in line
    assert ran.out.count("\n") == 1


def test_markdown_shows_and_does_not_understand_a_message(checked: Workspace) -> None:
    ran = checked.doit("check", "--format", "markdown")
    assert "1 error.\n" in ran.out
    assert "<b>" not in ran.out
    assert "| <b>" in html.unescape(ran.out)
    (row,) = [line for line in ran.out.splitlines() if line.startswith("| error")]
    assert row.count("|") == 4


def test_sarif_names_tool_place_and_level(checked: Workspace) -> None:
    log = json.loads(checked.doit("check", "--format=sarif").out)
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    assert run["tool"]["driver"]["name"] == "nes-tasks"
    (result,) = run["results"]
    assert result["level"] == "error"
    assert result["ruleId"] in {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    (place,) = result["locations"]
    physical = place["physicalLocation"]
    assert physical["artifactLocation"]["uri"] == f"migrations/{HOSTILE}/migrate.py"
    assert physical["region"]["startLine"] > 1


def test_a_result_in_a_file_is_shown_without_a_check(checked: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "check.json"
    direct = {
        form: checked.doit("check", "--format", form).out for form in ("text", "github", "sarif")
    }
    assert checked.doit("check", "--json", "-o", str(file)).code == 1
    (checked.migrations / HOSTILE / "migrate.py").unlink()
    for form, text in direct.items():
        ran = checked.doit("check", "--from", str(file), "--format", form)
        assert (ran.code, ran.out) == (0, text)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": 2, "checked": 0, "findings": []}', '{"format": 1}']
)
def test_a_file_of_somebody_else_is_refused(
    workspace: Workspace, tmp_path: Path, text: str
) -> None:
    (tmp_path / "x.json").write_text(text)
    ran = workspace.doit("check", "--from", str(tmp_path / "x.json"))
    assert (ran.code, ran.out) == (2, "")
    assert "x.json is not the result of a check: " in ran.err
    assert len(ran.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--json", "--format", "text"], "cannot be combined"),
        (["--format", "xml"], "not one of github, markdown, sarif, text"),
        (["--from", "gone.json"], "gone.json cannot be read"),
        (["--from", "x.json", "1"], "--from shows the whole check"),
        (["--json", "-o", "nowhere/x.json"], "there is no folder nowhere"),
    ],
)
def test_wrong_use_is_told_in_a_line(workspace: Workspace, words: list[str], problem: str) -> None:
    ran = workspace.doit("check", *words)
    assert ran.code == 2
    assert problem in ran.err
    assert len(ran.err.splitlines()) == 1


def test_a_long_table_fits_and_says_what_is_left_out() -> None:
    from nes_tasks.cli.findings import as_markdown
    from nes_tasks.migrations.finding import error
    from nes_tasks.operations.check import Checked

    many = Checked(1, tuple(("001-x", error("p", "." * 900)) for _ in range(200)))
    text = as_markdown(many, limit=12_000)
    assert len(text) <= 12_000
    rows = text.count("\n| error")
    assert 0 < rows < 50
    assert f"{200 - rows} " in text
