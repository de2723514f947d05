"""Google's push notifications: a header and no body, unsigned; they say that something changed and not what.

What proves them is the token that we gave with the channel, and a channel id that only who knows the token could have
made: half of it is chance, half a keyed digest of that half.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from bookingbridge.canonical.errors import Refused, Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Delivery, Hint, Notice
from bookingbridge.vendorkit import signatures

TOKEN, CHANNEL = "x-goog-channel-token", "x-goog-channel-id"
STATE, NUMBER = "x-goog-resource-state", "x-goog-message-number"

CHANGES = RemoteId("*")
"""Stands for whatever changed lately: many notices together are looked at once."""

_CHANCE = 8


def channel_id(secret: str, chance: bytes) -> str:
    """A channel's id in the form of a UUID: `chance` are 8 random bytes, the rest binds them to the secret."""
    return str(UUID(bytes=chance[:_CHANCE] + _bound(secret, chance[:_CHANCE])))


def is_channel_of(given: str, secret: str) -> bool:
    """Whether the channel's id was made with this secret; compared in constant time."""
    try:
        raw = UUID(given).bytes
    except (ValueError, AttributeError, TypeError):
        return False
    return signatures.same(raw[_CHANCE:], _bound(secret, raw[:_CHANCE]))


class CalendarWebhooks:
    """See canonical.ports.Webhooks."""

    def verify(self, delivery: Delivery, secrets: Sequence[str]) -> None:
        token, channel = delivery.headers.get(TOKEN), delivery.headers.get(CHANNEL)
        if not token or not channel:
            raise Refused(f"the header {TOKEN if not token else CHANNEL} is missing", code="signature_missing")
        if delivery.body:
            raise Refused("Google's notifications have no body", code="body_unexpected")
        if not any(secrets):
            raise Refused("no channel was opened for this connection", code="no_secret")
        # Every secret is compared, whichever fits: the time tells nothing of which.
        fits = [bool(s) and signatures.same(token, s) and is_channel_of(channel, s) for s in secrets]
        if not any(fits):
            raise Refused("the channel or its token is not ours", code="signature_wrong")

    def read(self, delivery: Delivery) -> Notice:
        state = delivery.headers.get(STATE, "")
        event_id = self.event_id(delivery)
        if event_id is None or state not in ("sync", "exists", "not_exists"):
            raise Unreadable("not a notification of Google Calendar", where=STATE)
        # "sync" says that the channel was opened, and of nothing that changed.
        hints = () if state == "sync" else (Hint("booking", CHANGES),)
        return Notice(event_id, state, None, hints)

    def event_id(self, delivery: Delivery) -> str | None:
        """Channel and number: the numbers of one channel only grow."""
        channel, number = delivery.headers.get(CHANNEL, ""), delivery.headers.get(NUMBER, "")
        if not (number.isascii() and number.isdigit() and len(number) <= 20):
            return None
        try:
            return f"{UUID(channel)}:{int(number)}"
        except ValueError:
            return None


def _bound(secret: str, chance: bytes) -> bytes:
    return signatures.hmac_sha256(secret, b"google calendar channel " + chance)[: 16 - _CHANCE]
