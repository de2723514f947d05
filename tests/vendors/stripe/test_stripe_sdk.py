"""Stripe's own library as a second client of the simulator: what it accepts is not only to our own taste."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import stripe as sdk
from tests.vendors.square.receiving import receiving
from tests.vendors.stripe import worlds
from tests.vendors.stripe.worlds import ACCOUNT, NOW, Stripe

from bookingbridge.vendors.stripe.simulator import CLIENT_ID, PLATFORM_SECRET
from bookingbridge.vendors.stripe.wire import API_VERSION


def library(stripe: Stripe, key: str | None = None, **more: Any) -> Any:
    """Untyped, since requests are also made wrong on purpose."""
    here: Any = {"api": stripe.base_url, "connect": stripe.base_url, "files": stripe.base_url}
    return sdk.StripeClient(key or stripe.tokens.access, base_addresses=here, **more)


def test_the_library_is_made_for_our_api_version() -> None:
    assert sdk.api_version == API_VERSION


def test_the_library_lists_what_is_there_page_by_page() -> None:
    with worlds.stripe() as stripe:
        v1 = library(stripe).v1
        assert len(list(v1.customers.list({"limit": 50}).auto_paging_iter())) == 130
        charges = list(v1.charges.list({"limit": 40, "expand": ["data.payment_intent"]}).auto_paging_iter())
        assert [c.created for c in charges] == sorted((c.created for c in charges), reverse=True)
        assert len({c.id for c in charges}) == 150
        intent = charges[0].payment_intent
        assert isinstance(intent, sdk.PaymentIntent)
        assert intent.latest_charge == charges[0].id
        assert len(list(v1.refunds.list({"charge": "ch_0100"}).auto_paging_iter())) == 1
        recent = v1.charges.list({"created": {"gte": int(NOW.timestamp()) - 9 * 86_400}, "limit": 100})
        assert {c.id for c in recent} == {"ch_0149"}
        assert [d.status for d in v1.disputes.list()] == ["needs_response", "lost"]
        account = v1.accounts.retrieve_current()
        assert account.id == ACCOUNT


def test_the_library_reads_a_payout_s_lines() -> None:
    with worlds.stripe() as stripe:
        v1 = library(stripe).v1
        payout = v1.payouts.retrieve("po_0005")
        lines = list(v1.balance_transactions.list({"payout": payout.id, "limit": 5}).auto_paging_iter())
        assert sum(line.net for line in lines if line.type != "payout") == payout.amount
        hand = stripe.tell("/_sim/payments", amount=500_000)
        stripe.later(days=5)
        made = stripe.tell("/_sim/payouts", automatic=False)
        assert hand["id"]
        with pytest.raises(sdk.InvalidRequestError, match="only be filtered on automatic"):
            v1.balance_transactions.list({"payout": made["id"]})


def test_the_library_pays_captures_and_gives_back() -> None:
    with worlds.stripe() as stripe:
        v1 = library(stripe).v1
        ours: Any = {"amount": 4200, "currency": "usd", "confirm": True, "payment_method": "pm_card_visa"}
        paid = v1.payment_intents.create({**ours, "metadata": {"reference": "x"}}, {"idempotency_key": "p1"})
        again = v1.payment_intents.create({**ours, "metadata": {"reference": "x"}}, {"idempotency_key": "p1"})
        assert (paid.id, paid.status) == (again.id, "succeeded")
        with pytest.raises(sdk.IdempotencyError):
            v1.payment_intents.create({**ours, "amount": 1}, {"idempotency_key": "p1"})
        back = v1.refunds.create({"payment_intent": paid.id, "amount": 200})
        assert back.status == "succeeded"
        charge = v1.charges.retrieve(str(paid.latest_charge))
        assert (charge.amount_refunded, charge.metadata["reference"]) == (200, "x")
        held = v1.payment_intents.create({**ours, "capture_method": "manual"})
        assert held.status == "requires_capture"
        assert v1.payment_intents.capture(held.id, {"amount_to_capture": 4000}).amount_received == 4000
        let_go = v1.payment_intents.create({**ours, "capture_method": "manual"})
        assert v1.payment_intents.cancel(let_go.id).status == "canceled"
        with pytest.raises(sdk.CardError) as declined:
            v1.payment_intents.create({**ours, "payment_method": "pm_card_chargeDeclined"})
        assert (declined.value.code, declined.value.http_status) == ("card_declined", 402)


def test_a_failure_is_repeated_for_the_same_key_and_a_wrong_request_is_not_kept() -> None:
    with worlds.stripe() as stripe:
        v1 = library(stripe).v1
        declined: Any = {
            "amount": 4200, "currency": "usd", "confirm": True, "payment_method": "pm_card_chargeDeclined"
        }  # fmt: skip
        for _ in range(2):
            with pytest.raises(sdk.CardError):
                v1.payment_intents.create(declined, {"idempotency_key": "d"})
        assert len(list(v1.charges.list({"limit": 100, "created": {"gte": int(NOW.timestamp())}}))) == 1
        small: Any = {"amount": 3, "currency": "usd", "confirm": True}
        with pytest.raises(sdk.InvalidRequestError):
            v1.payment_intents.create(small, {"idempotency_key": "s"})
        assert v1.payment_intents.create({**small, "amount": 300}, {"idempotency_key": "s"}).status == "succeeded"


def test_what_endive_no_longer_takes_is_refused_in_stripe_s_words() -> None:
    with worlds.stripe() as stripe:
        old: Any = {"amount": 4200, "currency": "usd", "confirm": True, "payment_method_types": ["card"]}
        with pytest.raises(sdk.InvalidRequestError) as refused:
            library(stripe).v1.payment_intents.create(old)
        assert refused.value.code == "payment_method_types_no_longer_supported"
        unknown: Any = {"colour": "red"}
        with pytest.raises(sdk.InvalidRequestError) as strange:
            library(stripe).v1.customers.create(unknown)
        assert (strange.value.code, strange.value.param) == ("parameter_unknown", "colour")


def test_the_library_meets_the_right_errors() -> None:
    with worlds.stripe() as stripe:
        with pytest.raises(sdk.AuthenticationError):
            library(stripe, "sk_test_unknown").v1.charges.list()
        limited = stripe.with_key("rak_charge_read").tokens.access
        with pytest.raises(sdk.PermissionError):
            library(stripe, limited).v1.disputes.list()
        with pytest.raises(sdk.InvalidRequestError) as missing:
            library(stripe).v1.charges.retrieve("ch_none")
        assert (missing.value.code, missing.value.http_status) == ("resource_missing", 404)
        stripe.tell("/_sim/faults", fault="429", times=1)
        with pytest.raises(sdk.RateLimitError):
            library(stripe).v1.charges.list()
        stripe.tell("/_sim/faults", fault="500", times=1)
        assert library(stripe, max_network_retries=2).v1.charges.list({"limit": 1}).has_more


def test_basic_authorisation_is_a_key_too() -> None:
    with worlds.stripe() as stripe:
        user = base64.b64encode(f"{stripe.tokens.access}:".encode()).decode()
        answer = stripe.control.get("/v1/account", headers={"Authorization": f"Basic {user}"})
        assert answer.json()["id"] == ACCOUNT


def test_the_library_makes_and_ends_a_payment_link() -> None:
    with worlds.stripe() as stripe:
        v1 = library(stripe).v1
        made = v1.checkout.sessions.create(
            {
                "mode": "payment",
                "line_items": [
                    {
                        "quantity": 2,
                        "price_data": {"currency": "usd", "unit_amount": 1500, "product_data": {"name": "Wash"}},
                    }
                ],
                "success_url": "https://shop.example.com/",
            }
        )
        assert (made.amount_total, made.status, made.payment_status) == (3000, "open", "unpaid")
        assert v1.checkout.sessions.expire(made.id).status == "expired"


def test_the_library_signs_in_with_connect_and_speaks_for_the_account() -> None:
    with worlds.stripe() as stripe:
        platform = library(stripe, PLATFORM_SECRET, client_id=CLIENT_ID)
        url = platform.oauth.authorize_url({"scope": "read_only", "redirect_uri": "https://b.example.com/"})
        assert url.startswith(stripe.base_url)
        shown = stripe.control.get(url)
        assert "read your payments" in shown.text
        form = {
            "response_type": "code", "client_id": CLIENT_ID, "scope": "read_only", "state": "s",
            "redirect_uri": "https://b.example.com/", "account": ACCOUNT, "decision": "allow",
        }  # fmt: skip
        back = stripe.control.post("/oauth/authorize", data=form, follow_redirects=False).headers["location"]
        code = back.partition("code=")[2].partition("&")[0]
        token = platform.oauth.token({"grant_type": "authorization_code", "code": code})
        assert (token.stripe_user_id, token.scope, token.livemode) == (ACCOUNT, "read_only", False)
        own = library(stripe, str(token.access_token)).v1
        assert own.charges.list({"limit": 1}).has_more
        with pytest.raises(sdk.PermissionError):
            own.customers.create({"name": "x"})
        beside = platform.v1.charges.list({"limit": 1}, {"stripe_account": ACCOUNT})
        assert beside.has_more
        with pytest.raises(sdk.PermissionError) as shut:
            platform.v1.charges.list({"limit": 1}, {"stripe_account": "acct_other"})
        body: Any = shut.value.json_body
        assert body["error"]["code"] == "account_invalid"
        assert platform.oauth.deauthorize({"stripe_user_id": ACCOUNT}).stripe_user_id == ACCOUNT
        with pytest.raises(sdk.AuthenticationError):
            own.charges.list()
        with pytest.raises(sdk.oauth_error.InvalidClientError):
            platform.oauth.deauthorize({"stripe_user_id": ACCOUNT})


def test_the_library_verifies_both_kinds_of_webhook() -> None:
    with worlds.stripe() as stripe, receiving() as receiver:
        client = library(stripe)
        made = client.v1.webhook_endpoints.create(
            {"url": receiver.url, "enabled_events": ["charge.refunded"], "api_version": API_VERSION}
        )
        assert client.v1.webhook_endpoints.retrieve(made.id).to_dict().get("secret") is None
        thin = stripe.tell("/_sim/thin", url=receiver.url)["secret"]
        stripe.tell("/_sim/refunds", charge="ch_0149", amount=100)
        worlds.until(lambda: len(receiver.received) == 3)
        kinds = set()
        for headers, body in receiver.received:
            if b'"v2.core.event"' in body:
                told: Any = client.parse_event_notification(body, headers["stripe-signature"], thin)
                kinds.add((told.type, told.related_object.id))
                assert told.fetch_related_object().id == told.related_object.id
            else:
                event = client.construct_event(body, headers["stripe-signature"], str(made.secret))
                kinds.add((event.type, event.data.object["id"]))
        refund = client.v1.refunds.list({"charge": "ch_0149"}).data[0].id
        assert kinds == {
            ("charge.refunded", "ch_0149"), ("v1.charge.refunded", "ch_0149"), ("v1.refund.created", refund),
        }  # fmt: skip


def test_the_library_reads_events_by_type_and_time() -> None:
    with worlds.stripe() as stripe:
        stripe.tell("/_sim/refunds", charge="ch_0149", amount=100)
        stripe.tell("/_sim/payments", amount=5000)
        v1 = library(stripe).v1
        assert [e.type for e in v1.events.list({"types": ["charge.refunded", "charge.succeeded"]})] == [
            "charge.succeeded", "charge.refunded",
        ]  # fmt: skip
        assert {e.type for e in v1.events.list({"type": "charge.*"})} == {"charge.refunded", "charge.succeeded"}
        stripe.later(days=31)
        assert v1.events.list().data == []
