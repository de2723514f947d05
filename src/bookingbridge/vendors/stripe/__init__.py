"""Stripe: payments, refunds, disputes, payouts and fees, and payment links for deposits."""

from __future__ import annotations

from datetime import timedelta

from bookingbridge.canonical.commands import RequestPayment
from bookingbridge.canonical.ports import Ability, Auth, AuthField, Budget, Manifest, Setting, Vendor
from bookingbridge.vendors.stripe.client import ACCOUNT_ID, StripeClient
from bookingbridge.vendors.stripe.oauth import CLIENT_ID, CONNECT_HOST, PLATFORM_KEY, StripeOAuth
from bookingbridge.vendors.stripe.permissions import SCOPES
from bookingbridge.vendors.stripe.progress import HISTORY_DAYS
from bookingbridge.vendors.stripe.read import read
from bookingbridge.vendors.stripe.streams import STREAMS
from bookingbridge.vendors.stripe.subscribing import StripeSubscribing
from bookingbridge.vendors.stripe.webhooks import StripeWebhooks
from bookingbridge.vendors.stripe.wire import API_VERSION

MANIFEST = Manifest(
    name="stripe",
    title="Stripe",
    tagline="Your payments, refunds, disputes, payouts and fees; payment links for deposits.",
    abilities=frozenset(
        {Ability.PAYMENTS, Ability.CLIENTS, Ability.PAYOUTS, Ability.DEPOSITS, Ability.WEBHOOKS}
    ),
    auth=(Auth.TOKEN, Auth.OAUTH),
    scopes=SCOPES,
    app_fields=(
        AuthField(CLIENT_ID, "Connect client ID", "Stripe Dashboard, Settings, Connect, Onboarding options, OAuth.",
                  is_secret=False),
        AuthField(PLATFORM_KEY, "Platform secret key", "Developers, API keys, of the account that is the platform."),
    ),
    token_fields=(
        AuthField(
            "restricted_key", "Restricted key",
            "Stripe Dashboard, Developers, API keys, Create restricted key. It begins with rk_.",
        ),
        AuthField(
            ACCOUNT_ID, "Account ID",
            "Only where the test says that the key may not read it: Settings, Business, Account details; acct_…",
            is_secret=False, is_required=False,
        ),
    ),
    webhook_fields=(
        AuthField("signing_secret", "Signing secret", "Developers, Webhooks, your endpoint: it begins with whsec_."),
    ),
    streams=STREAMS,
    api_version=API_VERSION,
    # Test and live data are told apart by the key, not by the host (docs.stripe.com/keys, read 2026-11).
    hosts={"production": "https://api.stripe.com", "sandbox": "https://api.stripe.com"},
    allowed_hosts=frozenset({"api.stripe.com", CONNECT_HOST}),
    every=timedelta(minutes=15),
    docs="https://docs.stripe.com/api",
    limits=(
        "100 requests a second, 25 in test mode, of which we use at most 20. Payments reach back a year unless set "
        "otherwise. Changes are learnt from Stripe's events, which it keeps for 30 days; after a longer pause "
        "everything is read again. Which payments are in a payout is known for automatic payouts only."
    ),
    cost="The API is free. Stripe's own fees per payment apply, also to payments by link.",
    settings=(
        Setting("history_days", "Days of history", "How far back a full import reads payments, 1 to 3650.",
                default=str(HISTORY_DAYS)),
    ),
    # Global 100 a second live and 25 in test mode, 25 for one endpoint (docs.stripe.com/rate-limits, read 2026-11).
    budget=Budget(per_second=20, at_once=8),
)  # fmt: skip

VENDOR = Vendor(
    manifest=MANIFEST,
    read=read,
    open=StripeClient,
    oauth=StripeOAuth(),
    webhooks=StripeWebhooks(),
    subscribing=StripeSubscribing(),
    commands=frozenset({RequestPayment}),
)

__all__ = ["MANIFEST", "VENDOR"]
