"""Every error of a page as a page: what happened, in a sentence, and what to do; or the way to sign in."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import quote

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bookingbridge.canonical.errors import (
    AuthExpired,
    BridgeError,
    NotFound,
    Refused,
    Rejected,
    Throttled,
    Unreachable,
    Unreadable,
)
from bookingbridge.infra import log
from bookingbridge.web import auth
from bookingbridge.web.forms import SEE_OTHER, go
from bookingbridge.web.pages.error.view import ErrorView
from bookingbridge.web.shell import Frame, Shell, theme_of

_shell = Shell()
_log = log.get("web")

_BACK = "Go back and try again."
_STATUS_OF_CODE = {"forbidden": 403, "forged": 403}
_DO: Mapping[type[BridgeError], tuple[int, str]] = {
    NotFound: (404, "Look for it from one of the pages in the menu."),
    Refused: (409, _BACK),
    Throttled: (429, "Wait a minute, then try again."),
    AuthExpired: (409, "An owner or manager can reconnect it under Connections."),
    Rejected: (422, "Trying again will not help; change what was asked."),
    Unreadable: (422, "Mend what you entered, then try again."),
    Unreachable: (503, "Try again in a minute."),
}
_OF_STATUS = {
    404: ("There is nothing at this address.", "Check the address, or start from one of the pages in the menu."),
    405: ("This address does not take what was sent.", _BACK),
    413: ("What was sent is larger than this page takes.", "Send less at once."),
}


def install(app: FastAPI) -> None:
    """The app answers every error with a page. What is mounted in it (the API) answers its own."""
    app.add_exception_handler(BridgeError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _of_the_framework)
    app.add_exception_handler(Exception, _unforeseen)


def draw(status: int, words: str, request_id: str) -> str:
    """The page for what goes wrong before a page is reached: for the front."""
    title = HTTPStatus(status).phrase.capitalize()
    _, do = _OF_STATUS.get(status, ("", _BACK))
    view = ErrorView(status, words, do, reference=request_id if status >= 500 else "")
    return _shell.render(Frame("/", ""), "error/page.html", view, title=title)


async def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, BridgeError)
    if error.code == "unauthenticated":
        return _lead(request, f"/signin?next={_here(request)}" if request.method == "GET" else "/signin")
    if error.code == "no_business":
        return _lead(request, "/welcome")
    status, do = next(said for kind, said in _DO.items() if isinstance(error, kind))
    status = _STATUS_OF_CODE.get(error.code, status)
    if error.code == "forbidden":
        do = "An owner of the business can give you another role."
    if status >= 500:
        _log.warning("answered with an error page", status=status, why=error.why)
    return await _page(request, ErrorView(status, error.why, do))


def _here(request: Request) -> str:
    query = f"?{request.url.query}" if request.url.query else ""
    return quote(request.url.path + query, safe="/")


def _lead(request: Request, path: str) -> Response:
    """To another page; a part that htmx asked for leads the whole browser there."""
    if request.headers.get("hx-request") == "true":
        return Response(status_code=401, headers={"hx-redirect": path})
    return go(path) if request.method != "HEAD" else Response(status_code=SEE_OTHER, headers={"location": path})


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    wrong = ", ".join(sorted({str(each["loc"][-1]) for each in error.errors()}))
    return await _page(request, ErrorView(422, f"This cannot be read: {wrong}.", _BACK))


async def _of_the_framework(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    phrase = f"{HTTPStatus(error.status_code).phrase}."
    what, do = _OF_STATUS.get(error.status_code, (phrase, _BACK))
    response = await _page(request, ErrorView(error.status_code, what, do))
    response.headers.update(error.headers or {})
    return response


async def _unforeseen(request: Request, error: Exception) -> Response:
    # The front logs it, with its traceback, under the same number. The frame may be what failed: draw without it.
    request.state.frame = _bare(request)
    what = "This page could not be made. Nothing was lost."
    do = "Try again in a minute. If it stays, run “bookingbridge doctor” on the server."
    return await _page(request, ErrorView(500, what, do, reference=getattr(request.state, "request_id", "")))


async def _page(request: Request, view: ErrorView) -> Response:
    if not hasattr(request.state, "frame"):
        try:
            await auth.caller_of(request)
        except BridgeError:
            request.state.frame = _bare(request)
    title = HTTPStatus(view.code).phrase.capitalize()
    return _shell.show(request, "error/page.html", view, title=title, status=view.code)


def _bare(request: Request) -> Frame:
    return Frame(request.url.path, "", theme_of(request))
