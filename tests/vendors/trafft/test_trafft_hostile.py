"""A Trafft whose answers are nonsense: nothing but our own errors comes out of a conversation with it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tests.simulators import serving
from tests.vendors.trafft import payloads
from tests.vendors.trafft.worlds import FIELDS, NOW, rid, transport

from bookingbridge.canonical.commands import CreateBooking, Person
from bookingbridge.canonical.errors import BridgeError
from bookingbridge.canonical.ports import Given, Json, Reach, Tokens
from bookingbridge.vendorkit.contract_fuzz import NASTY
from bookingbridge.vendors.trafft import VENDOR
from bookingbridge.vendors.trafft.client import TrafftClient
from bookingbridge.vendors.trafft.read import read
from bookingbridge.vendors.trafft.sign_in import sign_in
from bookingbridge.vendors.trafft.sought import Sought

STARTS = datetime(2027, 3, 2, 10, 30, tzinfo=UTC)
BOOK = CreateBooking(
    key="k", starts_at=STARTS, ends_at=STARTS + timedelta(hours=1), person=Person("Ada North", email="ada@example.com"),
    service=rid(21), staff=rid(11), location=None,
)  # fmt: skip


class Liar:
    """Answers everything with the same body."""

    def __init__(self) -> None:
        self.body, self.status = b"{}", 200
        self.app = Starlette(routes=[Route("/{rest:path}", self._answer, methods=["GET", "POST"])])

    async def _answer(self, request: Request) -> Response:
        return Response(self.body, self.status, media_type="application/json")


@pytest.fixture(scope="module")
def liar() -> Iterator[tuple[Liar, str]]:
    made = Liar()
    with serving(made.app) as base_url:
        yield made, base_url


def wrong_shapes() -> Iterator[bytes]:
    row = payloads.appointment() | payloads.service()["service"]
    for nasty in NASTY:
        fields = ("bookings", "service", "employees", "status", "start_date_time", "id", "price", "email", "duration")
        rows: list[Json] = [row | {field: nasty} for field in fields]
        yield json.dumps({"data": rows, "pagination": {"total": len(rows), "page": 1, "pages": 1}}).encode()
        told: dict[str, Any] = dict.fromkeys(("total", "page", "limit", "pages"), nasty)
        yield json.dumps({"data": [row], "pagination": told, "id": nasty}).encode()
        yield json.dumps({"data": nasty, "pagination": nasty, "access_token": nasty, "expires_in": nasty}).encode()


def no_shapes() -> list[bytes]:
    return [b"", b"null", b"[]", b'"x"', b"5", b"{", b"\xff", b"[" * 20_000, b'{"data": {}}', b'{"message": 5}']


async def everything(client: TrafftClient, base_url: str, http: Any) -> int:
    """All one can ask, each on its own; how many asked without an error."""
    fine = 0

    async def pages(stream: str) -> None:
        async for page in client.pages(stream, None, Reach(is_full=True, now=NOW)):
            for raw in page.records:
                read(raw.kind, raw.payload)

    asks = [
        client.check(),
        *(pages(stream.name) for stream in VENDOR.manifest.streams),
        *(client.fetch(stream.kind, rid(41)) for stream in VENDOR.manifest.streams),
        client.fetch("booking", Sought(person="00", start="2026-11-20 18:00").remote_id),
        client.fetch("client", Sought(person="00").remote_id),
        client.send(BOOK),
        client.find(BOOK),
        sign_in(http, base_url, FIELDS, now=NOW),
    ]
    for ask in asks:
        try:
            await ask
            fine += 1
        except BridgeError:
            continue
    return fine


def talk(liar: tuple[Liar, str], bodies: Iterable[bytes], status: int) -> int:
    """How many of all asks came back without an error; anything but one of our errors comes out here."""
    liar_, base_url = liar
    liar_.status = status

    async def go() -> int:
        fine = 0
        async with transport(lambda: NOW) as http:
            for body in bodies:
                liar_.body = body
                tokens = Tokens("a", extra=FIELDS)
                fine += await everything(
                    TrafftClient(Given(base_url, tokens, None, {}, lambda: NOW, http)), base_url, http
                )
        return fine

    return asyncio.run(go())


def test_an_answer_of_a_wrong_shape_is_one_of_our_errors_or_harmless(liar: tuple[Liar, str]) -> None:
    assert talk(liar, wrong_shapes(), 200) > 0


def test_an_answer_of_no_shape_is_one_of_our_errors(liar: tuple[Liar, str]) -> None:
    assert talk(liar, no_shapes(), 200) == 0


@pytest.mark.parametrize("status", [302, 400, 401, 403, 418, 422])
def test_a_refusal_of_no_shape_is_one_of_our_errors(liar: tuple[Liar, str], status: int) -> None:
    # Where reading locations is not allowed at all there may be none: that is no error.
    assert talk(liar, no_shapes()[:4], status) == 0
