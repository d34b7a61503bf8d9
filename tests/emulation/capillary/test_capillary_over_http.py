"""What the control API offers of the emulated Capillary beyond what every vendor has, and what its end gives back."""

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from couponhub.testing.control import Control
from couponhub.testing.emulation.context import EmulatorContext
from couponhub.testing.emulation.server import EmulatorServer
from couponhub.testing.emulation.vendor import VendorEmulator
from couponhub_capillary.emulator import CapillaryEmulator
from couponhub_moengage.emulator import MoEngageEmulator

BUYER = {"mobile": "919876543210"}
PARTNER = "900004"


def served(*vendors: VendorEmulator, world: EmulatorContext) -> EmulatorServer:
    """The vendors with their demo, served."""
    for vendor in vendors:
        vendor.seed_demo()
    return EmulatorServer(vendors, world)


@pytest.fixture
def server() -> Iterator[EmulatorServer]:
    """Both vendors with their demo."""
    world = EmulatorContext()
    with served(CapillaryEmulator(world), MoEngageEmulator(world), world=world) as server:
        yield server
    assert [] == world.background.failures


@pytest.fixture
def control(server: EmulatorServer) -> Control:
    """Capillary's control."""
    return Control(server.url, "capillary")


def call(server: EmulatorServer, method: str, path: str, **more: Any) -> requests.Response:
    """A signed-in call of Capillary."""
    credentials = {"key": "demo-key", "secret": "demo-secret"}
    signed = requests.post(
        f"{server.url}/capillary/v3/oauth/token/generate", json=credentials, timeout=60
    ).json()
    headers = {"X-CAP-API-OAUTH-TOKEN": signed["data"]["accessToken"]}
    return requests.request(method, f"{server.url}/capillary{path}", headers=headers, timeout=60, **more)


def status_of(control: Control, code: str) -> list[str]:
    """The truth about a code of the demo's partner list."""
    return [row["status"] for row in control.codes(PARTNER) if row["code"] == code]


def test_a_use_is_taken_back(server: EmulatorServer, control: Control) -> None:
    """The coupon is unredeemed again, and its redemption a reversed one."""
    control.redeem(PARTNER, "PARTNER0001", transaction="T-1")
    assert ["redeemed"] == status_of(control, "PARTNER0001")

    control.reactivate(PARTNER, "partner0001")

    assert ["issued"] == status_of(control, "PARTNER0001")
    query = {**BUYER, "includeReversedRedemptions": "true"}
    answer = call(server, "GET", "/v1.1/customer/coupons", params=query).json()
    (customer,) = answer["response"]["customers"]["customer"]
    (reversal,) = customer["reversed_redemptions"]["redemption"]
    assert "T-1" == reversal["transaction_number"]


def test_a_code_is_taken_from_its_customer(control: Control) -> None:
    """It is revoked, and free to be uploaded again."""
    control.revoke(PARTNER, "PARTNER0001")
    assert ["revoked"] == status_of(control, "PARTNER0001")
    control.issue(PARTNER, BUYER, codes=["PARTNER0001"])
    assert ["issued", "revoked"] == sorted(status_of(control, "PARTNER0001"))


@pytest.mark.parametrize(
    ("what", "code", "status"),
    [
        ("revoke", "PARTNER0002", 404),
        ("revoke", "NOWHERE", 404),
        ("reactivate", "PARTNER0001", 400),
        ("reactivate", "NOWHERE", 404),
    ],
)
def test_what_cannot_be_taken_back_is_refused(
    server: EmulatorServer, what: str, code: str, status: int
) -> None:
    """A code that nobody holds, or that was not redeemed."""
    path = f"/_emulator/capillary/lists/{PARTNER}/{what}"
    assert status == requests.post(server.url + path, json={"code": code}, timeout=60).status_code


def test_a_redeemed_code_is_not_revoked(server: EmulatorServer, control: Control) -> None:
    """Only its use can be taken back."""
    control.redeem(PARTNER, "PARTNER0001")
    path = f"/_emulator/capillary/lists/{PARTNER}/revoke"
    answer = requests.post(server.url + path, json={"code": "PARTNER0001"}, timeout=60)
    assert 400 == answer.status_code
    assert "redeemed" in answer.json()["error"]


@pytest.mark.parametrize("path", ["lists/x/revoke", "lists/x/reactivate"])
def test_moengage_takes_nothing_back(server: EmulatorServer, path: str) -> None:
    """A vendor that knows of no such thing says so."""
    answer = requests.post(f"{server.url}/_emulator/moengage/{path}", json={"code": "A"}, timeout=60)
    assert (400, "moengage takes no code back, and no redemption") == (
        answer.status_code,
        answer.json()["error"],
    )


