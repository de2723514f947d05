"""Square's own library as a second client of the simulator: what it accepts is not only to our own taste."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from square import Square as Sdk
from square.core.api_error import ApiError
from square.utils.webhooks_helper import verify_signature
from tests.vendors.square import worlds
from tests.vendors.square.receiving import receiving
from tests.vendors.square.worlds import MERCHANT, NOW, Square, at

from bookingbridge.vendors.square.simulator import CLIENT_ID, CLIENT_SECRET

ONCE: Any = {"max_retries": 0}


def sdk(square: Square, token: str | None = None) -> Sdk:
    return Sdk(token=token or square.tokens.access, base_url=square.base_url)


def test_the_library_lists_what_is_there() -> None:
    with worlds.square() as square:
        client = sdk(square)
        assert [place.id for place in client.locations.list().locations or []] == ["LNORTH1", "LSOUTH1"]
        assert len([person.id for person in client.customers.list()]) == 130
        window = {"start_at_min": at(-30), "start_at_max": at(1)}
        booked = list(client.bookings.list(**window))
        assert sorted(b.id or "" for b in booked) == sorted(
            b["id"] for b in worlds.small()["bookings"] if at(-30) <= b["start_at"] <= at(1)
        )
        assert {b.status for b in booked} <= {"ACCEPTED", "NO_SHOW"}
        paid = list(client.payments.list(location_id="LSOUTH1", begin_time=at(-365), sort_order="ASC"))
        assert len(paid) == 30
        assert paid[0].amount_money is not None
        assert paid[0].amount_money.amount == 6500
        assert [item.type for item in client.catalog.list(types="ITEM")] == ["ITEM"] * 3
        assert len(client.team_members.search().team_members or []) == 1


def test_without_window_and_location_the_library_sees_what_square_shows_by_default() -> None:
    with worlds.square() as square:
        client = sdk(square)
        starts = [b.start_at or "" for b in client.bookings.list()]
        assert starts
        assert all(at(0)[:10] <= start <= at(31) for start in starts)
        assert {p.location_id for p in client.payments.list(begin_time=at(-365))} == {"LNORTH1"}


def test_the_library_books_moves_and_cancels_with_versions() -> None:
    with worlds.square() as square:
        client = sdk(square, square.personal())
        segment: Any = {
            "team_member_id": "TMNORA1", "service_variation_id": "VCUT1", "duration_minutes": 45,
            "service_variation_version": square.control.get(
                "/v2/catalog/object/VCUT1", headers={"Authorization": f"Bearer {square.tokens.access}"}
            ).json()["object"]["version"],
        }  # fmt: skip
        asked: Any = {
            "location_id": "LNORTH1", "customer_id": "CUST0001", "start_at": at(5), "appointment_segments": [segment]
        }  # fmt: skip
        made = client.bookings.create(booking=asked, idempotency_key="one").booking
        again = client.bookings.create(booking=asked, idempotency_key="one").booking
        assert made is not None
        assert again is not None
        assert (made.id, made.version, made.status) == (again.id, 0, "ACCEPTED")
        assert made.id is not None
        moved = client.bookings.update(made.id, booking={"start_at": at(6), "version": 0}).booking
        assert moved is not None
        assert moved.version == 1
        with pytest.raises(ApiError) as stale:
            client.bookings.update(made.id, booking={"start_at": at(7), "version": 0}, request_options=ONCE)
        assert stale.value.status_code == 409
        gone = client.bookings.cancel(made.id, booking_version=1).booking
        assert gone is not None
        assert gone.status == "CANCELLED_BY_SELLER"
        other: Any = {**asked, "start_at": at(8)}
        with pytest.raises(ApiError) as reused:
            client.bookings.create(booking=other, idempotency_key="one", request_options=ONCE)
        assert "IDEMPOTENCY_KEY_REUSED" in str(reused.value.body)


def test_the_library_refuses_to_book_a_service_that_was_changed_meanwhile() -> None:
    with worlds.square() as square:
        client = sdk(square, square.personal())
        segment: Any = {"team_member_id": "TMNORA1", "service_variation_id": "VCUT1", "service_variation_version": 1}
        asked: Any = {
            "location_id": "LNORTH1", "customer_id": "CUST0001", "start_at": at(5), "appointment_segments": [segment]
        }  # fmt: skip
        with pytest.raises(ApiError) as stale:
            client.bookings.create(booking=asked, request_options=ONCE)
        assert stale.value.status_code == 400


def test_the_library_pays_and_gives_back() -> None:
    with worlds.square() as square:
        client = sdk(square, square.personal())
        usd: Any = {"amount": 6500, "currency": "USD"}
        paid = client.payments.create(source_id="cnon:card-nonce-ok", idempotency_key="p", amount_money=usd).payment
        assert paid is not None
        assert (paid.status, paid.id is not None) == ("COMPLETED", True)
        back = client.refunds.refund_payment(
            idempotency_key="r", payment_id=paid.id, amount_money={"amount": 500, "currency": "USD"}
        ).refund
        assert back is not None
        assert back.status == "PENDING"
        assert client.refunds.get(back.id).refund.status == "COMPLETED"
        after = client.payments.get(str(paid.id)).payment
        assert after is not None
        assert after.refunded_money is not None
        assert after.refunded_money.amount == 500
        with pytest.raises(ApiError) as declined:
            client.payments.create(
                source_id="cnon:card-nonce-declined", idempotency_key="d", amount_money=usd, request_options=ONCE
            )
        assert declined.value.status_code == 402


def test_the_library_waits_out_a_throttled_answer() -> None:
    with worlds.square() as square:
        square.tell("/_sim/faults", fault="429", times=1, retry_after=0)
        assert len(sdk(square).locations.list().locations or []) == 2
        assert [request["status"] for request in square.asked("/v2/locations")] == [429, 200]


def test_the_library_signs_in_renews_and_leaves() -> None:
    with worlds.square() as square:
        form = {"client_id": CLIENT_ID, "redirect_uri": "https://b.example.com/", "scope": "ITEMS_READ", "state": "s"}
        allowed = square.control.post(
            "/oauth2/authorize", data=form | {"merchant_id": MERCHANT, "decision": "allow"}, follow_redirects=False
        )
        code = allowed.headers["location"].partition("code=")[2].partition("&")[0]
        client = sdk(square)
        app: Any = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        first = client.o_auth.obtain_token(**app, grant_type="authorization_code", code=code)
        second = client.o_auth.obtain_token(**app, grant_type="refresh_token", refresh_token=first.refresh_token)
        assert second.refresh_token == first.refresh_token
        assert second.expires_at == (NOW + timedelta(days=30)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        status = sdk(square, second.access_token).o_auth.retrieve_token_status()
        assert (status.scopes, status.merchant_id) == (["ITEMS_READ"], MERCHANT)


def test_the_library_subscribes_and_verifies_what_is_delivered() -> None:
    with worlds.square() as square, receiving() as receiver:
        url, received = receiver.url, receiver.received
        client = sdk(square, square.personal())
        made = client.webhooks.subscriptions.create(
            subscription={"name": "Ours", "event_types": ["customer.created"], "notification_url": url}
        ).subscription
        assert made is not None
        client.customers.create(given_name="Ada", email_address="ada@example.com")
        tested = client.webhooks.subscriptions.test(str(made.id)).subscription_test_result
        assert tested is not None
        assert tested.status_code == 200
        worlds.until(lambda: len(received) == 2)
        for headers, body in received:
            assert verify_signature(
                request_body=body.decode(), signature_header=headers["x-square-hmacsha256-signature"],
                signature_key=str(made.signature_key), notification_url=url,
            )  # fmt: skip
        listed = client.webhooks.subscriptions.list()
        assert [s.signature_key for s in listed] == [None]
