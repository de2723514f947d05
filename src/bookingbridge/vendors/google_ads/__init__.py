"""Google Ads: what the campaigns on Search, YouTube, Maps and partners cost and brought, day by day. Read only."""

from __future__ import annotations

from datetime import timedelta

from bookingbridge.canonical.ports import Ability, Auth, AuthField, Manifest, Scope, Stream, Vendor
from bookingbridge.vendors.google_ads.client import API_VERSION, SETTLING_DAYS, GoogleAdsClient
from bookingbridge.vendors.google_ads.oauth import SCOPE, GoogleOAuth
from bookingbridge.vendors.google_ads.read import read

MANIFEST = Manifest(
    name="google_ads",
    title="Google Ads",
    tagline="What your Google campaigns cost and brought, day by day.",
    abilities=frozenset({Ability.AD_SPEND}),
    auth=(Auth.OAUTH, Auth.TOKEN),
    scopes=(
        Scope(SCOPE, "The only permission Google has for ads. We read campaigns and their days; we change nothing."),
    ),
    app_fields=(
        AuthField(
            "GOOGLE_ADS_CLIENT_ID", "Client ID",
            "Google Cloud console, APIs and services, Credentials: an OAuth client of the type Web application.",
            is_secret=False,
        ),
        AuthField("GOOGLE_ADS_CLIENT_SECRET", "Client secret", "The same page."),
        AuthField(
            "GOOGLE_ADS_DEVELOPER_TOKEN", "Developer token",
            "No longer needed since 9 September 2026. Leave it empty unless your project still sends one.",
            is_required=False,
        ),
    ),
    token_fields=(
        AuthField("refresh_token", "Refresh token", "One you hold already, for instance in a google-ads.yaml."),
        AuthField(
            "client_id", "Client ID", "Of the OAuth client that the refresh token was made with.", is_secret=False
        ),
        AuthField("client_secret", "Client secret", "Of the same OAuth client."),
        AuthField("developer_token", "Developer token", "Only where your project still sends one.", is_required=False),
    ),
    webhook_fields=(),
    streams=(
        Stream("campaigns", "campaign", "Campaigns"),
        Stream("ad_days", "ad_day", "Daily spend", needs=("campaigns",), overlap=timedelta(days=SETTLING_DAYS)),
    ),
    api_version=API_VERSION,
    hosts={"production": "https://googleads.googleapis.com"},
    allowed_hosts=frozenset({"googleads.googleapis.com", "oauth2.googleapis.com"}),
    every=timedelta(hours=1),
    docs="https://developers.google.com/google-ads/api/docs/start",
    limits=(
        "Google counts operations per Google Cloud project and day: 2,880 with Explorer access, 15,000 with Basic. "
        "A run takes about five. History reaches back 37 months."
    ),
    cost="Free.",
)  # fmt: skip

VENDOR = Vendor(manifest=MANIFEST, read=read, open=GoogleAdsClient, oauth=GoogleOAuth(), webhooks=None)

__all__ = ["MANIFEST", "VENDOR"]
