"""Errors for the gallery and the tests."""

from __future__ import annotations

from bookingbridge.web.pages.error.view import ErrorView
from bookingbridge.web.ui.parts import Action


def not_found() -> ErrorView:
    return ErrorView(
        404,
        "There is no such booking, or it belongs to another business.",
        "Look for it by the client's name.",
        (Action("Customers", "/customers", is_main=True),),
    )


def failed() -> ErrorView:
    return ErrorView(
        500,
        "This page could not be made. Nothing was lost.",
        "Try again in a minute. If it stays, run “bookingbridge doctor” on the server.",
        reference="req_01J9ZK3",
    )
