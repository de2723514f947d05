"""Signing in at the simulated Acuity as a browser would, and taking the access back."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from tests.vendors.acuity import worlds
from tests.vendors.acuity.worlds import ACCOUNT, NOW, Acuity

from bookingbridge.canonical.errors import AuthExpired, Rejected, Unreachable
from bookingbridge.canonical.ports import Tokens
from bookingbridge.vendors.acuity.oauth import CLIENT_ID, CLIENT_SECRET, AcuityOAuth

APP = {CLIENT_ID: "simulated-app", CLIENT_SECRET: "simulated-secret"}
BACK = "https://bridge.example.com/api/v1/oauth/callback"
WAY = AcuityOAuth()


def authorize_url(acuity: Acuity, app: dict[str, str] = APP) -> str:
    return WAY.authorize_url(acuity.base_url, app, state="st 1", redirect_uri=BACK, verifier="v")


def decide(acuity: Acuity, decision: str, account: str = str(ACCOUNT)) -> dict[str, list[str]]:
    """What comes back after the consent page."""
    url = authorize_url(acuity)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    form = {**asked, "decision": decision, "account": account}
    answer = httpx2.post(url.partition("?")[0], data=form, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"].startswith(BACK)
    return parse_qs(urlsplit(answer.headers["location"]).query)


def exchange(acuity: Acuity, code: str, app: dict[str, str] = APP, back: str = BACK) -> Tokens:
    return acuity.over(
        lambda http: WAY.exchange(http, acuity.base_url, app, code=code, redirect_uri=back, verifier="v", now=NOW)
    )


def test_the_consent_page_shows_who_wants_what_and_every_input_has_a_label() -> None:
    with worlds.acuity() as acuity:
        shown = httpx2.get(authorize_url(acuity))
    assert shown.status_code == 200
    assert "North Hair" in shown.text
    assert '<label for="account">' in shown.text
    assert "nothing here is real" in shown.text


def test_allowing_gives_a_token_that_works_and_never_ends() -> None:
    with worlds.acuity() as acuity:
        came_back = decide(acuity, "allow")
        assert came_back["state"] == ["st 1"]
        tokens = exchange(acuity, came_back["code"][0])
        assert (tokens.refresh, tokens.expires_at, tokens.scopes) == (None, None, ("api-v1",))
        acuity.tokens = tokens
        account = acuity.talk(lambda client: client.check())
        assert (account.remote_id, account.granted, account.missing) == (str(ACCOUNT), ("api-v1",), ())
        assert len(acuity.raws("appointments")) > 100
    assert tokens.access not in repr(tokens)


def test_a_code_works_once_for_the_same_address_and_app() -> None:
    with worlds.acuity() as acuity:
        code = decide(acuity, "allow")["code"][0]
        for app, back in ((APP, BACK + "/other"), ({**APP, CLIENT_SECRET: "wrong"}, BACK)):
            with pytest.raises(Rejected):
                exchange(acuity, code, app, back)
        exchange(acuity, code)
        with pytest.raises(Rejected) as used:
            exchange(acuity, code)
        assert used.value.code == "invalid_grant"


def test_denying_gives_nothing() -> None:
    with worlds.acuity() as acuity:
        assert decide(acuity, "deny") == {"error": ["access_denied"], "state": ["st 1"]}
        assert decide(acuity, "allow", "999")["error"] == ["access_denied"]


def test_an_unknown_app_is_shown_no_consent_page_and_is_sent_nowhere() -> None:
    with worlds.acuity() as acuity:
        answer = httpx2.get(authorize_url(acuity, {**APP, CLIENT_ID: "unheard-of"}), follow_redirects=False)
    assert (answer.status_code, "not known" in answer.text) == (400, True)


def test_access_given_back_is_gone_and_giving_it_back_again_succeeds() -> None:
    with worlds.acuity() as acuity:
        one = acuity.signed_in()
        for _ in range(2):
            one.over(lambda http: WAY.revoke(http, one.base_url, APP, one.tokens))
        with pytest.raises(AuthExpired):
            one.talk(lambda client: client.check())
        acuity.talk(lambda client: client.check())  # the pasted key is another matter


def test_access_that_could_not_be_given_back_is_told() -> None:
    with worlds.acuity() as acuity:
        one = acuity.signed_in()
        acuity.tell("/_sim/faults", fault="500", times=None, match={"path_prefix": "/oauth2"})
        with pytest.raises(Unreachable):
            one.over(lambda http: WAY.revoke(http, one.base_url, APP, one.tokens))


def test_nothing_is_renewed() -> None:
    with worlds.acuity() as acuity, pytest.raises(AuthExpired):
        acuity.over(lambda http: WAY.refresh(http, acuity.base_url, APP, Tokens("t"), now=NOW))


def test_what_is_sent_is_a_form() -> None:
    """The simulated Acuity takes nothing else, as Acuity does; a JSON body would give no token."""
    with worlds.acuity() as acuity:
        code = decide(acuity, "allow")["code"][0]
        body = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "client_id": "simulated-app",
                "client_secret": "simulated-secret"}  # fmt: skip
        assert httpx2.post(f"{acuity.base_url}/oauth2/token", json=body).status_code == 401
        assert httpx2.post(f"{acuity.base_url}/oauth2/token", data=body).status_code == 200
