"""Invented sources for the gallery and the tests."""

from __future__ import annotations

from typing import Literal

from bookingbridge.web.pages.connections import view as v
from bookingbridge.web.ui import parts as p
from bookingbridge.web.ui.samples import at


def steps(now: int) -> tuple[p.Step, ...]:
    names = ("Credentials", "Permissions", "Import", "Check")

    def state(i: int) -> Literal["done", "current", "todo"]:
        return "done" if i < now else "current" if i == now else "todo"

    return tuple(p.Step(name, state(i), "/connections/new/square" if i < now else "") for i, name in enumerate(names))


def groups() -> tuple[v.VendorGroup, ...]:
    real = p.Tag("Simulator ready", "info")
    square = (
        v.VendorCard(
            "Square",
            "Bookings, customers and payments.",
            "/connections/new/square",
            "booked visits, what was paid",
            4,
            real,
        ),
    )
    ads = (
        v.VendorCard(
            "Meta Ads",
            "What Facebook and Instagram ads cost, day by day.",
            "/connections/new/meta_ads",
            "spend and ROAS of Meta campaigns",
            6,
        ),
        v.VendorCard(
            "Google Ads",
            "What Google ads cost, day by day.",
            "/connections/new/google_ads",
            "spend and ROAS of Google campaigns",
            8,
        ),
    )
    return v.VendorGroup("Where your bookings are", square), v.VendorGroup("Advertising", ads)


def connections() -> v.ConnectionsView:
    rows = (
        v.ConnectionRow(
            "Square",
            "Northside Barbers",
            "/connections/1",
            p.Health("good", "live"),
            at("2 min ago"),
            "12,480 bookings, 3,210 customers",
            "again in 9 min",
        ),
        v.ConnectionRow(
            "Meta Ads",
            "act_10158",
            "/connections/2",
            p.Health("warn", "signs out in 5 days"),
            at("06:10 today"),
            "14 campaigns",
            "again at 12:00",
            "/connections/2/reconnect",
            "Reconnect",
        ),
        v.ConnectionRow(
            "Google Ads",
            "555-014-7788",
            "/connections/3",
            p.Health("bad", "sign-in revoked"),
            at("3 days ago", is_stale=True),
            "9 campaigns",
            "waits for you",
            "/connections/3/reconnect",
            "Reconnect",
        ),
    )
    return v.ConnectionsView(rows, groups()[1:])


def connections_empty() -> v.ConnectionsView:
    empty = p.Empty(
        "No source yet",
        "Connect the system your bookings are in first; it takes about four minutes.",
        "plug",
        (p.Action("Connect a booking system", "/connections/new/square", is_main=True),),
    )
    return v.ConnectionsView((), groups(), empty)


def new() -> v.NewView:
    return v.NewView(groups(), "/settings/import")


def _permissions() -> tuple[v.Permission, ...]:
    return (
        v.Permission("APPOINTMENTS_READ", "appointments, to know who came"),
        v.Permission("PAYMENTS_READ", "payments and refunds, to know what each visit brought in"),
        v.Permission("CUSTOMERS_READ", "customers, to know a returning one"),
        v.Permission("APPOINTMENTS_WRITE", "appointments; not used before you switch two-way sync on", True),
    )


def _copies() -> tuple[p.CopyBox, ...]:
    return (
        p.CopyBox(
            "redirect",
            "Redirect address",
            "https://bridge.example.com/connections/square/callback",
            "Square sends you back here. It must be the same to the letter.",
        ),
        p.CopyBox(
            "webhook",
            "Webhook address",
            "https://bridge.example.com/api/v1/webhooks/square/7f3c",
            "Square tells us here what changes.",
        ),
    )


def credentials() -> v.CredentialsView:
    how = (
        "Open the developer dashboard and create an application; its name is only seen by you.",
        "Under OAuth, paste the redirect address below.",
        "Under Webhooks, add a subscription with the webhook address and pick booking, payment, refund and customer.",
        "Copy the application id, its secret and the webhook signature key over here.",
    )
    form = p.Form(
        "/connections/new/square",
        (
            p.Field(
                "environment",
                "Where",
                kind="select",
                choices=(
                    p.Choice("production", "Square", True),
                    p.Choice("sandbox", "Square sandbox"),
                    p.Choice("simulator", "Simulator on this server"),
                ),
            ),
            p.Field("application_id", "Application id", "sq0idp-", help="Starts with sq0idp.", is_code=True),
            p.Field(
                "application_secret",
                "Application secret",
                kind="password",
                error="Square did not accept it. Copy it again; it starts with sq0csp.",
            ),
            p.Field(
                "signature_key",
                "Webhook signature key",
                kind="password",
                is_required=False,
                help="Without it changes arrive every 10 minutes instead of at once.",
            ),
        ),
        "Save and go on",
        hidden=(("way", "oauth"),),
    )
    ways = (p.Tab("Sign in at Square", "?way=oauth", is_current=True), p.Tab("Paste a token", "?way=token"))
    return v.CredentialsView(
        "Square",
        steps(0),
        ways,
        how,
        _copies(),
        _permissions(),
        form,
        docs_href="https://example.com/square",
        cost="Square's interface costs nothing.",
        limits="About 10 requests a second; we stay below.",
    )


