"""What can be read off a booking without asking anybody."""

from __future__ import annotations

from bookingbridge.canonical.tokens import find_token


def token_in(note: str) -> str | None:
    """The attribution token that our script put into the note; what only looks like one is none."""
    return find_token(note)
