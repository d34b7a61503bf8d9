"""Many codes look as a few of the same do."""

from hypothesis import given, settings
from hypothesis import strategies as st

from couponhub.codes.patterns import Patterns
from couponhub.codes.sets.look import ManyPatterns
from tests.kit.examples import examples

_COUNTED = st.builds(
    lambda front, width, number: f"{front}{number:0{width}}",
    st.sampled_from(["", "A", "SAVE-", "a1b", "Ä", "9" * 17]),
    st.integers(1, 20),
    st.one_of(st.integers(0, 30), st.integers(9_990, 10_010), st.integers(10**18 - 3, 10**18 + 3)),
)
_ANY = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), min_size=1, max_size=6)
_CODES = st.lists(st.one_of(_COUNTED, _COUNTED, st.text("aB1-", min_size=1, max_size=6), _ANY), unique=True)


@settings(max_examples=examples(300))
@given(st.lists(_CODES, max_size=4), st.sampled_from([3, 10, 1_000_000]))
def test_many_codes_look_as_few_do(batches: list[list[str]], most: int) -> None:
    """Lengths, first characters, letters and order, in whatever blocks they come, also when not all are looked at."""
    seen: set[str] = set()
    few, many = Patterns(), ManyPatterns()
    few._left = many._left = most
    for batch in batches:
        codes = [code for code in batch if code not in seen]
        seen.update(codes)
        if codes:
            few.add(codes)
            many.add_text("".join(f"{code}\n" for code in codes).encode())
    assert (few.lengths, few.first, few.letters) == (many.lengths, many.first, many.letters)
    assert few._followers() == many._followers()
