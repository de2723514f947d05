"""What comes to us by itself: mails handed in by our own mail door, and the partner API's unsigned notifications."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence

import msgspec

from bookingbridge.canonical.errors import Refused, Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Delivery, Hint, Notice, RawRecord
from bookingbridge.vendorkit import mail_message
from bookingbridge.vendorkit.mail_address import DOOR, SECRET, TIME_ZONE
from bookingbridge.vendors.booksy import options, wire
from bookingbridge.vendors.booksy.mailbox import enveloped

_LARGEST_EVENT = 64 * 1024


class BooksyWebhooks:
    """See canonical.ports.Webhooks.

    A mail is known by the secret part of the address it was sent to. Booksy signs its notifications in no way: they
    only say where to look, and what is found there is what counts.
    """

    def verify(self, delivery: Delivery, secrets: Sequence[str]) -> None:
        if DOOR in delivery.headers or SECRET in delivery.headers:
            given = delivery.headers.get(SECRET, "").encode("utf-8", "replace")
            if not any(secret and hmac.compare_digest(given, secret.encode()) for secret in secrets):
                raise Refused("there is no such address", code="signature_wrong")
            return
        if len(delivery.body) > _LARGEST_EVENT:
            raise Refused("longer than any notification of Booksy's", code="too_long")
        try:
            _event(delivery.body)
        except Unreadable as strange:
            raise Refused("not a notification of Booksy's", code="not_booksy") from strange

    def read(self, delivery: Delivery) -> Notice:
        if DOOR in delivery.headers:
            return _mail(delivery)
        event = _event(delivery.body)
        number = event.appointment["id"]
        # Whether it is this shop's is told by looking: it is asked for among this shop's appointments.
        return Notice("", f"appointment.{event.action.lower()}", None, (Hint("booking", RemoteId(str(number))),))

    def event_id(self, delivery: Delivery) -> str | None:
        """None: neither has an id of its own, so a repetition is known by its content."""
        return None


def _event(body: bytes) -> wire.Event:
    try:
        event = msgspec.json.decode(body, type=wire.Event)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as broken:
        raise Unreadable(f"not a notification of Booksy's: {str(broken)[:200]}") from broken
    number = event.appointment.get("id")
    if event.action not in ("CREATED", "MODIFIED", "CANCELLED"):
        raise Unreadable(f"Booksy says {event.action[:40]!r}, which we do not know", where="action")
    if not isinstance(number, int) or isinstance(number, bool) or not 0 < number < 2**63:
        raise Unreadable("a notification that does not say of which appointment", where="appointment.id")
    return event


def _mail(delivery: Delivery) -> Notice:
    chosen = options.from_settings(_settings(delivery.headers), delivery.headers.get(TIME_ZONE))
    mail = mail_message.parse(delivery.body)
    if not mail_message.is_from(mail.sender, chosen.senders):
        return Notice(mail.digest, f"mail from {mail.sender[:80]}, which is not Booksy", None, ())
    if not chosen.zone:
        raise Unreadable("the shop's time zone is not set, and Booksy's mails name none", where="time_zone")
    # Nobody vouches at our own door: Authentication-Results in there are the sender's words.
    payload = enveloped(mail, mail.sent_at, chosen, shop="", is_vouched=False)
    return Notice(mail.digest, "mail", None, (), (RawRecord("mail", RemoteId(mail.id), payload),))


def _settings(headers: Mapping[str, str]) -> dict[str, str]:
    """The connection's settings as they were when the mail came, noted by the door."""
    return {s.name: value for s in options.SETTINGS if (value := headers.get(f"x-setting-{s.name}"))}
