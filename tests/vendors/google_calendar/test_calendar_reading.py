"""Reading a calendar over real HTTP: in full once, then by sync token; 410, lost deletions, notices, faults."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.vendors.google_calendar.calendar_world import (
    ACCESS,
    IN_REACH,
    NOW,
    SALON,
    SHARED,
    blocks,
    bookings,
    clients,
    end,
    event,
    google,
    world,
)

from bookingbridge.canonical.errors import AuthExpired, Refused, Rejected, Throttled, Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Ability, Page, Swept, Tokens
from bookingbridge.canonical.records import BookingStatus
from bookingbridge.canonical.times import LATEST
from bookingbridge.vendors.google_calendar import VENDOR
from bookingbridge.vendors.google_calendar.oauth import CALENDARS, EVENTS

A_YEAR_BACK = NOW - timedelta(days=365)


def sweeps(pages: list[Page]) -> list[Swept]:
    return [page.swept for page in pages if page.swept]


def whole(since: object = NOW) -> list[Swept]:
    return [Swept(kind, since, (A_YEAR_BACK, LATEST), is_sure=True) for kind in ("block", "booking")]  # type: ignore[arg-type]


def test_all_calendars_are_offered_and_the_chosen_one_tells_its_zone() -> None:
    with google() as there:
        account = there.talk(lambda client: client.check())
        there.account = None
        unchosen = there.talk(lambda client: client.check())
    assert dict(account.choices) == {SALON: "Salon", SHARED: "Team"}
    assert (account.remote_id, account.name, account.time_zone) == (SALON, "Salon", "America/Los_Angeles")
    assert account.without == ()
    assert (unchosen.remote_id, unchosen.choices) == (SALON, account.choices)


def test_a_calendar_shared_for_reading_says_that_it_cannot_be_written() -> None:
    with google() as there:
        there.account = RemoteId(SHARED)
        account = there.talk(lambda client: client.check())
    assert [ability for ability, _ in account.without] == [Ability.WRITE_BOOKINGS]


def test_a_calendar_out_of_reach_and_a_permission_left_out_are_told() -> None:
    with google() as there:
        there.account = RemoteId("gone@example.com")
        for act in (lambda client: client.check(), lambda client: client.fetch("booking", RemoteId("*"))):
            with pytest.raises(Rejected, match="the calendar is gone"):
                there.talk(act)
        there.tokens = Tokens(ACCESS, None, None, (CALENDARS,))
        with pytest.raises(AuthExpired, match="permission"):
            there.talk(lambda client: client.check())
        there.order("world", {"tokens": [{"access": "ya29.half", "scopes": [CALENDARS]}]})
        there.tokens, there.account = Tokens("ya29.half", None, None, (CALENDARS, EVENTS)), RemoteId(SALON)
        with pytest.raises(AuthExpired, match="permission"):
            there.read()


def test_a_first_reading_brings_a_year_with_series_taken_apart_and_sweeps_both_kinds() -> None:
    with google() as there:
        pages = there.read()
    found = bookings(pages)
    series = {name for name in found if name.startswith("week1_")}
    assert len(series) == 3
    assert set(found) - series | set(blocks(pages)) == IN_REACH
    assert set(blocks(pages)) == {"away1"}
    assert set(clients(pages)) == {f"{name}@example.com" for name in ("ada", "bea", "cy", "dee")}
    assert found["gone1"].status is BookingStatus.CANCELLED
    assert sweeps(pages) == whole()


def test_history_reaches_as_far_back_as_the_owner_says() -> None:
    with google() as there:
        there.settings = {"history_days": "600"}
        assert "ancient" in bookings(there.read())
        there.settings = {"history_days": "10"}
        assert "past1" not in bookings(there.read())
        for nonsense in ("0", "-1", "3651", "1.5", "x", "１２"):
            there.settings = {"history_days": nonsense}
            with pytest.raises(Refused, match="history_days"):
                there.read()


def test_an_incremental_run_brings_what_changed_and_sweeps_nothing() -> None:
    with google() as there:
        cursor = end(there.read())
        there.at(NOW + timedelta(hours=1))
        there.change(event("new01", 9, guest="gus@example.com"), {"id": "ada01", "status": "cancelled"})
        pages = there.read(cursor)
        asked = there.requests("syncToken")
        again = there.read(end(pages))
    assert {n: b.status for n, b in bookings(pages).items()} == {
        "new01": BookingStatus.CONFIRMED, "ada01": BookingStatus.CANCELLED,
    }  # fmt: skip
    assert (sweeps(pages), len(pages), bookings(again)) == ([], 1, {})
    assert [("timeMin" in r["query"], "singleEvents=true" in r["query"]) for r in asked] == [(False, True)]


def test_the_pages_of_a_list_are_asked_for_with_the_same_parameters() -> None:
    with google() as there:
        there.order("world", {"rules": {"page_size": 2}})
        there.read()
        queries = [r["query"].partition("&pageToken=")[0] for r in there.requests("timeMin")]
    assert len(queries) == 6
    assert len(set(queries)) == 1


def test_a_sync_token_that_ran_out_leads_to_a_full_reading_with_a_sweep() -> None:
    later = NOW + timedelta(hours=1)
    with google() as there:
        cursor = end(there.read())
        there.at(later)
        there.order("expire", {})
        pages = there.read(cursor)
        following = there.read(end(pages))
    assert set(bookings(pages)) >= {"ada01", "bea01", "past1"}
    assert [s.since for s in sweeps(pages)] == [later, later]
    assert (len(following), sweeps(following)) == (1, [])


def test_a_run_that_was_interrupted_in_a_full_reading_goes_on_even_when_its_page_is_forgotten() -> None:
    with google() as there:
        there.order("world", {"rules": {"page_size": 2}})
        everything = set(bookings(there.read()))
        first = there.read(most=2)
        rest = there.read(first[-1].cursor)
        assert set(bookings(first)) | set(bookings(rest)) == everything
        assert sweeps(rest) == whole()
        there.order("expire", {})
        anew = there.read(first[-1].cursor)
    assert set(bookings(anew)) == everything


def test_a_run_that_was_interrupted_between_the_sweeps_still_tells_the_last() -> None:
    with google() as there:
        pages = there.read()
        rest = there.read(pages[-2].cursor)
    assert pages[-2].swept is not None
    assert [(page.records, page.swept, page.is_last) for page in rest] == [((), whole()[1], True)]
    assert rest[-1].cursor == pages[-1].cursor


def test_a_deletion_of_which_google_tells_only_the_id_is_found_by_reading_anew() -> None:
    with google() as there:
        there.order("world", {"rules": {"tells_deleted": False}})
        cursor = end(there.read())
        there.at(NOW + timedelta(hours=1))
        there.change({"id": "ada01", "status": "cancelled"})
        pages = there.read(cursor)
        following = there.read(end(pages))
    assert "ada01" not in bookings(pages)
    assert {"bea01", "past1"} <= set(bookings(pages))
    assert len(sweeps(pages)) == 2
    assert (len(following), sweeps(following)) == (1, [])


def test_an_appointment_that_is_no_longer_one_is_swept_and_a_new_note_costs_nothing() -> None:
    with google() as there:
        cursor = end(there.read())
        there.at(NOW + timedelta(hours=1))
        there.change(event("memo1", 3, transparency="transparent", created="2026-11-20T18:59:00Z"))
        pages = there.read(cursor)
        assert sweeps(pages) == []
        there.change({"id": "cut01", "transparency": "transparent"})
        swept = there.read(end(pages))
    assert "cut01" not in bookings(swept)
    assert len(sweeps(swept)) == 2


def test_another_meaning_of_the_events_reads_everything_anew() -> None:
    with google() as there:
        cursor = end(there.read())
        there.settings = {"events": "busy"}
        pages = there.read(cursor)
        there.settings = {"events": "nonsense"}
        with pytest.raises(Refused, match="appointments, busy"):
            there.read(cursor)
    assert bookings(pages) == {}
    assert {"ada01", "cut01", "away1", "note1"} <= set(blocks(pages))
    assert blocks(pages)["free1"].is_cancelled
    assert len(sweeps(pages)) == 2


def test_an_event_we_cannot_understand_stops_nothing_and_says_so() -> None:
    with google() as there:
        cursor = end(there.read())
        there.change(event("odd01", 3) | {"summary": 7}, event("new01", 4))
        (page,) = there.read(cursor)
    assert [raw.remote_id for raw in page.records] == ["odd01", "new01"]
    with pytest.raises(Unreadable):
        VENDOR.read(page.records[0].kind, page.records[0].payload)


def test_a_notice_is_looked_at_by_what_changed_within_the_hour() -> None:
    with google() as there:
        there.read()
        there.at(NOW + timedelta(hours=2))
        there.change(event("new01", 9), {"id": "ada01", "status": "cancelled"}, event("memo1", 1) | {
            "transparency": "transparent", "description": "private"})  # fmt: skip
        found = there.talk(lambda client: client.fetch("booking", RemoteId("*")))
    assert {raw.remote_id for raw in found} == {"new01", "ada01", "memo1"}
    read = {r.remote_id for raw in found for r in VENDOR.read(raw.kind, raw.payload)}
    assert read == {"new01", "ada01", "ada@example.com"}
    assert "private" not in repr(found)


def test_a_notice_brings_two_thousand_events_at_most() -> None:
    with google() as there:
        there.order("world", {"rules": {"page_size": 1}})
        found = there.talk(lambda client: client.fetch("booking", RemoteId("*")))
        assert len(there.requests("updatedMin")) == 4
    assert len(found) == 4


def test_one_event_is_fetched_as_it_is_and_nothing_where_there_is_none() -> None:
    with google() as there:
        there.change({"id": "ada01", "summary": "Moved"})
        found = there.talk(lambda client: client.fetch("booking", RemoteId("ada01")))
        nothing = there.talk(lambda client: client.fetch("booking", RemoteId("../../users/me/calendarList")))
        with pytest.raises(Rejected):
            there.talk(lambda client: client.fetch("payment", RemoteId("ada01")))
    assert [raw.payload["event"]["summary"] for raw in found] == ["Moved"]
    assert nothing == []


@pytest.mark.parametrize("reason", ["rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded"])
def test_a_limit_that_comes_as_403_means_wait(reason: str) -> None:
    with google() as there:
        there.order("refuse", {"status": 403, "reason": reason, "domain": "usageLimits"})
        with pytest.raises(Throttled):
            there.read()
        assert bookings(there.read())


@pytest.mark.parametrize(
    ("status", "reason", "expected", "says"),
    [
        (401, "authError", AuthExpired, "reconnect"),
        (403, "accessNotConfigured", Rejected, "switch on the Google Calendar API"),
        (403, "insufficientPermissions", AuthExpired, "permission"),
        (403, "requiredAccessLevel", Rejected, "may not be changed"),
        (403, "somethingNew", Rejected, "does not let us"),
        (404, "notFound", Rejected, "the calendar is gone"),
        (400, "badRequest", Rejected, "cannot read"),
        (418, "teapot", Rejected, "418"),
    ],
)
def test_a_refusal_says_what_to_do(status: int, reason: str, expected: type[Exception], says: str) -> None:
    with google() as there:
        there.order("refuse", {"status": status, "reason": reason, "times": 3})
        with pytest.raises(expected, match=says):
            there.read()


def test_an_empty_calendar_is_read_to_its_end() -> None:
    empty = world()
    empty["calendars"][0]["events"] = []
    with google(empty) as there:
        pages = there.read()
        assert [len(page.records) for page in pages] == [0, 0]
        assert bookings(there.read(end(pages))) == {}
