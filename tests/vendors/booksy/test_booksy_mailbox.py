"""Booksy's mails in a mailbox, over real IMAP: each appointment stays one through all that happens to it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.vendors.booksy import booksy_world as worlds
from tests.vendors.booksy.booksy_world import Booksy, taken_in

from bookingbridge.canonical.commands import CancelBooking
from bookingbridge.canonical.errors import Refused, Rejected
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.money import Money
from bookingbridge.canonical.ports import Ability, Json, Page
from bookingbridge.canonical.records import BookingStatus, Customer
from bookingbridge.vendors.booksy import VENDOR

A, B, C = "2026-11-24T15:00", "2026-11-26T10:00", "2026-11-27T11:00"


def at(local: str) -> datetime:
    """The instant of a local time in Los Angeles in winter."""
    return datetime.fromisoformat(local + "-08:00").astimezone(UTC)


def after(pages: list[Page]) -> Json:
    """The cursor as it comes back from the database."""
    found: Any = json.loads(json.dumps(pages[-1].cursor))
    return dict(found)


def later(there: Booksy, hours: float) -> None:
    there.tell("/_sim/clock", offset_seconds=hours * 3600)


def test_an_appointment_that_is_moved_twice_and_cancelled_is_one() -> None:
    with worlds.mailbox() as there:
        there.mail("new", "Mara Lind", A)
        first = there.pages("mail")
        later(there, 1)
        there.mail("moved", "Mara Lind", B, was=A)
        second = there.pages("mail", after(first), is_full=False)
        later(there, 2)
        there.mail("moved", "Mara Lind", C, was=B)
        there.mail("new", "Iris Holm", A)
        third = there.pages("mail", after(second), is_full=False)
        later(there, 3)
        there.mail("cancelled", "Mara Lind", C)
        fourth = there.pages("mail", after(third), is_full=False)
        (moved,) = taken_in(first, second).values()
        both = taken_in(first, second, third, fourth)
        gone = both.pop(moved.remote_id)
        (other,) = both.values()
    assert (moved.starts_at, moved.status, moved.booked_at) == (at(B), BookingStatus.CONFIRMED, worlds.NOW)
    assert (gone.starts_at, gone.status, gone.booked_at) == (at(C), BookingStatus.CANCELLED, worlds.NOW)
    assert (gone.price, gone.customer) == (Money(6500, "USD"), "email:mara.lind@example.com")
    assert (other.starts_at, other.status) == (at(A), BookingStatus.CONFIRMED)


def test_reading_all_at_once_gives_the_same_as_reading_bit_by_bit() -> None:
    with worlds.mailbox() as there:
        runs: list[list[Page]] = []
        steps = [
            ("new", A, {}),
            ("moved", B, {"was": A}),
            ("new", A, {}),
            ("moved", C, {"was": A}),
            ("cancelled", B, {}),
        ]
        for n, (what, starts, more) in enumerate(steps):
            later(there, n)
            there.mail(what, "Mara Lind", starts, **more)
            runs.append(there.pages("mail", after(runs[-1]) if runs else None, is_full=not runs))
        whole = taken_in(there.pages("mail"))
        assert whole == taken_in(*runs)
    found = sorted((b.starts_at, b.status) for b in whole.values())
    assert found == [(at(B), BookingStatus.CANCELLED), (at(C), BookingStatus.CONFIRMED)]


def test_a_time_booked_again_after_a_cancellation_is_booked_then() -> None:
    with worlds.mailbox() as there:
        there.mail("new", "Mara Lind", A)
        there.mail("cancelled", "Mara Lind", A)
        later(there, 5)
        there.mail("new", "Mara Lind", A)
        (found,) = taken_in(there.pages("mail")).values()
    assert (found.status, (found.booked_at - worlds.NOW).total_seconds()) == (BookingStatus.CONFIRMED, 5 * 3600)


def test_booksys_number_holds_an_appointment_together_where_there_is_one() -> None:
    with worlds.mailbox() as there:
        there.mail("new", "Mara Lind", A, number="4711234")
        there.mail("cancelled", "Mara Lind-Berg", B, number="4711234")
        (found,) = taken_in(there.pages("mail")).values()
    assert (found.remote_id, found.status) == ("booksy:4711234", BookingStatus.CANCELLED)


def test_each_mail_is_read_once_and_none_is_missed() -> None:
    with worlds.mailbox() as there:
        cursor, seen = None, list[str]()
        for n in range(5):
            for m in range(n * 7):
                there.mail("new", f"Client {chr(65 + m)}", f"2026-12-{n + 1:02}T{m % 10 + 9:02}:00")
            pages = there.pages("mail", cursor, is_full=False)
            cursor = after(pages)
            seen += [raw.remote_id for page in pages for raw in page.records]
        assert len(seen) == len(set(seen)) == 70
        there.control.delete("/_sim/requests")
        assert [len(p.records) for p in there.pages("mail", cursor, is_full=False)] == [0]


def test_a_mailbox_that_was_renumbered_is_read_again_without_doubling() -> None:
    with worlds.mailbox() as there:
        there.mail("new", "Mara Lind", A)
        there.mail("moved", "Mara Lind", B, was=A)
        first = there.pages("mail")
        there.tell("/_sim/mails/renumber")
        again = there.pages("mail", after(first), is_full=False)
        assert [r.remote_id for p in again for r in p.records] == [r.remote_id for p in first for r in p.records]
        assert taken_in(first, again) == taken_in(first)


def test_only_mails_of_booksys_are_downloaded_and_only_real_ones_count() -> None:
    with worlds.mailbox() as there:
        there.tell("/_sim/mails/raw", raw="From: friend@example.com\r\nSubject: new booking\r\n\r\nhello")
        there.tell("/_sim/mails/raw", raw="From: no-reply@booksy.com.example.org\r\nSubject: x\r\n\r\nhello")
        there.mail("new", "Mara Lind", A)
        pages = there.pages("mail")
        assert [(p.total, len(p.records)) for p in pages] == [(2, 1)]


def test_a_mail_that_is_not_understood_is_kept_with_its_words() -> None:
    with worlds.mailbox() as there:
        there.tell("/_sim/mails/raw", raw="From: no-reply@booksy.com\r\nSubject: Appointment\r\n\r\nSomething new")
        (raw,) = there.pages("mail")[0].records
        with pytest.raises(Exception, match="does not say what happened"):
            VENDOR.read(raw.kind, raw.payload)
        assert raw.payload["text"] == "Something new"


def test_without_a_time_zone_nothing_is_read_and_it_is_said() -> None:
    with worlds.mailbox() as there:
        there.settings = {}
        account = there.talk(lambda client: client.check())
        assert any("time zone" in note for note in account.notes)
        with pytest.raises(Refused, match="time zone"):
            there.pages("mail")


def test_a_connection_by_mail_says_that_it_cannot_write_and_does_not() -> None:
    with worlds.mailbox() as there:
        account = there.talk(lambda client: client.check())
        assert [ability for ability, _ in account.without] == [Ability.WRITE_BOOKINGS]
        with pytest.raises(Rejected, match="partner"):
            there.talk(lambda client: client.send(CancelBooking("key-1", RemoteId("mail:1"), None)))


def test_a_client_is_known_by_address_or_phone_and_never_by_name_alone() -> None:
    payload = {"sender": "no-reply@booksy.com", "sent_at": "2026-11-18T20:00:00Z", "zone": "UTC", "currency": "USD",
               "subject": "Mara Lind: new booking"}  # fmt: skip

    def who(text: str) -> str:
        return next(r for r in VENDOR.read("mail", payload | {"text": text}) if isinstance(r, Customer)).remote_id

    assert who("24 November 2026, 15:00\nmara@example.com\n206 555 0123") == "email:mara@example.com"
    assert who("24 November 2026, 15:00\n206 555 0123") == "phone:2065550123"
    assert who("24 November 2026, 15:00").startswith("of:mail:")
    assert who("24 November 2026, 15:00") != who("25 November 2026, 15:00")
