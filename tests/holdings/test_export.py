"""`couponhub export customers`: every coupon of every customer once, whatever happens on the way."""

import csv
import json
import stat
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from couponhub.connection.customers import Customers
from couponhub.errors import LocalError, VendorUnavailable
from couponhub.holdings import read_holdings
from couponhub.holdings.slices import Learned, Slices
from couponhub.models import Customer, CustomerCoupons, Identifier, JobId
from couponhub.state import StoreSettings, open_state
from tests.kit.cli import SETTINGS, CliRunner
from tests.kit.eventually import eventually

LIST = "900004"
PEOPLE = 240
FIRST = 919_800_000_000


def mobile(number: int) -> str:
    """The mobile of a customer."""
    return str(FIRST + number)


@pytest.fixture
def shop(cli: CliRunner) -> CliRunner:
    """Many customers at Capillary, of whom every third holds a code or two, and a file that names all of them."""
    codes = [f"EX-{number:04}" for number in range(PEOPLE)]
    sent = cli("uploads", "send", "capillary", LIST, cli.write("codes.csv", "code", *codes), "--wait")
    assert 0 == sent.code
    control = cli.control["capillary"]
    for number in range(PEOPLE):
        control.add_customer(mobile=mobile(number))
        if number % 3 == 0:
            control.issue(LIST, {"mobile": mobile(number)}, count=1 + number % 2)
    cli.write("people.csv", "mobile", *map(mobile, range(PEOPLE)), mobile(0), f"+{mobile(1)}")
    control.set_faults()
    return cli


def export(cli: CliRunner, *words: str) -> Any:
    """Run an export of all of them."""
    return cli("export", "customers", "capillary", "people.csv", "--out", "out.csv", "-o", "json", *words)


def slow(cli: CliRunner, calls: int) -> None:
    """Let Capillary take so many calls a minute, which nobody waits for."""
    limits = f"\n[connections.capillary.limits]\ncalls_per_minute = {calls}\n"
    cli.configure({**SETTINGS, "patience": 1.0}, limits)


