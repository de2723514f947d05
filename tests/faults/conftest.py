"""What is searched for hours is begun by hand: see `test_inbound_machine`."""

from __future__ import annotations

import os

collect_ignore = [] if "BOOKINGBRIDGE_FAULT_EXAMPLES" in os.environ else ["test_mutants.py"]
