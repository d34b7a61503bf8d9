"""The words of the pages: every language has all of them."""

import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from string import Formatter
from typing import Any

from couponhub.console.texts import DEFAULT, all_texts

CONSOLE = files("couponhub.console")


def test_every_language_has_every_word() -> None:
    """None lacks a key, which would be shown in English, and none has one that English lacks."""
    default = _words(DEFAULT)
    for language in all_texts():
        words = _words(language)
        assert sorted(default) == sorted(words), f"texts/{language}.toml"
        assert [] == [key for key, text in words.items() if not text.strip()]


def test_every_language_fills_in_the_same() -> None:
    """A sentence tells the same names and numbers in each language, and is a pattern that can be filled in."""
    for key, text in _words(DEFAULT).items():
        for language in all_texts():
            other = _words(language)[key]
            assert _places(text) == _places(other), f"texts/{language}.toml: {key}"


def _words(language: str) -> Mapping[str, str]:
    text = CONSOLE.joinpath("texts", f"{language}.toml").read_text(encoding="utf-8")
    return dict(_flat(tomllib.loads(text)))


def _flat(table: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
