"""The one tree of errors. The class says what to do next; the fields say what it was about.

BridgeError
├── Refused        understood, and will not        tell the person (403/409/422)
│   └── NotFound   no such thing for this person    404
├── Unreachable    no answer                        try again
│   └── Ambiguous  no answer, effect unknown        look first, then decide
├── Throttled      too fast; wait until `until`     wait
├── AuthExpired    connection revoked or expired    ask the owner to reconnect
├── Rejected       the vendor said no for good      stop, show why
│   └── Stale      the thing changed there since    read it again, then decide
└── Unreadable     payload not understood           keep raw, show, go on with the rest
"""

from __future__ import annotations

from datetime import datetime


class BridgeError(Exception):
    """Anything BookingBridge raises on purpose. `why` is a sentence for a person, without secrets."""

    def __init__(self, why: str, *, code: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.code = code or type(self).__name__


class Refused(BridgeError):
    """Understood, and will not be done. Tell the person."""


class NotFound(Refused):
    """There is no such thing for this person (also when it is somebody else's)."""


class Unreachable(BridgeError):
    """No answer, and surely no effect. Try again later."""


class Ambiguous(Unreachable):
    """No answer, and the effect is unknown. Look before trying again."""


class Throttled(BridgeError):
    """Too many requests. `until` is an aware time, or None when the vendor named none."""

    def __init__(self, why: str, *, until: datetime | None = None, code: str = "") -> None:
        super().__init__(why, code=code)
        self.until = until


class AuthExpired(BridgeError):
    """The vendor no longer accepts the connection's credentials. Only its owner can mend that."""


class Rejected(BridgeError):
    """The vendor refused for good. Repeating the request cannot help."""


class Stale(Rejected):
    """The thing is no longer as the command assumed. Read it again, then decide anew."""


class Unreadable(BridgeError):
    """A payload or file that cannot be understood. `where` names the field, row or byte."""

    def __init__(self, why: str, *, where: str = "", code: str = "") -> None:
        super().__init__(f"{why} (at {where})" if where else why, code=code)
        self.where = where
