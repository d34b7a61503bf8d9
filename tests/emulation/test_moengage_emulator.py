"""The MoEngage emulator answers as MoEngage documents it, and keeps its own truth straight."""

import base64
import csv
import io
import json
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse
from werkzeug.wrappers import Request, Response

from couponhub.testing.emulation.context import EmulatorContext, Mail
from couponhub.testing.emulation.vendor import ControlError, EmulatedCustomer
from couponhub_moengage.emulator import MoEngageEmulator
from tests.kit.eventually import eventually
from tests.kit.scripted_server import PathServer, is_silent, says, sends

LISTS = "/v1/coupon-list"
OCTOBER = datetime(2024, 10, 1, 11, 29, tzinfo=UTC)
UNKNOWN_ID = "0" * 24
BUYER = EmulatedCustomer(external_id="EXT-1", email="b@example.com", mobile="911", id="77")
MINIMAL_REQUEST = {"name": "a", "label": "a", "expires_at": "2024-10-25", "created_by": "John"}
FULL_REQUEST = {
    "name": "signup_coupons",
    "label": "signup_coupons",
    "created_by": "John",
    "email_alert_subscribers": ["john.doe@example.com"],
    "expires_at": "2024-10-25",
    "alert_conditions": {
        "success_alert": True,
        "failure_alert": True,
        "expiry_alert": {"alert": True, "days_before": 1},
        "coupon_shortage_alert": {"alert": True, "threshold_count": 4},
    },
}


class EmulatorHarness:
    """An emulator at 2024-10-01 with no delay, and a client that is signed in unless told otherwise."""

    def __init__(self) -> None:
        self.world = EmulatorContext()
        self.world.clock.set(OCTOBER)
        self.emulator = MoEngageEmulator(self.world)
        self.emulator.set_processing_delay(0)
        self.emulator.set_options({"fetch_retry_seconds": 0.0, "callback_retry_seconds": 0.0})

        @Request.application
        def app(request: Request) -> Response:
            return self.emulator.handle(request)

        self.client = Client(app)

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        raw: bytes | None = None,
        sign_in: tuple[str, str] | None = ("DEMO", "demo-key"),
        appkey: str | None = "DEMO",
        content_type: str = "application/json",
    ) -> TestResponse:
        """Send one request, with a body as JSON or raw."""
        headers = {} if appkey is None else {"MOE-APPKEY": appkey}
        if sign_in is not None:
            headers["Authorization"] = "Basic " + base64.b64encode(":".join(sign_in).encode()).decode()
        sent = raw if raw is not None else None if body is None else json.dumps(body).encode()
        return self.client.open(
            path, method=method, headers=headers, data=sent, content_type=content_type if sent else None
        )

    def new_list(self, name: str = "a", **fields: Any) -> str:
        """Create a list with that name and label; answers its id."""
        answer = self.call("POST", LISTS, {**MINIMAL_REQUEST, "name": name, "label": name, **fields})
        assert 201 == answer.status_code
        return str(answer.get_json()["_id"])

    def read(self, list_id: str) -> dict[str, Any]:
        """Fetch one list."""
        return dict(self.call("GET", f"{LISTS}/{list_id}").get_json())

    def upload(self, list_id: str, url: str, **fields: Any) -> str:
        """Upload a file by its URL; answers its id."""
        answer = self.call("POST", f"{LISTS}/{list_id}/files", {"file_url": url, **fields})
        assert 201 == answer.status_code
        return str(answer.get_json()["_id"])

    def file(self, list_id: str, file_id: str) -> dict[str, Any]:
        """Fetch one file."""
        return dict(self.call("GET", f"{LISTS}/{list_id}/files/{file_id}").get_json())

    def finished(self, list_id: str, file_id: str) -> dict[str, Any]:
        """Fetch one file once it is processed."""
        eventually(lambda: self.file(list_id, file_id)["status"] not in {"PENDING", "PROCESSING"})
        return self.file(list_id, file_id)

    def filled_list(self, *codes: str, **fields: Any) -> str:
        """A list of these codes, seeded rather than uploaded."""
        fields = {"name": "filled", "codes": list(codes), "expires_at": "2024-10-25", **fields}
        self.emulator.seed({"lists": [fields]})
        lists = self.call("GET", LISTS).get_json()["data"]
        return str(next(each["_id"] for each in lists if each["name"] == fields["name"]))

    def mails(self) -> tuple[Mail, ...]:
        """All mails sent so far."""
        return self.world.outbox.mails()


def error(answer: TestResponse) -> tuple[int, str, str]:
    """Status, code and text of an error in the documented envelope."""
    body = answer.get_json()
    assert {"error"} == set(body)
    assert {"code", "message"} == set(body["error"])
    return answer.status_code, body["error"]["code"], body["error"]["message"]


def status_of(codes: Any) -> dict[str, str]:
    """The truth without its customers."""
    return {each["code"]: each["status"] for each in codes}


@pytest.fixture
def harness() -> Iterator[EmulatorHarness]:
    """An emulator whose background work is known not to have crashed."""
    harness = EmulatorHarness()
    yield harness
    harness.world.background.close()
    assert [] == harness.world.background.failures


@pytest.fixture
def host() -> Iterator[PathServer]:
    """A web server for files and callbacks."""
    with PathServer() as host:
        yield host


# Sign-in, routing, feature


UNAUTHENTICATED = (
    401,
    "request-unauthenticated",
    "Your request is unauthorized. Please verify your credentials and try again.",
)


@pytest.mark.parametrize(
    ("sign_in", "appkey"),
    [
        (None, "DEMO"),
        (("DEMO", "wrong"), "DEMO"),
        (("demo-key", "DEMO"), "DEMO"),
        (("OTHER", "demo-key"), "OTHER"),
        (("DEMO", "demo-key"), "OTHER"),
        (("DEMO", "demo-key"), None),
    ],
)
def test_wrong_credentials_or_appkey_are_401(
    harness: EmulatorHarness, sign_in: tuple[str, str] | None, appkey: str | None
) -> None:
    """Missing or wrong credentials, and a missing or differing MOE-APPKEY, are refused."""
    assert UNAUTHENTICATED == error(harness.call("GET", LISTS, sign_in=sign_in, appkey=appkey))


def test_appkey_may_be_left_out_on_create_only_unless_the_option_says_otherwise(
    harness: EmulatorHarness,
) -> None:
    """D-2: create needs no MOE-APPKEY by default, but a wrong one is refused there too."""
    assert 201 == harness.call("POST", LISTS, MINIMAL_REQUEST, appkey=None).status_code
    assert UNAUTHENTICATED == error(harness.call("POST", LISTS, MINIMAL_REQUEST, appkey="OTHER"))
    harness.emulator.set_options({"require_appkey": "all"})
    assert UNAUTHENTICATED == error(harness.call("POST", LISTS, MINIMAL_REQUEST, appkey=None))
    harness.emulator.set_options({"require_appkey": "never"})
    assert 200 == harness.call("GET", LISTS, appkey=None).status_code
    assert UNAUTHENTICATED == error(harness.call("GET", LISTS, appkey="OTHER"))


def test_credentials_are_options(harness: EmulatorHarness) -> None:
    """Another workspace and key can be set, and the old ones stop working."""
    harness.emulator.set_options({"workspace_id": "W", "api_key": "k"})
    assert 200 == harness.call("GET", LISTS, sign_in=("W", "k"), appkey="W").status_code
    assert 401 == harness.call("GET", LISTS).status_code
    assert {"workspace_id": "DEMO", "api_key": "demo-key"} == dict(harness.emulator.credentials)


def test_account_without_coupons_is_403_after_sign_in(harness: EmulatorHarness) -> None:
    """The feature flag is looked at after the credentials, before the body."""
    harness.emulator.set_options({"coupon_feature": False})
    assert (
        403,
        "request-forbidden",
        (
            "Your account does not have access to the Coupon Management features."
            " Please contact the MoEngage team for further assistance."
        ),
    ) == error(harness.call("POST", LISTS, raw=b"{"))
    assert 401 == harness.call("GET", LISTS, sign_in=None).status_code


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/coupon-list", 404),
        ("GET", "/v2/coupon-list", 404),
        ("GET", "/v1/coupon-list/", 404),
        ("GET", "/v1//coupon-list", 404),
        ("GET", "/v1/coupon-list/x/archive/y", 404),
        ("PUT", "/v1/coupon-list", 405),
        ("PUT", "/v1/coupon-list/x", 405),
        ("DELETE", "/v1/coupon-list/x", 405),
        ("HEAD", "/v1/coupon-list", 405),
        ("GET", "/v1/coupon-list/x/usage-report", 405),
        ("POST", "/v1/coupon-list/x/archive", 405),
    ],
)
def test_unknown_paths_are_404_and_wrong_methods_405_before_sign_in(
    harness: EmulatorHarness, method: str, path: str, status: int
) -> None:
    """D-32: path and method come first, whoever asks."""
    assert status == harness.call(method, path, sign_in=None).status_code


