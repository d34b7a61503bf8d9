"""Two servers behind a balancer are one: whatever one of them knows, makes or drops, the other does too."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from couponhub import CouponHub
from couponhub.models import UploadId
from couponhub.testing import EmulatedVendors
from tests.kit.eventually import eventually
from tests.machines.two_servers import Machine
from tests.server.harness import MOBILE

ASKED = {"customer": {"mobile": MOBILE}, "connections": ["capillary"]}


def fresh(name: str) -> str:
    """A code or an identifier that the vendors, which are those of all kinds, have not seen before."""
    return f"{name}-{secrets.token_hex(6)}"


def answers(machine: Machine, token: str, status: int) -> Callable[[], bool]:
    """Tell, when called, whether a machine answers a lookup with that status."""
    return lambda: machine.post("/v1/lookup", ASKED, token).status_code == status


def test_a_token_of_one_is_taken_by_the_other(pair: list[Machine]) -> None:
    """And refused by both once either has removed it."""
    one, other = pair
    made = one.cli("token", "new", "--scope", "lookup", "--name", "till")["token"]
    for machine in pair:
        eventually(answers(machine, made, 200), "a right")
    other.cli("token", "rm", "till")
    for machine in pair:
        eventually(answers(machine, made, 401), "its end")


def test_both_tell_of_the_same_parts(pair: list[Machine], shared: str) -> None:
    """All are there; no password of an address is told, not even to who asks from the machine itself."""
    seen = [machine.get("/readyz").json() for machine in pair]
    for document in seen:
        assert ("ok", False) == (document["status"], document["degraded"])
    parts = [[(one["part"], one["kind"], one["place"]) for one in document["parts"]] for document in seen]
    assert parts[0] == parts[1]
    assert ("shared" in {one[0] for one in parts[0]}) == ("[shared]" in shared)
    assert all(place for _, _, place in parts[0])
    assert "pg-pass-of-tests" not in str(seen)
    assert "@" not in str(parts)


def test_both_spend_one_quota(pair: list[Machine], token: str) -> None:
    """A call that one machine makes is missing from what the other has left."""

    def left(machine: Machine) -> int:
        served: Any = machine.get("/v1/connections", token).json()
        (found,) = [one for one in served["items"] if one["connection"] == "moengage"]
        return int(found["left"]["fetch_lists_per_day"])

    for one, other in (pair, pair[::-1]):
        before = left(other)
        for _ in range(3):
            assert 200 == one.get("/v1/connections/moengage/lists", token).status_code
        assert left(other) <= before - 3


def test_a_call_back_at_the_other_wakes_who_waits(
    pair: list[Machine], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The vendor calls the second machine; the first, which would look again after an hour, looks at once."""
    from couponhub.uploads import service
    from couponhub.uploads.polling import Poller

    one, other = pair

    def patient(*, clock: Any) -> Poller:
        return Poller(clock=clock, first=3600.0, longest=3600.0)

    monkeypatch.setattr(service, "Poller", patient)
    config = tmp_path / "couponhub.toml"
    text = (one.folder / "couponhub.toml").read_text(encoding="utf-8")
    config.write_text(f'{text}\n[server]\npublic_url = "{other.url}"\n', encoding="utf-8")
    codes = tmp_path / "codes.csv"
    codes.write_text(f"code\n{fresh('A')}\n{fresh('B')}\n", encoding="utf-8")
    with CouponHub.from_config(config) as hub:
        moengage = hub["moengage"]
        list_id = next(iter(moengage.lists.iterate())).id
        upload = moengage.uploads.send(list_id, str(codes), wait=True, timeout=300)
        assert "done" == upload.status
        assert not hub.state.callbacks.calls(upload.id)
        token = hub.state.callbacks.begin(UploadId("up_of_another"))
        assert 204 == one.post(f"/v1/callbacks/{token}", {}, "").status_code
        assert 1 == hub.state.callbacks.calls(UploadId("up_of_another"))
        hub.state.callbacks.end(UploadId("up_of_another"))
        assert 404 == other.post(f"/v1/callbacks/{token}", {}, "").status_code


def test_an_upload_of_one_is_shown_by_the_other(pair: list[Machine], token: str, tmp_path: Path) -> None:
    """With how it stands."""
    one, other = pair
    codes = tmp_path / "codes.csv"
    codes.write_text(f"code\n{fresh('SHOWN')}\n", encoding="utf-8")
    list_id = one.cli("lists", "ls", "capillary")["items"][0]["id"]
    sent = one.cli("uploads", "send", "capillary", list_id, str(codes), "--yes")
    shown = other.get(f"/v1/connections/capillary/lists/{list_id}/uploads/{sent['id']}", token)
    assert (200, sent["id"]) == (shown.status_code, shown.json()["id"])


def test_forget_on_one_is_obeyed_by_the_other(
    pair: list[Machine], token: str, vendors: EmulatedVendors
) -> None:
    """Both remember an answer, and show what the vendor says now once somebody was forgotten on the first."""

    def shown(machine: Machine) -> int:
        answer = machine.post("/v1/lookup", ASKED, token)
        assert 200 == answer.status_code
        return len(answer.json()["coupons"])

    def shows(machine: Machine, count: int) -> bool:
        return shown(machine) == count

    before = {shown(machine) for machine in pair}
    list_id = pair[0].cli("lists", "ls", "capillary")["items"][0]["id"]
    vendors.controls["capillary"].issue(list_id, {"mobile": MOBILE}, count=1)
    assert before == {shown(machine) for machine in pair}
    pair[0].cli("forget", "--mobile", MOBILE, "--yes")
    for machine in pair:
        eventually(partial(shows, machine, min(before) + 1), "the answer to be forgotten", seconds=10)


def test_an_import_on_one_is_seen_by_the_other(
    pair: list[Machine], token: str, vendors: EmulatedVendors, tmp_path: Path
) -> None:
    """A customer whose codes a report names is found by both servers, and by neither after `forget`."""
    one, other = pair
    buyer = fresh("EXT")
    asked = {"customer": {"external_id": buyer}, "connections": ["moengage"]}

    def verdicts() -> set[str]:
        answered = [machine.post("/v1/lookup", asked, token) for machine in pair]
        return {answer.json()["answers"][0]["verdict"] for answer in answered}

    control = vendors.controls["moengage"]
    list_id = one.cli("lists", "ls", "moengage")["items"][0]["id"]
    control.issue(list_id, {"external_id": buyer}, count=1)
    today = (datetime.now(UTC) + timedelta(hours=5, minutes=30)).date()  # where the vendor is
    days = ("--from", str(today - timedelta(days=1)), "--to", str(today))
    before = len(control.mails())
    one.cli("usage", "request", "moengage", list_id, *days, "--email", "reports@example.com")
    eventually(lambda: len(control.mails()) > before, "the mail")
    report = tmp_path / "report.eml"
    report.write_bytes(control.eml(len(control.mails())))
    assert "found" not in verdicts()
    assert one.cli("usage", "import", "moengage", list_id, str(report), *days)["rows"]
    assert {"found"} == verdicts()
    other.cli("forget", "--external-id", buyer, "--yes")
    eventually(lambda: "found" not in verdicts(), "both to have forgotten", seconds=10)
