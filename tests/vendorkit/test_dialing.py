"""Lines for vendors that speak IMAP: guarded as HTTP is, over TLS, plain only to a simulator on this machine."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.vendorkit.test_http_wire import _self_signed
from tests.vendorkit.toy import NOW

from bookingbridge.canonical.errors import Refused, Unreachable
from bookingbridge.vendorkit.http import Transport
from bookingbridge.vendorkit.lookup import Resolve

HOST = "imap.example.com"


def transport(*, allow_loopback: bool = True, resolve: Resolve | None = None) -> Transport:
    return Transport(
        allowed_hosts=frozenset({HOST}), allow_loopback=allow_loopback, now=lambda: NOW, timeout=3.0, resolve=resolve
    )


async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"* OK ready\r\n" + await reader.readline())
    await writer.drain()
    writer.close()


def test_a_simulator_is_dialled_in_the_clear() -> None:
    async def go() -> None:
        server = await asyncio.start_server(greet, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server, transport() as http:
            reader, writer = await http.dial("127.0.0.1", port)
            writer.write(b"a1 NOOP\r\n")
            assert await reader.read() == b"* OK ready\r\na1 NOOP\r\n"
            writer.close()

    asyncio.run(go())


def test_a_line_asks_for_the_name_and_trusts_no_certificate_of_strangers(tmp_path: Path) -> None:
    asked: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_self_signed(tmp_path))
    context.sni_callback = lambda _, name, __: asked.append(name)

    async def go() -> None:
        server = await asyncio.start_server(greet, "127.0.0.1", 0, ssl=context)
        port = server.sockets[0].getsockname()[1]
        async with server, transport() as http:
            with pytest.raises(Unreachable, match="SSLCertVerificationError"):
                await http.dial("localhost", port, is_plain=False)

    asyncio.run(go())
    assert "localhost" in asked


@pytest.mark.parametrize(
    ("host", "port"),
    [(HOST, 143), (HOST, 25), ("evil.example.com", 993), ("127.0.0.1", 993), ("localhost", 993), ("", 993)],
)
def test_only_an_allowed_host_at_a_known_port_is_dialled(host: str, port: int) -> None:
    async def go() -> None:
        async with transport(allow_loopback=False) as http:
            with pytest.raises(Refused):
                await http.dial(host, port)

    asyncio.run(go())


@pytest.mark.parametrize("address", ["10.0.0.5", "127.0.0.1", "169.254.169.254", "::1"])
def test_an_allowed_name_that_leads_inside_is_not_dialled(address: str) -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return [address]

    async def go() -> None:
        async with transport(resolve=resolve) as http:
            with pytest.raises(Refused, match="private"):
                await http.dial(HOST, 993)

    asyncio.run(go())


def test_nobody_at_home_is_unreachable() -> None:
    async def nowhere(host: str, port: int) -> Sequence[str]:
        raise OSError("no such name")

    async def go() -> None:
        async with transport() as http:
            with pytest.raises(Unreachable):
                await http.dial("127.0.0.1", 9)
        async with transport(resolve=nowhere) as http:
            with pytest.raises(Unreachable, match="name not found"):
                await http.dial(HOST, 993)

    asyncio.run(go())