def credentials_ready() -> v.CredentialsView:
    return v.CredentialsView(
        "Square",
        steps(0),
        (),
        ("Sign in with the account that owns the business.",),
        (),
        _permissions(),
        None,
        "/connections/new/square/authorize",
        "Continue to Square",
        problem=p.Problem(
            "Square said no: access denied", "Agree to all permissions on Square's page, or ask the owner to do it."
        ),
    )


def check() -> v.CheckView:
    checks = (
        p.Check("Read appointments", True),
        p.Check("Read customers", True),
        p.Check("Read payments", False, "Without it revenue stays unknown. Reconnect and agree to PAYMENTS_READ."),
    )
    choices = (p.Choice("1", "Northside Barbers", True, "USD, Los Angeles"), p.Choice("2", "Old test account", False))
    facts = (p.Fact("Account", "Northside Barbers", "merchant MLEFBHHSJGVHD"), p.Fact("Currency", "USD"))
    note = p.Notice("Square's free plan lets us read, not write", "Two-way sync needs Appointments Plus.")
    return v.CheckView(
        "Square", steps(1), facts, checks, choices, "/connections/1/check", "/connections/1/import", True, notes=(note,)
    )


def progress() -> v.ImportProgress:
    streams = (
        p.Progress("Locations", 2, 2, is_finished=True),
        p.Progress("Customers", 3210, 3210, is_finished=True),
        p.Progress("Bookings", 4210, 12480),
        p.Progress("Payments", 0),
    )
    words = "7,422 of about 17,000, 38 s so far"
    return v.ImportProgress("/connections/1/import/progress", streams, words, False, "/connections/1/rows")


def progress_done() -> v.ImportProgress:
    streams = (p.Progress("Bookings", 12480, 12480, is_finished=True),)
    return v.ImportProgress("/connections/1/import/progress", streams, "12,480 in 71 s", True, "/connections/1/rows")


def importing() -> v.ImportView:
    return v.ImportView("Square", steps(2), progress())


def rows() -> v.RowsView:
    people = ("Ana Lima", "Tom Okafor", "Priya Nair", "Sam Whitfield", "Jo Park")
    some = tuple(
        v.SampleRow(
            f"Mon Nov 2, {9 + i}:30",
            people[i % 5],
            "Skin fade",
            "Marcus",
            "$64.00",
            "—" if i == 3 else "$64.00",
            p.Tag("No-show", "bad") if i == 3 else p.Tag("Paid", "good"),
        )
        for i in range(10)
    )
    totals = (p.Fact("Bookings", "12,480", "Jan 4, 2024 to Feb 1, 2027"), p.Fact("Payments", "11,020", "$702,114.50"))
    odd = p.Notice("3 of 26,710 could not be read", "They are kept as they came; see Sync.", "warn")
    return v.RowsView("Square", steps(3), some, totals, "/connections/1/finish", "/sync/runs/1", odd)


def connection() -> v.ConnectionView:
    good = p.Health("good", "working")
    streams = (
        v.StreamRow("Bookings", "12,480", at("2 min ago"), good),
        v.StreamRow("Customers", "3,210", at("2 min ago"), good),
        v.StreamRow("Payments", "11,020", at("3 h ago", is_stale=True), p.Health("warn", "slowed down by Square")),
        v.StreamRow("Team", "6", None, p.Health("paused", "not permitted")),
    )
    facts = (
        p.Fact("Account", "Northside Barbers"),
        p.Fact("Connected", "Sep 1, 2026", "by Dana Kowalski"),
        p.Fact("Sign-in", "renews by itself", "next on Nov 21"),
        p.Fact("Read", "every 10 min and at each change"),
    )
    hooks = (
        p.Check("Deliveries arrive", True, "Last one 2 min ago"),
        p.Check("Signatures fit", False, "2 of 310 were refused: the notification address differs."),
    )
    gone = p.Confirm(
        "gone",
        "Disconnect",
        "Disconnect Square?",
        "What was read stays. Nothing new arrives, and Square forgets us.",
        "/connections/1/disconnect",
    )
    return v.ConnectionView(
        "Square",
        "Northside Barbers",
        "/connections/1",
        p.Health("good", "live"),
        facts,
        streams,
        (p.Check("Read appointments", True), p.Check("Read payments", True)),
        hooks,
        _copies()[1:],
        False,
        False,
        "/connections/1/reconnect",
        gone,
        "/sync?source=1",
    )
