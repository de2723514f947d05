"""Acuity's webhooks: which key, which bytes, which address; and registering them."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.vendors.acuity import worlds
from tests.vendors.acuity.payloads import rid
from tests.vendors.acuity.worlds import ADMIN_KEY, KEY, Acuity, at, person, receiving, until

from bookingbridge.canonical.errors import Refused, Unreadable
from bookingbridge.canonical.ports import Delivery, Hint, Subscription
from bookingbridge.vendors.acuity.subscribing import AcuitySubscribing
from bookingbridge.vendors.acuity.webhooks import ADDRESS, SIGNATURE, AcuityWebhooks, addressed

HOOKS, SUBSCRIBING = AcuityWebhooks(), AcuitySubscribing()
URL = "https://bridge.example.com/api/v1/webhooks/acuity/7"
BODY = b"action=changed&id=54001&calendarID=2201&appointmentTypeID=3201"


def signed(body: bytes, key: str = KEY, url: str = URL) -> Delivery:
    """Signed by hand, not with our own function: base64 of HMAC-SHA256 over the raw bytes."""
    digest = hmac.new(key.encode(), body, hashlib.sha256).digest()
    return Delivery({SIGNATURE: base64.b64encode(digest).decode()}, body, url)


def why_refused(delivery: Delivery, *secrets: str) -> str | None:
    try:
        HOOKS.verify(delivery, secrets)
    except Refused as refused:
        return refused.code
    return None


def test_a_signature_computed_elsewhere_is_accepted() -> None:
    # printf 'action=changed&id=54001&calendarID=2201&appointmentTypeID=3201' | openssl dgst -sha256 -hmac our-key
    # -binary | base64
    known = "UG7d5FACN2CW1unxaq8bVBKUlqQAkwDd4TxWxxM4RgQ="
    assert why_refused(Delivery({SIGNATURE: known}, BODY, URL), "our-key") is None
    assert why_refused(Delivery({SIGNATURE: known}, BODY, URL), "our-kez") == "signature_wrong"


def test_the_bytes_count_and_not_what_they_mean() -> None:
    same_meaning = b"id=54001&action=changed&calendarID=2201&appointmentTypeID=3201"
    assert why_refused(signed(same_meaning), KEY) is None
    assert why_refused(replace(signed(BODY), body=same_meaning), KEY) == "signature_wrong"
    assert why_refused(replace(signed(BODY), body=BODY.replace(b"54001", b"%354001")), KEY) == "signature_wrong"
    assert HOOKS.read(signed(same_meaning)).hints == HOOKS.read(signed(BODY)).hints


@pytest.mark.parametrize(
    ("headers", "secrets", "code"),
    [
        ({}, (KEY,), "signature_missing"),
        ({SIGNATURE: "AAAA"}, (), "no_secret"),
        ({SIGNATURE: "AAAA"}, ("",), "no_secret"),
        ({SIGNATURE: "AAAA"}, (KEY,), "signature_wrong"),
        ({SIGNATURE: "AAAA"}, (ADDRESS + "s3cret",), "address_wrong"),
        ({}, (ADDRESS,), "address_wrong"),
    ],
)
def test_a_refusal_says_what_to_look_at(headers: dict[str, str], secrets: tuple[str, ...], code: str) -> None:
    assert why_refused(Delivery(headers, BODY, URL), *secrets) == code


def test_by_sign_in_only_who_knows_the_address_is_heard() -> None:
    secret = ADDRESS + "s3cret-part"
    assert why_refused(Delivery({}, BODY, addressed(URL, "s3cret-part")), secret) is None
    for url in (URL, addressed(URL, "s3cret-parT"), addressed(URL, ""), f"{URL}?key=s3cret-part&key=x", f"{URL}?k=1"):
        assert why_refused(Delivery({}, BODY, url), secret) == "address_wrong"
    # The address's secret is no signing key: who has seen the one cannot do the other.
    assert why_refused(signed(BODY, "s3cret-part"), secret) == "address_wrong"
    assert why_refused(signed(BODY, secret), secret) == "address_wrong"


def test_by_sign_in_a_pasted_key_is_heard_as_well() -> None:
    assert why_refused(signed(BODY), ADDRESS + "s3cret", KEY) is None
    assert why_refused(signed(BODY, "other"), ADDRESS + "s3cret", KEY) == "signature_wrong"


@pytest.mark.parametrize("action", ["scheduled", "rescheduled", "canceled", "changed"])
@pytest.mark.parametrize("prefix", ["", "appointment."])
def test_both_ways_to_name_an_event_lead_to_the_appointment(prefix: str, action: str) -> None:
    notice = HOOKS.read(signed(f"action={prefix}{action}&id=54001".encode()))
    assert (notice.type, notice.account, notice.hints) == (action, None, (Hint("booking", rid("54001")),))


def test_an_order_is_nothing_to_look_at() -> None:
    assert HOOKS.read(signed(b"action=order.completed&id=98")).hints == ()


@pytest.mark.parametrize(
    "body",
    [b"", b"action=changed", b"id=1", b"action=changed&id=0", b"action=changed&id=../me", b"action=deleted&id=1",
     b"action=changed&id=1" + b"&x=1" * 30, b"{}", b"action=changed&id=\xc3\xa9", b"a" * 5000, b"action=changed&id=" +
     b"1" * 19],
)  # fmt: skip
def test_a_body_that_says_nothing_we_know_is_unreadable(body: bytes) -> None:
    assert HOOKS.event_id(signed(body)) is None
    with pytest.raises(Unreadable):
        HOOKS.read(signed(body))


@given(st.binary(max_size=200), st.text(max_size=100), st.text(max_size=60))
def test_nothing_a_stranger_sends_does_more_than_be_refused(body: bytes, header: str, url: str) -> None:
    delivery = Delivery({SIGNATURE: header}, body, url)
    assert why_refused(delivery, KEY, ADDRESS + "s3cret") is not None
    assert isinstance(HOOKS.event_id(delivery), str | None)


def test_the_next_change_of_an_appointment_is_not_taken_for_a_repetition() -> None:
    """Acuity's bodies hold no time: two changes of one appointment are the same bytes."""
    assert HOOKS.event_id(signed(BODY)) != HOOKS.event_id(signed(BODY))


