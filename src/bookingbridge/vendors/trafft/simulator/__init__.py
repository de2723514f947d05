"""A stateful Trafft in its documented wire format: for demos, for tests, and to play with. `create_app` makes one.

Beside /_sim of vendorkit.simulation it answers:

    POST /_sim/world     see `world`
    POST /_sim/hooks     {"url": "…", "token": "…", "events": ["appointment.booked", …]}: as the owner sets it up
    POST /_sim/book      {"service": 21, "employee": 11, "customer": 31, "start": "…", "status": "approved"}; with
                         "appointment" it joins that group appointment
    POST /_sim/move      {"booking": 51, "start": "…"}
    POST /_sim/status    {"booking": 51, "status": "canceled"}
    POST /_sim/remove    {"appointments": [41], "customers": [31]}: deleted without a trace
    POST /_sim/drift     {"list": "appointments", "after_page": 1, "remove": [41], "add": [{…}], "times": 1}: the list
                         changes right after that page was shown
    POST /_sim/revoke    {"tokens": true, "credentials": true}: none of these is accepted any more
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from bookingbridge.vendorkit.simulated_faults import Fault, FaultKind
from bookingbridge.vendorkit.simulation import Simulation, refusal_headers, refusal_status
from bookingbridge.vendors.trafft.address import ADDRESS
from bookingbridge.vendors.trafft.sign_in import CLIENT_ID as ID_FIELD
from bookingbridge.vendors.trafft.sign_in import CLIENT_SECRET as SECRET_FIELD
from bookingbridge.vendors.trafft.sign_in import CURRENCY, TIME_ZONE
from bookingbridge.vendors.trafft.simulator.control import Control
from bookingbridge.vendors.trafft.simulator.rest import Rest
from bookingbridge.vendors.trafft.simulator.world import CLIENT_ID, CLIENT_SECRET, STARTER, World

__all__ = ["TrafftSimulation", "create_app", "starter_fields"]


def create_app(*, now: Callable[[], datetime], base_url: str, config: Mapping[str, str]) -> Starlette:
    """A simulated Trafft, with one small business in it until a world is loaded.

    `config`: `client_id` and `client_secret` of the account (else "simulated-app" and "simulated-secret").
    """
    return TrafftSimulation(now=now, base_url=base_url, config=config).app()


def starter_fields(base_url: str) -> Mapping[str, str]:
    """What to paste so that the simulator at `base_url` takes it."""
    return {
        ADDRESS: "https://high-street.admin.trafft.com",
        ID_FIELD: CLIENT_ID,
        SECRET_FIELD: CLIENT_SECRET,
        TIME_ZONE: str(STARTER["time_zone"]),
        CURRENCY: "GBP",
    }


class TrafftSimulation(Simulation):
    """See vendorkit.simulation."""

    def __init__(self, *, now: Callable[[], datetime], base_url: str, config: Mapping[str, str]) -> None:
        super().__init__(now=now, base_url=base_url, config=config)
        self.world = self._empty()
        self.world.load(STARTER)
        self.control = Control(self)
        self._is_untouched = True

    def routes(self) -> Sequence[BaseRoute]:
        return [*self.control.routes(), *Rest(self, self.control).routes()]

    def load(self, world: Mapping[str, Any]) -> dict[str, int]:
        if self._is_untouched:
            self.clear()
        return self.world.load(world)

    def clear(self) -> None:
        self.world = self._empty()
        self.control.forget()
        self._is_untouched = False

    def refusal(self, fault: Fault) -> Response:
        """Trafft's own error body is not documented; this one is made up, and nothing may rely on it."""
        message = "Too Many Requests" if fault.kind is FaultKind.THROTTLED else "Internal Server Error"
        return JSONResponse({"message": message}, refusal_status(fault), headers=refusal_headers(fault))

    def _empty(self) -> World:
        world = World()
        if client_id := self.config.get("client_id"):
            world.credentials.pop(CLIENT_ID)
            world.credentials[client_id] = self.config.get("client_secret", "")
        return world
