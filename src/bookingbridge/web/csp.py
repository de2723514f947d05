"""The headers every page carries: nothing runs or loads here but what we serve ourselves."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

# No 'unsafe-inline' anywhere: pages hold no inline script, handler or style attribute. QR codes and icons are SVG
# elements in the page, so not even `data:` images are needed.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "font-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""Chromium applies `form-action` to redirects too, so a vendor's sign-in page is opened by a link, not by a form."""

HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "content-security-policy": CONTENT_SECURITY_POLICY,
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    }
)

PAGE_HEADERS: Mapping[str, str] = MappingProxyType(
    # A page shows figures of one business to one person; the part and the whole live at one address.
    {**HEADERS, "cache-control": "private, no-store", "vary": "HX-Request, HX-Request-Type, Cookie"}
)
