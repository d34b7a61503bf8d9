"""The command line: parses, calls, prints. Nothing heavy is imported before a command needs it."""

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; see `couponhub.cli.app`. Ctrl-C ends it in one line from the first import on."""
    try:
        from couponhub.cli.app import main as run  # noqa: PLC0415 - what it brings in takes a while, too
    except KeyboardInterrupt:
        sys.stderr.write("couponhub: interrupted\n")
        return 130
    return run(argv)


__all__ = ["main"]
