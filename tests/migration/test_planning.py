"""What a plan says of codes, their holders, and both vendors."""

from typing import Any

import pytest

from tests.kit.cli import NEW_SERIES
from tests.migration.world import World

CODES = tuple(f"WIN-{number:04}" for number in range(50))
TO_MOENGAGE = ("--to", "moengage", "--create", "--set", "created_by=crm")


def test_codes_go_from_capillary_to_moengage(world: World) -> None:
    """Each code is in one class, and what MoEngage cannot bind to a customer stays with whom it has at Capillary."""
    series = world.series(CODES)
    world.issue("capillary", series, CODES[:5])
    world.cli.control["capillary"].redeem(series, CODES[0])
    world.cli.write("people.csv", "mobile", "919876543210", "919000000001")
    ran = world.plan(
        *("--from", "capillary", "--list", series, *TO_MOENGAGE),
        *("--codes", "Winter.csv", "--customers", "people.csv"),
    )
    assert 0 == ran.code, ran.err
    plan = ran.json
    assert plan == world.read()
    assert {"all": 50, "issued": 4, "redeemed": 1, "expired": 0, "free": 45, "unknown": 0} == plan["counts"]
    assert ("skip", [("free", 45, 1)]) == (
        plan["issued_as"],
        [(one["kind"], one["rows"], one["parts"]) for one in plan["batches"]],
    )
    assert ("capillary", series) == (plan["from"]["connection"], plan["from"]["list_id"])
    assert ("moengage", None, "Winter") == (
        plan["to"]["connection"],
        plan["to"]["list_id"],
        plan["create"]["name"],
    )
    assert {"customer": "lost", "code": "kept", "redemptions": "lost", "list.name": "kept"} == {
        one["field"]: one["fate"]
        for one in plan["lossiness"]
        if one["field"] in {"customer", "code", "redemptions", "list.name"}
    }
    assert [("two_vendors", 45)] == [(one["kind"], one["count"]) for one in plan["collisions"]]
    assert [("codes", 50), ("customers", 2)] == [(one["role"], one["rows"]) for one in plan["sources"]]


def test_codes_go_from_capillary_to_another_series_with_their_customers(world: World) -> None:
    """Where the target binds codes to customers, those that are held go as a batch of their own."""
    series = world.series(CODES)
    world.issue("capillary", series, CODES[:5])
    other = world.series((), "Spring")
    world.cli.write("people.csv", "mobile", "919876543210")
    ran = world.plan(
        *("--from", "capillary", "--list", series, "--to", "capillary", "--to-list", other),
        *("--codes", f"list:capillary/{series}", "--customers", "people.csv"),
    )
    assert 0 == ran.code, ran.err
    assert [("free", None, 45), ("issued", "mobile", 5)] == [
        (one["kind"], one["identifier"], one["rows"]) for one in ran.json["batches"]
    ]
    assert any("count as issued at once" in step for step in ran.json["irreversible"])


def test_required_fields_of_a_new_list_are_named_at_once(world: World) -> None:
    """They are told before anything is read, and no plan is written."""
    coupon_list = world.coupon_list(("A-1",))
    ran = world.plan(
        *(
            "--from",
            "moengage",
            "--list",
            coupon_list,
            "--to",
            "capillary",
            "--create",
            "--codes",
            "Winter.csv",
        )
    )
    assert 2 == ran.code
    assert "missing: discountCode, discountType, discountValue, smsTemplate" in ran.complaint
    assert not (world.cli.folder / "plan.json").exists()


@pytest.mark.parametrize("forced", [False, True])
def test_crossed_limits_need_a_reason(world: World, *, forced: bool) -> None:
    """Each stands on a line of its own; with a reason the plan is made, and both stand in it."""
    series = world.series(CODES)
    target = world.coupon_list(("OLD-1",), "Old")
    world.cli.write("few.csv", "code", *CODES[:20])
    words = (
        "--from",
        "capillary",
        "--list",
        series,
        "--to",
        "moengage",
        "--to-list",
        target,
        "--codes",
        "few.csv",
    )
    ran = world.plan(*words, *(("--force", "the rest was printed") * forced))
    if forced:
        assert 0 == ran.code, ran.err
        assert ["unaccounted", "target_not_empty"] == [one["kind"] for one in ran.json["crossed"]]
        assert "the rest was printed" == ran.json["reason"]
    else:
        assert 2 == ran.code
        lines = ran.remarks
        assert 2 == len(lines)
        assert "60% of 50 codes unaccounted for: 30 in no source" in lines[0]
        assert "holds 1 code" in lines[1]
        assert "--force REASON" in lines[1]


