"""Reading an account over real HTTP: stretches of days under the cap, what vanished, what was paid, what is asked."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs

import pytest
from tests.vendors.acuity import worlds
from tests.vendors.acuity.payloads import TOKEN
from tests.vendors.acuity.worlds import NOW, Acuity, at, busy, person

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import AuthExpired, Rejected
from bookingbridge.canonical.money import Money
from bookingbridge.canonical.ports import Json, Page
from bookingbridge.canonical.records import BookingStatus, Payment, PaymentStatus
from bookingbridge.vendors.acuity.read import read


def windows(acuity: Acuity, path: str = "/appointments") -> list[tuple[str, str]]:
    queries = [parse_qs(r["query"]) for r in acuity.asked(path) if r["path"] == f"/api/v1{path}"]
    return [(q["minDate"][0], q["maxDate"][0]) for q in queries]


def payments(raws: list[Any]) -> list[Payment]:
    found = [record for raw in raws for record in read(raw.kind, raw.payload)]
    assert all(isinstance(record, Payment) for record in found)
    return [record for record in found if isinstance(record, Payment)]


def test_who_we_are_is_the_account_with_its_zone_and_currency() -> None:
    with worlds.acuity() as acuity:
        account = acuity.talk(lambda client: client.check())
    assert (account.remote_id, account.name) == (str(worlds.ACCOUNT), "North Hair")
    assert (account.time_zone, account.currency, account.notes) == ("America/Los_Angeles", "USD", ())


def test_an_account_without_a_currency_says_so_until_one_is_chosen() -> None:
    silent = [{"id": worlds.ACCOUNT, "name": "North Hair", "timezone": "Europe/Paris", "api_key": worlds.KEY}]
    with worlds.acuity(accounts=silent) as acuity:
        assert "US dollars" in acuity.talk(lambda client: client.check()).notes[0]
        acuity.settings["currency"] = "eur"
        chosen = acuity.talk(lambda client: client.check())
        assert (chosen.currency, chosen.notes) == ("EUR", ())
        assert acuity.raws("types")[0].payload["currency"] == "EUR"


def test_a_full_read_finds_every_appointment_of_the_history_cancelled_ones_too() -> None:
    with worlds.acuity() as acuity:
        found = acuity.ids("appointments", "booking")
    expected = [str(a["id"]) for a in worlds.small()["appointments"] if at(-365) <= a["datetime"] <= at(365)]
    assert sorted(found) == sorted(expected)
    assert len(expected) > 100  # more than any list shows


def test_stretches_meet_without_gap_and_no_list_was_full() -> None:
    with worlds.acuity() as acuity:
        acuity.pages("appointments")
        asked = windows(acuity)
    assert asked[0][0] == "2025-11-20"
    assert asked[-1][1] == "2027-11-20"
    assert all(date.fromisoformat(a[1]).toordinal() + 1 == date.fromisoformat(b[0]).toordinal()
               for a, b in pairwise(asked))  # fmt: skip
    assert len(asked) < 20  # they grow where there is little


def test_a_full_list_is_halved_until_it_fits_and_nothing_is_lost() -> None:
    with worlds.acuity(appointments=busy(30, 12)) as acuity:
        found = acuity.ids("appointments", "booking")
        asked = windows(acuity)
    assert len(set(found)) == len(found) == 360
    lengths = [(date.fromisoformat(b) - date.fromisoformat(a)).days + 1 for a, b in asked]
    assert min(lengths) <= 3  # three days of thirty are the most that fit
    assert len(asked) < 40


def test_a_day_too_full_for_one_list_is_read_calendar_by_calendar_and_from_both_ends() -> None:
    crowd = [*busy(150, 1), *[{**a, "id": a["id"] + 5000} for a in busy(90, 1, calendar=2202)]]
    with worlds.acuity(appointments=crowd) as acuity:
        pages = acuity.pages("appointments")
    found = [raw.remote_id for page in pages for raw in page.records if raw.kind == "booking"]
    assert len(set(found)) == len(found) == 240
    assert pages[-1].swept is not None


def test_a_day_beyond_all_ways_to_ask_calls_nothing_gone() -> None:
    with worlds.acuity(appointments=busy(230, 1)) as acuity:
        pages = acuity.pages("appointments")
    found = {raw.remote_id for page in pages for raw in page.records if raw.kind == "booking"}
    assert len(found) == 200
    assert [page.swept for page in pages] == [None] * len(pages)


def test_what_vanished_is_not_seen_in_a_sweep_that_covers_its_day() -> None:
    with worlds.acuity() as acuity:
        first = acuity.pages("appointments")
        soon = next(a for a in worlds.small()["appointments"] if a["datetime"] > at(1))
        acuity.tell("/_sim/world", gone=[soon["id"]])
        later = acuity.pages("appointments", first[-1].cursor, is_full=False)
    assert str(soon["id"]) not in {raw.remote_id for page in later for raw in page.records}
    assert [page.swept is not None for page in later] == [False] * (len(later) - 1) + [True]
    swept = later[-1].swept
    assert swept is not None
    assert (swept.kind, swept.since) == ("booking", NOW)
    assert swept.starts is not None
    assert swept.starts[0] <= times.rfc3339(soon["datetime"]) < swept.starts[1]
    # A day at either end is not answered for: Acuity does not say whose midnight it means.
    assert (times.text(swept.starts[0]), times.text(swept.starts[1])) == (
        "2026-11-14T08:00:00Z", "2027-01-19T08:00:00Z",
    )  # fmt: skip


def test_whole_lists_say_what_is_gone_but_clients_never_are() -> None:
    with worlds.acuity() as acuity:
        last = {name: acuity.pages(name)[-1].swept for name in ("locations", "calendars", "types", "clients", "blocks")}
    kinds = {name: swept.kind if swept else None for name, swept in last.items()}
    assert kinds == {"locations": "location", "calendars": "staff", "types": "service", "clients": None,
                     "blocks": "block"}  # fmt: skip


def test_an_incremental_run_looks_at_the_days_around_today() -> None:
    with worlds.acuity() as acuity:
        last = acuity.pages("appointments")[-1].cursor
        acuity.forget()
        found = acuity.ids("appointments", "booking", last, is_full=False)
        asked = windows(acuity)
    assert (asked[0][0], asked[-1][1]) == ("2026-11-13", "2027-01-19")
    expected = [str(a["id"]) for a in worlds.small()["appointments"] if at(-7.4) <= a["datetime"] <= at(60.6)]
    assert sorted(found) == sorted(expected)


def test_the_setting_says_how_far_back() -> None:
    with worlds.acuity() as acuity:
        acuity.settings["history_days"] = "30"
        acuity.pages("appointments")
        assert windows(acuity)[0][0] == "2026-10-21"


def test_a_run_that_died_goes_on_at_its_day_and_answers_for_the_whole() -> None:
    with worlds.acuity() as acuity:
        whole = acuity.pages("appointments")
        acuity.tell("/_sim/clock", offset_seconds=3600)
        rest = acuity.pages("appointments", whole[2].cursor, is_full=False)
    assert len(rest) == len(whole) - 3
    assert rest[-1].swept is not None
    assert rest[-1].swept.since == NOW  # what was met before the death counts as met


def test_people_only_an_appointment_names_come_with_it() -> None:
    with worlds.acuity() as acuity:
        listed = set(acuity.ids("clients", "client"))
        raws = acuity.raws("appointments")
    extra = {raw.remote_id for raw in raws if raw.kind == "client"}
    mentioned = {ref for raw in raws for record in read(raw.kind, raw.payload) for ref in record.mentions()}
    assert len(listed) == 38
    assert len(extra) == 2  # of forty people two are not in the list of clients
    assert not extra & listed
    assert {remote_id for kind, remote_id in mentioned if kind == "client"} <= listed | extra


def test_clients_listed_twice_are_one_and_the_fuller_entry_counts() -> None:
    bare = {"firstName": "mara", "lastName": "QUILL", "email": "MARA@example.com", "phone": ""}
    full = {"firstName": "Mara", "lastName": "Quill", "email": "mara@example.com", "phone": "+1 206 555 0123"}
    for order in ([bare, full], [full, bare]):
        with worlds.acuity(clients=order) as acuity:
            (only,) = acuity.raws("clients")
        assert only.payload["phone"] == "+1 206 555 0123"


def test_two_calendars_of_one_address_are_two_people_at_one_place() -> None:
    with worlds.acuity() as acuity:
        assert acuity.ids("calendars", "staff") == ["2201", "2202"]
        (place,) = acuity.raws("locations")
        raws = acuity.raws("appointments")
    assert place.payload["location"] == "4 North Street, Portland"
    places = {ref for raw in raws for record in read(raw.kind, raw.payload) for ref in record.mentions()}
    assert {remote_id for kind, remote_id in places if kind == "location"} == {place.remote_id}


def test_what_clients_confide_in_forms_is_not_kept() -> None:
    form = {"id": 1, "name": "Health", "values": [
        {"id": 1, "fieldID": 1, "name": "Allergies", "value": "penicillin"},
        {"id": 2, "fieldID": 2, "name": "Reference", "value": TOKEN},
        {"id": 3, "fieldID": 3, "name": "How did you hear about us?", "value": "Radio"}]}  # fmt: skip
    one = {"id": 54900, "datetime": at(3), "appointmentTypeID": 3201, "calendarID": 2201, **person(1), "forms": [form]}
    with worlds.acuity(appointments=[one]) as acuity:
        (raw,) = acuity.raws("appointments")
    assert "penicillin" not in str(raw.payload)
    assert TOKEN in str(raw.payload)
    assert "Radio" in str(raw.payload)


def paid_world(**changed: Any) -> list[Json]:
    about: Json = {"id": 54900, "datetime": at(3), "appointmentTypeID": 3201, "calendarID": 2201, **person(1)}
    return [{**about, **changed}]


def test_payments_are_asked_for_only_where_something_was_paid() -> None:
    with worlds.acuity() as acuity:
        found = payments(acuity.raws("payments"))
        asked = [r for r in acuity.asked("/appointments/") if r["path"].endswith("/payments")]
    paid = [a for a in worlds.small()["appointments"] if a["payments"]]
    assert {p.booking for p in found} == {str(a["id"]) for a in paid}
    assert len(asked) == len(paid) < 160


def test_a_later_run_asks_only_for_payments_that_changed() -> None:
    with worlds.acuity() as acuity:
        last = acuity.pages("payments")[-1].cursor
        acuity.forget()
        assert acuity.raws("payments", last, is_full=False) == []
        assert [r for r in acuity.asked("/appointments/") if r["path"].endswith("/payments")] == []
        acuity.tell("/_sim/world", appointments=paid_world(payments=[{"amount": "10.00"}, {"amount": "55.00"}]))
        found = payments(acuity.raws("payments", last, is_full=False))
    assert [(p.remote_id, p.amount) for p in found] == [
        ("54900:1", Money(1000, "USD")), ("54900:2", Money(5500, "USD")),
    ]  # fmt: skip


def test_what_was_paid_without_a_transaction_is_one_more_payment_and_becomes_the_transaction_later() -> None:
    first = paid_world(payments=[{"amount": "20.00", "created": at(1)}], paid_by_hand="45.00")
    with worlds.acuity(appointments=first) as acuity:
        pages = acuity.pages("payments")
        found = payments([raw for page in pages for raw in page.records])
        assert [(p.remote_id, p.amount.minor, p.method) for p in found] == [
            ("54900:1", 2000, "stripe"), ("54900:2", 4500, "recorded"),
        ]  # fmt: skip
        both = [{"amount": "20.00", "created": at(1)}, {"amount": "45.00", "created": at(2)}]
        acuity.tell("/_sim/world", appointments=paid_world(payments=both))
        later = payments(acuity.fetch("payment", "54900:2"))
    assert [(p.remote_id, p.amount.minor, p.method) for p in later] == [("54900:2", 4500, "stripe")]


def test_a_payment_taken_away_is_cancelled() -> None:
    with worlds.acuity(appointments=paid_world(payments=[{"amount": "20.00"}, {"amount": "5.00"}])) as acuity:
        last = acuity.pages("payments")[-1].cursor
        acuity.tell("/_sim/world", appointments=paid_world())
        found = payments(acuity.raws("payments", last, is_full=False))
    assert [(p.remote_id, p.status) for p in found] == [
        ("54900:1", PaymentStatus.CANCELLED), ("54900:2", PaymentStatus.CANCELLED),
    ]  # fmt: skip


def test_an_appointment_is_fetched_with_its_payments_and_an_unlisted_person() -> None:
    with worlds.acuity(appointments=paid_world(payments=[{"amount": "65.00"}], **person(39))) as acuity:
        raws = acuity.fetch("booking", "54900")
        acuity.tell("/_sim/world", clients=[person(39)])
        known = acuity.fetch("booking", "54900")
    assert [raw.kind for raw in raws] == ["client", "booking", "payment"]
    assert [raw.kind for raw in known] == ["booking", "payment"]


@pytest.mark.parametrize("remote_id", ["../me", "1/payments", "", "0", "-1", "1" * 40, "54001?x=1"])
def test_nothing_but_a_number_becomes_part_of_a_path(remote_id: str) -> None:
    with worlds.acuity() as acuity:
        acuity.forget()
        for kind in ("booking", "payment", "block"):
            assert acuity.fetch(kind, remote_id) == []
        assert acuity.asked() == []


def test_access_that_was_taken_back_is_told_as_expired() -> None:
    with worlds.acuity() as acuity:
        by_consent = acuity.signed_in()
        acuity.tell("/_sim/revoke")
        for one in (acuity, by_consent):
            with pytest.raises(AuthExpired) as expired:
                one.talk(lambda client: client.check())
            assert expired.value.code == "unauthorized"


def test_unknown_streams_and_kinds_are_rejected() -> None:
    with worlds.acuity() as acuity:
        with pytest.raises(Rejected):
            acuity.pages("orders")
        with pytest.raises(Rejected):
            acuity.fetch("order", "1")


def test_a_cursor_of_another_version_begins_anew() -> None:
    with worlds.acuity() as acuity:
        expected = acuity.ids("blocks", "block")
        assert acuity.ids("blocks", "block", {"since": 5, "step": "x"}, is_full=False) == expected


def test_missed_and_cancelled_appointments_are_read_as_such() -> None:
    with worlds.acuity() as acuity:
        raws = {str(raw.remote_id): raw for raw in acuity.raws("appointments") if raw.kind == "booking"}
    status = {n: getattr(read("booking", raws[str(54000 + n)].payload)[0], "status", None) for n in (17, 34, 35)}
    assert status == {17: BookingStatus.CANCELLED, 34: BookingStatus.NO_SHOW, 35: BookingStatus.CONFIRMED}


def test_every_page_s_cursor_is_small() -> None:
    with worlds.acuity() as acuity:
        pages: list[Page] = acuity.pages("payments")
    assert max(len(str(page.cursor)) for page in pages) < 4000
