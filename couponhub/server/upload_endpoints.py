"""The endpoint that sends codes: once for each `Idempotency-Key`, however often it is asked."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import attrs

from couponhub.errors import Conflict, CouponhubError, UsageError, WaitTimeout
from couponhub.hub import CouponHub
from couponhub.models import JobId, JobStatus, ListId, Upload, UploadId
from couponhub.serialization import to_document
from couponhub.server.list_endpoints import CONNECTION, LIST_ID, checked_list_id, shown_to
from couponhub.server.operations import Operation, OperationRequest, OperationResponse
from couponhub.server.problems import Refusal
from couponhub.server.response_json import json_bytes
from couponhub.server.upload_wishes import UploadRequestBody, UploadWish
from couponhub.state import JobRecord, Scope
from couponhub.uploads import ANSWERS, begin_upload, new_upload_id, upload_id_of

_PREPARE_SECONDS = 300.0
_BUSY_SECONDS = 2.0


@attrs.frozen(kw_only=True)
class UploadEndpoints:
    """Takes codes.

    Attributes:
        hub: Through whom they are sent.
        wake: Called once there is something to drive.
        key: Of what tells requests from others; a secret.
    """

    hub: CouponHub
    wake: Callable[[], None]
    key: Callable[[], bytes]

    def operations(self) -> Iterator[Operation]:
        """The endpoint."""
        yield Operation(
            name="send_upload",
            about="Send codes to a list.\n\n"
            "The codes are checked, and all their faults told, before anything is sent; then it answers at once, and"
            " the upload goes on by itself: its `status` tells how far it is. A file comes as the field `file` of a form,"
            " or as the address of one that the vendor can fetch, which it is told before the answer. With `paused` nothing of"
            " a file is sent before the job of the upload's id is resumed.\n\n"
            "A request with an `Idempotency-Key` that this token has used for the list sends nothing: it is answered"
            " with the upload that the first one began (200), or refused when it asks for something else (422).",
            method="POST",
            path="/v1/connections/{connection}/lists/{list_id}/uploads",
            run=self._send,
            scope=Scope.UPLOADS_WRITE,
            takes=UploadRequestBody,
            takes_file=True,
            takes_key=True,
            example={"url": "https://files.example.com/codes.csv", "name": "spring"},
            parameters=(CONNECTION, LIST_ID),
            gives="upload",
            status=202,
            fails=(404, 409, 422, 501, 502, 503, 504),
        )

    def _send(self, call: OperationRequest) -> OperationResponse:
        upload, is_new = self.send(
            call.path["connection"],
            checked_list_id(call),
            call.body if isinstance(call.body, UploadWish) else UploadWish.of_body(call.body),
            whose=call.caller.token_id or "",
            idempotency_key=call.idempotency_key,
        )
        place = f"/v1/connections/{call.path['connection']}/lists/{call.path['list_id']}/uploads/{upload.id}"
        return OperationResponse(
            content=json_bytes(shown_to(call)(to_document(upload))),
            status=202 if is_new else 200,
            headers={"Location": place} if place.isascii() and place.isprintable() else {},
        )

    def send(
        self,
        connection: str,
        list_id: ListId,
        wish: UploadWish,
        *,
        whose: str,
        idempotency_key: str | None,
        busy_timeout: float | None = None,
    ) -> tuple[Upload, bool]:
        """Begin an upload, unless the same key began one; return it, and whether it is new.

        Args:
            connection: Where.
            list_id: The list.
            wish: What to send.
            whose: The caller: keys of different callers are different.
            idempotency_key: Names the wish; None for one that is never repeated.
            busy_timeout: Seconds that another upload to the list is waited for; None for as many as the file may take.

        Raises:
            CouponhubError: As of `Uploads.send`; nothing was sent then.
            Refusal: The key named another wish.
        """
        uploads = self.hub[connection].uploads
        if idempotency_key is None:
            upload_id = new_upload_id()
            self._begin(connection, list_id, upload_id, wish, answers=None, busy_timeout=busy_timeout)
            return uploads.show(list_id, upload_id), True
        with ExitStack() as held:
            self._hold(held, connection, whose, idempotency_key)
            secret = self.key()
            answers = wish.told_from_others(secret)
            for attempt in count(1):
                upload_id = upload_id_of(
                    secret.hex(), whose, connection, list_id, idempotency_key, str(attempt)
                )
                found = self.hub.state.jobs.get(JobId(upload_id))
                if found is None:
                    self._begin(
                        connection, list_id, upload_id, wish, answers=answers, busy_timeout=busy_timeout
                    )
                    return uploads.show(list_id, upload_id), True
                if found.arguments.get(ANSWERS) != answers:
                    raise _another()
                if not _came_to_nothing(found):
                    return uploads.show(list_id, upload_id), False
        raise AssertionError  # there is always another attempt

    def _hold(self, held: ExitStack, *words: str) -> None:
        """Be the only one with that key: of two at once the later finds what the earlier began."""
        try:
            held.enter_context(self.hub.state.locks.hold(("requests", *words), timeout=_BUSY_SECONDS))
        except WaitTimeout:
            error = Conflict("the same request is under way", hint="ask again in a moment", retry_after=1.0)
            raise Refusal(error, 409) from None

    def _begin(
        self,
        connection: str,
        list_id: ListId,
        upload_id: UploadId,
        wish: UploadWish,
        *,
        answers: str | None,
        busy_timeout: float | None,
    ) -> None:
        try:
            begin_upload(
                self.hub[connection].uploads,
                upload_id,
                list_id,
                wish.source,
                name=wish.name,
                tagging=wish.tagging,
                column=wish.column,
                callback=wish.callback,
                again=wish.again,
                is_paused=wish.is_paused,
                answers=answers,
                timeout=_PREPARE_SECONDS,
                busy_timeout=busy_timeout,
            )
        except CouponhubError as error:
            if not isinstance(wish.source, Path):
                raise
            # Where the file lay for this request is nobody's concern; what its sender calls it says more.
            raise error.reworded(message=error.message.replace(str(wish.source), wish.source.name)) from error
        if not wish.is_paused:
            self.wake()


def _came_to_nothing(job: JobRecord) -> bool:
    """Tell whether an attempt ended before its codes were written down, so that there is nothing to find of it."""
    return job.status in {JobStatus.FAILED, JobStatus.CANCELLED} and all(
        step.status is not JobStatus.DONE for step in job.steps
    )


def _another() -> Refusal:
    error: CouponhubError = UsageError(
        "this Idempotency-Key was used for another request", hint="take a new key for each upload"
    )
    return Refusal(error, 422)
