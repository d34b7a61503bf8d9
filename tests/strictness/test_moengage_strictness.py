"""What the emulated MoEngage refuses reaches whoever called, one refusal of each endpoint.

The rules themselves are tried one by one in tests/emulation/test_moengage_emulator.py.
"""

import base64
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date, timedelta
from pathlib import Path

import attrs
import pytest

from couponhub.clock import utc_now
from couponhub.models import Alerts, Upload, UploadStatus
from couponhub.staging import StagedFile
from couponhub.staging.server import ServerStaging
from tests.strictness.tampering import (
    Case,
    Refusal,
    StrictnessHarness,
    assert_refused,
    fields,
    header,
    header_changed,
    names,
)

ALERTS = Alerts(subscribers=("a@example.com",), success=True, failure=True, shortage=5, expiry_days=3)
CREATE, LISTS, UPLOAD = "POST /v1/coupon-list", "GET /v1/coupon-list", "POST /v1/coupon-list/*/files"
REPORT = "POST /v1/coupon-list/*/usage-report"

UNAUTHENTICATED = Refusal(status=401, code="request-unauthenticated")


def today(days: int = 0) -> date:
    """Today in the workspace's zone, or so many days later."""
    return (utc_now() + timedelta(hours=5, minutes=30, days=days)).date()


def create(strict: StrictnessHarness) -> object:
    """Create a list with every alert on."""
    new = strict.harness.new_list(strict.fresh("list"))
    return strict.harness.connection.lists.create(attrs.evolve(new, alerts=ALERTS))


def read_lists(strict: StrictnessHarness) -> object:
    """Read the active lists."""
    return list(strict.harness.connection.lists.iterate("active"))


def upload(strict: StrictnessHarness) -> Upload:
    """Send three codes and wait for the end."""
    codes = [strict.fresh("CODE") for _ in range(3)]
    return strict.harness.connection.uploads.send(strict.list_id, codes, wait=True, timeout=20)


def report(strict: StrictnessHarness) -> object:
    """Ask for a report of today."""
    return strict.harness.connection.usage.request(strict.list_id, today(), today(), ["a@example.com"])


def truth(strict: StrictnessHarness) -> object:
    """All lists with their counts and times, their files, and their codes, as the vendor holds them."""
    call = strict.harness.connection.call
    return [
        (one, call("GET", f"/coupon-list/{one['_id']}/files"), strict.harness.control.codes(one["_id"]))
        for one in call("GET", "/coupon-list")["data"]  # type: ignore[index] # any JSON
    ]


def basic(username: str, password: str) -> str:
    """The header of those credentials."""
    return f"Basic {base64.b64encode(f'{username}:{password}'.encode()).decode()}"


CASES = [
    Case(
        rule="MOE-APPKEY stands beside an upload too",
        do=upload,
        on=UPLOAD,
        alter=header("MOE-APPKEY", None),
        refusal=UNAUTHENTICATED,
    ),
    Case(
        rule="credentials are Basic",
        do=read_lists,
        on=LISTS,
        alter=header_changed("Authorization", lambda value: value.replace("Basic", "Bearer")),
        refusal=UNAUTHENTICATED,
    ),
    Case(
        rule="the workspace is the user and the key the password",
        do=report,
        on=REPORT,
        alter=header("Authorization", basic("demo-key", "DEMO")),
        refusal=UNAUTHENTICATED,
    ),
    Case(
        rule="a name is taken once",
        do=create,
        on=CREATE,
        alter=fields(name="the list"),
        refusal=Refusal(status=400, code="duplicate-coupon-list-name"),
    ),
]

Staging = Callable[[ServerStaging, Path, str], AbstractContextManager[StagedFile]]


def staging(change: Callable[[bytes], bytes]) -> Staging:
    """A staging that gives out another file than it was handed."""
    stage = ServerStaging.stage

    @contextmanager
    def other(self: ServerStaging, file: Path, name: str) -> Iterator[StagedFile]:
        content = file.read_bytes()
        assert change(content) != content
        file.write_bytes(change(content))
        with stage(self, file, name) as staged:
            yield staged

    return other


@pytest.mark.parametrize("case", CASES, ids=names(CASES))
def test_moengage_refuses(case: Case, moengage: StrictnessHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that the adapter makes well is refused when one thing in it is wrong, and changes nothing."""
    assert_refused(case, moengage, monkeypatch, truth)


def test_moengage_fails_a_wrong_file(moengage: StrictnessHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is not as documented is accepted, fails when it is read, and adds no code."""
    assert UploadStatus.DONE is upload(moengage).status
    before = moengage.harness.control.codes(moengage.list_id)
    monkeypatch.setattr(
        ServerStaging, "stage", staging(lambda content: content.replace(b"Coupon Code\n", b""))
    )
    failed = upload(moengage)
    assert [(UploadStatus.FAILED, "FAILED")] == [(part.status, part.vendor_status) for part in failed.parts]
    assert before == moengage.harness.control.codes(moengage.list_id)
