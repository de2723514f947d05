"""A conversation with one Acuity account: who it is, everything page by page, single things as they are now."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

from bookingbridge.canonical.commands import Command
from bookingbridge.canonical.errors import NotFound, Rejected, Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Account, Given, Json, Page, RawRecord, Reach, Receipt
from bookingbridge.vendors.acuity import kept
from bookingbridge.vendors.acuity.api import CURRENCY, USER_ID, Api, id_of_client, in_path, usable_currency
from bookingbridge.vendors.acuity.people import tidy
from bookingbridge.vendors.acuity.streams import APPOINTMENTS, BLOCKS, Streams, payments_of
from bookingbridge.vendors.acuity.write import Writing


class AcuityClient:
    """See canonical.ports.Client and Writer. The transport belongs to who gave it and is not closed here."""

    def __init__(self, given: Given) -> None:
        self._given = given
        self._api = Api(given)
        self._streams = Streams(self._api, given)
        self._writing = Writing(self._api)
        self._fetchers: Mapping[str, Callable[[str], Awaitable[list[RawRecord]]]] = {
            "location": self._location,
            "staff": self._staff,
            "service": self._service,
            "client": self._client,
            "booking": self._booking,
            "payment": self._payment,
            "block": self._block,
        }

    async def check(self) -> Account:
        me = await self._api.me()
        own = me.get("id")
        is_known = isinstance(own, int) and not isinstance(own, bool) and own > 0
        remote_id = str(own) if is_known else self._given.tokens.extra.get(USER_ID, "")
        if not remote_id:
            raise Unreadable("Acuity does not say whose account this is", where="id")
        told = usable_currency(me.get(CURRENCY)) or usable_currency(self._given.settings.get(CURRENCY))
        notes = (
            () if told else ("Acuity does not say in which currency you work: US dollars unless you choose another.",)
        )
        zone = me.get("timezone")
        return Account(
            remote_id=RemoteId(remote_id[:40]),
            name=_word(me.get("name")) or _word(me.get("email")) or f"Acuity account {remote_id[:40]}",
            granted=self._given.tokens.scopes,
            time_zone=(await self._api.zone()).key if isinstance(zone, str) and zone else None,
            currency=await self._api.currency() if told else None,
            notes=notes,
        )

    def pages(self, stream: str, cursor: Json | None, reach: Reach) -> AsyncIterator[Page]:
        return self._streams.pages(stream, cursor, reach)

    async def fetch(self, kind: str, remote_id: RemoteId) -> list[RawRecord]:
        fetcher = self._fetchers.get(kind)
        if fetcher is None:
            raise Rejected(f"Acuity has no {kind!r}")
        try:
            return await fetcher(remote_id)
        except NotFound:
            return []

    async def send(self, command: Command) -> Receipt:
        """See canonical.ports.Writer."""
        return await self._writing.send(command)

    async def find(self, command: Command) -> Receipt | None:
        """See canonical.ports.Writer."""
        return await self._writing.find(command)

    async def close(self) -> None:
        """Nothing is held open here."""

    async def _location(self, remote_id: str) -> list[RawRecord]:
        return [raw for raw in kept.places(await self._api.calendars()) if raw.remote_id == remote_id]

    async def _staff(self, remote_id: str) -> list[RawRecord]:
        found = [kept.plain("staff", calendar) for calendar in await self._api.calendars()]
        return [raw for raw in found if raw.remote_id == remote_id]

    async def _service(self, remote_id: str) -> list[RawRecord]:
        currency = await self._api.currency()
        found = [kept.service(one, currency) for one in await self._api.types()]
        return [raw for raw in found if raw.remote_id == remote_id]

    async def _client(self, remote_id: str) -> list[RawRecord]:
        found = [kept.client(one) for one in await self._api.clients()]
        return [raw for raw in found if raw.remote_id == remote_id]

    async def _booking(self, remote_id: str) -> list[RawRecord]:
        """The appointment with its payments, and its person where the list of clients does not have them."""
        found = await self._api.get(f"{APPOINTMENTS}/{in_path(remote_id)}", "appointments")
        records = [await kept.booking(self._api, found)]
        if not await self._is_listed(found):
            records.insert(0, kept.client(found))
        if kept.is_paid(found):
            records += await payments_of(self._api, found)
        return records

    async def _is_listed(self, appointment: Json) -> bool:
        """Whether the list of clients has the appointment's person, asked by name so that the answer is short."""
        wanted = id_of_client(appointment)
        name = appointment.get("lastName") or appointment.get("firstName")
        if wanted is None or not isinstance(name, str):
            return wanted is None
        found = await self._api.rows("/clients", "clients", search=name[:100])
        return any(id_of_client(one) == wanted for one in found)

    async def _payment(self, remote_id: str) -> list[RawRecord]:
        appointment, _, _ = remote_id.partition(":")
        found = await self._api.get(f"{APPOINTMENTS}/{in_path(appointment)}", "appointments")
        return [raw for raw in await payments_of(self._api, found) if raw.remote_id == remote_id]

    async def _block(self, remote_id: str) -> list[RawRecord]:
        return [kept.plain("block", await self._api.get(f"{BLOCKS}/{in_path(remote_id)}", "blocks"))]


def _word(value: object) -> str:
    return tidy(value)[:200] if isinstance(value, str) else ""
