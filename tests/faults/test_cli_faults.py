"""Every command under each kind of mishap: a documented exit code, one line and one error, and nothing that must not be told.

What each single mishap leads to, and that nothing is lost or doubled by it, is shown in the library's matrix.
"""

from collections.abc import Sequence

import attrs
import pytest

from couponhub import errors
from couponhub.cli import main
from tests.faults.cells import (
    assert_alike,
    assert_discreet,
    assert_done_once,
    calls_of,
    decoded,
    errors_in,
    told_of,
    truth_of,
)
from tests.faults.fault_harness import FaultHarness, Target
from tests.faults.mishaps import BY_KIND, DROPPED_AFTER, DROPPED_BEFORE, NONE, ODD, Mishap
from tests.faults.operations import Operation, operations_of
from tests.kit.cli import Ran

COMMANDS = [
    (vendor, operation)
    for vendor in ("moengage", "capillary")
    for operation in operations_of(vendor)
    if operation.words is not None
]
ON_EACH = pytest.mark.parametrize(
    ("vendor", "operation"), COMMANDS, ids=[f"{vendor}-{operation.name}" for vendor, operation in COMMANDS]
)
EXIT_CODES = {kind: code for _, kind, code, _ in errors.table()}
MISHAPS = (*BY_KIND.values(), DROPPED_BEFORE, ODD)
SOME_FAULT = {code for kind, code in EXIT_CODES.items() if kind != "internal"}


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> "Run":
    """Run commands in this process."""
    return Run(capsys)


class Run:
    """Runs a command."""

    def __init__(self, capture: pytest.CaptureFixture[str]) -> None:
        self._capture = capture

    def __call__(self, faulty: FaultHarness, operation: Operation, target: Target) -> Ran:
        """Run the command of an operation."""
        assert operation.words is not None
        words = [faulty.vendor if word == "CONN" else word for word in operation.words(target)]
        self._capture.readouterr()
        with pytest.MonkeyPatch.context() as patch:
            # Without being read each time: no mishap is in it.
            patch.setattr("couponhub.hub.load_config", lambda *_, **__: faulty.hub.config)
            code = main(["-o", "json", *words])
        return Ran(code, *self._capture.readouterr())


_FORMS = "forms, with and without the country code"


@ON_EACH
def test_all_is_well(
    faulty_vendors: dict[str, FaultHarness], run: Run, vendor: str, operation: Operation
) -> None:
    """Without a mishap a command ends well, silently but for the forms of a number, and answers what the library does."""
    faulty = faulty_vendors[vendor]
    calls_of(faulty, operation)
    target = operation.prepare(faulty)
    ran = run(faulty, operation, target)
    assert (0, []) == (ran.code, [line for line in ran.err.splitlines() if not line.endswith(_FORMS)])
    assert_answer(faulty, operation, NONE, target, ran)


@pytest.mark.parametrize("mishap", MISHAPS, ids=lambda mishap: mishap.name)
@ON_EACH
def test_no_lie(
    faulty_vendors: dict[str, FaultHarness], run: Run, vendor: str, operation: Operation, mishap: Mishap
) -> None:
    """Whatever a vendor answers, a command says what became of it, to people and to programs."""
    faulty = faulty_vendors[vendor]
    hits: Sequence[int | None] = (None,)
    if mishap in {DROPPED_AFTER, DROPPED_BEFORE} and operation.writes is not None:
        hits = (None, *calls_of(faulty, operation).writing)
    for nth in hits:
        with told_of(f"{mishap.name} hits {'every call' if nth is None else f'call {nth}'}"):
            target = operation.prepare(faulty)
            faulty.spoil(mishap, nth)
            try:
                ran = run(faulty, operation, target)
            finally:
                spoilt = faulty.mend()
            assert spoilt, "the mishap hit nothing"
            assert_told(ran)
            assert_answer(faulty, operation, mishap, target, ran)
            if mishap is ODD and operation.writes is None:
                operation.ask(faulty, target)  # an odd status is written down until the next one is read


@pytest.mark.parametrize(
    ("vendor", "kind"),
    [
        *(("moengage", kind) for kind in BY_KIND),
        *(("capillary", kind) for kind in BY_KIND if kind != "quota"),  # it has none for a day
    ],
)
def test_each_kind_is_met(faulty_vendors: dict[str, FaultHarness], run: Run, vendor: str, kind: str) -> None:
    """The mishap that stands for a kind of error leads to it, so that all of them are met above."""
    faulty, mishap = faulty_vendors[vendor], BY_KIND[kind]
    name = "lists create" if mishap is DROPPED_AFTER else "lists show"
    operation = next(one for one in operations_of(vendor) if one.name == name)
    target = operation.prepare(faulty)
    faulty.spoil(mishap, None, match="* *coupon*")  # the list itself, not the token
    try:
        ran = run(faulty, operation, target)
    finally:
        faulty.mend()
    (error,) = errors_in(decoded(ran.out))
    assert (kind, EXIT_CODES[kind]) == (error["kind"], ran.code)


def assert_told(ran: Ran) -> None:
    """Assert that the exit code is of the table, and that stderr and the JSON tell of the same fault."""
    assert_discreet(ran.err)
    assert "Traceback" not in ran.err
    assert all(line.startswith("couponhub: ") for line in ran.err.splitlines())
    document = decoded(ran.out)
    told = list(errors_in(document))
    for error in told:
        assert_discreet(f"{error['message']} {error['hint']}")
        assert error["message"] in ran.err
    if ran.code == 0:
        # What is whole may have been odd, and then says so.
        answers = document.get("answers", ())
        odd = [f"couponhub: {one['connection']}: {text}" for one in answers for text in one["warnings"]]
        assert ([], odd) == (told, ran.err.splitlines())
        return
    assert ran.code in SOME_FAULT
    assert ran.err
    if "answers" in document:
        assert (3, False) == (ran.code, document["complete"])
    else:
        (error,) = told
        assert EXIT_CODES[error["kind"]] == ran.code


def assert_answer(
    faulty: FaultHarness, operation: Operation, mishap: Mishap, target: Target, ran: Ran
) -> None:
    """Assert that what a command shows is the truth, and that what it says was done was done once."""
    faulty.rest()
    document = decoded(ran.out)
    if operation.writes is not None:
        assert_done_once(faulty, operation, mishap, target, document if ran.code == 0 else None)
    elif operation.name == "check":
        told = [one["ok"] for one in document["items"] if one["subject"] == "connection"]
        assert [ran.code == 0] == told  # where files are staged is another matter
    elif ran.code == 0 or "answers" in document:
        changes = attrs.evolve(mishap.changes, extras=operation.extras)
        assert_alike(operation, truth_of(faulty, operation), document, changes)
