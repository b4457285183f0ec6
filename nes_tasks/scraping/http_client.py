"""The HTTP client: rate limits, retries, and recorded answers."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import http
import inspect
import json
import socket
import ssl
import time
from collections import deque
from collections.abc import Awaitable, Callable
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urljoin

from ..errors import NesTasksError
from ..version import __version__
from . import recording
from .errors import ExchangeError, MissingPackageError, NotFoundError, TransientError
from .exchange import NO_CREDENTIALS, Answer, Credentials, Request, decode, excerpt, masked

if TYPE_CHECKING:
    import httpx

SECONDS_PER_MINUTE = 60.0

Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[object]]


class RateLimiter:
    """Limits requests to each domain: per second, and per minute.

    `clock` must be one that runs (seconds from any start): in a migration the time of day
    stands still. `sleep` is a coroutine function.
    """

    def __init__(
        self,
        requests_per_second: float = 1.0,
        requests_per_minute: int = 30,
        *,
        clock: Clock = time.monotonic,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        if requests_per_second <= 0 or requests_per_minute < 1:
            raise ValueError("a rate limiter must let some requests pass")
        self.requests_per_second = requests_per_second
        self.requests_per_minute = requests_per_minute
        self._clock = clock
        self._sleep = sleep
        self._turns: dict[str, deque[float]] = {}

    async def acquire(self, domain: str) -> None:
        """Wait for the next free slot of `domain`; slots are given in the order of the calls."""
        # The slot is reserved before waiting, so that no two calls wait for the same one.
        wait = self._take_turn(domain.lower())
        if wait > 0:
            await self._sleep(wait)

    def _take_turn(self, domain: str) -> float:
        """Reserve the next free slot and return the seconds until then."""
        now = self._clock()
        turns = self._turns.setdefault(domain, deque(maxlen=self.requests_per_minute))
        turn = now
        if turns:
            turn = max(turn, turns[-1] + 1 / self.requests_per_second)
        if len(turns) == self.requests_per_minute:
            turn = max(turn, turns[0] + SECONDS_PER_MINUTE)
        turns.append(turn)
        return turn - now


class RetryHandler:
    """Retries failing calls: up to `max_retries` times, after `base_delay`·2ⁿ seconds each.

    No wait is longer than `max_delay` seconds. If a server asks for a longer wait than that
    (Retry-After), the call is not retried.
    """

    def __init__(
        self,
        max_retries: int = 3,
        base_delay: float = 1.0,
        max_delay: float = 60.0,
        *,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        if max_retries < 0 or base_delay < 0 or max_delay < 0:
            raise ValueError("retries and delays cannot be negative")
        self.max_retries = max_retries
        self.base_delay = base_delay
        self.max_delay = max_delay
        self._sleep = sleep

    def calculate_delay(self, attempt: int) -> float:
        """Return the seconds to wait after attempt number `attempt`; the first is 0."""
        # 2.0 to a high power overflows; no delay needs one.
        return float(min(self.base_delay * 2.0 ** min(attempt, 1000), self.max_delay))

    async def execute_with_retry(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call `func`, a plain or a coroutine function, until it succeeds; return its result.

        It retries after every exception except permanent errors of this package.
        Raises the last one.
        """
        attempt = 0
        while True:
            try:
                result = func(*args, **kwargs)
                return await result if inspect.isawaitable(result) else result
            except Exception as error:
                delay = self._delay_after(attempt, error)
                if delay is None:
                    raise
            await self._sleep(delay)
            attempt += 1

    def _delay_after(self, attempt: int, error: Exception) -> float | None:
        """Return the seconds until the next attempt, None without one."""
        lasting = isinstance(error, NesTasksError) and not isinstance(error, TransientError)
        if lasting or attempt >= self.max_retries:
            return None
        delay = self.calculate_delay(attempt)
        asked_for = error.retry_after if isinstance(error, TransientError) else None
        if asked_for is None or asked_for <= delay:
            return delay
        return asked_for if asked_for <= self.max_delay else None


