"""Plans that could only fail are refused while they are made, each in one line that says what to do."""

import hashlib
import json
import logging
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.kit.cli import NEW_SERIES
from tests.migration.world import World

CODES = tuple(f"WIN-{number:04}" for number in range(20))
CREATE = ("--create", "--set", "created_by=crm")


def test_a_list_that_is_not_there(world: World) -> None:
    """Neither at the source nor at the target, nor among what was sent from here."""
    world.cli.write("codes.csv", "code", "A-1")
    series = world.series(CODES)
    nowhere = world.plan(
        "--from", "capillary", "--list", "424242", "--to", "moengage", *CREATE, "--codes", "codes.csv"
    )
    assert (4, True) == (nowhere.code, "capillary read list: " in nowhere.complaint)
    to = ("--to", "moengage", "--to-list", "6721d00eefc476c0f67e0d05")
    assert 4 == world.plan("--from", "capillary", "--list", series, *to, "--codes", "codes.csv").code
    unsent = world.plan(
        "--from", "capillary", "--list", series, "--to", "moengage", *CREATE, "--codes", "list:moengage/1"
    )
    assert (4, True) == (unsent.code, "nothing was sent to list 1 of moengage from here" in unsent.complaint)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--create", "--to-list", "1"), "a migration goes to one list"),
        ((), "a migration goes to one list"),
        ((*CREATE, "--set", "expires=2020-01-31"), "the list would end on 2020-01-31, which is past"),
        ((*CREATE, "--set", "expires=soon"), "expires is no day of the form YYYY-MM-DD"),
        ((*CREATE, "--set", "colour=red"), "it takes no further fields, given were colour"),
        ((*CREATE, "--set", "name"), "--set takes KEY=VALUE"),
        ((*CREATE, "--customers", "-"), "the file of customers must be a file"),
        ((*CREATE, "--codes", "-"), "each source of codes must be a file"),
        ((*CREATE, "--customers", "nowhere.csv"), "cannot read nowhere.csv"),
        ((*CREATE, "--codes", "nowhere.csv"), "cannot read nowhere.csv"),
        ((*CREATE, "--codes", "faulty.csv"), "faulty.csv: "),
        ((*CREATE, "--customers", "faulty.csv", "--merges", "faulty.csv"), "faulty.csv"),
    ],
)
def test_words_that_cannot_be_meant(world: World, words: tuple[str, ...], said: str) -> None:
    """They are told in one line, and no plan is left."""
    series = world.series(CODES)
    world.cli.write("faulty.csv", "code,x", "A-1", ",")
    ran = world.plan(
        "--from", "capillary", "--list", series, "--to", "moengage", "--codes", "Winter.csv", *words
    )
    assert 2 == ran.code
    assert said in ran.complaint
    assert not (world.cli.folder / "plan.json").exists()


def test_a_target_that_has_ended(world: World) -> None:
    """An archived list takes nothing, nor does it come back by being moved to."""
    series = world.series(CODES)
    gone = world.coupon_list((), "Gone")
    assert 0 == world.cli("lists", "archive", "moengage", gone, "--yes").code
    ran = world.plan(
        "--from",
        "capillary",
        "--list",
        series,
        "--to",
        "moengage",
        "--to-list",
        gone,
        "--codes",
        "Winter.csv",
    )
    assert (9, True) == (ran.code, f"list {gone} is archived, and its codes with it" in ran.complaint)


def test_a_list_of_that_name(world: World) -> None:
    """What could not be created is found out by the plan."""
    series = world.series(CODES)
    taken = world.coupon_list(())
    ran = world.plan(
        "--from", "capillary", "--list", series, "--to", "moengage", *CREATE, "--codes", "Winter.csv"
    )
    assert (9, True) == (ran.code, f"list {taken} has that name already" in ran.complaint)
    ran = world.plan(
        *("--from", "capillary", "--list", series, "--to", "moengage", *CREATE, "--codes", "Winter.csv"),
        *("--set", "name=Spring", "--set", "label=spring"),
    )
    assert (0, "spring") == (ran.code, ran.json["create"]["label"])


def test_tags_where_none_can_be(world: World) -> None:
    """Neither a vendor that binds no codes, nor customers whom nobody knows."""
    series = world.series(CODES)
    words = ("--from", "capillary", "--list", series, "--codes", "Winter.csv", "--issued-as", "tagged")
    ran = world.plan(*words, "--to", "moengage", *CREATE)
    assert (8, True) == (ran.code, "MoEngage binds no codes to customers" in ran.complaint)
    world.cli.write("holders.csv", "code,mobile", f"{CODES[0]},")
    other = world.series((), "Spring")
    ran = world.plan(*words, "--to", "capillary", "--to-list", other, "--customers", "holders.csv")
    assert (2, True) == (ran.code, "1 code issued, and no customer of them is known by" in ran.complaint)


