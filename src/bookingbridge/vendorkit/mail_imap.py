"""A mailbox read over IMAP: over a line that was guarded and checked, read only, every wait and every size bounded.

Written here rather than wrapped around `imaplib`: that looks the name up by itself and connects to what it finds, reads
literals of any announced size into memory, and blocks a thread that cannot be told to stop. Of IMAP only six commands
are needed (RFC 3501): LOGIN, EXAMINE (which opens without the right to change anything), UID SEARCH, UID FETCH, LOGOUT.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from base64 import b64encode
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from types import TracebackType
from typing import Self

from bookingbridge.canonical.errors import (
    AuthExpired,
    BridgeError,
    Rejected,
    Throttled,
    Unreachable,
    Unreadable,
)

PORT = 993
"""TLS from the first byte (RFC 8314); STARTTLS on 143 can be stripped on the way and is not spoken."""
MOST_ANSWERS = 100_000

Dial = Callable[[str, int], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]
_LITERAL = re.compile(rb"\{(\d{1,10})\}$")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Opened:
    """A mailbox as it was opened. `next_uid` is greater than every id in it; 0 where the server does not say."""

    uid_validity: int
    next_uid: int
    exists: int


@dataclass(frozen=True, slots=True)
class Fetched:
    """A mail with its id in the mailbox; `raw` may end early where the mail is longer than was asked for."""

    uid: int
    received_at: datetime | None
    raw: bytes


class Mailbox:
    """One signed-in conversation. Use it as an async context manager: `async with await Mailbox.open(...) as box`.

    Raises AuthExpired where the server does not take the password, Throttled and Unreachable where it wants patience,
    Rejected where it refuses for good, Unreadable where it does not speak IMAP, Refused for hosts we do not talk to.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, seconds: float) -> None:
        self._reader = reader
        self._writer = writer
        self._seconds = seconds
        self._tags = 0

    @classmethod
    async def open(
        cls, dial: Dial, host: str, port: int, user: str, password: str, *, seconds: float = 20.0
    ) -> Mailbox:  # fmt: skip
        """Connected, greeted and signed in. `dial` gives a line to a place it has checked, over TLS."""
        reader, writer = await dial(host, port)
        box = cls(reader, writer, seconds=seconds)
        try:
            await box._greeted()
            await box._login(user, password)
        except BaseException:
            await box.close()
            raise
        return box

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """The connection is closed; goodbye is said but not waited for."""
        with suppress(OSError, RuntimeError):
            self._writer.write(b"Z0 LOGOUT\r\n")
            self._writer.close()
        with suppress(OSError, ssl.SSLError, TimeoutError):
            async with asyncio.timeout(2.0):
                await self._writer.wait_closed()

    async def examine(self, mailbox: str) -> Opened:
        """The mailbox is open for reading. Rejected where there is no such."""
        validity = next_uid = exists = 0
        for answer in await self._ask(b"EXAMINE " + _quoted(_folder(mailbox))):
            line = answer[0]
            if found := re.search(rb"\[UIDVALIDITY (\d{1,10})\]", line):
                validity = int(found[1])
            elif found := re.search(rb"\[UIDNEXT (\d{1,10})\]", line):
                next_uid = int(found[1])
            elif found := re.fullmatch(rb"\* (\d{1,10}) EXISTS", line):
                exists = int(found[1])
        if not validity:
            raise Unreadable("the mail server gives no UIDVALIDITY, without which nothing can be read once")
        return Opened(validity, next_uid, exists)

    async def search(self, *, after: int, senders: Sequence[str], since: date | None = None) -> list[int]:
        """Ids greater than `after` of mails from any of the senders (parts of addresses), in order."""
        criteria = [b"UID %d:*" % (after + 1), _any_sender(senders)]
        if since is not None:
            criteria.append(b"SINCE %d-%s-%d" % (since.day, _MONTHS[since.month - 1].encode(), since.year))
        return await self._search(b" ".join(criteria), after)

    async def find(self, message_id: str) -> list[int]:
        """Ids of mails with this Message-ID, in order."""
        return await self._search(b"HEADER Message-ID " + _quoted(message_id), 0)

    async def _search(self, criteria: bytes, after: int) -> list[int]:
        found: set[int] = set()
        for answer in await self._ask(b"UID SEARCH " + criteria):
            words = answer[0].split()
            if words[:2] == [b"*", b"SEARCH"]:
                found.update(int(word) for word in words[2:] if word.isdigit() and len(word) <= 10)
        # A range that ends in * always holds the last mail, also where that is older (RFC 3501, section 6.4.8).
        return sorted(uid for uid in found if uid > after)

    async def fetch(self, uids: Sequence[int], *, largest: int) -> list[Fetched]:
        """The mails as they are, at most `largest` bytes of each, left unread; those that are gone are left out."""
        if not uids:
            return []
        wanted = b",".join(b"%d" % uid for uid in uids)
        command = b"UID FETCH %s (UID INTERNALDATE BODY.PEEK[]<0.%d>)" % (wanted, largest)
        found: dict[int, Fetched] = {}
        for answer in await self._ask(command, largest=largest):
            fetched = _fetched(answer)
            if fetched is not None and fetched.uid in uids:
                found[fetched.uid] = fetched
        return [found[uid] for uid in uids if uid in found]

    async def _greeted(self) -> None:
        answer = await self._answer(0)
        words = answer[0].split(b" ", 2)
        if words[:2] == [b"*", b"BYE"]:
            raise _refusal(answer[0])
        if words[:2] not in ([b"*", b"OK"], [b"*", b"PREAUTH"]):
            raise Unreadable("what answers there is not a mail server")

    async def _login(self, user: str, password: str) -> None:
        for part in (user, password):
            if not part or any(c in "\r\n\x00" for c in part):
                raise Rejected("user and password hold characters that cannot be sent; look at what was pasted")
        try:
            await self._ask(b"LOGIN " + _quoted(user) + b" " + _quoted(password))
        except Rejected as refused:
            raise AuthExpired("the mail server does not accept this user and app password") from refused

    async def _ask(self, command: bytes, *, largest: int = 64 * 1024) -> list[list[bytes]]:
        """The untagged answers to the command, each a line followed by literals and the rest after each."""
        self._tags += 1
        tag = b"A%d" % self._tags
        try:
            self._writer.write(tag + b" " + command + b"\r\n")
            await self._writer.drain()
        except OSError as gone:
            raise _lost(gone) from gone
        answers: list[list[bytes]] = []
        while len(answers) < MOST_ANSWERS:
            answer = await self._answer(largest)
            line = answer[0]
            if line.startswith(tag + b" "):
                if line.split(b" ", 2)[1].upper() == b"OK":
                    return answers
                raise _refusal(line)
            if line.startswith(b"* BYE"):
                raise Unreachable("the mail server hung up", code="no_answer")
            if not line.startswith((b"* ", b"+ ")):
                raise Unreadable("what answers there is not a mail server")
            answers.append(answer)
        raise Unreadable("the mail server's answer does not end")

    async def _answer(self, largest: int) -> list[bytes]:
        """One answer: [line] or [line up to a literal, literal, rest of the line, ...]."""
        parts: list[bytes] = []
        while True:
            line = await self._line()
            literal = _LITERAL.search(line)
            parts.append(line if literal is None else line[: literal.start()])
            if literal is None:
                return parts
            size = int(literal[1])
            if size > largest or len(parts) > 20:
                raise Unreadable(f"the mail server announces {size} bytes, more than was asked for")
            parts.append(await self._timed(self._reader.readexactly(size)))

    async def _line(self) -> bytes:
        line = await self._timed(self._reader.readline())
        if not line.endswith(b"\n"):
            raise Unreachable("the mail server hung up", code="no_answer")
        return line.rstrip(b"\r\n")

    async def _timed(self, reading: Awaitable[bytes]) -> bytes:
        try:
            async with asyncio.timeout(self._seconds):
                return await reading
        except (OSError, EOFError, TimeoutError) as gone:
            raise _lost(gone) from gone
        except (ValueError, asyncio.LimitOverrunError) as long:
            raise Unreadable("the mail server sends a line without end") from long


