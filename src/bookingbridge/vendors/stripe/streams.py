"""What is read of Stripe, stream by stream: lists by creation, and what changed since from Stripe's own events.

No list can be asked for what changed (there is no updated_at in API 2026-10-28.endive), but Stripe keeps every event
for 30 days. So an incremental run lists what was created since the last one, and looks up, one by one, older things
that an event names. The event's own picture of the thing is not used: it is drawn at the version of its creation.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bookingbridge.canonical.errors import NotFound, Rejected
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Given, Json, Page, RawRecord, Reach, Stream
from bookingbridge.vendors.stripe.api import Api, id_of, word
from bookingbridge.vendors.stripe.balance import Balance
from bookingbridge.vendors.stripe.progress import Progress, begin, history, stored, told

# Events and lists are consistent within moments; the overlap is for clocks that differ and runs that crossed.
_OVERLAP = timedelta(minutes=10)

STREAMS = (
    Stream("customers", "client", "Customers", overlap=_OVERLAP),
    Stream("payments", "payment", "Payments", needs=("customers",), overlap=_OVERLAP),
    Stream("refunds", "refund", "Refunds", needs=("payments",), overlap=_OVERLAP),
    Stream("disputes", "dispute", "Disputes", needs=("payments",), overlap=_OVERLAP),
    Stream("payouts", "payout", "Payouts", overlap=_OVERLAP),
    Stream("balance", "payout_entry", "Fees and payout lines", needs=("payments", "refunds", "payouts"),
           overlap=_OVERLAP),
)  # fmt: skip

AT_ONCE = 8
"""Things fetched side by side, well under the 25 requests a second that an endpoint takes."""

Fetch = Callable[[str, str], Awaitable[list[RawRecord]]]


@dataclass(frozen=True, slots=True)
class Listed:
    """A list of one kind of thing, and the events that say one of them has changed."""

    path: str
    kind: str
    events: tuple[str, ...]
    expand: tuple[str, ...] = ()
    has_history: bool = True
    """Whether a full run stops at the history the owner chose; people are read from the beginning."""


LISTED = {
    "customers": Listed("/v1/customers", "client", ("customer.updated", "customer.deleted"), has_history=False),
    "payments": Listed(
        "/v1/charges", "payment",
        ("charge.captured", "charge.expired", "charge.failed", "charge.pending", "charge.refunded", "charge.succeeded",
         "charge.updated"),
        expand=("data.payment_intent",),
    ),
    "refunds": Listed("/v1/refunds", "refund", ("refund.updated", "refund.failed", "charge.refund.updated")),
    "disputes": Listed(
        "/v1/disputes", "dispute",
        ("charge.dispute.updated", "charge.dispute.closed", "charge.dispute.funds_withdrawn",
         "charge.dispute.funds_reinstated"),
    ),
    "payouts": Listed("/v1/payouts", "payout", ("payout.updated", "payout.paid", "payout.failed", "payout.canceled")),
}  # fmt: skip


class Streams:
    """The streams of one account. See canonical.ports.Client.pages."""

    def __init__(self, api: Api, given: Given, fetch: Fetch) -> None:
        self._api = api
        self._fetch = fetch
        self._history = history(given.settings)
        self._balance = Balance(api)

    def pages(self, stream: str, cursor: Json | None, reach: Reach) -> AsyncIterator[Page]:
        if stream == "balance":
            return self._balance.pages(begin(cursor, reach, history=self._history, overlap=_OVERLAP))
        listed = LISTED.get(stream)
        if listed is None:
            raise Rejected(f"Stripe has no stream {stream!r}")
        back = self._history if listed.has_history else None
        return self._sweep(listed, begin(cursor, reach, history=back, overlap=_OVERLAP))

    async def _sweep(self, listed: Listed, progress: Progress) -> AsyncIterator[Page]:
        if progress.phase != "events":
            async for found, has_more in self._list(listed, progress):
                records = tuple(RawRecord(listed.kind, RemoteId(id_of(one)), one) for one in found)
                if has_more:
                    yield Page(records, stored(progress, after=id_of(found[-1]) if found else progress.after), False)
                elif progress.is_full:
                    yield Page(records, progress.done, is_last=True)
                else:
                    yield Page(records, stored(progress, phase="events"), is_last=False)
        if not progress.is_full:
            async for page in self._changed(listed, progress):
                yield page

    async def _list(self, listed: Listed, progress: Progress) -> AsyncIterator[tuple[list[Json], bool]]:
        after = progress.after
        asked: Json = {"created": {"gte": progress.begins}, "expand": list(listed.expand)}
        try:
            async for found in self._api.pages(listed.path, listed.kind + "s", after=after, **asked):
                after = id_of(found[0][-1]) if found[0] else after
                yield found
        except NotFound:
            # The thing at which the page before ended is gone, so its place is not known any more.
            if after is None:
                raise
            async for found in self._api.pages(listed.path, listed.kind + "s", **asked):
                yield found

    async def _changed(self, listed: Listed, progress: Progress) -> AsyncIterator[Page]:
        """Things older than this run's list that an event names, each as it is now."""
        seen = set[str]()
        after = progress.after if progress.phase == "events" else None
        asked: Any = {"types": list(listed.events), "created": {"gte": progress.begins}}
        async for events, has_more in self._api.pages("/v1/events", "events", after=after, **asked):
            named = dict.fromkeys(about for event in events if (about := self._older(event, progress)))
            fresh = [about for about in named if about not in seen]
            seen.update(fresh)
            records = tuple(await self._now(listed.kind, fresh))
            if has_more:
                after = id_of(events[-1]) if events else after
                yield Page(records, stored(progress, phase="events", after=after), is_last=False)
            else:
                yield Page(records, progress.done, is_last=True)

    def _older(self, event: Json, progress: Progress) -> str | None:
        """The thing the event is about; None for what the list by creation has shown already, and for no event."""
        about = told(event)
        if about is None or about.id is None:
            return None
        is_listed = about.created is not None and progress.begins is not None and about.created >= progress.begins
        return None if is_listed else word(about.id)

    async def _now(self, kind: str, ids: Sequence[str]) -> list[RawRecord]:
        found: list[RawRecord] = []
        for i in range(0, len(ids), AT_ONCE):
            for some in await asyncio.gather(*(self._fetch(kind, one) for one in ids[i : i + AT_ONCE])):
                found += some
        return found
