"""Stripe's webhooks: what is accepted, what is refused and why, what they hint at."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import stripe as sdk
from hypothesis import given
from hypothesis import strategies as st
from tests.vendors.stripe import payloads
from tests.vendors.stripe.payloads import SECRET, URL, delivery, rid

from bookingbridge.canonical.errors import Refused, Unreadable
from bookingbridge.canonical.ports import Delivery, Hint
from bookingbridge.vendors.stripe.webhooks import SIGNATURE, TOLERANCE, StripeWebhooks

HOOKS = StripeWebhooks()
REFUNDED = payloads.event("charge.refunded", "charge", "ch_mara")


def refusal(one: Delivery, *secrets: str, hooks: StripeWebhooks = HOOKS) -> str:
    """Why it was refused; empty when it was not."""
    try:
        hooks.verify(one, secrets)
    except Refused as refused:
        return refused.code
    return ""


def signed(body: str, *headers: str) -> Delivery:
    return Delivery({SIGNATURE: ",".join(headers)}, body.encode(), URL)


def theirs(body: str, secret: str = SECRET, at: int | None = None) -> str:
    """The header that Stripe's own library makes."""
    header: str = sdk.WebhookSignature.generate_signature_header(body, secret, at)
    return header


def is_accepted_by_stripe(one: Delivery, secret: str) -> bool:
    try:
        sdk.WebhookSignature.verify_header(one.body, one.headers.get(SIGNATURE), secret, TOLERANCE)
    except sdk.SignatureVerificationError:
        return False
    return True


@given(st.text(min_size=1, alphabet=st.characters(codec="utf-8")), st.text(alphabet=st.characters(codec="utf-8")))
def test_what_stripe_s_own_library_signs_is_accepted(key: str, body: str) -> None:
    secret = "whsec_" + key
    one = signed(body, theirs(body, secret))
    assert refusal(one, secret) == ""
    assert is_accepted_by_stripe(one, secret)
    assert refusal(signed(body + " ", one.headers[SIGNATURE]), secret) == "signature_wrong"


@given(st.lists(st.sampled_from(["good", "bad", "v0", "t", "old", "junk", "v1=", "=", "v1"]), min_size=0, max_size=5))
def test_our_verdict_on_a_header_is_stripe_s_own(parts: list[str]) -> None:
    body, now = '{"id":"evt_1"}', int(time.time())
    good = theirs(body, at=now).partition(",")[2]
    old = theirs(body, at=now - TOLERANCE - 100)
    words = {
        "good": good, "bad": "v1=" + "0" * 64, "v0": "v0=" + good[3:], "t": f"t={now}", "old": old, "junk": "a=b=c",
    }  # fmt: skip
    # Two different times in one header are read differently by everybody; Stripe sends one.
    chosen = parts if not ({"t", "old"} <= set(parts)) else [p for p in parts if p != "old"]
    one = signed(body, *(words.get(p, p) for p in chosen))
    assert (refusal(one, SECRET) == "") is is_accepted_by_stripe(one, SECRET)


@pytest.mark.parametrize(
    ("headers", "secrets", "code"),
    [
        ({}, [SECRET], "signature_missing"),
        ({SIGNATURE: "t=1,v1=aa"}, [], "no_secret"),
        ({SIGNATURE: "t=1,v1=aa"}, ["", "  "], "no_secret"),
        ({SIGNATURE: "v1=aa"}, [SECRET], "signature_malformed"),
        ({SIGNATURE: "t=1"}, [SECRET], "signature_malformed"),
        ({SIGNATURE: "t=１,v1=aa"}, [SECRET], "signature_malformed"),
        ({SIGNATURE: "t=-1,v1=aa"}, [SECRET], "signature_malformed"),
        ({SIGNATURE: "t=1,v1=aa"}, [SECRET], "signature_wrong"),
    ],
)
def test_a_refusal_says_what_to_look_at(headers: dict[str, str], secrets: list[str], code: str) -> None:
    with pytest.raises(Refused) as refused:
        HOOKS.verify(Delivery(headers, b"{}", URL), secrets)
    assert refused.value.code == code
    assert SECRET not in refused.value.why


def test_a_signature_is_good_for_five_minutes_and_one_from_the_future_is_stripe_s_all_the_same() -> None:
    hooks = StripeWebhooks(seconds=lambda: 1_800_000_000.0)
    ages = {0: "", 299: "", 300: "", 301: "signature_old", 86_400: "signature_old", -3600: ""}
    assert {age: refusal(delivery(REFUNDED, seconds=1_800_000_000 - age), SECRET, hooks=hooks) for age in ages} == ages


def test_any_of_several_signatures_and_secrets_will_do_while_one_is_replaced() -> None:
    body = json.dumps(REFUNDED)
    at, _, fresh = theirs(body, "whsec_new").partition(",")
    _, _, old = theirs(body, "whsec_old", int(at[2:])).partition(",")
    both = signed(body, at, old, fresh)
    assert refusal(both, "whsec_new") == refusal(both, "whsec_old") == refusal(both, "whsec_x", "whsec_old") == ""
    assert refusal(both, "whsec_x") == "signature_wrong"


def test_a_test_scheme_alone_is_no_signature() -> None:
    body = json.dumps(REFUNDED)
    at, _, good = theirs(body).partition(",")
    assert refusal(signed(body, at, good.replace("v1=", "v0=")), SECRET) == "signature_malformed"


