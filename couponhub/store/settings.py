"""The table `[store]` of the configuration."""

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import attrs

if TYPE_CHECKING:
    from attrs import Attribute

_PREFIX = "sqlite:///"


def _check_url(instance: object, attribute: "Attribute[str | None]", value: str | None) -> None:  # noqa: ARG001 - attrs' signature
    if value is not None and not (value.startswith(_PREFIX) and len(value) > len(_PREFIX)):
        raise ValueError("expected sqlite:///relative/path.db or sqlite:////absolute/path.db")


def _check_days(instance: object, attribute: "Attribute[int]", value: int) -> None:  # noqa: ARG001 - attrs' signature
    if value < 1:
        raise ValueError("expected at least 1 day")


@attrs.frozen(kw_only=True)
class StoreSettings:
    """Where durable state lies, and for how long.

    Attributes:
        url: `sqlite:///` and a path, relative to the working folder; None for a file in the platform's state folder.
        retention_days: How long sent codes are remembered, so that they are not sent to the same list again.
    """

    url: str | None = attrs.field(
        default=None,
        validator=_check_url,
        metadata={
            "about": "sqlite:///path of the database; a file in the platform's state folder when left out"
        },
    )
    retention_days: int = attrs.field(
        default=400,
        validator=_check_days,
        metadata={
            "about": "days for which sent codes are kept, to be left out of later uploads to the same list"
        },
    )

    @property
    def path(self) -> Path:
        """The database file."""
        if self.url is not None:
            return Path(unquote(self.url.removeprefix(_PREFIX))).expanduser()
        from platformdirs import user_state_path  # noqa: PLC0415 - only needed when no place is configured

        return user_state_path("couponhub") / "couponhub.db"
