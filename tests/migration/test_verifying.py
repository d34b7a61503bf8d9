"""A proof names exactly the codes that are not as planned, and never says of an unknown one that it is there."""

from collections.abc import Sequence
from typing import Any

import pytest

from couponhub import CouponHub
from couponhub.errors import LocalError
from tests.kit.cli import Ran
from tests.migration.test_applying import CODES, to_capillary, to_moengage
from tests.migration.world import HOLDER, World

SPENT = {"status": 429, "headers": {"Retry-After": "86400"}}


def applied_to_capillary(world: World) -> str:
    """Move fifty codes to Capillary, five of them with their customer; return the target list."""
    digest, target = to_capillary(world)
    ran = world.cli("migrate", "apply", "plan.json", "--confirm", digest)
    assert 0 == ran.code, ran.err
    return target


def applied_to_moengage(world: World, *more: str) -> str:
    """Move fifty codes to MoEngage; return the target list."""
    digest = to_moengage(world, *more)
    ran = world.cli("migrate", "apply", "plan.json", "--confirm", digest, "-o", "json")
    assert 0 == ran.code, ran.err
    return str(ran.json["target_list_id"])


def verified(world: World, *more: str) -> Ran:
    """Verify in JSON."""
    return world.cli("migrate", "verify", "plan.json", "-o", "json", *more)


def named(document: Any) -> list[tuple[str, str]]:
    """The codes that a proof names, with their class."""
    return sorted((one["class"], one["code"]) for one in document["differences"])


def classes(document: Any) -> dict[str, int]:
    """The classes that have codes."""
    return {sign: count for sign, count in document["classes"].items() if count}


def test_a_move_to_capillary_balances(world: World) -> None:
    """Tagged codes are asked about, the others counted, and the event holds no code."""
    applied_to_capillary(world)
    ran = verified(world)
    assert (0, True) == (ran.code, ran.json["balanced"]), ran.err + ran.out
    assert {"=": 50} == classes(ran.json)
    assert {"asked": 5, "counted": 45, "assumed": 0} == ran.json["evidence"]
    assert {"all": 50, "moved": 50} == {key: n for key, n in ran.json["equation"].items() if n}
    status = world.cli("migrate", "status", "plan.json", "-o", "json")
    assert ran.json["since"] == status.json["proof"]["since"]
    assert not any(code in status.out for code in CODES)


def test_a_move_to_moengage_balances(world: World) -> None:
    """Its codes cannot be asked about: all are counted."""
    applied_to_moengage(world)
    ran = verified(world)
    assert (0, True) == (ran.code, ran.json["balanced"]), ran.err + ran.out
    assert {"asked": 0, "counted": 50, "assumed": 0} == ran.json["evidence"]


def end_sooner(world: World, target: str, code: str) -> None:
    """Move the end of one code at Capillary, as somebody might by hand."""
    body = {
        "couponSeriesId": int(target),
        "couponCodes": [{"couponCode": code, "expiryDate": "2098-01-31T23:59:59Z"}],
    }
    with CouponHub.from_config(world.cli.folder / "couponhub.toml") as hub:
        hub["capillary"].call("PUT", "/v2/coupon/bulk/expiry", body=body)


def test_what_is_changed_behind_our_back_is_named(world: World) -> None:
    """One tagged code removed, one added, one altered: exactly these three are named, and it exits with 3."""
    target = applied_to_capillary(world)
    control = world.cli.control["capillary"]
    control.revoke(target, CODES[0])
    control.issue(target, HOLDER, codes=["BEHIND-1"])
    end_sooner(world, target, CODES[1])

    ran = verified(world, "--out", "odd.csv")

    assert (3, "unbalanced") == (ran.code, ran.json["error"]["kind"])
    assert [("*", CODES[1]), ("+", "BEHIND-1"), ("-", CODES[0])] == named(ran.json)
    assert {"=": 48, "-": 1, "+": 1, "*": 1} == classes(ran.json)
    rows = [line.split(",")[:2] for line in (world.cli.folder / "odd.csv").read_text("utf-8").splitlines()]
    assert [["*", CODES[1]], ["+", "BEHIND-1"], ["-", CODES[0]]] == sorted(rows[1:])
    assert 0o600 == (world.cli.folder / "odd.csv").stat().st_mode & 0o777
    log = world.cli("migrate", "status", "plan.json", "-o", "json").out + ran.err
    assert not any(code in log for code in (*CODES, "BEHIND-1"))


def test_a_code_in_other_hands_is_different(world: World) -> None:
    """Taken from its customer and given to somebody else: it is there, and not as planned."""
    target = applied_to_capillary(world)
    control = world.cli.control["capillary"]
    control.add_customer(mobile="919800000001")
    control.revoke(target, CODES[0])
    control.issue(target, {"mobile": "919800000001"}, codes=[CODES[0]])
    ran = verified(world)
    assert [("*", CODES[0])] == named(ran.json)
    assert "somebody else holds it" in ran.json["differences"][0]["because"]
    assert {"=": 49, "*": 1} == classes(ran.json)


