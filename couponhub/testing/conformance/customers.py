"""R-60 to R-71 and R-75: which coupons a customer holds, and what may be concluded."""

import json
from datetime import timedelta

import pytest

from couponhub.clock import utc_now
from couponhub.errors import NotFound, UnreadableReply
from couponhub.models import CouponQuery, CouponSort, CouponStatus, Customer, ListId, Reason, Verdict
from couponhub.testing.conformance.refusals import is_refused, refuses_customers, understood
from couponhub.testing.harness import Harness

BUYER = {
    "mobile": "919876500001",
    "email": "buyer.one@example.com",
    "external_id": "E-0001",
    "id": "98000001",
}
ANOTHER = {
    "mobile": "919876500002",
    "email": "buyer.two@example.com",
    "external_id": "E-0002",
    "id": "98000002",
}
NOBODY = {
    "mobile": "910000000000",
    "email": "nobody@example.com",
    "external_id": "E-9999",
    "id": "98999999",
}
FAULTS = (
    ("status", 500),
    ("status", 502),
    ("status", 503),
    ("status", 404),
    ("status", 403),
    ("status", {"status": 429, "headers": {"Retry-After": "3600"}}),
    ("status", {"status": 200, "headers": {"Content-Type": "application/json"}, "body": "{}"}),
    ("status", {"status": 200, "headers": {"Content-Type": "application/json"}, "body": "[]"}),
    ("drop_before", None),
    ("drop_after", None),
    ("garbage", "html"),
    ("garbage", "half"),
    ("garbage", "empty"),
    ("garbage", "text"),
    ("garbage", "nulls"),
    ("garbage", "array"),
    ("wrong_types", None),
    ("latency", 5),
    ("crossed", None),
)


