"""What a key may do, found out by asking: Stripe has no list of a key's permissions.

Reading is asked for one object. Writing is asked with nothing in it: a key that may write is told what is missing
(400), one that may not is turned away before that (403), and nothing comes about either way.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from bookingbridge.canonical.errors import NotFound, Rejected
from bookingbridge.canonical.ports import Ability, Scope
from bookingbridge.vendors.stripe.answers import NotPermitted
from bookingbridge.vendors.stripe.api import Api

# The names are those of Stripe's page for restricted keys; the codes are the same permissions in its address and in
# its errors ("Having the 'rak_charge_read' permission would allow this request", seen in public reports, 2026-11).
READS = (
    ("Customers: Read", "rak_customer_read", "/v1/customers", "To know which client a payment is from."),
    ("Charges and Refunds: Read", "rak_charge_read", "/v1/charges", "To know what was paid."),
    ("Charges and Refunds: Read", "rak_charge_read", "/v1/refunds", "To know what was given back."),
    ("PaymentIntents: Read", "rak_payment_intent_read", "/v1/payment_intents", "To tell tips from prices."),
    ("Disputes: Read", "rak_dispute_read", "/v1/disputes", "To warn you while a dispute can be answered."),
    ("Payouts: Read", "rak_payout_read", "/v1/payouts", "To show what reached your bank account."),
    ("Balance transaction sources: Read", "rak_balance_transaction_source_read", "/v1/balance_transactions",
     "To show Stripe's fees, and which payments are in a payout."),
    ("Events: Read", "rak_event_read", "/v1/events", "To notice refunds and changes of what is older."),
)  # fmt: skip
ACCOUNT = ("Accounts: Read", "rak_accounts_kyc_basic_read", "To know whose account it is.")
WRITES = (
    ("Checkout Sessions: Write", "rak_checkout_session_write", "/v1/checkout/sessions", Ability.DEPOSITS,
     "Only for deposits: to make payment links."),
    ("Webhook Endpoints: Write", "rak_webhook_write", "/v1/webhook_endpoints", Ability.WEBHOOKS,
     "Only to register webhooks by itself; you may add them by hand."),
)  # fmt: skip

SCOPES = (
    *(Scope(name, why) for name, _, path, why in READS if path != "/v1/refunds"),
    Scope(ACCOUNT[0], ACCOUNT[2]),
    *(Scope(name, why) for name, _, _, _, why in WRITES),
)


@dataclass(frozen=True, slots=True)
class Found:
    """Permissions that are there and that are missing, and the abilities that fall away with optional ones."""

    granted: tuple[str, ...]
    missing: tuple[str, ...]
    without: tuple[tuple[Ability, str], ...]


async def found(api: Api) -> Found:
    """What the key may do. The errors of canonical.errors, save that it may not."""
    reads = await asyncio.gather(*(_may_read(api, path) for _, _, path, _ in READS))
    writes = await asyncio.gather(*(_may_write(api, path) for _, _, path, _, _ in WRITES))
    missing = dict.fromkeys(name for (name, *_), may in zip(READS, reads, strict=True) if not may)
    granted = dict.fromkeys(
        name
        for (name, *_), may in zip((*READS, *WRITES), (*reads, *writes), strict=True)
        if may and name not in missing
    )
    without = tuple(
        (ability, f"the key lacks the permission {name!r}")
        for (name, _, _, ability, _), may in zip(WRITES, writes, strict=True)
        if not may and ability is not Ability.WEBHOOKS
    )
    return Found(tuple(granted), tuple(missing), without)


async def _may_read(api: Api, path: str) -> bool:
    try:
        await api.get(path, "this", limit=1)
    except NotPermitted:
        return False
    return True


async def _may_write(api: Api, path: str) -> bool:
    try:
        await api.post(path, "this", {})
    except NotPermitted:
        return False
    except (Rejected, NotFound):
        return True
    return True
