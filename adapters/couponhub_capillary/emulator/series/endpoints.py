"""Coupon series of the v2 family: create, update, list (C-79 to C-81)."""

import secrets
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from couponhub_capillary.emulator.answers import v2_error, v2_problem
from couponhub_capillary.emulator.coupons.expiry import end_of, has_passed
from couponhub_capillary.emulator.dates import epoch_ms, iso, iso_midnight, midnight
from couponhub_capillary.emulator.organisation import ORGANISATION_ID, TILL_USER_ID, Organisation
from couponhub_capillary.emulator.records import Series
from couponhub_capillary.emulator.series.terms import (
    ENTITY_TYPES,
    KINDS,
    OWNERS,
    check_rules,
    defaults,
    invalid,
    read_terms,
)

_DEFAULT_LIMIT = 1300
_MOST = 1400
_MOST_CODES = 10
_LONGEST_CODE = 50

Query = Callable[[str], Sequence[str]]
"""All values of a query parameter."""


def create(organisation: Organisation, body: object) -> dict[str, Any]:
    """Create a series and answer the bare object (C-47). Raises RefusedError."""
    now, zone = organisation.clock.now(), organisation.options.server_zone
    asked = read_terms(body, update=False, now=now, zone=zone)
    if asked.last_day is None:
        raise invalid()
    terms = {**defaults(asked.given, created=now.astimezone(zone).date(), zone=zone), **asked.given}
    terms.setdefault("seriesCode", secrets.token_hex(10).upper())
    check_rules(terms)
    _check_unique(organisation, terms, own=None)
    series = organisation.add_series(terms, asked.last_day, now)
    return {**series_object(organisation, series), "numTotal": 0, "warnings": []}


def update(organisation: Organisation, series_id: str, body: object) -> dict[str, Any]:
    """Change a series; optional fields that are absent keep their value (C-50). Raises RefusedError."""
    if not (series_id.isascii() and series_id.isdigit()):
        raise v2_error(707, "Coupon series id is invalid")
    now = organisation.clock.now()
    asked = read_terms(body, update=True, now=now, zone=organisation.options.server_zone)
    series = organisation.series.get(int(series_id))
    if series is None:
        raise v2_error(502, "No Coupon Series Available")
    terms = {**series.terms, **asked.given}
    check_rules(terms)
    most = terms["maxCreate"]
    if terms["clientHandlingType"] != series.kind or (most != -1 and most <= series.issued):
        raise invalid()
    _check_unique(organisation, terms, own=series)
    if "genericCode" in terms:
        organisation.codes.pop(series.terms["genericCode"].upper(), None)
        organisation.codes[terms["genericCode"].upper()] = series
    series.terms, series.last_day, series.last_used = terms, asked.last_day or series.last_day, now
    return {**series_object(organisation, series), "warnings": []}


def series_list(organisation: Organisation, query: Query) -> dict[str, Any]:
    """All series that the filters select, last used first; unusable filters are ignored, with a warning (C-79)."""
    if not organisation.series:
        raise v2_error(502, "No Coupon Series Available")
    warnings: list[dict[str, Any]] = []
    found = _selected(organisation, query, warnings)
    found.sort(key=lambda series: (series.last_used, series.id), reverse=True)
    offset = _whole(query, "offset", 0, warnings)
    limit = _whole(query, "limit", 1, warnings)
    answer: dict[str, Any] = {"entity": [], "warnings": warnings}
    if limit is not None and limit > _MOST:
        warnings.append(v2_problem(629, f"limit is more than {_MOST}"))  # C-48
        limit = _MOST
    skipped, most = offset or 0, limit or _DEFAULT_LIMIT
    answer["entity"] = [series_object(organisation, series) for series in found[skipped : skipped + most]]
    if query("offset") or query("limit"):
        answer["pageDetails"] = {
            "offset": skipped,
            "limit": most,
            "numberOfElements": len(answer["entity"]),
        }
    return answer


