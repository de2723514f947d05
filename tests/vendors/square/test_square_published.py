"""Square's own published description judges our requests, the simulator's answers and its webhooks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from tests.simulators import serving
from tests.vendors.square import worlds
from tests.vendors.square.published import Recorder, contract, specs
from tests.vendors.square.worlds import MERCHANT, NOW, Square, at

from bookingbridge.canonical.commands import CancelBooking, CreateBooking, MoveBooking, Person
from bookingbridge.canonical.errors import Refused, Stale
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Delivery, Given, Tokens
from bookingbridge.canonical.records import PayoutEntry
from bookingbridge.vendors.square import VENDOR
from bookingbridge.vendors.square.client import SquareClient
from bookingbridge.vendors.square.oauth import APP_ID, APP_SECRET, APP_TOKEN, SquareOAuth
from bookingbridge.vendors.square.simulator import APPLICATION_TOKEN, CLIENT_ID, CLIENT_SECRET, create_app
from bookingbridge.vendors.square.subscribing import SquareSubscribing
from bookingbridge.vendors.square.webhooks import SquareWebhooks

BACK = "https://b.example.com/"
APP = {APP_ID: CLIENT_ID, APP_SECRET: CLIENT_SECRET}


@pytest.fixture(scope="module")
def recorder() -> Recorder:
    specs()
    return Recorder(create_app(now=lambda: NOW, base_url="", config={}))


@pytest.fixture(scope="module")
def square(recorder: Recorder) -> Iterator[Square]:
    with serving(recorder) as base_url, httpx2.Client(base_url=base_url, trust_env=False) as control:
        assert control.post("/_sim/world", json=worlds.small()).status_code == 200
        given = control.post("/_sim/tokens", json={"merchant_id": MERCHANT}).json()
        yield Square(base_url, Tokens(given["access_token"], given["refresh_token"]), control)


@contextmanager
def judged(recorder: Recorder, *, at_least: int = 1) -> Iterator[None]:
    """Everything asked and answered meanwhile is as Square publishes it, and there was something."""
    recorder.exchanges.clear()
    yield
    seen = [e for e in recorder.exchanges if not e.path.startswith("/_sim") and e.path != "/oauth2/authorize"]
    assert len(seen) >= at_least
    assert [why for exchange in seen for why in contract().complaints(exchange)] == []


def test_the_judge_finds_a_wrong_name_a_wrong_type_and_a_wrong_path(square: Square, recorder: Recorder) -> None:
    recorder.exchanges.clear()
    square.ids("locations")
    exchange = recorder.exchanges[-1]
    assert contract().complaints(exchange) == []
    exchange.answered = exchange.answered.replace(b'"timezone"', b'"time_zone"').replace(b'"ACTIVE"', b'"OPEN"')
    exchange.query = {"colour": "red"}
    assert len(contract().complaints(exchange)) >= 3
    exchange.path = "/v2/places"
    assert contract().complaints(exchange) == ["GET /v2/places is no operation of Square's"]


def test_reading_everything_is_as_published(square: Square, recorder: Recorder) -> None:
    with judged(recorder, at_least=40):
        square.talk(lambda client: client.check())
        for stream in VENDOR.manifest.streams:
            pages = square.pages(stream.name)
            square.pages(stream.name, pages[-1].cursor, is_full=False)
            one = next(raw for page in pages for raw in page.records)
            square.talk(lambda client, one=one: client.fetch(one.kind, one.remote_id))  # type: ignore[misc]
        square.talk(lambda client: client.fetch("service", RemoteId("all")))


def test_signing_in_is_as_published(square: Square, recorder: Recorder) -> None:
    async def whole(way: SquareOAuth) -> None:
        async with worlds.transport(square.now) as http:
            query = {"client_id": CLIENT_ID, "redirect_uri": BACK, "scope": "ITEMS_READ", "state": "s"}
            form = query | {"merchant_id": MERCHANT, "decision": "allow"}
            allowed = square.control.post("/oauth2/authorize", data=form, follow_redirects=False)
            code = httpx2.URL(allowed.headers["location"]).params["code"]
            tokens = await way.exchange(http, square.base_url, APP, code=code, redirect_uri=BACK, verifier="", now=NOW)
            tokens = await way.refresh(http, square.base_url, APP, tokens, now=NOW)
            client = SquareClient(Given(square.base_url, tokens, None, {}, square.now, http))
            await client.check()

    with judged(recorder, at_least=3):
        asyncio.run(whole(SquareOAuth()))


def test_our_own_writing_is_as_published(square: Square, recorder: Recorder) -> None:
    starts = NOW + timedelta(days=200)
    create = CreateBooking(
        "key-1", starts, starts + timedelta(minutes=45), Person("Ada North", None, "ada@example.com", "+12065550177"),
        RemoteId("VCUT1"), RemoteId("TMNORA1"), RemoteId("LNORTH1"), "First visit",
    )  # fmt: skip
    with judged(recorder, at_least=12):
        made = square.talk(lambda client: client.send(create))
        move = MoveBooking("key-2", made.remote_id, 0, starts, starts + timedelta(minutes=60))
        assert square.talk(lambda client: client.send(move)).version == 1
        cancel = CancelBooking("key-3", made.remote_id, 1)
        assert square.talk(lambda client: client.send(cancel)).version == 2
        with pytest.raises(Stale):
            square.talk(lambda client: client.send(move))


def test_our_own_webhooks_are_registered_as_published(square: Square, recorder: Recorder) -> None:
    async def whole(way: SquareSubscribing, app: dict[str, str]) -> None:
        async with worlds.transport(square.now) as http:
            given = Given(square.base_url, square.tokens, None, {}, square.now, http)
            made = await way.ensure(given, app, "http://127.0.0.1:9/hook", None)
            moved = await way.ensure(given, app, "http://127.0.0.1:9/other", made)
            with pytest.raises(Refused):
                await way.send_test(given, app, moved)
            await way.remove(given, app, moved)

    with judged(recorder, at_least=6):
        asyncio.run(whole(SquareSubscribing(), {APP_TOKEN: APPLICATION_TOKEN}))


def write(square: Square, method: str, path: str, token: str, **body: Any) -> Any:
    sent = body or None
    return square.control.request(method, path, json=sent, headers={"Authorization": f"Bearer {token}"})


def test_everything_that_can_be_written_is_as_published(square: Square, recorder: Recorder) -> None:
    with judged(recorder, at_least=18):
        write_everything(square)


def write_everything(square: Square) -> None:
    """One of each write that Square knows and the simulator takes."""
    token = square.personal()
    person = write(square, "POST", "/v2/customers", token, given_name="Ada", email_address="ada@example.com").json()
    customer = person["customer"]["id"]
    write(square, "PUT", f"/v2/customers/{customer}", token, nickname="A", version=0)
    variation = write(square, "GET", "/v2/catalog/list", token).json()["objects"][1]["item_data"]["variations"][0]
    segment = {
        "team_member_id": "TMNORA1", "service_variation_id": variation["id"],
        "service_variation_version": variation["version"], "duration_minutes": 45,
    }  # fmt: skip
    booking = {
        "location_id": "LNORTH1", "customer_id": customer, "start_at": at(2), "appointment_segments": [segment]
    }  # fmt: skip
    made = write(square, "POST", "/v2/bookings", token, booking=booking, idempotency_key=str(uuid4())).json()["booking"]
    path = f"/v2/bookings/{made['id']}"
    write(square, "PUT", path, token, booking={"version": 0, "start_at": at(3)})
    write(square, "POST", "/v2/bookings/bulk-retrieve", token, booking_ids=[made["id"], "nothing"])
    write(square, "POST", f"{path}/cancel", token, booking_version=1)
    usd = {"amount": 6500, "currency": "USD"}
    paid = write(
        square, "POST", "/v2/payments", token, source_id="cnon:card-nonce-ok", idempotency_key=str(uuid4()),
        amount_money=usd, autocomplete=False, customer_id=customer,
    ).json()["payment"]["id"]  # fmt: skip
    write(square, "POST", f"/v2/payments/{paid}/complete", token)
    refund = {"idempotency_key": str(uuid4()), "payment_id": paid, "amount_money": usd, "reason": "rain"}
    write(square, "POST", "/v2/refunds", token, **refund)
    cash = {"amount_money": usd, "cash_details": {"buyer_supplied_money": usd}}
    write(square, "POST", "/v2/payments", token, source_id="CASH", idempotency_key=str(uuid4()), **cash)
    hook = {"name": "Ours", "notification_url": "http://127.0.0.1:9/hook", "event_types": ["booking.created"]}
    subscription = write(square, "POST", "/v2/webhooks/subscriptions", token, subscription=hook).json()
    hook_path = f"/v2/webhooks/subscriptions/{subscription['subscription']['id']}"
    write(square, "GET", "/v2/webhooks/subscriptions", token)
    write(square, "PUT", hook_path, token, subscription={"enabled": False})
    write(square, "POST", f"{hook_path}/test", token)
    write(square, "DELETE", hook_path, token)
    write(square, "POST", "/v2/events", token, limit=5)
    write(square, "DELETE", f"/v2/customers/{customer}", token)


def test_refusals_are_in_the_published_shape(square: Square, recorder: Recorder) -> None:
    with judged(recorder, at_least=9):
        refused = [
            write(square, "GET", "/v2/locations", "nobody"),
            write(square, "GET", "/v2/bookings?start_at_min=yesterday", square.tokens.access),
            write(square, "GET", f"/v2/bookings?start_at_min={at(0)}&start_at_max={at(40)}", square.tokens.access),
            write(square, "GET", "/v2/customers?limit=101", square.tokens.access),
            write(square, "GET", "/v2/customers?cursor=x", square.tokens.access),
            write(square, "GET", "/v2/payments/none", square.tokens.access),
            write(square, "POST", "/v2/payments", square.tokens.access, source_id="CASH"),
            write(square, "POST", "/v2/events", square.tokens.access),
        ]
        square.tell("/_sim/faults", fault="429")
        refused.append(write(square, "GET", "/v2/locations", square.tokens.access))
    assert [answer.status_code for answer in refused] == [401, 400, 400, 400, 400, 404, 403, 403, 429]


def test_every_webhook_is_as_published_and_read(square: Square, recorder: Recorder) -> None:
    """The events that writing brings about, found again by search, and one that the merchant brings."""
    write_everything(square)
    token = square.personal()
    square.tell("/_sim/clock", offset_seconds=2 * 24 * 3600)
    assert square.tell("/_sim/payouts")["payouts"]
    square.tell("/_sim/payouts", status="FAILED")
    square.tell("/_sim/revoke", merchant_id=MERCHANT)
    events = write(square, "POST", "/v2/events", token, limit=100).json()["events"]
    assert {event["type"] for event in events} >= {
        "booking.created", "booking.updated", "customer.created", "customer.updated", "customer.deleted",
        "payment.created", "payment.updated", "refund.created", "refund.updated", "oauth.authorization.revoked",
        "payout.sent", "payout.failed",
    }  # fmt: skip
    for event in events:
        assert contract().event_complaints(event) == [], event["type"]
        notice = SquareWebhooks().read(Delivery({}, json.dumps(event).encode(), ""))
        assert notice.account == MERCHANT
        assert len(notice.hints) == 1


def test_square_s_own_examples_are_read(recorder: Recorder) -> None:
    folder = specs() / "payloads" / "square"
    examples = {
        "location": ("response.RetrieveLocationResponse", "location"),
        "staff": ("response.RetrieveTeamMemberResponse", "team_member"),
        "client": ("response.RetrieveCustomerResponse", "customer"),
        "booking": ("response.RetrieveBookingResponse", "booking"),
        "payment": ("response.GetPaymentResponse", "payment"),
        "refund": ("response.GetPaymentRefundResponse", "refund"),
        "payout": ("response.GetPayoutResponse", "payout"),
    }
    for kind, (name, inner) in examples.items():
        payload = json.loads((folder / f"{name}.json").read_text())["payload"][inner]
        (record,) = VENDOR.read(kind, payload)
        assert record.remote_id == payload["id"]
    listed = json.loads((folder / "response.ListPayoutEntriesResponse.json").read_text())["payload"]["payout_entries"]
    entries = [VENDOR.read("payout_entry", payload)[0] for payload in listed]
    assert [(e.type, e.gross.minor, e.fee.minor, e.net.minor) for e in entries if isinstance(e, PayoutEntry)] == [
        ("refund", -50, -2, -48), ("charge", 100, 19, 81),
    ]  # fmt: skip


def test_square_s_own_example_events_are_read() -> None:
    hooks = SquareWebhooks()
    found: dict[str, Any] = {}
    for path in sorted((specs() / "payloads" / "square").glob("event.*.json")):
        payload = json.loads(path.read_text())["payload"]
        notice = hooks.read(Delivery({}, json.dumps(payload).encode(), ""))
        found[notice.type] = [(hint.kind, hint.remote_id, hint.note) for hint in notice.hints]
    assert found["booking.created"] == [("booking", "i2id2g3enyspi7:0", "")]
    assert found["customer.deleted"] == [("client", "QPTXM8PQNX3Q726ZYHPMNP46XC:deleted", "")]
    assert found["oauth.authorization.revoked"] == [("", "J9Z30SF99NPFJ", "revoked")]
    assert found["catalog.version.updated"] == [("service", "all", "")]
    assert found["location.updated"] == [("location", "S8GWD5DBJ3HF3", "")]
    assert found["payout.paid"] == [("payout", "po_070431e4-e351-11eb-a8bb-02420a140009", "")]
    assert len(found) == 19


def test_a_run_that_reads_nothing_would_be_noticed(recorder: Recorder) -> None:
    with pytest.raises(AssertionError), judged(recorder):
        pass
