"""Events read into records: who the client is, when an all-day event begins, what counts and what does not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.vendors.google_calendar.calendar_world import SALON, at, event

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ports import Json
from bookingbridge.canonical.records import Block, Booking, BookingStatus, Customer, Record
from bookingbridge.vendorkit.contract_fuzz import complaints
from bookingbridge.vendors.google_calendar.read import read

CHANGED = "2026-11-19T08:00:00.123Z"


def told(body: Json, *, taken_as: str = "appointments", zone: str = "America/Los_Angeles") -> list[Record]:
    kind = "block" if taken_as == "busy" else "booking"
    return read(kind, {"event": body, "time_zone": zone, "taken_as": taken_as})


def booking(body: Json, **more: Any) -> Booking:
    found = [r for r in told(body, **more) if isinstance(r, Booking)]
    assert len(found) == 1
    return found[0]


def client(body: Json) -> Customer:
    found = [r for r in told(body) if isinstance(r, Customer)]
    assert len(found) == 1
    return found[0]


def block(body: Json, **more: Any) -> Block:
    (found,) = told(body, taken_as="busy", **more)
    assert isinstance(found, Block)
    return found


def test_an_appointment_is_told_with_its_client_and_the_time_it_was_made() -> None:
    found = booking(event("ada01", 3, guest="Ada@Example.com", updated=CHANGED))
    assert (found.starts_at, found.ends_at, found.status) == (at(3), at(3, 18), BookingStatus.CONFIRMED)
    assert found.booked_at == at(-30, 10)
    assert found.customer == "ada@example.com"
    assert found.version == 1_795_075_200_123
    assert found.changed_at == datetime(2026, 11, 19, 8, 0, 0, 123_000, tzinfo=UTC)
    person = client(event("ada01", 3, guest="Ada@Example.com", updated=CHANGED))
    assert (person.remote_id, person.name, person.email) == ("ada@example.com", "Ada", "ada@example.com")


def test_the_client_is_the_first_who_is_neither_the_calendar_nor_the_host_nor_a_room() -> None:
    body = event("ada01", 3) | {
        "organizer": {"email": "Host@example.com"},
        "attendees": [
            {"email": SALON, "self": True},
            {"email": "host@example.com"},
            {"email": "other@example.com", "organizer": True},
            {"email": "room@resource.example.com", "resource": True},
            {"displayName": "without an address"},
            {"email": "bea@example.com"},
            {"email": "cy@example.com"},
        ],
    }
    assert booking(body).customer == "bea@example.com"
    assert client(body).name == "bea@example.com"


def test_an_appointment_without_a_guest_has_no_client() -> None:
    assert [type(r) for r in told(event("cut01", 3))] == [Booking]


def test_what_we_booked_for_somebody_without_a_mail_address_is_theirs_by_phone() -> None:
    private = {"bb_key": "k", "bb_name": "Fay Ng", "bb_phone": "+12065550123"}
    person = client(event("fay01", 3, extendedProperties={"private": private}))
    assert (person.remote_id, person.name, person.phone) == ("tel:+12065550123", "Fay Ng", "+12065550123")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"status": "tentative"}, BookingStatus.PENDING),
        ({"status": "cancelled"}, BookingStatus.CANCELLED),
        ({"attendees": [{"email": "a@example.com", "responseStatus": "declined"}]}, BookingStatus.CANCELLED),
        ({"attendees": [{"email": "a@example.com", "responseStatus": "needsAction"}]}, BookingStatus.CONFIRMED),
        ({"attendees": [{"email": SALON, "self": True, "responseStatus": "declined"}]}, BookingStatus.DECLINED),
    ],
)
def test_the_status_says_who_called_it_off(change: Json, expected: BookingStatus) -> None:
    assert booking(event("ada01", 3) | change).status == expected


def test_an_unknown_status_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="do not know"):
        told(event("ada01", 3, status="rumoured"))


@pytest.mark.parametrize(
    ("zone", "start", "hours"),
    [("America/Los_Angeles", datetime(2026, 11, 1, 7, tzinfo=UTC), 25),
     ("Europe/Zurich", datetime(2026, 10, 31, 23, tzinfo=UTC), 24),
     ("Pacific/Auckland", datetime(2026, 10, 31, 11, tzinfo=UTC), 24)],
)  # fmt: skip
def test_an_all_day_event_begins_and_ends_with_the_day_of_its_calendar(zone: str, start: datetime, hours: int) -> None:
    found = block(event("off01", 0, start={"date": "2026-11-01"}, end={"date": "2026-11-02"}), zone=zone)
    assert found.starts_at == start
    assert (found.ends_at - found.starts_at).total_seconds() == hours * 3600


def test_a_time_without_an_offset_is_in_the_zone_it_names_or_the_calendar_s() -> None:
    end = {"dateTime": "2026-11-23T12:00:00-08:00"}
    named = event("a", 0, start={"dateTime": "2026-11-23T10:00:00", "timeZone": "America/New_York"}, end=end)
    assert booking(named).starts_at == datetime(2026, 11, 23, 15, tzinfo=UTC)
    bare = event("a", 0, start={"dateTime": "2026-11-23T10:00:00"}, end=end)
    assert booking(bare).starts_at == datetime(2026, 11, 23, 18, tzinfo=UTC)


def test_of_appointments_free_times_notes_birthdays_and_places_of_work_are_nothing() -> None:
    day = {"start": {"date": "2026-11-27"}, "end": {"date": "2026-11-28"}}
    for body in (
        event("a", 1, transparency="transparent"), event("b", 1) | day, event("c", 1, eventType="birthday"),
        event("d", 1, eventType="workingLocation", guest="ada@example.com"),
    ):  # fmt: skip
        assert told(body) == []


def test_an_appointment_with_a_guest_counts_even_when_it_is_free_or_all_day() -> None:
    day = {"start": {"date": "2026-11-27"}, "end": {"date": "2026-11-28"}}
    assert booking(event("a", 1, guest="ada@example.com", transparency="transparent")).customer == "ada@example.com"
    assert booking(event("b", 1, guest="ada@example.com") | day).starts_at == datetime(2026, 11, 27, 8, tzinfo=UTC)


def test_absences_are_busy_times_also_among_appointments() -> None:
    (away,) = told(event("a", 1, eventType="outOfOffice"))
    assert isinstance(away, Block)


def test_busy_times_have_no_clients_and_free_ones_are_over() -> None:
    taken = block(event("a", 1, guest="ada@example.com"))
    assert (taken.title, taken.is_cancelled) == ("Cut a", False)
    assert block(event("a", 1, transparency="transparent")).is_cancelled
    assert block(event("a", 1, status="cancelled")).is_cancelled
    assert block(event("a", 1, attendees=[{"email": SALON, "self": True, "responseStatus": "declined"}])).is_cancelled


def test_a_deleted_event_that_tells_only_its_id_is_nothing_to_record() -> None:
    assert told({"id": "gone1", "status": "cancelled"}) == []


def test_a_note_is_title_and_description_as_text() -> None:
    body = event("a", 1, summary=" Cut ", description="<p>Colour&nbsp;&amp; bb_token</p>\x00")
    assert booking(body).note == "Cut\nColour\xa0& bb_token"


def test_an_import_made_in_the_year_0_is_made_when_it_changed() -> None:
    body = event("a", 1, created="0000-12-31T00:00:00.000Z", updated=CHANGED)
    assert booking(body).booked_at == datetime(2026, 11, 19, 8, 0, 0, 123_000, tzinfo=UTC)
    with pytest.raises(Unreadable, match="when it was made"):
        told(event("a", 1, created=None, updated=None))


def test_an_end_before_the_start_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="ends before"):
        told(event("a", 1, end=event("b", 0)["end"]))


_TEXTS = st.one_of(
    st.none(), st.text(max_size=12), st.sampled_from([CHANGED, "cancelled", "2026-11-23", "a@b", "\x00"])
)
_MOMENTS = st.fixed_dictionaries({}, optional={"date": _TEXTS, "dateTime": _TEXTS, "timeZone": _TEXTS})
_ATTENDEES = st.lists(
    st.fixed_dictionaries({}, optional={"email": _TEXTS, "self": st.booleans(), "responseStatus": _TEXTS}), max_size=3
)


@settings(max_examples=150, deadline=None)
@given(
    body=st.fixed_dictionaries(
        {"id": st.text(max_size=8)},
        optional={
            "status": st.text(max_size=9), "created": _TEXTS, "updated": _TEXTS, "summary": _TEXTS, "start": _MOMENTS,
            "end": _MOMENTS, "attendees": _ATTENDEES, "transparency": st.text(max_size=11),
        },
    ),
    taken_as=st.sampled_from(["appointments", "busy", ""]),
)  # fmt: skip
def test_anything_is_read_in_good_form_or_unreadable(body: Json, taken_as: str) -> None:
    try:
        found = told(body, taken_as=taken_as)
    except Unreadable:
        return
    assert [complaints(record) for record in found] == [[] for _ in found]
