"""Results kept for a short time in this process, and not at all once anything they rest on has changed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID
from weakref import WeakSet

T = TypeVar("T")

LONGEST_S = 30.0

_every: WeakSet[Kept[Any]] = WeakSet()


def forget(business_id: UUID) -> None:
    """Nothing of the business is kept anywhere: what somebody has just done shows at once."""
    for kept in _every:
        kept.forget(business_id)


@dataclass(slots=True)
class _Entry(Generic[T]):
    pulse: str
    made_at: float
    value: T


class Kept(Generic[T]):
    """Values by business and key. One is made anew when its pulse is another, or after LONGEST_S, whichever is first.

    Of several requests for the same at the same moment, one makes it and the others wait. `forget` is for what a
    person of the business has just done themselves.
    """

    def __init__(
        self, *, longest_s: float = LONGEST_S, most: int = 256, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._longest_s = longest_s
        self._most = most
        self._clock = clock
        self._entries: dict[tuple[UUID, Hashable], _Entry[T]] = {}
        self._making: dict[tuple[UUID, Hashable], asyncio.Lock] = {}
        _every.add(self)

    async def get(self, business_id: UUID, key: Hashable, pulse: str, make: Callable[[], Awaitable[T]]) -> T:
        """The value for this pulse."""
        place = (business_id, key)
        if (found := self._fresh(place, pulse)) is not None:
            return found.value
        lock = self._making.setdefault(place, asyncio.Lock())
        try:
            async with lock:
                if (found := self._fresh(place, pulse)) is not None:
                    return found.value
                value = await make()
                self._keep(place, _Entry(pulse, self._clock(), value))
                return value
        finally:
            if not lock.locked():
                self._making.pop(place, None)

    def forget(self, business_id: UUID) -> None:
        """Nothing of the business is kept."""
        for place in [place for place in self._entries if place[0] == business_id]:
            del self._entries[place]

    def _fresh(self, place: tuple[UUID, Hashable], pulse: str) -> _Entry[T] | None:
        entry = self._entries.get(place)
        if entry is None or entry.pulse != pulse or self._clock() - entry.made_at > self._longest_s:
            return None
        return entry

    def _keep(self, place: tuple[UUID, Hashable], entry: _Entry[T]) -> None:
        self._entries.pop(place, None)
        self._entries[place] = entry
        while len(self._entries) > self._most:
            del self._entries[next(iter(self._entries))]
