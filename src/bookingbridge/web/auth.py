"""Who looks at a page, and whether they may. Every page declares one of three:

    async def page(request: Request, who: Who = needs(Permission.SEE_FIGURES)) -> Response: ...
    async def page(request: Request, person: Person = signed_in()) -> Response: ...
    async def page(request: Request, caller: Who | Person | None = public("people must be able to sign in")) -> ...

Without a declaration the program does not start (`web.access.check_routes`). The declaration finds the session, refuses
forged requests (unsafe methods carry the session's token in the form field `csrf` or the header X-CSRF-Token), and puts
what `shell.show` needs on `request.state.frame`. Raises Refused with the code "unauthenticated", "no_business",
"forbidden" or "forged".
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import replace
from typing import Any, TypeVar, get_args

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from bookingbridge.domains.accounts import api as accounts
from bookingbridge.domains.accounts.api import Access, Permission, Person, Presented, SignedIn, Who
from bookingbridge.infra.db import Database
from bookingbridge.web.shell import BusinessChoice, Frame, Toast, theme_of
from bookingbridge.web.ui.parts import Tone

R = TypeVar("R", bound=Response)
Caller = Who | Person | None

TOAST_COOKIE = "bb_toast"
_TOAST_SECONDS = 60
_ROLES = {
    "owner": "Owner",
    "manager": "Manager",
    "staff": "Staff",
    "accountant": "Accountant",
    "read_only": "Read-only",
}


class Gate:
    """A dependency that lets in whom `access` allows. One decision per request, however often it is asked."""

    def __init__(self, access: Access) -> None:
        self.access = access

    async def __call__(self, request: Request) -> Caller:
        caller = await caller_of(request)
        presented = _presented(request)
        if self.access.kind == "public":
            accounts.refuse_foreign_origin(presented)
        elif caller is not None:
            with_form = replace(presented, csrf=presented.csrf or await _csrf_in_form(request, presented))
            accounts.refuse_forged(with_form, caller.csrf)
        self.access.admit(caller)
        return caller


def needs(*permissions: Permission) -> Any:
    """Only somebody whose role has all these permissions: a `Who`."""
    return Depends(Gate(Access.needing(*permissions)))


def signed_in() -> Any:
    """Anybody who is signed in, also without a business: a `Who` or a `Person`; `person_behind` gives the person."""
    return Depends(Gate(Access.signed_in()))


def public(reason: str) -> Any:
    """Everybody: a `Who`, a `Person` or None. `reason` is listed beside the route."""
    return Depends(Gate(Access.public(reason)))


def refuse_forged(request: Request, csrf: str | None, person: Person) -> None:
    """For a public page that also serves who is signed in: Refused unless their own token came with the form."""
    presented = _presented(request)
    accounts.refuse_forged(replace(presented, csrf=presented.csrf or csrf), person.csrf)


def person_behind(caller: Caller) -> Person:
    """The person of a request that `signed_in` admitted."""
    if isinstance(caller, Who):
        return accounts.person_of(caller)
    assert caller is not None, "signed_in() admits nobody unknown"
    return caller


async def caller_of(request: Request) -> Caller:
    """Who is behind the request's session, looked up once; the frame is on `request.state` afterwards."""
    if not hasattr(request.state, "caller"):
        db: Database = request.app.state.db
        request.state.caller = await accounts.identify(db, _presented(request))
        request.state.frame = frame_of(request, request.state.caller)
    caller: Caller = request.state.caller
    return caller


def _presented(request: Request) -> Presented:
    """What the request presents. A page is for people: a bearer token does not open it."""
    public_url: str = request.app.state.settings.public_url
    return replace(Presented.of(request.method, request.headers, request.cookies, public_url), bearer=None)


async def _csrf_in_form(request: Request, presented: Presented) -> str | None:
    is_form = request.headers.get("content-type", "").startswith(
        ("application/x-www-form-urlencoded", "multipart/form-data")
    )
    if not presented.is_unsafe or not is_form:
        return None
    value = (await request.form()).get("csrf")
    return value if isinstance(value, str) else None


def frame_of(request: Request, caller: Caller) -> Frame:
    """What surrounds the page for this caller."""
    person = caller.person if isinstance(caller, Who) else caller
    frame = Frame(
        path=request.url.path,
        csrf=person.csrf if person else "",
        theme=theme_of(request),
        has_shortcuts=request.cookies.get("keys") != "off",
        toasts=_toasts(request),
    )
    if not isinstance(caller, Who) or person is None:
        return frame
    return replace(
        frame,
        user_name=person.name,
        role=_ROLES[caller.role],
        business_name=caller.business.name,
        business_note=f"{caller.location_count} locations" if caller.location_count > 1 else "",
        businesses=tuple(
            BusinessChoice(str(b.id), b.name, is_current=b.id == caller.business_id, is_demo=b.is_demo)
            for b in person.businesses
        ),
        is_demo=caller.business.is_demo,
        may=frozenset(p.value for p in caller.permissions),
    )


def begin_session(request: Request, response: R, signed_in: SignedIn) -> R:
    """The response gives the browser its session. The cookie ends when the session must, at the latest."""
    public_url: str = request.app.state.settings.public_url
    response.set_cookie(
        accounts.cookie_name(public_url),
        signed_in.token,
        max_age=int(accounts.SESSION_LONGEST.total_seconds()),
        path="/",
        secure=public_url.startswith("https://"),
        httponly=True,
        samesite="lax",
    )
    return response


def session_token(request: Request) -> str | None:
    """The session the browser presents, whether or not it is good."""
    return _presented(request).session


def end_session(request: Request, response: R) -> R:
    """The response takes the browser's session away."""
    public_url: str = request.app.state.settings.public_url
    response.delete_cookie(
        accounts.cookie_name(public_url),
        path="/",
        secure=public_url.startswith("https://"),
        httponly=True,
        samesite="lax",
    )
    return response


def with_toast(response: R, text: str, tone: Tone = "good") -> R:
    """The next page this browser shows says `text`, once. For redirects after something was done."""
    packed = base64.urlsafe_b64encode(json.dumps([text[:300], tone]).encode()).decode()
    response.set_cookie(TOAST_COOKIE, packed, max_age=_TOAST_SECONDS, path="/", httponly=True, samesite="lax")
    return response


def _toasts(request: Request) -> tuple[Toast, ...]:
    packed = request.cookies.get(TOAST_COOKIE)
    if not packed or request.method != "GET":
        return ()
    try:
        text, tone = json.loads(base64.urlsafe_b64decode(packed))
    except (ValueError, TypeError, binascii.Error):
        return ()
    if not isinstance(text, str) or tone not in get_args(Tone):
        return ()
    # The middleware takes the cookie away with the page that shows it.
    request.state.toast_shown = True
    return (Toast(text, tone),)
