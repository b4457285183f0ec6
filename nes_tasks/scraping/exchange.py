"""Requests, answers and credentials, with the secret parts separated."""

from __future__ import annotations

import codecs
import contextlib
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from ..text import truncate
from .errors import ExchangeError, RecordingError

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CHARSET = re.compile(r"""charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]+)""", re.IGNORECASE)
# Where browsers look for it: https://html.spec.whatwg.org/#prescan-a-byte-stream-to-determine-its-encoding
_PRESCAN_BYTES = 1024
# Browsers read these as Windows-1252, and so must we: https://encoding.spec.whatwg.org/#names-and-labels
_WINDOWS_1252 = frozenset({"ascii", "iso8859-1"})
# Encodings in which valid UTF-8 is not conclusive.
_NOT_BASED_ON_ASCII = ("utf-16", "utf-32", "iso2022", "hz")


def decode(content: bytes, content_type: str) -> str:
    """Return the text of an answer with this Content-Type header.

    A byte order mark decides; else UTF-8 does if the bytes are valid UTF-8, whatever is
    declared, since text in another encoding hardly ever is by chance and servers often declare
    a default; else the header, else the page itself. Nothing is replaced or dropped: raises
    `ValueError` when no candidate fits, as with pictures and PDF.
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return _without_nul(content.decode(encoding))
    declared = _declared(content, content_type)
    if declared is None or not declared.startswith(_NOT_BASED_ON_ASCII):
        try:
            return _without_nul(content.decode("utf-8"))
        except ValueError:
            pass
    if declared is None:
        raise ValueError("it is not UTF-8 and declares no other encoding")
    try:
        return _without_nul(content.decode(declared))
    except ValueError:
        raise ValueError(f"it is text neither in UTF-8 nor in {declared}, as declared") from None


def _declared(content: bytes, content_type: str) -> str | None:
    """Return the first declared encoding that Python knows, from the header or the page."""
    head = content[:_PRESCAN_BYTES].decode("ascii", errors="replace")
    for source in (content_type, head):
        found = _CHARSET.search(source)
        name = _python_name(found[1]) if found else None
        if name:
            return name
    return None


def _python_name(label: str) -> str | None:
    try:
        name = codecs.lookup(label).name
        with contextlib.suppress(UnicodeError):
            b"text".decode(name)  # refuses "hex" and the like, which are not text encodings
    except LookupError:
        return None
    return "cp1252" if name in _WINDOWS_1252 else name


def _without_nul(text: str) -> str:
    """Return `text`; raises an error for NUL, which text lacks and most binary files have."""
    if "\0" in text:
        raise ValueError("it holds NUL characters")
    return text


EXCERPT_LENGTH = 200
MASK = "[secret]"
# Shorter strings are not secrets, and would be found by chance in any answer.
MIN_SECRET_LENGTH = 8

_SECRET_HEADERS = {
    "api-key", "authorization", "cookie", "proxy-authorization", "x-api-key", "x-goog-api-key",
}  # fmt: skip
# Names that have one meaning only. A "key" or a "token" can be the key of a row or the token of
# the next page, which must be part of what is asked.
_SECRET_PARAMETERS = {
    "access_token", "api-key", "api_key", "apikey", "auth_token", "client_secret", "passwd",
    "password", "secret", "sig", "signature", "x-amz-credential", "x-amz-security-token",
    "x-amz-signature", "x-goog-credential", "x-goog-signature",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Credentials:
    """What authenticates a request: headers and query parameters that are never recorded."""

    headers: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def secrets(self) -> list[str]:
        """The strings that must not appear anywhere: values without their scheme ("Bearer")."""
        values = [*self.headers.values(), *self.parameters.values()]
        return [value.split()[-1] for value in values if value.strip()]

    def applied_to(self, url: str) -> str:
        """Return `url` with the secret parameters in its query."""
        if not self.parameters:
            return url
        parts = urlsplit(url)
        query = "&".join(filter(None, [parts.query, urlencode(self.parameters)]))
        return urlunsplit(parts._replace(query=query))


NO_CREDENTIALS = Credentials()


@dataclass(frozen=True, slots=True)
class Request:
    """A request without its credentials.

    `body` is a JSON value, None for no body. Two requests that are equal are answered from the
    same recording. Raises `ExchangeError` for an address that is not http(s), and
    `RecordingError` for one that carries a secret, since all of it is recorded.
    """

    method: str
    url: str
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check_address(self.url)
        _check_free_of_secrets(self.url, self.headers)

    @property
    def key(self) -> str:
        """The SHA-256 of the request in hexadecimal."""
        return hashlib.sha256(json.dumps(self.to_record(), sort_keys=True).encode()).hexdigest()

    @property
    def host(self) -> str:
        """The server's name, in lower case."""
        return urlsplit(self.url).hostname or ""

    def to_record(self) -> dict[str, Any]:
        """Return the request for a recording; empty parts are left out."""
        record: dict[str, Any] = {"method": self.method, "url": self.url}
        if self.headers:
            record["headers"] = {name.lower(): self.headers[name] for name in sorted(self.headers)}
        if self.body is not None:
            record["body"] = self.body
        return record

    def __str__(self) -> str:
        """Return the request for messages."""
        return f"{self.method} {excerpt(self.url)}"


