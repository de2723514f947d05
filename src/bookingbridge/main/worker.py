"""The worker: runs jobs as their bells ring, begins what is due, and takes up what a dead worker left."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from procrastinate import App, PsycopgConnector, RetryDecision
from procrastinate.jobs import Job
from procrastinate.retry import BaseRetryStrategy

from bookingbridge.canonical.errors import Unreachable
from bookingbridge.domains.journeys import api as journeys
from bookingbridge.infra import outbox
from bookingbridge.infra.db import Database
from bookingbridge.infra.jobs import patience
from bookingbridge.infra.log import get
from bookingbridge.main import wiring
from bookingbridge.sync import inbound, running, schedule
from bookingbridge.sync.engine import Engine

log = get(__name__)

CONCURRENCY = 8
TRIES = 12
DEAD_AFTER_S = 15
HEARTBEAT_S = 3.0


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


async def run(engine: Engine, *, until: asyncio.Event | None = None) -> None:
    """Works until told to stop (or by SIGTERM or SIGINT, when `until` is None); what is begun is finished first."""
    stop = until or _on_signals()
    connector = PsycopgConnector(conninfo=engine.db.url, min_size=1, max_size=4)
    app = App(connector=connector)
    tasks(app, engine)
    async with app.open_async():
        rounds = [
            asyncio.create_task(_every(1.0, lambda: schedule.begin_due(engine), stop)),
            asyncio.create_task(_every(30.0, lambda: schedule.sweep(engine), stop)),
            asyncio.create_task(_every(5.0, lambda: _take_up_stalled(app), stop)),
        ]
        worker = asyncio.create_task(
            app.run_worker_async(
                concurrency=CONCURRENCY,
                delete_jobs="successful",
                install_signal_handlers=False,
                fetch_job_polling_interval=1.0,
                update_heartbeat_interval=HEARTBEAT_S,
                stalled_worker_timeout=DEAD_AFTER_S,
                shutdown_graceful_timeout=20,
            )
        )
        log.info("worker ready")
        waiting = asyncio.create_task(stop.wait())
        await asyncio.wait({worker, waiting}, return_when=asyncio.FIRST_COMPLETED)
        stop.set()
        worker.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await worker
        await asyncio.gather(*rounds, return_exceptions=True)
        waiting.cancel()


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


async def _take_up_stalled(app: App) -> None:
    """Jobs of workers that are dead are given to a living one."""
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=DEAD_AFTER_S):
        log.warning("job taken up from a dead worker", job=job.id, task=job.task_name)
        await app.job_manager.retry_job(job)