@pytest.mark.parametrize(
    ("kind", "about", "remote_id", "hint"),
    [
        ("customer.created", "customer", "cus_1", Hint("client", rid("cus_1"))),
        ("customer.deleted", "customer", "cus_1", Hint("client", rid("cus_1"))),
        ("charge.succeeded", "charge", "ch_1", Hint("payment", rid("ch_1"))),
        ("charge.refunded", "charge", "ch_1", Hint("payment", rid("ch_1"))),
        ("charge.refund.updated", "refund", "re_1", Hint("refund", rid("re_1"))),
        ("refund.failed", "refund", "re_1", Hint("refund", rid("re_1"))),
        ("payment_intent.succeeded", "payment_intent", "pi_1", Hint("payment", rid("pi_1"))),
        ("checkout.session.completed", "checkout.session", "cs_1", Hint("payment", rid("cs_1"))),
        ("charge.dispute.created", "dispute", "dp_1", Hint("dispute", rid("dp_1"))),
        ("payout.failed", "payout", "po_1", Hint("payout", rid("po_1"))),
        ("payout.reconciliation_completed", "payout", "po_1", Hint("payout", rid("po_1:lines"))),
    ],
)
def test_both_kinds_of_webhook_hint_at_what_to_look_at(kind: str, about: str, remote_id: str, hint: Hint) -> None:
    snapshot = HOOKS.read(delivery(payloads.event(kind, about, remote_id)))
    thin = HOOKS.read(delivery(payloads.thin(f"v1.{kind}", about, remote_id)))
    assert (snapshot.event_id, snapshot.type, snapshot.account, snapshot.hints) == ("evt_1", kind, None, (hint,))
    assert (thin.event_id, thin.hints) == ("evt_thin_1", (hint,))


@pytest.mark.parametrize(
    ("kind", "about"),
    [
        ("customer.subscription.updated", "subscription"),
        ("payment_intent.created", "payment_intent"),
        ("payment_intent.payment_failed", "payment_intent"),
        ("checkout.session.expired", "checkout.session"),
        ("invoice.paid", "invoice"),
        ("account.updated", "account"),
        ("charge.succeeded", "something_new"),
    ],
)
def test_a_webhook_about_something_else_or_with_no_charge_yet_hints_at_nothing(kind: str, about: str) -> None:
    assert HOOKS.read(delivery(payloads.event(kind, about, "x_1"))).hints == ()


def test_an_event_of_a_connected_account_says_whose_it_is() -> None:
    snapshot = payloads.event("charge.succeeded", "charge", "ch_1", account="acct_1")
    assert HOOKS.read(delivery(snapshot)).account == "acct_1"
    within = payloads.thin("v1.charge.succeeded", "charge", "ch_1", context="org_1/acct_2")
    assert HOOKS.read(delivery(within)).account == "acct_2"
    gone = payloads.event("account.application.deauthorized", "application", "ca_1", account="acct_1")
    assert HOOKS.read(delivery(gone)).hints == (Hint("", rid("acct_1"), note="revoked"),)


@pytest.mark.parametrize("version", ["2017-08-15", "2026-10-28.endive", "2031-01-01.zebra", None])
def test_an_event_drawn_at_another_version_is_read_for_its_ids_only(version: str | None) -> None:
    drawn = payloads.event("charge.refunded", "charge", "ch_mara", api_version=version)
    drawn["data"]["object"] |= {"amount": "a lot", "refunds": 7, "currency": None}
    assert HOOKS.read(delivery(drawn)).hints == (Hint("payment", rid("ch_mara")),)


@pytest.mark.parametrize(
    "event",
    [
        b"", b"{}", b"\xff", b'{"object":"event"}',
        payloads.event("charge.succeeded", "charge", ""),
        payloads.event("charge.succeeded", "charge", "a\nb"),
        payloads.event("charge.succeeded", "charge", 7),
        payloads.event("", "charge", "ch_1"),
        payloads.event("charge.succeeded", "charge", "ch_1") | {"id": ""},
        payloads.event("charge.succeeded", "charge", "ch_1") | {"id": "x" * 300},
        payloads.event("charge.succeeded", "charge", "ch_1") | {"data": None},
        payloads.thin("v1.charge.succeeded", "charge", ""),
    ],
)  # fmt: skip
def test_what_is_no_event_is_unreadable(event: Any) -> None:
    with pytest.raises(Unreadable):
        HOOKS.read(delivery(event))


@given(st.binary(), st.dictionaries(st.text(), st.text()), st.lists(st.text()))
def test_no_delivery_makes_anything_but_a_refusal(body: bytes, headers: dict[str, str], secrets: list[str]) -> None:
    assert refusal(Delivery(headers | {SIGNATURE: "t=1,v1=" + str(headers)}, body, URL), *secrets)


NAMES = st.sampled_from(["id", "type", "data", "object", "account", "related_object", "context"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.sampled_from(["v2.core.event", "event"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=5), inner, max_size=5),
    max_leaves=8,
)


@given(JSON)
def test_any_json_is_a_notice_or_unreadable(value: object) -> None:
    try:
        notice = HOOKS.read(Delivery({}, json.dumps(value).encode(), URL))
    except Unreadable:
        return
    assert notice.event_id.isprintable()