def test_405_names_the_methods_that_go(harness: EmulatorHarness) -> None:
    """The Allow header lists what the path takes, HEAD not among it."""
    assert "GET, POST" == harness.call("DELETE", LISTS).headers["Allow"]


def test_unknown_path_has_the_generic_404(harness: EmulatorHarness) -> None:
    """The reusable not-found answer is used for paths."""
    assert (404, "not-found", "The requested resource was not found.") == error(harness.call("GET", "/v1/x"))


# Create


CREATED_FIELDS = {
    "_id",
    "name",
    "label",
    "expires_at",
    "status",
    "email_alert_subscribers",
    "alert_conditions",
    "created_by",
}
READ_FIELDS = CREATED_FIELDS | {"total_coupons", "available_coupons", "created_at", "updated_at"}


def test_documented_create_request_is_accepted_and_echoed(harness: EmulatorHarness) -> None:
    """The full sample is accepted on a day before its expiry; the answer has the create column's fields."""
    answer = harness.call("POST", LISTS, FULL_REQUEST)
    body = answer.get_json()
    assert 201 == answer.status_code
    assert CREATED_FIELDS == set(body)
    assert re.fullmatch("[0-9a-f]{24}", body["_id"])
    assert "2024-10-25T18:29:00" == body["expires_at"]
    assert "ACTIVE" == body["status"]
    sent_back = ("name", "label", "created_by", "email_alert_subscribers", "alert_conditions")
    assert {key: FULL_REQUEST[key] for key in sent_back} == {key: body[key] for key in sent_back}


def test_left_out_alerts_and_subscribers_answer_as_off_and_none(harness: EmulatorHarness) -> None:
    """D-15: the minimal sample answers all-off alerts and no subscribers."""
    body = harness.call("POST", LISTS, MINIMAL_REQUEST).get_json()
    assert [] == body["email_alert_subscribers"]
    assert {
        "success_alert": False,
        "failure_alert": False,
        "expiry_alert": {"alert": False},
        "coupon_shortage_alert": {"alert": False},
    } == body["alert_conditions"]


TYPES = "The data type provided for some of the attributes is invalid."
BAD_VALUE = "The value provided for the '{}' key is invalid. Please verify and try again."
PAST = "The expiry date should not be a past date. Please verify and try again."
BEYOND = "The expiry alert days should not exceed the expiry date."
INCORRECT = "The requested JSON is incorrect. Please verify and try again."


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"colour": 1}, "Invalid field in the request: ['colour']. Please verify and try again"),
        ({"x": 1, "y": 2}, "Invalid field in the request: ['x', 'y']. Please verify and try again"),
        (
            {"alert_conditions": {"expiry_alert": {"days": 1}}},
            "Invalid field in the request: ['days']. Please verify and try again",
        ),
        ({"name": 5}, TYPES),
        ({"name": None}, TYPES),
        ({"email_alert_subscribers": "john.doe@example.com"}, TYPES),
        ({"email_alert_subscribers": [1]}, TYPES),
        ({"alert_conditions": []}, TYPES),
        ({"alert_conditions": {"success_alert": 1}}, TYPES),
        ({"alert_conditions": {"expiry_alert": True}}, TYPES),
        ({"alert_conditions": {"expiry_alert": {"alert": True, "days_before": True}}}, TYPES),
        ({"alert_conditions": {"expiry_alert": {"alert": True, "days_before": 1.0}}}, TYPES),
        ({"alert_conditions": {"coupon_shortage_alert": {"alert": True, "threshold_count": "4"}}}, TYPES),
        ({"alert_conditions": {"coupon_shortage_alert": {"alert": True, "threshold_count": True}}}, TYPES),
        ({"name": ""}, BAD_VALUE.format("name")),
        ({"label": ""}, BAD_VALUE.format("label")),
        ({"created_by": ""}, BAD_VALUE.format("created_by")),
        ({"email_alert_subscribers": ["nobody"]}, BAD_VALUE.format("email_alert_subscribers")),
        ({"expires_at": "25-10-2024"}, BAD_VALUE.format("expires_at")),
        ({"expires_at": "20241025"}, BAD_VALUE.format("expires_at")),
        ({"expires_at": "2024-02-30"}, BAD_VALUE.format("expires_at")),
        ({"expires_at": "2024-10-25T00:00:00"}, BAD_VALUE.format("expires_at")),
        ({"expires_at": "2024-09-30"}, PAST),
        (
            {"alert_conditions": {"expiry_alert": {"alert": False, "days_before": 1}}},
            "The 'alert' value is set to False but the 'days_before' value is provided.",
        ),
        (
            {"alert_conditions": {"expiry_alert": {"alert": True}}},
            "The 'alert' value is set to True but the 'days_before' value is missing.",
        ),
        (
            {"alert_conditions": {"coupon_shortage_alert": {"alert": True}}},
            "The 'alert' value is set to True but the 'threshold_count' value is missing.",
        ),
        (
            {"alert_conditions": {"coupon_shortage_alert": {"alert": False, "threshold_count": 1}}},
            "The 'alert' value is set to False but the 'threshold_count' value is provided.",
        ),
        ({"alert_conditions": {"expiry_alert": {"alert": True, "days_before": 25}}}, BEYOND),
        (
            {"alert_conditions": {"expiry_alert": {"alert": True, "days_before": -1}}},
            BAD_VALUE.format("days_before"),
        ),
    ],
)
def test_create_refuses_with_the_documented_text(
    harness: EmulatorHarness, change: dict[str, Any], message: str
) -> None:
    """Every documented 400 `invalid-request` of create, with the key filled in."""
    assert (400, "invalid-request", message) == error(
        harness.call("POST", LISTS, {**MINIMAL_REQUEST, **change})
    )
    assert [] == harness.call("GET", LISTS).get_json()["data"]


@pytest.mark.parametrize("key", ["name", "label", "expires_at", "created_by"])
def test_create_names_a_missing_key(harness: EmulatorHarness, key: str) -> None:
    """Each mandatory key has its own `missing-mandatory-attributes`."""
    body = {name: value for name, value in MINIMAL_REQUEST.items() if name != key}
    assert (
        400,
        "missing-mandatory-attributes",
        f"Missing mandatory key '{key}'. Please verify and try again.",
    ) == error(harness.call("POST", LISTS, body))


@pytest.mark.parametrize("raw", [b"{", b"[]", b"null", b'{"name": NaN}', b"\xff", b'"text"', b"[" * 100_000])
def test_what_is_no_json_object_is_refused(harness: EmulatorHarness, raw: bytes) -> None:
    """Malformed JSON, and JSON that is no object, have the documented text."""
    assert (400, "invalid-request", INCORRECT) == error(harness.call("POST", LISTS, raw=raw))


def test_body_must_be_declared_as_json(harness: EmulatorHarness) -> None:
    """The required Content-Type is insisted on; a charset is fine."""
    wrong = harness.call("POST", LISTS, MINIMAL_REQUEST, content_type="text/plain")
    right = harness.call("POST", LISTS, MINIMAL_REQUEST, content_type="application/json; charset=utf-8")
    assert (400, "invalid-request", INCORRECT) == error(wrong)
    assert 201 == right.status_code


