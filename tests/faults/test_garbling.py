"""Garbage that is well-formed: answers that can be read, and must not be believed."""

import json
import zlib
from collections.abc import Mapping
from typing import Any

from werkzeug.wrappers import Response

from couponhub.testing.emulation.corruption import Garbage, garbled

MEGABYTE = 1024 * 1024
ANSWER: Mapping[str, Any] = {
    "status": {"code": 200, "message": "Success"},
    "uploadStatus": "FINISHED",
    "redemption_type": "ONCE",
    "typed": "so",
    "tags": ["a"],
    "rows": [{"id": "1", "name": "n"}, {"id": "2", "firstName": None}],
}


def spoilt(garbage: Garbage) -> Any:
    """The answer after its spoiling."""
    return json.loads(garbled(Response(json.dumps(ANSWER)), garbage).get_data())


def test_unknown_words_stand_for_statuses_and_types_alone() -> None:
    """Whatever else an answer says stays true."""
    new = {"uploadStatus": "SOMETHING_NEW", "redemption_type": "SOMETHING_NEW"}
    assert {**ANSWER, **new} == spoilt(Garbage.UNKNOWN_WORDS)


def test_the_longest_array_repeats_itself() -> None:
    """Each of its entries comes twice, and no other array's."""
    rows = [row for row in ANSWER["rows"] for _ in range(2)]
    assert {**ANSWER, "rows": rows} == spoilt(Garbage.DOUBLED)


def test_long_texts_begin_as_they_were() -> None:
    """Names and messages grow to a megabyte, identifiers do not, and null stays null."""
    answer = spoilt(Garbage.LONG)
    lengthened = (answer["status"].pop("message"), answer["rows"][0].pop("name"))
    assert [MEGABYTE] * 2 == [len(text) for text in lengthened]
    assert ("Success", "n") == (lengthened[0].rstrip("x"), lengthened[1].rstrip("x"))
    assert [{"id": "1"}, {"id": "2", "firstName": None}] == answer["rows"]


def test_a_bomb_is_small_until_it_is_unpacked() -> None:
    """A few hundred kilobytes stand for more than couponhub reads of any answer."""
    response = garbled(Response("{}"), Garbage.BOMB)
    packed = response.get_data()
    unpacking = zlib.decompressobj(wbits=31)
    assert MEGABYTE == len(unpacking.decompress(packed))
    members = len(packed) / (len(packed) - len(unpacking.unused_data))
    assert ("gzip", 320) == (response.headers["Content-Encoding"], members)
    assert len(packed) < MEGABYTE / 2


def test_an_empty_answer_passes_what_changes_json() -> None:
    """There is nothing in it to be changed."""
    for garbage in (Garbage.NULLS, Garbage.UNKNOWN_WORDS, Garbage.DOUBLED, Garbage.LONG):
        assert b"" == garbled(Response(b""), garbage).get_data()
