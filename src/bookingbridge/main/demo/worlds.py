"""The invented history in each simulated vendor's own terms, and its clicks as touchpoints."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from bookingbridge.canonical.times import text
from bookingbridge.main.demo import names
from bookingbridge.main.demo.world import CURRENCY, ZONE, Visit, World

MERCHANT = "MNORTHSIDE01"
META_ACCOUNT = "10150000001"
GOOGLE_ACCOUNT = "5550100001"


def square(world: World) -> dict[str, Any]:
    """What the simulated Square is filled with."""
    first = min(v.booked_at for v in world.visits)
    loaded: dict[str, list[dict[str, Any]]] = {
        "merchants": [
            {
                "id": MERCHANT, "business_name": "Northside Barbers", "currency": CURRENCY,
                "main_location_id": _location("northside"), "created_at": text(first),
            }
        ],
        "locations": [
            {"id": _location(key), "name": name, "timezone": ZONE.key, "address": {"address_line_1": street}}
            for key, name, street in names.LOCATIONS
        ],
        "team": [
            {"id": _staff(key), "given_name": name.split()[0], "family_name": name.split()[1]}
            for key, name, _ in names.STAFF
        ],
        "services": [
            {"id": _service(key), "name": title, "price": price, "duration_minutes": minutes, "updated_at": text(first)}
            for key, title, minutes, price, _ in names.SERVICES
        ],
        "customers": [
            {
                "id": _customer(p.id), "given_name": p.name.split()[0], "family_name": p.name.split()[1],
                "created_at": text(p.since),
                **({"email_address": p.email} if p.email else {}), **({"phone_number": p.phone} if p.phone else {}),
            }
            for p in world.people
        ],
        "bookings": [_booking(v) for v in world.visits],
        "payments": [_payment(v) for v in world.visits if v.paid_at],
        "refunds": [
            {
                "id": f"RF{v.id}", "payment_id": f"PY{v.id}", "amount": v.refunded_minor, "created_at": text(v.paid_at),
                "status": "COMPLETED", "reason": "Not content with the cut",
            }
            for v in world.visits
            if v.refunded_minor and v.paid_at
        ],
    }  # fmt: skip
    loaded["payments"] += [
        {
            "id": f"PY{w.id}", "location_id": _location(w.location), "amount": w.amount_minor, "created_at": text(w.at),
            "status": "COMPLETED", "source_type": "CASH",
        }
        for w in world.walk_ins
    ]  # fmt: skip
    for name, rows in loaded.items():
        for row in rows:
            if name != "merchants":
                row["merchant_id"] = MERCHANT
    return loaded


def _booking(v: Visit) -> dict[str, Any]:
    return {
        "id": f"BK{v.id}", "customer_id": _customer(v.person.id), "location_id": _location(v.location),
        "team_member_id": _staff(v.staff), "service_id": _service(v.service), "start_at": text(v.starts_at),
        "created_at": text(v.booked_at), "status": v.status, **({"customer_note": v.note} if v.note else {}),
    }  # fmt: skip


def _payment(v: Visit) -> dict[str, Any]:
    assert v.paid_at
    return {
        "id": f"PY{v.id}", "location_id": _location(v.location), "customer_id": _customer(v.person.id),
        "amount": v.price_minor, "tip": v.tip_minor, "created_at": text(v.paid_at), "status": "COMPLETED",
        "source_type": "CARD",
    }  # fmt: skip


def _location(key: str) -> str:
    return f"L{key.upper()}"


def _staff(key: str) -> str:
    return f"TM{key.upper()}"


def _service(key: str) -> str:
    return f"V{key.upper()}"


def _customer(key: str) -> str:
    return f"C{key.upper()}"


def clicks_csv(world: World) -> bytes:
    """The clicks of before BookingBridge was there, as an export of them would look."""
    made = io.StringIO(newline="")
    rows = csv.writer(made)
    rows.writerow(["id", "time", "kind", "visitor", "email", "phone", "url", "referrer"])
    for c in world.clicks:
        rows.writerow([c.id, text(c.at), c.kind, c.visitor, c.email or "", c.phone or "", c.url, c.referrer])
    return made.getvalue().encode()


def ad_days(world: World, channel: str) -> Iterator[dict[str, Any]]:
    """One row per campaign and day of one platform: campaign, day, spend in cents, clicks, impressions."""
    own = {remote for _, remote, _, at, *_ in names.CAMPAIGNS if at == channel}
    for d in world.ad_days:
        if d.campaign in own:
            yield {
                "campaign_id": d.campaign, "date": d.day.isoformat(), "spend_minor": d.spend_minor,
                "clicks": d.clicks, "impressions": d.impressions,
            }  # fmt: skip
