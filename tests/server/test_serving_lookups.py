"""The lookup over HTTP: the same object as on the command line, masked unless the token reveals codes."""

import json
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest

from couponhub import CouponHub, Customer
from couponhub.errors import RequestRejected
from couponhub.models import Answer, Coupon, CouponStatus, LookupAnswer, Reason, Source, Verdict
from couponhub.serialization import to_document
from couponhub.server.masking import masked
from couponhub.server.response_json import LookupWriter
from couponhub.state import Scope
from tests.server.harness import MOBILE, ServerHarness, problem

NOW = datetime(2026, 1, 31, tzinfo=UTC)
CODE = "CANARY-7788"
COUPON = Coupon(
    connection="loyalty",
    code=CODE,
    description=f"use {CODE} today",
    properties={"note": f"{CODE}!", CODE: "x"},
    as_of=NOW,
)
ANSWER = LookupAnswer(
    customer=Customer(mobile=MOBILE),
    answers=(
        Answer(connection="loyalty", verdict=Verdict.FOUND, coupons=(COUPON,), as_of=NOW),
        Answer(connection="engage", verdict=Verdict.UNKNOWN, reason=Reason.TIMEOUT, as_of=NOW),
    ),
)


def test_lookup_is_the_object_of_the_command_line(harness: ServerHarness) -> None:
    """Key by key, but for how long it took."""
    token = harness.token(Scope.LOOKUP, Scope.CODES_REVEAL)
    served = harness.lookup(token).json
    expected = to_document(harness.hub.lookup(Customer(mobile=MOBILE), connections=["capillary"]))
    assert served is not None
    assert list(expected) == list(served)
    assert [list(coupon) for coupon in expected["coupons"]] == [list(coupon) for coupon in served["coupons"]]
    assert [coupon["code"] for coupon in expected["coupons"]] == [one["code"] for one in served["coupons"]]
    assert {"mobile": MOBILE} == served["customer"]
    assert len(served["coupons"]) >= 5


def test_codes_are_masked_without_the_scope(harness: ServerHarness) -> None:
    """Not one whole code is in the answer, and so much of each that its holder recognises it."""
    whole = harness.lookup(harness.token(Scope.LOOKUP, Scope.CODES_REVEAL)).json
    answer = harness.lookup(harness.token(Scope.LOOKUP))
    assert whole is not None
    codes = [coupon["code"] for coupon in whole["coupons"]]
    assert answer.json is not None
    assert [masked(code) for code in codes] == [coupon["code"] for coupon in answer.json["coupons"]]
    assert [] == [code for code in codes if code in answer.text]
    assert "raw" not in json.dumps(whole)


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("PARTNER0001", "***01"),
        ("12345678", "***78"),
        ("1234567", "***7"),
        ("12345", "***5"),
        ("1234", "***"),
        ("1", "***"),
        ("", "***"),
    ],
)
def test_a_mask_keeps_too_little_to_use(code: str, shown: str) -> None:
    """At most a quarter of a code."""
    assert shown == masked(code)


def test_a_code_is_masked_wherever_a_vendor_repeats_it() -> None:
    """In descriptions, and in names and values of properties."""
    hidden, shown = (LookupWriter(reveals=reveals).write(ANSWER) for reveals in (False, True))
    assert CODE.encode() not in hidden
    assert json.loads(shown) == to_document(ANSWER)
    assert {"note": "***88!", "***88": "x"} == json.loads(hidden)["coupons"][0]["properties"]


def test_every_code_of_an_answer_is_masked_in_every_text_of_it() -> None:
    """Another coupon's too, in any case, in whatever is told of the connections; our own words stay."""
    others = ("WINTER-5566", "winter", "FOUND", "active", "42")
    said = "Canary-7788 and wInTeR-5566 or 42, not 1427"
    coupons = (
        attrs.evolve(COUPON, description=said, list_name=said, status=CouponStatus.ACTIVE),
        *(
            Coupon(connection="loyalty", code=code, list_name=said, properties={said: said})
            for code in others
        ),
    )
    error = RequestRejected(said, hint=said, vendor_code="winter-5566")
    answer = LookupAnswer(
        customer=Customer(mobile=MOBILE),
        answers=(
            Answer(connection="loyalty", verdict=Verdict.FOUND, coupons=coupons, warnings=(said,)),
            Answer(
                connection="engage",
                verdict=Verdict.UNKNOWN,
                reason=Reason.UNREACHABLE,
                error=error,
                coverage=said,
            ),
        ),
    )

    hidden = LookupWriter(reveals=False).write(answer).decode()

    shown = "***88 and ***66 or ***, not 1427"
    document = json.loads(hidden)
    first, second = document["answers"]
    assert [] == [
        code for code in ("canary-7788", "winter-5566", "winter", "7788", "5566") if code in hidden.lower()
    ]
    assert (shown, shown, "active") == tuple(
        document["coupons"][0][key] for key in ("description", "list_name", "status")
    )
    assert {shown: shown} == document["coupons"][1]["properties"]
    assert ("found", [shown], "loyalty") == (first["verdict"], first["warnings"], first["connection"])
    assert (shown, shown, shown, "***66") == (
        second["coverage"],
        *(second["error"][key] for key in ("message", "hint", "vendor_code")),
    )


