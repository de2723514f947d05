"""The mail door: mails sent to a connection's own address are kept like webhooks, and only then accepted.

Off unless MAIL_LISTEN and MAIL_DOMAIN are set. It takes mail for its own addresses and sends none: nothing is relayed.

    220/250   ready, accepted: the mail is committed to the inbox
    421/452   too many lines open, too many recipients at once
    451       the mail could not be stored; come again
    550       there is no such address
    552       larger than LARGEST
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import psycopg
from aiosmtpd.smtp import SMTP, Envelope, Session

from bookingbridge.canonical.errors import BridgeError, NotFound, Refused, Unreachable
from bookingbridge.infra.batcher import Batcher
from bookingbridge.infra.log import get
from bookingbridge.main.settings import Settings
from bookingbridge.sync import connecting
from bookingbridge.sync.credentials import webhook_secrets
from bookingbridge.sync.engine import Engine
from bookingbridge.sync.inbound import Arrival, Door
from bookingbridge.sync.store import connections, runs
from bookingbridge.vendorkit import mail_address
from bookingbridge.vendorkit.mail_address import DOOR, SECRET, TIME_ZONE

log = get(__name__)

LARGEST = 1024 * 1024
"""Bytes of a mail, as of a webhook. Confirmations are some 50 kB."""
MOST_LINES = 100
MOST_RECIPIENTS = 10
SILENCE_S = 60.0
_COMMANDS = 100
"""Commands of one kind on one line, after which the sender is sent away."""


class MailDoor:
    """What is answered to whoever brings mail; the methods' names and answers are aiosmtpd's."""

    def __init__(self, engine: Engine, door: Door, batcher: Batcher[Arrival, None], domain: str) -> None:
        self._engine = engine
        self._door = door
        self._batcher = batcher
        self.domain = domain
        self._lines = 0

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """250 for an address of ours, before anything of the mail was sent."""
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 too many recipients at once"
        try:
            await self._admitted(address, b"")
        except (NotFound, Refused):
            return "550 there is no such address here"
        except (BridgeError, psycopg.Error, OSError, TimeoutError) as failed:
            return _later(failed)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """250 when the mail is committed for every recipient. A repetition after 451 is known by its content."""
        content = envelope.content
        raw = content if isinstance(content, bytes) else (content or "").encode("utf-8", "surrogateescape")
        if len(raw) > LARGEST:
            return "552 too large"
        try:
            arrivals = [await self._admitted(address, raw) for address in dict.fromkeys(envelope.rcpt_tos)]
            await asyncio.gather(*(self._batcher.put(arrival) for arrival in arrivals))
        except (NotFound, Refused):
            return "550 there is no such address here"
        except (BridgeError, psycopg.Error, OSError, TimeoutError) as failed:
            return _later(failed)
        log.info("mail kept", connections=[str(a.connection_id) for a in arrivals], bytes=len(raw))
        return "250 kept"

    async def handle_VRFY(self, server: SMTP, session: Session, envelope: Envelope, address: str) -> str:
        return "252 send it and see"

    async def handle_exception(self, error: Exception) -> str:
        log.error("mail door failed", why=type(error).__name__)
        return "451 something went wrong here; come again"

    def line(self) -> SMTP:
        """A new line's protocol."""
        return _Line(self)

    async def _admitted(self, address: str, raw: bytes) -> Arrival:
        vendor, connection_id, secret = mail_address.parse(address, self.domain)
        headers = await self._noted(vendor, connection_id) if raw else {}
        return await self._door.admit(vendor, connection_id, headers | {DOOR: "1", SECRET: secret}, raw)

    async def _noted(self, vendor: str, connection_id: UUID) -> dict[str, str]:
        """What must be known to read the mail: the connection's settings and its business's time zone, as they are."""
        async with self._engine.db.realm("routing") as tx:
            business_id = await connections.find_business(tx, connection_id)
        if business_id is None:
            raise NotFound("there is no such address here")
        async with self._engine.db.business(business_id) as tx:
            connection = await connections.get(tx, connection_id)
            zone = await runs.time_zone(tx)
        if connection is None or connection.vendor != vendor:
            raise NotFound("there is no such address here")
        noted = {f"x-setting-{name}": value for name, value in connection.settings.items() if value.isprintable()}
        return {**noted, TIME_ZONE: zone}

    def begins(self) -> bool:
        """A line more is open; False where that would be too many."""
        if self._lines >= MOST_LINES:
            return False
        self._lines += 1
        return True

    def ends(self) -> None:
        """A line is closed."""
        self._lines -= 1


class _Line(SMTP):
    """One line, refused where too many are open."""

    # RFC 5321 has lines end after 1,000 bytes; programs that write HTML in one line do not know it.
    line_length_limit = 64 * 1024

    def __init__(self, door: MailDoor) -> None:
        super().__init__(
            door, data_size_limit=LARGEST, enable_SMTPUTF8=True, hostname=door.domain, ident="BookingBridge",
            timeout=SILENCE_S, command_call_limit=_COMMANDS, loop=asyncio.get_running_loop(),
        )  # fmt: skip
        self._door = door
        self._is_counted = False

    def connection_made(self, transport: Any) -> None:
        if not self._door.begins():
            transport.write(b"421 too many lines are open; come again\r\n")
            transport.close()
            return
        self._is_counted = True
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self._is_counted:
            self._is_counted = False
            self._door.ends()
            super().connection_lost(error)


def _later(failed: Exception) -> str:
    log.warning("mail not kept", why=failed.why if isinstance(failed, BridgeError) else type(failed).__name__)
    return "451 it cannot be stored now; come again"


@asynccontextmanager
async def open_door(settings: Settings, engine: Engine, batcher: Batcher[Arrival, None]) -> AsyncIterator[int | None]:
    """Mail is taken in while within; the port, None where the door is not wanted."""
    if not settings.mail_listen:
        yield None
        return
    host, port = settings.mail_at()
    door = MailDoor(engine, Door(engine), batcher, settings.mail_domain)
    server = await asyncio.get_running_loop().create_server(door.line, host, port)
    found: int = server.sockets[0].getsockname()[1]
    log.info("taking in mail", at=f"{host}:{found}", domain=settings.mail_domain)
    try:
        yield found
    finally:
        server.close()
        await server.wait_closed()


async def address_of(engine: Engine, business_id: UUID, connection_id: UUID, domain: str) -> str:
    """The address at which mail for this connection arrives; its secret is made at the first time.

    Refused where no mail is taken in here, or the vendor has none for us.
    """
    if not domain:
        raise Refused("no mail is taken in here: set MAIL_LISTEN and MAIL_DOMAIN first", code="no_mail_door")
    connection = await connecting.the(engine, business_id, connection_id)
    if engine.vendor(connection.vendor).webhooks is None:
        raise Refused(f"{connection.vendor} sends no mails for us to read")
    try:
        secrets = webhook_secrets(engine, connection)
    except Unreachable as sealed:
        raise Refused("the address of this connection does not open; see `bookingbridge doctor`") from sealed
    secret = next((s for s in secrets if mail_address.is_secret(s)), None)
    if secret is None:
        secret = mail_address.new_secret()
        await connecting.set_webhook_secret(engine, business_id, connection_id, secret)
    return mail_address.address(connection.vendor, connection_id, secret, domain)