def _check_address(url: str) -> None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or any(ord(character) <= 0x20 for character in url):
        raise ExchangeError(f"{excerpt(url)!r} is not an address that starts with http(s)://host")


def _check_free_of_secrets(url: str, headers: Mapping[str, str]) -> None:
    parts = urlsplit(url)
    found = [name for name in headers if name.lower() in _SECRET_HEADERS]
    names = [name for name, _ in parse_qsl(parts.query, keep_blank_values=True)]
    found += [name for name in names if name.lower() in _SECRET_PARAMETERS]
    if parts.username is not None or parts.password is not None:
        found.append("the user name before @")
    if found:
        raise RecordingError(
            f"{', '.join(found)} in a request to {parts.hostname} would be recorded",
            hint="pass it as credentials=Credentials(headers={…}) or (parameters={…})",
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """A server's answer: the final address, and a text or a JSON value.

    `content_type` is the media type without parameters. A text is kept decoded.
    """

    status: int
    url: str
    content_type: str
    content: Any
    is_json: bool = False

    @classmethod
    def of_text(cls, status: int, url: str, content_type: str, text: str) -> Answer:
        """Return the answer with this text, parsed if it is declared as JSON and valid."""
        if content_type == "application/json" or content_type.endswith("+json"):
            try:
                return cls(status, url, content_type, parse_json(text), is_json=True)
            except ValueError:
                pass  # `json` raises for it
        return cls(status, url, content_type, text)

    @property
    def text(self) -> str:
        """The text; a JSON value in its usual form, whatever the server's spacing was."""
        return json.dumps(self.content, ensure_ascii=False) if self.is_json else str(self.content)

    def json(self) -> Any:
        """Return the JSON value; raises `ExchangeError` when the answer is not JSON."""
        if self.is_json:
            return self.content
        try:
            return parse_json(self.text)
        except ValueError as error:
            raise ExchangeError(
                f"{excerpt(self.url)} did not answer with JSON ({error}): {excerpt(self.text)!r}",
                status=self.status,
            ) from None


def parse_json(text: str) -> Any:
    """Return the value of a JSON text; raises `ValueError`, also for NaN and bottomless nesting.

    Python alone would accept NaN, which no other reader of the recording can read.
    """
    try:
        return json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _refuse_constant(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{text} is too large a number")
    return number


def excerpt(text: str, length: int = EXCERPT_LENGTH) -> str:
    """Return `text` on one line, truncated to a readable length."""
    return truncate(" ".join(text.split()), length)


def masked(text: str, secrets: Iterable[str]) -> str:
    """Return `text` with each secret replaced."""
    for secret in secrets:
        if len(secret) >= MIN_SECRET_LENGTH:
            text = text.replace(secret, MASK)
    return text


def holds_secret(text: str, secrets: Iterable[str]) -> bool:
    """Say whether any of the secrets appears in `text`."""
    return masked(text, secrets) != text
