"""Answers that are remembered: fresh ones without asking, old ones when nobody answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from bookingbridge.canonical.errors import Unreachable
from bookingbridge.infra.clock import FixedClock
from bookingbridge.infra.remembered import Remembered

FRESH, ABSENT = timedelta(seconds=10), timedelta(seconds=2)


class Book:
    """Knows what is written in it, counts how often it is asked, and may be slow or shut."""

    def __init__(self) -> None:
        self.clock = FixedClock(datetime(2026, 6, 1, tzinfo=UTC))
        self.pages: dict[str, str] = {}
        self.asked: list[str] = []
        self.is_shut = False
        self.slow_s = 0.0
        self.memory: Remembered[str] = Remembered(self.look_up, self.clock.now, fresh=FRESH, absent=ABSENT, most=3)

    async def look_up(self, key: str) -> str | None:
        self.asked.append(key)
        await asyncio.sleep(self.slow_s)
        if self.is_shut:
            raise OSError("shut")
        return self.pages.get(key)


def told(story: Callable[[Book], Awaitable[None]]) -> None:
    async def main() -> None:
        await story(Book())

    asyncio.run(asyncio.wait_for(main(), 20))


def test_a_fresh_answer_is_not_asked_for_again_and_an_old_one_is() -> None:
    async def story(book: Book) -> None:
        book.pages["a"] = "one"
        assert [await book.memory.get("a"), await book.memory.get("a")] == ["one", "one"]
        book.pages["a"] = "two"
        book.clock.move(FRESH)
        assert book.memory.at_hand("a", book.clock.now()) is None
        assert await book.memory.get("a") == "two"
        assert book.asked == ["a", "a"]

    told(story)


def test_an_absence_is_remembered_for_a_shorter_while() -> None:
    async def story(book: Book) -> None:
        assert [await book.memory.get("a"), await book.memory.get("a")] == [None, None]
        book.pages["a"] = "one"
        book.clock.move(ABSENT)
        assert await book.memory.get("a") == "one"
        assert book.asked == ["a", "a"]

    told(story)


def test_many_who_ask_at_once_share_one_question() -> None:
    async def story(book: Book) -> None:
        book.pages["a"], book.slow_s = "one", 0.05
        assert await asyncio.gather(*(book.memory.get("a") for _ in range(20))) == ["one"] * 20
        assert book.asked == ["a"]

    told(story)


def test_what_was_known_is_used_while_nobody_answers() -> None:
    async def story(book: Book) -> None:
        book.pages["a"] = "one"
        await book.memory.get("a")
        book.clock.move(FRESH)
        book.is_shut = True
        assert await book.memory.get("a") == "one"
        book.slow_s = 5
        assert await asyncio.wait_for(book.memory.get("a"), 1) == "one"
        book.slow_s = 0
        with pytest.raises(Unreachable):
            await book.memory.get("b")

    told(story)


def test_made_up_keys_do_not_push_out_real_ones() -> None:
    async def story(book: Book) -> None:
        book.pages["a"] = "one"
        await book.memory.get("a")
        for n in range(50):
            await book.memory.get(f"made-up-{n}")
        book.asked.clear()
        assert await book.memory.get("a") == "one"
        assert book.asked == []

    told(story)


def test_what_was_forgotten_is_asked_for() -> None:
    async def story(book: Book) -> None:
        assert await book.memory.get("a") is None
        book.pages["a"] = "one"
        book.memory.forget("a")
        assert await book.memory.get("a") == "one"

    told(story)


def test_somebody_who_stops_waiting_does_not_stop_the_question() -> None:
    async def story(book: Book) -> None:
        book.pages["a"], book.slow_s = "one", 0.1
        impatient = asyncio.create_task(book.memory.get("a"))
        patient = asyncio.create_task(book.memory.get("a"))
        await asyncio.sleep(0.01)
        impatient.cancel()
        assert await patient == "one"
        assert book.asked == ["a"]

    told(story)
