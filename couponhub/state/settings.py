"""The table `[store]` of the configuration."""

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import attrs

from couponhub.errors import LocalError
from couponhub.paths import expanded, user_folder
from couponhub.settings import setting

if TYPE_CHECKING:
    from attrs import Attribute

_PREFIX = "sqlite:///"


def _check_url(instance: object, attribute: "Attribute[str | None]", value: str | None) -> None:  # noqa: ARG001 - attrs' signature
    if value is None:
        return
    path = unquote(value.removeprefix(_PREFIX))
    if not value.startswith(_PREFIX) or not path.strip(" /.") or path.endswith("/"):
        raise ValueError("expected sqlite:///relative/path.db or sqlite:////absolute/path.db")
    if path == ":memory:":
        raise ValueError("expected a file: what was sent must be known after this process has ended")
    if "?" in value or "#" in value or not path.isprintable():
        raise ValueError(
            "expected a path without ?, # and control characters; %3F and %23 stand for the first two"
        )


def _check_days(instance: object, attribute: "Attribute[int]", value: int) -> None:  # noqa: ARG001 - attrs' signature
    if value < 1:
        raise ValueError("expected at least 1 day")


@attrs.frozen(kw_only=True)
class StoreSettings:
    """The place of durable state, and the time for which it is kept."""

    url: str | None = setting(
        None,
        about="sqlite:///path of the database; a file in the platform's state folder when left out",
        example='"sqlite:///couponhub.db"',
        validator=_check_url,
    )
    retention_days: int = setting(
        400,
        about="days for which sent codes are kept, to be left out of later uploads to the same list",
        validator=_check_days,
    )

    @property
    def path(self) -> Path:
        """The database file.

        Raises:
            LocalError: None is configured, and this user has no home where it could lie.
        """
        if self.url is not None:
            return expanded(unquote(self.url.removeprefix(_PREFIX)))
        folder = user_folder("state")
        if folder is None:
            raise LocalError(
                "there is no place for the store: this user has no home", hint="name a file in [store] url"
            )
        return folder / "couponhub.db"
