"""The ground on which the fate of a code is told."""

from enum import StrEnum


class Evidence(StrEnum):
    """The ground on which it is said what became of a code.

    ASKED: the vendor was asked about the code, or about its customer. COUNTED: the vendor's counts leave no other outcome.
    ASSUMED: nothing speaks against it, and nothing proves it.
    """

    ASKED = "asked"
    COUNTED = "counted"
    ASSUMED = "assumed"
