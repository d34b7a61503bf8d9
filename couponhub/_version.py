"""The version of couponhub."""

from importlib.metadata import PackageNotFoundError, version

UNKNOWN = "unknown"


def installed_version() -> str:
    """The version in the installed metadata; `UNKNOWN` in a checkout or an archive that nobody installed."""
    try:
        return version("couponhub")
    except PackageNotFoundError:
        return UNKNOWN
