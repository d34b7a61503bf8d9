"""The emulator kit, seen through real HTTP with a toy vendor: mounting, faults, recorder, control API."""

import base64
import http.client
import json
import re
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from typing import Any

import pytest
import requests
from werkzeug.test import Client, EnvironBuilder
from werkzeug.wrappers import Request, Response

from couponhub.errors import LocalError
from couponhub.testing.emulation.app import EmulatorApp
from couponhub.testing.emulation.context import EmulatedClock, EmulatorContext, Mail
from couponhub.testing.emulation.recorder import RequestRecorder
from couponhub.testing.emulation.server import EmulatorServer
from couponhub.testing.emulation.vendor import ControlError, EmulatedCustomer
from tests.kit.eventually import eventually

ANSWER = {"id": "L1", "rows": 12, "active": True, "tags": ["a", None], "nested": {"name": "x"}}


class Toy:
    """A vendor that counts what it did and answers always the same."""

    base_path = ""
    credentials: Mapping[str, str] = {"key": "demo-key"}

    def __init__(self, name: str, world: EmulatorContext) -> None:
        self.name = name
        self.done: list[str] = []
        self.customers: list[EmulatedCustomer] = []
        self.issued: list[str] = []
        self.redeemed: dict[str, Mapping[str, Any]] = {}
        self._world = world
        self._options: dict[str, Any] = {"strict": True}

    def handle(self, request: Request) -> Response:
        """Do the work: note the call, unless it asks to break."""
        if request.path == "/broken":
            raise KeyError("broken")
        self.done.append(f"{request.method} {request.path}")
        return Response(json.dumps(ANSWER), status=201, mimetype="application/json")

    def options(self) -> Mapping[str, Any]:
        """The one option."""
        return dict(self._options)

    def set_options(self, values: Mapping[str, Any]) -> None:
        """Take the one option, a flag."""
        for name, value in values.items():
            if name != "strict" or type(value) is not bool:
                raise ControlError(f"{self.name}: {name} is no option, or no flag")
        self._options.update(values)

    def reset(self) -> None:
        """Forget everything."""
        self.done.clear()
        self.customers.clear()
        self._options = {"strict": True}

    def seed_demo(self) -> None:
        """Nothing to fill."""

    def seed(self, content: Mapping[str, Any]) -> Sequence[str]:
        """Keep nothing; a list goes by its name."""
        return [one["name"] for one in content.get("lists", ())]

    def add_customers(self, customers: Sequence[EmulatedCustomer]) -> None:
        """Keep them."""
        self.customers.extend(customers)

    def codes(self, list_id: str) -> Sequence[Mapping[str, Any]]:
        """One list exists, "L1"."""
        if list_id != "L1":
            raise ControlError("no such list", missing=True)
        return [{"code": code, "status": "active", "customer": None} for code in self.issued]

    def issue(
        self, list_id: str, customer: EmulatedCustomer, *, count: int | None, codes: Sequence[str] | None
    ) -> Sequence[str]:
        """Hand out the codes named, or made-up ones."""
        assert list_id == "L1"
        assert customer.mobile is not None
        self.issued.extend(codes if codes is not None else [f"C{n}" for n in range(count or 0)])
        return list(self.issued)

    def redeem(self, list_id: str, code: str, details: Mapping[str, Any]) -> None:
        """Note the details."""
        assert list_id == "L1"
        self.redeemed[code] = details

    def revoke(self, list_id: str, code: str) -> None:
        """Forget that it was issued."""
        assert list_id == "L1"
        self.issued.remove(code)

    def reactivate(self, list_id: str, code: str) -> None:
        """Forget that it was redeemed."""
        assert list_id == "L1"
        del self.redeemed[code]

    def error_file(self, key: str) -> bytes:
        """One error file exists, "E1"."""
        if key != "E1":
            raise ControlError("no such file", missing=True)
        return b"ErrorMsg\nx\n"

    def set_rate_limits(self, *, documented: bool) -> None:
        """Nothing is limited."""

    def set_processing_delay(self, seconds: float) -> None:
        """Nothing is processed."""


