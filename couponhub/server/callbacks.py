"""The address that vendors call when they have worked a file through: it wakes who waits, and is believed in nothing."""

from collections.abc import Iterator

from couponhub.errors import LocalError
from couponhub.server.discretion import discreet
from couponhub.server.operations import Operation, OperationRequest, OperationResponse, Parameter
from couponhub.server.problems import Refusal, not_there
from couponhub.state import Callbacks

_TOKEN = Parameter(name="token", about="What the vendor was given; ends with its upload.")


class CallbackDoor:
    """Takes vendors' callbacks."""

    def __init__(self, callbacks: Callbacks) -> None:
        self._callbacks = callbacks

    def operations(self) -> Iterator[Operation]:
        """The endpoint."""
        yield Operation(
            name="callback",
            about="A vendor says that a file has moved.\n\n"
            "Whoever waits for that upload asks the vendor at once. The body is not read.",
            method="POST",
            path="/v1/callbacks/{token}",
            run=self._ring,
            parameters=(_TOKEN,),
            status=204,
            fails=(404, 503),
        )

    def _ring(self, call: OperationRequest) -> OperationResponse:
        try:
            is_known = self._callbacks.ring(call.path["token"])
        except LocalError as error:
            raise Refusal(discreet(error), 503) from error  # not the vendor's fault: it may call again
        if not is_known:
            raise not_there()
        return OperationResponse(content=b"", status=204)
