"""kill -9 of web, worker and database in the middle of everything: nothing acknowledged is missing, nothing doubled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from tests.faults.installation import Installation, installed, until
from tests.faults.senders import Browsers, Merchant, Told
from tests.house import run
from tests.sync.line import shop, sim, simulators, small_world

from bookingbridge.domains.journeys import api as journeys
from bookingbridge.main.demo import worlds
from bookingbridge.sync import connecting

pytestmark = pytest.mark.faults

SLOW_S, HELD_UP_S = 0.3, 3.0

_STATUS = {
    "ACCEPTED": "confirmed", "CANCELLED_BY_SELLER": "cancelled", "CANCELLED_BY_CUSTOMER": "cancelled",
    "NO_SHOW": "no_show", "DECLINED": "declined",
}  # fmt: skip


@pytest.fixture
def base() -> Iterator[str]:
    with simulators() as address:
        yield address


@pytest.fixture
def house(server_dir: Path, base: str) -> Iterator[Installation]:
    """An installation whose web app and worker run."""
    with installed(server_dir.parent, base) as made:
        yield made


class Scene:
    """A connected shop whose full import is slow, because its vendor is."""

    def __init__(self, house: Installation, base: str, *, days: int) -> None:
        self.house = house
        self.square = f"{base}/square"
        self.world = small_world(days=days)
        self.business, self.connection, self.run, self.site = run(self._furnish(base))
        self.be_slow(SLOW_S)

    async def _furnish(self, base: str) -> tuple[UUID, UUID, UUID, str]:
        async with shop(self.house.url, base, self.world) as s:
            # The longer back, the more windows of time to be read: the import outlasts what is done to it.
            await connecting.change_settings(s.engine, s.business, s.connection, {"history_days": "1500"})
            run_id = await connecting.start_import(s.engine, s.business, s.connection, asked_by="test")
            async with s.engine.db.business(s.business) as tx:
                site = await journeys.create_site(tx, "Shop", hosts=["shop.example.com"])
            return s.business, s.connection, run_id, str(site.key)

    def be_slow(self, seconds: float | None) -> None:
        """Every answer of the vendor takes so long from now on."""
        sim(self.square, "DELETE", "/_sim/faults")
        if seconds:
            sim(self.square, "POST", "/_sim/faults", {"fault": "slow", "times": None, "seconds": seconds})

    def state(self) -> str:
        return str(self.house.rows("SELECT state FROM sync_runs WHERE id = %s", self.run)[0][0])

    def pages(self) -> int:
        """How many pages of bookings and of what comes after them the import has stored."""
        (progress,) = self.house.rows("SELECT progress FROM sync_runs WHERE id = %s", self.run)[0]
        return sum(p["pages"] for name, p in progress.items() if name in ("bookings", "payments", "refunds"))

    def go_on(self, pages: int) -> None:
        """The import has got so many pages farther, and is not at its end."""
        before = self.pages()
        until(lambda: self.pages() >= before + pages or self.state() == "done", "the import goes on")
        assert self.state() == "running"

    @contextmanager
    def held_up(self) -> Iterator[None]:
        """Something that takes its time is done while the import hardly gets on."""
        self.be_slow(HELD_UP_S)
        yield
        self.be_slow(SLOW_S)

    def is_quiet(self) -> bool:
        """Whether the import is done and no work is left."""
        left = self.house.rows(
            "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"
            " UNION ALL SELECT count(*) FROM inbound_events WHERE state = 'new'"
            " UNION ALL SELECT count(*) FROM touches_untold"
        )
        return self.state() == "done" and not any(row[0] for row in left)


def _expected(scene: Scene, merchant: Merchant) -> dict[str, Told]:
    """Every booking that Square has, as it has it now."""
    loaded: list[dict[str, Any]] = worlds.square(scene.world)["bookings"]
    return {r["id"]: Told(r["status"], r.get("customer_note") or "") for r in loaded} | merchant.now


def test_nothing_acknowledged_is_lost_or_doubled_when_web_worker_and_database_are_killed(
    house: Installation, base: str
) -> None:
    scene = Scene(house, base, days=30)
    house.start_web()
    house.start_worker()
    hook = f"{house.web}/api/v1/webhooks/square/{scene.connection}"
    rows = worlds.square(scene.world)["bookings"][-12:]
    browsers, merchant = Browsers(house.web, scene.site), Merchant(scene.square, hook, rows)
    with browsers, merchant:
        scene.go_on(2)
        house.kill("web")
        scene.go_on(1)
        with scene.held_up():
            house.start_web()
        scene.go_on(1)
        house.kill("worker")
        assert scene.state() == "running"
        with scene.held_up():
            house.start_worker()
        scene.go_on(1)
        house.kill_database()
        assert house.rows("SELECT 1") == [(1,)]  # it is started again, and replays its log
        with scene.held_up():
            until(house.is_ready, "the web app finds its database again")
        scene.go_on(1)
        assert house.is_alive("web")
        assert house.is_alive("worker")
        sent = len(browsers.acknowledged), len(merchant.acknowledged)
        until(lambda: len(browsers.acknowledged) > sent[0] + 20, "touches are taken again")
        until(lambda: len(merchant.acknowledged) > sent[1] + 5, "webhooks are taken again")
    scene.be_slow(None)
    until(scene.is_quiet, "all work is done", 90)

    touches = Counter(row[0] for row in house.rows("SELECT id FROM touches"))
    assert touches == Counter(browsers.acknowledged)
    assert len(browsers.acknowledged) > 60

    events = house.rows("SELECT dedupe_key, state FROM inbound_events")
    assert Counter(row[0] for row in events) == Counter(merchant.acknowledged)
    assert {row[1] for row in events} == {"done"}
    assert len(merchant.acknowledged) > 15

    expected = _expected(scene, merchant)
    found = house.rows("SELECT remote_id, status, coalesce(note, '') FROM bookings")
    assert len(found) == len(expected)
    assert {r: (s, n) for r, s, n in found} == {i: (_STATUS[t.status], t.note) for i, t in expected.items()}
    loaded = worlds.square(scene.world)
    for table, rows_given in (("clients", "customers"), ("payments", "payments"), ("refunds", "refunds")):
        assert house.rows(f"SELECT count(*) FROM {table}") == [(len(loaded[rows_given]),)]

    (attempts,) = house.rows("SELECT attempts FROM sync_runs WHERE id = %s", scene.run)[0]
    assert attempts >= 3
    assert "job taken up" in house.log("worker")
    assert house.rows("SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed'") == [(0,)]
    # Each event reached each of its reactions once: the note of it commits with what the reaction did.
    told = house.rows(
        "SELECT count(*) FROM events e WHERE e.name = 'bookings_recorded' AND NOT EXISTS (SELECT FROM reactions_done d "
        "WHERE d.event_id = e.id AND d.reaction = 'matching.bookings')"
    )
    assert told == [(0,)]
    # No answer, or one that says come again; never one that says nothing is to be sent again.
    assert browsers.statuses <= {0, 202, 503}
    assert merchant.statuses <= {0, 200, 503}


def test_a_worker_that_is_told_to_stop_leaves_nothing_half_done_and_another_goes_on(
    house: Installation, base: str
) -> None:
    scene = Scene(house, base, days=8)
    house.start_worker()
    scene.go_on(2)
    assert house.ask_to_stop("worker") == 0
    assert house.rows("SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'") == [(0,)]
    assert house.rows("SELECT count(*) FROM procrastinate_workers") == [(0,)]
    assert scene.state() == "running"
    scene.be_slow(None)
    house.start_worker()
    until(scene.is_quiet, "the import ends")
    assert scene.state() == "done"
    assert house.rows("SELECT count(*) FROM bookings") == [(len(scene.world.visits),)]
