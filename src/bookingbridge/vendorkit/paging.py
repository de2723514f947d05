"""A list that never ends is a broken list: cursors are remembered, and a repeated one stops the reading."""

from __future__ import annotations

from bookingbridge.canonical.errors import Unreadable

MOST_PAGES = 20_000
"""Pages of one list in one run. At 100 objects a page that is two million objects."""

MOST_EMPTY = 100
"""Empty pages in a row. Vendors that filter after cutting pages send some; nobody sends that many for long."""


class Trail:
    """The cursors one list has given so far. An empty page with a fresh cursor is normal; a circle is not."""

    def __init__(self, what: str, *, most: int = MOST_PAGES, most_empty: int = MOST_EMPTY) -> None:
        self._what = what
        self._most = most
        self._most_empty = most_empty
        self._empty = 0
        self._seen: set[str] = set()

    def step(self, cursor: str, *, is_empty: bool = False) -> str:
        """The same cursor, now remembered. Unreadable when it came before, or when there were too many.

        `is_empty` says that the page it came with held nothing.
        """
        self._empty = self._empty + 1 if is_empty else 0
        if cursor in self._seen:
            raise Unreadable(f"the list of {self._what} goes in a circle", where="cursor", code="cursor_repeats")
        if len(self._seen) >= self._most or self._empty >= self._most_empty:
            raise Unreadable(f"the list of {self._what} does not end", where="cursor", code="list_endless")
        self._seen.add(cursor)
        return cursor
