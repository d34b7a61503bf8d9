"""Capillary's clusters: where their APIs answer, and in which zone their servers print times."""

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

import attrs


@attrs.frozen
class Cluster:
    """One of Capillary's installations.

    Attributes:
        api: Address of the v1.1, v2 and v3 APIs.
        upload: Address of the v1 APIs, which take uploads and tell how they stand.
        timezone: IANA name of the zone of its servers; None where no page tells.
    """

    api: str
    upload: str
    timezone: str | None = None


_TESTING = ("crm-nightly-new", "eucrm", "sgcrm", "incrm", "uscrm")
_DEMO_HOSTS = frozenset(
    {"nightly.api.capillarytech.com", *(f"{prefix}.cc.capillarytech.com" for prefix in _TESTING)}
)


def _testing(prefix: str) -> Cluster:
    address = f"https://{prefix}.cc.capillarytech.com"
    return Cluster(address, address)


# "Make your first API request" and the time zone pages. That the upload hosts of sea and us follow the
# pattern of the others is inferred.
CLUSTERS: Mapping[str, Cluster] = MappingProxyType(
    {
        "eu": Cluster("https://eu.api.capillarytech.com", "https://eu.intouch.capillarytech.com", "UTC"),
        "apac": Cluster(
            "https://apac.api.capillarytech.com", "https://intouch.capillary.co.in", "Asia/Kolkata"
        ),
        "sea": Cluster("https://sea.api.capillarytech.com", "https://sea.intouch.capillarytech.com"),
        "apac2": Cluster("https://apac2.api.capillarytech.com", "https://apac2.intouch.capillarytech.com"),
        "us": Cluster("https://ushc.api.capillarytech.com", "https://ushc.intouch.capillarytech.com"),
        "china": Cluster("https://api.capillarytech.cn.com", "https://intouch.capillarytech.cn.com"),
        **{prefix: _testing(prefix) for prefix in _TESTING},
    }
)


def is_demo(address: str) -> bool:
    """Tell whether an address is of a cluster for demonstration and testing."""
    return (urlsplit(address).hostname or "") in _DEMO_HOSTS
