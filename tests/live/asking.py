"""The questions of the live run: reads alone, as few as show every answer that couponhub rests on."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs

from couponhub import Customer
from couponhub.connection import Connection
from couponhub.errors import CouponhubError
from tests.live.drift import Form, Shape, drift

_DOCUMENTED = Path(__file__).with_name("documented.json")

Query = Mapping[str, str]


def documented() -> Mapping[str, Mapping[str, Shape]]:
    """Return the documented shapes, by adapter and question."""
    told = json.loads(_DOCUMENTED.read_text(encoding="utf-8"))
    return {
        adapter: {
            question: {path: Form.read(form) for path, form in shape.items()}
            for question, shape in questions.items()
        }
        for adapter, questions in told.items()
    }


@attrs.frozen(kw_only=True)
class Finding:
    """What came of one question.

    Attributes:
        question: Method and path, without ids.
        departures: Where the answer is not as documented: paths and types.
        unasked: Why there was no answer to compare; "" where there was one.
        failed: Whether that was the vendor's refusal or silence.
    """

    question: str
    departures: tuple[str, ...] = ()
    unasked: str = ""
    failed: bool = False


@attrs.define
class Run:
    """The questions to one connection, one after the other.

    Attributes:
        connection: Is asked.
        shapes: Of its vendor's answers, by question.
        findings: What came so far.
    """

    connection: Connection
    shapes: Mapping[str, Shape]
    findings: list[Finding] = attrs.field(factory=list)

    def ask(self, path: str, query: Query | None = None, **ids: str) -> Any:
        """Ask one question with GET, keep what came of it, and return the answer; None without one."""
        question = f"GET {path}"
        try:
            answer = self.connection.call("GET", path.format(**ids), query=dict(query or {}))
        except CouponhubError as error:
            # Its kind alone: a text could repeat what the vendor said.
            self.findings.append(Finding(question=question, unasked=error.kind, failed=True))
            return None
        departures = tuple(drift(self.shapes[question], answer))
        self.findings.append(Finding(question=question, departures=departures))
        return answer

    def leave_out(self, path: str, why: str) -> None:
        """Note a question that could not be asked."""
        self.findings.append(Finding(question=f"GET {path}", unasked=why))


def ask_moengage(run: Run, customer: Customer | None) -> None:  # noqa: ARG001 - the same for every vendor
    """Ask for lists, one list, its files and one file."""
    lists = _rows(run.ask("/coupon-list", {"status": "ACTIVE"}), "data")
    if not lists:
        run.leave_out("/coupon-list/{id}", "there is no active list")
        return
    list_id = str(lists[0].get("_id"))
    run.ask("/coupon-list/{id}", id=list_id)
    files = _rows(run.ask("/coupon-list/{id}/files", id=list_id), "data")
    if not files:
        run.leave_out("/coupon-list/{id}/files/{file}", "the first active list has no files")
        return
    run.ask("/coupon-list/{id}/files/{file}", id=list_id, file=str(files[0].get("_id")))


def ask_capillary(run: Run, customer: Customer | None) -> None:
    """Ask for series, the uploads of one, and, where a customer was named, their coupons and one by its code."""
    series = _rows(
        run.ask("/v2/coupon/series", {"couponType": "ALL", "limit": "20", "offset": "0"}), "entity"
    )
    uploaded = [row for row in series if row.get("clientHandlingType") == "DISC_CODE_PIN"]
    status = "/coupon/api/v1/upload/getUploadStatus/{id}"
    if uploaded:
        run.ask(status, id=str(uploaded[0].get("id")))
    else:
        run.leave_out(status, "none of the first series takes uploads")
    if customer is None:
        for path in ("/v1.1/customer/coupons", "/v2/customers/coupons", "/v1.1/coupon/get", "/v2/coupon"):
            run.leave_out(path, "no customer was named")
        return
    who = {customer.identifier.value: customer.value, "limit": "20"}
    held = run.ask("/v1.1/customer/coupons", {**who, "format": "json"})
    run.ask("/v2/customers/coupons", who)
    code = _first_code(held)
    if code is None:
        run.leave_out("/v1.1/coupon/get", "the customer holds no coupons")
        return
    run.ask("/v1.1/coupon/get", {"code": code, "format": "json"})
    run.ask("/v2/coupon", {"couponCodes": code})


QUESTIONS: Mapping[str, Callable[[Run, Customer | None], None]] = {
    "capillary": ask_capillary,
    "moengage": ask_moengage,
}


def _rows(answer: Any, name: str) -> list[Mapping[str, Any]]:
    rows = answer.get(name) if isinstance(answer, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _first_code(answer: Any) -> str | None:
    """The code of a customer's first coupon; None where the answer holds none in its newest form."""
    try:
        code = answer["response"]["customers"]["customer"][0]["coupons"]["coupon"][0]["code"]
    except (KeyError, IndexError, TypeError):
        return None
    return code if type(code) is str else None