def test_a_plan_that_is_there_is_not_written_over(world: World) -> None:
    """It is refused before any vendor is asked."""
    (world.cli.folder / "plan.json").write_text("{}", encoding="utf-8")
    ran = world.plan("--from", "capillary", "--list", "1", "--to", "moengage", "--create", "--codes", "a.csv")
    assert (2, "plan.json cannot be written: File exists (name a new file)") == (ran.code, ran.complaint)


def test_an_export_says_who_holds_which_code(world: World) -> None:
    """A table with a column of codes stands for asking anybody; its customers go along where the target knows them."""
    series = world.series(CODES)
    world.issue("capillary", series, CODES[:3])
    other = world.series((), "Spring")
    world.cli.write("holders.csv", "code,mobile", *(f"{code},919876543210" for code in CODES[:3]))
    ran = world.plan(
        *("--from", "capillary", "--list", series, "--to", "capillary", "--to-list", other),
        *("--codes", "Winter.csv", "--customers", "holders.csv"),
    )
    assert 0 == ran.code, ran.err
    assert (47, 3, 0) == (
        ran.json["counts"]["free"],
        ran.json["counts"]["issued"],
        ran.json["counts"]["unknown"],
    )
    assert [("free", 47), ("issued", 3)] == [(one["kind"], one["rows"]) for one in ran.json["batches"]]


def test_a_released_identifier_is_given_no_code(world: World) -> None:
    """Whose mobile may be somebody else's by now keeps the code at the source; a merged customer's leads to the survivor."""
    series = world.series(CODES)
    world.issue("capillary", series, CODES[:2])
    other = world.series((), "Spring")
    world.cli.write("holders.csv", "code,mobile", f"{CODES[0]},919876543210", f"{CODES[1]},919000000001")
    world.cli.write(
        "merges.csv",
        "victim_mobile,survivor_mobile,identifier_released",
        "919876543210,919000000009,true",
        "919000000001,919000000009,false",
    )
    ran = world.plan(
        *("--from", "capillary", "--list", series, "--to", "capillary", "--to-list", other),
        *("--codes", "Winter.csv", "--customers", "holders.csv", "--merges", "merges.csv"),
    )
    assert 0 == ran.code, ran.err
    assert [("free", 48), ("issued", 1)] == [(one["kind"], one["rows"]) for one in ran.json["batches"]]
    assert any("1 code bound to nobody: the identifiers" in note for note in ran.json["notes"])


def fates(plan: Any) -> dict[str, tuple[str, str]]:
    """The fate of each field, and the note about it."""
    return {one["field"]: (one["fate"], one["note"]) for one in plan["lossiness"]}


def test_what_becomes_of_each_field_is_told(world: World) -> None:
    """Another end of the list is told in days, of codes that end at moments of their own by how many they are."""
    series = world.series(CODES)
    ends = ("2099-12-31T23:59:59Z", "2099-12-21T23:59:59Z", "2100-01-31T23:59:59Z")
    rows = [f"{code},919876543210,{end}" for code, end in zip(CODES, ends, strict=False)]
    world.cli.write("holders.csv", "code,mobile,expires_at", *rows)
    words = ("--from", "capillary", "--list", series, "--to", "capillary", "--create", *NEW_SERIES)
    more = (
        "--codes",
        "Winter.csv",
        "--customers",
        "holders.csv",
        "--set",
        "label=OTHER",
        "--set",
        "name=Other",
    )
    told = fates(world.plan(*words, *more).json)
    assert ("kept", "the same moment") == told["list.expires_at"]
    assert (
        "approximated",
        "one end for the whole list: 1 live longer than before, up to 10 days; 1 end sooner, up to 31 days",
    ) == told["coupon.expires_at"]
    assert ("approximated", "another at the target") == told["list.name"] == told["list.label"]
    assert ("kept", "3 codes bound to their customers") == told["customer"]
    assert "approximated" == told["issued_at"][0] == told["discount"][0]
    told = fates(world.plan(*words, *more, "--set", "expires=2099-12-30", out="sooner.json").json)
    assert ("approximated", "1 day sooner") == told["list.expires_at"]
    told = fates(world.plan(*words, *more, "--issued-as", "free", out="free.json").json)
    assert "lost" == told["customer"][0]


