"""CSV, TSV and their relatives, streamed; a row's line is where its first letter stands in a text editor."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.vendors.files import encodings
from bookingbridge.vendors.files.table import Limits, Reading, Row, Table, assemble

_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_SAMPLE_LINES = 200
_SAMPLE_CHARS = 200_000
_LONGEST_QUOTE = 500
"""A quoted cell over more lines than this is a quotation mark that was never closed."""


def read(stream: BinaryIO, name: str, how: Reading) -> Table:
    """The table in delimited text. Unreadable for binary files, unclosed quotes and passed limits."""
    encoding = encodings.detect(stream, how.encoding, name)
    lines = _Lines(io.TextIOWrapper(stream, encoding=encoding, newline=""), how.limits, name)
    skipped, separator = _separator(lines.peek())
    rows = _rows(lines, separator, skipped, name)
    notes = [f"read as {encodings.title(encoding)}, separated by {_SEPARATORS.get(separator, repr(separator))}"]
    if encoding == "cp1252":
        notes.append("the text is not UTF-8; if letters look wrong, save the file as UTF-8 or name its encoding")
    try:
        return assemble(name, "tsv" if separator == "\t" else "csv", rows, how.limits, notes)
    except csv.Error as broken:
        raise Unreadable(f"a cell is longer than {csv.field_size_limit():,} letters: is a quotation mark unclosed?",
                         where=f"{name}, line {lines.number}") from broken  # fmt: skip
    except UnicodeError as broken:
        raise Unreadable("the text has letters that are not in its encoding", where=name) from broken


class _Lines:
    """The text's lines, some looked at before they are handed out; remembers those of the row being read."""

    def __init__(self, text: Iterable[str], limits: Limits, name: str) -> None:
        self._text = iter(text)
        self._ahead: list[str] = []
        self._limits = limits
        self._name = name
        self.number = 0
        self.of_row: list[str] = []

    def peek(self) -> list[str]:
        """The first lines, which will be handed out again."""
        chars = 0
        while len(self._ahead) < _SAMPLE_LINES and chars < _SAMPLE_CHARS:
            line = next(self._text, None)
            if line is None:
                break
            self._ahead.append(line)
            chars += len(line)
        return list(self._ahead)

    def __iter__(self) -> Iterator[str]:
        for source in (self._ahead, self._text):
            for line in source:
                self.number += 1
                if "\x00" in line:
                    raise Unreadable("this is not a text file", where=f"{self._name}, line {self.number}")
                self.of_row.append(line)
                if len(self.of_row) > _LONGEST_QUOTE:
                    raise _unclosed(self._name, self.number - _LONGEST_QUOTE)
                yield line


def _unclosed(name: str, line: int) -> Unreadable:
    return Unreadable("a quotation mark is opened and never closed", where=f"{name}, line {line}")


def _rows(lines: _Lines, separator: str, skipped: int, name: str) -> Iterator[Row]:
    begins = 1
    last: list[str] = []
    for values in csv.reader(lines, delimiter=separator):
        if begins > skipped:
            yield Row(begins, tuple(values))
        last, lines.of_row = lines.of_row, []
        begins = lines.number + 1
    if last and _is_open(last, separator):
        raise _unclosed(name, begins - len(last))


def _is_open(lines: list[str], separator: str) -> bool:
    """Whether a row that ends the file would have swallowed one more line: its quotation mark is not closed."""
    ended = [*lines[:-1], lines[-1].rstrip("\r\n") + "\n", "."]
    return sum(1 for _ in csv.reader(ended, delimiter=separator)) == 1


def _separator(sample: list[str]) -> tuple[int, str]:
    """(lines to pass over, the separator): what cuts the sample into rows of one width, the wider the better."""
    first = sample[0].strip("\r\n").casefold() if sample else ""
    if first.startswith("sep=") and first[4:] in _SEPARATORS:
        # Excel's own way to name the separator in the first line.
        return 1, first[4:]
    return 0, max(_SEPARATORS, key=lambda separator: _fit(sample, separator))


def _fit(sample: list[str], separator: str) -> tuple[float, int]:
    """How well the separator explains the sample: share of rows of the usual width, then that width."""
    if not any(separator in line for line in sample):
        return (0.0, 0)
    try:
        rows = [row for row in csv.reader(sample, delimiter=separator) if any(cell.strip() for cell in row)]
    except csv.Error:
        return (0.0, 0)
    widths = Counter(len(row) for row in rows)
    usual = max(widths, key=lambda width: (widths[width] * (width > 1), width), default=0)
    if usual < 2:
        return (0.0, 0)
    return round(widths[usual] / len(rows), 1), usual
