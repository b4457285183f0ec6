"""A local web server that gives prepared replies and records the requests."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Reply:
    """One answer, with `missing` bytes that are promised and not sent."""

    body: bytes | str = b""
    status: int = 200
    content_type: str = "text/html; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    missing: int = 0

    @property
    def content(self) -> bytes:
        return self.body.encode() if isinstance(self.body, str) else self.body


@dataclass(frozen=True)
class Asked:
    """One request as it arrived; header names in lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


Route = Callable[[Asked], Reply]


def as_json(value: Any, status: int = 200) -> Reply:
    return Reply(json.dumps(value), status, "application/json")


class Loopback:
    """The server: `put` an answer, or several for one after the other, at a path."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self._routes: dict[str, list[Reply | Route]] = {}
        self._over = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def put(self, path: str, *replies: Reply | Route) -> str:
        """Answer `path` so, the last one again and again; return its address."""
        self._routes[path] = list(replies)
        return f"{self.url}{path}"

    def put_silence(self, path: str) -> str:
        """Take requests to `path` and say nothing until the test is over."""

        def wait(_: Asked) -> Reply:
            self._over.wait(60)
            return Reply()

        return self.put(path, wait)

    def answer(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        replies = self._routes.get(asked.path, [Reply("nothing here", 404)])
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        return reply(asked) if callable(reply) else reply

    def close(self) -> None:
        self._over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _handler(loopback: Loopback) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            parts = urlsplit(self.path)
            content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            try:
                body = json.loads(content) if content else None
            except ValueError:
                body = content.decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, parts.path, dict(parse_qsl(parts.query)), headers, body)
            reply = loopback.answer(asked)
            try:
                self.send_response(reply.status)
                self.send_header("Content-Type", reply.content_type)
                self.send_header("Content-Length", str(len(reply.content) + reply.missing))
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(reply.content)
            except OSError:
                pass  # the client has had enough, which some tests want

        do_GET = do_POST = _answer  # noqa: N815 (names of the base class)

        def log_message(self, *args: object) -> None:
            pass

    return Handler
