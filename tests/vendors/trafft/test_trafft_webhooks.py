"""Trafft's webhooks: who is let in, what they hint at, and how the hinted-at thing is found without an id."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.vendors.square.receiving import Receiver, receiving
from tests.vendors.square.worlds import until
from tests.vendors.trafft import payloads
from tests.vendors.trafft.worlds import Trafft, at, rid, small, trafft

from bookingbridge.canonical.errors import Refused, Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Delivery, RawRecord
from bookingbridge.canonical.records import Booking, BookingStatus, Record
from bookingbridge.vendors.trafft.client import PAGES_TO_SEARCH
from bookingbridge.vendors.trafft.read import read
from bookingbridge.vendors.trafft.sought import sought
from bookingbridge.vendors.trafft.webhooks import TrafftWebhooks

HOOKS = TrafftWebhooks()
URL = "https://bridge.example.com/api/v1/webhooks/trafft/7"
TOKEN = "verification-token-of-ours"


def delivery(body: object, **headers: str) -> Delivery:
    return Delivery(headers, body if isinstance(body, bytes) else json.dumps(body).encode(), URL)


def hint(body: object) -> tuple[str, RemoteId]:
    (one,) = HOOKS.read(delivery(body)).hints
    return one.kind, one.remote_id


@pytest.mark.parametrize("given_", [TOKEN, f"Bearer {TOKEN}", f"bearer  {TOKEN}", f" {TOKEN} "])
def test_the_token_is_taken_with_and_without_a_word_before_it(given_: str) -> None:
    HOOKS.verify(delivery({}, authorization=given_), [TOKEN])
    HOOKS.verify(delivery({}, authorization=given_), ["another", TOKEN])


@pytest.mark.parametrize(
    ("headers", "secrets", "code"),
    [
        ({}, [TOKEN], "no_token"),
        ({"authorization": "  "}, [TOKEN], "no_token"),
        ({"authorization": TOKEN}, [], "no_secret"),
        ({"authorization": TOKEN}, [""], "no_secret"),
        ({"authorization": TOKEN[:-1]}, [TOKEN], "token_wrong"),
        ({"authorization": "Bearer"}, [TOKEN], "token_wrong"),
        ({"authorization": "Bearer "}, ["", TOKEN], "token_wrong"),
        ({"x-authorization": TOKEN}, [TOKEN], "no_token"),
    ],
)
def test_a_refusal_says_what_to_look_at(headers: dict[str, str], secrets: list[str], code: str) -> None:
    with pytest.raises(Refused) as refused:
        HOOKS.verify(Delivery(headers, b"{}", URL), secrets)
    assert refused.value.code == code
    assert TOKEN not in refused.value.why


def test_a_hint_holds_no_address_of_a_person() -> None:
    kind, remote_id = hint(payloads.webhook())
    assert kind == "booking"
    assert "quill" not in remote_id
    marks = sought(remote_id)
    assert marks
    assert marks.start == "2026-07-20 18:00:00"


def test_the_same_person_in_other_letters_is_the_same_hint() -> None:
    assert hint(payloads.webhook()) == hint(payloads.webhook(customerEmail=" MARA.QUILL@example.com"))


def test_a_new_client_is_looked_for_among_clients() -> None:
    assert hint({"customerFullName": "Mara Quill", "customerEmail": "mara@example.com"})[0] == "client"


def test_what_is_about_nothing_we_know_hints_at_nothing() -> None:
    assert HOOKS.read(delivery({"test": True})).hints == ()


def test_two_equal_bodies_are_one_event_and_different_ones_two() -> None:
    first, same, other = (HOOKS.read(delivery({"customerEmail": f"{c}@example.com"})).event_id for c in "aab")
    assert first == same != other


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["customerEmail", "appointmentStartDateTime", "serviceName", "appointmentStatus"])
            | st.text(max_size=5),
            inner,
            max_size=5,
        )
    ),
    max_leaves=8,
)


@given(JSON)
def test_any_json_is_a_notice_or_unreadable(value: object) -> None:
    try:
        notice = HOOKS.read(delivery(value))
    except Unreadable:
        return
    for one in notice.hints:
        assert one.remote_id.isascii()
        assert one.remote_id.isprintable()
        assert len(one.remote_id) < 250
        assert sought(one.remote_id)


def fetched(there: Trafft, body: object) -> list[RawRecord]:
    kind, remote_id = hint(body)
    return there.talk(lambda client: client.fetch(kind, remote_id))


def bookings(found: list[RawRecord]) -> list[Record]:
    return [record for raw in found if raw.kind == "booking" for record in read(raw.kind, raw.payload)]


@pytest.mark.parametrize("is_newest_first", [True, False])
def test_a_new_booking_is_found_by_what_the_webhook_says_and_its_client_beside_it(is_newest_first: bool) -> None:
    with trafft(small(is_newest_first=is_newest_first)) as there, receiving() as receiver:
        there.tell("hooks", url=receiver.url, token=TOKEN)
        made = there.tell("book", service=21, employee=12, customer=3004, start=at(3.25))
        headers, body = _arrived(there, receiver)
        HOOKS.verify(Delivery(headers, body, URL), [TOKEN])
        asked = len(there.asked("/appointments"))
        found = fetched(there, body)
        assert rid(made["booking"]) in {raw.remote_id for raw in found if raw.kind == "booking"}
        assert [raw.remote_id for raw in found if raw.kind == "client"] == ["3004"]
        assert len(there.asked("/appointments")) - asked <= 3


def test_a_cancellation_is_seen_where_the_list_says_it_and_not_by_the_webhook() -> None:
    with trafft() as there, receiving() as receiver:
        there.tell("hooks", url=receiver.url, token=TOKEN)
        there.tell("status", booking=5000 + 2400, status="canceled")
        _, body = _arrived(there, receiver)
        forged = json.loads(body) | {"appointmentStatus": "approved"}
        (one,) = [b for b in bookings(fetched(there, forged)) if b.remote_id == "7400"]
        assert isinstance(one, Booking)
        assert one.status is BookingStatus.CANCELLED


def test_one_moved_is_found_at_its_new_time() -> None:
    with trafft() as there, receiving() as receiver:
        there.tell("hooks", url=receiver.url, token=TOKEN)
        there.tell("move", booking=7400, start="2026-12-24T09:15:00Z")
        _, body = _arrived(there, receiver)
        (one,) = [b for b in bookings(fetched(there, body)) if b.remote_id == "7400"]
        assert isinstance(one, Booking)
        assert one.starts_at.isoformat() == "2026-12-24T09:15:00+00:00"


def test_of_a_class_all_are_given_because_all_are_in_it() -> None:
    with trafft() as there:
        body = payloads.webhook(
            customerEmail="client8@example.com", appointmentStartDateTime=at(-193), serviceName="Class"
        )
        found = fetched(there, body)
        assert {"5070", "5071", "5072"} <= {str(raw.remote_id) for raw in found if raw.kind == "booking"}
        assert [raw.remote_id for raw in found if raw.kind == "client"] == ["3008"]


def test_without_an_address_service_and_start_lead_to_it() -> None:
    with trafft() as there:
        body = {"appointmentStatus": "approved", "appointmentStartDateTime": at(0), "serviceName": "CLASS"}
        assert [b.remote_id for b in bookings(fetched(there, body))] == ["7000"]
        assert bookings(fetched(there, body | {"serviceName": "Another"})) == []


def test_a_webhook_that_tells_nothing_makes_us_look_at_the_ends_of_the_list() -> None:
    with trafft() as there:
        asked = len(there.asked("/appointments"))
        found = fetched(there, {"appointmentStatus": "approved"})
        assert len(there.asked("/appointments")) - asked == 2
        assert {"5000", "7490"} <= {str(raw.remote_id) for raw in found}


def test_the_search_is_bounded() -> None:
    with trafft(small(most=5)) as there:
        asked = len(there.asked("/appointments"))
        assert fetched(there, payloads.webhook(customerEmail="nobody@example.com")) == []
        assert len(there.asked("/appointments")) - asked == PAGES_TO_SEARCH


def test_a_new_client_is_found_by_the_address() -> None:
    with trafft() as there:
        found = fetched(there, {"customerFullName": "x", "customerEmail": "CLIENT129@example.com"})
        assert [raw.remote_id for raw in found] == ["3129"]


def _arrived(there: Trafft, receiver: Receiver) -> tuple[dict[str, str], bytes]:
    until(lambda: bool(receiver.received))
    last: tuple[dict[str, str], bytes] = receiver.received[-1]
    return last
