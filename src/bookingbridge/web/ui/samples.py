"""Invented values for every part, for the gallery and the tests."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

from bookingbridge.web.charts.bars import Bar, Bars
from bookingbridge.web.charts.dumbbell import Dumbbell, DumbbellRow
from bookingbridge.web.charts.heat import HeatMap
from bookingbridge.web.charts.qr import qr
from bookingbridge.web.charts.sample import revenue
from bookingbridge.web.charts.sankey import Flow, Node, Sankey, Stage
from bookingbridge.web.charts.spark import Sparkline
from bookingbridge.web.ui import parts as p
from bookingbridge.web.ui.rows import EvidenceLink, roas

_EXACT = "Mon Nov 2, 2026, 14:20:00 PST"


def at(text: str, *, is_stale: bool = False) -> p.Stamp:
    return p.Stamp(text, "2026-11-02T14:20:00-08:00", _EXACT, is_stale)


def bars() -> Bars:
    rows = (
        Bar("Google Ads", "c1", 2412000, "28% of revenue"),
        Bar("Meta Ads", "c2", 1896000, "22%"),
        Bar("Google organic", "c3", 1822000, "21%"),
        Bar("Referral", "c4", 1148000, "13%"),
        Bar("Unknown", "c0", 1364000, "16%"),
    )
    return Bars("causes", "Revenue by channel", rows, "USD")


def models() -> Dumbbell:
    names = (
        "First touch",
        "Last touch",
        "Last, not direct",
        "Equal shares",
        "First and last most",
        "The later, the more",
    )
    rows = (
        DumbbellRow("Fall fade promo", (2610000, 1720000, 1980000, 2100000, 2148000, 1890000)),
        DumbbellRow("Brand search", (412000, 1610000, 1655000, 980000, 1024000, 1320000)),
        DumbbellRow("Reels, before and after", (1890000, 640000, 720000, 1150000, 1189000, 930000)),
        DumbbellRow("Google Business profile", (1440000, 1822000, 1700000, 1790000, 1822000, 1800000)),
        DumbbellRow("Word of mouth", (1148000, 1148000, 1148000, 1148000, 1148000, 1148000)),
    )
    return Dumbbell("models", "Revenue by campaign under each model", names, rows, "USD")


def journey() -> Sankey:
    stages = (
        Stage(
            "First touch",
            (
                Node("ga", "Google Ads", "c1"),
                Node("me", "Meta Ads", "c2"),
                Node("or", "Organic", "c3"),
                Node("rf", "Referral", "c4"),
            ),
        ),
        Stage("Last touch", (Node("g2", "Google Ads", "c1"), Node("o2", "Organic", "c3"), Node("di", "Direct", "c0"))),
        Stage("Outcome", (Node("book", "Booked"), Node("lost", "No booking", "lost"))),
        Stage("Visit", (Node("paid", "Paid visit", "good"), Node("nos", "No-show", "bad"))),
    )
    flows = (
        Flow("ga", "g2", 410),
        Flow("ga", "di", 130),
        Flow("me", "g2", 190),
        Flow("me", "di", 170),
        Flow("or", "o2", 300),
        Flow("or", "di", 120),
        Flow("rf", "o2", 90),
        Flow("rf", "di", 70),
        Flow("g2", "book", 420),
        Flow("g2", "lost", 180),
        Flow("o2", "book", 290),
        Flow("o2", "lost", 100),
        Flow("di", "book", 285),
        Flow("di", "lost", 205),
        Flow("book", "paid", 905),
        Flow("book", "nos", 90),
    )
    return Sankey("journey", "From first touch to paid visit", stages, flows)


def heat() -> HeatMap:
    days = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    hours = tuple(str(h) for h in range(9, 20))
    base = (0.52, 0.44, 0.58, 0.68, 0.86, 0.97, 0.30)
    cells = tuple(
        tuple(
            None if d == 6 and not 2 <= h <= 7 else min(1.0, base[d] + ((h * 7 + d * 3) % 11) / 40) for h in range(11)
        )
        for d in range(7)
    )
    return HeatMap("full", "When chairs are full", days, hours, cells)


def evidence() -> EvidenceLink:
    return EvidenceLink(
        "11",
        "The click and the booking are one person",
        "Booking token in the note",
        (
            "The booking page was opened from the ad with this click's token.",
            "The token came back in the booking's note.",
        ),
        at("Oct 28, 10:12"),
        p.Tag("Certain", "good"),
    )


def all_parts() -> SimpleNamespace:
    """One or more of everything in ui/parts.py and web/charts, by name."""
    return SimpleNamespace(
        tags=(
            p.Tag("Paid", "good"),
            p.Tag("Waiting", "warn"),
            p.Tag("No-show", "bad"),
            p.Tag("New", "info"),
            p.Tag("Draft"),
        ),
        stamps=(at("2 min ago"), at("3 days ago", is_stale=True)),
        healths=(
            p.Health("good", "working"),
            p.Health("warn", "signs out in 5 days"),
            p.Health("bad", "failing"),
            p.Health("paused", "paused"),
            p.Health("busy", "reading"),
        ),
        fields=(
            p.Field("name", "Business name", "Northside Barbers", help="As your clients know it."),
            p.Field("email", "E-mail", "dana@", "email", error="Write the whole address, like dana@example.com."),
            p.Field(
                "zone", "Time zone", kind="select", choices=(p.Choice("1", "Los Angeles"), p.Choice("2", "New York"))
            ),
            p.Field("note", "Note", kind="textarea", is_required=False),
            p.Field("agree", "Send me the morning brief", kind="checkbox", is_required=False, help="At 07:00."),
            p.Field(
                "role",
                "Role",
                kind="radio",
                choices=(
                    p.Choice("manager", "Manager", is_chosen=True, help="Sees and does all but owners and billing."),
                    p.Choice("staff", "Staff", help="Sees the day."),
                ),
            ),
        ),
        problem=p.Problem("Square refused the token", "Copy it again from the Credentials page; it has 64 signs."),
        notices=(
            p.Notice("Meta changes figures for 28 days", "The last days are marked as still settling."),
            p.Notice("Square was away for 20 minutes", "Nothing was lost; it was read again.", "warn"),
            p.Notice("All read", "12,480 bookings.", "good"),
        ),
        tabs=(p.Tab("Runs", "#1", is_current=True), p.Tab("Events", "#2", count=3)),
        steps=(
            p.Step("Sign in", "done", "#1"),
            p.Step("Permissions", "current"),
            p.Step("Import", "todo"),
            p.Step("Check", "todo"),
        ),
        progress=(
            p.Progress("Bookings", 4210, 12480),
            p.Progress("Customers", 1800, None),
            p.Progress("Services", 24, 24, is_finished=True),
            p.Progress("Payments", 0, problem="Square does not answer"),
        ),
        copies=(
            p.CopyBox(
                "uri", "Redirect address", "https://example.com/connections/square/callback", "Paste it unchanged."
            ),
        ),
        pager=p.Pager("1 to 50 of 1,284", "#b", "#n"),
        confirm=p.Confirm("gone", "Disconnect", "Disconnect Square?", "Nothing is deleted; nothing new is read.", "#"),
        facts=(p.Fact("Account", "Northside Barbers", "merchant ML7…"), p.Fact("Read", "2 min ago")),
        checks=(
            p.Check("Read bookings", True),
            p.Check("Read payments", False, "Without it revenue stays unknown."),
        ),
        empty=p.Empty(
            "Nothing here yet", "Connect a source.", "plug", (p.Action("Connect", "/connections/new", is_main=True),)
        ),
        returns=(
            roas("g1", 4.5, 5.2, 6.0, is_early=False),
            roas("g2", 0.8, 2.5, 3.7, is_early=False),
            roas("g3", 0.2, 0.5, 0.9, is_early=False),
            roas("g4", 0.1, 1.2, 6.8, is_early=True),
        ),
        spark=Sparkline((3, 4, None, 5, 4.2, 6, 7)),
        stacked=revenue(),
        picture=replace(revenue(), name="picture"),
        bars=bars(),
        models=models(),
        journey=journey(),
        heat=heat(),
        evidence=evidence(),
        qr=qr("https://example.com/r/fall-fade", "QR code of the link fall-fade"),
    )
