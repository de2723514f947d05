"""What the transport puts on the wire: the name stays the name while the connection goes to the checked address."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.vendorkit.toy import NOW

from bookingbridge.canonical.errors import Unreachable
from bookingbridge.vendorkit.http import Transport


def transport(**more: object) -> Transport:
    return Transport(allowed_hosts=frozenset(), allow_loopback=True, now=lambda: NOW, tries=1, timeout=3.0, **more)  # type: ignore[arg-type]


async def to_this_machine(host: str, port: int) -> Sequence[str]:
    return ["127.0.0.1"]


def test_the_host_header_holds_the_name_and_not_the_address() -> None:
    heard: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        await writer.drain()
        writer.close()

    async def go() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server, transport(resolve=to_this_machine) as http:
            assert (await http.send("GET", f"http://LOCALHOST:{port}/x")).status == 204
            assert f"\r\nHost: localhost:{port}\r\n".encode() in heard[0]

    asyncio.run(go())


def test_tls_asks_for_the_name_and_trusts_no_certificate_of_strangers(tmp_path: Path) -> None:
    asked: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_self_signed(tmp_path))
    context.sni_callback = lambda _, name, __: asked.append(name)

    async def go() -> None:
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0, ssl=context)
        port = server.sockets[0].getsockname()[1]
        async with server, transport(resolve=to_this_machine) as http:
            with pytest.raises(Unreachable):
                await http.send("GET", f"https://localhost:{port}/")

    asyncio.run(go())
    assert asked == ["localhost"]


def _self_signed(folder: Path) -> Path:
    """A certificate for localhost that nobody vouches for, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    start = datetime.now(UTC) - timedelta(days=1)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(start).not_valid_after(start + timedelta(days=9))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = serialization.Encoding.PEM
    plain = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "localhost.pem"
    path.write_bytes(plain + certificate.public_bytes(pem))
    return path
