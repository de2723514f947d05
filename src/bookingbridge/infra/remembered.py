"""Answers to questions asked thousands of times a second, remembered for a short while.

A key that leads nowhere is remembered too, apart from the others, so that made-up keys neither reach the database each
time nor push real ones out. While an answer cannot be had, the last one is still used.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from bookingbridge.canonical.errors import Unreachable
from bookingbridge.infra import log

_log = log.get(__name__)

_PATIENCE_S = 3.0
_PATIENCE_WITH_OLD_S = 0.1
"""Where an old answer is at hand, people behind a redirect wait no longer than this for a new one."""

Found = TypeVar("Found")
Value = TypeVar("Value")


@dataclass(slots=True)
class _Memory(Generic[Found]):
    value: Found
    at: datetime


class Remembered(Generic[Found]):
    """Answers of `find` by key. One question per key is on its way at a time, however many ask."""

    def __init__(
        self,
        find: Callable[[str], Awaitable[Found | None]],
        now: Callable[[], datetime],
        *,
        fresh: timedelta,
        absent: timedelta,
        most: int = 20_000,
    ) -> None:
        self._find = find
        self._now = now
        self._fresh = fresh
        self._absent = absent
        self._most = most
        self._known: OrderedDict[str, _Memory[Found]] = OrderedDict()
        self._absentees: OrderedDict[str, datetime] = OrderedDict()
        self._asking: dict[str, asyncio.Task[Found | None]] = {}

    def at_hand(self, key: str, now: datetime) -> Found | None:
        """What is known of the key without waiting and is fresh enough; None says nothing."""
        memory = self._known.get(key)
        return memory.value if memory is not None and now - memory.at < self._fresh else None

    async def get(self, key: str) -> Found | None:
        """What the key leads to; None where it leads nowhere. Raises Unreachable where that cannot be found out."""
        now = self._now()
        if (found := self.at_hand(key, now)) is not None:
            return found
        absent_since = self._absentees.get(key)
        if absent_since is not None and now - absent_since < self._absent:
            return None
        task = self._asking.get(key)
        if task is None:
            task = self._asking[key] = asyncio.create_task(self._ask(key))
            task.add_done_callback(lambda done: self._asked(key, done))
        memory = self._known.get(key)
        if memory is None:
            return await asyncio.shield(task)
        done, _ = await asyncio.wait({task}, timeout=_PATIENCE_WITH_OLD_S)
        return task.result() if done else memory.value

    def forget(self, key: str) -> None:
        """The next question about the key goes to the database."""
        self._known.pop(key, None)
        self._absentees.pop(key, None)

    def _asked(self, key: str, task: asyncio.Task[Found | None]) -> None:
        self._asking.pop(key, None)
        # Whoever asked may be gone; an exception nobody fetches is not worth a warning.
        if not task.cancelled():
            task.exception()

    async def _ask(self, key: str) -> Found | None:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                found = await self._find(key)
        except Exception as why:
            if (memory := self._known.get(key)) is not None:
                return memory.value
            _log.warning("not found out", why=type(why).__name__)
            raise Unreachable("the database cannot be reached; try again", code="database_lost") from why
        if found is None:
            self._known.pop(key, None)
            _remember(self._absentees, key, self._now(), self._most)
        else:
            self._absentees.pop(key, None)
            _remember(self._known, key, _Memory(found, self._now()), self._most)
        return found


def _remember(memory: OrderedDict[str, Value], key: str, value: Value, most: int) -> None:
    memory[key] = value
    memory.move_to_end(key)
    if len(memory) > most:
        memory.popitem(last=False)
