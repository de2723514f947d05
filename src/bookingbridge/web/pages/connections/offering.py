"""The vendors that can be connected, in groups, and what each unlocks and reads: told from its abilities alone."""

from __future__ import annotations

from collections.abc import Sequence

from bookingbridge.canonical.ports import Ability, Manifest
from bookingbridge.sync.engine import Engine
from bookingbridge.web.pages.connections import view as v
from bookingbridge.web.ui.parts import Check, Tag

SIMULATOR = "simulator"

_GROUPS = ("Where your bookings are", "Payments", "Advertising")

_READS = (
    (Ability.BOOKINGS, "Appointments: when, for whom and for what"),
    (Ability.CLIENTS, "Clients, to know a returning one"),
    (Ability.CATALOG, "Services"),
    (Ability.TEAM, "Your team, to know with whom"),
    (Ability.BUSY_TIMES, "Times that are kept free"),
    (Ability.PAYMENTS, "Payments and refunds, to know what was really paid"),
    (Ability.PAYOUTS, "Payouts and the fees taken from them"),
    (Ability.AD_SPEND, "Campaigns and what they cost and brought, day by day"),
)
_WRITES = (
    (Ability.WRITE_BOOKINGS, "Appointments, and only when somebody books here"),
    (Ability.DEPOSITS, "Payment links, and only when somebody asks for a deposit"),
)


def groups(engine: Engine, *, without: set[str] | frozenset[str] = frozenset()) -> tuple[v.VendorGroup, ...]:
    """The vendors by what they are for; a group without any is left out. Bridges come after whole systems."""
    some = [engine.vendor(name).manifest for name in engine.vendors if name not in without]
    some.sort(key=lambda m: (_group(m), Ability.CATALOG not in m.abilities, m.title))
    made = [
        v.VendorGroup(title, tuple(_card(engine, m) for m in some if _group(m) == i)) for i, title in enumerate(_GROUPS)
    ]
    return tuple(group for group in made if group.vendors)


def _group(m: Manifest) -> int:
    if Ability.BOOKINGS in m.abilities:
        return 0
    return 2 if Ability.AD_SPEND in m.abilities else 1


def _card(engine: Engine, m: Manifest) -> v.VendorCard:
    tag = Tag("Simulator ready", "info") if SIMULATOR in engine.environments(m.name) else None
    minutes = 4 if Ability.BOOKINGS in m.abilities else 6
    return v.VendorCard(m.title, m.tagline, f"/connections/new/{m.name}", unlocks(m), minutes, tag)


def unlocks(m: Manifest) -> str:
    """`booked visits, what was paid`: the figures that there are once the vendor is connected."""
    words = (
        (Ability.BOOKINGS, "booked visits"),
        (Ability.PAYMENTS, "what was paid"),
        (Ability.PAYOUTS, "fees and payouts"),
        (Ability.DEPOSITS, "deposits by link"),
        (Ability.AD_SPEND, f"spend and return of {m.title} campaigns"),
        (Ability.CLIENTS, "new and returning clients" if Ability.BOOKINGS in m.abilities else ""),
        (Ability.TEAM, "figures per person"),
        (Ability.BUSY_TIMES, "busy times"),
    )
    return ", ".join(said for ability, said in words if said and ability in m.abilities)


def access(m: Manifest, without: Sequence[tuple[Ability, str]]) -> tuple[Check, ...]:
    """What of the vendor's abilities this account has, and why it lacks the others."""
    lacks = dict(without)
    some = [(a, f"Read: {words[:1].lower()}{words[1:]}") for a, words in _READS]
    some += [(a, f"Write: {words[:1].lower()}{words[1:]}") for a, words in _WRITES]
    return tuple(Check(words, a not in lacks, lacks.get(a, "")) for a, words in some if a in m.abilities)


def permissions(m: Manifest) -> tuple[v.Permission, ...]:
    """What is asked for by name; where the vendor knows no such names, what is read and written, in words."""
    if m.scopes:
        return tuple(v.Permission(s.name, s.why, "write" in s.name.lower()) for s in m.scopes)
    reads = [v.Permission("", words) for ability, words in _READS if ability in m.abilities]
    return *reads, *(v.Permission("", words, is_write=True) for ability, words in _WRITES if ability in m.abilities)
