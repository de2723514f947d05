"""Google Calendar, read and written: the bridge for a booking system that has no API but keeps a calendar."""

from __future__ import annotations

from datetime import timedelta

from bookingbridge.canonical.ports import Ability, Auth, AuthField, Manifest, Stream, Vendor
from bookingbridge.vendorkit.google_oauth import TOKEN_HOST
from bookingbridge.vendors.google_calendar.channels import Channels
from bookingbridge.vendors.google_calendar.client import CalendarClient
from bookingbridge.vendors.google_calendar.oauth import API_HOST, APP_ID, APP_SECRET, OAUTH, SCOPES
from bookingbridge.vendors.google_calendar.options import SETTINGS
from bookingbridge.vendors.google_calendar.read import read
from bookingbridge.vendors.google_calendar.webhooks import CalendarWebhooks
from bookingbridge.vendors.google_calendar.wire import API_VERSION
from bookingbridge.vendors.google_calendar.writing import COMMANDS

MANIFEST = Manifest(
    name="google_calendar",
    title="Google Calendar",
    tagline="Appointments from a calendar, for booking systems without an API; and back into it.",
    abilities=frozenset(
        {Ability.BOOKINGS, Ability.CLIENTS, Ability.BUSY_TIMES, Ability.WEBHOOKS, Ability.WRITE_BOOKINGS}
    ),
    auth=(Auth.OAUTH,),
    scopes=SCOPES,
    app_fields=(
        AuthField(
            APP_ID, "Client ID",
            "Google Cloud console, APIs and services, Credentials: an OAuth client of the type Web application.",
            is_secret=False,
        ),
        AuthField(APP_SECRET, "Client secret", "The same page."),
    ),
    token_fields=(),
    webhook_fields=(),
    streams=(Stream("events", "booking", "Events"),),
    api_version=API_VERSION,
    hosts={"production": f"https://{API_HOST}"},
    allowed_hosts=frozenset({API_HOST, TOKEN_HOST}),
    every=timedelta(minutes=15),
    docs="https://developers.google.com/workspace/calendar/api/guides/overview",
    limits=(
        "Google limits requests per minute and slows us down when asked; a run takes one or two. Events reach back a "
        "year unless set otherwise (history_days). A calendar knows no services, prices or payments."
    ),
    cost="Free.",
    settings=SETTINGS,
)  # fmt: skip

VENDOR = Vendor(
    manifest=MANIFEST,
    read=read,
    open=CalendarClient,
    oauth=OAUTH,
    webhooks=CalendarWebhooks(),
    subscribing=Channels(),
    commands=COMMANDS,
)

__all__ = ["MANIFEST", "VENDOR"]
