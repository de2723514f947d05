"""What an import would make of a file, before anything is stored."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import tzinfo
from decimal import Decimal

from bookingbridge.canonical.records import (
    AdDay,
    Booking,
    Campaign,
    Customer,
    Payment,
    Record,
    Refund,
    Touchpoint,
)
from bookingbridge.vendors.files.collected import Collected
from bookingbridge.vendors.files.mapping import Mapping
from bookingbridge.vendors.files.options import Options
from bookingbridge.vendors.files.read import reader
from bookingbridge.vendors.files.sheet import Sheet
from bookingbridge.vendors.files.table import Problem, Table


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """One row: what it becomes, also in a sentence, or why it cannot."""

    line: int
    records: tuple[Record, ...]
    sentence: str
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """The mapping, what stands in its way as a whole, and the first rows."""

    mapping: Mapping
    blockers: tuple[Problem, ...]
    rows: tuple[PreviewRow, ...]
    total_rows: int
    notes: tuple[str, ...]


def preview(table: Table, mapping: Mapping, options: Options, n: int = 10) -> Preview:
    """What each of the first `n` rows becomes. Formats are read off the whole file, as they will be on import."""
    lacks = tuple(Problem(0, "", "", why) for why in mapping.missing)
    if lacks:
        return Preview(mapping, lacks, (), len(table.rows), table.notes)
    sheet = Sheet(table, mapping, options)
    if sheet.blockers:
        return Preview(mapping, tuple(sheet.blockers), (), len(table.rows), table.notes)
    sheet.table = replace(table, rows=table.rows[:n])
    read, shown = reader(sheet), []
    for row in sheet.rows():
        into = Collected()
        if not row.problems:
            read(row, into)
        records = () if row.problems else tuple(into.records())
        sentence = "; ".join(describe(record, options.time_zone) for record in records if not _is_part(record))
        shown.append(PreviewRow(row.line, records, sentence, tuple(row.problems)))
    return Preview(mapping, table.problems, tuple(shown), len(table.rows), table.notes)


def _is_part(record: Record) -> bool:
    return record.kind in ("location", "staff", "service", "campaign") or (
        isinstance(record, Customer) and record.remote_id.startswith("client-of:")
    )


def describe(record: Record, zone: tzinfo) -> str:
    """The record in a sentence for people, with times in the zone."""
    match record:
        case Customer():
            known = ", ".join(part for part in (record.email, record.phone) if part)
            return f"client {record.name or 'without a name'} ({known or 'no e-mail, no phone'})"
        case Booking():
            at = f"{record.starts_at.astimezone(zone):%Y-%m-%d %H:%M}"
            length = int((record.ends_at - record.starts_at).total_seconds() // 60)
            booked = f"booked {record.booked_at.astimezone(zone):%Y-%m-%d %H:%M}"
            price = f", {_money(record.price.decimal(), record.price.currency)}" if record.price else ""
            return f"booking {at}, {length} min, {record.status}, {booked}{price}"
        case Payment():
            paid = _money(record.amount.decimal(), record.amount.currency)
            tip = f" + {record.tip.decimal()} tip" if record.tip.minor else ""
            back = f", {record.refunded.decimal()} given back" if record.refunded.minor else ""
            return f"payment {record.paid_at.astimezone(zone):%Y-%m-%d %H:%M}, {paid}{tip}{back}, {record.status}"
        case Refund():
            return f"refund of {_money(record.amount.decimal(), record.amount.currency)} on payment {record.payment}"
        case AdDay():
            spend = _money(Decimal(record.spend_micros).scaleb(-6), record.currency)
            return f"{record.day}: {spend}, {record.clicks} clicks, {record.impressions} views"
        case Campaign():
            return f"campaign {record.name} ({record.channel})"
        case Touchpoint():
            origin = record.channel or "/".join(p for p in (record.source, record.medium, record.campaign) if p)
            return f"{record.touch_kind} {record.at.astimezone(zone):%Y-%m-%d %H:%M} from {origin or record.url or '?'}"
        case _:
            return f"{record.kind} {getattr(record, 'name', record.remote_id)}"


def _money(amount: Decimal, currency: str) -> str:
    return f"{amount:,} {currency}"
