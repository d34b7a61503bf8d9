"""How a rule deals with what a vendor cannot do: it asserts that it is refused."""

from collections.abc import Callable

from couponhub.errors import Unsupported
from couponhub.testing.rig import Rig


def refuses(rig: Rig, capability: str, ask: Callable[[], object]) -> bool:
    """Whether the adapter lacks `capability`; then `ask` is asserted to be refused, and the vendor untouched.

    Usage: `if refuses(rig, "customers.coupons", ask): return`.
    """
    if rig.can(capability):
        return False
    before = len(rig.control.requests())
    try:
        ask()
    except Unsupported as refusal:
        assert refusal.hint, "a refusal says what to do instead"
        assert rig.plugin.name == refusal.connection
        assert before == len(rig.control.requests()), "a refusal does not reach the vendor"
        return True
    raise AssertionError(f"{rig.plugin.name} neither claims {capability} nor refuses it")
