"""Which kind of file this is, told by its content, and the table in it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import BinaryIO

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.vendors.files import delimited, ics, workbook
from bookingbridge.vendors.files.table import Reading, Source, Table

_FOREIGN = {
    b"\xd0\xcf\x11\xe0": "an old Excel file (.xls); save it as .xlsx or CSV",
    b"%PDF": "a PDF; export the report as CSV or Excel",
    b"\x1f\x8b": "a compressed file; unpack it first",
    b"Rar!": "a compressed file; unpack it first",
    b"7z\xbc\xaf": "a compressed file; unpack it first",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"SQLite format 3": "a database",
    b"<!DOCTYPE": "a web page; export the report as CSV or Excel",
    b"<html": "a web page; export the report as CSV or Excel",
}


def read_table(source: Source | str, name: str = "", reading: Reading | None = None) -> Table:
    """The table in a CSV, TSV, semicolon-separated, XLSX or ICS file, recognised by content rather than by name.

    `name` is shown to people; a path names itself. Unreadable, with a sentence on what to do, where there is none.
    """
    how = reading or Reading()
    given = Path(source) if isinstance(source, str) else source
    shown = name or (given.name if isinstance(given, Path) else "the file")
    with _opened(given, shown) as stream:
        size = stream.seek(0, io.SEEK_END)
        stream.seek(0)
        if size > how.limits.file_bytes:
            raise Unreadable(f"the file has {size:,} bytes; at most {how.limits.file_bytes:,} are read", where=shown)
        if size == 0:
            raise Unreadable("the file is empty", where=shown)
        head = stream.read(4096)
        stream.seek(0)
        if head.startswith(b"PK\x03\x04"):
            return workbook.read(stream, shown, how)
        for magic, what in _FOREIGN.items():
            if head.lstrip().lower().startswith(magic.lower()):
                raise Unreadable(f"this is {what}", where=shown)
        if ics.is_calendar(head):
            return ics.read(stream, shown, how)
        return delimited.read(stream, shown, how)


def _opened(source: Source, shown: str) -> BinaryIO:
    if isinstance(source, bytes):
        return io.BytesIO(source)
    try:
        return source.open("rb")
    except (OSError, ValueError) as broken:
        raise Unreadable(f"the file cannot be opened: {broken}", where=shown) from broken