def test_an_answer_is_written_once_and_never_for_another() -> None:
    """What is remembered comes as the same bytes; an equal answer of its own is written anew."""
    writer = LookupWriter(reveals=True)
    again = LookupAnswer(customer=ANSWER.customer, answers=ANSWER.answers)
    assert writer.write(ANSWER) is writer.write(ANSWER)
    assert writer.write(again) == writer.write(ANSWER)
    assert writer.write(again) is not writer.write(ANSWER)


def test_half_a_surrogate_pair_of_a_vendors_is_written() -> None:
    """As its escape: it is no text in UTF-8."""
    coupon = Coupon(connection="a", code="C", description="\ud83d")
    answer = Answer(connection="a", verdict=Verdict.FOUND, coupons=(coupon,))
    written = LookupWriter(reveals=True).write(
        LookupAnswer(customer=Customer(mobile=MOBILE), answers=(answer,))
    )
    assert b"\\ud83d" in written
    assert "\ud83d" == json.loads(written)["coupons"][0]["description"]


def test_unknown_everywhere_is_still_200(harness: ServerHarness) -> None:
    """And not complete: nobody is told "none" because vendors were down."""
    harness.controls["capillary"].fail("* /*", "status", 503)
    answer = harness.lookup(harness.token(Scope.LOOKUP), connections=["capillary", "moengage"])
    assert (200, False) == (answer.status_code, answer.json and answer.json["complete"])
    assert answer.json is not None
    assert {"unknown"} == {one["verdict"] for one in answer.json["answers"]}


def test_found_and_not_found_look_alike(harness: ServerHarness) -> None:
    """Same status, same headers, same keys: nobody learns more than the answer says."""
    token = harness.token(Scope.LOOKUP)
    found, none = harness.lookup(token), harness.lookup(token, customer={"mobile": "917000000001"})
    assert found.json is not None
    assert none.json is not None
    assert found.status_code == none.status_code
    assert list(found.json) == list(none.json)
    assert [name for name, _ in found.headers] == [name for name, _ in none.headers]
    assert "none" == none.json["answers"][0]["verdict"]


def test_the_query_narrows(harness: ServerHarness) -> None:
    """One word in any case, or a list of them; days, or instants."""
    token = harness.token(Scope.LOOKUP)

    def statuses(**question: Any) -> set[str]:
        answer = harness.lookup(token, **question).json
        assert answer is not None
        return {coupon["status"] for coupon in answer["coupons"]}

    assert {"active", "redeemed", "expired"} == statuses()
    assert {"expired"} == statuses(status="expired")
    assert {"expired"} == statuses(status="EXPIRED", strategy="MERGE") == statuses(status=["Expired"])
    assert {"active", "expired"} == statuses(status=["active", "expired"])
    assert set() == statuses(since="2001-01-01", until="2001-01-02T00:00:00+05:30")


def test_order_and_limit(harness: ServerHarness) -> None:
    """In the order that was asked for, no more than asked for, and whole; nothing remembered gets in the way."""
    token = harness.token(Scope.LOOKUP)

    def ends(**question: Any) -> list[str]:
        answer = harness.lookup(token, **question).json
        assert answer is not None
        assert answer["complete"]
        return [coupon["expires_at"] for coupon in answer["coupons"]]

    by_end = sorted(ends())
    assert by_end == ends(sort="expires")
    assert by_end[::-1][:2] == ends(sort="expires", descending=True, limit=2)
    assert ends()[:1] == ends(limit=1)


