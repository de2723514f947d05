"""Payouts and what is in them, as our records. Pure."""

from __future__ import annotations

from datetime import date

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.money import Money
from bookingbridge.canonical.ports import Json
from bookingbridge.canonical.records import Payout, PayoutEntry, PayoutStatus, Record
from bookingbridge.vendors.square import wire
from bookingbridge.vendors.square.fields import a_version, an_id, mapped, money, ref, shaped, tidy, time

_STATUS = {"SENT": PayoutStatus.SENT, "PAID": PayoutStatus.PAID, "FAILED": PayoutStatus.FAILED}

_DESTINATION = {
    "BANK_ACCOUNT": "bank account",
    "CARD": "card",
    "SQUARE_BALANCE": "Square balance",
    "SQUARE_STORED_BALANCE": "Square Checking or Savings",
}

# ActivityType (Payouts API, 2025-08-20). What is not here is "other".
_FEES = (
    "APP_FEE_REFUND", "APP_FEE_REVENUE", "DEPOSIT_FEE", "DEPOSIT_FEE_REVERSED", "FEE", "FREE_PROCESSING",
    "GIFT_CARD_LOAD_FEE", "GIFT_CARD_LOAD_FEE_REFUND", "LOCAL_OFFERS_FEE", "PAID_SERVICE_FEE",
    "PAID_SERVICE_FEE_REFUND", "PROCESSING_FEE", "PROCESSING_FEE_REFUND", "SUBSCRIPTION_FEE",
    "SUBSCRIPTION_FEE_PAID_REFUND", "SUBSCRIPTION_FEE_REFUND", "TAX_ON_FEE", "THIRD_PARTY_FEE",
    "THIRD_PARTY_FEE_REFUND", "UNDO_GIFT_CARD_LOAD_FEE_REFUND", "UNDO_PROCESSING_FEE_REFUND",
)  # fmt: skip
_ADJUSTMENTS = (
    "ADJUSTMENT", "HOLD_ADJUSTMENT", "INITIAL_BALANCE_CHANGE", "OTHER_ADJUSTMENT", "RELEASE_ADJUSTMENT",
    "RESERVE_HOLD", "RESERVE_RELEASE",
)  # fmt: skip
_TYPE = {
    "CHARGE": "charge",
    "REFUND": "refund",
    "DISPUTE": "dispute",
    "OPEN_DISPUTE": "dispute",
    "PAYOUT": "payout",
    "RETURNED_PAYOUT": "payout",
    **dict.fromkeys(_FEES, "fee"),
    **dict.fromkeys(_ADJUSTMENTS, "adjustment"),
}


_SPEAKING = ("CHARGE", "REFUND", "DISPUTE")
"""Types whose entries say enough by the payment they name."""


def payout(payload: Json) -> list[Record]:
    found = shaped(payload, wire.Payout)
    return [
        Payout(
            remote_id=an_id(found.id),
            version=a_version(found.version),
            changed_at=time(found.updated_at),
            status=mapped(_STATUS, found.status, "status"),
            amount=_amount(found.amount_money, "amount_money"),
            initiated_at=times.rfc3339(found.created_at),
            arrives_on=_day(found.arrival_date),
            location=ref(found.location_id),
            destination=_DESTINATION.get(found.destination.type or "") if found.destination else None,
        )
    ]


def entry(payload: Json) -> list[Record]:
    """One line. Its id holds the payout's, because Square gives entries by payout only.

    A payout's own `payout_fee` is not read beside: the entries already sum up to the payout (Payouts API, 2025-08-20).
    """
    found = shaped(payload, wire.PayoutEntry)
    gross = _amount(found.gross_amount_money, "gross_amount_money")
    fee = _amount(found.fee_amount_money, "fee_amount_money") if found.fee_amount_money else Money(0, gross.currency)
    net = _amount(found.net_amount_money, "net_amount_money") if found.net_amount_money else None
    if {gross.currency, fee.currency, net.currency if net else gross.currency} != {gross.currency}:
        raise Unreadable("two currencies in one entry", where="net_amount_money")
    if net is not None:
        fee = gross - net  # what was kept in all, also where an application's fee is told apart
    about = _about(payload, found.type)
    return [
        PayoutEntry(
            remote_id=entry_id(found.payout_id, found.id),
            version=None,
            changed_at=None,
            type=_TYPE.get(found.type, "other"),
            gross=gross,
            fee=fee,
            net=gross - fee,
            at=times.rfc3339(found.effective_at),
            payout=an_id(found.payout_id),
            payment=ref(about.payment_id),
            refund=ref(about.refund_id),
            description=_description(found.type),
        )
    ]


def _description(kind: str) -> str | None:
    """Square's word for it, for people; None where the payment it names says enough."""
    return None if kind in _SPEAKING else tidy(kind[:100].replace("_", " ").capitalize())


def entry_id(payout_id: str, own_id: str) -> RemoteId:
    return an_id(f"{an_id(payout_id)}:{an_id(own_id)}")


def _about(payload: Json, kind: str) -> wire.About:
    details = payload.get(f"type_{kind.lower()}_details")
    return shaped(details, wire.About) if isinstance(details, dict) else wire.About()


def _amount(raw: wire.PayoutMoney, where: str) -> Money:
    found = money(wire.Money(raw.amount, raw.currency or raw.currency_code))
    if found is None:
        raise Unreadable("no amount", where=where)
    return found


def _day(raw: str | None) -> date | None:
    if raw is None:
        return None
    try:
        return date.fromisoformat(raw)
    except ValueError as broken:
        raise Unreadable(f"{raw[:40]!r} is not a day", where="arrival_date") from broken
