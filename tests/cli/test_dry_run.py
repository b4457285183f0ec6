"""`doit run --dry-run` is the preview, however it is typed, and applies nothing."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from workspace import EPOCH, Ran, Workspace, create_person

CHANGE = (
    'person = await context.db.get_entity("entity:person/asha-rai")\n'
    'person.tags = ["again"]\n'
    'await context.publication.update_entity(person, context.author_id, "Again")'
)


def four(workspace: Workspace) -> None:
    workspace.migration("001-first", create_person("asha-rai"))
    workspace.migration("002-change", CHANGE)
    assert workspace.doit().code == 0
    workspace.migration("003-third", create_person("chet-rai"))
    workspace.migration("004-fourth", create_person("dev-rai"))


@pytest.fixture
def half(prepared: Callable[[Callable[[Workspace], object]], Workspace]) -> Workspace:
    """A project of which two migrations are applied and two are pending."""
    return prepared(four)


def told(ran: Ran) -> tuple[int, str, str]:
    """Return what a command said, without what differs from run to run."""
    return (
        ran.code,
        re.sub(r"[\d.]+ (s|[kMG]?B)\b|\d\.\d$", "", ran.out, flags=re.MULTILINE),
        ran.err,
    )


@pytest.mark.parametrize(
    ("preview", "typed"),
    [
        ("", "--dry-run | run --dry-run | migrate --dry-run | run --dry-run migrate"),
        (
            "3",
            "migrate:3 --dry-run | run --dry-run migrate:003-third | 3 --dry-run"
            " | migrate 3 --dry-run | migrate:003* --dry-run"
            " | --dry-run nes-db/v2/migration-logs/003-third/marker.toml",
        ),
        ("4", "run migrate:4 --dry-run"),
        (
            "2 --force",
            "migrate:2 --force --dry-run | migrate:2 --dry-run --force"
            " | --dry-run migrate:2 --force",
        ),
        ("2 3 --force", "migrate:2 --force migrate:3 --dry-run"),
        ("2", "migrate:2 --dry-run"),
        ("1 --force", "migrate:1 --force --dry-run"),
        ("9", "migrate:9 --dry-run"),
    ],
)
def test_it_says_and_ends_as_the_preview_and_changes_nothing(
    half: Workspace, preview: str, typed: str
) -> None:
    before = half.state()
    expected = half.doit("preview", *preview.split(), SOURCE_DATE_EPOCH=EPOCH)
    for words in typed.split(" | "):
        ran = half.doit(*words.split(), SOURCE_DATE_EPOCH=EPOCH)
        if "--force" in words and ran.code == 1:  # its log has another name
            assert "already exists" in ran.err
            assert (ran.code, ran.out) == (expected.code, expected.out), words
        else:
            assert told(ran) == told(expected), words
        assert half.state() == before, words


def test_the_tree_that_is_shown_of_a_forced_one_is_the_one_that_is_applied(
    half: Workspace,
) -> None:
    script = half.migrations / "002-change/migrate.py"
    script.write_text(script.read_text().replace('["again"]', '["once more"]'))
    shown = half.doit("migrate:2", "--force", "--dry-run", SOURCE_DATE_EPOCH=EPOCH)
    assert shown.code == 0, shown.err
    ran = half.doit("migrate:2", "--force", SOURCE_DATE_EPOCH=EPOCH)
    assert ran.code == 0, ran.err
    assert f"\ntree {half.tree}\n" in shown.out
    assert half.applied() == ["001-first", "002-change"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["--dry-run", "check"], "--dry-run works on migrations only, and check is another task"),
        (["--dry-run", "check:3"], "--dry-run works on migrations only, and check:003-third is"),
        (["--dry-run", "statsu"], "there is no command or task 'statsu'"),
        (["--dry-run", "--continue"], "--dry-run and --continue cannot be combined"),
        (["--dry-run", "--expect", "x"], "--dry-run and --expect cannot be combined"),
        (["-a", "--dry-run"], "doit -a would execute every migration again"),
        (["preview", "--force"], "--force needs the name of a migration"),
    ],
)
def test_what_cannot_be_previewed_is_refused(half: Workspace, typed: list[str], said: str) -> None:
    before = half.state()
    ran = half.doit(*typed)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"error: {said}")
    assert half.state() == before


def test_an_option_of_that_name_of_another_task_is_left_to_it(half: Workspace) -> None:
    dodo = half.root / "dodo.py"
    dodo.write_text(
        dodo.read_text()
        + "def task_other():\n    return {'actions': ['echo %(dry)s'], 'verbosity': 2,\n"
        + "            'params': [{'name': 'dry', 'long': 'dry-run', 'type': bool,"
        + " 'default': False}]}\n"
    )
    before = half.state()
    assert half.doit("other", "--dry-run").out == ".  other\nTrue\n"
    assert half.state() == before
