"""`couponhub lookup`: whom it asks by what, and how it shows what several connections know."""

import csv
import io
import json

import pytest

from couponhub.cli import lookup_view
from couponhub.models import Answer, Coupon, Customer, LookupAnswer, Reason, Verdict
from tests.kit.cli import CUSTOMER, SETTINGS, CliRunner


@pytest.fixture
def club(cli: CliRunner) -> str:
    """A second connection to the same vendor, behind the first: all its codes are there twice."""
    text = (cli.folder / "couponhub.toml").read_text(encoding="utf-8")
    begin = text.index("[connections.capillary]")
    table = text[begin : text.index("\n\n", begin)].replace(".capillary]", ".club]")
    cli.configure(SETTINGS, f"\n{table}\n")
    return "club"


@pytest.mark.parametrize("mobile", ["unknown77", "+9177", "77", "9198765432109198765477"])
def test_a_mobile_that_cannot_be_one(cli: CliRunner, mobile: str) -> None:
    """It is exit code 2 with one line that does not quote it, and no vendor is called."""
    ran = cli("lookup", "--mobile", mobile, "-o", "json")
    assert 2 == ran.code
    assert "mobile" in ran.complaint
    assert mobile not in ran.err + ran.out
    assert "usage" == ran.json["error"]["kind"]
    assert [] == cli.control["capillary"].requests()


def test_a_status_is_a_word_in_any_case(cli: CliRunner) -> None:
    """It selects what the library and HTTP select by it; another word is refused with those that there are."""
    words = ("lookup", "--mobile", CUSTOMER, "--connection", "capillary", "-o", "json", "--status")
    active = cli(*words, "active").json["coupons"]
    assert ["active"] * 3 == [coupon["status"] for coupon in active]
    assert active == [
        {**coupon, "as_of": asked["as_of"]}
        for coupon, asked in zip(cli(*words, "ACTIVE").json["coupons"], active, strict=True)
    ]
    refused = cli(*words, "actve")
    assert 2 == refused.code
    assert "'active', 'redeemed', 'expired'" in refused.complaint
    assert 0 == cli("lists", "ls", "moengage", "--status", "ACTIVE").code


def test_shared_codes_are_marked(cli: CliRunner, club: str) -> None:
    """Each code stands there once for each connection, and every form tells of the other."""
    words = ("lookup", "--mobile", CUSTOMER, "--connection", "capillary", "--connection", club)
    found = cli(*words, "-o", "json").json["coupons"]
    own = [coupon["code"] for coupon in found if coupon["connection"] == "capillary"]
    assert len(own) >= 5
    assert own == [coupon["code"] for coupon in found if coupon["connection"] == club]
    assert own + own == [coupon["code"] for coupon in found]
    assert {("capillary", club), (club, "capillary")} == {
        (coupon["connection"], *coupon["also_at"]) for coupon in found
    }
    assert [club] == [row[-1] for row in cli(*words).rows][:1]
    lines = cli(*words, "-o", "jsonl").out.splitlines()
    first = next(one for one in map(json.loads, lines) if one["kind"] == "coupon")
    assert [club] == first["also_at"]
    assert "ALSO AT" in cli(*words, "-o", "table").out


def test_codes_of_one_connection_are_not_marked(cli: CliRunner) -> None:
    """A table says nothing of what there is not; columns stay the same for scripts."""
    words = ("lookup", "--mobile", CUSTOMER, "--connection", "capillary")
    assert "ALSO AT" not in cli(*words, "-o", "table").out
    assert {8} == {len(row) for row in cli(*words).rows}
    assert {""} == {row[-1] for row in cli(*words).rows}
    assert not any(coupon["also_at"] for coupon in cli(*words, "-o", "json").json["coupons"])


def test_first_found_asks_no_further(cli: CliRunner, club: str) -> None:
    """The first that has coupons is the only one asked."""
    words = ("lookup", "--mobile", CUSTOMER, "--connection", "capillary", "--connection", club, "-o", "json")
    first = cli(*words, "--strategy", "first-found")
    assert 0 == first.code
    assert ["capillary"] == [one["connection"] for one in first.json["answers"]]
    merged = cli(*words, "--strategy", "merge").json
    assert ["capillary", club] == [one["connection"] for one in merged["answers"]]
    assert 2 == cli(*words, "--strategy", "random").code


def test_two_connections_are_compared(cli: CliRunner, club: str) -> None:
    """The table says it in a line, documents count it, and one connection cannot be compared."""
    words = ("lookup", "--mobile", CUSTOMER, "--strategy", "compare", "--connection", "capillary")
    both = (*words, "--connection", club)
    answer = cli(*both, "-o", "json").json
    held = len({coupon["code"] for coupon in answer["coupons"]})
    same = {"reference": "capillary", "connection": club, "kind": "same", "count": held}
    assert [same] == answer["differences"]
    assert f"Codes at capillary and {club}: {held} the same." in cli(*both, "-o", "table").out
    *_, last = map(json.loads, cli(*both, "-o", "jsonl").out.splitlines())
    assert {**same, "kind": "difference", "difference": "same"} == last
    head, *_, row = csv.DictReader(io.StringIO(cli(*both, "-o", "csv").out))
    assert ("lookup", "") == (head["kind"], head["difference"])
    assert ("difference", "same", str(held)) == (row["kind"], row["difference"], row["count"])
    alone = cli(*words)
    assert (2, True) == (alone.code, "cannot be compared with itself" in alone.complaint)
    narrowed = cli(*both, "--status", "active")
    assert (2, True) == (narrowed.code, "only some are asked for" in narrowed.complaint)


