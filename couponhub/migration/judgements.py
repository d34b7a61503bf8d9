"""The judgements about single codes, and how many there are of each."""

import csv
import io
from collections import Counter
from collections.abc import Iterable
from typing import IO

import attrs

from couponhub.models import CodeClass, CodeDifference, Evidence

FIRST = 1000
"""Codes that are named in a proof itself."""
OUT_COLUMNS = ("class", "code", "because", "evidence")


@attrs.frozen
class Judgement:
    """The class of a code, why, and how that is known; of an unknown one the evidence is what is assumed: nothing.

    Attributes:
        because: For people, "" where the class says all; never a code.
    """

    code_class: CodeClass
    evidence: Evidence
    because: str = ""

    @property
    def is_as_planned(self) -> bool:
        """True of a code that nobody need look at."""
        return self.code_class is CodeClass.THERE


ASKED = Judgement(CodeClass.THERE, Evidence.ASKED)
COUNTED = Judgement(CodeClass.THERE, Evidence.COUNTED)
ASSUMED = Judgement(CodeClass.THERE, Evidence.ASSUMED, "the vendor ended its file without counts")


def unknown(because: str) -> Judgement:
    """Return the judgement about codes of which nobody can tell."""
    return Judgement(CodeClass.UNKNOWN, Evidence.ASSUMED, because)


def missing(because: str, evidence: Evidence) -> Judgement:
    """Return the judgement about codes that are not there."""
    return Judgement(CodeClass.MISSING, evidence, because)


def differs(because: str) -> Judgement:
    """Return the judgement about codes that are there and not as planned, as a vendor answered."""
    return Judgement(CodeClass.DIFFERS, Evidence.ASKED, because)


class Findings:
    """Counts codes by class and evidence, and names those that are not as planned.

    Args:
        out: Takes all of them as CSV; None for nobody, so that no more are looked for than a proof names.
    """

    def __init__(self, out: IO[bytes] | None) -> None:
        self._text = None if out is None else io.TextIOWrapper(out, encoding="utf-8", newline="")
        self._rows = None if self._text is None else csv.writer(self._text, lineterminator="\n")
        if self._rows is not None:
            self._rows.writerow(OUT_COLUMNS)
        self._classes: Counter[CodeClass] = Counter()
        self._evidence: Counter[Evidence] = Counter()
        self.first: list[CodeDifference] = []

    def add(self, judgement: Judgement, count: int, codes: Iterable[str] = ()) -> None:
        """Take in codes that are judged alike; their names are only looked at when they are to be told."""
        if count <= 0:
            return
        self._classes[judgement.code_class] += count
        if judgement.code_class is not CodeClass.UNKNOWN:
            self._evidence[judgement.evidence] += count
        if judgement.is_as_planned:
            return
        for code in codes:
            if len(self.first) < FIRST:
                self.first.append(
                    CodeDifference(
                        code=code,
                        code_class=judgement.code_class,
                        because=judgement.because,
                        evidence=judgement.evidence,
                    )
                )
            elif self._rows is None:
                return
            if self._rows is not None:
                self._rows.writerow(
                    (judgement.code_class.value, code, judgement.because, judgement.evidence.value)
                )

    def finish(self) -> None:
        """Write what is left to be written; the file stays open."""
        if self._text is not None:
            self._text.detach()

    def count(self, code_class: CodeClass) -> int:
        """Return how many codes are in a class."""
        return self._classes[code_class]

    @property
    def odd(self) -> int:
        """The number of codes that are there, and not as planned or not planned at all."""
        return self._classes[CodeClass.DIFFERS] + self._classes[CodeClass.UNEXPECTED]

    @property
    def classes(self) -> dict[str, int]:
        """The number of codes in each class, by its sign."""
        return {one.value: self._classes[one] for one in CodeClass}

    @property
    def evidence(self) -> dict[str, int]:
        """The number of codes that are known in each way; unknown ones are in none of these."""
        return {one.value: self._evidence[one] for one in Evidence}
