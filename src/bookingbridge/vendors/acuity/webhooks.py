"""Acuity's webhooks: form-encoded ids, verified over the raw bytes, read as hints, never applied.

The signature's key is an API key: the main admin's for webhooks entered by hand in Acuity, the subscribing user's for
those registered over the API (Acuity webhook documentation, read 2026-11). Connections by sign-in hold no API key, so
theirs carry a secret in the address that we register: who does not know it can cause no work. Such a delivery proves
that it comes from somebody who knows the address, not what it says; nothing of it is believed but where to look.
"""

from __future__ import annotations

import re
import secrets as chance
from collections.abc import Sequence
from urllib.parse import parse_qs, parse_qsl, urlsplit

from bookingbridge.canonical.errors import Refused, Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Delivery, Hint, Notice
from bookingbridge.vendorkit import signatures

SIGNATURE = "x-acuity-signature"

ADDRESS = "address:"
"""In front of a secret that is part of the address, so that it is never taken for a signing key."""
ADDRESS_PARAM = "key"

# Webhooks entered by hand say "scheduled", registered ones may say "appointment.scheduled" (the event they were
# registered for); one library has seen the long form in `action` (third-party notes, 2026-11).
_ABOUT_APPOINTMENTS = frozenset({"scheduled", "rescheduled", "canceled", "changed"})
_ORDERS = frozenset({"order.completed"})

_ID = re.compile(r"[1-9][0-9]{0,17}")


class AcuityWebhooks:
    """See canonical.ports.Webhooks. There is neither a time nor an id in what Acuity signs."""

    def verify(self, delivery: Delivery, secrets: Sequence[str]) -> None:
        keys = [secret for secret in secrets if secret and not secret.startswith(ADDRESS)]
        addresses = [secret.removeprefix(ADDRESS) for secret in secrets if secret.startswith(ADDRESS)]
        if _is_addressed(delivery.url, addresses):
            return
        given = delivery.headers.get(SIGNATURE)
        if not keys:
            if addresses:
                raise Refused("the address does not hold the secret we registered it with", code="address_wrong")
            raise Refused("no API key is stored for this connection's webhooks", code="no_secret")
        if not given:
            raise Refused(f"the header {SIGNATURE} is missing", code="signature_missing")
        if not any(signatures.is_base64_of(given, key, delivery.body) for key in keys):
            raise Refused(
                "the signature does not match: the body was changed, or Acuity signed with a different key; webhooks "
                "entered by hand are signed with the main admin's key, others with the key of who registered them",
                code="signature_wrong",
            )

    def read(self, delivery: Delivery) -> Notice:
        action, remote_id = _said(delivery.body)
        hints = () if action in _ORDERS else (Hint("booking", RemoteId(remote_id)),)
        return Notice(_fresh_id(action, remote_id), action, None, hints)

    def event_id(self, delivery: Delivery) -> str | None:
        """Another id for each delivery: the next change of an appointment comes with the very same bytes.

        Taking the body's hash would keep the second change from ever being looked at. Repeated deliveries are
        harmless, as each only says where to look, and those that wait together are looked at once.
        """
        try:
            return _fresh_id(*_said(delivery.body))
        except Unreadable:
            return None


def addressed(url: str, secret: str) -> str:
    """The address with the secret in it, as it is registered."""
    return f"{url}{'&' if urlsplit(url).query else '?'}{ADDRESS_PARAM}={secret}"


def _is_addressed(url: str, addresses: Sequence[str]) -> bool:
    try:
        given = parse_qs(urlsplit(url).query).get(ADDRESS_PARAM, [])
    except ValueError:
        return False
    return len(given) == 1 and any(address and signatures.same(given[0], address) for address in addresses)


def _said(body: bytes) -> tuple[str, str]:
    """(action without "appointment.", id), in whatever order the fields come."""
    if len(body) > 4096:
        raise Unreadable("longer than anything Acuity sends", where=f"{len(body)} bytes")
    try:
        fields = dict(parse_qsl(body.decode("ascii"), strict_parsing=True, max_num_fields=20))
    except (ValueError, UnicodeError) as broken:
        raise Unreadable("not the form Acuity sends") from broken
    action, remote_id = fields.get("action", "").removeprefix("appointment."), fields.get("id", "")
    if action not in _ABOUT_APPOINTMENTS | _ORDERS:
        raise Unreadable(f"{action[:40]!r} is no action of Acuity's that we know", where="action")
    if not _ID.fullmatch(remote_id):
        raise Unreadable(f"{remote_id[:40]!r} is no id of Acuity's", where="id")
    return action, remote_id


def _fresh_id(action: str, remote_id: str) -> str:
    return f"{action}:{remote_id}:{chance.token_hex(8)}"
