"""Reading series in the old style: `GET /v1.1/coupon/series` (11.5). Every value is text."""

import json
from typing import Any

from couponhub_capillary.emulator.answers import INVALID_INPUT, Reply, v1_error, v1_status
from couponhub_capillary.emulator.coupons.expiry import end_of, has_passed
from couponhub_capillary.emulator.dates import plain, read_last_day
from couponhub_capillary.emulator.not_called.body_values import whole
from couponhub_capillary.emulator.not_called.v1_items import alone_or_all, in_text, v1_reply
from couponhub_capillary.emulator.organisation import TILL_USER_ID, Organisation
from couponhub_capillary.emulator.problems import SERIES_INVALID
from couponhub_capillary.emulator.records import Series
from couponhub_capillary.emulator.routing import Call
from couponhub_capillary.emulator.series.details import entities

_EXPIRED = {"true": True, "false": False}

_TEXTS = {
    "description": "description",
    "series_type": "seriesType",
    "client_handling_type": "clientHandlingType",
    "discount_code": "discountCode",
    "expiry_strategy_type": "expiryStrategyType",
    "expiry_strategy_value": "expiryStrategyValue",
    "max_create": "maxCreate",
    "max_redeem": "maxRedeem",
    "series_code": "seriesCode",
    "info": "info",
    "mutual_exclusive_series_ids": "mutualExclusiveSeriesIds",
    "store_ids_json": "storeIdsJson",
    "max_vouchers_per_user": "maxVouchersPerUser",
    "min_days_between_vouchers": "minDaysBetweenVouchers",
    "discount_on": "discountOn",
    "discount_type": "discountType",
    "discount_value": "discountValue",
    "min_bill_amount": "minBillAmount",
    "max_bill_amount": "maxBillAmount",
    "redeem_at_store": "redeemAtStore",
    "max_redemptions_in_series_per_user": "maxRedemptionsInSeriesPerUser",
    "min_days_between_redemption": "minDaysBetweenRedemption",
}
_FLAGS = {
    "transferrable": "isTransferrable",
    "any_user": "anyUser",
    "same_user_multiple_redeem": "sameUserMultipleRedeem",
    "allow_referral_existing_users": "isReferralExistingUsersAllowed",
    "multiple_use": "isMultipleUseAllowed",
    "is_validation_required": "isValidationRequired",
    "disable_sms": "isSMSDisabled",
    "allow_multiple_vouchers_per_user": "isMultipleVouchersPerUserAllowed",
    "do_not_resend_existing_voucher": "doNotResendExistingVoucher",
}
_CONSTANTS = {
    "valid_days_from_create": "30",
    "created_by": str(TILL_USER_ID),
    "dvs_enabled": "0",
    "priority": "0",
    "short_sms_template": "Hello {{cust_name}}, your voucher code is {{voucher_code}}",
    "max_referrals_per_referee": "-1",
    "campaign_id": "-1",
    "source_org_id": "-1",
    "issue_to_loyalty": "0",
    "redeem_store_type": "redeemable_stores",
    "old_flow_enabled": "0",
    "pre_redeem_event_required": "0",
    "offline_redemption_enabled": "false",
    "products": "",
    "brands": "",
    "categories": "",
}


def series_list(organisation: Organisation, call: Call) -> Reply:
    """One series, alone, or all in an array (inferred); `expired=extended` changes nothing: it is all there."""
    asked_id, expired = call.query.get("id"), call.query.get("expired", "extended")
    if expired not in {*_EXPIRED, "extended"}:
        raise v1_error(400, INVALID_INPUT)
    if asked_id is None:
        found = list(organisation.series.values())
    else:
        one = organisation.series.get(whole(asked_id) or 0)
        found = [one] if one is not None else []
    now, zone = organisation.clock.now(), organisation.options.server_zone
    items = [
        _item(organisation, series)
        for series in found
        if expired == "extended" or has_passed(end_of(series.last_day, zone), now) == _EXPIRED[expired]
    ]
    if asked_id is not None and not found:
        items = [{"id": asked_id, "item_status": v1_status(SERIES_INVALID.code, SERIES_INVALID.message)}]
    reply = v1_reply("series", items, {"items": {"item": alone_or_all(items)}})
    return Reply(body=in_text(reply.body))


def _item(organisation: Organisation, series: Series) -> dict[str, Any]:
    zone, terms = organisation.options.server_zone, series.terms
    valid_from = read_last_day(terms["redemptionValidFrom"], zone)
    return {
        "id": series.id,
        **{name: terms[term] for name, term in _TEXTS.items()},
        **{name: "1" if terms[term] else "0" for name, term in _FLAGS.items()},
        **_CONSTANTS,
        "valid_till_date": series.last_day.isoformat(),
        "valid_with_discounted_item": "true" if terms["isValidWithDiscountedItem"] else "false",
        "created": plain(series.created_on, zone),
        "last_used": plain(series.last_used, zone),
        "dvs_expiry_date": series.created_on.astimezone(zone).date().isoformat(),
        "redemption_range": json.dumps(in_text(json.loads(terms["redemptionRange"])), separators=(",", ":")),
        "redemption_valid_from": valid_from.isoformat() if valid_from else "",
        "coupons": {"issued": series.issued, "redeemed": series.redeemed},
        "valid_redemption_org_entities": {
            name: json.dumps(ids) if ids else None for name, ids in entities(series).items()
        },
        "item_status": v1_status(700, "Coupon series fetched successfully"),
    }
