"""Reading AUTHOR, DATE and DESCRIPTION from scripts, good and bad."""

from __future__ import annotations

import datetime as dt
import os
import sys
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from nes_tasks.errors import InvalidMigrationError
from nes_tasks.migrations import Metadata, author_identity, read_metadata

SHOWN = "migrations/005-add-ministers/migrate.py"
MIGRATE = "async def migrate(context): pass\n"
GOOD = {"AUTHOR": '"Sita Rai"', "DATE": '"2024-01-25"', "DESCRIPTION": '"Add ministers"'}


@pytest.fixture
def read(tmp_path: Path) -> Callable[[str | bytes], Metadata]:
    """Read the metadata of a script with this content."""

    def write_and_read(content: str | bytes) -> Metadata:
        script = tmp_path / "migrate.py"
        script.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_metadata(script, display_path=SHOWN)

    return write_and_read


def lines(**values: str) -> str:
    return "".join(f"{name} = {value}\n" for name, value in {**GOOD, **values}.items()) + MIGRATE


Read = Callable[[str | bytes], Metadata]


def refusal(read: Read, content: str | bytes) -> str:
    """Return the message for a script; every refusal names the file and the next step."""
    with pytest.raises(InvalidMigrationError) as caught:
        read(content)
    assert caught.value.message.startswith(SHOWN)
    assert caught.value.hint
    assert str(caught.value).isprintable()
    return caught.value.message


# --- what counts ----------------------------------------------------------------------------


def test_metadata_is_read_from_constants(read: Read) -> None:
    assert read(lines()) == Metadata("Sita Rai", dt.date(2024, 1, 25), "Add ministers")


