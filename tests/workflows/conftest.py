"""A hosting service for each test, copied from one that is set up once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hosting import FORK, Hosting, Previewed
from server import GitServer
from workspace import create_person


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosting]:
    """Both repositories, with one migration applied and pushed."""
    server = GitServer(tmp_path_factory.mktemp("hosting"))
    try:
        yield Hosting.at(server.root / "begun", server)
    finally:
        server.close()


@pytest.fixture
def hosting(begun: Hosting) -> Hosting:
    """The same for one test alone."""
    return begun.copied()


@pytest.fixture(scope="session")
def previewed_once(begun: Hosting) -> Previewed:
    """Preview a pull request with one migration."""
    hosting = begun.copied()
    pull = hosting.open_pull_request("one", ("002-one", create_person("one-rai")), source=FORK)
    jobs, run = hosting.preview(pull)
    assert run["conclusion"] == "success", "".join(job.log for job in jobs.values())
    return Previewed(hosting, pull, jobs, run)


@pytest.fixture
def previewed(previewed_once: Previewed) -> Previewed:
    """The same for one test alone."""
    once = previewed_once
    return Previewed(once.hosting.copied(), once.pull, once.jobs, once.run)
