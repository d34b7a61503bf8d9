"""The emulated Capillary behind werkzeug's test client, with the calls that every test makes."""

import base64
import hashlib
import io
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import Client, TestResponse, stream_encode_multipart
from werkzeug.wrappers import Request, Response

from couponhub.testing.emulation.context import Background, EmulatorContext
from couponhub.testing.emulation.vendor import EmulatedCustomer
from couponhub_capillary.emulator import CapillaryEmulator
from tests.kit.eventually import eventually

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


class SteppedBackground(Background):
    """A background that runs its work when told to, one piece at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[tuple[float, Callable[[], None]]] = []

    def later(self, seconds: float, work: Callable[[], None]) -> None:
        """Keep the work."""
        self.waiting.append((seconds, work))

    def step(self) -> float:
        """Run the oldest work; answer after how many seconds it was due."""
        seconds, work = self.waiting.pop(0)
        work()
        return seconds


class Vendor:
    """An emulator, its world, and a client that is signed in."""

    def __init__(self, world: EmulatorContext) -> None:
        self.world = world
        self.world.clock.set(NOW)
        self.emulator = CapillaryEmulator(self.world)
        self.emulator.set_processing_delay(0)
        self.client = Client(self._application())
        self.headers: Mapping[str, str] = {"X-CAP-API-OAUTH-TOKEN": self.token()}

    def token(self) -> str:
        """A new access token."""
        body = {"key": "demo-key", "secret": "demo-secret"}
        answer = self.client.post("/v3/oauth/token/generate", json=body)
        return str(answer.get_json()["data"]["accessToken"])

    def basic(self, password: str = "demo-password") -> Mapping[str, str]:
        """The headers of the till."""
        digest = hashlib.md5(password.encode()).hexdigest()  # noqa: S324 - the vendor's form
        return {"Authorization": "Basic " + base64.b64encode(f"till.01:{digest}".encode()).decode()}

    def get(self, path: str, **query: str | list[str]) -> TestResponse:
        """A signed-in GET."""
        return self.client.get(path, query_string=query, headers=self.headers)

    def send(self, method: str, path: str, body: object, **query: str) -> TestResponse:
        """A signed-in call with a JSON body."""
        return self.client.open(path, method=method, json=body, query_string=query, headers=self.headers)

    def coupons(self, **query: str) -> list[dict[str, Any]]:
        """The coupons of the v1.1 look-up."""
        answer = self.get("/v1.1/customer/coupons", **query).get_json()
        coupons: list[dict[str, Any]] = answer["response"]["customers"]["customer"][0]["coupons"]["coupon"]
        return coupons

    def create(self, **changes: Any) -> TestResponse:
        """A create of the minimal series with changes; None leaves a field out."""
        series = {
            "description": "Imported codes",
            "discountCode": "IMPORT10",
            "validTillDate": "2027-01-31T00:00:00+00:00",
            "anyUser": False,
            "smsTemplate": "Hi {{first_name}} your voucher code {{voucher}}",
            "discountValue": 10,
            "clientHandlingType": "DISC_CODE_PIN",
            "expiryStrategyType": "SERIES_EXPIRY",
            "discountType": "PERC",
            **changes,
        }
        body = {"CouponSeriesV2": {name: value for name, value in series.items() if value is not None}}
        return self.client.post("/v2/coupon/series", json=body, headers=self.headers)

    def series(self, **changes: Any) -> str:
        """The id of a new series."""
        return str(self.create(**changes).get_json()["id"])

    def read(self, series_id: str) -> dict[str, Any]:
        """A series as the list shows it."""
        entity = self.get("/v2/coupon/series", ids=series_id, couponType="ALL").get_json()["entity"]
        found: dict[str, Any] = entity[0]
        return found

    def customer(self, mobile: str = "919000000001", **more: str) -> EmulatedCustomer:
        """A customer that the vendor now knows."""
        added = EmulatedCustomer(mobile=mobile, **more)
        self.emulator.add_customers([added])
        return added

    def issued(self, series_id: str, holder: EmulatedCustomer, count: int = 1) -> list[str]:
        """New codes of a customer."""
        return list(self.emulator.issue(series_id, holder, count=count, codes=None))

    def upload(
        self, series_id: str, content: bytes | str, *, file_name: str = "codes.csv", **parts: str
    ) -> TestResponse:
        """Send a file; `NOT_TAGGED` unless told otherwise."""
        file = io.BytesIO(content.encode() if isinstance(content, str) else content)
        form = {"customerIdentifier": "NOT_TAGGED", **parts, "file": FileStorage(file, file_name)}
        # Encoded in memory whatever its size: the client would spill a long body to a file and leave that open.
        body, length, boundary = stream_encode_multipart(form, threshold=1 << 30)
        return self.client.post(
            f"/coupon/api/v1/upload/file/{series_id}",
            input_stream=body,
            content_length=length,
            content_type=f'multipart/form-data; boundary="{boundary}"',
            headers=self.headers,
        )

    def jobs(self, series_id: str) -> list[dict[str, Any]]:
        """The jobs of a series."""
        answer = self.get(f"/coupon/api/v1/upload/getUploadStatus/{series_id}").get_json()
        jobs: list[dict[str, Any]] = answer["result"]["uploadJobStatuses"]
        return jobs

    def processed(self, series_id: str, content: bytes | str, **parts: str) -> dict[str, Any]:
        """Send a file and answer its job when it has ended."""
        answer = self.upload(series_id, content, **parts).get_json()
        job_id = answer["result"]["uploadJobStatuses"][-1]["jobId"]

        def ended() -> dict[str, Any] | None:
            job = next(job for job in self.jobs(series_id) if job["jobId"] == job_id)
            return job if job["uploadStatus"] in {"FINISHED", "ERRORED"} else None

        return eventually(ended, "the end of the job")

    def refusals(self, job: Mapping[str, Any]) -> list[str]:
        """The lines of a job's error file."""
        return self.emulator.error_file(job["errorFileUrl"]).decode().splitlines()

    def close(self) -> None:
        """End it; nothing that ran in the background may have failed."""
        self.emulator.reset()
        self.world.background.close()
        assert self.world.background.failures == []

    def _application(self) -> Any:
        @Request.application
        def application(request: Request) -> Response:
            return self.emulator.handle(request)

        return application


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    """An empty emulated Capillary; the clock shows 2026-03-10 12:00 UTC."""
    vendor = Vendor(EmulatorContext())
    yield vendor
    vendor.close()


@pytest.fixture
def background() -> SteppedBackground:
    """What works through the files of `slow_vendor`, step by step."""
    return SteppedBackground()


@pytest.fixture
def slow_vendor(background: SteppedBackground) -> Iterator[Vendor]:
    """As `vendor`, but files are worked through only when `background` is told to."""
    vendor = Vendor(EmulatorContext(background=background))
    yield vendor
    vendor.close()
