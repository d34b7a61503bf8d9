"""The envelopes of Capillary's three families of answers, and refusals that carry one (C-69, C-70)."""

import enum
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

INVALID_INPUT = "Input is invalid, Please check request parameters or input xml/json"
ALL_FAILED = "All requests have failed due to errors"
SOME_FAILED = "Some requests have failed due to errors"
UNAUTHORIZED = "Please check your username/password or authentication token"


class Family(enum.Enum):
    """The envelope, and the manners, of a path."""

    TOKEN = "/v3/"  # noqa: S105 - a path
    V1 = "/v1.1/"
    V2 = "/v2/"
    UPLOAD = "/coupon/api/v1/"

    @classmethod
    def of(cls, path: str) -> "Family":
        """The family of a path; paths of none answer as v2 does."""
        return next((family for family in cls if path.startswith(family.value)), cls.V2)


@attrs.frozen(kw_only=True)
class Reply:
    """An answer before it is HTTP."""

    status: int = 200
    body: Mapping[str, Any]
    headers: Mapping[str, str] = attrs.field(factory=dict)


class RefusedError(Exception):
    """The request is answered with this instead."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


def v1_status(code: int, message: str) -> dict[str, Any]:
    """A v1.1 status block; `success` is text (C-10)."""
    return {"success": "true" if code in {200, 201, 700, 1000} else "false", "code": code, "message": message}


def v1_request_status(item_codes: Sequence[int], good: int) -> dict[str, Any]:
    """The request-level block for items of these codes: all good, some failed, all failed (C-71)."""
    fine = sum(code == good for code in item_codes)
    if fine == len(item_codes):
        return v1_status(200, "Success")
    return v1_status(201, SOME_FAILED) if fine else v1_status(500, ALL_FAILED)


def v1_error(code: int, message: str, *, status: int = 200) -> RefusedError:
    """A v1.1 failure of the whole request."""
    return RefusedError(Reply(status=status, body={"response": {"status": v1_status(code, message)}}))


def v2_problem(code: int, message: str) -> dict[str, Any]:
    """An entry of `errors` or `warnings`."""
    return {"status": False, "code": code, "message": message}


def v2_good(code: int, message: str) -> dict[str, Any]:
    """Return such a status for what went well."""
    return {"status": True, "code": code, "message": message}


def v2_status_block(entry: Mapping[str, Any]) -> dict[str, Any]:
    """A status around such an entry, as coupons carry one."""
    return {
        "statusCode": dict(entry),
        "warnings": [],
        "warningsAsStatusCode": [],
        "code": entry["code"],
        "success": entry["status"],
        "message": entry["message"],
    }


def v2_error(code: int, message: str, *, status: int = 400) -> RefusedError:
    """A v2 failure (C-62: HTTP 400 when nothing succeeded)."""
    return RefusedError(
        Reply(status=status, body={"warnings": [], "errors": [v2_problem(code, message)], "success": False})
    )


def upload_error(status: int, message: str) -> RefusedError:
    """A failure of the upload family (C-42)."""
    return RefusedError(
        Reply(
            status=status,
            body={
                "success": False,
                "status": status,
                "result": None,
                "errors": [{"code": status, "message": message}],
            },
        )
    )


def token_error(status: int, message: str) -> RefusedError:
    """A failure to make a token (C-5)."""
    return RefusedError(
        Reply(status=status, body={"data": None, "errors": [{"code": status, "message": message}]})
    )


def access_error(status: int, code: int, message: str) -> RefusedError:
    """A missing right, in the same body for every family."""
    return RefusedError(Reply(status=status, body={"warnings": [], "errors": [v2_problem(code, message)]}))


def unauthorized(family: Family, *, as_200: bool) -> RefusedError:
    """Missing, wrong or expired credentials (C-6)."""
    match family:
        case Family.V1:
            return v1_error(401, UNAUTHORIZED, status=200 if as_200 else 401)
        case Family.UPLOAD:
            return upload_error(401, "Invalid or expired access token")
        case _:
            return v2_error(401, UNAUTHORIZED, status=401)


def too_many_requests(retry_after: int) -> RefusedError:
    """The gateway's answer beyond the rate limit, the same for every family (C-8)."""
    body = {"response": {"status": v1_status(429, "Too many requests")}}
    return RefusedError(Reply(status=429, body=body, headers={"Retry-After": str(retry_after)}))


def of_family(family: Family, status: int, v1_text: str, text: str) -> RefusedError:
    """A failure of routing or content type, in the family's envelope; v1.1 says it in the body (C-9)."""
    match family:
        case Family.V1:
            return v1_error(status, v1_text)
        case Family.UPLOAD:
            return upload_error(status, text)
        case Family.TOKEN:
            return token_error(status, text)
        case _:
            return v2_error(status, text, status=status)
