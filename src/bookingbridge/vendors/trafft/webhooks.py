"""Trafft's webhooks: a static token in a header, and a body that hints at what to look for. Never applied.

Nothing is signed and nothing says when or which: whoever knows the token can send anything, and two equal changes look
alike. So a webhook here never does more than have us look at Trafft itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import msgspec

from bookingbridge.canonical.errors import Refused, Unreadable
from bookingbridge.canonical.ports import Delivery, Hint, Notice
from bookingbridge.vendorkit import signatures
from bookingbridge.vendors.trafft import wire
from bookingbridge.vendors.trafft.sought import Sought, digest

AUTHORIZATION = "authorization"

_BEARER = "bearer "


class TrafftWebhooks:
    """See canonical.ports.Webhooks."""

    def verify(self, delivery: Delivery, secrets: Sequence[str]) -> None:
        given = (delivery.headers.get(AUTHORIZATION) or "").strip()
        if not given:
            raise Refused("the header Authorization is missing: set a verification token in Trafft", code="no_token")
        if not any(secrets):
            raise Refused("no verification token is stored for this connection", code="no_secret")
        # Whether a word stands before the token is not documented; both are taken.
        bare = given[len(_BEARER) :].strip() if given[: len(_BEARER)].lower() == _BEARER else given
        # All are compared, so that the time taken does not tell which one was near.
        if not sum(signatures.same(bare, secret) for secret in secrets if secret):
            raise Refused(
                "the verification token does not match: copy it again from Trafft, Webhooks, Verification Token",
                code="token_wrong",
            )

    def read(self, delivery: Delivery) -> Notice:
        body = _body(delivery.body)
        event_id = "sha256:" + sha256(delivery.body).hexdigest()
        kind, hints = _hints(body)
        return Notice(event_id, kind, None, hints)

    def event_id(self, delivery: Delivery) -> str | None:
        return None


def _body(raw: bytes) -> wire.WebhookBody:
    try:
        return msgspec.json.decode(raw, type=wire.WebhookBody)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as broken:
        raise Unreadable(f"not a webhook of Trafft's: {str(broken)[:200]}") from broken


def _hints(body: wire.WebhookBody) -> tuple[str, tuple[Hint, ...]]:
    """What it seems to be about, by the fields it has: its event is in none of them."""
    person = digest(body.customer_email)
    if body.appointment_start_date_time is not None or body.appointment_status is not None:
        started = body.appointment_start_date_time
        start = started if isinstance(started, str) else None
        sought = Sought(person=person, start=start, service=digest(body.service_name))
        return "appointment", (Hint("booking", sought.remote_id),)
    if body.customer_email is not None or body.customer_full_name is not None:
        return "customer", (Hint("client", Sought(person=person).remote_id),)
    return "unknown", ()
