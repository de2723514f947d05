"""What we ask and what the simulator answers, judged by the API description that Google publishes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.simulators import serving
from tests.vendors.google_calendar.calendar_world import (
    NOW,
    SALON,
    SCOPES,
    Google,
    cancel,
    create,
    end,
    move,
    specs,
    world,
)
from tests.vendors.google_calendar.published import Recorder, contract

from bookingbridge.canonical.errors import BridgeError
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Subscription
from bookingbridge.vendorkit.http import Transport
from bookingbridge.vendors.google_calendar.channels import Channels
from bookingbridge.vendors.google_calendar.simulator import create_app


@contextmanager
def recorded() -> Iterator[tuple[Google, Recorder]]:
    recorder = Recorder(create_app(now=lambda: NOW, base_url="", config={}))
    with serving(recorder) as base_url:
        there = Google(base_url)
        there.order("world", world() | {"rules": {"page_size": 4}})
        recorder.exchanges.clear()
        yield there, recorder


def judged(recorder: Recorder) -> int:
    """How many exchanges with Google there were; none has a fault."""
    seen = [e for e in recorder.exchanges if e.path.startswith("/calendar/")]
    assert [why for exchange in seen for why in contract().complaints(exchange)] == []
    return len(seen)


def test_the_judge_finds_a_wrong_name_a_wrong_type_and_a_wrong_path() -> None:
    with recorded() as (there, recorder):
        there.read(most=1)
    exchange = recorder.exchanges[-1]
    assert contract().complaints(exchange) == []
    exchange.answered = exchange.answered.replace(b'"summary"', b'"title"').replace(b'"sequence":0', b'"sequence":"0"')
    exchange.query |= {"colour": "red", "singleEvents": "yes"}
    complaints = contract().complaints(exchange)
    assert len(complaints) >= 4
    exchange.path = "/calendar/v3/places"
    assert contract().complaints(exchange) == ["GET /places is no method of Google's"]


def test_reading_is_as_published() -> None:
    with recorded() as (there, recorder):
        there.talk(lambda client: client.check())
        cursor = end(there.read())
        there.change({"id": "ada01", "status": "cancelled"}, {"id": "note1", "summary": "Other"})
        there.read(cursor)
        there.order("world", {"rules": {"tells_deleted": False}})
        there.read(cursor)
        for event_id in ("ada01", "note1", "*"):
            there.talk(lambda client, event_id=event_id: client.fetch("booking", RemoteId(event_id)))  # type: ignore[misc]
        assert judged(recorder) >= 12


def test_writing_is_as_published() -> None:
    with recorded() as (there, recorder):
        made = there.talk(lambda client: client.send(create()))
        there.talk(lambda client: client.send(create("cmd-8", email=None, days=9)))
        there.talk(lambda client: client.send(move("note1", None)))
        there.talk(lambda client: client.send(cancel(made.remote_id, made.version)))
        assert judged(recorder) >= 12


def test_channels_are_as_published() -> None:
    async def whole(http: Transport) -> Subscription:
        given, url = there.given(http), "https://bridge.example.com/hook"
        known = await Channels().ensure(given, {}, url, None)
        await Channels().remove(given, {}, known)
        await Channels().remove(given, {}, known)
        return known

    with recorded() as (there, recorder):
        there.with_http(whole)
        assert judged(recorder) == 3


def test_refusals_are_in_google_s_shape() -> None:
    with recorded() as (there, recorder):
        cursor = end(there.read())
        there.order("expire", {})
        there.read(cursor)
        for status, fault in ((429, "429"), (500, "500")):
            there.order("faults", {"fault": fault})
            assert there.ask("GET", f"/calendars/{SALON}/events").status_code == status
        there.ask("GET", f"/calendars/{SALON}/events?syncToken=x&timeMin=2026-11-20T00:00:00Z")
        there.ask("GET", f"/calendars/{SALON}/events", token="nobody")
        there.ask("DELETE", f"/calendars/{SALON}/events/gone1")
        there.ask("PATCH", f"/calendars/{SALON}/events/ada01", headers={"If-Match": '"1"'}, json={"summary": "x"})
        there.ask("POST", f"/calendars/{SALON}/events", json={"summary": "x"})
        with pytest.raises(BridgeError):
            there.talk(lambda client: client.send(move("nothing1", None)))
        assert judged(recorder) >= 12
        seen = {e.status for e in recorder.exchanges if e.status >= 400}
    assert seen == {400, 401, 404, 410, 412, 429, 500}


def test_the_permissions_we_ask_for_are_enough_for_every_method_we_use() -> None:

    described = json.loads((specs() / "specs/google_calendar/calendar.v3.json").read_text())
    used = {
        "events": ("list", "get", "insert", "patch", "delete", "watch"), "calendarList": ("list", "get"),
        "channels": ("stop",),
    }  # fmt: skip
    for resource, names in used.items():
        for name in names:
            assert set(described["resources"][resource]["methods"][name]["scopes"]) & set(SCOPES), (resource, name)
    assert set(SCOPES) <= set(described["auth"]["oauth2"]["scopes"])
