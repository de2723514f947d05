"""Before few things count as gone, each is asked for: it may have moved past the sweep while that went on.

An appointment put from a window that was still to be read into one that was read already is in neither.
"""

from __future__ import annotations

from dataclasses import replace

from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Client, Page
from bookingbridge.sync import vanishing
from bookingbridge.sync.store import sightings
from bookingbridge.sync.storing import Course


async def look_again(course: Course, client: Client, page: Page) -> Page:
    """The page, and with it as they are now those few things that its sweep missed although they are there.

    A mass of missing things is not asked for: it is withheld anyway until somebody agrees.
    """
    swept = page.swept
    if swept is None or swept.is_sure or course.exact_from is None or swept.since < course.exact_from:
        return page
    async with course.engine.db.business(course.connection.business_id) as tx:
        unseen = await sightings.unseen(tx, course.connection.id, swept.kind, swept.since, swept.starts)
    here = {raw.remote_id for raw in page.records}
    missing = [RemoteId(base["remote_id"]) for base in unseen if base["remote_id"] not in here]
    if len(missing) > vanishing.MASS:
        return page
    found = [raw for remote_id in missing for raw in await client.fetch(swept.kind, remote_id)]
    return replace(page, records=(*page.records, *found))
