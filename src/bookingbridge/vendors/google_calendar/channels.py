"""Watch channels: opened for the connection's address, replaced before they end, stopped when no longer wanted."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from bookingbridge.canonical.errors import NotFound, Refused, Unreadable
from bookingbridge.canonical.ports import Given, Subscription
from bookingbridge.vendorkit.http import Answer
from bookingbridge.vendors.google_calendar import wire
from bookingbridge.vendors.google_calendar.api import Api
from bookingbridge.vendors.google_calendar.faults import fault, reasons_of
from bookingbridge.vendors.google_calendar.read import converted
from bookingbridge.vendors.google_calendar.webhooks import channel_id

LIVES = timedelta(days=7)
"""What we ask for. Google may give less, and says so in its answer."""
RENEWED = timedelta(days=1)
"""A channel that ends within so long is replaced when it is looked after, which is daily at least."""

EVENTS = ("events",)

_NOT_TAKEN = {
    "webhookUrlNotHttps": "Google tells changes to an https address with a valid certificate only",
    "webhookUrlUnauthorized": "Google does not know this address as ours; add its domain in the Google Cloud console",
}


class Channels:
    """See canonical.ports.Subscribing. `remote_id` is the channel, Google's id of what it watches, and where it tells.

    A channel cannot be prolonged: another is opened beside it, and the old one stopped only then. Between the two a
    change may be told twice, which does no harm.
    """

    async def ensure(self, given: Given, app: Mapping[str, str], url: str, known: Subscription | None) -> Subscription:
        if known is not None and _place(given, url) == _parts(known)[2] and not _is_ending(known, given.now()):
            return known
        opened = await self._open(given, url, known.secret if known else None)
        if known is not None:
            await self.remove(given, app, known)
        return opened

    async def remove(self, given: Given, app: Mapping[str, str], known: Subscription) -> None:
        channel, resource, _ = _parts(known)
        try:
            await Api(given).stop(channel, resource)
        except NotFound:
            return  # it ended by itself

    async def send_test(self, given: Given, app: Mapping[str, str], known: Subscription) -> None:
        raise Refused("Google sends no tests on request; move an event in the calendar to see one arrive")

    async def _open(self, given: Given, url: str, secret: str | None) -> Subscription:
        token = secret or secrets.token_urlsafe(32)
        ends_at = given.now() + LIVES
        wanted = {
            "id": channel_id(token, os.urandom(8)),
            "type": "web_hook",
            "address": url,
            "token": token,
            "expiration": str(int(ends_at.timestamp() * 1000)),
        }
        answer = await Api(given).watch(wanted)
        if not answer.is_ok:
            raise _refusal(answer)
        channel = converted(answer.object(), wire.Channel)
        remote_id = f"{channel.id} {channel.resource_id} {_place(given, url)}"
        return Subscription(remote_id, token, _ends_at(channel.expiration, ends_at), EVENTS)


def _refusal(answer: Answer) -> Exception:
    for reason in reasons_of(answer):
        if why := _NOT_TAKEN.get(reason.removeprefix("push.")):
            return Refused(why, code=reason)
    return fault(answer, "channels")


def _ends_at(said: str | None, asked: datetime) -> datetime:
    if said is None:
        return asked
    try:
        return datetime.fromtimestamp(int(said) / 1000, UTC)
    except (ValueError, OverflowError, OSError) as broken:
        raise Unreadable("a channel with an impossible end", where="expiration") from broken


def _is_ending(known: Subscription, now: datetime) -> bool:
    return known.expires_at is not None and known.expires_at - now <= RENEWED


def _place(given: Given, url: str) -> str:
    """Which calendar tells where: a channel for another address or calendar is of no use."""
    return sha256(f"{given.account}\n{url}".encode()).hexdigest()[:16]


def _parts(known: Subscription) -> tuple[str, str, str]:
    channel, _, rest = known.remote_id.partition(" ")
    resource, _, place = rest.partition(" ")
    return channel, resource, place
