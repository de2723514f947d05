"""Signing in for calendars through the simulated consent page: both permissions, renewal, withdrawal."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.vendors.google_calendar.calendar_world import APP, BROWSER, NOW, SALON, SCOPES, Google, google

from bookingbridge.canonical.errors import AuthExpired, Rejected
from bookingbridge.canonical.ports import Tokens
from bookingbridge.vendors.google_calendar import VENDOR
from bookingbridge.vendors.google_calendar.oauth import CALENDARS, EVENTS, OAUTH

BACK = "https://bridge.example.com/oauth/callback"
VERIFIER = "v" * 64


def allowed(there: Google, scopes: tuple[str, ...] = SCOPES) -> str:
    """The code that a person's consent brings."""
    url = OAUTH.authorize_url(there.base_url, APP, state="s", redirect_uri=BACK, verifier=VERIFIER)
    form = {k: v[0] for k, v in parse_qs(urlsplit(url).query).items()}
    ticked = {f"allow_{scope}": "1" for scope in scopes}
    back = BROWSER.post(url, data=form | ticked | {"answer": "allow"}, follow_redirects=False)
    return parse_qs(urlsplit(back.headers["location"]).query)["code"][0]


def exchanged(there: Google, code: str, verifier: str = VERIFIER) -> Tokens:
    return there.with_http(
        lambda http: OAUTH.exchange(
            http, there.base_url, APP, code=code, redirect_uri=BACK, verifier=verifier, now=there.now
        )
    )


def test_a_person_who_agrees_gives_us_tokens_for_an_hour_that_can_be_renewed() -> None:
    with google() as there:
        there.tokens = exchanged(there, allowed(there))
        assert there.tokens.scopes == tuple(sorted(SCOPES))
        assert there.talk(lambda client: client.check()).remote_id == SALON
        there.at(NOW + timedelta(hours=2))
        with pytest.raises(AuthExpired):
            there.read()
        there.tokens = there.with_http(
            lambda http: OAUTH.refresh(http, there.base_url, APP, there.tokens, now=there.now)
        )
        assert there.read()


@pytest.mark.parametrize("left", [(EVENTS,), (CALENDARS,), ()])
def test_a_permission_that_was_left_out_is_seen_before_anything_is_read(left: tuple[str, ...]) -> None:
    with google() as there:
        there.tokens = exchanged(there, allowed(there, left))
        if left:
            with pytest.raises(AuthExpired, match="permission"):
                there.talk(lambda client: client.check())
        assert there.tokens.scopes == left


def test_a_stolen_code_is_of_no_use_and_after_withdrawal_nothing_is() -> None:
    with google() as there:
        with pytest.raises(Rejected):
            exchanged(there, allowed(there), verifier="x" * 64)
        there.tokens = exchanged(there, allowed(there))
        for _ in range(2):
            there.with_http(lambda http: OAUTH.revoke(http, there.base_url, APP, there.tokens))
        with pytest.raises(AuthExpired):
            there.read()


def test_the_real_consent_page_is_google_s_and_asks_for_the_least() -> None:
    base = VENDOR.manifest.hosts["production"]
    url = OAUTH.authorize_url(base, APP, state="s", redirect_uri=BACK, verifier=VERIFIER)
    asked = {k: v[0] for k, v in parse_qs(urlsplit(url).query).items()}
    assert url.startswith("https://accounts.google.com/o/oauth2/v2/auth?")
    assert set(asked["scope"].split()) == {scope.name for scope in VENDOR.manifest.scopes} == set(SCOPES)
    assert (asked["access_type"], asked["prompt"], asked["code_challenge_method"]) == ("offline", "consent", "S256")


def test_the_consent_page_says_who_asks_for_what() -> None:
    with google() as there:
        url = OAUTH.authorize_url(there.base_url, APP, state="s", redirect_uri=BACK, verifier=VERIFIER)
        shown = BROWSER.get(url)
    assert "View and edit events on all your calendars" in shown.text
    assert "Salon" in shown.text
