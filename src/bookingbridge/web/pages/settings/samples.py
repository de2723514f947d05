"""Invented settings for the gallery and the tests."""

from __future__ import annotations

from bookingbridge.web.charts.qr import qr
from bookingbridge.web.pages.settings import view as v
from bookingbridge.web.ui import parts as p
from bookingbridge.web.ui.samples import at

_TABS = (
    ("Business", "/settings"),
    ("Locations", "/settings/locations"),
    ("Attribution", "/settings/attribution"),
    ("Tracking", "/settings/tracking"),
    ("Tagged links", "/settings/links"),
    ("Team", "/settings/team"),
    ("API tokens", "/settings/tokens"),
    ("You", "/settings/you"),
)
_ROLES = ("Owner", "Manager", "Staff", "Accountant", "Read-only")


def tabs(current: str) -> tuple[p.Tab, ...]:
    return tuple(p.Tab(label, href, label == current) for label, href in _TABS)


def _roles(chosen: str) -> tuple[p.Choice, ...]:
    return tuple(p.Choice(r.lower(), r, r == chosen) for r in _ROLES)


def _revoke(key: str, action: str, what: str) -> p.Confirm:
    return p.Confirm(key, "Revoke", f"Revoke {what}?", "What uses it stops working at once.", action)


def business() -> v.BusinessView:
    form = p.Form(
        "/settings/business",
        (
            p.Field("name", "Name", "Northside Barbers", autocomplete="organization"),
            p.Field("time_zone", "Time zone", "America/Los_Angeles", suggestions=("America/Los_Angeles",)),
            p.Field(
                "currency",
                "Currency",
                kind="select",
                help="Set by your booking system once payments are read.",
                choices=(p.Choice("USD", "US dollar", True), p.Choice("EUR", "Euro")),
            ),
        ),
        "Save",
        is_paired=True,
    )
    gone = p.Confirm(
        "remove",
        "Delete the demo shop",
        "Delete the demo shop?",
        "Its invented figures are gone for good.",
        "/settings/business/remove",
    )
    return v.BusinessView(tabs("Business"), form, gone)


def locations() -> v.LocationsView:
    def change(key: str, name: str) -> p.Form:
        return p.Form(
            f"/settings/locations/{key}", (p.Field("name", "Name", name, key=f"l{key}"),), "Save", is_quiet=True
        )

    rows = (
        v.LocationRow(
            "Ballard", "5417 Sample Ave NW, Seattle", "Los Angeles", p.Tag("Square", "info"), change("1", "Ballard")
        ),
        v.LocationRow("Fremont", "", "Los Angeles", p.Tag("by hand"), change("2", "Fremont")),
    )
    add = p.Form(
        "/settings/locations",
        (p.Field("name", "Name"), p.Field("address", "Address", is_required=False)),
        "Add",
        is_paired=True,
    )
    return v.LocationsView(tabs("Locations"), rows, add)


def attribution() -> v.AttributionView:
    models = (
        p.Choice("first", "First touch", help="What made people aware of you."),
        p.Choice("last", "Last touch", help="What closed the deal."),
        p.Choice("position", "First and last most", True, "Both ends get 40 % each."),
    )
    form = p.Form(
        "/settings/attribution",
        (
            p.Field(
                "window_days",
                "Window in days",
                "30",
                "number",
                inputmode="numeric",
                help="Touches longer before the booking get nothing. From 1 to 365.",
            ),
            p.Field("model", "Shown first", kind="radio", choices=models),
        ),
        "Save",
    )
    return v.AttributionView(tabs("Attribution"), form, p.Notice("Recomputing", "1,020 of 12,480 visits so far."))


def tracking() -> v.TrackingView:
    script = '<script async src="https://bridge.example.com/t.js" data-site="bb_7f3c19"></script>'
    checks = (
        p.Check("Script seen on example.com", False, "Last on Friday 18:02. Was the page changed?"),
        p.Check("Booking page passes the token on", True, "41 of the last 50 bookings carried it."),
    )
    keys = (
        v.SiteKey(
            "example.com",
            "bb_7f3c19",
            at("Fri Oct 30, 18:02", is_stale=True),
            p.Tag("Silent", "warn"),
            _revoke("k1", "/settings/tracking/keys/1/revoke", "the key of example.com"),
        ),
        v.SiteKey(
            "book.example.com",
            "bb_91aa02",
            None,
            p.Tag("Never seen"),
            _revoke("k2", "/settings/tracking/keys/2/revoke", "the key of book.example.com"),
        ),
    )
    add = p.Form(
        "/settings/tracking/keys",
        (p.Field("site", "Another site", placeholder="shop.example.com"),),
        "Add",
        is_quiet=True,
    )
    consent = p.Form(
        "/settings/tracking",
        (
            p.Field(
                "consent",
                "Cookies",
                kind="radio",
                choices=(
                    p.Choice("ask", "After consent where it is required", True, "By the visitor's country."),
                    p.Choice("never", "Never", help="Clicks are still counted, returning visitors are not recognised."),
                ),
            ),
        ),
        "Save",
    )
    answers = p.Form(
        "/settings/tracking/answers",
        (p.Field("answers", "Answers, one per line", "A friend\nGoogle", "textarea"),),
        "Save answers",
        is_quiet=True,
    )
    snippet = p.CopyBox("snippet", "Paste this before </body> on every page", script, is_block=True)
    return v.TrackingView(tabs("Tracking"), snippet, checks, keys, add, consent, answers)


