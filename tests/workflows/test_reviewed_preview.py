"""The preview that reviewers have seen: which one it is, and when there is none."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from hosting import Previewed

from nes_tasks.github.__main__ import main


@pytest.fixture
def merged(previewed: Previewed, monkeypatch: pytest.MonkeyPatch) -> Previewed:
    """A merged pull request, and what a step finds in its environment."""
    previewed.hosting.merge(previewed.pull)
    monkeypatch.setenv("PATH", str(previewed.hosting.root / "bin"), prepend=":")
    permissions = json.dumps({"actions": "read", "pull-requests": "read"})
    monkeypatch.setenv("GH_TOKEN", f"job:{permissions}")
    monkeypatch.setenv("GITHUB_REPOSITORY", "org/nes-tasks")
    return previewed


def fetched(previewed: Previewed, output: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run the step; return its exit code."""
    words = ["reviewed-preview", "--commit", previewed.hosting.main, "-o", str(output)]
    monkeypatch.setattr(sys, "argv", ["nes_tasks.github", *words])
    return main()


def change(previewed: Previewed, kind: str, **changes: object) -> None:
    """Let GitHub know something else of the newest run or artifact."""
    state = previewed.hosting.state()
    state[kind][-1].update(changes)
    previewed.hosting.set_state(state)


def test_it_is_that_of_the_newest_run_that_succeeded(
    merged: Previewed,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    good = merged.run
    for number, conclusion in ((90, "success"), (110, "failure")):
        moment = f"2026-02-01T00:{number - 100 if number > 100 else 0:02}:00Z"
        about = {"id": number, "conclusion": conclusion, "run_started_at": moment}
        merged.hosting.add("runs", **{**good, **about})
    assert fetched(merged, tmp_path / "x.json", monkeypatch) == 0
    assert capsys.readouterr().out == f"the preview of pull request 1: {good['html_url']}\n"
    assert json.loads((tmp_path / "x.json").read_text())["format"] == 1


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("runs", {"conclusion": "failure"}),
        ("runs", {"path": ".github/workflows/other.yml"}),
        ("artifacts", {"expired": True}),
        ("artifacts", {"name": "other"}),
    ],
)
def test_without_one_nothing_is_written_and_it_is_said(
    merged: Previewed,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    kind: str,
    changes: dict[str, object],
) -> None:
    change(merged, kind, **changes)
    assert fetched(merged, tmp_path / "x.json", monkeypatch) == 0
    head = merged.pull.head[:12]
    said = f"pull request 1 has no preview of {head} that succeeded\n"
    assert capsys.readouterr().out == said
    assert not (tmp_path / "x.json").exists()


def test_outside_of_a_workflow_it_says_what_is_missing(
    merged: Previewed,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("GITHUB_REPOSITORY")
    assert fetched(merged, tmp_path / "x.json", monkeypatch) == 2
    said = "error: GITHUB_REPOSITORY is not set; GitHub sets it in each step of a workflow\n"
    assert capsys.readouterr().err == said
