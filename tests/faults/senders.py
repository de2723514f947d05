"""Those who send to an installation whatever happens to it: browsers with touches, and a vendor with webhooks."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx2
import msgspec
from tests.sync.line import sim
from tests.sync.open_house import event, signed

from bookingbridge.main.demo import worlds

_PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Mobile/15E148 Safari"


class Sender(ABC):
    """Sends one thing after another, each until it is accepted, and notes the answers."""

    def __init__(self, pause: float) -> None:
        self.statuses: set[int] = set()
        self._pause = pause
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Sender:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """What was begun is sent until it is accepted."""
        self._is_over.set()
        self._thread.join(60)
        assert not self._thread.is_alive()

    @abstractmethod
    def send_one(self, http: httpx2.Client) -> None:
        """One more thing was made, and accepted."""

    def insist(self, http: httpx2.Client, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        """The receiver has said that it has it. No answer at all counts as status 0."""
        while True:
            try:
                status = http.post(url, content=body, headers=dict(headers)).status_code
            except httpx2.HTTPError:
                status = 0
            self.statuses.add(status)
            if 200 <= status < 300:
                return
            self._is_over.wait(0.1)

    def _run(self) -> None:
        with httpx2.Client(timeout=20, trust_env=False) as http:
            while not self._is_over.wait(self._pause):
                self.send_one(http)


class Browsers(Sender):
    """People who click; `acknowledged` are the touches that the collector said it has."""

    def __init__(self, web: str, site: str) -> None:
        super().__init__(pause=0.04)
        self.acknowledged: list[UUID] = []
        self._web = web
        self._site = site

    def send_one(self, http: httpx2.Client) -> None:
        touch = uuid4()
        seen = {"id": str(touch), "kind": "visit", "consent": "granted", "url": "https://shop.example.com/?gclid=x1"}
        headers = {
            "user-agent": _PHONE, "content-type": "application/json",
            "x-forwarded-for": f"198.51.100.{len(self.acknowledged) % 250}",
        }  # fmt: skip
        self.insist(http, f"{self._web}/t", msgspec.json.encode({"site": self._site, "events": [seen]}), headers)
        self.acknowledged.append(touch)


@dataclass(slots=True)
class Told:
    """A booking as the vendor has it now."""

    status: str
    note: str


class Merchant(Sender):
    """Somebody who works in Square: bookings are changed and made, and Square tells of each change."""

    _STATES = ("ACCEPTED", "CANCELLED_BY_SELLER", "ACCEPTED", "NO_SHOW")

    def __init__(self, square: str, hook: str, rows: list[dict[str, Any]]) -> None:
        super().__init__(pause=0.15)
        self.acknowledged: list[str] = []
        self.now: dict[str, Told] = {}
        self._square = square
        self._hook = hook
        self._rows = rows

    def send_one(self, http: httpx2.Client) -> None:
        number = len(self.acknowledged)
        row, version = self._rows[number % len(self._rows)], number + 1
        is_new = number % 5 == 0
        changed = row | {
            "id": f"{row['id']}N{number}" if is_new else row["id"], "version": version,
            "status": self._STATES[number % 4], "customer_note": f"as of {number}",
        }  # fmt: skip
        sim(self._square, "POST", "/_sim/world", {"bookings": [changed]})
        self.now[changed["id"]] = Told(changed["status"], changed["customer_note"])
        name = f"merchant-{number}"
        kind = "booking.created" if is_new else "booking.updated"
        body = event(kind, f"{changed['id']}:{version}", merchant=worlds.MERCHANT, event_id=name)
        self.insist(http, self._hook, body, signed(self._hook, body))
        self.acknowledged.append(name)
