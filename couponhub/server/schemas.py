"""The schemas of what goes out over HTTP: of each model by its fields, and of the objects around them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import attrs

from couponhub import models
from couponhub.errors import CouponhubError
from couponhub.json_schema import Schema, SchemaMaker, nullable, record
from couponhub.models import Customer, Identifier
from couponhub.models.connections import ServedConnection
from couponhub.serialization import WrittenError, error_object
from couponhub.server.problems import problem_document
from couponhub.server.request_models import LONGEST_ID
from couponhub.state import ReachedPart

_NAMES: Mapping[type, str] = {
    models.LookupAnswer: "lookup",
    models.Coupon: "coupon",
    models.Difference: "difference",
    models.Answer: "answer",
    models.CouponList: "list",
    models.Alerts: "alerts",
    models.Upload: "upload",
    models.Part: "part",
    models.Job: "job",
    models.Step: "step",
    Customer: "customer",
    CouponhubError: "error",
}
_RAW: Schema = {"type": "object", "description": "The vendor's own object; only where `raw` was asked for."}


def reference(name: str) -> Schema:
    """Return a reference to a schema of `component_schemas`."""
    return {"$ref": f"#/components/schemas/{name}"}


def schema_maker(known: Mapping[Any, Schema] | None = None) -> SchemaMaker:
    """Return what makes schemas of kinds of value; models are referred to.

    Args:
        known: Schemas of further kinds.
    """
    return SchemaMaker(known={**{cls: reference(name) for cls, name in _NAMES.items()}, **(known or {})})


def component_schemas() -> dict[str, Schema]:
    """Return every object that goes out, by name, and the customer, who comes in too."""
    make = schema_maker()
    written = make.properties(WrittenError)
    error = {key: written[key] for key in error_object(CouponhubError(""))}
    return {
        "lookup": _told(
            record(
                {
                    "customer": reference("customer"),
                    "complete": make.schema(bool),
                    "coupons": make.schema(tuple[models.Coupon, ...]),
                    "answers": make.schema(tuple[models.Answer, ...]),
                    "differences": make.properties(models.LookupAnswer)["differences"],
                }
            ),
            "The unified answer about one customer, a part for each connection that was asked, in asking order.",
        ),
        "coupon": _with_raw(
            _model(
                make,
                models.Coupon,
                "One code as one vendor described it for one customer at one moment.",
                {"also_at": make.schema(tuple[str, ...])},
            )
        ),
        "difference": _model(
            make,
            models.Difference,
            "The number of codes that stand so at two connections: `same` at both with equal status and end; `status`,"
            " `expiry` at both, and that is another; `status_unknown` at both, and one cannot tell its status;"
            " `expiry_unknown` at both, and the ends may be equal, for the zone of one is a guess;"
            " `missing` at the reference alone, `extra` at the other alone; `unknown` at one, and of the other it"
            " cannot be known.",
        ),
        "answer": _with_raw(_model(make, models.Answer, "What one connection answered.")),
        "list": _model(
            make,
            models.CouponList,
            "A container of codes at one vendor, whatever the vendor calls it.",
        ),
        "alerts": _model(make, models.Alerts, "Whom a vendor mails, and when."),
        "upload": _model(
            make,
            models.Upload,
            "One batch of codes on its way to a list: ours (`up_...`), or a vendor file that we did not send.",
        ),
        "part": _model(make, models.Part, "One file or job at a vendor."),
        "job": _model(make, models.Job, "Work of several steps, as it stands."),
        "step": _model(make, models.Step, "One step of a job."),
        "customer": _customer(),
        "connection": record(make.properties(ServedConnection)),
        "connections": _many("connection"),
        "lists": _ended(_many("list")),
        "uploads": _ended(_many("upload")),
        "jobs": _paged(_many("job")),
        "error": record(error),
        "problem": _problem(error),
        "health": record({"status": {"const": "ok"}}),
        "readiness": _readiness(make),
        "openapi": {"type": "object", "description": "An OpenAPI document."},
    }


def _model(make: SchemaMaker, cls: type[Any], about: str, more: Mapping[str, Schema] | None = None) -> Schema:
    """The schema of a model without its raw object."""
    properties = {key: schema for key, schema in make.properties(cls).items() if key != "raw"}
    return _told(record({**properties, **(more or {})}), about)


def _told(schema: Schema, about: str) -> Schema:
    return {**schema, "description": about}


def _with_raw(schema: Schema) -> Schema:
    return {**schema, "properties": {**schema["properties"], "raw": _RAW}}


def _problem(error: Mapping[str, Schema]) -> Schema:
    make = schema_maker()
    own = {"type": str, "title": str, "status": int, "detail": str, "request_id": str}
    keys = problem_document(CouponhubError(""), 500, "")
    return _told(
        record({key: make.schema(own[key]) if key in own else error[key] for key in keys}),
        "What went wrong, by RFC 9457; `kind` is the stable word to compare.",
    )


def _readiness(make: SchemaMaker) -> Schema:
    kinds: Mapping[str, Any] = {
        "part": ReachedPart,
        "kind": str,
        "place": str | None,
        "ok": bool,
        "needed": bool,
        "since": datetime | None,
        "seconds": float | None,
    }
    part = record({key: make.schema(kind) for key, kind in kinds.items()})
    return _told(
        record(
            {
                "status": {"const": "ok"},
                "degraded": make.schema(bool),
                "parts": {"type": "array", "items": part},
            }
        ),
        "The parts that the service rests on beside vendors: whether each can be reached, since when that is so, how many"
        " seconds the last look took, and whether nothing is served without it.",
    )


def _many(name: str) -> Schema:
    return record({"items": {"type": "array", "items": reference(name)}})


def _ended(listing: Schema) -> Schema:
    return record({**listing["properties"], "error": nullable(reference("error"))})


def _paged(listing: Schema) -> Schema:
    return record({**listing["properties"], "next": nullable({"type": "string"})})


def _customer() -> Schema:
    about = {field.name: field.metadata["about"] for field in attrs.fields(Customer)}
    return {
        "type": "object",
        "description": "A customer, by exactly one identifier.",
        "properties": {
            kind.value: {
                "type": "string",
                "description": about[kind.value],
                "minLength": 1,
                "maxLength": LONGEST_ID,
            }
            for kind in Identifier
        },
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }
