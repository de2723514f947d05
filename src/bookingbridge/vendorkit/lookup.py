"""Names become addresses that were checked: what is connected to is what was looked at."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable, Sequence

from bookingbridge.canonical.errors import Refused
from bookingbridge.vendorkit import guard

PINNED_FOR_S = 60.0

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class NameNotFound(Exception):
    """The name was not answered for; the message says how."""


class Lookup:
    """Looks names up, each once a minute, so that kept connections are found again."""

    def __init__(self, resolve: Resolve | None, *, timeout: float) -> None:
        self._resolve = resolve or _resolve
        self._timeout = timeout
        self._pinned: dict[tuple[str, int], tuple[float, list[str]]] = {}

    async def addresses(self, where: guard.Target) -> list[str]:
        """The name's addresses that we accept. NameNotFound, or Refused where it leads inside a private network."""
        known = self._pinned.get((where.host, where.port))
        if known and time.monotonic() - known[0] < PINNED_FOR_S:
            return known[1]
        try:
            async with asyncio.timeout(self._timeout):
                found = await self._resolve(where.host, where.port)
        except (OSError, UnicodeError, TimeoutError) as failed:
            raise NameNotFound(f"name not found ({type(failed).__name__})") from None
        good = [address for address in dict.fromkeys(found) if guard.may_connect(where, address)]
        if found and not good:
            raise Refused(f"{where.host} leads to an address inside a private network")
        self._pinned[(where.host, where.port)] = (time.monotonic(), good)
        return good

    def forget(self, where: guard.Target) -> None:
        """The name is looked up anew next time."""
        self._pinned.pop((where.host, where.port), None)


async def _resolve(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]
