"""Bodies with events, decoded: whole where all is well, event by event where one is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from bookingbridge.domains.journeys.api import Event

_WHY_NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class _Beacon(msgspec.Struct):
    site: str | None = None
    events: list[Event] | msgspec.UnsetType = msgspec.UNSET


class _Outline(msgspec.Struct):
    site: str | None = None
    events: list[msgspec.Raw] | msgspec.UnsetType = msgspec.UNSET


_beacon = msgspec.json.Decoder(_Beacon)
_outline = msgspec.json.Decoder(_Outline)
_event = msgspec.json.Decoder(Event)
_events = msgspec.json.Decoder(list[Event])
_raws = msgspec.json.Decoder(list[msgspec.Raw])


class NotJson(Exception):
    """The body is not JSON at all, or not an object or list."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """What was sent: the site's key, if any, and its events in order; why at the place of those of a wrong shape."""

    site: str | None
    events: Sequence[Event | str]


def parcel(body: bytes) -> Parcel:
    """The events of `{"site", "events": [...]}`, of a list of events, or of one event. Raises NotJson."""
    try:
        return _whole(body)
    except msgspec.ValidationError:
        return _piece_by_piece(body)
    except _WHY_NOT_JSON as why:
        raise NotJson(str(why)) from why


def _whole(body: bytes) -> Parcel:
    if body[:16].lstrip()[:1] == b"[":
        return Parcel(None, _events.decode(body))
    beacon = _beacon.decode(body)
    if beacon.events is msgspec.UNSET:
        return Parcel(beacon.site, [_event.decode(body)])
    return Parcel(beacon.site, beacon.events)


def _piece_by_piece(body: bytes) -> Parcel:
    try:
        if body[:16].lstrip()[:1] == b"[":
            return Parcel(None, [_one(raw) for raw in _raws.decode(body)])
        outline = _outline.decode(body)
        if outline.events is msgspec.UNSET:
            return Parcel(outline.site, [_one(body)])
        return Parcel(outline.site, [_one(raw) for raw in outline.events])
    except _WHY_NOT_JSON as why:
        raise NotJson(str(why)) from why


def _one(raw: msgspec.Raw | bytes) -> Event | str:
    try:
        return _event.decode(raw)
    except msgspec.ValidationError as why:
        return str(why)