class Kit:
    """A running server with two toys, and short ways to talk to it."""

    def __init__(self) -> None:
        world = EmulatorContext()
        self.acme = Toy("acme", world)
        self.other = Toy("other", world)
        self.server = EmulatorServer([self.acme, self.other], world)
        self.world = world

    def control(self, method: str, path: str, body: Any = None) -> requests.Response:
        """Call the control API."""
        content = None if body is None else json.dumps(body)
        return requests.request(method, f"{self.server.url}/_emulator{path}", data=content, timeout=60)

    def faults(self, *rules: Mapping[str, Any]) -> None:
        """Set fault rules that must be right."""
        response = self.control("PUT", "/faults", rules)
        assert response.status_code == 200, response.text

    def call(self, method: str = "GET", path: str = "/v1/lists", **more: Any) -> requests.Response:
        """Call the vendor `acme`."""
        return requests.request(method, f"{self.server.url}/acme{path}", timeout=60, **more)


@pytest.fixture
def kit() -> Iterator[Kit]:
    """Give a kit that is stopped afterwards."""
    kit = Kit()
    with kit.server:
        yield kit


# Mounting and connections


def test_vendor_sees_its_own_paths(kit: Kit) -> None:
    """A vendor is served under its name and sees paths without it."""
    response = kit.call("POST", "/v1.1/a%20b/files?x=1", data=b"body")
    assert (201, ANSWER) == (response.status_code, response.json())
    assert ["POST /v1.1/a b/files"] == kit.acme.done
    assert [] == kit.other.done


def test_unknown_vendor_is_named_as_such(kit: Kit) -> None:
    """A path outside every vendor says what is served."""
    response = requests.get(f"{kit.server.url}/nobody/v1", timeout=60)
    assert 404 == response.status_code
    assert "/acme/" in response.json()["error"]


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 200),
        ("http://127.0.0.1:{port}", 200),
        ("http://evil.example", 403),
        ("https://127.0.0.1:{port}", 403),
        ("http://127.0.0.1:1", 403),
        ("null", 403),
        ("", 403),
    ],
)
def test_pages_of_other_sites_control_nothing(kit: Kit, origin: str | None, status: int) -> None:
    """A browser sends a form or a plain text to any address, and says from which site."""
    kit.call()
    headers = {} if origin is None else {"Origin": origin.format(port=kit.server.port)}

    answer = requests.post(f"{kit.server.url}/_emulator/reset", headers=headers, timeout=60)

    assert 403 == answer.status_code if status == 403 else answer.ok
    assert (1 if status == 403 else 0) == len(kit.server.app.recorder.requests())


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", ""])
@pytest.mark.parametrize("path", ["/acme/v1/lists", "/_emulator/reset"])
def test_foreign_host_is_refused(kit: Kit, host: str, path: str) -> None:
    """A call under a name or port that is not the server's own does nothing, at vendors and control alike."""
    kit.call()
    connection = http.client.HTTPConnection("127.0.0.1", kit.server.port, timeout=60)
    connection.request("POST", path, headers={"Host": host.format(port=kit.server.port)})
    assert 421 == connection.getresponse().status
    assert ["GET /v1/lists"] == kit.acme.done
    connection.close()


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "[::1]"])
def test_own_host_is_answered(kit: Kit, host: str) -> None:
    """Every name of loopback is answered."""
    assert 201 == kit.call(headers={"Host": f"{host}:{kit.server.port}"}).status_code


def test_a_host_that_was_allowed_is_answered() -> None:
    """Another container calls by its name for this one, at whatever port; what only looks like it is refused."""
    client = Client(EmulatorApp([], EmulatorContext(), allowed_hosts=["Vendors", "2001:db8::1"]))
    for host in ("vendors", "VENDORS:9000", "[2001:db8::1]", "[2001:db8::1]:80"):
        assert 404 == client.get("/", headers={"Host": host}).status_code
    for host in ("vendors.example", "vendors:", "vendors:x", "vendors:80:80", "[vendors]", "2001:db8::1"):
        assert 421 == client.get("/", headers={"Host": host}).status_code


def test_connection_is_kept_after_unread_body(kit: Kit) -> None:
    """A body that nobody read is not taken for the next request on the same connection."""
    connection = http.client.HTTPConnection("127.0.0.1", kit.server.port, timeout=60)
    for body in (b"GET /evil HTTP/1.1\r\n\r\n" * 10_000, b"", iter([b"in ", b"chunks"])):
        connection.request("POST", "/acme/v1/files", body=body)
        used = connection.sock
        assert b"L1" in connection.getresponse().read()
    assert used is connection.sock
    assert ["POST /v1/files"] * 3 == kit.acme.done
    connection.close()


