"""A tiny simulated vendor: a list of numbers, two a page, and one write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bookingbridge.vendorkit.simulated_deliveries import Outgoing
from bookingbridge.vendorkit.simulated_faults import Fault, is_page_withheld
from bookingbridge.vendorkit.simulation import Simulation, refusal_headers, refusal_status

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Toy(Simulation):
    def __init__(self) -> None:
        super().__init__(now=lambda: NOW, base_url="", config={})
        self.numbers: list[int] = []
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.answer_with = 200

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/numbers", self._list),
            Route("/numbers", self._add, methods=["POST"]),
            Route("/hook", self._hook, methods=["POST"]),
            Route("/away", lambda _: Response(status_code=302, headers={"location": "http://169.254.169.254/"})),
            Route("/big", lambda _: Response(b"x" * (11 * 1024 * 1024))),
        ]

    def load(self, world: Mapping[str, Any]) -> dict[str, int]:
        self.numbers += [int(n) for n in world.get("numbers", [])]
        return {"numbers": len(self.numbers)}

    def clear(self) -> None:
        self.numbers.clear()

    def refusal(self, fault: Fault) -> Response:
        return JSONResponse({"oops": True}, status_code=refusal_status(fault), headers=refusal_headers(fault))

    async def _list(self, request: Request) -> Response:
        start, _, nth = request.query_params.get("cursor", "0").partition("+")
        first = int(start)
        if is_page_withheld(request.scope):
            return JSONResponse({"numbers": [], "cursor": f"{first}+{int(nth or 0) + 1}"})
        more = {"cursor": str(first + 2)} if first + 2 < len(self.numbers) else {}
        return JSONResponse({"numbers": self.numbers[first : first + 2], **more})

    async def _add(self, request: Request) -> Response:
        number = int((await request.json())["number"])
        self.numbers.append(number)
        hook = str(request.base_url) + "hook"
        self.deliveries.send(Outgoing(str(number), hook, str(number).encode(), {"x-toy": "1"}))
        return JSONResponse({"number": number}, status_code=201)

    async def _hook(self, request: Request) -> Response:
        self.received.append((dict(request.headers), await request.body()))
        return Response(status_code=self.answer_with)
