"""The public API as a customer's code uses it: checked by mypy, never run."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import assert_never, assert_type

from couponhub import (
    Answer,
    AsyncClient,
    AsyncCouponHub,
    Client,
    Coupon,
    CouponHub,
    CouponhubError,
    CouponList,
    CouponQuery,
    Customer,
    FileUrl,
    LookupAnswer,
    NewCouponList,
    OutcomeUnknown,
    Tagging,
    Unsupported,
    Upload,
    VendorError,
    VendorUnavailable,
)
from couponhub.erasure import Forgotten
from couponhub.explain import Explanation
from couponhub.models import (
    Alerts,
    CouponStatus,
    CustomerCoupons,
    Identifier,
    ListId,
    ListStatus,
    Reason,
    UploadStatus,
    Verdict,
)


def look_up(hub: CouponHub) -> Iterator[str]:
    """One question to every vendor, and what each answer may look like."""
    query = CouponQuery(status=frozenset({CouponStatus.ACTIVE}), since=datetime(2026, 1, 1, tzinfo=UTC))
    answer = hub.lookup(
        Customer(mobile="919876543210"), query, connections=["loyalty", "engage"], deadline=2.0
    )
    assert_type(answer, LookupAnswer)
    assert_type(answer.coupons, tuple[Coupon, ...])
    assert_type(answer.complete, bool)
    assert_type(answer.by_connection["engage"], Answer)
    for each in answer.answers:
        assert_type(each.reason, Reason | None)
        match each.verdict:
            case Verdict.FOUND:
                yield from (coupon.code for coupon in each.coupons)
            case Verdict.NONE:
                yield "none"
            case Verdict.UNKNOWN:
                yield str(each.error)
            case _:
                assert_never(each.verdict)


def look_many_up(hub: CouponHub, mobiles: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Many customers, one vendor after the other, and what several vendors hold."""
    customers = (Customer(mobile=mobile) for mobile in mobiles)
    for answer in hub.lookup_many(customers, strategy="first-found", at_once=8):
        assert_type(answer, LookupAnswer)
        assert_type(answer.shared_codes, Mapping[str, tuple[str, ...]])
        assert_type(answer.answers[0].identified_by, str | None)
        yield answer.answers[0].asked_as
    assert_type(hub["engage"].customers.identifiers, frozenset[Identifier])


def read_one_customer(hub: CouponHub) -> Mapping[str, datetime | None]:
    """One vendor, without the hub's judgement."""
    held = hub["loyalty"].customers.coupons(Customer(email="a.buyer@example.com"), deadline=1.5)
    assert_type(held, CustomerCoupons)
    assert_type(held.customer_known, bool)
    return {coupon.code: coupon.expires_at for coupon in held.coupons}


def keep_lists(hub: CouponHub) -> CouponList:
    """Read, create, archive."""
    lists = hub["engage"].lists
    assert_type(next(lists.iterate(status="active")), CouponList)
    assert_type(next(lists.iterate(ListStatus.EXPIRED)), CouponList)
    new = NewCouponList(
        name="Diwali 2026",
        expires=date(2026, 11, 30),
        alerts=Alerts(subscribers=("ops@example.com",), shortage=100),
        extra={"discountType": "PERC"},
    )
    created = lists.create(new)
    assert_type(created.id, ListId)
    assert_type(created.available, int | None)
    lists.archive(created.id)
    lists.activate(created.id, date(2027, 1, 31))
    return lists.get("64f0c1")


def send_codes(hub: CouponHub, path: Path, codes: Iterable[str]) -> UploadStatus:
    """A path, an open file, an address or plain codes; then wait."""
    uploads = hub["engage"].uploads
    upload = uploads.send("64f0c1", path)
    assert_type(upload, Upload)
    uploads.send("64f0c1", "codes.csv", tagging=Tagging(identifier=Identifier.MOBILE, column="mobile"))
    uploads.send("64f0c1", "codes.csv", column="post_title", accept="ruined")
    uploads.send("64f0c1", "codes.csv", column=0, accept=["ruined"])
    uploads.send("64f0c1", FileUrl(url="https://codes.example.com/a.csv"))
    uploads.send("64f0c1", codes)
    with path.open("rb") as file:
        uploads.send("64f0c1", file)
    assert_type(next(uploads.iterate("64f0c1")), Upload)
    assert_type(uploads.show("64f0c1", upload.id), Upload)
    ended = uploads.wait(upload, timeout=60)
    assert_type(ended, Upload)
    assert_type(ended.accepted, int | None)
    return ended.status


