"""What can be read off a booking without asking anybody."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"bb_[a-z2-7]{20}")


def token_in(note: str) -> str | None:
    """The attribution token that our script put into the note; its checksum is for the reader to check."""
    found = _TOKEN.search(note)
    return found.group() if found else None
