"""The story from an ad click to a paid visit, walked over HTTP, each step checked."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx2

from bookingbridge.canonical.errors import BridgeError, Rejected
from bookingbridge.canonical.times import text
from bookingbridge.main.demo import filling, names
from bookingbridge.main.demo.door import Browser
from bookingbridge.main.demo.world import make

PHONE = {
    "User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/19.1 Mobile/15E148 Safari/604.1"
}
DESK = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36"
}
"""What a visitor's browser says of itself: programs that say they are programs are not counted as visitors."""

VISIBLE_WITHIN_S = 5.0
CAMPAIGN = names.CAMPAIGNS[0]


@dataclass(slots=True)
class Result:
    """What happened: (step, seconds, what was seen or why it failed), and the visit's journey."""

    steps: list[tuple[str, float, str, bool]] = field(default_factory=list)
    journey: dict[str, Any] | None = None

    @property
    def is_whole(self) -> bool:
        return self.journey is not None and all(ok for *_, ok in self.steps)

    def as_json(self) -> dict[str, Any]:
        steps = [{"step": s, "seconds": round(t, 2), "seen": seen, "ok": ok} for s, t, seen, ok in self.steps]
        return {"ok": self.is_whole, "steps": steps, "journey": self.journey}


def walk(web: str, simulators: str, owner_token: str | None, *, say: Callable[[str], None]) -> Result:
    """The story's result; steps after one that failed are not tried."""
    result = Result()
    with Browser(web) as owner, httpx2.Client(timeout=20, trust_env=False, headers=PHONE) as visitor:
        tale = _Tale(web, simulators, owner_token or "", owner, visitor, result)
        for name, act in tale.steps():
            began = time.monotonic()
            try:
                seen, ok = act(), True
            except (BridgeError, httpx2.HTTPError, KeyError, AssertionError) as failed:
                seen, ok = f"{type(failed).__name__}: {failed}", False
            took = time.monotonic() - began
            result.steps.append((name, took, seen, ok))
            say(f"{'✓' if ok else '✗'} {name}: {seen} ({took:.1f} s)")
            if not ok:
                break
    return result


