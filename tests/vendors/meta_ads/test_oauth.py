"""Signing in through the simulated dialog: codes, tokens, renewal, withdrawal."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.vendors.meta_ads.meta_world import APP, BROWSER, NOW, Meta, meta

from bookingbridge.canonical.errors import AuthExpired, Rejected
from bookingbridge.canonical.ports import Tokens
from bookingbridge.vendors.meta_ads import VENDOR
from bookingbridge.vendors.meta_ads.oauth import MetaOAuth, appsecret_proof

BACK = "https://bridge.example.com/oauth/callback"
OAUTH = MetaOAuth()


def dialog(there: Meta, app: dict[str, str] = APP) -> str:
    return OAUTH.authorize_url(there.base_url, app, state="s 1&", redirect_uri=BACK, verifier="v")


def answered(there: Meta, answer: str, **ticked: str) -> dict[str, str]:
    """What the person's browser brings back."""
    url = dialog(there)
    form = {k: v[0] for k, v in parse_qs(urlsplit(url).query).items()}
    back = BROWSER.post(url, data=form | {"answer": answer} | ticked, follow_redirects=False)
    assert back.status_code == 302
    parts = urlsplit(back.headers["location"])
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == BACK
    return {k: v[0] for k, v in parse_qs(parts.query).items()}


def exchanged(there: Meta, code: str, *, app: dict[str, str] = APP, back: str = BACK) -> Tokens:
    return there.sign_in(
        lambda http: OAUTH.exchange(
            http, there.base_url, app, code=code, redirect_uri=back, verifier="v", now=there.now
        )
    )


def renewed(there: Meta, tokens: Tokens) -> Tokens:
    return there.sign_in(lambda http: OAUTH.refresh(http, there.base_url, APP, tokens, now=there.now))


def test_a_person_who_agrees_gives_us_a_token_for_sixty_days() -> None:
    with meta() as there:
        brought = answered(there, "allow", allow_ads_read="1")
        assert brought["state"] == "s 1&"
        there.tokens = exchanged(there, brought["code"])
        assert there.tokens.expires_at == NOW + timedelta(seconds=5_183_944)
        assert there.tokens.refresh is None
        assert there.tokens.extra == {
            "appsecret_proof": appsecret_proof(APP["FACEBOOK_APP_SECRET"], there.tokens.access)
        }
        assert there.talk(lambda client: client.check()).granted == ("ads_read", "public_profile")


def test_a_person_who_declines_sends_us_back_without_a_code() -> None:
    with meta() as there:
        brought = answered(there, "deny")
    assert brought["error"] == "access_denied"
    assert brought["state"] == "s 1&"
    assert "code" not in brought


def test_an_unticked_permission_is_seen_as_missing() -> None:
    with meta() as there:
        there.tokens = exchanged(there, answered(there, "allow")["code"])
        assert there.talk(lambda client: client.check()).missing == ("ads_read",)


def test_the_dialog_names_what_is_asked_and_who_asks() -> None:
    with meta() as there:
        shown = BROWSER.get(dialog(there))
        stranger = BROWSER.get(dialog(there, APP | {"FACEBOOK_APP_ID": "1"}))
    assert shown.status_code == 200
    assert "ads_read" in shown.text
    assert "Cedar &amp; Co" in shown.text
    assert stranger.status_code == 400


def test_a_code_is_good_once_soon_and_for_its_own_address() -> None:
    with meta() as there:
        used = answered(there, "allow", allow_ads_read="1")["code"]
        exchanged(there, used)
        late, moved = (answered(there, "allow", allow_ads_read="1")["code"] for _ in range(2))
        with pytest.raises(Rejected, match="redirect_uri"):
            exchanged(there, moved, back=BACK + "/other")
        there.at(NOW + timedelta(minutes=11))
        for code in (used, late, "invented"):
            with pytest.raises(Rejected):
                exchanged(there, code)


@pytest.mark.parametrize("wrong", [{"FACEBOOK_APP_SECRET": "x"}, {"FACEBOOK_APP_ID": "x"}])
def test_a_wrong_app_is_told_apart_from_a_wrong_code(wrong: dict[str, str]) -> None:
    with meta() as there:
        code = answered(there, "allow", allow_ads_read="1")["code"]
        with pytest.raises(Rejected, match="FACEBOOK_APP_SECRET"):
            exchanged(there, code, app=APP | wrong)


def test_a_valid_token_is_renewed_and_an_expired_one_is_not() -> None:
    with meta() as there:
        first = exchanged(there, answered(there, "allow", allow_ads_read="1")["code"])
        there.at(NOW + timedelta(days=30))
        second = renewed(there, first)
        assert second.access != first.access
        assert second.expires_at == there.now + timedelta(seconds=5_183_944)
        there.at(NOW + timedelta(days=95))
        for tokens in (first, second, Tokens(access="EAABunknown")):
            with pytest.raises(AuthExpired):
                renewed(there, tokens)
        there.tokens = second
        with pytest.raises(AuthExpired):
            there.talk(lambda client: client.check())


def test_a_token_that_never_ends_is_renewed_into_itself() -> None:
    with meta() as there:
        tokens = renewed(there, there.tokens)
    assert (tokens.access, tokens.expires_at) == (there.tokens.access, None)


def test_after_withdrawal_the_token_is_dead_and_withdrawing_again_is_fine() -> None:
    with meta() as there:
        there.tokens = exchanged(there, answered(there, "allow", allow_ads_read="1")["code"])
        for _ in range(2):
            there.sign_in(lambda http: OAUTH.revoke(http, there.base_url, APP, there.tokens))
        with pytest.raises(AuthExpired):
            there.talk(lambda client: client.check())


def test_no_secret_is_in_an_address() -> None:
    with meta() as there:
        tokens = exchanged(there, answered(there, "allow", allow_ads_read="1")["code"])
        renewed(there, tokens)
        asked = [r["query"] for r in there.requests()]
    assert not [q for q in asked if APP["FACEBOOK_APP_SECRET"] in q or tokens.access in q]


def test_the_real_dialog_is_on_its_own_host() -> None:
    url = OAUTH.authorize_url(VENDOR.manifest.hosts["production"], APP, state="s", redirect_uri=BACK, verifier="v")
    assert url.startswith("https://www.facebook.com/v26.0/dialog/oauth?client_id=")
    asked = parse_qs(urlsplit(url).query)
    assert asked["scope"] == ["ads_read"]
    assert asked["redirect_uri"] == [BACK]


def test_an_app_with_login_for_business_asks_by_its_configuration() -> None:
    app = APP | {"FACEBOOK_LOGIN_CONFIG_ID": "42"}
    asked = parse_qs(
        urlsplit(OAUTH.authorize_url("http://127.0.0.1:1", app, state="s", redirect_uri=BACK, verifier="v")).query
    )
    assert asked["config_id"] == ["42"]
    assert "scope" not in asked
