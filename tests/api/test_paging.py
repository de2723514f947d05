"""Lists in pages: everything once, in order, and no cursor breaks anything."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.api import toys
from tests.small_site import small_site

from bookingbridge.api.paging import Paging, decode, encode
from bookingbridge.canonical.errors import Refused

names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)
keys = st.tuples(
    names,
    st.integers(-(2**60), 2**60),
    st.uuids(),
    st.datetimes(datetime(1990, 1, 1), datetime(2099, 1, 1)).map(lambda at: at.replace(tzinfo=UTC)),  # noqa: DTZ001
    st.dates(),
    st.booleans(),
)


@given(keys)
def test_a_cursor_gives_back_the_key_it_was_made_of(key: tuple[Any, ...]) -> None:
    cursor = encode(*key)
    assert decode(cursor, str, int, UUID, datetime, date, bool) == key
    assert cursor.replace("-", "").replace("_", "").isalnum()


@given(st.text(max_size=60))
def test_anything_else_is_refused_and_breaks_nothing(cursor: str) -> None:
    try:
        values = decode(cursor, str, int)
    except Refused as refusal:
        code = refusal.code
    else:
        code = ""
        assert [type(value) for value in values] == [str, int]
    assert code in ("", "invalid_cursor")


def test_a_cursor_of_another_list_is_refused() -> None:
    for cursor in (encode("a"), encode(1, "a"), encode("a", 1, 2), encode("a\x00", 1), encode(None, 1), ""):
        with pytest.raises(Refused) as refusal:
            decode(cursor, str, int)
        assert refusal.value.code == "invalid_cursor"


@given(st.lists(st.tuples(names, st.integers()), unique=True, max_size=40), st.integers(1, 12))
def test_pages_of_a_short_list_hold_everything_once_in_order(rows: list[tuple[str, int]], limit: int) -> None:
    got: list[tuple[str, int]] = []
    cursor, pages = None, 0
    while True:
        page = Paging(limit, cursor).through(rows, lambda row: row, str, int)
        got += page.items
        pages += 1
        assert len(page.items) <= limit
        if page.next is None:
            break
        cursor = page.next
    assert got == rows
    assert pages == max(1, -(-len(rows) // limit))


def test_a_client_that_follows_next_sees_every_item_once(database_url: str) -> None:
    with small_site(database_url, routers=(toys.router,)) as site, site.client(key=site.owner().key()) as http:
        seen: list[str] = []
        query: dict[str, str | int] = {"limit": 25}
        sizes = []
        while True:
            page = http.get("/api/v1/toys", params=query).json()
            assert set(page) == {"items", "next"}
            seen += [item["name"] for item in page["items"]]
            sizes.append(len(page["items"]))
            if page["next"] is None:
                break
            query["cursor"] = page["next"]
        assert seen == [f"toy {i:03}" for i in range(103)]
        assert sizes == [25, 25, 25, 25, 3]
        assert http.get("/api/v1/toys?cursor=invented").json()["code"] == "invalid_cursor"
