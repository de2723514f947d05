"""Writing to a calendar: made once, moved and cancelled only as last seen, looked for after an uncertain answer."""

from __future__ import annotations

from threading import Timer

import pytest
from tests.vendors.google_calendar.calendar_world import (
    SALON,
    SHARED,
    Google,
    at,
    bookings,
    cancel,
    clients,
    create,
    end,
    google,
    move,
)

from bookingbridge.canonical.commands import Command
from bookingbridge.canonical.errors import Ambiguous, Rejected, Stale, Throttled
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Json, Receipt
from bookingbridge.canonical.records import Booking, BookingStatus
from bookingbridge.vendors.google_calendar import VENDOR
from bookingbridge.vendors.google_calendar.writing import event_id

WRITES = ("POST", "PATCH", "DELETE")


def send(there: Google, command: Command) -> Receipt:
    return there.talk(lambda client: client.send(command))


def find(there: Google, command: Command) -> Receipt | None:
    return there.talk(lambda client: client.find(command))


def told(receipt: Receipt) -> Booking:
    (raw,) = receipt.records
    (found,) = [r for r in VENDOR.read(raw.kind, raw.payload) if isinstance(r, Booking)]
    return found


def shown(there: Google, booking: str) -> Json:
    body: Json = there.ask("GET", f"/calendars/{SALON}/events/{booking}").json()
    return body


def written(there: Google) -> int:
    """How many writes reached the calendar."""
    return sum(r["method"] in WRITES and r["status"] in (200, 204) for r in there.requests("/calendars/"))


def version(there: Google, booking: str) -> int | None:
    return bookings(there.read())[booking].version


def test_a_booking_is_made_with_its_client_and_known_again_when_it_comes_by() -> None:
    with google() as there:
        cursor = end(there.read())
        receipt = send(there, create())
        came_by = there.read(cursor)
    made = told(receipt)
    assert receipt.remote_id == made.remote_id == event_id("cmd-1")
    assert (made.starts_at, made.ends_at, made.customer) == (at(3, 21), at(3, 22), "fay@example.com")
    assert made.note == "Fay Ng\nFirst visit"
    assert bookings(came_by) == {receipt.remote_id: made}
    assert clients(came_by)["fay@example.com"].phone == "+12065550123"
    private = receipt.records[0].payload["event"]["extendedProperties"]["private"]
    assert private["bb_key"] == "cmd-1"


def test_made_twice_it_is_there_once_even_where_google_only_refuses_the_second() -> None:
    with google() as there:
        first, second = send(there, create()), send(there, create())
        assert first == second
        assert written(there) == 1
        mine = {"id": event_id("cmd-9"), "start": {"dateTime": "2026-12-09T10:00:00Z"},
                "end": {"dateTime": "2026-12-09T11:00:00Z"}}  # fmt: skip
        assert there.ask("POST", f"/calendars/{SALON}/events", json=mine).status_code == 200
        with pytest.raises(Rejected, match="not ours"):
            send(there, create("cmd-9", days=5))


def test_for_somebody_without_a_mail_address_nobody_is_invited() -> None:
    with google() as there:
        made = told(send(there, create(email=None)))
        body = shown(there, made.remote_id)
    assert made.customer == "tel:+12065550123"
    assert "attendees" not in body


def test_a_client_who_is_known_here_is_invited_by_the_address_she_is_known_by() -> None:
    with google() as there:
        made = told(send(there, create(email=None, remote_id=RemoteId("ada@example.com"))))
    assert made.customer == "ada@example.com"


def test_google_writes_to_clients_only_where_the_owner_wants_it() -> None:
    with google() as there:
        send(there, create())
        there.settings = {"invitations": "all"}
        receipt = send(there, create("cmd-5", days=9))
        send(there, cancel(receipt.remote_id, receipt.version))
        asked = [r["query"] for r in there.requests("/events") if r["method"] in WRITES]
    assert asked == ["sendUpdates=none", "sendUpdates=all", "sendUpdates=all"]


def test_a_time_that_is_taken_is_refused_unless_overlaps_are_allowed() -> None:
    with google() as there:
        for hour in (16, 17):
            command = create(days=3, hour=hour)
            if hour == 16:
                send(there, command)  # ends as the other begins
                continue
            with pytest.raises(Rejected) as refused:
                send(there, create("cmd-2", days=3, hour=17))
            assert refused.value.code == "slot_taken"
        with pytest.raises(Rejected, match="takes this time"):
            send(there, move("bea01", None, days=3, hour=17))
        assert written(there) == 1
        there.settings = {"overlaps": "allow"}
        send(there, create("cmd-2", days=3, hour=17))
        assert written(there) == 2


