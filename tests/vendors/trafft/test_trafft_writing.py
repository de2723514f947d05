"""Making bookings at Trafft: once, whatever happens on the way, and only where that can be said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.vendors.trafft.worlds import Trafft, rid, small, trafft

from bookingbridge.canonical.commands import CancelBooking, Command, CreateBooking, MoveBooking, Person
from bookingbridge.canonical.errors import Ambiguous, BridgeError, Rejected, Throttled
from bookingbridge.canonical.ports import Json, Receipt
from bookingbridge.canonical.records import Booking
from bookingbridge.vendors.trafft.read import read

STARTS = datetime(2027, 3, 2, 10, 30, tzinfo=UTC)

WANTED = CreateBooking(
    key="key-1",
    starts_at=STARTS,
    ends_at=STARTS + timedelta(minutes=45),
    person=Person("Client 4", remote_id=rid(3004)),
    service=rid(21),
    staff=rid(12),
    location=rid(1),
)
STRANGER = Person("Ada Verne North", email="ada@example.com", phone="+12065550177")


def send(there: Trafft, command: Command = WANTED) -> Receipt:
    return there.talk(lambda client: client.send(command))


def find(there: Trafft, command: CreateBooking = WANTED) -> Receipt | None:
    return there.talk(lambda client: client.find(command))


def made(there: Trafft) -> list[Json]:
    """The bookings that were not in the world from the start."""
    return [one for row in there.listed("appointments") for one in row["bookings"] if one["id"] > 7490]


def written(there: Trafft) -> list[Json]:
    return [one for one in there.asked() if one["method"] == "POST" and one["path"] != "/token"]


def test_a_booking_is_made_and_given_back_as_trafft_shows_it() -> None:
    with trafft() as there:
        receipt = send(there)
        (one,) = made(there)
        assert receipt.remote_id == str(one["id"])
        (record,) = read("booking", receipt.records[0].payload)
        assert isinstance(record, Booking)
        assert (record.starts_at, record.customer, record.service, record.staff, record.location) == (
            STARTS, "3004", "21", "12", "1",
        )  # fmt: skip


def test_the_time_is_said_as_the_account_s_clock_shows_it() -> None:
    with trafft() as there:
        summer = STARTS.replace(month=7)
        send(there, replace(WANTED, starts_at=summer, ends_at=summer + timedelta(minutes=45)))
        (row,) = [row for row in there.listed("appointments") if row["id"] > 4249]
        assert row["start_date_time"] == "2027-07-02 11:30:00"


def test_sent_twice_it_is_there_once() -> None:
    with trafft() as there:
        first, second = send(there), send(there)
        assert first == second
        assert len(made(there)) == len(written(there)) == 1


@pytest.mark.parametrize("fault", ["500_after_effect", "timeout_after_effect"])
def test_an_answer_that_never_came_is_ambiguous_and_what_was_done_is_found(fault: str) -> None:
    with trafft() as there:
        there.tell("faults", fault=fault, match={"method": "POST", "path_prefix": "/bookings"})
        with pytest.raises(Ambiguous):
            send(there)
        found = find(there)
        assert found is not None
        assert found == send(there)
        assert len(made(there)) == 1


def test_what_was_never_done_is_not_found() -> None:
    with trafft() as there:
        there.tell("faults", fault="500", match={"method": "POST", "path_prefix": "/bookings"})
        with pytest.raises(Ambiguous):
            send(there)
        assert find(there) is None
        assert made(there) == []


def test_one_who_is_asked_to_slow_down_has_done_nothing() -> None:
    with trafft() as there:
        there.tell("faults", fault="429", match={"method": "POST"})
        with pytest.raises(Throttled):
            send(there)
        assert made(there) == []


def test_a_list_that_fails_after_the_booking_was_taken_leaves_it_open() -> None:
    with trafft() as there:
        there.tell("faults", fault="slow", seconds=0, times=3, match={"path_prefix": "/appointments"})
        there.tell("faults", fault="500", times=None, match={"path_prefix": "/appointments"})
        with pytest.raises(Ambiguous):
            send(there)
        there.control.delete("/_sim/faults")
        assert find(there) == send(there)
        assert len(made(there)) == 1


def test_a_time_that_somebody_has_is_told_as_such() -> None:
    with trafft() as there:
        there.tell("book", service=21, employee=12, customer=3009, start=STARTS.isoformat())
        with pytest.raises(Rejected) as refused:
            send(there)
        assert refused.value.code == "slot_taken"
        assert len(made(there)) == 1


def test_another_refusal_is_not_called_a_taken_time() -> None:
    with trafft() as there:
        with pytest.raises(Rejected) as refused:
            send(there, replace(WANTED, service=rid(999)))
        assert refused.value.code == "http_422"


def test_what_was_cancelled_there_may_be_booked_anew() -> None:
    with trafft() as there:
        first = send(there)
        there.tell("status", booking=int(first.remote_id), status="canceled")
        second = send(there)
        assert second.remote_id != first.remote_id
        assert len(made(there)) == 2


def test_a_free_place_in_a_class_is_taken() -> None:
    with trafft() as there:
        in_class = replace(WANTED, service=rid(22))
        there.tell("book", service=22, employee=12, customer=3009, start=STARTS.isoformat())
        receipt = send(there, in_class)
        (row,) = [row for row in there.listed("appointments") if row["id"] > 4249]
        assert [str(one["id"]) for one in row["bookings"]][-1] == receipt.remote_id
        assert len(row["bookings"]) == 2


def test_somebody_new_is_entered_first_and_once() -> None:
    with trafft() as there:
        wanted = replace(WANTED, person=STRANGER)
        there.tell("faults", fault="500_after_effect", match={"method": "POST", "path_prefix": "/customers"})
        with pytest.raises(Ambiguous):
            send(there, wanted)
        send(there, wanted)
        (entered,) = [row for row in there.listed("customers") if row["email"] == "ada@example.com"]
        assert (entered["first_name"], entered["last_name"]) == ("Ada", "Verne North")
        assert made(there)[0]["customer"]["id"] == entered["id"]


def test_somebody_known_by_address_or_by_phone_and_name_is_not_entered_again() -> None:
    with trafft() as there:
        send(there, replace(WANTED, person=Person("Another Name", email="CLIENT7@example.com")))
        later = replace(WANTED, starts_at=STARTS + timedelta(hours=3), ends_at=STARTS + timedelta(hours=4))
        send(there, replace(later, person=Person("client 8", phone="+12065550108")))
        assert [one["customer"]["id"] for one in made(there)] == [3007, 3008]
        assert len(there.listed("customers")) == 130


def test_nobody_by_that_description_surely_has_no_booking() -> None:
    with trafft() as there:
        assert find(there, replace(WANTED, person=STRANGER)) is None


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"service": None}, "no_service"),
        ({"staff": None}, "no_employee"),
        ({"staff": rid("../12")}, "no_employee"),
        ({"location": rid("x")}, "no_location"),
        ({"person": Person("Nobody")}, "who"),
        ({"person": Person("x", remote_id=rid("appointment:1"))}, "no_client"),
        ({"starts_at": STARTS + timedelta(seconds=5)}, "bad_time"),
        ({"starts_at": datetime(2027, 10, 31, 1, 30, fold=1, tzinfo=ZoneInfo("Europe/London"))}, "bad_time"),
    ],
)
def test_what_cannot_be_said_to_trafft_is_rejected_and_nothing_is_written(
    changed: dict[str, object], code: str
) -> None:
    with trafft() as there:
        with pytest.raises(Rejected) as refused:
            send(there, replace(WANTED, **changed))  # type: ignore[arg-type]
        assert refused.value.code == code
        assert written(there) == []


def test_moving_and_cancelling_is_said_to_be_impossible() -> None:
    with trafft() as there:
        cancel = CancelBooking("k", booking=rid(5000), version=None)
        move = MoveBooking("k", booking=rid(5000), version=None, starts_at=STARTS, ends_at=STARTS)
        for command in (cancel, move):
            with pytest.raises(Rejected) as refused:
                send(there, command)
            assert refused.value.code == "not_possible"
        assert written(there) == []


def test_a_fault_at_any_read_before_writing_writes_nothing() -> None:
    with trafft(small()) as there:
        for path in ("/appointments", "/customers"):
            there.tell("faults", fault="garbage", times=None, match={"path_prefix": path, "method": "GET"})
            with pytest.raises(BridgeError):
                send(there, replace(WANTED, person=STRANGER))
            there.control.delete("/_sim/faults")
        assert made(there) == []