def test_alerts_are_lost_where_the_target_has_none(world: World) -> None:
    """A plan holds nobody's address, so that they are set anew."""
    made = world.cli(
        *("lists", "create", "moengage", "--name", "Loud", "--expires", "2099-12-31", "--created-by", "x"),
        *("--subscriber", "crm@example.com", "--alert-success", "-o", "json"),
    )
    assert 0 == made.code, made.err
    world.cli.write("codes.csv", "code", "A-1")
    assert 0 == world.cli("uploads", "send", "moengage", made.json["id"], "codes.csv", "--wait").code
    ran = world.plan(
        *("--from", "moengage", "--list", made.json["id"], "--to", "capillary", "--create", *NEW_SERIES),
        *("--codes", "codes.csv"),
    )
    assert 0 == ran.code, ran.err
    assert "lost" == fates(ran.json)["list.alerts"][0]
    assert "crm@example.com" not in (world.cli.folder / "plan.json").read_text(encoding="utf-8")


def test_a_code_of_which_nobody_knows_what_happened_is_bound_to_nobody(world: World) -> None:
    """It may be used up, and would be good once more at the target."""
    series = world.series(CODES)
    other = world.series((), "Spring")
    rows = [
        f"{code},98662653,{series},{word}"
        for code, word in zip(CODES, ("ISSUED", "TRANSMOGRIFIED", "REDEEMED"), strict=False)
    ]
    header = "coupon_code,dim_issued_to_user_id,dim_coupon_series_id,dim_coupon_event_type_id"
    world.cli.write("export.csv", header, *rows)
    ran = world.plan(
        *("--from", "capillary", "--list", series, "--to", "capillary", "--to-list", other),
        *("--codes", "Winter.csv", "--customers", "export.csv"),
    )
    assert 0 == ran.code, ran.err
    assert (2, 1) == (ran.json["counts"]["issued"], ran.json["counts"]["redeemed"])
    assert [("free", None, 47), ("issued", "id", 1)] == [
        (one["kind"], one["identifier"], one["rows"]) for one in ran.json["batches"]
    ]
    assert any("1 code bound to nobody: what happened" in note for note in ran.json["notes"])


def test_codes_of_customers_that_the_target_has_as_free_ones_need_a_reason(world: World) -> None:
    """They are left out, and nobody knows that their customers have them there: it is told beside the other limit."""
    source = world.coupon_list(CODES)
    world.issue("moengage", source, CODES[:5])
    target = world.series(CODES[:3], "Spring")
    world.cli.write("holders.csv", "mobile,code", *(f"919876543210,{code}" for code in CODES[:5]))
    words = (
        *("--from", "moengage", "--list", source, "--to", "capillary", "--to-list", target),
        *("--codes", "Winter.csv", "--customers", "holders.csv"),
    )
    refused = world.plan(*words)
    assert 2 == refused.code
    assert "3 codes that customers hold left out" in refused.err
    planned = world.plan(*words, "--force", "they were bound by hand")
    assert ["target_not_empty", "held_left_out"] == [one["kind"] for one in planned.json["crossed"]]


def test_twins_that_two_customers_hold_need_a_reason(world: World) -> None:
    """The target would take both for one code, so that one of the customers would be left without."""
    twin = CODES[0].lower()
    source = world.coupon_list((*CODES[:9], twin))
    world.issue("moengage", source, [CODES[0], twin])
    world.cli.write("holders.csv", "mobile,code", f"919876543210,{CODES[0]}", f"919876543211,{twin}")
    refused = world.plan(
        *(
            "--from",
            "moengage",
            "--list",
            source,
            "--to",
            "capillary",
            "--to-list",
            world.series((), "Spring"),
        ),
        *("--codes", "Winter.csv", "--customers", "holders.csv"),
    )
    assert 2 == refused.code
    assert "1 code that customers hold left out" in refused.complaint


def test_a_plan_says_that_a_file_alone_tells_who_holds_what(world: World) -> None:
    """A vendor's count tells how many codes were handed out, and not which."""
    source = world.coupon_list(CODES)
    world.issue("moengage", source, CODES[:5])
    world.cli.write("holders.csv", "mobile,code", *(f"919876543210,{code}" for code in CODES[:5]))
    planned = world.plan(
        *(
            "--from",
            "moengage",
            "--list",
            source,
            "--to",
            "capillary",
            "--to-list",
            world.series((), "Spring"),
        ),
        *("--codes", "Winter.csv", "--customers", "holders.csv"),
    )
    assert any("holders.csv alone says which codes" in note for note in planned.json["notes"]), planned.err
