"""What earlier mails told of the appointments still to come, kept in the cursor: so a moved one stays the same.

A cancellation names neither price nor the moment of booking, a second move names only the time after the first. With
this memory each mail is read together with what is known; past appointments are forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Unreadable
from bookingbridge.vendors.booksy import mails, read_mail
from bookingbridge.vendors.booksy.mails import Told
from bookingbridge.vendors.booksy.wire import Known

MOST = 3000
"""Appointments remembered at once: more than any shop has ahead of it."""
_AFTER = timedelta(days=2)
"""How long after its time an appointment may still be moved or cancelled by a late mail."""


@dataclass(slots=True)
class _Entry:
    whose: str
    starts_at: datetime
    known: Known
    is_gone: bool


class Memory:
    """The appointments ahead, each under its client's name and present time."""

    def __init__(self, stored: Any = None) -> None:
        self._entries: list[_Entry] = []
        for row in stored if isinstance(stored, list) else []:
            try:
                whose, starts_at, known, is_gone = row
                entry = _Entry(str(whose), times.rfc3339(starts_at), msgspec.convert(known, Known), bool(is_gone))
            except (ValueError, TypeError, msgspec.ValidationError, Unreadable):
                continue  # written by another version: the mail is then read as if it were the first
            self._entries.append(entry)

    def stored(self) -> list[Any]:
        """As JSON, for the cursor."""
        return [
            [e.whose, times.text(e.starts_at), {k: v for k, v in msgspec.to_builtins(e.known).items() if v is not None},
             e.is_gone]
            for e in self._entries
        ]  # fmt: skip

    def place(self, told: Told, sent_at: datetime) -> Known | None:
        """What was known of the appointment before this mail, which is then remembered too.

        None where a move does not say from when and no one appointment of that client can be meant.
        """
        entry = self._find(told)
        if entry is None and told.what == mails.MOVED and told.was_at is None and not told.number:
            return None
        if entry is None or (entry.is_gone and told.what == mails.NEW):
            before = self._begun(told, sent_at, entry)
        else:
            before = entry.known
        if entry is not None:
            self._entries.remove(entry)
        after = read_mail.learned(before, told)
        self._entries.append(_Entry(_whose(told), told.starts_at, after, told.what == mails.CANCELLED))
        self._forget(sent_at)
        return before

    def _find(self, told: Told) -> _Entry | None:
        if told.number:
            return next((e for e in self._entries if e.known.id == f"booksy:{told.number}"), None)
        mine = [e for e in self._entries if e.whose == _whose(told)]
        if told.what == mails.MOVED and told.was_at is None:
            ahead = [e for e in mine if not e.is_gone]
            return ahead[0] if len(ahead) == 1 else None
        at = told.was_at or told.starts_at
        found = next((e for e in mine if e.starts_at == at), None)
        if found is None and told.what == mails.MOVED:
            # The same mail again, or one that arrived after the news of a later state.
            found = next((e for e in mine if e.starts_at == told.starts_at), None)
        return found

    def _begun(self, told: Told, sent_at: datetime, former: _Entry | None) -> Known:
        """A first known one, under an id that no other appointment has: another may have been moved away from there."""
        first = read_mail.first_known(told, sent_at)
        taken = {e.known.id for e in self._entries if e is not former}
        number, own = 1, first.id
        while own in taken:
            number += 1
            own = f"{first.id}:{number}"
        return first if own == first.id else msgspec.structs.replace(first, id=own)

    def _forget(self, now: datetime) -> None:
        self._entries = [e for e in self._entries if e.starts_at > now - _AFTER]
        if len(self._entries) > MOST:
            self._entries = sorted(self._entries, key=lambda e: e.starts_at)[-MOST:]


def _whose(told: Told) -> str:
    return " ".join(told.name.casefold().split())
