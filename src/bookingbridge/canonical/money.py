"""Money: whole minor units and a currency. Rounding happens at named places only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from bookingbridge.canonical.errors import Unreadable

# ISO 4217: currencies whose minor unit is not a hundredth. Everything else has two digits.
_DIGITS = {
    "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0, "UGX": 0,
    "UYI": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
    "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
}  # fmt: skip

MAX_MINOR = 10**15
"""No single amount may exceed this; it keeps sums inside a 64-bit integer."""


def digits(currency: str) -> int:
    """How many decimal digits the currency's minor unit has."""
    return _DIGITS.get(currency, 2)


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in minor units (cents for USD) of one currency (ISO 4217, upper case)."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if isinstance(self.minor, bool) or not isinstance(self.minor, int):
            raise TypeError("money is whole minor units")
        if abs(self.minor) > MAX_MINOR:
            raise Unreadable(f"amount {self.minor} is beyond {MAX_MINOR} minor units")
        if len(self.currency) != 3 or not self.currency.isascii() or not self.currency.isupper():
            raise Unreadable(f"currency {self.currency[:10]!r} is not an ISO 4217 code")

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other), self.currency)

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise ValueError(f"cannot add {other.currency} to {self.currency}")
        return other.minor

    @classmethod
    def parse(cls, text: str, currency: str) -> Money:
        """An amount as people and files write it: `1,234.50`, `1234.5`, `$1,234.50`, `(12.00)`, `1.234,50`.

        Raises Unreadable where it has more digits than the currency's minor unit or could mean two amounts.
        """
        raw = text.strip().replace("\u00a0", "").replace("\u202f", "").replace(" ", "").replace("'", "")
        negative = raw.startswith(("-", "\u2212")) or (raw.startswith("(") and raw.endswith(")"))
        body = raw.strip("()").lstrip("-\u2212+")
        body = body.removeprefix(currency).removesuffix(currency).strip("$€£¥")
        if not body or not all(c.isascii() and (c.isdigit() or c in ".,") for c in body):
            raise Unreadable(f"{text[:40]!r} is not an amount")
        whole, fraction = _split_amount(body, digits(currency))
        try:
            value = Decimal(f"{whole or '0'}.{fraction or '0'}").scaleb(digits(currency))
        except InvalidOperation as broken:
            raise Unreadable(f"{text[:40]!r} is not an amount") from broken
        if value != value.to_integral_value():
            raise Unreadable(f"{text[:40]!r} has more digits than {currency} has")
        return cls(-int(value) if negative else int(value), currency)

    def decimal(self) -> Decimal:
        """The amount in major units, exact."""
        return Decimal(self.minor).scaleb(-digits(self.currency))


def _split_amount(body: str, wanted: int) -> tuple[str, str]:
    """Whole and fraction digits; the last separator is decimal when what follows cannot be a thousands group."""
    last = max(body.rfind("."), body.rfind(","))
    if last < 0:
        return body, ""
    tail, sep = body[last + 1 :], body[last]
    other = "," if sep == "." else "."
    if other in body or (body.count(sep) == 1 and not (len(tail) == 3 and wanted != 3 and sep == ",")):
        if body.count(sep) > 1:
            raise Unreadable(f"{body[:40]!r} is not an amount")
        whole = body[:last].replace(other, "")
        return whole, tail.rstrip("0") if len(tail) > wanted else tail
    return body.replace(sep, ""), ""


MICROS_PER_UNIT = 1_000_000


def from_micros(micros: int, currency: str) -> Money:
    """Millionths of a major unit (how ad platforms count) to minor units, half up. Round totals, not lines."""
    exact = Decimal(micros).scaleb(digits(currency) - 6)
    return Money(int(exact.quantize(Decimal(1), ROUND_HALF_UP)), currency)


def split(total: int, weights: Sequence[float]) -> list[int]:
    """`total` minor units divided by weight, summing to it exactly (largest remainder; ties to the earlier).

    Weights are non-negative and not all zero. A negative total (a net refund) is split like its opposite.
    """
    if not weights:
        raise ValueError("nothing to split over")
    mass = sum(weights)
    if mass <= 0 or any(w < 0 for w in weights):
        raise ValueError("weights must be non-negative and not all zero")
    if total < 0:
        return [-part for part in split(-total, weights)]
    exact = [total * (w / mass) for w in weights]
    parts = [int(x) for x in exact]
    short = total - sum(parts)
    order = sorted(range(len(parts)), key=lambda i: (parts[i] - exact[i], i))
    step = 1 if short > 0 else -1
    for i in (order if short > 0 else order[::-1])[: abs(short)]:
        parts[i] += step
    return parts


def total(amounts: Iterable[Money], currency: str) -> Money:
    """The sum, in `currency`; zero of it when there are none. All must be of that currency."""
    result = Money(0, currency)
    for amount in amounts:
        result += amount
    return result
