"""Payouts of a simulated Square: a location's day of card payments and refunds, less fees, on its way to the bank."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bookingbridge.canonical import times
from bookingbridge.canonical.ports import Json
from bookingbridge.vendors.square.simulator.answers import Call, Complaint, endpoint, page_of, read_body, reply, stamp
from bookingbridge.vendors.square.simulator.state import Merchant

if TYPE_CHECKING:
    from bookingbridge.vendors.square.simulator import SquareSimulation

ARRIVES_AFTER = timedelta(days=2)
"""Payouts of a loaded history that are older than this have arrived."""

AT_MOST_AGO = timedelta(days=7)
"""What is older than this is not paid out on order, only with a world: nobody waits longer for a payout."""

STATUSES = ("PAID", "FAILED")


def routes(square: SquareSimulation) -> list[BaseRoute]:
    read, base = "PAYOUTS_READ", "/v2/payouts"

    async def control(request: Request) -> Response:
        try:
            return reply(_order(square, read_body(await request.body())))
        except Complaint as complaint:
            return reply(complaint.body, complaint.status)

    return [
        Route(base, endpoint(square, _list, read)),
        Route(base + "/{payout_id}", endpoint(square, _get, read)),
        Route(base + "/{payout_id}/payout-entries", endpoint(square, _entries, read)),
        Route("/_sim/payouts", control, methods=["POST"]),
    ]


def fee_of(amount: int) -> int:
    """2.6 % and 15 cents, half a cent up: a usual price of a card payment."""
    return (amount * 26 + 500) // 1000 + 15


def pay_out(square: SquareSimulation, merchant: Merchant, *, since: datetime | None = None) -> list[Json]:
    """The new payouts: every finished day's cards that are in none yet, told by no webhook."""
    now = square.now()
    days: dict[tuple[str, date], list[Json]] = defaultdict(list)
    for moved in _not_paid_out(merchant):
        at = times.rfc3339(moved["effective_at"])
        zone = _zone(merchant, moved["location_id"])
        day = at.astimezone(zone).date()
        if (since is None or at >= since) and day < now.astimezone(zone).date():
            days[moved["location_id"], day].append(moved)
    made = [_payout(merchant, where, day, moved, now) for (where, day), moved in sorted(days.items())]
    for payout in made:
        merchant.table("payout").put(payout, now=now, lag=square.lag)
    return made


def _not_paid_out(merchant: Merchant) -> list[Json]:
    """Entries to be, with the location in them: card payments and what was given back of them."""
    paid_out = {entry["id"] for entries in merchant.payout_entries.values() for entry in entries}
    payments = merchant.table("payment").rows
    found = []
    for row in payments.values():
        if row["status"] == "COMPLETED" and row["source_type"] == "CARD":
            about = {"type": "CHARGE", "type_charge_details": {"payment_id": row["id"]}}
            amount = row["total_money"]["amount"]
            found.append(_entry(row, amount, fee_of(amount), about))
    for row in merchant.table("refund").rows.values():
        if row["status"] == "COMPLETED" and payments[row["payment_id"]]["source_type"] == "CARD":
            about = {
                "type": "REFUND",
                "type_refund_details": {"payment_id": row["payment_id"], "refund_id": row["id"]},
            }
            found.append(_entry(row, -row["amount_money"]["amount"], 0, about))
    return [entry for entry in found if entry["id"] not in paid_out]


def _entry(row: Json, amount: int, fee: int, about: Json) -> Json:
    currency = row["amount_money"]["currency"]
    amounts = {"gross": amount, "fee": fee, "net": amount - fee}
    return {
        "id": "poe_" + hashlib.sha256(row["id"].encode()).hexdigest()[:24],
        "location_id": row["location_id"],
        "effective_at": row["created_at"],
        **{f"{name}_amount_money": {"amount": minor, "currency": currency} for name, minor in amounts.items()},
        **about,
    }