def test_bad_content_length_is_refused(kit: Kit) -> None:
    """A length that is no number is answered with 400, not with a hung connection."""
    with socket.create_connection(("127.0.0.1", kit.server.port), timeout=60) as client:
        client.sendall(b"POST /acme/v1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 400 ")


def test_hundred_clients_at_once(kit: Kit) -> None:
    """A hundred simultaneous connections are all answered."""
    kit.faults({"match": "* *", "fault": "latency", "value": 0.2})
    with ThreadPoolExecutor(100) as pool:
        statuses = list(pool.map(lambda _: kit.call().status_code, range(100)))
    assert [201] * 100 == statuses


def test_vendor_fault_is_answered(kit: Kit, caplog: pytest.LogCaptureFixture) -> None:
    """A bug in an emulated vendor is a 500 and a log record, and the server lives on."""
    assert 500 == kit.call(path="/broken").status_code
    assert ["KeyError"] == [r.exc_info[0].__name__ for r in caplog.records if r.exc_info and r.exc_info[0]]
    assert 201 == kit.call().status_code


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 70_000), ("127.0.0.1", -1), ("203.0.113.7", 0)])
def test_impossible_address_is_local_error(host: str, port: int) -> None:
    """An address that this machine does not have is told in one line too."""
    with pytest.raises(LocalError, match=r"^[^\n]+$"):
        EmulatorServer([], EmulatorContext(), host=host, port=port)


def test_taken_port_is_local_error(kit: Kit) -> None:
    """A port in use is trouble of this machine, told in one line with a mend."""
    with pytest.raises(LocalError, match="in use") as caught:
        EmulatorServer([], EmulatorContext(), port=kit.server.port)
    assert "another port" in caught.value.hint
    assert "\n" not in str(caught.value)


def test_close_ends_kept_connections() -> None:
    """After close no kept connection is answered any more, and closing again is harmless."""
    kit = Kit()
    kit.server.start()
    connection = http.client.HTTPConnection("127.0.0.1", kit.server.port, timeout=60)
    connection.request("GET", "/acme/v1")
    connection.getresponse().read()
    kit.server.close()
    kit.server.close()
    kept = connection.sock
    assert kept is not None
    assert b"" == kept.recv(1)
    connection.close()


# Faults


def test_status_does_no_work(kit: Kit) -> None:
    """The status fault answers in place of the vendor, as often as it is told to."""
    kit.faults({"vendor": "acme", "match": "POST */files", "fault": "status", "value": 503, "times": 2})
    assert [503, 503, 201] == [kit.call("POST", "/v1/L1/files").status_code for _ in range(3)]
    assert 1 == len(kit.acme.done)


def test_status_with_headers_and_body(kit: Kit) -> None:
    """The status fault may say headers and a body too."""
    value = {"status": 429, "headers": {"Retry-After": "7"}, "body": {"error": {"code": "busy"}}}
    kit.faults({"match": "GET *", "fault": "status", "value": value})
    response = kit.call()
    assert (429, "7") == (response.status_code, response.headers["Retry-After"])
    assert {"error": {"code": "busy"}} == response.json()


def test_only_matching_calls_go_wrong(kit: Kit) -> None:
    """Vendor, method and path must all match, and the first rule that is not used up applies."""
    kit.faults(
        {"vendor": "other", "match": "* *", "fault": "status", "value": 500},
        {"match": "POST *", "fault": "status", "value": 501},
        {"match": "* */files", "fault": "status", "value": 502},
        {"match": "GET /v1/lists", "fault": "status", "value": 504, "times": 1},
        {"match": "GET /v1/lists", "fault": "status", "value": 505},
    )
    assert 201 == kit.call("PUT", "/v1/files/1").status_code
    assert 502 == kit.call("PUT", "/v1/files").status_code
    assert 504 == kit.call("GET", "/v1/lists?mobile=1").status_code
    assert 505 == kit.call("GET", "/v1/lists").status_code
    assert [0, 0, 1, 1, 1] == [rule["fired"] for rule in kit.control("GET", "/faults").json()["items"]]


