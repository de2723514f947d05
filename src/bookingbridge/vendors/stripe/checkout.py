"""Payment links: a Checkout Session for one amount, found again by our key when its making stayed unconfirmed."""

from __future__ import annotations

from datetime import datetime, timedelta

from bookingbridge.canonical.commands import Command, RequestPayment
from bookingbridge.canonical.errors import Rejected, Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Given, Json, Receipt
from bookingbridge.vendors.stripe.amounts import amount
from bookingbridge.vendors.stripe.answers import KeyReused
from bookingbridge.vendors.stripe.api import Api, id_of, word

SESSIONS = "/v1/checkout/sessions"
KEY = "bookingbridge_key"
REFERENCE = "reference"

# A session lives between 30 minutes and 24 hours from its making, 24 hours unless said otherwise (Create a Checkout
# Session, expires_at, 2026-10-28.endive). A minute is left for the way there.
SHORTEST, LONGEST = timedelta(minutes=31), timedelta(hours=23, minutes=59)


class Checkout:
    """What `send` and `find` do at Stripe."""

    def __init__(self, api: Api, given: Given) -> None:
        self._api = api
        self._now = given.now

    async def send(self, command: Command) -> Receipt:
        """A page exists where the amount can be paid. See canonical.ports.Writer."""
        wanted = _payment(command)
        try:
            made = await self._api.post(SESSIONS, "a payment link", session_of(wanted, self._now()), key=wanted.key)
        except KeyReused:
            # Stripe compares parameters, and the latest possible expiry has moved since the first try.
            found = await self.find(command)
            if found is None:
                raise
            return found
        return _receipt(made)

    async def find(self, command: Command) -> Receipt | None:
        """The link this command made, among those of the last day: later Stripe has forgotten the key anyway."""
        wanted = _payment(command)
        since = {"gte": int((self._now() - timedelta(days=1, hours=1)).timestamp())}
        async for found, _ in self._api.pages(SESSIONS, "payment links", created=since):
            for session in found:
                if (session.get("metadata") or {}).get(KEY) == wanted.key:
                    return _receipt(session)
        return None


def session_of(wanted: RequestPayment, now: datetime) -> Json:
    """The fields of the session. Rejected where Stripe cannot charge the amount or the link would end too soon."""
    if wanted.amount.minor <= 0:
        raise Rejected("a payment link needs an amount above zero", code="amount_too_small")
    customer = wanted.person.remote_id if (wanted.person.remote_id or "").startswith("cus_") else None
    price = {
        "currency": wanted.amount.currency.lower(),
        "unit_amount": amount(wanted.amount),
        "product_data": {"name": wanted.title},
    }
    return {
        "mode": "payment",
        "line_items": [{"quantity": 1, "price_data": price}],
        "client_reference_id": wanted.reference,
        "metadata": {REFERENCE: wanted.reference, KEY: wanted.key},
        # Goes on to the charge, where it comes back with the payment.
        "payment_intent_data": {"description": wanted.title, "metadata": {REFERENCE: wanted.reference}},
        "customer": customer,
        "customer_email": None if customer else wanted.person.email,
        "success_url": wanted.return_url,
        "cancel_url": wanted.return_url,
        "expires_at": _expiry(wanted.expires_at, now),
    }


def _expiry(wanted: datetime | None, now: datetime) -> int | None:
    if wanted is None or wanted - now > LONGEST:
        return None
    if wanted - now < SHORTEST:
        raise Rejected("Stripe's payment links live for half an hour at least", code="expires_too_soon")
    return int(wanted.timestamp())


def _payment(command: Command) -> RequestPayment:
    if not isinstance(command, RequestPayment):
        raise Rejected(f"Stripe cannot {command.name.replace('_', ' ')}", code="unknown_command")
    return command


def _receipt(session: Json) -> Receipt:
    if word(session.get("id")) is None:
        raise Unreadable("Stripe's answer holds no payment link", where="id")
    return Receipt(RemoteId(id_of(session)), url=word(session.get("url")))
