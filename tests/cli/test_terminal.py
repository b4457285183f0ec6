"""Output on a terminal, in a pipe and without either: width, colours, questions."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from rich.cells import cell_len
from terminal import COLOUR, CONTROL, Terminal
from workspace import Workspace, create_person

LONG = "x" * 400


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A project whose tables would be wider than a terminal."""
    workspace = Workspace(tmp_path_factory.mktemp("terminal") / "project")
    body = create_person("asha-rai").replace('"slug"', f'"tags": ["{LONG}"], "slug"')
    workspace.migration("001-a-name-of-30-characters-xx", body)
    assert workspace.doit().code == 0
    workspace.migration("002-second", script=_described("Add " + "many words " * 20))
    return workspace


def _described(text: str) -> str:
    return (
        'AUTHOR = "Asha Example-With-A-Long-Name <asha@example.org>"\n'
        f'DATE = "2026-01-15"\nDESCRIPTION = "{text.strip()}"\n\n\n'
        "async def migrate(context):\n    context.log('done')\n"
    )


def on_a_terminal(workspace: Workspace, *words: str, **env: str) -> str:
    """Return all that a command writes on a terminal of 80 columns."""
    argv = [sys.executable, "-m", "doit", *words]
    with Terminal(argv, workspace.root, workspace.environment(**env)) as terminal:
        return terminal.to_the_end()


@pytest.mark.parametrize(
    "words",
    [["pending"], ["history"], ["blame", "entity:person/asha-rai"], ["list"]],
)
def test_tables_fit_80_columns_of_a_terminal_and_are_whole_in_a_pipe(
    wide: Workspace, words: list[str]
) -> None:
    shown = on_a_terminal(wide, *words)
    assert max(map(len, CONTROL.sub("", shown).splitlines())) <= 80
    piped = wide.doit(*words)
    assert "…" not in piped.out
    assert "\x1b" not in piped.out + piped.err
    kept = {"blame": LONG, "history": "Mina Maintainer"}.get(words[0], "many words " * 19)
    assert kept in piped.out


DEVANAGARI = "बागमती प्रदेशका मन्त्रीहरू थप्नुहोस् र अरू धेरै काम गर्नुहोस्"


@pytest.fixture(scope="module")
def long_names(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A project with names of 34 characters, and Devanagari in descriptions and authors."""
    workspace = Workspace(tmp_path_factory.mktemp("narrow") / "project")
    for name in ("001-add-ministers-of-the-year-2024", "002-add-ministers-of-the-year-2025"):
        assert len(name) == 34
        script = _described(DEVANAGARI).replace("Asha Example-With-A-Long-Name", "आशा राई")
        workspace.migration(name, script=script)
        if name.startswith("001"):
            assert workspace.doit().code == 0
    return workspace


@pytest.mark.parametrize("columns", [80, 40, 20])
@pytest.mark.parametrize("words", [["list"], ["list", "--status"], ["pending"], ["history"]])
def test_nothing_is_lost_on_a_narrow_terminal(
    long_names: Workspace, words: list[str], columns: int
) -> None:
    argv = [sys.executable, "-m", "doit", *words]
    environment = long_names.environment()
    with Terminal(argv, long_names.root, environment, columns=columns) as terminal:
        shown = CONTROL.sub("", terminal.to_the_end()).replace("\r", "")
    assert max(map(cell_len, shown.splitlines())) <= columns
    assert "…" not in shown
    piped = long_names.doit(*words).out
    assert DEVANAGARI in piped or words == ["history"]
    # A block needs no heading for its first line.
    for word in {*re.split(r"[\s─-]+", piped)} - {"Migration", "Task"}:
        assert word in shown, word


def test_a_table_folds_into_blocks_where_its_columns_have_no_room(long_names: Workspace) -> None:
    argv = [sys.executable, "-m", "doit", "pending"]
    with Terminal(argv, long_names.root, long_names.environment(), columns=40) as terminal:
        shown = terminal.to_the_end().replace("\r", "")
    folder = long_names.migrations / "002-add-ministers-of-the-year-2025"
    size = sum(file.stat().st_size for file in folder.iterdir() if file.is_file())
    assert shown == (
        "002-add-ministers-of-the-year-2025\n"
        "  Date         2026-01-15\n"
        "  Files        2\n"
        f"  Size         {size} B\n"
        "  Author       आशा राई\n"
        "  Description  बागमती प्रदेशका मन्त्रीहरू\n"
        "               थप्नुहोस् र अरू धेरै काम गर्नुहोस्\n"
    )


def test_the_columns_of_numbers_stay_whole_on_a_terminal(wide: Workspace) -> None:
    shown = on_a_terminal(wide, "history").splitlines()
    assert shown[0].split() == ["Migration", "Applied", "By", "Files", "Commits", "Seconds"]
    assert shown[2].startswith("001-a-name-of-30-characters-xx ")


def test_names_of_migrations_stay_whole_beside_fields(wide: Workspace) -> None:
    shown = on_a_terminal(wide, "blame", "entity:person/asha-rai").splitlines()
    (line,) = (line for line in shown if line.startswith("slug "))
    assert line.split()[1:3] == ['"asha-rai"', "001-a-name-of-30-characters-xx"]


def test_a_longer_name_keeps_the_room_of_a_name(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "project")
    name = "001-a-name-of-more-than-30-characters-xx"
    workspace.migration(name)
    assert workspace.doit().code == 0
    shown = on_a_terminal(workspace, "history").splitlines()
    assert shown[2].startswith("001-a-name-of-more-than-30-   ")
    assert shown[3].startswith("characters-xx ")
    assert max(map(len, shown)) <= 80


def test_no_color_is_respected(wide: Workspace) -> None:
    assert COLOUR.search(on_a_terminal(wide, "preview"))
    assert not COLOUR.search(on_a_terminal(wide, "preview", NO_COLOR="1"))
    plain = on_a_terminal(wide, "preview", TERM="dumb")
    assert "\x1b" not in plain


def test_a_question_is_asked_on_a_terminal_only(wide: Workspace) -> None:
    argv = [sys.executable, "-m", "doit", "revert", "1"]
    before = wide.state()
    with Terminal(argv, wide.root, wide.environment()) as terminal:
        terminal.wait_for("Revert it? [y/N]")
        terminal.type("n\n")
        assert "nothing was written" in terminal.to_the_end()
    for stdin in ("/dev/null", "&-"):  # an empty one, and a closed one
        ran = subprocess.run(
            ["bash", "-c", f'"$0" -m doit revert 1 <{stdin}', sys.executable],
            cwd=wide.root,
            env=wide.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 2
        assert ran.stderr == (
            "error: confirmation required, but stdin is not a terminal; "
            "doit revert 001-a-name-of-30-characters-xx --yes\n"
        )
    assert wide.state() == before
