"""Tokens, Basic authentication, rights, rate limits, routing and headers of the emulated Capillary."""

import base64
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.emulation.capillary.conftest import Vendor

TOKEN_PATH = "/v3/oauth/token/generate"
GOOD = {"key": "demo-key", "secret": "demo-secret"}
V1_401 = {
    "response": {
        "status": {
            "success": "false",
            "code": 401,
            "message": "Please check your username/password or authentication token",
        }
    }
}


def _claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


def test_a_token_comes_in_the_documented_envelope(vendor: "Vendor") -> None:
    """The documented request gets accessToken and ttlSeconds, and null errors."""
    answer = vendor.client.post(TOKEN_PATH, json=GOOD)
    body = answer.get_json()
    assert answer.status_code == 200
    assert set(body) == {"data", "errors"}
    assert set(body["data"]) == {"accessToken", "ttlSeconds"}
    assert (body["data"]["ttlSeconds"], body["errors"]) == (300, None)


def test_a_token_looks_like_the_vendors(vendor: "Vendor") -> None:
    """The claims are those of printed tokens; scopes is a JSON text."""
    claims = _claims(vendor.token())
    names = "iss exp iat jti sub client_id client_key org_id token_use default_till scopes"
    assert set(claims) == set(names.split())
    assert claims["exp"] - claims["iat"] == 300
    assert len(claims["jti"]) == 22
    assert isinstance(json.loads(claims["scopes"]), list)


@pytest.mark.parametrize(
    "body", [{"key": "demo-key", "secret": "wrong"}, {"key": "nobody", "secret": "demo-secret"}]
)
def test_wrong_client_credentials_get_no_token(vendor: "Vendor", body: dict[str, str]) -> None:
    """Wrong key or secret is HTTP 401 with the one documented text."""
    answer = vendor.client.post(TOKEN_PATH, json=body)
    expected = {"data": None, "errors": [{"code": 401, "message": "Failed to generate OAuth token"}]}
    assert answer.status_code == 401
    assert answer.get_json() == expected


@pytest.mark.parametrize("content", ["{", '{"key": "demo-key"}', "[]", '{"key": 1, "secret": 2}'])
def test_a_malformed_token_request_is_400(vendor: "Vendor", content: str) -> None:
    """Broken JSON or a missing key is HTTP 400 in the same shape."""
    answer = vendor.client.post(TOKEN_PATH, data=content, content_type="application/json")
    assert answer.status_code == 400
    assert answer.get_json()["errors"] == [{"code": 400, "message": "Failed to generate OAuth token"}]


def test_a_token_request_must_be_json(vendor: "Vendor") -> None:
    """The standard's form body is refused."""
    assert vendor.client.post(TOKEN_PATH, data=GOOD).status_code == 415


def test_every_call_gives_another_token_and_old_ones_stay_valid(vendor: "Vendor") -> None:
    """Without the reuse switch tokens differ, and the first still works."""
    first = vendor.headers
    assert vendor.token() != vendor.token()
    assert vendor.client.get("/v1.1/customer/coupons", headers=first).get_json() != V1_401


def test_the_reuse_window_hands_out_the_same_token(vendor: "Vendor") -> None:
    """With the option, the same token comes for that long, and then another."""
    vendor.emulator.set_options({"reuse_window": 30})
    vendor.world.clock.set(vendor.world.clock.now() + timedelta(seconds=31))
    first = vendor.token()
    assert vendor.token() == first
    vendor.world.clock.set(vendor.world.clock.now() + timedelta(seconds=31))
    assert vendor.token() != first


def test_a_token_expires(vendor: "Vendor") -> None:
    """After its ttl a token is refused with HTTP 401."""
    vendor.emulator.set_options({"ttl": 600})
    headers = {"X-CAP-API-OAUTH-TOKEN": vendor.token()}
    vendor.world.clock.set(vendor.world.clock.now() + timedelta(seconds=590))
    assert vendor.client.get("/v1.1/customer/coupons?id=1", headers=headers).get_json() != V1_401
    vendor.world.clock.set(vendor.world.clock.now() + timedelta(seconds=11))
    assert vendor.client.get("/v1.1/customer/coupons?id=1", headers=headers).get_json() == V1_401


def test_every_family_says_401_in_its_own_way(vendor: "Vendor") -> None:
    """HTTP 401 with the family's envelope."""
    v1 = vendor.client.get("/v1.1/customer/coupons?id=1")
    v2 = vendor.client.get("/v2/coupon/series")
    upload = vendor.client.get("/coupon/api/v1/upload/getUploadStatus/1")
    assert (v1.status_code, v2.status_code, upload.status_code) == (401, 401, 401)
    assert v1.get_json() == V1_401
    assert v2.get_json() == {
        "warnings": [],
        "errors": [
            {
                "status": False,
                "code": 401,
                "message": "Please check your username/password or authentication token",
            }
        ],
        "success": False,
    }
    assert upload.get_json() == {
        "success": False,
        "status": 401,
        "result": None,
        "errors": [{"code": 401, "message": "Invalid or expired access token"}],
    }


