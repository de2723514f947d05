"""Whatever goes wrong on the way from a vendor to us: once it is quiet, what we hold is what the vendor has.

A Hypothesis state machine drives the real engine over a real PostgreSQL against the simulated Square over real HTTP.
With every run of the tests a few examples of one seed. The search is begun by hand and takes as long as it is given:
BOOKINGBRIDGE_FAULT_EXAMPLES (examples per layer, then of a new seed each time), BOOKINGBRIDGE_FAULT_SEED (to see a
failure again).
"""

from __future__ import annotations

import os
import random
import time

import pytest
from tests.faults.machine import drive
from tests.faults.rig import Layer

SEARCHES = "BOOKINGBRIDGE_FAULT_EXAMPLES" in os.environ
EXAMPLES = int(os.environ.get("BOOKINGBRIDGE_FAULT_EXAMPLES", "3"))
USUAL_SEED = 1


@pytest.mark.parametrize("layer", list(Layer))
def test_once_it_is_quiet_all_is_here_that_is_there_each_thing_once(
    database_url: str, layer: Layer, capsys: pytest.CaptureFixture[str]
) -> None:
    any_seed = random.SystemRandom().randrange(2**32) if SEARCHES else USUAL_SEED
    chosen = int(os.environ.get("BOOKINGBRIDGE_FAULT_SEED") or any_seed)
    with capsys.disabled():
        print(f"\nfaults, {layer}: BOOKINGBRIDGE_FAULT_SEED={chosen}, {EXAMPLES} examples")
    begun = time.monotonic()
    try:
        rig = drive(database_url, layer, examples=EXAMPLES, chosen=chosen, is_minimal=SEARCHES)
    except BaseException as found:
        found.add_note(f"BOOKINGBRIDGE_FAULT_SEED={chosen} shows it again")
        raise
    with capsys.disabled():
        print(f"settled {rig.settled} times, killed {rig.kills} times, {time.monotonic() - begun:.1f} s")
    assert rig.settled >= EXAMPLES
