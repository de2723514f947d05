"""Data integration: connections by token, their test, imports with progress, runs, webhooks as they came, replay."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from anyio import to_thread
from fastapi import Query, status
from pydantic import Field
from starlette.requests import Request

from bookingbridge.api.auth import needs
from bookingbridge.api.models import Given, Shown, Text
from bookingbridge.api.operations import operations
from bookingbridge.api.paging import Page, Paging, paging
from bookingbridge.api.v1.oauth import ConnectionShown, Environment, engine_of
from bookingbridge.domains.accounts.api import Permission, Who
from bookingbridge.sync import connecting, files, inbound, overview, running
from bookingbridge.sync.engine import FileSaid

router = operations("/data-integration", "Data integration", "Connections, imports, runs, webhooks and their replay.")


MAX_FILE = 100 * 1024 * 1024
"""Bytes of an uploaded file."""


class TokenConnect(Given):
    """Pasted credentials, by the names of the vendor's fields."""

    vendor: Annotated[str, Field(max_length=40, examples=["square"])]
    environment: Environment = "production"
    fields: Annotated[dict[str, Text], Field(max_length=10, examples=[{"access_token": "EAAA…"}])]


class ConnectionMade(Shown):
    """The new connection; test it next."""

    id: UUID


class TestShown(Shown):
    """What the test found. `choices` are accounts to choose from, by id, where the credentials reach several."""

    works: bool
    why: str
    account: str = ""
    granted: list[str] = Field(default_factory=list)
    missing: list[str] = Field(default_factory=list)
    choices: dict[str, str] = Field(default_factory=dict)
    notes: list[str] = Field(default_factory=list)

    @classmethod
    def of(cls, tested: connecting.Tested) -> TestShown:
        if tested.account is None:
            return cls(works=False, why=tested.why)
        a = tested.account
        return cls(
            works=True, why="", account=a.name, granted=list(a.granted), missing=list(a.missing),
            choices={str(remote): name for remote, name in a.choices},
            notes=[*a.notes, *(why for _, why in a.without)],
        )  # fmt: skip


class AccountChosen(Given):
    """Which of the accounts is meant."""

    account: Annotated[str, Field(min_length=1, max_length=200)]


class RunAsked(Given):
    """`full` reads everything again; otherwise what changed."""

    full: bool = False


class WebhookKey(Given):
    """The signature key that the vendor shows for the webhook's subscription."""

    key: Annotated[str, Field(min_length=8, max_length=500)]


class RunQueued(Shown):
    """The run that was asked for, or the one that was under way already."""

    run: UUID


class RunShown(Shown):
    """A run. `streams` by name: pages, seen, new, changed, same, stale, problems, total (null: unknown), is_done."""

    id: UUID
    connection: UUID
    kind: str
    state: str
    asked_by: str
    asked_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    streams: dict[str, dict[str, Any]]
    error: str

    @classmethod
    def of(cls, run: overview.Run) -> RunShown:
        return cls(
            id=run.id, connection=run.connection_id, kind=run.kind, state=run.state, asked_by=run.asked_by,
            asked_at=run.asked_at, started_at=run.started_at, finished_at=run.finished_at,
            streams={name: dict(p) for name, p in run.progress.items() if name}, error=run.error,
        )  # fmt: skip


class RowShown(Shown):
    """What a row becomes, or why it cannot."""

    line: int
    becomes: str
    problems: list[str]


class FileImported(Shown):
    """What a file came to. With any problem nothing is imported, unless bad rows are to be skipped."""

    kind: str
    rows: int
    problems: list[str]
    problem_count: int
    notes: list[str]
    columns: dict[str, str]
    ignored: list[str]
    preview: list[RowShown]
    new: int
    changed: int
    same: int


