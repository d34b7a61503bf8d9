"""`couponhub explain`: who was asked, what they said, what it means, and which upload a code is of."""

from typing import Any

import pytest

from couponhub import CouponHub, Customer
from couponhub.errors import UsageError
from couponhub.explain import Recorder, explanation_document
from couponhub.models import Source
from couponhub.state import TextCodeSet, codes_in
from couponhub.transport import NoObserver, ShapeObserver
from tests.kit.cli import CUSTOMER, CliRunner, Ran

ASKED = ("explain", "--mobile", CUSTOMER, "--connection", "capillary")


def explained(cli: CliRunner, *words: str) -> Any:
    """What `explain` prints as JSON."""
    ran = cli("explain", *words, "-o", "json")
    assert 0 == ran.code, ran.err
    return ran.json


def of_status(document: Any, status: str) -> Any:
    """The first coupon that stands so."""
    return next(coupon for coupon in document["coupons"] if coupon["status"] == status)


def test_a_customer(cli: CliRunner) -> None:
    """Every connection's answer, every call with the vendor's request id, and where each field comes from."""
    document = explained(cli, "--mobile", CUSTOMER)
    assert {"mobile": CUSTOMER} == document["customer"]
    assert ["found", "unknown"] == [answer["verdict"] for answer in document["answers"]]
    assert not document["complete"]
    call, more = document["calls"]
    seen = [request for request in cli.control["capillary"].requests() if "coupons" in request["path"]]
    assert 2 == len(seen)
    assert ("customer_coupons_v2", "ok") == (more["operation"], more["outcome"])
    assert ("capillary", "customer_coupons", 1, "ok", 200) == (
        call["connection"],
        call["operation"],
        call["attempt"],
        call["outcome"],
        call["http_status"],
    )
    assert call["request_id"]
    redeemed = of_status(document, "redeemed")
    status = next(meaning for meaning in redeemed["meanings"] if meaning["field"] == "status")
    assert ("redeemed", 1) == (status["value"], status["raw"]["redemption_count"])
    assert "redeemed, and the vendor says that it cannot be used again" == status["because"]
    assert redeemed["raw"]["code"] == redeemed["code"]


def test_people_read_lines(cli: CliRunner) -> None:
    """Without -o a line for each thing; on stderr stands when the vendors were asked. People read first what it means."""
    ran = cli(*ASKED)
    assert 0 == ran.code
    assert {("capillary", "answer")} <= {(row[0], row[1]) for row in ran.rows}
    assert any(row[2].startswith('status is "redeemed": redeemed, and the vendor says') for row in ran.rows)
    assert any("; from redemption_count = 1" in row[2] for row in ran.rows)
    assert ran.complaint.startswith("the vendors were asked anew at ")
    table = " ".join(cli(*ASKED, "-o", "table").out.split())  # however wide the terminal is
    assert table.startswith(f"Complete: the customer with mobile {CUSTOMER} holds 5 coupons.")
    unknown = " ".join(cli("explain", "NOSUCHCODE", "-o", "table").out.split())
    assert unknown.startswith(
        "No vendor that could be asked shows a customer with code NOSUCHCODE. That proves nothing"
    )


@pytest.mark.usefixtures("cli")
def test_nothing_remembered_is_used() -> None:
    """What a lookup would still remember, an explanation asks for anew."""
    with CouponHub.from_config() as hub:
        hub.lookup(Customer(mobile=CUSTOMER), connections=["capillary"])
        remembered = hub.lookup(Customer(mobile=CUSTOMER), connections=["capillary"])
        explanation = hub.explain(Customer(mobile=CUSTOMER), connections=["capillary"])
    assert {Source.CACHE} == {coupon.source for coupon in remembered.coupons}
    assert {Source.LIVE} == {one.coupon.source for one in explanation.coupons}
    assert explanation.exchanges


