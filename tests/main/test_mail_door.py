"""Mail by real SMTP: kept before it is accepted, read like a webhook, and nothing else is taken."""

from __future__ import annotations

import asyncio
import smtplib
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError
from tests.house import a_business, engine_over, run

from bookingbridge.canonical.errors import Refused
from bookingbridge.infra.batcher import Batcher, connector
from bookingbridge.main import mail_door
from bookingbridge.main.settings import Settings
from bookingbridge.sync import connecting, inbound, overview
from bookingbridge.sync.engine import Engine
from bookingbridge.sync.inbound import Arrival
from bookingbridge.vendors.booksy.simulator.letters import Visit, letter

DOMAIN = "mail.example.com"
SENT = datetime(2026, 11, 18, 20, 0, tzinfo=UTC)
VISIT = Visit("Mara Lind", datetime(2026, 11, 24, 15, 0))  # noqa: DTZ001 - the shop's wall clock
SETTINGS = Settings.model_validate({"mail_listen": "127.0.0.1:0", "mail_domain": DOMAIN})
Talk = Callable[[smtplib.SMTP], Any]


@dataclass(frozen=True, slots=True)
class House:
    """A business that forwards Booksy's mails, with the door open."""

    engine: Engine
    business: UUID
    connection: UUID
    address: str
    port: int

    async def talk(self, talk: Talk) -> Any:
        """What the standard library's client, as a second opinion, says to what `talk` does."""

        def go() -> Any:
            with smtplib.SMTP("127.0.0.1", self.port, timeout=20) as line:
                return talk(line)

        return await asyncio.to_thread(go)

    async def send(self, raw: bytes, *to: str) -> dict[str, tuple[int, bytes]]:
        """The mail was accepted; which recipients were not."""
        wire = b"\r\n".join(raw.splitlines()) + b"\r\n"
        found: dict[str, tuple[int, bytes]] = await self.talk(
            lambda line: line.sendmail("bounce@example.net", list(to or (self.address,)), wire)
        )
        return found

    async def work(self) -> list[tuple[str, str, int]]:
        """What came was worked on: state, outcome and how often it came, of all there is, oldest first."""
        await inbound.work_off(self.engine, self.business, self.connection)
        async with self.engine.db.business(self.business) as tx:
            return [(e.state, e.outcome, e.deliveries) for e in (await overview.arrivals(tx))[::-1]]

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        async with self.engine.db.business(self.business) as tx:
            return await tx.all(sql)


@asynccontextmanager
async def forwarding(database_url: str, *, storage: str | None = None) -> AsyncIterator[House]:
    async with engine_over(database_url) as engine:
        business = (await a_business(engine)).id
        connection = await connecting.connect_with_token(
            engine, business, vendor="booksy", environment="production", fields={"address": "shop@example.com"}
        )
        assert (await connecting.test(engine, business, connection)).account is not None
        address = await mail_door.address_of(engine, business, connection, DOMAIN)
        batcher: Batcher[Arrival, None] = Batcher(connector(storage or engine.db.url), inbound.keep, name="mail")
        async with batcher, mail_door.open_door(SETTINGS, engine, batcher) as port:
            assert port is not None
            yield House(engine, business, connection, address, port)


@contextmanager
def refused(code: int) -> Iterator[None]:
    with pytest.raises(smtplib.SMTPException) as found:
        yield
    error: Any = found.value
    codes = [error.smtp_code] if hasattr(error, "smtp_code") else [c for c, _ in error.recipients.values()]
    assert codes == [code]


def test_a_forwarded_mail_becomes_an_appointment_with_its_client(database_url: str) -> None:
    async def story() -> None:
        async with forwarding(database_url) as house:
            raw = letter("new", VISIT, sent_at=SENT)
            assert await house.send(raw) == {}
            ((kept,),) = await house.rows("SELECT body FROM inbound_events")
            assert bytes(kept).splitlines() == raw.splitlines()
            ((state, outcome, _),) = await house.work()
            assert (state, outcome.startswith("mail ")) == ("done", True)
            assert await house.rows("SELECT status, starts_at, booked_at, price_minor FROM bookings") == [
                ("confirmed", datetime(2026, 11, 24, 23, tzinfo=UTC), SENT, 6500)
            ]
            assert await house.rows("SELECT name, email FROM clients") == [("Mara Lind", "mara.lind@example.com")]

    run(story())


def test_a_move_and_a_cancellation_leave_nothing_in_the_calendar(database_url: str) -> None:
    async def story() -> None:
        async with forwarding(database_url) as house:
            moved = Visit("Mara Lind", VISIT.starts.replace(day=26))
            mails = [
                letter("cancelled", moved, sent_at=SENT.replace(hour=22)), letter("new", VISIT, sent_at=SENT),
                letter("moved", moved, was=VISIT.starts, sent_at=SENT.replace(hour=21)),
            ]  # fmt: skip
            for raw in mails:
                await house.send(raw)
            assert [state for state, _, _ in await house.work()] == ["done"] * 3
            assert await house.rows("SELECT status, count(*) FROM bookings GROUP BY status") == [("cancelled", 2)]

    run(story())


