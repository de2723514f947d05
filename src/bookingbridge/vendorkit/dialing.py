"""A guarded line to a vendor that speaks something else than HTTP, such as IMAP: over TLS, to a checked address."""

from __future__ import annotations

import asyncio
import ssl
from functools import cache

import httpx2

from bookingbridge.canonical.errors import Unreachable
from bookingbridge.vendorkit import guard
from bookingbridge.vendorkit.lookup import Lookup, NameNotFound

Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]

LONGEST_LINE = 1024 * 1024
"""Bytes that a reader holds until whoever reads comes for them: also the longest line it can find the end of."""


async def dial(where: guard.Target, lookup: Lookup, *, within_s: float) -> Line:
    """An open line to the first address that answers. Unreachable where none does or the certificate is not its own."""
    why = "the name has no address"
    try:
        addresses = await lookup.addresses(where)
    except NameNotFound as unknown:
        raise Unreachable(f"{where.host} did not answer ({unknown})", code="no_answer") from None
    for address in addresses:
        try:
            async with asyncio.timeout(within_s):
                if where.scheme != "tls":
                    return await asyncio.open_connection(address, where.port, limit=LONGEST_LINE)
                return await asyncio.open_connection(
                    address, where.port, ssl=_trust(), server_hostname=where.host, limit=LONGEST_LINE
                )
        except (OSError, TimeoutError) as failed:
            lookup.forget(where)
            why = type(failed).__name__
    raise Unreachable(f"{where.host} did not answer ({why})", code="no_answer")


@cache
def _trust() -> ssl.SSLContext:
    """The same authorities as for HTTP, in a context of its own: the library's offers HTTP's protocols."""
    return httpx2.create_ssl_context(trust_env=False)
