"""Payments and refunds at a simulated Square. No card number is ever asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import BaseRoute, Route

from bookingbridge.canonical.ports import Json
from bookingbridge.vendors.square.simulator.answers import (
    Call,
    Complaint,
    endpoint,
    optional,
    page_of,
    require,
    stamp,
    typed,
)
from bookingbridge.vendors.square.simulator.state import Merchant, new_id

if TYPE_CHECKING:
    from bookingbridge.vendors.square.simulator import SquareSimulation

DECLINED = "cnon:card-nonce-declined"  # the sandbox's own word for a card that is refused


def routes(square: SquareSimulation) -> list[BaseRoute]:
    read, write = "PAYMENTS_READ", "PAYMENTS_WRITE"
    return [
        Route("/v2/payments", endpoint(square, _list_payments, read)),
        Route("/v2/payments", endpoint(square, _create_payment, write), methods=["POST"]),
        Route("/v2/payments/{payment_id}", endpoint(square, _get_payment, read)),
        Route("/v2/payments/{payment_id}/complete", endpoint(square, _complete, write), methods=["POST"]),
        Route("/v2/payments/{payment_id}/cancel", endpoint(square, _cancel, write), methods=["POST"]),
        Route("/v2/refunds", endpoint(square, _list_refunds, read)),
        Route("/v2/refunds", endpoint(square, _create_refund, write), methods=["POST"]),
        Route("/v2/refunds/{refund_id}", endpoint(square, _get_refund, read)),
    ]


def payment(
    merchant: Merchant, *, at: str, location_id: str, amount: int, tip: int = 0, status: str = "COMPLETED",
    source_type: str = "CARD", payment_id: str | None = None, **more: str | None,
) -> Json:  # fmt: skip
    """A Payment object. `more` are its texts: customer_id, reference_id, note, order_id."""
    row: Json = {
        "id": payment_id or new_id(size=13),
        "created_at": at,
        "updated_at": at,
        "amount_money": _money(merchant, amount),
        "total_money": _money(merchant, amount + tip),
        "approved_money": _money(merchant, amount + tip),
        "status": status,
        "source_type": source_type,
        "location_id": location_id,
        **{name: value for name, value in more.items() if value},
    }
    if tip:
        row["tip_money"] = _money(merchant, tip)
    if source_type == "CARD":
        captured = {"captured_at": at} if status == "COMPLETED" else {}
        row["card_details"] = {
            "status": "CAPTURED" if status == "COMPLETED" else "AUTHORIZED",
            "card": {"card_brand": "VISA", "last_4": "1111"},
            "entry_method": "KEYED",
            "card_payment_timeline": {"authorized_at": at, **captured},
        }
    if source_type == "CASH":
        row["cash_details"] = {"buyer_supplied_money": _money(merchant, amount + tip)}
    if status == "COMPLETED":
        row["receipt_number"] = row["id"][:4]
    return row


def refund(paid: Json, *, at: str, amount: int, status: str, reason: str | None, refund_id: str | None = None) -> Json:
    """A PaymentRefund object of that payment."""
    row: Json = {
        "id": refund_id or f"{paid['id']}_{new_id(size=10)}",
        "status": status,
        "location_id": paid["location_id"],
        "amount_money": {**paid["amount_money"], "amount": amount},
        "payment_id": paid["id"],
        "created_at": at,
        "updated_at": at,
    }
    return {**row, "reason": reason} if reason else row


def refunded(paid: Json, given_back: Json, *, at: str) -> Json:
    """The payment after that refund."""
    already = paid.get("refunded_money", {}).get("amount", 0) + given_back["amount_money"]["amount"]
    ids = [*paid.get("refund_ids", ()), given_back["id"]]
    return {**paid, "refunded_money": {**paid["amount_money"], "amount": already}, "refund_ids": ids, "updated_at": at}


def take(square: SquareSimulation, merchant: Merchant, row: Json) -> Json:
    """The payment is taken, and webhooks say so."""
    merchant.table("payment").put(row, now=square.now(), lag=square.lag)
    _tell(square, merchant, "payment.created", row)
    if row["status"] == "COMPLETED":
        _tell(square, merchant, "payment.updated", row)
    return row


def _tell(square: SquareSimulation, merchant: Merchant, event: str, row: Json) -> None:
    kind = event.partition(".")[0]
    square.announce(merchant, event, kind, row["id"], {kind: row}, location_id=row["location_id"])


def _money(merchant: Merchant, amount: int) -> Json:
    return {"amount": amount, "currency": merchant.currency}


def _list_payments(call: Call) -> Json:
    # Without a location only the main location's payments are listed (Payments API, 2025-08-20).
    return _list(call, "payment", "payments", call.query("location_id") or call.merchant.main_location)


def _list_refunds(call: Call) -> Json:
    return _list(call, "refund", "refunds", call.query("location_id"))


def _list(call: Call, table: str, name: str, location: str | None) -> Json:
    """By creation (a year back unless told otherwise) and by change, newest first unless told otherwise."""
    year_ago = stamp(call.now.replace(year=call.now.year - 1, day=min(call.now.day, 28)))
    begin, end = call.time("begin_time") or year_ago, call.time("end_time")
    since, until = call.time("updated_at_begin_time"), call.time("updated_at_end_time")
    field = "updated_at" if call.query("sort_field") == "UPDATED_AT" else "created_at"
    rows = [
        row
        for row in call.listed(table)
        if begin <= row["created_at"]
        and (end is None or row["created_at"] <= end)
        and (since is None or row["updated_at"] >= since)
        and (until is None or row["updated_at"] <= until)
        and location in (None, row["location_id"])
    ]
    rows.sort(key=lambda row: (row[field], row["id"]), reverse=call.query("sort_order") != "ASC")
    asked = call.query("limit") or ""
    limit = int(asked) if asked.isdigit() and 1 <= int(asked) <= 100 else 100  # more is ignored here, not refused
    query = sorted(pair for pair in call.request.query_params.multi_items() if pair[0] not in ("cursor", "limit"))
    return page_of(call, name, rows, cursor=call.query("cursor"), limit=limit, query=query)


def _get_payment(call: Call) -> Json:
    return {"payment": call.row("payment", call.path("payment_id"))}


def _get_refund(call: Call) -> Json:
    return {"refund": call.row("refund", call.path("refund_id"))}


def _create_payment(call: Call) -> Json:
    body, merchant = call.body, call.merchant
    source = require(body, "source_id")
    _check_key(body)
    amount, tip = _amount(call, body, "amount_money"), _amount(call, body, "tip_money") if body.get("tip_money") else 0
    location = optional(body, "location_id") or merchant.main_location
    call.row("location", location)
    if optional(body, "customer_id"):
        call.row("customer", body["customer_id"])
    if source == DECLINED:
        raise Complaint(402, "GENERIC_DECLINE", "The card was declined.", category="PAYMENT_METHOD_ERROR")
    row = payment(
        merchant, at=call.stamp, location_id=location, amount=amount, tip=tip,
        status="APPROVED" if body.get("autocomplete") is False else "COMPLETED",
        source_type=source if source in ("CASH", "EXTERNAL") else "CARD",
        customer_id=optional(body, "customer_id"), reference_id=optional(body, "reference_id"),
        note=optional(body, "note"), order_id=optional(body, "order_id"),
    )  # fmt: skip
    if row["source_type"] == "EXTERNAL":
        row["external_details"] = typed(body.get("external_details"), dict, "external_details")
    return {"payment": take(call.square, merchant, row)}


def _check_key(body: Json) -> None:
    if len(require(body, "idempotency_key")) > 45:
        raise Complaint(400, "VALUE_TOO_LONG", "The key is too long.", field="idempotency_key")


def _amount(call: Call, body: Json, name: str) -> int:
    money = require(body, name, dict)
    amount: int = require(money, "amount", int, where=f"{name}.amount")
    if amount < 0:
        raise Complaint(400, "VALUE_TOO_LOW", "The amount is negative.", field=f"{name}.amount")
    if money.get("currency") != call.merchant.currency:
        raise Complaint(400, "CURRENCY_MISMATCH", "Not the merchant's currency.", field=f"{name}.currency")
    return amount


def _complete(call: Call) -> Json:
    return _settle(call, "COMPLETED")


def _cancel(call: Call) -> Json:
    return _settle(call, "CANCELED")


def _settle(call: Call, status: str) -> Json:
    before = call.row("payment", call.path("payment_id"))
    if before["status"] != "APPROVED":
        raise Complaint(400, "BAD_REQUEST", "The payment is not waiting.")
    row = {**before, "status": status, "updated_at": call.stamp}
    if status == "COMPLETED" and "card_details" in before:
        timeline = {**before["card_details"]["card_payment_timeline"], "captured_at": call.stamp}
        row["card_details"] = {**before["card_details"], "status": "CAPTURED", "card_payment_timeline": timeline}
    _tell(call.square, call.merchant, "payment.updated", call.put("payment", row))
    return {"payment": row}


def _create_refund(call: Call) -> Json:
    """Answered as pending and completed at once after, as Square does within moments for most cards."""
    _check_key(call.body)
    amount = _amount(call, call.body, "amount_money")
    paid = call.row("payment", require(call.body, "payment_id"))
    left = paid["total_money"]["amount"] - paid.get("refunded_money", {}).get("amount", 0)
    if paid["status"] != "COMPLETED":
        raise Complaint(400, "REFUND_ERROR_PAYMENT_NEEDS_COMPLETION", "Not completed.", category="REFUND_ERROR")
    if not 0 < amount <= left:
        raise Complaint(400, "REFUND_AMOUNT_INVALID", "More than was paid.", category="REFUND_ERROR")
    pending = refund(paid, at=call.stamp, amount=amount, status="PENDING", reason=optional(call.body, "reason"))
    _tell(call.square, call.merchant, "refund.created", pending)
    done = call.put("refund", {**pending, "status": "COMPLETED"})
    after = call.put("payment", refunded(paid, done, at=call.stamp))
    _tell(call.square, call.merchant, "refund.updated", done)
    _tell(call.square, call.merchant, "payment.updated", after)
    return {"refund": pending}
