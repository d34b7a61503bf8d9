"""Ask real vendors, and tell where their answers depart from what they document: `make live`.

Only reads are sent, and what is printed holds paths and types, never a value. The configuration is one of couponhub's own;
a customer is named in the environment, so that no list of processes shows them.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from couponhub import CouponHub, Customer
from couponhub.errors import CouponhubError, UsageError
from tests.live.asking import QUESTIONS, Finding, Run, documented

CUSTOMER = "COUPONHUB_LIVE_CUSTOMER"
DRIFTED, FAILED, MISUSED = 1, 2, 3


def main(argv: Sequence[str] | None = None) -> int:
    """Return 0 where every answer is as documented, 1 where one drifts, 2 where one failed, 3 for wrong usage."""
    parser = argparse.ArgumentParser(prog="make live", description=__doc__)
    parser.add_argument("config", type=Path, help="a couponhub.toml with real credentials")
    parser.add_argument("connections", nargs="*", help="which of its connections; all when none is named")
    arguments = parser.parse_args(argv)
    try:
        with CouponHub.from_config(arguments.config) as hub:
            names = arguments.connections or [name for name in hub if hub[name].adapter in QUESTIONS]
            customer = named(os.environ.get(CUSTOMER, ""))
            return max([_run(hub, name, customer) for name in names], default=MISUSED)
    except CouponhubError as error:
        sys.stderr.write(f"{error}\n")
        return MISUSED


def named(text: str) -> Customer | None:
    """Return the customer that `mobile=919876543210` names; None for an empty text.

    Raises:
        UsageError: It is no identifier and value; the text is not quoted.
    """
    kind, _, value = text.partition("=")
    if not text:
        return None
    if kind not in {"mobile", "email", "external_id", "id"}:
        raise UsageError(f"{CUSTOMER} is read as IDENTIFIER=VALUE, with mobile, email, external_id or id")
    return Customer(**{kind: value})


def _run(hub: CouponHub, name: str, customer: Customer | None) -> int:
    connection = hub[name]
    if connection.adapter not in QUESTIONS:
        raise UsageError(f"nothing is documented here of the vendor of {name}")
    run = Run(connection=connection, shapes=documented()[connection.adapter])
    QUESTIONS[connection.adapter](run, customer)
    for finding in run.findings:
        sys.stdout.write(f"{name}: {told(finding)}\n")
    if any(finding.failed for finding in run.findings):
        return FAILED
    return DRIFTED if any(finding.departures for finding in run.findings) else 0


def told(finding: Finding) -> str:
    """Return what people read of one question."""
    if finding.failed:
        return f"{finding.question}: failed ({finding.unasked})"
    if finding.unasked:
        return f"{finding.question}: not asked, {finding.unasked}"
    if not finding.departures:
        return f"{finding.question}: as documented"
    return f"{finding.question}: drifts\n" + "\n".join(f"    {one}" for one in finding.departures)


if __name__ == "__main__":
    sys.exit(main())
