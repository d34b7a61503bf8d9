"""Lookups follow a cut-over and the way back; nothing is decided without a fresh and balanced proof."""

from collections.abc import Iterator
from datetime import timedelta

import attrs
import pytest

from couponhub import CouponHub, Customer
from couponhub.clock import utc_now
from couponhub.errors import Unsupported, UsageError
from couponhub.migration import Migrations
from couponhub.state import AuditQuestion
from couponhub.testing import EmulatorContext, EmulatorServer
from couponhub.testing.vendors import emulators
from tests.kit.cli import Ran
from tests.kit.eventually import eventually
from tests.migration.test_applying import CODES
from tests.migration.test_directions import TO_CAPILLARY, with_second
from tests.migration.test_verifying import applied_to_capillary, applied_to_moengage, verified
from tests.migration.world import HOLDER, World


@pytest.fixture
def hub(world: World) -> Iterator[CouponHub]:
    """A process that has begun before anything is decided, as a server has."""
    with CouponHub.from_config(world.cli.folder / "couponhub.toml") as opened:
        yield opened


def later(hub: CouponHub, **span: float) -> Migrations:
    """The migrations of a hub, as they will be some time from now."""
    clock = attrs.evolve(hub.migrations._clock, now=lambda: utc_now() + timedelta(**span))
    hub.migrations._clock = clock
    return hub.migrations


def cut_over(world: World, *more: str) -> Ran:
    """Verify, and cut over in JSON."""
    assert 0 == verified(world).code
    ran = world.cli("migrate", "cutover", "plan.json", "-o", "json", *more)
    assert 0 == ran.code, ran.err
    return ran


def asked(hub: CouponHub) -> list[str]:
    """The connections that a lookup of a running process asks, in their order."""
    return [one.connection for one in hub.lookup(Customer(**HOLDER)).answers]


def test_lookups_of_running_processes_follow_there_and_back(world: World, hub: CouponHub) -> None:
    """The target is asked first soon after the cut-over, and the source again soon after the way back."""
    applied_to_moengage(world)
    assert ["capillary", "moengage"] == asked(hub)

    ran = cut_over(world, "--window", "12h")

    assert ["moengage"] == ran.json["preference"]
    assert all(task["text"] for task in ran.json["checklist"])
    assert f"couponhub migrate rollback {ran.json['id']}" in [
        task["command"] for task in ran.json["checklist"]
    ]
    eventually(lambda: asked(hub) == ["moengage", "capillary"])
    status = world.cli("migrate", "status", "plan.json", "-o", "json").json
    assert ("cut_over", ran.json["window_ends_at"]) == (status["phase"], status["window_ends_at"])

    back = world.cli("migrate", "rollback", "plan.json", "-o", "json")

    assert (0, []) == (back.code, back.json["preference"]), back.err
    eventually(lambda: asked(hub) == ["capillary", "moengage"])
    assert "rolled_back" == world.cli("migrate", "status", "plan.json", "-o", "json").json["phase"]
    acts = hub.state.audit.page(AuditQuestion(connection="moengage")).events[::-1]
    assert {(ran.json["id"], "done")} == {(one.reference, one.outcome) for one in acts}, (
        "each decision, and none of what the migration did for it"
    )
    assert ["apply_migration", "cut_over_migration", "roll_back_migration"] == [one.action for one in acts]


def test_a_cut_over_demands_a_proof(world: World) -> None:
    """One is hinted at where there is none, and an unbalanced one is refused; lookups stay as they are."""
    applied_to_moengage(world)
    ran = world.cli("migrate", "cutover", "plan.json")
    assert (2, True) == (ran.code, "nothing is proven" in ran.complaint and "migrate verify" in ran.complaint)
    world.cli.control["moengage"].fail("* *", "status", 503)
    assert 3 == verified(world).code
    ran = world.cli("migrate", "cutover", "plan.json")
    assert (2, True) == (ran.code, "does not balance" in ran.complaint)
    assert "applied" == world.cli("migrate", "status", "plan.json", "-o", "json").json["phase"]


def test_a_proof_of_two_hours_ago_is_too_old(world: World, hub: CouponHub) -> None:
    """So is one from before somebody led it back."""
    applied_to_moengage(world)
    assert 0 == verified(world).code
    with pytest.raises(UsageError, match="must be no older than an hour"):
        later(hub, hours=2).cut_over("plan.json")
    cut_over(world)
    assert 0 == world.cli("migrate", "rollback", "plan.json").code
    with pytest.raises(UsageError, match="must be no older than an hour"):
        later(hub, minutes=1).cut_over("plan.json")
    cut_over(world)


