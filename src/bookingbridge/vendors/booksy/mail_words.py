"""The words of Booksy's mails to a shop: which mean new, moved and cancelled, how dates and prices are written.

Booksy documents none of it. Seen in public texts of people who read these mails (November 2026): sender
no-reply@booksy.com under the client's name, the client's address in Reply-To; subjects "<name>: new booking", an older
"<name>: <date> <time>", "cancelled appointment", and the Polish ones; a body that repeats name, phone and e-mail on
lines of their own, then "<weekday>, <day> <month> <year>, <from> - <to>", the service, "<price>, <from> - <to>" and
"with <person>". The English words of moves are inferred from the Polish ones, which name the old and the new time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

NEW = ("new booking", "new appointment", "new visit", "booked an appointment", "has booked", "nowa rezerwacja")
MOVED = (
    "changed booking", "changed the booking", "changed their booking", "changed appointment", "changed the appointment",
    "changed their appointment", "rescheduled", "moved their appointment", "moved the appointment",
    "moved their booking", "booking changed", "appointment changed", "booking was changed", "appointment was changed",
    "zmienił rezerwację", "zmieniła rezerwację", "przesunął swoją wizytę", "przesunęła swoją wizytę",
)  # fmt: skip
CANCELLED = (
    "cancelled", "canceled", "cancellation of", "called off", "odwołał swoją usługę", "odwołała swoją usługę",
    "odwołał wizytę", "odwołała wizytę",
)  # fmt: skip
CANCELLED_BELOW = (
    "has cancelled", "has canceled", "cancelled their", "canceled their", "been cancelled", "been canceled",
    "was cancelled", "was canceled", "cancelled appointment", "canceled appointment", "cancelled booking",
    "canceled booking", "cancelled the appointment", "canceled the appointment", "appointment cancelled",
    *CANCELLED[3:],
)  # fmt: skip
"""What says it in a body, where bare words may be advice: "can be cancelled until"."""
ABOUT = ("appointment", "booking", "visit", "wizyt", "rezerwac")
"""A mail that holds one of these in its subject is about an appointment, whether it is understood or not."""

OLD_TIME = ("from", "old", "previous", "previously", "original", "originally", "was", "instead of", "z dnia", "było")
NEW_TIME = ("to", "new", "now", "nowy termin", "na dzień")

_MONTHS = {
    word: number
    for number, words in enumerate(
        (
            "jan january stycznia", "feb february lutego", "mar march marca", "apr april kwietnia", "may maja",
            "jun june czerwca", "jul july lipca", "aug august sierpnia", "sep sept september września",
            "oct october października", "nov november listopada", "dec december grudnia",
        ),
        start=1,
    )
    for word in words.split()
}  # fmt: skip

_CLOCK = r"(\d{1,2})[:.](\d{2})(?:\s?([ap])\.?m\b\.?)?|(\d{1,2})\s?([ap])\.?m\b\.?"
_RANGE = r"\s*(?:-|–|—|to|until|do)\s*"
_LINK = r"[\s,]*(?:at|o godzinie|·|@|from)?[\s,]*"
_DAY = (
    r"(?:(?P<d1>\d{1,2})(?:st|nd|rd|th)?\s+(?P<m1>[^\W\d_]{3,12})\.?,?\s+(?P<y1>\d{4})"
    r"|(?P<m2>[^\W\d_]{3,12})\.?\s+(?P<d2>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<y2>\d{4})"
    r"|(?P<y3>\d{4})-(?P<m3>\d{2})-(?P<d3>\d{2}))"
)
_WHEN = re.compile(
    rf"(?<![\w]){_DAY}{_LINK}(?P<from>{_CLOCK})(?:{_RANGE}(?P<to>{_CLOCK}))?".replace("(\\d", "(?:\\d").replace(
        "([ap])", "(?:[ap])"
    ),
    re.IGNORECASE,
)
_TIME = re.compile(_CLOCK, re.IGNORECASE)

_SYMBOLS = {"£": "GBP", "€": "EUR", "zł": "PLN"}
_CODES = "USD|GBP|EUR|PLN|CAD|AUD|ZAR|BRL|MXN"
_AMOUNT = r"\d{1,3}(?:[.,\u00a0 ]\d{3})+(?:[.,]\d{2})?|\d{1,7}(?:[.,]\d{1,2})?"
PRICE = re.compile(
    rf"(?P<sign>[$£€]|\b(?:{_CODES})\s)\s?(?P<a>{_AMOUNT})(?![\d:])"
    rf"|(?P<b>{_AMOUNT})\s?(?P<after>zł|€|(?:{_CODES})\b)",
    re.IGNORECASE,
)
PHONE = re.compile(
    r"(?:(?:phone|tel|telephone|mobile|cell|telefon)\.?:?\s*)?(\+?[\d(][\d ().\-]{5,22}\d)", re.IGNORECASE
)
EMAIL = re.compile(r"[a-z0-9._%+'-]{1,64}@[a-z0-9-]+(?:\.[a-z0-9-]+)+", re.IGNORECASE)
STAFF = re.compile(
    r"(?:with|staff(?: member)?:|employee:|stylist:|barber:|specialist:|performed by:?|pracownik\s*:)\s*(.{1,60})",
    re.IGNORECASE,
)
LABEL = re.compile(
    r"(?P<label>service|services|treatment|usługa|client|customer|name|klient|e-?mail|total|price|razem|cena)\s*:\s*"
    r"(?P<value>.+)",
    re.IGNORECASE,
)
NUMBER = re.compile(
    r"(?:\b(?:booking|appointment|reservation)\s*(?:#|no\.?|number|id)\s*:?\s*#?"
    r"|booksy\.com/\S*?(?:appointment|booking)s?/)(\d{4,18})\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Moment:
    """A date with a time of day as it stands in a text, without a zone; `ends` where a range is named.

    `at` is where in the text it begins, `to` where it stops.
    """

    starts: datetime
    ends: datetime | None
    at: int
    to: int


def moments(text: str) -> list[Moment]:
    """All dates with a time in the text, in order. Months are words or ISO: 3/4/2026 could mean two days."""
    return [found for match in _WHEN.finditer(text) if (found := _moment(match)) is not None]


def _moment(match: re.Match[str]) -> Moment | None:
    part = match.groupdict()
    year, month, day = (part[f"{x}1"] or part[f"{x}2"] or part[f"{x}3"] for x in "ymd")
    number = int(month) if month.isdigit() else _MONTHS.get(month.lower())
    end_text = part["to"] or ""
    starts = _clock(part["from"], like=end_text)
    ends = _clock(end_text) if end_text else None
    if number is None or starts is None:
        return None
    try:
        begins = datetime(int(year), number, int(day), *starts)  # noqa: DTZ001 - its zone is the shop's, added later
        stops = begins.replace(hour=ends[0], minute=ends[1]) if ends else None
    except ValueError:
        return None
    return Moment(begins, stops if stops and stops > begins else None, match.start(), match.end())


def _clock(text: str, *, like: str = "") -> tuple[int, int] | None:
    """(hour, minute); in "3:00 - 3:45 pm" the first has the half of the day that `like` names."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        return None
    hour, minute = int(match[1] or match[4]), int(match[2] or 0)
    half = (match[3] or match[5] or "").lower()
    other = _TIME.fullmatch(like.strip()) if like and not half else None
    if other and (borrowed := (other[3] or other[5] or "").lower()):
        last = int(other[1] or other[4]) % 12
        half = borrowed if hour % 12 <= last else "a"
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    return (hour, minute) if hour < 24 and minute < 60 else None


def price_in(line: str, currency: str) -> tuple[str, str] | None:
    """(amount as written, currency) of the first price in the line; `currency` is what "$" means here."""
    match = PRICE.search(line)
    if match is None:
        return None
    amount = (match["a"] or match["b"]).strip(" .,\u00a0").replace("\u00a0", "").replace(" ", "")
    sign = (match["sign"] or match["after"]).strip()
    code = _SYMBOLS.get(sign.lower()) or (sign.upper() if sign.isalpha() and len(sign) == 3 else currency)
    return amount, code