def survive(hub: CouponHub) -> str:
    """Errors are told apart by class; what they mean outside Python stands on them."""
    try:
        return hub["engage"].check()
    except Unsupported as error:
        return error.hint
    except OutcomeUnknown as error:
        return error.message
    except VendorUnavailable as error:
        assert_type(error.retry_after, float | None)
        return "later"
    except VendorError as error:
        assert_type(error.status, int | None)
        return error.kind
    except CouponhubError as error:
        raise SystemExit(error.exit_code) from error


def main() -> None:
    """The hub is closed by `with`; a connection is got by its configured name."""
    with CouponHub.from_config("couponhub.toml", environment={"CAPILLARY_KEY": "from a vault"}) as hub:
        assert_type(hub, CouponHub)
        assert_type(list(hub), list[str])
        assert_type("lists.write" in hub["engage"].capabilities, bool)
        assert_type(hub["engage"].call("GET", "custom/endpoint", query={"page": "2"}), object)

    # What must not pass: mypy reports an ignore that ignores nothing.
    Customer("919876543210")  # type: ignore[call-arg]
    Customer(mobile=919876543210)  # type: ignore[arg-type]
    NewCouponList(name="Diwali", expires="2026-11-30")  # type: ignore[arg-type]
    hub["engage"].lists.create(name="Diwali")  # type: ignore[call-arg]


def ask_a_server(url: str, token: str, customers: Iterable[Customer]) -> Iterator[LookupAnswer]:
    """The same question, asked of a server, about one customer and about many."""
    with Client(url, token=token, timeout=10.0) as client:
        assert_type(client.lookup(Customer(mobile="919876543210"), deadline=2.0), LookupAnswer)
        yield from client.lookup_many(customers, connections=["loyalty"], strategy="first-found")
        for connection in client.connections():
            assert_type(connection.capabilities, tuple[str, ...] | None)


def explain_and_forget(hub: CouponHub) -> Sequence[str]:
    """Why an answer is what it is, and what was removed of somebody."""
    assert_type(hub.explain("WINTER10"), Explanation)
    explanation = hub.explain(Customer(mobile="919876543210"), deadline=5.0)
    report = hub.forget([Customer(mobile="919876543210"), Customer(email="a@example.com")])
    assert_type(report, Forgotten)
    return [*(one.coupon.code for one in explanation.coupons), *report.remaining]


async def await_it(path: Path) -> AsyncIterator[LookupAnswer]:
    """The same in asyncio: what is awaited has the types of what blocks."""
    async with AsyncCouponHub.from_config(path) as hub, AsyncClient("https://coupons.example.com") as client:
        assert_type(await hub.lookup(Customer(mobile="919876543210"), deadline=2.0), LookupAnswer)
        assert_type(await client.lookup(Customer(mobile="919876543210")), LookupAnswer)
        assert_type(await hub["engage"].lists.get("64f0c1"), CouponList)
        assert_type(await hub["engage"].uploads.send("64f0c1", path, wait=True), Upload)
        assert_type([one async for one in hub["engage"].lists.iterate(status="active")], list[CouponList])
        await hub["engage"].lists.get(5)  # type: ignore[arg-type]
        await hub["engage"].uploads.send("64f0c1", path, wiat=True)  # type: ignore[call-arg]
        async for answer in hub.lookup_many([Customer(mobile="919876543210")], at_once=100):
            yield answer
        async for answer in client.lookup_many([Customer(mobile="919876543210")]):
            yield answer
