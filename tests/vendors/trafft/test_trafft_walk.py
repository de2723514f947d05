"""Walking a list whose pages shift while they are read: no row is lost, and nothing is called gone that is there."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.vendors.trafft.worlds import NOW, ids, rid, small, trafft

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ports import Json, Page, RawRecord, Reach, Swept
from bookingbridge.vendors.trafft.api import Listed, id_of
from bookingbridge.vendors.trafft.walk import ROUNDS, walk

LIMIT = 3


class Shelf:
    """A list in pages of three, changed after every page shown as the plan says: (position, row put there or None)."""

    def __init__(self, rows: Sequence[int], plan: Sequence[tuple[int, bool]] = ()) -> None:
        self.rows = list(rows)
        self.plan = list(plan)
        self.throughout = set(rows)
        self.asked = 0
        self.total_is_off_by = 0

    async def ask(self, page: int) -> Listed:
        self.asked += 1
        shown = self.rows[(page - 1) * LIMIT : page * LIMIT]
        total = len(self.rows)
        if self.plan:
            self._change(*self.plan.pop(0))
        return Listed([{"id": one} for one in shown], page, total + self.total_is_off_by, -(-total // LIMIT))

    def _change(self, position: int, is_added: bool) -> None:
        if is_added:
            self.rows.insert(position % (len(self.rows) + 1), 1000 + self.asked)
        elif self.rows:
            self.throughout.discard(self.rows.pop(position % len(self.rows)))


def raw(row: Json) -> list[RawRecord]:
    return [RawRecord("client", id_of(row), row)]


def walked(shelf: Any, cursor: Json | None = None, *, later: float = 0) -> list[Page]:
    async def go() -> list[Page]:
        reach = Reach(is_full=True, now=NOW + timedelta(hours=later))
        return [page async for page in walk(shelf.ask, cursor, reach, kind="client", raw=raw)]

    return asyncio.run(go())


def seen(pages: list[Page]) -> set[int]:
    return {int(one) for one in ids(pages)}


def test_a_list_of_one_page_is_one_request_and_all_of_it() -> None:
    shelf = Shelf([1, 2])
    (page,) = walked(shelf)
    assert (page.is_last, page.total, page.swept) == (True, 2, Swept("client", NOW, is_sure=True))
    assert shelf.asked == 1


def test_a_list_of_several_pages_is_read_twice_and_given_once() -> None:
    shelf = Shelf(range(8))
    pages = walked(shelf)
    assert shelf.asked == 6
    assert [int(one) for one in ids(pages)] == list(range(8))
    assert [page.swept for page in pages] == [None] * 5 + [Swept("client", NOW, is_sure=True)]


def test_a_row_pulled_over_the_edge_by_a_deletion_is_not_lost() -> None:
    shelf = Shelf(range(8), [(0, False)])  # row 3 moves to page 1 while page 2 is on its way
    pages = walked(shelf)
    assert seen(pages) >= set(range(8))
    assert pages[-1].swept


def test_a_deletion_and_an_addition_that_leave_the_total_alone_are_noticed() -> None:
    shelf = Shelf(range(9), [(0, False), (8, True)])
    pages = walked(shelf)
    assert shelf.throughout <= seen(pages)
    assert pages[-1].swept


def test_a_list_that_never_stands_still_ends_with_nothing_called_gone() -> None:
    shelf = Shelf(range(9), [(0, n % 2 == 1) for n in range(200)])
    pages = walked(shelf)
    assert pages[-1].is_last
    assert pages[-1].swept is None
    assert shelf.asked <= ROUNDS * 5


@settings(max_examples=150)
@given(
    st.integers(0, 12),
    st.lists(st.tuples(st.integers(0, 12), st.booleans()), max_size=12),
    st.integers(0, 8),
)
def test_when_it_says_swept_no_row_that_was_there_throughout_is_missing(
    count: int, plan: list[tuple[int, bool]], stops_after: int
) -> None:
    shelf = Shelf(range(count), plan)
    pages = walked(shelf)
    if pages[-1].swept:
        assert shelf.throughout <= seen(pages)
    fresh = Shelf(range(count), plan)
    first = walked_until(fresh, stops_after)
    rest = walked(fresh, json.loads(json.dumps(first[-1].cursor)), later=0.5) if first else walked(fresh)
    if rest[-1].swept:
        assert fresh.throughout <= seen(first) | seen(rest)


def walked_until(shelf: Shelf, stops_after: int) -> list[Page]:
    """The pages up to where a worker died; none where it died before the first was stored."""

    async def go() -> list[Page]:
        found: list[Page] = []
        async for page in walk(shelf.ask, None, Reach(is_full=True, now=NOW), kind="client", raw=raw):
            if len(found) == stops_after:
                break
            found.append(page)
        return found

    return asyncio.run(go())


def test_a_walk_goes_on_with_the_start_it_had() -> None:
    shelf = Shelf(range(8))
    first = walked_until(shelf, 2)
    rest = walked(shelf, first[-1].cursor, later=1)
    assert rest[-1].swept == Swept("client", NOW, is_sure=True)


def test_a_walk_broken_off_long_ago_is_begun_anew() -> None:
    shelf = Shelf(range(8))
    first = walked_until(shelf, 2)
    rest = walked(shelf, first[-1].cursor, later=7)
    assert rest[-1].swept == Swept("client", NOW + timedelta(hours=7), is_sure=True)
    assert seen(rest) == set(range(8))


@pytest.mark.parametrize("cursor", [{"round": "x"}, {"marks": 5}, {"started": "never"}, {"unknown": 1}, {}])
def test_a_cursor_of_another_version_begins_a_walk(cursor: Json) -> None:
    assert seen(walked(Shelf(range(8)), cursor)) == set(range(8))


def test_a_total_that_counts_what_is_not_shown_calls_nothing_gone() -> None:
    shelf = Shelf(range(8))
    shelf.total_is_off_by = 2
    pages = walked(shelf)
    assert seen(pages) == set(range(8))
    assert pages[-1].swept is None
    assert shelf.asked == 6


def test_a_list_that_counts_rows_and_shows_none_is_unreadable() -> None:
    shelf = Shelf([])
    shelf.total_is_off_by = 2
    with pytest.raises(Unreadable):
        walked(shelf)


def test_all_gone_at_once_is_believed_the_second_time() -> None:
    shelf = Shelf(range(4))
    first = walked(shelf)
    shelf.rows.clear()
    second = walked(shelf, first[-1].cursor)
    assert second[-1].swept is None
    third = walked(shelf, second[-1].cursor, later=1)
    assert third[-1].swept == Swept("client", NOW + timedelta(hours=1), is_sure=True)


def test_a_list_that_ignores_the_page_s_number_is_unreadable() -> None:
    class Stuck:
        async def ask(self, page: int) -> Listed:
            return Listed([{"id": 1}, {"id": 2}], page, 6, 3)

    with pytest.raises(Unreadable):
        walked(Stuck())


def test_without_any_count_the_list_ends_at_an_empty_page() -> None:
    class Silent(Shelf):
        async def ask(self, page: int) -> Listed:
            listed = await super().ask(page)
            return Listed(listed.rows, page, None, None)

    pages = walked(Silent(range(7)))
    assert seen(pages) == set(range(7))
    assert pages[-1].swept


def test_what_changed_between_the_rounds_is_given_as_it_now_is() -> None:
    class Changing(Shelf):
        async def ask(self, page: int) -> Listed:
            listed = await super().ask(page)
            rows = [row | {"name": "new" if self.asked > 3 and row["id"] == 4 else "old"} for row in listed.rows]
            return Listed(rows, page, listed.total, listed.pages)

    pages = walked(Changing(range(8)))
    assert [raw.payload["name"] for page in pages for raw in page.records if raw.remote_id == "4"] == ["old", "new"]
    assert pages[-1].swept


def test_over_http_a_deletion_between_two_pages_loses_nobody() -> None:
    with trafft() as there:
        before = {str(row["id"]) for row in there.listed("customers")}
        there.tell("drift", list="customers", after_page=1, remove=[3000, 3001])
        pages = there.pages("customers")
        assert {str(one) for one in ids(pages)} == before
        again = there.pages("customers", pages[-1].cursor)
        assert {str(one) for one in ids(again)} == before - {"3000", "3001"}
        assert again[-1].swept == Swept("client", NOW, is_sure=True)


def test_over_http_bookings_made_meanwhile_push_no_other_out_of_sight() -> None:
    with trafft(small(is_newest_first=True)) as there:
        before = {f"{one['id']}" for row in there.listed("appointments") for one in row["bookings"]}
        late = {
            "id": 9000, "service": 21, "employees": [11], "start": "2027-01-05T10:00:00Z",
            "bookings": [{"id": 9900, "customer": 3001}],
        }  # fmt: skip
        there.tell("drift", list="appointments", after_page=2, add=[late], remove=[4100])
        pages = there.pages("appointments")
        assert {str(one) for one in ids(pages)} >= before | {"9900"}
        assert pages[-1].swept == Swept("booking", NOW, is_sure=True)


def test_a_vendor_with_smaller_pages_than_asked_for_is_read_whole() -> None:
    with trafft(small(most=20)) as there:
        assert len(set(ids(there.pages("appointments")))) == 252
        assert rid(5000) in ids(there.pages("appointments"))