def test_every_second_call_goes_wrong(kit: Kit) -> None:
    """A rule that is not due lets the call on to the next rule, and only calls that it matches count."""
    kit.faults(
        {"match": "GET /v1/*", "fault": "status", "value": 500, "every": 2, "times": 2},
        {"match": "POST *", "fault": "status", "value": 502},
    )
    statuses = [kit.call(method, "/v1/lists").status_code for method in ("GET", "POST", "GET", "GET")]
    assert [201, 502, 500, 201] == statuses
    assert [500, 201, 201] == [kit.call("GET", "/v1/lists").status_code for _ in range(3)]


def test_times_hold_under_load(kit: Kit) -> None:
    """A rule never fires more often than told, whatever arrives at once."""
    kit.faults({"match": "* *", "fault": "status", "value": 500, "times": 7})
    with ThreadPoolExecutor(20) as pool:
        statuses = list(pool.map(lambda _: kit.call().status_code, range(40)))
    assert 7 == statuses.count(500)


def test_latency_then_work(kit: Kit) -> None:
    """The latency fault delays the work, and the work is done."""
    kit.faults({"match": "* *", "fault": "latency", "value": 0.2})
    start = time.monotonic()
    assert 201 == kit.call().status_code
    assert time.monotonic() - start >= 0.2
    assert 1 == len(kit.acme.done)


@pytest.mark.parametrize(("fault", "done"), [("drop_before", 0), ("drop_after", 1)])
def test_dropped_connections(kit: Kit, capfd: pytest.CaptureFixture[str], fault: str, done: int) -> None:
    """A dropped connection leaves the client without an answer, the work done or not, and stderr silent."""
    kit.faults({"match": "POST *", "fault": fault, "times": 1})
    with pytest.raises(requests.ConnectionError):
        kit.call("POST", "/v1/files", data=b"x" * 1_000_000)
    assert done == len(kit.acme.done)
    assert 201 == kit.call("POST").status_code
    assert ("", "") == capfd.readouterr()


