"""Rows of touchpoints: contacts with the business's marketing, from another system's log."""

from __future__ import annotations

from datetime import time
from urllib.parse import quote

from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.records import Touchpoint
from bookingbridge.vendors.files import people, words
from bookingbridge.vendors.files.collected import Collected
from bookingbridge.vendors.files.sheet import SheetRow

_CLICK_IDS = ("gclid", "gbraid", "wbraid", "fbclid", "msclkid", "ttclid")

_NOWHERE = "https://site.invalid/"
"""A page for click ids that come without one. The host is reserved and never exists (RFC 2606)."""


def read(row: SheetRow, into: Collected) -> None:
    """The row's touch is collected, or its problems noted. A day without a time means its beginning."""
    at = row.when("at", "at_time", time())
    if at is None and row.cell("at") is None:
        row.problem("at", "nothing says when it was")
    kind = row.word("kind", words.touch_kind) or "visit"
    url = _with_click_ids(row, row.text("url", longest=8_000))
    source, medium, campaign = row.text("source"), row.text("medium"), row.text("campaign")
    referrer, campaign_ref = row.text("referrer", longest=8_000), row.text("campaign_ref", longest=200)
    told = row.text("channel")
    is_told_otherwise = bool(source or medium or url or referrer)
    channel = words.touch_channel(told, is_told_otherwise=is_told_otherwise) if told else None
    if row.problems or at is None:
        return
    if not (channel or source or medium or campaign or campaign_ref or url or referrer or kind != "visit"):
        row.problem("source", "nothing says where it came from")
        return
    person, client = row.text("person", longest=200), row.text("client_id", longest=200)
    email, phone = row.text("email"), row.text("phone")
    content, term = row.text("content"), row.text("term")
    who = person or client or people.email_key(email) or people.phone_key(phone, row.sheet.options.region)
    parts = (
        at,
        kind,
        person,
        client,
        email,
        phone,
        channel,
        source,
        medium,
        campaign,
        campaign_ref,
        content,
        term,
        url,
    )
    into.main(
        row,
        Touchpoint(
            remote_id=into.id_for(row, lambda: parts, is_told_apart=bool(who) and "at" not in row.timeless),
            version=None,
            changed_at=None,
            at=at,
            touch_kind=kind,
            person=person,
            client=RemoteId(client) if client else None,
            email=email,
            phone=phone,
            channel=channel,
            source=source,
            medium=medium,
            campaign=campaign,
            campaign_ref=campaign_ref,
            content=content,
            term=term,
            url=url,
            referrer=referrer,
        ),
    )


def _with_click_ids(row: SheetRow, url: str | None) -> str | None:
    """The page with the click ids of columns of their own in its query, where addresses carry them."""
    for name in _CLICK_IDS:
        value = row.text(name, longest=1_000)
        if value is None or (url and f"{name}=" in url):
            continue
        page, hash_sign, fragment = (url or _NOWHERE).partition("#")
        glue = "&" if "?" in page else "?"
        url = f"{page}{glue}{name}={quote(value, safe='')}{hash_sign}{fragment}"
    return url
