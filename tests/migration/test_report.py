"""The report accounts for every code in every phase, changes nothing, and holds neither a code nor a customer."""

import hashlib
import json
import re
import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest

from couponhub import CouponHub
from couponhub.errors import CouponhubError
from couponhub.migration.report_page import report_page
from couponhub.migration.run_log import CUT_OVER, RETIRED, ROLLED_BACK, VERIFIED, RunLog, told
from couponhub.models import MigrationEquation, MigrationProof, MigrationReport, MigrationStatus
from couponhub.serialization import from_document, to_document
from tests.migration.test_applying import CODES, to_capillary, to_moengage
from tests.migration.world import HOLDER, World

HOSTILE = '</title><img src=//x onerror="alert(1)"> & \u202eWinter'
NOW = datetime.now(UTC).replace(microsecond=0)
EQUATION = MigrationEquation(
    all=50, moved=50, issued_elsewhere=0, redeemed=0, expired=0, rejected=0, skipped=0, unknown=0
)


def reported(world: World, *words: str) -> Any:
    """The report on the plan, as JSON."""
    ran = world.cli("migrate", "report", "plan.json", "-o", "json", *words)
    assert 0 == ran.code, ran.err
    return ran.json


def applied(world: World, digest: str) -> None:
    """Apply the plan to its end."""
    ran = world.cli("migrate", "apply", "plan.json", "--confirm", digest, "-o", "json")
    assert 0 == ran.code, ran.err


def logged(world: World, kind: str, message: str = "", **details: object) -> None:
    """Write an event of the migration down, as the command that decides it does."""
    with CouponHub.from_config(world.cli.folder / "couponhub.toml") as hub:
        RunLog.read(hub.state.migration_log, world.read()["id"]).write(kind, message, **details)


def proven(world: World, *, balanced: bool, age: timedelta = timedelta(0), double: int = 0) -> None:
    """Write a proof down."""
    proof = MigrationProof(
        id=world.read()["id"],
        at=NOW - age,
        balanced=balanced,
        since=NOW - age if balanced else None,
        classes={"=": 50} if balanced else {"=": 47, "-": 1, "*": 2},
        evidence={"asked": 50},
        equation=EQUATION,
        double_issued=double,
    )
    logged(world, VERIFIED, "compared", proof=to_document(proof))


def rows_of(world: World) -> list[str]:
    """All that the state holds."""
    with closing(sqlite3.connect(world.cli.folder / "state" / "couponhub.db")) as database:
        return [*database.iterdump()]


def commands(report: Any) -> list[str]:
    """The words of the commands that a report leads to, each without the migration's id."""
    return [" ".join((one["command"] or "").split()[2:3]) for one in report["tasks"]]


def accounted(report: Any) -> int:
    """All codes that the terms of the equation name."""
    return sum(count for name, count in report["equation"].items() if name != "all")


def test_what_is_on_its_way_is_waiting(world: World) -> None:
    """While it is sent nothing is said to have moved that the target has not taken."""
    digest, _ = to_capillary(world)
    with CouponHub.from_config(world.cli.folder / "couponhub.toml") as hub:
        world.cli.control["capillary"].fail("POST */upload/file/*", "status", 503)
        with pytest.raises(CouponhubError):
            hub.migrations.apply("plan.json", digest, timeout=1.0)
    report = reported(world)
    assert ("applying", False, 50, 0) == (
        report["status"]["phase"],
        report["is_proven"],
        report["waiting"],
        report["equation"]["moved"],
    )
    assert (50, 50) == (report["equation"]["all"], accounted(report))
    assert ["resume"] == commands(report)
    world.cli("migrate", "pause", "plan.json")
    assert "Somebody paused it" in reported(world)["tasks"][0]["text"]
    world.cli("migrate", "cancel", "plan.json")
    cancelled = reported(world)
    assert ("cancelled", ["verify"]) == (cancelled["status"]["phase"], commands(cancelled))


def test_an_applied_one_tells_each_file(world: World) -> None:
    """Each vendor file has its counts and what they rest on, and the report says that nothing is proven."""
    digest, _ = to_capillary(world)
    applied(world, digest)
    report = reported(world)
    assert [(1, 45, 45, "counted"), (2, 5, 5, "counted")] == [
        (one["batch"], one["rows"], one["accepted"], one["evidence"]) for one in report["parts"]
    ]
    assert (50, 0, 50, False) == (
        report["equation"]["moved"],
        report["waiting"],
        accounted(report),
        report["is_proven"],
    )
    assert ["verify"] == commands(report)
    assert all(0 <= one["left"] <= one["limit"] for one in report["quotas"])
    assert {"moengage"} <= {one["connection"] for one in report["quotas"]}