def test_free_times_and_cancelled_appointments_do_not_stand_in_the_way() -> None:
    with google() as there:
        assert told(send(there, create(days=2, hour=17))).status is BookingStatus.CONFIRMED
        assert told(send(there, create("cmd-2", days=6, hour=17))).status is BookingStatus.CONFIRMED


def test_a_booking_is_moved_and_is_not_in_its_own_way() -> None:
    with google() as there:
        before = version(there, "ada01")
        receipt = send(there, move("ada01", before, days=3, hour=17))
        moved = send(there, move("ada01", receipt.version, "cmd-4", hour=22))
        again = send(there, move("ada01", receipt.version, "cmd-4", hour=22))
        assert written(there) == 2
    assert before is not None
    assert receipt.version is not None
    assert receipt.version > before
    assert (told(moved).starts_at, told(moved).customer) == (at(3, 22), "ada@example.com")
    assert again == moved


def test_an_all_day_event_gets_a_time() -> None:
    with google() as there:
        there.change({"id": "note1", "attendees": [{"email": "ada@example.com"}]})
        receipt = send(there, move("note1", None, days=7, hour=17))
        body = shown(there, "note1")
    assert told(receipt).starts_at == at(7)
    assert "date" not in body["start"]


def test_what_was_changed_meanwhile_is_stale_and_stays_as_it_is() -> None:
    with google() as there:
        before = version(there, "ada01")
        there.change({"id": "ada01", "summary": "Changed by the owner"})
        body = shown(there, "ada01")
        for command in (move("ada01", before), cancel("ada01", before)):
            with pytest.raises(Stale):
                send(there, command)
        there.change({"id": "bea01", "status": "cancelled"})
        for gone in ("bea01", "nothing1"):
            with pytest.raises(Stale):
                send(there, move(gone, None))
        assert (shown(there, "ada01"), written(there)) == (body, 0)


@pytest.mark.parametrize("command", [move("ada01", None), cancel("ada01", None)], ids=lambda c: str(c.name))
def test_a_change_between_our_look_and_our_write_is_not_written_over(command: Command) -> None:
    method = {"move_booking": "PATCH", "cancel_booking": "DELETE"}[command.name]
    with google() as there:
        there.order("faults", {"fault": "slow", "seconds": 0.6, "match": {"method": method}})
        owner = Timer(0.3, there.change, ({"id": "ada01", "summary": "Changed by the owner"},))
        owner.start()
        with pytest.raises(Stale):
            send(there, command)
        owner.join()
        body = shown(there, "ada01")
        assert (body["summary"], body["status"], written(there)) == ("Changed by the owner", "confirmed", 0)


def test_a_booking_is_cancelled_once_and_what_is_gone_already_is_no_error() -> None:
    with google() as there:
        receipt = send(there, cancel("ada01", version(there, "ada01")))
        again = send(there, cancel("ada01", 1))
        gone = send(there, cancel("nothing1", 1))
        assert written(there) == 1
    assert told(receipt).status is BookingStatus.CANCELLED
    assert told(again) == told(receipt)
    assert gone == Receipt(RemoteId("nothing1"))


@pytest.mark.parametrize("fault", ["500_after_effect", "timeout_after_effect"])
@pytest.mark.parametrize("command", [create(), move("ada01", None), cancel("ada01", None)], ids=lambda c: str(c.name))
def test_after_an_uncertain_answer_it_is_found_and_not_done_again(fault: str, command: Command) -> None:
    method = {"create_booking": "POST", "move_booking": "PATCH", "cancel_booking": "DELETE"}[command.name]
    with google() as there:
        there.read()
        there.order("faults", {"fault": fault, "match": {"method": method}})
        with pytest.raises(Ambiguous):
            send(there, command)
        found = find(there, command)
        assert found is not None
        assert send(there, command) == found
    expected = BookingStatus.CANCELLED if command.name == "cancel_booking" else BookingStatus.CONFIRMED
    assert told(found).status is expected


@pytest.mark.parametrize("command", [create(), move("ada01", None), cancel("ada01", None)], ids=lambda c: str(c.name))
def test_what_surely_did_nothing_is_not_found(command: Command) -> None:
    method = {"create_booking": "POST", "move_booking": "PATCH", "cancel_booking": "DELETE"}[command.name]
    with google() as there:
        there.order("faults", {"fault": "500", "match": {"method": method}})
        with pytest.raises(Ambiguous):
            send(there, command)
        assert find(there, command) is None
        assert send(there, command).records


def test_too_fast_is_told_and_nothing_was_done() -> None:
    with google() as there:
        there.order("faults", {"fault": "429", "match": {"method": "POST"}, "retry_after": 30})
        with pytest.raises(Throttled):
            send(there, create())
        assert find(there, create()) is None


def test_a_calendar_shared_for_reading_is_not_written_to() -> None:
    with google() as there:
        there.account = RemoteId(SHARED)
        with pytest.raises(Rejected, match="may not be changed"):
            send(there, create())
