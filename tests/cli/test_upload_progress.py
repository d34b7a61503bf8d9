"""On a terminal an upload says what it is at; elsewhere it only remembers its id."""

import io
import sys
from typing import Any

import pytest

from couponhub.cli.progress import UploadProgress
from couponhub.models import ListId, Upload, UploadId, UploadStatus
from couponhub.uploads.events import EventKind, UploadEvent


class Terminal(io.StringIO):
    """A stderr that people look at."""

    def isatty(self) -> bool:
        """As of a terminal."""
        return True


def upload(upload_id: str, **more: Any) -> Upload:
    """An upload on its way."""
    return Upload(
        connection="engage",
        list_id=ListId("L1"),
        id=UploadId(upload_id),
        name="codes",
        status=UploadStatus.PROCESSING,
        **more,
    )


EVENTS = (
    UploadEvent(EventKind.SETTLING, upload("earlier")),
    UploadEvent(EventKind.RECORDED, upload("ours")),
    UploadEvent(EventKind.POLLED, upload("ours", accepted=12_345)),
)


def test_a_terminal_is_told_each_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """What an earlier call left, then the upload's own id, status and accepted codes."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    told = []
    with UploadProgress() as progress:
        for event in EVENTS:
            progress(event)
            told.append(str(progress._status.status))
    assert "ours: processing, 12,345 accepted" in terminal.getvalue()
    assert ["waiting for earlier, which an earlier call left at the vendor", "ours: processing"] == told[:2]
    assert "ours: processing, 12,345 accepted" == told[2]


@pytest.mark.parametrize("is_terminal", [True, False])
def test_what_an_earlier_call_left_is_not_this_upload(
    is_terminal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interruption names the upload that this call began, and none before it began one."""
    monkeypatch.setattr(sys, "stderr", Terminal() if is_terminal else io.StringIO())
    with UploadProgress() as progress:
        progress(EVENTS[0])
        before = progress.upload_id
        progress(EVENTS[1])
    assert (None, "ours") == (before, progress.upload_id)
