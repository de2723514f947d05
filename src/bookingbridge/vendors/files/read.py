"""From a file to canonical records: everything in it, or a list of what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain

from bookingbridge.canonical.errors import Refused
from bookingbridge.canonical.records import Record
from bookingbridge.vendors.files import booking_rows, client_rows, payment_rows, touch_rows
from bookingbridge.vendors.files.ad_rows import AdRows
from bookingbridge.vendors.files.collected import Collected
from bookingbridge.vendors.files.mapping import SURE_ENOUGH, Mapping, Wishes, guess
from bookingbridge.vendors.files.open_file import read_table
from bookingbridge.vendors.files.options import Options, with_texts
from bookingbridge.vendors.files.sheet import Sheet, SheetRow
from bookingbridge.vendors.files.table import Problem, Source, Table

MOST_PROBLEMS = 1_000
"""So many problems are listed; the rest is only counted."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a file came to. `records` are in an order in which each is there before another mentions it.

    `records` is empty where there is any problem, unless bad rows are to be skipped. `problems` are the first
    MOST_PROBLEMS of `problem_count`; `counts` are records by kind, also when they are not given out; `rows` and
    `bad_rows` are rows read and left out; `repeated` rows said the same as another. `notes` are for the person.
    """

    name: str
    kind: str
    mapping: Mapping
    records: list[Record]
    problems: list[Problem]
    problem_count: int
    counts: dict[str, int]
    rows: int
    bad_rows: int
    repeated: int
    notes: tuple[str, ...]


def load(source: Source | str, mapping: Mapping | Wishes | None, options: Options, *, name: str = "") -> Loaded:
    """The records in a file. `mapping` is one confirmed before, or wishes to guess the rest by, or nothing.

    Unreadable where there is no table; Refused where the kind cannot be told or wishes name what is not there.
    """
    if isinstance(mapping, Wishes):
        options = with_texts(options, mapping.options)
    table = read_table(source, name, options.reading())
    return load_table(table, mapping, options)


def load_table(table: Table, mapping: Mapping | Wishes | None, options: Options) -> Loaded:
    """The same for a table that was read before, with wishes whose options were applied before."""
    agreed = mapping if isinstance(mapping, Mapping) else guess(table, mapping)
    if agreed.kind_sureness < SURE_ENOUGH:
        raise Refused(f"it is not clear what {table.name} holds; say --kind (the likeliest is {agreed.kind})")
    if agreed.missing:
        lacks = [Problem(0, "", "", why) for why in agreed.missing]
        return _loaded(table, agreed, Collected(), lacks, options, 0, ())
    sheet = Sheet(table, agreed, options)
    if sheet.blockers:
        return _loaded(table, agreed, Collected(), sheet.blockers, options, 0, ())
    into, problems, bad = read_rows(sheet)
    everything = sorted(chain(table.problems, problems), key=lambda problem: problem.line)
    return _loaded(table, agreed, into, everything, options, bad, _notes(sheet))


def read_rows(sheet: Sheet) -> tuple[Collected, list[Problem], int]:
    """(records, problems, rows with a problem) of all rows. Nothing is decided here on whether they are imported."""
    into, problems, bad = Collected(), list[Problem](), 0
    read = reader(sheet)
    for row in sheet.rows():
        if not row.problems:
            read(row, into)
        if row.problems:
            problems += row.problems
            bad += 1
    return into, problems, bad


def reader(sheet: Sheet) -> Callable[[SheetRow, Collected], None]:
    """What reads a row of this kind of file."""
    readers: dict[str, Callable[[SheetRow, Collected], None]] = {
        "bookings": booking_rows.read,
        "clients": client_rows.read,
        "payments": payment_rows.read,
        "touchpoints": touch_rows.read,
        "ad_spend": AdRows(sheet).read,
    }
    return readers[sheet.kind]


def _notes(sheet: Sheet) -> tuple[str, ...]:
    return tuple(f"{why} ({count:,} rows)" for why, count in sheet.notes.items())


def _loaded(
    table: Table,
    mapping: Mapping,
    into: Collected,
    problems: Sequence[Problem],
    options: Options,
    bad: int,
    notes: tuple[str, ...],
) -> Loaded:
    is_wanted = not problems or options.skip_bad_rows
    repeated = (f"{into.repeated:,} row(s) repeat others",) if into.repeated else ()
    return Loaded(
        name=table.name,
        kind=mapping.kind,
        mapping=mapping,
        records=into.records() if is_wanted else [],
        problems=list(problems[:MOST_PROBLEMS]),
        problem_count=len(problems),
        counts=into.counts(),
        rows=len(table.rows),
        bad_rows=bad,
        repeated=into.repeated,
        notes=(*table.notes, *notes, *repeated),
    )
