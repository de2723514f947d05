"""A merchant's browser at the simulated Square's consent page."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs, parse_qsl, urlsplit
from uuid import UUID

import httpx2

from bookingbridge.main.demo import worlds
from bookingbridge.sync import connecting
from bookingbridge.sync.engine import Engine

SESSION = b"a browser session"


@dataclass(frozen=True, slots=True)
class Back:
    """What the browser brings back from the vendor."""

    state: str
    code: str


def allow(url: str, *, merchant: str = worlds.MERCHANT) -> Back:
    """The merchant allows what the page at `url` asks for."""
    asked = dict(parse_qsl(urlsplit(url).query)) | {"decision": "allow", "merchant_id": merchant}
    answer = httpx2.post(url, data=asked, trust_env=False, timeout=30)
    assert answer.status_code == 303, answer.text
    brought = parse_qs(urlsplit(answer.headers["location"]).query)
    return Back(brought["state"][0], brought["code"][0])


async def begin(engine: Engine, business: UUID, *, connection: UUID | None = None, session: bytes = SESSION) -> str:
    """The address of the consent page."""
    return await connecting.begin_oauth(
        engine, business, vendor="square", environment="simulator", session_hash=session, connection_id=connection
    )


async def connect(
    engine: Engine, business: UUID, *, merchant: str = worlds.MERCHANT, connection: UUID | None = None
) -> UUID:
    """A connection signed in by consent."""
    back = allow(await begin(engine, business, connection=connection), merchant=merchant)
    _, made = await connecting.finish_oauth(engine, state=back.state, code=back.code, session_hash=SESSION)
    return made
