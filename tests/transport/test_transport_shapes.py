"""What an exchange looked like, without its values."""

import json
from typing import Any

import pytest

from couponhub.errors import CouponhubError
from couponhub.transport import Observer, Request, Shape, VendorCall
from couponhub.transport.shapes import shape_of, value_shape
from tests.kit.scripted_server import ScriptedServer, hangs_up, says
from tests.transport.transports import transport_to, understood


class Seeing:
    """Takes note of every exchange."""

    def __init__(self) -> None:
        self.seen: list[tuple[VendorCall, Shape]] = []
        self.ended: list[VendorCall] = []

    def began(self, connection: str, operation: str) -> Any:  # noqa: ARG002 - the protocol's
        """As `Observer.began`."""
        return self.ended.append

    def exchanged(self, call: VendorCall, shape: Shape) -> None:
        """As `ShapeObserver.exchanged`."""
        self.seen.append((call, shape))


READ = Request(
    operation="read",
    method="GET",
    path="/v1.1/customers/EXT-007/coupon-list/98662653/get.json",
    query=(("mobile", "919876543210"), ("format", "json")),
)


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        (None, None),
        (True, True),
        ("true", 'the text "true"'),
        ("", 'the text ""'),
        ("CODE-42", "text of 7 characters"),
        ("919876543210", "text of 12 digits"),
        ("2026-01-31 10:00:00", "time as ####-##-## ##:##:##"),
        ("2026-01-31T10:00:00.000+05:30", "time as ####-##-##T##:##:##.###+##:##"),
        ("31-01-2026", "time as ##-##-####"),
        ("2026-01-31T10:00:CODE", "time as ####-##-##T##:##:CODE"),
        (-123, "whole number of 3 digits"),
        (1.5, "number"),
        ([], {"list_of": 0, "kinds": []}),
        (["a", "b", 1], {"list_of": 3, "kinds": ["text of 1 characters", "whole number of 1 digits"]}),
        ({"code": "A", "redeemedAt2": None}, {"code": "text of 1 characters", "redeemedAt2": None}),
        ({"CODE-42": 1, "919876543210": 1, "a.b@c.de": 1, "code42x": 1}, {"***": "whole number of 1 digits"}),
    ],
)
def test_values(value: object, shape: object) -> None:
    """Kinds, lengths and forms of times are told; keys that may be codes or people are not."""
    assert shape == value_shape(value)


def test_a_list_shows_each_kind_once() -> None:
    """A thousand coupons of one kind are told in one, and no more than five kinds are."""
    assert {"list_of": 1000, "kinds": [{"code": "text of 2 characters"}]} == value_shape(
        [{"code": "AB"}] * 1000
    )
    assert 5 == len(value_shape(["x" * length for length in range(1, 9)])["kinds"])


def test_an_exchange(server: ScriptedServer) -> None:
    """Path, parameters and body without values; of the headers those about rates, dates and formats."""
    headers = {"Content-Type": "application/json", "X-RateLimit-Remaining": "7", "Set-Cookie": "secret"}
    server.plays(says(body=json.dumps({"code": "CODE-42"}).encode(), headers=headers))
    observer = Seeing()
    told: Observer = observer
    transport_to(server.url, observer=told).call(READ, understood)
    ((call, shape),) = observer.seen
    assert [call] == observer.ended
    assert ("GET", "/v1.1/customers/***/coupon-list/***/get.json") == (shape.method, shape.path)
    assert {"mobile": "text of 12 digits", "format": "text of 4 characters"} == shape.query
    assert (None, {"code": "text of 7 characters"}) == (shape.sent, shape.received)
    assert {"content-type": "application/json", "x-ratelimit-remaining": "7"} == shape.headers


def test_an_exchange_without_an_answer(server: ScriptedServer) -> None:
    """What was sent is told all the same."""
    server.otherwise = lambda _: hangs_up()
    observer = Seeing()
    write = Request(operation="w", method="POST", path="/l", body={"code": "CODE-42"}, changes=True)
    with pytest.raises(CouponhubError):
        transport_to(server.url, observer=observer).call(write, understood)
    ((call, shape),) = observer.seen
    assert (None, None) == (call.status, shape.received)
    assert {"code": "text of 7 characters"} == shape.sent


@pytest.mark.parametrize(
    ("body", "received"),
    [(b"<html>CODE-42</html>", "20 bytes that are not JSON"), (b"", "nothing")],
)
def test_what_is_no_json(server: ScriptedServer, body: bytes, received: str) -> None:
    """Pages are told by their length."""
    server.plays(says(body=body))
    observer = Seeing()
    transport_to(server.url, observer=observer).call(READ, understood)
    assert received == observer.seen[0][1].received


@pytest.mark.parametrize("path", ["/x/%65XT-007/y", "/x/A/y", "/x/a%40b.c/y", "/x/..%2f/y", "/x/ext7/y"])
def test_a_segment_that_may_name_somebody_is_masked(path: str) -> None:
    """Only plain words in lower case, versions and documents stay."""
    assert "/x/***/y" == shape_of(Request(operation="r", method="GET", path=path), None).path
