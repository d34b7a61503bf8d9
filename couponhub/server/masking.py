"""What is shown to callers who may not see codes."""

from typing import Any

from couponhub.documents import Document

_LONG = 8
_SHORT = 5


def masked(code: str) -> str:
    """So much of a code that somebody who has it recognises it, and nobody else can use it.

    Four characters of long codes, two of shorter ones, none of the shortest; how many are missing is not told.
    """
    if len(code) >= _LONG:
        return f"***{code[-4:]}"
    return f"***{code[-2:]}" if len(code) >= _SHORT else "***"


def without_code(coupon: Document) -> Document:
    """A coupon's document with its code masked, also where a vendor repeats it in another text."""
    code = coupon["code"]
    shown = masked(code)
    return {name: _replaced(value, code, shown) for name, value in coupon.items()} | {"code": shown}


def without_files(upload: Document) -> Document:
    """An upload's document without the addresses of refused and accepted rows, which may be a right in themselves."""
    return {**_without_files(upload), "parts": [_without_files(part) for part in upload["parts"]]}


def _without_files(document: Document) -> Document:
    return {
        key: "***" if value is not None and key in {"error_file", "success_file"} else value
        for key, value in document.items()
    }


def _replaced(value: Any, code: str, shown: str) -> Any:
    match value:
        case str():
            return value.replace(code, shown) if len(code) >= _SHORT else value
        case dict():
            return {
                _replaced(name, code, shown): _replaced(inner, code, shown) for name, inner in value.items()
            }
        case list():
            return [_replaced(inner, code, shown) for inner in value]
        case _:
            return value