def test_names_and_labels_are_unique_over_lists_of_any_status(harness: EmulatorHarness) -> None:
    """D-31: a taken name or label is refused, archived or not; other capitals are another name."""
    list_id = harness.new_list("taken")
    assert 204 == harness.call("PUT", f"{LISTS}/{list_id}/archive").status_code
    assert (
        400,
        "duplicate-coupon-list-name",
        "The coupon list name already exists. Please enter a unique name and try again.",
    ) == error(harness.call("POST", LISTS, {**MINIMAL_REQUEST, "name": "taken", "label": "taken"}))
    assert (
        400,
        "duplicate-coupon-list-label",
        "The coupon list label already exists. Please enter a unique label and try again.",
    ) == error(harness.call("POST", LISTS, {**MINIMAL_REQUEST, "name": "free", "label": "taken"}))
    assert (
        201 == harness.call("POST", LISTS, {**MINIMAL_REQUEST, "name": "Taken", "label": "Taken"}).status_code
    )


def test_unknown_keys_then_missing_keys_then_types_then_values(harness: EmulatorHarness) -> None:
    """Of several faults the one that is looked for first is told; the order is assumed (D-37)."""
    body: dict[str, Any] = {"name": 1, "expires_at": "2024-09-30", "created_by": "J", "x": 1}
    assert "Invalid field" in error(harness.call("POST", LISTS, body))[2]
    del body["x"]
    assert "Missing mandatory" in error(harness.call("POST", LISTS, body))[2]
    body["label"] = "l"
    assert TYPES == error(harness.call("POST", LISTS, body))[2]
    body["name"] = "n"
    assert PAST == error(harness.call("POST", LISTS, body))[2]


def test_today_is_told_in_the_workspace_zone(harness: EmulatorHarness) -> None:
    """At 20:00 UTC it is tomorrow in India: today's UTC date is past, and the zone is an option."""
    harness.world.clock.set(datetime(2024, 10, 25, 20, 0, tzinfo=UTC))
    assert PAST == error(harness.call("POST", LISTS, MINIMAL_REQUEST))[2]
    harness.emulator.set_options({"workspace_timezone": "UTC"})
    answer = harness.call("POST", LISTS, MINIMAL_REQUEST)
    assert (201, "2024-10-25T23:59:00") == (answer.status_code, answer.get_json()["expires_at"])


def test_optional_limit_of_lists(harness: EmulatorHarness) -> None:
    """D-19: the number of lists can be limited; archived ones count."""
    harness.emulator.set_options({"lists_limit": 1})
    harness.new_list("one")
    answer = error(harness.call("POST", LISTS, {**MINIMAL_REQUEST, "name": "two", "label": "two"}))
    assert (400, "invalid-request") == answer[:2]


# Read lists


def test_fetch_one_has_the_documented_fields(harness: EmulatorHarness) -> None:
    """Fetch-one adds counts, zoned times and the snippet to what create answers."""
    harness.call("POST", LISTS, {**FULL_REQUEST, "name": "signup coupons"})
    listed = harness.call("GET", LISTS).get_json()["data"]
    answer = harness.call("GET", f"{LISTS}/{listed[0]['_id']}")
    body = answer.get_json()
    assert 200 == answer.status_code
    assert READ_FIELDS | {"personalization_snippet"} == set(body)
    assert "2024-10-25T18:29:00.000Z" == body["expires_at"]
    assert re.fullmatch(r"2024-10-01T11:29:\d\d\.\d{3}Z", body["created_at"])
    assert body["created_at"] == body["updated_at"]
    assert "{{Coupons.CouponListName[signup_coupons]}}" == body["personalization_snippet"]
    assert (0, 0) == (body["total_coupons"], body["available_coupons"])
    assert [body] == listed


def test_unknown_list_is_404_everywhere_or_400_by_option(harness: EmulatorHarness) -> None:
    """D-11: an unknown id is `coupon-list-not-found`; only the usage report's 404 is not an option."""
    not_found = (
        "coupon-list-not-found",
        "The specified coupon list ID was not found. Please verify the ID and try again.",
    )
    one = f"{LISTS}/{UNKNOWN_ID}"
    report = {"start_date": "2024-10-01", "end_date": "2024-10-01", "email_subscribers": ["a@example.com"]}
    calls: list[tuple[str, str, object]] = [
        ("GET", one, None),
        ("GET", f"{one}/files", None),
        ("GET", f"{one}/files/{UNKNOWN_ID}", None),
        ("POST", f"{one}/files", {"file_url": "https://files.example.com/a.csv"}),
        ("PATCH", one, {"name": "x"}),
        ("PUT", f"{one}/activate", {"expires_at": "2024-10-25"}),
        ("PUT", f"{one}/archive", None),
        ("DELETE", f"{one}/files/{UNKNOWN_ID}", None),
    ]
    for status in (404, 400):
        harness.emulator.set_options({"unknown_list_status": status})
        for method, path, body in calls:
            assert (status, *not_found) == error(harness.call(method, path, body))
        assert (404, *not_found) == error(harness.call("POST", f"{one}/usage-report", report))


def test_status_filter(harness: EmulatorHarness) -> None:
    """D-13: one known status filters, none answers all in creation order or by option the active ones."""
    kept, archived = harness.new_list("kept"), harness.new_list("archived")
    harness.call("PUT", f"{LISTS}/{archived}/archive")

    def ids(query: str = "") -> list[str]:
        return [each["_id"] for each in harness.call("GET", LISTS + query).get_json()["data"]]

    assert [kept, archived] == ids()
    assert [kept] == ids("?status=ACTIVE")
    assert [archived] == ids("?status=ARCHIVED")
    assert [] == ids("?status=EXPIRED")
    harness.emulator.set_options({"fetch_all_default": "ACTIVE"})
    assert [kept] == ids()
    for query in ("?status=active", "?status=", "?status=ALL", "?status=ACTIVE&status=EXPIRED"):
        answer = harness.call("GET", LISTS + query)
        assert (400, "invalid-request", BAD_VALUE.format("status")) == error(answer)


def test_generic_bad_request_option(harness: EmulatorHarness) -> None:
    """D-17: by option the operations that document only the generic 400 answer it, others do not."""
    harness.emulator.set_options({"generic_bad_request": True})
    assert (
        400,
        "bad-request",
        (
            "Possible issues include duplicates, such as coupon list names, invalid data types,"
            " or missing mandatory attributes."
        ),
    ) == error(harness.call("GET", LISTS + "?status=x"))
    assert "invalid-request" == error(harness.call("POST", LISTS, raw=b"{"))[1]


def test_subscribers_as_a_string_by_option_in_fetch_all_and_update_only(harness: EmulatorHarness) -> None:
    """D-3: the string of some schemas can be had, where those schemas have it."""
    list_id = harness.new_list(email_alert_subscribers=["a@example.com", "b@example.com"])
    harness.emulator.set_options({"string_subscribers": True})
    listed = harness.call("GET", LISTS).get_json()["data"][0]
    updated = harness.call("PATCH", f"{LISTS}/{list_id}", {"name": "b"}).get_json()
    assert "a@example.com,b@example.com" == listed["email_alert_subscribers"]
    assert "a@example.com,b@example.com" == updated["email_alert_subscribers"]
    assert ["a@example.com", "b@example.com"] == harness.read(list_id)["email_alert_subscribers"]


def test_list_expires_at_its_moment_and_loses_what_was_left(harness: EmulatorHarness) -> None:
    """Expiry is seen on read, one minute before midnight in the workspace's zone; issued codes stay."""
    list_id = harness.filled_list("A-1", "A-2")
    harness.emulator.issue(list_id, BUYER, count=None, codes=["A-1"])
    harness.world.clock.set(datetime(2024, 10, 25, 18, 28, 30, tzinfo=UTC))
    assert ("ACTIVE", 1) == (harness.read(list_id)["status"], harness.read(list_id)["available_coupons"])
    harness.world.clock.set(datetime(2024, 10, 25, 18, 29, tzinfo=UTC))
    body = harness.read(list_id)
    assert ("EXPIRED", 0, 2) == (body["status"], body["available_coupons"], body["total_coupons"])
    assert {"A-1": "issued", "A-2": "removed"} == status_of(harness.emulator.codes(list_id))


# Update, activate, archive


