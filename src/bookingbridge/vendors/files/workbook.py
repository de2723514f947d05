"""Excel workbooks (.xlsx): the first sheet with rows, or the named one. Dates stay dates, formulas their last value."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator
from typing import Any, BinaryIO
from xml.parsers import expat

import openpyxl  # type: ignore[import-untyped]

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.vendors.files.table import Cell, Limits, Reading, Row, Table, assemble

_MOST_PARTS = 2_000
_MOST_BLANK_ROWS = 10_000


def read(stream: BinaryIO, name: str, how: Reading) -> Table:
    """The table on one sheet. Unreadable for anything that is not a sound workbook or unpacks beyond the limits."""
    _guard(stream, name, how.limits)
    try:
        with warnings.catch_warnings():
            # Styles and extensions this reader does not know are no loss: only cells are wanted.
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
            return _table(book, name, how)
    except Unreadable:
        raise
    except Exception as broken:
        # A damaged workbook surfaces as any of a dozen exceptions of the zip, XML and workbook readers beneath.
        raise Unreadable(f"the workbook is damaged ({type(broken).__name__})", where=name) from broken


def _guard(stream: BinaryIO, name: str, limits: Limits) -> None:
    """Returns when unpacking is safe: sizes within limits and no XML part that defines entities.

    The sizes the archive declares are binding: Python's zip reader stops at them.
    """
    try:
        with zipfile.ZipFile(stream) as archive:
            parts = archive.infolist()
            if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > limits.unpacked_bytes:
                raise Unreadable(f"the workbook unpacks to more than {limits.unpacked_bytes:,} bytes", where=name)
            names = {part.filename for part in parts}
            if "[Content_Types].xml" not in names or not any(part.startswith("xl/") for part in names):
                raise Unreadable("this is a zip archive and not an .xlsx workbook; unpack it first", where=name)
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    with archive.open(part) as opened:
                        _refuse_entities(opened.read, f"{name}, {part.filename[:80]}")
    except Unreadable:
        raise
    except Exception as broken:
        # As above: a damaged archive raises BadZipFile, zlib.error, NotImplementedError, RuntimeError (password) ...
        raise Unreadable(f"the workbook is damaged ({type(broken).__name__})", where=name) from broken
    finally:
        stream.seek(0)


def _refuse_entities(read: Any, where: str) -> None:
    """Returns when the XML begins without a document type: entities defined there can grow without bound."""
    parser = expat.ParserCreate()
    began: list[str] = []

    def refuse(*_: object) -> None:
        raise Unreadable("the workbook defines XML entities, which no spreadsheet program writes", where=where)

    def note(tag: str, _: object) -> None:
        began.append(tag)

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = note
    while not began and (chunk := read(4096)):
        parser.Parse(chunk, False)


def _table(book: Any, name: str, how: Reading) -> Table:
    titles = list(book.sheetnames)
    if how.sheet is not None and how.sheet not in titles:
        raise Unreadable(f"there is no sheet {how.sheet!r}; the workbook has {', '.join(titles[:20])}", where=name)
    wanted = [how.sheet] if how.sheet is not None else titles
    for title in wanted:
        sheet = book[title]
        if not hasattr(sheet, "reset_dimensions"):
            continue  # a chart sheet
        # Some programs write a wrong size into the sheet; without this the reader would stop there.
        sheet.reset_dimensions()
        rows = _rows(sheet, how.limits, name)
        first = next(rows, None)
        if first is None:
            continue
        others = len(titles) - 1
        notes = [f"read sheet {title!r}" + (f"; {others} other sheet(s) were left out" if others else "")]
        return assemble(name, "xlsx", _chain(first, rows), how.limits, notes)
    raise Unreadable("the workbook holds no rows", where=name)


def _chain(first: Row, rest: Iterator[Row]) -> Iterator[Row]:
    yield first
    yield from rest


def _rows(sheet: Any, limits: Limits, name: str) -> Iterator[Row]:
    """The rows that hold anything, numbered as in the sheet."""
    blank = 0
    for number, values in enumerate(sheet.iter_rows(max_col=limits.columns + 1, values_only=True), start=1):
        width = len(values)
        while width and values[width - 1] in (None, ""):
            width -= 1
        if not width:
            blank += 1
            if blank > _MOST_BLANK_ROWS:
                raise Unreadable(f"the sheet has {_MOST_BLANK_ROWS:,} blank rows in a row", where=name)
            continue
        blank = 0
        yield Row(number, tuple(_cell(value) for value in values[:width]))


def _cell(value: Any) -> Cell:
    """The value as one of the types a table knows; an error such as #REF! stays as its text."""
    return value if isinstance(value, Cell) else str(value)