Result = TypeVar("Result")
Authorize = Callable[[], Awaitable[Credentials]]

USER_AGENT = f"nes-tasks/{__version__} (migrations of an open database)"
DEFAULT_TIMEOUT = 30.0
DEFAULT_MAX_BYTES = 10_000_000
MAX_REDIRECTS = 10

_GONE = frozenset({404, 410})
_TRANSIENT = frozenset({408, 425, 429})
# Permanent server errors: not implemented, HTTP version not supported.
_LASTING_SERVER_ERRORS = frozenset({501, 505})


class HttpClient:
    """Sends requests to servers, or answers them from the active recording.

    `timeout` is for a whole answer, in seconds; `max_bytes` for its size once decompressed.
    `limiter` and `retry` apply to requests that are really sent. `user_agent` is what servers
    see; it is not part of what is recorded.
    """

    def __init__(
        self,
        *,
        timeout: float = DEFAULT_TIMEOUT,
        max_bytes: int = DEFAULT_MAX_BYTES,
        limiter: RateLimiter | None = None,
        retry: RetryHandler | None = None,
        user_agent: str = USER_AGENT,
    ) -> None:
        self.timeout = timeout
        self.max_bytes = max_bytes
        self.user_agent = user_agent
        self._limiter = limiter
        self._retry = retry or RetryHandler()

    async def exchange(
        self,
        request: Request,
        read: Callable[[Answer], Result],
        *,
        authorize: Authorize | None = None,
    ) -> Result:
        """Return what `read` makes of the answer to `request`.

        `authorize` is only called when a request is really sent. An answer is recorded after `read`
        has accepted it, so a truncated or malformed one is not. Raises `NotFoundError` for 404 and
        410 (which are recorded, too), `NotRecordedError`, `ExchangeError`, and whatever `read`
        raises.
        """
        kept = recording.current()
        answer = kept.find(request) if kept else None
        if answer is not None:
            return _read(request, answer, read)
        credentials = await authorize() if authorize else NO_CREDENTIALS
        answer = await self._retry.execute_with_retry(self._ask, request, credentials)
        if kept is None:
            return _read(request, answer, read)
        if answer.status not in _GONE:
            read(answer)
        return _read(request, kept.add(request, answer, credentials.secrets), read)

    async def _ask(self, request: Request, credentials: Credentials) -> Answer:
        """Send the request once; raises `TransientError` for an error that may pass."""
        httpx = _httpx()
        if self._limiter is not None:
            await self._limiter.acquire(request.host)
        try:
            async with asyncio.timeout(self.timeout):
                return await self._send(request, credentials)
        except TimeoutError:
            raise TransientError(f"{request}: no answer within {self.timeout:g} s") from None
        except (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.TooManyRedirects) as e:
            raise ExchangeError(_failed(request, e, credentials)) from None
        except httpx.TransportError as error:
            kind = TransientError if _may_connect() else ExchangeError
            raise kind(_failed(request, error, credentials)) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ExchangeError(_failed(request, error, credentials)) from None

    async def _send(self, request: Request, credentials: Credentials) -> Answer:
        body = None if request.body is None else json.dumps(request.body).encode()
        headers = {"User-Agent": self.user_agent, **request.headers, **credentials.headers}
        if body is not None:
            headers["Content-Type"] = "application/json"
        # One client for one request: kept connections belong to an event loop, and would have
        # to be closed by the user of a service. The cost is small compared with the rate limit.
        async with (
            _httpx().AsyncClient(
                verify=_tls(),
                timeout=None,
                # A redirect must not take a key to another server, or turn a POST into a GET.
                follow_redirects=request.method == "GET" and credentials == NO_CREDENTIALS,
                max_redirects=MAX_REDIRECTS,
            ) as client,
            client.stream(
                request.method,
                credentials.applied_to(request.url),
                content=body,
                headers=headers,
            ) as response,
        ):
            content = await self._content(request, response)
        return _answer(request, response, content, credentials)

    async def _content(self, request: Request, response: httpx.Response) -> bytes:
        content = bytearray()
        async for piece in response.aiter_bytes():
            content += piece
            if len(content) > self.max_bytes:
                raise ExchangeError(
                    f"{request}: the answer is larger than {self.max_bytes:,} bytes",
                    status=response.status_code,
                )
        return bytes(content)


