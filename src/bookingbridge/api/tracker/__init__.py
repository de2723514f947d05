"""The script for business's own pages, as it is served: the file `bb.js`, no build step. See docs/collector.md."""

from __future__ import annotations

import gzip
import hashlib
from importlib.resources import files

SCRIPT: bytes = files(__name__).joinpath("bb.js").read_bytes()
"""`text/javascript; charset=utf-8`."""

SCRIPT_GZIPPED: bytes = gzip.compress(SCRIPT, 9, mtime=0)
"""The same for clients that accept gzip; the same bytes on every start."""

ETAG: str = f'"{hashlib.sha256(SCRIPT).hexdigest()[:20]}"'
"""Changes with the script. It is served under one address, so it must be asked for again: `no-cache` or an hour."""
