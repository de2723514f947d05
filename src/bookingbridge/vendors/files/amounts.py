"""Amounts and counts as files write them. Whether `1.200` is twelve hundred is read off the file, or asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.money import MAX_MINOR, MICROS_PER_UNIT, Money
from bookingbridge.vendors.files.table import Cell

_LONGEST = 60
_SPACES = str.maketrans("", "", " \t\u00a0\u202f\u2009'’")
_AMOUNT = re.compile(
    r"(?P<open>\()?(?P<sign>[+\-−–]?)(?P<before>[^\d.,()+\-−–]*)(?P<sign2>[+\-−–]?)(?P<body>[\d.,]*\d[.,]?)"
    r"(?P<after>[^\d.,()+\-−–]*)(?P<sign3>[\-−–]?)(?P<close>\))?",
    re.ASCII,
)
_GROUPED = re.compile(r"\d{1,3}(?:,\d{2,3})*,\d{3}|\d+", re.ASCII)

# ISO 4217, currencies in circulation (list one, 2026-01): a heading such as `Price NET` names none of them.
_ISO = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP "
    "CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG "
    "HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL "
    "MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR "
    "RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD "
    "TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG"
)
CODES = frozenset(_ISO.split())

_DOLLARS = frozenset({"USD", "CAD", "AUD", "NZD", "MXN", "SGD", "HKD", "CLP", "COP", "ARS", "TWD", "JMD", "BBD", "BSD"})
_SIGNS: dict[str, frozenset[str]] = {
    "$": _DOLLARS,
    "us$": frozenset({"USD"}),
    "c$": frozenset({"CAD"}),
    "ca$": frozenset({"CAD"}),
    "a$": frozenset({"AUD"}),
    "au$": frozenset({"AUD"}),
    "nz$": frozenset({"NZD"}),
    "r$": frozenset({"BRL"}),
    "€": frozenset({"EUR"}),
    "euro": frozenset({"EUR"}),
    "£": frozenset({"GBP", "EGP", "GIP"}),
    "¥": frozenset({"JPY", "CNY"}),
    "zł": frozenset({"PLN"}),
    "zl": frozenset({"PLN"}),
    "грн": frozenset({"UAH"}),
    "₴": frozenset({"UAH"}),
    "kč": frozenset({"CZK"}),
    "ft": frozenset({"HUF"}),
    "lei": frozenset({"RON", "MDL"}),
    "kr": frozenset({"SEK", "NOK", "DKK", "ISK"}),
    "fr": frozenset({"CHF"}),
    "sfr": frozenset({"CHF"}),
    "₹": frozenset({"INR"}),
    "₺": frozenset({"TRY"}),
    "₪": frozenset({"ILS"}),
    "₩": frozenset({"KRW"}),
    "₫": frozenset({"VND"}),
    "₽": frozenset({"RUB"}),
    "₦": frozenset({"NGN"}),
    "₱": frozenset({"PHP"}),
    "r": frozenset({"ZAR"}),
}


def currency(text: str) -> str:
    """The ISO 4217 code of a cell that holds one. Unreadable otherwise."""
    code = text.strip().upper()
    if code not in CODES:
        raise Unreadable("not a currency's ISO code (USD, EUR ...)")
    return code


def separator_of(cells: Iterable[Cell]) -> str | None:
    """What sets off the decimals in these amounts, `.` or `,`, where they show it and agree; else None."""
    seen: set[str] = set()
    for cell in {cell for cell in cells if isinstance(cell, str)}:
        if len(cell) <= _LONGEST and (found := _AMOUNT.fullmatch(cell.translate(_SPACES))):
            seen.add(_own_separator(found["body"]))
    seen.discard("")
    return seen.pop() if len(seen) == 1 else None


def is_ambiguous(text: str) -> bool:
    """Whether the text is an amount such as `1.200`, whose point or comma could be for thousands or for decimals."""
    found = _AMOUNT.fullmatch(text.translate(_SPACES)) if len(text) <= _LONGEST else None
    return found is not None and ("." in found["body"] or "," in found["body"]) and not _own_separator(found["body"])


def _own_separator(body: str) -> str:
    """The decimal separator that an amount shows by itself: `.`, `,`, or nothing where it could be either."""
    dots, commas = body.count("."), body.count(",")
    if dots and commas:
        return "." if body.rindex(".") > body.rindex(",") else ","
    if dots > 1 or commas > 1:
        return "," if dots else "."
    if not dots and not commas:
        return ""
    head, sep, tail = body.partition("." if dots else ",")
    could_group = len(tail) == 3 and 1 <= len(head) <= 3 and head != "0"
    return "" if could_group else sep


def decimal(cell: Cell, separator: str | None) -> tuple[Decimal, str]:
    """(the number, the currency sign or code written beside it, lower case).

    Unreadable for anything else, and for `1.200` where neither it nor the file shows what the point means.
    """
    if isinstance(cell, bool) or not isinstance(cell, str | int | float):
        raise Unreadable("not an amount")
    if not isinstance(cell, str):
        return _of_number(cell), ""
    found = _AMOUNT.fullmatch(cell.translate(_SPACES)) if len(cell) <= _LONGEST else None
    if found is None or bool(found["open"]) != bool(found["close"]):
        raise Unreadable("not an amount")
    signs = [s for s in (found["sign"], found["sign2"], found["sign3"]) if s]
    if len(signs) > 1 or (signs and found["open"]) or (found["before"] and found["after"]):
        raise Unreadable("not an amount")
    number = _number(found["body"], separator)
    is_negative = bool(found["open"]) or (bool(signs) and signs[0] != "+")
    return (-number if is_negative else number), (found["before"] or found["after"]).casefold().strip(".")


def _of_number(number: int | float) -> Decimal:
    """A workbook's number; binary fractions are taken back to the decimals that were typed."""
    exact = Decimal(repr(number))
    if not exact.is_finite() or abs(exact) > MAX_MINOR:
        raise Unreadable("not an amount")
    return exact.quantize(Decimal("0.000001"), ROUND_HALF_UP).normalize()


