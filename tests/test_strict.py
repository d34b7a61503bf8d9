"""Nothing is coerced: a value of the wrong kind is refused, without being quoted."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NewType

import attrs
import pytest
from cattrs import BaseValidationError

from couponhub.strict import strict_converter

Id = NewType("Id", str)


class Word(StrEnum):
    """A closed list."""

    ONE = "one"
    TWO = "two"


@attrs.frozen
class Row:
    """A class of rows."""

    id: Id
    size: int = 0


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("007", str, "007"),
        ("007", Id, "007"),
        (12, int, 12),
        (12, float, 12.0),
        (1.5, float, 1.5),
        (False, bool, False),
        ("one", Word, Word.ONE),
        (None, int | None, None),
        (["1", "2"], tuple[str, ...], ("1", "2")),
        ([], tuple[int, ...], ()),
        ({"a": 1}, Mapping[str, int], {"a": 1}),
        ([{"id": "1"}], tuple[Row, ...], (Row(Id("1")),)),
        ({"id": "1", "new": "key"}, Row, Row(Id("1"))),
    ],
)
def test_what_fits_is_taken(value: object, kind: Any, expected: object) -> None:
    """As it is, and as the type that was asked for."""
    taken = strict_converter().structure(value, kind)

    assert (type(expected), expected) == (type(taken), taken)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, str),
        (12, str),
        (True, str),
        (["s3cret"], str),
        ("12", int),
        (12.0, int),
        (True, int),
        (None, int),
        ("1.5", float),
        (True, float),
        (10**400, float),
        ("false", bool),
        (0, bool),
        ("s3cret", Word),
        (1, Word),
        ("s3cret", tuple[str, ...]),
        ({"s3cret": 1}, tuple[str, ...]),
        ("s3cret", Mapping[str, int]),
        (["s3cret"], Mapping[str, int]),
        (["s3cret"], tuple[int, ...]),
        ({"id": 1}, Row),
        ({}, Row),
    ],
)
def test_what_does_not_fit_is_refused(value: object, kind: Any) -> None:
    """By TypeError or ValueError, gathered where there are several, and no text quotes the value."""
    with pytest.raises((TypeError, ValueError, BaseValidationError)) as caught:
        strict_converter().structure(value, kind)

    waiting: list[BaseException] = [caught.value]
    while waiting:
        error = waiting.pop()
        assert "s3cret" not in str(error)
        waiting += error.exceptions if isinstance(error, BaseExceptionGroup) else []


def test_unknown_keys_are_refused_where_people_write() -> None:
    """A vendor may add keys at any time, a person mistypes them."""
    with pytest.raises(BaseValidationError):
        strict_converter(forbid_extra_keys=True).structure({"id": "1", "new": "key"}, Row)
