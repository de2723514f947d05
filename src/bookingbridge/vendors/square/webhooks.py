"""Square's webhooks: verified over the notification URL and the raw body, read as hints, never applied."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from bookingbridge.canonical.errors import Refused, Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Delivery, Hint, Notice
from bookingbridge.vendorkit import signatures
from bookingbridge.vendors.square import wire

SIGNATURE = "x-square-hmacsha256-signature"

EVENTS = (
    "booking.created", "booking.updated", "customer.created", "customer.updated", "customer.deleted",
    "payment.created", "payment.updated", "refund.created", "refund.updated", "payout.sent", "payout.paid",
    "payout.failed", "catalog.version.updated", "team_member.created", "team_member.updated", "location.updated",
    "oauth.authorization.revoked",
)  # fmt: skip
"""What we want to hear of."""

_KINDS = {
    "booking": "booking",
    "customer": "client",
    "payment": "payment",
    "refund": "refund",
    "team_member": "staff",
    "location": "location",
    "payout": "payout",
}
"""The first word of an event's type, and what kind of ours it is about."""

EVERY_SERVICE = RemoteId("all")
"""catalog.version.updated names no object, so the hint is for all services: they are few, unchanged ones are free."""

DELETED = ":deleted"
"""Behind a client's id: Square said it was deleted, so a 404 means gone and not late."""


class SquareWebhooks:
    """See canonical.ports.Webhooks. There is no timestamp in the signature: the event id guards against replays."""

    def verify(self, delivery: Delivery, secrets: Sequence[str]) -> None:
        given = delivery.headers.get(SIGNATURE)
        if not given:
            raise Refused(f"the header {SIGNATURE} is missing", code="signature_missing")
        if not any(secrets):
            raise Refused("no signature key is stored for this connection", code="no_secret")
        message = delivery.url.encode("utf-8", "surrogatepass") + delivery.body
        if not any(signatures.is_base64_of(given, secret, message) for secret in secrets):
            raise Refused(
                "the signature does not match: the signature key, the body or the notification URL differs; "
                f"Square must have exactly this URL: {delivery.url}",
                code="signature_wrong",
            )

    def read(self, delivery: Delivery) -> Notice:
        event = _event(delivery.body)
        account = RemoteId(event.merchant_id) if event.merchant_id else None
        return Notice(event.event_id, event.type, account, _hints(event))

    def event_id(self, delivery: Delivery) -> str | None:
        try:
            return _event(delivery.body).event_id
        except Unreadable:
            return None


def _event(body: bytes) -> wire.Event:
    try:
        event = msgspec.json.decode(body, type=wire.Event)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as broken:
        raise Unreadable(f"not a Square event: {str(broken)[:200]}") from broken
    for name, value in (("event_id", event.event_id), ("type", event.type), ("merchant_id", event.merchant_id or "-")):
        if not value or len(value) > 191 or not value.isprintable():
            raise Unreadable("not a Square event", where=name)
    return event


def _hints(event: wire.Event) -> tuple[Hint, ...]:
    if event.type == "oauth.authorization.revoked":
        return (Hint("", RemoteId(event.merchant_id or ""), note="revoked"),)
    if event.type == "catalog.version.updated":
        return (Hint("service", EVERY_SERVICE),)
    subject, _, happened = event.type.partition(".")
    kind = _KINDS.get(subject)
    if kind is None:
        return ()
    remote_id = event.data.id if event.data else None
    if not remote_id or len(remote_id) > 255 or not remote_id.isprintable():
        raise Unreadable(f"a {event.type} event that does not say which", where="data.id")
    # For bookings this is "<booking>:<version>" (Square's published BookingCreatedEvent example, 2025-08-20).
    return (Hint(kind, RemoteId(remote_id + DELETED if happened == "deleted" else remote_id)),)
