"""Square: bookings (read and written), clients, services, team, payments and payouts of a business."""

from __future__ import annotations

from datetime import timedelta

from bookingbridge.canonical.ports import Ability, Auth, AuthField, Manifest, Vendor
from bookingbridge.vendors.square.client import SquareClient
from bookingbridge.vendors.square.oauth import APP_ID, APP_SECRET, APP_TOKEN, SquareOAuth
from bookingbridge.vendors.square.permissions import SCOPES
from bookingbridge.vendors.square.read import read
from bookingbridge.vendors.square.streams import STREAMS
from bookingbridge.vendors.square.subscribing import SquareSubscribing
from bookingbridge.vendors.square.webhooks import SquareWebhooks
from bookingbridge.vendors.square.wire import API_VERSION
from bookingbridge.vendors.square.writing import COMMANDS

MANIFEST = Manifest(
    name="square",
    title="Square",
    tagline="Your appointments, clients, services, team, payments and payouts; books, moves and cancels.",
    abilities=frozenset(
        {
            Ability.BOOKINGS, Ability.CLIENTS, Ability.CATALOG, Ability.TEAM, Ability.PAYMENTS, Ability.WEBHOOKS,
            Ability.PAYOUTS, Ability.WRITE_BOOKINGS,
        }
    ),
    auth=(Auth.OAUTH, Auth.TOKEN),
    scopes=SCOPES,
    app_fields=(
        AuthField(APP_ID, "Application ID", "Developer Console, your application, OAuth.", is_secret=False),
        AuthField(APP_SECRET, "Application secret", "The same page, behind Show."),
        AuthField(
            APP_TOKEN, "Application's access token",
            "The same application, Credentials: its own access token. With it webhooks register themselves.",
            is_required=False,
        ),
    ),
    token_fields=(
        AuthField(
            "access_token", "Access token",
            "Developer Console, your application, Credentials: the access token of your own account.",
        ),
    ),
    webhook_fields=(
        AuthField(
            "signature_key", "Signature key",
            "Developer Console, your application, Webhooks: shown beside the subscription you made. Not needed where "
            "webhooks registered themselves.",
        ),
    ),
    streams=STREAMS,
    api_version=API_VERSION,
    hosts={"production": "https://connect.squareup.com", "sandbox": "https://connect.squareupsandbox.com"},
    allowed_hosts=frozenset({"connect.squareup.com", "connect.squareupsandbox.com"}),
    every=timedelta(minutes=15),
    docs="https://developer.squareup.com/docs/bookings-api/what-it-is",
    limits=(
        "Square publishes no numbers for its rate limit; we slow down when asked. Bookings reach back a year unless "
        "set otherwise (history_days). On each run the last 7 and the next 60 days are compared; changes farther away "
        "come by webhook or with the next full import. Disputes are not read."
    ),
    cost=(
        "The API is free. Reading needs no paid plan; booking, moving and cancelling from here needs Appointments Plus "
        "or Premium."
    ),
)  # fmt: skip

VENDOR = Vendor(
    manifest=MANIFEST,
    read=read,
    open=SquareClient,
    oauth=SquareOAuth(),
    webhooks=SquareWebhooks(),
    subscribing=SquareSubscribing(),
    commands=COMMANDS,
)

__all__ = ["MANIFEST", "VENDOR"]
