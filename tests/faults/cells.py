"""One cell of the matrix: an operation under a mishap, and what must be true afterwards."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from typing import Any

import attrs

from couponhub.errors import CouponhubError
from couponhub.serialization import Document
from tests.faults.fault_harness import BROWSER, BUYER, MEGABYTE, UNSPEAKABLE, FaultHarness, Target
from tests.faults.mishaps import Changes, Mishap
from tests.faults.operations import Operation

_LONGEST_LINE = 1000
_IDS = re.compile(r"[0-9a-f]{24}|[0-9]{4,}")
_PASSING = frozenset({"as_of", "elapsed_ms"})
"""What differs from one answer to the next; of an upload of ours, its last change in our own books does too."""

_OF_A_STATUS = frozenset({"accepted", "rejected", "pending", "total", "available"})
"""Figures that mean something beside a status or kind that is understood, and are null beside a new one."""

_UNTOLD_ROWS = frozenset({"unknown", "pending"})
"""Rows of which it is not known yet, or not any more, what became of them."""


@attrs.frozen
class Calls:
    """Which calls of an operation are the first of their kind, counted from 1.

    Attributes:
        writing: Those that change something.
        reading: All others.
    """

    writing: Sequence[int]
    reading: Sequence[int]

    def to_hit(self, turn: int) -> Iterator[int | None]:
        """What a mishap hits, one after the other: every call (None), each that writes, and one of the others in turn.

        All of the others under every mishap would take its time, and tell little more: the next mishap hits the next.
        """
        yield None
        yield from self.writing
        if self.reading:
            yield self.reading[turn % len(self.reading)]


def calls_of(faulty: FaultHarness, operation: Operation) -> Calls:
    """Do an operation while all goes well, and see whom it calls.

    What it answers is the truth, and kept as what it must answer whenever it is believed.
    """
    target = operation.prepare(faulty)
    # Signed in already, as whoever is asked later is: else a call for the token is counted, which does not come again.
    faulty.connection.check()
    recorder = faulty.harness.server.app.recorder
    recorder.clear()
    document = operation.ask(faulty, target)
    calls = recorder.requests()
    assert calls, "nobody was called"
    faulty.rest()
    if operation.writes is not None:
        operation.writes(faulty, target, document)
    else:
        assert_true(faulty, operation, document)
        faulty.answers[operation.name] = document
    first: dict[tuple[str, str, str], int] = {}
    for nth, call in enumerate(calls, start=1):
        kind = (call.method, _IDS.sub("*", call.path), re.sub(r"=[^&]*", "", call.query))
        first.setdefault(kind, nth)
    return Calls(
        writing=[nth for (method, *_), nth in first.items() if method != "GET"],
        reading=[nth for (method, *_), nth in first.items() if method == "GET"],
    )


def truth_of(faulty: FaultHarness, operation: Operation) -> Document:
    """What an operation that only reads answers while all goes well."""
    if operation.name not in faulty.answers or operation.is_of_all:
        calls_of(faulty, operation)
    answer: Document = faulty.answers[operation.name]
    return answer


def ask_through(
    faulty: FaultHarness,
    operation: Operation,
    mishap: Mishap,
    nth: int | None,
    target: Target,
    *,
    by: FaultHarness | None = None,
) -> Document | None:
    """Have an operation done while a mishap is in force; its answer, None where it failed as it should.

    Args:
        faulty: Where the mishap happens.
        operation: What is done.
        mishap: What goes wrong; it must hit something.
        nth: Which call it hits, None for every one.
        target: What the operation is about.
        by: Who does it, where that is another harness at the same vendor.
    """
    faulty.spoil(mishap, nth)
    document = None
    try:
        document = operation.ask(by or faulty, target)
    except CouponhubError as error:
        assert_good(error)
    finally:
        hits = faulty.mend()
    assert hits, "the mishap hit nothing"
    return document


def judge(
    faulty: FaultHarness, operation: Operation, mishap: Mishap, target: Target, document: Document | None
) -> None:
    """Assert what must be true after an operation went through a mishap, which is over now.

    `document` is what it answered, None where it failed.
    """
    faulty.rest()
    if operation.writes is not None:
        assert_done_once(faulty, operation, mishap, target, document)
        return
    truth = truth_of(faulty, operation)
    if document is not None and not operation.is_raw:
        assert_alike(operation, truth, document, attrs.evolve(mishap.changes, extras=operation.extras))
    if not operation.is_alone:
        # Nothing of it stays behind.
        assert_alike(operation, truth, operation.ask(faulty, target), Changes())


def assert_done_once(
    faulty: FaultHarness, operation: Operation, mishap: Mishap, target: Target, document: Document | None
) -> None:
    """Assert that what was written is there once at most, and is there where that was said."""
    assert operation.writes is not None
    if document is not None and operation.is_silent and mishap.feigns_success:
        faulty.worked = (
            0  # nobody could know that nothing was done, and the next one needs a list that is sound
        )
    else:
        operation.writes(faulty, target, document)


def assert_alike(operation: Operation, truth: Document, document: Document, changes: Changes) -> None:
    """Assert that an answer is the truth, or says itself that it is not all of it."""
    if operation.name.startswith("lookup"):
        _assert_lookup(truth, document, changes)
    else:
        _assert_same(truth, document, changes)


def _assert_lookup(truth: Document, document: Document, changes: Changes) -> None:
    """Assert that a verdict is the truth's or "unknown", and that only what is whole is called complete."""
    (expected,), (answer,) = truth["answers"], document["answers"]
    whole = answer["verdict"] == "none" or (answer["verdict"] == "found" and answer["reason"] is None)
    assert whole == document["complete"]
    if whole:
        _assert_same(truth["coupons"], document["coupons"], changes)
        assert expected["verdict"] == answer["verdict"]
        assert answer["error"] is None
    elif answer["verdict"] == "found":
        codes = Counter(coupon["code"] for coupon in document["coupons"])
        assert codes <= Counter(coupon["code"] for coupon in truth["coupons"])
        assert answer["reason"] == "incomplete"
    else:
        assert ("unknown", []) == (answer["verdict"], document["coupons"])
        assert answer["reason"] not in {None, "no_coupons", "customer_unknown"}
        assert answer["reason"] == "incomplete" or answer["error"] is not None


