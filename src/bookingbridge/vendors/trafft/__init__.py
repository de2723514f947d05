"""Trafft: appointments, clients, services, employees and locations of a Trafft account; new bookings can be made."""

from __future__ import annotations

from datetime import timedelta

from bookingbridge.canonical.commands import CreateBooking
from bookingbridge.canonical.ports import Ability, Auth, AuthField, Budget, Manifest, Vendor
from bookingbridge.vendors.trafft.address import ADDRESS, NOWHERE
from bookingbridge.vendors.trafft.client import STREAMS, TrafftClient
from bookingbridge.vendors.trafft.read import read
from bookingbridge.vendors.trafft.sign_in import FIELDS, sign_in
from bookingbridge.vendors.trafft.webhooks import TrafftWebhooks
from bookingbridge.vendors.trafft.wire import API_VERSION

MANIFEST = Manifest(
    name="trafft",
    title="Trafft",
    tagline="Your appointments, clients, services, employees and locations.",
    abilities=frozenset(
        {
            Ability.BOOKINGS, Ability.CLIENTS, Ability.CATALOG, Ability.TEAM, Ability.WEBHOOKS,
            Ability.WRITE_BOOKINGS,
        }
    ),
    auth=(Auth.TOKEN,),
    scopes=(),
    app_fields=(),
    token_fields=FIELDS,
    webhook_fields=(
        AuthField(
            "verification_token", "Verification token",
            "Trafft, Features & Integrations, Webhooks, the button Verification Token.",
        ),
    ),
    streams=STREAMS,
    api_version=API_VERSION,
    hosts={"production": NOWHERE},
    allowed_hosts=frozenset({"admin.trafft.com"}),
    every=timedelta(hours=1),
    docs="https://trafft.com/docs/custom-features/api/",
    limits=(
        "Trafft publishes no rate limit; we ask at most four times a second. There is no list of what changed, so "
        "every list is read whole on each run, and twice where it has several pages, to be sure that nothing was "
        "missed. No prices of appointments, no payments, no working hours. Bookings can be made, not moved or "
        "cancelled."
    ),
    cost=(
        "We charge nothing. Whether your Trafft plan has the API and webhooks is shown in Trafft under Features & "
        "Integrations; which plans have them could not be verified (November 2026)."
    ),
    host_field=ADDRESS,
    budget=Budget(per_second=4, at_once=2),
)  # fmt: skip

VENDOR = Vendor(
    manifest=MANIFEST,
    read=read,
    open=TrafftClient,
    oauth=None,
    webhooks=TrafftWebhooks(),
    sign_in=sign_in,
    commands=frozenset({CreateBooking}),
)

__all__ = ["MANIFEST", "VENDOR"]
