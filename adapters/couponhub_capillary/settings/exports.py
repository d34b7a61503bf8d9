"""The columns of Capillary's exports of coupons and of merged customers."""

from datetime import tzinfo

from couponhub.models import ExportForm, HoldingColumn, HoldingStatus, Identifier, MergeColumn, MergeForm

# Templates may name columns otherwise (C-100): those of the standard one come first, then what they are called elsewhere.
_COLUMNS = {
    HoldingColumn.CODE: ("coupon_code",),
    HoldingColumn.CUSTOMER: ("dim_issued_to_user_id", "issued_to_user_id"),
    HoldingColumn.LIST: ("dim_coupon_series_id", "coupon_series_id"),
    HoldingColumn.EVENT: ("dim_coupon_event_type_id", "coupon_event_type", "event_type"),
    HoldingColumn.EVENT_AT: ("dim_event_date_id", "event_date", "event_date_time"),
    HoldingColumn.ISSUED_AT: ("dim_issued_date_id", "issued_date", "issued_on"),
    HoldingColumn.EXPIRES_AT: ("dim_expiry_date_id", "expiry_date"),
}
_EVENTS = {
    "issued": HoldingStatus.ISSUED,
    "issue": HoldingStatus.ISSUED,
    "redeemed": HoldingStatus.REDEEMED,
    "redeem": HoldingStatus.REDEEMED,
    "expired": HoldingStatus.EXPIRED,
    "revoked": HoldingStatus.REVOKED,
}
_MERGES = {
    MergeColumn.VICTIM_ID: ("victim_user_id", "victim_id", "victim_customer_id"),
    MergeColumn.VICTIM_EXTERNAL_ID: ("victim_external_id",),
    MergeColumn.VICTIM_MOBILE: ("victim_mobile",),
    MergeColumn.VICTIM_EMAIL: ("victim_email",),
    MergeColumn.SURVIVOR_ID: ("survivor_user_id", "survivor_id", "survivor_customer_id"),
    MergeColumn.SURVIVOR_EXTERNAL_ID: ("survivor_external_id",),
    MergeColumn.SURVIVOR_MOBILE: ("survivor_mobile",),
    MergeColumn.SURVIVOR_EMAIL: ("survivor_email",),
    MergeColumn.MERGED_AT: ("merged_on", "merge_date", "event_date", "event_date_time", "created_on"),
    MergeColumn.RELEASED: ("identifier_released",),
}
_DAYS = ("%Y%m%d", "%d-%m-%Y", "%d-%m-%Y %H:%M:%S")


def export_form(zone: tzinfo | None) -> ExportForm:
    """The way in which the coupon export is read; days in it begin in that zone."""
    return ExportForm(
        title="Capillary's coupon export",
        identifier=Identifier.ID,
        columns=_COLUMNS,
        events=_EVENTS,
        zone=zone,
        time_formats=_DAYS,
    )


def merge_form(zone: tzinfo | None) -> MergeForm:
    """The way in which the log of merged customers is read; days in it begin in that zone."""
    return MergeForm(
        title="Capillary's log of merged customers", columns=_MERGES, zone=zone, time_formats=_DAYS
    )
