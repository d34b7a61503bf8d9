"""Plans in each direction: what one vendor knows of holders, and what the other can be told of them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from couponhub.testing import Control, EmulatorContext, EmulatorServer, config_text
from couponhub.testing.vendors import emulators
from tests.kit.cli import NEW_SERIES, CliRunner
from tests.kit.clock import vendors_today
from tests.migration.world import World

OUTSIDE = Path(__file__).parents[1] / "outside"
CODES = tuple(f"ENG-{number:04}" for number in range(40))
BUYER = {"external_id": "EXT-007"}
SERIES = tuple(word for word in NEW_SERIES if word != "--set")
TO_CAPILLARY = ("--to", "capillary", "--create", *(part for word in SERIES for part in ("--set", word)))


def import_report(world: World, coupon_list: str, *rows: str) -> None:
    """Import a usage report of today."""
    world.cli.write("report.csv", "User ID,Coupon Code,Sent At", *rows)
    today = vendors_today().isoformat()
    ran = world.cli("usage", "import", "moengage", coupon_list, "report.csv", "--from", today, "--to", today)
    assert 0 == ran.code, ran.err


def test_codes_that_reports_name_are_not_free(world: World) -> None:
    """Nobody can tell whose they are, so that they stay; how far the reports reach is said."""
    coupon_list = world.coupon_list(CODES)
    world.issue("moengage", coupon_list, CODES[:4], BUYER)
    now = f"{vendors_today().isoformat()} 00:00:01"
    import_report(world, coupon_list, *(f"EXT-007,{code},{now}" for code in CODES[:4]))
    ran = world.plan("--from", "moengage", "--list", coupon_list, *TO_CAPILLARY, "--codes", "Winter.csv")
    assert 0 == ran.code, ran.err
    assert (36, 4, 0) == tuple(ran.json["counts"][name] for name in ("free", "issued", "unknown"))
    assert [("free", 36)] == [(one["kind"], one["rows"]) for one in ran.json["batches"]]
    assert any("usage reports name 4 codes as handed out" in note for note in ran.json["notes"])
    fates = {one["field"]: (one["fate"], one["note"]) for one in ran.json["lossiness"]}
    assert "approximated" == fates["customer"][0]
    assert "4 left at the source" in fates["customer"][1]


def test_customers_whom_reports_know_take_their_codes_along(world: World) -> None:
    """Named in a file, they are found in the reports, and codes of others that the reports name stay."""
    coupon_list = world.coupon_list(CODES)
    world.cli.control["moengage"].add_customer(external_id="EXT-008")
    world.issue("moengage", coupon_list, CODES[:4], BUYER)
    world.issue("moengage", coupon_list, CODES[4:6], {"external_id": "EXT-008"})
    now = f"{vendors_today().isoformat()} 00:00:01"
    given = [
        *(f"EXT-007,{code},{now}" for code in CODES[:4]),
        *(f"EXT-008,{code},{now}" for code in CODES[4:6]),
    ]
    import_report(world, coupon_list, *given)
    world.cli.write("people.csv", "external_id", "EXT-007")
    words = ("--from", "moengage", "--list", coupon_list, *TO_CAPILLARY, "--codes", "Winter.csv")
    ran = world.plan(*words, "--customers", "people.csv")
    assert 0 == ran.code, ran.err
    assert [("free", None, 34), ("issued", "external_id", 4)] == [
        (one["kind"], one["identifier"], one["rows"]) for one in ran.json["batches"]
    ]
    assert (6, 0) == (ran.json["counts"]["issued"], ran.json["counts"]["unknown"])


def test_where_counters_and_reports_disagree_both_are_shown(world: World) -> None:
    """The difference is unknown, whichever side is the larger one."""
    coupon_list = world.coupon_list(CODES)
    world.issue("moengage", coupon_list, CODES[:3], BUYER)
    now = f"{vendors_today().isoformat()} 00:00:01"
    import_report(world, coupon_list, *(f"EXT-007,{code},{now}" for code in CODES[:5]))
    ran = world.plan("--from", "moengage", "--list", coupon_list, *TO_CAPILLARY, "--codes", "Winter.csv")
    assert 0 == ran.code, ran.err
    assert (5, 2) == (ran.json["counts"]["issued"], ran.json["counts"]["unknown"])
    assert any("counts 3 codes as handed out; 5 known here" in note for note in ran.json["notes"])


def test_without_reports_what_is_handed_out_is_unknown(world: World) -> None:
    """All codes count as free, and those that the vendor counts as handed out are among them: nobody knows which."""
    coupon_list = world.coupon_list(CODES)
    world.issue("moengage", coupon_list, CODES[:8], BUYER)
    ran = world.plan("--from", "moengage", "--list", coupon_list, *TO_CAPILLARY, "--codes", "Winter.csv")
    assert 0 == ran.code, ran.err
    assert (40, 0, 8) == tuple(ran.json["counts"][name] for name in ("free", "issued", "unknown"))
    assert any("nobody knows which codes moengage has handed out" in note for note in ran.json["notes"])
    world.issue("moengage", coupon_list, CODES[8:13], BUYER)
    ran = world.plan(
        "--from", "moengage", "--list", coupon_list, *TO_CAPILLARY, "--codes", "Winter.csv", out="2.json"
    )
    assert 2 == ran.code
    assert "32% of 40 codes unaccounted for: 13 handed out to nobody knows whom" in ran.complaint


def with_second(world: World, url: str) -> None:
    """Configure another connection to Capillary, at this address."""
    path = world.cli.folder / "couponhub.toml"
    (capillary,) = [one for one in world.cli.vendors.values() if one.name == "capillary"]
    table = config_text(url, (capillary,)).replace("[connections.capillary]", "[connections.second]")
    path.write_text(path.read_text(encoding="utf-8") + table, encoding="utf-8")


def test_one_account_by_two_names_is_one(world: World) -> None:
    """A list is not moved onto itself, and the vendor's own customer number names the same person."""
    with_second(world, world.cli.server.url)
    series = world.series(CODES)
    world.issue("capillary", series, CODES[:3])
    world.cli.write("people.csv", "id", "98662653")
    words = ("--from", "capillary", "--list", series, "--codes", "Winter.csv", "--customers", "people.csv")
    ran = world.plan(*words, "--to", "second", "--to-list", world.series((), "Spring"))
    assert 0 == ran.code, ran.err
    assert [None, "id"] == [one["identifier"] for one in ran.json["batches"]]
    again = world.plan(*words, "--to", "second", "--to-list", series, out="2.json")
    assert (2, True) == (again.code, "is both the source and the target" in again.complaint)