def test_the_script_is_not_run(read: Read, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    hostile = f"open({str(trace)!r}, 'w').close()\nraise SystemExit(3)\n"
    assert read(hostile + lines()).author == "Sita Rai"
    assert not trace.exists()
    assert "migrate" not in sys.modules


@pytest.mark.parametrize(
    "assignment",
    [
        'AUTHOR: str = "Hari"',
        'AUTHOR: "Final[str]" = "Hari"',
        'AUTHOR = "Ha" "ri"',
        'AUTHOR = (\n    "Ha"\n    "ri"\n)',
        'AUTHOR = MAINTAINER = "Hari"',
        'MAINTAINER = AUTHOR = "Hari"',
        'AUTHOR, PLACE = "Hari", "Ilam"',
        '[PLACE, (AUTHOR, _)] = "Ilam", ("Hari", 1)',
        'AUTHOR = "Nobody"; AUTHOR = "Hari"',
        "AUTHOR = r'Hari'",
        "AUTHOR = '  Hari  '",
        "AUTHOR = '\\u0048ari'",
    ],
)
def test_assignments_at_the_top_level_are_understood(read: Read, assignment: str) -> None:
    assert read(lines() + assignment).author == "Hari"


@pytest.mark.parametrize(
    "elsewhere",
    [
        'def helper():\n    AUTHOR = "Hari"\n',
        'def helper():\n    global AUTHOR\n    AUTHOR = "Hari"\n',
        'class Config:\n    AUTHOR = "Hari"\n',
        'if False:\n    AUTHOR = "Hari"\n',
        "AUTHOR: str\n",
        '# AUTHOR = "Hari"\n',
        'x.AUTHOR = "Hari"\n',
        'f(AUTHOR="Hari")\n',
    ],
)
def test_assignments_elsewhere_do_not_count(read: Read, elsewhere: str) -> None:
    assert read(lines() + elsewhere).author == "Sita Rai"
    without = "\n".join(line for line in lines().splitlines() if not line.startswith("AUTHOR"))
    assert refusal(read, f"{elsewhere}\n{without}") == f"{SHOWN} has no AUTHOR"


@pytest.mark.parametrize(
    "value",
    ['f"{x}"', 'f"Hari"', '"Ha" + "ri"', "b'Hari'", "None", "3", "os.getlogin()", '["Hari"]'],
)
def test_what_would_have_to_be_computed_is_refused(read: Read, value: str) -> None:
    assert "AUTHOR is not a plain string" in refusal(read, lines(AUTHOR=value))


@pytest.mark.parametrize(
    "binding",
    [
        'AUTHOR += " and Hari"',
        "from common import AUTHOR",
        "import common as AUTHOR",
        "*AUTHOR, PLACE = 'Hari', 'Ilam'",
        "AUTHOR, PLACE = pair",
        "PLACE, AUTHOR, *REST = *pair, 'Hari', 'Ilam'",
        "DATE = datetime.date(2024, 1, 25)",
    ],
)
def test_a_binding_that_replaces_the_constant_is_not_overlooked(read: Read, binding: str) -> None:
    assert "is not a plain string" in refusal(read, lines() + binding)


def test_all_missing_constants_are_named_together(read: Read) -> None:
    with pytest.raises(InvalidMigrationError, match="has no AUTHOR, DATE, DESCRIPTION") as caught:
        read(MIGRATE)
    assert caught.value.hint
    assert 'DATE = "2024-01-31"' in caught.value.hint


@pytest.mark.parametrize(("written", "meant"), [("True", True), ("False", False)])
def test_a_script_may_say_that_it_is_not_deterministic(
    read: Read, written: str, meant: bool
) -> None:
    assert read(f"DETERMINISTIC = {written}\n" + lines()).deterministic is meant


@pytest.mark.parametrize("value", ['"no"', "0", "None", "not True"])
def test_deterministic_must_be_a_bool(read: Read, value: str) -> None:
    assert "DETERMINISTIC is not True or False" in refusal(read, lines(DETERMINISTIC=value))


# --- the function ---------------------------------------------------------------------------

CONSTANTS = lines().removesuffix(MIGRATE)


@pytest.mark.parametrize(
    "definition",
    [
        "def migrate(context): pass",
        "async def migrate(context): pass",
        "@decorated\nasync def migrate(context): pass",
        "migrate = partial(run, 3)",
        "migrate: Callable = run",
        "from common import migrate",
        "from common import run as migrate",
        "from common import *",
        "try:\n    from common import migrate\nexcept ImportError:\n    def migrate(c): pass",
        "if True:\n    pass\nelse:\n    def migrate(context): pass",
        "match x:\n    case 1:\n        def migrate(context): pass",
        "with x:\n    for i in x:\n        def migrate(context): pass",
    ],
)
def test_the_function_may_come_from_anywhere(read: Read, definition: str) -> None:
    assert read(CONSTANTS + definition).author == "Sita Rai"


@pytest.mark.parametrize(
    "definition",
    [
        "",
        "def Migrate(context): pass",
        "class migrate: pass",
        "class Work:\n    def migrate(self, context): pass",
        "def outer():\n    def migrate(context): pass",
        "migrate",
        "migrate()",
        "from migrate import run",
        "migrate: Callable",
    ],
)
def test_a_script_without_the_function_is_refused(read: Read, definition: str) -> None:
    assert refusal(read, CONSTANTS + definition) == f"{SHOWN} defines no function migrate"


# --- the file -------------------------------------------------------------------------------


def test_a_missing_script_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidMigrationError, match=r"migrate\.py is missing") as caught:
        read_metadata(tmp_path / "migrate.py")
    assert tmp_path.name in caught.value.message


def test_a_folder_in_place_of_the_script_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "migrate.py").mkdir()
    with pytest.raises(InvalidMigrationError, match="cannot be read: Is a directory"):
        read_metadata(tmp_path / "migrate.py")


def test_an_unreadable_script_is_an_error(
    tmp_path: Path, unprivileged: Callable[[], AbstractContextManager[None]]
) -> None:
    script = Path("migrate.py")
    script.write_text(lines())
    script.chmod(0)
    with (
        unprivileged(),
        pytest.raises(InvalidMigrationError, match="cannot be read: Permission denied"),
    ):
        read_metadata(script)


@pytest.mark.parametrize("content", [b"", b"  \n\n", b"\xef\xbb\xbf", b"\r\n"])
def test_an_empty_script_is_refused(read: Read, content: bytes) -> None:
    assert refusal(read, content) == f"{SHOWN} is empty"


