"""Bodies with events, decoded: whole where all is well, event by event where one is not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import msgspec

from bookingbridge.domains.journeys.api import Event

_WHY_NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class _Told(Event):
    """An event as the script sends it: its id is decoded as what it is."""

    id: UUID | None = None


class Touchpoint(Event):
    """An event whose id is any text; a UUID means the same here as there."""

    id: str | None = None


class _Beacon(msgspec.Struct):
    site: str | None = None
    events: list[_Told] | msgspec.UnsetType = msgspec.UNSET


class _Outline(msgspec.Struct):
    site: str | None = None
    events: list[msgspec.Raw] | msgspec.UnsetType = msgspec.UNSET


_beacon = msgspec.json.Decoder(_Beacon)
_outline = msgspec.json.Decoder(_Outline)
_list = msgspec.json.Decoder(list[msgspec.Raw])
_told = msgspec.json.Decoder(_Told)
_told_freely = msgspec.json.Decoder(Touchpoint)


class NotJson(Exception):
    """The body is not JSON at all, or not an object or list."""


class Parcel(NamedTuple):
    """What was sent: the site's key, if any, and its events in order; why at the place of those of a wrong shape."""

    site: str | None
    events: Sequence[Event | str]


def parcel(body: bytes) -> Parcel:
    """The events of `{"site", "events": [...]}`, of a list of events, or of one event. Raises NotJson."""
    try:
        if body.startswith(b"{"):
            beacon = _beacon.decode(body)
            if beacon.events is not msgspec.UNSET:
                return Parcel(beacon.site, beacon.events)
    except msgspec.ValidationError:
        pass
    except _WHY_NOT_JSON:
        body = _HALF_A_CHARACTER.sub(rb"\\ufffd", body)
    return _piece_by_piece(body)


# JSON.stringify writes half of a surrogate pair as it is (ECMAScript, QuoteJSONString); no decoder takes it.
_HALF_A_CHARACTER = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)


def _piece_by_piece(body: bytes) -> Parcel:
    try:
        if body.lstrip()[:1] == b"[":
            return Parcel(None, [_one(raw) for raw in _list.decode(body)])
        outline = _outline.decode(body)
        if outline.events is msgspec.UNSET:
            return Parcel(outline.site, [_one(body)])
        return Parcel(outline.site, [_one(raw) for raw in outline.events])
    except _WHY_NOT_JSON as why:
        raise NotJson(str(why)) from why


def _one(raw: msgspec.Raw | bytes) -> Event | str:
    try:
        return _told.decode(raw)
    except msgspec.ValidationError:
        pass
    try:
        return _told_freely.decode(raw)
    except msgspec.ValidationError as why:
        return str(why)
