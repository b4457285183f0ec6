"""Answers that are recorded once and said again, and what must never be recorded."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from loopback import Asked, Loopback, Reply, as_json
from manual_clock import ManualClock

from nes_tasks.scraping import Credentials, Mode, Recording, WebScraper
from nes_tasks.scraping.errors import (
    ExchangeError,
    NotFoundError,
    NotRecordedError,
    RecordingError,
)
from nes_tasks.scraping.exchange import Answer, Request
from nes_tasks.scraping.recording import FILE_NAME


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a migration."""
    folder = tmp_path / "migrations" / "005-add-ministers"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def file(folder: Path) -> Path:
    return folder / FILE_NAME


def recording(folder: Path, mode: Mode | None = None, **environ: str) -> Recording:
    if mode is Mode.RECORD:
        environ["NES_TASKS_RECORD"] = folder.name
    return Recording.of_migration(folder, deterministic=mode is not Mode.LIVE, environ=environ)


def get(scraper: WebScraper, url: str, recorded: Recording, **options: Any) -> str:
    with recorded.in_force():
        return asyncio.run(scraper.fetch_text(url, **options))


def lines(file: Path) -> list[Any]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


# Recording and replaying


def test_what_was_recorded_is_said_again_without_the_server(
    server: Loopback, scraper: WebScraper, folder: Path
) -> None:
    url = server.put("/a", Reply("first"), Reply("second"))
    assert get(scraper, url, recording(folder, Mode.RECORD)) == "first"
    assert get(scraper, url, recording(folder)) == "first"
    assert len(server.asked) == 1


def test_replaying_does_not_wait(
    server: Loopback, scraper: WebScraper, clock: ManualClock, folder: Path
) -> None:
    url = server.put("/a", Reply("x"))
    get(scraper, url, recording(folder, Mode.RECORD))
    for _ in range(5):
        get(scraper, url, recording(folder))
    assert clock.slept == []


def test_the_file_is_readable_and_sorted_by_address(
    server: Loopback, scraper: WebScraper, folder: Path, file: Path
) -> None:
    with recording(folder, Mode.RECORD).in_force():
        for path in ("/c", "/a", "/b"):
            url = server.put(path, as_json({"नाम": path}))
            asyncio.run(scraper.fetch_json(url, headers={"Accept-Language": "ne"}))
    content = lines(file)
    assert [line["request"]["url"] for line in content] == [
        f"{server.url}{path}" for path in ("/a", "/b", "/c")
    ]
    key = Request("GET", f"{server.url}/a", headers={"Accept-Language": "ne"}).key
    assert content[0] == {
        "key": key,
        "request": {
            "method": "GET",
            "url": f"{server.url}/a",
            "headers": {"accept-language": "ne"},
        },
        "answer": {"status": 200, "type": "application/json", "json": {"नाम": "/a"}},
    }
    assert "नाम" in file.read_text(encoding="utf-8")
    assert sorted(path.name for path in folder.iterdir()) == [FILE_NAME]


def test_recording_again_asks_only_for_what_is_missing_and_leaves_the_rest(
    server: Loopback, scraper: WebScraper, folder: Path, file: Path
) -> None:
    first, second = server.put("/a", Reply("a")), server.put("/b", Reply("b"))
    get(scraper, second, recording(folder, Mode.RECORD))
    before = file.read_bytes()
    get(scraper, second, recording(folder, Mode.RECORD))
    assert file.read_bytes() == before
    get(scraper, first, recording(folder, Mode.RECORD))
    assert file.read_bytes().endswith(before)
    assert [asked.path for asked in server.asked] == ["/b", "/a"]


def test_two_recordings_of_the_same_answers_are_the_same_file(
    server: Loopback, scraper: WebScraper, tmp_path: Path
) -> None:
    urls = [server.put(f"/{name}", Reply(name)) for name in "abc"]
    contents = []
    for order in (urls, urls[::-1]):
        path = tmp_path / f"{len(contents)}.jsonl"
        with Recording(path, Mode.RECORD).in_force():
            for url in order:
                asyncio.run(scraper.fetch_text(url))
        contents.append(path.read_bytes())
    assert contents[0] == contents[1]


