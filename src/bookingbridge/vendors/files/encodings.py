"""Which letters the bytes of a text file mean."""

from __future__ import annotations

import codecs
from typing import BinaryIO

from bookingbridge.canonical.errors import Unreadable

_CHUNK = 1 << 20
_TITLES = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "cp1252": "Windows-1252",
}


def title(encoding: str) -> str:
    """What people call it."""
    return _TITLES.get(encoding, encoding)


def detect(stream: BinaryIO, wanted: str | None, name: str) -> str:
    """The codec that reads the whole stream, which is left at its beginning.

    A byte order mark decides; then UTF-8 if every byte fits; then UTF-16 where every other byte of Latin text is
    zero; else Windows-1252, what spreadsheets write on western Windows. Unreadable when none fits.
    """
    if wanted is not None:
        return _checked(stream, _known(wanted), name)
    head = stream.read(_CHUNK)
    stream.seek(0)
    if head.startswith(codecs.BOM_UTF8):
        return _checked(stream, "utf-8-sig", name)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _checked(stream, "utf-16", name)
    if guessed := _without_mark(head):
        return _checked(stream, guessed, name)
    if b"\x00" in head:
        raise Unreadable("this is not a text file", where=name)
    return "utf-8" if _misfit(stream, "utf-8") is None else _checked(stream, "cp1252", name)


def _known(wanted: str) -> str:
    try:
        info = codecs.lookup(wanted)
        # Some codecs of Python turn bytes into bytes (zip, base64): they are not letters.
        "".encode(info.name)
    except (LookupError, ValueError, TypeError) as unknown:
        raise Unreadable(f"{wanted[:40]!r} is not an encoding this computer knows") from unknown
    return info.name


def _without_mark(head: bytes) -> str | None:
    """UTF-16 without a mark: Latin text has a zero in every other byte and hardly any elsewhere."""
    even, odd = head[0:4096:2], head[1:4096:2]
    if len(odd) < 4:
        return None
    if odd.count(0) > 0.5 * len(odd) and even.count(0) == 0:
        return "utf-16-le"
    if even.count(0) > 0.5 * len(even) and odd.count(0) == 0:
        return "utf-16-be"
    return None


def _checked(stream: BinaryIO, encoding: str, name: str) -> str:
    if (at := _misfit(stream, encoding)) is not None:
        raise Unreadable(f"the text is not {title(encoding)}; save it as UTF-8", where=f"{name}, byte {at}")
    return encoding


def _misfit(stream: BinaryIO, encoding: str) -> int | None:
    """About where the bytes stop making sense in this encoding, or None. The stream is left at its beginning."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    at = 0
    try:
        while chunk := stream.read(_CHUNK):
            decoder.decode(chunk)
            at += len(chunk)
        decoder.decode(b"", final=True)
    except UnicodeError as broken:
        return at + max(0, getattr(broken, "start", 0))
    finally:
        stream.seek(0)
    return None
