"""What everybody may change about themselves: name, address, password, and where they are signed in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bookingbridge.canonical.errors import BridgeError, Refused, Throttled
from bookingbridge.domains.accounts import api as accounts
from bookingbridge.domains.accounts.api import PASSWORD_SHORTEST, Person, Session, Who
from bookingbridge.infra.db import Database
from bookingbridge.web import browsers
from bookingbridge.web.auth import Caller, person_behind, signed_in, with_toast
from bookingbridge.web.forms import go, posted
from bookingbridge.web.pages.settings.tabs import tabs_for
from bookingbridge.web.pages.settings.view import SessionRow, YouView
from bookingbridge.web.shell import Shell
from bookingbridge.web.ui.parts import Field, Form, Problem, stamp

router = APIRouter(include_in_schema=False)
_shell = Shell()

Given = Mapping[str, str]
_HERE = "/settings/you"
_NEW_HELP = f"At least {PASSWORD_SHORTEST} characters. A few unrelated words are best."
_PLACED = {"invalid_name": "name", "invalid_email": "email", "email_taken": "email", "wrong_credentials": "current"}


@router.get("/settings/you")
async def you_page(request: Request, caller: Caller = signed_in()) -> Response:
    return await _you(request, caller, {})


@router.post("/settings/you")
async def save_you(request: Request, caller: Caller = signed_in()) -> Response:
    given = await posted(request)
    try:
        await accounts.change_profile(
            _db(request),
            person_behind(caller),
            name=given.get("name", ""),
            email=given.get("email", ""),
            password=given.get("current", ""),
        )
    except (Refused, Throttled) as wrong:
        return await _you(request, caller, given, wrong)
    return with_toast(go(_HERE), "Saved.")


@router.post("/settings/you/password")
async def change_password(request: Request, caller: Caller = signed_in()) -> Response:
    given = await posted(request)
    try:
        await accounts.change_password(
            _db(request), person_behind(caller), given.get("current", ""), given.get("password", "")
        )
    except (Refused, Throttled) as wrong:
        return await _you(request, caller, {}, password_wrong=wrong)
    return with_toast(go(_HERE), "The password is changed. You are signed out everywhere else.")


@router.post("/settings/you/sessions/revoke")
async def end_others(request: Request, caller: Caller = signed_in()) -> Response:
    await accounts.end_other_sessions(_db(request), person_behind(caller))
    return with_toast(go(_HERE), "You are signed out everywhere else.")


@router.post("/settings/you/sessions/{session_id}/revoke")
async def end_one(request: Request, session_id: str, caller: Caller = signed_in()) -> Response:
    await accounts.end_session(_db(request), person_behind(caller), session_id)
    return with_toast(go(_HERE), "That browser is signed out.")


async def _you(
    request: Request,
    caller: Caller,
    given: Given,
    wrong: BridgeError | None = None,
    password_wrong: BridgeError | None = None,
) -> Response:
    person = person_behind(caller)
    zone = ZoneInfo(caller.business.time_zone if isinstance(caller, Who) else "UTC")
    now = request.app.state.clock.now()
    rows = tuple(_row(each, person, now, zone) for each in await accounts.sessions(_db(request), person))
    view = YouView(tabs_for(caller, "You"), _you_form(person, given, wrong), _password_form(password_wrong), rows)
    status = 422 if wrong or password_wrong else 200
    return _shell.show(request, "settings/you.html", view, title="Settings", status=status)


def _row(session: Session, person: Person, now: datetime, zone: ZoneInfo) -> SessionRow:
    is_this = session.id == person.session_id
    return SessionRow(
        browsers.name_of(session.browser.user_agent),
        session.browser.address or "address unknown",
        stamp(session.last_seen_at, now=now, tz=zone),
        is_this,
        "" if is_this else f"{_HERE}/sessions/{session.id}/revoke",
    )


def _you_form(person: Person, given: Given, wrong: BridgeError | None) -> Form:
    def error(field: str) -> str:
        return wrong.why if wrong and _PLACED.get(wrong.code) == field else ""

    fields = (
        Field("name", "Name", given.get("name", person.name), autocomplete="name", error=error("name")),
        Field(
            "email", "E-mail", given.get("email", person.email), "email", autocomplete="username", error=error("email")
        ),
        Field(
            "current",
            "Your password",
            kind="password",
            autocomplete="current-password",
            help="Needed to change the e-mail address.",
            is_required=False,
            error=error("current"),
        ),
    )
    problem = Problem(wrong.why) if wrong and wrong.code not in _PLACED else None
    return Form(_HERE, fields, "Save", problem, is_paired=True)


def _password_form(wrong: BridgeError | None) -> Form:
    is_weak, is_wrong = (bool(wrong and wrong.code == code) for code in ("weak_password", "wrong_credentials"))
    why = wrong.why if wrong else ""
    fields = (
        Field(
            "current",
            "The one you have",
            kind="password",
            autocomplete="current-password",
            error=why if is_wrong else "",
            key="p-",
        ),
        Field(
            "password",
            "New one",
            kind="password",
            autocomplete="new-password",
            help=_NEW_HELP,
            error=why if is_weak else "",
        ),
    )
    problem = Problem(why) if wrong and not is_weak and not is_wrong else None
    note = "You are signed out everywhere else."
    return Form(f"{_HERE}/password", fields, "Change the password", problem, note, is_paired=True)


def _db(request: Request) -> Database:
    db: Database = request.app.state.db
    return db
