"""Booksy's mails in the owner's mailbox: read once each, in the order they arrived, and never changed.

Only mails whose sender is Booksy are asked for; what else is in the mailbox is not downloaded.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

import msgspec
import structlog

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Refused, Throttled, Unreachable, Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Given, Json, Page, RawRecord, Reach
from bookingbridge.vendorkit import mail_imap, mail_message
from bookingbridge.vendorkit.mail_imap import Fetched, Mailbox, Opened
from bookingbridge.vendorkit.mail_message import Mail
from bookingbridge.vendors.booksy import mails, options, read_mail
from bookingbridge.vendors.booksy.memory import Memory
from bookingbridge.vendors.booksy.wire import Known, MailPayload

_AT_ONCE = 25
"""Mails fetched and stored together."""
_PAUSES = (0.1, 0.6)
"""Seconds before the second and the third try; after that the run waits."""

T = TypeVar("T")

log = structlog.get_logger("vendors.booksy")


class MailReader:
    """Reads one mailbox. A line is opened for each piece of work and closed after it."""

    def __init__(self, given: Given) -> None:
        self._dial = given.http.dial
        self._user = given.tokens.access
        self._password = given.tokens.extra.get("password", "")
        self._host, self._port = _place(given.tokens.extra.get("host", ""))
        self._options = options.of(given)

    async def recent(self, now: datetime) -> int:
        """How many of Booksy's mails of the last 90 days are there. The errors of vendorkit.mail_imap."""

        async def count(box: Mailbox) -> int:
            await box.examine(self._options.folder)
            since = (now - timedelta(days=90)).date()
            return len(await box.search(after=0, senders=self._options.senders, since=since))

        return await self._with_box(count)

    async def pages(self, cursor: Json | None, reach: Reach) -> AsyncIterator[Page]:
        """All mails after the cursor, a few at a time. A mailbox that was renumbered is read from the beginning."""
        opened, uids, stored = await self._ahead(cursor, reach)
        memory = Memory(stored.get("memory"))
        last = int(stored.get("uid", 0))
        for at in range(0, len(uids), _AT_ONCE):
            some = uids[at : at + _AT_ONCE]
            records = [r for f in await self._fetch(opened, some) if (r := self._record(f, opened, memory)) is not None]
            last = some[-1]
            if at + _AT_ONCE < len(uids):
                yield Page(tuple(records), _cursor(opened, last, memory), is_last=False, total=len(uids))
            else:
                yield Page(tuple(records), _cursor(opened, last, memory, at_end=True), is_last=True, total=len(uids))
        if not uids:
            yield Page((), _cursor(opened, last, memory, at_end=True), is_last=True, total=0)

    async def one(self, remote_id: RemoteId) -> list[RawRecord]:
        """The mail of that id; [] where it is not in the mailbox (any more)."""
        message_id = str(remote_id).rpartition("#")[0]
        if not message_id:
            return []

        async def look(box: Mailbox) -> list[RawRecord]:
            opened = await box.examine(self._options.folder)
            found = await box.fetch(await box.find(message_id), largest=mail_message.LARGEST)
            records = [self._record(f, opened, None) for f in found]
            return [r for r in records if r is not None and r.remote_id == remote_id][:1]

        return await self._with_box(look)

    async def _ahead(self, cursor: Json | None, reach: Reach) -> tuple[Opened, list[int], Json]:
        """The mailbox, the ids to be read in order, and what the cursor holds that still counts."""
        if not self._options.zone:
            raise Refused("set the shop's time zone first: Booksy's mails name none", code="no_time_zone")

        async def look(box: Mailbox) -> tuple[Opened, list[int], Json]:
            opened = await box.examine(self._options.folder)
            is_same = cursor is not None and cursor.get("validity") == opened.uid_validity
            stored: Json = dict(cursor) if is_same and cursor else {}
            since: date | None = None if stored else (reach.now - self._options.history).date()
            after = int(stored.get("uid", 0))
            if opened.next_uid and after >= opened.next_uid - 1:
                return opened, [], stored
            return opened, await box.search(after=after, senders=self._options.senders, since=since), stored

        return await self._with_box(look)

    async def _fetch(self, opened: Opened, uids: list[int]) -> list[Fetched]:
        async def get(box: Mailbox) -> list[Fetched]:
            now = await box.examine(self._options.folder)
            if now.uid_validity != opened.uid_validity:
                raise Unreachable("the mailbox was renumbered meanwhile", code="renumbered")
            return await box.fetch(uids, largest=mail_message.LARGEST)

        return await self._with_box(get)

    def _record(self, fetched: Fetched, opened: Opened, memory: Memory | None) -> RawRecord | None:
        """The mail as `read` wants it; None where its sender only looks like Booksy."""
        try:
            mail = mail_message.parse(fetched.raw)
        except Unreadable as broken:
            where = RemoteId(f"{opened.uid_validity}:{fetched.uid}#unreadable")
            return RawRecord("mail", where, {"why": broken.why, "begins": fetched.raw[:500].decode("latin-1")})
        if not mail_message.is_from(mail.sender, self._options.senders):
            return None
        sent_at = mail.sent_at or fetched.received_at
        payload = enveloped(mail, sent_at, self._options, shop=self._user)
        if memory is not None and (known := _remembered(payload, memory)) is not None:
            payload["known"] = known
        return RawRecord("mail", RemoteId(mail.id), payload)

    async def _with_box(self, act: Callable[[Mailbox], Awaitable[T]]) -> T:
        """What `act` finds out on a fresh line; tried again where the server asked for patience."""
        for pause in (*_PAUSES, None):
            try:
                async with await Mailbox.open(self._dial, self._host, self._port, self._user, self._password) as box:
                    found = await act(box)
                    log.debug("mailbox answered", host=self._host)
                    return found
            except (Throttled, Unreachable) as failed:
                log.warning("mailbox did not answer", host=self._host, why=failed.why)
                if pause is None:
                    raise
                await asyncio.sleep(pause)
        raise AssertionError("unreachable: the loop returns or raises")


