"""Reading connections, lists and uploads over HTTP."""

from pathlib import Path

import pytest

from couponhub.models import JobId
from couponhub.serialization import to_document
from couponhub.state import JobRecord, JobWish, Scope, StepRecord
from tests.server.harness import ServerHarness, problem


def first_list(harness: ServerHarness) -> str:
    """The id of one of the demo's lists."""
    return next(iter(harness.hub["moengage"].lists.iterate())).id


def test_connections_are_what_the_command_shows(harness: ServerHarness) -> None:
    """Names, abilities, limits, and what is left of them; no secret and no address."""
    answer = harness.get("/v1/connections", harness.token(Scope.LISTS_READ))
    assert answer.json is not None
    capillary, moengage = answer.json["items"]
    assert ["capillary", "moengage"] == [capillary["connection"], moengage["connection"]]
    assert "customers.coupons" in capillary["capabilities"]
    assert (0, {}) == (capillary["limits"]["calls_per_minute"], capillary["left"])
    assert moengage["limits"]["fetch_lists_per_day"] >= moengage["left"]["fetch_lists_per_day"] > 0
    assert "demo-key" not in answer.text
    assert "127.0.0.1" not in answer.text


def test_lists_are_the_hubs(harness: ServerHarness) -> None:
    """All of them, or those that stand so; nothing is missing, and that is said."""
    token = harness.token(Scope.LISTS_READ)
    answer = harness.get("/v1/connections/moengage/lists", token).json
    expected = [to_document(one) for one in harness.hub["moengage"].lists.iterate()]
    assert {"items": expected, "error": None} == answer
    archived = harness.get("/v1/connections/moengage/lists?status=archived", token).json
    assert archived == harness.get("/v1/connections/moengage/lists?status=ARCHIVED", token).json
    assert archived == {"items": [one for one in expected if one["status"] == "archived"], "error": None}
    refused = harness.get("/v1/connections/moengage/lists?status=gone", token)
    assert "status: expected one of all, active" in problem(refused, 400, "usage")["detail"]


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("/v1/connections/moengage/lists?state=active", 'state: unknown parameter; did you mean "status"?'),
        ("/v1/connections?919876543210", "the query: unknown parameter; known are: none"),
    ],
)
def test_a_parameter_that_there_is_not(harness: ServerHarness, address: str, told: str) -> None:
    """A filter that is misspelt would answer everything; what is no name may be a customer, and is not repeated."""
    answer = harness.get(address, harness.token(Scope.LISTS_READ))
    assert told == problem(answer, 400, "usage")["detail"]


def test_one_list(harness: ServerHarness) -> None:
    """By the vendor's id; one that is not there is the vendor's word."""
    token, list_id = harness.token(Scope.LISTS_READ), first_list(harness)
    answer = harness.get(f"/v1/connections/moengage/lists/{list_id}", token).json
    assert to_document(harness.hub["moengage"].lists.get(list_id)) == answer
    absent = problem(
        harness.get("/v1/connections/moengage/lists/594c711ecfe4d2a0b45be0ff", token), 404, "not_found"
    )
    assert "moengage" == absent["connection"]


def test_uploads_of_a_list(harness: ServerHarness, tmp_path: Path) -> None:
    """Ours with its parts, by our id, and all of them."""
    token, list_id = harness.token(Scope.LISTS_READ), first_list(harness)
    codes = tmp_path / "codes.csv"
    codes.write_text("code\nNEW-CODE-1\nNEW-CODE-2\n", encoding="utf-8")
    upload = harness.hub["moengage"].uploads.send(list_id, str(codes), wait=True)
    uploads = f"/v1/connections/moengage/lists/{list_id}/uploads"
    one = harness.get(f"{uploads}/{upload.id}", token).json
    assert to_document(harness.hub["moengage"].uploads.show(list_id, upload.id)) == one
    every = harness.get(uploads, token).json
    assert every is not None
    assert every["error"] is None
    assert upload.id in {one["id"] for one in every["items"]}
    problem(harness.get(f"{uploads}/up_unheard_of", token), 404, "not_found")


def test_where_refused_rows_lie_is_for_those_who_see_codes(harness: ServerHarness) -> None:
    """It may be an address that is a right in itself."""
    list_id = first_list(harness)
    seen = []
    for scopes in ([Scope.LISTS_READ], [Scope.LISTS_READ, Scope.CODES_REVEAL]):
        found = harness.get(f"/v1/connections/moengage/lists/{list_id}/uploads", harness.token(*scopes)).json
        assert found is not None
        shown = [*found["items"], *(part for one in found["items"] for part in one["parts"])]
        seen.append({one.get(name) for one in shown for name in ("error_file", "success_file")})
    assert seen[0] <= {None, "***"}


@pytest.mark.parametrize("list_id", ["%00", "x" * 257, "%0a"])
def test_what_can_be_no_id_goes_to_no_vendor(harness: ServerHarness, list_id: str) -> None:
    """It is refused before anybody is called."""
    before = len(harness.controls["moengage"].requests())
    token = harness.token(Scope.LISTS_READ)
    refused = harness.get(f"/v1/connections/moengage/lists/{list_id}", token)
    assert "list_id: expected" in problem(refused, 400, "usage")["detail"]
    assert before == len(harness.controls["moengage"].requests())


def test_a_vendor_that_fails_is_a_bad_gateway(harness: ServerHarness) -> None:
    """With its kind, and when to come back where it said so."""
    token = harness.token(Scope.LISTS_READ)
    harness.controls["moengage"].fail("GET *", "status", 401)
    problem(harness.get("/v1/connections/moengage/lists/1", token), 502, "credentials")
    harness.controls["moengage"].set_faults()
    harness.controls["moengage"].fail("GET *", "garbage", "html")
    problem(harness.get("/v1/connections/moengage/lists/1", token), 502, "unreadable")


def test_jobs_are_read_in_pages(harness: ServerHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each once, oldest first; all of them where no page is asked for, however few are read at a time."""
    token = harness.token(Scope.LISTS_READ)
    for number in range(5):
        harness.hub.state.jobs.create(
            JobRecord(
                id=JobId(f"paged-{number}"),
                kind="upload",
                connection="moengage",
                steps=(StepRecord(number=1, kind="prepare"),),
                wish=JobWish.PAUSE,
            )
        )
    monkeypatch.setattr("couponhub.jobs.service._AT_ONCE", 2)
    whole = harness.get("/v1/jobs?status=paused", token).json or {}
    assert ([f"paged-{number}" for number in range(5)], None) == (
        [job["id"] for job in whole["items"]],
        whole["next"],
    )
    found, address = [], "/v1/jobs?status=paused&limit=2"
    while True:
        page = harness.get(address, token).json or {}
        found += page["items"]
        if page["next"] is None:
            break
        assert 2 == len(page["items"])
        address = f"/v1/jobs?status=paused&limit=2&after={page['next']}"
    assert whole["items"] == found
    for limit in ("0", "1001", "x", ""):
        assert 400 == harness.get(f"/v1/jobs?limit={limit}", token).status_code
    assert 404 == harness.get("/v1/jobs?after=nobody", token).status_code
