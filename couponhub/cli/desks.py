"""The desk for code files, with the config or, where none is needed, without one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from couponhub.cli.options import GlobalOptions
from couponhub.code_desk import CodeDesk
from couponhub.config import find_config
from couponhub.errors import ConfigError


@contextmanager
def opened_desk(options: GlobalOptions) -> Iterator[CodeDesk]:
    """Open the desk of the config that was asked for; without connections where there is no config to be found."""
    if options.config is None and "COUPONHUB_CONFIG" not in os.environ and not _is_configured():
        yield CodeDesk()
        return
    from couponhub.hub import CouponHub  # noqa: PLC0415 - brings in all that speaks to vendors

    with CouponHub.from_config(options.config) as hub:
        yield hub.codes


def _is_configured() -> bool:
    try:
        find_config(None, os.environ)
    except ConfigError:
        return False
    return True
