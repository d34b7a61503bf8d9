"""The API's reference for whoever is signed in, with a form at each operation that tries it out.

What is tried goes the API's own way with the rights of the session, and really happens.
"""

import json
import time
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import attrs
from markupsafe import Markup

from couponhub.console.pages import Page, PageRequest, Shown, View
from couponhub.errors import CouponhubError, UsageError
from couponhub.server.app import App
from couponhub.server.inner_calls import InnerAnswer, InnerCall, call_within
from couponhub.server.openapi import openapi_document
from couponhub.server.operations import Operation, Parameter
from couponhub.server.problems import not_there, status_of
from couponhub.server.reference_page import described_objects, described_operations
from couponhub.state import Scope

DOCS = "/docs"
_WRITES = frozenset({Scope.LISTS_WRITE, Scope.UPLOADS_WRITE, Scope.JOBS_WRITE})
_NOT_TRIED = frozenset({"docs", "openapi"})
"""Those that are this very page."""
_LARGEST_TRY = 1 << 20


@attrs.frozen(kw_only=True)
class TriedOperation:
    """One operation on the page.

    Attributes:
        html: All that the reference says of it.
        is_tried: Whether there is a form at all.
        in_path, in_query: Its parameters.
        body: An example; None where it takes none.
        changes: True for one that changes something at a vendor, or in a job.
    """

    operation: Operation
    html: Markup = attrs.field(repr=False)
    is_tried: bool
    in_path: tuple[Parameter, ...]
    in_query: tuple[Parameter, ...]
    body: str | None
    changes: bool


class TryPages:
    """Shows the reference, and tries operations out.

    Args:
        api: Whose they are.
    """

    def __init__(self, api: App) -> None:
        self._api = api

    def pages(self) -> Iterator[Page]:
        """The pages."""
        yield Page(name="docs", method="GET", path=DOCS, run=self._reference)
        yield Page(
            name="try", method="POST", path="/try/{operation}", run=self._try, largest_form=_LARGEST_TRY
        )

    def _reference(self, call: PageRequest) -> Shown:  # noqa: ARG002 - rights are looked at for each operation
        operations, objects = self._described
        return View(template="docs.html", values={"operations": operations.values(), "objects": objects})

    def _try(self, call: PageRequest) -> Shown:
        tried = self._described[0].get(call.path["operation"])
        if tried is None or not tried.is_tried:
            raise not_there()
        began = time.perf_counter()
        try:
            answer = self._answer(tried, call)
        except CouponhubError as error:
            return _page(tried, None, 0.0, error)
        return _page(tried, answer, time.perf_counter() - began, None)

    def _answer(self, tried: TriedOperation, call: PageRequest) -> InnerAnswer:
        operation = tried.operation
        if tried.changes and call.form.get("confirm", "").strip() != operation.name:
            raise UsageError(
                "what was typed is not the operation's name, so nothing was done",
                hint=f"type {operation.name}",
            )
        query = {one.name: call.form.get(f"query.{one.name}", "") for one in tried.in_query}
        inner = InnerCall(
            operation=operation,
            path={one.name: call.form.get(f"path.{one.name}", "").strip() for one in tried.in_path},
            query={name: value for name, value in query.items() if value},
            body=None if tried.body is None else call.form.get("body", "").encode("utf-8", "replace"),
            idempotency_key=(call.form.get("key", "").strip() or None) if operation.takes_key else None,
        )
        return call_within(self._api, inner, call.caller)

    @cached_property
    def _described(self) -> tuple[dict[str, TriedOperation], Markup]:
        # When somebody looks for the first time: a server's start need not wait for it.
        document = openapi_document(self._api.operations)
        named = {one.name: one for one in self._api.operations}
        found = {one.name: _tried(named[one.name], one.html) for one in described_operations(document)}
        return found, Markup(described_objects(document))  # noqa: S704 - the same


def _tried(operation: Operation, html: str) -> TriedOperation:
    # An address that is a right in itself is nothing to type into a form.
    has_rights = operation.scope is not None or operation.method == "GET"
    return TriedOperation(
        operation=operation,
        html=Markup(html),  # noqa: S704 - escaped where it is made
        is_tried=has_rights and operation.name not in _NOT_TRIED,
        in_path=tuple(one for one in operation.parameters if f"{{{one.name}}}" in operation.path),
        in_query=tuple(one for one in operation.parameters if one.in_query),
        body=None if operation.takes is None else json.dumps(operation.example, indent=2, ensure_ascii=False),
        changes=operation.scope in _WRITES,
    )


def _page(
    tried: TriedOperation, answer: InnerAnswer | None, seconds: float, error: CouponhubError | None
) -> View:
    values: dict[str, Any] = {"tried": tried, "answer": answer, "error": error, "ms": round(seconds * 1000)}
    if answer is not None:
        values["text"] = _readable(answer)
    return View(template="tried.html", values=values, status=200 if error is None else status_of(error))


def _readable(answer: InnerAnswer) -> str:
    text = answer.content.decode("utf-8", "replace")
    if "json" in answer.headers.get("content-type", "") and not answer.is_cut:
        try:
            return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
        except (ValueError, RecursionError):  # lines of JSON
            return text
    return text
