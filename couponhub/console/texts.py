"""The words of all pages, in one file for each language."""

import tomllib
from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

DEFAULT = "en"
_ENDING = ".toml"


class Texts:
    """The words of one language; a word that it lacks comes from the default one.

    Args:
        language: Its tag, for the page's `lang`.
        words: By key, with dots between its parts.
    """

    def __init__(self, language: str, words: Mapping[str, str]) -> None:
        self.language = language
        self.words = words

    def __call__(self, key: str, **values: Any) -> str:
        """Return the words of a key, filled in; with `count` those of its number, `one` or `other`.

        They are markup where a value is, and all other values in them are escaped then.

        Raises:
            KeyError: There are none.
        """
        text = self.words.get(key)
        if text is None:
            text = self.words[f"{key}.{'one' if values.get('count') == 1 else 'other'}"]
        is_markup = False
        for name, value in values.items():
            if type(value) is int:
                values[name] = self.number(value)
            is_markup = is_markup or isinstance(value, Markup)
        if is_markup:
            return escape(text).format(**values)
        return text.format(**values) if values else text

    def number(self, value: int) -> str:
        """Write a whole number as the language does; a script writes it as its reader does."""
        return f"{value:,}".replace(",", self.words["thousands"])

    def has(self, key: str) -> bool:
        """Tell whether there are words of a key."""
        return key in self.words


def all_texts() -> dict[str, Texts]:
    """Read every language, by its tag."""
    read = {
        entry.name.removesuffix(_ENDING): dict(_flat(tomllib.loads(entry.read_text(encoding="utf-8"))))
        for entry in files("couponhub.console").joinpath("texts").iterdir()
        if entry.name.endswith(_ENDING)
    }
    default = read[DEFAULT]
    return {language: Texts(language, {**default, **words}) for language, words in read.items()}


def language_of(environ: "WSGIEnvironment", known: Iterable[str]) -> str:
    """Return the language of a browser's that is known and that its reader likes best."""
    accepted = parse_accept_header(environ.get("HTTP_ACCEPT_LANGUAGE"), LanguageAccept)
    return accepted.best_match(sorted(known), default=DEFAULT) or DEFAULT


def _flat(table: Mapping[str, Any], before: str = "") -> Iterable[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value