class EventShown(Shown):
    """A webhook as it came and what became of it. `deliveries` counts repetitions."""

    id: int
    connection: UUID
    received_at: datetime
    state: str
    outcome: str
    attempts: int
    deliveries: int
    body: str | None = None

    @classmethod
    def of(cls, kept: overview.Kept, *, with_body: bool = False) -> EventShown:
        return cls(
            id=kept.id, connection=kept.connection_id, received_at=kept.received_at, state=kept.state,
            outcome=kept.outcome, attempts=kept.attempts, deliveries=kept.deliveries,
            body=kept.body.decode(errors="replace") if with_body else None,
        )  # fmt: skip


@router.get("/connections", summary="List connections")
async def list_connections(request: Request, who: Who = needs(Permission.SEE_CONNECTIONS)) -> list[ConnectionShown]:
    """All connections with their health."""
    engine = engine_of(request)
    async with engine.db.business(who.business_id) as tx:
        return [ConnectionShown.of(h) for h in await overview.health(engine, tx)]


@router.post("/connections", status_code=status.HTTP_201_CREATED, summary="Connect with pasted credentials")
async def connect_with_token(
    request: Request, given: TokenConnect, who: Who = needs(Permission.MANAGE_CONNECTIONS)
) -> ConnectionMade:
    """The connection is stored, its credentials sealed. It is not tested yet."""
    made = await connecting.connect_with_token(
        engine_of(request), who.business_id, vendor=given.vendor, environment=given.environment, fields=given.fields
    )
    return ConnectionMade(id=made)


@router.delete("/connections/{connection}", status_code=status.HTTP_204_NO_CONTENT, summary="Remove a connection")
async def remove_connection(
    request: Request, connection: UUID, who: Who = needs(Permission.MANAGE_CONNECTIONS)
) -> None:
    """Access is revoked at the vendor and the secrets are wiped; what was imported stays."""
    await connecting.remove(engine_of(request), who.business_id, connection)


@router.post("/connections/{connection}/test", summary="Test a connection")
async def try_connection(
    request: Request, connection: UUID, who: Who = needs(Permission.MANAGE_CONNECTIONS)
) -> TestShown:
    """The vendor is asked who we are and what we may."""
    return TestShown.of(await connecting.test(engine_of(request), who.business_id, connection))


@router.post("/connections/{connection}/account", status_code=204, summary="Choose an account")
async def choose_account(
    request: Request, connection: UUID, given: AccountChosen, who: Who = needs(Permission.MANAGE_CONNECTIONS)
) -> None:
    """Of the accounts that the credentials reach, this one is meant."""
    await connecting.choose_account(engine_of(request), who.business_id, connection, given.account)


@router.put("/connections/{connection}/webhook-key", status_code=204, summary="Set the webhook's signature key")
async def set_webhook_key(
    request: Request, connection: UUID, given: WebhookKey, who: Who = needs(Permission.MANAGE_CONNECTIONS)
) -> None:
    """Deliveries signed with the key are admitted from now on; those with the key before it too."""
    await connecting.set_webhook_secret(engine_of(request), who.business_id, connection, given.key)


@router.post("/connections/{connection}/sync", status_code=status.HTTP_202_ACCEPTED, summary="Ask for a run")
async def ask_for_run(
    request: Request, connection: UUID, given: RunAsked, who: Who = needs(Permission.RUN_SYNC)
) -> RunQueued:
    """A run is queued; ask for its progress. A first import also begins the schedule."""
    engine = engine_of(request)
    found = await overview.connection_of(engine, who.business_id, connection)
    if given.full and found.setup_step < 5:
        run = await connecting.start_import(engine, who.business_id, connection, asked_by=who.client)
        return RunQueued(run=run)
    async with engine.db.business(who.business_id) as tx:
        return RunQueued(run=await running.ask(tx, connection, is_full=given.full, asked_by=who.client))


@router.post("/connections/{connection}/finish", status_code=204, summary="Finish setting up")
async def finish_setup(request: Request, connection: UUID, who: Who = needs(Permission.MANAGE_CONNECTIONS)) -> None:
    """What was imported has been looked at and is right."""
    await connecting.finish(engine_of(request), who.business_id, connection)


