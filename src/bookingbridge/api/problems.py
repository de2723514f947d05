"""Every error as application/problem+json (RFC 9457), whoever raised it.

    {"type": "urn:bookingbridge:problem:link_gone", "title": "Not found", "status": 404,
     "detail": "a sentence for a person", "code": "link_gone", "request": "9f2c…", "errors": [{"where", "why"}]}

`code` is stable and for programs; `request` finds the log lines.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from math import ceil
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bookingbridge.api.models import Shown
from bookingbridge.canonical.errors import (
    Ambiguous,
    AuthExpired,
    BridgeError,
    NotFound,
    Refused,
    Rejected,
    Throttled,
    Unreachable,
    Unreadable,
)
from bookingbridge.infra import json, log

MEDIA_TYPE = "application/problem+json"
_log = log.get("api")

_STATUS: Sequence[tuple[type[BridgeError], int]] = (
    (NotFound, 404),
    (Refused, 409),
    (Ambiguous, 504),
    (Unreachable, 503),
    (Throttled, 429),
    (AuthExpired, 409),
    (Rejected, 422),
    (Unreadable, 422),
)
_STATUS_OF_CODE = {
    "unauthenticated": 401,
    "forbidden": 403,
    "forged": 403,
    "no_business": 403,
    "too_large": 413,
    "not_json": 400,
    "weak_password": 422,
    "idempotency_key_reused": 422,
}
"""Where a refusal's code says more than its class. Codes that begin with "invalid_" are 422: mend the request."""


class FieldProblem(Shown):
    """What is wrong at one place of the request."""

    where: str = Field(examples=["body.name"])
    why: str = Field(examples=["String should have at least 1 character"])


class Problem(Shown):
    """Why a request was not answered as asked."""

    type: str = Field(examples=["urn:bookingbridge:problem:forbidden"])
    title: str = Field(examples=["Forbidden"])
    status: int = Field(examples=[403])
    detail: str = Field(examples=["Your role in this business does not allow this."])
    code: str = Field(examples=["forbidden"])
    request: str = Field(examples=["9f2c51d07b6e4a38"])
    errors: list[FieldProblem] = Field(default_factory=list)


def status_of(error: BridgeError) -> int:
    """The HTTP status that tells a program what to do next about this error."""
    if isinstance(error, Refused):
        if error.code in _STATUS_OF_CODE:
            return _STATUS_OF_CODE[error.code]
        if error.code.startswith("invalid_"):
            return 422
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def code_of(error: BridgeError) -> str:
    """The error's code in one spelling: `AuthExpired` becomes `auth_expired`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", error.code).lower()


def answer(
    request: Request,
    status: int,
    detail: str,
    code: str,
    *,
    errors: Sequence[FieldProblem] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The problem document. Rate-limit headers of the request so far go with it."""
    problem = Problem(
        type=f"urn:bookingbridge:problem:{code}",
        title=HTTPStatus(status).phrase.capitalize(),
        status=status,
        detail=detail,
        code=code,
        request=getattr(request.state, "request_id", ""),
        errors=list(errors),
    )
    limits: Mapping[str, str] = getattr(request.state, "limit_headers", {})
    body = json.dumps(problem.model_dump(mode="json"))
    return Response(body, status, {**limits, **(headers or {})}, media_type=MEDIA_TYPE)


def of_error(request: Request, error: BridgeError) -> Response:
    """One of our own errors, answered."""
    status = status_of(error)
    headers: dict[str, str] = {}
    errors: list[FieldProblem] = []
    if isinstance(error, Throttled):
        headers["retry-after"] = str(_seconds_until(error.until, request.app.state.clock.now()))
    elif status == 503:
        headers["retry-after"] = "10"
    elif status == 401:
        headers["www-authenticate"] = "Bearer"
    if isinstance(error, Unreadable) and error.where:
        errors.append(FieldProblem(where=error.where, why=error.why))
    if status >= 500:
        _log.warning("answered with a problem", status=status, why=error.why)
    return answer(request, status, error.why, code_of(error), errors=errors, headers=headers)


def _seconds_until(until: datetime | None, now: datetime) -> int:
    return 30 if until is None else max(1, ceil((until - now).total_seconds()))


def install(app: FastAPI) -> None:
    """The app answers every error as a problem document: ours, the framework's, and those nobody foresaw."""

    async def ours(request: Request, error: Exception) -> Response:
        assert isinstance(error, BridgeError)
        return of_error(request, error)

    app.add_exception_handler(BridgeError, ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _of_the_framework)
    app.add_exception_handler(Exception, _unforeseen)


async def _invalid(request: Request, error: Exception) -> Response:
    """A body, parameter or header of another shape. What was sent is not repeated: it may hold a secret."""
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    if any(each["type"] == "json_invalid" for each in found):
        return answer(request, 400, "The body is not JSON.", "not_json")
    errors = [FieldProblem(where=".".join(map(str, each["loc"])), why=_sentence(each)) for each in found]
    return answer(request, 422, "The request does not have the shape it needs.", "invalid", errors=errors)


def _sentence(found: Mapping[str, Any]) -> str:
    return str(found["msg"]).removeprefix("Value error, ")


async def _of_the_framework(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    details = {
        400: ("The body cannot be read.", "unreadable_body"),
        404: ("There is nothing at this address.", "not_found"),
        405: ("This address does not take this method.", "method_not_allowed"),
        413: ("The body is larger than this address takes.", "too_large"),
    }
    phrase = HTTPStatus(error.status_code).phrase
    detail, code = details.get(error.status_code, (f"{phrase}.", phrase.lower().replace(" ", "_")))
    return answer(request, error.status_code, detail, code, headers=error.headers)


async def _unforeseen(request: Request, error: Exception) -> Response:
    # The front logs it with its traceback under the same number.
    return answer(request, 500, "Something went wrong here. The log has it under this request's number.", "internal")


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problem documents an operation may answer with, for OpenAPI's `responses`."""
    ref = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": HTTPStatus(status).phrase, "content": ref} for status in statuses}


def schemas() -> dict[str, Any]:
    """The JSON Schemas of problem documents, by name, for OpenAPI's components."""
    made = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    inner: dict[str, Any] = made.pop("$defs")
    return {"Problem": made, **inner}
