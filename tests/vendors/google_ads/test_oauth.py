"""Signing in through the simulated consent page: codes with PKCE, tokens, renewal, withdrawal."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.vendors.google_ads.google_world import APP, BROWSER, NOW, OWN, Google, google

from bookingbridge.canonical.errors import AuthExpired, Rejected
from bookingbridge.canonical.ports import Tokens
from bookingbridge.vendorkit.oauth import challenge
from bookingbridge.vendors.google_ads import VENDOR
from bookingbridge.vendors.google_ads.oauth import SCOPE, GoogleOAuth

BACK = "https://bridge.example.com/oauth/callback"
VERIFIER = "v" * 64
OAUTH = GoogleOAuth()


def answered(there: Google, answer: str, *, allowed: tuple[str, ...] = (SCOPE,)) -> dict[str, str]:
    """What the person's browser brings back."""
    url = OAUTH.authorize_url(there.base_url, APP, state="s 1&", redirect_uri=BACK, verifier=VERIFIER)
    form = {k: v[0] for k, v in parse_qs(urlsplit(url).query).items()}
    ticked = {f"allow_{scope}": "1" for scope in allowed}
    back = BROWSER.post(url, data=form | ticked | {"answer": answer}, follow_redirects=False)
    assert back.status_code == 302
    parts = urlsplit(back.headers["location"])
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == BACK
    return {k: v[0] for k, v in parse_qs(parts.query).items()}


def exchanged(
    there: Google, code: str, *, app: dict[str, str] = APP, back: str = BACK, verifier: str = VERIFIER
) -> Tokens:
    return there.sign_in(
        lambda http: OAUTH.exchange(
            http, there.base_url, app, code=code, redirect_uri=back, verifier=verifier, now=there.now
        )
    )


def renewed(there: Google, tokens: Tokens, app: dict[str, str] = APP) -> Tokens:
    return there.sign_in(lambda http: OAUTH.refresh(http, there.base_url, app, tokens, now=there.now))


def test_a_person_who_agrees_gives_us_tokens_that_work_for_an_hour_and_can_be_renewed() -> None:
    with google() as there:
        brought = answered(there, "allow")
        assert brought["state"] == "s 1&"
        there.tokens = exchanged(there, brought["code"])
        assert there.tokens.scopes == (SCOPE,)
        assert there.tokens.expires_at == NOW + timedelta(seconds=3599)
        assert there.talk(lambda client: client.check()).remote_id == OWN
        there.at(NOW + timedelta(hours=2))
        with pytest.raises(AuthExpired):
            there.read("campaigns")
        again = renewed(there, there.tokens)
        assert (again.refresh, again.scopes) == (there.tokens.refresh, (SCOPE,))
        there.tokens = again
        assert len(there.read("campaigns")[0].records) == 4


def test_a_person_who_declines_sends_us_back_without_a_code() -> None:
    with google() as there:
        assert answered(there, "deny") == {"error": "access_denied", "state": "s 1&"}


def test_a_permission_that_was_left_out_is_seen() -> None:
    with google() as there:
        there.tokens = exchanged(there, answered(there, "allow", allowed=())["code"])
        assert there.tokens.scopes == ()
        with pytest.raises(AuthExpired, match="permission"):
            there.talk(lambda client: client.check())


def test_a_code_is_good_once_soon_for_its_own_address_and_its_own_verifier() -> None:
    with google() as there:
        used = answered(there, "allow")["code"]
        exchanged(there, used)
        late, moved, stolen = (answered(there, "allow")["code"] for _ in range(3))
        with pytest.raises(Rejected, match="way back"):
            exchanged(there, moved, back=BACK + "/other")
        with pytest.raises(Rejected):
            exchanged(there, stolen, verifier="x" * 64)
        there.at(NOW + timedelta(minutes=11))
        for code in (used, late, "invented"):
            with pytest.raises(Rejected):
                exchanged(there, code)


def test_a_wrong_client_is_told_apart_from_a_wrong_code() -> None:
    with google() as there:
        code = answered(there, "allow")["code"]
        with pytest.raises(Rejected, match="GOOGLE_ADS_CLIENT_SECRET"):
            exchanged(there, code, app=APP | {"GOOGLE_ADS_CLIENT_SECRET": "x"})


def test_after_withdrawal_nothing_is_renewed_and_withdrawing_again_is_fine() -> None:
    with google() as there:
        there.tokens = exchanged(there, answered(there, "allow")["code"])
        for _ in range(2):
            there.sign_in(lambda http: OAUTH.revoke(http, there.base_url, APP, there.tokens))
        with pytest.raises(AuthExpired):
            renewed(there, there.tokens)
        with pytest.raises(AuthExpired):
            there.read("campaigns")


def test_without_a_refresh_token_only_signing_in_again_helps() -> None:
    with google() as there, pytest.raises(AuthExpired):
        renewed(there, Tokens(access="ya29.x"))


def test_a_developer_token_is_kept_beside_the_tokens_and_sent_along() -> None:
    app = APP | {"GOOGLE_ADS_DEVELOPER_TOKEN": "dev-canary"}
    with google() as there:
        tokens = exchanged(there, answered(there, "allow")["code"], app=app)
        assert tokens.extra == {"developer_token": "dev-canary"}
        assert renewed(there, tokens, app).extra == {"developer_token": "dev-canary"}
        assert "dev-canary" not in repr(there.requests())


def test_no_secret_is_in_an_address() -> None:
    with google() as there:
        tokens = renewed(there, exchanged(there, answered(there, "allow")["code"]))
        there.tokens = tokens
        there.read("campaigns")
        asked = "".join(r["query"] + r["path"] for r in there.requests())
    assert not [s for s in (tokens.access, tokens.refresh, APP["GOOGLE_ADS_CLIENT_SECRET"]) if s and s in asked]


def test_the_real_consent_page_is_on_its_own_host_and_asks_for_lasting_access() -> None:
    base = VENDOR.manifest.hosts["production"]
    url = OAUTH.authorize_url(base, APP, state="s", redirect_uri=BACK, verifier=VERIFIER)
    assert url.startswith("https://accounts.google.com/o/oauth2/v2/auth?")
    asked = {k: v[0] for k, v in parse_qs(urlsplit(url).query).items()}
    assert asked == {
        "client_id": APP["GOOGLE_ADS_CLIENT_ID"], "redirect_uri": BACK, "response_type": "code", "scope": SCOPE,
        "state": "s", "access_type": "offline", "prompt": "consent", "code_challenge": challenge(VERIFIER),
        "code_challenge_method": "S256",
    }  # fmt: skip


def test_the_consent_page_says_who_asks_for_what() -> None:
    with google() as there:
        url = OAUTH.authorize_url(there.base_url, APP, state="s", redirect_uri=BACK, verifier=VERIFIER)
        shown = BROWSER.get(url)
        stranger = BROWSER.get(url.replace(f"client_id={APP['GOOGLE_ADS_CLIENT_ID']}", "client_id=stranger"))
    assert "See, edit, create and delete your Google Ads accounts and data" in shown.text
    assert "Cedar &amp; Co" in shown.text
    assert "Willow" not in shown.text, "only accounts the person was invited to"
    assert stranger.status_code == 400
