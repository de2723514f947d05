"""Stripe's words for where things stand, and ours."""

from __future__ import annotations

from bookingbridge.canonical.records import PaymentStatus, PayoutStatus

REFUND = {
    "pending": PaymentStatus.PENDING,
    "requires_action": PaymentStatus.PENDING,
    "succeeded": PaymentStatus.COMPLETED,
    "failed": PaymentStatus.FAILED,
    "canceled": PaymentStatus.CANCELLED,
}
# "warning" is an inquiry before a dispute proper; "prevented" one that was settled before it began.
DISPUTE = {
    "warning_needs_response": "needs_response",
    "warning_under_review": "under_review",
    "warning_closed": "closed",
    "needs_response": "needs_response",
    "under_review": "under_review",
    "won": "won",
    "lost": "lost",
    "prevented": "closed",
}
PAYOUT = {
    "pending": PayoutStatus.PENDING,
    "in_transit": PayoutStatus.SENT,
    "paid": PayoutStatus.PAID,
    "failed": PayoutStatus.FAILED,
    "canceled": PayoutStatus.CANCELLED,
}
# Reporting categories and, where one is missing, types (docs.stripe.com/reports/reporting-categories, read 2026-11).
ENTRY = {
    "charge": "charge",
    "payment": "charge",
    "refund": "refund",
    "refund_failure": "refund",
    "payment_refund": "refund",
    "payment_failure_refund": "refund",
    "dispute": "dispute",
    "dispute_reversal": "dispute",
    "fee": "fee",
    "stripe_fee": "fee",
    "tax": "fee",
    "tax_fee": "fee",
    "stripe_fx_fee": "fee",
    "network_cost": "fee",
    "application_fee": "fee",
    "adjustment": "adjustment",
    "other_adjustment": "adjustment",
    "partial_capture_reversal": "adjustment",
    "charge_failure": "adjustment",
    "payout": "payout",
    "payout_reversal": "payout",
    "payout_cancel": "payout",
    "payout_failure": "payout",
}