@pytest.mark.parametrize(
    "content",
    [
        lines().replace("\n", "\r\n").encode(),
        lines().replace("\n", "\r").encode(),
        b"\xef\xbb\xbf" + lines().encode(),
        b"\xef\xbb\xbf# -*- coding: utf-8 -*-\r\n" + lines().encode(),
        lines().rstrip().encode(),
    ],
    ids=["CRLF", "CR", "BOM", "BOM and cookie", "no newline at the end"],
)
def test_the_ways_to_end_lines_and_to_mark_utf_8_are_all_right(read: Read, content: bytes) -> None:
    assert read(content).description == "Add ministers"


def test_a_declared_encoding_is_respected(read: Read) -> None:
    text = "#!/usr/bin/env python\n# vim: set fileencoding=latin-1 :\n" + lines(AUTHOR="'Zoë'")
    assert read(text.encode("latin-1")).author == "Zoë"


def test_devanagari_with_joiners_is_kept(read: Read) -> None:
    assert read(lines(AUTHOR='"र्‍याम राई"')).author == "र्‍याम राई"


def test_bytes_that_are_not_utf_8_are_located(read: Read) -> None:
    content = CONSTANTS.encode() + b"NAME = 'Zo\xeb'\n" + MIGRATE.encode()
    assert refusal(read, content) == f"{SHOWN}:4: byte 0xeb is not UTF-8"


@pytest.mark.parametrize(
    "content",
    [
        b"NAME = 'Zo\xeb'\n",
        b"# coding: klingon\n",
        b"# coding: rot13\nNHGUBE\n",
        b"# coding: undefined\n",
        b"\xef\xbb\xbf# coding: latin-1\n",
        lines().encode("utf-16"),
        b"\x89PNG\r\n\x1a\n\x00\x00",
        b"x = '\x00'\n",
        b"# coding: utf-7\n'+2AA-'\n",
    ],
)
def test_what_is_not_text_is_refused(read: Read, content: bytes) -> None:
    refusal(read, content)


def test_a_syntax_error_comes_with_its_line(read: Read) -> None:
    message = refusal(read, CONSTANTS + "async def migrate(context) pass\n")
    assert message == f"{SHOWN}:4: expected ':': 'async def migrate(context) pass'"


@pytest.mark.parametrize(
    "content",
    [
        "x = " + "(" * 5000,
        "x = " + "-" * 100_000 + "1",
        "x = 'é" + "\u202e" * 3 + "\n",
        "if x:\n\tpass\n        pass\n",
        "x = \x1b[31m\n",
        "print 'hello'\n" + "y" * 10_000 + " z\n",
    ],
    ids=["brackets", "signs", "bidi", "tabs", "escape", "long"],
)
def test_hostile_text_is_refused_in_printable_words(read: Read, content: str) -> None:
    assert len(refusal(read, content)) < 500


def test_a_large_script_is_read(read: Read) -> None:
    rows = "".join(f"    ({i}, 'नाम {i}'),\n" for i in range(5_000))
    assert read(f"ROWS = [\n{rows}]\n" + lines()).author == "Sita Rai"


def test_doubtful_escapes_do_not_warn(read: Read) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read(lines() + "pattern = '\\d+'\n").author == "Sita Rai"


# --- the values -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("value", ["''", "'  '"])
def test_an_empty_value_is_refused(read: Read, name: str, value: str) -> None:
    assert refusal(read, lines(**{name: value})) == f"{SHOWN}: {name} is empty"


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize(
    "character",
    ["\\n", "\\r", "\\t", "\\0", "\\x1b", "\\x85", "\\u2028", "\\u202e", "\\u2066", "\\ud800"],
)
def test_a_value_is_one_printable_line(read: Read, name: str, character: str) -> None:
    message = refusal(read, lines(**{name: f"'one{character}two'"}))
    assert f"{name} is 'one\\" in message
    assert "not one line" in message


def test_a_line_end_around_the_text_counts_too(read: Read) -> None:
    assert "not one line" in refusal(read, lines(DESCRIPTION='"""\nAdd ministers\n"""'))


