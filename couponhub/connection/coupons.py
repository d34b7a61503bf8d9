"""The codes of a connection."""

from collections.abc import Iterable

from couponhub.capabilities import Offered
from couponhub.error_context import ErrorContext
from couponhub.models import CodeFileRules, Coupon, FieldProvenance
from couponhub.models.given import given_ids, given_one
from couponhub.protocols import ExplainsCoupons, FindsCoupons
from couponhub.rooted import Rooted

TAKE_BACK = "coupons.take_back"
"""Adapters are asked for advice on it though no protocol has it: the way to take a single code back."""


class Coupons(Rooted):
    """The codes of a connection. Thread-safe."""

    def __init__(self, name: str, offered: Offered) -> None:
        self._name = name
        self._offered = offered

    @property
    def ignores_case(self) -> bool:
        """True when codes that differ only by case are the same code to this vendor, as far as is known."""
        rules = self._rules
        return rules is not None and rules.ignores_case

    @property
    def ignores_blanks(self) -> bool:
        """True when codes that differ only by blanks at their ends are the same code to this vendor."""
        rules = self._rules
        return rules is not None and rules.ignores_blanks

    @property
    def take_back_advice(self) -> str:
        """The way to take a single code back at this vendor, in a sentence for people; "" where nobody said."""
        return self._offered.adapter.advice(TAKE_BACK)

    @property
    def _rules(self) -> CodeFileRules | None:
        return getattr(self._offered.adapter, "file_rules", None)

    def explain(self, coupon: Coupon) -> tuple[FieldProvenance, ...]:
        """Return where the fields of a coupon come from; () when the adapter does not say. Nobody is asked.

        Args:
            coupon: One that this connection answered; what decides its fields stands in its `raw`.
        """
        adapter = self._offered.adapter
        with ErrorContext(self._name, "explain coupon"):
            given_one(Coupon, coupon, "coupon")
            return adapter.explain_coupon(coupon) if isinstance(adapter, ExplainsCoupons) else ()

    def find(self, codes: str | Iterable[str]) -> tuple[Coupon, ...]:
        """Return the coupons of these codes, as the vendor knows them; a code that it does not know is left out.

        Args:
            codes: One code, or several; at least one.

        Raises:
            Unsupported: The vendor cannot be asked for codes.
            VendorError: Nothing may be concluded about the codes.
        """
        with ErrorContext(self._name, "find coupons"):
            asked = self._offered.require(FindsCoupons)
            return asked.coupons_by_code(given_ids(codes, "codes"))