def test_what_was_cut_over_is_not_again(world: World) -> None:
    """It says so; nor is anything cut over that is not applied, or whose target lookups do not ask."""
    applied_to_moengage(world)
    cut_over(world)
    ran = world.cli("migrate", "cutover", "plan.json")
    assert (2, True) == (ran.code, "cut over already" in ran.complaint)


def test_a_target_that_lookups_do_not_ask_is_refused(world: World) -> None:
    """A switch would change nothing, and nobody would be told of its codes."""
    applied_to_moengage(world)
    assert 0 == verified(world).code
    path = world.cli.folder / "couponhub.toml"
    path.write_text(f'{path.read_text("utf-8")}\n[lookup]\nconnections = ["capillary"]\n', encoding="utf-8")
    ran = world.cli("migrate", "cutover", "plan.json")
    assert (2, True) == (ran.code, "do not ask moengage at all" in ran.complaint)


def test_a_killed_cut_over_is_finished_by_the_same_command(world: World, hub: CouponHub) -> None:
    """What was decided is written down before the switch."""
    applied_to_moengage(world)
    cut_over(world)
    hub.state.preference.set(())
    ran = world.cli("migrate", "cutover", "plan.json", "-o", "json")
    assert (0, ["moengage"]) == (ran.code, ran.json["preference"]), ran.err


def test_the_way_back_tells_what_was_handed_out_meanwhile(world: World) -> None:
    """At the target and at the source; the codes are named in a private file alone."""
    target = applied_to_capillary(world)
    cut_over(world)
    world.cli.control["capillary"].issue(target, HOLDER, codes=[CODES[20]])
    world.issue("moengage", world.read()["from"]["list_id"], CODES[30:31])
    ran = world.cli("migrate", "rollback", "plan.json", "-o", "json", "--out", "out.csv")
    assert (0, 1, 0) == (ran.code, ran.json["at_target"], ran.json["at_source"]), ran.err
    rows = (world.cli.folder / "out.csv").read_text("utf-8").splitlines()[1:]
    assert [["target", CODES[20]]] == [row.split(",")[:2] for row in rows]
    assert CODES[20] not in ran.out + ran.err
    again = world.cli("migrate", "rollback", "plan.json")
    assert (2, True) == (again.code, "it is rolled back" in again.complaint)


def test_what_both_handed_out_is_told_of_moengage_too(world: World) -> None:
    """The source is asked by customer; what MoEngage gave away nobody knows without its usage reports."""
    world.cli.write("people.csv", "mobile", HOLDER["mobile"])
    applied_to_moengage(world, "--customers", "people.csv")
    cut_over(world)
    world.issue("capillary", world.read()["from"]["list_id"], CODES[2:4])
    ran = world.cli("migrate", "rollback", "plan.json", "-o", "json", "--out", "out.csv")
    assert (0, None, 2) == (ran.code, ran.json["at_target"], ran.json["at_source"]), ran.err
    assert any("nobody can tell what moengage handed out" in note for note in ran.json["notes"])
    assert 3 == len((world.cli.folder / "out.csv").read_text("utf-8").splitlines())


def test_after_the_window_there_is_no_way_back(world: World, hub: CouponHub) -> None:
    """A person is told what can be done."""
    applied_to_moengage(world)
    cut_over(world, "--window", "90m")
    with pytest.raises(UsageError, match="the window of") as caught:
        later(hub, hours=2).roll_back("plan.json")
    assert "couponhub migrate plan --from moengage" in caught.value.hint


def test_after_the_cut_over_the_target_may_hand_codes_out(world: World) -> None:
    """A free code in a customer's hands, and one that was used, are as they should be by then."""
    target = applied_to_capillary(world)
    cut_over(world)
    world.cli.control["capillary"].issue(target, HOLDER, codes=[CODES[20]])
    world.cli.control["capillary"].redeem(target, CODES[0])
    ran = verified(world)
    assert (0, 50) == (ran.code, ran.json["classes"]["="]), ran.out


def test_a_source_is_retired_after_the_window(world: World, hub: CouponHub) -> None:
    """It takes the end of the window, a proof of that day, and the name of the list."""
    applied_to_capillary(world)
    source = world.read()["from"]["list_id"]
    cut_over(world, "--window", "1d")
    with pytest.raises(UsageError, match="cannot be retired before"):
        hub.migrations.retire("plan.json", "Winter")
    migrations = later(hub, days=2)
    with pytest.raises(UsageError, match="must be no older than a day"):
        migrations.retire("plan.json", "Winter")
    assert migrations.verify("plan.json").balanced
    with pytest.raises(UsageError, match="the name that is confirmed"):
        migrations.retire("plan.json", "winter")
    assert "active" == hub["moengage"].lists.get(source).status
    status = migrations.retire("plan.json", "Winter")
    assert ("retired", "archived") == (status.phase, hub["moengage"].lists.get(source).status)


