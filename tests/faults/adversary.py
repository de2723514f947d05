"""A simulated Square with a will of its own: what its merchant does, and what goes wrong on the line to it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import httpx2
import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from tests.simulators import serving

from bookingbridge.infra.clock import Clock
from bookingbridge.vendorkit.simulated_faults import Fault
from bookingbridge.vendors.square.simulator import SquareSimulation
from bookingbridge.vendors.square.simulator.answers import stamp
from bookingbridge.vendors.square.simulator.bookings import OPEN

PAGE = 2
"""So many things a page at most: whatever is read takes several."""

WORLD = {
    "merchants": [{"id": "MFAULTS1", "business_name": "Fault Line Hair", "main_location_id": "LFAULTS1"}],
    "locations": [
        {"id": "LFAULTS1", "name": "Front", "timezone": "America/Los_Angeles"},
        {"id": "LFAULTS2", "name": "Back", "timezone": "America/Los_Angeles"},
    ],
    "team": [{"id": "TMFAULTS1", "given_name": "Ines", "family_name": "Okafor"}],
    "services": [
        {"id": "VCUT1", "name": "Cut", "price": 6500, "duration_minutes": 45, "updated_at": "2026-01-02T10:00:00Z"},
        {"id": "VBEARD1", "name": "Beard", "price": 2500, "duration_minutes": 20, "updated_at": "2026-01-02T10:00:00Z"},
    ],
}
MERCHANT = "MFAULTS1"
_LOCATIONS = ("LFAULTS1", "LFAULTS2")
_SERVICES = ("VCUT1", "VBEARD1")


class Surprise(StrEnum):
    """How the shape of what is answered differs from what was agreed."""

    UNKNOWN_FIELD = "unknown field"
    UNKNOWN_ENUM = "unknown enum"
    MISSING = "missing optional field"
    NULL = "null"
    WRONG_TYPE = "wrong type"


class Line:
    """Stands before the simulator: small pages, cursors that are forgotten, surprises, and things done meanwhile."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.surprise: Surprise | None = None
        self.surprises = 0
        self.forgets = 0
        """So many cursors that come are not known any more."""
        self.meanwhile: Callable[[], None] | None = None
        self.countdown = 0
        """Before so many more requests are answered `meanwhile` happens."""

    def be_good(self) -> None:
        self.surprise, self.surprises, self.forgets, self.meanwhile = None, 0, 0, None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or dict(scope["headers"]).get(b"x-merchant"):
            await self._app(scope, receive, send)
            return
        if self.meanwhile is not None:
            self.countdown -= 1
            if self.countdown < 0:
                act, self.meanwhile = self.meanwhile, None
                act()
        body = await _body(receive)
        scope = {**scope, "query_string": self._query(scope["query_string"])}
        await self._answer(scope, self._asked(body), send)

    def _query(self, query: bytes) -> bytes:
        if self.forgets and b"cursor=" in query:
            self.forgets -= 1
            query = query.replace(b"cursor=", b"cursor=forgotten")
        return query.replace(b"limit=100", b"limit=%d" % PAGE)

    def _asked(self, body: bytes) -> bytes:
        if not body:
            return body
        asked: dict[str, Any] = msgspec.json.decode(body)
        if asked.get("limit"):
            asked["limit"] = PAGE
        if self.forgets and asked.get("cursor"):
            self.forgets -= 1
            asked["cursor"] = "forgotten"
        return msgspec.json.encode(asked)

    async def _answer(self, scope: Scope, body: bytes, send: Send) -> None:
        begun: list[Message] = []
        held: list[bytes] = []

        async def receive() -> Message:
            if not held:
                held.append(body)
                return {"type": "http.request", "body": body, "more_body": False}
            return {"type": "http.disconnect"}

        async def changed(message: Message) -> None:
            if message["type"] == "http.response.start":
                begun.append(message)
            elif not begun or message.get("more_body"):
                await send(begun.pop() if begun else message)
                await send(message)
            else:
                content = self._surprised(message.get("body", b""))
                start = begun.pop()
                length = (b"content-length", str(len(content)).encode())
                kept = [h for h in start["headers"] if h[0].lower() != b"content-length"]
                await send({**start, "headers": [*kept, length]})
                await send({**message, "body": content})

        await self._app(scope, receive, changed)

    def _surprised(self, content: bytes) -> bytes:
        if not self.surprises or self.surprise is None:
            return content
        answer = msgspec.json.decode(content)
        found = [o for o in _objects(answer) if o.get("status") or "given_name" in o]
        if not found:
            return content
        self.surprises -= 1
        _alter(found[0], self.surprise)
        return msgspec.json.encode(answer)


