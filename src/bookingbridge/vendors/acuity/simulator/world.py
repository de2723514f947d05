"""Filling a simulated Acuity in one request: plain lists, no webhooks unless wanted.

    {"accounts":     [{"id", "name", "timezone", "currency", "api_key", "admin_api_key", "has_long_names"}],
     "calendars":    [{"id", "account", "name", "location", "timezone"}],
     "types":        [{"id", "account", "name", "price": "65.00", "duration": 45, "active", "requires_form"}],
     "clients":      [{"account", "firstName", "lastName", "email", "phone"}],
     "appointments": [{"id", "account", "datetime", "appointmentTypeID", "calendarID", "firstName", "lastName", "email",
                       "phone", "created", "price", "canceled", "noShow", "notes", "forms",
                       "payments": [{"amount": "65.00", "processor", "transactionID", "created"}],
                       "paid_by_hand": "20.00"}],
     "blocks":       [{"id", "account", "calendarID", "start", "end", "notes"}],
     "webhooks":     [{"account", "action": "changed", "target"}]: entered by hand,
     "gone":         [appointment ids that are simply there no more],
     "is_announced": false}

`account` may be left out while there is one. What is there already under an id is replaced.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ports import Json
from bookingbridge.vendors.acuity.simulator.appointments import moment, stamp
from bookingbridge.vendors.acuity.simulator.state import Account, Appointment, new_secret

if TYPE_CHECKING:
    from bookingbridge.vendors.acuity.simulator import AcuitySimulation

STARTER: Json = {
    "accounts": [
        {"id": 11001, "name": "Harbour Lane Hair", "timezone": "America/Los_Angeles", "api_key": "simulated-key"},
    ],
    "calendars": [
        {"id": 2101, "name": "Ines Okafor", "location": "12 Harbour Lane, Seattle"},
        {"id": 2102, "name": "Tomas Lind", "location": "12 Harbour Lane, Seattle"},
    ],
    "types": [
        {"id": 3101, "name": "Cut and finish", "price": "65.00", "duration": 45},
        {"id": 3102, "name": "Colour", "price": "140.00", "duration": 120},
        {"id": 3103, "name": "Beard trim", "price": "25.00", "duration": 20},
    ],
}


def load(acuity: AcuitySimulation, given: Mapping[str, Any]) -> dict[str, int]:
    """The state also holds `given`; how many of each came. Unreadable when it cannot be understood."""
    loader = _Loader(acuity)
    takers: dict[str, Callable[[Any], None]] = {
        "accounts": loader.account, "calendars": loader.calendar, "types": loader.type, "clients": loader.client,
        "appointments": loader.appointment, "blocks": loader.block, "webhooks": loader.webhook, "gone": loader.gone,
    }  # fmt: skip
    counts: dict[str, int] = {}
    for name, take in takers.items():
        try:
            for row in given.get(name) or []:
                take(row)
                counts[name] = counts.get(name, 0) + 1
        except Unreadable:
            raise
        except Exception as broken:
            raise Unreadable(f"not a world: {type(broken).__name__} {broken}", where=name) from broken
    if given.get("is_announced"):
        for account, made in loader.made:
            acuity.announce(account, "canceled" if made.is_cancelled else "scheduled", made)
    return counts


class _Loader:
    def __init__(self, acuity: AcuitySimulation) -> None:
        self._acuity = acuity
        self.made: list[tuple[Account, Appointment]] = []

    def _of(self, row: Json) -> Account:
        accounts = self._acuity.state.accounts
        return accounts[row["account"]] if "account" in row else next(iter(accounts.values()))

    def account(self, row: Json) -> None:
        key = row.get("api_key") or new_secret()
        known = self._acuity.state.accounts.get(row["id"])
        made = known or Account(row["id"], row["name"], times.zone(row["timezone"]), key, key)
        made.name, made.zone, made.key = row["name"], times.zone(row["timezone"]), key
        made.admin_key, made.currency = row.get("admin_api_key") or key, row.get("currency")
        made.has_long_names = bool(row.get("has_long_names"))
        self._acuity.state.accounts[made.id] = made

    def calendar(self, row: Json) -> None:
        account = self._of(row)
        about = {"name": row["name"], "email": "", "replyTo": "", "description": "", "thumbnail": ""}
        where = {"location": row.get("location", ""), "timezone": row.get("timezone", account.zone.key)}
        account.calendars[row["id"]] = {"id": row["id"], **about, **where}

    def type(self, row: Json) -> None:
        account = self._of(row)
        account.types[row["id"]] = {
            "id": row["id"], "active": row.get("active", True), "name": row["name"], "description": "",
            "duration": row["duration"], "price": row.get("price", "0.00"), "category": "", "color": "#ED7087",
            "private": False, "type": "service", "classSize": None, "paddingAfter": 0, "paddingBefore": 0,
            "calendarIDs": [*account.calendars], "requires_form": bool(row.get("requires_form")),
        }  # fmt: skip

    def client(self, row: Json) -> None:
        names = ("firstName", "lastName", "phone", "email", "notes")
        self._of(row).clients.append({name: row.get(name, "") for name in names})

    def appointment(self, row: Json) -> None:
        account = self._of(row)
        kind, starts_at = account.types[row["appointmentTypeID"]], moment(row["datetime"], account)
        created = moment(row["created"], account) if "created" in row else starts_at - timedelta(days=7)
        made = Appointment(
            id=row.get("id") or next(self._acuity.state.ids), starts_at=starts_at, minutes=int(kind["duration"]),
            type_id=kind["id"], calendar_id=row["calendarID"], created_at=created,
            person={name: row.get(name, "") for name in ("firstName", "lastName", "phone", "email")},
            price=str(row.get("price", kind["price"])), is_cancelled=bool(row.get("canceled")),
            is_no_show=bool(row.get("noShow")), notes=row.get("notes", ""), forms=row.get("forms", []),
            payments=[self._payment(account, paid, starts_at) for paid in row.get("payments", [])],
            by_hand=row.get("paid_by_hand", "0.00"),
        )  # fmt: skip
        account.appointments[made.id] = made
        self.made.append((account, made))

    def _payment(self, account: Account, row: Json, starts_at: Any) -> Json:
        return {
            "transactionID": row.get("transactionID") or f"pi_{new_secret()}",
            "created": stamp(moment(row["created"], account) if "created" in row else starts_at, account),
            "processor": row.get("processor", "stripe"),
            "amount": row["amount"],
        }

    def block(self, row: Json) -> None:
        account = self._of(row)
        start, end = (stamp(moment(row[name], account), account) for name in ("start", "end"))
        made = {"id": row.get("id") or next(self._acuity.state.ids), "calendarID": row["calendarID"], "start": start}
        about = {"end": end, "notes": row.get("notes", ""), "description": "", "recurring": None}
        account.blocks[made["id"]] = {**made, **about}

    def webhook(self, row: Json) -> None:
        self._of(row).by_hand[row["action"]] = row["target"]

    def gone(self, row: int) -> None:
        for account in self._acuity.state.accounts.values():
            account.appointments.pop(row, None)
            account.blocks.pop(row, None)
