"""Mails in all their forms: their words found, their sender compared as a whole, and nothing crashes."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookingbridge.canonical.errors import NotFound, Unreadable
from bookingbridge.vendorkit import mail_address, mail_text
from bookingbridge.vendorkit.mail_message import Mail, is_from, parse, proof

BOOKSY = ("booksy.com",)
HEAD = (
    b"From: =?utf-8?q?Zo=C3=AB_Lind?= <No-Reply@Booksy.com>\r\nSubject: Hi\r\nDate: Wed, 18 Nov 2026 12:00:00 -0800\r\n"
)


def test_headers_and_the_plain_words_are_read() -> None:
    mail = parse(
        HEAD + b"Reply-To: Zoe <zoe@example.com>\r\nMessage-ID: <a@b>\r\n\r\n  Hello \r\n\r\n\r\nthere\xc2\xa0you"
    )
    assert (mail.sender, mail.sender_name, mail.reply_to) == ("no-reply@booksy.com", "Zoë Lind", "zoe@example.com")
    assert (mail.subject, mail.message_id, mail.text) == ("Hi", "a@b", "Hello\nthere you")
    assert mail.sent_at == datetime(2026, 11, 18, 20, 0, tzinfo=UTC)
    assert mail.id.startswith("a@b#")


def test_html_is_read_as_a_person_sees_it() -> None:
    html = "<head><style>p{}</style><title>x</title></head><body><p>Cut &amp; colour</p><table><tr><td>1</td><td>$5"
    assert mail_text.from_html(html) == "Cut & colour\n1\n$5"
    assert mail_text.from_html("<script>alert(1)</script><b>a</b>\nb<br/>c<!-- d -->") == "a b\nc"
    assert mail_text.from_html("<head><body>seen") == "seen"


def test_the_plain_part_counts_unless_it_is_empty() -> None:
    message = EmailMessage()
    message["From"] = "no-reply@booksy.com"
    message.set_content(" \n")
    message.add_alternative("<p>in HTML</p>", subtype="html")
    assert parse(message.as_bytes()).text == "in HTML"
    message = EmailMessage()
    message["From"] = "no-reply@booksy.com"
    message.set_content("plain")
    message.add_alternative("<p>in HTML</p>", subtype="html")
    message.add_attachment("attached", filename="a.txt")
    assert parse(message.as_bytes()).text == "plain"


def test_the_same_mail_is_the_same_on_every_way_and_another_is_another() -> None:
    one = parse(HEAD + b"\r\nbody")
    assert parse(b"Received: from a by b\r\n" + HEAD + b"\r\nbody").id == one.id
    assert parse(HEAD + b"\r\nother").id != one.id


def test_senders_are_compared_as_a_whole() -> None:
    assert is_from("no-reply@booksy.com", BOOKSY)
    assert is_from("x@mail.booksy.com", BOOKSY)
    assert is_from("one@example.com", ("one@example.com",))
    for address in ("x@notbooksy.com", "x@booksy.com.example.org", "booksy.com@example.org", "two@example.com", ""):
        assert not is_from(address, (*BOOKSY, "one@example.com"))


RESULTS = [
    ("mx.example.net; dkim=pass header.i=@booksy.com; spf=fail", "passed"),
    ("mx.example.net; dkim=pass (2048-bit; good) header.d=mail.booksy.com header.s=a", "passed"),
    ("mx.example.net; dkim=pass header.d=example.org", "none"),
    ("mx.example.net; dkim=fail header.d=booksy.com", "failed"),
    ("mx.example.net; dkim=none; dmarc=fail header.from=booksy.com", "failed"),
    ("mx.example.net; spf=pass", "none"), ("mx.example.net; none", "none"), ("", "none"), (";;;=;=", "none"),
]  # fmt: skip


@pytest.mark.parametrize(("header", "expected"), RESULTS)
def test_what_the_receiving_server_vouches_for_is_read(header: str, expected: str) -> None:
    assert proof(parse(b"Authentication-Results: " + header.encode() + b"\r\n" + HEAD + b"\r\nx"), BOOKSY) == expected


def test_only_the_uppermost_verdict_counts() -> None:
    ours = b"Authentication-Results: mx.example.net; dkim=fail header.d=booksy.com\r\n"
    theirs = b"Authentication-Results: mx.example.net; dkim=pass header.d=booksy.com\r\n"
    assert proof(parse(ours + theirs + HEAD + b"\r\nx"), BOOKSY) == "failed"


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"\r\n\r\nwords", b"From: nobody\r\n\r\nwords", b"From: a@b\r\n\r\nx", b"From: a@x.com\r\n\r\n",
    ],
)  # fmt: skip
def test_what_is_no_mail_is_unreadable(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        parse(raw)


def test_strange_encodings_are_read_as_far_as_they_go() -> None:
    for kind in (
        b"text/plain; charset=no-such",
        b'text/plain; charset="\xff"',
        b"text/plain; charset=idna",
        b"text/plain",
    ):
        mail = parse(HEAD + b"Content-Type: " + kind + b"\r\n\r\ncaf\xc3\xa9 \xff")
        assert "caf" in mail.text
    odd = b"Content-Transfer-Encoding: base64\r\nContent-Type: text/plain\r\n\r\n!!!!not base64"
    assert isinstance(parse(HEAD + odd), Mail)


@given(st.binary(max_size=400), st.binary(max_size=400))
def test_any_bytes_are_a_mail_or_unreadable(head: bytes, body: bytes) -> None:
    for raw in (head + body, HEAD + head + b"\r\n\r\n" + body, b"From: " + head + b"\r\nDate: " + body):
        try:
            mail = parse(raw)
        except Unreadable:
            continue
        assert "\x00" not in mail.text + mail.subject + mail.sender_name + mail.id
        (mail.text + mail.subject + mail.sender_name + mail.id).encode()


@given(st.uuids(), st.sampled_from(["booksy", "google_calendar"]))
def test_an_address_leads_back_to_its_connection(connection: UUID, vendor: str) -> None:
    secret = mail_address.new_secret()
    made = mail_address.address(vendor, connection, secret, "mail.example.com")
    assert mail_address.is_secret(secret)
    assert len(made.partition("@")[0]) <= 64
    for form in (made, made.upper(), made.replace("@", "+caf_=owner=example.com@")):
        assert mail_address.parse(form, "Mail.Example.com") == (vendor, connection, secret)


@given(st.text(max_size=80))
def test_other_addresses_lead_nowhere(text: str) -> None:
    for address in (text, f"{text}@mail.example.com", f"booksy-{text}@mail.example.com"):
        try:
            vendor, connection, secret = mail_address.parse(address, "mail.example.com")
        except NotFound:
            continue
        assert mail_address.address(vendor, connection, secret, "mail.example.com")
