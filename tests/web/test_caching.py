"""A kept value is never older than the last change, never older than its longest life, and made once for many."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from bookingbridge.web.caching import Kept

ONE, OTHER = UUID(int=1), UUID(int=2)


class Maker:
    """Counts what it makes; its clock is set by hand."""

    def __init__(self) -> None:
        self.made = 0
        self.now = 0.0
        self.kept: Kept[int] = Kept(longest_s=30, most=3, clock=lambda: self.now)

    async def make(self) -> int:
        self.made += 1
        await asyncio.sleep(0)
        return self.made

    def get(self, key: str = "k", pulse: str = "1", business: UUID = ONE) -> int:
        return asyncio.run(self.kept.get(business, key, pulse, self.make))


def test_it_is_kept_while_nothing_changes_and_made_anew_with_another_pulse() -> None:
    maker = Maker()
    assert [maker.get(), maker.get(), maker.get(pulse="2"), maker.get(pulse="2")] == [1, 1, 2, 2]


def test_it_is_made_anew_after_its_longest_life() -> None:
    maker = Maker()
    maker.get()
    maker.now = 30.0
    assert maker.get() == 1
    maker.now = 30.1
    assert maker.get() == 2


def test_businesses_and_keys_are_apart_and_one_is_forgotten_alone() -> None:
    maker = Maker()
    assert [maker.get("a"), maker.get("b"), maker.get("a", business=OTHER)] == [1, 2, 3]
    maker.kept.forget(ONE)
    assert [maker.get("a", business=OTHER), maker.get("a")] == [3, 4]


def test_only_so_many_are_kept() -> None:
    maker = Maker()
    for key in "abcd":
        maker.get(key)
    assert maker.get("d") == 4
    assert maker.get("a") == 5


def test_of_many_who_ask_at_once_one_makes_it() -> None:
    maker = Maker()

    async def ask() -> list[int]:
        return list(await asyncio.gather(*(maker.kept.get(ONE, "k", "1", maker.make) for _ in range(20))))

    assert asyncio.run(ask()) == [1] * 20
    assert maker.made == 1


def test_a_failure_is_everybodys_own_and_nothing_is_kept_of_it() -> None:
    maker = Maker()

    async def fail() -> int:
        raise RuntimeError("broken")

    async def ask(act: Callable[[], Awaitable[int]]) -> int:
        return await maker.kept.get(ONE, "k", "1", act)

    with pytest.raises(RuntimeError, match="broken"):
        asyncio.run(ask(fail))
    assert asyncio.run(ask(maker.make)) == 1