def enveloped(
    mail: Mail, sent_at: datetime | None, chosen: options.Options, *, shop: str, is_vouched: bool = True
) -> Json:
    """A mail's parts that count, as they are kept and read."""
    return {
        "sender": mail.sender,
        "sender_name": mail.sender_name,
        "reply_to": mail.reply_to,
        "subject": mail.subject,
        "sent_at": times.text(sent_at) if sent_at else "",
        "text": mail.text,
        "proof": mail_message.proof(mail, chosen.senders) if is_vouched else "none",
        "zone": chosen.zone,
        "currency": chosen.currency,
        "shop": shop,
    }


def _remembered(payload: Json, memory: Memory) -> Json | None:
    """What is known of the mail's appointment, as far as both can be understood."""
    try:
        shaped = msgspec.convert(payload, MailPayload)
        if shaped.proof == "failed":
            return None
        said = read_mail.letter(shaped)
        told = mails.understand(said)
    except (Unreadable, msgspec.ValidationError):
        return None
    known: Known | None = memory.place(told, said.sent_at) if told else None
    if known is None:
        return None
    found: dict[str, Any] = msgspec.to_builtins(known)
    return {k: v for k, v in found.items() if v is not None}


def _cursor(opened: Opened, last: int, memory: Memory, *, at_end: bool = False) -> Json:
    # What lies between the last mail of Booksy's and the mailbox's end was looked through as well.
    uid = max(last, opened.next_uid - 1) if at_end else last
    return {"validity": opened.uid_validity, "uid": uid, "memory": memory.stored()}


def _place(pasted: str) -> tuple[str, int]:
    """(host, port) of what was pasted: `imap.example.com`, perhaps with a port."""
    bare = pasted.strip().rpartition("://")[2].strip("/")
    host, colon, port = bare.rpartition(":")
    return (host, int(port)) if colon and port.isdigit() and len(port) < 6 else (bare, mail_imap.PORT)
