"""The settings of a MoEngage connection."""

import re
from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import attrs

from couponhub.models import Identifier, ReportColumn, ReportForm
from couponhub.plugin import ConnectionSettings
from couponhub.secret import Secret
from couponhub.settings import (
    NO_COUNTRY_CODE,
    check_country_code,
    check_positive,
    check_timezone,
    check_url,
    setting,
)
from couponhub_moengage.settings.limits import effective_limits

if TYPE_CHECKING:
    from attrs import Attribute

# The pages write api-0X, api-{dc} and DC-01. A closed list: a mistyped number would send the key elsewhere.
_DATA_CENTER = re.compile(r"(?:dc-?)?(0?[1-6]|101)", re.IGNORECASE)


def _check_data_center(instance: object, attribute: "Attribute[str | None]", value: str | None) -> None:  # noqa: ARG001 - attrs' signature
    if value is not None and not _DATA_CENTER.fullmatch(value.strip()):
        raise ValueError(
            'data_center: expected one of "01" to "06" and "101", the number in the dashboard\'s address'
        )


def _check_workspace_id(instance: object, attribute: "Attribute[str]", value: str) -> None:  # noqa: ARG001 - attrs' signature
    # It travels as a header and as a Basic username, which a colon would end.
    if not value or ":" in value or not all("!" <= char <= "~" for char in value):
        raise ValueError(
            "workspace_id: expected the Workspace ID: plain characters without blanks and colons"
        )


def _check_api_key(instance: object, attribute: "Attribute[Secret]", value: Secret) -> None:  # noqa: ARG001 - attrs' signature
    if not value.reveal().strip() or not value.reveal().isprintable():
        raise ValueError("api_key: expected an API key, it is blank or holds line breaks")


def _check_created_by(instance: object, attribute: "Attribute[str | None]", value: str | None) -> None:  # noqa: ARG001 - attrs' signature
    if value is not None and not value.strip():
        raise ValueError("created_by: expected a name or an e-mail address, it is blank")


def _check_columns(
    instance: object,  # noqa: ARG001 - attrs' signature
    attribute: "Attribute[Mapping[str, tuple[str, ...]]]",  # noqa: ARG001 - the same
    value: Mapping[str, tuple[str, ...]],
) -> None:
    words = [column.value for column in ReportColumn]
    if not set(value) <= set(words):
        raise ValueError(f"expected headers for kinds of columns, which are {', '.join(words)}")
    if not all(any(char.isalnum() for char in header) for headers in value.values() for header in headers):
        raise ValueError("expected headers with letters or digits in them")


# MoEngage documents no header of its reports: these are what its pages call what is in them, and common forms.
_COLUMNS: Mapping[ReportColumn, tuple[str, ...]] = MappingProxyType(
    {
        ReportColumn.USER: ("User ID", "Customer ID", "Unique ID", "UID"),
        ReportColumn.CODE: ("Coupon Code",),
        ReportColumn.SENT_AT: ("Sent At", "Sent Time", "Sent On", "Timestamp", "Time", "Date"),
        ReportColumn.LIST: (
            "Coupon List ID",
            "List ID",
            "Coupon List Name",
            "Coupon List",
            "List Name",
            "List",
        ),
        ReportColumn.CAMPAIGN_ID: ("Campaign ID",),
        ReportColumn.CAMPAIGN_NAME: ("Campaign Name", "Campaign"),
        ReportColumn.LOCALE: ("Locale", "Locale Name"),
        ReportColumn.VARIATION: ("Variation", "Variation Name"),
    }
)
_VAGUE_COLUMNS: Mapping[ReportColumn, tuple[str, ...]] = MappingProxyType(
    {ReportColumn.USER: ("ID", "User"), ReportColumn.CODE: ("Coupon", "Code")}
)


