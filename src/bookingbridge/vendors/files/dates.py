"""Dates and times as files write them, as parts. Nothing is guessed: an ambiguous date is an error."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import StrEnum

from bookingbridge.canonical.errors import Unreadable


class DateOrder(StrEnum):
    """Which part of `03/04/2026` is the day."""

    DMY = "dmy"
    MDY = "mdy"
    YMD = "ymd"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a cell says: a day, perhaps a time, perhaps how far from UTC or by which abbreviation (`PDT`)."""

    day: date
    at: time | None = None
    offset: timedelta | None = None
    abbreviation: str = ""


_NUMERIC = re.compile(r"(\d{1,4})([./\-])(\d{1,2})\2(\d{4}|\d{1,2})(?!\d)", re.ASCII)
_CLOCK = re.compile(
    r"(?P<hour>\d{1,2})(?:[:.hH](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,]\d{1,9})?)?)?\s*"
    r"(?P<half>[aApP]\.?\s?[mM]\.?)?\s*(?P<zone>.*)",
    re.ASCII | re.DOTALL,
)
_OFFSET = re.compile(r"(?:UTC|GMT)?\s*([+\-−])(\d{1,2}):?(\d{2})?", re.IGNORECASE | re.ASCII)
_GLUE = re.compile(r"^(?:[\s,T]|at\b|um\b|kl\.?\s|à\b|o\b|a las\b|в\b|о\b)+", re.IGNORECASE)
_LONGEST = 80
_FARTHEST = timedelta(hours=15)


def order_of(texts: Iterable[str]) -> tuple[DateOrder | None, bool]:
    """(order, is_conflicting) of the numeric dates among the texts.

    The order is None where no date tells it; a date tells it by a year of four digits in front or a number above 12.
    """
    seen: set[DateOrder] = set()
    for text in texts:
        if (found := _NUMERIC.match(text.lstrip())) is None:
            continue
        first, second = found[1], int(found[3])
        if len(first) > 2:
            continue  # the year stands in front: nothing to ask
        if int(first) > 31:
            seen.add(DateOrder.YMD)
        elif int(first) > 12:
            seen.add(DateOrder.DMY)
        elif second > 12:
            seen.add(DateOrder.MDY)
    return (seen.pop() if len(seen) == 1 else None), len(seen) > 1


def needs_order(text: str) -> bool:
    """Whether the text is a numeric date that two orders read as two different days."""
    found = _NUMERIC.match(text.lstrip())
    if found is None or len(found[1]) > 2:
        return False
    return int(found[1]) <= 12 and int(found[3]) <= 12 and found[1].lstrip("0") != found[3].lstrip("0")


def stamp(text: str, order: DateOrder | None) -> Stamp:
    """What the text says. Unreadable where it is no date, where there is no such day, or where `order` is missing."""
    text = text.strip()
    if text[4:5] == "-" or (len(text) == 8 and text.isascii() and text.isdecimal()):
        try:
            return _of(datetime.fromisoformat(text), has_time=len(text) > 10)
        except ValueError:
            pass
    if len(text) > _LONGEST:
        raise Unreadable("not a date")
    if found := _NUMERIC.match(text):
        day = _numeric(found, order)
        rest = text[found.end() :]
    else:
        day, rest = _named(text)
    if not rest.strip(" ,"):
        return Stamp(day)
    at, offset, abbreviation = clock(_GLUE.sub("", rest))
    return Stamp(day, at, offset, abbreviation)


def _of(at: datetime, *, has_time: bool) -> Stamp:
    return Stamp(at.date(), at.time() if has_time else None, _checked(at.utcoffset()))


def _checked(offset: timedelta | None) -> timedelta | None:
    if offset is not None and abs(offset) >= _FARTHEST:
        raise Unreadable("no clock is that far from UTC")
    return offset


def of_cell(at: date | datetime) -> Stamp:
    """What a typed cell says; a workbook's midnight is a day without a time."""
    if isinstance(at, datetime):
        return _of(at, has_time=at.tzinfo is not None or at.time() != time())
    return Stamp(at)


def _numeric(found: re.Match[str], order: DateOrder | None) -> date:
    first, second, third = found[1], int(found[3]), found[4]
    if len(first) == 4:
        return _day(int(first), second, int(third))
    if len(first) == 3:
        raise Unreadable("not a date")
    if order is None:
        if not needs_order(found[0]) and int(first) <= 31 and len(third) == 4:
            order = DateOrder.DMY if int(first) > 12 else DateOrder.MDY
        else:
            raise Unreadable("day or month first? say --dates dmy, mdy or ymd")
    if order is DateOrder.YMD:
        return _day(_year(first), second, int(third))
    day, month = (int(first), second) if order is DateOrder.DMY else (second, int(first))
    return _day(_year(third), month, day)


