"""Time zones, countries and currencies to choose from, and what a browser's language suggests."""

from __future__ import annotations

import re
from functools import cache
from zoneinfo import available_timezones

CURRENCIES = (
    "USD", "EUR", "GBP", "CAD", "AUD", "NZD", "MXN", "BRL", "CHF", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "RON",
    "UAH", "TRY", "ILS", "AED", "SAR", "INR", "JPY", "KRW", "CNY", "HKD", "SGD", "THB", "PHP", "IDR", "MYR", "ZAR",
    "NGN", "KES", "EGP", "COP", "CLP", "ARS", "PEN",
)  # fmt: skip
"""Suggested; any ISO 4217 code is taken."""

COUNTRIES = (
    "US", "CA", "MX", "GB", "IE", "AU", "NZ", "DE", "AT", "CH", "FR", "BE", "NL", "LU", "ES", "PT", "IT", "PL", "CZ",
    "SK", "HU", "RO", "BG", "UA", "GR", "HR", "SI", "DK", "SE", "NO", "FI", "EE", "LV", "LT", "TR", "IL", "AE", "SA",
    "IN", "JP", "KR", "CN", "HK", "SG", "TH", "PH", "ID", "MY", "ZA", "NG", "KE", "EG", "BR", "AR", "CL", "CO", "PE",
)  # fmt: skip
"""Suggested; any ISO 3166-1 code is taken."""

_EURO = frozenset(
    (
        "DE", "AT", "FR", "BE", "NL", "LU", "ES", "PT", "IT", "SK", "GR", "HR", "SI", "FI", "EE", "LV", "LT", "IE",
    )
)  # fmt: skip
_OWN = {
    "US": "USD", "CA": "CAD", "MX": "MXN", "GB": "GBP", "AU": "AUD", "NZ": "NZD", "CH": "CHF", "PL": "PLN",
    "CZ": "CZK", "HU": "HUF", "RO": "RON", "UA": "UAH", "DK": "DKK", "SE": "SEK", "NO": "NOK", "TR": "TRY",
    "IL": "ILS", "IN": "INR", "JP": "JPY", "KR": "KRW", "BR": "BRL", "ZA": "ZAR",
}  # fmt: skip
_REGION = re.compile(r"[a-z]{2,3}-(?:[A-Za-z]{4}-)?([A-Z]{2})\b")


@cache
def zones() -> tuple[str, ...]:
    """IANA names as people choose them: a region and a place."""
    regions = ("Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")
    return tuple(sorted(name for name in available_timezones() if name.startswith(regions)))


def region_of(accept_language: str) -> str:
    """The country that a browser's languages name first; "US" where they name none."""
    found = _REGION.search(accept_language)
    return found[1] if found and found[1] in COUNTRIES else "US"


def currency_of(region: str) -> str:
    """The country's currency; US dollars where it is not among those known here."""
    return "EUR" if region in _EURO else _OWN.get(region, "USD")
