"""A mail as it arrived, read tolerantly: who sent it, when, what it says, and what the receiving server vouches for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import Message
from email.parser import BytesParser
from email.utils import getaddresses, parsedate_to_datetime
from hashlib import sha256

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Unreadable
from bookingbridge.vendorkit import mail_text

LARGEST = 1024 * 1024
"""Bytes of a mail that are read. Confirmations are some 50 kB; what is longer is read up to here."""
_LONGEST_HTML = 400_000
LONGEST_TEXT = 20_000
"""Characters of a mail's words that are kept."""

_ADDRESS = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_BAD = ("fail", "permerror", "policy", "reject")
_COMMENT = re.compile(r"\([^()]*\)")


@dataclass(frozen=True, slots=True)
class Mail:
    """What a mail says. Addresses are in lower case; `sent_at` is what its sender claims, None without a usable date.

    `text` is the plain part or, where there is none, the words of the HTML part. `vouched` are results of the
    receiving server's own checks, such as ("dkim", "pass", "example.com"); empty where it wrote none.
    `digest` stays the same on whatever way the mail came: it covers sender, subject, date and words.
    """

    message_id: str
    sender: str
    sender_name: str
    reply_to: str
    subject: str
    sent_at: datetime | None
    text: str
    vouched: tuple[tuple[str, str, str], ...]
    digest: str

    @property
    def id(self) -> str:
        """What this mail is known by: its own id with a mark of what it says, since anybody may write any id."""
        return f"{self.message_id[:180]}#{self.digest[:12]}"


def parse(raw: bytes) -> Mail:
    """The mail. Unreadable where it names no sender or has no words."""
    try:
        message = BytesParser(policy=policy.default).parsebytes(raw[:LARGEST])
        text = _text(message)
        sender_name, sender = _person(message, "From")
        _, reply_to = _person(message, "Reply-To")
        subject = _header(message, "Subject")
        sent_at = _date(_header(message, "Date"))
    except (ValueError, LookupError, TypeError, AttributeError, IndexError, RecursionError, AssertionError) as broken:
        # The standard library's parser is lenient but raises all of these on some malformed headers (CPython 3.11).
        raise Unreadable(f"not a mail that can be read: {type(broken).__name__}") from broken
    if not sender:
        raise Unreadable("a mail without a sender", where="From")
    if not text and not subject:
        raise Unreadable("a mail without words", where="body")
    said = "\n".join((sender, subject, times.text(sent_at) if sent_at else "", text))
    return Mail(
        message_id=_header(message, "Message-ID").strip("<> ") or "none",
        sender=sender,
        sender_name=sender_name,
        reply_to=reply_to,
        subject=subject,
        sent_at=sent_at,
        text=text[:LONGEST_TEXT],
        vouched=_vouched(_header(message, "Authentication-Results")),
        digest=sha256(said.encode("utf-8", "replace")).hexdigest(),
    )


def is_from(address: str, domains: Iterable[str]) -> bool:
    """Whether the address is at one of the domains or below it; a domain with an @ is one whole address."""
    host = address.rpartition("@")[2]
    return any(address == d if "@" in d else host == d or host.endswith("." + d) for d in domains)


def proof(mail: Mail, domains: Iterable[str]) -> str:
    """What the receiving server saw of the sender's signature: "passed", "failed", or "none" where it wrote nothing.

    It must be of one of the domains. The uppermost Authentication-Results counts: a server puts its own on top
    (RFC 8601, section 5), and what stands below may be the sender's invention.
    """
    wanted = tuple(domains)
    ours = [(m, result) for m, result, domain in mail.vouched if is_from("x@" + domain, wanted)]
    if any(method in ("dkim", "dmarc") and result == "pass" for method, result in ours):
        return "passed"
    return "failed" if any(m in ("dkim", "dmarc") and r in _BAD for m, r, _ in mail.vouched) else "none"


def _header(message: Message, name: str) -> str:
    raw = message.get(name)
    bare = "" if raw is None else str(raw).replace("\x00", "")
    return " ".join(bare.encode("utf-8", "ignore").decode().split())[:2000]


def _person(message: Message, name: str) -> tuple[str, str]:
    """(display name, address) of the first usable address in the header."""
    for display, address in getaddresses([_header(message, name)]):
        if _ADDRESS.fullmatch(address.strip().lower()):
            return display.strip(), address.strip().lower()
    return "", ""


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
        return times.plausible(found if found.tzinfo else found.replace(tzinfo=UTC)).replace(microsecond=0)
    except (ValueError, TypeError, IndexError, OverflowError, Unreadable):
        return None


def _text(message: Message) -> str:
    """The first plain part with words in it, else the first HTML part's words."""
    html = ""
    for part in message.walk():
        kind = part.get_content_type()
        if kind not in ("text/plain", "text/html") or part.get_content_disposition() == "attachment":
            continue
        words = _decoded(part)
        if kind == "text/plain" and (plain := "\n".join(mail_text.lines(words))):
            return plain
        if kind == "text/html" and not html:
            html = mail_text.from_html(words[:_LONGEST_HTML])
    return html


def _decoded(part: Message) -> str:
    payload = part.get_payload(decode=True)
    body = payload if isinstance(payload, bytes) else b""
    charset = part.get_content_charset("utf-8")
    try:
        words = body.decode(charset, "replace")
    except (LookupError, ValueError):
        words = body.decode("utf-8", "replace")
    return words.encode("utf-8", "ignore").decode()


def _vouched(header: str) -> tuple[tuple[str, str, str], ...]:
    found = []
    for clause in _COMMENT.sub(" ", header).split(";")[1:]:
        words = clause.split()
        method, _, result = (words[0] if words else "").partition("=")
        if not result:
            continue
        properties = dict(word.partition("=")[::2] for word in words[1:] if "=" in word)
        domain = properties.get("header.d") or properties.get("header.i") or properties.get("header.from") or ""
        found.append((method.lower(), result.lower(), domain.rpartition("@")[2].lower().strip('"')))
    return tuple(found[:20])
