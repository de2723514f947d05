"""The records of one file: each thing once, parts before what mentions them, repetitions told from contradictions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from hashlib import blake2b

from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.records import Customer, Record
from bookingbridge.vendors.files.sheet import SheetRow

_ORDER = ("location", "staff", "service", "client", "campaign", "booking", "payment", "refund", "ad_day", "touch")


class Collected:
    """What has been read so far. Rows add their main record and the parts it mentions."""

    def __init__(self) -> None:
        self._kept: dict[str, dict[RemoteId, Record]] = {kind: {} for kind in _ORDER}
        self._lines: dict[tuple[str, RemoteId], int] = {}
        self._turns: Counter[str] = Counter()
        self.repeated = 0

    def records(self) -> list[Record]:
        """All records, those that others mention first."""
        return [record for kind in _ORDER for record in self._kept[kind].values()]

    def counts(self) -> dict[str, int]:
        """How many records of each kind there are."""
        return {kind: len(kept) for kind, kept in self._kept.items() if kept}

    def part(self, record: Record) -> RemoteId:
        """The part is kept; of a client that several rows describe, what the fuller one says, or the later of two."""
        before = self._kept[record.kind].get(record.remote_id)
        if before is None or (record.version or 0) >= (before.version or 0):
            if isinstance(before, Customer) and isinstance(record, Customer):
                record = _filled(record, before)
            self._kept[record.kind][record.remote_id] = record
        return record.remote_id

    def put(self, record: Record) -> None:
        """A record that rows add up to replaces what was kept of it."""
        self._kept[record.kind][record.remote_id] = record

    def main(self, row: SheetRow, record: Record) -> None:
        """The row's own record is kept. Of two that differ under one id the newer counts; else it is a problem."""
        kept, place = self._kept[record.kind], (record.kind, record.remote_id)
        before = kept.get(record.remote_id)
        if before is None:
            kept[record.remote_id] = record
            self._lines[place] = row.line
        elif before == record:
            self.repeated += 1
        elif (newer := _newer(before, record)) is not None:
            kept[record.remote_id] = newer
            self.repeated += 1
        else:
            row.problem("id", f"line {self._lines[place]} says otherwise of the same {record.kind}")

    def id_for(self, row: SheetRow, identity: Callable[[], Iterable[object]], *, is_told_apart: bool) -> RemoteId:
        """The id column's, else a stable hash of what identifies the row.

        Where nothing tells two equal rows apart (`is_told_apart` is false: no person, no time of day), they are taken
        for two things, numbered in the file's order.
        """
        if given := row.text("id", longest=200):
            return RemoteId(given)
        plain = "\x1f".join("" if part is None else str(part) for part in identity())
        base = f"row:{blake2b(plain.encode(), digest_size=12).hexdigest()}"
        if is_told_apart:
            return RemoteId(base)
        self._turns[base] += 1
        return RemoteId(base if self._turns[base] == 1 else f"{base}-{self._turns[base]}")


def _newer(before: Record, record: Record) -> Record | None:
    for old, new in ((before.version, record.version), (before.changed_at, record.changed_at)):
        if old is not None and new is not None and old != new:
            return record if new > old else before  # type: ignore[operator]
    return None


def _filled(record: Customer, before: Customer) -> Customer:
    """The record, with what only the other one says."""
    if record.name and record.email and record.phone and record.created_at:
        return record
    return replace(
        record,
        name=record.name or before.name,
        email=record.email or before.email,
        phone=record.phone or before.phone,
        created_at=record.created_at or before.created_at,
    )
