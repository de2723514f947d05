"""Sites, links, coupons and numbers as the settings show them, and the forms that make them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from bookingbridge.canonical.errors import BridgeError
from bookingbridge.domains.accounts.api import Business
from bookingbridge.domains.journeys import api as journeys
from bookingbridge.domains.journeys.api import Channel, ShortLink, Site, Use
from bookingbridge.web import format as fmt
from bookingbridge.web import publishing
from bookingbridge.web.charts.base import csv_text
from bookingbridge.web.charts.qr import qr
from bookingbridge.web.pages.settings.view import CodeRow, LinkRow, SiteKey
from bookingbridge.web.ui.parts import Check, Choice, Confirm, CopyBox, Field, Form, Problem, Tag

Given = Mapping[str, str]

USE_DAYS = 90
LOOKED_AT = 50
FOLLOWED = ("link", "qr")
CODES = {"coupon": "Coupon", "phone": "Tracked number"}

_PLACED = {"name", "target_url", "code", "code_taken", "slug", "slug_taken", "hosts", "address"}
_MEDIUMS = (
    ("organic", "Profile or listing"),
    ("email", "E-mail"),
    ("social", "Social network"),
    ("print", "Print"),
    ("sms", "Text message"),
    ("referral", "Somebody else's site"),
    ("cpc", "Paid ad"),
)
_CONSENTS = (
    Choice("required", "Yes", is_chosen=True, help="As in the EU and the UK."),
    Choice("not-required", "No", help="As in most of the United States."),
)


def site_key(public_url: str, site: Site) -> SiteKey:
    """A site with the line for its pages."""
    path = f"/settings/tracking/sites/{site.id}"
    return SiteKey(
        site=site.name,
        key=site.key,
        hosts=f"only from {', '.join(site.hosts)}" if site.hosts else "from any address",
        tag=Tag("asks for consent", "info") if site.consent == "required" else Tag("without asking for consent"),
        snippet=CopyBox(
            f"snippet-{site.key}", "Paste this into the head of every page", publishing.snippet(public_url, site),
            is_block=True,
        ),
        form=_site_form(path, site),
        revoke=Confirm(
            f"close-{site.key}", "Close", f"Close {site.name}?",
            "Its script is no longer heard. What came stays, and the key cannot be used again.", f"{path}/close",
        ),
    )  # fmt: skip


def _site_form(path: str, site: Site) -> Form:
    return Form(
        path,
        (
            Field("name", "Name", site.name, key=site.key),
            Field(
                "hosts", "Addresses that may send, one per line", "\n".join(site.hosts), "textarea", is_required=False,
                help="Nobody else can use the key. Empty: any may.", key=site.key,
            ),
            _consent(site.consent),
        ),
        "Save",
        is_quiet=True,
    )  # fmt: skip


def _consent(chosen: str) -> Field:
    choices = tuple(Choice(c.value, c.label, c.value == chosen, c.help) for c in _CONSENTS)
    return Field("consent", "Must visitors agree before they are recognised again?", kind="radio", choices=choices)


def new_site_form(given: Given, wrong: BridgeError | None = None) -> Form:
    return Form(
        "/settings/tracking/sites",
        (
            Field(
                "address", "Address of the website", given.get("address", ""), "url",
                placeholder="https://shop.example.com", error=wrong.why if wrong else "",
            ),
            _consent(given.get("consent", "required")),
        ),
        "Add the site",
        is_quiet=True,
    )  # fmt: skip


def answers_form(business: Business) -> Form:
    text = "\n".join(publishing.answers_of(business))
    return Form(
        "/settings/tracking/answers", (Field("answers", "Answers, one per line", text, "textarea"),), "Save answers",
        is_quiet=True,
    )  # fmt: skip


def checks(newest: datetime | None, carried: int, looked_at: int, now: datetime) -> tuple[Check, ...]:
    """Whether touches come, and whether the newest bookings carry a visitor's token."""
    arrive = Check(
        "Touches arrive",
        newest is not None and (now - newest).days < 3,
        f"The last one {fmt.age(newest, now)}." if newest else "None yet. Open your site once, then look again.",
    )
    if not looked_at:
        return (arrive,)
    note = f"{carried} of the last {fmt.counted(looked_at, 'booking')}."
    if not carried:
        note += " Without it visits are recognised by e-mail and phone only."
    return arrive, Check("Bookings carry the token", carried > 0, note)


def link_row(public_url: str, link: ShortLink, use: Use | None, now: datetime) -> LinkRow:
    """A link with its code to print."""
    address = publishing.link_address(public_url, link.slug)
    return LinkRow(
        name=link.name,
        short=CopyBox(f"link-{link.slug}", "Short link", address),
        target=link.target_url,
        tags=counts_as(link),
        qr=qr(address, f"QR code of {link.name}"),
        qr_href=f"/settings/links/{link.id}.svg",
        uses=uses(use, now),
        remove=_retire(link, "It leads people on, but its uses are no longer counted."),
    )


