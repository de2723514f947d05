"""A link as a QR code that prints sharply: one SVG path, dark on light in both themes."""

from __future__ import annotations

import io

import segno
from markupsafe import Markup


def qr(address: str, label: str) -> Markup:
    """The code of `address` with medium error correction (15 % may be covered), titled `label` for readers.

    Raises ValueError for what no QR code holds (beyond about 2,300 characters).
    """
    try:
        code = segno.make(address, error="m", micro=False)
    except segno.DataOverflowError as long:
        raise ValueError(f"{len(address)} characters do not fit a QR code") from long
    out = io.BytesIO()
    code.save(out, kind="svg", border=4, xmldecl=False, svgns=False, nl=False, svgclass="qr", lineclass=None,
              omitsize=True, title=label)  # fmt: skip
    return Markup(out.getvalue().decode().replace("<svg ", '<svg role="img" ', 1))  # noqa: S704 - segno escapes the title
