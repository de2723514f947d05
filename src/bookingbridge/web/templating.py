"""The Jinja environment: strict about what is missing, escaping everything, finding each page's own folder."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined

from bookingbridge.web import format as fmt
from bookingbridge.web.assets import asset

WEB = Path(__file__).parent


@cache
def environment() -> Environment:
    """Templates are named `today/page.html` (in pages/) and `ui/parts.html` (in ui/)."""
    env = Environment(
        loader=ChoiceLoader(
            [PrefixLoader({"ui": FileSystemLoader(WEB / "ui")}), FileSystemLoader(WEB / "pages")],
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.do"],
    )
    env.globals["asset"] = asset
    env.globals["fmt"] = fmt
    return env
