"""A little mail server for tests and trying: speaks enough IMAP4rev1 to be read, and goes wrong on demand.

Not a server to keep mail in. It knows one user, folders in memory, and the commands our own reader sends, plus what
the standard library's client sends, so that it can be checked by a second opinion.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WORD = re.compile(rb'"((?:[^"\\]|\\.)*)"|(\([^()]*(?:\[[^\]]*\][^()]*)*\))|(\S+)')


@dataclass(slots=True)
class Folder:
    """A mailbox: mails by id, each with when it came. A new `validity` makes all former ids meaningless."""

    validity: int = 1
    next_uid: int = 1
    mails: dict[int, tuple[bytes, datetime]] = field(default_factory=dict)


class MailServer:
    """One account. `fault(command)` names what goes wrong with the next command: "429", "500", "reset", "garbage"."""

    def __init__(
        self, user: str, password: str, *, now: Callable[[], datetime], fault: Callable[[str], str | None] | None = None
    ) -> None:
        self.user = user
        self.password = password
        self.folders: dict[str, Folder] = {"INBOX": Folder()}
        self.said: list[str] = []
        """The commands that came, without their arguments."""
        self._now = now
        self._fault = fault or (lambda _: None)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    def deliver(self, raw: bytes, *, folder: str = "INBOX", at: datetime | None = None) -> int:
        """The mail lies in the folder; its id."""
        box = self.folders.setdefault(folder, Folder())
        uid = box.next_uid
        box.mails[uid] = (raw, at or self._now())
        box.next_uid += 1
        return uid

    def renumber(self, folder: str = "INBOX") -> None:
        """All mails have new ids, as after a restore."""
        box = self.folders[folder]
        kept = list(box.mails.values())
        box.validity += 1
        box.next_uid = len(kept) + 1
        box.mails = dict(enumerate(kept, start=1))

    async def start(self, port: int = 0) -> int:
        """Listening on this machine; the port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        found: int = self._server.sockets[0].getsockname()[1]
        return found

    async def stop(self) -> None:
        """Nobody is served any more."""
        if self._server is not None:
            self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            with suppress(OSError, EOFError, asyncio.CancelledError, ValueError):
                await _Session(self, reader, writer).serve()
        finally:
            self._open.discard(task)
            writer.close()

    def goes_wrong(self, command: str) -> str | None:
        return self._fault(command)