def test_each_phase_leads_to_what_comes_next(world: World) -> None:
    """From the proof to the end, with the command for it."""
    applied(world, to_moengage(world))
    proven(world, balanced=False)
    assert ["verify"] == commands(reported(world))
    proven(world, balanced=True, age=timedelta(hours=2))
    assert ["verify"] == commands(reported(world))
    proven(world, balanced=True)
    assert (["cutover"], True) == (commands(reported(world)), reported(world)["is_proven"])
    proven(world, balanced=True, double=3)
    assert ["verify", "cutover"] == commands(reported(world))
    proven(world, balanced=True)
    logged(world, CUT_OVER, window_ends_at=told(NOW + timedelta(days=7)))
    assert ["shadow", "rollback"] == commands(reported(world))
    logged(world, ROLLED_BACK)
    assert ["status"] == commands(reported(world))
    logged(world, CUT_OVER, window_ends_at=told(NOW - timedelta(days=1)))
    assert ["verify", ""] == commands(reported(world))
    assert "by hand, where Capillary lets you" in reported(world)["tasks"][1]["text"]
    logged(world, RETIRED)
    assert [""] == commands(reported(world))
    assert "retired" == reported(world)["status"]["phase"]


def test_a_vendor_that_archives_is_asked_to(world: World) -> None:
    """After the window the list at the source is retired by a command, where there can be one."""
    digest, _ = to_capillary(world)
    applied(world, digest)
    logged(world, CUT_OVER, window_ends_at=told(NOW - timedelta(days=1)))
    assert ["verify", "retire"] == commands(reported(world))


def test_an_end_that_is_not_configured_any_more_has_no_quotas(world: World) -> None:
    """The report on a vendor that was left is made all the same."""
    applied(world, to_moengage(world))
    path = world.cli.folder / "couponhub.toml"
    text = path.read_text(encoding="utf-8").replace("[connections.capillary]", "[connections.other]")
    path.write_text(text, encoding="utf-8")
    assert {"moengage"} == {one["connection"] for one in reported(world)["quotas"]}


def test_refused_codes_are_rejected_and_named_by_a_command(world: World) -> None:
    """What the target does not take is accounted for, with the way to find out which codes they are."""
    source = world.coupon_list(CODES)
    target = world.series((), "Spring")
    world.cli.write("holders.csv", "mobile,code", f"919876543210,{CODES[0]}", f"919000000001,{CODES[1]}")
    ran = world.plan(
        *("--from", "moengage", "--list", source, "--to", "capillary", "--to-list", target),
        *("--codes", "Winter.csv", "--customers", "holders.csv"),
    )
    assert 0 == ran.code, ran.err
    world.cli("migrate", "apply", "plan.json", "--confirm", ran.json["digest"], "-o", "json")
    report = reported(world)
    assert 50 == accounted(report)
    assert 0 < report["equation"]["rejected"] == sum(one["rejected"] for one in report["parts"])
    assert any((one["command"] or "").startswith("couponhub uploads report up_") for one in report["tasks"])


