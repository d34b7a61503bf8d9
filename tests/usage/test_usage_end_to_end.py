"""From a code that an emulated campaign gave out to a lookup that finds it: request, mail, import."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import attrs
import pytest
import requests

from couponhub.cli import main
from couponhub.errors import Unsupported
from couponhub.models import Customer, Identifier, Reason, Verdict
from couponhub.registry import Registry
from couponhub.testing import Harness, harness_for
from tests.kit.eventually import eventually

INDIA = timezone(timedelta(hours=5, minutes=30))
BUYER = {"external_id": "EXT-77001", "mobile": "919876500001"}


@attrs.frozen
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its stdout, decoded."""
        return json.loads(self.out)


@attrs.frozen
class UsageHarness:
    """An emulated workspace whose list is five days old, and the command line on it."""

    harness: Harness
    list_id: str
    codes: list[str]
    today: date
    run: Callable[..., Ran]

    def mailed(self, first: date, last: date) -> Path:
        """Request a report on the command line, wait for its mail, save that; answer the file."""
        before = len(self.harness.control.mails())
        days = ("--from", str(first), "--to", str(last))
        ran = self.run("usage", "request", "moengage", self.list_id, *days, "--email", "reports@example.com")
        assert 0 == ran.code, ran.err
        mails = eventually(lambda: self.harness.control.mails()[before:], "the mail")
        path = self.harness.folder / f"report {before}.eml"
        path.write_bytes(requests.get(f"{self.harness.server.url}{mails[-1]['eml']}", timeout=10).content)
        return path

    def imported(self, path: Path, first: date, last: date, *more: str) -> Ran:
        """Import it on the command line."""
        days = ("--from", str(first), "--to", str(last))
        return self.run("-o", "json", "usage", "import", "moengage", self.list_id, str(path), *days, *more)


@pytest.fixture
def usage(capsys: pytest.CaptureFixture[str]) -> Iterator[UsageHarness]:
    """Five days ago a list was created and three codes were given to one customer."""
    with harness_for(Registry().load("moengage"), settings={"created_by": "tests"}) as harness:
        now = datetime.now(UTC)
        harness.control.set_clock(now - timedelta(days=5))
        list_id = harness.list_with("Autumn", [f"CANARY-{number}" for number in range(9)])
        codes = harness.control.issue(list_id, BUYER, count=3)
        harness.control.set_clock(None)

        def run(*words: str) -> Ran:
            capsys.readouterr()
            code = main(("--config", str(harness.folder / "couponhub.toml"), *words))
            return Ran(code, *capsys.readouterr())

        yield UsageHarness(harness, list_id, codes, now.astimezone(INDIA).date(), run)


def test_a_code_goes_from_the_campaign_into_a_lookup(usage: UsageHarness) -> None:
    """Nobody is asked before; from the import on the customer is found, and absence is proven as of the report."""
    hub, calls = usage.harness.hub, usage.harness.control.requests
    customer, other = Customer(external_id=BUYER["external_id"]), Customer(external_id="EXT-9")
    asked = len(calls())
    (before,) = hub.lookup(customer).answers
    assert (Verdict.UNKNOWN, Reason.UNSUPPORTED) == (before.verdict, before.reason)
    assert before.error is not None
    assert "couponhub usage import" in before.error.hint
    assert asked == len(calls())
    first, last = usage.today - timedelta(days=5), usage.today
    path = usage.mailed(first, last)
    done = usage.imported(path, first, last)
    assert (0, 3, 3, path.name) == (done.code, done.json["rows"], done.json["added"], done.json["file"])
    assert not [code for code in usage.codes if code in done.out + done.err]
    asked = len(calls())
    (found,) = hub.lookup(customer).answers
    assert (Verdict.FOUND, None) == (found.verdict, found.reason)
    assert sorted(usage.codes) == sorted(coupon.code for coupon in found.coupons)
    (none,) = hub.lookup(other).answers
    end = datetime.combine(usage.today, datetime.min.time(), INDIA).astimezone(UTC)
    assert (Verdict.NONE, Reason.NO_COUPONS, end) == (none.verdict, none.reason, none.as_of)
    assert asked == len(calls())
    ran = usage.run("-o", "json", "lookup", "--external-id", BUYER["external_id"])
    assert 0 == ran.code
    assert {"report"} == {coupon["source"] for coupon in ran.json["coupons"]}
    assert {(None, None)} == {
        (coupon["redemption_count"], coupon["redemptions"]) for coupon in ran.json["coupons"]
    }
    assert ran.json["answers"][0]["coverage"]


