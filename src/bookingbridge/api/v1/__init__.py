"""Version 1 of the API: which routers it is made of, in the order of the documentation."""

from __future__ import annotations

from bookingbridge.api.operations import OperationRouter
from bookingbridge.api.v1 import (
    analytics,
    business,
    connection_life,
    integration,
    integrations,
    me,
    oauth,
    publishing,
    tokens,
)

ROUTERS: tuple[OperationRouter, ...] = (
    me.router,
    business.router,
    tokens.router,
    oauth.router,
    integration.router,
    integrations.router,
    connection_life.router,
    analytics.router,
    publishing.router,
)