def ensure(acuity: Acuity, url: str = URL, known: Subscription | None = None) -> Subscription:
    return acuity.over(lambda http: SUBSCRIBING.ensure(acuity.given(http), {}, url, known))


def registered(acuity: Acuity) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = acuity.direct("GET", "/webhooks")
    return found


def test_one_subscription_is_made_kept_and_taken_back() -> None:
    with worlds.acuity() as acuity:
        first = ensure(acuity)
        again = ensure(acuity, known=first)
        (there,) = registered(acuity)
        assert first == again
        assert (there["event"], there["target"], str(there["id"])) == ("appointment.changed", URL, first.remote_id)
        assert first.secret == KEY  # signed with the key of who registered it
        for _ in range(2):
            acuity.over(lambda http: SUBSCRIBING.remove(acuity.given(http), {}, first))
        assert registered(acuity) == []


def test_by_sign_in_the_address_holds_a_secret_that_is_kept() -> None:
    with worlds.acuity() as acuity:
        one = acuity.signed_in()
        first = ensure(one)
        assert first.secret is not None
        assert ensure(one, known=first) == first
        (there,) = registered(acuity)
        assert parse_qs(urlsplit(there["target"]).query)["key"] == [first.secret.removeprefix(ADDRESS)]
        # Who forgot the secret registers anew and leaves nothing of the old address behind.
        anew = ensure(one)
        assert anew.secret != first.secret
        assert [str(hook["id"]) for hook in registered(acuity)] == [anew.remote_id]
        assert first.secret not in repr(first)


def test_what_others_registered_is_left_alone() -> None:
    with worlds.acuity() as acuity:
        acuity.direct("POST", "/webhooks", {"event": "order.completed", "target": "https://other.example.com/"})
        acuity.direct("POST", "/webhooks", {"event": "appointment.canceled", "target": URL})
        ensure(acuity)
        assert sorted((hook["event"], hook["target"]) for hook in registered(acuity)) == [
            ("appointment.changed", URL), ("order.completed", "https://other.example.com/"),
        ]  # fmt: skip


def test_a_full_account_is_refused_with_the_reason() -> None:
    with worlds.acuity() as acuity:
        for n in range(25):
            acuity.direct("POST", "/webhooks", {"event": "order.completed", "target": f"https://other.example.com/{n}"})
        with pytest.raises(Refused, match="25 at most"):
            ensure(acuity)


def test_ports_acuity_does_not_deliver_to_are_refused_before_asking() -> None:
    with worlds.acuity() as acuity:
        real = replace(acuity, base_url="https://acuityscheduling.com")
        for url in ("https://bridge.example.com:8443/x", "https://bridge.example.com:99999/x"):
            with pytest.raises(Refused) as refused:
                ensure(real, url)
            assert refused.value.code == "port"


def test_there_are_no_test_deliveries() -> None:
    with worlds.acuity() as acuity, pytest.raises(Refused):
        acuity.over(lambda http: SUBSCRIBING.send_test(acuity.given(http), {}, Subscription("1")))


def delivered(acuity: Acuity, url: str, received: list[tuple[dict[str, str], bytes]], count: int) -> list[Delivery]:
    until(lambda: len(received) >= count)
    return [Delivery(headers, body, url) for headers, body in received]


@pytest.mark.parametrize("has_long_names", [False, True])
def test_each_kind_of_webhook_is_accepted_with_its_own_key_only(has_long_names: bool) -> None:
    account = {**worlds.small()["accounts"][0], "has_long_names": has_long_names}
    with receiving() as (address, received), worlds.acuity(accounts=[account]) as acuity:
        subscription = ensure(acuity, address)
        acuity.tell("/_sim/world", webhooks=[{"action": "canceled", "target": address}])
        acuity.direct("PUT", "/appointments/54159/cancel", {})
        got = delivered(acuity, address, received, 2)
    by_key = {key: sum(why_refused(one, key) is None for one in got) for key in (KEY, ADMIN_KEY, "third")}
    assert by_key == {KEY: 1, ADMIN_KEY: 1, "third": 0}
    assert subscription.secret == KEY
    assert {HOOKS.read(one).type for one in got} == {"changed", "canceled"}
    assert {hint for one in got for hint in HOOKS.read(one).hints} == {Hint("booking", rid("54159"))}
    assert all(one.headers["content-type"] == "application/x-www-form-urlencoded" for one in got)


def test_a_webhook_by_sign_in_arrives_at_the_address_with_the_secret() -> None:
    with receiving() as (address, received), worlds.acuity() as acuity:
        subscription = ensure(acuity.signed_in(), address)
        about = {"id": 54901, "datetime": at(4), "appointmentTypeID": 3201, "calendarID": 2201, **person(3)}
        acuity.tell("/_sim/world", appointments=[about], is_announced=True)
        target = registered(acuity)[0]["target"]
        (one,) = delivered(acuity, target, received, 1)
    assert subscription.secret is not None
    assert why_refused(one, subscription.secret) is None
    assert why_refused(replace(one, url=address), subscription.secret) == "address_wrong"
