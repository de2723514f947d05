"""Stripe's way of writing nested values into a form or a query: `line_items[0][price_data][currency]=usd`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def flat(fields: Mapping[str, Any]) -> dict[str, str]:
    """The fields as plain names and texts. None leaves a field out; an empty text unsets it at Stripe."""
    return dict(_pairs("", fields))


def _pairs(at: str, value: Any) -> Iterator[tuple[str, str]]:
    match value:
        case None:
            return
        case Mapping():
            for name, inner in value.items():
                yield from _pairs(f"{at}[{name}]" if at else str(name), inner)
        case list() | tuple():
            for i, inner in enumerate(value):
                yield from _pairs(f"{at}[{i}]", inner)
        case bool():
            yield at, "true" if value else "false"
        case _:
            yield at, str(value)
