"""The whole line: clicks and Square's records in, credits to the cent out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from tests.house import run
from tests.sync.line import Shop, shop, simulators, small_world

from bookingbridge.domains.attribution import api as attribution
from bookingbridge.domains.attribution.api import MODELS, Model
from bookingbridge.domains.insights import api as insights
from bookingbridge.domains.matching import api as matching
from bookingbridge.main.demo import worlds
from bookingbridge.sync import files
from bookingbridge.sync.engine import FileSaid

_ZONE = {"time_zone": "America/Los_Angeles", "currency": "USD", "region": "US"}


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with simulators() as address:
        yield address


async def _overview(s: Shop, model: Model = Model.POSITION) -> insights.Overview:
    async with s.engine.db.business(s.business) as tx:
        return await insights.overview(tx, insights.ending(await insights.today_of(tx) + timedelta(days=1), 90), model)


def test_credits_of_every_model_sum_to_the_revenue_of_paid_visits_net_of_refunds(database_url: str, base: str) -> None:
    async def story() -> None:
        world = small_world(days=40)
        async with shop(database_url, base, world) as s:
            await s.sync(full=True)
            assert s.engine.read_file
            said = FileSaid("touchpoints", options=_ZONE)
            read = s.engine.read_file(worlds.clicks_csv(world), "clicks.csv", said)
            assert read.problem_count == 0
            await files.import_records(s.engine, s.business, read.records, source="clicks", asked_by="test")
            await s.drain()
            o = await _overview(s)
            paid = [v for v in world.visits if v.paid_at]
            truth = sum(v.price_minor - v.refunded_minor for v in paid)
            assert (o.figures.visits, o.figures.revenue_minor) == (len(paid), truth)
            assert o.figures.tips_minor == sum(v.tip_minor for v in paid)
            for i, model in enumerate(MODELS):
                assert sum(c.minor[i] for c in o.campaigns) == truth, model
            known = [c for c in o.campaigns if c.channel != "unknown"]
            assert 0 < o.figures.known_minor < truth
            assert sum(c.minor[0] for c in known) == o.figures.known_minor
            assert {"fade-promo", "reels"} <= {c.name for c in known}

    run(story())


def test_doing_every_reaction_again_changes_nothing(database_url: str, base: str) -> None:
    async def story() -> None:
        async with shop(database_url, base, small_world(days=15)) as s:
            await s.sync(full=True)
            await s.drain()
            before = await _overview(s)
            async with s.engine.db.business(s.business) as tx:
                count = await attribution.recompute_all(tx)
            after = await _overview(s)
            assert count == before.figures.visits > 0
            assert after.figures == before.figures
            assert [(c.key, c.minor) for c in after.campaigns] == [(c.key, c.minor) for c in before.campaigns]

    run(story())


def test_undoing_a_settlement_takes_the_visit_out_and_a_later_sync_does_not_bring_it_back(
    database_url: str, base: str
) -> None:
    async def story() -> None:
        async with shop(database_url, base, small_world(days=15)) as s:
            await s.sync(full=True)
            await s.drain()
            before = (await _overview(s)).figures
            async with s.engine.db.business(s.business) as tx:
                visit = (await attribution.latest(tx, limit=1))[0]
                (settled,) = await matching.settlements(tx, [visit.booking_id])
                await matching.undo(tx, settled.id, user_id=None)
            await s.drain()
            await s.sync(full=True)
            await s.drain()
            after = (await _overview(s)).figures
            assert after.visits == before.visits - 1
            assert after.revenue_minor == before.revenue_minor - visit.revenue_minor

    run(story())
