"""Rows of touchpoints: contacts with the business's marketing, from another system's log."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import time
from urllib.parse import quote

from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.records import Touchpoint
from bookingbridge.canonical.times import EARLIEST
from bookingbridge.vendors.files import people, words
from bookingbridge.vendors.files.collected import Collected
from bookingbridge.vendors.files.sheet import SheetRow

_CLICK_IDS = ("gclid", "gbraid", "wbraid", "fbclid", "msclkid", "ttclid")

_NOWHERE = "https://site.invalid/"
"""A page for click ids that come without one. The host is reserved and never exists (RFC 2606)."""


def read(row: SheetRow, into: Collected) -> None:
    """The row's touch is collected, or its problems noted. A day without a time means its beginning."""
    touch = _touch(row)
    if touch is None:
        return
    who = touch.person or touch.client or people.email_key(touch.email)
    who = who or people.phone_key(touch.phone, row.sheet.options.region)
    is_told_apart = bool(who) and "at" not in row.timeless
    remote_id = into.id_for(row, lambda: (getattr(touch, f.name) for f in fields(touch)), is_told_apart=is_told_apart)
    into.main(row, replace(touch, remote_id=remote_id))


def _touch(row: SheetRow) -> Touchpoint | None:
    """The row's touch without an id; None where it has problems."""
    at = row.when("at", "at_time", time())
    if at is None and row.cell("at") is None:
        row.problem("at", "nothing says when it was")
    touch = Touchpoint(
        remote_id=RemoteId(""),
        version=None,
        changed_at=None,
        at=at or EARLIEST,
        touch_kind=row.word("kind", words.touch_kind) or "visit",
        person=row.text("person", longest=200),
        client=RemoteId(client) if (client := row.text("client_id", longest=200)) else None,
        email=row.text("email"),
        phone=row.text("phone"),
        channel=None,
        source=row.text("source"),
        medium=row.text("medium"),
        campaign=row.text("campaign"),
        campaign_ref=row.text("campaign_ref", longest=200),
        content=row.text("content"),
        term=row.text("term"),
        url=_with_click_ids(row, row.text("url", longest=8_000)),
        referrer=row.text("referrer", longest=8_000),
    )
    is_told = bool(touch.source or touch.medium or touch.url or touch.referrer)
    if said := row.text("channel"):
        touch = replace(touch, channel=words.touch_channel(said, is_told_otherwise=is_told))
    if not (is_told or touch.channel or touch.campaign or touch.campaign_ref or touch.touch_kind != "visit"):
        row.problem("source", "nothing says where it came from")
    return None if row.problems else touch


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
