"""Choices about the emulated Capillary where its sources disagree or are silent, and its fault switches."""

from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

import attrs

from couponhub.testing.emulation.vendor import ControlError

RIGHTS = ("default", "coupon-read", "coupon-write")
"""The access groups (C-68): the default group, and read and write on the coupon resource."""

Check = Callable[[object, "attrs.Attribute[Any]", Any], None]


def _flag(_: object, attribute: "attrs.Attribute[Any]", value: Any) -> None:
    if type(value) is not bool:
        raise TypeError(f"{attribute.name} takes true or false")


def _whole(*, minimum: int) -> Check:
    def check(_: object, attribute: "attrs.Attribute[Any]", value: Any) -> None:
        if type(value) is not int or value < minimum:
            raise TypeError(f"{attribute.name} takes a whole number of at least {minimum}")

    return check


def _text(_: object, attribute: "attrs.Attribute[Any]", value: Any) -> None:
    if type(value) is not str:
        raise TypeError(f"{attribute.name} takes text")


def _zone(_: object, attribute: "attrs.Attribute[Any]", value: Any) -> None:
    try:
        ZoneInfo(value)
    except (OSError, TypeError, ValueError, KeyError):
        raise TypeError(f"{attribute.name} takes the name of a time zone, like Asia/Kolkata") from None


def _one_of(*words: str) -> Check:
    def check(_: object, attribute: "attrs.Attribute[Any]", value: Any) -> None:
        if value not in words:
            raise TypeError(f"{attribute.name} takes one of {', '.join(words)}")

    return check


def _denials(_: object, attribute: "attrs.Attribute[Any]", value: Any) -> None:
    fits = isinstance(value, Mapping) and all(
        isinstance(client, str)
        and isinstance(rights, list | tuple)
        and all(right in RIGHTS for right in rights)
        for client, rights in value.items()
    )
    if not fits:
        raise TypeError(f"{attribute.name} takes lists by client, of {', '.join(RIGHTS)}")


@attrs.frozen(kw_only=True)
class Options:
    """Every option with its default; the C-number says which open question it decides.

    Attributes:
        ttl: Seconds that a token lives (C-4).
        token_calls: Calls that a token is good for, however young it is; 0 is any number (C-95).
        reuse_window: Seconds during which the same token is handed out again; 0 is never (C-4).
        uploads_accept_basic: Uploads take Basic authentication too (C-2).
        v1_unauthorized_as_200: v1.1 answers wrong credentials with HTTP 200 around the code 401 (C-6).
        denied: Rights withheld, by client key or till (C-7).
        authorization_unavailable: Every call that needs a right gets 503 with 4001 (C-69).
        rate_limit: Calls per key and minute, when documented limits are switched on (C-8).
        http_mirrors_code: v1.1 repeats its request-level code as HTTP status (C-9).
        refusals_as_200: v2 and uploads answer `{"success": false, "status": 400}` with HTTP 200 for any refusal (C-9).
        legacy: v1.1 answers in the old style: text for numbers, single objects, old dates (C-10, C-11).
        pagination_total: What v1.1 counts as `total` (C-14).
        honour_offset: v1.1 lists honour an `offset` (C-14).
        limit_cap: The most coupons that one v1.1 list holds, applied in silence; 0 is no cap (C-15).
        ignore_unknown_order: An unknown `order_by` is ignored, not refused (C-16).
        server_timezone: Zone of the vendor's servers (C-73).
        store_timezone: Zone of the stores, whose digits v1.1 prints with a false `Z` (C-20).
        country_code: The organisation's, added to a mobile that does not match as it is (C-28).
        mask_people: Names, e-mail and mobile come as null (C-64).
        middle_steps: Jobs show VALIDATED and COMMITED on their way (C-33).
        one_row_per_customer: All rows of a customer named twice in a file are refused (C-38).
        max_code_length: Characters; a longer code is a refused row (C-40).
        answer_all_jobs: The answer to an upload lists all jobs of the series (C-66).
        pool_readable: Uploaded codes that nobody holds yet are found by code (C-67).
        doubled_rows: `coupon/get` adds a row 705 in upper case to each that it found in lower case (C-54).
        bulk_redeem_limit: The most codes that one bulk redemption takes (C-57).
        running_word: The word that running jobs show in the job list instead of their own; "" is none.
        jobs_never_end: Jobs stand still.
    """

    ttl: int = attrs.field(default=300, validator=_whole(minimum=1))
    token_calls: int = attrs.field(default=0, validator=_whole(minimum=0))
    reuse_window: int = attrs.field(default=0, validator=_whole(minimum=0))
    uploads_accept_basic: bool = attrs.field(default=False, validator=_flag)
    v1_unauthorized_as_200: bool = attrs.field(default=False, validator=_flag)
    denied: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict, validator=_denials)
    authorization_unavailable: bool = attrs.field(default=False, validator=_flag)
    rate_limit: int = attrs.field(default=100, validator=_whole(minimum=1))
    http_mirrors_code: bool = attrs.field(default=False, validator=_flag)
    refusals_as_200: bool = attrs.field(default=False, validator=_flag)
    legacy: bool = attrs.field(default=False, validator=_flag)
    pagination_total: str = attrs.field(default="customers", validator=_one_of("customers", "coupons"))
    honour_offset: bool = attrs.field(default=False, validator=_flag)
    limit_cap: int = attrs.field(default=0, validator=_whole(minimum=0))
    ignore_unknown_order: bool = attrs.field(default=False, validator=_flag)
    server_timezone: str = attrs.field(default="UTC", validator=_zone)
    store_timezone: str = attrs.field(default="Asia/Kolkata", validator=_zone)
    country_code: str = attrs.field(default="91", validator=_text)
    mask_people: bool = attrs.field(default=False, validator=_flag)
    middle_steps: bool = attrs.field(default=True, validator=_flag)
    one_row_per_customer: bool = attrs.field(default=False, validator=_flag)
    max_code_length: int = attrs.field(default=40, validator=_whole(minimum=1))
    answer_all_jobs: bool = attrs.field(default=False, validator=_flag)
    pool_readable: bool = attrs.field(default=False, validator=_flag)
    doubled_rows: bool = attrs.field(default=False, validator=_flag)
    bulk_redeem_limit: int = attrs.field(default=50, validator=_whole(minimum=1))
    running_word: str = attrs.field(default="", validator=_text)
    jobs_never_end: bool = attrs.field(default=False, validator=_flag)

    @property
    def server_zone(self) -> ZoneInfo:
        """The zone of the vendor's servers."""
        return ZoneInfo(self.server_timezone)

    @property
    def store_zone(self) -> ZoneInfo:
        """The zone of the stores."""
        return ZoneInfo(self.store_timezone)

    def as_mapping(self) -> Mapping[str, Any]:
        """Every option with its value, as JSON spells it."""
        return {
            **attrs.asdict(self, recurse=False),
            "denied": {client: list(rights) for client, rights in self.denied.items()},
        }

    def changed(self, values: Mapping[str, Any]) -> "Options":
        """These options with some changed. Raises ControlError for an unknown name or a wrong type."""
        unknown = sorted(set(values) - {field.name for field in attrs.fields(Options)})
        if unknown:
            raise ControlError(f"capillary has no option {', '.join(unknown)}")
        try:
            return attrs.evolve(self, **values)
        except TypeError as error:
            raise ControlError(str(error)) from None