class _Tale:
    """The story's people and what each step leaves for the next."""

    def __init__(
        self, web: str, simulators: str, token: str, owner: Browser, visitor: httpx2.Client, result: Result
    ) -> None:
        self._web = web
        self._simulators = simulators
        self._owner_token = token
        self._owner = owner
        self._visitor = visitor
        self._result = result
        self._site: dict[str, Any] = {}
        self._token = ""
        self._remote_booking = ""
        self._email = f"walker{datetime.now(UTC):%H%M%S}@example.com"
        self._paid_at = 0.0
        self._link = ""
        self._known: set[str] = set()

    def steps(self) -> list[tuple[str, Callable[[], str]]]:
        return [
            ("the simulated vendors have a small history", self._fill),
            ("the owner signs up by the one-time link", self._sign_up),
            ("Square is connected on its consent page", self._connect_square),
            ("Meta Ads and Google Ads are connected", self._connect_ads),
            ("the website has its script and the ad its tagged link", self._publish),
            ("a visitor clicks the ad", self._click),
            ("the visitor's browser reports the visit", self._report),
            ("the visitor books on the shop's website", self._book),
            ("the visitor pays at Square", self._pay),
            (f"within {VISIBLE_WITHIN_S:.0f} seconds the visit counts", self._see),
            ("every model credits the campaign, to the cent", self._judge),
            ("the webhooks were kept and worked on", self._webhooks),
        ]

    def _fill(self) -> str:
        world = make(datetime.now(UTC), days=20, seed=11)
        filling.load_vendors(self._simulators, world)
        return f"{len(world.visits)} bookings, {len(world.people)} clients, {len(world.ad_days)} campaign days"

    def _sign_up(self) -> str:
        return f"business {filling.found(self._owner, self._owner_token)}"

    def _connect_square(self) -> str:
        seen: list[int] = []

        def watch(run: dict[str, Any]) -> None:
            seen.append(sum(s.get("seen", 0) for s in run["streams"].values()))

        done = filling.await_run(self._owner, filling.connect(self._owner, "square"), watch=watch)
        filling.subscribe(self._owner, self._simulators)
        counts = ", ".join(f"{s['new']} {s['title'].lower()}" for s in done["streams"].values() if s["new"])
        return f"imported {counts}; progress seen {len(set(seen))} times"

    def _connect_ads(self) -> str:
        runs = [filling.connect(self._owner, vendor) for vendor in ("meta_ads", "google_ads")]
        days = sum(filling.await_run(self._owner, run)["streams"]["ad_days"]["new"] for run in runs)
        return f"{days} campaign days with spend"

    def _publish(self) -> str:
        self._site = filling.the_site(self._owner, self._simulators)
        filling.set_up_shop(self._web, self._simulators, self._site["key"])
        links = self._owner.api("GET", "/publishing/links")
        self._link = next(k["url"] for k in links if k["campaign"] == CAMPAIGN[0])
        return self._link

    def _click(self) -> str:
        answer = self._visitor.get(self._link)
        target = answer.headers.get("location", "")
        query = parse_qs(urlsplit(target).query)
        self._token = query.get("bb", [""])[0]
        if answer.status_code not in (302, 303, 307) or not self._token:
            raise Rejected(f"the link answered {answer.status_code} and led to {target!r}")
        self._landing = target
        return f"led to {target}"

    def _report(self) -> str:
        event = {
            "id": str(uuid4()), "kind": "visit", "at": text(datetime.now(UTC)), "visitor": self._token,
            "url": self._landing, "referrer": "https://www.google.com/", "consent": "not-required",
        }  # fmt: skip
        answer = self._visitor.post(f"{self._web}/t", json={"site": self._site["key"], "events": [event]})
        accepted = answer.json().get("accepted")
        if answer.status_code != 202 or accepted != 1:
            raise Rejected(f"the collector answered {answer.status_code} {answer.text[:200]}")
        return "accepted, so it is stored"

    def _book(self) -> str:
        with Browser(f"{self._simulators}/shop/") as shop:
            page = shop.get("book")
            booked = shop.fill(
                page,
                {"name": "Wanda Walker", "email": self._email, "phone": "+1 206 555 0142", "bb_token": self._token},
                with_field="bb_token",
            )
        self._remote_booking = booked.text.split('data-id="', 1)[1].split('"', 1)[0]
        return f"booking {self._remote_booking}"

    def _pay(self) -> str:
        self._known = {v["booking"] for v in self._owner.api("GET", "/analytics/visits?limit=200")}
        with Browser(f"{self._simulators}/square/") as square:
            page = square.get(f"{self._simulators}/square/pay/{self._remote_booking}")
            square.fill(page, {"tip": "20"}, with_field="tip")
        self._paid_at = time.monotonic()
        return "paid with a tip of 20 %"

    def _see(self) -> str:
        while time.monotonic() - self._paid_at < VISIBLE_WITHIN_S:
            for visit in self._owner.api("GET", "/analytics/visits?limit=50"):
                if visit["booking"] in self._known:
                    continue
                journey = self._owner.api("GET", f"/analytics/journeys/{visit['booking']}")
                if self._token in str(journey["identity"]):
                    self._result.journey = journey
                    return f"{time.monotonic() - self._paid_at:.2f} s after the payment"
            time.sleep(0.1)
        raise Rejected("the visit does not count yet")

    def _judge(self) -> str:
        journey = self._result.journey
        assert journey is not None
        # The click and the visit it led to are one session: they may be told apart, but not credit another campaign.
        others = {t["campaign"] for t in journey["touches"]} - {CAMPAIGN[2]}
        assert not others, f"credited beside it: {others}"
        for model in journey["touches"][0]["minor"]:
            total = sum(t["minor"][model] for t in journey["touches"])
            assert total == journey["revenue_minor"], f"{model} gives {total}, the visit brought {journey}"
        return f"{CAMPAIGN[2]} brought {journey['revenue_minor'] / 100:.2f} {journey['currency']} in all six models"

    def _webhooks(self) -> str:
        end = time.monotonic() + 10
        while True:
            events = self._owner.api("GET", "/data-integration/events?limit=200")["items"]
            states = sorted(e["state"] for e in events)
            if events and set(states) <= {"done", "ignored"}:
                return f"{len(events)} kept, all worked on"
            if time.monotonic() > end:
                raise Rejected(f"webhooks are in states {states}")
            time.sleep(0.2)


def waiting_since(began: datetime) -> timedelta:
    """How long ago that was."""
    return datetime.now(UTC) - began
