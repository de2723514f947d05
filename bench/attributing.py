"""How many visits are attributed per second, and how much of that the rules alone take, in one run on one machine.

    python bench/attributing.py [--small] [--rows 100000]

    recompute       `domains.attribution.computing.recompute`: reads visits, payments, identity links and touches,
                    shares each visit out in all six models, writes conversions, credits and the days' sums
    rules alone     `rules_bulk.credit` on as many visits with three touches each, in memory

Three touches per visit; six of ten visits have known ones. Computed in groups of 10,000, as no reaction takes more.
"""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from uuid import UUID

import grounds  # type: ignore[import-not-found]
import pages_shop  # type: ignore[import-not-found]

from bookingbridge.domains.accounts import api as accounts
from bookingbridge.domains.attribution import computing, rules_bulk
from bookingbridge.domains.matching import api as matching
from bookingbridge.infra.clock import SystemClock
from bookingbridge.infra.db import Database

GROUP = 10_000


async def _founded(url: str) -> accounts.Business:
    async with Database(url, SystemClock()) as db:
        return await accounts.found_business(
            db, accounts.NewBusiness("Bench attribution", "America/Los_Angeles", "USD", "US")
        )


async def _recomputed(url: str, business: UUID) -> tuple[int, float, int]:
    """(visits, seconds, credits afterwards)."""
    async with Database(url, SystemClock()) as db:
        async with db.business(business) as tx:
            ids = sorted(await matching.all_settled(tx))
        began = time.perf_counter()
        for start in range(0, len(ids), GROUP):
            async with db.business(business) as tx:
                await computing.recompute(tx, ids[start : start + GROUP])
        took = time.perf_counter() - began
        async with db.business(business) as tx:
            row = await tx.one("SELECT count(*) FROM credits")
        return len(ids), took, row[0] if row else 0


def _alone(visits: int) -> float:
    """Seconds of the rules for as many visits with three touches each."""
    day = 86_400_000_000
    batch = rules_bulk.Batch(
        booked_us=[(100 + v) * day for v in range(visits)],
        revenue_minor=[3_500 + v * 37 % 9_000 for v in range(visits)],
        touch_counts=[3] * visits,
        touched_us=[(100 + v) * day - (3 - k) * 2 * day for v in range(visits) for k in range(3)],
        is_direct=[(v + k) % 4 == 0 for v in range(visits) for k in range(3)],
        origin=[(f"channel {k}", f"campaign {v % 40}") for v in range(visits) for k in range(3)],
    )
    began = time.perf_counter()
    rules_bulk.credit(batch, timedelta(days=90))
    return time.perf_counter() - began


def main() -> None:
    given = grounds.parser(__doc__).parse_args()
    n = given.rows or (2_000 if given.small else 100_000)
    with grounds.database(given) as url:
        business = asyncio.run(_founded(url)).id
        # Five of six appointments are paid visits.
        rows = pages_shop.fill(url, business, n * 6 // 5)
        visits, took, credits = asyncio.run(_recomputed(url, business))
        where = grounds.machine(url)
    alone = _alone(visits)
    figures = {
        "visits": visits, "touches": rows["touches"], "credits": credits, "visits/s": visits / took,
        "rules alone visits/s": visits / alone, "recompute / rules alone": alone / took,
    }  # fmt: skip
    lines = [
        f"{visits:,} visits, {rows['touches']:,} touches, {credits:,} credits; {where}", "",
        f"recompute     {visits / took:12,.0f} visits/s   {took:8.2f} s",
        f"rules alone   {visits / alone:12,.0f} visits/s   {alone:8.2f} s",
        f"recompute / rules alone   {alone / took:.3f}",
    ]  # fmt: skip
    grounds.tell(given, figures, lines)


if __name__ == "__main__":
    main()
