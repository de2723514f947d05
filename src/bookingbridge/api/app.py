"""The API as an app of its own, to be mounted at /api/v1: its errors, its documentation, its routers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts
from starlette.datastructures import State

from bookingbridge import __version__
from bookingbridge.api import collector_openapi, docs, problems, webhooks_openapi
from bookingbridge.api.operations import OperationRouter
from bookingbridge.api.v1 import ROUTERS

Describe = Callable[[dict[str, Any]], None]

PREFIX = "/api/v1"
MAX_BODY = 1024 * 1024
"""Bytes of a body unless a route says otherwise (`max_body_size`)."""

_DESCRIPTION = """
Which marketing brought which booked, paid visit: what BookingBridge knows, for programs.

**Signing in.** Make a token under Settings, API tokens, and send it as `Authorization: Bearer bb_…`. A token belongs to
one business and has a role.

**Lists** come in pages: `{"items": [...], "next": "..."}`. Ask again with `cursor` set to `next` until it is null.

**Sending something again.** Give an unsafe request an `Idempotency-Key`; within 24 hours the same request with the same
key is answered as the first time and not carried out again.

**Errors** are `application/problem+json` (RFC 9457). `code` is for programs, `detail` for
people, `request` finds the log lines.

**Limits.** `RateLimit-Limit`, `-Remaining` and `-Reset` say how many requests are left and when all are there again;
past them the answer is 429 with `Retry-After` in seconds.
"""


DOORS: tuple[Describe, ...] = (collector_openapi.describe, webhooks_openapi.describe)
"""What stands in front of this app, for speed, and is part of the API all the same."""


def api(
    state: State, routers: Sequence[OperationRouter] = ROUTERS, *, doors: Sequence[Describe] | None = None
) -> FastAPI:
    """The app to mount at /api/v1. `state` is the whole app's: it carries db, vault, clock and settings.

    `doors` describe what answers in front of the app: DOORS beside the product's own routers, nothing beside others.

    Raises ValueError where two operations have one name.
    """
    app = FastAPI(
        title="BookingBridge",
        version=__version__,
        summary="Which marketing brought which booked, paid visit",
        description=_DESCRIPTION.strip(),
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        max_body_size=MAX_BODY,
        openapi_tags=[{"name": router.tag.name, "description": router.tag.description} for router in routers],
    )
    app.state = state
    for router in routers:
        app.include_router(router)
    app.include_router(docs.router)
    _refuse_doubles(app)
    problems.install(app)
    app.openapi = _document(app, doors if doors is not None else DOORS if routers is ROUTERS else ())  # type: ignore[method-assign]
    return app


def _document(app: FastAPI, doors: Sequence[Describe]) -> Callable[[], dict[str, Any]]:
    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            made = get_openapi(
                title=app.title,
                version=app.version,
                summary=app.summary,
                description=app.description,
                routes=app.routes,
                tags=app.openapi_tags,
                license_info=app.license_info,
                servers=[{"url": PREFIX}],
                separate_input_output_schemas=False,
            )
            schemas = made.setdefault("components", {}).setdefault("schemas", {})
            schemas.update(problems.schemas())
            for describe in doors:
                describe(made)
            app.openapi_schema = made
        return app.openapi_schema

    return document


def _refuse_doubles(app: FastAPI) -> None:
    """Returns when each operation's name is its own: generated clients name their functions by it."""
    seen: set[str] = set()
    for route in iter_route_contexts(app.routes):
        name = getattr(route, "operation_id", None)
        if name in seen:
            raise ValueError(f"two operations are called {name}")
        if name:
            seen.add(name)
