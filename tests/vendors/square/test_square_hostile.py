"""A Square whose answers are nonsense: nothing but our own errors comes out of a conversation with it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tests.simulators import serving
from tests.vendors.square.worlds import NOW, transport

from bookingbridge.canonical.errors import BridgeError
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Given, Reach, Tokens
from bookingbridge.vendorkit.contract_fuzz import NASTY
from bookingbridge.vendors.square import VENDOR
from bookingbridge.vendors.square.client import SquareClient
from bookingbridge.vendors.square.oauth import APP_ID, APP_SECRET, SquareOAuth
from bookingbridge.vendors.square.read import read

NAMES = (
    "locations", "team_members", "objects", "related_objects", "customers", "bookings", "payments", "refunds",
    "location", "team_member", "object", "customer", "booking", "payment", "refund", "merchant",
    "business_booking_profile",
    "scopes", "merchant_id", "access_token", "refresh_token", "expires_at", "count",
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
    for nasty in NASTY[::2]:
        for value in ([nasty], {"id": nasty, "version": nasty}, [{"id": "x", "appointment_segments": nasty}]):
            yield json.dumps(dict.fromkeys(NAMES, value)).encode()
    for nasty in NASTY[1::4]:
        yield json.dumps(dict.fromkeys((*NAMES, "cursor"), nasty)).encode()


def no_shapes() -> list[bytes]:
    return [
        b"", b"null", b"[]", b'"x"', b"5", b"{", b"\xff", b"[" * 20_000, b'{"errors": 5}', b'{"errors": [5]}',
        b'{"errors": [{"code": 7, "category": []}]}', b'{"bookings": [], "cursor": "again"}',
    ]  # fmt: skip


async def everything(client: SquareClient, base_url: str, http: Any) -> int:
    """All one can ask, each on its own; how many asked without an error."""
    fine = 0

    async def pages(stream: str) -> None:
        async for page in client.pages(stream, None, Reach(is_full=True, now=NOW)):
            for raw in page.records:
                read(raw.kind, raw.payload)

    app = {APP_ID: "a", APP_SECRET: "b"}
    way, tokens = SquareOAuth(), Tokens("a", "r")
    asks = [
        client.check(),
        *(pages(stream.name) for stream in VENDOR.manifest.streams),
        *(client.fetch(stream.kind, RemoteId("x1")) for stream in VENDOR.manifest.streams),
        client.fetch("service", RemoteId("all")),
        way.exchange(http, base_url, app, code="c", redirect_uri="https://b.example.com", verifier="v", now=NOW),
        way.refresh(http, base_url, app, tokens, now=NOW),
        way.revoke(http, base_url, app, tokens),
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
                given = Given(base_url, Tokens("a"), None, {"history_days": "1"}, lambda: NOW, http)
                fine += await everything(SquareClient(given), base_url, http)
        return fine

    return asyncio.run(go())


def test_an_answer_of_a_wrong_shape_is_one_of_our_errors_or_harmless(liar: tuple[Liar, str]) -> None:
    assert talk(liar, wrong_shapes(), 200) > 0


def test_an_answer_of_no_shape_is_one_of_our_errors(liar: tuple[Liar, str]) -> None:
    talk(liar, no_shapes(), 200)


def test_a_refusal_of_no_shape_is_one_of_our_errors(liar: tuple[Liar, str]) -> None:
    assert talk(liar, no_shapes(), 400) == 0
