"""A reply's body is read exactly as the standard library reads JSON, only faster, and NaN never."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from couponhub.transport import Reply
from tests.kit.examples import examples

TEXTS = st.text(st.characters(), max_size=40)  # unlike the default, with halves of surrogates
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def read(body: bytes) -> object:
    """What a reply makes of its body."""
    return Reply(status=200, headers={}, body=body).decoded()


def refused(name: str) -> object:
    """Stand for NaN and Infinity, which JSON does not have."""
    raise ValueError(name)


def outcome(decode: Any, body: bytes) -> str:
    """What came out, types and the sign of a zero included, or that it is no JSON."""
    try:
        return repr(decode(body))
    except (ValueError, RecursionError):
        return "not JSON"


@given(DOCUMENTS, st.booleans(), st.sampled_from([None, 1]))
def test_documents_are_read_as_they_were_written(document: Any, in_ascii: bool, indent: int | None) -> None:
    """Numbers of any length and all of Unicode, halves of surrogates among it, in any form that JSON has."""
    body = json.dumps(document, ensure_ascii=in_ascii, indent=indent).encode("utf-8", "surrogatepass")
    assert repr(json.loads(body)) == repr(read(body))


@settings(max_examples=examples(300))
@given(DOCUMENTS, st.data())
def test_damaged_documents_are_read_or_refused_alike(document: Any, draw: st.DataObject) -> None:
    """Whatever a vendor sends, it is the standard library's word that counts."""
    body = bytearray(json.dumps(document).encode())
    for _ in range(draw.draw(st.integers(1, 3))):
        place = draw.draw(st.integers(0, len(body)))
        body[place : place + draw.draw(st.integers(0, 2))] = draw.draw(
            st.sampled_from(
                [b'"', b"[", b"}", b",", b":", b"0", b"1", b"e9", b".", b"-", b"\\", b"\xff", b"\x00"]
            )
        )
    strict = outcome(lambda text: json.loads(text, parse_constant=refused), bytes(body))
    assert strict == outcome(read, bytes(body))


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"code": "A", "code": "B"}', {"code": "B"}),
        (b"123456789012345678901234567890", 123456789012345678901234567890),
        (b"-9223372036854775809", -9223372036854775809),
        (b"[1e400]", [float("inf")]),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        ('{"a": "é"}'.encode("utf-16"), {"a": "é"}),
        (b'["\\ud800"]', ["\ud800"]),
    ],
)
def test_what_a_stricter_reader_would_refuse_is_read(body: bytes, value: object) -> None:
    """One odd value or a byte order mark never costs a whole answer, and no number loses digits."""
    assert repr(value) == repr(read(body))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"NaN",
        b"[-Infinity]",
        b'"\xff"',
        b"[1,]",
        b"{} {}",
        b"[" * 100_000,
        b"9" * 5000,
        b"[" * 101 + b"]" * 101,
    ],
)
def test_what_is_no_json_is_refused_without_quoting_it(body: bytes) -> None:
    """The error holds nothing of the content, and nothing that does is chained to it."""
    with pytest.raises(ValueError, match=r"\Anot JSON\Z") as caught:
        read(body)
    assert (None, True) == (caught.value.__cause__, caught.value.__suppress_context__)


@pytest.mark.parametrize(
    "body", [b"[" * 100 + b"]" * 100, b'["' + b"[" * 500 + b'"]', b'["\\"' + b"{" * 500 + b'", []]']
)
def test_what_is_nested_as_anybody_may_is_read(body: bytes) -> None:
    """A hundred levels are, and brackets in texts are none."""
    assert json.loads(body) == Reply(status=200, headers={}, body=body).decoded()
