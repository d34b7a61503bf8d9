"""A migration as its page shows it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import attrs
from markupsafe import Markup

from couponhub.console.texts import Texts
from couponhub.migration.equation_picture import equation_picture
from couponhub.models import CodeClass, MigrationPhase, MigrationProof, MigrationReport
from couponhub.server.masking import masked
from couponhub.shown import shown

_FRESH = timedelta(hours=1)
"""The age up to which a proof lets a migration be cut over."""
_HANDED_OVER = frozenset(
    {MigrationPhase.APPLIED, MigrationPhase.CUT_OVER, MigrationPhase.ROLLED_BACK, MigrationPhase.RETIRED}
)
_WORDS: Mapping[str, str] = {
    CodeClass.THERE: "there",
    CodeClass.MISSING: "missing",
    CodeClass.UNEXPECTED: "unexpected",
    CodeClass.DIFFERS: "differs",
    CodeClass.UNKNOWN: "unknown",
}


@attrs.frozen
class CutOverCondition:
    """One thing that has to be so before lookups ask the target first.

    Attributes:
        name: The key of its words.
        is_met: Whether it is so.
    """

    name: str
    is_met: bool


@attrs.frozen(kw_only=True)
class ProvenDifference:
    """One code that is not as planned, masked."""

    code: str
    because: str
    evidence: str


@attrs.frozen(kw_only=True)
class ProvenClass:
    """The codes of one class of a proof.

    Attributes:
        sign: As the command line shows it.
        name: The key of its words; None for a class that is new to the console.
        count: How many codes are in it.
        differences: The first of them; () for those that are as planned, and where they are not known any more.
    """

    sign: str
    name: str | None
    count: int
    differences: Sequence[ProvenDifference] = ()


@attrs.frozen(kw_only=True)
class Proven:
    """A proof as pages show it.

    Attributes:
        proof: The proof, without the codes that it names.
        classes: Those that have codes, with the codes that are named, masked.
    """

    proof: MigrationProof
    classes: Sequence[ProvenClass]

    @property
    def names_codes(self) -> bool:
        """True where it names the codes that are not as planned: the state keeps their numbers alone."""
        return any(one.differences for one in self.classes)


def picture_of(report: MigrationReport, texts: Texts) -> Markup:
    """Return the equation as a picture with its numbers below it; every text in it is escaped where it is made."""

    def words(key: str) -> str:
        term = key.removeprefix("short.")
        return texts("equation." + key) if term == key else texts("equation_short." + term)

    drawn = equation_picture(report.equation, report.waiting, words=words, number=texts.number)
    return Markup(drawn)  # noqa: S704


def target_name(report: MigrationReport) -> str:
    """Return the name of the target's list, which somebody types to confirm; its id where it has no name."""
    target = report.plan.target
    return shown(target.name or report.status.target_list_id or target.list_id or target.connection).strip()


def proven_of(proof: MigrationProof) -> Proven:
    """Return a proof with its codes masked, and none of them whole."""
    return Proven(proof=attrs.evolve(proof, differences=()), classes=tuple(classes_of(proof)))


def conditions_of(
    report: MigrationReport, *, asks_target: bool, now: datetime
) -> tuple[CutOverCondition, ...]:
    """Return what has to be so before a cut-over, in the order in which one comes to it.

    Args:
        report: Of the migration.
        asks_target: Whether lookups ask the target at all.
        now: In UTC.
    """
    proof = report.status.proof
    return (
        CutOverCondition("handed_over", report.status.phase in _HANDED_OVER),
        CutOverCondition("proven", proof is not None),
        CutOverCondition("balanced", proof is not None and proof.balanced),
        CutOverCondition("fresh", proof is not None and now - proof.at <= _FRESH),
        CutOverCondition("asked", asks_target),
    )


def classes_of(proof: MigrationProof) -> Iterator[ProvenClass]:
    """Give the classes of a proof that have codes, with the codes that it names."""
    for sign, count in proof.classes.items():
        if count:
            yield ProvenClass(
                sign=sign,
                name=_WORDS.get(sign),
                count=count,
                differences=[
                    ProvenDifference(code=masked(one.code), because=one.because, evidence=one.evidence.value)
                    for one in proof.differences
                    if one.code_class == sign
                ],
            )
