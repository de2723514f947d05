"""What is shown when a page cannot be: what happened, in a sentence, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass

from bookingbridge.web.ui.parts import Action


@dataclass(frozen=True, slots=True)
class ErrorView:
    """page.html, any path. `code` is the HTTP status; `reference` finds the entry in the log; it holds no secret."""

    code: int
    what: str
    do: str
    actions: tuple[Action, ...] = (Action("Go to Today", "/today"),)
    reference: str = ""