def test_that_there_is_nothing_is_recorded_too(
    server: Loopback, scraper: WebScraper, folder: Path
) -> None:
    for recorded in (recording(folder, Mode.RECORD), recording(folder)):
        with pytest.raises(NotFoundError, match="404 Not Found"):
            get(scraper, f"{server.url}/missing", recorded)
    assert len(server.asked) == 1


def test_a_redirected_page_keeps_where_it_was(
    server: Loopback, scraper: WebScraper, folder: Path
) -> None:
    url = server.put("/old", Reply(status=301, headers={"Location": "/new"}))
    server.put("/new", Reply("<title>x</title>"))
    for recorded in (recording(folder, Mode.RECORD), recording(folder)):
        with recorded.in_force():
            assert asyncio.run(scraper.fetch_page(url)).url == f"{server.url}/new"
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    "reply",
    [
        Reply("no", 403),
        Reply("down", 500),
        Reply(b"\x89PNG\xff\0", content_type="image/png"),
        Reply('{"broken": ', content_type="application/json"),
    ],
)
def test_what_cannot_be_used_is_not_recorded(
    server: Loopback, scraper: WebScraper, folder: Path, file: Path, reply: Reply
) -> None:
    with (
        recording(folder, Mode.RECORD).in_force(),
        pytest.raises(ExchangeError),
    ):
        asyncio.run(scraper.fetch_json(server.put("/a", reply)))
    assert not file.exists()


def test_two_equal_requests_at_the_same_time_get_the_same_answer(
    server: Loopback, scraper: WebScraper, folder: Path, file: Path
) -> None:
    url = server.put("/a", Reply("first"), Reply("second"))

    async def twice() -> list[str]:
        return await asyncio.gather(scraper.fetch_text(url), scraper.fetch_text(url))

    with recording(folder, Mode.RECORD).in_force():
        found = asyncio.run(twice())
    assert found[0] == found[1] == get(scraper, url, recording(folder))
    assert len(lines(file)) == 1


@pytest.mark.parametrize(
    "body",
    [
        '{"b": 1, "a": [1.0, 1e5, 12345678901234567890, "\\ud800", "\\u2028\\n"]}',
        '"x"',
        "null",
        "3",
    ],
)
def test_a_replayed_answer_is_exactly_the_recorded_one(
    server: Loopback, scraper: WebScraper, folder: Path, body: str
) -> None:
    url = server.put("/a", Reply(body, content_type="application/json"))
    fetched = [
        (get(scraper, url, recorded), repr(get(scraper, url, recorded)))
        for recorded in (recording(folder, Mode.RECORD), recording(folder))
    ]
    assert fetched[0] == fetched[1]
    assert json.loads(fetched[0][0]) == json.loads(body)


def test_equal_questions_have_equal_keys_and_others_do_not() -> None:
    request = Request("POST", "http://a.np/x", {"a": 1, "b": [2]}, {"X-A": "1", "x-b": "2"})
    assert (
        request.key
        == Request("POST", "http://a.np/x", {"b": [2], "a": 1}, {"X-B": "2", "x-a": "1"}).key
    )
    others = [
        Request("GET", "http://a.np/x", {"a": 1, "b": [2]}, {"X-A": "1", "x-b": "2"}),
        Request("POST", "http://a.np/y", {"a": 1, "b": [2]}, {"X-A": "1", "x-b": "2"}),
        Request("POST", "http://a.np/x", {"a": 1, "b": ["2"]}, {"X-A": "1", "x-b": "2"}),
        Request("POST", "http://a.np/x", {"a": 1, "b": [2]}, {"X-A": "1"}),
    ]
    assert len({request.key, *(other.key for other in others)}) == 5


# Modes


def test_a_migration_replays_unless_it_is_recorded_by_name(folder: Path) -> None:
    modes = [
        recording(folder),
        recording(folder, NES_TASKS_RECORD="004-other"),
        recording(folder, NES_TASKS_RECORD="1"),
        recording(folder, Mode.LIVE),
        recording(folder, NES_TASKS_RECORD=folder.name),
        recording(folder, Mode.LIVE, NES_TASKS_RECORD=f" {folder.name} "),
    ]
    assert [recorded.mode for recorded in modes] == [
        Mode.REPLAY, Mode.REPLAY, Mode.REPLAY, Mode.LIVE, Mode.RECORD, Mode.RECORD
    ]  # fmt: skip


