"""Every route and what it asks of its caller, as a table; and the refusal to start where one asks nothing.

The table is read by the tests that try every route as owner, colleague, stranger and nobody, and by ARCHITECTURE.md.
It sees the routes of the app and of whatever is mounted in it. A plain ASGI front (the collector, the webhooks' door)
stands before the app and speaks for itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts
from starlette.routing import BaseRoute, Mount

from bookingbridge.domains.accounts.api import Access

E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class RouteAccess:
    """One way in: the path with its parameters in braces, one method, and what it asks."""

    method: str
    path: str
    name: str
    access: Access | None

    def __str__(self) -> str:
        return f"{self.method} {self.path} ({self.access or 'asks nothing'})"


class UndeclaredRoute(Exception):
    """The program does not start: these routes say nothing, or two things, about who may use them."""


def declared(access: Access) -> Callable[[E], E]:
    """For what FastAPI does not call itself (a plain endpoint, a mounted app): the declaration, as an attribute."""

    def mark(endpoint: E) -> E:
        endpoint.access = access  # type: ignore[attr-defined]
        return endpoint

    return mark


def route_table(app: Any) -> list[RouteAccess]:
    """Every route of the app with what it asks, by path and method. HEAD and OPTIONS go with GET."""
    return sorted(_rows(app.routes, ""), key=lambda row: (row.path, row.method))


def check_routes(app: Any) -> list[RouteAccess]:
    """The table, when every route declares who may use it. Raises UndeclaredRoute with those that do not."""
    table = route_table(app)
    if silent := [row for row in table if row.access is None]:
        listed = "\n".join(f"  {row}" for row in silent)
        raise UndeclaredRoute(f"Declare needs(...), signed_in() or public(reason) for:\n{listed}")
    return table


def _rows(routes: Sequence[BaseRoute], prefix: str) -> Iterator[RouteAccess]:
    for context in iter_route_contexts(routes):
        route = context.original_route
        path = prefix + (context.path or "")
        if isinstance(route, Mount):
            inner = getattr(route.app, "routes", None)
            own = getattr(route.app, "access", None)
            if inner and own is None:
                yield from _rows(inner, path)
            else:
                yield RouteAccess("ANY", path + "/{path}", route.name or "", own)
            continue
        for method in sorted((context.methods or {"ANY"}) - {"HEAD", "OPTIONS"}):
            yield RouteAccess(method, path, context.name or "", _access(context))


def _access(context: RouteContext) -> Access | None:
    """What the route asks; None when it says nothing or contradicts itself."""
    dependant: Dependant | None = getattr(context, "dependant", None)
    if dependant is None:
        return getattr(context.endpoint, "access", None)
    said = set(_declared_in(dependant))
    return said.pop() if len(said) == 1 else None


def _declared_in(dependant: Dependant) -> Iterator[Access]:
    for each in dependant.dependencies:
        access = getattr(each.call, "access", None)
        if isinstance(access, Access):
            yield access
        yield from _declared_in(each)
