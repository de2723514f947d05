"""One shop's history for the simulated Square, the simulator as a process of its own, and its door."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import grounds  # type: ignore[import-not-found]
import httpx2

MERCHANT, PLACE = "MBENCHHIST001", "LBENCHHIST001"
PIECE = 4_000
_SERVICES = [(f"VBENCH{n}", title, price, minutes) for n, (title, price, minutes) in enumerate(
    [("Cut and finish", 6500, 45), ("Colour", 14000, 120), ("Beard trim", 2500, 20), ("Children's cut", 3000, 30)]
)]  # fmt: skip


def worlds(bookings: int) -> Iterator[dict[str, Any]]:
    """The shop in pieces as `/_sim/world` takes them: two clients for five bookings, five payments for four."""
    now = datetime.now(UTC).replace(microsecond=0)
    first, step = now - timedelta(days=350), timedelta(days=380) / bookings
    chance = random.Random(7)
    clients, payments = bookings * 2 // 5, bookings * 5 // 4
    yield {
        "merchants": [{"id": MERCHANT, "business_name": "Bench Row Hair", "main_location_id": PLACE}],
        "locations": [{"id": PLACE, "name": "Bench Row", "timezone": "America/Los_Angeles"}],
        "team": [{"id": f"TMBENCH{n}", "given_name": "Stylist", "family_name": str(n)} for n in range(6)],
        "services": [
            {"id": i, "name": t, "price": p, "duration_minutes": m, "updated_at": _text(first)}
            for i, t, p, m in _SERVICES
        ],
    }
    yield from _pieces("customers", [_client(n, first) for n in range(clients)])
    yield from _pieces("bookings", [_booking(n, first + step * n, clients, chance) for n in range(bookings)])
    paid = timedelta(days=350) / payments
    yield from _pieces("payments", [_payment(n, first + paid * n, clients, chance) for n in range(payments)])


def _pieces(name: str, rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for start in range(0, len(rows), PIECE):
        yield {name: rows[start : start + PIECE]}


def _client(n: int, first: datetime) -> dict[str, Any]:
    return {
        "id": f"CBENCH{n:06}", "given_name": "Client", "family_name": f"Number {n}",
        "email_address": f"client{n}@example.com", "phone_number": f"+1206555{100 + n % 100:04}",
        "created_at": _text(first - timedelta(days=30) + timedelta(minutes=n)), "version": 1,
    }  # fmt: skip


def _booking(n: int, at: datetime, clients: int, chance: random.Random) -> dict[str, Any]:
    return {
        "id": f"bench{n:07}", "customer_id": f"CBENCH{chance.randrange(clients):06}", "location_id": PLACE,
        "team_member_id": f"TMBENCH{n % 6}", "service_id": _SERVICES[n % 4][0], "start_at": _text(at),
        "created_at": _text(at - timedelta(days=3, minutes=n % 700)), "version": 1,
        "status": "NO_SHOW" if n % 31 == 0 else "CANCELLED_BY_CUSTOMER" if n % 17 == 0 else "ACCEPTED",
        "customer_note": "Prefers the window seat" if n % 9 == 0 else "",
    }  # fmt: skip


def _payment(n: int, at: datetime, clients: int, chance: random.Random) -> dict[str, Any]:
    return {
        "id": f"PYBENCH{n:07}", "location_id": PLACE, "customer_id": f"CBENCH{chance.randrange(clients):06}",
        "amount": 2500 + n % 90 * 100, "tip": n % 5 * 100, "created_at": _text(at),
        "source_type": "CASH" if n % 6 == 0 else "CARD", "reference_id": f"ticket {n}",
    }  # fmt: skip


def _text(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


@contextmanager
def simulated(bookings: int) -> Iterator[tuple[str, str]]:
    """All simulators in a process of their own, Square with the shop in it: (their address, the shop's token)."""
    port = grounds.free_port()
    process = subprocess.Popen([sys.executable, __file__, str(port)], env=grounds.environment())
    try:
        while not grounds.answers(port):
            if process.poll() is not None:
                raise RuntimeError("the simulators do not start")
            time.sleep(0.05)
        base = f"http://127.0.0.1:{port}"
        with httpx2.Client(base_url=f"{base}/square", timeout=120, trust_env=False) as square:
            for world in worlds(bookings):
                square.post("/_sim/world", json=world).raise_for_status()
            given = square.post("/_sim/tokens", json={"merchant_id": MERCHANT, "is_personal": True})
            yield base, str(given.raise_for_status().json()["access_token"])
    finally:
        process.terminate()
        process.wait(20)


class Rehearsed:
    """The simulators, of which each reading request is answered once; who asks the same again gets the same bytes.

    Our simulated Square looks through all its rows for every page, which takes longer than storing the page: measured
    with it alone every way would seem equally fast.
    """

    def __init__(self, app: Any) -> None:
        self._app = app
        self._said: dict[tuple[Any, ...], list[Any]] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or "/v2/" not in scope["path"]:
            await self._app(scope, receive, send)
            return
        message = await receive()
        body = message.get("body", b"")
        while message.get("more_body"):
            message = await receive()
            body += message.get("body", b"")
        asked = (scope["method"], scope["path"], scope["query_string"], body)
        if asked not in self._said:
            self._said[asked] = await self._ask(scope, body)
        for part in self._said[asked]:
            await send(part)

    async def _ask(self, scope: Any, body: bytes) -> list[Any]:
        said: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            said.append(message)

        await self._app(scope, receive, send)
        return said


if __name__ == "__main__":
    import uvicorn

    from bookingbridge.main import simulators

    own = int(sys.argv[1])
    uvicorn.run(
        Rehearsed(simulators.create_app(f"http://127.0.0.1:{own}")), port=own, log_level="warning", access_log=False
    )
