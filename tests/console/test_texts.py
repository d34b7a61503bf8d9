"""The words of the pages: every language has all of them."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from importlib.resources import files
from importlib.resources.abc import Traversable
from string import Formatter
from typing import Any

from markupsafe import Markup

from couponhub.console.texts import DEFAULT, all_texts

CONSOLE = files("couponhub.console")
ROOMS = (CONSOLE, files("couponhub.dashboard"))
"""Those that have pages; all words stand in the console's files."""
_QUOTED = re.compile(r"""["']([a-z_]+(?:\.[a-z_]*)*)["']""")
_SCRIPTED = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", re.DOTALL)
_READ = frozenset({"alt", "aria-label", "aria-description", "placeholder", "title"})
_WORD = re.compile(r"[A-Za-z]{2,}")
_NO_WORDS = frozenset({"couponhub", "UTC", "HTTP", "ms"})
"""They are the same in every language."""
_OF_COMMANDS = frozenset({"curl", "emulate", "migrate", "verify", "out", "differences", "csv"})
"""Of commands that a page shows."""


class ReadAloud(HTMLParser):
    """All that a page says, seen or heard."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - of all tags
        """Note the attributes that are read."""
        self.read += [value or "" for name, value in attrs if name in _READ]

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self.read.append(data)


def test_every_language_has_every_word() -> None:
    """None lacks a key, which would be shown in English, and none has one that English lacks."""
    default = _words(DEFAULT)
    for language in all_texts():
        words = _words(language)
        assert sorted(default) == sorted(words), f"texts/{language}.toml"
        assert [] == [key for key, text in words.items() if not text.strip()]


def test_every_language_fills_in_the_same() -> None:
    """A sentence tells the same names and numbers in each language, and is a pattern that can be filled in."""
    default = _words(DEFAULT)
    for language in all_texts():
        words = _words(language)
        for key, text in default.items():
            assert _places(text) == _places(words[key]), f"texts/{language}.toml: {key}"


def test_every_word_is_shown_somewhere() -> None:
    """No key is left that no page names, whole or by the group that it is chosen from."""
    named = {name for text in _sources() for name in _QUOTED.findall(text)}
    groups = {name.removesuffix(".") for name in named if name.endswith(".")}
    groups |= {name for text in _sources() for name in re.findall(r"""\bword\(["']([a-z_]+)["']""", text)}
    keys = {key.removesuffix(".one").removesuffix(".other") for key in _words(DEFAULT)}

    assert [] == sorted(key for key in keys if key not in named and key.rpartition(".")[0] not in groups)


def test_every_key_has_its_words() -> None:
    """What a page names is there in each language, with the forms of its numbers."""
    for language, texts in all_texts().items():
        for text in _sources():
            for key in re.findall(r"""\bt\(\s*["']([a-z_.]+)["'](?=[,)])""", text):
                assert texts.has(key) or {texts.has(f"{key}.{form}") for form in ("one", "other")} == {
                    True
                }, f"texts/{language}.toml: {key}"


def test_pages_have_no_words_of_their_own() -> None:
    """Whatever is read on a page, or read aloud, stands in the files of texts."""
    found = {}
    for entry in (entry for room in ROOMS for entry in room.joinpath("templates").iterdir()):
        page = ReadAloud()
        page.feed(_SCRIPTED.sub(" ", entry.read_text(encoding="utf-8")))
        words = set(_WORD.findall(" ".join(page.read))) - _NO_WORDS - _OF_COMMANDS
        if words:
            found[entry.name] = sorted(words)
    assert {} == found


def test_numbers_are_written_as_the_language_does() -> None:
    """Also in sentences, and where no script does it; names beside them are escaped where markup is among them."""
    texts = all_texts()
    assert "50.000" in texts["de"]("jobs.count", count=50_000)
    assert "50,000" in texts["en"]("jobs.count", count=50_000)
    told = texts["de"]("lists.unread", connection="<b>", why=Markup("<i>no</i>"))
    assert "&lt;b&gt;: " in told
    assert "<i>no</i>" in told


def _sources() -> Iterator[str]:
    """Give the text of each template, and of each module that has pages."""
    entries: list[Traversable] = [
        entry for room in ROOMS for entry in (*room.joinpath("templates").iterdir(), *room.iterdir())
    ]
    for entry in entries:
        if entry.name.endswith((".html", ".py")):
            yield entry.read_text(encoding="utf-8")


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
