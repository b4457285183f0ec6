"""`doit browse`: an export in a browser, on this machine alone, until Ctrl-C."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from html import escape
from pathlib import Path

import pytest
from absent import without
from published import NAME, publish
from workspace import Workspace


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return publish(tmp_path_factory.mktemp("browse"))


def start(there: Workspace, *words: str) -> tuple[subprocess.Popen[str], str]:
    """Start the server; return it with its address."""
    process = there.start("browse", "--port", "0", *words)
    assert process.stdout
    line = process.stdout.readline()
    assert line.endswith("/ (Ctrl-C stops it)\n"), process.communicate()
    return process, line.split()[0]


@pytest.fixture(scope="module")
def address(there: Workspace) -> Iterator[str]:
    process, found = start(there)
    yield found
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, "", "")


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return str(answer.read().decode())


def status(url: str) -> int:
    try:
        get(url)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    return 200


def test_it_listens_on_this_machine_alone(address: str) -> None:
    assert address.startswith("http://127.0.0.1:")
    port = int(address.rstrip("/").rpartition(":")[2])
    others = socket.getaddrinfo(socket.gethostname(), port, socket.AF_INET)
    for *_, (host, _) in others:
        if not host.startswith("127."):
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection((host, port), timeout=5)


def test_tables_have_words_facets_search_and_links(address: str) -> None:
    listing = get(f"{address}nes/entities?_search=%E0%A4%B0%E0%A4%BE%E0%A4%88")
    assert "Persons, organizations, places and projects" in listing
    assert '<a href="/entity/person/asha-rai">entity:person/asha-rai</a>' in listing
    assert "ward-1" not in listing
    assert 'class="facet-info' in listing
    assert "Versions with their authors and migrations" in get(f"{address}nes/history")


def test_an_entity_has_a_page_with_history_and_sources(address: str) -> None:
    page = get(f"{address}entity/person/asha-rai")
    assert "<h1>Asha Rai</h1>" in page
    assert "निर्वाचन आयोग" in page
    assert "She is no longer mayor" in page
    assert '<a href="/nes/history?migration=002-tag">' in page
    assert '<a href="/entity/location/district/kathmandu">' in page
    assert "--paper" in get(f"{address}-/nes-tasks/style.css")
    assert status(f"{address}entity/person/nobody") == 404


def test_hostile_text_is_shown_and_does_nothing(address: str) -> None:
    for page in ("entity/person/hostile-one", "nes/entities?slug=hostile-one"):
        text = get(f"{address}{page}")
        assert NAME not in text
        assert escape(NAME, quote=False).split(" ")[0] in text.replace("&#39;", "'")


def test_nothing_can_be_written(there: Workspace, address: str) -> None:
    assert status(f"{address}nes.json?sql=delete+from+entities") == 400
    assert (there.root / ".nes-tasks/browse/nes.db").is_file()


def test_an_export_is_made_once_and_a_given_one_is_served(there: Workspace, address: str) -> None:
    kept = there.root / ".nes-tasks/browse/nes.db"
    before = kept.stat().st_mtime_ns
    assert there.doit("export", "-o", "of.first.db", "--at", "1").code == 0
    for words, version in (((), "2"), (("of.first.db",), "1")):
        process, found = start(there, *words)
        assert f"version-{version}" in get(f"{found}entity/person/asha-rai")
        assert ("version-2" in get(f"{found}entity/person/asha-rai")) == (version == "2")
        links = re.findall(r'href="(/[^"]*/(?:entities|history))"', get(found))
        assert len(links) >= 2
        assert all(status(f"{found.rstrip('/')}{link}") == 200 for link in links)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=30) == ("", "")
        assert process.returncode == 0
    assert kept.stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["none.db"], 2, "there is no file none.db; doit export -o none.db"),
        (["dodo.py"], 2, "dodo.py is not a SQLite export; doit export -o nes.db"),
        (["a.db", "b.db"], 2, "doit browse takes one export, or --at with a point"),
        (["--at", "nothing"], 2, "there is no migration, tag, commit or date 'nothing'"),
        (["--port", "99999"], 3, "port 99999 cannot be used: "),
    ],
)
def test_mistakes_are_one_line(there: Workspace, words: list[str], code: int, said: str) -> None:
    ran = there.doit("browse", *words)
    assert (ran.code, ran.out) == (code, "")
    assert ran.err.startswith(f"error: {said}")
    assert ran.err.count("\n") == 1


def test_a_port_in_use(there: Workspace) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = there.doit("browse", "--port", str(port))
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == (
        f"error: port {port} cannot be used: {os.strerror(98)}; "
        "doit browse --port 0 takes a free one\n"
    )


@pytest.mark.parametrize(
    ("words", "module", "extra"),
    [(["browse"], "datasette", "browse"), (["export", "-o", "x.parquet"], "pyarrow", "parquet")],
)
def test_without_the_extra_it_says_how_to_install_it(
    there: Workspace, tmp_path: Path, words: list[str], module: str, extra: str
) -> None:
    ran = there.doit(*words, **without(tmp_path, module))
    assert (ran.code, ran.out) == (3, "")
    assert f"{module}, which is not installed; pip install 'nes-tasks[{extra}]'" in ran.err
    assert ran.err.count("\n") == 1