def _number(body: str, separator: str | None) -> Decimal:
    point = _own_separator(body)
    if not point and ("." in body or "," in body):
        if separator is None:
            raise Unreadable("is the point or comma for thousands or for decimals? give the option decimal, . or ,")
        point = separator
    group = "," if point == "." else "."
    whole, _, fraction = body.partition(point) if point else (body, "", "")
    if group in fraction or not _GROUPED.fullmatch(whole.replace(group, ",") or "0"):
        raise Unreadable("not an amount")
    try:
        return Decimal(f"{whole.replace(group, '') or '0'}.{fraction or '0'}")
    except InvalidOperation as broken:
        raise Unreadable("not an amount") from broken


def money(cell: Cell, code: str, separator: str | None) -> Money:
    """The amount in that currency. Unreadable where the cell names another one, or has more decimals than it has."""
    # Files hold few different prices; but to a cache 1, 1.0 and true would be the same, so only texts go there.
    return _money_of_text(cell, code, separator) if isinstance(cell, str) else _money(cell, code, separator)


@lru_cache(maxsize=4096)
def _money_of_text(cell: str, code: str, separator: str | None) -> Money:
    return _money(cell, code, separator)


def _money(cell: Cell, code: str, separator: str | None) -> Money:
    number, sign = decimal(cell, separator)
    check_sign(sign, code)
    return Money.parse(_text(number), code)


def _text(number: Decimal) -> str:
    """The number with a point and without trailing zeros, which Money reads in one way only."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def check_sign(sign: str, code: str) -> None:
    """Returns when a sign or code beside an amount fits the currency."""
    if not sign or sign == code.casefold() or code in _SIGNS.get(sign, ()):
        return
    if sign in _SIGNS or (len(sign) == 3 and sign.isalpha()):
        raise Unreadable(f"the amount is not in {code}; say --currency, or give the currency a column")
    raise Unreadable("not an amount")


def micros(cell: Cell, code: str, separator: str | None) -> int:
    """Millionths of a major unit, exact. Unreadable for more than six decimals."""
    number, sign = decimal(cell, separator)
    check_sign(sign, code)
    exact = number * MICROS_PER_UNIT
    if exact != exact.to_integral_value() or abs(exact) > MAX_MINOR * 1_000:
        raise Unreadable("not an amount in millionths of a unit")
    return int(exact)


def count(cell: Cell) -> int:
    """A whole number, not negative; points and commas only group its digits."""
    if isinstance(cell, bool) or not isinstance(cell, str | int | float):
        raise Unreadable("not a whole number")
    if isinstance(cell, str):
        text = cell.translate(_SPACES)
        bare = text.removesuffix(".0").removesuffix(".00")
        if not _GROUPED.fullmatch(bare.replace(".", ",")) or len(bare) > 24:
            raise Unreadable("not a whole number")
        number = int(re.sub(r"[.,]", "", bare))
    elif cell != cell or cell in (float("inf"), float("-inf")) or cell != int(cell):
        raise Unreadable("not a whole number")
    else:
        number = int(cell)
    if not 0 <= number <= MAX_MINOR:
        raise Unreadable("not a number of times something happened")
    return number
