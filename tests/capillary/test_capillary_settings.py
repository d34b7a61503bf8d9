"""The settings of a Capillary connection: what they are taken for, and how faults are told."""

from typing import Any

import pytest

from couponhub.errors import ConfigError
from couponhub.secret import Secret
from couponhub_capillary.settings import CapillarySettings
from couponhub_capillary.settings.connection import SignIn

OAUTH: dict[str, Any] = {"key": "K", "secret": Secret("S")}
BASIC: dict[str, Any] = {
    **dict.fromkeys(OAUTH),
    "auth": SignIn.BASIC,
    "username": "till",
    "password": Secret("P"),
}


def settings(**given: Any) -> CapillarySettings:
    """Make settings of an OAuth client in Europe, changed as given."""
    return CapillarySettings(**({"region": "eu", **OAUTH} | given))


@pytest.mark.parametrize(
    ("region", "api", "upload", "zone"),
    [
        ("eu", "https://eu.api.capillarytech.com", "https://eu.intouch.capillarytech.com", "UTC"),
        ("apac", "https://apac.api.capillarytech.com", "https://intouch.capillary.co.in", "Asia/Kolkata"),
        ("us", "https://ushc.api.capillarytech.com", "https://ushc.intouch.capillarytech.com", None),
        ("eucrm", "https://eucrm.cc.capillarytech.com", "https://eucrm.cc.capillarytech.com", None),
    ],
)
def test_region_names_hosts_and_zone(region: str, api: str, upload: str, zone: str | None) -> None:
    """A region stands for both of its host families, and for its servers' zone where that is documented."""
    made = settings(region=region)

    assert (api, upload, zone) == (made.api_address, made.upload_address, made.known_server_timezone)


def test_base_url_serves_uploads_too() -> None:
    """With one base URL everything goes there, and a slash at its end does not double."""
    made = settings(region=None, base_url="http://127.0.0.1:8800/capillary/")

    assert "http://127.0.0.1:8800/capillary" == made.api_address
    assert "http://127.0.0.1:8800/capillary" == made.upload_address
    assert made.known_server_timezone is None


def test_upload_base_url_wins() -> None:
    """The upload address can be set apart, also beside a region (C-1)."""
    made = settings(upload_base_url="https://up.example.com/")

    assert "https://up.example.com" == made.upload_address
    assert "https://eu.api.capillarytech.com" == made.api_address


def test_server_timezone_overrules_the_region() -> None:
    """What is configured is believed before what is documented."""
    assert "Asia/Dubai" == settings(server_timezone="Asia/Dubai").known_server_timezone


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"region": None}, "exactly one of region and base_url"),
        ({"base_url": "https://x.example.com"}, "exactly one of region and base_url"),
        ({"region": "mars"}, "expected one of eu, apac"),
        ({"region": None, "base_url": "http://vendor.example.com"}, "http:// is refused"),
        ({"upload_base_url": "ftp://x"}, "expected an address"),
        ({"server_timezone": "Mars/Olympus"}, "IANA name"),
        ({"store_timezone": "../../etc/passwd"}, "IANA name"),
        ({"store_timezone": ""}, "IANA name"),
        ({"default_country_code": "+91"}, "one to four digits"),
        ({"default_country_code": "091"}, "one to four digits"),
        ({"auth": "digest"}, "expected one of oauth, basic"),
        ({"key": None}, "needs key"),
        ({"key": " ", "secret": Secret("")}, "needs key and secret"),
        ({"auth": SignIn.BASIC}, 'needs username and password; auth = "basic" does not take key and secret'),
        ({"username": "till"}, "does not take username"),
        ({"password_md5": Secret("0" * 32)}, "does not take password_md5"),
        ({**BASIC, "password": None}, "needs password"),
        ({**BASIC, "password_md5": Secret("0" * 32)}, "one of password and password_md5, not both"),
        ({**BASIC, "password": None, "password_md5": Secret("hunter2")}, "32 hexadecimal digits"),
        ({"region": None, "key": None}, 'exactly one of region and base_url; auth = "oauth" needs key'),
    ],
)
def test_faults_are_told(given: dict[str, Any], told: str) -> None:
    """A wrong setting is named with what was expected; several faults are told at once."""
    with pytest.raises(ValueError, match=r"expected|needs|does not|refused") as caught:
        settings(**given)

    assert told in str(caught.value)


def test_faults_and_repr_hold_no_values() -> None:
    """Neither a fault's text nor the settings' repr shows a credential or what was mistyped."""
    with pytest.raises(ValueError, match="expected one of") as caught:
        settings(region="hunter2")

    assert "hunter2" not in str(caught.value)
    shown = repr(settings(key="hunter2", secret=Secret("hunter3")))
    assert "hunter2" not in shown
    assert "hunter3" not in shown


@pytest.mark.parametrize(
    ("where", "calls"),
    [
        ({"region": "eu"}, 0),
        ({"region": "apac2"}, 0),
        ({"region": "eucrm"}, 100),
        ({"region": "crm-nightly-new"}, 100),
        ({"base_url": "https://eu.api.capillarytech.com"}, 0),
        ({"base_url": "https://SGCRM.cc.capillarytech.com/"}, 100),
        ({"base_url": "https://nightly.api.capillarytech.com"}, 100),
        ({"base_url": "https://eucrm.cc.capillarytech.com.example.com"}, 0),
        ({"base_url": "http://127.0.0.1:8800/capillary"}, 0),
        ({"region": "eucrm", "limits": {"calls_per_minute": 7}}, 7),
        ({"region": "eu", "limits": {"calls_per_minute": 7}}, 7),
    ],
)
def test_a_rate_is_assumed_on_demo_clusters_alone(where: dict[str, Any], calls: int) -> None:
    """Elsewhere the vendor prints none, and a guess would refuse what it answers (C-8)."""
    made = settings(**{"region": None, **where})

    assert {"calls_per_minute": calls, "file_rows": 500_000} == dict(made.effective_limits())


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ({"upload_per_day": 1}, "upload_per_day; known are: calls_per_minute, file_rows"),
        ({"file_rows": -1}, "0 turns one off"),
    ],
)
def test_unknown_limit_is_refused(limits: dict[str, int], told: str) -> None:
    """An override must be of a limit that Capillary has, and not below zero."""
    with pytest.raises(ConfigError, match=told):
        settings(limits=limits)