def test_at_capillary_a_person_retires_the_source(world: World, hub: CouponHub) -> None:
    """It archives nothing: the hint says what is to be done there, and nothing is written down as done."""
    applied_to_moengage(world)
    cut_over(world, "--window", "1d")
    migrations = later(hub, days=2)
    assert migrations.verify("plan.json").balanced
    with pytest.raises(Unsupported) as caught:
        migrations.retire("plan.json", "Winter")
    assert caught.value.hint
    assert "cut_over" == migrations.status("plan.json").phase


def test_retiring_without_a_terminal_needs_the_name(world: World) -> None:
    """Nobody is there to be asked."""
    applied_to_moengage(world)
    ran = world.cli("migrate", "retire", "plan.json")
    assert (2, True) == (ran.code, "--confirm NAME" in ran.complaint)


@pytest.mark.parametrize("window", ["7", "0d", "1w", "", "-1h", "9999999d"])
def test_odd_windows_are_refused(world: World, window: str) -> None:
    """Before anything is looked at."""
    ran = world.cli("migrate", "cutover", "mig_none", f"--window={window}")
    assert (2, True) == (ran.code, "such as 7d" in ran.complaint)


def test_lookups_at_both_vendors_are_compared(world: World) -> None:
    """Between two lists of two accounts that can be asked: what moved is the same there, and is counted by kind."""
    context = EmulatorContext()
    vendors = emulators(("capillary",), context)
    for vendor in vendors:
        vendor.seed_demo()
        vendor.set_processing_delay(0.0)
    series = world.series(CODES)
    world.issue("capillary", series, CODES[:3])
    world.cli.write("people.csv", "mobile", HOLDER["mobile"], "919800000001")
    with EmulatorServer(vendors, context) as server:
        with_second(world, server.url)
        words = ("--from", "capillary", "--list", series, "--to", "second", *TO_CAPILLARY[2:])
        ran = world.plan(*words, "--codes", "Winter.csv", "--customers", "people.csv")
        assert 0 == ran.code, ran.err
        assert 0 == world.cli("migrate", "apply", "plan.json", "--confirm", ran.json["digest"]).code
        cut_over(world)
        words = ("migrate", "shadow", "plan.json", "--customers", "people.csv")
        ran = world.cli(*words, "--sample", "1", "--seed", "3", "-o", "json")
        assert (0, 1) == (ran.code, ran.json["customers"]), ran.err
        ran = world.cli(*words, "--sample", "10", "-o", "json")
        status = world.cli("migrate", "status", "plan.json", "-o", "json").json
    assert (0, 2) == (ran.code, ran.json["customers"]), ran.err
    assert {("capillary", "second")} == {
        (one["reference"], one["connection"]) for one in ran.json["differences"]
    }
    assert 3 <= sum(one["count"] for one in ran.json["differences"] if one["kind"] == "same")
    assert ["shadowed", "shadowed"] == [one["kind"] for one in status["events"][-2:]]


def test_a_vendor_that_cannot_be_asked_has_no_shadow(world: World) -> None:
    """The hint says what to do instead."""
    world.cli.write("people.csv", "mobile", HOLDER["mobile"])
    applied_to_moengage(world)
    ran = world.cli("migrate", "shadow", "plan.json", "--customers", "people.csv", "--sample", "5")
    assert (8, True) == (ran.code, "usage reports" in ran.complaint)


def test_without_its_file_of_holders_the_source_is_not_known(world: World) -> None:
    """The proof says so and does not balance; the way back is open all the same."""
    applied_to_capillary(world)
    cut_over(world)
    (world.cli.folder / "holders.csv").unlink()
    ran = verified(world)
    assert (3, {"=": 50}) == (ran.code, {sign: n for sign, n in ran.json["classes"].items() if n})
    assert any("cannot read holders.csv" in note for note in ran.json["notes"])
    back = world.cli("migrate", "rollback", "plan.json", "-o", "json")
    assert (0, 0, None) == (back.code, back.json["at_target"], back.json["at_source"]), back.err


def test_fields_keep_their_titles_where_the_terminal_is_narrow(world: World) -> None:
    """A value that is wider than the terminal does not push out what the values are."""
    applied_to_moengage(world)
    cut_over(world)
    shown = world.cli.on_terminal("migrate", "rollback", "plan.json", columns=40).out
    for title in ("MIGRATION", "HANDED OUT AT THE SOURCE", "TO BE KNOWN"):
        assert title in shown, shown
