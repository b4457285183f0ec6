"""Output of scripts: shown while they run, within limits, and complete in the log."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from terminal import CONTROL, Terminal
from workspace import Workspace, create_person


def log_of(workspace: Workspace) -> str:
    """Return the log of the newest run."""
    logs = sorted((workspace.root / ".nes-tasks/logs").iterdir(), key=lambda p: p.stat().st_mtime)
    return logs[-1].read_text(errors="replace")


def test_lines_of_both_streams_and_of_libraries_are_shown_in_their_order(
    workspace: Workspace,
) -> None:
    workspace.migration(
        "001-first",
        "import os, sys\n"
        "print('one', flush=False)\nprint('two', file=sys.stderr)\n"
        "os.write(1, b'three\\n')\nsys.stdout.write('no line end')",
    )
    ran = workspace.doit()
    assert ran.code == 0
    assert "one" not in ran.out
    assert ran.err == ("Applying 001-first\n  | one\n  | two\n  | three\n  | no line end\n")
    assert "\nthree\n" in log_of(workspace)
    assert "one" not in workspace.git("show", "HEAD:v2/migration-logs/001-first/log.txt")


def test_of_many_lines_the_first_are_shown_and_all_are_in_the_log(workspace: Workspace) -> None:
    workspace.migration("001-first", "for n in range(5000):\n    print('line', n)")
    workspace.migration("002-second", "print('again')")
    ran = workspace.doit()
    assert ran.code == 0
    shown = [line for line in ran.err.splitlines() if line.startswith("  | ")]
    assert shown[:20] == [f"  | line {number}" for number in range(20)]
    assert shown[20:] == ["  | again"]
    assert "\n  and 4,980 more lines of its log; all are in .nes-tasks/logs\n" in ran.err
    assert re.findall(r"^line (\d+)$", log_of(workspace), re.MULTILINE)[-1] == "4999"


@pytest.mark.parametrize(
    "end", ["raise ValueError('no')", "import os\nos.abort()", "import os\nos._exit(3)"]
)
def test_the_last_words_of_a_script_that_fails_are_shown(workspace: Workspace, end: str) -> None:
    workspace.migration("001-first", f"print('last words', flush=True)\n{end}")
    ran = workspace.doit()
    assert ran.code == 1
    assert "  | last words\n" in ran.err
    assert ran.err.index("last words") < ran.err.index("error: 001-first failed")


def test_control_characters_are_escaped_and_a_flood_without_line_ends_passes(
    workspace: Workspace,
) -> None:
    workspace.migration("001-first", "print('\\x1b[31mred')\nprint('x' * 300_000)")
    ran = workspace.doit()
    assert ran.code == 0
    assert "  | \\x1b[31mred\n" in ran.err
    assert "\x1b" not in ran.err
    assert len(ran.err) < 200_000
    assert "x" * 300_000 in log_of(workspace)


def test_a_preview_shows_them_and_a_check_does_not(workspace: Workspace) -> None:
    folder = workspace.migration("001-first", create_person("asha-rai") + "print('hello')")
    script = folder / "migrate.py"
    script.write_text("print('loading')\n" + script.read_text())
    assert "  | loading\n  | hello\n" in workspace.doit("preview").err
    assert workspace.doit("preview", "--json").out.startswith("{")
    assert "loading" not in workspace.doit("check").err


def test_on_a_terminal_they_stand_above_the_progress(workspace: Workspace) -> None:
    workspace.migration("001-first", "print('hello')")
    argv = [sys.executable, "-m", "doit"]
    with Terminal(argv, Path(workspace.root), workspace.environment()) as terminal:
        shown = CONTROL.sub("", terminal.to_the_end())
    assert "| hello" in shown


def test_seconds_are_the_same_after_a_run_and_in_the_history(workspace: Workspace) -> None:
    workspace.migration("001-first", "import time\ntime.sleep(0.3)")
    after = workspace.doit().out.splitlines()[2].split()[-1]
    history = workspace.doit("history").out.splitlines()[2].split()[-1]
    assert after == history
    assert float(after) >= 0.3
    assert f"Duration: {after}s" in workspace.git("log", "-1", "--format=%B")