def _objects(answer: Any) -> Iterator[dict[str, Any]]:
    """The bookings, customers, payments and refunds in an answer."""
    for name in ("booking", "customer", "payment", "refund"):
        if isinstance(answer.get(name), dict):
            yield answer[name]
        yield from answer.get(f"{name}s") or ()


def _alter(thing: dict[str, Any], surprise: Surprise) -> None:
    match surprise:
        case Surprise.UNKNOWN_FIELD:
            thing["brand_new"] = {"nested": [1, None]}
        case Surprise.UNKNOWN_ENUM:
            thing["status"] = "ASCENDED"
        case Surprise.MISSING:
            for name in ("version", "updated_at", "customer_note", "email_address", "note"):
                thing.pop(name, None)
        case Surprise.NULL:
            thing["created_at"] = thing["amount_money"] = None
        case Surprise.WRONG_TYPE:
            thing["updated_at"] = thing["version"] = ["?"]


async def _body(receive: Receive) -> bytes:
    body: bytes = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if not message.get("more_body"):
            return body


class Adversary:
    """The merchant of the simulated Square and the weather on its line. `url` is where the engine finds it."""

    def __init__(self, clock: Clock) -> None:
        config = {"client_id": "simulated-app", "client_secret": "simulated-secret"}
        self.square = SquareSimulation(now=clock.now, base_url="http://square.test", config=config)
        self.line = Line(self.square.app())
        self.url = ""
        self._token = "none yet"
        self._http = httpx2.Client(trust_env=False, timeout=20, headers={"x-merchant": "1"})

    @contextmanager
    def serving(self) -> Iterator[None]:
        with serving(self.line) as self.url, self._http:
            yield

    def begin(self) -> str:
        """A new world with nothing in it that happened before; the token that was given to us."""
        self.calm()
        self.square.clear()
        self.square.load(WORLD)
        self._token = self._post("/_sim/tokens", {"merchant_id": MERCHANT, "is_personal": True})["access_token"]
        return self.consent()

    def consent(self) -> str:
        """A new token, as the merchant gives it on the consent page."""
        return str(self._post("/_sim/tokens", {"merchant_id": MERCHANT})["access_token"])

    def calm(self) -> None:
        """Nothing goes wrong any more."""
        self.line.be_good()
        self.square.faults.open.clear()
        self.square.lag = self.square.offset = timedelta()

    def go_wrong(self, fault: str, prefix: str, times: int) -> None:
        order = {"fault": fault, "match": {"path_prefix": prefix}, "times": times, "retry_after": 0}
        self.square.faults.open.append(Fault.parse(order))

    def rows(self, table: str) -> list[dict[str, Any]]:
        return list(self.square.state.merchants[MERCHANT].table(table).rows.values())

    def revoke(self) -> None:
        self.square.revoke(MERCHANT, by="MERCHANT")

    def act(self, dice: random.Random, now: datetime, *, can_delete: bool = True, near: bool = False) -> None:
        """The merchant does one thing or another."""
        acts: list[Callable[[random.Random, datetime], None]] = [
            self.meet, self._book, self._book, self._change, self._cancel, self._rename, self._pay, self._refund,
        ]  # fmt: skip
        if can_delete:
            acts.append(self.forget)
        self._is_near = near
        dice.choice(acts)(dice, now)

    def meet(self, dice: random.Random, _: datetime) -> None:
        n = dice.randrange(10_000)
        self._post("/v2/customers", {
            "given_name": f"Guest {n}", "family_name": "Moss", "email_address": f"guest{n}@example.com",
            "phone_number": f"+1206555{100 + n % 100:04d}",
        })  # fmt: skip

    def _book(self, dice: random.Random, now: datetime) -> None:
        customers = self.rows("customer")
        if not customers:
            self.meet(dice, now)
            customers = self.rows("customer")
        service = dice.choice(_SERVICES)
        variation = self.square.state.merchants[MERCHANT].variation(service)
        assert variation
        self._post("/v2/bookings", {"booking": {
            "location_id": dice.choice(_LOCATIONS), "start_at": stamp(self._some_day(dice, now)),
            "customer_id": dice.choice(customers)["id"], "customer_note": dice.choice(["", "Window seat"]),
            "appointment_segments": [{
                "team_member_id": "TMFAULTS1", "service_variation_id": service,
                "service_variation_version": variation["version"],
            }],
        }})  # fmt: skip

    def _some_day(self, dice: random.Random, now: datetime) -> datetime:
        days = dice.randrange(-4, 50) if self._is_near else dice.randrange(-30, 150)
        return (now + timedelta(days=days)).replace(minute=0, second=0, microsecond=0)

    def _change(self, dice: random.Random, now: datetime) -> None:
        if is_open := [b for b in self.rows("booking") if b["status"] in OPEN]:
            booking = dice.choice(is_open)
            fields = {"start_at": stamp(self._some_day(dice, now)), "customer_note": f"Note {dice.randrange(100)}"}
            self._put(f"/v2/bookings/{booking['id']}", {"booking": {**fields, "version": booking["version"]}})

    def _cancel(self, dice: random.Random, _: datetime) -> None:
        if is_open := [b for b in self.rows("booking") if b["status"] in OPEN]:
            self._post(f"/v2/bookings/{dice.choice(is_open)['id']}/cancel", {})

    def _rename(self, dice: random.Random, _: datetime) -> None:
        if customers := self.rows("customer"):
            n = dice.randrange(10_000)
            new = {"given_name": f"Renamed {n}", "email_address": dice.choice([f"new{n}@example.com", None])}
            self._put(f"/v2/customers/{dice.choice(customers)['id']}", new)

    def forget(self, dice: random.Random, _: datetime) -> None:
        if customers := self.rows("customer"):
            self._send("DELETE", f"/v2/customers/{dice.choice(customers)['id']}", None)

    def _pay(self, dice: random.Random, _: datetime) -> None:
        customers = [c["id"] for c in self.rows("customer")]
        self._post("/v2/payments", {
            "source_id": "CASH", "idempotency_key": f"{dice.getrandbits(64):x}", "location_id": dice.choice(_LOCATIONS),
            "amount_money": {"amount": dice.randrange(100, 9000), "currency": "USD"},
            "tip_money": {"amount": dice.randrange(500), "currency": "USD"},
            "customer_id": dice.choice([None, *customers]), "autocomplete": dice.choice([True, True, False]),
        })  # fmt: skip

    def _refund(self, dice: random.Random, _: datetime) -> None:
        waiting = [p for p in self.rows("payment") if p["status"] == "APPROVED"]
        if waiting and dice.random() < 0.5:
            self._post(f"/v2/payments/{dice.choice(waiting)['id']}/{dice.choice(['complete', 'cancel'])}", {})
            return
        left = {p["id"]: p["total_money"]["amount"] - p.get("refunded_money", {}).get("amount", 0)
                for p in self.rows("payment") if p["status"] == "COMPLETED"}  # fmt: skip
        if some := [i for i, amount in left.items() if amount > 0]:
            paid = dice.choice(some)
            amount = {"amount": dice.randrange(1, left[paid] + 1), "currency": "USD"}
            key = f"{dice.getrandbits(64):x}"
            self._post("/v2/refunds", {"payment_id": paid, "amount_money": amount, "idempotency_key": key})

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._send("POST", path, body)

    def _put(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._send("PUT", path, body)

    def _send(self, method: str, path: str, body: Any) -> dict[str, Any]:
        """The merchant's own line is never troubled."""
        faults, self.square.faults.open = self.square.faults.open, []
        try:
            headers = {"authorization": f"Bearer {self._token}"}
            answer = self._http.request(method, self.url + path, json=body, headers=headers)
        finally:
            self.square.faults.open = faults
        assert answer.status_code < 400, f"{method} {path}: {answer.text}"
        found: dict[str, Any] = answer.json() if answer.content else {}
        return found
