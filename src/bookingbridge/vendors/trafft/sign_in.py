"""Signing in with a client id and a secret: tokens that live an hour, asked for anew as often as needed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import AuthExpired, Refused, Rejected, Unreadable
from bookingbridge.canonical.ports import AuthField, Tokens
from bookingbridge.vendorkit.http import Answer, Transport
from bookingbridge.vendors.trafft import address, wire

CLIENT_ID = "trafft_client_id"
CLIENT_SECRET = "trafft_client_secret"  # noqa: S105 - the name of a field
TIME_ZONE = "trafft_time_zone"
CURRENCY = "trafft_currency"

_LONGEST = 86_400

FIELDS = (
    AuthField(
        address.ADDRESS, "Address of your Trafft",
        "As the browser shows it in Trafft's admin area, such as https://yourname.admin.trafft.com. "
        "An own domain works too.",
        is_secret=False,
    ),
    AuthField(CLIENT_ID, "Client ID", "Trafft, Features & Integrations, API Connector.", is_secret=False),
    AuthField(CLIENT_SECRET, "Client secret", "The same card; shown once when it is made."),
    AuthField(
        TIME_ZONE, "Time zone",
        "As in Trafft, Settings, Company: such as Europe/London. Trafft may write times without their zone.",
        is_secret=False,
    ),
    AuthField(
        CURRENCY, "Currency",
        "The three letters of the currency you set in Trafft, such as USD. Trafft's prices do not say it.",
        is_secret=False,
    ),
)  # fmt: skip


async def sign_in(http: Transport, base_url: str, fields: Mapping[str, str], *, now: datetime) -> Tokens:
    """See canonical.ports.SignIn. `extra` holds the fields in their normal form.

    Refused where a field cannot be right, before anything is sent.
    """
    kept = _checked(fields, base_url)
    where = address.base_url(base_url, kept)
    form = {
        "grant_type": "client_credentials",
        "client_id": kept[CLIENT_ID],
        "client_secret": kept[CLIENT_SECRET],
    }
    # A token more or less changes nothing at Trafft, so this may be asked again.
    answer = await http.send("POST", f"{where}/token", form=form, is_repeatable=True)
    token = _token(answer)
    life = timedelta(seconds=min(token.expires_in, _LONGEST))
    return Tokens(access=token.access_token, expires_at=now + life, extra=kept)


def _checked(fields: Mapping[str, str], base_url: str) -> dict[str, str]:
    kept = {name: value.strip() for name, value in fields.items()}
    for name, label in ((CLIENT_ID, "client ID"), (CLIENT_SECRET, "client secret")):
        if not kept.get(name):
            raise Refused(f"the {label} is missing", code="missing_field")
    if base_url.rstrip("/") == address.NOWHERE or kept.get(address.ADDRESS):
        kept[address.ADDRESS] = address.normal(kept.get(address.ADDRESS, ""))
    try:
        kept[TIME_ZONE] = times.zone(kept.get(TIME_ZONE, "")).key
    except Unreadable as unknown:
        raise Refused("the time zone must be a name such as Europe/London", code="bad_time_zone") from unknown
    currency = kept.get(CURRENCY, "").upper()
    if len(currency) != 3 or not currency.isascii() or not currency.isalpha():
        raise Refused("the currency must be three letters such as USD", code="bad_currency")
    kept[CURRENCY] = currency
    return kept


def _token(answer: Answer) -> wire.Token:
    # What Trafft answers to wrong credentials is not documented; OAuth 2 says 400 or 401 (RFC 6749, 5.2).
    if answer.status in (400, 401, 403):
        raise AuthExpired("Trafft does not accept this client ID and secret", code=f"http_{answer.status}")
    if not answer.is_ok:
        raise Rejected(
            f"Trafft's sign-in was not found at this address (status {answer.status}); look at the address",
            code=f"http_{answer.status}",
        )
    try:
        token = msgspec.convert(answer.object(), wire.Token)
    except msgspec.ValidationError as broken:
        raise Unreadable("Trafft's answer holds no token", where="access_token") from broken
    if not token.access_token or not token.access_token.isascii() or not token.access_token.isprintable():
        raise Unreadable("Trafft's answer holds no usable token", where="access_token")
    if token.expires_in <= 0:
        raise Unreadable("Trafft's token is over before it began", where="expires_in")
    return token
