"""A table seen through its mapping: cells by field, understood, with a problem noted for each that cannot be."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.money import Money, digits
from bookingbridge.vendors.files import amounts, cells, clocks, dates
from bookingbridge.vendors.files.dates import DateOrder, Stamp
from bookingbridge.vendors.files.mapping import Mapping
from bookingbridge.vendors.files.options import Options
from bookingbridge.vendors.files.table import Cell, Problem, Row, Table
from bookingbridge.vendors.files.vocabulary import Looks, kinds, plain_heading

T = TypeVar("T")

_CODE_IN_HEADING = re.compile(r"[(\[ ]([A-Z]{3})[)\]]?$")
_UTC = ZoneInfo("UTC")
_NAMED_LIKE_CODES = frozenset({"UTC", "GMT"})


class Sheet:
    """What is the same for all rows: where the fields stand, and what the file as a whole shows of its formats."""

    def __init__(self, table: Table, mapping: Mapping, options: Options) -> None:
        self.table = table
        self.options = options
        self.kind = mapping.kind
        self.fields = kinds()[mapping.kind].fields
        self.columns = mapping.columns
        self.place = {name: table.columns.index(column) for name, column in mapping.columns.items()}
        self.notes: Counter[str] = Counter()
        self.blockers: list[Problem] = []
        self._orders = self._date_orders()
        self._in_utc = {name for name, column in mapping.columns.items() if _says_utc(column)}
        self.separator = self._separator()

    def rows(self) -> Iterator[SheetRow]:
        """The rows, each ready to be asked."""
        return (SheetRow(self, row) for row in self.table.rows)

    def order(self, name: str) -> DateOrder | None:
        """Which part of a numeric date in that field's column is the day."""
        return self._orders.get(name)

    def currency(self, name: str) -> str:
        """The currency of a column without one in its cells: the heading's, else the one given."""
        found = _CODE_IN_HEADING.search(self.columns[name])
        return found[1] if found and found[1] in amounts.CODES else self.options.currency

    def is_utc(self, name: str) -> bool:
        """Whether the heading says that times are in UTC: `Created (UTC)`."""
        return name in self._in_utc

    def heading_says(self, name: str, word: str) -> bool:
        """Whether the word begins one of the heading's."""
        return any(part.startswith(word) for part in plain_heading(self.columns[name]).split())

    def _column(self, name: str) -> Iterator[tuple[int, Cell]]:
        place = self.place[name]
        return ((row.line, row.values[place]) for row in self.table.rows if place < len(row.values))

    def _mapped(self, *looks: Looks) -> list[str]:
        return [name for name in self.columns if self.fields[name].looks in looks]

    def _date_orders(self) -> dict[str, DateOrder | None]:
        """By field; an ambiguous column takes what the file's other dates show, or blocks the import."""
        names = self._mapped(Looks.TIME, Looks.DAY)
        if self.options.dates is not None:
            return dict.fromkeys(names, self.options.dates)
        shown = {name: dates.order_of(text for _, text in self._numeric(name)) for name in names}
        agreed = {order for order, _ in shown.values() if order is not None}
        common = agreed.pop() if len(agreed) == 1 else None
        orders = {name: order or (None if conflict else common) for name, (order, conflict) in shown.items()}
        for name, order in orders.items():
            if order is None and (first := self._first_ambiguous(name)):
                why = (
                    "some dates of this column have the day first and some the month; say --dates dmy, mdy or ymd"
                    if shown[name][1]
                    else "day or month first? no date of the file shows it; say --dates dmy, mdy or ymd"
                )
                self.blockers.append(Problem(first[0], self.columns[name], first[1], why))
        return orders

    def _first_ambiguous(self, name: str) -> tuple[int, str] | None:
        return next(((line, text) for line, text in self._numeric(name) if dates.needs_order(text)), None)

    def _numeric(self, name: str) -> Iterator[tuple[int, str]]:
        """The texts of a column that are not ISO dates: those need no order, and most files hold nothing else."""
        return ((line, cell) for line, cell in self._column(name) if isinstance(cell, str) and cell[4:5] != "-")

    def _separator(self) -> str | None:
        names = self._mapped(Looks.MONEY)
        if self.options.decimal is not None or not names:
            return self.options.decimal
        if shown := amounts.separator_of(cell for name in names for _, cell in self._column(name)):
            return shown
        if digits(self.options.currency) == 0:
            return "."  # in a currency without cents, what stands before three digits is for thousands
        for name in names:
            for line, cell in self._column(name):
                if isinstance(cell, str) and amounts.is_ambiguous(cell):
                    why = "is the point or comma for thousands or for decimals? give the option decimal, . or ,"
                    self.blockers.append(Problem(line, self.columns[name], cell[:80], why))
                    return None
        return None


