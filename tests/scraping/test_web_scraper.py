"""Fetching from a real server that does what servers on the web do."""

from __future__ import annotations

import asyncio
import gzip
import socket
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from loopback import Asked, Loopback, Reply, as_json
from manual_clock import ManualClock

from nes_tasks.errors import NesTasksError, UnavailableError
from nes_tasks.scraping import Credentials, RateLimiter, RetryHandler, WebScraper
from nes_tasks.scraping.errors import (
    ExchangeError,
    NotFoundError,
    RecordingError,
    TransientError,
)

PAGE = """<!DOCTYPE html>
<html lang="ne"><head><title> मन्त्रिपरिषद्
 2082 </title><style>p { color: red }</style><script>var a = "<p>no</p>";</script></head>
<body><h1>Ministers</h1><!-- nothing -->
<p>Ram <b>Bahadur</b>
Thapa</p><table><tr><td>Home</td><td>गृह</td></tr></table>
<ul><li><a href="/about#top">About</a></li><li><a href="list.html">List</a>
<a href="mailto:x@y.np">Mail</a> <a href="/about">Again</a> <a href="http://[bad">Bad</a></li></ul>
</body></html>"""


def text(scraper: WebScraper, url: str, **options: Any) -> str:
    return asyncio.run(scraper.fetch_text(url, **options))


# What comes back


def test_a_text_is_fetched_and_the_server_told_who_asks(
    server: Loopback, scraper: WebScraper
) -> None:
    assert text(scraper, server.put("/a", Reply("नमस्ते", content_type="text/plain"))) == "नमस्ते"
    asked = server.asked[0]
    assert asked.method == "GET"
    assert asked.headers["user-agent"].startswith("nes-tasks/")
    scraper.user_agent = "ours (mail@example.org)"
    text(scraper, f"{server.url}/a")
    assert server.asked[1].headers["user-agent"] == "ours (mail@example.org)"


def test_json_is_fetched(server: Loopback, scraper: WebScraper) -> None:
    url = server.put("/a", as_json({"क": [1, 2.5, None]}))
    assert asyncio.run(scraper.fetch_json(url)) == {"क": [1, 2.5, None]}


def test_json_that_is_served_as_text_is_json_all_the_same(
    server: Loopback, scraper: WebScraper
) -> None:
    url = server.put("/a", Reply('{"a": 1}', content_type="text/plain"))
    assert asyncio.run(scraper.fetch_json(url)) == {"a": 1}


def test_a_page_gives_title_text_links_and_language(server: Loopback, scraper: WebScraper) -> None:
    page = asyncio.run(scraper.fetch_page(server.put("/dir/page.html", Reply(PAGE))))
    assert page.title == "मन्त्रिपरिषद् 2082"
    assert page.text == "Ministers\nRam Bahadur Thapa\nHome गृह\nAbout\nList Mail Again Bad"
    assert page.links == (f"{server.url}/about", f"{server.url}/dir/list.html")
    assert (page.language, page.html) == ("ne", PAGE)


def test_links_start_at_the_base_that_a_page_names(server: Loopback, scraper: WebScraper) -> None:
    body = '<base href="https://example.org/x/"><a href="y">y</a>'
    page = asyncio.run(scraper.fetch_page(server.put("/a", Reply(body))))
    assert page.links == ("https://example.org/x/y",)


def test_a_page_without_a_title_or_language_has_none(server: Loopback, scraper: WebScraper) -> None:
    page = asyncio.run(scraper.fetch_page(server.put("/a", Reply("just <b>text"))))
    assert (page.title, page.text, page.links, page.language) == ("", "just text", (), None)


def test_a_page_nested_deeper_than_python_recurses_is_read(
    server: Loopback, scraper: WebScraper
) -> None:
    body = "<i>" * 5000 + "deep"
    assert asyncio.run(scraper.fetch_page(server.put("/a", Reply(body)))).text == "deep"


def test_redirects_are_followed_and_the_last_address_is_told(
    server: Loopback, scraper: WebScraper
) -> None:
    server.put("/old", Reply(status=301, headers={"Location": "/dir/new"}))
    server.put("/dir/new", Reply('<a href="x">x</a>'))
    page = asyncio.run(scraper.fetch_page(f"{server.url}/old"))
    assert page.url == f"{server.url}/dir/new"
    assert page.links == (f"{server.url}/dir/x",)


def test_a_compressed_answer_is_unpacked(server: Loopback, scraper: WebScraper) -> None:
    reply = Reply(gzip.compress("नेपाल".encode()), headers={"Content-Encoding": "gzip"})
    assert text(scraper, server.put("/a", reply)) == "नेपाल"