def _payout(merchant: Merchant, where: str, day: date, moved: list[Json], now: datetime) -> Json:
    ended = datetime(day.year, day.month, day.day, tzinfo=_zone(merchant, where)) + timedelta(days=1)
    payout_id = "po_" + hashlib.sha256(f"{where} {day} {moved[0]['id']}".encode()).hexdigest()[:24]
    merchant.payout_entries[payout_id] = [
        {**{name: value for name, value in entry.items() if name != "location_id"}, "payout_id": payout_id}
        for entry in moved
    ]
    return {
        "id": payout_id,
        "status": "PAID" if now - ended > ARRIVES_AFTER else "SENT",
        "location_id": where,
        "created_at": stamp(ended),
        "updated_at": stamp(ended),
        "amount_money": {
            "amount": sum(entry["net_amount_money"]["amount"] for entry in moved), "currency": merchant.currency
        },
        "destination": {"type": "BANK_ACCOUNT", "id": f"bact:{merchant.id}"},
        "version": 1,
        "type": "BATCH",
        "arrival_date": (day + ARRIVES_AFTER).isoformat(),
    }  # fmt: skip


def _zone(merchant: Merchant, location: str) -> ZoneInfo:
    return ZoneInfo(merchant.table("location").rows[location]["timezone"])


def _order(square: SquareSimulation, body: Json) -> Json:
    """Control: new payouts are sent, or those sent arrive or come back; webhooks say so."""
    merchants = square.state.merchants
    merchant = merchants.get(str(body.get("merchant_id") or next(iter(merchants), "")))
    if merchant is None:
        raise Complaint(404, "NOT_FOUND", "There is no such merchant.")
    status = body.get("status")
    if status is None:
        changed = pay_out(square, merchant, since=square.now() - AT_MOST_AGO)
    elif status in STATUSES:
        changed = [_settled(square, merchant, row, status) for row in _sent(merchant)]
    else:
        raise Complaint(400, "INVALID_ENUM_VALUE", "PAID or FAILED.", field="status")
    for row in changed:
        event = f"payout.{(status or 'SENT').lower()}"
        square.announce(merchant, event, "payout", row["id"], {"payout": row}, location_id=row["location_id"])
    return {"payouts": [row["id"] for row in changed]}


def _sent(merchant: Merchant) -> list[Json]:
    return [row for row in merchant.table("payout").rows.values() if row["status"] == "SENT"]


def _settled(square: SquareSimulation, merchant: Merchant, before: Json, status: str) -> Json:
    at = square.now()
    row = {**before, "status": status, "version": before["version"] + 1, "updated_at": stamp(at)}
    merchant.table("payout").put(row, now=at, lag=square.lag)
    return row


def _list(call: Call) -> Json:
    year_ago = stamp(call.now - timedelta(days=365))
    begin, end = call.time("begin_time") or year_ago, call.time("end_time") or call.stamp
    location = call.query("location_id") or call.merchant.main_location
    status = call.query("status")
    rows = [
        row
        for row in call.listed("payout")
        if row["location_id"] == location and begin <= row["created_at"] <= end and status in (None, row["status"])
    ]
    rows.sort(key=lambda row: (row["created_at"], row["id"]), reverse=call.query("sort_order") != "ASC")
    return _page(call, "payouts", rows)


def _get(call: Call) -> Json:
    return {"payout": call.row("payout", call.path("payout_id"))}


def _entries(call: Call) -> Json:
    payout = call.row("payout", call.path("payout_id"))
    entries = sorted(call.merchant.payout_entries[payout["id"]], key=lambda entry: (entry["effective_at"], entry["id"]))
    return _page(call, "payout_entries", entries if call.query("sort_order") == "ASC" else entries[::-1])


def _page(call: Call, name: str, rows: list[Json]) -> Json:
    asked = call.query("limit") or ""
    limit = int(asked) if asked.isdigit() and 1 <= int(asked) <= 100 else 100  # more is ignored here, not refused
    query = sorted(pair for pair in call.request.query_params.multi_items() if pair[0] not in ("cursor", "limit"))
    return page_of(call, name, rows, cursor=call.query("cursor"), limit=limit, query=[call.request.url.path, query])
