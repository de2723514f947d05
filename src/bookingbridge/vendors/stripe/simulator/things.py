"""Stripe's objects, built in its published shapes (fixtures of August 2026, API 2026-10-28.endive)."""

from __future__ import annotations

from typing import Any

from bookingbridge.canonical.ports import Json
from bookingbridge.vendors.stripe.simulator.state import Account

DAY = 86_400
NO_ADDRESS: Json = {"city": None, "country": None, "line1": None, "line2": None, "postal_code": None, "state": None}


def account(account_id: str, name: str, *, currency: str, zone: str, country: str, created: int) -> Json:
    return {
        "id": account_id, "object": "account", "business_profile": {"name": name}, "business_type": "company",
        "capabilities": {"card_payments": "active", "transfers": "active"}, "charges_enabled": True,
        "country": country, "created": created, "default_currency": currency, "details_submitted": True,
        "email": "owner@example.com", "metadata": {}, "payouts_enabled": True, "type": "standard",
        "settings": {
            "branding": {"icon": None, "logo": None, "primary_color": None, "secondary_color": None},
            "card_payments": {"statement_descriptor_prefix": None, "statement_descriptor_prefix_kana": None,
                              "statement_descriptor_prefix_kanji": None},
            "dashboard": {"display_name": name, "timezone": zone},
            "payments": {"statement_descriptor": None, "statement_descriptor_kana": None,
                         "statement_descriptor_kanji": None},
        },
    }  # fmt: skip


def customer(customer_id: str, *, created: int, **texts: Any) -> Json:
    """`texts`: name, email, phone, description, metadata."""
    return {
        "id": customer_id, "object": "customer", "address": None, "balance": 0, "created": created, "currency": None,
        "default_source": None, "delinquent": False, "description": texts.get("description"), "discount": None,
        "email": texts.get("email"), "invoice_prefix": customer_id[-8:].upper(),
        "invoice_settings": {"custom_fields": None, "default_payment_method": None, "footer": None,
                             "rendering_options": None},
        "livemode": False, "metadata": texts.get("metadata") or {}, "name": texts.get("name"),
        "phone": texts.get("phone"), "preferred_locales": [], "shipping": None, "tax_exempt": "none",
        "test_clock": None,
    }  # fmt: skip


def intent(intent_id: str, *, created: int, amount: int, currency: str, status: str, **more: Any) -> Json:
    """`more`: customer, description, metadata, tip, charge, capture_method."""
    is_paid = status == "succeeded"
    return {
        "id": intent_id, "object": "payment_intent", "amount": amount,
        "amount_capturable": amount if status == "requires_capture" else 0,
        "amount_details": {"tip": {"amount": more["tip"]} if more.get("tip") else {}},
        "amount_received": amount if is_paid else 0, "application": None, "application_fee_amount": None,
        "automatic_payment_methods": {"enabled": True}, "canceled_at": None, "cancellation_reason": None,
        "capture_method": more.get("capture_method") or "automatic", "client_secret": f"{intent_id}_secret_simulated",
        "confirmation_method": "automatic", "created": created, "currency": currency,
        "customer": more.get("customer"), "description": more.get("description"), "last_payment_error": None,
        "latest_charge": more.get("charge"), "livemode": False, "metadata": more.get("metadata") or {},
        "next_action": None, "on_behalf_of": None, "payment_method": "pm_card_visa", "payment_method_options": {},
        "payment_method_types": ["card"], "processing": None, "receipt_email": more.get("receipt_email"),
        "review": None, "setup_future_usage": None, "shipping": None, "statement_descriptor": None,
        "statement_descriptor_suffix": None, "status": status, "transfer_data": None, "transfer_group": None,
    }  # fmt: skip


def charge(charge_id: str, *, created: int, amount: int, currency: str, status: str, **more: Any) -> Json:
    """`more`: captured, customer, description, metadata, intent, line, method, name, email, phone."""
    captured, failed = bool(more.get("captured", status != "failed")), status == "failed"
    billing = {"address": NO_ADDRESS, **{name: more.get(name) for name in ("email", "name", "phone")}}
    return {
        "id": charge_id, "object": "charge", "amount": amount,
        "amount_captured": amount if captured and status == "succeeded" else 0,
        "amount_refunded": 0, "application": None, "application_fee": None, "application_fee_amount": None,
        "balance_transaction": more.get("line"), "billing_details": billing,
        "calculated_statement_descriptor": None, "captured": captured and not failed, "created": created,
        "currency": currency, "customer": more.get("customer"), "description": more.get("description"),
        "disputed": False, "failure_balance_transaction": None, "failure_code": "card_declined" if failed else None,
        "failure_message": "Your card was declined." if failed else None, "fraud_details": {}, "livemode": False,
        "metadata": more.get("metadata") or {}, "on_behalf_of": None, "outcome": None, "paid": not failed,
        "payment_intent": more.get("intent"), "payment_method": "pm_card_visa",
        "payment_method_details": _method(more.get("method") or "card"), "receipt_email": more.get("receipt_email"),
        "receipt_number": None, "receipt_url": None, "refunded": False, "review": None, "shipping": None,
        "source_transfer": None, "statement_descriptor": None, "statement_descriptor_suffix": None, "status": status,
        "transfer_data": None, "transfer_group": None,
    }  # fmt: skip