def test_a_vendor_that_could_not_fetch_the_files(world: World) -> None:
    """A server that only this machine reaches is told of before the move, not at its first file."""
    series = world.series(CODES)
    path = world.cli.folder / "couponhub.toml"
    text = path.read_text(encoding="utf-8")
    start = text.index("[connections.moengage]")
    far = text[start:].replace("base_url", 'data_center = "01"\n# base_url', 1)
    path.write_text(text[:start] + far, encoding="utf-8")
    ran = world.plan(
        "--from", "capillary", "--list", series, "--to", "moengage", *CREATE, "--codes", "Winter.csv"
    )
    assert (2, True) == (ran.code, "staging" in ran.complaint)


def test_more_codes_than_a_list_takes(world: World) -> None:
    """The vendor's limit counts what the list holds, too."""
    world.cli.configure({"timeout": 2.0, "settle": 0.05})
    text = (world.cli.folder / "couponhub.toml").read_text(encoding="utf-8")
    table, limits = "[connections.moengage]", "[connections.moengage.limits]\nlist_codes = 20\n"
    (world.cli.folder / "couponhub.toml").write_text(f"{text}\n{limits}", encoding="utf-8")
    assert table in text
    series = world.series((*CODES, "MORE-1"))
    ran = world.plan(
        "--from", "capillary", "--list", series, "--to", "moengage", *CREATE, "--codes", "Winter.csv"
    )
    assert (2, True) == (ran.code, "takes 20 codes, and it would hold 21" in ran.complaint)


def test_codes_that_the_target_does_not_take(world: World) -> None:
    """They are counted by what is wrong with them, and stand in no batch."""
    coupon_list = world.coupon_list(("A-1", "A-2", "L" * 51))
    ran = world.plan(
        *("--from", "moengage", "--list", coupon_list, "--to", "capillary", "--create", *NEW_SERIES),
        *("--codes", "Winter.csv"),
    )
    assert 0 == ran.code, ran.err
    assert [1] == list(ran.json["rejected"].values())
    assert [2] == [one["rows"] for one in ran.json["batches"]]


def test_codes_that_meet_others(world: World) -> None:
    """At the target list, equal to it alone, and in another list of it; each is told by how many they are."""
    coupon_list = world.coupon_list(("A-1", "a-1", "A-2", "A-3", "A-4"))
    target = world.series(("A-2",), "There")
    world.series(("A-3",), "Elsewhere")
    ran = world.plan(
        *("--from", "moengage", "--list", coupon_list, "--to", "capillary", "--to-list", target),
        *("--codes", "Winter.csv", "--force", "the list is ours"),
    )
    assert 0 == ran.code, ran.err
    assert {"at_target": 1, "same_at_target": 1, "two_vendors": 3, "other_list": 1} == {
        one["kind"]: one["count"] for one in ran.json["collisions"]
    }
    assert [3] == [one["rows"] for one in ran.json["batches"]]


def test_issued_as_free_says_what_that_means(world: World) -> None:
    """Codes that customers hold go as a batch of their own, and that somebody else may get them is told."""
    series = world.series(CODES)
    world.cli.write("holders.csv", "code,mobile", *(f"{code},919876543210" for code in CODES[:4]))
    ran = world.plan(
        *("--from", "capillary", "--list", series, "--to", "moengage", *CREATE, "--codes", "Winter.csv"),
        *("--customers", "holders.csv", "--issued-as", "free"),
    )
    assert 0 == ran.code, ran.err
    assert [("free", None, 16), ("issued", None, 4)] == [
        (one["kind"], one["identifier"], one["rows"]) for one in ran.json["batches"]
    ]
    assert any("4 codes that customers hold" in step for step in ran.json["irreversible"])


