"""R-01 to R-12: what holds for every call, whatever it asks."""

import copy
import logging
import pickle
import re
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import attrs
import pytest

from couponhub.clock import utc_now
from couponhub.errors import (
    AuthRejected,
    CouponhubError,
    PermissionDenied,
    RateLimited,
    UnreadableReply,
    Unsupported,
    UsageError,
    VendorUnavailable,
)
from couponhub.models import CouponList, CouponQuery, Customer, CustomerCoupons
from couponhub.protocols import CAPABILITIES
from couponhub.testing.conformance.customers import BUYER, NOBODY
from couponhub.testing.conformance.refusals import refuses, refuses_customers, refuses_uploads, understood
from couponhub.testing.harness import Harness

GARBAGE = ("html", "half", "empty", "text", "nulls", "array")


def answers(call: Callable[[], object]) -> None:
    """Assert that what is claimed is not refused; the vendor may still know nothing of what is asked for."""
    try:
        call()
    except Unsupported as refusal:
        raise AssertionError("it is claimed, and refused") from refusal
    except CouponhubError:
        pass


class BasicRules:
    """Rules of every call."""

    def test_r01_capabilities_are_what_is_implemented(self, harness: Harness) -> None:
        """R-01: what is claimed can be called, what is not claimed is refused with an alternative."""
        connection = harness.connection
        day = utc_now().date()
        calls: dict[str, Callable[[], object]] = {
            "lists.read": lambda: list(connection.lists.iterate()),
            "lists.write": lambda: connection.lists.create(harness.new_list("claimed")),
            "uploads.delete": lambda: connection.uploads.delete("1", "1"),
            "lists.activate": lambda: connection.lists.activate("1", day + timedelta(days=9)),
            "lists.archive": lambda: connection.lists.archive("1"),
            "uploads.read": lambda: list(connection.uploads.iterate("1")),
            "coupons.find": lambda: connection.coupons.find(["CODE-1"]),
            "usage.request": lambda: connection.usage.request("1", day, day, ["a@example.com"]),
        }
        assert set(connection.capabilities) <= set(CAPABILITIES)
        for capability, call in calls.items():
            if not refuses(harness, capability, call):
                answers(call)
        if not refuses_uploads(harness):
            answers(lambda: connection.uploads.send("1", ["CODE-1"]))
        if not refuses_customers(harness):
            assert understood(harness, NOBODY)

    def test_r02_wrong_credentials_are_told_without_showing_them(self, harness: Harness) -> None:
        """R-02: refused credentials raise AuthRejected, and its text holds none of them."""
        wrong = dict.fromkeys(harness.emulator.credentials, "wrong-canary")
        with harness.open_hub(**wrong) as hub, pytest.raises(AuthRejected) as caught:
            hub[harness.plugin.name].check()
        shown = "".join(traceback.format_exception(caught.value))
        assert "wrong-canary" not in shown
        assert harness.plugin.name == caught.value.connection

    def test_r03_a_missing_right_is_told_apart_from_wrong_credentials(self, harness: Harness) -> None:
        """R-03: HTTP 403 raises PermissionDenied."""
        harness.control.fail("* *", "status", 403)
        with pytest.raises((PermissionDenied, AuthRejected)):
            harness.connection.check()

    def test_r04_a_dead_vendor_is_unavailable(self, harness: Harness) -> None:
        """R-04: a read that gets no answer raises VendorUnavailable."""
        harness.control.fail("* *", "drop_before")
        with pytest.raises(VendorUnavailable):
            harness.connection.check()

    @pytest.mark.parametrize("garbage", GARBAGE)
    def test_r05_garbage_is_never_understood(self, harness: Harness, garbage: str) -> None:
        """R-05: a read whose answer is not what the vendor documents raises an error of the tree."""
        if refuses(harness, "lists.read", lambda: list(harness.connection.lists.iterate())):
            return
        harness.list_with("a list", ["CODE-1"])
        harness.control.fail("GET *", "garbage", garbage)
        with pytest.raises(UnreadableReply):
            list(harness.connection.lists.iterate())

    def test_r05_wrong_types_are_never_understood(self, harness: Harness) -> None:
        """R-05: the same for an answer whose values have other types than documented."""
        if refuses(harness, "lists.read", lambda: harness.connection.lists.get("1")):
            return
        list_id = harness.list_with("a list", ["CODE-1"])
        harness.control.fail("GET *", "wrong_types")
        with pytest.raises(CouponhubError):
            harness.connection.lists.get(list_id)

    def test_r06_redirects_are_never_followed(self, harness: Harness) -> None:
        """R-06: a redirect is an unreadable answer, and nobody is called at its target."""
        target = {
            "status": 302,
            "headers": {"Location": f"{harness.server.url}/{harness.plugin.name}/elsewhere"},
        }
        harness.control.fail("GET *", "status", target)
        with pytest.raises(UnreadableReply):
            harness.connection.check()
        assert not any("elsewhere" in request["path"] for request in harness.control.requests())

    def test_r07_a_rate_limit_is_told_with_its_wait(self, harness: Harness) -> None:
        """R-07: HTTP 429 raises RateLimited with the seconds the vendor asks for."""
        refusal = {"status": 429, "headers": {"Retry-After": "3000"}}
        harness.control.fail("GET *", "status", refusal)
        with pytest.raises(RateLimited) as caught:
            harness.connection.check()
        assert 3000 == caught.value.retry_after

    @pytest.mark.parametrize(
        "path", ["https://elsewhere.example/x", "//elsewhere.example/x", "/a/../b", "/a/%2e%2e/b"]
    )
    def test_r08_call_stays_at_the_vendor(self, harness: Harness, path: str) -> None:
        """R-08: `call` takes relative paths only, and sends nothing for any other."""
        before = len(harness.control.requests())
        with pytest.raises(UsageError):
            harness.connection.call("GET", path)
        assert before == len(harness.control.requests())

    def test_r09_threads_share_an_adapter(self, harness: Harness) -> None:
        """R-09: sixteen threads on one adapter all get the right answer."""
        if refuses(harness, "lists.read", lambda: harness.connection.lists.get("1")):
            return
        list_id = harness.list_with("a list", ["CODE-1"])
        with ThreadPoolExecutor(16) as pool:
            seen = list(pool.map(lambda _: harness.connection.lists.get(list_id).id, range(64)))
        assert [list_id] * 64 == seen

    def test_r10_nothing_secret_is_logged(self, harness: Harness, caplog: pytest.LogCaptureFixture) -> None:
        """R-10: at DEBUG, no log of any library holds a credential or a customer's identifier."""
        caplog.set_level(logging.DEBUG)
        mobile, email = "919123456780", "canary.person@example.com"
        with harness.open_hub() as hub:
            connection = hub[harness.plugin.name]
            connection.check()
            for customer in (Customer(mobile=mobile), Customer(email=email)):
                try:
                    connection.customers.coupons(customer, CouponQuery())
                except CouponhubError as error:
                    assert not {mobile, email} & set(re.split(r"[\s'\"]", str(error)))
        logged = caplog.text + "".join(record.getMessage() for record in caplog.records)
        secrets = [value for key, value in harness.emulator.credentials.items() if "id" not in key]
        for secret in (*secrets, mobile, email, "canary.person"):
            assert secret not in logged, "a secret was logged"

    def test_r11_bad_lists_are_refused_before_anything_is_sent(self, harness: Harness) -> None:
        """R-11: an undocumented field of a new list is named in a UsageError, and nothing was sent."""
        new = attrs.evolve(harness.new_list("odd"), extra={**harness.list_extra, "no_such_field": "1"})
        before = len(harness.control.requests())

        def ask() -> None:
            harness.connection.lists.create(new)

        if refuses(harness, "lists.write", ask):
            return
        with pytest.raises(UsageError, match="no_such_field") as refused:
            ask()
        try:
            harness.connection.lists.check_new(new)  # says nothing of an adapter that cannot tell beforehand
        except UsageError as foreseen:
            assert refused.value.message == foreseen.message
        assert before == len(harness.control.requests())

    def test_r12_answers_can_be_pickled(self, harness: Harness) -> None:
        """R-12: caches and task queues hand on what was answered, with all that is in it."""
        if refuses(harness, "lists.read", lambda: harness.connection.lists.get("1")):
            return
        list_id = harness.list_with("handed on", ["HANDED-ON-1", "HANDED-ON-2"])
        answered: list[CouponList | CustomerCoupons] = [harness.connection.lists.get(list_id)]
        if not refuses_customers(harness):
            harness.control.add_customer(**BUYER)
            harness.control.issue(list_id, BUYER, count=2)
            held = harness.connection.customers.coupons(understood(harness, BUYER)[0])
            assert 2 == len(held.coupons)
            answered.append(held)
        for one in answered:
            for back in (pickle.loads(pickle.dumps(one)), copy.deepcopy(one)):  # noqa: S301 - our own
                assert attrs.asdict(one) == attrs.asdict(back)
