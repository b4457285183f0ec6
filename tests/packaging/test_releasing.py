"""The recipe of a release, from the version to the index, on a copy of this project."""

from __future__ import annotations

import re
import shutil
import subprocess
import sysconfig
import threading
from collections.abc import Iterator
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from installed import build
from transcripts import Shell, fences
from workspace import environment

from nes_tasks import __version__

PAGE = "docs/releasing.md"
VERSION = "0.2.0"
# What the commands of the page take from the network, and where they find it here.
SITE = sysconfig.get_path("purelib")
OFFLINE = {
    "python -m build": "python -m build --no-isolation",
    "pip install -q": "pip install -q --no-deps --no-index",
    "mkdir -p dist/other": f"echo {SITE} > $(echo dist/try/lib/python*/site-packages)/here.pth\n"
    "mkdir -p dist/other",
}


class Index(BaseHTTPRequestHandler):
    """A package index that accepts every file and records the form that came with it."""

    taken: list[dict[str, str]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        head = f"Content-Type: {self.headers['Content-Type']}\n\n".encode()
        form: dict[str, str] = {}
        for part in BytesParser().parsebytes(head + body).walk():
            name = part.get_param("name", header="content-disposition")
            if name:
                content = part.get_payload(decode=True)
                form[str(name)] = part.get_filename() or content.decode("utf-8", "replace")
        self.taken.append(form)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def index() -> Iterator[tuple[str, list[dict[str, str]]]]:
    """The address of a package index on this machine, and what was uploaded to it."""
    handler = type("Taking", (Index,), {"taken": []})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/legacy/", handler.taken
        server.shutdown()
        thread.join()


@pytest.fixture
def copy(project: Path, tmp_path: Path) -> Path:
    """A repository with the files of this checkout as they are, and a remote."""
    listed = ["git", "-C", project, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, capture_output=True, text=True, check=True).stdout
    root = tmp_path / "nes-tasks"
    for name in filter(None, names.split("\0")):
        if (project / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(project / name, root / name)
    begin = (
        "git init -q -b main && git add --all && git commit -q -m Before && "
        "git init -q --bare ../remote.git && git remote add origin ../remote.git"
    )
    subprocess.run(["bash", "-ec", begin], cwd=root, env=environment(), check=True)
    return root


def test_the_commands_make_a_release(
    project: Path, copy: Path, tmp_path: Path, index: tuple[str, list[dict[str, str]]]
) -> None:
    url, taken = index
    lines = "".join(text for language, text in fences(project / PAGE) if language == "bash")
    for command, here in OFFLINE.items():
        assert command in lines
        lines = lines.replace(command, here)
    before = (copy / "CHANGELOG.md").read_text()
    index_variables = {"TWINE_REPOSITORY_URL": url, "TWINE_USERNAME": "a", "TWINE_PASSWORD": "b"}
    shell = Shell(copy, tmp_path / "bin", environment(**index_variables))
    ran = shell.run(f"set -e\n{lines}")
    assert ran.returncode == 0, ran.stdout + ran.stderr

    changelog = (copy / "CHANGELOG.md").read_text()
    assert re.search(rf"^## {VERSION} - \d{{4}}-\d\d-\d\d$", changelog, re.MULTILINE)
    assert "## Unreleased" in before
    assert "## Unreleased" not in changelog
    assert (copy / "dist/other/migrations/001-first/migrate.py").is_file()
    pushed = shell.run(f"git -C ../remote.git show -s --format=%s v{VERSION}^{{commit}}").stdout
    assert pushed == f"Release {VERSION}\n"
    uploaded = {form["content"]: form["version"] for form in taken}
    assert uploaded == {
        f"nes_tasks-{VERSION}-py3-none-any.whl": VERSION,
        f"nes_tasks-{VERSION}.tar.gz": VERSION,
    }
    again = build(copy / "dist/clone", tmp_path / "again")
    assert [path.read_bytes() for path in again] == [
        (copy / "dist/release" / path.name).read_bytes() for path in again
    ]


def test_the_changelog_knows_the_version_that_is_out(project: Path) -> None:
    """Until a version is released the package may be ahead of the changelog, never behind."""
    text = (project / "CHANGELOG.md").read_text()
    headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
    released = [re.fullmatch(r"(\d+)\.(\d+)\.(\d+) - \d{4}-\d\d-\d\d", h) for h in headings]
    assert all(found or h == "Unreleased" for h, found in zip(headings, released, strict=True))
    versions = [tuple(map(int, found.groups())) for found in released if found]
    assert versions == sorted(versions, reverse=True)
    assert headings.count("Unreleased") <= 1
    if versions:
        assert tuple(map(int, __version__.split(".")[:3])) >= versions[0]
