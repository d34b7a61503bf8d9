"""Refusals of the vendor: its error codes and texts, word for word.

Codes and texts: "Coupon Management Overview" and the pages of the single operations. Texts that the vendor
does not document are marked; nobody may rely on them.
"""

from collections.abc import Sequence


class Refusal(Exception):  # noqa: N818 - an answer of the vendor, not a fault of the emulator
    """An error answer: HTTP status, the vendor's code, and its text."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def invalid(message: str) -> Refusal:
    """400 `invalid-request`, which only its text tells apart from the others."""
    return Refusal(400, "invalid-request", message)


def bad_json() -> Refusal:
    """The body is not the JSON that was expected."""
    return invalid("The requested JSON is incorrect. Please verify and try again.")


def unknown_keys(keys: Sequence[str]) -> Refusal:
    """Keys that the operation does not have; printed as a Python list, without a final full stop."""
    return invalid(f"Invalid field in the request: {list(keys)}. Please verify and try again")


def missing_key(key: str, *, code: str = "missing-mandatory-attributes") -> Refusal:
    """A mandatory key is absent. Only create and update document a code of its own for that."""
    return Refusal(400, code, f"Missing mandatory key '{key}'. Please verify and try again.")


def wrong_type() -> Refusal:
    """Some value is of another JSON type."""
    return invalid("The data type provided for some of the attributes is invalid.")


def bad_value(key: str) -> Refusal:
    """A value of the right type that cannot be."""
    return invalid(f"The value provided for the '{key}' key is invalid. Please verify and try again.")


def past_expiry() -> Refusal:
    """The expiry lies before today."""
    return invalid("The expiry date should not be a past date. Please verify and try again.")


def alert_without(key: str) -> Refusal:
    """An alert is switched on without its number."""
    return invalid(f"The 'alert' value is set to True but the '{key}' value is missing.")


def alert_off_with(key: str) -> Refusal:
    """An alert is switched off and its number is given."""
    return invalid(f"The 'alert' value is set to False but the '{key}' value is provided.")


def alert_beyond_expiry() -> Refusal:
    """The reminders would have to begin before today."""
    return invalid("The expiry alert days should not exceed the expiry date.")


def empty_file_url() -> Refusal:
    """An upload without an address."""
    return invalid("The 'file_url' can not be empty. Please provide the coupon file url and try again.")


def several_file_urls() -> Refusal:
    """An upload with more than one address."""
    return invalid("Multiple file urls are not permitted. Please select one file url and try again.")


def report_before_creation() -> Refusal:
    """A usage report from before there was a list."""
    return invalid(
        "The start date cannot be earlier than the coupon list creation date."
        " Please verify your dates and try again."
    )


def report_in_future() -> Refusal:
    """A usage report of days to come."""
    return invalid("The end date cannot be set in the future. Please verify the dates and try again.")


def duplicate_name() -> Refusal:
    """Another list has that name."""
    return Refusal(
        400,
        "duplicate-coupon-list-name",
        "The coupon list name already exists. Please enter a unique name and try again.",
    )


def duplicate_label() -> Refusal:
    """Another list has that label."""
    return Refusal(
        400,
        "duplicate-coupon-list-label",
        "The coupon list label already exists. Please enter a unique label and try again.",
    )


def generic_bad_request() -> Refusal:
    """The catch-all 400 that some pages show as their only sample."""
    return Refusal(
        400,
        "bad-request",
        "Possible issues include duplicates, such as coupon list names, invalid data types,"
        " or missing mandatory attributes.",
    )


def unauthenticated() -> Refusal:
    """Credentials are missing or wrong."""
    return Refusal(
        401,
        "request-unauthenticated",
        "Your request is unauthorized. Please verify your credentials and try again.",
    )


def forbidden() -> Refusal:
    """The account has no coupons."""
    return Refusal(
        403,
        "request-forbidden",
        "Your account does not have access to the Coupon Management features."
        " Please contact the MoEngage team for further assistance.",
    )


def unknown_list(status: int) -> Refusal:
    """No list has that id."""
    return Refusal(
        status,
        "coupon-list-not-found",
        "The specified coupon list ID was not found. Please verify the ID and try again.",
    )


def not_found(status: int = 404) -> Refusal:
    """No such path or file."""
    return Refusal(status, "not-found", "The requested resource was not found.")


def wrong_method() -> Refusal:
    """The path exists with other methods. Code and text are not documented."""
    return Refusal(405, "method-not-allowed", "The method is not allowed for the requested resource.")


def not_active() -> Refusal:
    """The list takes no files now. The text is not documented."""
    return invalid("The coupon list is not active. Please verify and try again.")


def already_active() -> Refusal:
    """The list needs no activation. The text is not documented."""
    return invalid("The coupon list is already active. Please verify and try again.")


def too_many_lists() -> Refusal:
    """The workspace is full. The text is not documented."""
    return invalid("The maximum number of coupon lists is reached.")
