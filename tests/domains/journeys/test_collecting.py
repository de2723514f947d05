"""Events become touches, or a sentence about the field that is wrong."""

from __future__ import annotations

import unicodedata
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domains.journeys.shops import ANNA, NOON
from tests.domains.journeys.test_redirecting import TOKEN, link

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.domains.journeys.collecting import Event, Sender, click_on, touch_of
from bookingbridge.domains.journeys.origins import Origins
from bookingbridge.domains.journeys.rules import new_token

PAGE = Sender(ANNA, "US", frozenset({"salon.example.com"}))
FREE_PAGE = Sender(ANNA, "US", needs_consent=False)
PROGRAM = Sender(ANNA, "US", needs_consent=False, is_trusted=True)


def touch(sender: Sender = PAGE, **fields: Any) -> Any:
    return touch_of(Event(**fields), sender, NOON, Origins())


@pytest.mark.parametrize(
    ("sender", "consent", "is_kept"),
    [
        (PAGE, "granted", True), (PAGE, "not-required", False), (PAGE, "none", False), (PAGE, "denied", False),
        (PAGE, None, False), (FREE_PAGE, "not-required", True), (FREE_PAGE, "none", False),
        (FREE_PAGE, "denied", False), (PROGRAM, None, True), (PROGRAM, "denied", False), (PROGRAM, "none", False),
        (PROGRAM, "granted", True),
    ],
)  # fmt: skip
def test_who_it_was_is_kept_only_where_that_was_allowed(sender: Sender, consent: str | None, is_kept: bool) -> None:
    found = touch(
        sender, consent=consent, visitor=TOKEN, email="ana@example.com", phone="206 555 0123",
        click_ids={"gclid": "secret"}, url="https://salon.example.com/a?gclid=secret&q=ana",
        referrer="https://x.example/?q=ana",
    )  # fmt: skip
    assert found.channel == "google_ads"
    if is_kept:
        assert (found.visitor, found.email_key, found.phone_key) == (TOKEN, "ana@example.com", "+12065550123")
        assert found.click_ids == {"gclid": "secret"}
        assert found.url == "https://salon.example.com/a?gclid=secret&q=ana"
    else:
        assert (found.visitor, found.email_key, found.phone_key) == (None, None, None)
        assert found.click_ids == {"gclid": "-"}
        assert (found.url, found.referrer) == ("https://salon.example.com/a", "https://x.example/")


def test_a_token_in_the_address_names_the_visitor_who_agreed() -> None:
    address = f"https://salon.example.com/?bb={TOKEN}"
    assert touch(url=address, consent="granted").visitor == TOKEN
    assert touch(url=address, consent="none").visitor is None
    other = new_token(b"abcdefghij")
    assert touch(url=address, consent="granted", visitor=other).visitor == other


def test_a_program_that_knows_only_an_email_still_says_who_it_was() -> None:
    by_email = [touch(PROGRAM, email=text).visitor for text in ("ana@example.com", "Ana <ANA@example.com>")]
    assert by_email[0] == by_email[1] is not None
    assert touch(PROGRAM, email="bea@example.com").visitor != by_email[0]
    assert touch(PROGRAM).visitor is None


@pytest.mark.parametrize(
    ("sender", "fields", "where"),
    [
        (PAGE, {"kind": "Visit!"}, "kind"),
        (PAGE, {"consent": "yes"}, "consent"),
        (PAGE, {"visitor": "crm-7", "consent": "granted"}, "visitor"),
        (PROGRAM, {"visitor": "x" * 81}, "visitor"),
        (PAGE, {"channel": "email"}, "channel"),
        (PROGRAM, {"channel": "carrier pigeon"}, "channel"),
        (PROGRAM, {"email": "nobody"}, "email"),
        (PROGRAM, {"phone": "12"}, "phone"),
        (PROGRAM, {"kind": "identify", "visitor": TOKEN}, "visitor"),
        (PAGE, {"kind": "identify", "visitor": TOKEN, "email": "ana@example.com"}, "visitor"),
        (PAGE, {"kind": "asked", "fields": {"answer": "  "}}, "fields.answer"),
        (PAGE, {"id": "x" * 101}, "id"),
        (PAGE, {"fields": {"n": 2**63}}, "fields"),
    ],
)
def test_what_is_wrong_is_named_by_its_field(sender: Sender, fields: dict[str, Any], where: str) -> None:
    with pytest.raises(Unreadable) as wrong:
        touch(sender, **fields)
    assert wrong.value.where == where