def _method(kind: str) -> Json:
    card = {"brand": "visa", "checks": None, "country": "US", "exp_month": 8, "exp_year": 2030, "fingerprint": None,
            "funding": "credit", "installments": None, "last4": "4242", "mandate": None, "network": "visa",
            "three_d_secure": None, "wallet": None}  # fmt: skip
    return {"type": kind, **({"card": card} if kind == "card" else {})}


def refund(refund_id: str, paid: Json, *, created: int, amount: int, status: str, **more: Any) -> Json:
    """`more`: reason, line, metadata."""
    return {
        "id": refund_id, "object": "refund", "amount": amount, "balance_transaction": more.get("line"),
        "charge": paid["id"], "created": created, "currency": paid["currency"], "metadata": more.get("metadata") or {},
        "payment_intent": paid["payment_intent"], "reason": more.get("reason"), "receipt_number": None,
        "source_transfer_reversal": None, "status": status, "transfer_reversal": None,
    }  # fmt: skip


def dispute(dispute_id: str, paid: Json, *, created: int, amount: int, reason: str, status: str, line: Json) -> Json:
    return {
        "id": dispute_id, "object": "dispute", "amount": amount, "balance_transactions": [line], "charge": paid["id"],
        "created": created, "currency": paid["currency"], "evidence": {},
        "evidence_details": {"due_by": created + 9 * DAY, "has_evidence": False, "past_due": False,
                             "submission_count": 0},
        "is_charge_refundable": False, "livemode": False, "metadata": {}, "payment_intent": paid["payment_intent"],
        "reason": reason, "status": status,
    }  # fmt: skip


def payout(
    payout_id: str, *, created: int, amount: int, currency: str, automatic: bool, status: str, line: str
) -> Json:
    return {
        "id": payout_id, "object": "payout", "amount": amount, "arrival_date": (created // DAY + 2) * DAY,
        "automatic": automatic, "balance_transaction": line, "created": created, "currency": currency,
        "description": "STRIPE PAYOUT", "destination": "ba_simulated", "failure_balance_transaction": None,
        "failure_code": None, "failure_message": None, "livemode": False, "metadata": {}, "method": "standard",
        "original_payout": None, "reconciliation_status": "completed" if automatic else "not_applicable",
        "reversed_by": None, "source_type": "card", "statement_descriptor": None, "status": status,
        "type": "bank_account",
    }  # fmt: skip


def line(line_id: str, *, created: int, amount: int, fee: int, currency: str, kind: str, **more: Any) -> Json:
    """A balance transaction. `more`: category, source, description, due (when it is available)."""
    due = more.get("due") or created
    fees = [{"amount": fee, "application": None, "currency": currency, "description": "Stripe processing fees",
             "type": "stripe_fee"}] if fee else []  # fmt: skip
    return {
        "id": line_id, "object": "balance_transaction", "amount": amount, "available_on": due, "created": created,
        "currency": currency, "description": more.get("description"), "exchange_rate": None, "fee": fee,
        "fee_details": fees, "net": amount - fee, "reporting_category": more.get("category") or kind,
        "source": more.get("source"), "status": "pending" if due > created else "available", "type": kind,
    }  # fmt: skip


def session(session_id: str, of: Account, *, created: int, amount: int, currency: str, **more: Any) -> Json:
    """`more`: expires_at, success_url, cancel_url, metadata, client_reference_id, customer, customer_email, url."""
    return {
        "id": session_id, "object": "checkout.session", "after_expiration": None, "allow_promotion_codes": None,
        "amount_subtotal": amount, "amount_total": amount, "automatic_tax": {"enabled": False, "status": None},
        "billing_address_collection": None, "cancel_url": more.get("cancel_url"),
        "client_reference_id": more.get("client_reference_id"), "consent": None, "consent_collection": None,
        "created": created, "currency": currency, "custom_fields": [],
        "custom_text": {"shipping_address": None, "submit": None}, "customer": more.get("customer"),
        "customer_creation": "if_required", "customer_details": None, "customer_email": more.get("customer_email"),
        "expires_at": more["expires_at"], "invoice": None, "livemode": False, "locale": None,
        "metadata": more.get("metadata") or {}, "mode": "payment", "payment_intent": None, "payment_link": None,
        "payment_method_collection": "if_required", "payment_method_options": {}, "payment_method_types": ["card"],
        "payment_status": "unpaid", "phone_number_collection": {"enabled": False}, "recovered_from": None,
        "setup_intent": None, "shipping_address_collection": None, "shipping_cost": None, "shipping_options": [],
        "status": "open", "submit_type": None, "subscription": None, "success_url": more.get("success_url"),
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0}, "url": more["url"],
    }  # fmt: skip


def deleted(customer_id: str) -> Json:
    return {"id": customer_id, "object": "customer", "deleted": True}
