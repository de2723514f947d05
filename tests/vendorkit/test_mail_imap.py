"""Mailboxes over real IMAP: read whole and once, nothing changed, and hostile servers come to nothing."""

from __future__ import annotations

import asyncio
import imaplib
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bookingbridge.canonical.errors import (
    AuthExpired,
    BridgeError,
    Refused,
    Rejected,
    Throttled,
    Unreachable,
    Unreadable,
)
from bookingbridge.vendorkit.http import Transport
from bookingbridge.vendorkit.mail_imap import Mailbox
from bookingbridge.vendorkit.mail_simulated import MailServer

NOW = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
USER, PASSWORD = "shop@example.com", 'pass"word\\ with signs'
T = TypeVar("T")


def mail(sender: str, name: str = "") -> bytes:
    return f"From: {sender}\r\nMessage-ID: <{name}@example.com>\r\nSubject: {name}\r\n\r\nbody of {name}\r\n".encode()


def with_box(server: MailServer, act: Callable[[Mailbox], Awaitable[T]], *, password: str = PASSWORD) -> T:
    """What `act` finds out on a line to the server."""

    async def go() -> T:
        port = await server.start()
        try:
            async with (
                asyncio.timeout(20),
                _transport() as http,
                await Mailbox.open(http.dial, "127.0.0.1", port, USER, password, seconds=2) as box,
            ):
                return await act(box)
        finally:
            await server.stop()

    return asyncio.run(go())


def _transport() -> Transport:
    return Transport(allowed_hosts=frozenset({"imap.example.com"}), allow_loopback=True, now=lambda: NOW)


def a_server(*senders: str) -> MailServer:
    server = MailServer(USER, PASSWORD, now=lambda: NOW)
    for n, sender in enumerate(senders):
        server.deliver(mail(sender, f"m{n}"), at=NOW - timedelta(days=len(senders) - n))
    return server


def test_mails_of_the_wanted_senders_are_found_and_read_as_they_are() -> None:
    server = a_server("no-reply@booksy.com", "friend@example.com", "Mara <x@mail.booksy.com>", "news@example.org")

    async def read(box: Mailbox) -> Any:
        opened = await box.examine("INBOX")
        uids = await box.search(after=0, senders=["booksy.com", "example.org"])
        return opened, uids, await box.fetch(uids, largest=10_000)

    opened, uids, fetched = with_box(server, read)
    assert (opened.uid_validity, opened.next_uid, opened.exists) == (1, 5, 4)
    assert uids == [1, 3, 4]
    assert [f.raw for f in fetched] == [server.folders["INBOX"].mails[uid][0] for uid in uids]
    assert [f.received_at for f in fetched] == [NOW - timedelta(days=d) for d in (4, 2, 1)]
    assert server.said[:4] == ["LOGIN", "EXAMINE", "UID SEARCH", "UID FETCH"]


def test_what_was_read_is_not_found_again_and_days_and_ids_are_bounds() -> None:
    server = a_server("a@x.com", "b@x.com", "c@x.com")

    async def read(box: Mailbox) -> Any:
        await box.examine("INBOX")
        since = date(2026, 11, 18)
        return [
            await box.search(after=1, senders=["x.com"]), await box.search(after=3, senders=["x.com"]),
            await box.search(after=0, senders=["x.com"], since=since), await box.find("m1@example.com"),
            await box.find("no-such"), await box.search(after=0, senders=['a"b\\']),
        ]  # fmt: skip

    assert with_box(server, read) == [[2, 3], [], [2, 3], [2], [], []]


def test_a_mail_that_is_longer_than_was_asked_for_is_read_up_to_there() -> None:
    server = a_server()
    server.deliver(b"From: a@x.com\r\n\r\n" + b"x" * 5000)

    async def read(box: Mailbox) -> Any:
        await box.examine("INBOX")
        return [len(f.raw) for f in await box.fetch([1, 7], largest=1000)]

    assert with_box(server, read) == [1000]


def test_a_wrong_password_needs_the_owner_and_a_wrong_folder_is_told() -> None:
    with pytest.raises(AuthExpired) as expired:
        with_box(a_server(), lambda box: box.examine("INBOX"), password="wrong-canary")
    assert "canary" not in repr(expired.value) + repr(expired.value.__cause__)
    with pytest.raises(Rejected) as refused:
        with_box(a_server(), lambda box: box.examine("Elsewhere"))
    assert refused.value.code == "no_such_folder"


