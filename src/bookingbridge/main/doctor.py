"""Everything an installation needs, looked at in turn. A finding that is not well says what mends it."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from bookingbridge.canonical.errors import BridgeError
from bookingbridge.infra import migrate
from bookingbridge.infra.db import Database
from bookingbridge.main import database, wiring
from bookingbridge.main.settings import Settings
from bookingbridge.sync import overview
from bookingbridge.sync.engine import Engine
from bookingbridge.sync.store import runs

State = Literal["ok", "warn", "bad"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `fix` is empty where all is well."""

    name: str
    state: State
    found: str
    fix: str = ""


async def examine(settings: Settings) -> list[Finding]:
    """All findings; what cannot be looked at because something before it is broken is left out."""
    findings = [_python(), _disk(settings), _address(settings), _key(settings)]
    try:
        found = await asyncio.to_thread(database.find, settings)
        at = await asyncio.to_thread(migrate.current, found.url)
    except Exception as failed:
        why = failed.why if isinstance(failed, BridgeError) else str(failed).splitlines()[0]
        fix = "check DATABASE_URL, or unset it to use the embedded server"
        return [*findings, Finding("database", "bad", why, fix)]
    findings.append(Finding("database", "ok", found.origin))
    if at != migrate.head():
        fix = "run `bookingbridge migrate`"
        return [*findings, Finding("schema", "bad", f"at {at or 'nothing'}, this version needs {migrate.head()}", fix)]
    findings.append(Finding("schema", "ok", f"at {at}"))
    async with wiring.database(found.url) as db:
        engine = wiring.engine(settings, db)
        findings += [f async for f in _inside(engine, db)]
    return findings


def _python() -> Finding:
    return Finding("python", "ok", ".".join(map(str, sys.version_info[:3])))


def _disk(settings: Settings) -> Finding:
    folder = settings.data_dir if settings.data_dir.exists() else settings.data_dir.absolute().parent
    free = shutil.disk_usage(folder).free / 1e9
    if free < 1:
        return Finding("disk", "bad", f"{free:.1f} GB free", "free some space: the database stops when it is full")
    return Finding("disk", "ok" if free > 5 else "warn", f"{free:.0f} GB free", "" if free > 5 else "keep 5 GB free")


def _address(settings: Settings) -> Finding:
    is_local = any(host in settings.public_url for host in ("127.0.0.1", "localhost"))
    if is_local:
        return Finding(
            "address", "warn", settings.public_url, "set PUBLIC_URL to your https address, so that vendors reach you"
        )
    if not settings.is_https():
        return Finding("address", "bad", settings.public_url, "use https: vendors refuse anything else")
    return Finding("address", "ok", settings.public_url)


def _key(settings: Settings) -> Finding:
    if settings.secret_key is not None:
        return Finding("secret key", "ok", "set by SECRET_KEY")
    place = settings.data_dir / "secret.key"
    if settings.environment == "production":
        return Finding(
            "secret key", "bad", f"made by itself, in {place.name}", "set SECRET_KEY: see `secrets generate`"
        )
    return Finding("secret key", "ok", f"made by itself, in {place.name}")


async def _inside(engine: Engine, db: Database) -> AsyncIterator[Finding]:
    """What the database says about clock, worker, inbox and connections."""
    async with db.realm("schedule") as tx:
        clock = await tx.one("SELECT clock_timestamp()")
        ages = await tx.one("SELECT max(last_heartbeat) FROM procrastinate_workers")
        failed = await tx.one("SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed'")
        businesses = await runs.businesses(tx)
        now = tx.now
    assert clock
    assert failed
    off = abs((clock[0] - engine.clock.now()).total_seconds())
    yield Finding("clock", "ok" if off < 5 else "bad", f"{off:.1f} s from the database's", "" if off < 5 else "use NTP")
    beat = ages[0] if ages else None
    if beat is None or now - beat > timedelta(minutes=2):
        yield Finding("worker", "warn", "none is running", "start `bookingbridge worker`, or serve with its worker")
    else:
        yield Finding("worker", "ok", f"seen {int((now - beat).total_seconds())} s ago")
    if failed[0]:
        yield Finding("jobs", "warn", f"{failed[0]} failed for good", "look at Sync, mend the cause, and replay")
    for business_id in businesses:
        async with db.business(business_id) as tx:
            for h in await overview.health(engine, tx):
                state: State = "ok" if h.tone == "ok" else "warn" if h.tone == "warn" else "bad"
                fix = "" if h.tone == "ok" else "open Connections in the web app"
                yield Finding(f"{h.title} ({h.connection.account_name or 'no account yet'})", state, h.says, fix)
