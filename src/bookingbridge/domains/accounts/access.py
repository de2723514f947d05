"""What a page or an operation asks of whoever calls it: declared once, checked at start and at every request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bookingbridge.canonical.errors import Refused
from bookingbridge.domains.accounts.records import Person, Who
from bookingbridge.domains.accounts.rules import Permission

Kind = Literal["permission", "signed_in", "public"]


@dataclass(frozen=True, slots=True)
class Access:
    """`permission`: a role that has all of them. `signed_in`: any person, also without a business. `public`: all."""

    kind: Kind
    permissions: frozenset[Permission] = frozenset()
    reason: str = ""

    @classmethod
    def needing(cls, *permissions: Permission) -> Access:
        """Raises ValueError where none is named."""
        if not permissions:
            raise ValueError("what needs permission says which")
        return cls("permission", frozenset(permissions))

    @classmethod
    def signed_in(cls) -> Access:
        return cls("signed_in")

    @classmethod
    def public(cls, reason: str) -> Access:
        """Raises ValueError without a reason: it is read by whoever wonders why this is open to all."""
        if not reason.strip():
            raise ValueError("what is public says why")
        return cls("public", reason=reason.strip())

    def __str__(self) -> str:
        if self.permissions:
            return " + ".join(sorted(self.permissions))
        return f"public: {self.reason}" if self.kind == "public" else "signed in"

    def allows(self, caller: Who | Person | None) -> bool:
        """Whether `caller` may come in."""
        if self.permissions:
            return isinstance(caller, Who) and self.permissions <= caller.permissions
        return self.kind == "public" or isinstance(caller, Person) or (isinstance(caller, Who) and bool(caller.person))

    def admit(self, caller: Who | Person | None) -> None:
        """Returns when `caller` may come in. Raises Refused: code "unauthenticated", "no_business" or "forbidden"."""
        if self.allows(caller):
            return
        if caller is None:
            raise Refused("Sign in first, or send a valid API token.", code="unauthenticated")
        if isinstance(caller, Person):
            raise Refused("You do not belong to a business yet, or no longer to this one.", code="no_business")
        if self.kind == "signed_in":
            raise Refused("This needs a person who is signed in; a token cannot do it.", code="forbidden")
        raise Refused("Your role in this business does not allow this.", code="forbidden")
