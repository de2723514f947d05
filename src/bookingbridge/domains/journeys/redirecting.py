"""Where a short link leads: its target, with the tags, what the click brought along, and the visitor's token. Pure."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from bookingbridge.domains.journeys.offline import tags_of
from bookingbridge.domains.journeys.store.links import ShortLink

TOKEN_PARAMETER = "bb"  # noqa: S105 - the name of a parameter
_MOST_BROUGHT = 20
_LONGEST_BROUGHT = 2_000


def onward(link: ShortLink, token: str | None, query: str = "") -> str:
    """The address to send the visitor on to, in ASCII. `query` is that of the short address, where platforms add ids.

    The target's own parameters stay as they are written; of the rest the tags count before what was brought along.
    """
    split = urlsplit(link.target_url)
    taken = {name for name, _ in parse_qsl(split.query, keep_blank_values=True)}
    added: dict[str, str] = {}
    for name, value in [(f"utm_{tag}", value) for tag, value in tags_of(link).items()] + _brought(query):
        if name not in taken:
            added.setdefault(name, value)
    if token:
        added[TOKEN_PARAMETER] = token
    parts = [part for part in (split.query, urlencode(added)) if part]
    return urlunsplit(split._replace(query="&".join(parts)))


def _brought(query: str) -> list[tuple[str, str]]:
    if not query or len(query) > _LONGEST_BROUGHT:
        return []
    found = parse_qsl(query, errors="replace")
    return [(name, value) for name, value in found[:_MOST_BROUGHT] if name.lower() != TOKEN_PARAMETER]