def test_a_lookup_says_which_days_are_not_covered(usage: UsageHarness) -> None:
    """One line on stderr with the command that tells more, for exit code 3 alone tells nothing."""
    path = usage.mailed(usage.today, usage.today)
    days = ("--from", str(usage.today), "--to", str(usage.today))
    usage.run("usage", "import", "moengage", usage.list_id, str(path), *days)
    ran = usage.run("lookup", "--external-id", "nobody")
    assert (3, 1) == (ran.code, len(ran.err.splitlines()))
    assert "lack" in ran.err
    assert "couponhub usage status moengage" in ran.err


def test_only_user_ids_are_answered(usage: UsageHarness) -> None:
    """A mobile is refused while MoEngage's User ID is something else, with the kind that is needed."""
    first, last = usage.today - timedelta(days=5), usage.today
    usage.imported(usage.mailed(first, last), first, last)
    mobile = Customer(mobile=BUYER["mobile"])
    with pytest.raises(Unsupported, match="external_id"):
        usage.harness.connection.customers.coupons(mobile)
    (answer,) = usage.harness.hub.lookup(mobile).answers
    assert (Verdict.UNKNOWN, Reason.UNSUPPORTED) == (answer.verdict, answer.reason)
    assert frozenset({Identifier.EXTERNAL_ID}) == usage.harness.connection.customers.identifiers


def test_the_same_mail_twice_says_so(usage: UsageHarness) -> None:
    """It exits with 0, adds nothing, and warns."""
    first, last = usage.today - timedelta(days=5), usage.today
    path = usage.mailed(first, last)
    usage.imported(path, first, last)
    again = usage.imported(path, first, last)
    assert (0, 0, 3, True) == (again.code, again.json["added"], again.json["known"], again.json["repeated"])
    assert "imported before" in again.err


def test_status_names_the_gaps_and_the_requests_that_fill_them(usage: UsageHarness) -> None:
    """Obeying it once leaves no gap."""
    first = usage.today - timedelta(days=5)
    path = usage.mailed(first, first + timedelta(days=2))
    usage.imported(path, first, first + timedelta(days=2))
    (before,) = usage.run("-o", "json", "usage", "status", "moengage").json["items"]
    assert [{"from": str(first), "to": str(first + timedelta(days=1))}] == before["covered"]
    gap = {"from": str(first + timedelta(days=2)), "to": str(usage.today - timedelta(days=1))}
    assert [gap] == before["missing"]
    request = before["request"]
    assert (0, gap["from"], str(usage.today)) == (request["wait_days"], request["from"], request["to"])
    command = request["command"].replace('"$REPORTS_TO"', "reports@example.com").split()
    assert ["couponhub", "usage", "request"] == command[:3]
    days = date.fromisoformat(request["from"]), date.fromisoformat(request["to"])
    usage.imported(usage.mailed(*days), *days)
    (after,) = usage.run("-o", "json", "usage", "status", "moengage", usage.list_id).json["items"]
    assert ([], None) == (after["missing"], after["request"])
    assert 0 == usage.run("usage", "status", "moengage").code


@pytest.mark.parametrize(
    ("words", "code", "kind"),
    [
        (("LIST", "nothing.csv", "--from", "2026-01-01", "--to", "2026-01-02"), 2, "local"),
        (("unknown", "nothing.csv", "--from", "2026-01-01", "--to", "2026-01-02"), 4, "not_found"),
        (("LIST", "nothing.csv", "--from", "2026-01-02", "--to", "2026-01-01"), 2, "local"),
        (("LIST", "nothing.csv", "--from", "2026-01-02"), 2, "usage"),
    ],
)
def test_failures_have_their_kind_and_exit_code(
    usage: UsageHarness, words: tuple[str, ...], code: int, kind: str
) -> None:
    """One line on stderr, and the kind in JSON."""
    asked = [usage.list_id if word == "LIST" else word for word in words]
    ran = usage.run("-o", "json", "usage", "import", "moengage", *asked)
    assert (code, kind) == (ran.code, ran.json["error"]["kind"])
    assert 1 == len(ran.err.splitlines())


def test_another_list_is_refused(usage: UsageHarness) -> None:
    """The report of one list is not imported as another's."""
    usage.harness.control.set_clock(datetime.now(UTC) - timedelta(days=5))
    other = usage.harness.list_with("Winter", ["W-1"])
    usage.harness.control.set_clock(None)
    first, last = usage.today - timedelta(days=5), usage.today
    path = usage.mailed(first, last)
    usage.imported(path, first, last)
    days = ("--from", str(first), "--to", str(last))
    ran = usage.run("-o", "json", "usage", "import", "moengage", other, str(path), *days)
    assert (2, "local") == (ran.code, ran.json["error"]["kind"])
    assert "another list" in ran.err