def test_ids_are_the_senders_own_where_they_can_be() -> None:
    own = UUID(int=5)
    assert touch(id=own).id == touch(id=str(own)).id == own
    assert touch(id="order-7").id == touch(id="order-7").id != touch(id="order-8").id
    assert touch(id=None).id != touch(id=None).id


def test_fields_that_only_we_write_cannot_be_sent() -> None:
    found = touch(fields={"link": "x", "clock": "y", "said_at": "z", "page": "p"})
    assert found.fields == {"page": "p"}


def test_a_program_may_tell_of_long_ago_and_nobody_of_the_future() -> None:
    past, future = NOON - timedelta(days=1_000), NOON + timedelta(days=1)
    assert touch(PROGRAM, at=past).occurred_at == past
    assert touch(PAGE, at=past).occurred_at == NOON
    for sender in (PROGRAM, PAGE):
        found = touch(sender, at=future)
        assert (found.occurred_at, found.fields["clock"]) == (NOON, "ahead")


def test_a_click_on_our_link_carries_its_tags_and_names_nobody_but_the_token() -> None:
    made = link("https://salon.example.com/", kind="qr", source="flyer", medium="print", campaign="window")
    found = click_on(
        made, TOKEN, NOON, Origins(), url="https://b.example/l/s?gclid=secret", referrer="https://x.example/?q=ana",
        agent="",
    )  # fmt: skip
    assert (found.kind, found.source, found.campaign, found.visitor) == ("qr", "flyer", "window", TOKEN)
    assert (found.click_ids, found.url, found.referrer) == (
        {"gclid": "-"},
        "https://b.example/l/s",
        "https://x.example/",
    )


_text = st.text(max_size=40)


@given(
    st.builds(
        Event,
        kind=st.sampled_from(["visit", "identify", "asked", "own_kind"]) | _text,
        id=st.none() | st.uuids() | _text,
        at=st.none() | st.datetimes(timezones=st.timezones()),
        visitor=st.none() | st.just(TOKEN) | _text,
        consent=st.none() | st.sampled_from(["granted", "denied"]) | _text,
        url=st.none() | _text.map("https://salon.example.com/?".__add__) | _text,
        referrer=st.none() | _text,
        utm=st.dictionaries(st.sampled_from(["source", "medium"]) | _text, _text, max_size=3),
        click_ids=st.dictionaries(st.sampled_from(["gclid", "fbp"]) | _text, _text, max_size=3),
        channel=st.none() | _text,
        email=st.none() | st.just("ana@example.com") | _text,
        phone=st.none() | st.just("+12065550123") | _text,
        fields=st.dictionaries(_text, st.none() | st.booleans() | st.integers() | st.floats() | _text, max_size=4),
    ),
    st.sampled_from([PAGE, FREE_PAGE, PROGRAM]),
)
def test_any_event_is_a_storable_touch_or_says_what_is_wrong(event: Event, sender: Sender) -> None:
    try:
        found = touch_of(event, sender, NOON, Origins())
    except Unreadable as wrong:
        assert wrong.where  # noqa: PT017 - either outcome is right
        return
    assert found.occurred_at <= NOON
    for text in (found.kind, found.visitor, found.url, found.referrer, found.source, found.campaign):
        assert text is None or not any(unicodedata.category(c) in ("Cc", "Cs") for c in text)
    if found.consent in ("denied", "none"):
        assert (found.visitor, found.email_key, found.phone_key) == (None, None, None)