class CustomerRules:
    """Rules of the coupons that a customer holds."""

    def test_r60_the_coupons_are_the_truth(self, harness: Harness) -> None:
        """R-60: by every identifier the vendor knows, the coupons are exactly those it gave, newest first; others are refused."""
        if refuses_customers(harness):
            return
        codes = self._give(harness, 3)
        for customer in understood(harness, BUYER):
            answer = harness.connection.customers.coupons(customer)
            assert sorted(codes) == sorted(coupon.code for coupon in answer.coupons)
            assert answer.complete
            assert answer.customer_known
            issued = [coupon.issued_at for coupon in answer.coupons if coupon.issued_at]
            assert sorted(issued, reverse=True) == issued

    def test_r61_an_unknown_customer_is_an_answer(self, harness: Harness) -> None:
        """R-61: the vendor's word that it knows no such customer is no error, and `none` in a lookup."""
        if refuses_customers(harness):
            return
        for customer in understood(harness, NOBODY):
            answer = harness.connection.customers.coupons(customer)
            assert (False, ()) == (answer.customer_known, answer.coupons)
            assert answer.vendor_code
            with harness.open_hub(
                **({"default_country_code": "91"} if harness.spells_mobiles else {})
            ) as hub:
                (one,) = hub.lookup(customer).answers
            assert (Verdict.NONE, Reason.CUSTOMER_UNKNOWN) == (one.verdict, one.reason)

    def test_r62_a_customer_without_coupons_is_an_answer(self, harness: Harness) -> None:
        """R-62: a known customer without coupons is known, and `none` in a lookup."""
        if refuses_customers(harness):
            return
        harness.control.add_customer(**BUYER)
        for customer in understood(harness, BUYER):
            assert harness.connection.customers.coupons(customer).customer_known
            (one,) = harness.hub.lookup(customer).answers
            assert (Verdict.NONE, Reason.NO_COUPONS) == (one.verdict, one.reason)

    def test_r63_a_used_coupon_tells_its_use(self, harness: Harness) -> None:
        """R-63: a coupon that is used up is redeemed, the others stay active; what is told of its use is true."""
        if refuses_customers(harness):
            return
        list_id, codes = self._single_use(harness)
        harness.control.redeem(list_id, codes[0], transaction="T-77", store_code="S-1", store_name="Shop")
        answer = harness.connection.customers.coupons(understood(harness, BUYER)[0])
        stands = {coupon.code: coupon for coupon in answer.coupons}
        assert CouponStatus.REDEEMED is stands[codes[0]].status
        assert CouponStatus.ACTIVE is stands[codes[1]].status
        # How often, in which transaction and in which store, a vendor need not know; what it tells is true.
        assert stands[codes[0]].redemption_count in {None, 1}
        assert stands[codes[1]].redemption_count in {None, 0}
        for redemption in stands[codes[0]].redemptions or ():
            assert redemption.transaction in {None, "T-77"}
            assert redemption.store is None or redemption.store.code in {None, "S-1"}

    def test_r64_a_status_means_what_we_say(self, harness: Harness) -> None:
        """R-64: `active` is neither expired nor used up, whatever the vendor's filter of that name selects."""
        if refuses_customers(harness):
            return
        list_id, codes = self._single_use(harness)
        harness.control.redeem(list_id, codes[0])
        buyer = understood(harness, BUYER)[-1]
        for status, expected in (
            (CouponStatus.ACTIVE, sorted(codes[1:])),
            (CouponStatus.REDEEMED, [codes[0]]),
            (CouponStatus.EXPIRED, []),
        ):
            query = CouponQuery(status=frozenset({status}))
            answer = harness.connection.customers.coupons(buyer, query)
            assert expected == sorted(coupon.code for coupon in answer.coupons)

    def test_r65_a_time_window_selects(self, harness: Harness) -> None:
        """R-65: since and until select by the moment of issue or redemption, since included, until not."""
        if refuses_customers(harness):
            return
        codes = self._give(harness, 1)
        buyer, now = understood(harness, BUYER)[-1], utc_now()
        for since, until, expected in (
            (now - timedelta(days=2), now + timedelta(days=2), codes),
            (now + timedelta(days=2), None, []),
            (None, now - timedelta(days=2), []),
        ):
            answer = harness.connection.customers.coupons(buyer, CouponQuery(since=since, until=until))
            assert expected == [coupon.code for coupon in answer.coupons]

    def test_r66_a_list_selects(self, harness: Harness) -> None:
        """R-66: a list narrows to its coupons, and one that does not exist raises NotFound; or both are refused."""
        if refuses_customers(harness):
            return
        first, second = self._list_id(harness, "one"), self._list_id(harness, "two")
        codes = self._give(harness, 2, first)
        self._give(harness, 2, second)
        buyer = understood(harness, BUYER)[-1]
        if _refuses_lists_of(harness, buyer, first):
            return
        answer = harness.connection.customers.coupons(buyer, CouponQuery(list_id=first))
        assert sorted(codes) == sorted(coupon.code for coupon in answer.coupons)
        with pytest.raises(NotFound):
            harness.hub.lookup(buyer, CouponQuery(list_id=ListId("999999")))

    @pytest.mark.parametrize(("fault", "value"), FAULTS)
    def test_r67_no_fault_is_told_as_none(self, harness: Harness, fault: str, value: object) -> None:
        """R-67: whatever goes wrong at the vendor, the lookup of a customer with coupons never says `none`."""
        if refuses_customers(harness):
            (one,) = harness.hub.lookup(Customer(mobile=BUYER["mobile"])).answers
            assert (Verdict.UNKNOWN, Reason.UNSUPPORTED) == (one.verdict, one.reason)
            assert one.error is not None
            assert one.error.hint
            return
        codes = self._give(harness, 2)
        buyer = understood(harness, BUYER)[0]
        harness.control.fail("GET *", fault, value)
        answer = harness.hub.lookup(buyer, deadline=0.8)
        (one,) = answer.answers
        if one.whole:
            assert sorted(codes) == sorted(coupon.code for coupon in answer.coupons)
        assert one.verdict is not Verdict.NONE
        assert answer.complete == one.whole

    def test_r68_bad_credentials_are_unknown(self, harness: Harness) -> None:
        """R-68: a lookup with refused credentials is unknown for that reason, not an exception."""
        if refuses_customers(harness):
            return
        harness.control.add_customer(**BUYER)
        buyer = understood(harness, BUYER)[0]
        wrong = dict.fromkeys(harness.emulator.credentials, "wrong")
        with harness.open_hub(**wrong) as hub:
            (one,) = hub.lookup(buyer).answers
        assert (Verdict.UNKNOWN, Reason.CREDENTIALS) == (one.verdict, one.reason)

    def test_r69_an_answer_names_its_customer_only(self, harness: Harness) -> None:
        """R-69: by what was asked is told masked; further identifiers named are those of the customer, whom it knows."""
        if refuses_customers(harness):
            return
        self._give(harness, 1)
        for customer in understood(harness, BUYER):
            answer = harness.connection.customers.coupons(customer)
            assert not [form for form in answer.asked_as if any(value in form for value in BUYER.values())]
            for named in answer.also_known_as:
                assert named != customer
                assert BUYER[named.identifier.value] == named.value
        for customer in understood(harness, NOBODY):
            assert () == harness.connection.customers.coupons(customer).also_known_as

    def test_r71_a_coupon_has_one_status(self, harness: Harness) -> None:
        """R-71: the same coupon stands the same, whichever filters were used; no filter takes an unknown one away."""
        if refuses_customers(harness):
            return
        buyer, now = understood(harness, BUYER)[-1], utc_now()
        listed = self._list_id(harness)
        once, codes = self._single_use(harness)
        several = self._give(harness, 3, listed)  # may be for several uses
        harness.control.redeem(once, codes[0])
        harness.control.redeem(listed, several[0])
        stands = {one.code: one.status for one in harness.connection.customers.coupons(buyer).coupons}
        assert sorted([*codes, *several]) == sorted(stands)
        day = timedelta(days=2)
        queries = [
            *(CouponQuery(status=frozenset({status})) for status in CouponStatus),
            CouponQuery(list_id=listed),
            CouponQuery(since=now - day, until=now + day),
            CouponQuery(status=frozenset({CouponStatus.ACTIVE}), list_id=listed, since=now - day),
            CouponQuery(sort=CouponSort.EXPIRES, limit=4),
        ]
        if _refuses_lists_of(harness, buyer, listed):
            queries = [query for query in queries if query.list_id is None]
        for query in queries:
            shown = {
                one.code: one.status for one in harness.connection.customers.coupons(buyer, query).coupons
            }
            assert shown == {code: stands[code] for code in shown}
            wanted = query.status | {CouponStatus.UNKNOWN} if query.status else set(CouponStatus)
            meant = {code for code in stands if query.list_id is None or code in several}
            if query.limit is None:
                assert {code for code in meant if stands[code] in wanted} == set(shown)
            else:
                assert query.limit == len(shown)

    def test_r75_another_customers_answer_is_unreadable(self, harness: Harness) -> None:
        """R-75: an answer that names, by what was asked, another customer is unreadable: not shown, nor remembered."""
        if refuses_customers(harness):
            return
        harness.control.add_customer(**ANOTHER)
        codes = self._give(harness, 2)
        list_id = harness.list_with("of another", ["ANOTHERS-1", "ANOTHERS-2"])
        harness.control.issue(list_id, ANOTHER, count=2)
        for buyer, another in zip(understood(harness, BUYER), understood(harness, ANOTHER), strict=True):
            said = harness.connection.customers.coupons(another)
            if another.value not in json.dumps(dict(said.raw), default=str):
                continue  # this vendor's answers do not say by that whose they are
            harness.control.fail("GET *", "crossed", times=1)
            with pytest.raises(UnreadableReply):
                harness.connection.customers.coupons(buyer)
            harness.control.set_faults()
            harness.connection.customers.coupons(another)
            harness.control.fail("GET *", "crossed", times=1)
            (one,) = harness.hub.lookup(buyer).answers
            assert (Verdict.UNKNOWN, Reason.UNREADABLE, ()) == (one.verdict, one.reason, one.coupons)
            answer = harness.hub.lookup(buyer)
            assert sorted(codes) == sorted(coupon.code for coupon in answer.coupons)
            harness.control.set_faults()

    def _single_use(self, harness: Harness) -> tuple[ListId, list[str]]:
        """Three codes of the customer's, for one use each."""
        harness.control.add_customer(**BUYER)
        codes = ["USE-1", "USE-2", "USE-3"]
        # Created as the adapter creates them, codes are for one use each; a seeded list may allow several.
        can_create = harness.can("lists.write")
        list_id = (
            harness.create_list("single use").id if can_create else harness.list_with("single use", codes)
        )
        harness.control.issue(list_id, BUYER, codes=codes)
        return list_id, codes

    def _list_id(self, harness: Harness, name: str = "given out") -> ListId:
        harness.control.add_customer(**BUYER)
        codes = [f"{name.replace(' ', '-').upper()}-{number}" for number in range(6)]
        return harness.list_with(name, codes)

    def _give(self, harness: Harness, count: int, list_id: ListId | None = None) -> list[str]:
        return harness.control.issue(list_id or self._list_id(harness), BUYER, count=count)


def _refuses_lists_of(harness: Harness, customer: Customer, list_id: ListId) -> bool:
    """Tell whether the adapter cannot narrow to a list, as where the vendor does not tell which lists there are."""
    return is_refused(
        harness, lambda: harness.connection.customers.coupons(customer, CouponQuery(list_id=list_id))
    )