def _may_connect() -> bool:
    """Return whether this process may make connections, which a script may only if allowed."""
    try:
        socket.socket().close()
    except PermissionError:
        return False
    return True


def _read(request: Request, answer: Answer, read: Callable[[Answer], Result]) -> Result:
    if answer.status in _GONE:
        raise NotFoundError(f"{request}: {_phrase(answer.status)}", status=answer.status)
    return read(answer)


def _answer(
    request: Request, response: httpx.Response, content: bytes, credentials: Credentials
) -> Answer:
    """Return the answer of a successful response, or of a 404 or 410."""
    status = response.status_code
    header = response.headers.get("Content-Type", "")
    content_type = header.partition(";")[0].strip().lower()
    # With secret parameters nothing was redirected, and they must not get into the address.
    url = request.url if credentials.parameters else str(response.url)
    if status in _GONE:
        return Answer.of_text(status, url, content_type, "")
    if 200 <= status < 300:
        try:
            return Answer.of_text(status, url, content_type, decode(content, header))
        except ValueError as error:
            raise ExchangeError(
                f"{request}: the answer ({content_type or 'of no stated type'}) cannot be read:"
                f" {error}",
                status=status,
            ) from None
    raise _refusal(request, response, content, credentials)


def _refusal(
    request: Request, response: httpx.Response, content: bytes, credentials: Credentials
) -> ExchangeError:
    """Return the error for an unsuccessful response."""
    status = response.status_code
    message = f"{request}: {_phrase(status)}"
    if 300 <= status < 400:
        target = urljoin(request.url, response.headers.get("Location", ""))
        target = masked(target, credentials.secrets)
        return ExchangeError(f"{message}, to {excerpt(target)}", status=status)
    preview = excerpt(masked(content.decode("utf-8", errors="replace"), credentials.secrets))
    if preview:
        message += f": {preview}"
    if status in _TRANSIENT or (status >= 500 and status not in _LASTING_SERVER_ERRORS):
        wait = _retry_after(response)
        if wait is not None:
            message += f" (asks to wait {wait:g} s)"
        return TransientError(message, status=status, retry_after=wait)
    hint = "check the key and what it may do" if status in (401, 403) else None
    return ExchangeError(message, status=status, hint=hint)


def _retry_after(response: httpx.Response) -> float | None:
    """Return the seconds of a Retry-After header (RFC 9110, 10.2.3), None without a usable one.

    A moment is compared with the server's own Date: the clock of a migration stands still.
    """
    value = response.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    with contextlib.suppress(ValueError, TypeError):
        moment = parsedate_to_datetime(value)
        wait = (moment - parsedate_to_datetime(response.headers.get("Date", ""))).total_seconds()
        return max(wait, 0.0)
    return None


def _failed(request: Request, error: Exception, credentials: Credentials) -> str:
    reason = masked(str(error), credentials.secrets)
    return excerpt(f"{request}: {type(error).__name__}" + (f": {reason}" if reason else ""), 500)


def _phrase(status: int) -> str:
    try:
        return f"{status} {http.HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _httpx() -> Any:
    try:
        import httpx
    except ImportError:
        raise MissingPackageError("httpx", "scraping") from None
    return httpx


@functools.cache
def _tls() -> ssl.SSLContext:
    """Return the trusted certificates, which take longer to load than a page."""
    context = _httpx().create_ssl_context()
    assert isinstance(context, ssl.SSLContext)
    return context
