"""The unified lookup: asks connections, and says what is known, absent or unknowable."""

from couponhub.lookup.differences import differences_of, summed
from couponhub.lookup.fanout import FanOut
from couponhub.lookup.identity import needs_one_connection
from couponhub.lookup.many import lookup_many
from couponhub.lookup.memo import AnswerMemo, WeakIdentityMap
from couponhub.lookup.order import AskingOrder
from couponhub.lookup.question import Question
from couponhub.lookup.verdicts import judge

__all__ = [
    "AnswerMemo",
    "AskingOrder",
    "FanOut",
    "Question",
    "WeakIdentityMap",
    "differences_of",
    "judge",
    "lookup_many",
    "needs_one_connection",
    "summed",
]