def test_folders_have_names_in_any_script() -> None:
    server = a_server()
    server.deliver(mail("a@x.com"), folder="R&-servations &-AOk-t&AOk-".replace("&-AOk-", "&AOk-"))

    async def read(box: Mailbox) -> Any:
        return (await box.examine("R&servations été")).exists

    assert with_box(server, read) == 1


def test_only_named_hosts_on_the_tls_port_are_dialled() -> None:
    async def go(host: str, port: int) -> None:
        async with Transport(
            allowed_hosts=frozenset({"imap.example.com"}), allow_loopback=False, now=lambda: NOW
        ) as http:
            await Mailbox.open(http.dial, host, port, USER, PASSWORD)

    for host, port in (("127.0.0.1", 993), ("localhost", 143), ("imap.example.org", 993), ("imap.example.com", 143)):
        with pytest.raises(Refused):
            asyncio.run(go(host, port))


def test_faults_are_ours_by_class() -> None:
    expected = {"429": Throttled, "500": Unreachable, "reset": Unreachable, "garbage": Unreadable}
    for fault, error in expected.items():
        server = a_server("a@x.com")
        server._fault = lambda command, fault=fault: fault if command == "EXAMINE" else None  # type: ignore[misc]
        with pytest.raises(error):
            with_box(server, lambda box: box.examine("INBOX"))


HOSTILE = [
    b"", b"\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"* BYE too many connections\r\n", b"* OK", b"* OK\r\n* BYE\r\n",
    b"* OK\r\nA1 OK\r\nA2 OK\r\n", b"* OK\r\nA1 OK\r\n* SEARCH 99999999999999999999 x\r\nA2 OK\r\n",
    b"* OK\r\nA1 OK\r\n* 1 FETCH {99999999}\r\n", b"* OK\r\nA1 OK\r\n* 1 FETCH {10}\r\nabc",
    b"* OK\r\n" + b"x" * 2_000_000, b"* OK\r\nA1 OK\r\n" + b"* 1 FETCH {0}\r\n" * 30, b"* OK {5}\r\nA1 OK\r\n",
    b"* OK\r\nA1\r\n", b"* OK\r\nA1 NO [ALERT] password is canary\r\n",
]  # fmt: skip


def _against(answer: bytes) -> Exception | None:
    """What comes of a server that says this, whatever it is asked."""

    async def speak(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        writer.close()

    async def go() -> None:
        server = await asyncio.start_server(speak, "127.0.0.1", 0)
        async with server, _transport() as http:
            port = server.sockets[0].getsockname()[1]
            async with await Mailbox.open(http.dial, "127.0.0.1", port, USER, PASSWORD, seconds=1) as box:
                await box.examine("INBOX")

    try:
        asyncio.run(go())
    except BridgeError as error:
        return error
    return None


@pytest.mark.parametrize("answer", HOSTILE)
def test_a_hostile_server_is_one_of_our_errors(answer: bytes) -> None:
    error = _against(answer)
    assert error is not None
    assert "canary" not in str(error)


@settings(max_examples=25, deadline=None)
@given(st.binary(max_size=200))
def test_any_answer_is_one_of_our_errors(answer: bytes) -> None:
    assert _against(b"* OK\r\nA1 OK\r\n" + answer) is not None


def test_the_standard_librarys_client_reads_the_same_from_our_server() -> None:
    server = a_server("no-reply@booksy.com", "friend@example.com")

    def read(port: int) -> tuple[bytes, bytes]:
        with imaplib.IMAP4("127.0.0.1", port) as line:
            line.login(USER, PASSWORD)
            assert line.select("INBOX", readonly=True)[1] == [b"2"]
            found: Any = line.uid("SEARCH", "FROM", '"booksy.com"')[1][0]
            fetched: Any = line.uid("FETCH", "1", "(BODY.PEEK[])")[1][0]
            return found, fetched[1]

    async def go() -> tuple[bytes, bytes]:
        port = await server.start()
        try:
            return await asyncio.to_thread(read, port)
        finally:
            await server.stop()

    assert asyncio.run(go()) == (b"1", server.folders["INBOX"].mails[1][0])
