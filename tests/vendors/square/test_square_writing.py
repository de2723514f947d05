"""Booking, moving and cancelling at Square: once whatever happens on the way, and over nobody else's change."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send
from tests.simulators import serving
from tests.vendors.square import worlds
from tests.vendors.square.worlds import MERCHANT, NOW, Square, rid

from bookingbridge.canonical.commands import CancelBooking, Command, CreateBooking, MoveBooking, Person, RequestPayment
from bookingbridge.canonical.errors import Ambiguous, AuthExpired, Rejected, Stale, Throttled
from bookingbridge.canonical.money import Money
from bookingbridge.canonical.ports import Ability, Json, Receipt
from bookingbridge.canonical.records import Booking, BookingStatus, Customer
from bookingbridge.vendors.square.permissions import NEEDED, SCOPES
from bookingbridge.vendors.square.read import read
from bookingbridge.vendors.square.simulator import create_app

STARTS = NOW + timedelta(days=200)
ENDS = STARTS + timedelta(minutes=45)
ADA = Person("Ada Verne North", email="ada@example.com", phone="+12065550177")
WANTED = CreateBooking(
    key="key-1", starts_at=STARTS, ends_at=ENDS, person=ADA, service=rid("VCUT1"), staff=rid("TMNORA1"),
    location=rid("LNORTH1"), note="First visit",
)  # fmt: skip
FREE = {"merchants": [{**worlds.small()["merchants"][0], "has_plan": False}]}


def send(square: Square, command: Command = WANTED) -> Receipt:
    return square.talk(lambda client: client.send(command))


def find(square: Square, command: Command = WANTED) -> Receipt | None:
    return square.talk(lambda client: client.find(command))


def move(made: Receipt, key: str = "key-2", **changes: Any) -> MoveBooking:
    later = STARTS + timedelta(hours=3)
    command = MoveBooking(key, made.remote_id, made.version, later, later + timedelta(minutes=45))
    return replace(command, **changes)


def cancel(made: Receipt) -> CancelBooking:
    return CancelBooking("key-3", made.remote_id, made.version, "ill")


def there(square: Square, day: datetime = STARTS) -> list[Json]:
    """The bookings at Square around that day."""
    start, end = day - timedelta(days=1), day + timedelta(days=2)
    window = {"start_at_min": start.isoformat(), "start_at_max": end.isoformat()}
    headers = {"Authorization": f"Bearer {square.tokens.access}"}
    found: list[Json] = square.control.get("/v2/bookings", params=window, headers=headers).json()["bookings"]
    return found


def customers(square: Square, **exact: str) -> list[Json]:
    body = {"query": {"filter": {name: {"exact": text} for name, text in exact.items()}}}
    headers = {"Authorization": f"Bearer {square.tokens.access}"}
    found: list[Json] = square.control.post("/v2/customers/search", json=body, headers=headers).json()["customers"]
    return found


def change(square: Square, booking: Json) -> None:
    """Somebody else changes the booking at Square."""
    headers = {"Authorization": f"Bearer {square.personal()}"}
    body = {"booking": {"seller_note": "called", "version": booking["version"]}}
    answer = square.control.put(f"/v2/bookings/{booking['id']}", json=body, headers=headers)
    assert answer.status_code == 200, answer.text


def as_read(receipt: Receipt) -> Booking:
    (record,) = read("booking", next(raw for raw in receipt.records if raw.kind == "booking").payload)
    assert isinstance(record, Booking)
    return record


def test_a_booking_is_made_for_somebody_new_and_told_with_price_and_client() -> None:
    with worlds.square() as square:
        receipt = send(square)
        (one,) = there(square)
        assert (receipt.remote_id, receipt.version) == (one["id"], 0)
        assert (one["seller_note"], one["appointment_segments"][0]["duration_minutes"]) == ("First visit", 45)
        told = as_read(receipt)
        assert (told.starts_at, told.ends_at, told.service, told.staff, told.location, told.price) == (
            STARTS, ENDS, "VCUT1", "TMNORA1", "LNORTH1", Money(6500, "USD"),
        )  # fmt: skip
        (client,) = [read(raw.kind, raw.payload)[0] for raw in receipt.records if raw.kind == "client"]
        assert isinstance(client, Customer)
        assert (client.name, client.email, client.phone) == ("Ada Verne North", "ada@example.com", "+12065550177")


@pytest.mark.parametrize(
    ("person", "customer"),
    [
        (Person("Client 4", remote_id=rid("CUST0004")), "CUST0004"),
        (Person("C. Four", email="Client4@Example.com"), "CUST0004"),
        (Person("C. Four", phone="+1 206 555 0104"), "CUST0004"),
        (Person("C. Four", email="client4@example.com", phone="+1 206 555 0109"), "CUST0004"),
    ],
)
def test_who_square_knows_is_not_made_again(person: Person, customer: str) -> None:
    with worlds.square() as square:
        assert as_read(send(square, replace(WANTED, person=person))).customer == customer
        assert len(square.pages("customers")[-1].records) + 100 == 130


def test_who_shares_a_phone_and_has_another_address_is_somebody_else() -> None:
    with worlds.square() as square:
        person = Person("Sam Four", email="sam@example.com", phone="+1 206 555 0104")
        told = as_read(send(square, replace(WANTED, person=person)))
        assert told.customer != "CUST0004"
        assert [c["id"] for c in customers(square, email_address="sam@example.com")] == [told.customer]


def test_sent_twice_it_is_there_once_also_while_lists_lag() -> None:
    with worlds.square() as square:
        square.tell("/_sim/lag", seconds=60)
        first, second = send(square), send(square)
        assert first.remote_id == second.remote_id
        square.tell("/_sim/lag", seconds=0)
        assert len(there(square)) == len(customers(square, email_address="ada@example.com")) == 1


@pytest.mark.parametrize("fault", ["500_after_effect", "timeout_after_effect"])
def test_an_answer_that_was_lost_once_is_asked_for_again_with_the_same_key(fault: str) -> None:
    with worlds.square() as square:
        square.tell("/_sim/faults", fault=fault, match={"method": "POST", "path_prefix": "/v2/bookings"})
        receipt = send(square)
        assert [one["id"] for one in there(square)] == [receipt.remote_id]


def test_an_answer_that_never_comes_is_ambiguous_and_what_was_done_is_found() -> None:
    with worlds.square() as square:
        match = {"method": "POST", "path_prefix": "/v2/bookings"}
        square.tell("/_sim/faults", fault="500_after_effect", times=3, match=match)
        with pytest.raises(Ambiguous):
            send(square)
        (one,) = there(square)
        found = find(square)
        assert found is not None
        assert found.remote_id == one["id"]
        assert send(square) == found
        assert len(there(square)) == 1


def test_what_was_never_done_is_not_found() -> None:
    with worlds.square() as square:
        square.tell("/_sim/faults", fault="500", times=3, match={"method": "POST", "path_prefix": "/v2/bookings"})
        with pytest.raises(Ambiguous):
            send(square)
        assert find(square) is None
        assert there(square) == []


def test_a_booking_of_somebody_else_at_that_time_is_not_taken_for_ours() -> None:
    with worlds.square() as square:
        send(square, replace(WANTED, key="other", person=Person("Client 4", remote_id=rid("CUST0004"))))
        assert find(square) is None


def test_one_who_is_asked_to_slow_down_has_done_nothing() -> None:
    with worlds.square() as square:
        square.tell("/_sim/faults", fault="429", times=None, match={"method": "POST", "path_prefix": "/v2/bookings"})
        with pytest.raises(Throttled):
            send(square)
        assert there(square) == []


@pytest.mark.parametrize("minutes", [-44, -30, 0, 30, 44])
def test_a_time_that_somebody_has_is_not_given_twice_though_square_would(minutes: int) -> None:
    with worlds.square() as square:
        begins = STARTS + timedelta(minutes=minutes)
        other = Person("Client 4", remote_id=rid("CUST0004"))
        send(square, replace(WANTED, key="k", person=other, starts_at=begins, ends_at=begins + timedelta(minutes=45)))
        with pytest.raises(Rejected) as refused:
            send(square)
        assert refused.value.code == "slot_taken"
        assert len(there(square)) == 1
        assert customers(square, email_address="ada@example.com") == []


@pytest.mark.parametrize("minutes", [-45, 45])
def test_bookings_may_touch(minutes: int) -> None:
    with worlds.square() as square:
        begins = STARTS + timedelta(minutes=minutes)
        send(square, replace(WANTED, key="k", starts_at=begins, ends_at=begins + timedelta(minutes=45)))
        send(square)
        assert len(there(square)) == 2


def test_what_square_itself_calls_taken_is_told_as_such() -> None:
    with worlds.square() as square:
        other = Person("Client 4", remote_id=rid("CUST0004"))
        send(square, replace(WANTED, key="other", person=other))
        blind = square.signed_in(*(s for s in [*NEEDED, "APPOINTMENTS_WRITE", "CUSTOMERS_WRITE"] if "ALL" not in s))
        with pytest.raises(Rejected) as refused:
            send(blind)
        assert refused.value.code == "slot_taken"
        assert len(there(square)) == 1


def test_the_service_is_booked_in_its_version_of_now() -> None:
    with worlds.square() as square:
        square.tell("/_sim/world", services=[{"id": "VCUT1", "name": "Cut", "price": 7000, "duration_minutes": 45}])
        assert as_read(send(square)).price == Money(7000, "USD")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"service": None}, "incomplete"),
        ({"staff": None}, "incomplete"),
        ({"location": None}, "incomplete"),
        ({"service": rid("VNONE1")}, "gone"),
        ({"ends_at": STARTS}, "bad_length"),
        ({"ends_at": STARTS + timedelta(minutes=1501)}, "bad_length"),
        ({"ends_at": ENDS + timedelta(seconds=1)}, "bad_length"),
        ({"person": Person("")}, "incomplete"),
        ({"person": Person("Ada", phone="12")}, "INVALID_PHONE_NUMBER"),
    ],
)
def test_what_square_cannot_take_is_rejected_and_nothing_is_booked(change: dict[str, Any], code: str) -> None:
    with worlds.square() as square:
        with pytest.raises(Rejected) as refused:
            send(square, replace(WANTED, **change))
        assert refused.value.code == code
        assert there(square) == []


def test_a_key_that_was_used_for_something_else_is_rejected() -> None:
    with worlds.square() as square:
        send(square)
        with pytest.raises(Rejected) as refused:
            send(square, replace(WANTED, starts_at=STARTS + timedelta(hours=4), ends_at=ENDS + timedelta(hours=4)))
        assert refused.value.code == "IDEMPOTENCY_KEY_REUSED"
        assert len(there(square)) == 1


def test_a_booking_is_moved_once_and_a_repetition_finds_it_moved() -> None:
    with worlds.square() as square:
        made = send(square)
        first, second = send(square, move(made)), send(square, move(made))
        assert first == second == find(square, move(made))
        assert (first.version, as_read(first).starts_at) == (1, STARTS + timedelta(hours=3))
        assert as_read(first).ends_at == ENDS + timedelta(hours=3)


def test_a_booking_can_be_given_to_somebody_else_and_made_longer() -> None:
    with worlds.square() as square:
        square.tell("/_sim/world", team=[{"id": "TMNEW1", "given_name": "Ugo"}])
        made = send(square)
        longer = move(made, starts_at=STARTS, ends_at=STARTS + timedelta(minutes=70), staff=rid("TMNEW1"))
        told = as_read(send(square, longer))
        assert (told.starts_at, told.ends_at - told.starts_at, told.staff, told.service) == (
            STARTS, timedelta(minutes=70), "TMNEW1", "VCUT1",
        )  # fmt: skip


def test_a_booking_may_move_within_its_own_time_and_not_into_anothers() -> None:
    with worlds.square() as square:
        made = send(square)
        half = STARTS + timedelta(minutes=30)
        moved = send(square, move(made, starts_at=half, ends_at=half + timedelta(minutes=45)))
        later = STARTS + timedelta(hours=3)
        other = Person("Client 4", remote_id=rid("CUST0004"))
        send(square, replace(WANTED, key="k", person=other, starts_at=later, ends_at=later + timedelta(minutes=45)))
        with pytest.raises(Rejected) as refused:
            send(square, move(moved, key="key-4"))
        assert refused.value.code == "slot_taken"
        assert {one["start_at"][:16] for one in there(square)} == {half.isoformat()[:16], later.isoformat()[:16]}


@pytest.mark.parametrize("order", [move, cancel])
def test_what_was_changed_at_square_meanwhile_is_stale_and_left_alone(order: Any) -> None:
    with worlds.square() as square:
        made = send(square)
        change(square, there(square)[0])
        with pytest.raises(Stale) as stale:
            send(square, order(made))
        assert stale.value.code == "changed"
        (left,) = there(square)
        assert (left["status"], left["version"], left["seller_note"]) == ("ACCEPTED", 1, "called")


class Hurried:
    """A Square at which somebody changes the booking between our look at it and our change."""

    def __init__(self, status: int) -> None:
        self._app = create_app(now=lambda: NOW, base_url="", config={})
        self._status = status
        self.before: tuple[str, bytes] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_look = scope["type"] == "http" and scope["method"] == "GET"
        if is_look and self.before and scope["path"] == self.before[0]:
            body, self.before = self.before[1], None
            await Response(body, media_type="application/json")(scope, receive, send)
            return

        async def saying(message: Message) -> None:
            if message.get("status") == 409:
                message = {**message, "status": self._status}  # Square publishes no status for a stale version
            await send(message)

        await self._app(scope, receive, saying)


@pytest.mark.parametrize("order", [move, cancel])
@pytest.mark.parametrize("status", [400, 409])
def test_a_change_between_look_and_write_is_stale_by_looking_again(order: Any, status: int) -> None:
    hurried = Hurried(status)
    with serving(hurried) as base_url, httpx2.Client(base_url=base_url, trust_env=False) as control:
        control.post("/_sim/world", json=worlds.small())
        given = control.post("/_sim/tokens", json={"merchant_id": MERCHANT}).json()
        square = Square(base_url, worlds.tokens(given), control)
        made = send(square)
        (one,) = there(square)
        change(square, one)
        hurried.before = (f"/v2/bookings/{one['id']}", json.dumps({"booking": one}).encode())
        with pytest.raises(Stale) as stale:
            send(square, order(made))
        assert stale.value.code == "changed"
        assert hurried.before is None
        assert [(left["version"], left["status"]) for left in there(square)] == [(1, "ACCEPTED")]


def test_what_is_cancelled_or_gone_cannot_be_moved() -> None:
    with worlds.square() as square:
        made = send(square)
        gone = send(square, cancel(made))
        with pytest.raises(Stale) as stale:
            send(square, move(gone))
        assert stale.value.code == "cancelled"
        with pytest.raises(Stale) as stale:
            send(square, move(replace(made, remote_id=rid("none"))))
        assert stale.value.code == "gone"


def test_a_cancelled_booking_stays_cancelled_however_often_it_is_asked() -> None:
    with worlds.square() as square:
        made = send(square)
        assert find(square, cancel(made)) is None
        first, second = send(square, cancel(made)), send(square, cancel(made))
        assert first == second == find(square, cancel(made))
        assert as_read(first).status is BookingStatus.CANCELLED
        assert there(square)[0]["status"] == "CANCELLED_BY_SELLER"


@pytest.mark.parametrize("order", [move, cancel])
def test_a_lost_answer_to_a_change_is_found_out(order: Any) -> None:
    with worlds.square() as square:
        made = send(square)
        match = {"path_prefix": f"/v2/bookings/{made.remote_id}", "method": "PUT" if order is move else "POST"}
        square.tell("/_sim/faults", fault="500_after_effect", times=3, match=match)
        with pytest.raises(Ambiguous):
            send(square, order(made))
        found = find(square, order(made))
        assert found is not None
        assert found.version == 1


def test_without_a_paid_plan_nothing_is_changed_and_that_is_said() -> None:
    with worlds.square() as square:
        made = send(square)
        square.tell("/_sim/world", **FREE)
        later = replace(WANTED, key="k", starts_at=STARTS + timedelta(hours=5), ends_at=ENDS + timedelta(hours=5))
        for command in (later, move(made), cancel(made)):
            with pytest.raises(Rejected, match="paid plan") as refused:
                send(square, command)
            assert refused.value.code == "no_plan"
        assert [(one["version"], one["status"]) for one in there(square)] == [(0, "ACCEPTED")]
        account = square.talk(lambda client: client.check())
        assert account.missing == ()
        assert [ability for ability, _ in account.without] == [Ability.WRITE_BOOKINGS]
        assert "Plus or Premium" in account.without[0][1]


@pytest.mark.parametrize("absent", ["APPOINTMENTS_WRITE", "APPOINTMENTS_ALL_WRITE", "CUSTOMERS_WRITE"])
def test_without_a_permission_to_write_the_rest_works_and_the_reason_is_named(absent: str) -> None:
    with worlds.square() as square:
        reader = square.signed_in(*(scope.name for scope in SCOPES if scope.name != absent))
        account = reader.talk(lambda client: client.check())
        assert account.missing == ()
        assert [(ability, absent in why) for ability, why in account.without] == [(Ability.WRITE_BOOKINGS, True)]
        assert reader.ids("team") == ["TMNORA1"]


def test_a_refused_permission_is_told_with_what_to_do() -> None:
    with worlds.square() as square:
        with pytest.raises(Rejected, match=r"not let us change the booking: .* connect Square again"):
            send(square.signed_in(*NEEDED), replace(WANTED, person=Person("C", remote_id=rid("CUST0004"))))
        assert there(square) == []


def test_an_ended_access_is_told_as_such() -> None:
    with worlds.square() as square:
        square.tell("/_sim/clock", offset_seconds=31 * 24 * 3600)
        with pytest.raises(AuthExpired):
            send(square)


def test_a_command_that_square_has_not_is_rejected() -> None:
    pay = RequestPayment("k", Money(1, "USD"), "t", "r", ADA, "https://b.example.com/")
    with worlds.square() as square:
        for act in (send, find):
            with pytest.raises(Rejected, match="cannot request payment"):
                act(square, pay)
        assert square.asked("/v2/") == []