def test_garbage_of_each_kind(kit: Kit) -> None:
    """Garbage comes with HTTP 200 after the work was done, html unless told otherwise."""
    kinds = [None, "html", "half", "empty", "text", "nulls", "array"]
    kit.faults(*({"match": "* *", "fault": "garbage", "value": kind, "times": 1} for kind in kinds))
    answers = [kit.call() for _ in kinds]
    real = json.dumps(ANSWER)
    nulls = {"id": None, "rows": None, "active": None, "tags": [None, None], "nested": {"name": None}}
    assert [200] * len(kinds) == [answer.status_code for answer in answers]
    assert len(kinds) == len(kit.acme.done)
    assert answers[0].text.startswith("<!DOCTYPE html>")
    assert answers[0].text == answers[1].text
    assert [real[: len(real) // 2], "", "OK"] == [answer.text for answer in answers[2:5]]
    assert [nulls, [ANSWER]] == [answer.json() for answer in answers[5:]]


def test_wrong_types(kit: Kit) -> None:
    """Every leaf comes as another type, under the keys and with the status of the real answer."""
    kit.faults({"match": "* *", "fault": "wrong_types"})
    response = kit.call()
    expected = {"id": 2, "rows": {"value": 12}, "active": "true", "tags": [1, []], "nested": {"name": 1}}
    assert (201, expected) == (response.status_code, response.json())


def test_slow_body(kit: Kit) -> None:
    """A slow body begins early, is whole, and takes as long as told."""
    kit.faults({"match": "* *", "fault": "slow_body", "value": 0.4})
    start = time.monotonic()
    response = kit.call(stream=True)
    head_after = time.monotonic() - start
    assert ANSWER == response.json()
    assert head_after < 0.3
    assert time.monotonic() - start >= 0.4


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({}, "match"),
        ("status", "object"),
        ({"match": "POST */files"}, "fault"),
        ({"match": "/files", "fault": "drop_after"}, "match"),
        ({"match": "POST files", "fault": "drop_after"}, "match"),
        ({"match": "post /files", "fault": "drop_after"}, "match"),
        ({"match": 1, "fault": "drop_after"}, "match"),
        ({"match": "* *", "fault": "explode"}, "status, latency"),
        ({"match": "* *", "fault": ["status"]}, "status, latency"),
        ({"match": "* *", "fault": "drop_after", "value": 1}, "no value"),
        ({"match": "* *", "fault": "drop_after", "vendor": "nobody"}, "acme, other"),
        ({"match": "* *", "fault": "drop_after", "vendor": {}}, "acme, other"),
        ({"match": "* *", "fault": "drop_after", "times": 0}, "times"),
        ({"match": "* *", "fault": "drop_after", "times": True}, "times"),
        ({"match": "* *", "fault": "drop_after", "every": 0}, "every"),
        ({"match": "* *", "fault": "drop_after", "every": "2"}, "every"),
        ({"match": "* *", "fault": "drop_after", "seconds": 1}, "seconds"),
        ({"match": "* *", "fault": "latency"}, "seconds"),
        ({"match": "* *", "fault": "latency", "value": -1}, "seconds"),
        ({"match": "* *", "fault": "latency", "value": 10**400}, "seconds"),
        ({"match": "* *", "fault": "slow_body", "value": "1"}, "seconds"),
        ({"match": "* *", "fault": "garbage", "value": "noise"}, "html, half"),
        ({"match": "* *", "fault": "garbage", "value": []}, "html, half"),
        ({"match": "* *", "fault": "status"}, "200 to 599"),
        ({"match": "* *", "fault": "status", "value": 100}, "200 to 599"),
        ({"match": "* *", "fault": "status", "value": {"status": "500"}}, "200 to 599"),
        ({"match": "* *", "fault": "status", "value": {"status": 500, "headers": []}}, "headers"),
        ({"match": "* *", "fault": "status", "value": {"status": 500, "headers": {"A": 1}}}, "headers.A"),
        ({"match": "* *", "fault": "status", "value": {"status": 500, "headers": {"A": "x\r\nB: y"}}}, "A"),
        ({"match": "* *", "fault": "status", "value": {"status": 500, "headers": {"A": "☃"}}}, "headers.A"),
        (
            {"match": "* *", "fault": "status", "value": {"status": 500, "headers": {"Content-Length": "9"}}},
            "Content-Length",
        ),
    ],
)
def test_wrong_rule_changes_nothing(kit: Kit, rule: Any, said: str) -> None:
    """A rule that is wrong is named with its place in the list, and the rules before stay in force."""
    kit.faults({"match": "* *", "fault": "status", "value": 500})
    response = kit.control("PUT", "/faults", [{"match": "* *", "fault": "drop_after"}, rule])
    assert 400 == response.status_code
    assert "faults[1]" in response.json()["error"]
    assert said in response.json()["error"]
    assert 500 == kit.call().status_code


# Recorder


def test_requests_are_recorded_without_secrets(kit: Kit) -> None:
    """The recorder keeps method, path, query, headers and status; secrets only as a mask."""
    secrets = {"MOE-APPKEY": "s3cret", "X-CAP-API-OAUTH-TOKEN": "s3cret", "Accept": "application/json"}
    kit.call("POST", "/v1/files?mobile=%2B91", headers=secrets, auth=("user", "s3cret"))
    response = kit.control("GET", "/requests")
    (recorded,) = response.json()["items"]
    expected = ("acme", "POST", "/acme/v1/files", "mobile=%2B91", 201, None)
    keys = ("vendor", "method", "path", "query", "status", "fault")
    assert expected == tuple(recorded[key] for key in keys)
    assert "application/json" == recorded["headers"]["Accept"]
    assert "Basic ***" == recorded["headers"]["Authorization"]
    assert "***" == recorded["headers"]["Moe-Appkey"]
    assert "s3cret" not in response.text


def test_recorder_is_bounded() -> None:
    """The recorder forgets the oldest calls when it is full."""
    recorder = RequestRecorder(limit=2)
    for number in range(3):
        request = Request(EnvironBuilder(path=f"/{number}").get_environ())
        recorder.record(request, vendor="acme", at=datetime.now(UTC))
    assert ["/1", "/2"] == [recorded.path for recorded in recorder.requests()]


def test_lost_answers_are_recorded(kit: Kit) -> None:
    """A call whose answer was lost has no status and names the fault."""
    kit.faults({"match": "* *", "fault": "drop_after"})
    with pytest.raises(requests.ConnectionError):
        kit.call()
    (recorded,) = kit.control("GET", "/requests").json()["items"]
    assert (None, "drop_after") == (recorded["status"], recorded["fault"])


# Control API


