"""JSON Schemas of types, and of what goes out: the documents say which keys, the models say of which type."""

import inspect
import re
import types
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any, ClassVar, NewType, Union, get_args, get_origin, get_type_hints

import attrs

from couponhub import models
from couponhub.documents import (
    alerts_document,
    connection_document,
    error_object,
    list_document,
    lookup_document,
    upload_document,
)
from couponhub.errors import CouponhubError
from couponhub.models import Customer, Identifier
from couponhub.server.problems import problem_document
from couponhub.server.requests import LONGEST_ID

Schema = dict[str, Any]

_SIMPLE: Mapping[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    Decimal: {"type": "number"},
    bool: {"type": "boolean"},
    datetime: {"type": "string", "format": "date-time"},
}
_NAMES: Mapping[type, str] = {
    models.LookupAnswer: "lookup",
    models.Coupon: "coupon",
    models.Answer: "answer",
    models.CouponList: "list",
    models.Alerts: "alerts",
    models.Upload: "upload",
    models.Part: "part",
    Customer: "customer",
    CouponhubError: "error",
}


_OWN_WORD: Mapping[str, Any] = {"vendor_status": str | None}
"""The vendor's own word, which is null where the model has "" for none."""


def schema_of(kind: Any) -> Schema:  # noqa: PLR0911 - one table
    """The schema of a type; classes of `_NAMES` are referred to."""
    if kind in _NAMES:
        return reference(_NAMES[kind])
    if kind in _SIMPLE:
        return dict(_SIMPLE[kind])
    if isinstance(kind, NewType):
        return schema_of(kind.__supertype__)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {"type": "string", "enum": [member.value for member in kind]}
    if isinstance(kind, type) and attrs.has(kind):
        hints = get_type_hints(kind)
        return record({field.name: schema_of(hints[field.name]) for field in attrs.fields(kind)})
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in {Union, types.UnionType}:
        return _nullable(schema_of(next(one for one in arguments if one is not types.NoneType)))
    if origin is ClassVar:
        return schema_of(arguments[0])
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": schema_of(arguments[1])}
    if isinstance(origin, type) and issubclass(origin, Iterable):
        return {"type": "array", "items": schema_of(arguments[0])}
    raise TypeError(f"{kind} has no schema")


def reference(name: str) -> Schema:
    """A reference to a schema of `component_schemas`."""
    return {"$ref": f"#/components/schemas/{name}"}


def record(properties: Mapping[str, Schema]) -> Schema:
    """An object that has all of these; more may come in later releases."""
    return {"type": "object", "properties": dict(properties), "required": list(properties)}


def component_schemas() -> dict[str, Schema]:
    """Every object that goes out, by name, and the customer, who comes in too."""
    fault = CouponhubError("")
    lookup = lookup_document(
        models.LookupAnswer(
            customer=Customer(mobile="0"),
            answers=(
                models.Answer(
                    connection="",
                    verdict=models.Verdict.FOUND,
                    coupons=(models.Coupon(connection="", code=""),),
                ),
            ),
        )
    )
    upload = upload_document(
        models.Upload(
            connection="",
            list_id=models.ListId(""),
            id=models.UploadId(""),
            name="",
            status=models.UploadStatus.DONE,
            parts=(models.Part(id=None, name=""),),
        )
    )
    coupon_list = models.CouponList(
        connection="", id=models.ListId(""), name="", status=models.ListStatus.ACTIVE
    )
    return {
        "lookup": _shown(models.LookupAnswer, lookup),
        "coupon": _with_raw(_shown(models.Coupon, lookup["coupons"][0], {"also_at": tuple[str, ...]})),
        "answer": _with_raw(_shown(models.Answer, lookup["answers"][0])),
        "list": _shown(models.CouponList, list_document(coupon_list), _OWN_WORD),
        "alerts": _shown(models.Alerts, alerts_document(models.Alerts())),
        "upload": _shown(models.Upload, upload),
        "part": _shown(models.Part, upload["parts"][0], _OWN_WORD),
        "customer": _customer(),
        "connection": _connection(),
        "connections": _many("connection"),
        "lists": _ended(_many("list")),
        "uploads": _ended(_many("upload")),
        "error": _error(error_object(fault)),
        "problem": _problem(problem_document(fault, 500, "")),
        "health": record({"status": {"const": "ok"}}),
        "openapi": {"type": "object", "description": "An OpenAPI document."},
    }


def _shown(cls: type, document: Iterable[str], more: Mapping[str, Any] | None = None) -> Schema:
    """The schema of a document of a model."""
    hints = {**get_type_hints(cls, localns={"CouponhubError": CouponhubError}), **(more or {})}
    told = _told_of(cls)
    properties = {}
    for key in document:
        hint = hints[key] if key in hints else get_type_hints(getattr(cls, key).fget)["return"]
        properties[key] = {**schema_of(hint), **({"description": told[key]} if key in told else {})}
    return {**record(properties), "description": _first_line(cls)}


def _with_raw(schema: Schema) -> Schema:
    raw = {"type": "object", "description": "The vendor's own object; only where `raw` was asked for."}
    return {**schema, "properties": {**schema["properties"], "raw": raw}}


def _connection() -> Schema:
    hints = get_type_hints(connection_document)
    document = connection_document("", adapter="", vendor=None)
    return record({key: schema_of(hints.get(key, str)) for key in document})


def _error(document: Iterable[str]) -> Schema:
    hints = {**get_type_hints(CouponhubError), **get_type_hints(CouponhubError.__init__)}
    hints["hint"] = str | None
    told = _told_of(CouponhubError)
    return record(
        {
            key: {**schema_of(hints[key]), **({"description": told[key]} if key in told else {})}
            for key in document
        }
    )


def _problem(document: Iterable[str]) -> Schema:
    own = {"type": str, "title": str, "status": int, "detail": str, "request_id": str}
    error = _error(error_object(CouponhubError("")))["properties"]
    return {
        **record({key: schema_of(own[key]) if key in own else error[key] for key in document}),
        "description": "What went wrong, by RFC 9457; `kind` is the stable word to compare.",
    }


def _many(name: str) -> Schema:
    return record({"items": {"type": "array", "items": reference(name)}})


def _ended(listing: Schema) -> Schema:
    return record({**listing["properties"], "error": _nullable(reference("error"))})


def _customer() -> Schema:
    told = _told_of(Customer)
    return {
        "type": "object",
        "description": "A customer, by exactly one identifier.",
        "properties": {
            kind.value: {
                "type": "string",
                "description": told[kind.value],
                "minLength": 1,
                "maxLength": LONGEST_ID,
            }
            for kind in Identifier
        },
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }


def _nullable(schema: Schema) -> Schema:
    if isinstance(schema.get("type"), str) and "enum" not in schema:
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def _first_line(cls: type) -> str:
    return (inspect.getdoc(cls) or "").partition("\n")[0]


def _told_of(cls: type) -> dict[str, str]:
    """What the docstrings of a class and its bases say of each attribute."""
    told: dict[str, str] = {}
    for home in reversed(cls.__mro__):
        section = re.search(
            r"^Attributes:\n((?:    .*\n?|\n)+)", inspect.cleandoc(home.__doc__ or ""), re.MULTILINE
        )
        for found in re.finditer(
            r"^    (\w+): (.*(?:\n {8}.*)*)", section[1] if section else "", re.MULTILINE
        ):
            told[found[1]] = " ".join(found[2].split()).replace("None", "null")
    return told
