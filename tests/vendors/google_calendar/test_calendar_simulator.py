"""The stand-in behaves as Google does where it matters: tokens, series, etags, deletions, channels, its own orders."""

from __future__ import annotations

from typing import Any

import pytest
from tests.vendors.google_calendar.calendar_world import ACCESS, BROWSER, SALON, SHARED, Google, event, google

EVENTS = f"/calendars/{SALON}/events"


def listed(there: Google, **query: Any) -> dict[str, Any]:
    answer = there.ask("GET", EVENTS, params=query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def ids(there: Google, **query: Any) -> set[str]:
    return {item["id"] for item in listed(there, **query)["items"]}


def reason(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["errors"][0]["reason"]


def test_a_series_is_one_event_or_its_instances_and_goes_as_a_whole() -> None:
    with google() as there:
        assert "week1" in ids(there)
        single = {name for name in ids(there, singleEvents="true") if name.startswith("week1")}
        assert single == {"week1_20261127T200000Z", "week1_20261204T200000Z", "week1_20261211T200000Z"}
        there.ask("DELETE", f"{EVENTS}/week1")
        assert not {name for name in ids(there, singleEvents="true") if name.startswith("week1")}
        assert single <= ids(there, singleEvents="true", showDeleted="true")


def test_a_series_keeps_its_local_hour_over_a_change_of_the_clock() -> None:
    with google() as there:
        start = {"dateTime": "2026-10-30T10:00:00-07:00"}
        end = {"dateTime": "2026-10-30T11:00:00-07:00"}
        there.change(event("clock", 0, start=start, end=end, recurrence=["RRULE:FREQ=DAILY;COUNT=3"]))
        found = [i for i in listed(there, singleEvents="true")["items"] if i["id"].startswith("clock")]
    assert [i["start"]["dateTime"][11:] for i in found] == ["10:00:00-07:00", "10:00:00-07:00", "10:00:00-08:00"]


def test_deleted_events_are_listed_on_request_and_always_since_a_token() -> None:
    with google() as there:
        token = listed(there)["nextSyncToken"]
        there.ask("DELETE", f"{EVENTS}/ada01")
        assert "ada01" not in ids(there)
        assert "ada01" in ids(there, showDeleted="true")
        assert ids(there, syncToken=token) == {"ada01"}
        assert reason(there.ask("DELETE", f"{EVENTS}/ada01")) == (410, "deleted")
        assert there.ask("GET", f"{EVENTS}/ada01").json()["status"] == "cancelled"


@pytest.mark.parametrize(
    "query",
    [{"timeMin": "2026-11-20T00:00:00Z"}, {"updatedMin": "2026-11-20T00:00:00Z"}, {"q": "x"}, {"iCalUID": "x"}],
)
def test_a_sync_token_goes_with_no_other_filter(query: dict[str, str]) -> None:
    with google() as there:
        token = listed(there)["nextSyncToken"]
        assert there.ask("GET", EVENTS, params=query | {"syncToken": token}).status_code == 400


def test_tokens_run_out_on_demand_and_page_tokens_belong_to_their_query() -> None:
    with google() as there:
        page = listed(there, maxResults=2)["nextPageToken"]
        token = listed(there)["nextSyncToken"]
        assert there.ask("GET", EVENTS, params={"maxResults": 3, "pageToken": page}).status_code == 400
        assert there.ask("GET", EVENTS, params={"pageToken": "?"}).status_code == 400
        there.order("expire", {})
        assert reason(there.ask("GET", EVENTS, params={"syncToken": token})) == (410, "fullSyncRequired")
        assert there.ask("GET", EVENTS, params={"maxResults": 2, "pageToken": page}).status_code == 400


def test_filters_by_time_leave_out_what_only_touches_the_bounds() -> None:
    with google() as there:
        start, end = "2026-11-23T17:00:00Z", "2026-11-23T18:00:00Z"
        assert ids(there, timeMin=start, timeMax=end) == {"ada01"}
        assert ids(there, timeMin=end, timeMax="2026-11-23T19:00:00Z") == set()
        assert ids(there, timeMin="2026-11-23T16:00:00Z", timeMax=start) == set()
        old = there.ask("GET", EVENTS, params={"updatedMin": "2026-01-01T00:00:00Z"})
    assert reason(old) == (410, "updatedMinTooLongAgo")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"id": "UPPER", "start": {"date": "2026-12-01"}, "end": {"date": "2026-12-02"}}, (400, "invalid")),
        ({"id": "ada01", "start": {"date": "2026-12-01"}, "end": {"date": "2026-12-02"}}, (409, "duplicate")),
        ({"start": {"date": "2026-12-01"}}, (400, "required")),
        ({"start": {"date": "2026-12-02"}, "end": {"date": "2026-12-01"}}, (400, "timeRangeEmpty")),
        ({"start": {"dateTime": "soon"}, "end": {"date": "2026-12-01"}}, (400, "invalid")),
        ([], (400, "parseError")),
    ],
)
def test_a_wrong_event_is_not_made(body: Any, expected: tuple[int, str]) -> None:
    with google() as there:
        before = ids(there, showDeleted="true")
        assert reason(there.ask("POST", EVENTS, json=body)) == expected
        assert ids(there, showDeleted="true") == before


