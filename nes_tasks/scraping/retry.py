"""Retries: what failed for the moment is tried again, later each time."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

from ..errors import NesTasksError
from .errors import TransientError
from .rate_limiter import Sleep


class RetryHandler:
    """Calls again what fails: `max_retries` times more, after `base_delay`·2ⁿ seconds each.

    No wait is longer than `max_delay` seconds. A server that asks for a longer one
    (Retry-After) is not asked again, since an earlier try is what it does not want.
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

        Every exception is tried again but the errors of this package that will not go away.
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
        """Return the seconds until the next attempt, None when there is to be none."""
        lasting = isinstance(error, NesTasksError) and not isinstance(error, TransientError)
        if lasting or attempt >= self.max_retries:
            return None
        delay = self.calculate_delay(attempt)
        asked_for = error.retry_after if isinstance(error, TransientError) else None
        if asked_for is None or asked_for <= delay:
            return delay
        return asked_for if asked_for <= self.max_delay else None
