"""The worker: runs jobs as their bells ring, begins what is due, and takes up what a dead worker left."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from procrastinate import App, JobContext, PsycopgConnector, RetryDecision
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Job, Status
from procrastinate.retry import BaseRetryStrategy
from procrastinate.worker import Worker
from psycopg import AsyncConnection

from bookingbridge.canonical.errors import Unreachable
from bookingbridge.domains.journeys import api as journeys
from bookingbridge.infra import outbox
from bookingbridge.infra.db import Database
from bookingbridge.infra.jobs import patience
from bookingbridge.infra.log import get
from bookingbridge.main import upkeep, wiring
from bookingbridge.sync import inbound, running, schedule, subscribing
from bookingbridge.sync.engine import Engine

log = get(__name__)

CONCURRENCY = 8
RUNS_AT_ONCE = 4
"""How many connections are read at once, beside all other work: webhooks and reactions never wait for an import."""
QUEUES = {"default": CONCURRENCY, running.QUEUE: RUNS_AT_ONCE}
TRIES = 12
DEAD_AFTER_S = 15.0
GRACE_S = 8.0
"""Seconds that begun jobs have to end when a worker is told to stop: Docker kills after ten. The rest is taken up."""


class Patience(BaseRetryStrategy):
    """Failed jobs are tried again after an exponential wait with full jitter, and kept as failed in the end."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if job.attempts >= TRIES:
            return None
        # Less urgent than fresh work of the same lock, so that a failing job never holds it back.
        delay = int(patience(job.attempts).total_seconds())
        return RetryDecision(retry_in={"seconds": delay}, priority=job.priority - 1)


def tasks(app: App, engine: Engine) -> None:
    """The jobs there are. Arguments are ids only, so that no job carries data past row-level security."""
    retry = Patience()

    @app.task(name="react", retry=retry)
    async def react(business: str, event: int, reaction: str) -> None:
        await carry_out_reaction(engine.db, UUID(business), event, reaction)

    @app.task(name="inbound", retry=retry)
    async def work_inbox(business: str, connection: str) -> None:
        await inbound.work_off(engine, UUID(business), UUID(connection))

    @app.task(name="sync", retry=retry)
    async def sync(business: str, run: str) -> None:
        await running.carry_out(engine, UUID(business), UUID(run))

    @app.task(name="subscribe", retry=retry)
    async def subscribe(business: str, connection: str) -> None:
        await subscribing.ensure(engine, UUID(business), UUID(connection))

    @app.task(name="tell_touches", retry=retry)
    async def tell_touches(business: str) -> None:
        async with engine.db.business(UUID(business)) as tx:
            await journeys.tell(tx)


async def carry_out_reaction(db: Database, business_id: UUID, event_id: int, name: str) -> None:
    """The reaction was done once for this event, in one transaction with the note that it was."""
    handler = wiring.reaction(name)
    if handler is None:
        log.warning("no such reaction any more", reaction=name)
        return
    async with db.business(business_id) as tx:
        event = await outbox.take(tx, event_id, name)
        if event is not None:
            await handler(event, tx)


async def run(engine: Engine, *, until: asyncio.Event | None = None, dead_after_s: float = DEAD_AFTER_S) -> None:
    """Works until told to stop (or by SIGTERM or SIGINT, when `until` is None); what is begun is finished first.

    A database that is away for a while is waited for. `dead_after_s`: a worker that has not been heard of for so long
    counts as dead, and its jobs are taken up; the same for all workers.
    """
    stop = until or _on_signals()
    rounds = [
        asyncio.create_task(_every(1.0, lambda: schedule.begin_due(engine), stop)),
        asyncio.create_task(_every(30.0, lambda: schedule.sweep(engine), stop)),
        asyncio.create_task(_every(upkeep.EVERY_S, lambda: upkeep.tidy(engine), stop)),
    ]
    await asyncio.gather(*(_keep_running(engine, stop, dead_after_s, queue) for queue in QUEUES))
    await asyncio.gather(*rounds, return_exceptions=True)


async def _keep_running(engine: Engine, stop: asyncio.Event, dead_after_s: float, queue: str) -> None:
    """Jobs of the queue are run until told to stop, again and again where the database was lost."""
    is_lost = False
    while not stop.is_set():
        try:
            # The job library waits half a minute for a database that is away, and cannot be told to stop meanwhile.
            async with await AsyncConnection.connect(engine.db.url, connect_timeout=5):
                pass
            log.info("worker is back" if is_lost else "worker ready", queue=queue)
            is_lost = False
            await _run_jobs(engine, stop, dead_after_s, queue)
        except Exception as failed:
            if not is_lost:
                log.warning("worker begins again", queue=queue, why=f"{type(failed).__name__}: {failed}"[:200])
            is_lost = True
        if not stop.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), 0.5)


