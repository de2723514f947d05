"""Keys by which two mentions of a client are the same client: an e-mail address, a phone number. Pure; never a name.

What people typed is kept as it was; keys are only for comparing. Vendors want other normal forms, made when sending.
"""

from __future__ import annotations

import re
import unicodedata

import phonenumbers

# Written into the field because something had to be: shared by strangers, so they identify nobody.
_NOBODYS = frozenset(
    {"noemail", "no-email", "no.email", "no_email", "nomail", "none", "noreply", "no-reply", "donotreply"}
)
_NOBODYS_HOSTS = frozenset({"noemail.com", "none.com", "nomail.com", "no.com", "na.com", "test.com", "email.invalid"})

# Dots and anything from a plus on do not distinguish these mailboxes (support.google.com/mail/answer/7436150, seen
# November 2026). No other host is assumed to work so.
_GMAIL = frozenset({"gmail.com", "googlemail.com"})

_ADDRESS = re.compile(
    r"[^@\s<>()\[\]\\,;:\"]{1,64}@(?:[^@\s<>()\[\]\\,;:\"._-](?:[^@\s<>()\[\]\\,;:\"._]*)\.)+[^\W\d_]{2,63}"
)
_LONGEST_ADDRESS = 254
_LONGEST_TEXT = 400


def email_key(text: str | None) -> str | None:
    """The mailbox this text names, for comparing, or None when it names none or one that strangers share.

    Accepts `Ana <Ana@Example.com>` and `mailto:`. Lower case; for Gmail without dots and +suffix.
    """
    if not text or len(text) > _LONGEST_TEXT:
        return None
    plain = unicodedata.normalize("NFKC", text).strip().lower()
    if plain.endswith(">") and "<" in plain:
        plain = plain[plain.rindex("<") + 1 : -1].strip()
    plain = plain.removeprefix("mailto:").strip()
    if len(plain) > _LONGEST_ADDRESS or not _ADDRESS.fullmatch(plain):
        return None
    local, _, host = plain.partition("@")
    if local.startswith(".") or local.endswith(".") or ".." in local:
        return None
    if local in _NOBODYS or host in _NOBODYS_HOSTS:
        return None
    if host in _GMAIL:
        local, host = local.partition("+")[0].replace(".", ""), "gmail.com"
    return f"{local}@{host}" if local else None


def phone_key(text: str | None, region: str) -> str | None:
    """The number in E.164 (`+12065550123`), or None when it is not a number somebody could be called at.

    `region` is the business's country (ISO 3166 alpha-2), for numbers written without a country code. Extensions
    are dropped: they reach a desk, not another person.
    """
    if not text or len(text) > _LONGEST_TEXT:
        return None
    plain = unicodedata.normalize("NFKC", text)
    try:
        number = phonenumbers.parse(plain, region.upper() or None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number) or _is_filler(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _is_filler(number: phonenumbers.PhoneNumber) -> bool:
    """Seven equal digits at the end: typed to get past a form."""
    return len(set(str(number.national_number)[-7:])) == 1
