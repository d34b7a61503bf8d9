"""Staging in an object store, beside an S3 API that is a server of its own."""

import os
import re
import socket
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import attrs
import moto.settings
import obstore
import pytest
import requests
from moto.backends import get_backend
from moto.core.models import DEFAULT_ACCOUNT_ID

from couponhub import object_stores
from couponhub.errors import ConfigError, CouponhubError, LocalError, RateLimited
from couponhub.models import UploadStatus
from couponhub.object_stores import _RETRY
from couponhub.staging import StagingKind, StagingSettings, open_staging
from couponhub.staging.storage import StagingBucket
from couponhub.state import StoreSettings
from couponhub.state.sqlite.database import LedgerDatabase
from tests.kit.buckets import ask
from tests.kit.clock import FakeClock
from tests.uploads.harness import LIST, UploadHarness
from tests.uploads.vendors import Killed, UrlVendor

_SIGN = StagingBucket.sign
CONTENT = b"Coupon Code\nA1\nB2\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A prepared code file."""
    path = tmp_path / "1.csv"
    path.write_bytes(CONTENT)
    return path


def held(settings: StagingSettings) -> dict[str, Any]:
    """What lies in a bucket, by name, as the service keeps it."""
    name = urlsplit(settings.url or "").netloc
    found: dict[str, Any] = dict(get_backend("s3")[DEFAULT_ACCOUNT_ID]["aws"].buckets[name].keys.items())
    return found


def refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the service know nobody any more."""
    monkeypatch.setattr(moto.settings, "INITIAL_NO_AUTH_ACTION_COUNT", 0.0)


def get(url: str, **headers: str) -> requests.Response:
    """Fetch as a vendor would."""
    return requests.get(url, headers=headers, timeout=10)


def test_a_file_lies_there_for_the_time_of_the_job(bucket: StagingSettings, file: Path) -> None:
    """Private, below the prefix, under a name that nobody guesses; ranges are the store's own; then it is gone."""
    with open_staging(bucket).stage(file, "spring.csv") as staged:
        url = staged.url
        (name,) = held(bucket)
        assert re.fullmatch(r"codes/today/staged/[A-Za-z0-9_-]{43}\.csv", name)
        whole, part = get(url), get(url, Range="bytes=0-5")
        assert (CONTENT, "text/csv; charset=utf-8", "no-store") == (
            whole.content,
            whole.headers["Content-Type"],
            whole.headers["Cache-Control"],
        )
        assert (206, CONTENT[:6]) == (part.status_code, part.content)
        assert staged.fetches is None
        assert name.rpartition("/")[2] not in repr(staged)
        assert "AllUsers" not in str(held(bucket)[name].acl)
    assert {} == held(bucket)
    assert 404 == get(url).status_code