async def _run_jobs(engine: Engine, stop: asyncio.Event, dead_after_s: float, queue: str) -> None:
    """Jobs are run until told to stop. Also ends, or raises, when the database was lost: then begin again."""
    app = App(connector=PsycopgConnector(conninfo=engine.db.url, min_size=1, max_size=4))
    tasks(app, engine)
    hands = _Hands(app, dead_after_s, queue)
    ended = asyncio.Event()
    async with app.open_async():
        worker = asyncio.create_task(
            app.run_worker_async(
                queues=[queue],
                concurrency=QUEUES[queue],
                delete_jobs="successful",
                install_signal_handlers=False,
                fetch_job_polling_interval=1.0,
                update_heartbeat_interval=dead_after_s / 5,
                stalled_worker_timeout=dead_after_s,
                shutdown_graceful_timeout=GRACE_S,
                worker_middleware=[hands.hold],
            )
        )
        taking_up = asyncio.create_task(_every(dead_after_s / 3, hands.take_up, ended))
        waiting = asyncio.create_task(stop.wait())
        await asyncio.wait({worker, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        ended.set()
        worker.cancel()
        await asyncio.gather(taking_up, return_exceptions=True)
        with contextlib.suppress(asyncio.CancelledError):
            await worker


class _Hands:
    """Knows which jobs of a queue this process has in hand, and takes up those that nobody has."""

    def __init__(self, app: App, dead_after_s: float, queue: str) -> None:
        self._app = app
        self._dead_after_s = dead_after_s
        self._queue = queue
        self._worker_id: int | None = None
        self._held: set[int] = set()
        self._dropped: set[int] = set()

    async def hold(self, call_next: Callable[[], Awaitable[Any]], context: JobContext, worker: Worker) -> Any:
        """The job is in hand until it ends."""
        self._worker_id = worker.worker_id
        assert context.job.id is not None
        self._held.add(context.job.id)
        try:
            return await call_next()
        finally:
            self._held.discard(context.job.id)

    async def take_up(self) -> None:
        """Jobs of dead workers wait to be run again, and those of ours that ended without the database knowing."""
        manager = self._app.job_manager
        left = list(await manager.get_stalled_jobs(queue=self._queue, seconds_since_heartbeat=self._dead_after_s))
        doing = await manager.list_jobs_async(queue=self._queue, status="doing")
        ours = [job for job in doing if job.worker_id is not None and job.worker_id == self._worker_id]
        not_held = {job.id: job for job in ours if job.id is not None and job.id not in self._held}
        # A job is not in hand for a moment at its beginning and at its end, too: hence seen twice.
        left += [job for number, job in not_held.items() if number in self._dropped]
        self._dropped = set(not_held)
        for job in left:
            await self._again(job)

    async def _again(self, job: Job) -> None:
        log.warning("job taken up", job=job.id, task=job.task_name)
        try:
            await self._app.job_manager.retry_job(job)
        except UniqueViolation:
            # Another bell for the same work waits already.
            await self._app.job_manager.finish_job(job, Status.ABORTED, delete_job=True)


async def drain(engine: Engine, *, concurrency: int = 4) -> None:
    """Every job that was due has been run, also those that arose meanwhile: for commands and tests.

    Raises Unreachable, naming the jobs, where some failed; they are tried again by a worker.
    """
    app = App(connector=PsycopgConnector(conninfo=engine.db.url, min_size=1, max_size=4))
    tasks(app, engine)
    async with app.open_async():
        # A worker that does not wait leaves when it finds nothing to fetch, also while a running job holds back others
        # of its lock: so it is asked again until nothing is due that was not tried.
        while any(job.attempts == 0 for job in await _due(app, engine)):
            await app.run_worker_async(
                wait=False,
                concurrency=concurrency,
                delete_jobs="successful",
                install_signal_handlers=False,
                listen_notify=False,
            )
        failed = [job for job in await app.job_manager.list_jobs_async(status="todo") if job.attempts]
    if failed:
        raise Unreachable("jobs failed: " + ", ".join(f"{j.task_name} {j.task_kwargs}" for j in failed[:5]))


async def _due(app: App, engine: Engine) -> list[Job]:
    now = engine.clock.now()
    waiting = await app.job_manager.list_jobs_async(status="todo")
    return [job for job in waiting if job.scheduled_at is None or job.scheduled_at <= now]


def _on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def _every(seconds: float, act: Callable[[], Awaitable[Any]], stop: asyncio.Event) -> None:
    """`act` again and again. A database that is away for a while is waited for, and said so once."""
    is_lost = False
    while not stop.is_set():
        try:
            await act()
            is_lost = False
        except Exception as failed:
            if not is_lost:
                log.warning("round failed", what=getattr(act, "__name__", ""), why=repr(failed))
            is_lost = True
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), seconds)