def test_a_free_code_that_the_target_gave_away_is_different(world: World) -> None:
    """Nobody was to hold it before the cut-over."""
    target = applied_to_capillary(world)
    world.cli.control["capillary"].issue(target, HOLDER, codes=[CODES[9]])
    ran = verified(world)
    assert [("*", CODES[9])] == named(ran.json)
    assert {"=": 49, "*": 1} == classes(ran.json)


def test_a_code_handed_out_at_the_source_is_named(world: World) -> None:
    """The second pass is done again by each proof; the code may be in two hands."""
    world.cli.write("people.csv", "mobile", HOLDER["mobile"])
    applied_to_moengage(world, "--customers", "people.csv")
    world.issue("capillary", world.read()["from"]["list_id"], CODES[3:4])
    ran = verified(world)
    assert (3, 1) == (ran.code, ran.json["double_issued"])
    ways = [note for note in ran.json["notes"] if note.startswith("such a code at ")]
    assert ["capillary", "moengage"] == sorted(note.split()[4].rstrip(":") for note in ways)
    assert [("*", CODES[3])] == named(ran.json)
    assert {"=": 49, "*": 1} == classes(ran.json)


def test_a_code_handed_out_at_the_source_to_nobody_knows_whom_is_unknown(world: World) -> None:
    """The source's counter alone tells of it."""
    applied_to_capillary(world)
    world.issue("moengage", world.read()["from"]["list_id"], CODES[7:8])
    ran = verified(world)
    assert 3 == ran.code
    assert (49, 1) == (ran.json["equation"]["moved"], ran.json["equation"]["unknown"])


def test_of_a_dead_vendor_nothing_is_said_to_be_there(world: World) -> None:
    """Everything that was not asked is unknown, with its reason."""
    applied_to_capillary(world)
    world.cli.control["capillary"].fail("* *", "status", 503)
    ran = verified(world)
    assert 3 == ran.code
    assert {"!": 50} == classes(ran.json)
    assert {"asked": 0, "counted": 0, "assumed": 0} == ran.json["evidence"]
    assert 50 == ran.json["equation"]["unknown"]
    assert {"the target list cannot be looked at"} == {one["because"] for one in ran.json["differences"]}


def test_a_spent_quota_leaves_the_rest_not_asked(world: World) -> None:
    """The counters tell of the rest, and who was not asked is told."""
    applied_to_capillary(world)
    world.cli.control["capillary"].set_faults(
        {"vendor": "capillary", "match": "GET */customer*/coupons", "fault": "status", "value": SPENT},
        {"vendor": "capillary", "match": "GET */coupon/get", "fault": "status", "value": SPENT},
    )
    ran = verified(world)
    assert {"asked": 0, "counted": 50, "assumed": 0} == ran.json["evidence"], ran.out
    assert any(
        "0 customers of the target asked about, of 1 (all); then: " in one for one in ran.json["notes"]
    )


def test_codes_that_are_gone_at_moengage_are_unknown(world: World) -> None:
    """They cannot be named: both counts are shown, and the difference is unknown."""
    target = applied_to_moengage(world)
    with CouponHub.from_config(world.cli.folder / "couponhub.toml") as hub:
        (upload,) = hub["moengage"].uploads.recorded()
        part = upload.parts[0].id
        hub["moengage"].call("DELETE", f"/coupon-list/{target}/files/{part}")
    ran = verified(world)
    assert (3, {"!": 50}) == (ran.code, classes(ran.json)), ran.out
    assert any("counts 50 codes as handed out, where 0 should be" in note for note in ran.json["notes"])


LONG = "WIN-0007-IS-TOO-LONG"


def with_refused_row(world: World, holders: Sequence[str]) -> Ran:
    """Move fifty codes to Capillary, of which it refuses one, and verify."""
    codes = [LONG if code == "WIN-0007" else code for code in CODES]
    source = world.coupon_list(codes)
    world.issue("moengage", source, holders)
    target = world.series((), "Spring")
    world.cli.control["capillary"].set_options(max_code_length=8)
    world.cli.write("holders.csv", "mobile,code", *(f"919876543210,{code}" for code in holders))
    ran = world.plan(
        *("--from", "moengage", "--list", source, "--to", "capillary", "--to-list", target),
        *("--codes", "Winter.csv", "--customers", "holders.csv"),
    )
    assert 3 == world.cli("migrate", "apply", "plan.json", "--confirm", ran.json["digest"]).code
    return verified(world)


