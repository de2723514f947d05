"""Booksy: appointments and clients from its confirmation mails, or by its partner API where there is a partner key."""

from __future__ import annotations

from datetime import timedelta

from bookingbridge.canonical.ports import Ability, Auth, AuthField, Budget, Manifest, Stream, Vendor
from bookingbridge.vendors.booksy.client import MAIL_STREAM, BooksyClient
from bookingbridge.vendors.booksy.options import COUNTRIES, SETTINGS
from bookingbridge.vendors.booksy.partner_api import PARTNER_ID, PARTNER_KEY, PARTNER_NAME
from bookingbridge.vendors.booksy.partner_write import COMMANDS
from bookingbridge.vendors.booksy.read import read
from bookingbridge.vendors.booksy.webhooks import BooksyWebhooks
from bookingbridge.vendors.booksy.wire import API_VERSION

MANIFEST = Manifest(
    name="booksy",
    title="Booksy",
    tagline="Your appointments and clients, from the mails Booksy sends you.",
    abilities=frozenset(
        {Ability.BOOKINGS, Ability.CLIENTS, Ability.CATALOG, Ability.TEAM, Ability.WEBHOOKS, Ability.WRITE_BOOKINGS}
    ),
    auth=(Auth.TOKEN,),
    scopes=(),
    app_fields=(
        AuthField(
            PARTNER_ID, "Partner UUID", "From Booksy's partner onboarding; there is no self-service.",
            is_secret=False, is_required=False,
        ),
        AuthField(PARTNER_NAME, "Partner name", "As Booksy knows the partner.", is_secret=False, is_required=False),
        AuthField(PARTNER_KEY, "Partner's private key", "The RSA key of this environment, in PEM.", is_required=False),
    ),
    token_fields=(
        AuthField(
            "address", "E-mail address", "The one Booksy writes to. It also signs in to the mailbox.", is_secret=False
        ),
        AuthField(
            "host", "Mail server",
            "To read the mailbox: its IMAP host, such as imap.example.com. Empty: mails are forwarded.",
            is_secret=False, is_required=False,
        ),
        AuthField("password", "App password", "Made for this purpose in your mail provider's security settings. "
                  "Never your main password.", is_required=False),
        AuthField("business", "Business number", "The shop's number at Booksy, for its partner API.",
                  is_secret=False, is_required=False, needs_app=True),
    ),
    webhook_fields=(),
    streams=(
        Stream("staff", "staff", "Team"),
        Stream("services", "service", "Services"),
        Stream("clients", "client", "Clients"),
        Stream("bookings", "booking", "Appointments", needs=("staff", "services", "clients")),
        Stream(MAIL_STREAM, "booking", "Mails from Booksy"),
    ),
    api_version=API_VERSION,
    hosts={"production": "https://us.booksy.com/public-api/us"},
    allowed_hosts=frozenset(f"{code}.booksy.com" for code, _ in COUNTRIES),
    every=timedelta(minutes=10),
    docs="https://docs.booksy.com/",
    limits=(
        "Booksy has no public API. From mails we know what Booksy writes: new, moved and cancelled appointments, not "
        "whether the client came. Partners may ask 200 times a minute."
    ),
    cost="Free. A partner key is given by Booksy only, on its own terms.",
    settings=SETTINGS,
    host_field="host",
    budget=Budget(per_second=3.0, at_once=4),
)  # fmt: skip

VENDOR = Vendor(
    manifest=MANIFEST,
    read=read,
    open=BooksyClient,
    oauth=None,
    webhooks=BooksyWebhooks(),
    commands=COMMANDS,
)

__all__ = ["MANIFEST", "VENDOR"]
