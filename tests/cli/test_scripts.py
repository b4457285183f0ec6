"""Scripts that misbehave: their output is kept, and they affect no other migration."""

from __future__ import annotations

import pytest
from workspace import Ran, Workspace, create_person

HEAD = 'AUTHOR = "A"\nDATE = "2026-01-15"\nDESCRIPTION = "d"\n\n'
CREATE = create_person("asha-rai").removeprefix("await ")

UNFINISHED = {
    "generator": (
        f"{HEAD}def migrate(context):\n    yield context.log('x')\n",
        "migrate is a generator, so nothing in it was run; remove the yield",
    ),
    "asynchronous generator": (
        f"{HEAD}async def migrate(context):\n    yield context.log('x')\n",
        "migrate is a generator, so nothing in it was run; remove the yield",
    ),
    "call without await": (
        f"{HEAD}async def migrate(context):\n    context.db.get_entity('entity:person/x-y')\n",
        "EntityDatabase.get_entity was called without await, so it did nothing",
    ),
    "returned instead of awaited": (
        f"{HEAD}async def migrate(context):\n"
        "    return context.db.get_entity('entity:person/x-y')\n",
        "EntityDatabase.get_entity was called without await, so it did nothing",
    ),
    "task that nobody awaits": (
        f"{HEAD}import asyncio\nasync def slow():\n    await asyncio.sleep(60)\n"
        "async def migrate(context):\n    context.task = asyncio.create_task(slow())\n",
        "migrate returned before its tasks had ended: slow; await them, or start them in an "
        "asyncio.TaskGroup",
    ),
    "task that fails unseen": (
        f"{HEAD}import asyncio\nasync def bad():\n    raise ValueError('unseen')\n"
        "async def migrate(context):\n    asyncio.create_task(bad())\n    await asyncio.sleep(0)\n"
        "    await asyncio.sleep(0)\n",
        "ValueError: unseen",
    ),
    "thread that fails unseen": (
        f"{HEAD}import threading\ndef bad():\n    raise ValueError('unseen')\n"
        "def migrate(context):\n    thread = threading.Thread(target=bad)\n"
        "    thread.start()\n    thread.join()\n",
        "ValueError: unseen",
    ),
}


def error_of(ran: Ran) -> str:
    """Return the line that says why a migration failed."""
    assert ran.code == 1, ran.err
    # Behind a bar stands what Python itself printed, as of a thread that fails.
    ours = [line for line in ran.err.splitlines() if not line.startswith("  | ")]
    assert "Traceback" not in ran.out + "".join(ours)
    return next(line for line in ran.err.splitlines() if line.startswith("error: "))


@pytest.mark.parametrize(("script", "said"), UNFINISHED.values(), ids=UNFINISHED)
def test_a_part_of_a_script_that_did_not_happen_is_a_failure(
    workspace: Workspace, script: str, said: str
) -> None:
    workspace.migration("001-first", script=script)
    assert said in error_of(workspace.doit())


def test_a_forgotten_await_is_shown_with_its_line(workspace: Workspace) -> None:
    workspace.migration("001-first", "context.db.get_entity('entity:person/x-y')")
    ran = workspace.doit()
    assert "  migrations/001-first/migrate.py:7  context.db.get_entity(" in ran.err


USES_FROM_ELSEWHERE = {
    "thread": f"import asyncio\nasync def work():\n    await {CREATE}\n"
    "await asyncio.to_thread(lambda: asyncio.run(work()))",
    "forked process": "import asyncio, os\npid = os.fork()\nif pid == 0:\n"
    f"    await {CREATE}\n    os._exit(0)\n"
    "assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0",
    "pool": "import asyncio, concurrent.futures, multiprocessing, sys\n"
    "def look(_):\n    return asyncio.run(context.db.get_entity('entity:person/x-y'))\n"
    "look.__qualname__ = 'look'\nsys.modules[look.__module__].look = look\n"
    "fork = multiprocessing.get_context('fork')\n"
    "with concurrent.futures.ProcessPoolExecutor(1, mp_context=fork) as pool:\n"
    "    list(pool.map(look, [1]))",
}


@pytest.mark.parametrize("body", USES_FROM_ELSEWHERE.values(), ids=USES_FROM_ELSEWHERE)
def test_the_database_belongs_to_migrate_alone(workspace: Workspace, body: str) -> None:
    skip_without_locks(workspace, body)
    workspace.migration("001-first", body, head="PROCESSES = True")
    ran = workspace.doit()
    assert ran.code == 1
    if "os.fork" not in body:  # there the message is the forked process's own, in the log
        said = "the database was used by a thread or a process that the script has started"
        assert said in error_of(ran)


def skip_without_locks(workspace: Workspace, body: str) -> None:
    """Skip what needs locks between processes where the project lies in the folder of locks."""
    if "ProcessPool" in body and workspace.root.is_relative_to("/dev/shm"):
        pytest.skip("the tests run in /dev/shm, which is closed to a script then")


