"""The simulated Stripe: its start, its worlds, its lists, its money that adds up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx2
import pytest
from tests.simulators import serving_made
from tests.vendors.square.receiving import receiving
from tests.vendors.stripe import worlds
from tests.vendors.stripe.worlds import NOW, Stripe, at

from bookingbridge.canonical.ports import Json
from bookingbridge.vendors.stripe.simulator import STARTER_KEY, create_app


def refused(stripe: Stripe, path: str, **form: Any) -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {stripe.tokens.access}"}
    if form.pop("post", False):
        answer = stripe.control.post(path, headers=headers, data=form)
    else:
        answer = stripe.control.get(path, headers=headers, params=form)
    error = answer.json()["error"]
    return answer.status_code, error.get("code") or error["type"]


def lines(stripe: Stripe) -> list[Json]:
    found: list[Json] = stripe.do("GET", "/v1/balance_transactions?limit=100")["data"]
    return found


def test_there_is_a_small_business_with_a_key_until_a_world_is_loaded() -> None:
    with (
        serving_made(lambda base_url: create_app(now=lambda: NOW, base_url=base_url, config={})) as base_url,
        httpx2.Client(base_url=base_url, trust_env=False) as control,
    ):
        headers = {"Authorization": f"Bearer {STARTER_KEY}"}
        assert control.get("/v1/account", headers=headers).json()["settings"]["dashboard"]["display_name"] == (
            "Harbour Lane Hair"
        )
        assert control.post("/_sim/world", json={"accounts": [{"id": "acct_2", "name": "Other"}]}).json() == {
            "accounts": 1
        }
        assert control.get("/v1/account", headers=headers).status_code == 401


def test_a_world_may_be_loaded_in_pieces_and_again() -> None:
    with worlds.stripe() as stripe:
        before = stripe.ids("payments")
        assert stripe.tell("/_sim/world", **worlds.small())["payments"] == 150
        assert stripe.ids("payments") == before
        more = [{"id": "ch_new", "amount": 500, "created": at(-1), "email": "new@example.com"}]
        stripe.tell("/_sim/world", payments=more)
        assert stripe.ids("payments") == ["ch_new", *before]


@pytest.mark.parametrize(
    "world",
    [
        {"payments": [{"id": "ch_x"}]},
        {"payments": [{"id": "ch_x", "amount": 5, "created": "yesterday"}]},
        {"refunds": [{"id": "re_x", "charge": "ch_none", "created": 1_790_000_000}]},
        {"refunds": [{"id": "re_x", "charge": "ch_0001", "amount": 10**9, "created": 1_790_000_000}]},
        {"customers": [{"id": "cus_x", "created": 1_790_000_000, "account": "acct_none"}]},
        {"payouts": [{"id": "po_x", "created": 1_000_000_000}]},
    ],
)
def test_what_is_no_world_is_told(world: Json) -> None:
    with worlds.stripe() as stripe:
        answer = stripe.control.post("/_sim/world", json=world)
        assert (answer.status_code, bool(answer.json()["error"])) == (400, True)


@pytest.mark.parametrize("path", ["payments", "refunds", "disputes", "payouts", "keys", "thin"])
def test_what_is_no_order_is_told(path: str) -> None:
    with worlds.stripe() as stripe:
        for body in (b"[]", b"{", b'{"charge": 7, "account": "acct_none", "settle": "po_none"}'):
            assert stripe.control.post(f"/_sim/{path}", content=body).status_code == 400


def test_lists_are_cut_at_the_places_stripe_cuts_them() -> None:
    with worlds.stripe() as stripe:
        assert len(stripe.do("GET", "/v1/charges")["data"]) == 10
        assert refused(stripe, "/v1/charges", limit=101) == (400, "parameter_invalid_integer")
        assert refused(stripe, "/v1/charges", limit="x") == (400, "parameter_invalid_integer")
        assert refused(stripe, "/v1/charges", starting_after="ch_none") == (400, "resource_missing")
        assert refused(stripe, "/v1/charges", **{"created[about]": "1"}) == (400, "parameter_unknown")
        assert refused(stripe, "/v1/charges", colour="red") == (400, "parameter_unknown")
        assert refused(stripe, "/v1/charges", **{"expand[]": "data.colour"}) == (400, "invalid_request_error")
        first = stripe.do("GET", "/v1/charges?limit=3")
        second = stripe.do("GET", f"/v1/charges?limit=3&starting_after={first['data'][-1]['id']}")
        back = stripe.do("GET", f"/v1/charges?limit=3&ending_before={second['data'][0]['id']}")
        assert [c["id"] for c in back["data"]] == [c["id"] for c in first["data"]]


def test_lists_may_lag_while_single_things_do_not() -> None:
    with worlds.stripe() as stripe:
        stripe.tell("/_sim/lag", seconds=30)
        made = stripe.tell("/_sim/payments", amount=4200)["id"]
        assert made not in stripe.ids("payments")
        assert [raw.remote_id for raw in stripe.fetch("payment", made)] == [made]
        stripe.later(seconds=31)
        assert made in stripe.ids("payments")


def test_every_act_leaves_lines_that_add_up() -> None:
    with worlds.stripe({"accounts": [{"id": worlds.ACCOUNT, "name": "North Hair"}]}) as stripe:
        charge = stripe.tell("/_sim/payments", amount=10_000)["id"]
        refund = stripe.tell("/_sim/refunds", charge=charge, amount=4_000)["id"]
        stripe.tell("/_sim/refunds", fail=refund)
        dispute = stripe.tell("/_sim/disputes", charge=charge)["id"]
        stripe.tell("/_sim/disputes", decide=dispute, status="won")
        assert [(line["type"], line["net"]) for line in reversed(lines(stripe))] == [
            ("charge", 9_680), ("refund", -4_000), ("refund_failure", 4_000), ("adjustment", -11_500),
            ("adjustment", 11_500),
        ]  # fmt: skip
        nothing_yet = stripe.control.post("/_sim/payouts", json={})
        assert nothing_yet.status_code == 400
        stripe.later(days=2)
        payout = stripe.tell("/_sim/payouts")
        assert (payout["amount"], payout["status"], payout["reconciliation_status"]) == (
            9_680, "in_transit", "completed",
        )  # fmt: skip
        stripe.tell("/_sim/payouts", settle=payout["id"], status="failed")
        assert sum(line["net"] for line in lines(stripe)) == 9_680
        assert stripe.tell("/_sim/payouts")["amount"] == 9_680


def test_more_than_was_paid_cannot_be_given_back() -> None:
    with worlds.stripe() as stripe:
        charge = stripe.tell("/_sim/payments", amount=1_000)["id"]
        assert refused(stripe, "/v1/refunds", post=True, charge=charge, amount="1001") == (400, "amount_too_large")
        stripe.do("POST", "/v1/refunds", charge=charge)
        assert refused(stripe, "/v1/refunds", post=True, charge=charge) == (400, "charge_already_refunded")
        failed = stripe.tell("/_sim/payments", amount=1_000, outcome="failed")["id"]
        assert refused(stripe, "/v1/refunds", post=True, charge=failed) == (400, "charge_already_refunded")


def test_a_key_for_repetition_is_forgotten_after_a_day() -> None:
    with worlds.stripe() as stripe:
        headers = {"Authorization": f"Bearer {stripe.tokens.access}", "Idempotency-Key": "one"}

        def made(name: str) -> httpx2.Response:
            return stripe.control.post("/v1/customers", data={"name": name}, headers=headers)

        first, again, other = made("a"), made("a"), made("b")
        assert first.json() == again.json()
        assert (first.headers.get("idempotent-replayed"), again.headers["idempotent-replayed"]) == (None, "true")
        assert (other.status_code, other.json()["error"]["type"]) == (400, "idempotency_error")
        stripe.later(hours=25)
        assert made("b").json()["id"] != first.json()["id"]


def test_deliveries_are_held_back_doubled_and_retried_as_ordered() -> None:
    with worlds.stripe() as stripe, receiving() as receiver:
        stripe.do("POST", "/v1/webhook_endpoints", url=receiver.url, **{"enabled_events[0]": "customer.created"})
        stripe.tell("/_sim/deliveries", is_paused=True, duplicates=1)
        stripe.do("POST", "/v1/customers", name="Paused")
        assert receiver.received == []
        receiver.answer_with = 500
        stripe.tell("/_sim/deliveries", is_paused=False)
        worlds.until(lambda: len(receiver.received) >= 2)
        receiver.answer_with = 200
        worlds.until(lambda: stripe.control.get("/_sim").json()["deliveries"]["waiting"] == 0)
        worlds.until(lambda: len(receiver.received) == 4)
        assert len({body for _, body in receiver.received}) == 1


def test_events_are_told_for_thirty_days() -> None:
    with worlds.stripe() as stripe:
        stripe.do("POST", "/v1/customers", name="New")
        assert [e["type"] for e in stripe.do("GET", "/v1/events")["data"]] == ["customer.created"]
        stripe.later(days=30, seconds=1)
        assert stripe.do("GET", "/v1/events")["data"] == []
        assert stripe.now() == NOW + timedelta(days=30, seconds=1)


def test_a_page_for_paying_that_is_not_there_says_so() -> None:
    with worlds.stripe() as stripe:
        assert stripe.control.get("/c/pay/cs_none").status_code == 404
        assert stripe.control.post("/c/pay/ch_0001").status_code == 404
