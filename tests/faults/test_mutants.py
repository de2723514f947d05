"""The machine finds engines that do something wrong: what it says of ours means something."""

from __future__ import annotations

import os

import pytest
from tests.faults.machine import drive
from tests.faults.mutants import MUTANTS, Mutant

from bookingbridge.canonical.errors import Unreachable

pytestmark = pytest.mark.faults

EXAMPLES = int(os.environ.get("BOOKINGBRIDGE_FAULT_EXAMPLES", "60"))


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.name)
def test_an_engine_that_makes_this_mistake_is_found_out(database_url: str, mutant: Mutant) -> None:
    with pytest.raises((AssertionError, Unreachable, BaseExceptionGroup)) as found:
        drive(database_url, mutant.layer, examples=EXAMPLES, chosen=3, mutation=mutant.mutation, is_minimal=False)
    told = found.value.exceptions if isinstance(found.value, BaseExceptionGroup) else (found.value,)
    assert all(isinstance(e, (AssertionError, Unreachable)) for e in told)
