"""An unsafe request with an Idempotency-Key takes effect once: sent again, it is answered as the first time was.

Another body with the same key is 422, the same while the first is at work 409. When the first one's process died, its
outcome is unknown: 409 with the code "outcome_unknown", and the client looks before it asks with a new key.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from bookingbridge.canonical.errors import Ambiguous, Refused
from bookingbridge.domains.accounts.api import Who
from bookingbridge.infra import idempotency
from bookingbridge.infra.db import Database
from bookingbridge.infra.secrets import CannotOpen, Vault

HEADER = "idempotency-key"
PATTERN = r"^[!-~]{1,200}$"
_KEPT_HEADERS = ("content-type", "location", "etag")


async def once(request: Request, who: Who, handle: Callable[[Request], Awaitable[Response]]) -> Response:
    """The answer to this request, from now or from the first time. Raises Refused.

    Answers of 500 and above and raised errors are not kept: such a request took no effect and may be sent again. Where
    the effect is unknown (Ambiguous) the key stays claimed.
    """
    given = request.headers[HEADER]
    if not re.fullmatch(PATTERN, given):
        raise Refused("An Idempotency-Key has 1 to 200 visible ASCII characters.", code="invalid_idempotency_key")
    db: Database = request.app.state.db
    # A key belongs to whoever sends it: another program of the business may happen to use the same.
    key = f"{who.client}|{given}"
    async with db.business(who.business_id) as tx:
        claim = await idempotency.claim(tx, key, await _fingerprint(request))
    if claim.state != "mine":
        return _from_before(request, who, key, claim)
    try:
        response = await handle(request)
        kept = _packed(response) if response.status_code < 500 else None
    except Ambiguous:
        raise
    except Exception:
        await _release(db, who, key)
        raise
    if kept is None:
        await _release(db, who, key)
        return response
    vault: Vault = request.app.state.vault
    async with db.business(who.business_id) as tx:
        await idempotency.answer(tx, key, response.status_code, vault.seal(kept, context=_context(who, key)))
    return response


def _from_before(request: Request, who: Who, key: str, claim: idempotency.Claim) -> Response:
    if claim.state == "other":
        raise Refused("This Idempotency-Key came with another request before.", code="idempotency_key_reused")
    if claim.state == "busy":
        raise Refused("The first request with this Idempotency-Key is still at work.", code="idempotency_key_busy")
    if claim.state == "lost":
        raise Refused(
            "The first request with this Idempotency-Key was cut off. If it took no effect, use a new key.",
            code="outcome_unknown",
        )
    vault: Vault = request.app.state.vault
    try:
        kept = vault.open(claim.answer, context=_context(who, key))
    except CannotOpen as sealed:
        why = "The first request with this Idempotency-Key was carried out; its answer can no longer be opened."
        raise Refused(why, code="answer_gone") from sealed
    status, headers, body = msgspec.json.decode(kept)
    return Response(base64.b64decode(body), status, {**headers, "idempotency-replayed": "true"})


async def _fingerprint(request: Request) -> bytes:
    head = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    return hashlib.sha256(head + await request.body()).digest()


def _packed(response: Response) -> bytes | None:
    """The answer as it is kept; None for one that is streamed, which has no body to keep."""
    body: Any = getattr(response, "body", None)
    if not isinstance(body, bytes):
        return None
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    return msgspec.json.encode((response.status_code, headers, base64.b64encode(body).decode()))


def _context(who: Who, key: str) -> str:
    return f"idempotency|{who.business_id}|{key}"


async def _release(db: Database, who: Who, key: str) -> None:
    async with db.business(who.business_id) as tx:
        await idempotency.release(tx, key)
