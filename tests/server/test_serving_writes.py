"""Codes that are sent over HTTP: once for each key, checked before anything is sent, and driven by the server."""

import io
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from werkzeug.test import TestResponse

from couponhub.state import Scope
from tests.kit.eventually import eventually
from tests.server.harness import STRANGER, ServerHarness, problem

LIST = "MO-LIST"


@pytest.fixture
def token(harness: ServerHarness) -> str:
    """A token that may send codes and read how that stands."""
    return harness.token(Scope.UPLOADS_WRITE, Scope.LISTS_READ, Scope.JOBS_WRITE)


@pytest.fixture
def place(harness: ServerHarness) -> str:
    """The address of a new list's uploads, which takes codes without tags."""
    (found, *_) = harness.hub["capillary"].lists.iterate(status="active")
    return f"/v1/connections/capillary/lists/{found.id}/uploads"


def send(
    harness: ServerHarness, place: str, token: str, codes: str, key: str | None = None, **fields: Any
) -> TestResponse:
    """Send a file as a browser does."""
    headers = {"Authorization": f"Bearer {token}", **({} if key is None else {"Idempotency-Key": key})}
    data = {"file": (io.BytesIO(codes.encode()), "spring.csv"), **fields}
    return harness.client.post(place, data=data, headers=headers, environ_base=STRANGER)


def test_sends_a_file_that_goes_on_by_itself(harness: ServerHarness, place: str, token: str) -> None:
    """It answers at once, with the upload; the server drives it to its end, and the vendor has the codes."""
    answer = send(harness, place, token, "code\nHTTP-0001\nHTTP-0002\n", name="spring")

    assert answer.status_code == 202, answer.text
    upload = answer.json
    assert upload is not None
    assert ("spring", 2) == (upload["name"], upload["rows"])
    where = answer.headers["Location"]
    assert where == f"{place}/{upload['id']}"
    eventually(lambda: (harness.get(where, token).json or {})["status"] == "done", "the vendor's end")
    job = harness.get(f"/v1/jobs/{upload['id']}", token).json
    assert job is not None
    assert "done" == job["status"]


def test_takes_a_file_that_is_read_in_many_pieces(harness: ServerHarness, place: str, token: str) -> None:
    """A large file is one like any other."""
    codes = "".join(f"LARGE-{number:06}\n" for number in range(30_000))
    answer = send(harness, place, token, f"code\n{codes}", paused="true")

    assert answer.status_code == 202, answer.text
    assert 30_000 == (answer.json or {})["rows"]


def test_same_key_never_sends_twice(harness: ServerHarness, place: str, token: str) -> None:
    """Repeated, the request is answered with the first one's upload; another wish under the key is refused."""
    codes = "code\nONCE-0001\n"
    first = send(harness, place, token, codes, key="k-1")
    again = send(harness, place, token, codes, key="k-1")
    other = send(harness, place, token, "code\nONCE-0002\n", key="k-1")

    assert (202, 200) == (first.status_code, again.status_code)
    assert first.json is not None
    assert again.json is not None
    assert first.json["id"] == again.json["id"]
    problem(other, 422, "usage")


def test_keys_of_others_are_others(harness: ServerHarness, place: str, token: str) -> None:
    """Two callers may name their wishes alike."""
    another = harness.token(Scope.UPLOADS_WRITE)
    mine = send(harness, place, token, "code\nMINE-0001\n", key="k-2")
    theirs = send(harness, place, another, "code\nTHEIRS-0001\n", key="k-2")

    assert (202, 202) == (mine.status_code, theirs.status_code)


def test_nothing_is_sent_before_a_paused_one_is_resumed(
    harness: ServerHarness, place: str, token: str
) -> None:
    """It can be looked at first, and cancelled or let go on."""
    upload = send(harness, place, token, "code\nHELD-0001\n", paused="true").json
    assert upload is not None
    assert "paused" == upload["status"]
    held = harness.get(f"/v1/jobs/{upload['id']}", token).json
    assert held is not None
    assert "paused" == held["status"]

    assert harness.post(f"/v1/jobs/{upload['id']}/resume", None, token).status_code == 200
    where = f"{place}/{upload['id']}"
    eventually(lambda: (harness.get(where, token).json or {})["status"] == "done", "the vendor's end")


def test_vendor_is_told_of_an_address_before_the_answer(
    harness: ServerHarness, token: str, tmp_path: Path
) -> None:
    """It is kept nowhere, so nobody could tell it later; repeated with its key nothing is sent, and held back it cannot be."""
    (tmp_path / "codes.csv").write_text("Coupon Code\nELSEWHERE-1\nELSEWHERE-2\n", encoding="utf-8")
    (found, *_) = harness.hub["moengage"].lists.iterate(status="active")
    place = f"/v1/connections/moengage/lists/{found.id}/uploads"
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        wish = {"url": f"http://127.0.0.1:{server.server_port}/codes.csv"}
        problem(harness.post(place, {**wish, "paused": True}, token), 400, "usage")
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "k-url"}
        first, again = (harness.client.post(place, json=wish, headers=headers) for _ in range(2))
        where = first.headers["Location"]
        eventually(lambda: (harness.get(where, token).json or {})["status"] == "done", "the vendor's end")
        server.shutdown()

    assert (202, 200) == (first.status_code, again.status_code), first.text
    assert (first.json or {})["parts"][0]["id"]
    assert (first.json or {})["id"] == (again.json or {})["id"]
    listed = harness.get(where, token).json or {}
    assert found.available is not None
    assert found.available + 2 == (harness.hub["moengage"].lists.get(found.id).available), listed


def test_faults_are_told_before_anything_is_sent(harness: ServerHarness, place: str, token: str) -> None:
    """A file with a faulty code begins nothing, and the key is free for the mended one; they name the file as its sender does."""
    faulty = send(harness, place, token, "code\nGOOD-0001\nB\x00AD\n", key="k-3")
    mended = send(harness, place, token, "code\nGOOD-0001\nGOOD-0002\n", key="k-3")

    assert problem(faulty, 400, "usage")["detail"].startswith("spring.csv: ")
    unnamed = send(harness, place, token, "a,b\nX-1,X-2\n", key="k-4")
    assert problem(unnamed, 400, "usage")["hint"].endswith("holds the codes: `column` NAME or INDEX")
    assert mended.status_code == 202, mended.text


def test_needs_its_right(harness: ServerHarness, place: str) -> None:
    """Whoever may only read sends nothing, and steers nothing."""
    reader = harness.token(Scope.LISTS_READ, Scope.ADMIN)

    problem(send(harness, place, reader, "code\nNO-0001\n"), 403, "permission")
    problem(harness.post("/v1/jobs/up_x/cancel", None, reader), 403, "permission")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"name": "x"}, "one file is taken"),
        ({"file": (io.BytesIO(b"code\nA-1\n"), "a.csv"), "colour": "x"}, "not known"),
        ({"file": (io.BytesIO(b"code\nA-1\n"), "a.csv"), "again": "maybe"}, "again: expected"),
        ({"file": (io.BytesIO(b""), "a.csv")}, ""),
    ],
)
def test_odd_forms_are_one_line(
    harness: ServerHarness, place: str, token: str, data: dict[str, Any], says: str
) -> None:
    """What is missing or not known is said, and nothing is sent."""
    headers = {"Authorization": f"Bearer {token}"}
    form = {**data, **({} if "file" in data else {"other": (io.BytesIO(b""), "")})}
    answer = harness.client.post(place, data=form, headers=headers, environ_base=STRANGER)

    assert says in problem(answer, 400, "usage")["detail"]
