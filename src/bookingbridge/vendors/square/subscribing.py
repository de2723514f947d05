"""Webhooks that we register at Square by ourselves, with the application's token: the seller's may not."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace

from bookingbridge.canonical.errors import AuthExpired, NotFound, Refused, Rejected, Unreadable
from bookingbridge.canonical.ports import Given, Json, Subscription, Tokens
from bookingbridge.vendors.square import api
from bookingbridge.vendors.square.api import Api, in_path
from bookingbridge.vendors.square.fields import id_of
from bookingbridge.vendors.square.oauth import APP_TOKEN
from bookingbridge.vendors.square.webhooks import EVENTS
from bookingbridge.vendors.square.wire import API_VERSION

SUBSCRIPTIONS = "/v2/webhooks/subscriptions"


class SquareSubscribing:
    """See canonical.ports.Subscribing. Lists do not show the signature key: only the answer to the making does."""

    async def ensure(self, given: Given, app: Mapping[str, str], url: str, known: Subscription | None) -> Subscription:
        line = _line(given, app)
        try:
            there = await _listed(line)
            if known is not None and known.secret and (kept := await _kept(line, there, url, known)):
                return kept
            made = await _register(line, url)
            for one in there:
                if one.get("notification_url") == url:
                    await _drop(line, id_of(one))  # its key is not known, and what it sends could not be believed
            return made
        except AuthExpired as ended:
            raise _not_accepted(ended) from ended
        except Rejected as refused:
            # Such as an address that Square cannot reach, or one that is not https.
            raise Refused(f"Square takes no webhooks for this address: {refused.why}", code=refused.code) from refused

    async def remove(self, given: Given, app: Mapping[str, str], known: Subscription) -> None:
        try:
            await _drop(_line(given, app), known.remote_id)
        except AuthExpired as ended:
            raise _not_accepted(ended) from ended

    async def send_test(self, given: Given, app: Mapping[str, str], known: Subscription) -> None:
        path = f"{SUBSCRIPTIONS}/{in_path(known.remote_id)}/test"
        try:
            answer = await _line(given, app).write("POST", path, "the test", {"event_type": EVENTS[0]})
        except AuthExpired as ended:
            raise _not_accepted(ended) from ended
        except (Rejected, NotFound) as refused:
            raise Refused(f"Square sends no test: {refused.why}", code=refused.code) from refused
        result = answer.get("subscription_test_result")
        status = result.get("status_code") if isinstance(result, dict) else None
        if isinstance(status, int) and not 200 <= status < 300:
            raise Refused(f"Square sent a test, and it was not taken here (status {status})", code="test_not_taken")


def _line(given: Given, app: Mapping[str, str]) -> Api:
    """Asks as the application: by its own token, or by a pasted one, which is one. Refused where there is neither."""
    token = app.get(APP_TOKEN) or ("" if given.tokens.refresh else given.tokens.access)
    if not token:
        raise Refused(
            f"Square lets only the application itself register webhooks: set {APP_TOKEN}, or add the address by hand",
            code="no_app_token",
        )
    return Api(replace(given, tokens=Tokens(token)))


def _not_accepted(ended: AuthExpired) -> Refused:
    """Not the seller's connection has ended, which AuthExpired would say."""
    return Refused(f"Square does not accept the application's token: look at {APP_TOKEN}", code=ended.code)


async def _listed(line: Api) -> list[Json]:
    async def ask(page: str | None) -> Json:
        return await line.get(SUBSCRIPTIONS, "webhooks", cursor=page, include_disabled="true")

    return [one async for some, _, _ in api.pages(ask, "subscriptions", None) for one in some]


async def _kept(line: Api, there: list[Json], url: str, known: Subscription) -> Subscription | None:
    """The known subscription, put right where it differs; None where it is gone or drawn at another version."""
    found = next((one for one in there if id_of(one) == known.remote_id), None)
    if found is None or found.get("api_version") != API_VERSION:
        return None
    types = found.get("event_types")
    is_right = found.get("notification_url") == url and isinstance(types, list) and set(EVENTS) == set(map(str, types))
    if found.get("enabled") is not True or not is_right:
        # Square switches off what was not taken once in three weeks (webhook documentation, 2026-11).
        wanted = {"enabled": True, "notification_url": url, "event_types": list(EVENTS)}
        await line.write("PUT", f"{SUBSCRIPTIONS}/{in_path(known.remote_id)}", "the webhook", {"subscription": wanted})
    return Subscription(known.remote_id, known.secret, None, EVENTS)


async def _register(line: Api, url: str) -> Subscription:
    asked = {
        "name": "BookingBridge",
        "enabled": True,
        "event_types": list(EVENTS),
        "notification_url": url,
        "api_version": API_VERSION,
    }
    body = {"idempotency_key": secrets.token_hex(16), "subscription": asked}
    made = (await line.write("POST", SUBSCRIPTIONS, "the webhook", body)).get("subscription")
    key = made.get("signature_key") if isinstance(made, dict) else None
    if not isinstance(made, dict) or not isinstance(key, str) or not key:
        raise Unreadable("Square's answer holds no signature key", where="signature_key")
    return Subscription(id_of(made), key, None, EVENTS)


async def _drop(line: Api, remote_id: str) -> None:
    try:
        await line.delete(f"{SUBSCRIPTIONS}/{in_path(remote_id)}", "webhooks")
    except NotFound:
        return