def _year(text: str) -> int:
    return int(text) if len(text) > 2 else 2000 + int(text)


def _day(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError as broken:
        raise Unreadable("there is no such day") from broken


_MONTH_NAMES = (
    "jan january ene enero januar jänner janv janvier sty stycznia styczeń січ січня січень janeiro gen gennaio",
    "feb february febrero februar févr fév février lut lutego luty лют лютого лютий fev fevereiro febbraio",
    "mar march marzo mär märz mrz mars marca marzec бер березня березень março",
    "apr april abr abril avr avril kwi kwietnia kwiecień кві квітня квітень aprile",
    "may mayo mai maj maja тра травня травень maio mag maggio",
    "jun june junio juni juin cze czerwca czerwiec чер червня червень junho giu giugno",
    "jul july julio juli juil juillet lip lipca lipiec лип липня липень julho lug luglio",
    "aug august ago agosto août aout sie sierpnia sierpień сер серпня серпень",
    "sep sept september septiembre septembre wrz września wrzesień вер вересня вересень set setembro settembre",
    "oct october octubre okt oktober octobre paź października październik жов жовтня жовтень out outubro ott ottobre",
    "nov november noviembre novembre lis listopada listopad лис листопада листопад novembro",
    "dec december dic diciembre dez dezember déc décembre gru grudnia grudzień гру грудня грудень dezembro dicembre",
)
_MONTHS = {word: number for number, words in enumerate(_MONTH_NAMES, start=1) for word in words.split()}
_NAMED = re.compile(
    r"^(?:[^\W\d_]+\.?,?\s+)??(?:(?P<d1>\d{1,2})(?:st|nd|rd|th|\.)?[\s\-/]*(?:de\s+|of\s+)?(?P<m1>[^\W\d_]+)\.?"
    r"|(?P<m2>[^\W\d_]+)\.?[\s\-]*(?P<d2>\d{1,2})(?:st|nd|rd|th)?)"
    r"(?:,\s*|\s+de\s+|[\s\-/]+)(?P<year>\d{4}|'?\d{2}(?![\d:.]))(?:\s*(?:року|р\.|r\.))?",
    re.IGNORECASE,
)


def _named(text: str) -> tuple[date, str]:
    """The day of a text that names its month in letters, and what follows it."""
    found = _NAMED.match(text)
    month = _MONTHS.get((found["m1"] or found["m2"]).casefold()) if found else None
    if found is None or month is None:
        raise Unreadable("not a date")
    year = found["year"].lstrip("'")
    return _day(_year(year), month, int(found["d1"] or found["d2"])), text[found.end() :]


def clock(text: str) -> tuple[time, timedelta | None, str]:
    """(time of day, offset from UTC if said, zone's abbreviation if said): `14:30`, `2:30 PM`, `14h30`, `9 am PST`."""
    found = _CLOCK.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if found is None or (found["minute"] is None and found["half"] is None):
        raise Unreadable("not a time of day")
    hour = int(found["hour"])
    if half := found["half"]:
        if not 1 <= hour <= 12:
            raise Unreadable("there is no such time")
        hour = hour % 12 + (12 if half[0] in "pP" else 0)
    try:
        at = time(hour, int(found["minute"] or 0), int(found["second"] or 0))
    except ValueError as broken:
        raise Unreadable("there is no such time") from broken
    offset, abbreviation = _zone(found["zone"].strip().strip("()"))
    return at, offset, abbreviation


def _zone(text: str) -> tuple[timedelta | None, str]:
    if not text or text.casefold() == "uhr":
        return None, ""
    if text.upper() in ("Z", "UTC", "GMT"):
        return timedelta(0), ""
    if found := _OFFSET.fullmatch(text):
        length = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
        return _checked(length if found[1] == "+" else -length), ""
    if 2 <= len(text) <= 5 and text.isascii() and text.isalpha():
        return None, text.upper()
    raise Unreadable("not a time of day")


def fixed(day: date, at: time, offset: timedelta) -> datetime:
    """The instant of a wall clock that is `offset` ahead of UTC."""
    return datetime.combine(day, at, timezone(offset)).astimezone(UTC)
