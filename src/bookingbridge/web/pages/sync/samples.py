"""Invented runs and deliveries for the gallery and the tests."""

from __future__ import annotations

from bookingbridge.web.pages.sync import view as v
from bookingbridge.web.ui import parts as p
from bookingbridge.web.ui.samples import at

_GOOD, _BUSY, _BAD = p.Health("good", "done"), p.Health("busy", "reading"), p.Health("bad", "failed")


def tabs(current: str) -> tuple[p.Tab, ...]:
    return (
        p.Tab("Runs", "/sync", current == "Runs"),
        p.Tab("Events", "/sync/events", current == "Events"),
        p.Tab("Unreadable", "/sync/events?state=unreadable", current == "Unreadable", 3),
    )


def _selects(*states: str) -> tuple[p.Select, ...]:
    sources = (p.Choice("", "All sources", True), p.Choice("1", "Square"), p.Choice("2", "Meta Ads"))
    any_state = (p.Choice("", "Any state", True), *(p.Choice(s.lower(), s) for s in states))
    return (p.Select("source", "Source", sources), p.Select("state", "State", any_state))


def runs() -> v.RunsView:
    rows = (
        v.RunRow("Square", "Changes", "/sync/runs/9", at("just now"), "4 s", _BUSY, "12 bookings so far"),
        v.RunRow("Square", "Changes", "/sync/runs/8", at("10 min ago"), "6 s", _GOOD, "3 bookings, 1 payment"),
        v.RunRow("Meta Ads", "Changes", "/sync/runs/7", at("06:10 today"), "22 s", _GOOD, "28 days of 14 campaigns"),
        v.RunRow(
            "Google Ads",
            "Changes",
            "/sync/runs/6",
            at("3 days ago"),
            "1 s",
            _BAD,
            "nothing",
            "Google no longer accepts the sign-in. Reconnect.",
        ),
        v.RunRow(
            "Square", "Full import", "/sync/runs/1", at("Sep 1, 09:00"), "2 min", _GOOD, "26,710 records, 3 unread"
        ),
    )
    return v.RunsView(
        tabs("Runs"), _selects("Running", "Failed"), rows, p.Pager("1 to 5 of 1,310", "", "/sync?after=5"), "/sync"
    )


def runs_empty() -> v.RunsView:
    empty = p.Empty(
        "Nothing has run yet",
        "Runs start when a source is connected.",
        "sync",
        (p.Action("Connect a source", "/connections/new", is_main=True),),
    )
    return v.RunsView(tabs("Runs"), _selects(), (), empty=empty)


def _events() -> tuple[v.EventRow, ...]:
    return (
        v.EventRow(
            "booking.updated",
            "Square",
            "/sync/events/4410",
            at("2 min ago"),
            p.Tag("Done", "good"),
            "Ana Lima's booking moved to 13:30",
        ),
        v.EventRow("payment.created", "Square", "/sync/events/4409", at("4 min ago"), p.Tag("Waiting", "info"), "next"),
        v.EventRow(
            "booking.updated",
            "Square",
            "/sync/events/4408",
            at("4 min ago"),
            p.Tag("Duplicate"),
            "Same as 4407; nothing done",
        ),
        v.EventRow(
            "order.fulfilled",
            "Square",
            "/sync/events/4390",
            at("1 h ago"),
            p.Tag("Unreadable", "bad"),
            "No amount at payment.amount_money",
        ),
    )


def run() -> v.RunView:
    streams = (
        p.Progress("Customers", 3210, 3210, is_finished=True),
        p.Progress("Bookings", 12480, 12480, is_finished=True),
        p.Progress("Payments", 11020, 11020, is_finished=True),
    )
    facts = (
        p.Fact("Source", "Square", "Full import", "/connections/1"),
        p.Fact("Started", "Sep 1, 09:00:02"),
        p.Fact("Took", "2 min 11 s"),
        p.Fact("Requests", "412", "3 waited for Square's limit"),
    )
    return v.RunView(facts, _GOOD, streams, _events()[3:])


def events() -> v.EventsView:
    ask = p.Confirm(
        "all",
        "Replay all unreadable",
        "Replay 3 events?",
        "Each is read again as if it had just arrived.",
        "/sync/events/replay",
        (("state", "unreadable"),),
        "Replay",
        is_dangerous=False,
    )
    pager = p.Pager("Newest 4 of 4,410", "", "/sync/events?after=4390")
    return v.EventsView(tabs("Events"), _selects("Waiting", "Done", "Duplicate", "Unreadable"), _events(), pager, ask)


def events_empty() -> v.EventsView:
    empty = p.Empty("Everything was understood", "What cannot be read is kept here as it came.", "check")
    return v.EventsView(tabs("Unreadable"), _selects(), (), empty=empty)


def event() -> v.EventView:
    raw = (
        '{\n  "type": "order.fulfilled",\n  "event_id": "8a3f",\n  "data": {\n    "object": {\n      "payment": {\n'
        '        "id": "pay_1",\n        "amount_money": null,\n        "note": "<script>alert(1)</script>"\n'
        "      }\n    }\n  }\n}"
    )
    facts = (
        p.Fact("Source", "Square", href="/connections/1"),
        p.Fact("Type", "order.fulfilled"),
        p.Fact("Arrived", "Mon Nov 2, 13:20:07 PST"),
        p.Fact("Signature", "fits"),
        p.Fact("Number", "8a3f", "the vendor's own"),
    )
    tries = (v.Attempt(at("58 min ago"), "No amount at payment.amount_money", p.Tag("Unreadable", "bad")),)
    notice = p.Notice(
        "This could not be understood",
        "Field payment.amount_money is empty. It is kept; replay it after an update.",
        "bad",
    )
    headers = (p.Fact("content-type", "application/json"), p.Fact("x-square-hmacsha256-signature", "kept back"))
    return v.EventView("/sync/events/4390", p.Tag("Unreadable", "bad"), facts, tries, (), raw, headers, notice)


def event_done() -> v.EventView:
    made = (p.Fact("Booking", "Ana Lima, Mon Nov 2, 13:30", "moved from 13:00", "/attribution/bookings/1"),)
    tries = (v.Attempt(at("2 min ago"), "1 booking changed in 14 ms", p.Tag("Done", "good")),)
    return v.EventView(
        "/sync/events/4410",
        p.Tag("Done", "good"),
        (p.Fact("Type", "booking.updated"),),
        tries,
        made,
        '{"type": "booking.updated"}',
    )