def test_v1_can_say_401_under_200(vendor: "Vendor") -> None:
    """With the option the code 401 stands in a body under HTTP 200."""
    vendor.emulator.set_options({"v1_unauthorized_as_200": True})
    answer = vendor.client.get("/v1.1/customer/coupons?id=1")
    assert (answer.status_code, answer.get_json()) == (200, V1_401)


def test_only_the_raw_token_in_the_named_header_is_taken(vendor: "Vendor") -> None:
    """A prefix, or another header, is 401; the header's name may come in any case."""
    token = vendor.token()
    wrong = (
        {"X-CAP-API-OAUTH-TOKEN": f"Bearer {token}"},
        {"CAP-API-ACCESS-TOKEN": token},
        {"Authorization": f"Bearer {token}"},
    )
    for headers in wrong:
        assert vendor.client.get("/v1.1/customer/coupons?id=1", headers=headers).status_code == 401
    right = {"x-cap-api-oauth-token": token}
    assert vendor.client.get("/v1.1/customer/coupons?id=1", headers=right).status_code == 200


def test_basic_takes_the_md5_of_the_password(vendor: "Vendor") -> None:
    """v1.1 and v2 accept the till; a wrong or plain password is 401."""
    vendor.series()
    assert vendor.client.get("/v2/coupon/series", headers=vendor.basic()).status_code == 200
    assert vendor.client.get("/v1.1/customer/coupons?id=1", headers=vendor.basic()).status_code == 200
    assert vendor.client.get("/v2/coupon/series", headers=vendor.basic("other")).status_code == 401
    plain = {"Authorization": "Basic " + base64.b64encode(b"till.01:demo-password").decode()}
    assert vendor.client.get("/v2/coupon/series", headers=plain).status_code == 401


def test_uploads_take_basic_only_with_the_option(vendor: "Vendor") -> None:
    """Uploads are OAuth only, unless told otherwise."""
    path = "/coupon/api/v1/upload/getUploadStatus/1"
    assert vendor.client.get(path, headers=vendor.basic()).status_code == 401
    vendor.emulator.set_options({"uploads_accept_basic": True})
    assert vendor.client.get(path, headers=vendor.basic()).status_code == 200


@pytest.mark.parametrize(
    ("right", "method", "path"),
    [
        ("default", "GET", "/v1.1/customer/coupons"),
        ("default", "GET", "/v2/customers/coupons"),
        ("coupon-read", "GET", "/v2/coupon/series"),
        ("coupon-write", "POST", "/v2/coupon/series"),
        ("coupon-write", "POST", "/coupon/api/v1/upload/file/1"),
        ("coupon-read", "GET", "/coupon/api/v1/upload/getUploadStatus/1"),
    ],
)
def test_a_withheld_right_is_403_with_4000(vendor: "Vendor", right: str, method: str, path: str) -> None:
    """The client that lacks the right is refused, in one body for all families; another client is not."""
    expected = {
        "warnings": [],
        "errors": [{"status": False, "code": 4000, "message": "Not authorized. Access is denied!"}],
    }
    vendor.emulator.set_options({"denied": {"demo-key": [right]}})
    answer = vendor.client.open(path, method=method, headers=vendor.headers)
    assert (answer.status_code, answer.get_json()) == (403, expected)
    vendor.emulator.set_options({"denied": {"till.01": [right]}})
    assert vendor.client.open(path, method=method, headers=vendor.headers).status_code != 403


def test_authorisation_can_be_unavailable(vendor: "Vendor") -> None:
    """With the fault on, every signed-in call is 503 with 4001."""
    vendor.emulator.set_options({"authorization_unavailable": True})
    answer = vendor.get("/v2/coupon/series")
    expected = {
        "warnings": [],
        "errors": [{"status": False, "code": 4001, "message": "Authorization status unavailable!"}],
    }
    assert (answer.status_code, answer.get_json()) == (503, expected)