def test_moengage_names_no_refused_rows(server: EmulatorServer) -> None:
    """Its documentation has no field for them."""
    answer = requests.get(f"{server.url}/_emulator/moengage/error-files/x", timeout=60)
    assert (400, "moengage names no files of refused rows") == (answer.status_code, answer.json()["error"])


def test_refused_rows_are_served_to_the_owner_alone(server: EmulatorServer, control: Control) -> None:
    """The job names a key; the vendor's API has no address for it, the control API has (C-35)."""
    vendor = server.app.vendors["capillary"]
    vendor.set_processing_delay(0)
    file = {"file": ("codes.csv", b"coupon code\nNEW1\nPARTNER0005\n")}
    form = {"customerIdentifier": "NOT_TAGGED"}
    path = f"/coupon/api/v1/upload/file/{PARTNER}"
    assert 200 == call(server, "POST", path, files=file, data=form).status_code
    key = None
    while key is None:
        answer = call(server, "GET", f"/coupon/api/v1/upload/getUploadStatus/{PARTNER}").json()
        (job,) = answer["result"]["uploadJobStatuses"]
        key = job["errorFileUrl"]

    text = "coupon code already used in this org - duplicate coupons created entry"
    assert f"ErrorMsg,CouponCode\n{text},PARTNER0005\n" == control.error_file(key)
    assert 404 == call(server, "GET", f"/{key}").status_code


@pytest.mark.parametrize(
    ("name", "value"),
    [("X-CAP-API-ATTRIBUTION-LOOKUP-TYPE", "WECHAT"), ("X-CAP-API-ATTRIBUTION-LOOKUP", "abc")],
)
def test_a_lone_lookup_header_is_1061(server: EmulatorServer, name: str, value: str) -> None:
    """In v2 with Basic authentication the two headers come together or not at all."""
    both = {"X-CAP-API-ATTRIBUTION-LOOKUP-TYPE": "WECHAT", "X-CAP-API-ATTRIBUTION-LOOKUP": "abc"}
    url = f"{server.url}/capillary/v2/customers/coupons"
    sign_in = ("till.01", hashlib.md5(b"demo-password").hexdigest())  # noqa: S324 - the vendor's form
    alone = requests.get(url, params=BUYER, headers={name: value}, auth=sign_in, timeout=60)
    together = requests.get(url, params=BUYER, headers=both, auth=sign_in, timeout=60)

    assert (400, [1061]) == (alone.status_code, [error["code"] for error in alone.json()["errors"]])
    assert 200 == together.status_code
    v1 = requests.get(
        f"{server.url}/capillary/v1.1/customer/coupons",
        params=BUYER,
        headers={name: value},
        auth=sign_in,
        timeout=60,
    )
    assert 200 == v1.json()["response"]["status"]["code"]


def test_a_token_can_be_good_for_so_many_calls(server: EmulatorServer, control: Control) -> None:
    """The fault switch "expired token": however young it is, the call after the last is refused."""
    control.set_options(token_calls=2)
    credentials = {"key": "demo-key", "secret": "demo-secret"}
    signed = requests.post(
        f"{server.url}/capillary/v3/oauth/token/generate", json=credentials, timeout=60
    ).json()
    headers = {"X-CAP-API-OAUTH-TOKEN": signed["data"]["accessToken"]}
    url = f"{server.url}/capillary/v1.1/customer/coupons"

    seen = [requests.get(url, params=BUYER, headers=headers, timeout=60).status_code for _ in range(4)]

    assert [200, 200, 401, 401] == seen
    assert 200 == call(server, "GET", "/v1.1/customer/coupons", params=BUYER).status_code


def test_the_end_closes_files_that_were_not_worked_through() -> None:
    """Uploads that wait leave no open file behind."""
    world = EmulatorContext()
    vendor = CapillaryEmulator(world)
    vendor.set_processing_delay(600)
    with served(vendor, world=world) as server:
        for number in range(3):
            file = {"file": (f"codes{number}.csv", b"coupon code\nNEW\n")}
            form = {"customerIdentifier": "NOT_TAGGED"}
            path = f"/coupon/api/v1/upload/file/{PARTNER}"
            assert 200 == call(server, "POST", path, files=file, data=form).status_code
        waiting = list(vendor._uploads._waiting)
        assert [False] * 3 == [job.file.closed for job in waiting]
    assert [True] * 3 == [job.file.closed for job in waiting]
