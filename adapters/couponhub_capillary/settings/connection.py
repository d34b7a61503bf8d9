"""The settings of a Capillary connection."""

import re
from enum import StrEnum
from typing import TYPE_CHECKING

import attrs

from couponhub.plugin import ConnectionSettings
from couponhub.protocols import Limits
from couponhub.secret import Secret
from couponhub.settings import NO_COUNTRY_CODE, check_country_code, check_timezone, check_url, setting
from couponhub_capillary.settings.limits import effective_limits
from couponhub_capillary.settings.regions import CLUSTERS, Cluster, is_demo

if TYPE_CHECKING:
    from attrs import Attribute


_DIGEST = re.compile(r"[0-9A-Fa-f]{32}")


class SignIn(StrEnum):
    """The way in which calls prove who sends them."""

    OAUTH = "oauth"
    BASIC = "basic"


def _check_region(instance: object, attribute: "Attribute[str | None]", value: str | None) -> None:  # noqa: ARG001 - attrs' signature
    if value is not None and value not in CLUSTERS:
        raise ValueError(f"expected one of {', '.join(CLUSTERS)}; for any other host give base_url")


def _check_sign_in(instance: object, attribute: "Attribute[SignIn]", value: SignIn) -> None:  # noqa: ARG001 - attrs' signature
    if value not in tuple(SignIn):
        raise ValueError(f"expected one of {', '.join(SignIn)}")


def _check_digest(instance: object, attribute: "Attribute[Secret | None]", value: Secret | None) -> None:  # noqa: ARG001 - attrs' signature
    if value is not None and not _DIGEST.fullmatch(value.reveal()):
        raise ValueError("expected the MD5 of the till's password, 32 hexadecimal digits")


def _is_blank(credential: str | Secret | None) -> bool:
    text = credential.reveal() if isinstance(credential, Secret) else credential
    return text is None or not text.strip()


@attrs.frozen(kw_only=True)
class CapillarySettings(ConnectionSettings):
    """The settings of a Capillary connection; exactly one of `region` and `base_url` is given.

    Raises:
        ValueError: Settings are wrong; the text names what is expected and never a value.
        ConfigError: A limit is overridden that Capillary does not have.
    """

    region: str | None = setting(
        None, about=f"Capillary's cluster: {', '.join(CLUSTERS)}", validator=_check_region, shown=True
    )
    base_url: str | None = setting(
        None, about="address of the API without version, instead of region", validator=check_url
    )
    upload_base_url: str | None = setting(
        None, about="address of the upload API, where it differs from the other's", validator=check_url
    )
    auth: SignIn = setting(
        SignIn.OAUTH,
        about='"oauth" takes key and secret; "basic" takes username and password and cannot upload',
        validator=_check_sign_in,
    )
    key: str | None = setting(None, about="key of the API client", repr=False)
    secret: Secret | None = setting(None, about="secret of the API client")
    username: str | None = setting(None, about='id of the till, for auth = "basic"', repr=False)
    password: Secret | None = setting(None, about='password of the till, for auth = "basic"')
    password_md5: Secret | None = setting(
        None,
        about="the MD5 of that password, 32 hexadecimal digits, in place of the password itself",
        validator=_check_digest,
    )
    reversed_redemptions: bool = setting(
        default=False, about="have redemptions that were taken back shown too, in what is raw"
    )
    server_timezone: str | None = setting(
        None,
        about="zone of Capillary's servers, where the region does not tell",
        validator=check_timezone,
        shown=True,
    )
    store_timezone: str | None = setting(
        None,
        about="zone of the stores, whose local times Capillary prints as if they were UTC",
        validator=check_timezone,
        shown=True,
    )
    default_country_code: str | None = setting(
        None,
        about="mobiles are asked about with and without it; left out, an unknown mobile proves nothing",
        validator=check_country_code,
        shown=True,
    )

    def __attrs_post_init__(self) -> None:
        faults = [*self._address_faults(), *self._credential_faults()]
        if faults:
            raise ValueError("; ".join(faults))
        self.effective_limits()

    def effective_limits(self) -> Limits:
        """The documented limits of this account, the connection's own figures in their place.

        Raises:
            ConfigError: A limit is overridden that Capillary does not have.
        """
        return effective_limits(self.limits, is_demo=is_demo(self.api_address))

    def _address_faults(self) -> list[str]:
        return (
            []
            if (self.region is None) != (self.base_url is None)
            else ["expected exactly one of region and base_url"]
        )

    def _credential_faults(self) -> list[str]:
        groups = {
            SignIn.OAUTH: {"key": self.key, "secret": self.secret},
            SignIn.BASIC: {
                "username": self.username,
                "password": self.password,
                "password_md5": self.password_md5,
            },
        }
        mine = groups.pop(self.auth)
        faults = []
        if self.password is not None and self.password_md5 is not None:
            faults.append("expected one of password and password_md5, not both")
        # Either of the two will do, and the one that people have is what they are asked for.
        mine.pop("password" if self.password_md5 is not None else "password_md5", None)
        missing = [name for name, value in mine.items() if _is_blank(value)]
        alien = [name for group in groups.values() for name, value in group.items() if value is not None]
        if missing:
            faults.append(f'auth = "{self.auth}" needs {" and ".join(missing)}')
        if alien:
            faults.append(f'auth = "{self.auth}" does not take {" and ".join(alien)}')
        if self.auth == SignIn.BASIC and ":" in (self.username or ""):
            faults.append("username must not hold a colon")
        return faults

    @property
    def country_code(self) -> str | None:
        """As `ConnectionSettings.country_code` (C-28)."""
        return self.default_country_code

    @property
    def warnings(self) -> tuple[str, ...]:
        """As `ConnectionSettings.warnings`."""
        return (NO_COUNTRY_CODE,) if self.default_country_code is None else ()

    @property
    def _cluster(self) -> Cluster | None:
        return None if self.region is None else CLUSTERS[self.region]

    @property
    def api_address(self) -> str:
        """The address that v1.1, v2 and v3 paths are appended to, without a slash at the end."""
        return (self._cluster.api if self._cluster else self.base_url or "").rstrip("/")

    @property
    def upload_address(self) -> str:
        """The address that /coupon/api/v1 paths are appended to, without a slash at the end."""
        own = self._cluster.upload if self._cluster else self.base_url
        return (self.upload_base_url or own or "").rstrip("/")

    @property
    def known_server_timezone(self) -> str | None:
        """Zone of the servers, as configured or documented; None when nobody says, and UTC is a guess."""
        return self.server_timezone or (self._cluster.timezone if self._cluster else None)

    @property
    def account(self) -> str:
        """The text that tells the API key from others that spend from budgets of their own."""
        return f"capillary {self.api_address} {self.key or self.username}"