def test_update_answers_without_snippet_and_changes_what_was_sent(harness: EmulatorHarness) -> None:
    """The documented sample is accepted; label and creator stay, alert conditions are replaced as a whole."""
    list_id = harness.new_list("signup_coupons")
    harness.world.clock.set(datetime(2024, 10, 2, tzinfo=UTC))
    sent = {
        "name": "signup coupons v2",
        "expires_at": "2024-11-30",
        "email_alert_subscribers": ["john.doe@example.com"],
        "alert_conditions": {
            "success_alert": True,
            "failure_alert": True,
            "coupon_shortage_alert": {"alert": True, "threshold_count": 100},
            "expiry_alert": {"alert": True, "days_before": 5},
        },
    }
    answer = harness.call("PATCH", f"{LISTS}/{list_id}", sent)
    body = answer.get_json()
    assert 200 == answer.status_code
    assert READ_FIELDS == set(body)
    assert {**sent, "expires_at": "2024-11-30T18:29:00.000Z"} == {key: body[key] for key in sent}
    assert "signup_coupons" == body["label"]
    assert body["updated_at"] > body["created_at"]
    partial = harness.call("PATCH", f"{LISTS}/{list_id}", {"alert_conditions": {"success_alert": True}})
    assert {"alert": False} == partial.get_json()["alert_conditions"]["expiry_alert"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, INCORRECT),
        ({"label": "x"}, "Invalid field in the request: ['label']. Please verify and try again"),
        ({"name": 1}, TYPES),
        ({"expires_at": "2024-09-30"}, PAST),
        ({"alert_conditions": {"expiry_alert": {"alert": True, "days_before": 25}}}, BEYOND),
    ],
)
def test_update_refuses(harness: EmulatorHarness, body: dict[str, Any], message: str) -> None:
    """D-16, D-29: an empty body, keys that cannot change, and the rules of create."""
    list_id = harness.new_list()
    assert (400, "invalid-request", message) == error(harness.call("PATCH", f"{LISTS}/{list_id}", body))


def test_update_refuses_another_lists_name_but_not_its_own(harness: EmulatorHarness) -> None:
    """A list may be sent its own name; that of another changes nothing."""
    harness.new_list("first")
    second = harness.new_list("second")
    assert 200 == harness.call("PATCH", f"{LISTS}/{second}", {"name": "second"}).status_code
    answer = harness.call("PATCH", f"{LISTS}/{second}", {"name": "first", "expires_at": "2024-12-01"})
    assert "duplicate-coupon-list-name" == error(answer)[1]
    assert "2024-10-25T18:29:00.000Z" == harness.read(second)["expires_at"]


def test_archive_deletes_codes_and_activate_does_not_restore_them(
    harness: EmulatorHarness, host: PathServer
) -> None:
    """The life of a list: archived codes are gone, after activation the same codes can be uploaded again."""
    list_id = harness.filled_list("A-1", "A-2")
    harness.emulator.issue(list_id, BUYER, count=None, codes=["A-1"])
    archived = harness.call("PUT", f"{LISTS}/{list_id}/archive")
    assert (204, b"") == (archived.status_code, archived.data)
    assert ("ARCHIVED", 0) == (harness.read(list_id)["status"], harness.read(list_id)["available_coupons"])
    assert 1 == len(harness.call("GET", f"{LISTS}/{list_id}/files").get_json()["data"])
    activated = harness.call("PUT", f"{LISTS}/{list_id}/activate", {"expires_at": "2024-12-25"})
    assert (204, b"") == (activated.status_code, activated.data)
    body = harness.read(list_id)
    assert ("ACTIVE", "2024-12-25T18:29:00.000Z", 0) == (
        body["status"],
        body["expires_at"],
        body["available_coupons"],
    )
    file_id = harness.upload(list_id, host.say("/a.csv", says(body=b"Coupon Code\nA-1\nA-2\n")))
    assert 1 == harness.finished(list_id, file_id)["added_coupons"]
    assert {"A-1": "issued", "A-2": "available"} == status_of(harness.emulator.codes(list_id))


def test_transitions_that_change_nothing_are_refused_or_by_option_fine(harness: EmulatorHarness) -> None:
    """D-12: archiving what is archived and activating what is active."""
    active, archived = harness.new_list("active"), harness.new_list("archived")
    harness.call("PUT", f"{LISTS}/{archived}/archive")
    again = [
        ("PUT", f"{LISTS}/{archived}/archive", None),
        ("PUT", f"{LISTS}/{active}/activate", {"expires_at": "2024-12-25"}),
    ]
    assert [(400, "invalid-request")] * 2 == [error(harness.call(*each))[:2] for each in again]
    harness.emulator.set_options({"idempotent_transitions": True})
    assert [204] * 2 == [harness.call(*each).status_code for each in again]


def test_activate_wants_a_day_to_come(harness: EmulatorHarness) -> None:
    """A missing, malformed or past date is refused."""
    path = f"{LISTS}/{harness.new_list()}"
    harness.call("PUT", f"{path}/archive")
    refused = [
        error(harness.call("PUT", f"{path}/activate", body))[2]
        for body in ({}, {"expires_at": "soon"}, {"expires_at": "2023-12-25"})
    ]
    missing = "Missing mandatory key 'expires_at'. Please verify and try again."
    assert [missing, BAD_VALUE.format("expires_at"), PAST] == refused


def test_update_reactivates_only_with_an_expiry_to_come(harness: EmulatorHarness) -> None:
    """D-8: a rename alone cannot bring back an expired list, a new date does."""
    list_id = harness.new_list()
    harness.world.clock.set(datetime(2024, 10, 27, tzinfo=UTC))
    assert PAST == error(harness.call("PATCH", f"{LISTS}/{list_id}", {"name": "b"}))[2]
    answer = harness.call("PATCH", f"{LISTS}/{list_id}", {"expires_at": "2024-11-30"})
    assert "ACTIVE" == answer.get_json()["status"]


# Files


FILE_FIELDS = {"_id", "name", "file_url", "status", "created_by"}
FILE_READ_FIELDS = FILE_FIELDS | {"coupon_list_id", "created_at", "updated_at", "added_coupons"}


def test_upload_and_file_reads_have_the_documented_fields(harness: EmulatorHarness) -> None:
    """D-4, D-5: the list id is spelled differently on upload, the callback is echoed in fetch-all only."""
    list_id = harness.new_list()
    harness.emulator.set_processing_delay(60)
    sent = {
        "name": "batch-2024-11.csv",
        "file_url": "https://files.example.com/coupons/batch-2024-11.csv",
        "file_url_auth_username": "reader",
        "file_url_auth_password": "secret",
        "created_by": "John",
        "callback_url": "https://hooks.example.com/moengage/coupon-file",
    }
    uploaded = harness.call("POST", f"{LISTS}/{list_id}/files", sent)
    accepted = uploaded.get_json()
    one = harness.file(list_id, accepted["_id"])
    everything = harness.call("GET", f"{LISTS}/{list_id}/files").get_json()["data"]
    assert 201 == uploaded.status_code
    assert FILE_FIELDS | {"coupons_list_id"} == set(accepted)
    assert (list_id, "PENDING") == (accepted["coupons_list_id"], accepted["status"])
    assert FILE_READ_FIELDS == set(one)
    assert (list_id, "PENDING", 0) == (one["coupon_list_id"], one["status"], one["added_coupons"])
    assert [{**one, "callback_url": sent["callback_url"]}] == everything
    assert {key: sent[key] for key in ("name", "file_url", "created_by")} == {
        key: one[key] for key in ("name", "file_url", "created_by")
    }


def test_upload_defaults(harness: EmulatorHarness) -> None:
    """D-33: the minimal sample is named after its URL and created by nobody."""
    list_id = harness.new_list()
    harness.emulator.set_processing_delay(60)
    file_id = harness.upload(list_id, "https://files.example.com/coupons/batch.csv?signature=x")
    assert ("batch.csv", "") == (
        harness.file(list_id, file_id)["name"],
        harness.file(list_id, file_id)["created_by"],
    )


EMPTY_URL = "The 'file_url' can not be empty. Please provide the coupon file url and try again."
SEVERAL_URLS = "Multiple file urls are not permitted. Please select one file url and try again."


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, EMPTY_URL),
        ({"file_url": ""}, EMPTY_URL),
        ({"file_url": []}, EMPTY_URL),
        ({"file_url": ["https://a.example/1", "https://a.example/2"]}, SEVERAL_URLS),
        ({"file_url": "https://a.example/1,https://a.example/2"}, SEVERAL_URLS),
        ({"file_url": ["https://a.example/1"]}, TYPES),
        ({"file_url": 5}, TYPES),
        ({"file_url": None}, TYPES),
        ({"file_url": "https://a.example/1", "name": ""}, BAD_VALUE.format("name")),
        ({"file_url": "https://a.example/1", "callback_url": "x"}, BAD_VALUE.format("callback_url")),
        ({"file_url": "", "x": 1}, "Invalid field in the request: ['x']. Please verify and try again"),
    ],
)
def test_upload_refuses(harness: EmulatorHarness, body: dict[str, Any], message: str) -> None:
    """Every documented 400 of upload, all under `invalid-request`."""
    path = f"{LISTS}/{harness.new_list()}/files"
    assert (400, "invalid-request", message) == error(harness.call("POST", path, body))
    assert [] == harness.call("GET", path).get_json()["data"]


