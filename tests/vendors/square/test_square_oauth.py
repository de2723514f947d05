"""Signing in at Square through its consent page, over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from tests.vendors.square import worlds
from tests.vendors.square.worlds import MERCHANT, NOW, Square

from bookingbridge.canonical.errors import AuthExpired, Rejected
from bookingbridge.canonical.ports import Tokens
from bookingbridge.vendorkit import oauth
from bookingbridge.vendors.square.oauth import APP_ID, APP_SECRET, SquareOAuth
from bookingbridge.vendors.square.permissions import SCOPES
from bookingbridge.vendors.square.simulator import CLIENT_ID, CLIENT_SECRET

APP = {APP_ID: CLIENT_ID, APP_SECRET: CLIENT_SECRET}
BACK = "https://bridge.example.com/api/v1/oauth/callback"


def talk(square: Square, act: Callable[[SquareOAuth, Any], Awaitable[Any]]) -> Any:
    async def go() -> Any:
        async with worlds.transport(square.now) as http:
            return await act(SquareOAuth(), http)

    return asyncio.run(go())


def consent(square: Square, decision: str = "allow", url: str | None = None) -> dict[str, list[str]]:
    """What the redirect carries after the person decided."""
    asked = url or SquareOAuth().authorize_url(
        square.base_url, APP, state="state-1", redirect_uri=BACK, verifier="unused"
    )
    page = square.control.get(asked)
    assert page.status_code == 200
    fields = {name: values[0] for name, values in parse_qs(urlsplit(asked).query).items()}
    answer = square.control.post(
        "/oauth2/authorize", data={**fields, "merchant_id": MERCHANT, "decision": decision}, follow_redirects=False
    )
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(BACK + "?")
    return parse_qs(urlsplit(answer.headers["location"]).query)


def exchange(square: Square, code: str, app: dict[str, str] = APP) -> Tokens:
    tokens: Tokens = talk(
        square,
        lambda way, http: way.exchange(
            http, square.base_url, app, code=code, redirect_uri=BACK, verifier="unused", now=square.now()
        ),
    )
    return tokens


def test_the_consent_page_names_the_business_and_every_permission() -> None:
    with worlds.square() as square:
        url = SquareOAuth().authorize_url(square.base_url, APP, state="s", redirect_uri=BACK, verifier="v")
        page = square.control.get(url).text
    assert "North Hair" in page
    assert all(scope.name in page for scope in SCOPES)
    assert parse_qs(urlsplit(url).query)["session"] == ["false"]


def test_an_allowed_sign_in_gives_tokens_for_thirty_days_that_work() -> None:
    with worlds.square() as square:
        answer = consent(square)
        assert answer["state"] == ["state-1"]
        tokens = exchange(square, answer["code"][0])
        assert tokens.expires_at == NOW + timedelta(days=30)
        assert tokens.extra == {"merchant_id": MERCHANT}
        assert Square(square.base_url, tokens, square.control).talk(lambda c: c.check()).remote_id == MERCHANT


def test_a_denied_sign_in_brings_no_code() -> None:
    with worlds.square() as square:
        answer = consent(square, "deny")
    assert answer["error"] == ["access_denied"]
    assert "code" not in answer


def test_a_code_works_once_and_for_five_minutes() -> None:
    with worlds.square() as square:
        code = consent(square)["code"][0]
        exchange(square, code)
        with pytest.raises(Rejected):
            exchange(square, code)
        late = consent(square)["code"][0]
        square.tell("/_sim/clock", offset_seconds=301)
        with pytest.raises(Rejected):
            exchange(square, late)


def test_a_code_is_worthless_without_the_applications_secret() -> None:
    with worlds.square() as square:
        code = consent(square)["code"][0]
        with pytest.raises(Rejected) as refused:
            exchange(square, code, APP | {APP_SECRET: "guessed-canary"})
    assert "canary" not in str(refused.value)


def test_renewing_gives_a_new_access_token_and_the_same_refresh_token() -> None:
    with worlds.square() as square:
        tokens = exchange(square, consent(square)["code"][0])
        square.tell("/_sim/clock", offset_seconds=7 * 24 * 3600)
        renewed = talk(square, lambda way, http: way.refresh(http, square.base_url, APP, tokens, now=square.now()))
        assert renewed.access != tokens.access
        assert renewed.refresh == tokens.refresh
        assert renewed.expires_at == NOW + timedelta(days=37)
        assert renewed.extra == tokens.extra


def test_renewing_what_was_revoked_asks_the_owner_to_reconnect() -> None:
    with worlds.square() as square:
        tokens = exchange(square, consent(square)["code"][0])
        square.tell("/_sim/revoke", merchant_id=MERCHANT)
        with pytest.raises(AuthExpired):
            talk(square, lambda way, http: way.refresh(http, square.base_url, APP, tokens, now=square.now()))
        with pytest.raises(AuthExpired):
            talk(square, lambda way, http: way.refresh(http, square.base_url, APP, Tokens("a"), now=square.now()))


def test_revoking_ends_the_access_and_may_be_done_twice() -> None:
    with worlds.square() as square:
        tokens = exchange(square, consent(square)["code"][0])
        for _ in range(2):
            talk(square, lambda way, http: way.revoke(http, square.base_url, APP, tokens))
        with pytest.raises(AuthExpired):
            Square(square.base_url, tokens, square.control).talk(lambda c: c.check())


def test_revoking_with_a_wrong_secret_is_rejected_and_ends_nothing() -> None:
    with worlds.square() as square:
        tokens = exchange(square, consent(square)["code"][0])
        wrong = APP | {APP_SECRET: "guessed"}
        with pytest.raises(Rejected):
            talk(square, lambda way, http: way.revoke(http, square.base_url, wrong, tokens))
        assert Square(square.base_url, tokens, square.control).talk(lambda c: c.check()).remote_id == MERCHANT


def test_a_sign_in_for_an_unknown_application_or_to_no_url_is_not_shown() -> None:
    with worlds.square() as square:
        for change in ({"client_id": "other"}, {"redirect_uri": "javascript:alert(1)"}, {"scope": ""}):
            query = {"client_id": CLIENT_ID, "redirect_uri": BACK, "scope": "ITEMS_READ", "state": "s"} | change
            assert square.control.get("/oauth2/authorize", params=query).status_code == 400
            form = query | {"decision": "allow", "merchant_id": MERCHANT}
            assert square.control.post("/oauth2/authorize", data=form).status_code == 400


def test_what_a_stranger_puts_into_the_address_is_text_on_the_consent_page() -> None:
    with worlds.square() as square:
        query = {"client_id": CLIENT_ID, "redirect_uri": BACK, "scope": "<script>x</script>", "state": '"><b>'}
        page = square.control.get("/oauth2/authorize", params=query).text
    assert "<script>x" not in page
    assert '"><b>' not in page


def test_the_simulator_knows_the_flow_with_a_challenge_whose_refresh_token_works_once() -> None:
    verifier = oauth.verifier(b"7" * 48)
    with worlds.square() as square:
        base = SquareOAuth().authorize_url(square.base_url, APP, state="state-1", redirect_uri=BACK, verifier="")
        url = oauth.with_query(base, {"code_challenge": oauth.challenge(verifier)})
        code = consent(square, url=url)["code"][0]

        def ask(**body: str) -> httpx2.Response:
            return square.control.post("/oauth2/token", json={"client_id": CLIENT_ID, **body})

        wrong = ask(grant_type="authorization_code", code=code, code_verifier="x" * 43)
        assert wrong.status_code == 401
        first = ask(grant_type="authorization_code", code=code, code_verifier=verifier).json()
        assert first["refresh_token_expires_at"]
        second = ask(grant_type="refresh_token", refresh_token=first["refresh_token"]).json()
        assert second["refresh_token"] != first["refresh_token"]
        assert ask(grant_type="refresh_token", refresh_token=first["refresh_token"]).status_code == 401
