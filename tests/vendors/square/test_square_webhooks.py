"""Square's webhooks: what is accepted, what is refused and why, what they hint at."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from square.utils.webhooks_helper import verify_signature
from tests.vendors.square import payloads
from tests.vendors.square.published import specs

from bookingbridge.canonical.errors import Refused, Unreadable
from bookingbridge.canonical.ports import Delivery, Hint
from bookingbridge.vendorkit import signatures
from bookingbridge.vendors.square.webhooks import SIGNATURE, SquareWebhooks

HOOKS = SquareWebhooks()
URL = "https://bridge.example.com/api/v1/webhooks/square/7"
KEY = "signature-key-of-ours"


def delivery(event: payloads.Json | bytes, *, key: str = KEY, url: str = URL) -> Delivery:
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    return Delivery({SIGNATURE: signatures.sign_base64(key, url.encode() + body)}, body, url)


def is_accepted(one: Delivery, *secrets: str) -> bool:
    try:
        HOOKS.verify(one, secrets)
    except Refused:
        return False
    return True


def test_the_published_signatures_are_told_apart() -> None:
    lines = (specs() / "vectors" / "webhook_signatures.jsonl").read_text().splitlines()
    vectors = [vector for line in lines if (vector := json.loads(line))["vendor"] == "square"]
    assert len(vectors) == 7
    for vector in vectors:
        one = Delivery(vector["headers"], vector["body"].encode(), vector["url"])
        assert is_accepted(one, vector["key"]) is vector["valid"], vector["why"]


@given(st.text(min_size=1, alphabet=st.characters(codec="utf-8")), st.text(alphabet=st.characters(codec="utf-8")))
def test_square_s_own_library_agrees(key: str, text: str) -> None:
    one = delivery(text.encode(), key=key)
    assert is_accepted(one, key)
    theirs = verify_signature(
        request_body=text, signature_header=one.headers[SIGNATURE], signature_key=key, notification_url=URL
    )
    assert theirs or not text  # their library refuses an empty body, which nobody sends


@pytest.mark.parametrize(
    ("headers", "secrets", "code"),
    [
        ({}, [KEY], "signature_missing"),
        ({"x-square-signature": "old"}, [KEY], "signature_missing"),
        ({SIGNATURE: "AAAA"}, [], "no_secret"),
        ({SIGNATURE: "AAAA"}, [""], "no_secret"),
        ({SIGNATURE: "AAAA"}, [KEY], "signature_wrong"),
    ],
)
def test_a_refusal_says_what_to_look_at(headers: dict[str, str], secrets: list[str], code: str) -> None:
    with pytest.raises(Refused) as refused:
        HOOKS.verify(Delivery(headers, b"{}", URL), secrets)
    assert refused.value.code == code
    assert KEY not in refused.value.why


def test_a_wrong_url_is_refused_with_the_url_square_must_have() -> None:
    signed = delivery(payloads.event("booking.created", "b:0"), url="http://behind-the-proxy/api")
    with pytest.raises(Refused, match=re.escape(URL)):
        HOOKS.verify(Delivery(signed.headers, signed.body, URL), [KEY])


@pytest.mark.parametrize(
    ("kind", "subject", "hint"),
    [
        ("booking.created", "bkg1:0", Hint("booking", payloads.rid("bkg1:0"))),
        ("booking.updated", "bkg1:4", Hint("booking", payloads.rid("bkg1:4"))),
        ("customer.updated", "C1", Hint("client", payloads.rid("C1"))),
        ("customer.deleted", "C1", Hint("client", payloads.rid("C1:deleted"))),
        ("payment.updated", "P1", Hint("payment", payloads.rid("P1"))),
        ("refund.created", "R1", Hint("refund", payloads.rid("R1"))),
        ("team_member.created", "T1", Hint("staff", payloads.rid("T1"))),
        ("location.updated", "L1", Hint("location", payloads.rid("L1"))),
        ("payout.sent", "po_1", Hint("payout", payloads.rid("po_1"))),
        ("payout.failed", "po_1", Hint("payout", payloads.rid("po_1"))),
        ("catalog.version.updated", "x", Hint("service", payloads.rid("all"))),
        ("oauth.authorization.revoked", "x", Hint("", payloads.rid("MNORTHHAIR"), note="revoked")),
    ],
)
def test_a_webhook_hints_at_what_to_look_at(kind: str, subject: str, hint: Hint) -> None:
    notice = HOOKS.read(delivery(payloads.event(kind, subject)))
    assert (notice.type, notice.account, notice.hints) == (kind, "MNORTHHAIR", (hint,))
    assert notice.event_id == "0f5f7a52-2b7d-4c0e-9a57-3f1d0f1f4f10"


@pytest.mark.parametrize("kind", ["order.created", "webhooks.test_notification", "loyalty.event.created"])
def test_a_webhook_about_something_else_hints_at_nothing(kind: str) -> None:
    assert HOOKS.read(delivery(payloads.event(kind, "X1"))).hints == ()


def test_what_a_webhook_says_about_the_object_is_not_read() -> None:
    event = payloads.event("booking.created", "bkg1:0", object={"booking": {"id": "another", "status": 5}})
    assert HOOKS.read(delivery(event)).hints == (Hint("booking", payloads.rid("bkg1:0")),)


@pytest.mark.parametrize(
    "event",
    [
        b"",
        b"{}",
        b"\xff",
        payloads.event("booking.created", ""),
        payloads.event("booking.created", "a\nb"),
        payloads.event("", "b"),
        payloads.event("booking.created", "b") | {"event_id": ""},
        payloads.event("booking.created", "b") | {"event_id": "x" * 300},
        payloads.event("booking.created", "b") | {"data": None},
        payloads.event("booking.created", "b") | {"data": {"id": 7}},
    ],
)
def test_what_is_no_event_is_unreadable(event: payloads.Json | bytes) -> None:
    with pytest.raises(Unreadable):
        HOOKS.read(delivery(event))


def test_the_event_id_is_none_where_there_is_none_to_trust() -> None:
    assert HOOKS.event_id(delivery(b"not json")) is None
    assert HOOKS.event_id(delivery(payloads.event("x.y", "z") | {"event_id": 5})) is None


@given(st.binary(), st.dictionaries(st.text(), st.text()), st.text(), st.lists(st.text()))
def test_no_delivery_makes_anything_but_a_refusal(
    body: bytes, headers: dict[str, str], url: str, secrets: list[str]
) -> None:
    assert not is_accepted(Delivery(headers | {SIGNATURE: "x" + str(headers)}, body, url), *secrets)


NAMES = st.sampled_from(["event_id", "type", "data", "id", "merchant_id", "deleted"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
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