def test_upload_to_a_list_that_is_not_active_is_refused(harness: EmulatorHarness) -> None:
    """D-30: an archived list takes no file."""
    list_id = harness.new_list()
    harness.call("PUT", f"{LISTS}/{list_id}/archive")
    answer = harness.call("POST", f"{LISTS}/{list_id}/files", {"file_url": "https://files.example.com/a.csv"})
    assert (400, "invalid-request") == error(answer)[:2]


def test_unknown_file_is_404_or_400_by_option(harness: EmulatorHarness) -> None:
    """D-11: an unknown file has the generic not-found answer; a file of another list is unknown too."""
    list_id, other = harness.filled_list("A"), harness.new_list("other")
    file_id = harness.call("GET", f"{LISTS}/{list_id}/files").get_json()["data"][0]["_id"]
    not_found = ("not-found", "The requested resource was not found.")
    assert (404, *not_found) == error(harness.call("GET", f"{LISTS}/{list_id}/files/{UNKNOWN_ID}"))
    assert (404, *not_found) == error(harness.call("GET", f"{LISTS}/{other}/files/{file_id}"))
    harness.emulator.set_options({"unknown_file_status": 400})
    assert (400, *not_found) == error(harness.call("GET", f"{LISTS}/{list_id}/files/{UNKNOWN_ID}"))


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        (b"Coupon Code\nA\nB\n", ["A", "B"]),
        (b"\xef\xbb\xbfCoupon Code\r\n007\r\n1e5\r\n", ["007", "1e5"]),
        (b"Name,Coupon Code\nx,A\n\ny,\n,B\nshort\n", ["A", "B"]),
        (b'Coupon Code\n"A,1"\n A \nA\nA', ["A,1", " A ", "A"]),
        ("Coupon Code\nÄ-1\n".encode(), ["Ä-1"]),
    ],
)
def test_csv_is_really_read(
    harness: EmulatorHarness, host: PathServer, content: bytes, codes: list[str]
) -> None:
    """D-20: the column is found by its header; blank rows and repetitions are skipped, codes stay text."""
    list_id = harness.new_list()
    file = harness.finished(list_id, harness.upload(list_id, host.say("/codes.csv", says(body=content))))
    body = harness.read(list_id)
    assert ("SUCCESS", len(codes)) == (file["status"], file["added_coupons"])
    assert (len(codes), len(codes)) == (body["total_coupons"], body["available_coupons"])
    assert dict.fromkeys(codes, "available") == status_of(harness.emulator.codes(list_id))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"coupon code\nA\n",
        b"Coupon Code \nA\n",
        b"A\nB\n",
        b"Coupon Code\n",
        b"Coupon Code\n\xff\n",
        "Coupon Code\nA\n".encode("utf-16"),
        b'Coupon Code\n"A\n',
        b"Coupon Code\nOLD\n",
    ],
)
def test_file_without_new_codes_fails(harness: EmulatorHarness, host: PathServer, content: bytes) -> None:
    """D-20: a wrong header, broken text or CSV, and nothing new make the file fail and add nothing."""
    list_id = harness.filled_list("OLD")
    file = harness.finished(list_id, harness.upload(list_id, host.say("/codes.csv", says(body=content))))
    assert ("FAILED", 0) == (file["status"], file["added_coupons"])
    assert ["OLD"] == [each["code"] for each in harness.emulator.codes(list_id)]
    assert 1 == len(host.asked_at("/codes.csv"))


def test_codes_of_earlier_files_are_skipped_and_not_counted(
    harness: EmulatorHarness, host: PathServer
) -> None:
    """D-20: only what is new in the list counts as added."""
    list_id = harness.new_list()
    harness.finished(list_id, harness.upload(list_id, host.say("/1.csv", says(body=b"Coupon Code\nA\nB\n"))))
    second = harness.finished(
        list_id, harness.upload(list_id, host.say("/2.csv", says(body=b"Coupon Code\nB\nC\n")))
    )
    assert ("SUCCESS", 1, 3) == (
        second["status"],
        second["added_coupons"],
        harness.read(list_id)["total_coupons"],
    )


def test_file_credentials_are_used_and_not_sent_elsewhere(harness: EmulatorHarness, host: PathServer) -> None:
    """D-21: Basic credentials reach the file's host, redirects are followed, other hosts get none."""
    list_id = harness.new_list()
    with PathServer() as elsewhere:
        target = elsewhere.say("/codes.csv", says(body=b"Coupon Code\nA\n"))
        start = host.say("/start", says(302, headers={"Location": target}))
        file_id = harness.upload(
            list_id,
            start,
            file_url_auth_username="reader",
            file_url_auth_password="sëcret",
        )
        assert "SUCCESS" == harness.finished(list_id, file_id)["status"]
        expected = "Basic " + base64.b64encode("reader:sëcret".encode()).decode()
        assert [expected] == [seen.headers.get("authorization") for seen in host.seen]
        assert [None] == [seen.headers.get("authorization") for seen in elsewhere.seen]


def test_fetching_is_tried_three_times(harness: EmulatorHarness, host: PathServer) -> None:
    """D-21: a host that recovers within three attempts is forgiven, one that does not fails the file."""
    list_id = harness.new_list()
    flaky = host.say("/flaky", says(503), says(503), says(body=b"Coupon Code\nA\n"))
    assert "SUCCESS" == harness.finished(list_id, harness.upload(list_id, flaky))["status"]
    assert "FAILED" == harness.finished(list_id, harness.upload(list_id, f"{host.url}/never"))["status"]
    assert (3, 3) == (len(host.asked_at("/flaky")), len(host.asked_at("/never")))


@pytest.mark.parametrize(
    "url", ["ftp://127.0.0.1/a.csv", "file:///etc/hosts", "no url", "http://", "http://["]
)
def test_addresses_that_cannot_be_fetched_are_accepted_and_fail_later(
    harness: EmulatorHarness, url: str
) -> None:
    """D-21: only http and https are fetched; that shows in the file's status, not in the answer."""
    list_id = harness.new_list()
    assert "FAILED" == harness.finished(list_id, harness.upload(list_id, url))["status"]


def test_endless_redirects_fail(harness: EmulatorHarness, host: PathServer) -> None:
    """Few redirects are followed, not all."""
    list_id = harness.new_list()
    harness.emulator.set_options({"fetch_attempts": 1})
    loop = host.say("/loop", says(302, headers={"Location": f"{host.url}/loop"}))
    assert "FAILED" == harness.finished(list_id, harness.upload(list_id, loop))["status"]
    assert 2 < len(host.asked_at("/loop")) < 10


def test_host_that_hangs_or_drips_holds_up_others_for_one_timeout_only(
    harness: EmulatorHarness, host: PathServer
) -> None:
    """A whole attempt is limited in time, and between attempts other files have their turn."""
    list_id = harness.new_list()
    harness.emulator.set_options({"fetch_timeout_seconds": 0.2, "fetch_attempts": 3})
    drip = host.say("/drip", sends(b"HTTP/1.1 200 OK\r\n\r\n", *[b"x"] * 100, pause=0.05))
    slow = [harness.upload(list_id, url) for url in (drip, host.say("/hang", is_silent()))]
    quick = harness.upload(list_id, host.say("/quick", says(body=b"Coupon Code\nA\n")))
    assert "SUCCESS" == harness.finished(list_id, quick)["status"]
    assert ["PENDING"] * 2 == [harness.file(list_id, file_id)["status"] for file_id in slow]
    assert ["FAILED"] * 2 == [harness.finished(list_id, file_id)["status"] for file_id in slow]


