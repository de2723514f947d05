"""An Acuity whose answers are nonsense: nothing but our own errors comes out of a conversation with it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tests.simulators import serving
from tests.vendors.acuity import payloads
from tests.vendors.acuity.worlds import NOW, transport

from bookingbridge.canonical.commands import CancelBooking, CreateBooking, MoveBooking, Person
from bookingbridge.canonical.errors import BridgeError
from bookingbridge.canonical.ports import Given, Reach, Tokens
from bookingbridge.vendorkit.contract_fuzz import NASTY
from bookingbridge.vendors.acuity import VENDOR
from bookingbridge.vendors.acuity.client import AcuityClient
from bookingbridge.vendors.acuity.oauth import CLIENT_ID, CLIENT_SECRET, AcuityOAuth
from bookingbridge.vendors.acuity.read import read
from bookingbridge.vendors.acuity.subscribing import AcuitySubscribing

NAMES = (
    "id", "name", "timezone", "currency", "location", "firstName", "lastName", "email", "phone", "datetime", "duration",
    "price", "amountPaid", "calendarID", "appointmentTypeID", "forms", "values", "notes", "canceled", "noShow", "start",
    "end", "amount", "created", "target", "event", "status", "valid", "access_token", "active",
)  # fmt: skip
SOON = NOW + timedelta(days=2)


class Liar:
    """Answers everything with the same body."""

    def __init__(self) -> None:
        self.body, self.status = b"{}", 200
        methods = ["GET", "POST", "PUT", "DELETE"]
        self.app = Starlette(routes=[Route("/{rest:path}", self._answer, methods=methods)])

    async def _answer(self, request: Request) -> Response:
        return Response(self.body, self.status, media_type="application/json")


@pytest.fixture(scope="module")
def liar() -> Iterator[tuple[Liar, str]]:
    made = Liar()
    with serving(made.app) as base_url:
        yield made, base_url


def bodies() -> Iterator[bytes]:
    yield from (b"", b"null", b"[]", b'"x"', b"5", b"{", b"\xff", b"[" * 20_000, b'{"error": 5}', b"[[]]", b"[null]")
    whole = payloads.appointment()
    for nasty in NASTY:
        same = dict.fromkeys(NAMES, nasty)
        yield json.dumps([same]).encode()
        yield json.dumps(same).encode()
    for nasty in NASTY[::3]:
        yield json.dumps([{**whole, "forms": nasty}, {**whole, "amountPaid": nasty}]).encode()


async def everything(client: AcuityClient, given: Given) -> int:
    """All one can ask, each on its own; how many asked without an error."""

    async def pages(stream: str) -> None:
        async for page in client.pages(stream, None, Reach(is_full=True, now=NOW)):
            for raw in page.records:
                assert isinstance(raw.remote_id, str)
                try:
                    read(raw.kind, raw.payload)
                except BridgeError:
                    continue

    app, way, hooks = {CLIENT_ID: "a", CLIENT_SECRET: "b"}, AcuityOAuth(), AcuitySubscribing()
    person, rid = Person("Mara Quill", email="mara@example.com"), payloads.rid
    ends = SOON + timedelta(minutes=45)
    commands = [
        CreateBooking("k", SOON, ends, person, rid("3201"), rid("2201"), None, "note"),
        MoveBooking("k", rid("54001"), None, SOON, ends),
        CancelBooking("k", rid("54001"), None),
    ]
    asks: list[Any] = [
        client.check(),
        *(pages(stream.name) for stream in VENDOR.manifest.streams),
        *(client.fetch(stream.kind, rid("54001")) for stream in VENDOR.manifest.streams),
        *(client.send(command) for command in commands),
        *(client.find(command) for command in commands),
        way.exchange(given.http, given.base_url, app, code="c", redirect_uri="https://x", verifier="v", now=NOW),
        way.revoke(given.http, given.base_url, app, given.tokens),
        hooks.ensure(given, app, "https://bridge.example.com/x", None),
    ]
    return await _fine(asks)


async def _fine(asks: Iterable[Any]) -> int:
    fine, said = 0, list[str]()
    for ask in asks:
        try:
            await ask
            fine += 1
        except BridgeError as error:
            said.append(repr(error))
    assert not [line for line in said if "secret-canary" in line]
    return fine


@pytest.mark.parametrize(("status", "is_any_fine"), [(200, True), (400, False), (404, True)])
def test_nonsense_is_one_of_our_errors_or_harmless(liar: tuple[Liar, str], status: int, is_any_fine: bool) -> None:
    """Some of it is harmless: an empty list, or that a thing is not there, which is all that 404 says."""
    lying, base_url = liar
    lying.status = status

    async def go() -> int:
        fine = 0
        async with transport(lambda: NOW) as http:
            for body in bodies():
                lying.body = body
                tokens = Tokens("secret-canary", extra={"user_id": "1"})
                given = Given(base_url, tokens, None, {"history_days": "20"}, lambda: NOW, http)
                fine += await everything(AcuityClient(given), given)
        return fine

    fine = asyncio.run(go())
    assert (fine > 0) is is_any_fine
