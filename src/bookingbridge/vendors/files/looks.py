"""Whether a column's cells look like what its heading promises."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, time

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.vendors.files import amounts, cells, clocks, dates, words
from bookingbridge.vendors.files.table import Cell
from bookingbridge.vendors.files.vocabulary import Looks

_PHONE = re.compile(r"[+(]?[\d][\d\s().\-/+x]{5,24}", re.ASCII)
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def share(looks: Looks, sample: Iterable[Cell]) -> float | None:
    """The share (0 to 1) of the filled cells that look right; None where none is filled or anything would do."""
    test = _TESTS.get(looks)
    if test is None:
        return None
    filled = [cell for cell in sample if not cells.is_blank(cell)]
    return sum(_passes(test, cell) for cell in filled) / len(filled) if filled else None


def _passes(test: Callable[[Cell], object], cell: Cell) -> bool:
    try:
        return test(cell) is not False
    except Unreadable:
        return False


def _time(cell: Cell) -> bool:
    if isinstance(cell, date) or cells.epoch(cell) is not None:
        return True
    text = cells.text(cell)
    if not dates.needs_order(text):
        dates.stamp(text, dates.order_of([text])[0])
    return True


def _clock(cell: Cell) -> bool:
    if isinstance(cell, time):
        return True
    if isinstance(cell, float):
        return 0 <= cell < 1
    if not isinstance(cell, str):
        return False
    dates.clock(cell)
    return True


def _length(cell: Cell) -> object:
    return cells.minutes(cell, per_unit=1)


def _flag(cell: Cell) -> bool:
    words.flag(cells.text(cell))
    return True


_TESTS: dict[Looks, Callable[[Cell], object]] = {
    Looks.TIME: _time,
    Looks.DAY: _time,
    Looks.CLOCK: _clock,
    Looks.LENGTH: _length,
    Looks.MONEY: lambda cell: amounts.decimal(cell, "."),
    Looks.COUNT: amounts.count,
    Looks.EMAIL: lambda cell: bool(_MAIL.fullmatch(cells.text(cell)[:254])),
    Looks.PHONE: lambda cell: bool(_PHONE.fullmatch(cells.text(cell))),
    Looks.STATUS: lambda cell: words.is_status(cells.text(cell)),
    Looks.FLAG: _flag,
    Looks.CURRENCY: lambda cell: amounts.currency(cells.text(cell)),
    Looks.ZONE: lambda cell: clocks.zone_named(cells.text(cell)),
}