def test_size_limits_fail_the_file(harness: EmulatorHarness, host: PathServer) -> None:
    """D-19: too many bytes, too many codes in the list, and too many in the workspace; the edge fits."""
    list_id = harness.new_list()
    url = host.say("/codes.csv", says(body=b"Coupon Code\nA\nB\n"))
    for limits in ({"file_bytes_limit": 15}, {"list_codes_limit": 1}, {"workspace_codes_limit": 1}):
        harness.emulator.set_options(limits)
        assert "FAILED" == harness.finished(list_id, harness.upload(list_id, url))["status"]
        harness.emulator.set_options(dict.fromkeys(limits, 0))
    harness.emulator.set_options({"file_bytes_limit": 16, "list_codes_limit": 2, "workspace_codes_limit": 2})
    assert "SUCCESS" == harness.finished(list_id, harness.upload(list_id, url))["status"]


def test_a_deleted_file_gives_no_share_of_the_limit_back(harness: EmulatorHarness, host: PathServer) -> None:
    """D-19: what was ever added counts, also where the total is told to drop."""
    harness.emulator.set_options({"list_codes_limit": 3, "total_drops_on_delete": True})
    list_id = harness.new_list()
    url = host.say("/codes.csv", says(body=b"Coupon Code\nA\nB\n"))
    file_id = harness.upload(list_id, url)
    assert "SUCCESS" == harness.finished(list_id, file_id)["status"]
    harness.call("DELETE", f"{LISTS}/{list_id}/files/{file_id}")
    assert 0 == harness.read(list_id)["total_coupons"]
    assert "FAILED" == harness.finished(list_id, harness.upload(list_id, url))["status"]


def test_file_states_have_settable_words_and_processing_can_show(
    harness: EmulatorHarness, host: PathServer
) -> None:
    """D-9: PENDING, by option PROCESSING, and the end states, each in the workspace's own word."""
    list_id = harness.new_list()
    harness.emulator.set_options(
        {"show_processing": True, "pending_word": "P", "processing_word": "R", "success_word": "S"}
    )
    harness.emulator.set_processing_delay(0.3)
    file_id = harness.upload(list_id, host.say("/a.csv", says(body=b"Coupon Code\nA\n")))
    seen: list[str] = []

    def at_end() -> bool:
        seen.append(harness.file(list_id, file_id)["status"])
        return seen[-1] == "S"

    eventually(at_end)
    assert ["P", "R", "S"] == list(dict.fromkeys(seen))


def test_files_can_be_told_to_fail(harness: EmulatorHarness, host: PathServer) -> None:
    """`fail_next_files` fails so many files and counts down."""
    list_id = harness.new_list()
    url = host.say("/a.csv", says(body=b"Coupon Code\nA\n"))
    harness.emulator.set_options({"fail_next_files": 1})
    assert "FAILED" == harness.finished(list_id, harness.upload(list_id, url))["status"]
    assert 0 == harness.emulator.options()["fail_next_files"]
    assert "SUCCESS" == harness.finished(list_id, harness.upload(list_id, url))["status"]


def test_alert_mails_go_to_subscribers_who_want_them(harness: EmulatorHarness, host: PathServer) -> None:
    """A finished file is mailed about, by the alert conditions of its list."""
    url = host.say("/a.csv", says(body=b"Coupon Code\nA\n"))
    wishes = {"quiet": {}, "glad": {"success_alert": True}, "sad": {"failure_alert": True}}
    for name, alerts in wishes.items():
        list_id = harness.new_list(
            name, email_alert_subscribers=[f"{name}@example.com"], alert_conditions=alerts
        )
        harness.finished(list_id, harness.upload(list_id, url))
        harness.finished(list_id, harness.upload(list_id, url))  # nothing new: fails
    assert [("glad@example.com",), ("sad@example.com",)] == [mail.to for mail in harness.mails()]
    assert ["Coupon file processed: a.csv", "Coupon file failed: a.csv"] == [
        mail.subject for mail in harness.mails()
    ]


def test_callback_carries_the_file_once_for_both_outcomes(harness: EmulatorHarness, host: PathServer) -> None:
    """D-24: a POST of the file as fetch-one answers it."""
    list_id = harness.new_list()
    hook = host.say("/hook", says())
    url = host.say("/a.csv", says(body=b"Coupon Code\nA\n"))
    for word in ("SUCCESS", "FAILED"):
        host.seen.clear()
        file_id = harness.upload(list_id, url, callback_url=hook)
        eventually(lambda: host.asked_at("/hook"))
        file = harness.file(list_id, file_id)
        assert word == file["status"]
        assert [("POST", file)] == [(seen.method, seen.json) for seen in host.asked_at("/hook")]


def test_refused_callback_is_repeated_and_a_lost_one_is_not_sent(
    harness: EmulatorHarness, host: PathServer
) -> None:
    """D-24: one attempt plus the set number of retries; by option none at all."""
    list_id = harness.new_list()
    harness.emulator.set_options({"callback_retries": 1})
    hook = host.say("/hook", says(500))
    harness.upload(list_id, host.say("/a.csv", says(body=b"Coupon Code\nA\n")), callback_url=hook)
    eventually(lambda: len(host.asked_at("/hook")) == 2)
    harness.emulator.set_options({"lose_callbacks": True})
    url = host.say("/b.csv", says(body=b"Coupon Code\nB\n"))
    harness.finished(list_id, harness.upload(list_id, url, callback_url=hook))
    harness.finished(list_id, harness.upload(list_id, url))  # a later file: the queue has passed the callback
    assert 2 == len(host.asked_at("/hook"))


def test_deleting_a_file_takes_its_unused_codes(harness: EmulatorHarness, host: PathServer) -> None:
    """D-10: available falls, issued codes stay issued, the total stays or by option drops."""
    totals = []
    for drops in (False, True):
        harness.emulator.set_options({"total_drops_on_delete": drops})
        list_id = harness.filled_list("KEPT", name=f"list {drops}")
        file_id = harness.upload(list_id, host.say("/a.csv", says(body=b"Coupon Code\nA\nB\n")))
        harness.finished(list_id, file_id)
        harness.emulator.issue(list_id, BUYER, count=None, codes=["A"])
        answer = harness.call("DELETE", f"{LISTS}/{list_id}/files/{file_id}")
        assert (204, b"") == (answer.status_code, answer.data)
        assert 404 == harness.call("GET", f"{LISTS}/{list_id}/files/{file_id}").status_code
        assert {"KEPT": "available", "A": "issued", "B": "removed"} == status_of(
            harness.emulator.codes(list_id)
        )
        totals.append(harness.read(list_id)["total_coupons"])
    assert [3, 2] == totals


def test_deleting_a_waiting_file_cancels_it(harness: EmulatorHarness, host: PathServer) -> None:
    """D-30: a file deleted before its turn is never fetched."""
    list_id = harness.new_list()
    harness.emulator.set_processing_delay(0.1)
    file_id = harness.upload(list_id, host.say("/a.csv", says(body=b"Coupon Code\nA\n")))
    assert 204 == harness.call("DELETE", f"{LISTS}/{list_id}/files/{file_id}").status_code
    harness.finished(list_id, harness.upload(list_id, host.say("/b.csv", says(body=b"Coupon Code\nB\n"))))
    assert 0 == len(host.asked_at("/a.csv"))


def test_file_of_a_list_archived_meanwhile_fails(harness: EmulatorHarness, host: PathServer) -> None:
    """Codes never enter a list that is not active; the file stays listed."""
    list_id = harness.new_list()
    harness.emulator.set_processing_delay(0.1)
    file_id = harness.upload(list_id, host.say("/a.csv", says(body=b"Coupon Code\nA\n")))
    harness.call("PUT", f"{LISTS}/{list_id}/archive")
    assert "FAILED" == harness.finished(list_id, file_id)["status"]
    assert [] == harness.emulator.codes(list_id)


# Usage report


def report_order(start: str, end: str) -> dict[str, Any]:
    """The body that asks for a usage report."""
    return {"start_date": start, "end_date": end, "email_subscribers": ["john.doe@example.com"]}


def report_rows(mail: Mail) -> list[dict[str, str]]:
    """The rows of a mailed usage report."""
    (content,) = mail.attachments.values()
    return list(csv.DictReader(io.StringIO(content.decode())))


