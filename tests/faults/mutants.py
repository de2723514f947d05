"""Engines that do something wrong on purpose, made at the engine's own seams: a machine that finds none is blind.

Each names the layers in which it matters, the best first: what another layer heals is not looked for there.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from tests.faults.rig import Layer, Mutation

from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Client, Delivery, Given, Json, Notice, Page, RawRecord, Reach, Vendor
from bookingbridge.canonical.records import Record
from bookingbridge.infra.db import Tx
from bookingbridge.sync.engine import Engine
from bookingbridge.sync.ingesting import Identified

Pages = Callable[[AsyncIterator[Page], Json | None], AsyncIterator[Page]]


def _with_vendor(change: Callable[[Vendor], Vendor]) -> Mutation:
    return lambda engine: replace(engine, vendors={**engine.vendors, "square": change(engine.vendor("square"))})


class _Webhooks:
    """The vendor's webhooks, but for what a subclass does."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def verify(self, delivery: Delivery, secrets: Sequence[str]) -> None:
        self._real.verify(delivery, secrets)

    def read(self, delivery: Delivery) -> Notice:
        found: Notice = self._real.read(delivery)
        return found

    def event_id(self, delivery: Delivery) -> str | None:
        found: str | None = self._real.event_id(delivery)
        return found


class _Believing(_Webhooks):
    def read(self, delivery: Delivery) -> Notice:
        notice = super().read(delivery)
        told = msgspec.json.decode(delivery.body)["data"]
        thing = told["object"].get(told["type"])
        if thing is None or told.get("deleted"):
            return notice
        kind = "client" if told["type"] == "customer" else told["type"]
        return replace(notice, hints=(), carried=(RawRecord(kind, RemoteId(thing["id"]), thing),))


class _Forgetful(_Webhooks):
    def event_id(self, delivery: Delivery) -> str | None:
        return str(uuid.uuid4())


class _Deaf(_Webhooks):
    def read(self, delivery: Delivery) -> Notice:
        return replace(super().read(delivery), hints=())


class _Reading:
    """The vendor's client, but for how its pages come."""

    def __init__(self, real: Client, change: Pages) -> None:
        self._real = real
        self._change = change

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def pages(self, stream: str, cursor: Json | None, reach: Reach) -> AsyncIterator[Page]:
        return self._change(self._real.pages(stream, cursor, reach), cursor)


def _paged(change: Pages) -> Mutation:
    def changed(vendor: Vendor) -> Vendor:
        def opened(given: Given) -> Any:
            return _Reading(vendor.open(given), change)

        return replace(vendor, open=opened)

    return _with_vendor(changed)


async def _cursor_first(pages: AsyncIterator[Page], _: Json | None) -> AsyncIterator[Page]:
    async for page in pages:
        yield Page((), page.cursor, is_last=False)
        yield page


async def _never_again(pages: AsyncIterator[Page], cursor: Json | None) -> AsyncIterator[Page]:
    async for page in pages:
        is_known = cursor is not None and set(cursor) == {"since"}
        yield replace(page, records=(), swept=None) if is_known else page


async def _first_page_only(pages: AsyncIterator[Page], _: Json | None) -> AsyncIterator[Page]:
    async for page in pages:
        is_end = not page.records
        yield replace(page, is_last=page.is_last or is_end)
        if is_end:
            return


async def _nobody_is_gone(pages: AsyncIterator[Page], _: Json | None) -> AsyncIterator[Page]:
    async for page in pages:
        yield replace(page, swept=None)


def _ageless(vendor: Vendor) -> Vendor:
    def read(kind: str, payload: Json) -> list[Record]:
        return [replace(record, changed_at=None, version=None) for record in vendor.read(kind, payload)]

    return replace(vendor, read=read)


def _ids_anew(engine: Engine) -> Engine:
    """What is changed is taken for another thing: a second row."""

    async def twice(tx: Tx, batch: Sequence[Identified[Any]]) -> Sequence[Any]:
        return await engine.ingesters["payment"](tx, [replace(i, id=uuid.uuid4()) for i in batch])

    return replace(engine, ingesters={**engine.ingesters, "payment": twice})


def _webhooks(other: type[_Webhooks]) -> Mutation:
    return _with_vendor(lambda vendor: replace(vendor, webhooks=other(vendor.webhooks)))


@dataclass(frozen=True, slots=True)
class Mutant:
    """A mistake by its name, where it shows, and the engine that makes it."""

    name: str
    layer: Layer
    mutation: Mutation


MUTANTS = (
    Mutant("a webhook is applied without asking the vendor", Layer.WEBHOOKS, _webhooks(_Believing)),
    Mutant("a webhook is acknowledged and not looked at", Layer.WEBHOOKS, _webhooks(_Deaf)),
    Mutant("a duplicate delivery counts as another", Layer.WEBHOOKS, _webhooks(_Forgetful)),
    Mutant("an older version overwrites a newer", Layer.WEBHOOKS, _with_vendor(_ageless)),
    Mutant("a cursor is stored before the rows it is behind", Layer.CHANGES, _paged(_cursor_first)),
    Mutant("what a lost webhook would have said is never read", Layer.ALL, _paged(_never_again)),
    Mutant("an empty page ends a list", Layer.FULL, _paged(_first_page_only)),
    Mutant("a changed thing is stored as another", Layer.ALL, _ids_anew),
    Mutant("nobody notices what is gone", Layer.FULL, _paged(_nobody_is_gone)),
)
