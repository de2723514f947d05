"""Webhooks registered at Acuity by the product: one subscription, to the event that stands for all others."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Mapping
from urllib.parse import urlsplit

from bookingbridge.canonical.errors import NotFound, Refused, Rejected
from bookingbridge.canonical.ports import Given, Json, Subscription
from bookingbridge.vendors.acuity.api import USER_ID, Api, in_path
from bookingbridge.vendors.acuity.kept import NO_ID, id_of
from bookingbridge.vendors.acuity.webhooks import ADDRESS, addressed

EVENT = "appointment.changed"
"""Sent for every change, also beside the more special events, which would only double it (Acuity webhooks, 2026-11)."""

PATH = "/webhooks"
PORTS = (None, 80, 443)
"""Acuity delivers to no other ports (Acuity webhooks, 2026-11)."""


class AcuitySubscribing:
    """See canonical.ports.Subscribing."""

    async def ensure(self, given: Given, app: Mapping[str, str], url: str, known: Subscription | None) -> Subscription:
        if not _is_reachable(url) and not _is_loopback(given.base_url):
            raise Refused("Acuity delivers webhooks to ports 80 and 443 only", code="port")
        api = Api(given)
        secret = _secret(given, known)
        target = addressed(url, secret.removeprefix(ADDRESS)) if secret.startswith(ADDRESS) else url
        there = await _registered(api)
        ours = [one for one in there if str(one.get("target")).partition("?")[0] == url.partition("?")[0]]
        good = [one for one in ours if (one.get("target"), one.get("event"), one.get("status")) == _wanted(target)]
        for one in ours:
            if one not in good[:1]:
                await _drop(api, id_of(one))
        made = good[0] if good else await _register(api, target)
        return Subscription(id_of(made), secret, None, (EVENT,))

    async def remove(self, given: Given, app: Mapping[str, str], known: Subscription) -> None:
        await _drop(Api(given), known.remote_id)

    async def send_test(self, given: Given, app: Mapping[str, str], known: Subscription) -> None:
        raise Refused(
            "Acuity has no test deliveries; change an appointment and look whether it is told", code="no_test"
        )


def _secret(given: Given, known: Subscription | None) -> str:
    """The key Acuity signs with: the subscribing user's API key. By sign-in there is none: a secret for the address."""
    if USER_ID in given.tokens.extra:
        return given.tokens.access
    if known and known.secret and known.secret.startswith(ADDRESS):
        return known.secret
    return ADDRESS + secrets.token_urlsafe(24)


def _wanted(target: str) -> tuple[str, str, str]:
    return target, EVENT, "active"


async def _registered(api: Api) -> list[Json]:
    try:
        return await api.rows(PATH, "webhooks")
    except Rejected as refused:
        raise Refused("Acuity does not let this account register webhooks", code=refused.code) from refused


async def _register(api: Api, target: str) -> Json:
    try:
        answer = await api.write("POST", PATH, "the webhook", {"event": EVENT, "target": target})
    except Rejected as refused:
        raise Refused(
            "Acuity does not take another webhook: an account has 25 at most, and each must be reachable",
            code=refused.code,
        ) from refused
    made = answer.object()
    if id_of(made) == NO_ID:
        raise Refused("Acuity did not say under which id it registered the webhook", code="no_id")
    return made


async def _drop(api: Api, remote_id: str) -> None:
    try:
        await api.delete(f"{PATH}/{in_path(remote_id)}", "webhooks")
    except NotFound:
        return


def _is_reachable(url: str) -> bool:
    try:
        return urlsplit(url).port in PORTS
    except ValueError:
        return False


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
