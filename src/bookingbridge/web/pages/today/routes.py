"""GET /today, and its chart as a file. The page asks again every few seconds; what is unchanged is not sent again."""

from __future__ import annotations

from hashlib import blake2b

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bookingbridge.domains.accounts.api import Permission, Who
from bookingbridge.domains.insights import api as insights
from bookingbridge.infra.db import Tx
from bookingbridge.sync import overview as sync
from bookingbridge.sync.engine import Engine
from bookingbridge.web import figures, revenue_chart
from bookingbridge.web.auth import needs
from bookingbridge.web.csp import PAGE_HEADERS
from bookingbridge.web.download import csv_file
from bookingbridge.web.pages.today import building
from bookingbridge.web.shell import Shell, wants_part

router = APIRouter(include_in_schema=False)
_shell = Shell()


@router.get("/today")
async def today(request: Request, who: Who = needs(Permission.SEE_FIGURES)) -> Response:
    """The page; 204 where the browser shows what it would hold (`seen`)."""
    engine: Engine = request.app.state.engine
    async with engine.db.business(who.business_id) as tx:
        seen = await _pulse(tx)
        if wants_part(request) and request.query_params.get("seen") == seen:
            return Response(status_code=204, headers=dict(PAGE_HEADERS))
        s = await figures.shown(request, tx, who)
        connected = await sync.health(engine, tx)
        view = await building.view(engine, tx, who, s, connected, seen)
    return _shell.show(request, "today/page.html", view, title="Today")


@router.get("/today/revenue.csv")
async def revenue_csv(request: Request, who: Who = needs(Permission.EXPORT)) -> Response:
    engine: Engine = request.app.state.engine
    async with engine.db.business(who.business_id) as tx:
        s = await figures.shown(request, tx, who)
    return csv_file(revenue_chart.of(s).csv(), f"revenue {s.asked.period.first} to {s.asked.period.last}")


@router.get("/today/visits.csv")
async def visits_csv(request: Request, who: Who = needs(Permission.EXPORT)) -> Response:
    engine: Engine = request.app.state.engine
    async with engine.db.business(who.business_id) as tx:
        s = await figures.shown(request, tx, who)
        text = await building.visits_csv(tx, who, s)
    return csv_file(text, f"visits {s.asked.period.first} to {s.asked.period.last}")


async def _pulse(tx: Tx) -> str:
    """Another whenever the page would be: something happened, was computed, was read, or a minute went by."""
    minute = int(tx.now.timestamp()) // 60
    said = f"{await insights.pulse(tx)}|{await sync.pulse(tx)}|{minute}"
    return blake2b(said.encode(), digest_size=9).hexdigest()
