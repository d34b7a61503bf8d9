"""Refusals of what a vendor cannot do: a rule asserts that it is refused."""

from collections.abc import Callable, Mapping
from functools import partial

from couponhub.errors import Unsupported
from couponhub.models import Customer, ListId, Reason, Verdict
from couponhub.testing.harness import Harness


def refuses(harness: Harness, capability: str, ask: Callable[[], object]) -> bool:
    """Tell whether the adapter lacks `capability`; then `ask` is asserted to be refused, and the vendor untouched.

    Usage: `if refuses(harness, "customers.coupons", ask): return`.
    """
    if harness.can(capability):
        return False
    assert is_refused(harness, ask), f"{harness.plugin.name} neither claims {capability} nor refuses it"
    return True


def refuses_lists(harness: Harness) -> bool:
    """Tell whether lists cannot be created, and so the rule has nothing to stand on; asserts that it is refused."""
    return refuses(
        harness, "lists.write", lambda: harness.connection.lists.create(harness.new_list("refused"))
    )


def refuses_uploads(harness: Harness) -> bool:
    """Tell whether codes cannot be sent; asserts that it is refused."""
    capability = "uploads.files" if harness.can("uploads.files") else "uploads.urls"
    return refuses(harness, capability, lambda: harness.connection.uploads.send(ListId("1"), ["CODE-1"]))


def refuses_customers(harness: Harness) -> bool:
    """Tell whether customers cannot be looked up; asserts that it is refused."""
    return refuses(
        harness,
        "customers.coupons",
        lambda: harness.connection.customers.coupons(Customer(mobile="919999900000")),
    )


def understood(harness: Harness, identifiers: Mapping[str, str]) -> list[Customer]:
    """A customer by each identifier that the vendor can be asked by; there is at least one.

    Every other is asserted to be refused, and to leave a lookup without a verdict.
    """
    customers = [Customer(**{kind: value}) for kind, value in identifiers.items()]
    answered = [
        customer
        for customer in customers
        if not is_refused(harness, partial(harness.connection.customers.coupons, customer))
    ]
    assert answered, f"{harness.plugin.name} claims to find customers' coupons and refuses every identifier"
    assert {customer.identifier for customer in answered} <= harness.connection.customers.identifiers
    for customer in customers:
        if customer not in answered:
            (one,) = harness.hub.lookup(customer).answers
            assert (Verdict.UNKNOWN, Reason.UNSUPPORTED) == (one.verdict, one.reason)
    return answered


def is_refused(harness: Harness, ask: Callable[[], object]) -> bool:
    """Tell whether `ask` is refused as unsupported; then it is asserted that the refusal is a good one."""
    before = len(harness.control.requests())
    try:
        ask()
    except Unsupported as refusal:
        assert refusal.hint, "a refusal says what to do instead"
        assert harness.plugin.name == refusal.connection
        assert before == len(harness.control.requests()), "a refusal does not reach the vendor"
        return True
    return False
