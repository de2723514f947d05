"""A Hypothesis state machine of what may go wrong on the way from a vendor to us."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from datetime import timedelta

import structlog
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.faults.adversary import Surprise
from tests.faults.rig import Layer, Mutation, Rig

STEPS = 25

dice = st.integers(0, 2**32 - 1).map(random.Random)
few = st.none() | st.integers(0, 12)
steps = st.none() | st.integers(0, 12) | st.integers(0, 120)
"""After so many steps of ours the process is killed; None: it lives."""

FAULTS = (
    "429", "500", "500_after_effect", "timeout_after_effect", "reset", "empty_page_with_cursor", "garbage",
)  # fmt: skip
PLACES = ("/v2", "/v2/bookings", "/v2/customers", "/v2/payments", "/v2/refunds", "/v2/catalog", "/oauth2")
HARMLESS = (Surprise.UNKNOWN_FIELD,)


class InboundMachine(RuleBasedStateMachine):
    """The steps there are. A subclass brings the rig."""

    rig: Rig

    @initialize()
    def begin(self) -> None:
        self.rig.begin()

    @property
    def layer(self) -> Layer:
        return self.rig.layer

    def _act(self, dice: random.Random) -> None:
        # What is far from today, and who was deleted, only webhooks and runs that read all can tell.
        is_limited = self.layer is Layer.CHANGES
        self.rig.them.act(dice, self.rig.clock.now(), can_delete=not is_limited, near=is_limited)

    @rule(dice=dice, seconds=st.sampled_from([1, 1, 40, 400]), times=st.integers(1, 3))
    def the_merchant_acts(self, dice: random.Random, seconds: int, times: int) -> None:
        for _ in range(times):
            self.rig.pass_time(timedelta(seconds=seconds))
            self._act(dice)
        self.rig.collect()

    @precondition(lambda self: self.rig.pending)
    @rule(at=st.integers(0, 10_000), times=st.integers(1, 3), steps=few)
    def a_webhook_comes(self, at: int, times: int, steps: int | None) -> None:
        event = self.rig.pending[at % len(self.rig.pending)]
        before = sum(self.rig.acknowledged.values())
        self.rig.deliver(event, times, steps=steps)
        if sum(self.rig.acknowledged.values()) > before:
            self.rig.pending.remove(event)

    @precondition(lambda self: self.rig.sent)
    @rule(at=st.integers(0, 10_000))
    def a_webhook_comes_again(self, at: int) -> None:
        self.rig.deliver(self.rig.sent[at % len(self.rig.sent)], 1)

    @precondition(lambda self: self.rig.pending and self.layer is Layer.ALL)
    @rule()
    def webhooks_are_lost(self) -> None:
        self.rig.pending.clear()

    @precondition(lambda self: self.rig.sent)
    @rule(steps=steps, seconds=st.sampled_from([0, 2, 60]))
    def the_inbox_is_worked_on(self, steps: int | None, seconds: int) -> None:
        self.rig.pass_time(timedelta(seconds=seconds))
        self.rig.work(steps=steps)

    @rule(is_full=st.booleans(), steps=steps)
    def a_run(self, is_full: bool, steps: int | None) -> None:
        self.rig.sync(is_full=is_full and self.layer in (Layer.ALL, Layer.FULL), steps=steps)

    @rule(is_full=st.booleans(), dice=dice, after=st.integers(0, 40))
    def a_run_while_the_merchant_acts(self, is_full: bool, dice: random.Random, after: int) -> None:
        self._meanwhile(lambda: self._act(dice), after, is_full=is_full)

    @rule(is_full=st.booleans(), after=st.integers(0, 40))
    def access_is_revoked_during_a_run(self, is_full: bool, after: int) -> None:
        if not self.rig.is_revoked:
            self._meanwhile(self.rig.revoke, after, is_full=is_full)

    def _meanwhile(self, act: Callable[[], None], after: int, *, is_full: bool) -> None:
        line = self.rig.them.line
        line.meanwhile, line.countdown = act, after
        self.rig.sync(is_full=is_full and self.layer in (Layer.ALL, Layer.FULL))
        line.meanwhile = None
        self.rig.collect()

    @precondition(lambda self: self.rig.is_revoked)
    @rule()
    def the_owner_reconnects(self) -> None:
        self.rig.reconnect()

    @rule(fault=st.sampled_from(FAULTS), place=st.sampled_from(PLACES), times=st.integers(1, 4))
    def it_goes_wrong(self, fault: str, place: str, times: int) -> None:
        self.rig.them.go_wrong(fault, place, 1 if fault == "timeout_after_effect" else times)

    @rule(surprise=st.sampled_from(list(Surprise)), times=st.integers(1, 4))
    def the_shape_is_another(self, surprise: Surprise, times: int) -> None:
        # What was read wrongly is read again only by runs that read all.
        if surprise in HARMLESS or self.layer in (Layer.ALL, Layer.FULL):
            self.rig.them.line.surprise, self.rig.them.line.surprises = surprise, times

    @rule(times=st.integers(1, 2))
    def cursors_are_forgotten(self, times: int) -> None:
        self.rig.them.line.forgets = times

    @rule(lag=st.sampled_from([0, 5, 60]), skew=st.sampled_from([0, -600, 600]))
    def lists_lag_and_clocks_differ(self, lag: int, skew: int) -> None:
        self.rig.them.square.lag, self.rig.them.square.offset = timedelta(seconds=lag), timedelta(seconds=skew)

    @rule()
    def it_is_calm(self) -> None:
        self.rig.them.calm()

    @rule(dice=dice, steps=steps)
    def quiet(self, dice: random.Random, steps: int | None) -> None:
        self.rig.settle(dice, steps=steps)

    @invariant()
    def nothing_becomes_older(self) -> None:
        if self.rig.is_begun:
            self.rig.watch()

    def teardown(self) -> None:
        if self.rig.is_begun:
            self.rig.settle(random.Random(0))


def drive(
    url: str, layer: Layer, *, examples: int, chosen: int, mutation: Mutation | None = None, is_minimal: bool = True
) -> Rig:
    """The machine has run; raises what it found, in its shortest form where that is wanted."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    rig = Rig(url, layer, mutation) if mutation else Rig(url, layer)
    machine = seed(chosen)(type("Machine", (InboundMachine,), {"rig": rig}))
    with rig.alive():
        run_state_machine_as_test(
            machine,
            settings=settings(
                phases=[Phase.generate, Phase.shrink] if is_minimal else [Phase.generate],
                max_examples=examples, stateful_step_count=STEPS, deadline=None, database=None, print_blob=False,
                suppress_health_check=list(HealthCheck),
            ),
        )  # fmt: skip
    return rig
