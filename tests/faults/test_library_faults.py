"""Every operation of the library under every mishap: the right answer or an error of the tree, and never a lie."""

import pytest

from couponhub.errors import UnreadableReply
from tests.faults.cells import Calls, ask_through, calls_of, judge, told_of
from tests.faults.fault_harness import MOST_REPLY_BYTES, FaultHarness
from tests.faults.mishaps import MISHAPS, Mishap
from tests.faults.operations import Operation, operations_of

OPERATIONS = [
    (vendor, operation) for vendor in ("moengage", "capillary") for operation in operations_of(vendor)
]
ON_EACH = pytest.mark.parametrize(
    ("vendor", "operation"),
    OPERATIONS,
    ids=[f"{vendor}-{operation.name}" for vendor, operation in OPERATIONS],
)


@pytest.fixture(scope="module")
def seen() -> dict[str, Calls]:
    """Whom each operation calls, by vendor and name; filled on the way."""
    return {}


@ON_EACH
def test_all_is_well(faulty_vendors: dict[str, FaultHarness], vendor: str, operation: Operation) -> None:
    """Without a mishap the answer is the truth, and somebody was called, so that a mishap has something to hit."""
    calls = calls_of(faulty_vendors[vendor], operation)
    assert [*calls.writing, *calls.reading]


@pytest.mark.parametrize("mishap", MISHAPS, ids=lambda mishap: mishap.name)
@ON_EACH
def test_no_lie(
    faulty_vendors: dict[str, FaultHarness],
    seen: dict[str, Calls],
    vendor: str,
    operation: Operation,
    mishap: Mishap,
) -> None:
    """Whether it hits all calls of an operation or one, an answer is the truth and a write is there once at most."""
    faulty = faulty_vendors[vendor]
    name = f"{vendor} {operation.name}"
    if name not in seen:
        seen[name] = calls_of(faulty, operation)
    for nth in seen[name].to_hit(MISHAPS.index(mishap)):
        with told_of(f"{mishap.name} hits {'every call' if nth is None else f'call {nth}'}"):
            target = operation.prepare(faulty)
            document = ask_through(faulty, operation, mishap, nth, target)
            judge(faulty, operation, mishap, target, document)


@pytest.mark.parametrize("vendor", ["moengage", "capillary"])
def test_a_bomb_is_not_unpacked(faulty_vendors: dict[str, FaultHarness], vendor: str) -> None:
    """What would be too large is refused for its size, not for what is in it."""
    faulty = faulty_vendors[vendor]
    faulty.spoil(next(mishap for mishap in MISHAPS if mishap.name == "bomb"), None)
    with pytest.raises(UnreadableReply, match=f"larger than {MOST_REPLY_BYTES} bytes"):
        list(faulty.connection.lists.iterate())
    assert 1 == faulty.mend()
