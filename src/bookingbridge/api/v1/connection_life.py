"""A connection's life for programs: its health with findings, its schedule, its webhooks, what waits for a yes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import status
from pydantic import Field
from starlette.requests import Request

from bookingbridge.api.auth import needs
from bookingbridge.api.models import Given, Shown
from bookingbridge.api.operations import operations
from bookingbridge.api.v1 import oauth
from bookingbridge.api.v1.oauth import ConnectionShown, engine_of
from bookingbridge.domains.accounts.api import Permission, Who
from bookingbridge.infra.db import Tx
from bookingbridge.sync import health, overview, schedule, subscribing
from bookingbridge.sync.engine import Engine
from bookingbridge.sync.planning import Plan

router = operations(
    "/connections", "Connections", "How each connection fares: health, findings, schedule, webhooks, confirmations."
)

TimeOfDay = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", examples=["02:00"])]


class TokenShown(Shown):
    """How long the credentials are good; `says` warns, and is empty where nothing is to be done."""

    age_seconds: int | None
    expires_at: datetime | None
    renews_itself: bool
    says: str


class WebhookShown(Shown):
    """How the connection hears of changes. `url` is to be registered by hand where `is_registered` is false."""

    url: str
    takes_webhooks: bool
    registers_itself: bool
    is_registered: bool
    expires_at: datetime | None
    why: str


class FindingShown(Shown):
    """Something odd. `subject` is the kind of thing or the stream it is about."""

    code: str
    subject: str
    says: str
    count: int
    since: datetime
    last_seen_at: datetime
    is_confirmed: bool


class HealthShown(ConnectionShown):
    """A connection and how it fares. Rates and lag are of the last 24 hours, spans in seconds."""

    lag_seconds: int | None
    overdue_seconds: int
    runs: int
    runs_failed: int
    webhooks: int
    webhooks_failed: int
    error_rate: float | None
    rests_until: datetime | None
    next_sync_at: datetime | None
    next_full_at: datetime | None
    token: TokenShown
    hearing: WebhookShown
    findings: list[FindingShown]

    @classmethod
    def made(cls, shown: overview.Health, h: health.Health) -> HealthShown:
        t, w = h.token, h.hearing
        return cls(
            **{**ConnectionShown.of(shown).model_dump(), "tone": h.tone, "says": h.says},
            lag_seconds=round(h.lag.total_seconds()) if h.lag is not None else None,
            overdue_seconds=round(h.overdue.total_seconds()), runs=h.runs, runs_failed=h.runs_failed,
            webhooks=h.webhooks, webhooks_failed=h.webhooks_failed, error_rate=h.error_rate,
            rests_until=h.rests_until, next_sync_at=h.next_sync_at, next_full_at=h.next_full_at,
            token=TokenShown(
                age_seconds=round(t.age.total_seconds()) if t.age is not None else None, expires_at=t.expires_at,
                renews_itself=t.renews_itself, says=t.says,
            ),
            hearing=WebhookShown(
                url=w.url, takes_webhooks=w.takes_webhooks, registers_itself=w.registers_itself,
                is_registered=w.is_registered, expires_at=w.expires_at, why=w.why,
            ),
            findings=[
                FindingShown(
                    code=f.code, subject=f.subject, says=f.says, count=f.count, since=f.since,
                    last_seen_at=f.last_seen_at, is_confirmed=f.confirmed_count is not None,
                )
                for f in h.findings
            ],
        )  # fmt: skip


class PlanShown(Shown):
    """When the connection is read by itself: local times of the business, intervals in minutes."""

    full_at: str
    every_minutes: int
    every_outside_minutes: int
    opens: str
    closes: str

    @classmethod
    def of(cls, plan: Plan) -> PlanShown:
        return cls(
            full_at=plan.full_at, every_minutes=plan.every_minutes, every_outside_minutes=plan.every_outside_minutes,
            opens=plan.opens, closes=plan.closes,
        )  # fmt: skip


class PlanGiven(Given):
    """What is to change. An empty `full_at`: everything is read only when asked for."""

    full_at: TimeOfDay | Annotated[str, Field(max_length=0)] | None = None
    every_minutes: Annotated[int, Field(ge=5, le=10_080)] | None = None
    every_outside_minutes: Annotated[int, Field(ge=5, le=10_080)] | None = None
    opens: TimeOfDay | None = None
    closes: TimeOfDay | None = None


class Confirmed(Shown):
    """The run that will apply it."""

    run: UUID


async def fares(engine: Engine, tx: Tx, *, vendor: str | None = None) -> list[HealthShown]:
    """Every connection of the business, or those of one vendor, oldest first."""
    known = {h.connection.id: h for h in await health.health(engine, tx)}
    return [
        HealthShown.made(shown, known[shown.connection.id])
        for shown in await overview.health(engine, tx)
        if vendor in (None, shown.connection.vendor)
    ]


@router.get("/{connection}/health", summary="How a connection fares")
async def connection_health(
    request: Request, connection: UUID, who: Who = needs(Permission.SEE_CONNECTIONS)
) -> HealthShown:
    """The same story that its page tells."""
    engine = engine_of(request)
    async with engine.db.business(who.business_id) as tx:
        return HealthShown.made(
            await overview.health_of(engine, tx, connection), await health.health_of(engine, tx, connection)
        )


@router.get("/{connection}/schedule", summary="When a connection is read by itself")
async def show_schedule(request: Request, connection: UUID, who: Who = needs(Permission.SEE_CONNECTIONS)) -> PlanShown:
    """Intervals and times as they hold now."""
    engine = engine_of(request)
    found = await overview.connection_of(engine, who.business_id, connection)
    engine.vendor(found.vendor)
    return PlanShown.of(schedule.plan_of(engine, found))


@router.patch("/{connection}/schedule", summary="Change when a connection is read")
async def change_schedule(
    request: Request, connection: UUID, given: PlanGiven, who: Who = needs(Permission.MANAGE_CONNECTIONS)
) -> PlanShown:
    """What is left out stays as it is."""
    engine = engine_of(request)
    engine.vendor((await overview.connection_of(engine, who.business_id, connection)).vendor)
    said = {name: str(value) for name, value in given.model_dump(exclude_none=True).items()}
    return PlanShown.of(await schedule.change_plan(engine, who.business_id, connection, said))


@router.put(
    "/{connection}/webhook-registration", status_code=status.HTTP_204_NO_CONTENT, summary="Register webhooks now"
)
async def register_webhooks(
    request: Request, connection: UUID, who: Who = needs(Permission.MANAGE_CONNECTIONS)
) -> None:
    """At vendors where the product may do so itself; what came of it stands in the connection's health."""
    engine = engine_of(request)
    await overview.connection_of(engine, who.business_id, connection)
    await subscribing.ensure(engine, who.business_id, connection)


