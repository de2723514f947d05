"""Webhooks of a simulated vendor: really posted, retried, doubled, shuffled or held back as ordered."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx2

WORKERS = 4
PATIENCE = 10.0
"""Seconds the receiver has to answer (Square and most others name ten)."""

RetryHeaders = Callable[[int, str], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One webhook, already signed. `id` is the vendor's own id of the event."""

    id: str
    url: str
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Try:
    outgoing: Outgoing
    number: int = 0
    reason: str = ""


@dataclass(slots=True)
class Manners:
    """How deliveries behave. Change it while the server runs."""

    is_paused: bool = False
    duplicates: int = 0
    is_shuffled: bool = False
    delay: float = 0.0


@dataclass(slots=True)
class Deliveries:
    """The queue of webhooks and those who carry them. `retries` are seconds between tries, far shorter than in life."""

    retry_headers: RetryHeaders = lambda number, reason: {}
    retries: Sequence[float] = (0.5, 1, 2, 4, 8, 15, 30, 60)
    manners: Manners = field(default_factory=Manners)
    log: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=500))
    delivered: int = 0
    given_up: int = 0
    under_way: int = 0
    _era: int = 0
    _waiting: list[_Try] = field(default_factory=list)
    _wake: asyncio.Event | None = None
    _client: httpx2.AsyncClient | None = None
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _random: random.Random = field(default_factory=lambda: random.Random(7))  # noqa: S311 - only shuffles

    def send(self, outgoing: Outgoing) -> None:
        """It will be delivered, as often as the manners say."""
        for _ in range(1 + self.manners.duplicates):
            self._later(_Try(outgoing), self.manners.delay)

    def order(self, wanted: Mapping[str, Any]) -> None:
        """The manners are as `wanted` says: is_paused, duplicates, is_shuffled, delay (seconds)."""
        for name in ("is_paused", "is_shuffled"):
            if name in wanted:
                setattr(self.manners, name, bool(wanted[name]))
        self.manners.duplicates = max(0, min(50, int(wanted.get("duplicates", self.manners.duplicates))))
        self.manners.delay = max(0.0, min(3600.0, float(wanted.get("delay", self.manners.delay))))
        self._nudge()

    def forget(self) -> None:
        """Nothing waits and nothing was ever sent; the manners are good again."""
        self._waiting.clear()
        self.log.clear()
        self.manners = Manners()
        self.delivered = self.given_up = 0
        self._era += 1

    def to_json(self) -> dict[str, Any]:
        return {
            "is_paused": self.manners.is_paused,
            "duplicates": self.manners.duplicates,
            "is_shuffled": self.manners.is_shuffled,
            "delay": self.manners.delay,
            "waiting": len(self._waiting) + self.under_way,
            "delivered": self.delivered,
            "given_up": self.given_up,
            "log": list(self.log)[-50:],
        }

    async def start(self) -> None:
        """Deliveries run from here on."""
        self._wake = asyncio.Event()
        self._tasks = [asyncio.create_task(self._carry()) for _ in range(WORKERS)]
        self._nudge()

    async def stop(self) -> None:
        """Nothing is delivered any more; what waited is lost, like in a vendor's outage."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _carry(self) -> None:
        while True:
            attempt = await self._next()
            if self._client is None:  # made late: reading certificate authorities would slow every start
                self._client = httpx2.AsyncClient(timeout=PATIENCE, trust_env=False, follow_redirects=False)
            await self._deliver(self._client, attempt)

    async def _next(self) -> _Try:
        wake = self._wake
        if wake is None:
            raise RuntimeError("deliveries are not started")
        while True:
            if self._waiting and not self.manners.is_paused:
                if not self.manners.is_shuffled:
                    return self._waiting.pop(0)
                await asyncio.sleep(0.2)  # so that there is something to shuffle
                if self._waiting and not self.manners.is_paused:
                    return self._waiting.pop(self._random.randrange(len(self._waiting)))
            wake.clear()
            await wake.wait()

    async def _deliver(self, client: httpx2.AsyncClient, attempt: _Try) -> None:
        self.under_way += 1
        try:
            reason = await self._post(client, attempt)
        finally:
            self.under_way -= 1
        if not reason:
            self.delivered += 1
        elif attempt.number < len(self.retries):
            self._later(_Try(attempt.outgoing, attempt.number + 1, reason), self.retries[attempt.number])
        else:
            self.given_up += 1

    async def _post(self, client: httpx2.AsyncClient, attempt: _Try) -> str:
        """Why it was not accepted; empty when it was."""
        extra = self.retry_headers(attempt.number, attempt.reason) if attempt.number else {}
        status, reason = 0, ""
        try:
            headers = {**attempt.outgoing.headers, **extra}
            answer = await client.post(attempt.outgoing.url, content=attempt.outgoing.body, headers=headers)
            status = answer.status_code
            reason = "" if answer.is_success else "http_error"
        except httpx2.TimeoutException:
            reason = "http_timeout"
        except (httpx2.HTTPError, httpx2.InvalidURL):
            reason = "other_error"
        self.log.append({"id": attempt.outgoing.id, "try": attempt.number, "status": status, "reason": reason})
        return reason

    def _later(self, attempt: _Try, seconds: float) -> None:
        if seconds <= 0:
            self._waiting.append(attempt)
            self._nudge()
        else:
            asyncio.get_running_loop().call_later(seconds, self._now_due, attempt, self._era)

    def _now_due(self, attempt: _Try, era: int) -> None:
        if era == self._era:
            self._later(attempt, 0)

    def _nudge(self) -> None:
        if self._wake is not None:
            self._wake.set()