def test_a_refused_row_of_free_codes_makes_its_file_unknown(world: World) -> None:
    """The vendor does not say which row it was, and cannot be asked; how many it refused is told."""
    ran = with_refused_row(world, CODES[:5])
    assert (3, {"=": 5, "!": 45}) == (ran.code, classes(ran.json)), ran.out
    assert (5, 1, 44) == tuple(ran.json["equation"][name] for name in ("moved", "rejected", "unknown"))


def test_a_refused_row_of_a_customer_is_named(world: World) -> None:
    """The customer is asked about, and does not hold it; the others of its file are there."""
    ran = with_refused_row(world, [*CODES[:4], LONG])
    assert [("-", LONG)] == named(ran.json)
    assert (3, {"=": 49, "-": 1}) == (ran.code, classes(ran.json)), ran.out
    assert (49, 1, 0) == tuple(ran.json["equation"][name] for name in ("moved", "rejected", "unknown"))


def test_the_unasked_rest_of_a_sample_is_counted(world: World) -> None:
    """A sample of none asks about nobody."""
    applied_to_capillary(world)
    ran = verified(world, "--sample", "0")
    assert (0, {"asked": 0, "counted": 50, "assumed": 0}) == (ran.code, ran.json["evidence"])


def test_before_everything_is_sent_the_rest_is_missing(world: World) -> None:
    """A proof during the run says what is there, and what is not yet."""
    digest, _ = to_capillary(world)
    world.cli.control["capillary"].fail("POST */upload/file/*", "status", 503)
    world.cli("migrate", "apply", "plan.json", "--confirm", digest, "--timeout", "1")
    world.cli.control["capillary"].set_faults()
    ran = verified(world)
    assert (3, {"-": 50}) == (ran.code, classes(ran.json)), ran.out


def test_what_was_never_applied_cannot_be_verified(world: World) -> None:
    """It is not found, and an out file that is there is refused before anything is asked."""
    to_moengage(world)
    assert 4 == world.cli("migrate", "verify", "plan.json").code


def test_where_nothing_can_be_written_the_proof_is_told_all_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """One warning says that it was not written down; the run is as it was."""
    applied_to_moengage(world)
    with CouponHub.from_config(world.cli.folder / "couponhub.toml") as hub:
        before = hub.migrations.status("plan.json")
        log = hub.state.migration_log

        def refuse(*_: object, **__: object) -> None:
            raise LocalError("the state is read-only")

        monkeypatch.setattr(type(log), "append", refuse)
        proof = hub.migrations.verify("plan.json")
        assert before == hub.migrations.status("plan.json")
    assert proof.balanced
    assert 1 == sum("was not written down" in record.getMessage() for record in caplog.records)


def test_a_proof_changes_nothing_that_is_kept(world: World) -> None:
    """But for the event: files, jobs and uploads stay as they are."""
    applied_to_capillary(world)
    with CouponHub.from_config(world.cli.folder / "couponhub.toml") as hub:
        migration = world.read()["id"]
        names = hub.state.job_files.names(migration)
        before = hub.migrations.status("plan.json")
        for _ in range(2):
            assert hub.migrations.verify("plan.json").balanced
        after = hub.migrations.status("plan.json")
        assert names == hub.state.job_files.names(migration)
    assert before.events == after.events[:-2]


def test_an_out_file_that_is_there_stays(world: World) -> None:
    """It is refused, and keeps what it has."""
    applied_to_moengage(world)
    world.cli.write("odd.csv", "mine")
    ran = world.cli("migrate", "verify", "plan.json", "--out", "odd.csv")
    assert (2, True) == (ran.code, "odd.csv cannot be written" in ran.complaint)
    assert "mine\n" == (world.cli.folder / "odd.csv").read_text("utf-8")


def test_a_small_sample_names_the_same_codes_by_the_same_seed(world: World) -> None:
    """And asks no more customers than it may."""
    codes = [f"S-{number:03}" for number in range(30)]
    people = [f"9198000000{number:02}" for number in range(10)]
    source = world.coupon_list(codes)
    for person in people:
        world.cli.control["moengage"].add_customer(mobile=person)
        world.cli.control["capillary"].add_customer(mobile=person)
    for code, person in zip(codes, people, strict=False):
        world.issue("moengage", source, [code], {"mobile": person})
    target = world.series((), "Spring")
    pairs = (f"{person},{code}" for code, person in zip(codes, people, strict=False))
    world.cli.write("holders.csv", "mobile,code", *pairs)
    plan = world.plan(
        *("--from", "moengage", "--list", source, "--to", "capillary", "--to-list", target),
        *("--codes", "Winter.csv", "--customers", "holders.csv"),
    )
    assert 0 == world.cli("migrate", "apply", "plan.json", "--confirm", plan.json["digest"]).code
    for code in codes[:10]:
        world.cli.control["capillary"].revoke(target, code)
    first, second = (verified(world, "--sample", "4", "--seed", "7").json for _ in range(2))
    assert named(first) == named(second)
    assert 4 == len(named(first))
    assert {"=": 26, "-": 4} == classes(first)
    assert 10 == len(named(verified(world).json))


