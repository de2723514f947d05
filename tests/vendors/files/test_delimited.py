"""Delimited text: encodings, separators, quotes, line numbers, headings, limits."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.vendors.files import Limits, Reading, Row, read_table

PLAIN = "Name,City\nZoë Müller,Łódź\nАнна,Київ\n"
WESTERN = "Name;City\nZoë;München\nRené;Orléans €\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_every_unicode_encoding_is_recognised(encoding: str) -> None:
    table = read_table(PLAIN.encode(encoding), "a.csv")
    assert table.columns == ("Name", "City")
    assert [row.values for row in table.rows] == [("Zoë Müller", "Łódź"), ("Анна", "Київ")]


def test_western_windows_text_is_read_and_the_person_told() -> None:
    table = read_table(WESTERN.encode("cp1252"), "a.csv")
    assert [row.values for row in table.rows] == [("Zoë", "München"), ("René", "Orléans €")]
    assert table.notes[0] == "read as Windows-1252, separated by semicolons"
    assert "save the file as UTF-8" in table.notes[1]


def test_a_named_encoding_overrules_what_would_be_found() -> None:
    table = read_table("Имя,Город\nАнна,Киев\n".encode("cp1251"), "a.csv", Reading(encoding="cp1251"))
    assert table.columns == ("Имя", "Город")
    with pytest.raises(Unreadable, match="not UTF-8"):
        read_table("Имя,Город\nАнна,Киев\n".encode("cp1251"), "a.csv", Reading(encoding="utf-8"))


@pytest.mark.parametrize("name", ["klingon", "base64", "zip", "rot13", "undefined", "idna"])
def test_an_encoding_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(Unreadable):
        read_table(b"a,b\n1,2\n\xff", "a.csv", Reading(encoding=name))


def test_text_that_ends_within_a_letter_is_not_taken_for_unicode() -> None:
    with pytest.raises(Unreadable, match="not UTF-16"):
        read_table(PLAIN.encode("utf-16")[:-1], "a.csv")


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("a,b\n1,2\n", ("a", "b")),
        ("a;b\n1,5;2,5\n3,5;4,5\n", ("a", "b")),
        ("a\tb\n1\t2,3\n", ("a", "b")),
        ("a|b|c\n1|2|3\n", ("a", "b", "c")),
        ("sep=;\na;b,c\n1;2\n", ("a", "b,c")),
        ('name,note\n"Lee; Ann","one; two; three"\n"Ray; Bob","x; y"\n', ("name", "note")),
        ("name;note\nAnn;one, two\nBob;three, four, five\n", ("name", "note")),
        ("only\n1\n2\n", ("only",)),
    ],
)
def test_the_separator_is_what_cuts_rows_of_one_width(text: str, columns: tuple[str, ...]) -> None:
    assert read_table(text.encode(), "a").columns == columns


def test_a_row_keeps_the_line_on_which_it_begins_over_quoted_and_blank_lines() -> None:
    table = read_table(b'a,b\r\n1,"two\r\nlines"\r\n\r\n   ,\r\n3,4\r\n"5\n\n\n",6\n7,8', "a.csv")
    assert table.rows == [
        Row(2, ("1", "two\r\nlines")),
        Row(6, ("3", "4")),
        Row(7, ("5\n\n\n", "6")),
        Row(11, ("7", "8")),
    ]


def test_old_macintosh_line_ends_are_lines() -> None:
    assert [r.line for r in read_table(b"a,b\r1,2\r3,4\r", "a.csv").rows] == [2, 3]


def test_ragged_rows_are_kept_as_they_are() -> None:
    table = read_table(b"a,b,c\n1,2,3\n4,5\n6,7,8,9\n", "a.csv")
    assert table.rows == [Row(2, ("1", "2", "3")), Row(3, ("4", "5")), Row(4, ("6", "7", "8", "9"))]


def test_a_quote_that_is_never_closed_is_found_where_it_opens() -> None:
    with pytest.raises(Unreadable, match=r"never closed \(at a\.csv, line 3\)"):
        read_table(b'a,b\n1,2\n3,"four\n5,6\n', "a.csv")
    with pytest.raises(Unreadable, match=r"never closed \(at a\.csv, line 2\)"):
        read_table(b'a,b\n1,"' + b"x,y\n" * 600 + b'z"\n', "a.csv")


def test_a_quote_within_a_cell_is_a_letter() -> None:
    assert read_table(b'a,b\n5" comb,x\n', "a.csv").rows == [Row(2, ('5" comb', "x"))]


def test_titles_above_the_headings_are_left_out_and_told() -> None:
    table = read_table(b'Campaign report\n"March 1, 2026 - March 31, 2026"\nDay,Cost,Clicks\n2026-03-01,5.00,3\n', "a")
    assert table.columns == ("Day", "Cost", "Clicks")
    assert table.rows == [Row(4, ("2026-03-01", "5.00", "3"))]
    assert table.notes[-1] == "2 line(s) above the headings on line 3 were left out"


def test_headings_are_unique_and_never_empty() -> None:
    table = read_table(b"Name,,name,Name,\n1,2,3,4,\n", "a.csv")
    assert table.columns == ("Name", "column 2", "name (2)", "Name (3)")


@pytest.mark.parametrize("first", ["ann@example.com,5", "2026-03-05,5", "x,03/05/2026 10:00", "x,+1 206 555 0123"])
def test_a_file_without_headings_is_refused(first: str) -> None:
    with pytest.raises(Unreadable, match="should name the columns"):
        read_table(f"{first}\n{first}\n".encode(), "a.csv")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "is empty"),
        (b"\n \n,,\n", "no rows"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Excel"),
        (b"%PDF-1.7\n", "a PDF"),
        (b"\x1f\x8b\x08\x00", "compressed"),
        (b"  <!doctype html><html>", "a web page"),
        (b"\x89PNG\r\n\x1a\n", "a picture"),
        (b"a,b\n1,\x00\n", "not a text file"),
        (b"\x81\x8d\x8f,\x90\n", "not Windows-1252"),
    ],
)
def test_what_is_no_table_is_named(data: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        read_table(data, "a.csv")


def test_limits_are_told() -> None:
    text = b"a,b\n" + b"1,2\n" * 11
    assert len(read_table(text, "a", Reading(limits=Limits(rows=11))).rows) == 11
    with pytest.raises(Unreadable, match="more than 10 rows"):
        read_table(text, "a", Reading(limits=Limits(rows=10)))
    with pytest.raises(Unreadable, match="at most 40 are read"):
        read_table(text, "a", Reading(limits=Limits(file_bytes=40)))
    with pytest.raises(Unreadable, match="more than 3 columns"):
        read_table(b"a,b,c,d\n1,2,3,4\n", "a", Reading(limits=Limits(columns=3)))
    with pytest.raises(Unreadable, match="is a quotation mark unclosed"):
        read_table(b"a,b\n1," + b"x" * 140_000 + b"\n", "a.csv")


def test_a_path_names_itself(tmp_path: Path) -> None:
    path = tmp_path / "June bookings.csv"
    path.write_bytes(b"a,b\n1,2\n")
    assert read_table(path).name == "June bookings.csv"
    assert read_table(str(path)).rows == [Row(2, ("1", "2"))]
    with pytest.raises(Unreadable, match="cannot be opened"):
        read_table(tmp_path / "missing.csv")
    with pytest.raises(Unreadable, match="cannot be opened"):
        read_table(tmp_path)


CELLS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8)


@settings(deadline=None)
@given(
    st.lists(st.lists(CELLS.map(str.strip), min_size=3, max_size=3).filter(any), min_size=1, max_size=8),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_what_was_written_is_read_again(rows: list[list[str]], separator: str, encoding: str, end: str) -> None:
    lines = [["first", "second", "third"], *rows]
    quoted = [separator.join('"' + cell.replace('"', '""') + '"' for cell in line) for line in lines]
    table = read_table((end.join(quoted) + end).encode(encoding), "a.csv")
    assert table.columns == ("first", "second", "third")
    assert [list(row.values) for row in table.rows] == rows
    assert [row.line for row in table.rows] == list(range(2, len(rows) + 2))