def test_description_is_true(kit: Kit) -> None:
    """The description names every endpoint, and none of them is missing."""
    mail = Mail(at=datetime.now(UTC), vendor="acme", to=(), subject="", text="", attachments={"f.csv": b"x"})
    there = {"<vendor>": "acme", "<list_id>": "L1", "<key>": "E1", "<number>": "1", "<name>": "f.csv"}
    description = kit.control("GET", "/").json()
    assert 19 == len(description["endpoints"])
    for endpoint in description["endpoints"]:
        kit.world.outbox.send(mail)  # one of the endpoints empties it
        path = re.sub("<[a-z_]+>", lambda word: there[word[0]], endpoint["path"])
        response = requests.request(endpoint["method"], kit.server.url + path, timeout=60)
        assert (200 if endpoint["body"] is None else 400) == response.status_code
    assert {"strict": True} == description["vendors"]["acme"]["options"]
    assert {"key": "demo-key"} == description["vendors"]["acme"]["credentials"]
    assert "drop_after" in description["faults"]


def test_clock_moves_and_returns(kit: Kit) -> None:
    """The clock jumps to any instant with an offset, runs on, and null brings real time back."""
    assert 200 == kit.control("PUT", "/clock", {"now": "2031-02-03T04:05:06+05:30"}).status_code
    moved = datetime.fromisoformat(kit.control("GET", "/clock").json()["now"])
    assert timedelta(0) <= moved - datetime(2031, 2, 2, 22, 35, 6, tzinfo=UTC) < timedelta(minutes=1)
    assert "2031" in kit.call().headers["Date"]
    kit.control("PUT", "/clock", {"now": None})
    assert abs(kit.world.clock.now() - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    "body",
    [
        {"now": "2031-02-03T04:05:06"},
        {"now": "2031-02-03"},
        {"now": "2031-02-30T00:00:00Z"},
        {"now": "0001-01-01T00:00:00+14:00"},
        {"now": "9999-12-31T23:59:59Z"},
        {"now": 1893456000},
        {"now": "tomorrow"},
        {"later": None},
        {},
        [],
    ],
)
def test_clock_refuses_what_is_no_instant(kit: Kit, body: Any) -> None:
    """What is no RFC 3339 instant with an offset leaves the clock alone."""
    assert 400 == kit.control("PUT", "/clock", body).status_code
    assert abs(kit.world.clock.now() - datetime.now(UTC)) < timedelta(minutes=1)


def test_options_change_all_or_nothing(kit: Kit) -> None:
    """Options of several vendors are set at once; one wrong value undoes the others."""
    changed = kit.control("PUT", "/options", {"acme": {"strict": False}})
    assert {"acme": {"strict": False}, "other": {"strict": True}} == changed.json()
    wrong_options: list[Any] = [{"strict": 1}, {"lax": True}, [], None]
    for wrong in wrong_options:
        response = kit.control("PUT", "/options", {"acme": {"strict": True}, "other": wrong})
        assert 400 == response.status_code
        assert "other" in response.json()["error"]
    assert 400 == kit.control("PUT", "/options", {"nobody": {}}).status_code
    assert changed.json() == kit.control("GET", "/options").json()


