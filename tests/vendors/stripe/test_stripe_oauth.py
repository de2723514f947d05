"""Signing in with Stripe Connect, and webhooks that are registered by ourselves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import httpx2
import pytest
from tests.vendors.square.receiving import receiving
from tests.vendors.stripe import worlds
from tests.vendors.stripe.worlds import ACCOUNT, NOW, Stripe

from bookingbridge.canonical.errors import AuthExpired, NotFound, Refused, Rejected
from bookingbridge.canonical.ports import Delivery, Given, Hint, Subscription, Tokens
from bookingbridge.vendorkit.http import Transport
from bookingbridge.vendors.stripe import MANIFEST
from bookingbridge.vendors.stripe.oauth import CLIENT_ID, PLATFORM_KEY, StripeOAuth
from bookingbridge.vendors.stripe.simulator import CLIENT_ID as APP
from bookingbridge.vendors.stripe.simulator import PLATFORM_SECRET
from bookingbridge.vendors.stripe.subscribing import ENDPOINTS, StripeSubscribing
from bookingbridge.vendors.stripe.webhooks import EVENTS, StripeWebhooks
from bookingbridge.vendors.stripe.wire import API_VERSION

WAY = StripeOAuth()
BACK = "https://bridge.example.com/api/v1/oauth/callback"
KEYS = {CLIENT_ID: APP, PLATFORM_KEY: PLATFORM_SECRET}
HOOK = "https://bridge.example.com/api/v1/webhooks/stripe/7"

T = TypeVar("T")


def ask(stripe: Stripe, act: Callable[[Transport], Awaitable[T]]) -> T:
    async def go() -> T:
        async with worlds.transport(stripe.now) as http:
            return await act(http)

    return asyncio.run(go())


def allowed(stripe: Stripe, decision: str = "allow") -> httpx2.URL:
    """Where the browser is sent to after the consent page."""
    url = httpx2.URL(WAY.authorize_url(stripe.base_url, KEYS, state="s t", redirect_uri=BACK, verifier=""))
    shown = stripe.control.get(str(url))
    assert shown.status_code == 200
    assert "North Hair" in shown.text
    form = dict(url.params) | {"account": ACCOUNT, "decision": decision}
    answer = stripe.control.post("/oauth/authorize", data=form, follow_redirects=False)
    assert answer.status_code == 303
    return httpx2.URL(answer.headers["location"])


def exchange(stripe: Stripe, code: str) -> Tokens:
    return ask(
        stripe,
        lambda http: WAY.exchange(
            http, stripe.base_url, KEYS, code=code, redirect_uri=BACK, verifier="", now=NOW
        ),
    )  # fmt: skip


def test_the_consent_page_is_on_connect_s_own_host_with_our_state() -> None:
    url = httpx2.URL(WAY.authorize_url(MANIFEST.hosts["production"], KEYS, state="s&x", redirect_uri=BACK, verifier=""))
    assert (url.scheme, url.host, url.path) == ("https", "connect.stripe.com", "/oauth/authorize")
    assert url.host in MANIFEST.allowed_hosts
    assert dict(url.params) == {
        "response_type": "code", "client_id": APP, "scope": "read_write", "state": "s&x", "redirect_uri": BACK,
        "stripe_landing": "login",
    }  # fmt: skip


def test_signing_in_gives_a_token_that_reaches_this_account_and_does_not_end() -> None:
    with worlds.stripe() as stripe:
        back = allowed(stripe)
        assert back.params["state"] == "s t"
        tokens = exchange(stripe, back.params["code"])
        assert (tokens.expires_at, tokens.scopes) == (None, ("read_write",))
        assert tokens.extra == {"stripe_user_id": ACCOUNT, "livemode": "false"}
        account = Stripe(stripe.base_url, tokens, stripe.control).talk(lambda client: client.check())
        assert (account.remote_id, account.missing) == (ACCOUNT, ())
        with pytest.raises(Rejected) as used:
            exchange(stripe, back.params["code"])
        assert used.value.code == "invalid_grant"
        assert PLATFORM_SECRET not in tokens.access


def test_a_code_is_good_for_five_minutes_and_a_denial_comes_back_as_one() -> None:
    with worlds.stripe() as stripe:
        code = allowed(stripe).params["code"]
        stripe.later(minutes=6)
        with pytest.raises(Rejected):
            exchange(stripe, code)
        denied = allowed(stripe, "deny")
        assert (denied.params["error"], denied.params["state"]) == ("access_denied", "s t")


def test_a_wrong_platform_key_and_a_wrong_client_are_refused() -> None:
    with worlds.stripe() as stripe:
        code = allowed(stripe).params["code"]
        with pytest.raises(Rejected) as refused:
            ask(
                stripe,
                lambda http: WAY.exchange(
                    http, stripe.base_url, KEYS | {PLATFORM_KEY: "sk_wrong"}, code=code, redirect_uri=BACK, verifier="",
                    now=NOW,
                ),
            )  # fmt: skip
        assert refused.value.code == "invalid_client"
        other = WAY.authorize_url(
            stripe.base_url, KEYS | {CLIENT_ID: "ca_other"}, state="s", redirect_uri=BACK, verifier=""
        )
        assert stripe.control.get(other).status_code == 400


def test_access_ends_by_us_or_by_the_owner_and_twice_is_no_error() -> None:
    with worlds.stripe() as stripe:
        tokens = exchange(stripe, allowed(stripe).params["code"])
        connected = Stripe(stripe.base_url, tokens, stripe.control)
        for _ in range(2):
            ask(stripe, lambda http: WAY.revoke(http, stripe.base_url, KEYS, tokens))
        with pytest.raises(AuthExpired):
            connected.talk(lambda client: client.check())
        again = exchange(stripe, allowed(stripe).params["code"])
        stripe.tell("/_sim/revoke", account=ACCOUNT)
        with pytest.raises(AuthExpired):
            Stripe(stripe.base_url, again, stripe.control).pages("payments")


def test_a_token_can_be_rolled_though_it_need_not() -> None:
    with worlds.stripe() as stripe:
        tokens = exchange(stripe, allowed(stripe).params["code"])
        rolled = ask(stripe, lambda http: WAY.refresh(http, stripe.base_url, KEYS, tokens, now=NOW))
        assert rolled.access != tokens.access
        assert rolled.extra == tokens.extra
        with pytest.raises(AuthExpired):
            ask(stripe, lambda http: WAY.refresh(http, stripe.base_url, KEYS, Tokens("x"), now=NOW))
        with pytest.raises(AuthExpired):
            ask(stripe, lambda http: WAY.refresh(http, stripe.base_url, KEYS, Tokens("x", "rt_gone"), now=NOW))


SUBSCRIBING = StripeSubscribing()


def subscribe(stripe: Stripe, act: Callable[[StripeSubscribing, Given], Awaitable[T]]) -> T:
    return ask(stripe, lambda http: act(SUBSCRIBING, stripe.given(http)))


def ensured(stripe: Stripe, url: str, known: Subscription | None = None) -> Subscription:
    return subscribe(stripe, lambda way, given: way.ensure(given, {}, url, known))


def hooks(stripe: Stripe) -> list[tuple[str, str, str]]:
    found = stripe.do("GET", ENDPOINTS)["data"]
    return [(hook["url"], hook["status"], hook["api_version"]) for hook in found]


def test_an_endpoint_is_registered_once_with_our_version_and_its_secret() -> None:
    with worlds.stripe() as stripe:
        made = ensured(stripe, HOOK)
        assert made.secret is not None
        assert made.secret.startswith("whsec_")
        assert made.events == EVENTS
        assert hooks(stripe) == [(HOOK, "enabled", API_VERSION)]
        assert ensured(stripe, HOOK, made) == made
        assert len(stripe.asked(ENDPOINTS, "POST")) == 1


def test_an_endpoint_that_was_switched_off_moved_or_deleted_is_put_right() -> None:
    with worlds.stripe() as stripe:
        made = ensured(stripe, HOOK)
        stripe.do("POST", f"{ENDPOINTS}/{made.remote_id}", disabled="true")
        assert ensured(stripe, HOOK, made) == made
        assert hooks(stripe) == [(HOOK, "enabled", API_VERSION)]
        moved = ensured(stripe, HOOK + "8", made)
        assert (moved.remote_id, hooks(stripe)) == (made.remote_id, [(HOOK + "8", "enabled", API_VERSION)])
        stripe.do("DELETE", f"{ENDPOINTS}/{made.remote_id}")
        fresh = ensured(stripe, HOOK, made)
        assert fresh.secret != made.secret
        assert hooks(stripe) == [(HOOK, "enabled", API_VERSION)]


def test_an_endpoint_whose_secret_is_lost_is_replaced_and_others_are_left_alone() -> None:
    with worlds.stripe() as stripe:
        ensured(stripe, "https://somebody.example.com/hook")
        lost = ensured(stripe, HOOK)
        fresh = ensured(stripe, HOOK, None)
        assert fresh.remote_id != lost.remote_id
        assert sorted(hooks(stripe)) == sorted(
            [(HOOK, "enabled", API_VERSION), ("https://somebody.example.com/hook", "enabled", API_VERSION)]
        )


def test_a_key_that_may_not_and_an_address_that_cannot_be_reached_are_refused_with_what_to_do() -> None:
    with worlds.stripe() as stripe:
        with pytest.raises(Refused, match="add the address by hand") as refused:
            ensured(stripe.with_key("rak_charge_read", "rak_webhook_read"), HOOK)
        assert refused.value.code == "not_permitted"
        with pytest.raises(Refused) as invalid:
            ensured(stripe, "bridge.example.com")
        assert invalid.value.code == "url_invalid"
        made = ensured(stripe, HOOK)
        with pytest.raises(Refused, match="no test"):
            subscribe(stripe, lambda way, given: way.send_test(given, {}, made))


def test_removing_succeeds_also_where_it_was_gone() -> None:
    with worlds.stripe() as stripe:
        made = ensured(stripe, HOOK)
        for _ in range(2):
            subscribe(stripe, lambda way, given: way.remove(given, {}, made))
        assert hooks(stripe) == []


def test_what_is_delivered_to_a_registered_endpoint_is_accepted_and_leads_to_the_thing() -> None:
    with worlds.stripe() as stripe, receiving() as receiver:
        made = ensured(stripe, receiver.url)
        thin = stripe.tell("/_sim/thin", url=receiver.url)["secret"]
        charge = stripe.tell("/_sim/payments", amount=4200)["id"]
        worlds.until(lambda: len(receiver.received) >= 4)
        hints = set[Hint]()
        for headers, body in receiver.received:
            delivery = Delivery(headers, body, receiver.url)
            StripeWebhooks().verify(delivery, [str(made.secret), thin])
            hints |= set(StripeWebhooks().read(delivery).hints)
            with pytest.raises(Refused):
                StripeWebhooks().verify(Delivery(headers, body + b" ", receiver.url), [str(made.secret), thin])
        assert {raw.remote_id for hint in hints for raw in stripe.fetch(hint.kind, hint.remote_id)} == {charge}


def test_nothing_is_found_for_an_unknown_endpoint() -> None:
    with worlds.stripe() as stripe:
        answer = stripe.control.get(f"{ENDPOINTS}/we_none", headers={"Authorization": f"Bearer {stripe.tokens.access}"})
        assert answer.status_code == 404
        assert NotFound("x").code == "NotFound"