@pytest.mark.usefixtures("cli")
def test_the_hub_s_own_observer_is_told_too() -> None:
    """Metrics miss none of the calls."""
    ended: list[str] = []

    class Observing(NoObserver):
        """Takes note of operations."""

        def began(self, connection: str, operation: str) -> Any:
            ended.append(operation)
            return super().began(connection, operation)

    with CouponHub.from_config(observer=Observing()) as hub:
        hub.explain(Customer(mobile=CUSTOMER), connections=["capillary"])
    assert ["fetch_token", "customer_coupons", "customer_coupons_v2"] == ended
    # Only who wants shapes costs the time that they take.
    assert isinstance(Recorder(NoObserver()), ShapeObserver)
    assert not isinstance(Observing(), ShapeObserver)


def test_a_dead_vendor_is_explained_by_its_attempts(cli: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each attempt is a call of its own, with how it ended."""
    monkeypatch.setattr("couponhub.transport.retry.RetryPolicy.wait_before", lambda *_: 0.0)
    assert 0 == cli("lists", "ls", "capillary").code  # so that it is not the token that fails
    cli.control["capillary"].fail("GET /v1.1/*", "status", 503)
    document = explained(cli, "--mobile", CUSTOMER, "--connection", "capillary")
    assert ("unknown", "unreachable") == (
        document["answers"][0]["verdict"],
        document["answers"][0]["reason"],
    )
    assert [(1, "unavailable", 503), (2, "unavailable", 503)] == [
        (call["attempt"], call["outcome"], call["http_status"]) for call in document["calls"][:2]
    ]
    assert 1 < len(document["calls"])


def test_a_code_that_was_handed_out(cli: CliRunner) -> None:
    """Capillary is asked about the code; MoEngage cannot be, and says what to do instead."""
    code = of_status(explained(cli, "--mobile", CUSTOMER), "redeemed")["code"]
    document = explained(cli, code)
    capillary, moengage = document["answers"]
    assert (code, None) == (document["code"], document["customer"])
    assert ("found", None) == (capillary["verdict"], capillary["reason"])
    assert ("unknown", "unsupported") == (moengage["verdict"], moengage["reason"])
    assert moengage["error"]["hint"]
    (coupon,) = document["coupons"]
    assert ("redeemed", code) == (coupon["status"], coupon["code"])


def test_a_code_that_nobody_knows_proves_nothing(cli: CliRunner) -> None:
    """It may lie in a list's pool, so that "none" is not said."""
    document = explained(cli, "NOSUCHCODE")
    assert ["unknown", "unknown"] == [answer["verdict"] for answer in document["answers"]]
    assert ["a list's pool" in warning for warning in document["answers"][0]["warnings"]] == [True]
    assert ([], []) == (document["coupons"], document["uploads"])
    assert not document["complete"]


def sent(cli: CliRunner, connection: str, *codes: str) -> str:
    """Send codes to a new list; the id of the upload."""
    list_id = cli.list_id(connection)
    ran = cli(
        *("uploads", "send", connection, list_id, cli.write("codes.csv", "coupon code", *codes)),
        *("--wait", "--name", "spring", "-o", "json"),
    )
    assert 0 == ran.code, ran.err
    return str(ran.json["id"])


def test_the_upload_that_a_code_is_of(cli: CliRunner) -> None:
    """Every upload of ours that holds the code, by the vendor's idea of case, with part, list and moment."""
    upload, other = sent(cli, "capillary", "AB-1", "AB-2"), sent(cli, "moengage", "AB-1")
    found = explained(cli, "AB-1")["uploads"]
    assert [("capillary", upload), ("moengage", other)] == [(one["connection"], one["id"]) for one in found]
    assert {"spring"} == {one["name"] for one in found}
    assert {"submitted"} == {one["stage"] for one in found}
    assert all(one["sent_at"] and one["part"].startswith("spring") for one in found)
    # Capillary ignores case, MoEngage does not.
    assert [upload] == [one["id"] for one in explained(cli, "ab-1")["uploads"]]
    assert any(f"by upload {upload} (spring)" in row[2] for row in cli("explain", "AB-1").rows)
    assert "It was sent from here to list" in " ".join(cli("explain", "AB-1", "-o", "table").out.split())


def test_a_coupon_of_a_customer_names_its_upload(cli: CliRunner) -> None:
    """The codes that a customer holds are looked for in what was sent, each at its own connection."""
    list_id = cli.list_id("capillary")
    cli.write("codes.csv", "coupon code", "OURS-1", "OURS-2")
    ran = cli("uploads", "send", "capillary", list_id, "codes.csv", "--wait", "-o", "json")
    cli.control["capillary"].issue(list_id, {"mobile": CUSTOMER}, codes=["OURS-2"])
    found = explained(cli, "--mobile", CUSTOMER)["uploads"]
    assert [("OURS-2", ran.json["id"], list_id)] == [
        (one["code"], one["id"], one["list_id"]) for one in found
    ]


def test_codes_that_are_no_longer_kept_are_told(cli: CliRunner) -> None:
    """Of an upload whose code set is gone nobody can say that a code is not of it."""
    upload = sent(cli, "capillary", "AB-1")
    for path in cli.folder.glob("state/codes/capillary/*/*.txt"):
        path.unlink()
    document = explained(cli, "AB-1")
    assert ([], [upload]) == (document["uploads"], document["unsearched"])


def test_a_store_that_cannot_be_read_is_told(cli: CliRunner) -> None:
    """The vendors' answers are worth having all the same."""
    (cli.folder / "state").mkdir()
    (cli.folder / "state" / "couponhub.db").write_bytes(b"no database" * 100)
    ran = cli(*ASKED, "-o", "json")
    assert 0 == ran.code
    assert ran.json["coupons"]
    assert ["capillary: our own uploads could not be searched"] == [
        ": ".join(warning.split(": ")[:2]) for warning in ran.json["warnings"]
    ]


@pytest.mark.parametrize(
    "words",
    [(), ("CODE", "--mobile", CUSTOMER), ("--mobile", CUSTOMER, "--email", "a@b.c"), ("  ",)],
)
def test_exactly_one_thing_is_explained(cli: CliRunner, words: tuple[str, ...]) -> None:
    """Nobody, several and a blank code are refused, without quoting anything."""
    ran: Ran = cli("explain", *words)
    assert 2 == ran.code
    assert CUSTOMER not in ran.complaint


@pytest.mark.usefixtures("cli")
def test_a_blank_code_is_refused_by_the_library() -> None:
    """Nobody is asked."""
    with CouponHub.from_config() as hub, pytest.raises(UsageError, match="blank"):
        hub.explain("")


def test_the_document_of_nothing(cli: CliRunner) -> None:
    """Every key stands in every document."""
    with CouponHub.from_config() as hub:
        document = explanation_document(hub.explain("NOSUCHCODE", connections=["moengage"]))
    assert set(explained(cli, "--mobile", CUSTOMER)) == set(document)


def test_finding_codes_in_a_large_file(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks end at line ends: no code is cut, none is found inside another."""
    monkeypatch.setattr("couponhub.state.codesets._BLOCK", 7)
    path = tmp_path / "codes.txt"
    codes = [f"CODE-{number}" for number in range(40)]
    path.write_bytes("".join(f"{code}\n" for code in [*codes, "strAße", "last"]).encode())
    for code in (*codes, "last"):
        assert frozenset({code}) == codes_in(
            TextCodeSet(path), [code, "CODE", "ODE-1", "CODE-", "code-1"], ignores_case=False
        )
    both = codes_in(TextCodeSet(path), ["code-1", "Code-1", "STRASSE", "code"], ignores_case=True)
    assert {"code-1", "Code-1", "STRASSE"} == both
