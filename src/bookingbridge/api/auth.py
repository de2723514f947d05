"""Who calls an operation, and whether they may: a bearer token, or a browser's session with its CSRF header.

    async def operation(request: Request, who: Who = needs(Permission.SEE_FIGURES)) -> ...
    async def operation(request: Request, caller: Who | Person | None = public("describes the program only")) -> ...

Raises Refused with the code "unauthenticated" (401), "no_business", "forbidden" or "forged" (403).
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Security
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import Request

from bookingbridge.domains.accounts import api as accounts
from bookingbridge.domains.accounts.api import Access, Permission, Person, Presented, Who
from bookingbridge.infra.db import Database

Caller = Who | Person | None

_bearer = HTTPBearer(
    auto_error=False, scheme_name="token", description="An API token of one business: `Authorization: Bearer bb_…`."
)
_cookie = APIKeyCookie(
    name="bb_session",
    auto_error=False,
    scheme_name="session",
    description="A browser's session. Unsafe methods also need its token in the header X-CSRF-Token. "
    "Behind HTTPS the cookie's name begins with `__Host-`.",
)


class OpenGate:
    """A dependency that lets in whom `access` allows. One decision per request, however often it is asked."""

    def __init__(self, access: Access) -> None:
        self.access = access

    async def __call__(self, request: Request) -> Caller:
        return await self.admit(request)

    async def admit(self, request: Request) -> Caller:
        """Who calls. Raises Refused."""
        if not hasattr(request.state, "caller"):
            db: Database = request.app.state.db
            presented = presented_by(request)
            caller = await accounts.identify(db, presented)
            if presented.bearer is None and caller is not None and self.access.kind != "public":
                accounts.refuse_forged(presented, caller.csrf)
            elif presented.bearer is None:
                accounts.refuse_foreign_origin(presented)
            self.access.admit(caller)
            request.state.caller = caller
        return request.state.caller  # type: ignore[no-any-return]


class Gate(OpenGate):
    """The same, and OpenAPI says how to come in."""

    async def __call__(  # type: ignore[override]
        self,
        request: Request,
        bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
        cookie: Annotated[str | None, Security(_cookie)],
    ) -> Caller:
        return await self.admit(request)


def needs(*permissions: Permission) -> Any:
    """Only a token or a person whose role has all these permissions: a `Who`."""
    return Depends(Gate(Access.needing(*permissions)))


def signed_in() -> Any:
    """Any person who is signed in, also without a business; no token: a `Who` or a `Person`."""
    return Depends(Gate(Access.signed_in()))


def public(reason: str) -> Any:
    """Everybody: a `Who`, a `Person` or None. `reason` is listed beside the route."""
    return Depends(OpenGate(Access.public(reason)))


def presented_by(request: Request) -> Presented:
    """What the request presents."""
    public_url: str = request.app.state.settings.public_url
    return Presented.of(request.method, request.headers, request.cookies, public_url)


def database(request: Request) -> Database:
    """The app's database."""
    db: Database = request.app.state.db
    return db
