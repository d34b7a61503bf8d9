"""Traces of spreadsheets and pasting are told from codes and identifiers that merely look odd."""

import pytest

from couponhub.models.damage import Damage, damage_of, invisible_in


@pytest.mark.parametrize(
    ("text", "damage"),
    [
        ("1.23457E+11", Damage.ROUNDED),
        ("1,23457e+11", Damage.ROUNDED),
        ("9E+11", Damage.ROUNDED),
        ("9e+9", Damage.ROUNDED),
        ("1.23457E11", Damage.ROUNDED),
        (" 9.19876e+11 ", Damage.ROUNDED),
        ("123456.0", Damage.DECIMAL),
        ("123456,00", Damage.DECIMAL),
        ('="00123"', Damage.FORMULA),
        ("=A1", Damage.FORMULA),
        ("'00123", Damage.APOSTROPHE),
        ("NULL", Damage.NOTHING),
        ("nan", Damage.NOTHING),
        ("N/A", Damage.NOTHING),
        ("None", Damage.NOTHING),
        ("---", Damage.NOTHING),
        ("#REF!", Damage.ERROR),
        ("#n/a", Damage.ERROR),
        ("####", Damage.ERROR),
    ],
)
def test_damage_is_named(text: str, damage: Damage) -> None:
    """Each way of ruining a text is known by its name."""
    assert damage_of(text) is damage


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "1e5",
        "12E5",
        "007",
        " 12",
        "SAVE-10",
        "O'NEILL",
        "1.5",
        "10.05",
        "NULL-1",
        "#1",
        "=",
        "NANCY",
    ],
)
def test_what_people_mean_is_left_alone(text: str) -> None:
    """Codes and identifiers that software did not ruin are not refused."""
    assert damage_of(text) is None


@pytest.mark.parametrize(
    "mark", ["\u200b", "\u200f", "\ufeff", "\u00ad", "\u2060", "\u202a", "\u3164", "\ufe0f"]
)
def test_invisible_characters_are_seen(mark: str) -> None:
    """What nobody sees is found wherever it stands."""
    assert invisible_in(f"A{mark}1")
    assert invisible_in(f"{mark}A1")


def test_what_is_visible_is_not_called_invisible() -> None:
    """Letters of any script, blanks and marks on letters are there to be seen."""
    assert not any(invisible_in(text) for text in ("A 1", "A\u00a01", "CAFE\u0301", "\u0905\u0902", "\uff21"))