@router.post("/files", status_code=status.HTTP_200_OK, summary="Import a file", max_body_size=MAX_FILE)
async def import_file(
    request: Request,
    name: Annotated[str, Query(min_length=1, max_length=200, description="The file's name, with its ending.")],
    kind: Annotated[str | None, Query(pattern="^(bookings|clients|payments|ad_spend|touchpoints)$")] = None,
    source: Annotated[str, Query(min_length=1, max_length=80)] = "files",
    dates: Annotated[str | None, Query(pattern="^(dmy|mdy|ymd)$")] = None,
    preview: bool = False,
    skip_bad_rows: bool = False,
    who: Who = needs(Permission.IMPORT_FILES),
) -> FileImported:
    """CSV, TSV, XLSX or ICS as the body: all of it is imported, or nothing; the same file again changes nothing."""
    engine = engine_of(request)
    assert engine.read_file
    b = who.business
    options = {"time_zone": b.time_zone, "currency": b.currency, "region": b.region, "dates": dates or ""}
    said = FileSaid(kind=kind, options=options, skip_bad_rows=skip_bad_rows, is_preview=preview)
    read = await to_thread.run_sync(engine.read_file, await request.body(), name, said)
    taken = None
    if read.records:
        _, taken = await files.import_records(engine, who.business_id, read.records, source=source, asked_by=who.client)
    return FileImported(
        kind=read.kind, rows=read.rows, problems=read.problems, problem_count=read.problem_count, notes=read.notes,
        columns=dict(read.columns), ignored=list(read.ignored),
        preview=[RowShown(line=line, becomes=says, problems=list(why)) for line, says, why in read.preview],
        new=taken.new if taken else 0, changed=taken.changed if taken else 0, same=taken.same if taken else 0,
    )  # fmt: skip


@router.get("/runs", summary="List runs")
async def list_runs(
    request: Request, connection: UUID | None = None, who: Who = needs(Permission.SEE_CONNECTIONS)
) -> list[RunShown]:
    """The last fifty runs, newest first."""
    async with engine_of(request).db.business(who.business_id) as tx:
        return [RunShown.of(r) for r in await overview.runs_of(tx, connection_id=connection)]


@router.get("/runs/{run}", summary="A run's progress")
async def show_run(request: Request, run: UUID, who: Who = needs(Permission.SEE_CONNECTIONS)) -> RunShown:
    """How far a run has come."""
    async with engine_of(request).db.business(who.business_id) as tx:
        return RunShown.of(await overview.run_of(tx, run))


@router.get("/events", summary="List webhooks as they came")
async def list_events(
    request: Request,
    connection: UUID | None = None,
    state: Annotated[str | None, Query(pattern="^(new|done|failed|unreadable|ignored)$")] = None,
    page: Paging = paging(),
    who: Who = needs(Permission.SEE_CONNECTIONS),
) -> Page[EventShown]:
    """Newest first, without their bodies."""
    after = page.after(int)
    async with engine_of(request).db.business(who.business_id) as tx:
        rows = await overview.arrivals(
            tx, connection_id=connection, state=state, before=after[0] if after else None, limit=page.limit + 1
        )
    return page.of([EventShown.of(row) for row in rows], key=lambda e: (e.id,))


@router.get("/events/{event}", summary="One webhook with its body")
async def show_event(
    request: Request, event: Annotated[int, Field(ge=1, le=2**63 - 1)], who: Who = needs(Permission.SEE_CONNECTIONS)
) -> EventShown:
    """The body as text; bytes that are no UTF-8 are replaced."""
    async with engine_of(request).db.business(who.business_id) as tx:
        return EventShown.of(await overview.event(tx, event), with_body=True)


@router.post("/events/{event}/replay", status_code=status.HTTP_202_ACCEPTED, summary="Work on a webhook once more")
async def replay_event(
    request: Request, event: Annotated[int, Field(ge=1, le=2**63 - 1)], who: Who = needs(Permission.RUN_SYNC)
) -> None:
    """The webhook waits again; what it names is looked up at the vendor."""
    await inbound.replay(engine_of(request), who.business_id, event)