def test_the_address_lives_as_long_as_the_vendor_may_take(bucket: StagingSettings, file: Path) -> None:
    """From when it is asked for, signed, and without the secret."""
    with open_staging(attrs.evolve(bucket, url_lifetime=7200)).stage(file, "a.csv") as staged:
        query = parse_qs(urlsplit(staged.url).query)
    assert ["7200"] == query["X-Amz-Expires"]
    assert 64 == len(query["X-Amz-Signature"][0])
    assert "secret" not in staged.url
    signed_at = datetime.strptime(query["X-Amz-Date"][0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    assert abs(datetime.now(UTC) - signed_at) < timedelta(minutes=5)


def test_failure_of_the_job_removes_the_file_too(bucket: StagingSettings, file: Path) -> None:
    """However the block ends, the address ends."""
    with pytest.raises(KeyboardInterrupt), open_staging(bucket).stage(file, "a.csv"):
        raise KeyboardInterrupt
    assert {} == held(bucket)


def test_what_a_killed_process_left_is_taken_on(bucket: StagingSettings, file: Path) -> None:
    """By whoever holds the job's lease, who ends it; others leave it as it is, and put again what is missing."""
    killed, later = open_staging(bucket).stage(file, "a.csv"), open_staging(bucket)
    url = killed.__enter__().url  # and never leaves, as one that is killed
    ((name, left),) = held(bucket).items()
    with later.stage_again(file, url) as again:
        assert again is not None
        assert CONTENT == get(again.url).content
    assert left is held(bucket)[name]

    file.write_bytes(CONTENT[:-3])  # somebody was forgotten meanwhile
    with later.stage_again(file, url, drives=True):
        assert [name] == list(held(bucket))
        assert CONTENT[:-3] == get(url).content
    assert {} == held(bucket)
    with later.stage_again(file, url):
        assert [name] == list(held(bucket))
    assert {} == held(bucket)


def test_an_address_of_other_settings_is_not_taken_on(bucket: StagingSettings, file: Path) -> None:
    """Nobody would come to this bucket for it."""
    with open_staging(bucket).stage(file, "a.csv") as staged:
        url = staged.url
    others = [url.replace("/today/", "/other/"), url.replace(".csv", ".txt"), "https://x.example/a.csv", ""]
    for other in (*others, "http://["):
        with open_staging(bucket).stage_again(file, other, drives=True) as again:
            assert again is None
    assert {} == held(bucket)


def test_orphans_go_by_their_age(bucket: StagingSettings, file: Path) -> None:
    """Once no address of theirs can be good, by the service's clock; nothing but ours, and nothing younger."""
    base = f"{bucket.endpoint}/{(bucket.url or '').removeprefix('s3://')}/staged/"
    names = {"old": "o" * 43 + ".csv", "young": "y" * 43 + ".csv", "other": "report.csv"}
    for name in names.values():
        ask(base + name, "PUT", b"x")
    lives = timedelta(seconds=bucket.url_lifetime, days=7)
    for kind, age in (("old", lives), ("other", 9 * lives), ("young", lives - timedelta(hours=1))):
        key = held(bucket)[f"codes/today/staged/{names[kind]}"]
        key.last_modified -= age + timedelta(minutes=1)

    with open_staging(bucket).stage(file, "a.csv"):
        left = {name.rpartition("/")[2] for name in held(bucket)}
    assert {names["young"], names["other"]} < left
    assert names["old"] not in left


@pytest.mark.parametrize("fault", ["bucket", "permission", "network"])
def test_faults_are_one_clear_line(
    fault: str,
    bucket: StagingSettings,
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The bucket missing, no permission, nobody there: what, where, what to do, and no address."""
    expected: type[CouponhubError] = ConfigError
    match fault:
        case "bucket":
            bucket, words = attrs.evolve(bucket, url="s3://no-bucket/x"), "there is no bucket .*NoSuchBucket"
        case "permission":
            refuse(monkeypatch)
            words = "refuses to put a file into s3://bucket-.*: InvalidAccessKeyId"
        case _:
            with socket.create_server(("127.0.0.1", 0)) as free:
                nobody = f"http://127.0.0.1:{free.getsockname()[1]}"
            bucket, words, expected = attrs.evolve(bucket, endpoint=nobody), "cannot be reached", LocalError
            monkeypatch.setitem(_RETRY, "max_retries", 1)
    with pytest.raises(expected, match=words) as caught, open_staging(bucket).stage(file, "a.csv"):
        pass
    assert [] == [record for record in caplog.records if record.name.startswith("couponhub")]
    told = [str(caught.value), caught.value.hint]
    assert caught.value.hint
    assert (None, None) == (caught.value.__cause__, caught.value.__context__)
    assert [] == [text for text in told if "\n" in text or ".csv" in text or "Signature" in text]


def test_a_services_word_for_a_fault_leads_to_its_mend(
    bucket: StagingSettings, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another region, refused by whoever gives credentials, or in trouble; nothing else is quoted."""
    for text, words, mend in (
        ("<Code>PermanentRedirect</Code> https://x/secret", "in another region", "AWS_REGION"),
        (
            "Received redirect without LOCATION: an incorrectly configured region",
            "another region",
            "AWS_REGION",
        ),
        ("non-2xx status code: 403 Forbidden: secret", "refuses to put .*: HTTP 403", "AWS_ACCESS_KEY_ID"),
        ("non-2xx status code: 503: <Code>SlowDown</Code> secret", "did not put .*: SlowDown", "tries again"),
    ):

        def fails(*_: object, text: str = text, **__: object) -> None:
            raise obstore.exceptions.GenericError(text)

        monkeypatch.setattr(obstore, "put", fails)
        with pytest.raises(CouponhubError, match=words) as caught, open_staging(bucket).stage(file, "a.csv"):
            pass
        assert mend in caught.value.hint
        assert "secret" not in str(caught.value)


def test_a_file_that_cannot_be_removed_is_told_without_its_name(
    bucket: StagingSettings, file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The upload ends as it ended; the age of the file ends it later."""
    with open_staging(bucket).stage(file, "a.csv"):
        refuse(monkeypatch)
    (record,) = [one for one in caplog.records if one.name.startswith("couponhub")]
    assert "stays until it is removed for its age" in record.getMessage()
    assert ".csv" not in record.getMessage()


@pytest.fixture
def harness(bucket: StagingSettings, tmp_path: Path) -> Iterator[UploadHarness]:
    """Uploads to a vendor that fetches files from the bucket."""
    store = LedgerDatabase(StoreSettings(url=f"sqlite:///{tmp_path}/state/hub.db"))
    yield UploadHarness(vendor=UrlVendor(), store=store, clock=FakeClock(), staging=bucket)
    store.close()


def test_an_upload_goes_through_the_bucket(harness: UploadHarness) -> None:
    """The vendor fetches each part there, and nothing is left of it; when it did is not told."""
    upload = harness.uploads.send(LIST, ["A1", "B2", "C3"])

    assert (UploadStatus.DONE, ["A1", "B2", "C3"]) == (upload.status, harness.vendor.codes)
    assert [None, None] == [part.fetches for part in upload.parts]
    assert {} == held(harness.staging)


def test_nothing_is_lost_while_the_store_is_away(
    harness: UploadHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is sent, or half way: the same again, or going on, sends each code once."""
    bucket = harness.staging
    harness.staging = attrs.evolve(bucket, url="s3://no-bucket/x")
    with pytest.raises(ConfigError, match="NoSuchBucket"):
        harness.uploads.send(LIST, ["A1", "B2", "C3"])
    assert () == harness.ledger().of_list(LIST)

    harness.staging = bucket
    harness.vendor.fates = [None, Killed()]
    with pytest.raises(Killed):
        harness.uploads.send(LIST, ["A1", "B2", "C3"])
    (record,) = harness.ledger().of_list(LIST)
    vendor = harness.vendor
    assert isinstance(vendor, UrlVendor)
    with monkeypatch.context() as patch:
        refuse(patch)
        patch.setattr(vendor, "fetches", False)
        with pytest.raises(ConfigError, match="InvalidAccessKeyId"):
            harness.driver.drive(record.id, early=True, timeout=600)
    harness.driver.drive(record.id, early=True)

    assert ["A1", "B2", "C3"] == harness.vendor.codes
    assert UploadStatus.DONE is harness.uploads.show(LIST, record.id).status
    assert {} == held(bucket)


def test_a_part_that_waited_for_a_quota_gets_an_address_of_then(
    harness: UploadHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its life begins when the vendor is told, however long ago the file was put there."""
    signed: list[float] = []

    def sign(self: StagingBucket, key: str, seconds: int) -> str:
        signed.append(harness.clock.monotonic())
        return _SIGN(self, key, seconds)

    monkeypatch.setattr(StagingBucket, "sign", sign)
    harness.vendor.fates = [RateLimited("slow down", retry_after=600)]
    began = harness.clock.monotonic()
    upload = harness.uploads.send(LIST, ["A1"])

    assert UploadStatus.DONE is upload.status
    assert signed[-1] - began >= 600


def test_a_store_on_this_machine_is_for_vendors_on_this_machine(bucket: StagingSettings) -> None:
    """The same rule as for our own server, with the setting to change."""
    staging = open_staging(bucket)
    staging.require_reachable(vendor_is_loopback=True)
    with pytest.raises(ConfigError, match="this machine only") as caught:
        staging.require_reachable(vendor_is_loopback=False)
    assert "staging.endpoint" in caught.value.hint
    open_staging(attrs.evolve(bucket, endpoint=None)).require_reachable(vendor_is_loopback=False)


def test_settings_and_the_extra(bucket: StagingSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bucket is needed, and obstore; each fault says what to do."""
    with pytest.raises(ConfigError, match=r"staging\.url is missing"):
        open_staging(StagingSettings(kind=StagingKind.OBJECT_STORE))
    for url in ("https://bucket.example", "s3://", "bucket/prefix", "s3://b/../c?x", "s3://user:pw@bucket"):
        with pytest.raises(ValueError, match="expected s3://bucket/prefix"):
            attrs.evolve(bucket, url=url)
    with pytest.raises(ValueError, match="expected seconds from 60 to 604800"):
        attrs.evolve(bucket, url_lifetime=8 * 86400)
    with pytest.raises(ConfigError, match=r"cannot be opened: .*Account"):
        open_staging(attrs.evolve(bucket, url="az://box/x", endpoint=None)).require_reachable(
            vendor_is_loopback=False
        )
    monkeypatch.setitem(sys.modules, "obstore.store", None)
    with pytest.raises(ConfigError, match="obstore, which is not installed") as caught:
        open_staging(bucket).require_reachable(vendor_is_loopback=True)
    assert "couponhub[object-store]" in caught.value.hint


def test_a_forked_process_is_told_that_it_cannot(
    bucket: StagingSettings, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The threads behind obstore are the parent's; a child would wait for them for ever."""
    monkeypatch.setattr(object_stores.threads, "_used_in", os.getpid() + 1)
    with pytest.raises(LocalError, match="forked off"), open_staging(bucket).stage(file, "a.csv"):
        pass