def test_the_rate_limit_counts_v1_and_v2_per_client(vendor: "Vendor") -> None:
    """The call beyond the limit is 429 with Retry-After; uploads and other clients go on; a minute later all do."""
    vendor.emulator.set_options({"rate_limit": 2})
    vendor.emulator.set_rate_limits(documented=True)
    assert vendor.get("/v1.1/customer/coupons", id="1").status_code == 200
    assert vendor.get("/v2/coupon/series", ids="1").status_code == 400
    refused = vendor.get("/v1.1/customer/coupons", id="1")
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.get_json() == {
        "response": {"status": {"success": "false", "code": 429, "message": "Too many requests"}}
    }
    assert vendor.get("/coupon/api/v1/upload/getUploadStatus/1").status_code == 200
    assert vendor.client.get("/v1.1/customer/coupons?id=1", headers=vendor.basic()).status_code == 200
    vendor.world.clock.set(vendor.world.clock.now() + timedelta(seconds=61))
    assert vendor.get("/v1.1/customer/coupons", id="1").status_code == 200


def test_no_rate_limit_unless_switched_on(vendor: "Vendor") -> None:
    """Documented limits are off at first."""
    vendor.emulator.set_options({"rate_limit": 1})
    statuses = {vendor.get("/v1.1/customer/coupons", id="1").status_code for _ in range(5)}
    assert statuses == {200}


def test_the_order_of_checks(vendor: "Vendor") -> None:
    """Path before credentials, credentials before right, right before content type and parameters."""
    vendor.emulator.set_options({"denied": {"demo-key": ["coupon-write"]}})
    assert vendor.client.post("/v2/nothing").status_code == 404
    assert vendor.client.post("/v2/coupon/series", data="x").status_code == 401
    assert vendor.client.post("/v2/coupon/series", data="x", headers=vendor.headers).status_code == 403
    vendor.emulator.set_options({"denied": {}})
    assert vendor.client.post("/v2/coupon/series", data="x", headers=vendor.headers).status_code == 415


@pytest.mark.parametrize(
    ("method", "path", "code", "text"),
    [
        ("GET", "/v1.1/customer/nothing", 404, "Incorrect resource"),
        ("POST", "/v1.1/customer/coupons", 405, "Incorrect HTTP Method"),
    ],
)
def test_v1_says_wrong_paths_and_methods_in_the_body(
    vendor: "Vendor", method: str, path: str, code: int, text: str
) -> None:
    """v1.1 answers HTTP 200 around its 404 or 405."""
    answer = vendor.client.open(path, method=method)
    assert answer.status_code == 200
    assert answer.get_json() == {"response": {"status": {"success": "false", "code": code, "message": text}}}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v2/coupon/series/1", 405),
        ("DELETE", "/v2/coupon/series", 405),
        ("PUT", "/v2/coupon/series", 405),
        ("GET", "/v1/customer/coupons", 404),
        ("GET", "/coupon/api/v1/upload/getUploadStatus?couponSeriesId=1", 404),
        ("GET", "/upload/getUploadStatus/1", 404),
        ("GET", "/coupon/api/v1/upload/file/1", 405),
        ("POST", "/coupon/api/v1/upload/files/1", 404),
        ("GET", "/v3/oauth/token/generate", 405),
        ("GET", "//v2/coupon/series", 404),
    ],
)
def test_other_families_use_the_http_status(vendor: "Vendor", method: str, path: str, status: int) -> None:
    """v2, v3 and uploads answer 404 and 405 as HTTP."""
    assert vendor.client.open(path, method=method).status_code == status


def test_v1_answers_carry_the_vendors_headers(vendor: "Vendor") -> None:
    """The headers seen on real answers; status_code is the item's code."""
    answer = vendor.get("/v1.1/customer/coupons", mobile="1")
    headers = answer.headers
    assert headers["Content-Type"] == "application/json;charset=UTF-8"
    assert headers["X-Cap-RequestID"] == headers["X-CAP-REQUEST-ID"]
    assert len(headers["X-Cap-RequestID"]) == 32
    assert headers["uri_path"] == "/v1.1/customer/coupons"
    assert (headers["org_id"], headers["till"]) == ("100737", "till.01")
    assert (headers["status_code"], headers["success"], headers["fail"]) == ("701", "0", "1")
    assert {"X-Application-Context", "X-Frame-Options"} <= set(headers.keys())


def test_other_answers_carry_a_request_id(vendor: "Vendor") -> None:
    """The request id is on all answers, v1.1's other headers are not."""
    headers = vendor.get("/v2/coupon/series").headers
    assert len(headers["X-CAP-REQUEST-ID"]) == 32
    assert "uri_path" not in headers


def test_v1_refuses_xml(vendor: "Vendor") -> None:
    """XML is 406; format=json and no wish at all are JSON."""
    assert vendor.get("/v1.1/customer/coupons", id="1", format="xml").status_code == 406
    headers = {**vendor.headers, "Accept": "application/xml"}
    assert vendor.client.get("/v1.1/customer/coupons?id=1", headers=headers).status_code == 406
    assert vendor.get("/v1.1/customer/coupons", id="1", format="json").status_code == 200
