"""A backend engineer: one hub in each process of a web service, threads and loops around it, errors to be handled."""

import asyncio
import json
import pickle
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

import couponhub
from couponhub import (
    AsyncCouponHub,
    Client,
    ConfigError,
    CouponHub,
    Customer,
    NotFound,
    UnknownConnection,
    Unsupported,
    UsageError,
)
from tests.kit.cli import CUSTOMER, CliRunner

BUYER = Customer(mobile=CUSTOMER)


@pytest.fixture
def hub(cli: CliRunner) -> Iterator[CouponHub]:
    """The hub of the config in the working folder, as the README opens it."""
    assert cli.folder.exists()
    with CouponHub.from_config() as hub:
        yield hub


def test_first_steps(cli: CliRunner, hub: CouponHub) -> None:
    """What is printed says what it is; an answer is the document of the command line, and can be kept."""
    assert "<CouponHub of couponhub.toml: capillary (capillary), moengage (moengage)>" == repr(hub)
    assert cli("--version").out.endswith(f"{couponhub.__version__}\n")
    answer = hub.lookup(BUYER)
    told = cli("lookup", "--mobile", CUSTOMER, "-o", "json").json
    assert list(answer.as_dict()) == list(told)
    assert json.loads(answer.to_json()) == answer.as_dict()
    assert [coupon.code for coupon in answer.coupons] == [coupon["code"] for coupon in told["coupons"]]
    assert answer == pickle.loads(pickle.dumps(answer))  # noqa: S301 - our own
    assert CUSTOMER not in repr(answer)


def test_what_can_go_wrong(hub: CouponHub) -> None:
    """One line, of a class that a program tells apart, with what to do."""
    for ask, kind, said in (
        (lambda: hub["capilary"], UnknownConnection, "configured are: capillary, moengage"),
        (lambda: hub.lookup(CUSTOMER), UsageError, 'Customer(mobile="...")'),  # type: ignore[arg-type] # the slip
        (lambda: Customer(mobile=919876543210), UsageError, "must be text, not int"),  # type: ignore[arg-type] # the same
        (lambda: hub["capillary"].lists.get("1"), NotFound, 'no coupon series "1"'),
        (hub["capillary"].usage.status, Unsupported, "couponhub lookup"),
        (lambda: CouponHub.from_config("none.toml"), ConfigError, "couponhub config init"),
        (lambda: Client("http://coupons:8700", token="t"), ConfigError, "allow_http=True of a Client"),
        (lambda: Client("https://coupons", token=""), UsageError, "the token is empty"),
    ):
        with pytest.raises(kind) as caught:
            ask()
        assert said in str(caught.value)
        assert CUSTOMER not in str(caught.value)


def test_when_to_come_back(cli: CliRunner, hub: CouponHub) -> None:
    """A lookup raises nothing of a vendor: whether and when to try again stands on its answer, and in the line."""
    headers = {"Retry-After": "7"}
    cli.control["capillary"].fail("GET *", "status", {"status": 429, "headers": headers})
    answer = hub.lookup(BUYER, connections="capillary", deadline=1)
    error = answer.by_connection["capillary"].error
    assert error is not None
    assert (False, True, 7.0) == (answer.complete, error.retryable, error.retry_after)
    assert "7 s" in str(error)


def test_threads_and_loops_share_a_hub(cli: CliRunner) -> None:
    """Also loops of several threads; after its end it says so."""
    hub = AsyncCouponHub.from_config()
    assert cli.folder.exists()

    def ask(_: int) -> int:
        return len(asyncio.run(hub.lookup(BUYER)).coupons)

    with ThreadPoolExecutor(4) as threads:
        assert {5} == set(threads.map(ask, range(8)))
    asyncio.run(hub.close())
    with pytest.raises(UsageError, match="the hub was closed"):
        asyncio.run(hub.lookup(BUYER))


def test_cancelling_ends_waiting_alone(cli: CliRunner) -> None:
    """A request that is given up does not harm the one beside it, which waits for the same vendor."""

    async def run() -> tuple[bool, int]:
        async with AsyncCouponHub.from_config() as hub:
            cli.control["capillary"].fail("GET *", "latency", 0.2)
            given_up, kept = (asyncio.create_task(hub.lookup(BUYER, deadline=10)) for _ in range(2))
            await asyncio.sleep(0)  # both have begun to wait
            given_up.cancel()
            answer = await kept
            return given_up.cancelled(), len(answer.coupons)

    assert (True, 5) == asyncio.run(run())
