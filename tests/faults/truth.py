"""What a simulated Square holds, and what our tables hold, in one form: read by hand from both."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg

from bookingbridge.vendors.square.simulator.state import Merchant

Sight = dict[str, list[tuple[Any, ...]]]
"""By kind: rows that begin with the vendor's id, sorted. A thing that is there twice is there twice."""

_STATUS = {
    "ACCEPTED": "confirmed", "CANCELLED_BY_SELLER": "cancelled", "APPROVED": "pending", "COMPLETED": "completed",
    "CANCELED": "cancelled",
}  # fmt: skip

_OURS = {
    "booking": """
        SELECT l.remote_id, b.status, b.starts_at, b.ends_at, c.remote_id, s.remote_id, v.remote_id, b.price_minor,
            b.note
        FROM bookings b
        LEFT JOIN external_links l ON (l.business_id, l.record_id, l.kind) = (b.business_id, b.id, 'booking')
        LEFT JOIN external_links c ON (c.business_id, c.record_id, c.kind) = (b.business_id, b.client_id, 'client')
        LEFT JOIN external_links s ON (s.business_id, s.record_id, s.kind) = (b.business_id, b.staff_id, 'staff')
        LEFT JOIN external_links v ON (v.business_id, v.record_id, v.kind) = (b.business_id, b.service_id, 'service')
        WHERE b.business_id = %s""",
    "client": """
        SELECT l.remote_id, b.name, b.email, b.phone FROM clients b
        LEFT JOIN external_links l ON (l.business_id, l.record_id, l.kind) = (b.business_id, b.id, 'client')
        WHERE b.business_id = %s AND NOT b.is_deleted""",
    "payment": """
        SELECT l.remote_id, b.status, b.amount_minor, b.tip_minor, b.refunded_minor, b.method, c.remote_id
        FROM payments b
        LEFT JOIN external_links l ON (l.business_id, l.record_id, l.kind) = (b.business_id, b.id, 'payment')
        LEFT JOIN external_links c ON (c.business_id, c.record_id, c.kind) = (b.business_id, b.client_id, 'client')
        WHERE b.business_id = %s""",
    "refund": """
        SELECT l.remote_id, p.remote_id, b.status, b.amount_minor FROM refunds b
        LEFT JOIN external_links l ON (l.business_id, l.record_id, l.kind) = (b.business_id, b.id, 'refund')
        LEFT JOIN external_links p ON (p.business_id, p.record_id, p.kind) = (b.business_id, b.payment_id, 'payment')
        WHERE b.business_id = %s""",
}


def theirs(merchant: Merchant) -> Sight:
    """What the vendor has now."""
    rows = {name: list(merchant.table(name).rows.values()) for name in ("booking", "customer", "payment", "refund")}
    return {
        "booking": sorted(_booking(merchant, b) for b in rows["booking"]),
        "client": sorted(
            (c["id"], f"{c['given_name']} {c['family_name']}", c.get("email_address"), c.get("phone_number"))
            for c in rows["customer"]
        ),
        "payment": sorted(
            (p["id"], _STATUS[p["status"]], p["amount_money"]["amount"], p.get("tip_money", {}).get("amount", 0),
             p.get("refunded_money", {}).get("amount", 0), p["source_type"].lower(), p.get("customer_id"))
            for p in rows["payment"]
        ),
        "refund": sorted(
            (r["id"], r["payment_id"], _STATUS[r["status"]], r["amount_money"]["amount"]) for r in rows["refund"]
        ),
    }  # fmt: skip


def _booking(merchant: Merchant, b: dict[str, Any]) -> tuple[Any, ...]:
    (segment,) = b["appointment_segments"]
    starts = datetime.fromisoformat(b["start_at"].replace("Z", "+00:00")).astimezone(UTC)
    ends = starts + timedelta(minutes=segment["duration_minutes"])
    variation = merchant.variation(segment["service_variation_id"])
    assert variation
    price = variation["item_variation_data"]["price_money"]["amount"]
    return (
        b["id"], _STATUS[b["status"]], starts, ends, b["customer_id"], segment["team_member_id"], variation["id"],
        price, b.get("customer_note") or None,
    )  # fmt: skip


def ours(db: psycopg.Connection[Any], business: UUID) -> Sight:
    """What our tables hold of the business now."""
    return {
        kind: sorted((_plain(row) for row in db.execute(sql, (business,)).fetchall()), key=repr)
        for kind, sql in _OURS.items()
    }


def _plain(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(v.astimezone(UTC) if isinstance(v, datetime) else v for v in row)


def difference(their: Sight, our: Sight) -> list[str]:
    """What is not the same, in words."""
    found = []
    for kind, rows in their.items():
        mine = our[kind]
        found += [f"{kind} missing or different: {row}" for row in rows if row not in mine]
        found += [f"{kind} too much: {row}" for row in mine if row not in rows]
        ids = [row[0] for row in mine]
        found += [f"{kind} twice: {i}" for i in {i for i in ids if ids.count(i) > 1}]
    return found


Versions = dict[tuple[str, str], tuple[int | None, datetime | None]]


def versions(db: psycopg.Connection[Any], business: UUID) -> Versions:
    """By (kind, vendor's id): the version we hold and when it was changed."""
    rows = db.execute(
        "SELECT kind, remote_id, remote_version, changed_at FROM external_links "
        "WHERE business_id = %s AND content_hash IS NOT NULL AND kind IN ('booking', 'client', 'payment', 'refund')",
        (business,),
    ).fetchall()
    return {(kind, remote_id): (version, changed) for kind, remote_id, version, changed in rows}
