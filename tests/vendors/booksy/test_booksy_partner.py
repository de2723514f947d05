"""The partner API: signed in by key, read, and written so that nothing is done twice."""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.vendors.booksy import booksy_world as worlds
from tests.vendors.booksy.booksy_world import NOW, SHOP

from bookingbridge.canonical.commands import CancelBooking, CreateBooking, MoveBooking, Person
from bookingbridge.canonical.errors import Ambiguous, AuthExpired, NotFound, Refused, Rejected, Stale, Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Delivery, Json
from bookingbridge.canonical.records import Block, Booking, BookingStatus, Customer
from bookingbridge.vendorkit.http import Answer
from bookingbridge.vendors.booksy import VENDOR
from bookingbridge.vendors.booksy.partner_api import fault

PAYLOADS = Path(os.environ.get("BOOKINGBRIDGE_VENDOR_PAYLOADS", Path(__file__).parents[4] / "shared/vendors/payloads"))
STARTS = datetime(2026, 11, 25, 21, 0, tzinfo=UTC)
SERVICE, STAFF = RemoteId("789"), RemoteId("456")


def create(key: str = "key-1", *, starts: datetime = STARTS, staff: RemoteId | None = STAFF) -> CreateBooking:
    person = Person("Mara Lind", RemoteId("9"), "mara.lind@example.com", "+12065550123")
    return CreateBooking(key, starts, starts + timedelta(minutes=45), person, SERVICE, staff, None, "by the window")


def only(records: list[Any]) -> Booking:
    (found,) = [r for r in records if isinstance(r, Booking)]
    return found


def published(name: str) -> Json:
    path = PAYLOADS / "booksy" / name
    if not path.is_file():
        pytest.skip(f"the published payloads are not beside the project: {path}")
    found: Json = json.loads(path.read_text("utf-8"))["payload"]
    return found


def test_an_appointment_is_made_once_however_often_it_is_sent() -> None:
    with worlds.partner() as there:
        first = there.talk(lambda client: client.send(create()))
        again = there.talk(lambda client: client.send(create()))
        assert first.remote_id == again.remote_id == "131"
        made = only(VENDOR.read("booking", first.records[0].payload))
        posts = [
            r for r in there.control.get("/_sim/requests").json()["requests"] if r["path"].endswith("/appointment/")
        ]
        assert [r["method"] for r in posts] == ["GET", "POST", "GET"]
    assert (made.starts_at, made.staff, made.service, made.customer) == (STARTS, STAFF, SERVICE, "9")
    assert (made.note, made.booked_at) == ("by the window", NOW)


def test_after_an_answer_that_did_not_come_the_appointment_is_found() -> None:
    with worlds.partner() as there:
        there.order("500_after_effect", match={"method": "POST", "path_prefix": f"/business/{SHOP}/appointment"})
        with pytest.raises(Ambiguous):
            there.talk(lambda client: client.send(create()))
        found = there.talk(lambda client: client.find(create()))
        assert found is not None
        assert found.remote_id == "131"
        assert there.talk(lambda client: client.find(create("key-2"))) is None


def test_a_time_that_is_taken_is_told_as_such() -> None:
    with worlds.partner() as there:
        there.talk(lambda client: client.send(create()))
        with pytest.raises(Rejected) as refused:
            there.talk(lambda client: client.send(create("key-2")))
        assert refused.value.code == "slot_taken"
        assert there.talk(lambda client: client.send(create("key-3", staff=RemoteId("458")))).remote_id == "132"


def test_an_appointment_is_moved_and_cancelled_each_once() -> None:
    with worlds.partner() as there:
        made = there.talk(lambda client: client.send(create())).remote_id
        later = STARTS + timedelta(hours=3)
        move = MoveBooking("key-4", made, None, later, later + timedelta(minutes=60), RemoteId("458"))
        for _ in range(2):
            moved = only(VENDOR.read("booking", there.talk(lambda client: client.send(move)).records[0].payload))
            assert (moved.remote_id, moved.starts_at, moved.staff) == (made, later, "458")
            assert moved.ends_at == later + timedelta(minutes=60)
        for _ in range(2):
            gone = there.talk(lambda client: client.send(CancelBooking("key-5", made, None)))
            assert only(VENDOR.read("booking", gone.records[0].payload)).status is BookingStatus.CANCELLED
        asked = there.control.get("/_sim/requests").json()["requests"]
        assert [r["method"] for r in asked if r["method"] in ("PUT", "PATCH")] == ["PUT", "PATCH"]
        with pytest.raises(Stale):
            there.talk(lambda client: client.send(MoveBooking("key-6", made, None, STARTS, STARTS)))


def test_what_is_over_or_gone_is_not_changed() -> None:
    with worlds.partner() as there:
        with pytest.raises(Stale):
            there.talk(lambda client: client.send(CancelBooking("key-7", RemoteId("5"), None)))
        with pytest.raises(Stale):
            there.talk(lambda client: client.send(CancelBooking("key-8", RemoteId("999"), None)))
        assert there.talk(lambda client: client.fetch("booking", RemoteId("5")))[0].payload["status"] == "F"


def test_an_hour_that_comes_twice_is_not_written() -> None:
    with worlds.partner() as there, pytest.raises(Rejected, match="twice"):
        there.talk(lambda client: client.send(create(starts=datetime(2026, 11, 1, 8, 30, tzinfo=UTC))))


