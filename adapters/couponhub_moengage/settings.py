"""What a MoEngage connection needs to be told."""

import re
from typing import TYPE_CHECKING

import attrs

from couponhub.models import Identifier
from couponhub.plugin import ConnectionSettings, check_url, setting
from couponhub.secret import Secret
from couponhub_moengage.limits import effective_limits

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
    created_by: str | None = setting(
        None, about="who MoEngage is told creates lists and files", validator=_check_created_by
    )

    def __attrs_post_init__(self) -> None:
        if (self.data_center is None) == (self.base_url is None):
            raise ValueError("expected exactly one of data_center and base_url")
        effective_limits(self.limits)

    @property
    def address(self) -> str:
        """The address that paths are appended to, without a slash at the end."""
        if self.base_url is not None:
            return self.base_url.rstrip("/")
        match = _DATA_CENTER.fullmatch((self.data_center or "").strip())
        assert match is not None  # noqa: S101 - the validator has seen to it
        return f"https://api-{match[1].zfill(2)}.moengage.com/v1"

    @property
    def account(self) -> str:
        """What tells the workspace from others that spend from budgets of their own."""
        return f"moengage {self.address} {self.workspace_id}"
