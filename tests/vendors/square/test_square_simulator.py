"""What the simulated Square does beyond answering: lag, webhooks, pages for clients, big worlds, several merchants."""

from __future__ import annotations

import json
import re
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from tests.simulators import serving
from tests.vendors.square import worlds
from tests.vendors.square.receiving import Receiver, receiving
from tests.vendors.square.worlds import MERCHANT, NOW, Square, at, until

from bookingbridge.canonical.ports import Delivery
from bookingbridge.vendors.square.simulator import create_app
from bookingbridge.vendors.square.webhooks import SquareWebhooks

KEY = "a-key-we-chose"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def hooked(square: Square, receiver: Receiver) -> None:
    square.tell("/_sim/world", subscriptions=[{"notification_url": receiver.url, "signature_key": KEY}])


def write(square: Square, method: str, path: str, **body: Any) -> Any:
    headers = {"Authorization": f"Bearer {square.personal()}"}
    answer = square.control.request(method, path, json=body or None, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_booking_on_the_page_reaches_the_webhook_signed_and_leads_back_to_the_booking(receiver: Receiver) -> None:
    with worlds.square() as square:
        hooked(square, receiver)
        booking_id = book(square, note="bb_tok_123")
        until(lambda: len(receiver.received) == 2)
        hooks = SquareWebhooks()
        notices = []
        for headers, body in receiver.received:
            delivery = Delivery(headers, body, receiver.url)
            hooks.verify(delivery, [KEY])
            notices.append(hooks.read(delivery))
        assert sorted(notice.type for notice in notices) == ["booking.created", "customer.created"]
        hint = next(n.hints[0] for n in notices if n.type == "booking.created")
        raws = square.talk(lambda client: client.fetch(hint.kind, hint.remote_id))
        assert [raw.kind for raw in raws] == ["booking", "client"]
        assert raws[0].remote_id == booking_id
        assert raws[0].payload["booking"]["customer_note"] == "bb_tok_123"


def test_a_webhook_can_come_before_the_list_shows_it(receiver: Receiver) -> None:
    with worlds.square() as square:
        hooked(square, receiver)
        square.tell("/_sim/lag", seconds=30)
        booking_id = book(square)
        until(lambda: len(receiver.received) == 2)
        assert booking_id not in square.ids("bookings")
        square.tell("/_sim/clock", offset_seconds=31)
        assert booking_id in square.ids("bookings")


def test_a_refused_webhook_is_sent_again_with_the_same_event_and_says_so(receiver: Receiver) -> None:
    with worlds.square() as square:
        hooked(square, receiver)
        receiver.answer_with = 500
        write(square, "POST", "/v2/customers", given_name="Ada")
        until(lambda: len(receiver.received) == 1)
        receiver.answer_with = 200
        until(lambda: len(receiver.received) == 2)
        (first, body), (second, again) = receiver.received
        assert body == again
        assert "square-retry-number" not in first
        assert (second["square-retry-number"], second["square-retry-reason"]) == ("1", "http_error")


def test_a_disabled_subscription_gets_nothing(receiver: Receiver) -> None:
    with worlds.square() as square:
        off = {"notification_url": receiver.url, "signature_key": KEY, "enabled": False}
        square.tell("/_sim/world", subscriptions=[off])
        write(square, "POST", "/v2/customers", given_name="Ada")
        assert square.control.get("/_sim/deliveries").json()["waiting"] == 0
        assert receiver.received == []


def slots(square: Square) -> list[str]:
    page = square.control.get(f"/book/{MERCHANT}").text
    return re.findall(r'<option value="(2026[^"]+)"', page)


def book(square: Square, **more: str) -> str:
    """A visitor books the first free time; the booking's id."""
    form = {"service": "VCUT1", "time": slots(square)[0], "name": "Ada Byron", "email": "ada@example.com",
            "phone": "+1 206 555 0199"}  # fmt: skip
    answer = square.control.post(f"/book/{MERCHANT}", data=form | more)
    assert answer.status_code == 303, answer.text
    place: str = answer.headers["location"]
    assert "You are booked" in httpx2.get(str(httpx2.URL(square.base_url).join(place))).text
    return place.rpartition("/")[2]


def test_the_booking_page_offers_services_and_free_times_and_fills_in_what_it_is_given() -> None:
    with worlds.square() as square:
        page = square.control.get(
            f"/book/{MERCHANT}", params={"service": "VCOLOUR1", "email": "a@example.com", "note": '"><script>'}
        )
        assert page.status_code == 200
        assert '<option value="VCOLOUR1" selected>Colour, 120 min, 140.00 USD' in page.text
        assert 'value="a@example.com"' in page.text
        assert "<script>" not in page.text


def test_a_time_is_offered_until_somebody_took_it() -> None:
    with worlds.square() as square:
        first = slots(square)[0]
        book(square)
        assert first not in slots(square)
        form = {"service": "VCUT1", "time": first, "name": "Second", "email": "second@example.com"}
        refused = square.control.post(f"/book/{MERCHANT}", data=form)
        assert refused.status_code == 422
        assert "just been taken" in refused.text


def test_a_returning_visitor_is_the_same_customer() -> None:
    with worlds.square() as square:
        one = book(square, email="client7@example.com")
        two = book(square, email="CLIENT7@example.com")
        found = [write(square, "GET", f"/v2/bookings/{b}")["booking"]["customer_id"] for b in (one, two)]
        assert found == ["CUST0007", "CUST0007"]


@pytest.mark.parametrize("change", [{"time": "soon"}, {"service": "none"}, {"name": ""}, {"email": "nowhere"}])
def test_a_form_that_is_not_filled_in_books_nothing(change: dict[str, str]) -> None:
    with worlds.square() as square:
        form = {"service": "VCUT1", "time": slots(square)[0], "name": "Ada", "email": "ada@example.com"} | change
        before = len(square.ids("bookings"))
        assert square.control.post(f"/book/{MERCHANT}", data=form).status_code == 422
        assert len(square.ids("bookings")) == before


def test_paying_takes_the_price_and_the_tip_once_and_names_the_booking() -> None:
    with worlds.square() as square:
        booking_id = book(square)
        for _ in range(2):
            assert square.control.post(f"/pay/{booking_id}", data={"tip": "20"}).status_code == 303
        assert "Paid, thank you" in square.control.get(f"/pay/{booking_id}").text
        paid = write(square, "GET", "/v2/payments")["payments"]
        mine = [p for p in paid if p.get("reference_id") == booking_id]
        assert [(p["amount_money"]["amount"], p["tip_money"]["amount"], p["status"]) for p in mine] == [
            (6500, 1300, "COMPLETED")
        ]


@pytest.mark.parametrize("path", ["/book/nobody", "/booked/none", "/pay/none"])
def test_a_page_about_nothing_is_not_found(path: str) -> None:
    with worlds.square() as square:
        assert square.control.get(path).status_code == 404
        assert square.control.post(path.replace("/booked", "/pay")).status_code == 404


def test_merchants_do_not_see_one_another() -> None:
    with worlds.square() as square:
        square.tell(
            "/_sim/world",
            merchants=[{"id": "MSOUTHHAIR", "business_name": "South Hair", "main_location_id": "LOTHER1"}],
            locations=[{"id": "LOTHER1", "merchant_id": "MSOUTHHAIR", "name": "Other", "timezone": "Europe/Berlin"}],
            customers=[{"id": "CUSTOTHER", "merchant_id": "MSOUTHHAIR", "given_name": "Else"}],
        )
        token = square.tell("/_sim/tokens", merchant_id="MSOUTHHAIR")
        other = Square(square.base_url, worlds.tokens(token), square.control)
        assert other.ids("customers") == ["CUSTOTHER"]
        assert other.talk(lambda client: client.fetch("client", worlds.rid("CUST0001"))) == []
        assert "CUSTOTHER" not in square.ids("customers")


def test_a_world_of_twenty_thousand_bookings_is_there_in_seconds() -> None:
    world = worlds.small()
    many = [
        {"id": f"BK{n:05}", "customer_id": f"CUST{n % 130:04}", "team_member_id": "TMNORA1", "service_id": "VCUT1",
         "start_at": at(-360 + n * 0.02), "created_at": at(-365)}
        for n in range(20_000)
    ]  # fmt: skip
    started = time.perf_counter()
    with worlds.square(world | {"bookings": many}) as square:
        loaded = time.perf_counter() - started
        assert len(set(square.ids("bookings"))) == 20_000
        assert square.control.get(f"/book/{MERCHANT}").status_code == 200
    assert loaded < 15  # two to three seconds on two free cores


def test_a_world_may_be_loaded_again_without_doubling_anything() -> None:
    with worlds.square() as square:
        square.tell("/_sim/world", **worlds.small())
        assert len(square.ids("customers")) == 130
        assert len(square.ids("refunds")) == 1
        (paid,) = [p for page in square.pages("payments") for p in page.records if p.remote_id == "PAY0003"]
        assert paid.payload["refunded_money"]["amount"] == 1000


@pytest.mark.parametrize(
    "world",
    [
        {"bookings": [{"id": "x"}]},
        {"customers": [{"id": "x", "merchant_id": "nobody"}]},
        {"bookings": "many"},
        {"refunds": [{"id": "r", "payment_id": "none", "amount": 1, "created_at": at(0)}]},
        {"locations": [5]},
    ],
)
def test_a_world_that_is_not_understood_is_answered_400(world: dict[str, Any]) -> None:
    with worlds.square() as square:
        answer = square.control.post("/_sim/world", json=world)
        assert answer.status_code == 400
        assert json.loads(answer.text)["error"]


def test_under_a_prefix_everything_works_the_same() -> None:
    inner = create_app(now=lambda: NOW, base_url="", config={})

    @asynccontextmanager
    async def both(_: Starlette) -> AsyncIterator[None]:
        async with inner.router.lifespan_context(inner):
            yield

    outer = Starlette(routes=[Mount("/square", app=inner)], lifespan=both)
    with serving(outer) as base, httpx2.Client(base_url=f"{base}/square", trust_env=False) as control:
        assert control.post("/_sim/world", json=worlds.small()).json()["bookings"] == 250
        token = worlds.tokens(control.post("/_sim/tokens", json={"merchant_id": MERCHANT}).json())
        square = Square(f"{base}/square", token, control)
        assert len(square.ids("customers")) == 130
        booking_id = book(square)
        paid = control.post(f"/pay/{booking_id}", data={})
        assert paid.headers["location"] == f"/square/pay/{booking_id}"
        control.post("/_sim/faults", json={"fault": "500", "match": {"path_prefix": "/v2/locations"}})
        assert control.get("/v2/locations").status_code == 500


def test_the_small_business_of_the_start_gives_way_to_a_world() -> None:
    inner = create_app(now=lambda: NOW, base_url="", config={})
    with serving(inner) as base, httpx2.Client(base_url=base, trust_env=False) as control:
        assert "Harbour Lane Hair" in control.get("/book/MHARBOURLANE1").text
        control.post("/_sim/world", json=worlds.small())
        assert control.get("/book/MHARBOURLANE1").status_code == 404
        assert control.get(f"/book/{MERCHANT}").status_code == 200


def test_a_buyers_token_cannot_double_book_and_sees_only_what_its_application_booked() -> None:
    with worlds.square() as square:
        buyer = square.signed_in("APPOINTMENTS_READ", "APPOINTMENTS_WRITE")
        version = write(square, "GET", "/v2/catalog/object/VCUT1")["object"]["version"]
        segment = {"team_member_id": "TMNORA1", "service_variation_id": "VCUT1", "service_variation_version": version}
        booking = {"location_id": "LNORTH1", "customer_id": "CUST0001", "appointment_segments": [segment]}
        headers = {"Authorization": f"Bearer {buyer.tokens.access}"}

        def ask(start_at: str) -> httpx2.Response:
            body = {"booking": booking | {"start_at": start_at}}
            return square.control.post("/v2/bookings", json=body, headers=headers)

        made = ask(at(20.01)).json()["booking"]
        refused = ask(at(20.02))
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (409, "CONFLICT")
        beside = write(square, "POST", "/v2/bookings", booking=booking | {"start_at": at(20.02)})["booking"]
        assert buyer.ids("bookings") == [made["id"], beside["id"]]  # by one application, none of the shop's own