def _assert_same(truth: Any, answer: Any, changes: Changes, key: str = "$") -> None:
    if isinstance(truth, Mapping) and isinstance(answer, Mapping):
        assert list(truth) == list(answer), key
        for name in truth.keys() - _not_compared(truth, answer, changes):
            _assert_same(truth[name], answer[name], changes, name)
    elif isinstance(truth, list) and isinstance(answer, list):
        assert len(truth) == len(answer), f"{key}: {len(truth)} came as {len(answer)}"
        for one, other in zip(truth, answer, strict=True):
            _assert_same(one, other, changes, key)
    elif truth != answer:
        assert _is_excused(key, truth, answer, changes), f"{key}: {truth!r} came as {str(answer)[:100]!r}"


def _not_compared(truth: Mapping[str, Any], answer: Mapping[str, Any], changes: Changes) -> AbstractSet[str]:
    # Of an upload and its parts: when we last learned something of them.
    learned = truth.keys() & {"parts", "success_file"}
    passing: AbstractSet[str] = _PASSING | {"updated_at"} if learned else _PASSING
    # What only a further call tells exactly is marked as a guess without it.
    guessed = set(answer.get("approximate", ())) - set(truth.get("approximate", ()))
    return passing | {"approximate", *guessed} if changes.extras and guessed else passing


def _is_excused(key: str, truth: Any, answer: Any, changes: Changes) -> bool:
    """Whether a value that is not the truth says so, or could not be told from it by anybody."""
    if key == "status" and answer == "unknown" and changes.extras:
        return True  # how a used coupon stands a further call decides
    if answer is None:
        return key in changes.extras or (changes.words and key in _OF_A_STATUS)
    if changes.words:
        return (
            (key in {"status", "vendor_status", "type"} and answer in {"unknown", "SOMETHING_NEW"})
            or (key in _UNTOLD_ROWS and answer > truth)
            or (key == "waiting_for" and truth is None)  # an end that is not understood is none yet
        )
    return changes.lengths and len(str(answer)) == MEGABYTE and str(answer).rstrip("x") == truth


def assert_true(faulty: FaultHarness, operation: Operation, document: Document) -> None:
    """Assert that what is answered while all goes well is what the control API knows."""
    match operation.name:
        case "lists ls":
            available = {list_id: faulty.available(list_id) for list_id, *_ in faulty.lists()}
            assert available == {one["id"]: one["available"] for one in document["items"]}
        case "lists show":
            assert len(faulty.held(document["id"])) == document["total"]
            assert faulty.available(document["id"]) == document["available"]
        case "uploads ls":
            (list_id,) = {one["list_id"] for one in document["items"]}
            assert faulty.held(list_id).total() >= sum(one["accepted"] for one in document["items"]) >= 3
        case "uploads show ours" | "uploads show theirs" | "uploads wait theirs":
            assert ("done", 3) == (document["status"], document["accepted"])
        case "lookup a holder" | "coupons find":
            coupons = document["coupons"] if "coupons" in document else document["items"]
            held_by = faulty.held_by(BUYER["mobile"])
            assert held_by == Counter(coupon["code"] for coupon in coupons)
            # A seeded list is for several uses: what was used once can be used again.
            assert Counter({("active", 0): 3, ("active", 1): 1}) == Counter(
                (coupon["status"], coupon["redemption_count"]) for coupon in coupons
            )
        case "lookup a browser" | "lookup a stranger":
            assert Counter() == faulty.held_by(BROWSER["mobile"])
            assert ("none", True, []) == (
                document["answers"][0]["verdict"],
                document["complete"],
                document["coupons"],
            )


def assert_discreet(text: str) -> None:
    """Assert that a text for people is short, and tells no code, no identifier and no secret."""
    assert all(len(line) <= _LONGEST_LINE for line in text.splitlines()), "a line is endless"
    told = [word for word in UNSPEAKABLE if word in text]
    assert not told, f"{told} is told"


def assert_good(error: CouponhubError) -> None:
    """Assert that an error is one line that says where."""
    assert type(error) is not CouponhubError, "a fault of couponhub itself"
    assert error.connection, "it does not say where"
    assert len(str(error).splitlines()) == 1
    assert_discreet(str(error))
    assert_discreet(error.hint)


def errors_in(document: Any) -> Iterator[Mapping[str, Any]]:
    """Every error that a document of the command line tells."""
    if isinstance(document, list):
        for item in document:
            yield from errors_in(item)
    elif isinstance(document, Mapping):
        for key, item in document.items():
            if key == "error" and item is not None:
                yield item
            else:
                yield from errors_in(item)


def decoded(text: str) -> Document:
    """The one JSON document on stdout."""
    document = json.loads(text)
    assert isinstance(document, dict)
    return document


@contextmanager
def told_of(stage: str) -> Iterator[None]:
    """Add to a failure which part of the cell it is of."""
    try:
        yield
    except BaseException as error:
        error.add_note(stage)
        raise
