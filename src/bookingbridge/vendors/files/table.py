"""A file as a table: named columns, rows with the line they stand on, and what was noticed while reading.

Nothing here knows what the columns mean. Cells keep the type the file gave them: text from CSV, numbers and dates
from workbooks and calendars.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import chain
from pathlib import Path
from zoneinfo import ZoneInfo

from bookingbridge.canonical.errors import Unreadable

Cell = str | int | float | bool | date | datetime | time | timedelta | None

Source = Path | bytes
"""Where the bytes are. Paths are streamed; bytes are what a browser uploaded."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing in the file that cannot be imported as it stands. `line` counts from 1; 0 is the file as a whole."""

    line: int
    column: str
    value: str
    why: str

    def __str__(self) -> str:
        place = f"line {self.line}" if self.line else "the file"
        named = f", column {self.column!r}" if self.column else ""
        shown = f": {self.value!r}" if self.value else ""
        return f"{place}{named}{shown}: {self.why}"


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one row, as many as the file has there, and the line (or sheet row) on which it begins."""

    line: int
    values: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """What a file holds. `notes` are sentences for the person; `problems` are parts that are not rows at all."""

    name: str
    format: str
    columns: tuple[str, ...]
    rows: list[Row]
    notes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one file may hold, so that a broken or hostile one cannot take the machine with it.

    `repeating_days` are the days that all repeating events of a calendar together run through.
    """

    file_bytes: int = 100_000_000
    rows: int = 500_000
    columns: int = 300
    unpacked_bytes: int = 600_000_000
    calendar_bytes: int = 30_000_000
    repeating_days: int = 5_000_000


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read a file where it does not say so itself.

    `time_zone` is for calendar times without one; `window` are the first and last day within which repeating calendar
    events become single ones; `encoding` and `sheet` overrule what would be found.
    """

    encoding: str | None = None
    sheet: str | None = None
    time_zone: ZoneInfo | None = None
    window: tuple[date, date] | None = None
    limits: Limits = field(default_factory=Limits)


_LOOKED_AT = 30
_VALUE = re.compile(
    r"^\s*(?:[^@\s]+@[^@\s]+\.[^@\s]+|\d{1,4}[-./]\d{1,2}[-./]\d{1,4}(?:[ T].*)?|\+?\d[\d ().-]{8,})\s*$"
)


@dataclass(frozen=True, slots=True)
class _Heading:
    columns: tuple[str, ...]
    line: int
    above: int


def assemble(name: str, form: str, rows: Iterable[Row], limits: Limits, notes: Sequence[str] = ()) -> Table:
    """The table whose headings are the first row that looks like headings; blank rows are left out.

    Titles above the headings (as ad platforms print them) are left out and noted. Unreadable when there is nothing,
    when the first row holds values instead of names, or when a limit is passed.
    """
    filled = (row for row in rows if any(not _is_blank(cell) for cell in row.values))
    first = _take(filled, _LOOKED_AT)
    if not first:
        raise Unreadable("the file holds no rows", where=name)
    heading = _heading(first, limits, name)
    kept: list[Row] = []
    for row in chain((row for row in first if row.line > heading.line), filled):
        kept.append(row)
        if len(kept) > limits.rows:
            raise Unreadable(f"the file has more than {limits.rows:,} rows; split it", where=name)
    said = list(notes)
    if heading.above:
        said.append(f"{heading.above} line(s) above the headings on line {heading.line} were left out")
    return Table(name, form, heading.columns, kept, tuple(said))


def _take(rows: Iterator[Row], count: int) -> list[Row]:
    taken: list[Row] = []
    for row in rows:
        taken.append(row)
        if len(taken) == count:
            break
    return taken


def _is_blank(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _heading(rows: Sequence[Row], limits: Limits, name: str) -> _Heading:
    widths = Counter(_width(row) for row in rows)
    usual = max(widths, key=lambda width: (widths[width], width))
    needed = 1 if usual < 2 else max(2, round(usual * 0.6))
    at = next((i for i, row in enumerate(rows) if sum(not _is_blank(c) for c in row.values) >= needed), 0)
    row = rows[at]
    if len(row.values) > limits.columns:
        raise Unreadable(f"the file has more than {limits.columns} columns", where=f"line {row.line}")
    if any(not isinstance(cell, str | None) or _VALUE.match((cell or "")[:100]) for cell in row.values):
        raise Unreadable("the first row should name the columns, but it holds values", where=f"line {row.line}")
    return _Heading(_named(row.values[: _width(row)]), row.line, at)


def _width(row: Row) -> int:
    """How many cells the row has up to its last filled one."""
    width = len(row.values)
    while width and _is_blank(row.values[width - 1]):
        width -= 1
    return width


def _named(cells: Sequence[Cell]) -> tuple[str, ...]:
    """Unique, printable column names: an empty heading is named by its place, a repeated one by its turn."""
    names: list[str] = []
    taken: set[str] = set()
    for place, cell in enumerate(cells, start=1):
        plain = " ".join(str(cell).split())[:120] if isinstance(cell, str) and cell.strip() else f"column {place}"
        name, turn = plain, 2
        while name.casefold() in taken:
            name, turn = f"{plain} ({turn})", turn + 1
        taken.add(name.casefold())
        names.append(name)
    return tuple(names)