def test_it_reads_back_and_its_digest_is_that_of_its_json(world: World) -> None:
    """Reports and statuses are models again, and the report's seal is made of what it says."""
    applied(world, to_moengage(world))
    proven(world, balanced=True)
    document = reported(world)
    report = from_document(document, MigrationReport)
    assert document == to_document(report)
    status = world.cli("migrate", "status", "plan.json", "-o", "json").json
    assert status == to_document(from_document(status, MigrationStatus))
    rest = {key: value for key, value in document.items() if key != "digest"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"))
    assert document["digest"] == hashlib.sha256(text.encode()).hexdigest()


def test_neither_page_nor_json_holds_a_code_or_a_customer(world: World) -> None:
    """The page is for its owner alone, and what is there is not written over."""
    digest, _ = to_capillary(world)
    applied(world, digest)
    ran = world.cli("migrate", "report", "plan.json", "-o", "json", "--html", "report.html")
    assert 0 == ran.code, ran.err
    path = world.cli.folder / "report.html"
    page = path.read_text(encoding="utf-8")
    for canary in (*CODES, *HOLDER.values(), "demo-secret", "demo-key"):
        assert canary not in page
        assert canary not in ran.out
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    again = world.cli("migrate", "report", "plan.json", "--html", "report.html")
    assert (2, True) == (again.code, "report.html cannot be written: File exists" in again.complaint)
    assert page == path.read_text(encoding="utf-8")


def test_a_report_changes_nothing(world: World) -> None:
    """No row of the state, and no vendor is asked."""
    applied(world, to_moengage(world))
    before, asked = rows_of(world), len(world.cli.control["moengage"].requests())
    reported(world, "--html", "report.html")
    assert before == rows_of(world)
    assert asked == len(world.cli.control["moengage"].requests())


class _Page(HTMLParser):
    """The elements of a page, with whatever could reach outside of it."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.reaching: list[tuple[str, str | None]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.tags.add(tag)
        self.reaching += [
            (name, value)
            for name, value in attrs
            if name in {"src", "href", "style", "srcset"} or name[:2] == "on"
        ]

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self.words.append(data)


def test_the_page_stands_by_itself_and_nothing_in_it_is_markup(world: World) -> None:
    """A hostile list name is shown as text; nothing runs, and nothing is fetched."""
    series = world.series(CODES, "Winter")
    ran = world.plan(
        *("--from", "capillary", "--list", series, "--to", "moengage", "--create", "--codes", "Winter.csv"),
        *("--set", "created_by=crm", "--set", f"name={HOSTILE}"),
    )
    assert 0 == ran.code, ran.err
    applied(world, ran.json["digest"])
    with CouponHub.from_config(world.cli.folder / "couponhub.toml") as hub:
        text = report_page(hub.migrations.report("plan.json"))
    page = _Page()
    page.feed(text)
    assert set() == page.tags & {"img", "script", "link", "iframe", "object"}
    assert [] == page.reaching
    assert any('<img src=//x onerror="alert(1)">' in words for words in page.words)
    assert "\u202e" not in text
    assert "default-src &#x27;none&#x27;" in text
    assert not re.search(r"https?://|url\(|@import", text)


def test_the_picture_shows_one_code_among_millions(world: World) -> None:
    """Each term of the equation has its bar, wide enough to be seen, and all of them fit."""
    applied(world, to_moengage(world))
    proven(world, balanced=False)
    with CouponHub.from_config(world.cli.folder / "couponhub.toml") as hub:
        report = hub.migrations.report("plan.json")
    equation = MigrationEquation(
        all=3_000_001,
        moved=2_000_000,
        issued_elsewhere=0,
        redeemed=0,
        expired=1_000_000,
        rejected=1,
        skipped=0,
        unknown=0,
    )
    text = report_page(
        from_document({**to_document(report), "equation": to_document(equation)}, MigrationReport)
    )
    bar = re.search(r'<svg class="bar".*?</svg>', text, re.DOTALL)
    assert bar is not None
    widths = {
        name: float(width)
        for name, width in re.findall(r'class="t-(\w+)" x="[\d.]+" width="([\d.]+)"', bar[0])
    }
    assert {"moved", "expired", "rejected"} == set(widths)
    assert 5 < widths["rejected"] < widths["expired"] < widths["moved"]
    assert sum(widths.values()) <= 1000
    assert "all 3,000,001 = moved 2,000,000 + expired 1,000,000 + rejected 1" in bar[0]


@pytest.mark.parametrize("name", ["mig_nothere", "nowhere.json"])
def test_there_is_none_of_what_was_not_applied(world: World, name: str) -> None:
    """It is said in one line, and no page is written."""
    ran = world.cli("migrate", "report", name, "--html", "report.html")
    assert ran.code in {2, 4}
    assert ran.complaint
    assert not (world.cli.folder / "report.html").exists()


@pytest.mark.parametrize(("balanced", "word"), [(True, "yes"), (False, "no")])
def test_only_a_proof_that_balances_is_shown_as_proven(world: World, balanced: bool, word: str) -> None:
    """Whoever reads the equation on a terminal sees beside it whether the newest proof balances."""
    digest, _ = to_capillary(world)
    applied(world, digest)
    proven(world, balanced=balanced)
    shown = world.cli.on_terminal("migrate", "report", "plan.json").out
    assert re.search(rf"PROVEN\W.*{word}", shown), shown
