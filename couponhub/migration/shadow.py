"""A sample of customers looked up at both vendors, as lookups ask, and what the two know compared."""

import random
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import attrs

from couponhub.clock import Clock
from couponhub.errors import NotFound, Unsupported, UsageError
from couponhub.lookup import Question, lookup_many, summed
from couponhub.migration.run_log import SHADOWED, RunLog
from couponhub.models import Customer, Difference, JobId, MigrationPlan, MigrationShadow

if TYPE_CHECKING:
    from couponhub.connection import Connection

AT_ONCE = 8


@attrs.frozen(kw_only=True)
class Shadow:
    """Compares what both vendors of a migration know of customers.

    Attributes:
        plan: As it is applied.
        log: Takes down what came of it.
        source: The connection that codes came from.
        target: The one that they went to.
        comparison: Makes the question.
    """

    plan: MigrationPlan
    log: RunLog
    source: "Connection"
    target: "Connection"
    comparison: Callable[[tuple[str, ...]], Question]
    clock: Clock

    def chosen(self, customers: Iterable[Customer], sample: int, seed: int) -> list[Customer]:
        """Choose a sample.

        Raises:
            UsageError: Both lists are of one connection, or there is nobody to ask about.
            Unsupported: One of the vendors cannot be asked; the hint says what to do instead.
        """
        if self.source is self.target:
            raise UsageError("both lists are of one connection, whose lookups have them both")
        for connection, list_id in (
            (self.source, self.plan.source.list_id),
            (self.target, None),
        ):
            _require_asked(connection, list_id)
        found = _sample(customers, sample, seed)
        if not found:
            raise UsageError("there is no customer in the file")
        return found

    def question(self) -> Question:
        """Make the question that both are asked."""
        return self.comparison((self.source.name, self.target.name))

    def compare(self, chosen: list[Customer]) -> MigrationShadow:
        """Ask both about a sample, here and now.

        Raises:
            VendorError: A vendor refuses to answer at all.
        """
        unknown = 0
        differences: list[Difference] = []
        for answer in lookup_many(self.question(), chosen, at_once=AT_ONCE):
            unknown += not all(one.whole for one in answer.answers)
            differences += answer.differences or ()
        found = summed(differences)
        self.written_down(len(chosen), unknown, found)
        return MigrationShadow(
            id=self.plan.id,
            at=self.clock.now(),
            customers=len(chosen),
            unknown=unknown,
            differences=found,
        )

    def written_down(
        self, customers: int, unknown: int, found: Iterable[Difference], *, job: JobId | None = None
    ) -> None:
        """Write what came of a sample into the log of the migration; of one job once."""
        if job is not None and any(event.details.get("job") == job for event in self.log.logged):
            return
        counts = {one.kind.value: one.count for one in found}
        told = ", ".join(f"{count:,} {kind}" for kind, count in counts.items()) or "no code"
        more = {} if job is None else {"job": str(job)}
        self.log.write(
            SHADOWED,
            f"{customers:,} customers at both vendors: {told}",
            customers=customers,
            unknown=unknown,
            counts=counts,
            **more,
        )


def _require_asked(connection: "Connection", list_id: str | None) -> None:
    try:
        connection.customers.require_live()
    except Unsupported as error:
        try:
            if connection.usage.reports(list_id):
                return
        except (NotFound, Unsupported):
            pass
        raise error.reworded(
            hint=f"{error.hint}; with usage reports imported, what they tell can be compared"
        ) from None


def _sample(customers: Iterable[Customer], most: int, seed: int) -> list[Customer]:
    """Choose so many of them, each as likely as any other, and the same ones by the same seed."""
    dice = random.Random(seed)  # noqa: S311 - a sample that can be drawn again, and no secret
    chosen: list[Customer] = []
    for number, customer in enumerate(customers):
        if number < most:
            chosen.append(customer)
        elif (place := dice.randrange(number + 1)) < most:
            chosen[place] = customer
    return chosen
