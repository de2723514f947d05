"""JSON for rows: times, ids, money and frozen dataclasses included; the same bytes for the same value."""

from __future__ import annotations

from typing import Any

import msgspec

_encoder = msgspec.json.Encoder(order="deterministic", decimal_format="string")


def dumps(value: Any) -> bytes:
    """Compact JSON with sorted keys."""
    return _encoder.encode(value)


def plain(value: Any) -> Any:
    """The value made of dicts, lists, texts and numbers only."""
    return msgspec.to_builtins(value)
