"""Broken payloads, made systematically: every part of a real one is taken away or replaced by something nasty."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import fields
from datetime import date, datetime, timedelta
from typing import Any

from bookingbridge.canonical.ports import Json
from bookingbridge.canonical.records import Record

NASTY: tuple[Any, ...] = (
    None, "", "\x00", "\U0001f487\u200d\u2640\ufe0f", "x" * 5000, "null", -1, 0, 2**63, 10**30, 1.5,
    1e308, True, [], [None], {}, {"": None}, "0001-01-01T00:00:00Z", "9999-12-31T23:59:60Z", "2026-11-20",
    "2026-11-20T12:00:00", "-5", "1e9",
)  # fmt: skip

_Path = tuple[str | int, ...]


def broken(payload: Json) -> Iterator[Json]:
    """Payloads that differ from `payload` in one place: replaced by each of NASTY, or missing."""
    yield {}
    for path in _paths(payload):
        for nasty in NASTY:
            yield _with(payload, path, nasty)
        yield _without(payload, path)


def complaints(record: Record) -> list[str]:
    """What is wrong with a record by its form alone: naive times, text that cannot be stored, loose containers."""
    found: list[str] = []
    for spec in fields(record):
        value = getattr(record, spec.name)
        if isinstance(value, datetime) and value.utcoffset() != timedelta(0):
            found.append(f"{spec.name} is not in UTC")
        if isinstance(value, str) and ("\x00" in value or any("\ud800" <= c <= "\udfff" for c in value)):
            found.append(f"{spec.name} holds a character no database stores")
        if isinstance(value, dict | list | float) or (isinstance(value, date) and spec.name.endswith("_at") and not
                                                      isinstance(value, datetime)):  # fmt: skip
            found.append(f"{spec.name} is a {type(value).__name__}")
    if not record.remote_id or not isinstance(record.remote_id, str):
        found.append("no remote id")
    if isinstance(record.version, int) and not -(2**63) <= record.version < 2**63:
        found.append("version beyond 64 bits")
    return found


def _paths(value: Any, at: _Path = ()) -> Iterator[_Path]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*at, key)
            yield from _paths(inner, (*at, key))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield (*at, i)
            yield from _paths(inner, (*at, i))


def _with(payload: Json, path: _Path, value: Any) -> Json:
    changed = copy.deepcopy(payload)
    inner: Any = changed
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = copy.deepcopy(value)
    return changed


def _without(payload: Json, path: _Path) -> Json:
    changed = copy.deepcopy(payload)
    inner: Any = changed
    for step in path[:-1]:
        inner = inner[step]
    del inner[path[-1]]
    return changed
