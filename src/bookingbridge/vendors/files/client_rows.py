"""Rows of clients."""

from __future__ import annotations

from datetime import time

from bookingbridge.canonical.ids import RemoteId
from bookingbridge.vendors.files import people
from bookingbridge.vendors.files.collected import Collected
from bookingbridge.vendors.files.sheet import SheetRow


def read(row: SheetRow, into: Collected) -> None:
    """The row's client is collected, or its problems noted."""
    name, email, phone = people.full_name(row, "name"), row.text("email"), row.text("phone")
    created_at = row.when("created_at", without_time=time())
    row.when("changed_at", without_time=time())
    if row.problems:
        return
    own = row.text("id", longest=200)
    address, number = people.email_key(email), people.phone_key(phone, row.sheet.options.region)
    known = own or (f"email:{address}" if address else f"phone:{number}" if number else None)
    if known is None:
        row.problem("email", "a client needs an id, an e-mail or a phone; a name alone is nobody in particular")
        return
    into.main(row, people.customer(RemoteId(known), name, email, phone, people.FROM_CLIENTS, created_at))
