"""The conversation with Square: who we are, what is asked, what is beside, what happens when it is in trouble."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.vendors.square import worlds
from tests.vendors.square.worlds import MERCHANT, NOW, Square, at

from bookingbridge.canonical.errors import AuthExpired, NotFound, Rejected, Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Json
from bookingbridge.canonical.records import Booking, Customer
from bookingbridge.vendors.square.permissions import SCOPES
from bookingbridge.vendors.square.read import read
from bookingbridge.vendors.square.streams import history, windows
from bookingbridge.vendors.square.sweeps import Progress

ALL = [scope.name for scope in SCOPES]


def test_the_account_is_the_merchant_with_its_zone_and_currency() -> None:
    with worlds.square() as square:
        account = square.talk(lambda client: client.check())
    assert (account.remote_id, account.name) == (MERCHANT, "North Hair")
    assert (account.time_zone, account.currency) == ("America/Los_Angeles", "USD")
    assert set(account.granted) == set(ALL)
    assert account.missing == ()
    assert account.notes == ()


def test_a_missing_permission_is_named_and_what_it_means_is_said() -> None:
    with worlds.square() as square:
        given = square.signed_in(*(s for s in ALL if s not in ("APPOINTMENTS_ALL_READ", "MERCHANT_PROFILE_READ")))
        account = given.talk(lambda client: client.check())
    assert set(account.missing) == {"APPOINTMENTS_ALL_READ", "MERCHANT_PROFILE_READ"}
    assert account.name == MERCHANT
    assert any("only bookings this app made" in note for note in account.notes)


def test_an_expired_and_a_revoked_token_are_both_told_as_expired() -> None:
    with worlds.square() as square:
        square.tell("/_sim/clock", offset_seconds=31 * 24 * 3600)
        with pytest.raises(AuthExpired) as expired:
            square.talk(lambda client: client.check())
        assert expired.value.code == "ACCESS_TOKEN_EXPIRED"
        square.tell("/_sim/clock", offset_seconds=0)
        square.tell("/_sim/revoke", merchant_id=MERCHANT)
        with pytest.raises(AuthExpired) as revoked:
            square.talk(lambda client: client.check())
        assert revoked.value.code == "ACCESS_TOKEN_REVOKED"


def test_a_list_without_its_permission_is_rejected_with_what_to_do() -> None:
    with worlds.square() as square:
        given = square.signed_in("APPOINTMENTS_READ")
        with pytest.raises(Rejected, match="connect Square again"):
            given.pages("payments")


def test_a_full_read_finds_all_bookings_of_the_history_and_half_a_year_ahead() -> None:
    with worlds.square() as square:
        found = square.ids("bookings")
        asked = square.asked("/v2/bookings")
    expected = [b["id"] for b in worlds.small()["bookings"] if at(-365) <= b["start_at"] <= at(180)]
    assert sorted(set(found)) == sorted(expected)  # one starts where two windows meet and is listed in both
    assert len(asked) == 18  # windows of 31 days, none longer than a page here


def test_the_setting_says_how_far_back() -> None:
    with worlds.square() as square:
        square.settings["history_days"] = "30"
        expected = [b["id"] for b in worlds.small()["bookings"] if at(-30) <= b["start_at"] <= at(180)]
        assert sorted(square.ids("bookings")) == sorted(expected)


@pytest.mark.parametrize(("text", "days"), [("", 365), ("90", 90), ("0", 1), ("99999", 3650), ("x", 365), ("-5", 365)])
def test_a_strange_history_setting_is_a_year(text: str, days: int) -> None:
    assert history({"history_days": text}) == timedelta(days=days)


def test_windows_meet_without_gap_and_are_no_longer_than_square_allows() -> None:
    found = windows(Progress(started=at(0), begins=at(-365)))
    assert found[0][0] == NOW - timedelta(days=365)
    assert found[-1][1] == NOW + timedelta(days=180)
    assert all(end - start <= timedelta(days=31) for start, end in found)
    assert [end for _, end in found[:-1]] == [start for start, _ in found[1:]]


def test_an_incremental_run_looks_at_the_days_around_today() -> None:
    with worlds.square() as square:
        last = square.pages("bookings")[-1].cursor
        found = square.ids("bookings", last, is_full=False)
    expected = [b["id"] for b in worlds.small()["bookings"] if at(-7) <= b["start_at"] <= at(60)]
    assert sorted(found) == sorted(expected)
    assert len(expected) > 20


def test_an_incremental_run_asks_for_customers_and_payments_changed_since_with_overlap() -> None:
    with worlds.square() as square:
        cursors = {name: square.pages(name)[-1].cursor for name in ("customers", "payments", "refunds", "services")}
        square.tell("/_sim/clock", offset_seconds=3600)
        square.tell(
            "/_sim/world",
            customers=[{"id": "CUSTNEW1", "given_name": "Ada", "created_at": at(0.02)}],
            payments=[{"id": "PAYNEW1", "location_id": "LSOUTH1", "amount": 100, "created_at": at(0.02)}],
            services=[{"id": "VNEW1", "name": "Fringe", "price": 1500, "duration_minutes": 15}],
        )
        assert square.ids("customers", cursors["customers"], is_full=False) == ["CUSTNEW1"]
        assert square.ids("payments", cursors["payments"], is_full=False) == ["PAYNEW1"]
        assert square.ids("refunds", cursors["refunds"], is_full=False) == []
        assert square.ids("services", cursors["services"], is_full=False) == ["VNEW1"]


def test_payments_of_every_location_are_read_also_of_a_closed_one() -> None:
    with worlds.square() as square:
        pages = square.pages("payments")
    places = {raw.payload["location_id"] for page in pages for raw in page.records}
    assert places == {"LNORTH1", "LSOUTH1"}
    assert sum(len(page.records) for page in pages) == 150


def test_a_refund_long_after_changes_an_old_payment_in_the_next_run() -> None:
    with worlds.square() as square:
        last = square.pages("payments")[-1].cursor
        square.tell("/_sim/clock", offset_seconds=7200)
        square.tell(
            "/_sim/world", refunds=[{"id": "R9", "payment_id": "PAY0001", "amount": 500, "created_at": at(0.08)}]
        )
        (page,) = [p for p in square.pages("payments", last, is_full=False) if p.records]
        assert [raw.remote_id for raw in page.records] == ["PAY0001"]
        assert page.records[0].payload["refunded_money"] == {"amount": 500, "currency": "USD"}


def test_the_count_of_customers_is_known_from_the_first_page() -> None:
    with worlds.square() as square:
        pages = square.pages("customers")
    assert [(len(page.records), page.total) for page in pages] == [(100, 130), (30, 130)]


def test_reading_goes_on_inside_a_list_while_the_cursor_lives() -> None:
    with worlds.square() as square:
        first = square.pages("customers")[0]
        square.tell("/_sim/clock", offset_seconds=240)
        rest = square.ids("customers", first.cursor)
    assert len(rest) == 30


def test_a_cursor_older_than_square_keeps_it_is_not_tried_and_the_list_begins_again() -> None:
    with worlds.square() as square:
        first = square.pages("customers")[0]
        square.tell("/_sim/clock", offset_seconds=600)
        square.control.delete("/_sim/requests")
        rest = square.ids("customers", first.cursor)
        asked = square.asked("/v2/customers/search")
    assert len(rest) == 130
    assert [request["status"] for request in asked] == [200, 200]


def test_a_cursor_that_square_forgot_begins_the_list_again() -> None:
    with worlds.square() as square:
        first = square.pages("customers")[0]
        forgotten = first.cursor | {"page": "bm90IGEgY3Vyc29y"}
        assert len(square.ids("customers", forgotten)) == 130
        assert [r["status"] for r in square.asked("/v2/customers/search")][-3:] == [400, 200, 200]


def test_a_full_run_does_not_go_on_with_an_incremental_one() -> None:
    with worlds.square() as square:
        last = square.pages("customers")[-1].cursor
        under_way = {**last, "started": at(0), "part": "", "page": "x", "issued": at(0)}
        assert len(square.ids("customers", under_way, is_full=True)) == 130


@pytest.mark.parametrize("cursor", [{}, {"since": 5}, {"windows": [1, 2]}, {"started": None, "page": []}])
def test_a_cursor_of_another_shape_means_reading_all_again(cursor: Json) -> None:
    with worlds.square() as square:
        assert len(square.ids("customers", cursor, is_full=False)) == 130


def test_a_stream_that_square_has_not_is_rejected() -> None:
    with worlds.square() as square:
        with pytest.raises(Rejected):
            square.pages("loyalty")
        with pytest.raises(Rejected):
            square.talk(lambda client: client.fetch("loyalty", RemoteId("x")))


def fetched(square: Square, kind: str, remote_id: str) -> list[tuple[str, str]]:
    raws = square.talk(lambda client: client.fetch(kind, RemoteId(remote_id)))
    return [(raw.kind, raw.remote_id) for raw in raws]


def test_a_booking_is_fetched_by_the_id_a_webhook_names_with_its_customer_beside() -> None:
    with worlds.square() as square:
        assert fetched(square, "booking", "bkg0007:3") == [("booking", "bkg0007"), ("client", "CUST0007")]


def test_a_refund_is_fetched_with_its_payment_beside() -> None:
    with worlds.square() as square:
        assert fetched(square, "refund", "PAY0003_R1")[:2] == [("refund", "PAY0003_R1"), ("payment", "PAY0003")]


def test_a_booking_is_fetched_also_where_customers_may_not_be_read() -> None:
    with worlds.square() as square:
        given = square.signed_in("APPOINTMENTS_READ", "APPOINTMENTS_ALL_READ")
        assert fetched(given, "booking", "bkg0007") == [("booking", "bkg0007")]


def test_a_customer_that_a_webhook_calls_deleted_is_told_as_deleted_and_newer_than_what_a_search_shows() -> None:
    with worlds.square() as square:
        square.tell("/_sim/lag", seconds=60)
        given = square.signed_in("CUSTOMERS_READ", "CUSTOMERS_WRITE")
        gone = square.control.delete(
            "/v2/customers/CUST0005", headers={"Authorization": f"Bearer {given.tokens.access}"}
        )
        assert gone.status_code == 200
        assert fetched(square, "client", "CUST0005") == []
        (raw,) = square.talk(lambda client: client.fetch("client", RemoteId("CUST0005:deleted")))
        (customer,) = read(raw.kind, raw.payload)
        assert isinstance(customer, Customer)
        assert customer.is_deleted
        assert "CUST0005" in square.ids("customers")
        assert customer.changed_at == NOW


def test_a_customer_called_deleted_who_is_there_is_read_as_he_is() -> None:
    with worlds.square() as square:
        (raw,) = square.talk(lambda client: client.fetch("client", RemoteId("CUST0005:deleted")))
        assert raw.remote_id == "CUST0005"
        assert "is_deleted" not in raw.payload


def test_a_change_of_the_catalogue_fetches_every_service() -> None:
    with worlds.square() as square:
        found = fetched(square, "service", "all")
        assert found == [("service", "VCOLOUR1"), ("service", "VCUT1"), ("service", "VTALK1")]
        assert fetched(square, "service", "VCUT1") == [("service", "VCUT1")]
        assert fetched(square, "service", "IVCUT1") == [("service", "VCUT1")]


@pytest.mark.parametrize("bad", ["../locations", "a/b", "..", "", "x?y=1", "a" * 300, "\u00e9"])
def test_an_id_that_is_none_never_becomes_part_of_a_path(bad: str) -> None:
    with worlds.square() as square:
        for kind in ("booking", "client", "payment", "refund", "staff", "location", "service"):
            with pytest.raises(Unreadable):
                square.talk(lambda client, kind=kind: client.fetch(kind, RemoteId(bad)))  # type: ignore[misc]
        assert square.asked("/v2") == []


def price_of(square: Square, booking_id: str) -> int | None:
    raws = square.talk(lambda client: client.fetch("booking", RemoteId(booking_id)))
    (booking,) = read("booking", raws[0].payload)
    assert isinstance(booking, Booking)
    return booking.price.minor if booking.price else None


def test_a_booking_costs_what_its_service_cost_when_it_was_booked() -> None:
    with worlds.square() as square:
        square.tell(
            "/_sim/world",
            services=[{"id": "VCUT1", "name": "Cut", "price": 7900, "duration_minutes": 45, "updated_at": at(-1)}],
            bookings=[
                {"id": "bkgnew", "customer_id": "CUST0001", "team_member_id": "TMNORA1", "service_id": "VCUT1",
                 "start_at": at(3), "created_at": at(-0.5)},
                {"id": "bkgtalk", "customer_id": "CUST0001", "team_member_id": "TMNORA1", "service_id": "VTALK1",
                 "start_at": at(4), "created_at": at(-0.5)},
            ],
        )  # fmt: skip
        assert price_of(square, "bkg0001") == 6500
        assert price_of(square, "bkgnew") == 7900
        assert price_of(square, "bkgtalk") is None


def test_each_price_is_asked_for_once_in_a_run() -> None:
    with worlds.square() as square:
        square.pages("bookings")
        assert len(square.asked("/v2/catalog/batch-retrieve")) == 1


def test_bookings_are_read_without_prices_where_the_catalogue_may_not_be_read() -> None:
    with worlds.square() as square:
        given = square.signed_in("APPOINTMENTS_READ", "APPOINTMENTS_ALL_READ")
        pages = given.pages("bookings")
        assert {str(raw.payload["prices"]) for page in pages for raw in page.records} == {"[None]"}
        assert len(square.asked("/v2/catalog/batch-retrieve")) == 1


def test_a_token_for_buyers_sees_no_booking_of_the_shops_own() -> None:
    with worlds.square() as square:
        given = square.signed_in("APPOINTMENTS_READ")
        assert given.ids("bookings") == []
        assert fetched(given, "booking", "bkg0007") == []


def test_what_lists_do_not_show_yet_is_fetched_all_the_same() -> None:
    with worlds.square() as square:
        given = square.signed_in("CUSTOMERS_READ", "CUSTOMERS_WRITE")
        square.tell("/_sim/lag", seconds=30)
        made = square.control.post(
            "/v2/customers", json={"given_name": "Late"}, headers={"Authorization": f"Bearer {given.tokens.access}"}
        ).json()["customer"]["id"]
        assert made not in square.ids("customers")
        assert fetched(square, "client", made) == [("client", made)]
        square.tell("/_sim/clock", offset_seconds=31)
        assert made in square.ids("customers")


def test_every_request_names_the_version_we_read() -> None:
    with worlds.square() as square:
        answer = square.control.get("/v2/locations", headers={"Authorization": f"Bearer {square.tokens.access}"})
        assert answer.headers["square-version"] == "2025-08-20"


def test_an_error_quotes_nothing_that_was_sent() -> None:
    answers: list[Any] = []

    async def ask(client: Any) -> None:
        try:
            await client._api.get("/v2/customers", "customers", limit=1000)
        except (Rejected, NotFound) as refused:
            answers.append(refused)

    with worlds.square() as square:
        square.talk(ask)
    assert answers[0].code == "VALUE_TOO_HIGH"
    assert "1000" not in answers[0].why


def test_the_clock_of_these_tests_stands_still() -> None:
    with worlds.square() as square:
        assert square.now() == NOW
        assert isinstance(square.now(), datetime)