def test_headers_are_sent(server: Loopback, scraper: WebScraper) -> None:
    text(scraper, server.put("/a", Reply("x")), headers={"Accept-Language": "ne"})
    assert server.asked[0].headers["accept-language"] == "ne"


def test_credentials_are_sent_as_headers_and_parameters(
    server: Loopback, scraper: WebScraper
) -> None:
    credentials = Credentials({"Authorization": "Bearer abc-def-ghi"}, {"key": "secret & key"})
    text(scraper, server.put("/a", Reply("x")) + "?q=1", credentials=credentials)
    assert server.asked[0].headers["authorization"] == "Bearer abc-def-ghi"
    assert server.asked[0].query == {"q": "1", "key": "secret & key"}


# Encodings


@pytest.mark.parametrize(
    ("content", "content_type", "expected"),
    [
        ("नेपाल".encode(), "text/html", "नेपाल"),
        ("नेपाल".encode(), "text/html; charset=ISO-8859-1", "नेपाल"),
        (b"\xef\xbb\xbf" + "नेपाल".encode(), "text/html; charset=latin-1", "नेपाल"),
        ("नेपाल".encode("utf-16"), "text/html", "नेपाल"),
        ("नेपाल".encode("utf-16-be"), "text/html; charset=utf-16be", "नेपाल"),
        ("Élan".encode("latin-1"), 'text/html; charset="iso-8859-1"', "Élan"),
        ("‘Élan’".encode("cp1252"), "text/html; charset=iso-8859-1", "‘Élan’"),
        (b'<meta charset="windows-1252">\xc9', "text/html", '<meta charset="windows-1252">É'),
        (b"\xc9<meta charset=windows-1252>", "text/html; charset=no-such", None),
        ("日本".encode("iso-2022-jp"), "text/html; charset=iso-2022-jp", "日本"),
        (b"", "text/html", ""),
    ],
)
def test_text_is_decoded_by_what_it_is_and_not_by_a_wrong_declaration(
    server: Loopback, scraper: WebScraper, content: bytes, content_type: str, expected: str | None
) -> None:
    if expected is None:
        expected = content.decode("cp1252")
    assert text(scraper, server.put("/a", Reply(content, content_type=content_type))) == expected


