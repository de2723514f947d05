"""What tests of imported files share: options of a shop in Los Angeles, and short ways to read a text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

import openpyxl  # type: ignore[import-untyped]

from bookingbridge.canonical.records import Record
from bookingbridge.vendors import files
from bookingbridge.vendors.files import Loaded, Mapping, Options, Wishes

R = TypeVar("R", bound=Record)

SHOP = Options(time_zone=ZoneInfo("America/Los_Angeles"), currency="USD")
SAMPLES = Path(__file__).parents[3] / "docs" / "samples"


def load(
    text: str, kind: str | None = None, options: Options = SHOP, name: str = "export.csv", **columns: str
) -> Loaded:
    """What the text comes to; `columns` are wishes for fields."""
    return files.load(text.encode(), Wishes(kind=kind, columns=columns), options, name=name)


def mapped(text: str, name: str = "export.csv") -> Mapping:
    """The mapping that is guessed for the text."""
    return files.guess(files.read_table(text.encode(), name))


def only(loaded: Loaded, record: type[R]) -> list[R]:
    """The records of one type, in order."""
    return [r for r in loaded.records if isinstance(r, record)]


def problems(loaded: Loaded) -> list[tuple[int, str]]:
    """(line, column) of each problem; nothing was given out beside them."""
    assert loaded.records == []
    return [(p.line, p.column) for p in loaded.problems]


def skipping(options: Options = SHOP) -> Options:
    """The options with bad rows skipped."""
    return replace(options, skip_bad_rows=True)


def workbook(*sheets: tuple[str, Sequence[Sequence[object]]]) -> bytes:
    """An .xlsx file with these sheets."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets:
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    out = BytesIO()
    book.save(out)
    return out.getvalue()