def test_a_repetition_is_known_and_strangers_are_not_believed(database_url: str) -> None:
    async def story() -> None:
        async with forwarding(database_url) as house:
            raw = letter("new", VISIT, sent_at=SENT)
            await house.send(raw)
            await house.send(raw, house.address.upper())
            await house.send(raw.replace(b"no-reply@booksy.com", b"no-reply@booksy.com.example.org"))
            await house.send(b"\x00\xff no mail at all")
            found = await house.work()
            assert [(state, times) for state, _, times in found] == [("done", 2), ("ignored", 1), ("unreadable", 1)]
            assert await house.rows("SELECT count(*) FROM bookings") == [(1,)]

    run(story())


def test_unknown_addresses_are_refused_before_the_mail_and_nothing_is_relayed(database_url: str) -> None:
    async def story() -> None:
        async with forwarding(database_url) as house:
            local = house.address.partition("@")[0]
            wrong = "a" if local[-1] != "a" else "b"
            for address in (
                "somebody@example.org", f"{local}@example.org", f"{local[:-1]}{wrong}@{DOMAIN}", f"booksy-x@{DOMAIN}",
                f"square-{local.partition('-')[2]}@{DOMAIN}", f"a%example.org@{DOMAIN}",
            ):  # fmt: skip
                with refused(550):
                    await house.send(b"Subject: x\r\n\r\nx", address)
            assert set(await house.send(b"Subject: x\r\n\r\nx", house.address, "a@example.org")) == {"a@example.org"}
            assert await house.rows("SELECT count(*) FROM inbound_events") == [(1,)]

    run(story())


def test_what_is_too_large_is_refused_and_what_is_just_small_enough_kept(database_url: str) -> None:
    async def story() -> None:
        async with forwarding(database_url) as house:
            line = b"x" * 900 + b"\r\n"
            with refused(552):
                await house.send(b"Subject: x\r\n\r\n" + line * (mail_door.LARGEST // len(line) + 2))
            await house.send(b"Subject: x\r\n\r\n" + line * (mail_door.LARGEST // len(line) - 2))
            assert await house.rows("SELECT count(*) FROM inbound_events") == [(1,)]

    run(story())


def test_while_nothing_can_be_stored_the_sender_is_asked_to_come_again(database_url: str) -> None:
    async def story() -> None:
        with socket.create_server(("127.0.0.1", 0)) as shut:
            nowhere = f"postgresql://nobody@127.0.0.1:{shut.getsockname()[1]}/none?connect_timeout=1"
        async with forwarding(database_url, storage=nowhere) as house:
            with refused(451):
                await house.send(letter("new", VISIT, sent_at=SENT))
            assert await house.rows("SELECT count(*) FROM inbound_events") == [(0,)]

    run(story())


def test_a_removed_connection_has_no_address(database_url: str) -> None:
    async def story() -> None:
        async with forwarding(database_url) as house:
            await connecting.remove(house.engine, house.business, house.connection)
            with refused(550):
                await house.send(b"Subject: x\r\n\r\nx")

    run(story())


def test_a_second_mail_cannot_be_smuggled_in_by_line_ends(database_url: str) -> None:
    async def story() -> None:
        async with forwarding(database_url) as house:

            def smuggle(line: smtplib.SMTP) -> tuple[int, bytes]:
                line.ehlo("sender.example.net")
                line.mail("a@example.net")
                line.rcpt(house.address)
                line.docmd("DATA")
                second = f"\n.\nMAIL FROM:<b@example.net>\nRCPT TO:<{house.address}>\nDATA\nSubject: second\n\nx"
                line.send(b"Subject: first\r\n\r\n" + second.encode() + b"\r\n.\r\n")
                return line.getreply()

            code, _ = await house.talk(smuggle)
            ((kept,),) = await house.rows("SELECT body FROM inbound_events")
            assert code == 250
            assert b"Subject: second" in bytes(kept)

    run(story())


def test_the_address_stays_the_same_and_is_told_only_where_mail_is_taken_in(database_url: str) -> None:
    async def story() -> None:
        async with forwarding(database_url) as house:
            again = await mail_door.address_of(house.engine, house.business, house.connection, DOMAIN)
            assert again == house.address
            assert len(again.partition("@")[0]) <= 64
            with pytest.raises(Refused, match="MAIL_LISTEN"):
                await mail_door.address_of(house.engine, house.business, house.connection, "")

    run(story())


@pytest.mark.parametrize("listen", ["2525", "host", "host:port", "127.0.0.1:99999"])
def test_a_strange_place_to_listen_is_said_at_the_start(listen: str) -> None:
    with pytest.raises(ValidationError, match="MAIL_LISTEN"):
        Settings.model_validate({"mail_listen": listen, "mail_domain": DOMAIN})
    with pytest.raises(ValidationError, match="MAIL_DOMAIN"):
        Settings.model_validate({"mail_listen": "127.0.0.1:2525"})
