"""Figures, money and times as people read them. Pure: the clock and the shop's zone are arguments."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from bookingbridge.canonical.money import Money, digits

MINUS = "−"
NOTHING = "—"
"""Shown where there is no figure; never 0, which would be one."""

_SIGNS = {
    "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "CAD": "CA$", "AUD": "A$", "NZD": "NZ$", "MXN": "MX$",
    "PLN": "zł", "UAH": "₴", "INR": "₹", "ILS": "₪", "KRW": "₩", "BRL": "R$",
}  # fmt: skip


def _signed(negative: bool, currency: str, figure: str) -> str:
    sign = _SIGNS.get(currency, f"{currency}\u00a0")
    return f"{MINUS if negative else ''}{sign}{figure}"


def money(amount: Money | None, *, whole: bool = False) -> str:
    """`$1,234.50`; with `whole`, `$1,235`, rounded half up. NOTHING where there is no amount."""
    if amount is None:
        return NOTHING
    places = 0 if whole else digits(amount.currency)
    value = abs(amount.decimal()).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return _signed(amount.minor < 0 and value != 0, amount.currency, f"{value:,.{places}f}")


def money_short(minor: float, currency: str) -> str:
    """An axis label: `$0`, `$950`, `$2.5k`, `$1.2M`. `minor` may be a fraction of a minor unit."""
    major = abs(minor) / 10 ** digits(currency)
    return _signed(minor < 0, currency, short(major))


def short(value: float) -> str:
    """`950`, `2.5k`, `1.2M`: at most one decimal, and none that is zero. Not negative."""
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if value >= size:
            return f"{value / size:.2f}".rstrip("0").rstrip(".") + letter
    return f"{value:.2f}".rstrip("0").rstrip(".")


def count(number: int | None) -> str:
    """`1,284`, `−3`; NOTHING where there is none."""
    if number is None:
        return NOTHING
    return f"{MINUS if number < 0 else ''}{abs(number):,}"


def counted(number: int, one: str, many: str | None = None) -> str:
    """`1 visit`, `2 visits`, `0 visits`."""
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def percent(share: float | None, places: int = 0) -> str:
    """0.853 as `85%`. A share that is neither none nor all never reads 0% or 100%: `<1%`, `>99%`."""
    if share is None:
        return NOTHING
    text = f"{abs(share) * 100:.{places}f}"
    edge = f"{10**-places:.{places}f}"
    if 0 < share < 1 and float(text) == 0:
        return f"<{edge}%"
    if 0 < share < 1 and float(text) == 100:
        return f">{100 - 10**-places:.{places}f}%"
    return f"{MINUS if share < 0 and float(text) else ''}{text}%"


def times(ratio: float | None) -> str:
    """3.94 as `3.9×`; from a hundred on without decimals."""
    if ratio is None:
        return NOTHING
    return f"{ratio:,.0f}×" if ratio >= 100 else f"{ratio:.1f}×"


def change(now: float, before: float) -> str | None:
    """`+12.4%` against an earlier figure; None when there was nothing to compare with."""
    if before <= 0:
        return None
    share = (now - before) / before
    text = f"{abs(share) * 100:,.1f}"
    sign = "" if float(text.replace(",", "")) == 0 else "+" if share > 0 else MINUS
    return f"{sign}{text}%"


def points(now: float, before: float) -> str:
    """The difference of two shares in percentage points: `−1.1 pts`."""
    difference = (now - before) * 100
    text = f"{abs(difference):.1f}".removesuffix(".0")
    sign = "" if float(text) == 0 else "+" if difference > 0 else MINUS
    return f"{sign}{text} pts"


def span(length: timedelta) -> str:
    """How long, in the largest unit that fits: `40 s`, `6 min`, `3 h`, `5 days`, `4 months`."""
    seconds = int(abs(length.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min"
    if seconds < 86_400:
        return f"{seconds // 3600} h"
    days = seconds // 86_400
    if days < 60:
        return counted(days, "day")
    return counted(days // 30, "month") if days < 730 else counted(days // 365, "year")


def age(at: datetime, now: datetime) -> str:
    """`just now`, `2 min ago`, `in 5 days`."""
    length = now - at
    if timedelta(seconds=-5) < length < timedelta(seconds=10):
        return "just now"
    return f"{span(length)} ago" if length > timedelta() else f"in {span(length)}"


def day(on: date, *, today: date | None = None) -> str:
    """`Nov 4`, with the year when it is not today's: `Nov 4, 2025`."""
    same_year = today is not None and today.year == on.year
    return f"{on:%b} {on.day}" if same_year else f"{on:%b} {on.day}, {on.year}"


def clock(at: datetime, tz: ZoneInfo) -> str:
    """`14:20` in the shop's zone."""
    return f"{at.astimezone(tz):%H:%M}"


def moment(at: datetime, tz: ZoneInfo, now: datetime) -> str:
    """`Today 14:20`, `Yesterday 09:05`, `Tomorrow 08:00`, else `Tue Nov 4, 14:20`, in the shop's zone."""
    local, today = at.astimezone(tz), now.astimezone(tz).date()
    named = {0: "Today", -1: "Yesterday", 1: "Tomorrow"}.get((local.date() - today).days)
    if named:
        return f"{named} {local:%H:%M}"
    return f"{local:%a} {day(local.date(), today=today)}, {local:%H:%M}"


def full(at: datetime, tz: ZoneInfo) -> str:
    """Nothing left out: `Tue Nov 4, 2025, 14:20:07 PST`."""
    local = at.astimezone(tz)
    return f"{local:%a} {day(local.date())}, {local:%H:%M:%S %Z}"


def shorten(words: str, most: int) -> str:
    """At most `most` characters, cut with an ellipsis."""
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"


def money_total(amounts: Iterable[tuple[int, str]]) -> str:
    """The sum per currency, `$120.00 and €8.00`; amounts are (minor units, currency)."""
    sums: dict[str, int] = {}
    for minor, currency in amounts:
        sums[currency] = sums.get(currency, 0) + minor
    return " and ".join(money(Money(minor, currency)) for currency, minor in sums.items()) or NOTHING
