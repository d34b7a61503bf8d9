"""The unified lookup: asks connections, and says what is known, absent or unknowable."""

from couponhub.lookup.asking import Asking, lookup
from couponhub.lookup.identity import needs_one_connection
from couponhub.lookup.many import lookup_many
from couponhub.lookup.question import Question
from couponhub.lookup.recalling import KeptBeside, Recalling
from couponhub.lookup.verdicts import judge

__all__ = [
    "Asking",
    "KeptBeside",
    "Question",
    "Recalling",
    "judge",
    "lookup",
    "lookup_many",
    "needs_one_connection",
]
