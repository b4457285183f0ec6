"""A clock for tests: waits take no time and are noted."""

from __future__ import annotations


class ManualClock:
    """A clock that only sleeping moves on; it notes how long each sleep was."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
