"""Shapes of answers, and where the shape of one departs from the documented ones: keys and types, never values."""

import re
from collections.abc import Iterable, Iterator, Mapping

import attrs

OPEN = frozenset({"customPropertyMap"})
"""Objects whose keys are the customer's own, and are not looked into."""

# A key that is no field's name may be an address or a code: codes and numbers never look like this.
_FIELD = re.compile(r"[_a-z][A-Za-z_]{0,60}[0-9]?|CouponSeriesV2")
_NO_NAME = "<key>"
_NULL = "null"


@attrs.frozen
class Form:
    """What may stand at a path.

    Attributes:
        types: Names of JSON types: `string`, `number`, `boolean`, `object`, `array`; never `null`.
        always: Whether something stood there in every example that has what encloses it.
    """

    types: frozenset[str]
    always: bool

    def __str__(self) -> str:
        return "|".join(sorted(self.types)) + ("" if self.always else "?")

    @classmethod
    def read(cls, text: str) -> "Form":
        """Read what `str` writes."""
        return cls(frozenset(filter(None, text.removesuffix("?").split("|"))), not text.endswith("?"))


Shape = Mapping[str, Form]
"""Forms by path: `$.data[].status`."""


def shape_of(examples: Iterable[object]) -> Shape:
    """Return the common shape of one or several decoded answers to the same question."""
    seen: dict[str, set[str]] = {}
    counts: dict[str, int] = {}
    enclosing: dict[str, int] = {}
    for example in examples:
        for path, kind in _walk(example, "$"):
            seen.setdefault(path, set()).add(kind)
            counts[path] = counts.get(path, 0) + 1
            if kind == "object":
                enclosing[path] = enclosing.get(path, 0) + 1
    return {
        path: Form(frozenset(kinds - {_NULL}), counts[path] == _times(path, counts, enclosing))
        for path, kinds in sorted(seen.items())
    }


def drift(documented: Shape, answer: object) -> Iterator[str]:
    """Tell each departure of an answer once, by path and type.

    Null is no departure: vendors leave out a value so. Neither is an empty array, of whose rows nothing can be said.
    """
    came = shape_of([answer])
    for path, form in came.items():
        known = documented.get(path)
        if known is None:
            if _encloses(path) in _types(documented, _parent(path)):
                yield f"{path} is documented nowhere ({form})"
        elif strange := form.types - known.types:
            yield f"{path} is {_named(strange)}, documented as {_named(known.types)}"
    for path, known in documented.items():
        if not known.always or path.endswith("[]"):
            continue
        if path not in came and "object" in _types(came, _parent(path)):
            yield f"{path} is missing, documented as {_named(known.types)}"
        elif path in came and not came[path].always:
            yield f"{path} is missing in some rows, documented as {_named(known.types)}"


def _walk(value: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        yield path, "object"
        if path.rpartition(".")[2] not in OPEN:
            for key, inner in value.items():
                yield from _walk(inner, f"{path}.{key if _FIELD.fullmatch(str(key)) else _NO_NAME}")
    elif isinstance(value, list):
        yield path, "array"
        for inner in value:
            yield from _walk(inner, f"{path}[]")
    else:
        yield path, _scalar(value)


def _scalar(value: object) -> str:
    if value is None:
        return _NULL
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, (int, float)) else "string"


def _times(path: str, counts: Mapping[str, int], enclosing: Mapping[str, int]) -> int:
    """How often a path could have stood somewhere: once per enclosing object, or per row of its own."""
    return counts[path] if path == "$" or path.endswith("[]") else enclosing.get(_parent(path), 0)


def _parent(path: str) -> str:
    return path[: -len("[]")] if path.endswith("[]") else path.rpartition(".")[0]


def _encloses(path: str) -> str:
    """The type of what something stands in at such a path."""
    return "array" if path.endswith("[]") else "object"


def _types(shape: Shape, path: str) -> frozenset[str]:
    return shape[path].types if path in shape else frozenset()


def _named(types: Iterable[str]) -> str:
    return " or ".join(sorted(types)) or "nothing"
