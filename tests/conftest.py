"""Fixtures that every test may use."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path

import pytest
from modules import files_about, imports
from team import Team
from workspace import Workspace, create_person

Build = Callable[[Workspace], object]

PROJECT = Path(__file__).resolve().parent.parent
# Where it is set an absent database is an error, and most tests are about people.
os.environ.pop("CI", None)
# Thousands of processes are started here. Without bytecode each would compile the package anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


# Folders and files of tests that take minutes: they build distributions and environments, run
# workflows, or end commands at many moments.
SLOW = ("faults/", "packaging/", "workflows/", "compat/test_full_size.py")
BROWSER = ("cli/test_report_in_browser.py", "cli/test_site_in_browser.py")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--of=MODULE``, which selects the tests of one module.

    Without the sign pytest takes the module for a folder of tests before it knows the option.
    """
    parser.addoption(
        "--of", metavar="MODULE", help="run the tests of a module: --of=nes_tasks/git/log.py"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Select the tests of a module, and listen to Ctrl-C.

    What is started in the background of a shell inherits that it is deaf to Ctrl-C.
    """
    if module := config.getoption("--of"):
        name = module.removeprefix("nes_tasks/")
        if name not in imports():
            raise pytest.UsageError(f"--of={module}: there is no such module in nes_tasks/")
        config.args = [str(PROJECT / "tests" / file) for file in files_about(name)]
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark slow tests and those that need a browser by where they are.

    Processes that share the tests begin with the slow ones: one that is left for the end would
    keep a single process busy while the others have nothing to do.
    """
    for item in items:
        path = item.path.relative_to(PROJECT / "tests").as_posix()
        if path.startswith(SLOW):
            item.add_marker(pytest.mark.slow)
        if path.startswith(BROWSER):
            item.add_marker(pytest.mark.browser)
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(scope="session")
def project() -> Path:
    """The root of this project's checkout."""
    return PROJECT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data to run on, kept beside the checkout; tests that need it skip without it."""
    folder = Path(os.environ.get("NES_TASKS_TEST_DATA", PROJECT.parent / "shared" / "data"))
    if not (folder / "database-sample").is_dir():
        pytest.skip(f"no real data in {folder} (set NES_TASKS_TEST_DATA)")
    return folder


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Build], Workspace]:
    """Gives the project that a function builds; the same one each time, so only to copy from."""

    @cache
    def build_once(build: Build) -> Workspace:
        workspace = Workspace(tmp_path_factory.mktemp(build.__name__) / "project")
        build(workspace)
        return workspace

    return build_once


@pytest.fixture
def prepared(built: Callable[[Build], Workspace], tmp_path: Path) -> Callable[[Build], Workspace]:
    """Gives a copy of the project that a function builds: quicker than to build each anew."""
    return lambda build: built(build).copy_to(tmp_path / "project")


def apply_the_first(workspace: Workspace) -> None:
    workspace.migration("001-first", create_person("asha-rai"))
    assert workspace.doit().code == 0


@pytest.fixture
def started(prepared: Callable[[Build], Workspace]) -> Workspace:
    """A project with one applied migration."""
    return prepared(apply_the_first)


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Team:
    """Two people with one migration applied and pushed, to copy from."""
    return Team.at(tmp_path_factory.mktemp("begun")).begin()


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """An empty project to run `doit` in."""
    return Workspace(tmp_path / "project")


@pytest.fixture
def unprivileged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], AbstractContextManager[None]]:
    """A context in which file permissions count, even when the tests are run by root.

    The working folder becomes `tmp_path`, because the folders above it are closed to others:
    use relative paths inside.
    """
    monkeypatch.chdir(tmp_path)

    @contextmanager
    def drop() -> Iterator[None]:
        if os.geteuid() != 0:
            yield
            return
        tmp_path.chmod(0o755)
        os.seteuid(65534)
        try:
            yield
        finally:
            os.seteuid(0)

    return drop
