"""A vendor calls back, over HTTP, into the process that serves; the one that waits hears of it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server

from couponhub import CouponHub
from couponhub.models import UploadId
from couponhub.server.metrics import Metrics
from couponhub.testing import EmulatedVendors
from tests.server.harness import ServerHarness, opened, problem

CODES = "code\nCALL-BACK-1\nCALL-BACK-2\n"


@contextmanager
def listening(vendors: EmulatedVendors, folder: Path) -> Iterator[tuple[ServerHarness, list[str]]]:
    """An application with a real port, which its config names as the public address; the paths that were POSTed to."""
    called: list[str] = []
    counters: list[ServerHarness] = []

    def app(environ: Any, start_response: Any) -> Any:
        called.append(environ["PATH_INFO"])
        return counters[0].client.application(environ, start_response)

    server = make_server("127.0.0.1", 0, app, threaded=True)
    text = vendors.config.read_text(encoding="utf-8")
    config = folder / "couponhub.toml"
    config.write_text(f'{text}\n[server]\npublic_url = "http://127.0.0.1:{server.port}"\n', encoding="utf-8")
    metrics = Metrics()
    with CouponHub.from_config(config, observer=metrics) as hub:
        counters.append(opened(vendors, hub, metrics))
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield counters[0], called
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def source(tmp_path: Path) -> str:
    """A file of codes."""
    path = tmp_path / "codes.csv"
    path.write_text(CODES, encoding="utf-8")
    return str(path)


def test_the_vendor_is_given_an_address_of_ours(
    vendors: EmulatedVendors, tmp_path: Path, source: str
) -> None:
    """It calls there when it is done; then the address ends, and the log names none."""
    with listening(vendors, tmp_path) as (harness, called):
        moengage = harness.hub["moengage"]
        list_id = next(iter(moengage.lists.iterate())).id
        upload = moengage.uploads.send(list_id, source, wait=True)
        assert "done" == upload.status
        (path,) = set(called)
        assert path.startswith("/v1/callbacks/")
        assert not harness.callbacks.ring(path.rpartition("/")[2])
        problem(harness.post(path, {}), 404, "not_found")
        routes = {entry["route"] for entry in harness.logged()}
        assert {"/v1/callbacks/{token}"} == routes
        assert path.rpartition("/")[2].encode() not in b"".join(harness.lines)


def test_an_address_of_the_callers_goes_first(vendors: EmulatedVendors, tmp_path: Path, source: str) -> None:
    """Ours is not made then."""
    with listening(vendors, tmp_path) as (harness, called):
        moengage = harness.hub["moengage"]
        list_id = next(iter(moengage.lists.iterate())).id
        theirs = f"{harness.hub.config.server.public_url}/theirs"
        moengage.uploads.send(list_id, source, callback=theirs, again=True, wait=True)
        assert {"/theirs"} == set(called)


def test_a_call_is_noted_and_nothing_in_it_is_read(harness: ServerHarness) -> None:
    """204, whatever the body is; the upload is asked about by whoever waits for it."""
    upload_id = UploadId("up_1")
    token = harness.callbacks.begin(upload_id)
    for body in (b"", b"{", b'{"status": "done", "id": "up_2"}', b"x" * 100):
        answer = harness.client.post(f"/v1/callbacks/{token}", data=body, content_type="text/plain")
        assert (204, b"") == (answer.status_code, answer.get_data())
        assert "Content-Type" not in answer.headers
    assert 4 == harness.callbacks.calls(upload_id)
    harness.callbacks.end(upload_id)


@pytest.mark.parametrize("token", ["x", "A" * 43, "%00", "\u20ac"])
def test_an_address_that_was_never_given_is_not_there(harness: ServerHarness, token: str) -> None:
    """The same answer as any other address that is none."""
    document = problem(harness.post(f"/v1/callbacks/{token}", {}), 404, "not_found")
    nowhere = problem(harness.post("/v1/nowhere", {}), 404, "not_found")
    assert {**document, "request_id": ""} == {**nowhere, "request_id": ""}