def test_every_fate_of_a_code_has_its_place_in_the_equation(world: World) -> None:
    """Left at the source, refused by the plan, at the target before, redeemed: what is left of all was moved."""
    with_comma = '"COMMA,1"'
    series = world.series((*CODES, "ELSE-1", "USED-1"))
    world.issue("capillary", series, CODES[:5])
    world.issue("capillary", series, ["USED-1"])
    world.cli.control["capillary"].redeem(series, "USED-1")
    target = world.coupon_list(["ELSE-1"], "Spring")
    world.cli.write("more.csv", "code", *CODES, "ELSE-1", "USED-1", with_comma)
    world.cli.write("people.csv", "mobile", HOLDER["mobile"])
    plan = world.plan(
        *("--from", "capillary", "--list", series, "--to", "moengage", "--to-list", target),
        *("--codes", "more.csv", "--customers", "people.csv", "--issued-as", "skip", "--force", "a trial"),
    )
    assert 0 == plan.code, plan.err
    assert 0 == world.cli("migrate", "apply", "plan.json", "--confirm", plan.json["digest"]).code
    ran = verified(world)
    equation = {"all": 53, "moved": 45, "issued_elsewhere": 5, "redeemed": 1, "rejected": 1, "skipped": 1}
    assert equation == {key: count for key, count in ran.json["equation"].items() if count}, ran.out
    assert (0, {"=": 45}) == (ran.code, classes(ran.json)), ran.out


def test_holders_of_another_list_hide_nothing_that_the_source_hands_out(world: World) -> None:
    """A file that names more codes than the list has leaves what was handed out since unknown all the same."""
    source = world.coupon_list(CODES)
    world.issue("moengage", source, CODES[:5])
    target = world.series((), "Spring")
    others = [f"919876543210,SPRING-{number:04d}" for number in range(20)]
    world.cli.write("holders.csv", "mobile,code", *(f"919876543210,{code}" for code in CODES[:5]), *others)
    planned = world.plan(
        *("--from", "moengage", "--list", source, "--to", "capillary", "--to-list", target),
        *("--codes", "Winter.csv", "--customers", "holders.csv"),
    )
    assert 0 == planned.json["counts"]["unknown"], planned.err
    applied = world.cli("migrate", "apply", "plan.json", "--confirm", planned.json["digest"])
    assert 0 == applied.code, applied.err
    assert 0 == verified(world).code
    world.issue("moengage", source, CODES[7:10])
    ran = verified(world)
    assert (3, False, 3) == (ran.code, ran.json["balanced"], ran.json["equation"]["unknown"])


def test_holders_of_another_list_hide_nothing_from_the_plan(world: World) -> None:
    """What the source gave to nobody knows whom is unknown, however many codes of other lists the file names."""
    source = world.coupon_list(CODES)
    world.issue("moengage", source, CODES[:5])
    target = world.series((), "Spring")
    others = [f"919876543210,SPRING-{number:04d}" for number in range(20)]
    world.cli.write("holders.csv", "mobile,code", *(f"919876543210,{code}" for code in CODES[:2]), *others)
    planned = world.plan(
        *("--from", "moengage", "--list", source, "--to", "capillary", "--to-list", target),
        *("--codes", "Winter.csv", "--customers", "holders.csv"),
    )
    assert 3 == planned.json["counts"]["unknown"], planned.err


def test_codes_of_customers_that_went_by_another_upload_are_not_said_to_be_bound(world: World) -> None:
    """Somebody sends them as free ones while the migration rests: they lie at the target for anybody to get."""
    digest, target = to_capillary(world)
    world.cli.control["capillary"].fail("POST */upload/*", "status", 503)
    assert 7 == world.cli("migrate", "apply", "plan.json", "--confirm", digest).code
    world.cli.control["capillary"].set_faults()
    world.cli.write("some.csv", "code", *CODES[:5])
    sent = world.cli("uploads", "send", "capillary", target, "some.csv", "--wait")
    assert 0 == sent.code, sent.err
    world.cli("migrate", "resume", "plan.json")
    world.cli.control["capillary"].set_faults(
        {"vendor": "capillary", "match": "GET */customer*/coupons", "fault": "status", "value": SPENT}
    )

    ran = verified(world)

    assert (3, {"=": 45, "!": 5}) == (ran.code, classes(ran.json)), ran.out
    assert [("!", code) for code in CODES[:5]] == named(ran.json)
    assert 5 == ran.json["equation"]["unknown"]