def snapshot(folder: Path) -> dict[str, str]:
    """The bytes of all files of a folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".quotas." not in path.name  # all that calls to vendors spend is counted there
    }


def test_a_plan_writes_nothing_into_the_state(world: World) -> None:
    """Of a copy that nobody may write every byte stays as it was, and the plan is the same."""
    series = world.series(CODES)
    world.issue("capillary", series, CODES[:2])
    world.cli.write("people.csv", "mobile", "919876543210")
    state = world.cli.folder / "state"
    kept = world.cli.folder / "kept"
    shutil.copytree(state, kept)
    text = (world.cli.folder / "couponhub.toml").read_text(encoding="utf-8")
    (world.cli.folder / "couponhub.toml").write_text(
        text.replace("/state/couponhub.db", "/kept/couponhub.db"), encoding="utf-8"
    )
    for path in kept.rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    kept.chmod(0o555)
    before = snapshot(kept)
    ran = world.plan(
        *("--from", "capillary", "--list", series, "--to", "moengage", *CREATE),
        *("--codes", f"list:capillary/{series}", "--customers", "people.csv"),
    )
    after = snapshot(kept)
    for path in (kept, *kept.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    assert 0 == ran.code, ran.err
    assert [18] == [one["rows"] for one in ran.json["batches"]]
    assert before == after


def test_vendors_are_only_read(world: World) -> None:
    """Nothing but GET reaches either of them."""
    series = world.series(CODES)
    world.issue("capillary", series, CODES[:2])
    world.cli.write("people.csv", "mobile", "919876543210")
    seen = {name: len(control.requests()) for name, control in world.cli.control.items()}
    ran = world.plan(
        *("--from", "capillary", "--list", series, "--to", "moengage", *CREATE),
        *("--codes", "Winter.csv", "--customers", "people.csv"),
    )
    assert 0 == ran.code, ran.err
    asked = [one for name, control in world.cli.control.items() for one in control.requests()[seen[name] :]]
    assert asked
    assert {"GET"} == {one["method"] for one in asked if "token" not in one["path"]}


def test_no_code_and_no_customer_is_told(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Neither in the plan, nor in what people read of it, nor in a log, also where the vendor fails."""
    caplog.set_level(logging.DEBUG)
    codes = tuple(f"CANARY-{number}" for number in range(9))
    world.cli.control["capillary"].add_customer(mobile="915550001111", email="canary.bird@example.com")
    series = world.series(codes)
    world.issue("capillary", series, codes[:3], {"mobile": "915550001111"})
    world.cli.write("people.csv", "mobile", "915550001111")
    words = ("--from", "capillary", "--list", series, "--codes", "Winter.csv", "--customers", "people.csv")
    other = world.series((), "Spring")
    told: list[Any] = []
    for form in ("json", "table"):
        ran = world.cli(
            *("-o", form, "--debug", "migrate", "plan", *words, "--to", "capillary", "--to-list", other),
            *("--out", f"{form}.plan", "--markdown", f"{form}.md", "--html", f"{form}.html"),
        )
        assert 0 == ran.code, ran.err
        told += [ran.out, ran.err]
        told += [
            (world.cli.folder / f"{form}.{kind}").read_text(encoding="utf-8")
            for kind in ("plan", "md", "html")
        ]
    world.cli.control["capillary"].fail("GET *coupons*", "garbage", "half")
    ran = world.cli(
        "--debug", "migrate", "plan", *words, "--to", "capillary", "--to-list", other, "--out", "x.json"
    )
    told += [ran.out, ran.err, caplog.text]
    for canary in ("CANARY-", "5550001111", "canary.bird"):
        assert not any(canary in text for text in told), canary


def test_customers_who_cannot_be_known(world: World) -> None:
    """They are counted and told; where most are, the plan needs a reason."""
    series = world.series(CODES)
    world.issue("capillary", series, CODES[:2])
    world.cli.write("people.csv", "mobile", "919876543210")
    world.cli.control["capillary"].fail("GET *customer/coupons*", "garbage", "half")
    words = ("--from", "capillary", "--list", series, "--to", "moengage", *CREATE, "--codes", "Winter.csv")
    ran = world.plan(*words, "--customers", "people.csv")
    assert 2 == ran.code
    assert "of 1 of 1 customer it could not be known what they hold" in ran.complaint
    forced = world.plan(*words, "--customers", "people.csv", "--force", "they were asked by hand")
    assert 0 == forced.code, forced.err
    assert 2 == forced.json["counts"]["unknown"]
    assert any("their codes may count as free" in note for note in forced.json["notes"])


def test_several_values_stand_behind_codes(world: World) -> None:
    """`--codes` takes what follows it up to the next option, and may stand again."""
    series = world.series(CODES)
    for number, code in enumerate(CODES[:4]):
        world.cli.write(f"{number}.csv", "code", code)
    ran = world.plan(
        *(
            "--from",
            "capillary",
            "--list",
            series,
            "--codes",
            "0.csv",
            "1.csv",
            "2.csv",
            "--to",
            "moengage",
            *CREATE,
        ),
        *("--codes", "3.csv", "--force", "the rest is void"),
    )
    assert 0 == ran.code, ran.err
    assert ["0.csv", "1.csv", "2.csv", "3.csv"] == [one["name"] for one in ran.json["sources"]]
    assert 4 == ran.json["counts"]["all"]
    assert ran.json == json.loads((world.cli.folder / "plan.json").read_text(encoding="utf-8"))
