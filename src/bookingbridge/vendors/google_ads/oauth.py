"""Signing in with Google for its ads: see vendorkit.google_oauth."""

from __future__ import annotations

from bookingbridge.vendorkit.google_oauth import GoogleSignIn

SCOPE = "https://www.googleapis.com/auth/adwords"


class GoogleOAuth(GoogleSignIn):
    """Google's sign-in for the one permission there is.

    Developer tokens ended on 9 September 2026; one that is still there does no harm, and older projects want it.
    """

    def __init__(self) -> None:
        super().__init__(
            "googleads.googleapis.com",
            (SCOPE,),
            "GOOGLE_ADS_CLIENT_ID",
            "GOOGLE_ADS_CLIENT_SECRET",
            (("developer_token", "GOOGLE_ADS_DEVELOPER_TOKEN"),),
        )
