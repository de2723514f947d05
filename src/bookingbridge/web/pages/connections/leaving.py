"""The way to a vendor's consent page."""

from __future__ import annotations

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from bookingbridge.canonical.errors import Refused
from bookingbridge.domains.accounts.api import Who
from bookingbridge.sync import connecting
from bookingbridge.web.auth import with_toast
from bookingbridge.web.forms import go
from bookingbridge.web.pages.connections.asking import engine_of


async def to_vendor(
    request: Request, who: Who, *, vendor: str, environment: str, back: str, connection_id: UUID | None = None
) -> Response:
    """The browser is led to the vendor's consent page. A link on another site leads to our own page first (`back`)."""
    if who.person is None or request.headers.get("sec-fetch-site") in ("cross-site", "same-site"):
        return go(back)
    try:
        address = await connecting.begin_oauth(
            engine_of(request),
            who.business_id,
            vendor=vendor,
            environment=environment,
            session_hash=who.person.session_hash,
            connection_id=connection_id,
        )
    except Refused as wrong:
        return with_toast(go(back), wrong.why[:1].upper() + wrong.why[1:], "bad")
    return go(address)
