"""Meta Ads: what the campaigns on Facebook and Instagram cost and brought, day by day. Read only."""

from __future__ import annotations

from datetime import timedelta

from bookingbridge.canonical.ports import Ability, Auth, AuthField, Manifest, Scope, Stream, Vendor
from bookingbridge.vendors.meta_ads.client import SETTLING_DAYS, MetaClient
from bookingbridge.vendors.meta_ads.oauth import API_VERSION, SCOPE, MetaOAuth
from bookingbridge.vendors.meta_ads.read import read
from bookingbridge.vendors.meta_ads.webhooks import MetaWebhooks, challenge

MANIFEST = Manifest(
    name="meta_ads",
    title="Meta Ads",
    tagline="What your Facebook and Instagram campaigns cost and brought, day by day.",
    abilities=frozenset({Ability.AD_SPEND, Ability.WEBHOOKS}),
    auth=(Auth.OAUTH, Auth.TOKEN),
    scopes=(Scope(SCOPE, "Reads campaigns and their daily spend, clicks and views. Nothing can be changed with it."),),
    app_fields=(
        AuthField("FACEBOOK_APP_ID", "App ID", "App settings, Basic, at developers.facebook.com.", is_secret=False),
        AuthField("FACEBOOK_APP_SECRET", "App secret", "The same page, behind Show."),
        AuthField(
            "FACEBOOK_LOGIN_CONFIG_ID", "Login configuration",
            "Only for apps with Facebook Login for Business: the configuration that asks for ads_read.",
            is_secret=False, is_required=False,
        ),
    ),
    token_fields=(
        AuthField(
            "access_token", "Access token",
            "A system user's token with ads_read (Business Settings, System users), or a long-lived user token.",
        ),
        AuthField(
            "app_secret", "App secret", "Needed where the app requires proof of its secret with every call.",
            is_required=False,
        ),
    ),
    webhook_fields=(AuthField("app_secret", "App secret", "Meta signs every webhook with it."),),
    streams=(
        Stream("campaigns", "campaign", "Campaigns"),
        Stream("ad_days", "ad_day", "Daily spend", needs=("campaigns",), overlap=timedelta(days=SETTLING_DAYS)),
    ),
    api_version=API_VERSION,
    hosts={"production": "https://graph.facebook.com"},
    allowed_hosts=frozenset({"graph.facebook.com"}),
    every=timedelta(hours=1),
    docs="https://developers.facebook.com/docs/marketing-api/insights",
    limits=(
        "Meta counts calls per ad account and hour: 600 and 400 more per active ad with Standard access to the Ads "
        "Insights feature, 190,000 and more with Advanced. A run takes 3 calls. History reaches back 37 months."
    ),
    cost="Free.",
)  # fmt: skip

VENDOR = Vendor(
    manifest=MANIFEST,
    read=read,
    open=MetaClient,
    oauth=MetaOAuth(),
    webhooks=MetaWebhooks(),
    handshake=challenge,
)

__all__ = ["MANIFEST", "VENDOR"]