def test_work_in_threads_and_processes_is_welcome(workspace: Workspace) -> None:
    skip_without_locks(workspace, "ProcessPool")
    workspace.migration(
        "001-first",
        "import asyncio, concurrent.futures, threading\n"
        "def count(number):\n    context.log(f'{number}')\n"
        "threads = [threading.Thread(target=count, args=(n,)) for n in range(8)]\n"
        "for thread in threads:\n    thread.start()\n"
        "for thread in threads:\n    thread.join()\n"
        "with concurrent.futures.ProcessPoolExecutor(1) as pool:\n"
        "    context.log(list(pool.map(abs, [-9])))\n"
        "context.log(await asyncio.to_thread(abs, -10))",
        head="PROCESSES = True",
    )
    ran = workspace.doit()
    assert ran.code == 0, ran.err
    log = workspace.git("show", "HEAD:v2/migration-logs/001-first/log.txt").split()
    assert sorted(log[:8]) == [str(number) for number in range(8)]
    assert log[8:] == ["[9]", "10"]


def test_a_fork_that_comes_back_from_the_script_ends_there(workspace: Workspace) -> None:
    workspace.migration(
        "001-first",
        "import os\npid = os.fork()\nif pid:\n"
        "    context.log(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))\n"
        f"    {create_person('asha-rai').strip().replace(chr(10), chr(10) + '    ')}",
        head="PROCESSES = True",
    )
    workspace.migration(
        "002-second",
        "import os\nif os.fork() == 0:\n    raise ValueError",
        head="PROCESSES = True",
    )
    ran = workspace.doit()
    assert ran.code == 0, ran.err
    assert workspace.applied() == ["001-first", "002-second"]
    assert "  0\n" in ran.err
    assert (workspace.db / "v2/entity/person/asha-rai.json").exists()


MESSAGES = {
    "no text": (
        "class Silent(Exception):\n    def __str__(self):\n        return None\nraise Silent",
        "Silent: its text cannot be shown",
    ),
    "several lines": ("raise ValueError('one\\n\\ntwo')", "ValueError: one; two"),
    "escape sequences": ("raise ValueError('\\x1b[2Jgone')", "ValueError: \\x1b[2Jgone"),
    "very long": ("raise ValueError('m' * 1000)", f"{'m' * 587}…"),
    "group": (
        "raise ExceptionGroup('all', [ValueError('a'), ExceptionGroup('b', [KeyError(1)])])",
        "ValueError: a (and 1 more)",
    ),
    "task group": (
        "import asyncio\nasync def bad():\n    raise ValueError('inside')\n"
        "async with asyncio.TaskGroup() as group:\n    group.create_task(bad())",
        "ValueError: inside",
    ),
    "sys.exit with a text": ("import sys\nsys.exit('bye\\nbye')", "sys.exit('bye\\nbye')"),
    "json replaced": ("import json\njson.dumps = None\nraise ValueError('x')", "ValueError: x"),
}


@pytest.mark.parametrize(("body", "said"), MESSAGES.values(), ids=MESSAGES)
def test_any_exception_is_one_plain_line(workspace: Workspace, body: str, said: str) -> None:
    workspace.migration("001-first", body)
    ran = workspace.doit()
    assert error_of(ran).endswith(said)
    assert "  migrations/001-first/migrate.py:" in ran.err
    assert len(ran.err.splitlines()) == 4


def test_the_line_of_a_failure_is_named_from_the_project(workspace: Workspace) -> None:
    workspace.migration("001-first", "raise ValueError")
    (workspace.root / "own data").mkdir()
    workspace.migrations.rename(workspace.root / "own data/नेपाल")
    workspace.settings(migrations="own data/नेपाल")
    ran = workspace.doit()
    assert "  own data/नेपाल/001-first/migrate.py:7  raise ValueError" in ran.err


def test_anything_can_be_logged_and_is_shown_plainly(workspace: Workspace) -> None:
    workspace.migration(
        "001-first",
        "context.log('lone \\ud800')\ncontext.log('\\x1b[31mred')\ncontext.log('one\\ntwo')\n"
        "context.log(None)\ncontext.log(b'\\xff')",
    )
    ran = workspace.doit()
    assert ran.code == 0, ran.err
    assert ran.err.splitlines()[1:] == [
        "  lone \\ud800",
        "  \\x1b[31mred",
        "  one",
        "  two",
        "  None",
        "  b'\\xff'",
    ]
    log = workspace.git("show", "HEAD:v2/migration-logs/001-first/log.txt")
    assert log == "lone \\ud800\n\x1b[31mred\none\ntwo\nNone\nb'\\xff'"


def test_progress_takes_the_numbers_of_other_libraries(workspace: Workspace) -> None:
    workspace.migration(
        "001-first",
        "import numpy\nfor _ in context.progress(iter('ab'), label=7, total=numpy.int64(2)):\n"
        "    pass",
    )
    ran = workspace.doit()
    assert ran.code == 0, ran.err


def test_a_worker_that_cannot_start_is_a_failed_migration(workspace: Workspace) -> None:
    broken = workspace.root / "broken"
    broken.mkdir()
    (broken / "time_machine.py").write_text("raise ImportError('no time today')")
    workspace.migration("001-first")
    ran = workspace.doit(PYTHONPATH=str(broken))
    assert error_of(ran) == "error: 001-first failed: the worker process ended unexpectedly"
    assert "no time today" in next((workspace.root / ".nes-tasks/logs").iterdir()).read_text()


def test_modules_on_the_python_path_can_be_imported(workspace: Workspace) -> None:
    library = workspace.root / "library"
    library.mkdir()
    (library / "shared_names.py").write_text("NAME = 'from the library'")
    workspace.migration("001-first", "import shared_names\ncontext.log(shared_names.NAME)")
    ran = workspace.doit(PYTHONPATH=str(library))
    assert "  from the library\n" in ran.err
