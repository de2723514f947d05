"""The lines of the balance, each with the payout it left with.

A balance transaction does not say in which payout it is; only the list can be asked payout by payout, and only for
automatic ones (List balance transactions, 2026-10-28.endive). So first those still waiting are read, without a payout,
then the payouts one by one. What waited and has been paid out since is read again with its payout: it can be in no
payout made before it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from bookingbridge.canonical.errors import NotFound
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Json, Page, RawRecord
from bookingbridge.vendors.stripe.answers import NotPermitted
from bookingbridge.vendors.stripe.api import Api, id_of, in_path, word
from bookingbridge.vendors.stripe.progress import Progress, stored, told

LINES = "/v1/balance_transactions"
PAYOUTS = "/v1/payouts"
# A payout's lines can be listed once it is reconciled, for which there is an event of its own.
_EVENTS = ("payout.created", "payout.updated", "payout.paid", "payout.failed", "payout.reconciliation_completed")

DAY = 86_400
_LONGEST_WAIT = 35 * DAY
"""Monthly payouts are the rarest that Stripe makes by itself."""


class Balance:
    """The balance of one account."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._disputed: dict[str, str | None] = {}

    async def pages(self, progress: Progress) -> AsyncIterator[Page]:
        if not progress.phase:
            progress = _moved(progress, phase="waiting", paid_until=await self._paid_until())
        if progress.phase == "waiting":
            async for page in self._waiting(progress):
                yield page
            progress = _moved(progress, phase="payouts", after=None)
        async for page in self._paid_out(progress):
            yield page

    async def of_payout(self, payout: str) -> list[RawRecord]:
        """All lines of an automatic payout."""
        found: list[RawRecord] = []
        async for lines, _ in self._api.pages(LINES, "balance lines", payout=payout):
            found += [await self._raw(line, payout) for line in lines]
        return found

    async def one(self, line_id: str) -> list[RawRecord]:
        """The line as it is now, with the payout it left with: asked of each that may be it."""
        line = await self._api.get(f"{LINES}/{in_path(line_id)}", "balance lines")
        due, source = line.get("available_on"), word(line.get("source"))
        if not isinstance(due, int) or source is None:
            return [await self._raw(line, None)]
        span = {"gte": due - DAY, "lte": due + _LONGEST_WAIT}
        for payout in reversed(await self._api.everything(PAYOUTS, "payouts", created=span)):
            if payout.get("automatic") is True:
                held = await self._api.everything(LINES, "balance lines", payout=id_of(payout), source=source)
                if any(id_of(found) == line_id for found in held):
                    return [await self._raw(line, id_of(payout))]
        return [await self._raw(line, None)]

    async def _paid_until(self) -> int | None:
        """When the newest automatic payout was made whose lines are known: what was due by then is in a payout."""
        async for found, _ in self._api.pages(PAYOUTS, "payouts"):
            for payout in found:
                if payout.get("automatic") is True and payout.get("reconciliation_status") == "completed":
                    created = payout.get("created")
                    return created if isinstance(created, int) else None
            if found:
                return None  # a hundred payouts by hand since: none is going to be made by itself
        return None

    async def _waiting(self, progress: Progress) -> AsyncIterator[Page]:
        asked: Any = {"created": {"gte": progress.begins}}
        async for lines, has_more in self._api.pages(LINES, "balance lines", after=progress.after, **asked):
            kept = [line for line in lines if _is_waiting(line, progress.paid_until)]
            records = tuple([await self._raw(line, None) for line in kept])
            if has_more:
                yield Page(records, stored(progress, after=id_of(lines[-1]) if lines else progress.after), False)
            else:
                yield Page(records, stored(progress, phase="payouts", after=None), is_last=False)

    async def _paid_out(self, progress: Progress) -> AsyncIterator[Page]:
        finished = progress.after
        async for here, payout in self._payouts(progress):
            if payout.get("automatic") is True:
                po = id_of(payout)
                after = progress.inner if progress.payout == po else None
                async for lines, has_more in self._api.pages(LINES, "balance lines", after=after, payout=po):
                    records = tuple([await self._raw(line, po) for line in lines])
                    if has_more:
                        after = id_of(lines[-1]) if lines else after
                        yield Page(records, stored(progress, after=finished, payout=po, inner=after), is_last=False)
                    else:
                        yield Page(records, stored(progress, after=here, payout=None, inner=None), is_last=False)
            finished = here
        yield Page((), progress.done, is_last=True)

    async def _payouts(self, progress: Progress) -> AsyncIterator[tuple[str, Json]]:
        """(where the list then stands, the payout): all of the history, or those that events name, as they are now."""
        span: Json = {"created": {"gte": progress.begins}}
        if progress.is_full:
            async for found, _ in self._api.pages(PAYOUTS, "payouts", after=progress.after, **span):
                for payout in found:
                    yield id_of(payout), payout
            return
        seen = set[str]()
        asked: Any = {"types": list(_EVENTS), **span}
        async for events, _ in self._api.pages("/v1/events", "events", after=progress.after, **asked):
            for event in events:
                about = told(event)
                if about is not None and about.id and about.id not in seen:
                    seen.add(about.id)
                    try:
                        yield id_of(event), await self._api.get(f"{PAYOUTS}/{in_path(about.id)}", "payouts")
                    except NotFound:
                        continue

    async def _raw(self, line: Json, payout: str | None) -> RawRecord:
        source = word(line.get("source")) or ""
        payment = await self._disputed_charge(source) if source.startswith(("dp_", "du_")) else None
        return RawRecord("payout_entry", RemoteId(id_of(line)), {"entry": line, "payout": payout, "payment": payment})

    async def _disputed_charge(self, dispute: str) -> str | None:
        if dispute not in self._disputed:
            try:
                found = await self._api.get(f"/v1/disputes/{in_path(dispute)}", "disputes")
                self._disputed[dispute] = word(found.get("charge"))
            except (NotFound, NotPermitted):
                self._disputed[dispute] = None
        return self._disputed[dispute]


def _is_waiting(line: Json, paid_until: int | None) -> bool:
    due = line.get("available_on")
    return paid_until is None or not isinstance(due, int) or due > paid_until


def _moved(progress: Progress, **changes: Any) -> Progress:
    return Progress(**stored(progress, **changes))
