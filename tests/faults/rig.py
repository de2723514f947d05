"""A real engine over a real PostgreSQL against an adversary: webhooks by hand, runs that may be killed, and quiet."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import psycopg
from tests.faults import truth
from tests.faults.adversary import MERCHANT, Adversary
from tests.faults.crashing import Fate, Killed, MortalDatabase
from tests.house import KEY, a_business

from bookingbridge.canonical.ports import Vendor
from bookingbridge.infra.clock import FixedClock
from bookingbridge.main import wiring, worker
from bookingbridge.main.settings import Settings
from bookingbridge.sync import connecting, inbound, running, schedule
from bookingbridge.sync.engine import Engine, Place
from bookingbridge.vendorkit.http import Transport
from bookingbridge.vendors.square.simulator.events import outgoing

HOOK_KEY = "signature key of the machine"
Mutation = Callable[[Engine], Engine]
"""Makes an engine that does something wrong on purpose."""


class Layer(StrEnum):
    """What brings changes here. Each way is looked at with the others switched off, since any one hides the others."""

    ALL = "webhooks, changes and all"
    WEBHOOKS = "webhooks only"
    CHANGES = "runs that ask what changed"
    FULL = "runs that read all"


@dataclass
class Rig:
    """Lives for a test; `begin` gives each example a business and a world of its own."""

    url: str
    layer: Layer
    mutation: Mutation = lambda engine: engine
    clock: FixedClock = field(default_factory=lambda: FixedClock(datetime.now(UTC)))
    fate: Fate = field(default_factory=Fate)
    runner: asyncio.Runner = field(default_factory=asyncio.Runner)
    kills: int = 0
    settled: int = 0
    is_begun: bool = False
    """Whether an example is under way."""

    @contextmanager
    def alive(self) -> Iterator[Rig]:
        self.them = Adversary(self.clock)
        with self.runner, self.them.serving(), psycopg.connect(self.url, autocommit=True) as self.db:
            database = MortalDatabase(self.url, self.clock, self.fate)
            self.runner.run(database.__aenter__())
            self.engine = self.mutation(self._engine(database))
            yield self
            self.runner.run(database.__aexit__())

    def _engine(self, database: MortalDatabase) -> Engine:
        given = {"database_url": self.url, "secret_key": KEY, "hash_salt": "s", "simulators_url": self.them.url}
        engine = wiring.engine(Settings.model_validate(given), database)
        # An installation has one vendor's address; and nobody here waits in earnest.
        return replace(engine, addresses={("square", "simulator"): self.them.url}, transport=self._transport)

    def _transport(self, _vendor: Vendor, _environment: str, _place: Place) -> Transport:
        return Transport(
            allowed_hosts=frozenset({"127.0.0.1"}), allow_loopback=True, now=self.clock.now, timeout=0.25, tries=2,
            sleep=lambda _: asyncio.sleep(0),
        )  # fmt: skip

    def begin(self) -> None:
        """A business is connected to a new world, and has read it once where only webhooks follow."""
        # The worker looks after every business there is: those of examples before would only slow it down.
        self.db.execute("TRUNCATE accounts, businesses, procrastinate_jobs CASCADE")
        self.fate.left = None
        self.pending: list[dict[str, Any]] = []
        self.sent: list[dict[str, Any]] = []
        self.told = 0
        self.acknowledged: Counter[str] = Counter()
        self.is_revoked = False
        self.seen: set[tuple[str, str, int]] = set()
        self.is_begun = False
        self.runner.run(self._connect(self.them.begin()))
        self.held: truth.Versions = {}
        self.is_begun = True
        if self.layer is not Layer.FULL:
            self.sync(is_full=True)

    async def _connect(self, token: str) -> None:
        business = await a_business(self.engine)
        self.business = business.id
        self.connection = await connecting.connect_with_token(
            self.engine, business.id, vendor="square", environment="simulator", fields=self._fields(token)
        )
        tested = await connecting.test(self.engine, business.id, self.connection)
        assert tested.account is not None, tested.why
        await connecting.set_webhook_secret(self.engine, business.id, self.connection, HOOK_KEY)
        await connecting.change_settings(self.engine, business.id, self.connection, {"history_days": "40"})
        self.door = inbound.Door(self.engine)

    def _fields(self, token: str) -> dict[str, str]:
        return {self.engine.vendor("square").manifest.token_fields[0].name: token}

    def reconnect(self) -> None:
        """The owner has signed in again."""
        token = self.them.consent()

        async def again() -> None:
            await connecting.connect_with_token(
                self.engine, self.business, vendor="square", environment="simulator", fields=self._fields(token),
                connection_id=self.connection,
            )  # fmt: skip
            tested = await connecting.test(self.engine, self.business, self.connection)
            assert tested.account is not None, tested.why

        self.runner.run(again())
        self.is_revoked = False

    def pass_time(self, by: timedelta) -> None:
        self.clock.move(by)

    def revoke(self) -> None:
        self.them.revoke()
        self.is_revoked = True

    def collect(self) -> None:
        """What the vendor has to say since it was last asked is on its way, or lost where nothing is delivered."""
        events = self.them.square.state.events
        if self.layer in (Layer.ALL, Layer.WEBHOOKS):
            self.pending += events[self.told :]
        self.told = len(events)

    def deliver(self, event: dict[str, Any], times: int, *, steps: int | None = None) -> None:
        """The event comes so many times; only what was answered counts as acknowledged."""
        url = self.engine.webhook_url("square", self.connection)
        sent = outgoing({"notification_url": url, "signature_key": HOOK_KEY}, event, at=event["created_at"])

        async def knock() -> None:
            arrival = await self.door.admit("square", self.connection, dict(sent.headers), sent.body)
            async with self.engine.db.connection() as conn, conn.transaction():
                await inbound.keep(conn, [arrival] * times)
                self.fate.step()

        if self._until_killed(knock(), steps):
            self.acknowledged[event["event_id"]] += times
            self.sent.append(event)

    def work(self, *, steps: int | None = None) -> None:
        """The inbox's job has run, or was killed."""
        self._until_killed(inbound.work_off(self.engine, self.business, self.connection), steps)

    def sync(self, *, is_full: bool, steps: int | None = None) -> None:
        """A run was asked for and carried out, as far as it got."""

        async def ask_and_go() -> None:
            async with self.engine.db.business(self.business) as tx:
                run_id = await running.ask(tx, self.connection, is_full=is_full, asked_by="machine")
            await running.carry_out(self.engine, self.business, run_id)

        self._until_killed(ask_and_go(), steps)

    def _until_killed(self, act: Any, steps: int | None) -> bool:
        self.fate.left = steps
        try:
            self.runner.run(act)
        except Killed:
            self.kills += 1
            return False
        finally:
            self.fate.left = None
        return True

    def watch(self) -> None:
        """Nothing we hold has become older, and what we hold is kept as it came."""
        now = truth.versions(self.db, self.business)
        for ref, (version, changed) in self.held.items():
            assert ref in now, f"{ref} is not known any more"
            later, later_changed = now[ref]
            if version is not None and later is not None:
                assert later >= version, f"{ref} went from version {version} to {later}"
            if changed is not None and later_changed is not None and None in (version, later):
                assert later_changed >= changed, f"{ref} went from {changed} to {later_changed}"
        self.held = now
        self.seen |= {(k, i, v) for (k, i), (v, _) in now.items() if v is not None and k in ("booking", "client")}

    def settle(self, dice: random.Random, *, steps: int | None = None) -> None:
        """Quiet: nothing goes wrong any more, what was to be delivered is, and the worker has nothing left to do.

        Then all is here that is there, each thing once. `steps`: the run that reads what was missed is killed once.
        """
        self.them.calm()
        if self.is_revoked:
            self.reconnect()
        self.collect()
        dice.shuffle(self.pending)
        while self.pending:
            event = self.pending.pop()
            if self.layer is Layer.WEBHOOKS or dice.random() < 0.6:
                self.deliver(event, 1)
        self._rest()
        if self.layer is not Layer.WEBHOOKS:
            self.sync(is_full=self.layer is not Layer.CHANGES, steps=steps)
            if steps is not None:
                self.sync(is_full=self.layer is not Layer.CHANGES)
            self._rest()
            if self.layer is not Layer.CHANGES and self._only_the_gone_are_wrong():
                # Who was deleted while all was first read, or read with changes meanwhile, is noticed the next night.
                self.sync(is_full=True)
                self._rest()
        self.settled += 1
        self.check()

    def _rest(self) -> None:
        """Hours pass, and the worker does what is due."""
        for _ in range(8):
            self.clock.move(timedelta(hours=1))
            self.runner.run(schedule.sweep(self.engine))
            # For the queue it is later, too, whose clock is the database's.
            self.db.execute("UPDATE procrastinate_jobs SET scheduled_at = NULL, attempts = 0 WHERE status = 'todo'")
            self.runner.run(worker.drain(self.engine))
            left = self.db.execute(
                "SELECT count(*) FROM inbound_events WHERE business_id = %(b)s AND state = 'new' UNION ALL SELECT "
                "count(*) FROM sync_runs WHERE business_id = %(b)s AND state NOT IN ('done', 'failed')",
                {"b": self.business},
            ).fetchall()
            if not any(row[0] for row in left):
                return
        raise AssertionError(f"it does not come to rest: {self._story()}")

    def _wrong(self) -> list[str]:
        merchant = self.them.square.state.merchants[MERCHANT]
        return truth.difference(truth.theirs(merchant), truth.ours(self.db, self.business))

    def _only_the_gone_are_wrong(self) -> bool:
        wrong = self._wrong()
        return bool(wrong) and all(said.startswith("client too much") for said in wrong)

    def check(self) -> None:
        """What we hold is what the vendor has; what was acknowledged was worked on; what was seen was kept."""
        self.watch()
        wrong = self._wrong()
        assert not wrong, "\n".join([*wrong, *self._story()])
        events = self.db.execute(
            "SELECT dedupe_key, deliveries, state, outcome FROM inbound_events WHERE business_id = %s", (self.business,)
        ).fetchall()
        assert Counter({key: n for key, n, _, _ in events}) == self.acknowledged
        assert len(events) == len(self.acknowledged)
        assert not [row for row in events if row[2] in ("new", "failed")]
        kept = self.db.execute(
            "SELECT kind, remote_id, coalesce(payload->'booking'->>'version', payload->>'version')::bigint "
            "FROM raw_records WHERE business_id = %s AND kind IN ('booking', 'client') AND problem IS NULL",
            (self.business,),
        ).fetchall()
        assert self.seen <= set(kept), f"not kept: {self.seen - set(kept)}"

    def _story(self) -> list[str]:
        """How it came to this: runs and webhooks, oldest first."""
        runs = self.db.execute(
            "SELECT kind, state, attempts, error, progress FROM sync_runs WHERE business_id = %s ORDER BY asked_at, id",
            (self.business,),
        ).fetchall()
        inbox = self.db.execute(
            "SELECT dedupe_key, convert_from(body, 'UTF8')::jsonb->>'type', state, outcome FROM inbound_events "
            "WHERE business_id = %s ORDER BY id",
            (self.business,),
        ).fetchall()
        return [f"run: {row}" for row in runs] + [f"webhook: {row}" for row in inbox]
