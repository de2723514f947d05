"""What the machine found, each as a story of its own."""

from __future__ import annotations

import random
from datetime import timedelta

from tests.faults.rig import Layer, Rig


def test_a_customer_whose_deletion_no_webhook_told_is_gone_after_the_next_full_run(database_url: str) -> None:
    with Rig(database_url, Layer.FULL).alive() as rig:
        rig.begin()
        dice = random.Random(1)
        for _ in range(3):
            rig.them.meet(dice, rig.clock.now())
        rig.sync(is_full=True)
        rig.check()
        rig.them.forget(dice, rig.clock.now())
        rig.pass_time(timedelta(days=1))
        rig.sync(is_full=True)
        rig.check()
