"""The acts of whoever asks over HTTP are in the audit log, each once, with its token and its request."""

import io

import pytest

from couponhub.errors import LocalError
from couponhub.state import AuditEvent, Scope
from tests.kit.eventually import eventually
from tests.server.harness import STRANGER, ServerHarness


def acts(harness: ServerHarness) -> list[AuditEvent]:
    """The audit log, the oldest event first."""
    return [*harness.hub.state.audit.page(at_most=1000).events[::-1]]


def test_what_is_done_over_http_is_written_down_once(harness: ServerHarness) -> None:
    """Lists, uploads, and jobs; a repeated request is no second act, and what the server then drives is none at all."""
    text, token = harness.tokens.new([*Scope], name="shop")
    before = len(acts(harness))
    lists = "/v1/connections/moengage/lists"

    made = harness.post(lists, {"name": "audited", "expires": "2099-12-31", "created_by": "x"}, text)
    assert made.status_code < 300, made.text
    list_id = (made.json or {})["id"]
    headers = {"Authorization": f"Bearer {text}", "Idempotency-Key": "k1", "X-Request-Id": "request-1"}
    uploads = []
    for paused in ("true", "true", ""):
        data = {
            "file": (io.BytesIO(b"code\nACT-0001\n"), "spring.csv"),
            **({"paused": paused} if paused else {}),
        }
        if not paused:
            headers["Idempotency-Key"] = "k2"
        sent = harness.client.post(
            f"{lists}/{list_id}/uploads", data=data, headers=headers, environ_base=STRANGER
        )
        assert sent.status_code in {200, 202}, sent.text
        uploads.append((sent.json or {})["id"])
        if len(uploads) == 1:
            throttled = harness.post(f"/v1/jobs/{uploads[0]}/throttle", {"per_minute": 2}, text)
            assert "2" == (throttled.json or {})["arguments"]["files_a_minute"], throttled.text
        if paused:
            continue
        eventually(
            lambda: (harness.get(f"/v1/jobs/{uploads[2]}", text).json or {})["status"] == "done", "its end"
        )
    harness.post(f"/v1/jobs/{uploads[0]}/pause", None, text)
    assert 400 == harness.post(f"/v1/jobs/{uploads[0]}/throttle", {"per_minute": 0}, text).status_code
    harness.post(f"/v1/jobs/{uploads[0]}/cancel", None, text)
    harness.post("/v1/jobs/up_nobody/cancel", None, text)
    assert harness.lookup(text).status_code == 200, "whole codes are a line of the access log"

    found = acts(harness)[before:]
    assert [
        ("create_list", list_id),
        ("prepare_upload", uploads[0]),
        ("throttle_job", uploads[0]),
        ("send_upload", uploads[2]),
        ("pause_job", uploads[0]),
        ("cancel_job", uploads[0]),
    ] == [(one.action, one.reference) for one in found]
    assert {(token.id, "shop", "done", "moengage")} == {
        (one.who, one.name, one.outcome, one.connection) for one in found
    }
    assert "request-1" == found[3].request_id
    assert all(one.request_id for one in found)


def test_what_cannot_be_written_down_is_refused(
    harness: ServerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No list is made, and lookups go on."""
    text = harness.token(*Scope)

    def broken(*_: object, **__: object) -> None:
        raise LocalError("the disk is full")

    monkeypatch.setattr(harness.hub.state.audit, "begin", broken)
    asked = {"name": "never made", "expires": "2099-12-31", "created_by": "x"}
    answer = harness.post("/v1/connections/moengage/lists", asked, text)
    assert answer.status_code == 400, answer.text
    assert "never made" not in [one.name for one in harness.hub["moengage"].lists.iterate()]
    assert harness.lookup(text).status_code == 200
