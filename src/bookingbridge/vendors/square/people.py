"""Who a booking is for, as a customer of Square's: found by e-mail or phone, else made."""

from __future__ import annotations

import hashlib

from bookingbridge.canonical.commands import Person
from bookingbridge.canonical.errors import Rejected
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Json
from bookingbridge.vendors.square.api import Api, objects
from bookingbridge.vendors.square.fields import id_of

_LONGEST_NAME = 300  # given_name and family_name (Customers API, 2025-08-20)


class People:
    """Customers of one merchant."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def at_square(self, person: Person, key: str) -> RemoteId:
        """The customer's id. `key` is the booking's; a repetition with it makes nobody a second time."""
        if person.remote_id:
            return person.remote_id
        for field, text in (("email_address", person.email), ("phone_number", person.phone)):
            for found in await self._search(field, text) if text else ():
                if is_same(found, person):
                    return id_of(found)
        return await self._make(person, derived(key, "customer"))

    async def _search(self, field: str, text: str) -> list[Json]:
        """The oldest first, so that of two profiles of one person always the same is taken."""
        query = {"filter": {field: {"exact": text}}, "sort": {"field": "CREATED_AT", "order": "ASC"}}
        body = await self._api.search("/v2/customers/search", "customers", {"query": query, "limit": 100})
        return objects(body, "customers")

    async def _make(self, person: Person, key: str) -> RemoteId:
        first, _, last = " ".join(person.name.split()).partition(" ")
        said = {
            "given_name": first[:_LONGEST_NAME],
            "family_name": last[:_LONGEST_NAME],
            "email_address": person.email,
            "phone_number": person.phone,
        }
        body = {name: value for name, value in said.items() if value}
        if not body:
            raise Rejected("Square needs at least a name to book for somebody new", code="incomplete")
        answer = await self._api.write("POST", "/v2/customers", "the customer", {"idempotency_key": key, **body})
        made = answer.get("customer")
        return id_of(made if isinstance(made, dict) else {})


def is_same(customer: Json, person: Person) -> bool:
    """Whether the customer is this person: by e-mail where both have one, else by phone, else by name alone.

    Who shares a phone but has another e-mail is somebody else, whose reminders these would become.
    """
    if person.remote_id:
        return customer.get("id") == person.remote_id
    email, phone = _word(customer.get("email_address")), _digits(_word(customer.get("phone_number")))
    if person.email and email:
        return email.strip().casefold() == person.email.strip().casefold()
    if person.phone and phone:
        return phone == _digits(person.phone)
    if person.email or person.phone:
        return False
    name = f"{_word(customer.get('given_name'))} {_word(customer.get('family_name'))}"
    return name.split() == person.name.split()


def derived(key: str, step: str) -> str:
    """A key of its own for one step of a command: the same for every repetition, at most 45 characters."""
    return hashlib.sha256(f"{key}/{step}".encode()).hexdigest()[:45]


def _word(value: object) -> str:
    return value if isinstance(value, str) else ""


def _digits(phone: str) -> str:
    return "".join(c for c in phone if c.isascii() and c.isdigit())
