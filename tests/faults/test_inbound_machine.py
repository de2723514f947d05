"""Whatever goes wrong on the way from a vendor to us: once it is quiet, what we hold is what the vendor has.

A Hypothesis state machine drives the real engine over a real PostgreSQL against the simulated Square over real HTTP.
Environment: BOOKINGBRIDGE_FAULT_EXAMPLES (examples per layer), BOOKINGBRIDGE_FAULT_SEED (to see a failure again).
"""

from __future__ import annotations

import os
import random
import time

import pytest
from tests.faults.machine import drive
from tests.faults.rig import Layer

EXAMPLES = int(os.environ.get("BOOKINGBRIDGE_FAULT_EXAMPLES", "8"))


@pytest.mark.parametrize("layer", list(Layer))
def test_once_it_is_quiet_all_is_here_that_is_there_each_thing_once(
    database_url: str, layer: Layer, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = int(os.environ.get("BOOKINGBRIDGE_FAULT_SEED") or random.SystemRandom().randrange(2**32))
    with capsys.disabled():
        print(f"\nfaults, {layer}: BOOKINGBRIDGE_FAULT_SEED={chosen}, {EXAMPLES} examples")
    begun = time.monotonic()
    try:
        rig = drive(database_url, layer, examples=EXAMPLES, chosen=chosen)
    except BaseException as found:
        found.add_note(f"BOOKINGBRIDGE_FAULT_SEED={chosen} shows it again")
        raise
    with capsys.disabled():
        print(f"settled {rig.settled} times, killed {rig.kills} times, {time.monotonic() - begun:.1f} s")
    assert rig.settled >= EXAMPLES
