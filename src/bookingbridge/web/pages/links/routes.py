"""POST /links/{id}/undo and /restore: what joins a visitor and a client, or a payment and a visit, is taken back."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bookingbridge.canonical.errors import NotFound
from bookingbridge.domains.accounts import api as accounts
from bookingbridge.domains.accounts.api import Permission, Who
from bookingbridge.domains.attribution import api as attribution
from bookingbridge.domains.matching import api as matching
from bookingbridge.sync.engine import Engine
from bookingbridge.web import figures
from bookingbridge.web.auth import needs, with_toast
from bookingbridge.web.forms import go, posted, safe_path

router = APIRouter(prefix="/links", include_in_schema=False)


@router.post("/{link_id}/undo")
async def undo(request: Request, link_id: UUID, who: Who = needs(Permission.UNDO_LINKS)) -> Response:
    """The link no longer counts and is not made again by itself."""
    engine: Engine = request.app.state.engine
    async with engine.db.business(who.business_id) as tx:
        try:
            await attribution.undo_identity(tx, link_id, user_id=who.user_id)
        except NotFound:
            await matching.undo(tx, link_id, user_id=who.user_id)
        await accounts.audit(tx, who, "undid a link", str(link_id))
    return await _back(request, who, "Undone. The figures follow; you can link it again.")


@router.post("/{link_id}/restore")
async def restore(request: Request, link_id: UUID, who: Who = needs(Permission.UNDO_LINKS)) -> Response:
    """An undone link counts again."""
    engine: Engine = request.app.state.engine
    async with engine.db.business(who.business_id) as tx:
        try:
            await attribution.redo_identity(tx, link_id)
        except NotFound:
            await matching.redo(tx, link_id)
        await accounts.audit(tx, who, "restored a link", str(link_id))
    return await _back(request, who, "Linked again. The figures follow.")


async def _back(request: Request, who: Who, words: str) -> Response:
    figures.forget(who)
    path = safe_path((await posted(request)).get("back"), "/attribution")
    return with_toast(go(path), words)
