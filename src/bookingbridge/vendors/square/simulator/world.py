"""Filling a simulated Square in one request: plain lists, times as history had them, no webhooks unless wanted.

    {"merchants":  [{"id", "business_name", "currency": "USD", "country": "US", "main_location_id", "created_at",
                     "has_plan": true}],
     "locations":  [{"id", "merchant_id", "name", "timezone", "address": {…}, "status"}],
     "team":       [{"id", "merchant_id", "given_name", "family_name", "status"}],
     "services":   [{"id": the variation's, "item_id", "merchant_id", "name", "variation_name": "Regular",
                     "price": 4500, "duration_minutes": 45, "updated_at", "is_deleted", "version"}],
     "customers":  [{"id", "merchant_id", "given_name", "family_name", "email_address", "phone_number", "created_at"}],
     "bookings":   [{"id", "merchant_id", "customer_id", "location_id", "team_member_id", "service_id", "start_at",
                     "created_at", "status": "ACCEPTED", "customer_note", "updated_at", "version"}],
     "payments":   [{"id", "merchant_id", "location_id", "customer_id", "amount", "tip", "created_at",
                     "status": "COMPLETED", "source_type": "CARD", "reference_id", "note"}],
     "refunds":    [{"id", "payment_id", "amount", "created_at", "status": "COMPLETED", "reason"}],
     "payouts_since": none; from that time on each day's cards were paid out at its end, per location,
     "subscriptions": [{"notification_url", "signature_key", "event_types": all}],
     "is_announced": false}

Only ids and what a thing cannot be without must be given; `merchant_id` may be left out while there is one merchant.
Amounts are minor units. A thing whose id is
there already is replaced, so a world may be loaded in pieces and again. A service loaded again with another price or
name gets the next catalogue version, and old bookings keep theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ports import Json
from bookingbridge.vendors.square.simulator import money, payouts
from bookingbridge.vendors.square.simulator.answers import Complaint, stamp
from bookingbridge.vendors.square.simulator.events import subscription_of
from bookingbridge.vendors.square.simulator.state import Merchant

if TYPE_CHECKING:
    from bookingbridge.vendors.square.simulator import SquareSimulation

_STREET = {"address_line_1": "12 Harbour Lane", "locality": "Seattle", "administrative_district_level_1": "WA"}

STARTER: Json = {
    "merchants": [{"id": "MHARBOURLANE1", "business_name": "Harbour Lane Hair", "main_location_id": "LHARBOURLANE1"}],
    "locations": [
        {"id": "LHARBOURLANE1", "name": "Harbour Lane", "timezone": "America/Los_Angeles", "address": _STREET},
    ],
    "team": [
        {"id": "TMHARBOUR1", "given_name": "Ines", "family_name": "Okafor"},
        {"id": "TMHARBOUR2", "given_name": "Tomas", "family_name": "Lind"},
    ],
    "services": [
        {"id": "VCUT1", "name": "Cut and finish", "price": 6500, "duration_minutes": 45},
        {"id": "VCOLOUR1", "name": "Colour", "price": 14000, "duration_minutes": 120},
        {"id": "VBEARD1", "name": "Beard trim", "price": 2500, "duration_minutes": 20},
    ],
}


def load(square: SquareSimulation, given: Mapping[str, Any]) -> dict[str, int]:
    """The state also holds `given`; how many of each came. Unreadable when it cannot be understood."""
    loader = _Loader(square)
    counts: dict[str, int] = {}
    try:
        for name, take in loader.takers.items():
            rows = given.get(name) or []
            for row in rows:
                take(row)
            if rows:
                counts[name] = len(rows)
        if given.get("payouts_since"):
            since = times.rfc3339(given["payouts_since"])
            counts["payouts"] = sum(
                len(payouts.pay_out(square, m, since=since)) for m in square.state.merchants.values()
            )
    except (KeyError, TypeError, ValueError, AttributeError) as broken:
        raise Unreadable(f"not a world: {type(broken).__name__} {broken}", where=name) from broken
    except Complaint as broken:
        raise Unreadable(broken.body["errors"][0]["detail"], where=name) from broken
    if given.get("is_announced"):
        loader.announce()
    return counts


class _Loader:
    def __init__(self, square: SquareSimulation) -> None:
        self._square = square
        self._now = stamp(square.now())
        self._bookings: list[tuple[Merchant, Json]] = []
        self._payments: list[tuple[Merchant, Json]] = []
        self.takers = {
            "merchants": self._merchant,
            "locations": self._location,
            "team": self._team_member,
            "services": self._service,
            "customers": self._customer,
            "bookings": self._booking,
            "payments": self._payment,
            "refunds": self._refund,
            "subscriptions": self._subscription,
        }

    def announce(self) -> None:
        for merchant, row in self._bookings:
            named, where = f"{row['id']}:{row['version']}", row["location_id"]
            self._square.announce(merchant, "booking.created", "booking", named, {"booking": row}, location_id=where)
        for merchant, row in self._payments:
            self._square.announce(
                merchant, "payment.updated", "payment", row["id"], {"payment": row}, location_id=row["location_id"]
            )

    def _merchant(self, row: Json) -> None:
        about = {
            "id": row["id"],
            "business_name": row["business_name"],
            "country": row.get("country", "US"),
            "language_code": "en-US",
            "currency": row.get("currency", "USD"),
            "status": "ACTIVE",
            "main_location_id": row["main_location_id"],
            "created_at": self._time(row.get("created_at")),
        }
        known = self._square.state.merchants.get(row["id"])
        if known is None:
            known = self._square.state.merchants[row["id"]] = Merchant(row["id"], about)
        known.about, known.has_plan = about, bool(row.get("has_plan", True))

    def _location(self, row: Json) -> None:
        merchant = self._of(row)
        self._keep(
            merchant, "location",
            {
                "id": row["id"],
                "name": row["name"],
                "address": row.get("address") or {},
                "timezone": row["timezone"],
                "capabilities": ["CREDIT_CARD_PROCESSING"],
                "status": row.get("status", "ACTIVE"),
                "created_at": self._time(row.get("created_at"))[:19] + "Z",
                "merchant_id": merchant.id,
                "country": merchant.about["country"],
                "language_code": "en-US",
                "currency": merchant.currency,
                "business_name": merchant.about["business_name"],
                "type": "PHYSICAL",
            },
        )  # fmt: skip

    def _team_member(self, row: Json) -> None:
        at = self._time(row.get("created_at"))
        self._keep(
            self._of(row), "team_member",
            {
                "id": row["id"],
                "is_owner": bool(row.get("is_owner", False)),
                "status": row.get("status", "ACTIVE"),
                "given_name": row["given_name"],
                "family_name": row.get("family_name", ""),
                "created_at": at,
                "updated_at": self._time(row.get("updated_at"), at),
                "assigned_locations": {"assignment_type": "ALL_CURRENT_AND_FUTURE_LOCATIONS"},
            },
        )  # fmt: skip

    def _service(self, row: Json) -> None:
        """One item with one variation, or one more variation of an item that is there."""
        merchant = self._of(row)
        at = self._time(row.get("updated_at"))
        before = merchant.variation(row["id"])
        version = int(row.get("version") or max(_millis(at), before["version"] + 1 if before else 0))
        item_id = str(row.get("item_id") or f"I{row['id']}")
        common: Json = {"updated_at": at, "version": version, "is_deleted": bool(row.get("is_deleted", False))}
        about = {
            "item_id": item_id,
            "name": row.get("variation_name", "Regular"),
            "ordinal": 0,
            "pricing_type": "FIXED_PRICING" if row.get("price") is not None else "VARIABLE_PRICING",
            "service_duration": int(row["duration_minutes"]) * 60_000,
            "available_for_booking": True,
        }
        if row.get("price") is not None:
            about["price_money"] = {"amount": int(row["price"]), "currency": merchant.currency}
        common["present_at_all_locations"] = True
        variation = {"type": "ITEM_VARIATION", "id": row["id"], **common, "item_variation_data": about}
        known = merchant.table("item").rows.get(item_id)
        others = [v for v in known["item_data"]["variations"] if v["id"] != row["id"]] if known else []
        data = {"name": row["name"], "product_type": "APPOINTMENTS_SERVICE", "variations": [*others, variation]}
        item = {"type": "ITEM", "id": item_id, **common, "item_data": data}
        self._keep(merchant, "item", item)
        merchant.variations[row["id"]] = item_id
        for made in (variation, item):
            merchant.catalog_history.setdefault(made["id"], []).append(made)

    def _customer(self, row: Json) -> None:
        at = self._time(row.get("created_at"))
        texts = ("given_name", "family_name", "company_name", "nickname", "email_address", "phone_number", "note")
        self._keep(
            self._of(row), "customer",
            {
                "id": row["id"],
                "created_at": at,
                "updated_at": self._time(row.get("updated_at"), at),
                **{name: row[name] for name in texts if row.get(name)},
                "creation_source": row.get("creation_source", "APPOINTMENTS"),
                "preferences": {"email_unsubscribed": False},
                "version": int(row.get("version", 0)),
            },
        )  # fmt: skip

    def _booking(self, row: Json) -> None:
        merchant = self._of(row)
        variation = merchant.variation(row["service_id"])
        if variation is None:
            raise Unreadable(f"no service {row['service_id']!r}", where="bookings")
        at = self._time(row["created_at"])
        booking = {
            "id": row["id"],
            "version": int(row.get("version", 0)),
            "status": row.get("status", "ACCEPTED"),
            "created_at": at,
            "updated_at": self._time(row.get("updated_at"), at),
            "start_at": self._time(row["start_at"]),
            "location_id": row.get("location_id", merchant.main_location),
            "customer_id": row["customer_id"],
            "customer_note": row.get("customer_note") or "",
            "appointment_segments": [
                {
                    "duration_minutes": variation["item_variation_data"]["service_duration"] // 60_000,
                    "service_variation_id": variation["id"],
                    "service_variation_version": variation["version"],
                    "team_member_id": row["team_member_id"],
                }
            ],
            "transition_time_minutes": 0,
            "all_day": False,
            "location_type": "BUSINESS_LOCATION",
            "source": row.get("source", "FIRST_PARTY_BUYER"),
        }
        self._keep(merchant, "booking", booking)
        self._bookings.append((merchant, booking))

    def _payment(self, row: Json) -> None:
        merchant = self._of(row)
        paid = money.payment(
            merchant, at=self._time(row["created_at"]), location_id=row.get("location_id", merchant.main_location),
            amount=int(row["amount"]), tip=int(row.get("tip", 0)), status=row.get("status", "COMPLETED"),
            source_type=row.get("source_type", "CARD"), payment_id=row["id"], customer_id=row.get("customer_id"),
            reference_id=row.get("reference_id"), note=row.get("note"),
        )  # fmt: skip
        known = merchant.table("payment").rows.get(row["id"], {})
        paid |= {name: known[name] for name in ("refunded_money", "refund_ids") if name in known}
        self._keep(merchant, "payment", paid)
        self._payments.append((merchant, paid))

    def _refund(self, row: Json) -> None:
        merchant = self._square.state.holder("payment", row["payment_id"])
        if merchant is None:
            raise Unreadable(f"no payment {row['payment_id']!r}", where="refunds")
        at = self._time(row["created_at"])
        paid = merchant.table("payment").rows[row["payment_id"]]
        given_back = money.refund(
            paid, at=at, amount=int(row["amount"]), status=row.get("status", "COMPLETED"), reason=row.get("reason"),
            refund_id=row["id"],
        )  # fmt: skip
        self._keep(merchant, "refund", given_back)
        if given_back["status"] == "COMPLETED" and row["id"] not in paid.get("refund_ids", ()):
            self._keep(merchant, "payment", money.refunded(paid, given_back, at=at))

    def _subscription(self, row: Json) -> None:
        made = subscription_of(row, at=self._now)
        self._square.state.subscriptions[made["id"]] = made

    def _of(self, row: Json) -> Merchant:
        merchants = self._square.state.merchants
        wanted = row["merchant_id"] if len(merchants) != 1 else row.get("merchant_id") or next(iter(merchants))
        if wanted not in merchants:
            raise Unreadable(f"no merchant {wanted!r}")
        return merchants[wanted]

    def _keep(self, merchant: Merchant, table: str, row: Json) -> None:
        merchant.table(table).rows[row["id"]] = row

    def _time(self, given: str | None, otherwise: str | None = None) -> str:
        return stamp(times.rfc3339(given)) if given else otherwise or self._now


def _millis(at: str) -> int:
    return int(times.rfc3339(at).timestamp() * 1000)
