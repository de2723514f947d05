"""What an import would do is shown before it is done."""

from __future__ import annotations

from tests.vendors.files.given import SAMPLES, SHOP

from bookingbridge.vendors.files import MANIFEST, Wishes, guess, kinds, preview, read_table

TEXT = (
    b"ID,Start,Client,Email,Price,Mood\n1,2026-03-14 14:30,Ann,ann@example.com,45,happy\n2,never,Bob,,45,sad\n"
    b"3,2026-03-15 14:30,Cid,,45,ok\n"
)


def test_each_row_is_shown_as_what_it_becomes_or_why_not() -> None:
    table = read_table(TEXT, "a.csv")
    shown = preview(table, guess(table), SHOP)
    assert shown.mapping.ignored == ("Mood",)
    assert shown.total_rows == 3
    rest = "60 min, confirmed, booked"
    assert [(row.line, row.sentence, len(row.problems)) for row in shown.rows] == [
        (2, f"client Ann (ann@example.com); booking 2026-03-14 14:30, {rest} 2026-03-14 14:30, 45.00 USD", 0),
        (3, "", 1),
        (4, f"booking 2026-03-15 14:30, {rest} 2026-03-15 14:30, 45.00 USD", 0),
    ]
    assert shown.rows[1].problems[0].why == "not a date"


def test_only_the_first_rows_are_shown_but_formats_are_read_off_all() -> None:
    table = read_table(b"Start,Client\n03/04/2026 10:00,Ann\n25/04/2026 10:00,Bob\n", "a.csv")
    shown = preview(table, guess(table, Wishes(kind="bookings")), SHOP, n=1)
    assert [row.sentence for row in shown.rows] == [
        "booking 2026-04-03 10:00, 60 min, confirmed, booked 2026-04-03 10:00"
    ]
    assert len(table.rows) == 2


def test_what_blocks_the_file_is_shown_instead_of_rows() -> None:
    table = read_table(b"Start,Client\n03/04/2026 10:00,Ann\n", "a.csv")
    shown = preview(table, guess(table, Wishes(kind="bookings")), SHOP)
    assert (len(shown.blockers), shown.rows) == (1, ())
    lacking = preview(table, guess(table, Wishes(kind="payments")), SHOP)
    assert [p.line for p in lacking.blockers] == [0, 0]


def test_every_sample_can_be_shown() -> None:
    sentences = []
    for name in ("bookings.csv", "payments.csv", "ad_spend.csv", "touchpoints.csv", "calendar.ics"):
        table = read_table(SAMPLES / name)
        shown = preview(table, guess(table), SHOP, n=3)
        assert [row.problems for row in shown.rows] == [()] * 3
        sentences += [row.sentence for row in shown.rows]
    assert all(sentences)
    assert any("payment 2026-" in sentence for sentence in sentences)
    assert any(" clicks, " in sentence for sentence in sentences)


def test_the_vendor_of_files_asks_for_no_account() -> None:
    assert MANIFEST.name == "files"
    assert (MANIFEST.auth, MANIFEST.scopes, MANIFEST.streams, MANIFEST.allowed_hosts) == ((), (), (), frozenset())
    assert set(kinds()) == {"bookings", "clients", "payments", "ad_spend", "touchpoints"}
