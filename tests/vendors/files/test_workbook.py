"""Workbooks: sheets, types, damage, bombs."""

from __future__ import annotations

import zipfile
from datetime import date, datetime, time
from io import BytesIO

import pytest
from tests.vendors.files.given import workbook

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.vendors.files import Limits, Reading, Row, read_table

ROWS: list[list[object]] = [["Date", "Client", "Price"], [datetime(2026, 3, 5, 14, 30), "Ann", 45.5]]  # noqa: DTZ001


def rezipped(data: bytes, **parts: bytes) -> bytes:
    """The same archive with some parts replaced or added; a double underscore in a name stands for a slash."""
    out = BytesIO()
    changed = {name.replace("__", "/").replace("_xml", ".xml"): body for name, body in parts.items()}
    with zipfile.ZipFile(BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in {*old.namelist(), *changed}:
            new.writestr(name, changed[name] if name in changed else old.read(name))
    return out.getvalue()


def test_cells_keep_their_types() -> None:
    table = read_table(
        workbook(("S", [["Date", "Time", "Name", "n"], [date(2026, 3, 5), time(14, 30), "Ann", 7]])), "a"
    )
    assert table.format == "xlsx"
    assert table.rows == [Row(2, (datetime(2026, 3, 5), time(14, 30), "Ann", 7))]  # noqa: DTZ001


def test_the_first_sheet_with_rows_is_read_and_told() -> None:
    table = read_table(workbook(("Empty", []), ("Bookings", ROWS), ("Other", ROWS)), "a")
    assert table.columns == ("Date", "Client", "Price")
    assert table.notes == ("read sheet 'Bookings'; 2 other sheet(s) were left out",)


def test_a_named_sheet_is_read_or_refused() -> None:
    book = workbook(("One", ROWS), ("Two", [["x", "y"], ["1", "2"]]))
    assert read_table(book, "a", Reading(sheet="Two")).columns == ("x", "y")
    with pytest.raises(Unreadable, match=r"no sheet 'Three'; the workbook has One, Two"):
        read_table(book, "a", Reading(sheet="Three"))


def test_rows_are_numbered_as_in_the_sheet() -> None:
    table = read_table(workbook(("S", [["Report"], [], ["a", "b"], ["1", "2"], [], ["3", "4"]])), "a")
    assert [(row.line, row.values) for row in table.rows] == [(4, ("1", "2")), (6, ("3", "4"))]


def test_a_wrong_size_in_the_sheet_hides_no_rows() -> None:
    book = workbook(("S", [["a", "b"], ["1", "2"], ["3", "4"]]))
    with zipfile.ZipFile(BytesIO(book)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    assert b'ref="A1:B3"' in sheet
    wrong = rezipped(book, xl__worksheets__sheet1_xml=sheet.replace(b'ref="A1:B3"', b'ref="A1:A1"'))
    assert len(read_table(wrong, "a").rows) == 2


def test_a_workbook_without_rows_is_refused() -> None:
    with pytest.raises(Unreadable, match="no rows"):
        read_table(workbook(("Empty", [])), "a")


def test_an_archive_that_is_no_workbook_is_named() -> None:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("bookings.csv", "a,b\n1,2\n")
    with pytest.raises(Unreadable, match="unpack it first"):
        read_table(out.getvalue(), "a.zip")


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = rezipped(workbook(("S", ROWS)), xl__sharedStrings_xml=b" " * 40_000_000)
    assert len(bomb) < 100_000
    with pytest.raises(Unreadable, match="unpacks to more than 30,000,000 bytes"):
        read_table(bomb, "a", Reading(limits=Limits(unpacked_bytes=30_000_000)))


def test_entities_are_refused_however_deep_they_hide() -> None:
    evil = b'<?xml version="1.0"?><!-- ' + b"x" * 9_000 + b' --><!DOCTYPE a [<!ENTITY b "c">]><sst/>'
    with pytest.raises(Unreadable, match="XML entities"):
        read_table(rezipped(workbook(("S", ROWS)), xl__sharedStrings_xml=evil), "a")


def test_far_away_cells_are_refused_and_not_filled_up() -> None:
    book = workbook(("S", [["a", "b"], ["1", "2"]]))
    with zipfile.ZipFile(BytesIO(book)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    far = sheet.replace(b'<row r="2"', b'<row r="900000000"').replace(b'r="A2"', b'r="A900000000"')
    far = far.replace(b'r="B2"', b'r="B900000000"')
    assert far != sheet
    with pytest.raises(Unreadable, match="10,000 blank rows"):
        read_table(rezipped(book, xl__worksheets__sheet1_xml=far), "a")


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "[Content_Types].xml"])
def test_a_damaged_workbook_is_refused(part: str) -> None:
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(workbook(("S", ROWS)))) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, b"<broken" if name == part else old.read(name))
    with pytest.raises(Unreadable, match="damaged"):
        read_table(out.getvalue(), "a.xlsx")


def test_a_workbook_cut_short_is_refused() -> None:
    with pytest.raises(Unreadable, match="damaged"):
        read_table(workbook(("S", ROWS))[:-200], "a.xlsx")


def test_more_columns_than_allowed_are_refused() -> None:
    with pytest.raises(Unreadable, match="more than 3 columns"):
        read_table(workbook(("S", [list("abcde"), list("12345")])), "a", Reading(limits=Limits(columns=3)))