def links() -> v.LinksView:
    form = p.Form(
        "/settings/links",
        (
            p.Field("target", "Leads to", kind="url", placeholder="https://example.com/book"),
            p.Field("source", "Where you put it", placeholder="google_profile", help="utm_source"),
            p.Field(
                "medium",
                "Kind",
                kind="select",
                help="utm_medium",
                choices=(
                    p.Choice("organic", "Profile or listing", True),
                    p.Choice("email", "E-mail"),
                    p.Choice("print", "Print"),
                ),
            ),
            p.Field("campaign", "Campaign", is_required=False, help="utm_campaign"),
            p.Field("slug", "Short name", placeholder="spring", help="The end of the short link."),
        ),
        "Make the link",
        is_paired=True,
    )
    address = "https://bridge.example.com/r/flyer"
    row = v.LinkRow(
        "Spring flyer",
        p.CopyBox("l1", "Short link", address),
        "https://example.com/book",
        "flyer / print / spring",
        qr(address, "QR code of Spring flyer"),
        "/settings/links/1.svg",
        "212 clicks",
        "18 paid visits",
        p.Confirm(
            "l1", "Delete", "Delete Spring flyer?", "The printed code will lead nowhere.", "/settings/links/1/delete"
        ),
    )
    return v.LinksView(tabs("Tagged links"), form, (row,))


def links_empty() -> v.LinksView:
    empty = p.Empty("No link yet", "Make one for your Google profile first.", "link")
    return v.LinksView(tabs("Tagged links"), links().form, (), empty)


def team() -> v.TeamView:
    def gone(key: str, name: str) -> p.Confirm:
        return p.Confirm(
            f"m{key}", "Remove", f"Remove {name}?", "They are signed out everywhere.", f"/settings/team/{key}/remove"
        )

    members = (
        v.Member("Dana Kowalski", "dana@example.com", "Owner", at("just now"), "/settings/team/1", None, None),
        v.Member(
            "Marcus Reyes",
            "marcus@example.com",
            "Staff",
            at("2 days ago"),
            "/settings/team/2",
            p.Select("role", "Role", _roles("Staff")),
            gone("2", "Marcus Reyes"),
        ),
    )
    link = p.CopyBox("i1", "Invitation link", "https://bridge.example.com/join/9f1e…", "Works once.")
    invitations = (
        v.Invitation("lee@example.com", "Manager", at("in 6 days"), link, "/settings/team/invitations/1/revoke"),
    )
    invite = p.Form(
        "/settings/team/invitations",
        (p.Field("email", "E-mail", kind="email"), p.Field("role", "Role", kind="select", choices=_roles("Staff"))),
        "Invite",
        is_paired=True,
    )
    roles = (
        v.RoleExplained("Owner", "Everything."),
        v.RoleExplained("Manager", "Everything but owners."),
        v.RoleExplained("Staff", "The day and its customers."),
        v.RoleExplained("Accountant", "Figures and exports."),
        v.RoleExplained("Read-only", "Looks, changes nothing."),
    )
    return v.TeamView(tabs("Team"), members, invitations, invite, roles)


def tokens() -> v.TokensView:
    form = p.Form(
        "/settings/tokens",
        (
            p.Field("name", "What for", placeholder="Spreadsheet"),
            p.Field(
                "scope",
                "May",
                kind="select",
                choices=(
                    p.Choice("read", "Read figures", True),
                    p.Choice("write", "Read, and send touchpoints"),
                ),
            ),
        ),
        "Make a token",
        is_paired=True,
    )
    rows = (
        v.TokenRow(
            "Spreadsheet",
            "bb_7f3c…",
            "Read figures",
            at("Sep 2, 2026"),
            at("3 h ago"),
            _revoke("t1", "/settings/tokens/1/revoke", "the token Spreadsheet"),
        ),
        v.TokenRow(
            "Till",
            "bb_11d0…",
            "Read, and send touchpoints",
            at("Oct 1, 2026"),
            None,
            _revoke("t2", "/settings/tokens/2/revoke", "the token Till"),
        ),
    )
    return v.TokensView(tabs("API tokens"), form, rows, p.CopyBox("fresh", "Till", "bb_11d0c2e94f7a4b6d8e"))


def you() -> v.YouView:
    form = p.Form(
        "/settings/you",
        (
            p.Field("name", "Name", "Dana Kowalski", autocomplete="name"),
            p.Field("email", "E-mail", "dana@example.com", "email", autocomplete="email"),
        ),
        "Save",
        is_paired=True,
    )
    password = p.Form(
        "/settings/you/password",
        (
            p.Field("current", "The one you have", kind="password", autocomplete="current-password"),
            p.Field("password", "New one", kind="password", autocomplete="new-password", help="At least 12 signs."),
        ),
        "Change the password",
        note="You are signed out everywhere else.",
        is_paired=True,
        username="dana@example.com",
    )
    sessions = (
        v.SessionRow("Firefox on Linux", "203.0.113.7", at("just now"), True, ""),
        v.SessionRow("Safari on iPhone", "203.0.113.9", at("2 h ago"), False, "/settings/you/sessions/2/revoke"),
    )
    return v.YouView(tabs("You"), form, password, sessions)
