"""Stripe's webhooks: verified over the raw body with a time, read as hints, never applied.

Both kinds are read: snapshot events carry the object as drawn at some API version, thin ones only name it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import msgspec

from bookingbridge.canonical.errors import Refused, Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Delivery, Hint, Notice
from bookingbridge.vendorkit import signatures
from bookingbridge.vendors.stripe import wire

SIGNATURE = "stripe-signature"

TOLERANCE = 300
"""Seconds that a signature is good for (docs.stripe.com/webhooks/signature, read 2026-11).

Like Stripe's own library we refuse old ones only: a time ahead of ours is signed by Stripe all the same, and means
that our clock is slow. What is delivered twice is known by its event id.
"""

WITH_LINES = ":lines"
"""Behind a payout's id: Stripe said that its lines can be listed now."""

# The object that an event is about, by Stripe's name for it, and what kind of ours it is.
_KINDS = {
    "customer": "client",
    "charge": "payment",
    "payment_intent": "payment",
    "checkout.session": "payment",
    "refund": "refund",
    "dispute": "dispute",
    "payout": "payout",
}

EVENTS = (
    "customer.created", "customer.updated", "customer.deleted",
    "charge.succeeded", "charge.failed", "charge.pending", "charge.captured", "charge.expired", "charge.refunded",
    "charge.updated",
    "payment_intent.succeeded", "payment_intent.processing",
    "checkout.session.completed", "checkout.session.async_payment_succeeded",
    "refund.created", "refund.updated", "refund.failed", "charge.refund.updated",
    "charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed", "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
    "payout.created", "payout.updated", "payout.paid", "payout.failed", "payout.canceled",
    "payout.reconciliation_completed",
)  # fmt: skip
"""What we ask to be told. Other events about intents and sessions come before there is a charge, or without one."""

REVOKED = "account.application.deauthorized"


class StripeWebhooks:
    """See canonical.ports.Webhooks. `seconds` is the time by which signatures are too old: this machine's own."""

    def __init__(self, seconds: Callable[[], float] = time.time) -> None:
        self._seconds = seconds

    def verify(self, delivery: Delivery, secrets: Sequence[str]) -> None:
        given = delivery.headers.get(SIGNATURE)
        if not given:
            raise Refused(f"the header {SIGNATURE} is missing", code="signature_missing")
        if not any(secret.strip() for secret in secrets):
            raise Refused("no signing secret is stored for this connection", code="no_secret")
        signed_at, signed = _parts(given)
        message = signed_at.encode() + b"." + delivery.body
        if not any(
            signatures.is_hex_of(one, secret, message) for one in signed for secret in secrets if secret.strip()
        ):
            raise Refused(
                "the signature does not match: the signing secret is of a different endpoint, or the body was changed "
                "on its way",
                code="signature_wrong",
            )
        age = self._seconds() - int(signed_at)
        if age > TOLERANCE:
            raise Refused(
                f"the signature is {round(age)} seconds old, more than {TOLERANCE}: it was held up, repeated, or this "
                "machine's clock is wrong",
                code="signature_old",
            )

    def read(self, delivery: Delivery) -> Notice:
        event = _event(delivery.body)
        if isinstance(event, wire.ThinEvent):
            about = event.related_object or wire.Related()
            return _notice(event.id, event.type, _account(event.context), about.type, about.id)
        about_it = event.data.object
        return _notice(event.id, event.type, event.account, about_it.object, about_it.id)

    def event_id(self, delivery: Delivery) -> str | None:
        try:
            return _event(delivery.body).id
        except Unreadable:
            return None


def _parts(header: str) -> tuple[str, list[str]]:
    """The time and the v1 signatures of the header; several while a secret is being replaced. Others are ignored."""
    pairs = [part.partition("=") for part in header[:20_000].split(",")]
    times = [value for name, _, value in pairs if name == "t"]
    signed = [value for name, _, value in pairs if name == "v1" and value]
    is_time = bool(times) and times[0].isascii() and times[0].isdigit() and len(times[0]) <= 12
    if not is_time or not signed or any(name in ("t", "v1") and not is_said for name, is_said, _ in pairs):
        raise Refused(f"the header {SIGNATURE} is not of the form t=…,v1=…", code="signature_malformed")
    return times[0], signed


class _Kind(msgspec.Struct, frozen=True):
    object: str


def _event(body: bytes) -> wire.Event | wire.ThinEvent:
    try:
        event: wire.Event | wire.ThinEvent
        if msgspec.json.decode(body, type=_Kind).object == "v2.core.event":
            event = msgspec.json.decode(body, type=wire.ThinEvent)
        else:
            event = msgspec.json.decode(body, type=wire.Event)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as broken:
        raise Unreadable(f"not a Stripe event: {str(broken)[:200]}") from broken
    for name, value in (("id", event.id), ("type", event.type)):
        if not value or len(value) > 191 or not value.isprintable():
            raise Unreadable("not a Stripe event", where=name)
    return event


def _account(context: str | None) -> str | None:
    """The account of a thin event's context: its last part, where accounts lie within accounts."""
    last = (context or "").rpartition("/")[2]
    return last if last.startswith("acct_") else None


def _notice(event_id: str, kind: str, account: str | None, about: str | None, remote_id: str | None) -> Notice:
    whose = RemoteId(account) if account else None
    told = kind.removeprefix("v1.")  # how thin events name what snapshot events name without it
    if told == REVOKED:
        return Notice(event_id, kind, whose, (Hint("", RemoteId(account or ""), note="revoked"),))
    ours = _KINDS.get(about or "")
    if told not in EVENTS or ours is None:
        return Notice(event_id, kind, whose, ())
    if not remote_id or len(remote_id) > 255 or not remote_id.isprintable():
        raise Unreadable(f"a {kind} event that does not say which", where="data.object.id")
    has_lines = told == "payout.reconciliation_completed"
    return Notice(event_id, kind, whose, (Hint(ours, RemoteId(remote_id + (WITH_LINES if has_lines else ""))),))