@router.post("/{connection}/webhook-test", status_code=status.HTTP_202_ACCEPTED, summary="Ask for a test webhook")
async def ask_for_test_webhook(
    request: Request, connection: UUID, who: Who = needs(Permission.MANAGE_CONNECTIONS)
) -> None:
    """The vendor is asked to deliver one; it then stands among the connection's webhooks."""
    await subscribing.send_test(engine_of(request), who.business_id, connection)


@router.post(
    "/{connection}/confirm-vanished", status_code=status.HTTP_202_ACCEPTED, summary="What vanished is really gone"
)
async def confirm_vanished(
    request: Request, connection: UUID, who: Who = needs(Permission.MANAGE_CONNECTIONS)
) -> Confirmed:
    """Where so much disappeared at the vendor at once that nothing was touched, the owner says that it is right."""
    run = await health.confirm_vanished(engine_of(request), who.business_id, connection, asked_by=who.client)
    return Confirmed(run=run)


# Under `/oauth`, where it was asked for; here, because it tells what this file knows.
@oauth.router.get("/status", summary="How every connection stands")
async def connection_status(request: Request, who: Who = needs(Permission.SEE_CONNECTIONS)) -> list[HealthShown]:
    """The same story that the Connections page tells."""
    engine = engine_of(request)
    async with engine.db.business(who.business_id) as tx:
        return await fares(engine, tx)