def _says_utc(column: str) -> bool:
    return bool(_NAMED_LIKE_CODES & set(column.upper().replace("(", " ").replace(")", " ").split()))


class SheetRow:
    """One row. Every question that cannot be answered leaves a problem and answers None."""

    __slots__ = ("line", "problems", "sheet", "timeless", "values")

    def __init__(self, sheet: Sheet, row: Row) -> None:
        self.sheet = sheet
        self.line = row.line
        self.values = row.values
        self.problems: list[Problem] = []
        self.timeless: set[str] = set()
        self._check_width(row)

    def _check_width(self, row: Row) -> None:
        wanted = len(self.sheet.table.columns)
        if len(row.values) == wanted or self.sheet.table.format == "xlsx":
            return
        if len(row.values) < wanted:
            why = f"the row has {len(row.values)} cells and the headings {wanted}: is a line broken in two?"
        elif all(cells.is_blank(cell) for cell in row.values[wanted:]):
            return
        else:
            why = f"the row has {len(row.values)} cells and the headings {wanted}: is a separator or quote amiss?"
        self.problems.append(Problem(self.line, "", "", why))

    def problem(self, name: str, why: str) -> None:
        """A problem of this row with that field's cell."""
        column = self.sheet.columns.get(name, name)
        found = Problem(self.line, column, cells.text(self.raw(name))[:80], why)
        if found not in self.problems:
            self.problems.append(found)

    def note(self, why: str) -> None:
        """Something the person should know of; rows with the same note are counted."""
        self.sheet.notes[why] += 1

    def raw(self, name: str) -> Cell:
        """The cell as it is; None where the column or the cell is not there."""
        place = self.sheet.place.get(name)
        return self.values[place] if place is not None and place < len(self.values) else None

    def cell(self, name: str) -> Cell:
        """The cell, None where it is blank."""
        place = self.sheet.place.get(name)
        if place is None or place >= len(self.values) or cells.is_blank(self.values[place]):
            return None
        return self.values[place]

    def text(self, name: str, longest: int = 500) -> str | None:
        """The cell's text, None where it is blank."""
        place = self.sheet.place.get(name)
        if place is None or place >= len(self.values) or cells.is_blank(self.values[place]):
            return None
        found = cells.text(self.values[place])
        return (found if len(found) <= longest else found[:longest].strip()) or None

    def _read(self, name: str, how: Callable[[Cell], T]) -> T | None:
        cell = self.cell(name)
        if cell is None:
            return None
        try:
            return how(cell)
        except Unreadable as broken:
            self.problem(name, broken.why)
            return None

    def zone(self, name: str) -> ZoneInfo:
        """The zone that times of that field are in: the row's, the heading's, else the one given."""
        given = _UTC if self.sheet.is_utc(name) else self.sheet.options.time_zone
        if "time_zone" not in self.sheet.place:
            return given
        return self._read("time_zone", lambda cell: clocks.zone_named(cells.text(cell))) or given

    def when(self, name: str, clock: str | None = None, without_time: time | None = None) -> datetime | None:
        """The instant in UTC; `clock` is the field with the time of day where that stands alone.

        A day without a time takes `without_time` and makes the field `timeless`; it is a problem where that is None.
        """
        return self._read(name, lambda cell: self._instant(name, cell, clock, without_time))

    def _instant(self, name: str, cell: Cell, clock: str | None, without_time: time | None) -> datetime:
        if isinstance(cell, str) and len(cell) in (16, 19) and (wall := _plain_wall(cell)):
            return clocks.wall_time(wall, self.zone(name))
        if isinstance(cell, datetime) and cell.tzinfo is not None:
            return times.plausible(cell)
        if not isinstance(cell, date) and (seconds := cells.epoch(cell)) is not None:
            return datetime.fromtimestamp(seconds, UTC)
        stamp = self._stamp(name, cell)
        if stamp.at is None and clock and (said := self._read(clock, _clock)):
            stamp = Stamp(stamp.day, *said)
        if stamp.at is None:
            self.timeless.add(name)
        return clocks.instant(stamp, self.zone(name), without_time=without_time)

    def _stamp(self, name: str, cell: Cell) -> Stamp:
        if isinstance(cell, date):
            return dates.of_cell(cell)
        # A workbook may hold 20260314 as a number.
        return dates.stamp(cells.text(cell), self.sheet.order(name))

    def day(self, name: str) -> date | None:
        """The day by the file's own calendar; a time of day is left out."""
        return self._read(name, lambda cell: _plausible(self._stamp(name, cell).day))

    def clock(self, name: str) -> time | None:
        """The time of day."""
        return self._read(name, lambda cell: _clock(cell)[0])

    def code(self, name: str) -> str:
        """The currency of that field: the row's own, else its column's."""
        return self._read("currency", lambda cell: amounts.currency(cells.text(cell))) or self.sheet.currency(name)

    def money(self, name: str) -> Money | None:
        """The amount."""
        return self._read(name, lambda cell: amounts.money(cell, self.code(name), self.sheet.separator))

    def micros(self, name: str) -> int:
        """The amount in millionths of a unit; 0 where there is none."""
        return self._read(name, lambda cell: amounts.micros(cell, self.code(name), self.sheet.separator)) or 0

    def count(self, name: str) -> int | None:
        """The whole number, None where there is none."""
        return self._read(name, amounts.count)

    def minutes(self, name: str) -> int | None:
        """The length; a bare number counts minutes, or hours or seconds where the heading says so."""
        return self._read(name, lambda cell: cells.minutes(cell, per_unit=self._minutes_per_unit(name)))

    def _minutes_per_unit(self, name: str) -> float:
        says = self.sheet.heading_says
        return 60 if says(name, "hour") or says(name, "hrs") else 1 / 60 if says(name, "second") else 1

    def word(self, name: str, meaning: Callable[[str], T]) -> T | None:
        """What the cell's word means."""
        return self._read(name, lambda cell: meaning(cells.text(cell)))


def _plain_wall(text: str) -> datetime | None:
    """The wall clock's time in `2026-03-05 14:30`, which most files hold and which is read fastest so; else None."""
    try:
        wall = datetime.fromisoformat(text)
    except ValueError:
        return None
    return wall if wall.tzinfo is None else None


def _plausible(day: date) -> date:
    times.plausible(datetime(day.year, day.month, day.day, tzinfo=UTC))
    return day


def _clock(cell: Cell) -> tuple[time, timedelta | None, str]:
    """A time of day as dates.clock gives it; workbooks also hold it as a part of a day, or as a day near 1900."""
    if isinstance(cell, datetime):
        return cell.time(), None, ""
    if isinstance(cell, time):
        return cell.replace(tzinfo=None), None, ""
    if isinstance(cell, float) and 0 <= cell < 1:
        seconds = round(cell * 86_400)
        return time(seconds // 3600 % 24, seconds // 60 % 60, seconds % 60), None, ""
    if isinstance(cell, str):
        return dates.clock(cell)
    raise Unreadable("not a time of day")
