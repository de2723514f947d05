"""Calendar feeds: appointments or busy times from any address that gives iCalendar, such as Schedulicity's. Read only.

A feed shows what is, never what was taken away: an event that is gone inside the stretch the feed surely shows was
cancelled, one that left at its edge merely aged out.
"""

from __future__ import annotations

from datetime import timedelta

from bookingbridge.canonical.ports import Ability, Auth, AuthField, Budget, Manifest, Stream, Vendor
from bookingbridge.vendors.calendar_feed.choices import SETTINGS
from bookingbridge.vendors.calendar_feed.client import EVENTS, NAME, CalendarFeedClient
from bookingbridge.vendors.calendar_feed.read import read

MANIFEST = Manifest(
    name="calendar_feed",
    title="Calendar feed",
    tagline="Appointments from Schedulicity or any calendar that can be shared by an address (ICS).",
    abilities=frozenset({Ability.BOOKINGS, Ability.BUSY_TIMES}),
    auth=(Auth.TOKEN,),
    scopes=(),
    app_fields=(),
    token_fields=(
        AuthField(
            "feed_url", "Address of the feed",
            "Begins with https:// or webcal://. Whoever has it can read the calendar: it is kept like a password.",
        ),
        AuthField(
            NAME, "Name of this calendar",
            "For instance whose chair it is. With the same name, a new address goes on with the same history.",
            is_secret=False, is_required=False,
        ),
    ),
    webhook_fields=(),
    streams=(Stream(EVENTS, "booking", "Events"),),
    api_version="RFC 5545",
    # There is no one host: the owner's address names it (host_field). These are where known systems' addresses lead.
    hosts={"production": "https://calendar.google.com"},
    allowed_hosts=frozenset(
        {"calendar.google.com", "outlook.office365.com", "outlook.office.com", "outlook.live.com"}
    ),
    every=timedelta(minutes=15),
    docs="https://www.rfc-editor.org/rfc/rfc5545",
    limits=(
        "Read only. A feed is asked every 15 minutes and sends nothing where nothing changed; many systems write it "
        "anew only every few hours. At most 10 MB and 50,000 events. Clients, services and prices are not in it."
    ),
    cost="Free; some systems give the address in paid plans only.",
    settings=SETTINGS,
    host_field="feed_url",
    budget=Budget(per_second=1, at_once=1),
)  # fmt: skip

VENDOR = Vendor(manifest=MANIFEST, read=read, open=CalendarFeedClient, oauth=None, webhooks=None)

__all__ = ["MANIFEST", "VENDOR"]