def test_a_request_that_is_not_recorded_fails_and_says_how_to_record_it(
    server: Loopback, scraper: WebScraper, folder: Path
) -> None:
    url = server.put("/a", Reply("x"))
    with pytest.raises(NotRecordedError) as raised:
        get(scraper, url, recording(folder))
    message = str(raised.value)
    assert message == (
        f"GET {url} has no answer in 005-add-ministers/recorded-answers.jsonl, and a migration may"
        " not ask again; record it: NES_TASKS_RECORD=005-add-ministers doit"
        " migrate:005-add-ministers"
    )
    assert server.asked == []


def test_a_migration_that_is_not_deterministic_may_ask_and_keeps_nothing(
    server: Loopback, scraper: WebScraper, folder: Path, file: Path
) -> None:
    url = server.put("/a", Reply("first"), Reply("second"))
    assert get(scraper, url, recording(folder, Mode.LIVE)) == "first"
    assert not file.exists()
    get(scraper, url, recording(folder, Mode.RECORD))
    assert get(scraper, url, recording(folder, Mode.LIVE)) == "second"
    assert len(server.asked) == 2


def test_outside_a_migration_nothing_is_recorded(
    server: Loopback, scraper: WebScraper, folder: Path
) -> None:
    url = server.put("/a", Reply("x"))
    with recording(folder).in_force():
        pass
    assert asyncio.run(scraper.fetch_text(url)) == "x"
    assert list(folder.iterdir()) == []


def test_reading_alone_writes_nothing(
    server: Loopback, scraper: WebScraper, folder: Path, file: Path
) -> None:
    url = server.put("/a", Reply("x"))
    get(scraper, url, recording(folder, Mode.RECORD))
    file.chmod(0o444)
    before = file.stat()
    get(scraper, url, recording(folder))
    assert file.stat() == before


# Secrets


def test_credentials_are_not_in_the_file_and_do_not_matter_for_replaying(
    server: Loopback, scraper: WebScraper, folder: Path, file: Path
) -> None:
    url = server.put("/a", Reply("data")) + "?q=1"
    credentials = Credentials({"Authorization": "Bearer sk-abcdefghijkl"}, {"key": "k-0123456789"})
    get(scraper, url, recording(folder, Mode.RECORD), credentials=credentials)
    content = file.read_text(encoding="utf-8")
    assert "sk-abcdefghijkl" not in content
    assert "k-0123456789" not in content
    assert "Bearer" not in content
    assert get(scraper, url, recording(folder)) == "data"
    assert len(server.asked) == 1


def test_cookies_that_a_server_sets_are_not_in_the_file(
    server: Loopback, scraper: WebScraper, folder: Path, file: Path
) -> None:
    reply = Reply("x", headers={"Set-Cookie": "session=abcdefghijkl", "X-Request-Id": "42"})
    get(scraper, server.put("/a", reply), recording(folder, Mode.RECORD))
    assert "abcdefghijkl" not in file.read_text(encoding="utf-8")
    assert set(lines(file)[0]["answer"]) == {"status", "type", "text"}


def test_an_answer_that_repeats_a_key_is_not_recorded(
    server: Loopback, scraper: WebScraper, folder: Path, file: Path
) -> None:
    def echo(asked: Asked) -> Reply:
        return as_json({"you": asked.headers["x-api-key"]})

    credentials = Credentials({"X-Api-Key": "sk-abcdefghijkl"})
    with pytest.raises(RecordingError, match="holds a key or password; not recorded") as raised:
        get(
            scraper, server.put("/a", echo), recording(folder, Mode.RECORD), credentials=credentials
        )
    assert "sk-abcdefghijkl" not in str(raised.value)
    assert not file.exists()


def test_a_variable_that_was_handed_to_the_script_is_not_recorded(
    server: Loopback, scraper: WebScraper, folder: Path, file: Path
) -> None:
    environ = {"NES_TASKS_PASS_ENV": "MY_TOKEN, OTHER", "MY_TOKEN": "hunter2-hunter2"}
    url = server.put("/a", Reply("x")) + "?token=hunter2-hunter2"
    with pytest.raises(RecordingError, match="not recorded"):
        get(scraper, url, recording(folder, Mode.RECORD, **environ))
    assert not file.exists()


# The file