def test_customers_codes_issue_redeem(kit: Kit) -> None:
    """The vendor's state is reached through customers, codes, issue and redeem."""
    customer = {"mobile": "919876543210", "email": None, "external_id": "EXT-007"}
    kit.control("POST", "/acme/customers", {"customers": [customer]})
    assert [EmulatedCustomer(mobile="919876543210", external_id="EXT-007")] == kit.acme.customers
    issued = kit.control("POST", "/acme/lists/L1/issue", {"customer": customer, "codes": ["007", "1e5"]})
    assert {"codes": ["007", "1e5"]} == issued.json()
    issued = kit.control("POST", "/acme/lists/L1/issue", {"customer": customer, "count": 1})
    assert {"codes": ["007", "1e5", "C0"]} == issued.json()
    redemption = {"code": "007", "at": "2030-01-01T05:30:00+05:30", "store_code": "S1"}
    assert 200 == kit.control("POST", "/acme/lists/L1/redeem", redemption).status_code
    assert {"007": {"at": datetime(2030, 1, 1, tzinfo=UTC), "store_code": "S1"}} == kit.acme.redeemed
    codes = kit.control("GET", "/acme/lists/L1/codes").json()["items"]
    assert ["007", "1e5", "C0"] == [item["code"] for item in codes]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/nothing", None, 404),
        ("GET", "/nobody/lists/L1/codes", None, 404),
        ("GET", "/acme/lists/L2/codes", None, 404),
        ("POST", "/nobody/customers", {"customers": []}, 404),
        ("DELETE", "/reset", None, 405),
        ("GET", "/reset", None, 405),
        ("POST", "/acme/customers", {"customers": {}}, 400),
        ("POST", "/acme/customers", {"customers": [{}]}, 400),
        ("POST", "/acme/customers", {"customers": [{"mobile": 91}]}, 400),
        ("POST", "/acme/customers", {"customers": [{"mobile": ""}]}, 400),
        ("POST", "/acme/customers", {"customers": [{"phone": "91"}]}, 400),
        ("POST", "/acme/lists/L1/issue", {"customer": {"mobile": "91"}}, 400),
        ("POST", "/acme/lists/L1/issue", {"customer": {"mobile": "91"}, "count": 1, "codes": ["A"]}, 400),
        ("POST", "/acme/lists/L1/issue", {"customer": {"mobile": "91"}, "count": True}, 400),
        ("POST", "/acme/lists/L1/issue", {"customer": {"mobile": "91"}, "count": 10**9}, 400),
        ("POST", "/acme/lists/L1/issue", {"customer": {"mobile": "91"}, "codes": [7]}, 400),
        ("POST", "/acme/lists/L1/issue", {"customer": None, "count": 1}, 400),
        ("POST", "/acme/lists/L1/redeem", {"code": 7}, 400),
        ("POST", "/acme/lists/L1/redeem", {"code": "A", "at": "now"}, 400),
        ("POST", "/acme/lists/L1/redeem", {"code": "A", "store": "S1"}, 400),
        ("PUT", "/faults", {}, 400),
        ("POST", "/acme/lists/L1/revoke", {"code": 7}, 400),
        ("POST", "/acme/lists/L1/reactivate", {}, 400),
        ("POST", "/nobody/lists/L1/revoke", {"code": "A"}, 404),
        ("GET", "/nobody/error-files/E1", None, 404),
        ("GET", "/acme/error-files/E2", None, 404),
        ("GET", "/mails/1.eml", None, 404),
        ("GET", "/mails/0.eml", None, 404),
        ("GET", "/mails/one.eml", None, 404),
        ("GET", "/mails/1/report.csv", None, 404),
    ],
)
def test_control_refuses_in_words(kit: Kit, method: str, path: str, body: Any, status: int) -> None:
    """What cannot be done is refused with a text, and never with a 500."""
    response = kit.control(method, path, body)
    assert status == response.status_code
    assert response.json()["error"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff",
        b'{"now": NaN}',
        b'{"now": 1e999}',
        b'{"now": "\\ud800"}',
        b"[" * 100_000,
        b"9" * 9_000,
    ],
)
def test_malformed_json_is_refused(kit: Kit, content: bytes) -> None:
    """Bodies that are no JSON, or JSON that Python would read and could not write, are a 400."""
    response = requests.put(f"{kit.server.url}/_emulator/clock", data=content, timeout=60)
    assert 400 == response.status_code
    assert response.json()["error"].startswith("the body must be")


def test_mails_come_with_their_files(kit: Kit) -> None:
    """Mails show their attachments as base64, and as text where they are text."""
    files = {"report.csv": "Code\né".encode(), "report.zip": b"PK\xff"}
    at = datetime(2030, 1, 1, tzinfo=UTC)
    mail = Mail(at=at, vendor="acme", to=("a@example.com",), subject="s", text="t", attachments=files)
    kit.world.outbox.send(mail)
    (shown,) = kit.control("GET", "/mails").json()["items"]
    assert ("2030-01-01T00:00:00Z", ["a@example.com"]) == (shown["at"], shown["to"])
    assert files == {item["name"]: base64.b64decode(item["base64"]) for item in shown["attachments"]}
    assert ["Code\né", None] == [item["text"] for item in shown["attachments"]]
    for item in shown["attachments"]:
        served = requests.get(kit.server.url + item["url"], timeout=60)
        assert files[item["name"]] == served.content
    assert 404 == kit.control("GET", "/mails/1/other.csv").status_code