def test_what_is_raw_takes_the_scope(harness: ServerHarness) -> None:
    """With `codes:reveal` each coupon and each answer holds the vendor's own; without it is refused, not left out."""
    revealing, plain = harness.token(Scope.LOOKUP, Scope.CODES_REVEAL), harness.token(Scope.LOOKUP)
    for path, whom in (("/v1/lookup", "customer"), ("/v1/lookup/batch", "customers")):
        person: Any = {"mobile": MOBILE}
        asked = {whom: person if whom == "customer" else [person], "connections": ["capillary"], "raw": True}
        refused = problem(harness.post(path, asked, plain), 403, "permission")
        assert "codes:reveal" in refused["detail"]
        answer = json.loads(harness.post(path, asked, revealing).data)
        assert [coupon["code"] for coupon in answer["coupons"]] == [
            coupon["raw"]["code"] for coupon in answer["coupons"]
        ]
        assert [dict] == [type(one["raw"]) for one in answer["answers"]]
        assert "raw" not in harness.post(path, {**asked, "raw": False}, revealing).text


def test_names_take_the_scope(harness: ServerHarness) -> None:
    """Who may not see codes does not see what the customer is called either."""
    for scopes, names in (
        ((Scope.LOOKUP, Scope.CODES_REVEAL), ("Asha", "Buyer")),
        ((Scope.LOOKUP,), (None, None)),
    ):
        answer = harness.lookup(harness.token(*scopes))
        assert answer.json is not None
        (one,) = answer.json["answers"]
        assert names == (one["first_name"], one["last_name"])
        assert (names == ("Asha", "Buyer")) is ("Asha" in answer.text)
    assert "Asha" not in json.dumps(harness.logged())


def test_first_found_asks_no_further(harness: ServerHarness) -> None:
    """The strategy is the hub's."""
    answer = harness.lookup(
        harness.token(Scope.LOOKUP), strategy="first-found", connections=["capillary", "moengage"]
    ).json
    assert answer is not None
    assert ["capillary"] == [one["connection"] for one in answer["answers"]]


def test_a_batch_is_lines_in_the_order_of_its_customers(harness: ServerHarness) -> None:
    """One that cannot be asked about is unknown, with the reason, and keeps no other from being answered."""
    token = harness.token(Scope.LOOKUP)
    customers = [{"mobile": MOBILE}, {"mobile": "no number"}, {"mobile": "917000000001"}]
    asked = {"customers": customers, "connections": ["capillary"]}
    answer = harness.post("/v1/lookup/batch", asked, token)
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert (200, "application/jsonl") == (answer.status_code, answer.mimetype)
    assert customers == [line["customer"] for line in lines]
    assert ["found", "unknown", "none"] == [line["answers"][0]["verdict"] for line in lines]
    assert {"***"} == {coupon["code"][:3] for line in lines for coupon in line["coupons"]}


def test_an_empty_batch_is_answered_by_nothing(harness: ServerHarness) -> None:
    """It is no fault."""
    answer = harness.post("/v1/lookup/batch", {"customers": []}, harness.token(Scope.LOOKUP))
    assert (200, "") == (answer.status_code, answer.text)


def test_what_a_batch_cannot_ask_is_a_problem(harness: ServerHarness) -> None:
    """Before the first line: afterwards there would be no status left to say so."""
    token = harness.token(Scope.LOOKUP)
    asked = {"customers": [{"mobile": MOBILE}], "connections": ["capillary"], "list_id": "999999"}
    problem(harness.post("/v1/lookup/batch", asked, token), 404, "not_found")
    asked = {"customers": [{"mobile": MOBILE}], "connections": ["nowhere"]}
    problem(harness.post("/v1/lookup/batch", asked, token), 404, "usage")


def test_a_batch_whose_reader_goes_away_ends(harness: ServerHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is asked for the customers whose answers nobody takes."""
    taken: list[int] = []

    def endless(*_: Any, **__: Any) -> Any:
        try:
            for number in range(1_000_000):
                taken.append(number)
                yield ANSWER
        finally:
            taken.append(-1)

    monkeypatch.setattr(CouponHub, "lookup_many", endless)
    answer = harness.post("/v1/lookup/batch", {"customers": []}, harness.token(Scope.LOOKUP), buffered=False)
    next(iter(answer.iter_encoded()))
    answer.close()
    assert len(taken) < 5
    assert -1 == taken[-1]
    assert "/v1/lookup/batch" == harness.logged()[-1]["route"]


def test_remembered_answers_say_so() -> None:
    """The writer is given what the hub says, source and all."""
    remembered = Coupon(connection="a", code="LONG-CODE-1", source=Source.CACHE)
    answer = Answer(
        connection="a", verdict=Verdict.FOUND, coupons=(remembered,), source=Source.CACHE, as_of=NOW
    )
    unified = LookupAnswer(customer=Customer(mobile=MOBILE), answers=(answer,))
    document = json.loads(LookupWriter(reveals=False).write(unified))
    assert ["cache", "cache"] == [document["coupons"][0]["source"], document["answers"][0]["source"]]
