"""The OpenAPI 3.1 document, made from the operations and from the classes that they take and give."""

from collections.abc import Iterable
from typing import Any

import attrs

from couponhub._version import installed_version
from couponhub.errors import table
from couponhub.json_schema import Schema
from couponhub.models import CouponStatus
from couponhub.server.bounds import MOST_ITEMS
from couponhub.server.file_forms import MULTIPART
from couponhub.server.operations import Operation, Parameter
from couponhub.server.problems import MEDIA_TYPE as PROBLEM
from couponhub.server.request_models import ID_SCHEMA, Statuses
from couponhub.server.schemas import component_schemas, reference, schema_maker
from couponhub.server.upload_wishes import form_schema

Document = dict[str, Any]

_ABOUT = """\
Which coupons does a customer hold, anywhere? One endpoint over the coupon APIs of several vendors.

Identifiers travel in bodies, so that no log of addresses holds one. Errors are problem details (RFC 9457), with the
stable word `kind`. Tokens and their scopes are made with `couponhub token new`.
"""
_OWN = {
    400: "The request is at fault.",
    401: "A bearer token is missing, not known, or holds no more.",
    403: "The token lacks the scope.",
    404: "There is no such thing here, or at the vendor.",
    408: "The body did not come in time.",
    413: "The body is too large.",
    415: "The body is not declared as JSON.",
    429: "Too many requests with this token; see Retry-After.",
    500: "A fault of couponhub: please report it.",
    503: "It cannot be done now; see Retry-After.",
    504: "The vendor took too long.",
}


def openapi_document(operations: Iterable[Operation]) -> Document:
    """The description of all operations."""
    paths: dict[str, Document] = {}
    bodies: dict[str, Schema] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
        if operation.takes is not None:
            bodies[operation.takes.__name__] = request_schema(operation.takes)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "couponhub",
            "version": installed_version(),
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": {**component_schemas(), "upload_form": form_schema(), **bodies},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def request_schema(cls: type[Any]) -> Schema:
    """Return the schema of a body; what is required comes first."""
    one = schema_maker().schema(CouponStatus)
    several = {"type": "array", "items": one, "maxItems": MOST_ITEMS}
    found = schema_maker({Statuses: {"anyOf": [one, several]}}).properties(cls)
    required = [field.name for field in attrs.fields(cls) if field.default is attrs.NOTHING]
    return {
        "type": "object",
        "description": cls.about,
        "properties": {
            name: found[name] for name in (*required, *(name for name in found if name not in required))
        },
        "required": required,
        "additionalProperties": False,
    }


def _operation(operation: Operation) -> Document:
    summary, _, about = operation.about.partition("\n\n")
    document: Document = {
        "operationId": operation.name,
        "summary": summary,
        "parameters": [_parameter(operation, parameter) for parameter in operation.parameters],
        "responses": {str(operation.status): _answer(operation), **_failures(operation)},
        "security": _security(operation),
    }
    if about:
        document["description"] = about
    if operation.takes is not None:
        body = {"schema": reference(operation.takes.__name__), "example": dict(operation.example)}
        forms = {MULTIPART: {"schema": reference("upload_form")}} if operation.takes_file else {}
        document["requestBody"] = {"required": True, "content": {"application/json": body, **forms}}
    if operation.takes_key:
        document["parameters"].append(_KEY)
        again = "What an earlier request with that `Idempotency-Key` began; nothing is sent anew."
        document["responses"] = {"200": {**_answer(operation), "description": again}, **document["responses"]}
    return document


def _security(operation: Operation) -> list[Document]:
    if operation.scope is None:
        return []
    needs: list[Document] = [{"token": [operation.scope.value]}]
    return [*needs, {}] if operation.allow_loopback else needs


def _parameter(operation: Operation, parameter: Parameter) -> Document:
    in_path = f"{{{parameter.name}}}" in operation.path
    schema: Schema = {"type": "string", **ID_SCHEMA}
    if parameter.schema is not None:
        schema = {**parameter.schema}
    if parameter.words:
        schema = {"type": "string", "enum": list(parameter.words), "default": parameter.words[0]}
    return {
        "name": parameter.name,
        "in": "path" if in_path else "query",
        "required": in_path,
        "description": parameter.about,
        "schema": schema,
    }


def _answer(operation: Operation) -> Document:
    answer: Document = {"description": "Done.", "headers": {"X-Request-Id": _header("Of this request.")}}
    if operation.status != 204:
        schema = {"type": "string"} if operation.gives is None else reference(operation.gives)
        answer["content"] = {operation.media_type: {"schema": schema}}
    return answer


def _failures(operation: Operation) -> Document:
    access = () if operation.scope is None else (401, 403, 429)
    query = () if operation.scope is None or operation.allow_loopback else (400,)
    admission = (503,) if operation.waits else ()
    body = () if operation.takes is None else (400, 408, 413, 415)
    return {
        str(status): _failure(status)
        for status in sorted({*access, *query, *admission, *body, *operation.fails, 500})
    }


def _failure(status: int) -> Document:
    kinds = sorted({kind for _, kind, _, known in table() if known == status})
    about = _OWN.get(status, "The vendor did not do it.")
    failure: Document = {
        "description": f"{about} Kinds: {', '.join(kinds)}." if kinds else about,
        "content": {PROBLEM: {"schema": reference("problem")}},
    }
    if status in {429, 503}:
        failure["headers"] = {"Retry-After": _header("Seconds.")}
    if status in {401, 403}:
        failure["headers"] = {"WWW-Authenticate": _header("What is missing.")}
    return failure


_KEY: Document = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Names the wish, so that it is done once, however often it is asked for: a new UUID for each upload.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 128},
}


def _header(about: str) -> Document:
    return {"description": about, "schema": {"type": "string"}}