@attrs.frozen(kw_only=True)
class MoEngageSettings(ConnectionSettings):
    """The settings of a MoEngage connection; exactly one of `data_center` and `base_url` is given.

    Raises:
        ValueError: A setting is wrong; the text names what is expected and never the value.
        ConfigError: A limit is overridden that MoEngage does not have.
    """

    data_center: str | None = setting(
        None,
        about='number of the data centre in the dashboard\'s address, such as "01"',
        validator=_check_data_center,
        shown=True,
    )
    base_url: str | None = setting(
        None, about="address of the API up to /v1, instead of data_center", validator=check_url
    )
    workspace_id: str = setting(
        about="the Workspace ID, formerly App ID", validator=_check_workspace_id, repr=False
    )
    api_key: Secret = setting(
        about='key of the tile "Campaign report/Business events/Custom templates/Catalog API"',
        validator=_check_api_key,
    )
    user_id_is: Identifier = setting(
        Identifier.EXTERNAL_ID, about='which of your identifiers MoEngage\'s "User ID" is'
    )
    default_country_code: str | None = setting(
        None,
        about="mobiles are looked for in usage reports with and without it; needed where user_id_is is mobile",
        validator=check_country_code,
        shown=True,
    )
    created_by: str | None = setting(
        None, about="who MoEngage is told creates lists and files", validator=_check_created_by
    )
    timezone: str | None = setting(
        None,
        about="zone of the workspace, in which the days of usage reports begin; else by when its lists end",
        validator=check_timezone,
        shown=True,
    )
    usage_max_age: float = setting(
        129_600.0,
        about="seconds after the last day that usage reports cover, in which absence from them proves anything",
        validator=check_positive,
    )
    usage_columns: Mapping[str, tuple[str, ...]] = setting(
        factory=dict,
        about="headers in usage reports by kind of column (user, code, sent_at, list, campaign_id, campaign_name, "
        "locale, variation), before those that are known",
        validator=_check_columns,
    )
    usage_time_format: str | None = setting(
        None, about="form of times in usage reports, as strptime takes it; ISO 8601 when left out"
    )

    def __attrs_post_init__(self) -> None:
        if (self.data_center is None) == (self.base_url is None):
            raise ValueError("expected exactly one of data_center and base_url")
        effective_limits(self.limits)

    @property
    def country_code(self) -> str | None:
        """As `ConnectionSettings.country_code`."""
        return self.default_country_code

    @property
    def warnings(self) -> tuple[str, ...]:
        """As `ConnectionSettings.warnings`."""
        lacks = self.user_id_is is Identifier.MOBILE and self.default_country_code is None
        return (NO_COUNTRY_CODE,) if lacks else ()

    @property
    def address(self) -> str:
        """The address that paths are appended to, without a slash at the end."""
        if self.base_url is not None:
            return self.base_url.rstrip("/")
        match = _DATA_CENTER.fullmatch((self.data_center or "").strip())
        assert match is not None  # noqa: S101 - the validator has seen to it
        return f"https://api-{match[1].zfill(2)}.moengage.com/v1"

    @property
    def report_form(self) -> ReportForm:
        """The way in which this workspace's usage reports are read."""
        return ReportForm(
            identifier=self.user_id_is,
            identifier_setting="user_id_is",
            columns_setting="usage_columns",
            columns={
                column: (*self.usage_columns.get(column.value, ()), *known)
                for column, known in _COLUMNS.items()
            },
            vague=_VAGUE_COLUMNS,
            named={ReportColumn(word): headers for word, headers in self.usage_columns.items()},
            max_rows=effective_limits(self.limits)["usage_report_rows"] or None,
            max_age=timedelta(seconds=self.usage_max_age),
            zone=None if self.timezone is None else ZoneInfo(self.timezone),
            time_format=self.usage_time_format,
            country_code=self.default_country_code,
        )

    @property
    def account(self) -> str:
        """The text that tells the workspace from others that spend from budgets of their own."""
        return f"moengage {self.address} {self.workspace_id}"