def test_every_answer_tells_by_what_it_asked(cli: CliRunner) -> None:
    """The masked forms stand in each answer, and the number in none."""
    (one,) = cli("lookup", "--mobile", CUSTOMER, "--connection", "capillary", "-o", "json").json["answers"]
    assert ["***10 (12 digits)"] == one["asked_as"]
    assert one["identified_by"] is None
    assert CUSTOMER not in json.dumps(one)


FOUND = Answer(
    connection="loyalty", verdict=Verdict.FOUND, coupons=(Coupon(connection="loyalty", code="A-1"),)
)
NONE = Answer(connection="engage", verdict=Verdict.NONE, reason=Reason.NO_COUPONS)

OPEN = "Not complete for the customer with mobile +91 9:"
NO_MORE = "do not say that there are no others."


def unknown(reason: Reason, **facts: object) -> Answer:
    """Capillary, which could not tell."""
    return Answer(connection="capillary", verdict=Verdict.UNKNOWN, reason=reason, **facts)  # type: ignore[arg-type] # a test's shorthand


@pytest.mark.parametrize(
    ("answers", "filtered", "told"),
    [
        (
            (FOUND, NONE),
            False,
            "Complete: the customer with mobile +91 9 holds 1 coupon (loyalty 1, engage none).",
        ),
        ((NONE,), False, "Complete: the customer with mobile +91 9 holds no coupons."),
        ((NONE,), True, "Complete: the customer with mobile +91 9 holds no such coupons."),
        (
            (unknown(Reason.UNREACHABLE),),
            False,
            f"{OPEN} capillary could not be asked. There may be coupons: do not say that there are none.",
        ),
        (
            (FOUND, unknown(Reason.TIMEOUT)),
            False,
            f"{OPEN} capillary did not answer in time. There may be more than this one: {NO_MORE}",
        ),
    ],
)
def test_plain_words_come_first(answers: tuple[Answer, ...], filtered: bool, told: str) -> None:
    """Somebody with a customer on the telephone reads one sentence, and the identifier as it was typed."""
    answer = LookupAnswer(customer=Customer(mobile="+91 9"), answers=answers)
    assert told == lookup_view.in_words(answer, filtered=filtered)


def test_no_reason_lets_silence_pass_for_none() -> None:
    """Whatever the reason, the words of an unknown answer forbid to say that there is nothing."""
    for reason in Reason:
        told = lookup_view.in_words(
            LookupAnswer(customer=Customer(mobile="9"), answers=(NONE, unknown(reason))), filtered=False
        )
        assert "do not say" in told
        assert "no coupons" not in told


def test_a_redemption_tells_when_and_where() -> None:
    """Several are told, a guessed zone is marked, and a count alone is a count."""
    document = {
        "redemption_count": 5,
        "approximate": ["redemptions"],
        "redemptions": [{"at": "2026-10-30T12:00:00Z", "store": {"code": "s1", "name": None}}] * 4,
    }
    lines = lookup_view.used(document)
    assert isinstance(lines, list)
    assert 4 == len(lines)
    assert lines[0].startswith("~2026-10-")
    assert lines[0].endswith(" at s1")
    assert "and 2 more" == lines[-1]
    for count, told in ((None, None), (0, "unused"), (2, "used 2x")):
        assert told == lookup_view.used({**document, "redemption_count": count, "redemptions": None})


def test_scripts_read_the_verdicts_too(cli: CliRunner) -> None:
    """Read by line, they say first what is complete, then who said what; csv has the same columns when nothing was found."""
    words = ("lookup", "--mobile", CUSTOMER, "-o")
    lines = list(map(json.loads, cli(*words, "jsonl").out.splitlines()))
    rows = list(csv.DictReader(io.StringIO(cli(*words, "csv").out)))
    kinds = ["lookup", "answer", "answer", *["coupon"] * (len(lines) - 3)]
    assert kinds == [one["kind"] for one in lines] == [one["kind"] for one in rows]
    assert (False, "false") == (lines[0]["complete"], rows[0]["complete"])
    assert [("capillary", "found"), ("moengage", "unknown")] == [
        (one["connection"], one["verdict"]) for one in rows[1:3]
    ]
    assert {"mobile": CUSTOMER} == json.loads(rows[0]["customer"])
    nothing = cli("lookup", "--external-id", "NOBODY", "--connection", "capillary", "-o", "csv").out
    assert list(rows[0]) == list(csv.DictReader(io.StringIO(nothing)).fieldnames or ())


def test_a_connection_without_any_report_is_one_short_line(cli: CliRunner) -> None:
    """It says so once, with the command that goes on."""
    ran = cli("lookup", "--mobile", CUSTOMER, "-o", "table")
    lines = [line for line in ran.err.splitlines() if "moengage" in line]
    told = "no usage report was imported yet (`couponhub usage status moengage` shows each `couponhub usage request`"
    assert [f"couponhub: moengage customer coupons: {told} to make before `couponhub usage import`)"] == lines
