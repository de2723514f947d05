"""What a vendor allows is kept before the vendor must say so: requests per second, and requests at once.

One process's transports share a purse per place, so that runs, webhooks and pages together keep within it.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager

from bookingbridge.canonical.ports import Budget

KEPT = 10_000
"""How many places are remembered; the one that was asked for longest ago is forgotten first."""

LONGEST_HOLD_S = 60.0


class Purse:
    """Requests to one place, evenly spaced: a bucket that holds one token, so no second ever sees more than allowed.

    Whoever comes is given the next free moment and sleeps until then, once: first come, first served.
    """

    def __init__(
        self, budget: Budget, *, clock: Callable[[], float], sleep: Callable[[float], Awaitable[None]]
    ) -> None:
        self._between = 1.0 / budget.per_second
        self._gate = asyncio.Semaphore(max(1, budget.at_once))
        self._clock = clock
        self._sleep = sleep
        self._next = clock()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Within the block one request may be on its way."""
        async with self._gate:
            now = self._clock()
            at = max(now, self._next)
            self._next = at + self._between
            if at > now:
                await self._sleep(at - now)
            yield

    def hold(self, seconds: float) -> None:
        """The vendor asked for patience: nobody's turn comes before so many seconds have passed (a minute at most)."""
        self._next = max(self._next, self._clock() + min(seconds, LONGEST_HOLD_S))


class Purses:
    """The purses of this process, one for each (vendor, environment, host or account)."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._purses: OrderedDict[Hashable, Purse] = OrderedDict()

    def of(self, budget: Budget | None, *place: Hashable) -> Purse | None:
        """The place's purse; None for a vendor that names no budget."""
        if budget is None:
            return None
        purse = self._purses.pop(place, None) or Purse(budget, clock=self._clock, sleep=self._sleep)
        self._purses[place] = purse
        while len(self._purses) > KEPT:
            self._purses.popitem(last=False)
        return purse