def test_patching_merges_takes_away_and_counts() -> None:
    with google() as there:
        path = f"{EVENTS}/ada01"
        before = there.ask("GET", path).json()
        there.ask("PATCH", path, json={"extendedProperties": {"private": {"a": "1"}}})
        there.ask("PATCH", path, json={"extendedProperties": {"private": {"b": "2"}}, "summary": None})
        after = there.ask("PATCH", path, json={"start": {"dateTime": "2026-11-23T09:30:00-08:00"}}).json()
    assert after["extendedProperties"]["private"] == {"a": "1", "b": "2"}
    assert "summary" not in after
    assert after["sequence"] == before["sequence"] + 1
    assert after["etag"] != before["etag"]
    assert after["updated"] > before["updated"]


def test_who_is_not_signed_in_or_may_only_read_changes_nothing() -> None:
    body = {"start": {"date": "2026-12-01"}, "end": {"date": "2026-12-02"}}
    with google() as there:
        assert reason(there.ask("GET", EVENTS, token="x")) == (401, "authError")
        there.order("world", {"tokens": [{"access": "bare", "scopes": []}]})
        assert reason(there.ask("GET", EVENTS, token="bare")) == (403, "insufficientPermissions")
        assert reason(there.ask("POST", f"/calendars/{SHARED}/events", json=body)) == (403, "requiredAccessLevel")
        assert reason(there.ask("GET", "/calendars/nobody/events")) == (404, "notFound")
        assert there.ask("GET", "/calendars/primary/events").json()["summary"] == "Salon"


def test_a_channel_id_is_good_once() -> None:
    wanted = {"id": "one", "type": "web_hook", "address": "https://bridge.example.com/hook"}
    with google() as there:
        opened = there.ask("POST", f"{EVENTS}/watch", json=wanted).json()
        assert reason(there.ask("POST", f"{EVENTS}/watch", json=wanted)) == (400, "channelIdNotUnique")
        stopped = there.ask("POST", "/channels/stop", json={"id": "one", "resourceId": opened["resourceId"]})
        assert stopped.status_code == 204
        assert reason(there.ask("POST", "/channels/stop", json={"id": "one", "resourceId": "x"})) == (404, "notFound")


def test_what_lags_is_given_later_and_not_lost() -> None:
    with google() as there:
        token = listed(there)["nextSyncToken"]
        there.order("lag", {"seconds": 60})
        there.change(event("late1", 3))
        early = listed(there, syncToken=token)
        there.order("clock", {"offset_seconds": 120})
        late = listed(there, syncToken=early["nextSyncToken"])
    assert [i["id"] for i in early["items"]] == []
    assert [i["id"] for i in late["items"]] == ["late1"]


def test_a_world_that_makes_no_sense_is_refused_whole() -> None:
    with google() as there:
        for nonsense in (
            {"calendars": [{"id": "a@example.com", "time_zone": "Mars/Base"}]},
            {"calendars": [{"id": SALON, "events": [{"id": "x"}]}]},
            {"calendars": "many"},
        ):
            answer = BROWSER.post(f"{there.base_url}/_sim/world", json=nonsense)
            assert answer.status_code == 400
        assert "a@example.com" not in there.ask("GET", "/users/me/calendarList").text


def test_everybody_has_a_calendar_of_their_own_until_the_world_names_one() -> None:
    with google({"tokens": [{"access": ACCESS}]}) as there:
        assert [c["id"] for c in there.ask("GET", "/users/me/calendarList").json()["items"]] == [SALON]
        there.order("world", {"calendars": [{"id": "other@example.com", "is_primary": True}]})
        found = there.ask("GET", "/users/me/calendarList").json()["items"]
    assert [(c["id"], c["primary"]) for c in found] == [("other@example.com", True)]
