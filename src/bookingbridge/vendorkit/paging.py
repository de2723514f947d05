"""A list that never ends is a broken list: cursors are remembered, and a repeated one stops the reading."""

from __future__ import annotations

from bookingbridge.canonical.errors import Unreadable

MOST_PAGES = 20_000
"""Pages of one list in one run. At 100 objects a page that is two million objects."""


class Trail:
    """The cursors one list has given so far. An empty page with a fresh cursor is normal; a circle is not."""

    def __init__(self, what: str, *, most: int = MOST_PAGES) -> None:
        self._what = what
        self._most = most
        self._seen: set[str] = set()

    def step(self, cursor: str) -> str:
        """The same cursor, now remembered. Unreadable when it came before or when there were too many."""
        if cursor in self._seen:
            raise Unreadable(f"the list of {self._what} goes in a circle", where="cursor", code="cursor_repeats")
        if len(self._seen) >= self._most:
            raise Unreadable(f"the list of {self._what} does not end", where="cursor", code="list_endless")
        self._seen.add(cursor)
        return cursor