def code_row(link: ShortLink, use: Use | None, now: datetime) -> CodeRow:
    """A coupon or number."""
    what = "Uses of it are no longer counted."
    return CodeRow(
        link.name, CODES[link.kind], link.code_key or "", counts_as(link), uses(use, now), _retire(link, what)
    )


def _retire(link: ShortLink, consequence: str) -> Confirm:
    return Confirm(
        f"retire-{link.id}", "Retire", f"Retire {link.name}?", consequence, f"/settings/links/{link.id}/retire"
    )


def uses(use: Use | None, now: datetime) -> str:
    if use is None:
        return f"not used in {USE_DAYS} days"
    return f"used {fmt.counted(use.times, 'time')} in {USE_DAYS} days, last {fmt.age(use.last_at, now)}"


def counts_as(link: ShortLink) -> str:
    """`Google Business Profile · google / organic / spring`."""
    tags = " / ".join(filter(None, (link.source, link.medium, link.campaign)))
    channel = journeys.title(link.channel) if link.channel else ""
    return " · ".join(filter(None, (channel, tags))) or "what its tags say"


def link_form(given: Given, wrong: BridgeError | None = None) -> Form:
    """A new link or printed code."""
    kinds = (("link", "A link to click"), ("qr", "A code to scan, on paper"))
    chosen, medium = given.get("kind", "link"), given.get("medium", "organic")
    return Form(
        "/settings/links",
        (
            Field("name", "Name", given.get("name", ""), placeholder="Spring flyer", error=_error(wrong, "name")),
            Field(
                "target", "Leads to", given.get("target", ""), "url", placeholder="https://example.com/book",
                error=_error(wrong, "target_url"),
            ),
            Field(
                "kind", "What it is", kind="select",
                choices=tuple(Choice(value, label, value == chosen) for value, label in kinds),
            ),
            _channel_field(given.get("channel", ""), ""),
            Field(
                "source", "Where you put it", given.get("source", ""), placeholder="flyer", help="utm_source",
                is_required=False,
            ),
            Field(
                "medium", "What kind of place", kind="select", help="utm_medium", is_required=False,
                choices=tuple(Choice(value, label, value == medium) for value, label in _MEDIUMS),
            ),
            Field("campaign", "Campaign", given.get("campaign", ""), help="utm_campaign", is_required=False),
            Field(
                "slug", "Short name", given.get("slug", ""), placeholder="spring", is_required=False,
                help="The end of the short link; made up where you leave it empty.",
                error=_error(wrong, "slug", "slug_taken"),
            ),
        ),
        "Make the link",
        problem=_problem(wrong),
        is_paired=True,
    )  # fmt: skip


def code_form(given: Given, wrong: BridgeError | None = None) -> Form:
    """A new coupon or number."""
    chosen = given.get("kind", "coupon")
    return Form(
        "/settings/codes",
        (
            Field(
                "name", "Name", given.get("name", ""), key="code-", placeholder="Spring coupon",
                error=_error(wrong, "name"),
            ),
            Field(
                "kind", "What it is", kind="select", key="code-",
                choices=tuple(Choice(kind, title, kind == chosen) for kind, title in CODES.items()),
            ),
            Field(
                "code", "Code or number", given.get("code", ""), placeholder="SPRING10",
                help="A number with its country code.", error=_error(wrong, "code", "code_taken"),
            ),
            _channel_field(given.get("channel", "offline"), "code-"),
            Field("campaign", "Campaign", given.get("campaign", ""), key="code-", is_required=False),
        ),
        "Add it",
        problem=_problem(wrong),
        is_paired=True,
        is_quiet=True,
    )  # fmt: skip


def _channel_field(chosen: str, key: str) -> Field:
    choices = (
        Choice("", "By its tags", not chosen),
        *(Choice(c.value, journeys.title(c), c.value == chosen) for c in Channel if c is not Channel.UNKNOWN),
    )
    return Field("channel", "Counts as", kind="select", choices=choices, key=key, is_required=False)


def _error(wrong: BridgeError | None, *codes: str) -> str:
    return wrong.why if wrong and wrong.code in codes else ""


def _problem(wrong: BridgeError | None) -> Problem | None:
    return Problem(wrong.why) if wrong and wrong.code not in _PLACED else None


def links_csv(public_url: str, links: Sequence[ShortLink], used: Mapping[UUID, Use]) -> str:
    """Every link, coupon and number with its uses."""
    head = [
        "name",
        "kind",
        "address or code",
        "target",
        "channel",
        "source",
        "medium",
        "campaign",
        f"uses in {USE_DAYS} days",
    ]
    return csv_text(
        head,
        [
            [
                link.name, link.kind,
                publishing.link_address(public_url, link.slug) if link.kind in FOLLOWED else link.code_key,
                link.target_url, journeys.title(link.channel) if link.channel else "", link.source, link.medium,
                link.campaign, used[link.id].times if link.id in used else 0,
            ]
            for link in links
        ],
    )  # fmt: skip
