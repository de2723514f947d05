"""Amounts as Stripe writes them, and ours: both are whole numbers, but for some currencies of different units.

Stripe counts in a currency's smallest unit with exceptions of its own (docs.stripe.com/currencies, read 2026-11):
MGA has no decimals there though ISO 4217 gives it two; ISK and UGX lost theirs in life but are still written with two;
amounts in currencies of three decimals are written with three and must end in 0.
"""

from __future__ import annotations

from bookingbridge.canonical.errors import Rejected, Unreadable
from bookingbridge.canonical.money import Money, digits

_THEIRS = {"MGA": 0, "ISK": 2, "UGX": 2}
_ENDS_IN_ZERO = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})


def theirs(currency: str) -> int:
    """How many decimal digits Stripe writes for the currency (upper case)."""
    return _THEIRS.get(currency, digits(currency))


def money(amount: int, currency: str, *, where: str = "amount") -> Money:
    """Stripe's amount as money. Unreadable where it has more digits than the currency has."""
    code = currency.upper()
    shift = digits(code) - theirs(code)
    if shift >= 0:
        return Money(amount * 10**shift, code)
    whole, rest = divmod(amount, 10**-shift)
    if rest:
        raise Unreadable(f"{amount} is no whole amount of {code}", where=where)
    return Money(whole, code)


def amount(given: Money) -> int:
    """Money as Stripe's amount. Rejected where Stripe cannot charge exactly that."""
    shift = theirs(given.currency) - digits(given.currency)
    written: int
    if shift >= 0:
        written, rest = given.minor * 10**shift, 0
    else:
        written, rest = divmod(given.minor, 10**-shift)
    if rest or (given.currency in _ENDS_IN_ZERO and written % 10):
        raise Rejected(
            f"Stripe cannot charge {given.decimal()} {given.currency} exactly; round it", code="amount_too_fine"
        )
    return written
