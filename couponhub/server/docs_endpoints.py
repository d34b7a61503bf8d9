"""The endpoints that tell of the others, and of how all is going."""

from collections.abc import Iterator

from couponhub.hub import CouponHub
from couponhub.server import metrics as figures
from couponhub.server.metrics import Metrics
from couponhub.server.openapi import openapi_document
from couponhub.server.operations import Operation, OperationRequest, OperationResponse
from couponhub.server.reference_page import POLICY, reference_page
from couponhub.server.response_json import json_bytes
from couponhub.state import Scope


class DocsEndpoints:
    """Metrics and documentation.

    Args:
        hub: Whose figures are shown.
        metrics: The figures.
        others: The operations to describe, beside its own.
    """

    def __init__(self, hub: CouponHub, metrics: Metrics, others: list[Operation]) -> None:
        self._hub = hub
        self._metrics = metrics
        document = openapi_document([*others, *self.operations()])
        self._document = json_bytes(document)
        self._page = reference_page(document)

    def operations(self) -> Iterator[Operation]:
        """The endpoints."""
        yield Operation(
            name="metrics",
            about="Figures for Prometheus: calls, verdicts, breakers, quotas, requests.",
            method="GET",
            path="/metrics",
            run=self._figures,
            scope=Scope.ADMIN,
            allow_loopback=True,
            media_type="text/plain",
        )
        yield Operation(
            name="openapi",
            about="This description, OpenAPI 3.1.",
            method="GET",
            path="/openapi.json",
            run=lambda _: OperationResponse(content=self._document),
            gives="openapi",
        )
        yield Operation(
            name="docs",
            about="The same for people.",
            method="GET",
            path="/docs",
            run=self._reference,
            scope=Scope.ADMIN,
            allow_loopback=True,
            media_type="text/html",
        )

    def _figures(self, call: OperationRequest) -> OperationResponse:  # noqa: ARG002 - they are the same for all
        return OperationResponse(content=self._metrics.render(self._hub), media_type=figures.MEDIA_TYPE)

    def _reference(self, call: OperationRequest) -> OperationResponse:  # noqa: ARG002 - it is the same for all
        return OperationResponse(
            content=self._page,
            media_type="text/html; charset=utf-8",
            headers={"Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer"},
        )
