"""Every route of the small site as everybody; and that a matrix with a hole in it is found."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from tests.matrix import every_forgery, every_route, every_wall
from tests.small_site import people, small_site

from bookingbridge.domains.accounts.api import Access, Permission, Who
from bookingbridge.web.access import UndeclaredRoute, check_routes, declared
from bookingbridge.web.auth import needs, public


def test_every_route_treats_everybody_as_it_declares(database_url: str) -> None:
    with small_site(database_url) as site:
        everybody = people(site)
        assert len(everybody.callers) == 8
        assert every_route(site.app, everybody) == []
        assert every_wall(site.app, everybody) == []
        assert every_forgery(site.app, everybody) == []


def test_the_matrix_finds_a_door_that_is_wider_or_narrower_than_declared(database_url: str) -> None:
    def add(app: FastAPI) -> None:
        @app.get("/wide")
        @declared(Access.public("not used: FastAPI's own declaration counts"))
        async def wide(request: Request) -> Response:
            return PlainTextResponse("all of it")

        # What a dependency should do by itself is here declared by hand, and not done.
        app.router.routes[-1].dependant.dependencies.append(_pretended(Permission.MANAGE_TOKENS))  # type: ignore[attr-defined]

        @app.get("/things/{business_id}")
        async def leak(request: Request, business_id: str, who: Who = needs(Permission.SEE_CLIENTS)) -> Response:
            return PlainTextResponse(f"of {business_id}")

        @app.get("/broken")
        async def broken(request: Request, who: Who = needs(Permission.SEE_FIGURES)) -> Response:
            raise RuntimeError("a mistake")

    with small_site(database_url, add=add) as site:
        everybody = people(site)
        faults = every_route(site.app, everybody)
        assert [f for f in faults if "/wide" in f and "answered 200" in f and f.startswith("staff:")]
        assert [f for f in faults if "/broken" in f and "failed with 500" in f]
        assert [f for f in every_wall(site.app, everybody) if "/things" in f and "a stranger got 200" in f]


def _pretended(permission: Permission) -> object:
    from fastapi.dependencies.models import Dependant

    def nothing() -> None: ...

    nothing.access = Access.needing(permission)  # type: ignore[attr-defined]
    return Dependant(call=nothing)


def test_an_app_with_an_undeclared_route_does_not_start() -> None:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)

    @app.get("/open")
    async def page(who: Who | None = public("a reason")) -> Response:
        return PlainTextResponse("")

    assert [str(row) for row in check_routes(app)] == ["GET /open (public: a reason)"]

    @app.post("/forgotten")
    async def forgotten() -> Response:
        return PlainTextResponse("")

    app.add_route("/plain", lambda request: PlainTextResponse(""))
    inner = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)

    @inner.delete("/deep")
    async def deep() -> Response:
        return PlainTextResponse("")

    app.mount("/inner", inner)
    with pytest.raises(UndeclaredRoute) as refusal:
        check_routes(app)
    for route in ("POST /forgotten", "GET /plain", "DELETE /inner/deep"):
        assert route in str(refusal.value)
    assert "GET /open" not in str(refusal.value)


def test_a_route_that_says_two_things_does_not_start() -> None:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)

    @app.get("/twice", dependencies=[public("a reason")])
    async def twice(who: Who = needs(Permission.EXPORT)) -> Response:
        return PlainTextResponse("")

    with pytest.raises(UndeclaredRoute, match="/twice"):
        check_routes(app)


def test_what_is_public_says_why() -> None:
    with pytest.raises(ValueError, match="says why"):
        public(" ")
