"""Talking to Trafft: who we are there, what it cannot give, and single things where it has no reading by id."""

from __future__ import annotations

import pytest
from tests.vendors.trafft.worlds import NOW, Trafft, ids, rid, small, trafft

from bookingbridge.canonical.errors import Rejected
from bookingbridge.canonical.ports import Ability, RawRecord, Swept, Tokens
from bookingbridge.canonical.records import Service
from bookingbridge.vendors.trafft.address import ADDRESS
from bookingbridge.vendors.trafft.read import read


def fetch(there: Trafft, kind: str, remote_id: str | int) -> list[RawRecord]:
    return there.talk(lambda client: client.fetch(kind, rid(remote_id)))


def test_the_account_is_its_address_and_says_what_trafft_cannot_give() -> None:
    with trafft() as there:
        extra = {**there.tokens.extra, ADDRESS: "https://northcut.admin.trafft.com/api/v2"}
        tokens = Tokens(there.tokens.access, expires_at=there.tokens.expires_at, extra=extra)
        account = there.talk(lambda client: client.check(), tokens)
        assert (account.remote_id, account.name) == ("northcut.admin.trafft.com", "northcut")
        assert (account.time_zone, account.currency) == ("Europe/London", "GBP")
        assert {ability for ability, _ in account.without} == {
            Ability.PAYMENTS, Ability.PAYOUTS, Ability.BUSY_TIMES,
        }  # fmt: skip
        assert any("moving and cancelling" in note for note in account.notes)
        assert any("no price" in note for note in account.notes)


@pytest.mark.parametrize("says_zone", [True, False])
def test_times_without_a_zone_are_pointed_out(says_zone: bool) -> None:
    with trafft(small(says_zone=says_zone)) as there:
        account = there.talk(lambda client: client.check())
        assert any("without their zone" in note for note in account.notes) is not says_zone


def test_every_booking_of_a_class_is_given_and_every_appointment_once() -> None:
    with trafft() as there:
        found = ids(there.pages("appointments"))
        assert len(found) == len(set(found)) == 252
        assert {"5070", "5071", "5072"} <= set(found)


def test_what_vanished_at_trafft_is_not_in_the_next_walk_which_says_since_when() -> None:
    with trafft() as there:
        first = there.pages("appointments")
        assert first[-1].swept == Swept("booking", NOW, is_sure=True)
        there.tell("remove", appointments=[4100])
        there.tell("clock", offset_seconds=1800)
        second = there.pages("appointments", first[-1].cursor)
        assert set(ids(first)) - set(ids(second)) == {"6000"}
        assert second[-1].swept == Swept("booking", there.now(), is_sure=True)


@pytest.mark.parametrize("unit", ["minutes", "seconds"])
def test_a_service_s_duration_is_right_whatever_its_unit(unit: str) -> None:
    with trafft(small(duration_unit=unit)) as there:
        found = [
            record
            for page in there.pages("services")
            for raw in page.records
            for record in read("service", raw.payload)
        ]
        assert [(s.name, s.duration_minutes) for s in found if isinstance(s, Service)] == [("Cut", 45), ("Class", 60)]


def test_an_account_without_the_list_of_locations_has_none() -> None:
    with trafft() as there:
        elsewhere = Trafft(f"{there.base_url}/nowhere", there.tokens, there.control)
        (page,) = elsewhere.pages("locations")
        assert (page.records, page.is_last, page.swept) == ((), True, None)
        with pytest.raises(Rejected):
            there.pages("coupons")


def test_a_booking_is_fetched_from_the_list_with_its_client_beside_it() -> None:
    with trafft() as there:
        found = fetch(there, "booking", 5071)
        assert [(raw.kind, raw.remote_id) for raw in found[:1]] == [("booking", "5071")]
        assert {raw.remote_id for raw in found[1:]} == {"3007", "3008", "3009"}
        assert there.asked("/appointments/") == []


def test_a_booking_counts_as_gone_only_after_the_whole_list_was_read_twice() -> None:
    with trafft() as there:
        asked = len(there.asked("/appointments"))
        assert fetch(there, "booking", 99) == []
        assert len(there.asked("/appointments")) - asked == 6


def test_a_client_who_was_deleted_is_nothing() -> None:
    with trafft() as there:
        assert fetch(there, "client", 3001)
        there.tell("remove", customers=[3001])
        assert fetch(there, "client", 3001) == []


@pytest.mark.parametrize("remote_id", ["", "../services", "3001/../3002", "3001?x=1", "\u0663", "1" * 40, "-1"])
def test_nothing_but_a_number_becomes_part_of_a_path(remote_id: str) -> None:
    with trafft() as there:
        asked = len(there.asked())
        assert fetch(there, "client", remote_id) == []
        assert len(there.asked()) == asked


def test_the_simulated_trafft_reads_no_appointment_by_its_id() -> None:
    with trafft() as there:
        headers = {"Authorization": f"Bearer {there.tokens.access}"}
        assert there.control.get("/appointments/4001", headers=headers).status_code == 405
        assert there.control.get("/bookings", headers=headers).status_code == 405
        assert there.control.get("/customers/3001", headers=headers).json()["id"] == 3001
        assert there.control.get("/customers/3001").status_code == 401
