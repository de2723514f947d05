"""Operations of the API: routes that limit, authenticate, run once per Idempotency-Key, and describe all that."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from bookingbridge.api import idempotency, limits, problems
from bookingbridge.api.auth import OpenGate
from bookingbridge.canonical.errors import BridgeError
from bookingbridge.domains.accounts.api import SAFE_METHODS, Who
from bookingbridge.infra.limits import Pace

Handler = Callable[[Request], Coroutine[Any, Any, Response]]

_IDEMPOTENCY_PARAMETER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Sent again with the same key within 24 hours, the request is answered as before and not repeated.",
    "schema": {"type": "string", "pattern": idempotency.PATTERN},
}


@dataclass(frozen=True, slots=True)
class Tag:
    """A group of operations in the documentation."""

    name: str
    description: str


class OperationRouter(APIRouter):
    """A router whose routes are operations. `tag` describes the group, `pace` limits each of its operations."""

    def __init__(self, prefix: str, tag: Tag, pace: Pace) -> None:
        self.tag = tag
        route_class: type[Operation] = type("PacedOperation", (Operation,), {"pace": pace})
        super().__init__(prefix=prefix, tags=[tag.name], route_class=route_class)


def operations(
    prefix: str, name: str, description: str, *, pace: Pace = limits.PER_OPERATION
) -> OperationRouter:  # fmt: skip
    """A router for the operations of one noun, below /api/v1."""
    return OperationRouter(prefix, Tag(name, description), pace)


class Operation(APIRoute):
    """One operation. Before its own code runs: the address's limit, who calls, the client's limit, the key."""

    pace: Pace = limits.PER_OPERATION

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        methods: set[str] = set(options.get("methods") or ())
        is_unsafe = not methods <= SAFE_METHODS
        options["operation_id"] = options.get("operation_id") or endpoint.__name__
        options["responses"] = {**_documented(path, is_unsafe=is_unsafe), **(options.get("responses") or {})}
        if is_unsafe:
            options["openapi_extra"] = {"parameters": [_IDEMPOTENCY_PARAMETER], **(options.get("openapi_extra") or {})}
        super().__init__(path, endpoint, **options)
        if gate := _gate_of(self.dependant):
            self.openapi_extra = {**(self.openapi_extra or {}), "x-permission": str(gate.access)}

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()
        gate = _gate_of(self.dependant)

        async def guarded(request: Request) -> Response:
            try:
                limits.check_address(request)
                caller = await gate.admit(request) if gate else None
                limits.check_client(request, f"{request.method} {self.path}", caller, self.pace)
                if isinstance(caller, Who) and request.method not in SAFE_METHODS and _has_key(request.headers):
                    response = await idempotency.once(request, caller, handle)
                else:
                    response = await handle(request)
            except BridgeError as error:
                return problems.of_error(request, error)
            for name, value in request.state.limit_headers.items():
                response.headers.setdefault(name, value)
            return response

        return guarded


def _has_key(headers: Mapping[str, str]) -> bool:
    return idempotency.HEADER in headers


def _gate_of(dependant: Dependant) -> OpenGate | None:
    """The declaration of who may call; None where there is none, which the start of the program refuses."""
    for each in dependant.dependencies:
        if isinstance(each.call, OpenGate):
            return each.call
        if found := _gate_of(each):
            return found
    return None


def _documented(path: str, *, is_unsafe: bool) -> dict[int | str, dict[str, Any]]:
    statuses = {400, 401, 403, 422, 429, 500, 503}
    if "{" in path:
        statuses.add(404)
    if is_unsafe:
        statuses |= {409, 413}
    return problems.documented(*sorted(statuses))