def test_usage_report_is_mailed_with_who_got_what_when(harness: EmulatorHarness) -> None:
    """The documented sentence answers; the mail holds the days asked for, both included, told in India."""
    list_id = harness.filled_list("A", "B", "C", "D", expires_at="2024-12-01")
    instants = {"A": (21, 18, 29), "B": (21, 18, 31), "C": (22, 18, 29), "D": (22, 18, 31)}
    for code, (day, hour, minute) in instants.items():
        harness.world.clock.set(datetime(2024, 11, day, hour, minute, tzinfo=UTC))
        harness.emulator.issue(list_id, BUYER, count=None, codes=[code])
    path = f"{LISTS}/{list_id}/usage-report"
    answer = harness.call("POST", path, report_order("2024-11-22", "2024-11-22"))
    eventually(lambda: len(harness.mails()) == 1)
    (mail,) = harness.mails()
    rows = report_rows(mail)
    assert 200 == answer.status_code
    assert {
        "message": "The usage report for the filled coupons is being processed"
        " and will be sent to email alert subscribers shortly."
    } == answer.get_json()
    assert ("moengage", ("john.doe@example.com",)) == (mail.vendor, mail.to)
    columns = ["User ID", "Coupon Code", "Campaign ID", "Campaign Name", "Locale", "Variation", "Sent At"]
    assert [columns] * 2 == [list(row) for row in rows]
    assert [("EXT-1", "B"), ("EXT-1", "C")] == [(row["User ID"], row["Coupon Code"]) for row in rows]
    assert ["2024-11-21T18:31:00", "2024-11-22T18:29:00"] == [row["Sent At"][:19] for row in rows]
    assert all("" not in row.values() for row in rows)


@pytest.mark.parametrize(
    ("kind", "user_id"),
    [("external_id", "EXT-1"), ("email", "b@example.com"), ("mobile", "911"), ("id", "77")],
)
def test_user_id_of_the_report_is_an_option(harness: EmulatorHarness, kind: str, user_id: str) -> None:
    """The report names customers by the identifier that the workspace uses."""
    harness.emulator.set_options({"user_id_is": kind})
    list_id = harness.filled_list("A")
    harness.emulator.issue(list_id, BUYER, count=1, codes=None)
    harness.call("POST", f"{LISTS}/{list_id}/usage-report", report_order("2024-10-01", "2024-10-01"))
    eventually(lambda: len(harness.mails()) == 1)
    assert [user_id] == [row["User ID"] for row in report_rows(harness.mails()[0])]


BEFORE_CREATION = (
    "The start date cannot be earlier than the coupon list creation date."
    " Please verify your dates and try again."
)
IN_FUTURE = "The end date cannot be set in the future. Please verify the dates and try again."


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"start_date": "2024-09-30"}, BEFORE_CREATION),
        ({"end_date": "2024-10-02"}, IN_FUTURE),
        ({"start_date": "2024-10-02"}, BAD_VALUE.format("start_date")),
        ({"end_date": "tomorrow"}, BAD_VALUE.format("end_date")),
        ({"start_date": "2024-10-01T00:00:00Z"}, BAD_VALUE.format("start_date")),
        ({"email_subscribers": []}, BAD_VALUE.format("email_subscribers")),
        ({"email_subscribers": "john.doe@example.com"}, TYPES),
        (
            {"email_alert_subscribers": []},
            "Invalid field in the request: ['email_alert_subscribers']. Please verify and try again",
        ),
    ],
)
def test_usage_report_refuses(harness: EmulatorHarness, change: dict[str, Any], message: str) -> None:
    """Every documented 400 of the report, and start after end."""
    path = f"{LISTS}/{harness.new_list()}/usage-report"
    answer = harness.call("POST", path, {**report_order("2024-10-01", "2024-10-01"), **change})
    assert (400, "invalid-request", message) == error(answer)


@pytest.mark.parametrize("key", ["start_date", "end_date", "email_subscribers"])
def test_usage_report_needs_all_its_keys(harness: EmulatorHarness, key: str) -> None:
    """A missing key is an `invalid-request` here: the report documents no other 400."""
    body = report_order("2024-10-01", "2024-10-01")
    del body[key]
    answer = harness.call("POST", f"{LISTS}/{harness.new_list()}/usage-report", body)
    assert (
        400,
        "invalid-request",
        f"Missing mandatory key '{key}'. Please verify and try again.",
    ) == error(answer)


# Rate limits


def limit_headers(answer: TestResponse) -> tuple[str | None, str | None, str | None]:
    """Limit, remaining and reset."""
    limit, remaining, reset = (
        answer.headers.get(f"x-ratelimit-{name}") for name in ("limit", "remaining", "reset")
    )
    return limit, remaining, reset


def test_limits_are_off_until_switched_on(harness: EmulatorHarness) -> None:
    """Without limits no answer has their headers."""
    assert (None, None, None) == limit_headers(harness.call("GET", LISTS))


def test_uploads_are_limited_by_the_calendar_minute_then_by_the_utc_day(harness: EmulatorHarness) -> None:
    """5 a minute and 50 a day; a 429 is empty, uncounted, and tells when its window ends."""
    list_id = harness.new_list()
    harness.emulator.set_rate_limits(documented=True)
    harness.emulator.set_processing_delay(60)

    def upload() -> TestResponse:
        # Refused for its body, and counted all the same: limits count requests.
        return harness.call("POST", f"{LISTS}/{list_id}/files", {})

    midnight = int(datetime(2024, 10, 2, tzinfo=UTC).timestamp())
    for minute in range(10):
        harness.world.clock.set(datetime(2024, 10, 1, 12, minute, 10, tzinfo=UTC))
        end = str(int(datetime(2024, 10, 1, 12, minute + 1, tzinfo=UTC).timestamp()))
        answers = [upload() for _ in range(6)]
        assert [400] * 5 + [429] == [answer.status_code for answer in answers]
        assert b"" == answers[5].data
        if minute < 9:
            assert [("5", str(left), end) for left in (4, 3, 2, 1, 0, 0)] == list(map(limit_headers, answers))
    assert ("50", "0", str(midnight)) == limit_headers(answers[5])
    harness.world.clock.set(datetime(2024, 10, 1, 23, 59, tzinfo=UTC))
    assert (429, ("50", "0", str(midnight))) == ((answer := upload()).status_code, limit_headers(answer))
    harness.world.clock.set(datetime(2024, 10, 2, tzinfo=UTC))
    assert 400 == upload().status_code


@pytest.mark.parametrize(
    ("method", "path", "limit"),
    [
        ("POST", LISTS, "100"),
        ("GET", LISTS, "10000"),
        ("GET", f"{LISTS}/x", "10000"),
        ("PATCH", f"{LISTS}/x", "100"),
        ("PUT", f"{LISTS}/x/activate", "100"),
        ("PUT", f"{LISTS}/x/archive", "100"),
        ("POST", f"{LISTS}/x/files", "5"),
        ("GET", f"{LISTS}/x/files", "10000"),
        ("GET", f"{LISTS}/x/files/y", "10000"),
        ("DELETE", f"{LISTS}/x/files/y", "5"),
        ("POST", f"{LISTS}/x/usage-report", "5"),
    ],
)
def test_every_operation_has_its_documented_limit_on_every_answer(
    harness: EmulatorHarness, method: str, path: str, limit: str
) -> None:
    """D-23: errors carry the headers too, and each operation counts for itself."""
    harness.emulator.set_rate_limits(documented=True)
    answer = harness.call(method, path)
    assert (limit, str(int(limit) - 1)) == limit_headers(answer)[:2]
    unsigned = harness.call(method, path, sign_in=None)
    assert (401, limit, str(int(limit) - 1)) == (unsigned.status_code, *limit_headers(unsigned)[:2])


def test_upload_limit_can_be_per_list(harness: EmulatorHarness) -> None:
    """D-22: by option each list has its own five a minute."""
    harness.emulator.set_rate_limits(documented=True)
    harness.world.clock.set(datetime(2024, 10, 1, 12, 0, 1, tzinfo=UTC))
    for per_list, expected in ((False, 429), (True, 404)):
        harness.emulator.set_options({"upload_limit_per_list": per_list})
        for _ in range(6):
            harness.call("POST", f"{LISTS}/x/files", {"file_url": "https://a.example/1"})
        answer = harness.call("POST", f"{LISTS}/y/files", {"file_url": "https://a.example/1"})
        assert expected == answer.status_code


# The control side


