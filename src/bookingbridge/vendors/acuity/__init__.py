"""Acuity Scheduling: appointments, clients, services, calendars, payments, blocked times; reading and booking."""

from __future__ import annotations

from datetime import timedelta

from bookingbridge.canonical.commands import CancelBooking, CreateBooking, MoveBooking
from bookingbridge.canonical.ports import Ability, Auth, AuthField, Budget, Manifest, Setting, Vendor
from bookingbridge.vendors.acuity.api import CURRENCY, USER_ID
from bookingbridge.vendors.acuity.client import AcuityClient
from bookingbridge.vendors.acuity.oauth import CLIENT_ID, CLIENT_SECRET, SCOPES, AcuityOAuth
from bookingbridge.vendors.acuity.read import read
from bookingbridge.vendors.acuity.streams import STREAMS
from bookingbridge.vendors.acuity.subscribing import AcuitySubscribing
from bookingbridge.vendors.acuity.sweeps import HISTORY, HISTORY_DAYS
from bookingbridge.vendors.acuity.webhooks import AcuityWebhooks

MANIFEST = Manifest(
    name="acuity",
    title="Acuity Scheduling",
    tagline="Your appointments, clients, services, calendars and what was paid.",
    abilities=frozenset(
        {
            Ability.BOOKINGS, Ability.CLIENTS, Ability.CATALOG, Ability.TEAM, Ability.PAYMENTS, Ability.WEBHOOKS,
            Ability.WRITE_BOOKINGS, Ability.BUSY_TIMES,
        }
    ),
    auth=(Auth.TOKEN, Auth.OAUTH),
    scopes=SCOPES,
    app_fields=(
        AuthField(CLIENT_ID, "Client ID", "From the OAuth2 application you registered at Acuity.", is_secret=False),
        AuthField(CLIENT_SECRET, "Client secret", "From the same page."),
    ),
    token_fields=(
        AuthField("api_key", "API key", "Acuity, Integrations, API, View credentials: the long one."),
        AuthField(USER_ID, "User ID", "The number on the same page.", is_secret=False),
    ),
    webhook_fields=(
        AuthField(
            "api_key", "API key that signs",
            "For webhooks entered by hand: the API key of the account's main admin.",
        ),
    ),
    streams=STREAMS,
    api_version="v1",
    hosts={"production": "https://acuityscheduling.com"},
    allowed_hosts=frozenset({"acuityscheduling.com"}),
    every=timedelta(minutes=15),
    docs="https://developers.acuityscheduling.com/reference/quick-start",
    limits=(
        "10 requests a second and 20 at once, which we keep. One list shows 100 appointments and has no second page, "
        "so days are read in stretches. Each run compares the last 7 and the next 60 days; changes farther away come "
        "by webhook, or with the next full import. Amounts come without a currency, clients without an id."
    ),
    cost="The API is part of Acuity's Premium plan and above; there is no charge per request.",
    settings=(
        Setting(HISTORY_DAYS, "Days of history", "How far back a full import reads, 1 to 3650.", str(HISTORY)),
        Setting(
            CURRENCY, "Currency",
            "Three letters, such as USD. Empty: as the account says, US dollars where it says nothing.", "",
        ),
    ),
    budget=Budget(per_second=10, at_once=20),
)  # fmt: skip

VENDOR = Vendor(
    manifest=MANIFEST,
    read=read,
    open=AcuityClient,
    oauth=AcuityOAuth(),
    webhooks=AcuityWebhooks(),
    subscribing=AcuitySubscribing(),
    commands=frozenset({CreateBooking, MoveBooking, CancelBooking}),
)

__all__ = ["MANIFEST", "VENDOR"]
