"""A trial of staging: a file that holds nothing is staged for a moment, and fetched as a vendor would."""

import secrets
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from couponhub.errors import ConfigError, CouponhubError
from couponhub.settings import is_loopback_url
from couponhub.staging.base import Staging
from couponhub.staging.settings import StagingKind, StagingSettings
from couponhub.transport import TransportSettings, fetched


def probe(
    staging: Staging, settings: StagingSettings, transport: TransportSettings, *, vendor_is_loopback: bool
) -> str:
    """Stage a file and fetch it from this machine, by the address that a vendor would be told.

    Args:
        staging: What is tried.
        settings: Its settings, for what to do.
        transport: The proxy and the authorities that lead out of here.
        vendor_is_loopback: True when the vendor is on this machine.

    Returns:
        A line for people.

    Raises:
        ConfigError: The vendor could not fetch from there, as far as can be told here.
        LocalError: This machine or the object store failed.
    """
    staging.require_reachable(vendor_is_loopback=vendor_is_loopback)
    content = f"couponhub {secrets.token_urlsafe(16)}\n".encode()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "probe.csv"
        path.write_bytes(content)
        with staging.stage(path, path.name) as staged:
            url = staged.url
            trouble = _trouble(url, content, TransportSettings() if is_loopback_url(url) else transport)
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc}"
    if trouble:
        raise ConfigError(
            f"a file staged at {origin} cannot be fetched from this machine: {trouble}", hint=_mend(settings)
        )
    return f"a file staged at {origin} was fetched from this machine"


def _trouble(url: str, content: bytes, transport: TransportSettings) -> str:
    """Return what is wrong with what lies there; "" when nothing is."""
    try:
        status, body = fetched(url, transport)
    except CouponhubError as error:
        return error.message
    if status != 200:
        return f"HTTP {status}"
    return "" if body == content else "something else is served there"


def _mend(settings: StagingSettings) -> str:
    match settings.kind:
        case StagingKind.SERVER:
            leads = f"let staging.public_url lead to {settings.listen} of this machine (staging.listen)"
        case StagingKind.FOLDER:
            leads = f"let a web server publish {settings.path} (staging.path) at staging.public_url"
        case StagingKind.OBJECT_STORE:
            leads = "let the credentials get objects below the prefix, and look at staging.endpoint"
    return f"{leads}; where only outsiders get there, fetch from outside to be sure"
