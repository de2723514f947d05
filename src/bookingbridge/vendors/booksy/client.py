"""A conversation with Booksy, by whichever of its three ways the owner chose.

A business number: the partner API. A mail server: the owner's mailbox. Neither: mails are sent to an address of ours
and there is nothing to ask.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from bookingbridge.canonical.commands import Command
from bookingbridge.canonical.errors import Refused, Rejected
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Ability, Account, Given, Json, Page, RawRecord, Reach, Receipt
from bookingbridge.vendors.booksy import options
from bookingbridge.vendors.booksy.mailbox import MailReader
from bookingbridge.vendors.booksy.partner import PartnerReader
from bookingbridge.vendors.booksy.partner_api import is_partner
from bookingbridge.vendors.booksy.partner_write import PartnerWriter

MAIL_STREAM = "mail"
_BY_MAIL = (
    (Ability.WRITE_BOOKINGS, "Booksy lets only its partners change appointments; without a partner key we only read."),
)


class BooksyClient:
    """See canonical.ports.Client and Writer."""

    def __init__(self, given: Given) -> None:
        self._now = given.now
        self._user = given.tokens.access
        self._options = options.of(given)
        business = given.tokens.extra.get("business", "").strip()
        if business and not is_partner(given.app):
            raise Refused("a business number is of use only with a partner key, and none is set here", code="no_app")
        self._partner = PartnerReader(given, business) if business else None
        reads_mail = not business and bool(given.tokens.extra.get("host", "").strip())
        self._mailbox = MailReader(given) if reads_mail else None

    async def check(self) -> Account:
        if self._partner is not None:
            return await self._partner.check()
        notes = [] if self._options.zone else ["Set the shop's time zone: Booksy's mails name none."]
        if self._mailbox is not None:
            found = await self._mailbox.recent(self._now())
            notes.append(
                f"{found} mails from Booksy in the last 90 days." if found else
                "No mail from Booksy in the last 90 days: look at the folder, and at Booksy's notification settings."
            )  # fmt: skip
            return Account(RemoteId(f"mailbox:{self._user.lower()}"), self._user, notes=tuple(notes), without=_BY_MAIL)
        notes.append("Mails are forwarded to an address of ours; nothing is asked of Booksy or your mailbox.")
        return Account(RemoteId(f"forwarded:{self._user.lower()}"), self._user, notes=tuple(notes), without=_BY_MAIL)

    async def pages(self, stream: str, cursor: Json | None, reach: Reach) -> AsyncIterator[Page]:
        """The stream's pages; one empty page for a stream that this way does not have."""
        if stream == MAIL_STREAM and self._mailbox is not None:
            reading = self._mailbox.pages(cursor, reach)
        elif stream != MAIL_STREAM and self._partner is not None:
            reading = self._partner.pages(stream, cursor, reach)
        else:
            yield Page((), {}, is_last=True)
            return
        async for page in reading:
            yield page

    async def fetch(self, kind: str, remote_id: RemoteId) -> list[RawRecord]:
        if kind == "mail":
            return await self._mailbox.one(remote_id) if self._mailbox else []
        return await self._partner.fetch(kind, remote_id) if self._partner else []

    async def send(self, command: Command) -> Receipt:
        return await self._writer().send(command)

    async def find(self, command: Command) -> Receipt | None:
        return await self._writer().find(command)

    def _writer(self) -> PartnerWriter:
        if self._partner is None:
            raise Rejected(_BY_MAIL[0][1], code="read_only")
        return PartnerWriter(self._partner, self._options.zone)

    async def close(self) -> None:
        """Nothing is held open here."""