@pytest.mark.parametrize("text", ["[TODO]", "[TODO: your name]", "[todo write this"])
def test_the_placeholders_of_the_template_are_refused(read: Read, text: str) -> None:
    assert "is still the placeholder" in refusal(read, lines(DESCRIPTION=f"'{text}'"))


def test_todo_elsewhere_in_a_text_is_allowed(read: Read) -> None:
    text = "Close the items marked [TODO] in 003"
    assert read(lines(DESCRIPTION=f"'{text}'")).description == text


def test_the_length_of_a_value_is_limited(read: Read) -> None:
    assert len(read(lines(DESCRIPTION=f"'{'न' * 300}'")).description) == 300
    assert "301 characters, more than 300" in refusal(read, lines(DESCRIPTION=f"'{'न' * 301}'"))


@pytest.mark.parametrize(
    "text",
    [
        "2024-13-45",
        "2023-02-29",
        "0000-01-01",
        "2024-1-5",
        "20240125",
        "2024-W04-4",
        "2024-01-25T00:00:00",
        "25.01.2024",
        "२०२४-०१-२५",
        "1969-12-31",
        "yesterday",
    ],
)
def test_what_is_no_date_is_refused(read: Read, text: str) -> None:
    assert f"DATE is '{text}', " in refusal(read, lines(DATE=f"'{text}'"))


@pytest.mark.parametrize("text", ["2024-02-29", "1970-01-01", "9999-12-31"])
def test_days_of_the_calendar_are_dates(read: Read, text: str) -> None:
    assert read(lines(DATE=f"'{text}'")).date.isoformat() == text


# --- the author as git sees him -------------------------------------------------------------


@pytest.mark.parametrize(
    ("author", "name", "email"),
    [
        ("Sita Rai <sita@example.org>", "Sita Rai", "sita@example.org"),
        ("Sita Rai<sita@example.org>", "Sita Rai", "sita@example.org"),
        ("  Sita Rai   <sita@localhost>  ", "Sita Rai", "sita@localhost"),
        ("Sita Rai", "Sita Rai", ""),
        ("सीता राई <sita@example.org>", "सीता राई", "sita@example.org"),
        ("सीता", "सीता", ""),
        ("system@nepalentity.org", "system", "system@nepalentity.org"),
        ("Rai, Sita Jr.", "Rai, Sita Jr.", ""),
        ("Team @ Kathmandu", "Team @ Kathmandu", ""),
    ],
)
def test_an_author_is_a_name_with_or_without_an_address(author: str, name: str, email: str) -> None:
    assert author_identity(author) == (name, email)


@pytest.mark.parametrize(
    "author",
    [
        "Sita <sita@example.org",
        "Sita sita@example.org>",
        "Sita <>",
        "<sita@example.org>",
        "Sita <a b@example.org>",
        "Sita <<sita@example.org>>",
        "Sita <sita@example.org> Rai",
        "Sita > Rai <sita@example.org>",
        "Sita <a@x.org> <b@x.org>",
        "...",
        '"" <sita@example.org>',
        "...@example.org",
        "",
    ],
)
def test_what_git_cannot_record_is_no_author(read: Read, author: str) -> None:
    with pytest.raises(InvalidMigrationError, match="AUTHOR is '") as caught:
        author_identity(author)
    assert caught.value.hint
    if author:
        assert "AUTHOR is '" in refusal(read, lines(AUTHOR=repr(author)))


def test_every_accepted_author_can_be_committed(tmp_path: Path) -> None:
    import subprocess

    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("GIT_")},
        "GIT_AUTHOR_NAME": "",
        "GIT_AUTHOR_EMAIL": "",
        "GIT_CONFIG_GLOBAL": os.devnull,
    }

    def git(*args: str, **identity: str) -> str:
        done = subprocess.run(
            ["git", "-c", "user.name=C", "-c", "user.email=c@x.org", *args],
            cwd=tmp_path,
            env={**environment, **identity},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    git("init", "--quiet")
    for author in ("Sita Rai <sita@example.org>", "सीता", "system@nepalentity.org"):
        name, email = author_identity(author)
        identity = {"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": email}
        git("commit", "--quiet", "--allow-empty", "--message", "x", **identity)
        assert git("log", "-1", "--format=%an|%ae") == f"{name}|{email}"
