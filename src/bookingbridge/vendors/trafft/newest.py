"""Searching a list whose order is not documented: from both its ends inwards, so that what is new comes early."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ports import Json
from bookingbridge.vendorkit.paging import MOST_PAGES
from bookingbridge.vendors.trafft.api import Listed


async def from_both_ends(ask: Callable[[int], Awaitable[Listed]], *, most: int = MOST_PAGES) -> AsyncIterator[Json]:
    """The rows of page 1, the last, 2, the last but one, and so on; of `most` pages at most.

    Where Trafft does not say how many pages there are, forward only. Unreadable where pages repeat.
    """
    first = await ask(1)
    for row in first.rows:
        yield row
    forward = list(range(1, most + 1 if first.rows else 2))
    order = forward if first.pages is None else inwards(min(first.pages, MOST_PAGES))
    before = first.rows
    for number in order[1:most]:
        listed = await ask(number)
        if listed.rows and listed.rows == before:
            raise Unreadable("Trafft gives the same page of a list again and again", where="page")
        for row in listed.rows:
            yield row
        if first.pages is None and not listed.rows:
            return
        before = listed.rows


def inwards(pages: int) -> list[int]:
    """1, last, 2, last but one …: each of 1..pages once, and page 1 also where there is none."""
    order = [1]
    for low in range(1, pages // 2 + 1):
        order += [pages - low + 1, low + 1]
    return order[: max(1, pages)]