def _quoted(text: str) -> bytes:
    """The text as an IMAP string. Servers take UTF-8 in quotes although RFC 3501 has ASCII only."""
    bare = text.replace("\r", "").replace("\n", "").replace("\x00", "")
    return b'"' + bare.replace("\\", "\\\\").replace('"', '\\"').encode("utf-8", "ignore") + b'"'


def _folder(name: str) -> str:
    """The name as servers write it: modified UTF-7 (RFC 3501, section 5.1.3)."""
    parts = re.split(r"([^\x20-\x7e]+)", name)
    return "".join(
        "&" + b64encode(part.encode("utf-16-be", "ignore")).decode().rstrip("=").replace("/", ",") + "-"
        if at % 2
        else part.replace("&", "&-")
        for at, part in enumerate(parts)
    )


def _any_sender(senders: Sequence[str]) -> bytes:
    """FROM a, or OR FROM a FROM b, and so on: IMAP's OR takes exactly two."""
    head, *rest = [b"FROM " + _quoted(sender) for sender in senders]
    for sender in rest:
        head = b"OR " + head + b" " + sender
    return head


def _refusal(line: bytes) -> BridgeError:
    """What a NO, BAD or BYE means; the codes are those of RFC 5530. The server's words may quote us: not repeated."""
    upper = line.upper()
    if any(code in upper for code in (b"[LIMIT]", b"[THROTTLED]", b"[OVERQUOTA]", b"TOO MANY")):
        return Throttled("the mail server asks us to slow down")
    if any(code in upper for code in (b"[UNAVAILABLE]", b"[INUSE]", b"[SERVERBUG]")) or upper.startswith(b"* BYE"):
        return Unreachable("the mail server is not available now", code="no_answer")
    if b"[NONEXISTENT]" in upper:
        return Rejected("there is no such folder in the mailbox", code="no_such_folder")
    return Rejected("the mail server refuses", code="imap_no")


def _lost(gone: BaseException) -> Unreachable:
    return Unreachable(f"the mail server did not answer ({type(gone).__name__})", code="no_answer")


def _fetched(answer: list[bytes]) -> Fetched | None:
    outside = b" ".join(answer[0::2])
    uid = re.search(rb"\bUID (\d{1,10})\b", outside)
    if b" FETCH " not in answer[0] or uid is None:
        return None
    raw = answer[1] if len(answer) > 1 else b""
    return Fetched(int(uid[1]), _internal_date(outside), raw)


def _internal_date(outside: bytes) -> datetime | None:
    found = re.search(rb'INTERNALDATE "([ \d]\d-[A-Za-z]{3}-\d{4} \d\d:\d\d:\d\d [+-]\d{4})"', outside)
    if found is None:
        return None
    day, month, rest = found[1].decode("ascii").strip().split("-", 2)
    if month.title() not in _MONTHS:
        return None
    try:
        return datetime.strptime(f"{day} {_MONTHS.index(month.title()) + 1} {rest}", "%d %m %Y %H:%M:%S %z")
    except ValueError:
        return None
