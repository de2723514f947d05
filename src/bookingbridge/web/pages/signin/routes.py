"""Signing in and out, the first owner, invitations, and going to another of one's businesses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bookingbridge.canonical.errors import NotFound, Refused, Throttled
from bookingbridge.domains.accounts import api as accounts
from bookingbridge.domains.accounts.api import Browser, NewUser, OneTimeLink, Person, SignedIn, Who
from bookingbridge.infra.db import Database
from bookingbridge.web import auth
from bookingbridge.web.auth import Caller, person_behind, public, signed_in
from bookingbridge.web.forms import go, posted, safe_path
from bookingbridge.web.pages.signin.forms import join_form, password_form, setup_form, signin_form
from bookingbridge.web.pages.signin.view import JoinView, SetupView, SignInView
from bookingbridge.web.shell import Frame, Shell
from bookingbridge.web.ui.parts import Form, Notice, Problem

router = APIRouter(include_in_schema=False)
_shell = Shell()

_STATUS = {"wrong_credentials": 401}
_DOOR = "people must be able to sign in"
_BY_LINK = "the one-time link is the permission"
_LEADS_ON = "it only leads on: to the first page, or to signing in"

_NOBODY_YET = Notice("Nobody can sign in yet", "Open the link that the server printed when it started.")
_SIGNED_OUT = Notice("You are signed out", "Nobody can come back with this browser's session.", "good")
_GONE = Notice(
    "This link leads nowhere any more",
    "It was used, or it is too old. Whoever gave it to you can make a new one.",
    "warn",
)


@router.get("/")
async def home(request: Request, caller: Caller = public(_LEADS_ON)) -> Response:
    return go(_landing(request, caller) if caller else "/signin")


@router.get("/signin")
async def signin_page(request: Request, caller: Caller = public(_DOOR)) -> Response:
    target = safe_path(request.query_params.get("next"), "")
    if isinstance(caller, Who):
        return go(target or _landing(request, caller))
    notice = _SIGNED_OUT if request.query_params.get("out") else None
    if not await accounts.has_users(_db(request)):
        notice = Notice(
            "Nobody can sign in yet", "The server printed a link when it started: open it to become the owner."
        )
    view = SignInView(signin_form(target), notice)
    return _shell.show(request, "signin/signin.html", view, title="Sign in")


@router.post("/signin")
async def sign_in(request: Request, _: Caller = public(_DOOR)) -> Response:
    given = await posted(request)
    target = safe_path(given.get("next"), "")
    try:
        entered = await accounts.sign_in(
            _db(request),
            given.get("email", ""),
            given.get("password", ""),
            browser=_browser(request),
            instead_of=auth.session_token(request),
        )
    except (Refused, Throttled) as wrong:
        view = SignInView(signin_form(target, given, _problem(wrong)))
        return _refused(request, wrong, "signin/signin.html", view, "Sign in")
    return auth.begin_session(request, go(target or "/"), entered)


@router.post("/signout")
async def sign_out(request: Request, _: Caller = signed_in()) -> Response:
    if token := auth.session_token(request):
        await accounts.sign_out(_db(request), token)
    return auth.end_session(request, go("/signin?out=1"))


@router.post("/business")
async def go_to_business(request: Request, caller: Caller = signed_in()) -> Response:
    """The session is at the business chosen in the menu; its first page is shown."""
    try:
        chosen = UUID((await posted(request)).get("business", ""))
    except ValueError as wrong:
        raise NotFound("There is no such business.") from wrong
    await accounts.switch_business(_db(request), person_behind(caller), chosen)
    return go("/")


@router.get("/setup/{token}")
async def setup_page(
    request: Request, token: str, _: Caller = public(_BY_LINK)
) -> Response:  # fmt: skip
    found = await _link(request, token, "owner", "password")
    if found is None:
        return _shell.show(request, "signin/setup.html", SetupView(None, _GONE), title="Welcome", status=404)
    form = password_form(token) if found.purpose == "password" else setup_form(token)
    return _shell.show(request, "signin/setup.html", _setup_view(found, form), title=_title(found))


@router.post("/setup/{token}")
async def set_up(request: Request, token: str, _: Caller = public(_BY_LINK)) -> Response:
    given = await posted(request)
    found = await _link(request, token, "owner", "password")
    if found is None:
        return _shell.show(request, "signin/setup.html", SetupView(None, _GONE), title="Welcome", status=404)
    renews = found.purpose == "password"

    async def enter() -> SignedIn:
        if renews:
            return await accounts.renew_password(
                _db(request), token, given.get("password", ""), browser=_browser(request)
            )
        return await accounts.create_owner(_db(request), token, _new_user(given), browser=_browser(request))

    def again(wrong: Refused | Throttled) -> Response:
        form = password_form(token, wrong) if renews else setup_form(token, given, wrong)
        return _refused(request, wrong, "signin/setup.html", _setup_view(found, form), _title(found))

    return await _enter(request, enter, again)


@router.get("/join/{token}")
async def join_page(request: Request, token: str, caller: Caller = public(_BY_LINK)) -> Response:
    found = await _link(request, token, "invitation")
    if found is None:
        return _shell.show(request, "signin/join.html", JoinView("", None, _GONE), title="Invitation", status=404)
    person = _person(caller)
    view = JoinView(_words(found, person), join_form(token, found, person))
    return _shell.show(request, "signin/join.html", view, title="Join")


@router.post("/join/{token}")
async def join(request: Request, token: str, caller: Caller = public(_BY_LINK)) -> Response:
    """The invited person belongs to the business: as whoever is signed in, as somebody known, or as somebody new."""
    given = await posted(request)
    found = await _link(request, token, "invitation")
    if found is None:
        return _shell.show(request, "signin/join.html", JoinView("", None, _GONE), title="Invitation", status=404)
    person = _person(caller)

    def again(wrong: Refused | Throttled) -> Response:
        view = JoinView(_words(found, person), join_form(token, found, person, given, wrong))
        return _refused(request, wrong, "signin/join.html", view, "Join")

    if person:
        try:
            auth.refuse_forged(request, given.get("csrf"), person)
            await accounts.join(_db(request), token, person)
        except Refused as wrong:
            return again(wrong)
        return go("/")

    async def enter() -> SignedIn:
        return await accounts.join_by_link(
            _db(request), token, _new_user(given, found.email), browser=_browser(request)
        )  # fmt: skip

    return await _enter(request, enter, again)


async def _enter(
    request: Request,
    enter: Callable[[], Awaitable[SignedIn]],
    again: Callable[[Refused | Throttled], Response],
) -> Response:
    """Whoever came in has a session and sees the first page; otherwise the form again, with what is wrong."""
    try:
        entered = await enter()
    except (Refused, Throttled) as wrong:
        return again(wrong)
    if previous := auth.session_token(request):
        await accounts.sign_out(_db(request), previous)
    return auth.begin_session(request, go("/"), entered)


async def _link(request: Request, token: str, *purposes: str) -> OneTimeLink | None:
    """The link, when it still works and is for one of these purposes."""
    try:
        found = await accounts.link(_db(request), token)
    except NotFound:
        return None
    return found if found.purpose in purposes else None


def _refused(
    request: Request, wrong: Refused | Throttled, template: str, view: object, title: str
) -> Response:  # fmt: skip
    status = 429 if isinstance(wrong, Throttled) else _STATUS.get(wrong.code, 422)
    response = _shell.show(request, template, view, title=title, status=status)
    if isinstance(wrong, Throttled) and wrong.until:
        now = request.app.state.clock.now()
        response.headers["retry-after"] = str(max(1, int((wrong.until - now).total_seconds()) + 1))
    return response


def _problem(wrong: Refused | Throttled) -> Problem:
    if isinstance(wrong, Throttled):
        return Problem("Too many attempts", "Wait a few minutes, then try again. Nobody is locked out for good.")
    return Problem("E-mail or password is wrong", "Check both; the password knows small and capital letters.")


def _landing(request: Request, caller: Caller) -> str:
    """The first page this person may see."""
    if not isinstance(caller, Who):
        return "/welcome"
    frame: Frame = request.state.frame
    return frame.nav[0].href if frame.nav else "/settings/you"


def _setup_view(found: OneTimeLink, form: Form) -> SetupView:
    if found.purpose == "password":
        return SetupView(form, lead=f"For {found.email}. The link you used works once.")
    return SetupView(form)


def _title(found: OneTimeLink) -> str:
    return "A new password" if found.purpose == "password" else "Welcome"


def _words(found: OneTimeLink, person: Person | None) -> str:
    role = found.role.value.replace("_", "-") if found.role else "member"
    what = f"You are invited to {found.business_name} as {role}."
    return f"{what} You are signed in as {person.email}." if person else what


def _person(caller: Caller) -> Person | None:
    return caller.person if isinstance(caller, Who) else caller


def _new_user(given: Mapping[str, str], email: str | None = None) -> NewUser:
    return NewUser(email or given.get("email", ""), given.get("name", ""), given.get("password", ""))


def _browser(request: Request) -> Browser:
    return Browser(request.headers.get("user-agent", ""), request.client.host if request.client else "")


def _db(request: Request) -> Database:
    db: Database = request.app.state.db
    return db
