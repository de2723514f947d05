"""Single cells: is there anything, what text is it, how long does it say."""

from __future__ import annotations

import re
from datetime import date, time, timedelta

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.vendors.files.table import Cell

_NOTHING = frozenset({"", "-", "--", "---", "–", "—", "n/a", "#n/a", "null", "(none)", "(not set)"})
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LONGEST_MINUTES = 24 * 60


def is_blank(cell: Cell) -> bool:
    """Whether the cell holds nothing, or one of the marks that exports print for nothing."""
    if not isinstance(cell, str):
        return cell is None
    return cell.strip().casefold() in _NOTHING if len(cell) < 12 else cell.isspace()


def text(cell: Cell) -> str:
    """The cell as text: whole numbers without a point, control characters left out, ends trimmed."""
    if isinstance(cell, str):
        return (cell if cell.isprintable() else _CONTROL.sub("", cell)).strip()
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, date | time):
        return cell.isoformat()
    return str(cell)


_HOURS_MINUTES = re.compile(r"(\d{1,3}):(\d{2})(?::(\d{2}))?", re.ASCII)
_WORDED = re.compile(
    r"(?:(?P<hours>\d{1,3}(?:[.,]\d{1,2})?)\s*(?:h|hr|hrs|hour|hours|hora|horas|std|stunde|stunden|heure|heures|godz|год)\.?)?"
    r"\s*(?:and\s*)?"
    r"(?:(?P<minutes>\d{1,4})\s*(?:m|min|mins|minute|minutes|minuto|minutos|minuten|minuty|minut|хв|m)?\.?)?",
    re.IGNORECASE | re.ASCII,
)


def minutes(cell: Cell, *, per_unit: float = 1) -> int:
    """A length in minutes: `45`, `1:30`, `1 h 15 min`, a workbook's time.

    `per_unit` is what a bare number counts, in minutes. Unreadable for anything else and for more than a day.
    """
    length = _minutes(cell, per_unit)
    if not 1 <= length <= _LONGEST_MINUTES or length != int(length):
        raise Unreadable("not a length in minutes, from 1 to a day")
    return int(length)


def _minutes(cell: Cell, per_unit: float) -> float:
    if isinstance(cell, timedelta):
        return cell.total_seconds() / 60
    if isinstance(cell, time):
        return cell.hour * 60 + cell.minute
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return round(cell * per_unit, 6)
    if not isinstance(cell, str) or len(cell) > 60:
        raise Unreadable("not a length of time")
    bare = cell.strip()
    if found := _HOURS_MINUTES.fullmatch(bare):
        return int(found[1]) * 60 + int(found[2])
    if re.fullmatch(r"\d{1,5}(?:[.,]\d{1,2})?", bare, re.ASCII):
        return round(float(bare.replace(",", ".")) * per_unit, 6)
    found = _WORDED.fullmatch(bare)
    if found is None or not (found["hours"] or found["minutes"]):
        raise Unreadable("not a length of time")
    return float((found["hours"] or "0").replace(",", ".")) * 60 + int(found["minutes"] or 0)


def epoch(cell: Cell) -> float | None:
    """Seconds since 1970 where the cell is a plain number of seconds or milliseconds of this century."""
    if isinstance(cell, str) and cell.isascii() and cell.isdecimal() and len(cell) in (10, 13):
        cell = int(cell)
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        return None
    for per_second in (1, 1000):
        if 946_684_800 <= cell / per_second < 4_102_444_800:
            return cell / per_second
    return None
