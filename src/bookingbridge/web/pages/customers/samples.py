"""Invented clients for the gallery and the tests."""

from __future__ import annotations

from bookingbridge.web.charts.base import hue
from bookingbridge.web.pages.customers.view import CustomerRow, CustomersView, CustomerView
from bookingbridge.web.ui import parts as p
from bookingbridge.web.ui import rows as r
from bookingbridge.web.ui import samples as shared


def _selects() -> tuple[p.Select, ...]:
    return (
        p.Select("show", "Show", (p.Choice("all", "All", True), p.Choice("new", "New"), p.Choice("unsure", "Unsure"))),
        p.Select("sort", "Sort by", (p.Choice("last", "Last visit", True), p.Choice("revenue", "Revenue"))),
    )


def customers() -> CustomersView:
    def row(
        key: int,
        name: str,
        contact: str,
        visits: str,
        revenue: str,
        last: str,
        channel: str,
        campaign: str = "",
        tag: p.Tag | None = None,
    ) -> CustomerRow:
        cause = r.Cause(channel, hue(channel), campaign)
        when = shared.at(last) if last else None
        return CustomerRow(name, f"/customers/{key}", contact, visits, revenue, when, cause, tag)

    rows = (
        row(
            1,
            "Ana Lima",
            "ana@example.com · +1 206 555 0123",
            "3",
            "$196.00",
            "Today 13:30",
            "Meta Ads",
            "Reels, before and after",
        ),
        row(2, "Tom Okafor", "+1 206 555 0177", "11", "$418.00", "Today 12:45", "Google Ads", "Fall fade promo"),
        row(
            3,
            "Priya Nair",
            "priya.nair@example.com",
            "1",
            "$0.00",
            "Today 12:00",
            "Google organic",
            "",
            p.Tag("New", "info"),
        ),
        row(4, "Alexandra Montgomery-Featherstonehaugh", "no contact", "0", "$0.00", "", "Unknown"),
    )
    return CustomersView("", _selects(), "1,284 customers", rows, p.Pager("1 to 50", "", "/customers?after=50"))


def customers_none() -> CustomersView:
    empty = p.Empty(
        "Nobody fits “zebra”", "Names, e-mail addresses and phone numbers are searched, also parts of them."
    )
    return CustomersView("zebra", _selects(), "", (), empty=empty)


def customer() -> CustomerView:
    at = shared.at
    trail = (
        r.TrailEntry("payment", "Paid by card", at("Today 14:02"), amount="$72.00"),
        r.TrailEntry(
            "booking",
            "Skin fade with Marcus",
            at("Today 13:30"),
            ("Ballard",),
            tag=p.Tag("Completed", "good"),
            href="/attribution/bookings/1",
        ),
        r.TrailEntry(
            "touch",
            "Clicked an ad",
            at("Tue Oct 27, 12:31"),
            ("example.com/book",),
            cause=r.Cause("Google Ads", "c1", "Fall fade promo"),
        ),
        r.TrailEntry(
            "link",
            "Square's Ana L. and the form's ana@example.com became one",
            at("Sun Sep 6, 09:12"),
            ("Same e-mail address",),
        ),
        r.TrailEntry("refund", "Refunded", at("Fri Sep 4, 16:20"), amount="−$38.00"),
        r.TrailEntry("note", "Said she heard of us from a friend", at("Fri Sep 4, 15:00"), ("Asked at the desk",)),
    )
    facts = (
        p.Fact("Visits", "3", "first on Sep 4, 2026"),
        p.Fact("Revenue", "$196.00", "net of refunds"),
        p.Fact("First brought by", "Meta Ads", "Reels, before and after"),
        p.Fact("No-shows", "none"),
    )
    contact = (p.Fact("E-mail", "ana@example.com", "Square"), p.Fact("Phone", "+1 206 555 0123", "Square, the form"))
    return CustomerView(
        "Ana Lima", facts, contact, trail, "/customers/1?before=2026-09-04", (shared.evidence(),), "/customers/1"
    )