def test_mails_are_served_as_a_mail_program_saves_them(kit: Kit) -> None:
    """The .eml of a mail is read by any reader of mails, whatever stands in its texts."""
    files = {"report.csv": "Code\né\r\n".encode(), "report.zip": b"PK\xff", "notes": b"x"}
    at = datetime(2030, 1, 1, tzinfo=UTC)
    for number in (1, 2):
        kit.world.outbox.send(
            Mail(
                at=at,
                vendor="acme",
                to=("a@example.com", "b@example.com"),
                subject=f"List {number}\nBcc: x@example.com",
                text="Größe",
                attachments=files,
            )
        )
    second = kit.control("GET", "/mails").json()["items"][1]
    answer = requests.get(kit.server.url + second["eml"], timeout=60)

    assert "message/rfc822" == answer.headers["Content-Type"]
    # A browser that is led there runs nothing that a vendor has put into it.
    assert ("attachment", "nosniff") == (
        answer.headers["Content-Disposition"],
        answer.headers["X-Content-Type-Options"],
    )
    mail = message_from_bytes(answer.content, policy=policy.default)
    assert ("a@example.com, b@example.com", at) == (mail["To"], mail["Date"].datetime)
    assert ("List 2 Bcc: x@example.com", None) == (mail["Subject"], mail["Bcc"])
    body = mail.get_body()
    assert body is not None
    assert "Größe" == body.get_content().strip()
    assert files == {part.get_filename(): part.get_payload(decode=True) for part in mail.iter_attachments()}
    kinds = [part.get_content_type() for part in mail.iter_attachments()]
    assert ["text/csv", "application/zip", "application/octet-stream"] == kinds


def test_what_is_due_is_sent_before_anybody_looks(kit: Kit) -> None:
    """A vendor that mails by the clock has done so by the time that the outbox is read."""
    mail = Mail(at=datetime.now(UTC), vendor="acme", to=("a@example.com",), subject="s", text="t")
    kit.world.outbox.ask_first(lambda: kit.world.outbox.send(mail))
    assert 1 == len(kit.control("GET", "/mails").json()["items"])
    assert 2 == len(kit.control("GET", "/mails").json()["items"])


def test_reset_returns_to_the_start(kit: Kit) -> None:
    """Reset empties vendors, faults, requests, mails and background work, and returns the clock."""
    late = threading.Event()
    kit.call()
    kit.faults({"match": "* *", "fault": "status", "value": 500})
    kit.control("PUT", "/options", {"acme": {"strict": False}})
    kit.control("PUT", "/clock", {"now": "2031-01-01T00:00:00Z"})
    kit.world.outbox.send(Mail(at=datetime.now(UTC), vendor="acme", to=(), subject="s", text="t"))
    kit.world.background.later(0.1, late.set)
    assert 200 == kit.control("POST", "/reset").status_code
    for path in ("/faults", "/requests", "/mails"):
        assert {"items": []} == kit.control("GET", path).json()
    assert [] == kit.acme.done
    assert {"strict": True} == kit.acme.options()
    assert abs(kit.world.clock.now() - datetime.now(UTC)) < timedelta(minutes=1)
    assert not late.wait(0.2)


def test_reset_drops_calls_that_wait(kit: Kit) -> None:
    """A call that a fault holds back during a reset is dropped and never done."""
    kit.faults({"match": "* *", "fault": "latency", "value": 30})
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(kit.call)
        eventually(kit.server.app.recorder.requests, "the call")
        kit.control("POST", "/reset")
        with pytest.raises(requests.ConnectionError):
            waiting.result(timeout=60)
    assert [] == kit.acme.done


def test_background_failures_are_shown(kit: Kit) -> None:
    """Work that failed later, with nobody to tell, is told by the description."""
    done = threading.Event()

    def fail() -> None:
        raise ValueError

    kit.world.background.later(0, fail)
    kit.world.background.later(0, done.set)
    assert done.wait(60)
    (failure,) = kit.control("GET", "/").json()["background_failures"]
    assert failure.startswith("ValueError")


def test_clock_refuses_naive_instants() -> None:
    """The clock itself takes no instant without an offset."""
    with pytest.raises(ValueError, match="offset"):
        EmulatedClock().set(datetime(2030, 1, 1))  # noqa: DTZ001 - what is refused
