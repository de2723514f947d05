"""Stripe's own published descriptions judge our requests, the simulator's answers and its webhooks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import httpx2
import pytest
from tests.simulators import serving
from tests.vendors.square.published import Recorder
from tests.vendors.square.receiving import receiving
from tests.vendors.stripe import worlds
from tests.vendors.stripe.published import contract, specs
from tests.vendors.stripe.test_stripe_checkout import WANTED
from tests.vendors.stripe.worlds import ACCOUNT, NOW, Stripe

from bookingbridge.canonical.commands import Person
from bookingbridge.canonical.errors import Rejected
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Tokens
from bookingbridge.vendors.stripe import VENDOR
from bookingbridge.vendors.stripe.read import read
from bookingbridge.vendors.stripe.simulator import create_app
from bookingbridge.vendors.stripe.subscribing import StripeSubscribing


@pytest.fixture(scope="module")
def recorder() -> Recorder:
    specs()
    return Recorder(create_app(now=lambda: NOW, base_url="", config={}))


@pytest.fixture(scope="module")
def stripe(recorder: Recorder) -> Iterator[Stripe]:
    with serving(recorder) as base_url, httpx2.Client(base_url=base_url, trust_env=False) as control:
        assert control.post("/_sim/world", json=worlds.small()).status_code == 200
        key = control.post("/_sim/keys", json={"account": ACCOUNT}).json()["key"]
        yield Stripe(base_url, Tokens(key), control)


@contextmanager
def judged(recorder: Recorder, *, at_least: int = 1) -> Iterator[None]:
    """Everything asked and answered meanwhile is as Stripe publishes it, and there was something."""
    recorder.exchanges.clear()
    yield
    seen = [e for e in recorder.exchanges if e.path.startswith("/v1/")]
    assert len(seen) >= at_least
    assert [why for exchange in seen for why in contract().complaints(exchange)] == []


def test_the_judge_finds_a_wrong_name_a_wrong_type_and_a_wrong_path(stripe: Stripe, recorder: Recorder) -> None:
    recorder.exchanges.clear()
    stripe.ids("refunds")
    exchange = recorder.exchanges[-1]
    assert contract().complaints(exchange) == []
    spoiled = exchange.answered.replace(b'"receipt_number"', b'"receipt_no"').replace(b'"amount":1000', b'"amount":"x"')
    exchange.answered = spoiled
    exchange.query = {"colour": "red", "limit": "many"}
    complaints = contract().complaints(exchange)
    assert len([c for c in complaints if "asked:" in c]) == 2
    assert any("receipt_no is unknown" in c for c in complaints)
    assert any("'x' is not of type 'integer'" in c for c in complaints)
    exchange.path = "/v1/places"
    assert contract().complaints(exchange) == ["GET /v1/places is no operation of Stripe's"]


def test_reading_everything_is_as_published(stripe: Stripe, recorder: Recorder) -> None:
    with judged(recorder, at_least=40):
        stripe.talk(lambda client: client.check())
        cursors = {}
        for stream in VENDOR.manifest.streams:
            pages = stripe.pages(stream.name)
            cursors[stream.name] = pages[-1].cursor
            one = next(raw for page in pages for raw in page.records)
            stripe.fetch(one.kind, one.remote_id)
        stripe.tell("/_sim/refunds", charge="ch_0120", amount=100)
        stripe.tell("/_sim/disputes", decide="dp_0142", status="won")
        stripe.do("DELETE", "/v1/customers/cus_0009")
        for name, cursor in cursors.items():
            stripe.pages(name, cursor, is_full=False)
        stripe.fetch("client", "cus_0009")
        stripe.fetch("payment", "pi_0100")
        stripe.fetch("payout", "po_0003:lines")


def test_payment_links_and_refusals_are_as_published(stripe: Stripe, recorder: Recorder) -> None:
    with judged(recorder, at_least=6):
        made = stripe.talk(lambda client: client.send(WANTED))
        known = replace(WANTED, key="k2", person=Person("C", remote_id=RemoteId("cus_0007")), expires_at=worlds.NOW)
        with pytest.raises(Rejected):
            stripe.talk(lambda client: client.send(known))
        later = replace(known, expires_at=None)
        stripe.talk(lambda client: client.send(later))
        stripe.control.post(f"/c/pay/{made.remote_id}")
        stripe.fetch("payment", made.remote_id)
        stripe.talk(lambda client: client.find(WANTED))
        stripe.fetch("payment", "ch_none")


def test_registering_webhooks_is_as_published_and_all_we_ask_for_exists(stripe: Stripe, recorder: Recorder) -> None:
    async def whole() -> None:
        way = StripeSubscribing()
        async with worlds.transport(stripe.now) as http:
            given = stripe.given(http)
            made = await way.ensure(given, {}, "https://b.example.com/hook", None)
            await way.ensure(given, {}, "https://b.example.com/other", made)
            await way.remove(given, {}, made)

    with judged(recorder, at_least=5):
        asyncio.run(whole())


def test_webhooks_are_as_published(stripe: Stripe) -> None:
    with receiving() as receiver:
        stripe.do("POST", "/v1/webhook_endpoints", url=receiver.url, **{"enabled_events[0]": "*"})
        charge = stripe.tell("/_sim/payments", amount=90_000, email="g@example.com")["id"]
        held = stripe.tell("/_sim/payments", amount=700, outcome="requires_capture")["id"]
        stripe.tell("/_sim/payments", capture=held, amount=500)
        stripe.tell("/_sim/payments", amount=700, outcome="failed")
        refund = stripe.tell("/_sim/refunds", charge=charge, amount=100)["id"]
        stripe.tell("/_sim/refunds", fail=refund)
        dispute = stripe.tell("/_sim/disputes", charge=charge)["id"]
        stripe.tell("/_sim/disputes", decide=dispute, status="won")
        stripe.later(days=3)
        payout = stripe.tell("/_sim/payouts")["id"]
        stripe.tell("/_sim/payouts", settle=payout, status="failed")
        stripe.do("POST", "/v1/customers", name="New")
        worlds.until(lambda: stripe.control.get("/_sim").json()["deliveries"]["waiting"] == 0)
        stripe.later()
        events = [json.loads(body) for _, body in receiver.received]
    assert {e["type"] for e in events} >= {
        "payment_intent.succeeded", "charge.succeeded", "charge.captured", "charge.failed", "charge.refunded",
        "refund.created", "refund.failed", "charge.dispute.created", "charge.dispute.closed", "payout.created",
        "payout.reconciliation_completed", "payout.failed", "customer.created",
    }  # fmt: skip
    assert [why for event in events for why in contract().event_complaints(event)] == []


def test_stripe_s_own_examples_are_read() -> None:
    kinds = {
        "customer": "client", "charge": "payment", "refund": "refund", "dispute": "dispute", "payout": "payout",
        "balance_transaction": "payout_entry",
    }  # fmt: skip
    seen = []
    for name, payload in contract().fixtures():
        records = read(kinds[name], payload)
        assert [r.kind for r in records] == [kinds[name]]
        seen.append(name)
    assert seen == list(kinds)