class _Session:
    def __init__(self, server: MailServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer
        self._is_signed_in = False
        self._folder: Folder | None = None

    async def serve(self) -> None:
        await self._say(b"* OK simulated mail server, nothing here is real")
        while line := await self._reader.readline():
            words = [_unquoted(match) for match in _WORD.finditer(line.rstrip(b"\r\n"))]
            if len(words) < 2:
                await self._say(b"* BAD not a command")
                continue
            tag, command = words[0], words[1].upper()
            arguments = words[2:]
            if command == b"UID" and arguments:
                command, arguments = b"UID " + arguments[0].upper(), arguments[1:]
            self._server.said.append(command.decode("latin-1"))
            if not await self._answered(tag, command, arguments):
                return

    async def _answered(self, tag: bytes, command: bytes, arguments: list[bytes]) -> bool:
        """Whether the conversation goes on."""
        match self._server.goes_wrong(command.decode("latin-1")):
            case "429":
                await self._say(tag + b" NO [LIMIT] too many commands, come again later")
                return True
            case "500":
                await self._say(tag + b" NO [UNAVAILABLE] temporarily broken")
                return True
            case "reset":
                await self._say(b"* SEARCH 1 2", is_cut=True)
                return False
            case "garbage":
                await self._say(b"<html><body>Be right back</body></html>")
                return True
            case _:
                pass
        if command == b"LOGOUT":
            await self._say(b"* BYE goodbye", tag + b" OK done")
            return False
        await self._say(*self._answer(tag, command, arguments))
        return True

    def _answer(self, tag: bytes, command: bytes, arguments: list[bytes]) -> list[bytes]:
        if command in (b"NOOP", b"CAPABILITY"):
            return [b"* CAPABILITY IMAP4rev1", tag + b" OK done"]
        if command == b"LOGIN" and len(arguments) == 2:
            self._is_signed_in = arguments == [self._server.user.encode(), self._server.password.encode()]
            return [tag + (b" OK done" if self._is_signed_in else b" NO [AUTHENTICATIONFAILED] invalid credentials")]
        if not self._is_signed_in:
            return [tag + b" NO not signed in"]
        if command in (b"EXAMINE", b"SELECT") and arguments:
            return self._opened(tag, arguments[0].decode("utf-8", "replace"))
        if self._folder is None:
            return [tag + b" BAD no folder is open"]
        if command == b"UID SEARCH":
            found = b" ".join(b"%d" % uid for uid in self._search(self._folder, arguments))
            return [b"* SEARCH " + found if found else b"* SEARCH", tag + b" OK done"]
        if command == b"UID FETCH" and arguments:
            return [*self._fetched(self._folder, arguments), tag + b" OK done"]
        return [tag + b" BAD unknown command"]

    def _opened(self, tag: bytes, name: str) -> list[bytes]:
        folder = self._server.folders.get(name)
        if folder is None:
            return [tag + b" NO [NONEXISTENT] no such folder"]
        self._folder = folder
        return [
            b"* FLAGS ()", b"* %d EXISTS" % len(folder.mails), b"* 0 RECENT",
            b"* OK [UIDVALIDITY %d] ids valid" % folder.validity, b"* OK [UIDNEXT %d] next id" % folder.next_uid,
            tag + b" OK [READ-ONLY]",
        ]  # fmt: skip

    def _search(self, folder: Folder, criteria: list[bytes]) -> list[int]:
        rest = list(criteria)
        tests: list[Callable[[int], bool]] = []
        while rest:
            tests.append(self._criterion(folder, rest))
        return [uid for uid in folder.mails if all(test(uid) for test in tests)]

    def _criterion(self, folder: Folder, rest: list[bytes]) -> Callable[[int], bool]:
        word = rest.pop(0).upper()
        if word == b"UID":
            wanted = _ids(rest.pop(0), folder)
            return lambda uid: uid in wanted
        if word == b"OR":
            one, other = self._criterion(folder, rest), self._criterion(folder, rest)
            return lambda uid: one(uid) or other(uid)
        if word == b"SINCE":
            day, month, year = rest.pop(0).decode().split("-")
            first = datetime(int(year), _MONTHS.index(month) + 1, int(day), tzinfo=UTC)
            return lambda uid: folder.mails[uid][1] >= first
        name = "From" if word == b"FROM" else rest.pop(0).decode() if word == b"HEADER" else None
        if name is None:
            return lambda _: True
        part = rest.pop(0).decode("utf-8", "replace").lower()
        return lambda uid: part in _header(folder.mails[uid][0], name).lower()

    def _fetched(self, folder: Folder, arguments: list[bytes]) -> list[bytes]:
        limit = re.search(rb"<0\.(\d+)>", b" ".join(arguments))
        lines = []
        for place, (uid, (raw, at)) in enumerate(folder.mails.items(), start=1):
            if uid not in _ids(arguments[0], folder):
                continue
            body = raw[: int(limit[1])] if limit else raw
            when = f"{at.day:2d}-{_MONTHS[at.month - 1]}-{at:%Y %H:%M:%S %z}".encode()
            mark = b"BODY[]<0>" if limit else b"BODY[]"
            lines.append(
                b'* %d FETCH (UID %d INTERNALDATE "%s" %s {%d}\r\n%s)' % (place, uid, when, mark, len(body), body)
            )
        return lines

    async def _say(self, *lines: bytes, is_cut: bool = False) -> None:
        self._writer.write(b"\r\n".join(lines) + (b"" if is_cut else b"\r\n"))
        await self._writer.drain()


def _unquoted(match: re.Match[bytes]) -> bytes:
    if match[1] is not None:
        return re.sub(rb"\\(.)", rb"\1", match[1])
    return match[2] or match[3]


def _ids(text: bytes, folder: Folder) -> set[int]:
    """What a set of ids such as `1,3:*` names; a range that ends in * always holds the last mail."""
    last = max(folder.mails, default=0)
    found: set[int] = set()
    for part in text.split(b","):
        begin, _, end = part.partition(b":")
        low = last if begin == b"*" else int(begin)
        high = last if end == b"*" else int(end or begin)
        low, high = min(low, high), max(low, high)
        found |= {uid for uid in folder.mails if low <= uid <= high}
    return found


def _header(raw: bytes, name: str) -> str:
    return " ".join(str(value) for value in message_from_bytes(raw, policy=policy.default).get_all(name, []))
