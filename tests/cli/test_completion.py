"""The tabulator key in real shells: commands, options, tasks, and migrations by their state."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from terminal import Terminal
from workspace import Workspace, create_person

# A key press that gives up the line, whatever is on it.
CTRL_U = "\x15"

ASK = """\
eval "$(doit tabcompletion)"
for line in "$@"; do
    COMP_LINE="$line" COMP_POINT=${#line} COMP_WORDS=(doit) COMPREPLY=()
    _doit
    echo "${COMPREPLY[*]}"
done
"""


@pytest.fixture(scope="module")
def applied_and_pending(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A project with 001-first applied and 002-second pending."""
    workspace = Workspace(tmp_path_factory.mktemp("completion") / "project")
    workspace.migration("001-first", create_person("asha-rai"))
    assert workspace.doit().code == 0
    workspace.migration("002-second")
    workspace.git("tag", "release/v1")
    (workspace.root / "some folder").mkdir()
    return workspace


def offered(workspace: Workspace, *lines: str, cwd: Path | None = None) -> list[set[str]]:
    """Return what bash would offer behind each line."""
    done = subprocess.run(
        ["bash", "-c", ASK, "bash", *lines],
        cwd=cwd or workspace.root,
        env=workspace.shell_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return [set(line.split()) for line in done.stdout.splitlines()]


def test_bash_offers_what_may_stand_there(applied_and_pending: Workspace) -> None:
    expected = {
        "doit migrate:": {"001-first", "002-second"},
        "doit run check:001": {"001-first"},
        "doit show ": {"001-first"},
        "doit revert --yes 0": {"001-first"},
        "doit revert --to ": {"001-first", "main", "release/v1"},
        "doit undo --to r": {"release/v1"},
        "doit diff 001-first m": {"main"},
        "doit export --at 0": {"001-first"},
        "doit preview 00": {"002-second"},
        "doit preview --ma": {"--markdown"},
        "doit preview -o pyp": {"pyproject.toml"},
        "doit preview --output=pyp": {"pyproject.toml"},
        "doit migrate:001-first --f": {"--force"},
        "doit create --author ": set(),
        "doit tabcompletion -s z": {"zsh"},
        "doit help pr": {"preview"},
    }
    assert dict(zip(expected, offered(applied_and_pending, *expected), strict=True)) == expected


def test_bash_offers_commands_and_tasks_first(applied_and_pending: Workspace) -> None:
    [words] = offered(applied_and_pending, "doit ")
    assert {"status", "preview", "migrate", "check", "help"} <= words


def test_it_follows_k_and_is_silent_where_nothing_is(
    applied_and_pending: Workspace, tmp_path: Path
) -> None:
    below = applied_and_pending.migrations / "001-first"
    assert offered(applied_and_pending, "doit -k show 0", "doit show 0", cwd=below) == [
        {"001-first"},
        set(),
    ]
    assert offered(applied_and_pending, "doit show 0", cwd=tmp_path) == [set()]


def test_a_name_that_a_shell_would_execute_is_neither_executed_nor_offered(
    workspace: Workspace,
) -> None:
    workspace.migration("001-first")
    for name in ("002-$(touch${IFS}made)", "003-`touch${IFS}made`", "004-*"):
        (workspace.migrations / name).mkdir()
    assert offered(workspace, "doit migrate:", "doit check:0", "doit create ") == [
        {"001-first"},
        {"001-first"},
        set(),
    ]
    assert not (workspace.root / "made").exists()


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_the_key_completes_in_a_real_shell(shell: str, applied_and_pending: Workspace) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    bare, load = {
        "bash": (["bash", "--norc", "--noprofile", "-i"], 'eval "$(doit tabcompletion)"'),
        "zsh": (
            ["zsh", "-f", "-i"],
            'autoload -Uz compinit; compinit -u -D; eval "$(doit tabcompletion -s zsh)"',
        ),
    }[shell]
    environment = {**applied_and_pending.shell_environment(), "TERM": "dumb", "PS1": "> "}
    with Terminal(bare, applied_and_pending.root, environment, columns=200) as terminal:
        terminal.type(f'{load}; echo REA""DY\n')
        terminal.wait_for("READY")
        for typed, completed in (
            ("doit migrate:002\t", "doit migrate:002-second "),
            ("doit migrate:\t2\t", "doit migrate:002-second "),
            ("doit show \t", "doit show 001-first "),
            ("doit undo --to rel\t", "doit undo --to release/v1 "),
            ("doit preview 00\t", "doit preview 002-second "),
            ("doit renu\t", "doit renumber "),
        ):
            terminal.type(f"{CTRL_U}{typed}")
            terminal.wait_for(completed.removeprefix(typed.partition("\t")[0]))
        terminal.type(f"{CTRL_U}exit\n")


def test_the_scripts_are_correct_in_the_eyes_of_their_shells(workspace: Workspace) -> None:
    for shell in ("bash", "zsh"):
        script = workspace.doit("tabcompletion", "-s", shell)
        assert (script.code, script.err) == (0, "")
        assert "@cases@" not in script.out
        assert "@commands@" not in script.out
        if shutil.which(shell):
            subprocess.run([shell, "-n"], input=script.out, text=True, check=True)
    wrong = workspace.doit("tabcompletion", "-s", "fish")
    assert (wrong.code, wrong.out) == (2, "")
    assert "'bash', 'zsh'" in wrong.err
