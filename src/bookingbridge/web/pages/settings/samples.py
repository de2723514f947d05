"""Invented settings for the gallery and the tests."""

from __future__ import annotations

from bookingbridge.web.charts.qr import qr
from bookingbridge.web.pages.settings import view as v
from bookingbridge.web.ui import parts as p
from bookingbridge.web.ui.rows import Cause
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
    def site(key: str, name: str, tag: p.Tag) -> v.SiteKey:
        script = (
            f'<script defer src="https://bridge.example.com/bb.js" data-site="{key}" data-consent="required"></script>'
        )
        form = p.Form(
            f"/settings/tracking/sites/{key}",
            (p.Field("hosts", "Addresses that may send", name, key=key, is_required=False),),
            "Save",
            is_quiet=True,
        )
        gone = p.Confirm(
            f"close-{key}",
            "Close",
            f"Close {name}?",
            "Its script is no longer heard.",
            f"/settings/tracking/sites/{key}/close",
        )
        box = p.CopyBox(f"snippet-{key}", "Paste this into the head of every page", script, is_block=True)
        return v.SiteKey(name, key, f"only from {name}", tag, box, form, gone)

    checks = (
        p.Check("Touches arrive", False, "The last one on Friday 18:02. Was the page changed?"),
        p.Check("Bookings carry the token", True, "41 of the last 50 bookings."),
    )
    keys = (
        site("bbs_7f3c19", "example.com", p.Tag("asks for consent", "info")),
        site("bbs_91aa02", "book.example.com", p.Tag("without consent")),
    )
    add = p.Form(
        "/settings/tracking/sites",
        (p.Field("address", "Address of the website", kind="url", placeholder="https://shop.example.com"),),
        "Add",
        is_quiet=True,
    )
    answers = p.Form(
        "/settings/tracking/answers",
        (p.Field("answers", "Answers, one per line", "A friend\nGoogle", "textarea"),),
        "Save answers",
        is_quiet=True,
    )
    causes = (Cause("Referrals", "c4", "A friend"), Cause("Google search", "c3", "Google"))
    return v.TrackingView(tabs("Tracking"), checks, keys, add, answers, causes)


def links() -> v.LinksView:
    form = p.Form(
        "/settings/links",
        (
            p.Field("name", "Name", placeholder="Spring flyer"),
            p.Field("target", "Leads to", kind="url", placeholder="https://example.com/book"),
            p.Field("source", "Where you put it", placeholder="flyer", help="utm_source"),
            p.Field("campaign", "Campaign", is_required=False, help="utm_campaign"),
        ),
        "Make the link",
        is_paired=True,
    )
    address = "https://bridge.example.com/l/flyer"
    row = v.LinkRow(
        "Spring flyer",
        p.CopyBox("l1", "Short link", address),
        "https://example.com/book",
        "Offline · flyer / print / spring",
        qr(address, "QR code of Spring flyer"),
        "/settings/links/1.svg",
        "used 212 times in 90 days, last 2 h ago",
        p.Confirm(
            "l1", "Retire", "Retire Spring flyer?", "It leads on, but is not counted.", "/settings/links/1/retire"
        ),
    )
    code_form = p.Form(
        "/settings/codes",
        (
            p.Field("name", "Name", key="code-"),
            p.Field("code", "Number or code", placeholder="SPRING10"),
        ),
        "Add",
        is_paired=True,
        is_quiet=True,
    )
    code = v.CodeRow(
        "Spring coupon",
        "Coupon",
        "SPRING10",
        "Offline · spring",
        "never used",
        p.Confirm("c1", "Retire", "Retire Spring coupon?", "Uses are no longer counted.", "/settings/links/2/retire"),
    )
    return v.LinksView(tabs("Tagged links"), form, (row,), code_form, (code,), "/settings/links.csv")


def links_empty() -> v.LinksView:
    empty = p.Empty("No link yet", "Make one for your Google profile first.", "link")
    some = links()
    return v.LinksView(tabs("Tagged links"), some.form, (), some.code_form, (), empty=empty)


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
