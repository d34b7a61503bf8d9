"""The question, whoever the customer is."""

from collections.abc import Mapping, Sequence

import attrs

from couponhub.lookup.differences import differences_of
from couponhub.models import Answer, CouponQuery, Customer, Identifier, LookupAnswer, Strategy
from couponhub.resilience import LookupClient

_EVERY_KIND = frozenset(Identifier)


@attrs.frozen(kw_only=True)
class Question:
    """The question of one lookup, or of each of many.

    Attributes:
        clients: The connections, in asking order.
        query: Which coupons are meant. Connections are asked for all of them: order and limit are ours.
        deadline: Seconds for the whole answer about one customer.
        strategy: Whether to ask all connections, and whether to compare their answers.
        ignores_case: The connections to whose vendors codes that differ only by case are one.
        ignores_blanks: Those to whose vendors codes that differ only by blanks at their ends are.
        identifiers: By which kinds of identifier a connection can be asked; every kind where it does not say.
    """

    clients: Sequence[LookupClient]
    query: CouponQuery
    deadline: float
    strategy: Strategy = Strategy.MERGE
    identifiers: Mapping[str, frozenset[Identifier]] = attrs.field(factory=dict)
    ignores_case: frozenset[str] = frozenset()
    ignores_blanks: frozenset[str] = frozenset()

    def kinds(self, connection: str) -> frozenset[Identifier]:
        """Return the kinds of identifier that a connection can be asked by."""
        return self.identifiers.get(connection, _EVERY_KIND)

    def unified(self, customer: Customer, answers: tuple[Answer, ...]) -> LookupAnswer:
        """Return the unified answer that these make, with their differences where those were asked for."""
        answer = LookupAnswer(customer=customer, answers=answers)
        if self.strategy is not Strategy.COMPARE:
            return answer
        found = differences_of(answer, ignores_case=self.ignores_case, ignores_blanks=self.ignores_blanks)
        return attrs.evolve(answer, differences=found)

    def asks_by(self, connection: str, customer: Customer) -> bool:
        """Tell whether a connection can be asked by the identifier that the customer is named by."""
        return customer.identifier in self.kinds(connection)
