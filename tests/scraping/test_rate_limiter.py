"""How often a server is asked, counted on a clock of the test's own."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from manual_clock import ManualClock

from nes_tasks.scraping import RateLimiter


def turns(limiter: RateLimiter, clock: ManualClock, domains: list[str]) -> list[float]:
    """Return when each of the calls got its turn, in seconds from the start."""
    start = clock.now

    async def take() -> list[float]:
        found = []
        for domain in domains:
            await limiter.acquire(domain)
            found.append(clock.now - start)
        return found

    return asyncio.run(take())


def limiter(clock: ManualClock, per_second: float, per_minute: int) -> RateLimiter:
    return RateLimiter(per_second, per_minute, clock=clock, sleep=clock.sleep)


def test_the_first_request_does_not_wait(clock: ManualClock) -> None:
    assert turns(limiter(clock, 1, 30), clock, ["a.np"]) == [0]
    assert clock.slept == []


def test_requests_to_one_server_are_spaced(clock: ManualClock) -> None:
    assert turns(limiter(clock, 2, 30), clock, ["a.np"] * 4) == [0, 0.5, 1, 1.5]


def test_servers_do_not_wait_for_each_other_and_case_does_not_make_another(
    clock: ManualClock,
) -> None:
    assert turns(limiter(clock, 1, 30), clock, ["a.np", "b.np", "A.np"]) == [0, 0, 1]


def test_no_minute_has_more_requests_than_allowed(clock: ManualClock) -> None:
    found = turns(limiter(clock, 10, 3), clock, ["a.np"] * 10)
    assert found[3] == 60
    assert all(later - earlier > 59.999 for earlier, later in zip(found, found[3:], strict=False))


def test_time_that_passes_by_itself_counts(clock: ManualClock) -> None:
    rate = limiter(clock, 1, 30)
    turns(rate, clock, ["a.np"])
    clock.now += 5
    assert turns(rate, clock, ["a.np"]) == [0]


def test_calls_at_the_same_time_get_turns_of_their_own(clock: ManualClock) -> None:
    rate = RateLimiter(1, 30, clock=lambda: 0.0, sleep=clock.sleep)

    async def together() -> None:
        await asyncio.gather(*(rate.acquire("a.np") for _ in range(4)))

    asyncio.run(together())
    assert sorted(clock.slept) == [1, 2, 3]


def test_a_call_that_is_given_up_does_not_let_two_others_run_at_once(clock: ManualClock) -> None:
    rate = RateLimiter(1, 30, clock=lambda: 0.0, sleep=lambda _: asyncio.Event().wait())

    async def give_up() -> None:
        await rate.acquire("a.np")
        waiting = asyncio.create_task(rate.acquire("a.np"))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)

    asyncio.run(give_up())
    rate._sleep = clock.sleep
    asyncio.run(rate.acquire("a.np"))
    assert clock.slept == [2]


def test_defaults_are_one_a_second_and_thirty_a_minute(clock: ManualClock) -> None:
    rate = RateLimiter(clock=clock, sleep=clock.sleep)
    found = turns(rate, clock, ["a.np"] * 31)
    assert found[:30] == list(range(30))
    assert found[30] == 60
    assert all(later > earlier for earlier, later in pairwise(found))


@pytest.mark.parametrize(("per_second", "per_minute"), [(0, 30), (-1, 30), (1, 0)])
def test_a_limiter_that_lets_nothing_pass_is_refused(per_second: float, per_minute: int) -> None:
    with pytest.raises(ValueError, match="let some requests pass"):
        RateLimiter(per_second, per_minute)
