"""What a vendor allows is kept: so many requests a second, so many at once, over all transports of a place."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Awaitable, Callable
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.simulators import serving
from tests.vendorkit.toy import NOW, Toy

from bookingbridge.canonical.ports import Budget
from bookingbridge.vendorkit.budget import Purse, Purses
from bookingbridge.vendorkit.http import Transport


class Hours:
    """Time that passes when everybody sleeps. Counts how often somebody went to sleep."""

    def __init__(self) -> None:
        self.now = 100.0
        self.sleeps = 0
        self._asleep: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = count()

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.sleeps += 1
        waking: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._asleep, (self.now + seconds, next(self._numbers), waking))
        await waking

    async def pass_until(self, done: asyncio.Future[list[None]]) -> None:
        """Time passes from one waking to the next until `done` is."""
        while not done.done():
            for _ in range(20):
                await asyncio.sleep(0)
            if self._asleep and not done.done():
                self.now, _, waking = heapq.heappop(self._asleep)
                waking.set_result(None)


def play(acts: Callable[[Hours, Purse], list[Awaitable[None]]], budget: Budget) -> Hours:
    """All acts have run beside each other, in invented time."""
    hours = Hours()

    async def go() -> None:
        purse = Purses(clock=hours.clock, sleep=hours.sleep).of(budget, "toy", "simulator", "A")
        assert purse
        await hours.pass_until(asyncio.gather(*acts(hours, purse)))

    asyncio.run(go())
    return hours


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([0.5, 1.0, 3.0, 10.0]), st.integers(1, 4),
    st.lists(st.tuples(st.floats(0, 3), st.floats(0, 2)), min_size=1, max_size=25),
)  # fmt: skip
def test_no_second_sees_more_requests_than_allowed_and_never_too_many_at_once(
    per_second: float, at_once: int, requests: list[tuple[float, float]]
) -> None:
    begun: list[float] = []
    under_way = most = 0

    def acts(hours: Hours, purse: Purse) -> list[Awaitable[None]]:
        async def request(after: float, takes: float) -> None:
            nonlocal under_way, most
            await hours.sleep(after)
            async with purse.turn():
                begun.append(hours.now)
                under_way += 1
                most = max(most, under_way)
                await hours.sleep(takes)
                under_way -= 1

        return [request(*r) for r in requests]

    play(acts, Budget(per_second, at_once))
    assert len(begun) == len(requests)
    assert most <= at_once
    allowed = max(1, per_second)
    for start in begun:
        assert sum(start <= at < start + 1 - 1e-6 for at in begun) <= allowed


def test_whoever_waits_sleeps_once_and_is_served_in_order() -> None:
    served: list[int] = []

    def acts(hours: Hours, purse: Purse) -> list[Awaitable[None]]:
        async def request(number: int) -> None:
            async with purse.turn():
                served.append(number)

        return [request(n) for n in range(10)]

    hours = play(acts, Budget(5.0, 10))
    assert served == list(range(10))
    assert hours.sleeps == 9
    assert hours.now == pytest.approx(100.0 + 9 / 5)


def test_an_idle_hour_saves_up_no_burst() -> None:
    begun: list[float] = []

    def acts(hours: Hours, purse: Purse) -> list[Awaitable[None]]:
        async def later() -> None:
            await hours.sleep(3600)
            for _ in range(3):
                async with purse.turn():
                    begun.append(hours.now)

        return [later()]

    play(acts, Budget(2.0, 1))
    assert [round(b - begun[0], 3) for b in begun] == [0.0, 0.5, 1.0]


def test_places_have_purses_of_their_own_and_a_vendor_without_a_budget_none() -> None:
    purses = Purses()
    budget = Budget(1.0, 1)
    assert purses.of(None, "toy", "production", "A") is None
    one = purses.of(budget, "toy", "production", "A")
    assert one is purses.of(budget, "toy", "production", "A")
    assert len({id(purses.of(budget, v, e, a)) for v in "xy" for e in ("production", "sandbox") for a in "AB"}) == 8


def test_all_transports_of_a_place_spend_from_one_purse_and_leave_alone_who_asked_for_patience() -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(round(seconds, 2))

    def transport(purse: Purse | None) -> Transport:
        return Transport(
            allowed_hosts=frozenset(), allow_loopback=True, now=lambda: NOW, purse=purse, sleep=_no_time, tries=1
        )

    async def go(url: str, toy: Toy) -> None:
        purses = Purses(clock=lambda: 100.0, sleep=sleep)
        budget = Budget(2.0, 2)
        async with transport(purses.of(budget, "a")) as one, transport(purses.of(budget, "a")) as two:
            await one.send("GET", f"{url}/numbers")
            await two.send("GET", f"{url}/numbers")
            await one.send("GET", f"{url}/numbers")
            assert slept == [0.5, 1.0]
            async with transport(purses.of(budget, "b")) as other, transport(None) as free:
                await other.send("GET", f"{url}/numbers")
                await free.send("GET", f"{url}/numbers")
            assert slept == [0.5, 1.0]
            purse = purses.of(budget, "a")
            assert purse
            purse.hold(30)
            await two.send("GET", f"{url}/numbers")
            assert slept[2:] == [30.0]

    toy = Toy()
    with serving(toy.app()) as url:
        asyncio.run(go(url, toy))


async def _no_time(seconds: float) -> None:
    return None
