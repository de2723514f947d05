"""Walking a whole list by page numbers while rows come and go, and knowing when nothing was missed.

Page numbers shift: a row deleted on a page already read pulls the next page's first row out of sight. So a list of
several pages is walked until two rounds, one right after the other, show the same ids on the same pages. A row that
stood still from the first round's end to the second's beginning is then surely among them, and what is not among them
is surely gone: that is when a page says `swept`. A list of one page is one answer and needs no second.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from hashlib import blake2b

import msgspec

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ports import Json, Page, RawRecord, Reach, Swept
from bookingbridge.vendorkit.paging import MOST_PAGES
from bookingbridge.vendors.trafft.api import Listed, id_of

ROUNDS = 5
"""Rounds until a list that never stands still is left as it is: all rows given, none called gone."""

STALE = timedelta(hours=6)
"""A walk broken off longer ago is begun anew, so that `swept` never rests on what was seen so long before."""

Ask = Callable[[int], Awaitable[Listed]]
"""Asks for the page of that number, counted from 1."""

_EMPTY = blake2b(b"[]", digest_size=8).hexdigest()


class Walk(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a walk stands; what is stored as its cursor. Between walks only `since` and `count` are left.

    `marks` are of this round's pages, `before` of the round before: (digest of the ids, digest of the content).
    """

    since: str | None = None
    """When the last finished walk began."""
    count: int | None = None
    """How many rows that walk found."""
    started: str | None = None
    round: int = 1
    rows: int = 0
    """Rows seen in this round."""
    marks: list[tuple[str, str]] = []
    before: list[tuple[str, str]] | None = None

    @property
    def page(self) -> int:
        """The number of the page to be read next."""
        return len(self.marks) + 1

    def seen_before(self, mark: tuple[str, str]) -> bool:
        """Whether this round's next page looked just so in the round before."""
        at = len(self.marks)
        return self.before is not None and at < len(self.before) and self.before[at] == mark

    @property
    def stood_still(self) -> bool:
        """Whether the two rounds show the same ids on the same pages."""
        return self.before is not None and [m[0] for m in self.marks] == [m[0] for m in self.before]


def begin(cursor: Json | None, reach: Reach) -> Walk:
    """The walk to go on with, or a new one."""
    try:
        stored = msgspec.convert(cursor, Walk) if cursor else Walk()
        is_under_way = stored.started is not None and reach.now - times.rfc3339(stored.started) < STALE
    except (msgspec.ValidationError, Unreadable):
        stored, is_under_way = Walk(), False  # written by another version of us: walking again is always right
    if is_under_way:
        return stored
    return Walk(since=stored.since, count=stored.count, started=times.text(reach.now))


async def walk(
    ask: Ask, cursor: Json | None, reach: Reach, *, kind: str, raw: Callable[[Json], list[RawRecord]]
) -> AsyncIterator[Page]:
    """The list's pages; in later rounds only what looks different from before is given again."""
    at = begin(cursor, reach)
    while True:
        listed = await ask(at.page)
        mark = _mark(listed.rows)
        _must_lead_on(at, mark, kind)
        records = () if at.seen_before(mark) else tuple(one for row in listed.rows for one in raw(row))
        at = msgspec.structs.replace(at, rows=at.rows + len(listed.rows), marks=[*at.marks, mark])
        if listed.is_last:
            if (done := _finished(at, listed, kind)) is not None:
                yield Page(records, *done)
                return
            at = msgspec.structs.replace(at, round=at.round + 1, rows=0, marks=[], before=at.marks)
        yield Page(records, msgspec.to_builtins(at), is_last=False, total=listed.total)


def _finished(at: Walk, listed: Listed, kind: str) -> tuple[Json, bool, int | None, Swept | None] | None:
    """The last page's cursor, is_last, total and what was swept; None where another round is needed."""
    adds_up = listed.total is None or listed.total == at.rows
    is_sure = adds_up and (len(at.marks) == 1 or at.stood_still)
    # A total that counts what is not shown stays wrong however often one looks.
    is_in_vain = at.stood_still and at.rows > 0
    if not is_sure and not is_in_vain and at.round < ROUNDS:
        return None
    if not is_sure and not at.rows:
        raise Unreadable(f"Trafft counts {listed.total} in its list and shows none", where=f"{kind} pagination.total")
    assert at.started is not None
    done = msgspec.to_builtins(Walk(since=at.started, count=at.rows))
    # All gone at once is more likely a fault over there; it is believed when the next walk finds the same.
    is_believed = at.rows > 0 or not at.count
    swept = Swept(kind, times.rfc3339(at.started), is_sure=True) if is_sure and is_believed else None
    return done, True, listed.total, swept


def _mark(rows: list[Json]) -> tuple[str, str]:
    ids = msgspec.json.encode([id_of(row) for row in rows])
    return _digest(ids), _digest(msgspec.json.encode(rows))


def _digest(data: bytes) -> str:
    return blake2b(data, digest_size=8).hexdigest()


def _must_lead_on(at: Walk, mark: tuple[str, str], kind: str) -> None:
    if at.marks and at.marks[-1][0] == mark[0] and mark[0] != _EMPTY:
        raise Unreadable(f"Trafft gives the same page of its {kind} list again and again", where="page")
    if at.page > MOST_PAGES:
        raise Unreadable(f"Trafft's {kind} list does not end", where="page")
