"""One structured line per thing that happened, to stderr. Secrets are kept out by type and by name."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from bookingbridge.infra.secrets import Secret

_HIDDEN = ("password", "secret", "token", "authorization", "cookie", "api_key", "signature", "verifier", "code")


def _redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in event.items():
        if isinstance(value, Secret) or any(part in name.lower() for part in _HIDDEN):
            event[name] = "…"
    return event


def configure(*, as_json: bool, level: str = "INFO") -> None:
    """Log lines go to stderr from here on: JSON for machines, short lines for people."""
    renderer: Any = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _redact,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(level=level, format="%(levelname)s %(name)s %(message)s", stream=sys.stderr)
    for chatty in ("httpx2", "httpcore2", "httpx", "httpcore", "uvicorn.access", "procrastinate"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def get(name: str) -> Any:
    """A logger whose lines say where they come from."""
    return structlog.get_logger(name)