def told(path: Path) -> list[dict[str, str]]:
    """The rows of a file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def truth(cli: CliRunner) -> list[tuple[str, str]]:
    """Each code that the vendor gave to one of these customers, and to whom."""
    people = set(map(mobile, range(PEOPLE)))
    held = [
        (str(one["customer"].get("mobile")), str(one["code"]))
        for one in cli.control["capillary"].codes(LIST)
        if one["customer"]
    ]
    return sorted(pair for pair in held if pair[0] in people)


def exported(cli: CliRunner) -> list[tuple[str, str]]:
    """The same by the file."""
    return sorted((row["mobile"], row["code"]) for row in told(cli.folder / "out.csv"))


def export_id(cli: CliRunner) -> str:
    """The id of the last export."""
    return str(cli("export", "ls", "-o", "json").json["items"][-1]["id"])


def questions(cli: CliRunner) -> Counter[str]:
    """How often the vendor was asked about each customer."""
    asked: Counter[str] = Counter()
    people = set(map(mobile, range(PEOPLE)))
    for one in cli.control["capillary"].requests():
        asked.update(people.intersection(parse_qs(str(one["query"])).get("mobile", [])))
    return asked


def kept(cli: CliRunner) -> list[Path]:
    """The files of jobs in the store."""
    return sorted(path for path in (cli.folder / "state" / "codes" / ".jobs").glob("*/*") if path.is_file())


def test_every_coupon_of_every_customer_comes_once(shop: CliRunner) -> None:
    """The file says what the vendor holds, is private, and is read back; nothing is left in the store."""
    ran = export(shop)
    assert (0, PEOPLE, PEOPLE // 3, 2 * PEOPLE // 3, 0) == (
        ran.code,
        *(ran.json[key] for key in ("customers", "found", "none", "unknown")),
    )
    assert truth(shop) == exported(shop)
    assert 0o600 == stat.S_IMODE((shop.folder / "out.csv").stat().st_mode)
    assert not (shop.folder / "out.unknown.csv").exists()
    assert [] == kept(shop)
    found = list(read_holdings(shop.folder / "out.csv"))
    assert truth(shop) == sorted((one.customer.value, one.code) for one in found if one.customer)
    assert {LIST} == {one.list_id for one in found}


def test_killed_in_the_middle_it_goes_on(shop: CliRunner) -> None:
    """Killed with -9 again and again, the same command ends with each coupon once, and asks few customers twice."""
    words = ("export", "customers", "capillary", "people.csv", "--out", "out.csv")
    shop.control["capillary"].fail("GET *coupons*", "latency", 0.03)
    for _ in range(3):
        before = sum(questions(shop).values())
        with shop.begun(*words) as command:
            eventually(lambda: sum(questions(shop).values()) >= before + 20)  # noqa: B023 - asked at once
            command.kill()
        assert not (shop.folder / "out.csv").exists()
    shop.control["capillary"].set_faults()
    ran = export(shop)
    assert 0 == ran.code
    assert truth(shop) == exported(shop)
    assert PEOPLE == len(questions(shop))
    assert [] == kept(shop)
    assert 1 == len(shop("export", "ls", "-o", "json").json["items"])


def test_a_spent_quota_is_waited_for(shop: CliRunner) -> None:
    """It ends with exit code 6 and says when to go on; nobody of whom the vendor had told all is asked about again."""
    slow(shop, 100)
    ran = export(shop)
    assert 6 == ran.code
    assert "rate_limited" == ran.json["error"]["kind"]
    assert ran.json["not_before"] is not None
    assert not (shop.folder / "out.csv").exists()
    assert [0o600] == list({stat.S_IMODE(path.stat().st_mode) for path in kept(shop)})
    shop.configure()
    again = shop("export", "resume", ran.json["id"], "-o", "json")
    assert (0, ran.json["id"], PEOPLE) == (again.code, again.json["id"], again.json["asked"])
    assert truth(shop) == exported(shop)
    # A customer may be asked about in two forms, of which the quota may have ended between: four at a time.
    assert PEOPLE <= sum(questions(shop).values()) <= PEOPLE + 4


def test_whoever_could_not_be_known_is_told(shop: CliRunner) -> None:
    """A reply that nobody can read leaves its customer unknown, with the reason, and the exit code says so."""
    shop.control["capillary"].fail("GET *coupons*", "garbage", times=2)
    ran = export(shop)
    assert (3, "partial") == (ran.code, ran.json["error"]["kind"])
    assert 1 <= ran.json["unknown"] <= 2
    unknown = told(shop.folder / "out.unknown.csv")
    assert ran.json["unknown"] == len(unknown)
    assert {"unreadable"} == {row["reason"] for row in unknown}
    missed = {row["mobile"] for row in unknown}
    assert [pair for pair in truth(shop) if pair[0] not in missed] == exported(shop)
    assert 0 == export(shop).code
    assert [] == told(shop.folder / "out.unknown.csv")


def test_a_mobile_that_may_be_spelled_otherwise_is_never_taken_for_one_without_coupons(
    shop: CliRunner,
) -> None:
    """Where the country is not configured, a customer whom the vendor does not know is unknown, and no none."""
    shop.configure({**SETTINGS, "default_country_code": None})
    shop.write("people.csv", "mobile", "9811111111", mobile(0))
    ran = export(shop)
    assert (3, 1, 0, 1) == (ran.code, ran.json["unknown"], ran.json["none"], ran.json["found"])
    assert [("9811111111", "identifier_ambiguous")] == [
        tuple(row.values()) for row in told(shop.folder / "out.unknown.csv")
    ]


def test_people_are_forgotten_in_an_export_under_way(shop: CliRunner) -> None:
    """Whether they were asked about already or not: they are in no file of the store, and not in what is written."""
    slow(shop, 150)
    ran = export(shop)
    assert 6 == ran.code
    gone = [mobile(0), mobile(PEOPLE - 3)]
    for one in gone:
        assert 0 == shop("forget", "--mobile", one, "--yes").code
    content = "".join(path.read_text(encoding="utf-8") for path in kept(shop))
    assert not any(one in content for one in gone)
    shop.configure()
    assert 0 == shop("export", "resume", ran.json["id"]).code
    assert [pair for pair in truth(shop) if pair[0] not in gone] == exported(shop)


def test_one_file_is_written_by_one_export(shop: CliRunner) -> None:
    """Another export to a file that one goes on to write is refused, until that one is given up."""
    slow(shop, 100)
    first = export(shop).json["id"]
    refused = export(shop, "--list", LIST)
    assert 2 == refused.code
    assert f"couponhub export cancel {first}" in refused.json["error"]["hint"]
    cancelled = shop("export", "cancel", first, "-o", "json")
    assert (0, "cancelled") == (cancelled.code, cancelled.json["status"])
    assert [] == kept(shop)
    shop.configure()
    assert first != export(shop, "--list", LIST).json["id"]
    assert truth(shop) == exported(shop)


def test_what_cannot_be_exported_is_refused_before_anybody_is_asked(shop: CliRunner) -> None:
    """A vendor without a lookup, a faulty file, a place that is none: one line each, and no job is left."""
    shop.write("bad.csv", "mobile", "9.19E+11", "x")
    shop.write("export.csv", "code,mobile", f"A,{mobile(0)}")
    shop.write("nobody.csv", "mobile")
    before = len(shop.control["capillary"].requests())
    wrong = {
        ("moengage", "people.csv", "out.csv"): (8, "usage request"),
        ("capillary", "bad.csv", "out.csv"): (2, "2 faulty rows"),
        ("capillary", "export.csv", "out.csv"): (2, "a table of codes"),
        ("capillary", "nobody.csv", "out.csv"): (2, "no customer"),
        ("capillary", "nowhere.csv", "out.csv"): (2, "No such file"),
        ("capillary", "people.csv", "nowhere/out.csv"): (2, "cannot be written"),
        ("capillary", "people.csv", "out"): (2, "which form"),
        ("nobody", "people.csv", "out.csv"): (2, "nobody"),
    }
    for (connection, file, out), (code, words) in wrong.items():
        ran = shop("export", "customers", connection, file, "--out", out)
        assert (code, True) == (ran.code, words in ran.complaint), ran.complaint
        assert "9.19" not in ran.err
    assert before == len(shop.control["capillary"].requests())
    assert [] == json.loads(shop("export", "ls", "-o", "json").out)["items"]
    assert [] == kept(shop)
    for command in ("resume", "cancel"):
        assert 4 == shop("export", command, "ex_none").code


def test_an_export_that_was_never_wholly_begun_is_begun_anew(
    shop: CliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that fills up while its customers are kept leaves one line, and the next call an export that is whole."""

    def full(*_: object) -> None:
        raise LocalError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(Slices, "keep_customers", full)
        assert (2, "the disk is full") == (export(shop).code, export(shop).json["error"]["message"])
    assert 0 == export(shop).code
    assert truth(shop) == exported(shop)
    stands = [one["status"] for one in shop("export", "ls", "-o", "json").json["items"]]
    assert ["cancelled", "cancelled", "done"] == stands
    assert [] == kept(shop)


