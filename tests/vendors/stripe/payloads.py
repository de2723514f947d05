"""Stripe objects in its published shape, about people who do not exist."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Delivery
from bookingbridge.vendorkit import signatures
from bookingbridge.vendors.stripe.webhooks import SIGNATURE

Json = dict[str, Any]

URL = "https://bridge.example.com/api/v1/webhooks/stripe/7"
SECRET = "whsec_of_ours"


def rid(text: str) -> RemoteId:
    return RemoteId(text)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


PAID_AT = at("2026-11-20T19:40:00")


def customer() -> Json:
    return {
        "id": "cus_mara",
        "object": "customer",
        "created": at("2026-09-01T10:00:00"),
        "name": "Mara Quill",
        "email": "Mara.Quill@example.com",
        "phone": "+1 206 555 0123",
        "description": None,
        "metadata": {},
    }


def charge(**changes: Any) -> Json:
    intent = {
        "id": "pi_mara",
        "object": "payment_intent",
        "amount_details": {"tip": {"amount": 2000}},
        "metadata": {"booking_id": "BKG-MARA-1", "colour": "blue"},
    }
    return {
        "id": "ch_mara",
        "object": "charge",
        "amount": 13500,
        "amount_captured": 13500,
        "amount_refunded": 1500,
        "billing_details": {"email": "mara.quill@example.com", "name": "Mara Quill", "phone": None, "address": None},
        "captured": True,
        "created": PAID_AT,
        "currency": "usd",
        "customer": "cus_mara",
        "description": "Long cut",
        "metadata": {"reference": "bb-visit-77"},
        "payment_intent": intent,
        "payment_method_details": {"type": "card_present"},
        "refunded": False,
        "status": "succeeded",
        **changes,
    }


def refund(**changes: Any) -> Json:
    return {
        "id": "re_mara",
        "object": "refund",
        "amount": 1500,
        "charge": "ch_mara",
        "created": PAID_AT + 3600,
        "currency": "usd",
        "status": "succeeded",
        **changes,
    }


def dispute(**changes: Any) -> Json:
    return {
        "id": "dp_mara",
        "object": "dispute",
        "amount": 13500,
        "charge": "ch_mara",
        "created": PAID_AT + 7200,
        "currency": "usd",
        "evidence_details": {"due_by": at("2026-12-01T00:00:00"), "has_evidence": False},
        "reason": "fraudulent",
        "status": "needs_response",
        **changes,
    }


def payout(**changes: Any) -> Json:
    return {
        "id": "po_week",
        "object": "payout",
        "amount": 12500,
        "arrival_date": at("2026-11-24T00:00:00"),
        "automatic": True,
        "created": at("2026-11-22T00:10:00"),
        "currency": "usd",
        "destination": "ba_shop",
        "status": "in_transit",
        **changes,
    }


def line(**changes: Any) -> Json:
    return {
        "id": "txn_mara",
        "object": "balance_transaction",
        "amount": 13500,
        "available_on": at("2026-11-22T00:00:00"),
        "created": PAID_AT,
        "currency": "usd",
        "description": "Long cut",
        "fee": 422,
        "net": 13078,
        "reporting_category": "charge",
        "source": "ch_mara",
        "type": "charge",
        **changes,
    }


def entry(payout_id: str | None = "po_week", payment: str | None = None, **changes: Any) -> Json:
    return {"entry": line(**changes), "payout": payout_id, "payment": payment}


ALL = [
    ("client", customer()),
    ("payment", charge()),
    ("payment", charge(customer=None)),
    ("refund", refund()),
    ("dispute", dispute()),
    ("payout", payout()),
    ("payout_entry", entry()),
]


def event(kind: str, about: str, remote_id: Any, **more: Any) -> Json:
    return {
        "id": "evt_1",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": PAID_AT,
        "data": {"object": {"id": remote_id, "object": about}},
        "livemode": False,
        "pending_webhooks": 1,
        "type": kind,
        **more,
    }


def thin(kind: str, about: str, remote_id: str, **more: Any) -> Json:
    return {
        "id": "evt_thin_1",
        "object": "v2.core.event",
        "type": kind,
        "created": "2026-11-20T19:40:00.000Z",
        "livemode": False,
        "related_object": {"id": remote_id, "type": about, "url": f"/v1/x/{remote_id}"},
        **more,
    }


def delivery(event: Json | bytes, *, secret: str = SECRET, seconds: float | None = None) -> Delivery:
    """The event as Stripe would deliver it now."""
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    signed_at = str(int(time.time() if seconds is None else seconds))
    signature = signatures.sign_hex(secret, signed_at.encode() + b"." + body)
    return Delivery({SIGNATURE: f"t={signed_at},v1={signature}"}, body, URL)