def test_a_token_that_was_taken_back_is_replaced_within_the_call() -> None:
    with worlds.partner() as there:

        async def go(client: Any) -> list[str]:
            await client.check()
            async with httpx2.AsyncClient(base_url=there.base_url, trust_env=False) as control:
                await control.post("/_sim/clock", json={"offset_seconds": 0})
                there.control.request("DELETE", "/_sim/requests")
            client._partner.api._access = "taken-back"
            return [(await client.check()).name]

        assert there.talk(go) == ["North Hair"]
        asked = there.control.get("/_sim/requests").json()["requests"]
        assert [r["path"] for r in asked] == [f"/business/{SHOP}/", "/token/", f"/business/{SHOP}/"]


def test_a_key_that_is_none_is_told_without_being_quoted() -> None:
    with worlds.partner() as there:
        there.app["BOOKSY_PARTNER_KEY"] = "not a key at all"
        with pytest.raises(Refused) as refused:
            there.talk(lambda client: client.check())
        assert "not a key" not in refused.value.why


def test_a_shop_of_another_partner_is_out_of_reach() -> None:
    with worlds.partner() as there:
        there.tokens.extra["business"] = "999"  # type: ignore[index]
        with pytest.raises(Rejected, match="999"):
            there.talk(lambda client: client.check())


def test_a_run_says_which_time_it_has_looked_through() -> None:
    with worlds.partner() as there:
        last = there.pages("bookings")[-1].swept
        assert last is not None
        assert last.starts == (NOW - timedelta(days=400), NOW + timedelta(days=400))
        near = there.pages("bookings", {}, is_full=False)[-1].swept
        assert near is not None
        assert near.starts == (NOW - timedelta(days=7), NOW + timedelta(days=60))


def test_times_are_the_shops_and_codes_are_read() -> None:
    payload = worlds.appointment(101) | {"business_timezone": "Europe/Warsaw"}
    expected = {"A": "confirmed", "C": "cancelled", "D": "declined", "F": "completed", "M": "pending", "N": "no_show",
                "P": "pending", "W": "pending"}  # fmt: skip
    for code, status in expected.items():
        found = only(VENDOR.read("booking", payload | {"status": code}))
        assert (found.status, found.starts_at) == (status, datetime(2026, 11, 21, 9, 0, tzinfo=UTC))
    with pytest.raises(Unreadable):
        VENDOR.read("booking", payload | {"status": "Z"})


def test_reserved_time_is_a_block_and_a_walk_in_is_somebody() -> None:
    payload = worlds.appointment(101) | {"business_timezone": "Europe/Warsaw"}
    (block,) = VENDOR.read("booking", payload | {"type": "R", "business_note": "Training"})
    assert isinstance(block, Block)
    assert (block.title, block.staff) == ("Training", "456")
    walk_in, booking = VENDOR.read("booking", payload | {"booked_for_id": None, "customer_name": "Ola Berg"})
    assert isinstance(walk_in, Customer)
    assert isinstance(booking, Booking)
    assert (walk_in.name, booking.customer) == ("Ola Berg", walk_in.remote_id)


def test_the_published_webhook_and_appointment_are_read() -> None:
    event = published("webhook.appointment.json")
    delivery = Delivery({"content-type": "application/json"}, json.dumps(event).encode(), "https://x.example.com")
    assert VENDOR.webhooks is not None
    VENDOR.webhooks.verify(delivery, [])
    (hint,) = VENDOR.webhooks.read(delivery).hints
    assert (hint.kind, hint.remote_id) == ("booking", "1")
    found = only(VENDOR.read("booking", event["appointment"]))
    assert (found.starts_at, found.ends_at) == (
        datetime(2021, 7, 2, 16, 15, tzinfo=UTC), datetime(2021, 7, 2, 17, 30, tzinfo=UTC),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "status", "error"), [("error.401.json", 401, AuthExpired), ("error.404.json", 404, NotFound)]
)
def test_the_published_refusals_are_our_errors_and_the_simulators(
    name: str, status: int, error: type[Exception]
) -> None:
    body = published(name)
    assert type(fault(Answer(status, {}, json.dumps(body).encode()))) is error
    with worlds.partner() as there:
        headers = {"accept": "application/json; version=0.3"}
        if status == 404:
            answer = httpx2.get(f"{there.base_url}/schema/", headers=headers)
        else:
            answer = httpx2.get(f"{there.base_url}/business/", headers=headers)
        assert (answer.status_code, answer.json()) == (status, body)
        assert "unverified" in answer.headers["x-simulated"]


def test_the_simulators_notifications_arrive_as_what_we_read() -> None:
    with worlds.partner() as there:
        there.tell("/_sim/webhooks", url=f"{there.base_url}/business/{SHOP}/")
        there.talk(lambda client: client.send(create()))
        deadline = time.monotonic() + 5
        while not (log := there.control.get("/_sim/deliveries").json()["log"]) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert log


NO_NOTIFICATIONS = [
    b"", b"{}", b"[]", b"null", b"\xff", b'{"action":"CREATED","appointment":{"id":true}}',
    b'{"action":"GONE","appointment":{"id":1}}', b"[" * 5000, b" " * 70_000,
]  # fmt: skip


@pytest.mark.parametrize("body", NO_NOTIFICATIONS)
def test_what_is_no_notification_is_turned_away(body: bytes) -> None:
    assert VENDOR.webhooks is not None
    with pytest.raises(Refused):
        VENDOR.webhooks.verify(Delivery({}, body, "https://x.example.com"), [])
