"""A new upload: a file is dropped, looked at while nothing is sent, and then sent or dropped for good."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial

import attrs

from couponhub.clock import utc_now
from couponhub.console.job_view import upload_of, waits_for_check
from couponhub.console.pages import Page, PageRequest, Redirect, Shown, View
from couponhub.console.upload_form import advice_of, form_of, lines_of
from couponhub.errors import CouponhubError, NotFound, UsageError
from couponhub.jobs import earliest_end
from couponhub.models import Job, ListId, Upload
from couponhub.models.given import given_id
from couponhub.server.discretion import discreet
from couponhub.server.file_forms import FileForm
from couponhub.server.ground import Ground
from couponhub.server.problems import Refusal
from couponhub.server.upload_wishes import UploadWish
from couponhub.shown import shown
from couponhub.state import AuditAction, JobWish, Scope

_BUSY_SECONDS = 5.0
"""A page that waits longer for another upload, which may take days, says nothing meanwhile."""
_OF_WISH = ("name", "column", "tag", "tag_column", "again")


class UploadPages:
    """Begins uploads through the hub.

    Args:
        ground: What all answers rest on.
    """

    def __init__(self, ground: Ground) -> None:
        self._hub = ground.hub
        self._uploads = ground.uploads
        self._wake = ground.driving.wake

    def pages(self) -> Iterator[Page]:
        """The pages."""
        page = partial(Page, scope=Scope.UPLOADS_WRITE)
        yield page(name="new_upload", method="GET", path="/uploads/new", run=self._form)
        yield page(
            name="checking_upload", method="POST", path="/uploads/new", run=self._check, takes_file=True
        )
        yield page(name="check_upload", method="GET", path="/uploads/{upload_id}/check", run=self._checked)
        yield page(name="send_upload", method="POST", path="/uploads/{upload_id}/send", run=self._send)
        yield page(name="drop_upload", method="POST", path="/uploads/{upload_id}/drop", run=self._drop)

    def _form(self, call: PageRequest) -> Shown:
        given = {**call.query, "list_id": call.query.get("list", "")}
        return self._form_page(call, given)

    def _form_page(
        self, call: PageRequest, given: Mapping[str, str], fault: CouponhubError | None = None
    ) -> View:
        form = form_of(self._hub, given, shows_lists=call.may(Scope.LISTS_READ))
        lines, advice = ((), "") if fault is None else (lines_of(fault), advice_of(fault))
        values = {"form": form, "fault": fault, "lines": lines, "advice": advice}
        return View(template="new_upload.html", values=values)

    def _check(self, call: PageRequest) -> Shown:
        """Have the file checked, and written down as an upload that nobody sends before somebody lets it go on."""
        try:
            upload = self._begun(call)
        except Refusal as refusal:
            return self._form_page(call, call.form, _reworded(refusal))
        except CouponhubError as error:
            return self._form_page(call, call.form, discreet(error))
        return Redirect(f"/uploads/{upload.id}/check")

    def _begun(self, call: PageRequest) -> Upload:
        if call.file is None or call.file.file is None:
            raise UsageError("no file was chosen", hint="choose one, and check it again")
        wanted = {name: call.form.get(name, "").strip() for name in _OF_WISH}
        if wanted["name"]:
            given_id(wanted["name"], "the upload's name")
        form = FileForm(fields={**wanted, "paused": "true"}, file=call.file.file, name=call.file.name)
        upload, _ = self._uploads.send(
            call.field("connection"),
            ListId(given_id(call.field("list_id"), "the list")),
            UploadWish.of_form(form),
            whose=call.caller.token_id or "",
            idempotency_key=call.form.get("key") or None,
            busy_timeout=_BUSY_SECONDS,
        )
        return upload

    def _checked(self, call: PageRequest) -> Shown:
        job, upload = self._found(call)
        return self._check_page(job, upload, is_wrong=False)

    def _check_page(self, job: Job, upload: Upload, *, is_wrong: bool) -> View:
        list_name = self._list_name(upload)
        return View(
            template="check.html",
            values={
                "upload": upload,
                "waits": waits_for_check(job),
                "goes": sum(part.rows or 0 for part in upload.parts),
                "ends_at": self._end_of(job),
                "list_name": list_name,
                "confirms": list_name or str(upload.list_id),
                "is_wrong": is_wrong,
            },
        )

    def _send(self, call: PageRequest) -> Shown:
        job, upload = self._found(call)
        if waits_for_check(job):
            name = self._list_name(upload) or str(upload.list_id)
            if call.form.get("confirm", "").strip() != name:
                return self._check_page(job, upload, is_wrong=True)
            with self._hub.auditor.act(
                AuditAction.SEND_UPLOAD,
                connection=upload.connection,
                list_id=upload.list_id,
                reference=upload.id,
            ):
                self._hub.jobs.proceed(job.id)
            self._wake()
        return _after(call, upload)

    def _drop(self, call: PageRequest) -> Shown:
        job, upload = self._found(call)
        if waits_for_check(job):
            self._hub.jobs.cancel(job.id)
            self._wake()  # somebody has to see to its end
        return _after(call, upload)

    def _list_name(self, upload: Upload) -> str | None:
        """Return the list's name as it can be typed; None where it has none, or its vendor cannot be asked."""
        try:
            found = self._hub[upload.connection].lists.get(upload.list_id)
        except CouponhubError:
            return None
        return shown(" ".join((found.name or "").split())) or None

    def _end_of(self, job: Job) -> datetime | None:
        """Return when the last part can have been sent, once somebody lets the upload go on."""
        record = self._hub.state.jobs.get(job.id)
        return None if record is None else earliest_end(attrs.evolve(record, wish=JobWish.GO_ON), utc_now())

    def _found(self, call: PageRequest) -> tuple[Job, Upload]:
        job = self._hub.jobs.get(call.path["upload_id"])
        upload = upload_of(self._hub, job)
        if upload is None:
            raise NotFound(f"{job.id} is no upload")
        return job, upload


def _after(call: PageRequest, upload: Upload) -> Redirect:
    return Redirect(f"/jobs/{upload.id}" if call.may(Scope.LISTS_READ) else f"/uploads/{upload.id}/check")


def _reworded(refusal: Refusal) -> CouponhubError:
    """Tell a person what a key is about, which the form has and nobody sees."""
    if refusal.status == 422:
        return UsageError(
            "this form was sent with something else before", hint="it is a new one now: choose the file again"
        )
    return refusal.error
