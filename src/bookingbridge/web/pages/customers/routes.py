"""Customers: the list with its search, as a file, and one person's timeline."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bookingbridge.domains.accounts.api import Permission, Who
from bookingbridge.sync.engine import Engine
from bookingbridge.web.auth import needs
from bookingbridge.web.download import csv_file
from bookingbridge.web.pages.customers import building, person
from bookingbridge.web.pages.customers.building import Wanted
from bookingbridge.web.shell import Shell

router = APIRouter(include_in_schema=False)
_shell = Shell()
MOST_IN_FILE = 5_000


@router.get("/customers")
async def customers_page(request: Request, who: Who = needs(Permission.SEE_CLIENTS)) -> Response:
    engine: Engine = request.app.state.engine
    wanted = Wanted.of(request.query_params)
    async with engine.db.business(who.business_id) as tx:
        known = await building.known(tx, wanted)
        later = f"/customers?{urlencode(wanted.query(after=known.next_after))}"
        csv = f"/customers.csv?{urlencode(wanted.query())}".removesuffix("?")
        view = await building.view(tx, who, wanted, known, later, csv)
    return _shell.show(request, "customers/list.html", view, title="Customers")


@router.get("/customers.csv")
async def customers_csv(
    request: Request, who: Who = needs(Permission.EXPORT, Permission.SEE_CLIENTS)
) -> Response:  # fmt: skip
    """What the list holds, up to MOST_IN_FILE."""
    engine: Engine = request.app.state.engine
    async with engine.db.business(who.business_id) as tx:
        known = await building.known(tx, Wanted.of(request.query_params), limit=MOST_IN_FILE)
    return csv_file(building.as_csv(who, known), "customers")


@router.get("/customers/{client_id}")
async def customer_page(
    request: Request, client_id: UUID, before: str = "", who: Who = needs(Permission.SEE_CLIENTS)
) -> Response:
    engine: Engine = request.app.state.engine
    async with engine.db.business(who.business_id) as tx:
        found = await person.read(engine, tx, who, client_id)
    return _shell.show(request, "customers/customer.html", person.view(found, who, before), title=person.name(found))
