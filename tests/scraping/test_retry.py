"""What is tried again, how often, and how long later."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from manual_clock import ManualClock

from nes_tasks.scraping import RetryHandler
from nes_tasks.scraping.errors import ExchangeError, TransientError


class Flaky:
    """Raises the errors one by one, then returns its arguments."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls = 0

    async def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return args, kwargs


def test_what_succeeds_is_called_once(retry: RetryHandler, clock: ManualClock) -> None:
    function = Flaky()
    assert asyncio.run(retry.execute_with_retry(function, 1, key=2)) == ((1,), {"key": 2})
    assert (function.calls, clock.slept) == (1, [])


def test_a_plain_function_may_be_retried_too(retry: RetryHandler, clock: ManualClock) -> None:
    results = iter([OSError("gone"), "back"])

    def function() -> str:
        result = next(results)
        if isinstance(result, OSError):
            raise result
        return result

    assert asyncio.run(retry.execute_with_retry(function)) == "back"
    assert clock.slept == [1]


def test_each_wait_is_twice_as_long(retry: RetryHandler, clock: ManualClock) -> None:
    function = Flaky(OSError(), TimeoutError(), ValueError())
    asyncio.run(retry.execute_with_retry(function))
    assert (function.calls, clock.slept) == (4, [1, 2, 4])


def test_the_last_error_is_raised_after_all_retries(clock: ManualClock) -> None:
    retry = RetryHandler(max_retries=2, sleep=clock.sleep)
    function = Flaky(OSError("1"), OSError("2"), OSError("3"), OSError("4"))
    with pytest.raises(OSError, match="3"):
        asyncio.run(retry.execute_with_retry(function))
    assert function.calls == 3


def test_no_wait_is_longer_than_the_maximum() -> None:
    retry = RetryHandler(base_delay=1, max_delay=10)
    assert [retry.calculate_delay(n) for n in range(6)] == [1, 2, 4, 8, 10, 10]
    assert retry.calculate_delay(10_000) == 10


def test_a_server_that_names_a_wait_gets_it(retry: RetryHandler, clock: ManualClock) -> None:
    asyncio.run(retry.execute_with_retry(Flaky(TransientError("busy", retry_after=7))))
    assert clock.slept == [7]


def test_a_named_wait_does_not_shorten_ours(clock: ManualClock) -> None:
    retry = RetryHandler(base_delay=5, sleep=clock.sleep)
    asyncio.run(retry.execute_with_retry(Flaky(TransientError("busy", retry_after=0))))
    assert clock.slept == [5]


def test_a_server_that_wants_more_than_the_maximum_is_not_asked_again(
    retry: RetryHandler, clock: ManualClock
) -> None:
    function = Flaky(TransientError("busy", retry_after=3600))
    with pytest.raises(TransientError):
        asyncio.run(retry.execute_with_retry(function))
    assert (function.calls, clock.slept) == (1, [])


def test_what_will_not_go_away_is_not_tried_again(retry: RetryHandler) -> None:
    function = Flaky(ExchangeError("403"))
    with pytest.raises(ExchangeError):
        asyncio.run(retry.execute_with_retry(function))
    assert function.calls == 1


def test_a_cancelled_call_stays_cancelled(retry: RetryHandler) -> None:
    calls = []

    async def cancelled() -> None:
        calls.append(1)
        raise asyncio.CancelledError

    async def run() -> None:
        await retry.execute_with_retry(cancelled)

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(run())
    assert len(calls) == 1


@pytest.mark.parametrize("options", [{"max_retries": -1}, {"base_delay": -1}, {"max_delay": -1}])
def test_negative_numbers_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="negative"):
        RetryHandler(**options)