def series_object(organisation: Organisation, series: Series) -> dict[str, Any]:
    """A series as every v2 answer prints it (C-81)."""
    zone = organisation.options.server_zone
    created_day = series.created_on.astimezone(zone).date()
    return {
        "id": series.id,
        "orgId": ORGANISATION_ID,
        **series.terms,
        "validTillDate": iso_midnight(series.last_day, zone),
        "validTillDateTime": iso(end_of(series.last_day, zone), zone),
        "validDaysFromCreation": 30,
        "createdBy": TILL_USER_ID,
        "numIssued": series.issued,
        "numRedeemed": series.redeemed,
        "createdOn": iso(series.created_on, zone),
        "lastUsed": iso(series.last_used, zone),
        "isDvsEnabled": False,
        "dvsExpiryDate": iso_midnight(created_day, zone),
        "priority": 0,
        "shortSMSTemplate": "Hello {{cust_name}}, your voucher code is {{voucher_code}}",
        "maxReferralsPerReferee": -1,
        "dvsItems": "items",
        "campaignId": -1,
        "sourceOrgId": -1,
        "issueToLoyalty": False,
        "redeemStoreType": "redeemable_stores",
        "offlineRedeemType": False,
        "isOldFlowEnabled": False,
        "isPreRedeemEventRequired": False,
        "signalRedemptionEvent": False,
        "syncToClient": False,
        "showPinCode": False,
        "numUploadedNonIssued": len(series.pool),
        "numUploadedTotal": series.uploaded,
        "ownerValidity": 0,
        "shortCodeLength": 0,
        "fixedExpiryDate": epoch_ms(midnight(series.last_day, zone)),
        "numTotal": -1,
        "latestIssualTime": epoch_ms(series.latest_issue),
        "latestRedemptionTime": epoch_ms(series.latest_redemption),
        "updateProductData": False,
    }


def _check_unique(organisation: Organisation, terms: dict[str, Any], *, own: Series | None) -> None:
    others = (series for series in organisation.series.values() if series is not own)
    if any(series.terms["seriesCode"] == terms["seriesCode"] for series in others):
        raise v2_error(630, "Duplicate Series Code")
    code = terms.get("genericCode")
    if code and organisation.codes.get(code.upper(), own) is not own:
        raise v2_error(631, "Duplicate Generic Coupon Code")


def _selected(organisation: Organisation, query: Query, warnings: list[dict[str, Any]]) -> list[Series]:
    now, zone = organisation.clock.now(), organisation.options.server_zone
    found: Iterable[Series] = organisation.series.values()
    ids = _usable(query, "ids", _is_whole, warnings)
    if ids:
        found = [series for series in found if str(series.id) in ids]
    codes = _usable(query, "seriesCodes", lambda code: len(code) <= _LONGEST_CODE, warnings)
    if len(codes) > _MOST_CODES:
        warnings.append(_ignored("seriesCodes"))
        codes = codes[:_MOST_CODES]
    if codes:
        found = [series for series in found if series.terms["seriesCode"] in codes]
    status = _word(query, "status", ("ACTIVE", "INACTIVE", "BOTH"), warnings) or "BOTH"
    if status != "BOTH":  # C-52
        found = [
            series
            for series in found
            if has_passed(end_of(series.last_day, zone), now) == (status == "INACTIVE")
        ]
    for name, words in (("ownedBy", OWNERS), ("clientHandlingType", KINDS)):
        word = _word(query, name, words, warnings)
        if word:
            found = [series for series in found if series.terms[name] == word]
    coupon_types = ("ISSUE_AND_REDEEM", "DIRECT_REDEEM", "ALL")
    coupon_type = _word(query, "couponType", coupon_types, warnings) or "ISSUE_AND_REDEEM"
    if coupon_type != "ALL":
        direct = coupon_type == "DIRECT_REDEEM"
        found = [series for series in found if (series.kind == "GENERIC_REDEEMABLE") == direct]
    return _of_entities(list(found), query, warnings)


def _of_entities(found: list[Series], query: Query, warnings: list[dict[str, Any]]) -> list[Series]:
    kind = _word(query, "orgEntityType", ENTITY_TYPES, warnings)
    ids = _usable(query, "orgEntityIds", _is_whole, warnings)
    if ids and not kind:
        warnings.append(_ignored("orgEntityIds"))
    if not (ids and kind):
        return found
    wanted = {(kind, int(text)) for text in ids}
    return [
        series
        for series in found
        if wanted
        & {
            (entity["redemptionOrgEntityType"], entity["orgEntityId"])
            for entity in series.terms.get("redemptionOrgEntityDetails", ())
        }
    ]


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _usable(
    query: Query, name: str, fits: Callable[[str], bool], warnings: list[dict[str, Any]]
) -> list[str]:
    values = query(name)
    usable = [value for value in values if value and fits(value)]
    if len(usable) < len(values):
        warnings.append(_ignored(name))
    return usable


def _word(query: Query, name: str, words: Sequence[str], warnings: list[dict[str, Any]]) -> str | None:
    usable = _usable(query, name, lambda value: value in words, warnings)
    return usable[0] if usable else None


def _whole(query: Query, name: str, minimum: int, warnings: list[dict[str, Any]]) -> int | None:
    usable = _usable(query, name, lambda text: _is_whole(text) and int(text) >= minimum, warnings)
    return int(usable[0]) if usable else None


def _ignored(name: str) -> dict[str, Any]:
    return v2_problem(629, f"{name} is invalid and was ignored")
