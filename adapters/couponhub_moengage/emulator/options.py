"""The settings of the emulated workspace: every choice that the vendor's documentation leaves open."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import attrs

from couponhub.testing.emulation.vendor import ControlError

if TYPE_CHECKING:
    from attrs import Attribute


def _flag(_: object, attribute: "Attribute[bool]", value: object) -> None:
    if type(value) is not bool:
        raise TypeError(f"{attribute.name} is true or false")


def _count(_: object, attribute: "Attribute[int]", value: object) -> None:
    if type(value) is not int or value < 0:
        raise TypeError(f"{attribute.name} is a whole number from 0")


def _at_least_one(_: object, attribute: "Attribute[int]", value: object) -> None:
    if type(value) is not int or value < 1:
        raise TypeError(f"{attribute.name} is a whole number from 1")


def _seconds(_: object, attribute: "Attribute[float]", value: object) -> None:
    if type(value) not in (int, float) or not 0 <= float(str(value)) <= 3600:
        raise TypeError(f"{attribute.name} is a number of seconds from 0 to 3600")


def _word(_: object, attribute: "Attribute[str]", value: object) -> None:
    if type(value) is not str or not value:
        raise TypeError(f"{attribute.name} is text, not empty")


def _zone(_: object, attribute: "Attribute[str]", value: object) -> None:
    try:
        ZoneInfo(str(value))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{attribute.name} is the name of a time zone, such as Asia/Kolkata") from error


def _setting(default: Any, check: Any) -> Any:
    return attrs.field(default=default, validator=check)


def _choice(default: Any, *others: Any) -> Any:
    choices = (default, *others)

    def check(_: object, attribute: "Attribute[Any]", value: object) -> None:
        # 404 == 404.0 and 1 == True in Python, hence the type.
        if not any(type(value) is type(choice) and value == choice for choice in choices):
            raise ValueError(f"{attribute.name} is one of {', '.join(str(choice) for choice in choices)}")

    return attrs.field(default=default, validator=check)


@attrs.frozen(kw_only=True)
class Options:
    """All options with their defaults. A limit of 0 is none; D-numbers: `docs/vendors/moengage.md`.

    Attributes:
        coupon_feature: False answers 403 to everything, as an account without coupons does.
        require_appkey: On which operations `MOE-APPKEY` must be sent (D-2); when sent it must always match.
        string_subscribers: Answer subscribers as one string in fetch-all and update (D-3).
        workspace_timezone: Where a day ends (D-6, D-35).
        pending_word: What a file's `status` says (D-9); so do the three words after it.
        show_processing: Whether a file shows as being processed in the second half of its delay (D-9).
        total_drops_on_delete: Whether `total_coupons` falls when a file is deleted (D-10).
        unknown_list_status: HTTP status for an unknown list, except in the usage report (D-11).
        unknown_file_status: HTTP status for an unknown file (D-11).
        idempotent_transitions: 204 for archiving what is not active and activating what is (D-12).
        fetch_all_default: Which lists are answered when no `status` is asked for (D-13).
        generic_bad_request: Answer `bad-request` where the reference shows only that sample (D-17).
        file_bytes_limit: Largest file in decompressed bytes, found out while fetching (D-19).
        list_codes_limit: Most codes ever added to one list (D-19).
        workspace_codes_limit: Most codes ever added in the workspace (D-19).
        lists_limit: Most lists of any status (D-19).
        fetch_attempts: How often a file is tried to be fetched (D-21).
        fetch_timeout_seconds: How long one attempt, or one callback, may take.
        fetch_retry_seconds: Pause between attempts.
        upload_limit_per_list: Count the upload limits per list instead of per workspace (D-22).
        callback_retries: Attempts after a first callback that was not answered with 2xx (D-24).
        callback_retry_seconds: Pause between callbacks.
        lose_callbacks: Never call back.
        fail_next_files: So many of the next files to be processed fail; counts down.
        files_never_end: Files wait until this is switched off.
        campaigns_fail: Codes are handed out by failed campaigns, which usage reports leave out.
        report_rows_limit: Most rows of a usage report; what comes after them is left out.
        user_id_is: Which identifier of a customer the usage report shows as "User ID".
    """

    workspace_id: str = _setting("DEMO", _word)
    api_key: str = _setting("demo-key", _word)
    coupon_feature: bool = _setting(True, _flag)
    require_appkey: str = _choice("all_but_create", "all", "never")
    string_subscribers: bool = _setting(False, _flag)
    workspace_timezone: str = _setting("Asia/Kolkata", _zone)
    pending_word: str = _setting("PENDING", _word)
    processing_word: str = _setting("PROCESSING", _word)
    success_word: str = _setting("SUCCESS", _word)
    failed_word: str = _setting("FAILED", _word)
    show_processing: bool = _setting(False, _flag)
    total_drops_on_delete: bool = _setting(False, _flag)
    unknown_list_status: int = _choice(404, 400)
    unknown_file_status: int = _choice(404, 400)
    idempotent_transitions: bool = _setting(False, _flag)
    fetch_all_default: str = _choice("ALL", "ACTIVE")
    generic_bad_request: bool = _setting(False, _flag)
    file_bytes_limit: int = _setting(100_000_000, _count)
    list_codes_limit: int = _setting(100_000_000, _count)
    workspace_codes_limit: int = _setting(0, _count)
    lists_limit: int = _setting(0, _count)
    fetch_attempts: int = _setting(3, _at_least_one)
    fetch_timeout_seconds: float = _setting(3.0, _seconds)
    fetch_retry_seconds: float = _setting(0.2, _seconds)
    upload_limit_per_list: bool = _setting(False, _flag)
    callback_retries: int = _setting(2, _count)
    callback_retry_seconds: float = _setting(0.2, _seconds)
    lose_callbacks: bool = _setting(False, _flag)
    fail_next_files: int = _setting(0, _count)
    files_never_end: bool = _setting(False, _flag)
    campaigns_fail: bool = _setting(False, _flag)
    report_rows_limit: int = _setting(20_000_000, _count)
    user_id_is: str = _choice("external_id", "email", "mobile", "id")

    @property
    def zone(self) -> ZoneInfo:
        """The workspace's time zone."""
        return ZoneInfo(self.workspace_timezone)

    def changed(self, values: Mapping[str, Any]) -> "Options":
        """A copy with other values.

        Raises:
            ControlError: An unknown name, or a value of the wrong type.
        """
        unknown = [name for name in values if name not in attrs.fields_dict(Options)]
        if unknown:
            raise ControlError(f"no such option: {', '.join(sorted(map(str, unknown)))}")
        try:
            return attrs.evolve(self, **values)
        except (TypeError, ValueError) as error:
            raise ControlError(str(error)) from error