def test_an_interrupted_recording_keeps_what_it_had_and_goes_on(
    server: Loopback, scraper: WebScraper, folder: Path, file: Path
) -> None:
    program = f"""
import asyncio, os
from nes_tasks.scraping import Mode, Recording, WebScraper
from pathlib import Path
with Recording(Path({str(file)!r}), Mode.RECORD).in_force():
    asyncio.run(WebScraper().fetch_text({server.put("/a", Reply("a"))!r}))
    os._exit(9)
"""
    done = subprocess.run([sys.executable, "-c", program], check=False)
    assert done.returncode == 9
    with file.open("ab") as stream:
        stream.write(b'{"key": "torn off in the mid')
    assert get(scraper, f"{server.url}/a", recording(folder, Mode.RECORD)) == "a"
    get(scraper, server.put("/b", Reply("b")), recording(folder, Mode.RECORD))
    assert [line["answer"]["text"] for line in lines(file)] == ["a", "b"]


def test_a_torn_line_is_an_error_when_replaying(
    server: Loopback, scraper: WebScraper, folder: Path, file: Path
) -> None:
    file.write_bytes(b'{"key": "torn')
    with pytest.raises(RecordingError, match=r"005-add-ministers/recorded-answers\.jsonl, line 1:"):
        get(scraper, f"{server.url}/a", recording(folder))
    assert file.read_bytes() == b'{"key": "torn'


def record_of(request: Request, text: str = "x") -> dict[str, Any]:
    return {
        "key": request.key,
        "request": request.to_record(),
        "answer": {"status": 200, "type": "text/plain", "text": text},
    }


GOOD = record_of(Request("GET", "http://a.np/"))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"no json\n", "line 1: is not a recorded answer"),
        (b"[]\n", "line 1: is not a recorded answer"),
        (b"{}\n", "line 1: is not a recorded answer"),
        (b"\xff\n", "line 1: is not a recorded answer"),
        (json.dumps({**GOOD, "request": {"method": "GET"}}).encode(), "line 1: is not a recorded"),
        (json.dumps({**GOOD, "answer": {"status": 200}}).encode(), "line 1: is not a recorded"),
        (json.dumps({**GOOD, "answer": {"status": None, "type": ""}}).encode(), "line 1: is no"),
        (json.dumps({**GOOD, "key": "0" * 64}).encode(), "line 1: was edited: its key"),
        (
            f"\n{json.dumps(GOOD)}\n{json.dumps(record_of(Request('GET', 'http://a.np/'), 'y'))}\n"
            .encode(),
            "line 3: another line has another answer to the same request",
        ),
    ],
)  # fmt: skip
def test_a_damaged_file_is_named_with_its_line(
    folder: Path, file: Path, content: bytes, problem: str
) -> None:
    file.write_bytes(content)
    with pytest.raises(RecordingError, match=problem) as raised:
        recording(folder).find(Request("GET", "http://a.np/"))
    assert "\n" not in str(raised.value)


def test_an_answer_may_be_edited_and_lines_may_come_in_any_order_and_twice(
    folder: Path, file: Path
) -> None:
    other = record_of(Request("GET", "http://b.np/"), "edited")
    rows = [json.dumps(other), json.dumps(GOOD), "", json.dumps(other)]
    file.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(rows).encode())
    found = recording(folder).find(Request("GET", "http://b.np/"))
    assert found == Answer(200, "http://b.np/", "text/plain", "edited")


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    recorded = Recording(tmp_path / "no-such-folder" / FILE_NAME, Mode.RECORD)
    with pytest.raises(RecordingError, match=r"no-such-folder/recorded.* cannot be written"):
        recorded.add(Request("GET", "http://a.np/"), Answer(200, "http://a.np/", "a/b", "x"))


def test_a_folder_that_goes_away_while_recording_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "005-add-ministers"
    folder.mkdir()
    recorded = Recording(folder / FILE_NAME, Mode.RECORD)
    recorded.add(Request("GET", "http://a.np/"), Answer(200, "http://a.np/", "a/b", "x"))
    shutil.rmtree(folder)
    with pytest.raises(RecordingError, match="cannot be written"):
        recorded.save()


def test_a_file_that_is_a_folder_is_named(folder: Path, file: Path) -> None:
    file.mkdir()
    with pytest.raises(RecordingError, match=r"recorded-answers\.jsonl cannot be read"):
        recording(folder).find(Request("GET", "http://a.np/"))
