"""Whoever waits for a cut-over is told of each change, and pays two calls a round while there is none."""

import signal
from collections.abc import Callable

import attrs

from couponhub import CouponHub
from tests.kit.eventually import eventually
from tests.migration.test_applying import CODES
from tests.migration.test_verifying import applied_to_capillary
from tests.migration.world import HOLDER, World


def with_pauses(hub: CouponHub, in_pauses: list[Callable[[], object]]) -> None:
    """Let the migrations of a hub sleep for nothing, and have something happen in each pause."""

    def sleep(_: float) -> None:
        in_pauses.pop(0)()

    hub.migrations._clock = attrs.evolve(hub.migrations._clock, sleep=sleep)


def nothing() -> None:
    """Let a pause pass."""


def test_each_change_is_proven_once(world: World) -> None:
    """Rounds without one ask for the counters of both lists alone."""
    target = applied_to_capillary(world)
    control = world.cli.control["capillary"]
    calls: list[int] = []

    def count() -> None:
        calls.append(sum("customer" in str(one["path"]) for one in control.requests()))

    def hand_out() -> None:
        control.issue(target, HOLDER, codes=[CODES[9]])

    with CouponHub.from_config(world.cli.folder / "couponhub.toml") as hub:
        with_pauses(hub, [count, nothing, count, hand_out])
        proofs = hub.migrations.watch("plan.json", every=5.0)
        first, second = next(proofs), next(proofs)
    assert (True, False) == (first.balanced, second.balanced)
    assert first.at == first.since
    assert second.since is None
    assert [CODES[9]] == [one.code for one in second.differences]
    assert calls[0] == calls[1]


def test_balance_lasts_from_the_first_proof_on(world: World) -> None:
    """Each further one tells the same moment, and a disturbance begins it anew."""
    applied_to_capillary(world)
    with CouponHub.from_config(world.cli.folder / "couponhub.toml") as hub:
        first = hub.migrations.verify("plan.json")
        second = hub.migrations.verify("plan.json")
        world.cli.control["capillary"].fail("* *", "status", 503)
        assert not hub.migrations.verify("plan.json").balanced
        world.cli.control["capillary"].set_faults()
        third = hub.migrations.verify("plan.json")
    assert first.since == second.since
    assert third.since == third.at


def test_watching_ends_with_how_it_stands(world: World) -> None:
    """Ctrl-C ends it, with 0 where it balances."""
    applied_to_capillary(world)
    with world.cli.begun("migrate", "verify", "plan.json", "--watch", "--every", "0.1") as watching:
        eventually(lambda: "balanced since" in watching.err)
        watching.send(signal.SIGINT)
        run = watching.ended()
    assert (0, True) == (run.returncode, run.stderr.count("balanced since") >= 2)
