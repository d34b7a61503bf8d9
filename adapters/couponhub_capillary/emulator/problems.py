"""The coupon codes (C-76) that several endpoints answer with, in v2 wording.

Where the table describes a code without printing its text, the description is the text (inferred).
"""

from typing import Any

import attrs

from couponhub_capillary.emulator.answers import RefusedError, v2_error, v2_problem


@attrs.frozen
class Problem:
    """A code with its text."""

    code: int
    message: str

    def entry(self) -> dict[str, Any]:
        """As an entry of `errors`."""
        return v2_problem(self.code, self.message)


class CouponProblemError(Exception):
    """A problem with what was asked of a coupon; each endpoint tells it in its own envelope."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


BATCH_TOO_LARGE = Problem(1060, "Batch limit exceeded")
CODE_INVALID = Problem(702, "Coupon code is invalid")
CODE_REVOKED = Problem(660, "Coupon code has been revoked")
COUPON_EXPIRED = Problem(713, "Coupon has expired")
CUSTOMER_UNKNOWN = Problem(
    701, "The customer could not be found. Please check mobile, email, external id passed"
)
INVALID_INPUT = Problem(629, "Invalid Input")
NOT_ISSUED_TO_CUSTOMER = Problem(703, "Coupon not issued to this customer")
SERIES_EXPIRED = Problem(712, "Coupon Series / Campaign has expired")
SERIES_INVALID = Problem(707, "Coupon Series ID is invalid")
SERIES_MISSING = Problem(756, "coupon seriesid is mandatory")


def refused(problem: Problem, *, status: int = 400) -> RefusedError:
    """A v2 failure of the whole request (C-62)."""
    return v2_error(problem.code, problem.message, status=status)
