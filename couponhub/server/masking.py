"""Answers as they are shown to callers who may not see codes."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from couponhub.serialization import Document

_MOST_SHOWN = 4
_SHORT = 5
_OURS = frozenset(
    {
        *(
            "customer",
            "connection",
            "reference",
            "also_at",
            "status",
            "verdict",
            "reason",
            "source",
            "kind",
            "asked_as",
        ),
        *("identified_by", "approximate", "as_of", "issued_at", "expires_at", "at", "retry_after"),
    }
)
"""Keys of texts that are no vendor's: a code that is the word "active" must not change a status."""

Mask = Callable[[str], str]


def masked(code: str) -> str:
    """So much of a code that somebody who has it recognises it, and nobody else can use it.

    The last quarter of it, at most four characters, and none of the shortest; how many are missing is not told.
    """
    kept = min(_MOST_SHOWN, len(code) // 4) if len(code) >= _SHORT else 0
    return f"***{code[len(code) - kept :]}"


def without_codes(answer: Document, codes: Iterable[str]) -> Document:
    """A lookup's document without any of these codes, in whatever case and in whatever text a vendor repeats them.

    Each coupon's own code comes masked. One of fewer than five characters is looked for as a word of its own: it
    would be found in every second word.
    """
    written = "\n".join(_texts(answer)).casefold()
    found = [code for code in dict.fromkeys(codes) if code and code.casefold() in written]
    if not found:
        return answer
    # Longest first: one code may be the beginning of another.
    forms = "|".join(map(_form, sorted(found, key=len, reverse=True)))
    pattern = re.compile(forms, re.IGNORECASE)
    hidden: Document = _hidden(answer, lambda text: pattern.sub(lambda match: masked(match[0]), text))
    return hidden


def without_names(answer: Document) -> Document:
    """A lookup's document without the customer's names."""
    answers = [{**one, "first_name": None, "last_name": None} for one in answer["answers"]]
    return {**answer, "answers": answers}


def without_files(upload: Document) -> Document:
    """An upload's document without the addresses of refused and accepted rows, which may be a right in themselves."""
    return {**_without_files(upload), "parts": [_without_files(part) for part in upload["parts"]]}


def _without_files(document: Document) -> Document:
    return {
        key: "***" if value is not None and key in {"error_file", "success_file"} else value
        for key, value in document.items()
    }


def _form(code: str) -> str:
    return re.escape(code) if len(code) >= _SHORT else rf"(?<!\w){re.escape(code)}(?!\w)"


def _texts(value: Any) -> Iterable[str]:
    match value:
        case str():
            yield value
        case dict():
            for name, inner in value.items():
                if name not in _OURS:
                    yield name
                    yield from _texts(inner)
        case list():
            for inner in value:
                yield from _texts(inner)


def _hidden(value: Any, mask: Mask) -> Any:
    match value:
        case str():
            return mask(value)
        case dict():
            return {
                name if name in _OURS else mask(name): inner if name in _OURS else _hidden(inner, mask)
                for name, inner in value.items()
            }
        case list():
            return [_hidden(inner, mask) for inner in value]
        case _:
            return value
