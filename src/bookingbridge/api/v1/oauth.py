"""Signing in at vendors: who there is, the way to their consent page and back, and how each connection stands."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import quote
from uuid import UUID

from fastapi import Query, Response
from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse

from bookingbridge.api.auth import needs
from bookingbridge.api.models import Given, Id, Shown
from bookingbridge.api.operations import operations
from bookingbridge.canonical.errors import BridgeError, Refused
from bookingbridge.canonical.ports import Ability, Auth
from bookingbridge.domains.accounts.api import Permission, Who
from bookingbridge.sync import connecting, overview
from bookingbridge.sync.engine import Engine

router = operations("/oauth", "Signing in at vendors", "Vendors there are, their consent pages, connections' health.")

Environment = Literal["production", "sandbox", "simulator"]


class ScopeShown(Shown):
    """One permission that is asked for, and why."""

    name: str
    why: str


class ProviderShown(Shown):
    """A vendor that can be connected. `can_sign_in` says whether the host's own app credentials are there."""

    name: str = Field(examples=["square"])
    title: str = Field(examples=["Square"])
    tagline: str
    abilities: list[Ability]
    auth: list[Auth]
    scopes: list[ScopeShown]
    environments: list[str] = Field(examples=[["production", "sandbox"]])
    can_sign_in: dict[str, bool]
    redirect_uri: str
    api_version: str
    cost: str
    limits: str
    docs: str


class ConnectGiven(Given):
    """Which vendor to sign in at; with `connection` that one is signed in anew and keeps its history."""

    vendor: Annotated[str, Field(max_length=40, examples=["square"])]
    environment: Environment = "production"
    connection: Id | None = None


class ConnectShown(Shown):
    """Where the browser goes next. The address works once, for ten minutes, in this browser session."""

    authorize_url: str


class ConnectionShown(Shown):
    """How a connection stands. `tone` is ok, warn or bad; `says` is for people."""

    id: UUID
    vendor: str
    title: str
    environment: str
    account: str
    state: str
    tone: Literal["ok", "warn", "bad"]
    says: str
    is_stale: bool
    setup_step: int
    last_success_at: datetime | None
    last_event_at: datetime | None
    token_expires_at: datetime | None
    granted: list[str]
    missing: list[str]
    inbox: dict[str, int]

    @classmethod
    def of(cls, h: overview.Health) -> ConnectionShown:
        c = h.connection
        return cls(
            id=c.id, vendor=c.vendor, title=h.title, environment=c.environment, account=c.account_name, state=c.state,
            tone=h.tone, says=h.says, is_stale=h.is_stale, setup_step=c.setup_step, last_success_at=c.last_success_at,
            last_event_at=c.last_event_at, token_expires_at=c.token_expires_at, granted=list(c.granted),
            missing=list(c.missing), inbox=dict(h.inbox),
        )  # fmt: skip


def engine_of(request: Request) -> Engine:
    """The sync engine."""
    found: Engine = request.app.state.engine
    return found


@router.get("/providers", summary="List vendors that can be connected")
async def list_providers(request: Request, who: Who = needs(Permission.SEE_CONNECTIONS)) -> list[ProviderShown]:
    """Every vendor with what it can do, what it asks for and why."""
    engine = engine_of(request)
    return [_provider(engine, name) for name in sorted(engine.vendors)]


def _provider(engine: Engine, name: str) -> ProviderShown:
    m = engine.vendor(name).manifest
    environments = engine.environments(name)
    return ProviderShown(
        name=m.name, title=m.title, tagline=m.tagline, abilities=sorted(m.abilities), auth=list(m.auth),
        scopes=[ScopeShown(name=s.name, why=s.why) for s in m.scopes], environments=environments,
        can_sign_in={e: _has_app(engine, name, e) for e in environments}, redirect_uri=engine.redirect_uri(),
        api_version=m.api_version, cost=m.cost, limits=m.limits, docs=m.docs,
    )  # fmt: skip


def _has_app(engine: Engine, vendor: str, environment: str) -> bool:
    try:
        engine.app(vendor, environment)
    except Refused:
        return False
    return Auth.OAUTH in engine.vendor(vendor).manifest.auth


@router.post("/connect", summary="Begin signing in at a vendor")
async def begin_sign_in(
    request: Request, given: ConnectGiven, who: Who = needs(Permission.MANAGE_CONNECTIONS)
) -> ConnectShown:
    """The address of the vendor's consent page, for the browser of this session."""
    if who.person is None:
        raise Refused("Signing in at a vendor needs a person at a browser; paste a token instead.", code="no_browser")
    url = await connecting.begin_oauth(
        engine_of(request),
        who.business_id,
        vendor=given.vendor,
        environment=given.environment,
        session_hash=who.person.session_hash,
        connection_id=given.connection,
    )
    return ConnectShown(authorize_url=url)


@router.get(
    "/callback",
    summary="Where vendors send the browser back to",
    response_class=Response,
    responses={303: {"description": "On to the connection's page."}},
)
async def come_back(
    request: Request,
    state: Annotated[str, Query(max_length=200)] = "",
    code: Annotated[str, Query(max_length=4000)] = "",
    error: Annotated[str, Query(max_length=200)] = "",
    who: Who = needs(Permission.MANAGE_CONNECTIONS),
) -> Response:
    """The code is exchanged, the browser goes on to the connection; with Accept: application/json it is told."""
    if who.person is None:
        raise Refused("The way back from a vendor is for the browser that went there.", code="no_browser")
    wants_json = "application/json" in request.headers.get("accept", "")
    try:
        if error or not code:
            raise Refused("The vendor did not give access; you can try again.", code=error or "no_code")
        _, connection_id = await connecting.finish_oauth(
            engine_of(request), state=state, code=code, session_hash=who.person.session_hash
        )
    except BridgeError as failed:
        if wants_json:
            raise
        return RedirectResponse(f"/connections?problem={quote(failed.why)}", status_code=303)
    if wants_json:
        return JSONResponse({"connection": str(connection_id)})
    return RedirectResponse(f"/connections/{connection_id}", status_code=303)