def test_a_vendor_that_is_away_is_asked_later(shop: CliRunner) -> None:
    """Nothing is concluded of a vendor that fails: it ends with its exit code, and goes on where it was."""
    shop.control["capillary"].fail("GET *coupons*", "status", 503)
    ran = export(shop, "--timeout", "60")
    assert (7, True) == (ran.code, f"export resume {export_id(shop)}" in ran.json["error"]["hint"])
    shop.control["capillary"].set_faults()
    assert 0 == export(shop).code
    assert truth(shop) == exported(shop)


def test_one_customer_never_holds_up_the_rest(shop: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    """About whom the vendor fails time and again while it answers others is unknown in the end, and all others are known."""
    ask = Customers.coupons

    def coupons(self: Customers, customer: Customer, *arguments: Any, **named: Any) -> CustomerCoupons:
        if customer.mobile == mobile(3):
            raise VendorUnavailable("no answer in time", too_slow=True)
        return ask(self, customer, *arguments, **named)

    monkeypatch.setattr(Customers, "coupons", coupons)
    codes = [export(shop).code for _ in range(5)]
    assert [7, 7, 7, 7, 3] == codes
    assert [(mobile(3), "timeout")] == [tuple(row.values()) for row in told(shop.folder / "out.unknown.csv")]
    assert [pair for pair in truth(shop) if pair[0] != mobile(3)] == exported(shop)


def test_a_disk_that_is_full_at_the_end_loses_nothing(
    shop: CliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file that cannot be written is written by the next call, and nobody is asked about again."""

    def full(*_: object) -> int:
        raise LocalError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr("couponhub.holdings.export_work.write_rows", full)
        assert 2 == export(shop).code
    asked = questions(shop)
    assert PEOPLE == len(asked)
    assert 0 == export(shop).code
    assert asked == questions(shop)
    assert truth(shop) == exported(shop)


def test_what_the_vendor_refuses_for_good_ends_it(shop: CliRunner) -> None:
    """A list that does not exist fails the export at once: nothing is kept of it, and the same file may be written anew."""
    ran = export(shop, "--list", "999999")
    assert (4, "") == (ran.code, ran.json["error"]["hint"] or "")
    assert ["failed"] == [one["status"] for one in shop("export", "ls", "-o", "json").json["items"]]
    assert [] == kept(shop)
    assert 0 == export(shop).code


def test_an_export_is_no_upload(shop: CliRunner) -> None:
    """Commands of uploads leave it alone, and the worker drives it."""
    slow(shop, 100)
    job = export(shop).json["id"]
    shop.configure()
    for command in ("resume", "pause", "cancel"):
        assert 4 == shop("uploads", command, job).code
    assert [] == shop("uploads", "resume", "-o", "json").json["items"]
    shown = shop("export", "ls", "-o", "json").json["items"][0]
    assert ("pending", True) == (shown["status"], shown["asked"] < PEOPLE)


def test_who_is_forgotten_while_being_asked_about_is_not_kept(tmp_path: Path) -> None:
    """An erasure between the reading of a slice and the keeping of what was learned of it reaches both."""
    with open_state(StoreSettings(url=f"sqlite:///{tmp_path.as_posix()}/apart.db")) as state:
        slices = Slices(state.job_files, JobId("ex_1"))
        people = [(number, Customer(mobile=mobile(number))) for number in (1, 2, 3)]
        with state.job_files.workspace() as folder:
            slices.write(folder / "made", people)
            slices.keep_customers(1, folder / "made")
        since = state.job_files.mark()
        state.forget(lambda kind, text: (kind, text) == (Identifier.MOBILE, mobile(2)))
        learned = [Learned(number=at, customer=one, verdict="none") for at, one in people]
        slices.keep(1, learned, since=since)
        assert [mobile(1), mobile(3)] == [row["mobile"] for row in slices.rows(1)]
        assert {1, 3} == slices.asked(1)


def test_the_customers_are_not_written_over(cli: CliRunner) -> None:
    """An export to the file that names them is refused before anybody is asked, by whatever way it is named."""
    path = cli.write("people.csv", "mobile", mobile(1))
    (cli.folder / "link.csv").symlink_to("people.csv")
    before = Path(path).read_bytes()
    for out in ("people.csv", "link.csv"):
        ran = cli("export", "customers", "capillary", "people.csv", "--out", out)
        assert (2, True) == (ran.code, "is the file of customers itself" in ran.complaint)
    assert before == Path(path).read_bytes()
