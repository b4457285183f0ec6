"""The rate limiter: no server is asked more often than agreed."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable

SECONDS_PER_MINUTE = 60.0

Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[object]]


class RateLimiter:
    """Spaces requests to each domain: so many a second, and so many in any minute.

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
        """Wait for one's turn with `domain`; turns are given in the order of the calls."""
        # The turn is taken before waiting for it, so that no two calls wait for the same one.
        wait = self._take_turn(domain.lower())
        if wait > 0:
            await self._sleep(wait)

    def _take_turn(self, domain: str) -> float:
        """Note the next free moment and return how many seconds it is away."""
        now = self._clock()
        turns = self._turns.setdefault(domain, deque(maxlen=self.requests_per_minute))
        turn = now
        if turns:
            turn = max(turn, turns[-1] + 1 / self.requests_per_second)
        if len(turns) == self.requests_per_minute:
            turn = max(turn, turns[0] + SECONDS_PER_MINUTE)
        turns.append(turn)
        return turn - now