@pytest.mark.parametrize(
    ("content", "content_type", "problem"),
    [
        (b"caf\xe9", "text/html", "it is not UTF-8 and declares no other encoding"),
        (b"caf\xe9", "text/html; charset=utf-8", "it is text neither in UTF-8 nor in utf-8"),
        (b"caf\xe9", "text/html; charset=hex", "declares no other encoding"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png", r"the answer \(image/png\) cannot be read"),
        (b"%PDF-1.7 \xe2\xe3\xcf\xd3", "application/pdf", r"\(application/pdf\) cannot be read"),
        (b"\xff\xfea", "text/html", "cannot be read"),
    ],
)
def test_what_is_no_text_is_refused_and_not_guessed(
    server: Loopback, scraper: WebScraper, content: bytes, content_type: str, problem: str
) -> None:
    url = server.put("/a", Reply(content, content_type=content_type))
    with pytest.raises(ExchangeError, match=problem):
        text(scraper, url)
    assert len(server.asked) == 1


# What goes wrong


def test_nothing_there_is_an_error_of_its_own(server: Loopback, scraper: WebScraper) -> None:
    with pytest.raises(NotFoundError, match=r"GET http://127.*/missing: 404 Not Found") as raised:
        text(scraper, f"{server.url}/missing")
    assert raised.value.status == 404
    assert isinstance(raised.value, UnavailableError)
    assert len(server.asked) == 1


def test_a_busy_server_is_asked_again_when_it_says_so(
    server: Loopback, scraper: WebScraper, clock: ManualClock
) -> None:
    url = server.put("/a", Reply("slow", 429, headers={"Retry-After": "9"}), Reply("well"))
    assert text(scraper, url) == "well"
    assert 9 in clock.slept


def test_a_moment_to_retry_is_counted_from_the_servers_own_clock(
    server: Loopback, scraper: WebScraper, clock: ManualClock
) -> None:
    def busy(asked: Asked) -> Reply:
        when = {"Retry-After": "Fri, 01 Jan 2100 00:00:10 GMT"}
        return Reply("busy", 503, headers=when)

    url = server.put("/a", busy)
    with pytest.raises(TransientError, match=r"503 Service Unavailable: busy \(asks to wait \d+"):
        text(scraper, url)
    assert len(server.asked) == 1


def test_a_moment_that_is_past_means_now(
    server: Loopback, scraper: WebScraper, clock: ManualClock
) -> None:
    past = {"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT"}
    assert text(scraper, server.put("/a", Reply("", 503, headers=past), Reply("ok"))) == "ok"
    assert 1 in clock.slept


@pytest.mark.parametrize("nonsense", ["soon", "-5", "1e9", "٣", "Mon, 99 Foo", ""])
def test_a_wait_that_cannot_be_read_is_as_if_none_was_named(
    server: Loopback, scraper: WebScraper, nonsense: str
) -> None:
    headers = {"Retry-After": nonsense} if nonsense.isascii() else {}
    assert text(scraper, server.put("/a", Reply("", 429, headers=headers), Reply("ok"))) == "ok"


def test_a_server_that_recovers_is_heard(
    server: Loopback, scraper: WebScraper, clock: ManualClock
) -> None:
    url = server.put("/a", Reply("", 500), Reply("", 502), Reply("fine"))
    assert text(scraper, url) == "fine"
    assert [asked.path for asked in server.asked] == ["/a"] * 3


def test_a_server_that_does_not_recover_is_given_up(server: Loopback, scraper: WebScraper) -> None:
    with pytest.raises(TransientError, match="500 Internal Server Error: stack trace") as raised:
        text(scraper, server.put("/a", Reply("<pre>stack\n trace".replace("<pre>", ""), 500)))
    assert raised.value.status == 500
    assert len(server.asked) == 4


@pytest.mark.parametrize("status", [400, 401, 403, 405, 418, 451, 501, 505])
def test_a_refusal_is_not_tried_again(server: Loopback, scraper: WebScraper, status: int) -> None:
    with pytest.raises(ExchangeError, match=rf": {status} .*: no") as raised:
        text(scraper, server.put("/a", Reply("no", status)))
    assert raised.value.status == status
    assert len(server.asked) == 1


def test_an_unknown_status_is_shown_as_its_number(server: Loopback, scraper: WebScraper) -> None:
    with pytest.raises(ExchangeError, match="/a: 499: no"):
        text(scraper, server.put("/a", Reply("no", 499)))


def test_a_server_that_says_nothing_is_given_up_in_time(
    server: Loopback, clock: ManualClock
) -> None:
    impatient = WebScraper(
        RateLimiter(clock=clock, sleep=clock.sleep),
        RetryHandler(max_retries=1, sleep=clock.sleep),
        timeout=0.2,
    )
    with pytest.raises(TransientError, match=r"no answer within 0\.2 s"):
        text(impatient, server.put_silence("/a"))
    assert len(server.asked) == 2


def test_a_server_that_is_not_there_is_named(scraper: WebScraper) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(TransientError, match=rf"GET http://127\.0\.0\.1:{port}/a: ConnectError"):
        text(scraper, f"http://127.0.0.1:{port}/a")


def test_an_answer_that_breaks_off_is_asked_for_again(
    scraper: WebScraper, server: Loopback
) -> None:
    url = server.put("/a", Reply("half", missing=100), Reply("whole"))
    assert text(scraper, url) == "whole"
    with pytest.raises(TransientError, match="RemoteProtocolError"):
        text(scraper, server.put("/b", Reply("half", missing=100)))


def test_an_answer_that_cannot_be_unpacked_is_refused(
    scraper: WebScraper, server: Loopback
) -> None:
    wrong = Reply("no gzip", headers={"Content-Encoding": "gzip"})
    with pytest.raises(ExchangeError, match="DecodingError"):
        text(scraper, server.put("/a", wrong))
    assert len(server.asked) == 1


def test_an_answer_that_is_too_large_is_not_read_to_its_end(server: Loopback) -> None:
    small = WebScraper(max_bytes=1000)
    with pytest.raises(ExchangeError, match=r"the answer is larger than 1,000 bytes"):
        text(small, server.put("/a", Reply("x" * 100_000)))
    assert len(server.asked) == 1


def test_a_small_answer_that_unpacks_to_a_huge_one_is_refused(server: Loopback) -> None:
    bomb = Reply(gzip.compress(b"\0" * 5_000_000), headers={"Content-Encoding": "gzip"})
    with pytest.raises(ExchangeError, match="larger than"):
        text(WebScraper(max_bytes=1_000_000), server.put("/a", bomb))


def test_redirects_in_a_circle_end(server: Loopback, scraper: WebScraper) -> None:
    with pytest.raises(ExchangeError, match="TooManyRedirects"):
        text(scraper, server.put("/a", Reply(status=302, headers={"Location": "/a"})))


def test_a_redirect_to_something_that_is_not_the_web_is_refused(
    server: Loopback, scraper: WebScraper
) -> None:
    with pytest.raises(ExchangeError, match="UnsupportedProtocol"):
        text(scraper, server.put("/a", Reply(status=302, headers={"Location": "file:///etc"})))


def test_a_key_does_not_follow_a_redirect(server: Loopback, scraper: WebScraper) -> None:
    url = server.put("/a", Reply(status=302, headers={"Location": "/b"}))
    server.put("/b", Reply("caught"))
    with pytest.raises(ExchangeError, match=r"302 Found, to http://127.*/b"):
        text(scraper, url, credentials=Credentials({"X-Api-Key": "abcdefghij"}))
    assert [asked.path for asked in server.asked] == ["/a"]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ('{"a": ', "did not answer with JSON"),
        ("<html>Sorry", "did not answer with JSON .*<html>Sorry"),
        ("", "did not answer with JSON"),
        ("NaN", "NaN is not JSON"),
        ("[1e999]", "1e999 is too large"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_broken_json_is_shown(
    server: Loopback, scraper: WebScraper, body: str, problem: str
) -> None:
    url = server.put("/a", Reply(body, content_type="application/json"))
    with pytest.raises(ExchangeError, match=problem) as raised:
        asyncio.run(scraper.fetch_json(url))
    assert len(str(raised.value)) < 800
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "url",
    ["", "example.org", "/etc/passwd", "file:///etc/passwd", "ftp://a.np", "http://", "http://:80",
     "http://a.np:99999", "http://a.np/a b", "http://a.np/\nHost: b", "http://[::1",
     "javascript:0"],
)  # fmt: skip
def test_what_is_no_address_is_refused_before_anything_is_asked(
    scraper: WebScraper, url: str
) -> None:
    with pytest.raises(ExchangeError, match=r"is not an address that starts with http\(s\)://host"):
        text(scraper, url)


@pytest.mark.parametrize(
    ("path", "headers", "what"),
    [
        ("/a?api_key=1", {}, "api_key"),
        ("/a?x=1&Access_Token=2", {}, "Access_Token"),
        ("/a", {"Authorization": "Bearer x"}, "Authorization"),
        ("/a", {"cookie": "a=b"}, "cookie"),
    ],
)
def test_secrets_are_only_taken_as_credentials(
    server: Loopback, scraper: WebScraper, path: str, headers: dict[str, str], what: str
) -> None:
    with pytest.raises(
        RecordingError, match=rf"{what} in a request to 127\.0\.0\.1 .* credentials"
    ):
        text(scraper, server.url + path, headers=headers)
    with pytest.raises(RecordingError, match="the user name before @"):
        text(scraper, server.url.replace("//", "//me:password@") + "/a")
    assert server.asked == []


def test_a_secret_that_an_error_repeats_is_masked(server: Loopback, scraper: WebScraper) -> None:
    def echo(asked: Asked) -> Reply:
        return Reply(f"bad key {asked.headers['x-key']} or {asked.query['k']}", 400)

    credentials = Credentials({"X-Key": "abcdefghij"}, {"k": "klmnopqrst"})
    with pytest.raises(ExchangeError, match=r"bad key \[secret\] or \[secret\]") as raised:
        text(scraper, server.put("/a", echo), credentials=credentials)
    assert "abcdefghij" not in str(raised.value)
    assert "klmnopqrst" not in repr(raised.value)


def test_a_credential_with_a_line_end_is_refused_unseen(
    server: Loopback, scraper: WebScraper
) -> None:
    with pytest.raises(NesTasksError) as raised:
        text(
            scraper, server.put("/a", Reply("x")), credentials=Credentials({"X-Key": "abcdefgh\n"})
        )
    assert "abcdefgh" not in str(raised.value)
    assert server.asked == []


# Politeness


def test_requests_to_one_server_are_a_second_apart(
    server: Loopback, scraper: WebScraper, clock: ManualClock
) -> None:
    url = server.put("/a", Reply("x"))

    async def three() -> None:
        for _ in range(3):
            await scraper.fetch_text(url)

    asyncio.run(three())
    assert clock.slept == [1, 1]


def test_it_works_while_the_time_of_day_stands_still(server: Loopback) -> None:
    patient = WebScraper(RateLimiter(1000, 1000), RetryHandler(base_delay=0), timeout=20)
    impatient = WebScraper(RateLimiter(1000, 1000), RetryHandler(max_retries=0), timeout=0.2)
    url = server.put("/a", Reply("", 500), Reply("on"))
    with time_machine.travel(datetime(2026, 1, 31, tzinfo=UTC), tick=False):
        assert [text(patient, url) for _ in range(3)] == ["on"] * 3
        with pytest.raises(TransientError, match="no answer within"):
            text(impatient, server.put_silence("/b"))


def test_a_scraper_works_in_one_event_loop_after_another(
    server: Loopback, scraper: WebScraper
) -> None:
    url = server.put("/a", Reply("x"))
    assert [text(scraper, url) for _ in range(2)] == ["x", "x"]
