"""Whatever ends a command becomes an error of ours, and no text that may quote data is shown."""

import errno

import click
import pytest

from couponhub.cli.failures import typed_error
from couponhub.errors import CouponhubError, LocalError, UsageError


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (UsageError("as it is"), UsageError, "as it is"),
        (OSError(errno.ENOSPC, "No space left on device", "codes.csv"), LocalError, "the disk is full"),
        (OSError(errno.EACCES, "Permission denied", "codes.csv"), LocalError, "codes.csv: Permission denied"),
        (OSError(errno.EIO, "Input/output error"), LocalError, "Input/output error"),
        (OSError(), LocalError, "OSError"),
        (click.UsageError("no such option"), UsageError, "no such option"),
        (click.ClickException("told by click"), UsageError, "told by click"),
    ],
)
def test_an_error_says_what_failed(error: Exception, kind: type[CouponhubError], said: str) -> None:
    """Errors of the system, of click and of ours keep what people need of them."""
    typed = typed_error(error)
    assert (kind, True) == (type(typed), said.lower() in typed.message.lower())


def test_an_error_of_nobody_shows_its_class_alone() -> None:
    """Its text may quote a code or a customer."""
    typed = typed_error(RuntimeError("SAVE-0001 of 919876543210"))
    assert type(typed) is CouponhubError
    assert "RuntimeError" in typed.message
    assert "SAVE" not in f"{typed} {typed.hint}"
