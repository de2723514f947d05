"""Booking, moving and cancelling where the vendor knows neither keys nor versions: look first, never twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.vendors.acuity import worlds
from tests.vendors.acuity.payloads import rid
from tests.vendors.acuity.worlds import NOW, Acuity, at

from bookingbridge.canonical.commands import CancelBooking, Command, CreateBooking, MoveBooking, Person, RequestPayment
from bookingbridge.canonical.errors import Ambiguous, BridgeError, Rejected, Stale
from bookingbridge.canonical.money import Money
from bookingbridge.canonical.ports import Json, Receipt
from bookingbridge.canonical.records import Booking, BookingStatus
from bookingbridge.vendors.acuity.people import client_id
from bookingbridge.vendors.acuity.read import read

SOON = NOW + timedelta(days=2, hours=1)
MARA = Person("Mara Quill", email="mara@example.com", phone="+12065550123")

EXISTING: Json = {
    "id": 54900, "datetime": at(3), "appointmentTypeID": 3201, "calendarID": 2201, "firstName": "Mara",
    "lastName": "Quill", "email": "mara@example.com", "phone": "",
}  # fmt: skip


def create(**changed: Any) -> CreateBooking:
    wanted: Json = {
        "key": "k-1", "starts_at": SOON, "ends_at": SOON + timedelta(minutes=45), "person": MARA,
        "service": rid("3201"), "staff": rid("2201"), "location": None,
    }  # fmt: skip
    return CreateBooking(**{**wanted, **changed})


def move(starts_at: datetime = SOON, **changed: Any) -> MoveBooking:
    wanted: Json = {"key": "k-2", "booking": rid("54900"), "version": None, "starts_at": starts_at,
                    "ends_at": starts_at + timedelta(minutes=45)}  # fmt: skip
    return MoveBooking(**{**wanted, **changed})


def cancel(booking: str = "54900") -> CancelBooking:
    return CancelBooking("k-3", rid(booking), None, "Illness")


def send(acuity: Acuity, command: Command) -> Receipt:
    return acuity.talk(lambda client: client.send(command))


def find(acuity: Acuity, command: Command) -> Receipt | None:
    return acuity.talk(lambda client: client.find(command))


def booked(receipt: Receipt | None) -> Booking:
    assert receipt is not None
    ((record,),) = (read(raw.kind, raw.payload) for raw in receipt.records)
    assert isinstance(record, Booking)
    assert record.remote_id == receipt.remote_id
    return record


def there(acuity: Acuity) -> list[Json]:
    found: list[Json] = acuity.direct("GET", "/appointments?showall=true")
    return found


def writes(acuity: Acuity) -> list[str]:
    return [r["path"] + "?" * bool(r["query"]) + r["query"] for method in ("POST", "PUT")
            for r in acuity.asked(method=method) if "check-times" not in r["path"]]  # fmt: skip


def test_a_booking_is_made_and_read_back_as_it_was_wanted() -> None:
    with worlds.acuity(appointments=[]) as acuity:
        made = booked(send(acuity, create()))
        (row,) = there(acuity)
    assert (made.starts_at, made.ends_at) == (SOON, SOON + timedelta(minutes=45))
    assert (made.service, made.staff, made.status) == ("3201", "2201", BookingStatus.CONFIRMED)
    assert made.customer == client_id("Mara", "Quill", "mara@example.com", None)
    assert (row["firstName"], row["lastName"], row["phone"]) == ("Mara", "Quill", "+12065550123")


def test_the_same_command_twice_books_once() -> None:
    with worlds.acuity(appointments=[]) as acuity:
        first, second = send(acuity, create()), send(acuity, create())
        assert len(there(acuity)) == 1
    assert first == second


def test_a_note_is_set_as_the_business_and_who_gives_it_does_not_matter_to_the_booking() -> None:
    with worlds.acuity(appointments=[]) as acuity:
        assert booked(send(acuity, create(note="Fringe only"))).note == "Fringe only"
        acuity.tell("/_sim/faults", fault="500", match={"method": "PUT"})
        without = booked(send(acuity, create(starts_at=SOON + timedelta(hours=2), ends_at=SOON + timedelta(minutes=165),
                                             note="Lost")))  # fmt: skip
        assert without.note is None
        assert len(there(acuity)) == 2


def test_a_known_client_is_booked_under_the_names_acuity_has() -> None:
    known = {"firstName": "Mara Jo", "lastName": "Quill", "email": "mara@example.com", "phone": "+1 206 555 0123"}
    who = client_id("Mara Jo", "Quill", "mara@example.com", None)
    with worlds.acuity(appointments=[], clients=[known]) as acuity:
        made = booked(send(acuity, create(person=Person("Mara Quill", remote_id=who))))
    assert made.customer == who


def test_a_taken_time_is_refused_and_nothing_is_booked() -> None:
    with worlds.acuity(appointments=[{**EXISTING, "firstName": "Ivo", "datetime": SOON.isoformat()}]) as acuity:
        with pytest.raises(Rejected) as refused:
            send(acuity, create(starts_at=SOON + timedelta(minutes=30), ends_at=SOON + timedelta(minutes=75)))
        assert refused.value.code == "slot_taken"
        assert len(there(acuity)) == 1


def test_without_a_calendar_acuity_finds_a_free_one() -> None:
    with worlds.acuity(appointments=[{**EXISTING, "firstName": "Ivo", "datetime": SOON.isoformat()}]) as acuity:
        assert booked(send(acuity, create(staff=None))).staff == "2202"
        with pytest.raises(Rejected) as refused:
            send(acuity, create(staff=None, person=Person("Ann Lee", email="ann@example.com")))
        assert refused.value.code == "slot_taken"


@pytest.mark.parametrize("has_email", [True, False])
def test_rules_for_clients_do_not_bind_the_business_but_a_taken_time_does(has_email: bool) -> None:
    types = [{"id": 3201, "name": "Cut", "price": "65.00", "duration": 45, "requires_form": has_email}]
    person = MARA if has_email else Person("Cher")
    with worlds.acuity(appointments=[], types=types, clients=[]) as acuity:
        made = booked(send(acuity, create(person=person)))
        with pytest.raises(Rejected) as refused:
            send(acuity, create(person=Person("Ivo Quill", email="ivo@example.com" if has_email else None)))
        assert refused.value.code == "slot_taken"
        assert len(there(acuity)) == 1
    assert made.customer == client_id(person.name, None, person.email, None)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"service": None}, "incomplete"),
        ({"service": rid("abc")}, "incomplete"),
        ({"service": rid("9999")}, "no_type"),
        ({"ends_at": SOON + timedelta(minutes=50)}, "length_fixed"),
        ({"staff": rid("9999")}, "invalid_calendar"),
        ({"staff": None, "person": Person("Cher")}, "email_needed"),
    ],
)
def test_what_acuity_cannot_book_is_refused_with_the_reason_before_anything_happens(changed: Json, code: str) -> None:
    with worlds.acuity(appointments=[]) as acuity:
        with pytest.raises(Rejected) as refused:
            send(acuity, create(**changed))
        assert refused.value.code == code
        assert there(acuity) == []


@pytest.mark.parametrize("fault", ["timeout_after_effect", "500_after_effect"])
def test_after_no_answer_the_booking_is_found_and_not_made_again(fault: str) -> None:
    with worlds.acuity(appointments=[]) as acuity:
        acuity.tell("/_sim/faults", fault=fault, match={"method": "POST"})
        with pytest.raises(Ambiguous):
            send(acuity, create())
        assert booked(find(acuity, create())).starts_at == SOON
        send(acuity, create())
        assert len(there(acuity)) == 1


def test_where_nothing_happened_nothing_is_found() -> None:
    with worlds.acuity(appointments=[EXISTING]) as acuity:
        acuity.tell("/_sim/faults", fault="500", match={"method": "POST"})
        with pytest.raises(Ambiguous):
            send(acuity, create())
        assert find(acuity, create()) is None  # the same person on another day is no sign of it
        assert find(acuity, move()) is None
        assert find(acuity, cancel()) is None
        assert len(there(acuity)) == 1


def test_a_cancelled_booking_is_not_taken_for_the_one_wanted() -> None:
    with worlds.acuity(appointments=[{**EXISTING, "datetime": SOON.isoformat(), "canceled": True}]) as acuity:
        assert find(acuity, create()) is None
        send(acuity, create())
        assert [row["canceled"] for row in there(acuity)].count(False) == 1


def test_an_appointment_is_moved_to_another_time_and_calendar() -> None:
    with worlds.acuity(appointments=[EXISTING]) as acuity:
        moved = booked(send(acuity, move(staff=rid("2202"))))
        assert (moved.starts_at, moved.staff) == (SOON, "2202")
        acuity.forget()
        assert booked(send(acuity, move(staff=rid("2202")))) == moved
        assert writes(acuity) == []  # what is so already is not done again


def test_a_move_across_the_change_of_clocks_keeps_its_instant() -> None:
    spring = datetime.fromisoformat("2027-03-14T10:30:00+00:00")  # 02:30 does not exist in Los Angeles that night
    with worlds.acuity(appointments=[EXISTING]) as acuity:
        assert booked(send(acuity, move(spring))).starts_at == spring


def changed_there(path: str, body: Json) -> Callable[[Acuity], object]:
    return lambda acuity: acuity.direct("PUT", path, body)


@pytest.mark.parametrize(
    ("meanwhile", "code"),
    [
        (changed_there("/appointments/54900/cancel", {}), "cancelled"),
        (changed_there("/appointments/54900/cancel", {"noShow": True}), "cancelled"),
        (lambda acuity: acuity.tell("/_sim/world", gone=[54900]), "gone"),
        (lambda acuity: acuity.tell("/_sim/world", appointments=[{**EXISTING, "appointmentTypeID": 3202}]),
         "length_changed"),
    ],
)  # fmt: skip
def test_a_move_of_what_changed_meanwhile_is_stale_and_changes_nothing(
    meanwhile: Callable[[Acuity], object], code: str
) -> None:
    with worlds.acuity(appointments=[EXISTING]) as acuity:
        meanwhile(acuity)
        before = there(acuity)
        acuity.forget()
        with pytest.raises(Stale) as stale:
            send(acuity, move())
        assert stale.value.code == code
        assert writes(acuity) == []
        assert there(acuity) == before


def test_a_move_onto_somebody_else_is_refused() -> None:
    other = {**EXISTING, "id": 54901, "firstName": "Ivo", "datetime": SOON.isoformat()}
    with worlds.acuity(appointments=[EXISTING, other]) as acuity:
        with pytest.raises(Rejected) as refused:
            send(acuity, move())
        assert (refused.value.code, isinstance(refused.value, Stale)) == ("slot_taken", False)
        assert there(acuity)[0]["datetime"] == "2026-11-23T09:00:00-0800"


def test_a_past_appointment_is_moved_as_the_business() -> None:
    past = {**EXISTING, "datetime": at(-1)}
    with worlds.acuity(appointments=[past]) as acuity:
        assert booked(send(acuity, move())).starts_at == SOON
        assert writes(acuity)[-1].endswith("reschedule?admin=true")


@pytest.mark.parametrize("command", [move(), cancel()])
def test_a_move_or_cancellation_without_an_answer_is_found(command: Command) -> None:
    with worlds.acuity(appointments=[EXISTING]) as acuity:
        acuity.tell("/_sim/faults", fault="timeout_after_effect", match={"method": "PUT"})
        with pytest.raises(Ambiguous):
            send(acuity, command)
        found = booked(find(acuity, command))
        acuity.forget()
        assert booked(send(acuity, command)) == found
        assert writes(acuity) == []


def test_a_cancellation_cancels_once() -> None:
    with worlds.acuity(appointments=[EXISTING]) as acuity:
        assert booked(send(acuity, cancel())).status is BookingStatus.CANCELLED
        assert booked(send(acuity, cancel())).status is BookingStatus.CANCELLED
        assert len(writes(acuity)) == 1
        with pytest.raises(Stale):
            send(acuity, cancel("99999"))


def test_what_acuity_has_no_way_for_is_rejected() -> None:
    ask = RequestPayment("k", Money(500, "USD"), "Deposit", "r", MARA, "https://bridge.example.com/")
    with worlds.acuity() as acuity:
        for act in (send, find):
            with pytest.raises(BridgeError, match="cannot request payment"):
                act(acuity, ask)
