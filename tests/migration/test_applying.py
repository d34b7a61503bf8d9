"""A plan runs exactly as it was reviewed, goes on wherever it was stopped, and sends each code once."""

import pytest

from couponhub import CouponHub
from couponhub.errors import CouponhubError
from tests.migration.world import World

CODES = tuple(f"WIN-{number:04}" for number in range(50))


def to_moengage(world: World, *more: str) -> str:
    """Plan a move of fifty codes to MoEngage; return the digest."""
    series = world.series(CODES)
    ran = world.plan(
        *("--from", "capillary", "--list", series, "--to", "moengage", "--create"),
        *("--set", "created_by=crm", "--codes", "Winter.csv", *more),
    )
    assert 0 == ran.code, ran.err
    digest: str = ran.json["digest"]
    return digest


def to_capillary(world: World) -> tuple[str, str]:
    """Plan a move of fifty codes to Capillary, five of them with their customer; return the digest and the target."""
    source = world.coupon_list(CODES)
    world.issue("moengage", source, CODES[:5])
    target = world.series((), "Spring")
    world.cli.write("holders.csv", "mobile,code", *(f"919876543210,{code}" for code in CODES[:5]))
    ran = world.plan(
        *("--from", "moengage", "--list", source, "--to", "capillary", "--to-list", target),
        *("--codes", "Winter.csv", "--customers", "holders.csv"),
    )
    assert 0 == ran.code, ran.err
    return ran.json["digest"], target


def held(world: World, vendor: str, list_id: str) -> list[tuple[str, str | None]]:
    """The truth: each code of a list, with the mobile of who has it."""
    items = world.cli.control[vendor].codes(list_id)
    return sorted((one["code"], (one["customer"] or {}).get("mobile")) for one in items)


def test_a_new_list_is_made_and_filled(world: World) -> None:
    """Every planned code is at the target once, and the source has what it had."""
    digest = to_moengage(world)
    before = held(world, "capillary", world.read()["from"]["list_id"])

    ran = world.cli("migrate", "apply", "plan.json", "--confirm", digest, "-o", "json")

    assert 0 == ran.code, ran.err
    assert ("applied", "done", 50, 50) == tuple(
        ran.json[key] for key in ("phase", "job_status", "rows", "sent")
    )
    assert [(code, None) for code in CODES] == held(world, "moengage", ran.json["target_list_id"])
    assert before == held(world, "capillary", world.read()["from"]["list_id"])


def test_issued_codes_go_with_their_customers(world: World) -> None:
    """They are bound to whoever holds them at the source, and the others to nobody."""
    digest, target = to_capillary(world)

    ran = world.cli("migrate", "apply", "plan.json", "--confirm", digest, "-o", "json")

    assert 0 == ran.code, ran.err
    expected = [(code, "919876543210" if code in CODES[:5] else None) for code in CODES]
    assert expected == held(world, "capillary", target)


def test_another_digest_is_refused(world: World) -> None:
    """Nothing is done, and the exit code is that of a usage error."""
    to_moengage(world)
    ran = world.cli("migrate", "apply", "plan.json", "--confirm", "0" * 64)
    assert 2 == ran.code
    assert "the digest that is confirmed is not that of the plan" in ran.complaint
    assert 0 == world.cli("migrate", "ls").code
    assert "" == world.cli("migrate", "ls").out


def test_a_changed_world_is_refused(world: World) -> None:
    """What was handed out since the review, and a changed file, are both told at once; nothing is done."""
    world.cli.write("people.csv", "mobile", "919876543210")
    digest = to_moengage(world, "--customers", "people.csv")
    series = world.read()["from"]["list_id"]
    world.issue("capillary", series, CODES[:2])
    world.cli.write("Winter.csv", "code", *CODES, "NEW-0001")

    ran = world.cli("migrate", "apply", "plan.json", "--confirm", digest)

    assert 2 == ran.code
    assert "the world is no longer as it was planned" in ran.complaint
    assert "Winter.csv" in ran.complaint
    assert "issued" in ran.complaint
    assert "" == world.cli("migrate", "ls").out


def test_applied_twice_it_goes_on_and_sends_nothing_again(world: World) -> None:
    """The second run finds it done."""
    digest = to_moengage(world)
    first = world.cli("migrate", "apply", "plan.json", "--confirm", digest, "-o", "json").json
    second = world.cli("migrate", "apply", "plan.json", "--confirm", digest, "-o", "json").json
    assert ("applied", "applied") == (first["phase"], second["phase"])
    assert 50 == len(held(world, "moengage", first["target_list_id"]))


def test_a_paused_migration_sends_nothing_until_it_is_resumed(world: World) -> None:
    """Pause and resume work from any process, by the plan's file or by the migration's id."""
    digest, target = to_capillary(world)
    migration = world.read()["id"]
    with CouponHub.from_config(world.cli.folder / "couponhub.toml") as hub:
        world.cli.control["capillary"].fail("POST */upload/file/*", "status", 503)
        with pytest.raises(CouponhubError):
            hub.migrations.apply("plan.json", digest, timeout=1.0)
    assert "paused" == world.cli("migrate", "pause", migration, "-o", "json").json["job_status"]
    world.cli.control["capillary"].set_faults()
    ran = world.cli("work", "--once")
    assert 0 == ran.code, ran.err
    assert [] == held(world, "capillary", target)

    resumed = world.cli("migrate", "resume", "plan.json", "-o", "json")

    assert 0 == resumed.code, resumed.err
    assert list(CODES) == [code for code, _ in held(world, "capillary", target)]


def test_a_handed_out_code_is_found_by_the_second_pass(world: World) -> None:
    """A code that the source gives to a customer while it runs is counted, and told for people."""
    world.cli.write("people.csv", "mobile", "919876543210")
    digest = to_moengage(world, "--customers", "people.csv")
    series = world.read()["from"]["list_id"]
    with CouponHub.from_config(world.cli.folder / "couponhub.toml") as hub:
        world.cli.control["moengage"].fail("POST */files", "status", 503)
        with pytest.raises(CouponhubError):
            hub.migrations.apply("plan.json", digest, timeout=1.0)
    world.cli.control["moengage"].set_faults()
    world.issue("capillary", series, CODES[3:4])

    ran = world.cli("migrate", "resume", "plan.json", "-o", "json")

    assert 0 == ran.code, ran.err
    (event,) = [one for one in ran.json["events"] if one["kind"] == "finished"]
    assert "1 codes that moved as free were handed out at the source since" in event["message"]


def test_what_fails_on_the_way_names_the_command_that_goes_on(world: World) -> None:
    """A vendor that is away ends the run with its own exit code, and one line says how to go on."""
    digest = to_moengage(world)
    world.cli.control["moengage"].fail("POST */files", "status", 503)

    ran = world.cli("migrate", "apply", "plan.json", "--confirm", digest, "--timeout", "2")

    assert ran.code in {3, 7}
    assert "`couponhub migrate resume plan.json` goes on" in ran.remarks[-1]