def test_between_two_accounts_a_customer_number_names_nobody(world: World) -> None:
    """It means something at one account only; what else the answer names the customer by goes along."""
    context = EmulatorContext()
    vendors = emulators(("capillary",), context)
    for vendor in vendors:
        vendor.seed_demo()
    series = world.series(CODES)
    world.issue("capillary", series, CODES[:3])
    world.cli.write("people.csv", "id", "98662653")
    with EmulatorServer(vendors, context) as server:
        with_second(world, server.url)
        ran = world.plan(
            *("--from", "capillary", "--list", series, "--to", "second", *TO_CAPILLARY[2:]),
            *("--codes", "Winter.csv", "--customers", "people.csv"),
        )
    assert 0 == ran.code, ran.err
    assert [None, "external_id"] == [one["identifier"] for one in ran.json["batches"]]


@pytest.fixture
def shop(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[CliRunner]:
    """Corner shop, whose adapter stands outside, beside Capillary."""
    metadata = tmp_path / "site" / "couponhub_cornershop-1.0.dist-info"
    metadata.mkdir(parents=True)
    entry = "[couponhub.adapters]\ncornershop = couponhub_cornershop:PLUGIN\n"
    (metadata / "entry_points.txt").write_text(entry, encoding="utf-8")
    (metadata / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: couponhub-cornershop\nVersion: 1.0\n", encoding="utf-8"
    )
    monkeypatch.syspath_prepend(OUTSIDE)
    monkeypatch.syspath_prepend(metadata.parent)
    monkeypatch.chdir(tmp_path)
    context = EmulatorContext()
    vendors = emulators(("capillary", "cornershop"), context)
    for vendor in vendors:
        vendor.seed_demo()
        vendor.set_processing_delay(0.0)
    with EmulatorServer(vendors, context) as server:
        control = {vendor.name: Control(server.url, vendor.name) for vendor in vendors}
        cli = CliRunner(tmp_path, server, control, {vendor.name: vendor for vendor in vendors}, capsys)
        cli.configure()
        yield cli
        server.app.reset()


def test_codes_leave_an_outside_vendor_with_their_customers(shop: CliRunner) -> None:
    """Its adapter says by protocols alone what it can, and customers are known there by their e-mail address."""
    shop.write("sweets.csv", "code", *(f"SWEET-{number}" for number in range(1, 11)))
    shop.write("people.csv", "email", "a.buyer@example.com")
    words = ("migrate", "plan", "--from", "cornershop", "--list", "1", *TO_CAPILLARY, "--codes", "sweets.csv")
    ran = shop("-o", "json", *words, "--customers", "people.csv", "--out", "plan.json")
    assert 0 == ran.code, ran.err
    assert [("free", None, 9), ("issued", "email", 1)] == [
        (one["kind"], one["identifier"], one["rows"]) for one in ran.json["batches"]
    ]
    assert "Penny sweets" == ran.json["create"]["name"]
    assert ran.json == json.loads((shop.folder / "plan.json").read_text(encoding="utf-8"))


def test_no_codes_go_to_a_vendor_that_takes_none(shop: CliRunner) -> None:
    """It is refused in the words of its adapter, which say what to do instead."""
    shop.write("codes.csv", "code", "A-1")
    words = (
        "migrate",
        "plan",
        "--from",
        "capillary",
        "--list",
        "900004",
        "--to",
        "cornershop",
        "--to-list",
        "1",
    )
    ran = shop(*words, "--codes", "codes.csv", "--out", "plan.json")
    assert (8, True) == (ran.code, "type the codes in at the shop" in ran.complaint)