def test_issuing_and_the_truth(harness: EmulatorHarness) -> None:
    """Random or given codes go to the customer, who is then told whole; available falls, total stays."""
    list_id = harness.filled_list("A", "B", "C")
    harness.emulator.add_customers([BUYER])
    (random_code,) = harness.emulator.issue(list_id, EmulatedCustomer(mobile="911"), count=1, codes=None)
    given = next(code for code in ("A", "B", "C") if code != random_code)
    assert [given] == list(harness.emulator.issue(list_id, BUYER, count=None, codes=[given]))
    truth = {each["code"]: each for each in harness.emulator.codes(list_id)}
    buyer = {"mobile": "911", "email": "b@example.com", "external_id": "EXT-1", "id": "77"}
    assert {"A", "B", "C"} == set(truth)
    for code in truth:
        expected = ("available", None) if code not in {random_code, given} else ("issued", buyer)
        assert expected == (truth[code]["status"], truth[code]["customer"])
    assert (3, 1) == (harness.read(list_id)["total_coupons"], harness.read(list_id)["available_coupons"])


def test_what_cannot_be_issued(harness: EmulatorHarness) -> None:
    """Unknown, taken and repeated codes, too many, none at all, or both ways at once: nothing is handed out."""
    list_id = harness.filled_list("A", "B")
    harness.emulator.issue(list_id, BUYER, count=None, codes=["A"])
    wrong: list[tuple[int | None, list[str] | None]] = [
        (None, ["NOPE"]),
        (None, ["A"]),
        (None, ["B", "B"]),
        (None, ["B", "A"]),
        (2, None),
        (0, None),
        (None, None),
        (1, ["B"]),
    ]
    for count, codes in wrong:
        with pytest.raises(ControlError) as caught:
            harness.emulator.issue(list_id, BUYER, count=count, codes=codes)
        assert not caught.value.missing
    assert {"A": "issued", "B": "available"} == status_of(harness.emulator.codes(list_id))


def test_unknown_lists_are_missing_on_the_control_side_too(harness: EmulatorHarness) -> None:
    """The kit can answer 404 for them."""
    with pytest.raises(ControlError) as of_codes:
        harness.emulator.codes(UNKNOWN_ID)
    with pytest.raises(ControlError) as of_issue:
        harness.emulator.issue(UNKNOWN_ID, BUYER, count=1, codes=None)
    assert (True, True) == (of_codes.value.missing, of_issue.value.missing)


def test_customer_made_known_again_is_replaced_everywhere(harness: EmulatorHarness) -> None:
    """A customer that shares an identifier replaces the known one, also where codes were handed out."""
    list_id = harness.filled_list("A")
    harness.emulator.issue(list_id, EmulatedCustomer(mobile="911"), count=1, codes=None)
    harness.emulator.add_customers([BUYER])
    assert "EXT-1" == harness.emulator.codes(list_id)[0]["customer"]["external_id"]
    with pytest.raises(ControlError):
        harness.emulator.add_customers([EmulatedCustomer()])


def test_shortage_is_mailed_once_when_it_begins(harness: EmulatorHarness, host: PathServer) -> None:
    """The mail goes out when available codes fall below the threshold, not at it and not again."""
    list_id = harness.new_list(
        email_alert_subscribers=["a@example.com"],
        alert_conditions={"coupon_shortage_alert": {"alert": True, "threshold_count": 2}},
    )
    harness.finished(
        list_id, harness.upload(list_id, host.say("/a.csv", says(body=b"Coupon Code\nA\nB\nC\n")))
    )
    mails = []
    for code in ("A", "B", "C"):
        harness.emulator.issue(list_id, BUYER, count=None, codes=[code])
        mails.append(len(harness.mails()))
    assert [0, 1, 1] == mails


def test_redemption_is_unknown_to_moengage(harness: EmulatorHarness) -> None:
    """MoEngage is never told of a redemption."""
    with pytest.raises(ControlError):
        harness.emulator.redeem(harness.filled_list("A"), "A", {})


@pytest.mark.parametrize(
    "values",
    [
        {"no_such_option": 1},
        {"fail_next_files": True},
        {"fail_next_files": -1},
        {"coupon_feature": 1},
        {"unknown_file_status": 404.0},
        {"unknown_file_status": 500},
        {"workspace_timezone": "Mars/Olympus"},
        {"user_id_is": "name"},
        {"success_word": ""},
        {"fetch_attempts": 0},
        {"fetch_timeout_seconds": "3"},
    ],
)
def test_wrong_options_change_nothing(harness: EmulatorHarness, values: dict[str, Any]) -> None:
    """An unknown name or a value that cannot be is refused, along with all that came with it."""
    before = dict(harness.emulator.options())
    with pytest.raises(ControlError):
        harness.emulator.set_options({"show_processing": True, **values})
    assert before == harness.emulator.options()


def test_reset_empties_everything(harness: EmulatorHarness) -> None:
    """After a reset there are no lists, default options, and rate counters at their start."""
    harness.filled_list("A")
    harness.emulator.set_rate_limits(documented=True)
    harness.call("POST", LISTS, {})
    harness.emulator.set_options({"user_id_is": "email"})
    harness.emulator.reset()
    assert [] == harness.call("GET", LISTS).get_json()["data"]
    assert dict(MoEngageEmulator(harness.world).options()) == harness.emulator.options()
    assert "99" == harness.call("POST", LISTS, {}).headers["x-ratelimit-remaining"]


def test_demo_seed(harness: EmulatorHarness) -> None:
    """The demo has the customer of both vendors with codes of an active list, and an expired list."""
    harness.emulator.seed_demo()
    lists = harness.call("GET", LISTS).get_json()["data"]
    held = [
        (each["status"], code["customer"])
        for each in lists
        for code in harness.emulator.codes(each["_id"])
        if code["status"] == "issued"
    ]
    buyer = {
        "mobile": "919876543210",
        "email": "a.buyer@example.com",
        "external_id": "EXT-007",
        "id": "98662653",
    }
    assert {"ACTIVE", "EXPIRED"} == {each["status"] for each in lists}
    assert all(each["created_at"] < "2024-09-15" for each in lists)
    assert ("ACTIVE", buyer) in held
    assert all(customer == buyer for _, customer in held)
    for each in lists:
        (file,) = harness.call("GET", f"{LISTS}/{each['_id']}/files").get_json()["data"]
        assert ("SUCCESS", each["total_coupons"]) == (file["status"], file["added_coupons"])


def test_seed_file(harness: EmulatorHarness) -> None:
    """A seed's lists get their codes, its customers are known."""
    harness.emulator.seed(
        {"customers": [{"mobile": "911", "external_id": "EXT-1"}], "lists": [{"name": "s", "codes": ["A"]}]}
    )
    (seeded,) = harness.call("GET", LISTS).get_json()["data"]
    harness.emulator.issue(seeded["_id"], EmulatedCustomer(mobile="911"), count=1, codes=None)
    assert ("s", "s", 1, "ACTIVE") == tuple(
        seeded[key] for key in ("name", "label", "total_coupons", "status")
    )
    assert "EXT-1" == harness.emulator.codes(seeded["_id"])[0]["customer"]["external_id"]


@pytest.mark.parametrize(
    "content",
    [
        {"list": []},
        {"lists": {}},
        {"lists": [{"codes": []}]},
        {"lists": [{"name": "s", "codes": [1]}]},
        {"lists": [{"name": "s", "expires_at": "soon"}]},
        {"customers": [{"phone": "911"}]},
        {"customers": [{"mobile": 911}]},
        {"customers": [{}]},
        {"lists": [{"name": "s"}, {"name": "s"}]},
    ],
)
def test_seed_that_cannot_be_is_refused(harness: EmulatorHarness, content: dict[str, Any]) -> None:
    """A seed file's fault is told, not guessed around."""
    with pytest.raises(ControlError):
        harness.emulator.seed(content)


def test_parallel_issuing_never_doubles_a_code(harness: EmulatorHarness) -> None:
    """Many threads draw from one list; every code goes out once."""
    list_id = harness.filled_list(*(f"C-{number}" for number in range(200)))
    drawn: list[str] = []

    def draw() -> None:
        for _ in range(10):
            drawn.extend(harness.emulator.issue(list_id, BUYER, count=2, codes=None))

    threads = [threading.Thread(target=draw) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (200, 200) == (len(drawn), len(set(drawn)))
    assert 0 == harness.read(list_id)["available_coupons"]
