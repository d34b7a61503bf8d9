"""`CapillaryEmulator`: the emulated vendor as the kit holds it, with its control side."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import attrs
from werkzeug.wrappers import Request, Response

from couponhub.testing.emulation.context import EmulatorContext
from couponhub.testing.emulation.vendor import ControlError, EmulatedCustomer, StateTable
from couponhub_capillary.emulator.api import Api
from couponhub_capillary.emulator.coupons.expiry import is_over
from couponhub_capillary.emulator.customers.directory import digits_of
from couponhub_capillary.emulator.not_called.redemption_uploads import RedemptionUploads
from couponhub_capillary.emulator.options import Options
from couponhub_capillary.emulator.organisation import ORGANISATION_ID, TILL, NotPossibleError, Organisation
from couponhub_capillary.emulator.records import Coupon, Customer, Series, Store
from couponhub_capillary.emulator.seed import MAIN_STORE, seed_demo, seed_lists
from couponhub_capillary.emulator.tables import Tables
from couponhub_capillary.emulator.tokens import Tokens
from couponhub_capillary.emulator.uploads.queue import Uploads

_KEY, _SECRET = "demo-key", "demo-secret"
_TILL_PASSWORD = "demo-password"  # noqa: S105 - the demo's
_PROCESSING_DELAY = 0.2


class CapillaryEmulator:
    """One organisation at Capillary, in memory. Thread-safe: one lock around its state.

    Basic authentication knows the till `till.01` with the password `demo-password`.
    """

    name = "capillary"
    base_path = ""
    credentials: Mapping[str, str] = {"key": _KEY, "secret": _SECRET}
    settings: Mapping[str, str] = {"default_country_code": Options().country_code}

    def __init__(self, world: EmulatorContext) -> None:
        self._world = world
        self._begin(delay=_PROCESSING_DELAY, rate_limited=False)

    def handle(self, request: Request) -> Response:
        """Answer one call; `request.path` is relative to the vendor's prefix."""
        return self._api.handle(request)

    def options(self) -> Mapping[str, Any]:
        """Every option with its value now; `Options` says what each does."""
        with self._organisation.lock:
            return self._organisation.options.as_mapping()

    def set_options(self, values: Mapping[str, Any]) -> None:
        """Change options. Raises ControlError for an unknown name or a wrong type, changing nothing."""
        with self._organisation.lock:
            self._organisation.options = self._organisation.options.changed(values)
            if not self._organisation.options.jobs_never_end:
                self._uploads.resume()
                self._redemptions.resume()

    def reset(self) -> None:
        """Empty it, tokens and unfinished uploads included; delay and rate limits stay switched as they are."""
        self._uploads.close()
        self._begin(delay=self._uploads.delay, rate_limited=self._api.rate_limited)

    def close(self) -> None:
        """Forget unfinished uploads, so that their files are closed."""
        self._uploads.close()

    def seed_demo(self) -> None:
        """Fill it with the demo's series and customers."""
        with self._organisation.lock:
            seed_demo(self._organisation)

    def seed(self, content: Mapping[str, Any]) -> Sequence[str]:
        """Fill it from {"customers": [...], "lists": [{"name", "codes": [...]}]}; codes go into the pool.

        Returns:
            The ids of the lists, in their order.
        """
        try:
            customers = [EmulatedCustomer(**entry) for entry in content.get("customers", ())]
        except TypeError:
            raise ControlError("a customer has mobile, email, external_id and id") from None
        self.add_customers(customers)
        with self._organisation.lock:
            return seed_lists(self._organisation, content.get("lists", []))

    def add_customers(self, customers: Sequence[EmulatedCustomer]) -> None:
        """Make customers known; one that shares an identifier with a known one replaces it, and keeps its coupons."""
        for customer in customers:
            if not any(attrs.astuple(customer)):
                raise ControlError("a customer needs an identifier")
            if customer.id is not None and not _is_number(customer.id):
                raise ControlError("a customer's id at capillary is a whole number, as text")
            if customer.mobile is not None and not digits_of(customer.mobile):
                raise ControlError("a mobile needs digits")
        with self._organisation.lock:
            for customer in customers:
                self._organisation.customers.add(
                    mobile=customer.mobile,
                    email=customer.email,
                    external_id=customer.external_id,
                    id=int(customer.id) if customer.id is not None else None,
                )

    def codes(self, list_id: str) -> Sequence[Mapping[str, Any]]:
        """Every code of a series: issued ones oldest first, then the pool; status in couponhub's words."""
        with self._organisation.lock:
            series = self._series(list_id)
            now = self._organisation.clock.now()
            issued = [
                {"code": coupon.code, "status": _status(coupon, now), "customer": _named(coupon.customer)}
                for coupon in series.coupons
            ]
            return issued + [{"code": code, "status": "available", "customer": None} for code in series.pool]

    def issue(
        self, list_id: str, customer: EmulatedCustomer, *, count: int | None, codes: Sequence[str] | None
    ) -> Sequence[str]:
        """Hand codes of a series to a customer, given ones or the next, and answer them."""
        with self._organisation.lock:
            series, holder = self._series(list_id), self._customer(customer)
            now = self._organisation.clock.now()
            wanted: Sequence[str | None] = codes if codes is not None else [None] * (count or 1)
            try:
                return [self._organisation.issue(series, holder, now, code=code).code for code in wanted]
            except NotPossibleError as error:
                raise ControlError(str(error)) from None

    def redeem(self, list_id: str, code: str, details: Mapping[str, Any]) -> None:
        """Record a redemption; `at` is an instant with its offset, as datetime or ISO text, now when absent."""
        with self._organisation.lock:
            coupon = self._coupon(list_id, code)
            at = _instant(details.get("at")) or self._organisation.clock.now()
            store = Store(
                code=str(details.get("store_code") or MAIN_STORE.code),
                name=str(details.get("store_name") or MAIN_STORE.name),
            )
            transaction = str(details.get("transaction") or "")
            try:
                self._organisation.redeem(coupon, at=at, transaction_number=transaction, store=store)
            except NotPossibleError as error:
                raise ControlError(str(error)) from None

    def reactivate(self, list_id: str, code: str) -> None:
        """Take the last redemption of a code back."""
        with self._organisation.lock:
            try:
                self._organisation.reactivate(self._coupon(list_id, code), self._organisation.clock.now())
            except NotPossibleError as error:
                raise ControlError(str(error)) from None

    def revoke(self, list_id: str, code: str) -> None:
        """Revoke an unredeemed code."""
        with self._organisation.lock:
            try:
                self._organisation.revoke(self._coupon(list_id, code))
            except NotPossibleError as error:
                raise ControlError(str(error)) from None

    def error_file(self, key: str) -> bytes:
        """The error file of an upload, by the job's `errorFileUrl`; the vendor's own API serves none (C-35)."""
        with self._organisation.lock:
            content = self._uploads.error_file(key) or self._redemptions.error_file(key)
        if content is None:
            raise ControlError("no error file of that key", missing=True)
        return content

    def tables(self) -> Sequence[StateTable]:
        """Return series, uploads, coupons and customers as tables."""
        return self._tables.all()

    def set_rate_limits(self, *, documented: bool) -> None:
        """Switch the documented rate limit on or off; it is off at first."""
        self._api.rate_limited = documented

    def set_processing_delay(self, seconds: float) -> None:
        """Set how long, in real seconds, processing a file takes."""
        self._uploads.delay = self._redemptions.delay = seconds

    def _begin(self, *, delay: float, rate_limited: bool) -> None:
        self._organisation = Organisation(self._world.clock)
        self._uploads = Uploads(self._organisation, self._world.background, delay=delay)
        self._redemptions = RedemptionUploads(self._organisation, self._world.background, delay=delay)
        self._tables = Tables(self._organisation, self._uploads, self._redemptions, _status)
        tokens = Tokens(
            clock=self._world.clock,
            clients={_KEY: _SECRET},
            tills={TILL: _TILL_PASSWORD},
            organisation_id=ORGANISATION_ID,
        )
        self._api = Api(self._organisation, tokens, self._uploads, self._redemptions)
        self._api.rate_limited = rate_limited

    def _series(self, list_id: str) -> Series:
        series = self._organisation.series.get(int(list_id)) if _is_number(list_id) else None
        if series is None:
            raise ControlError("capillary has no such series", missing=True)
        return series

    def _coupon(self, list_id: str, code: str) -> Coupon:
        coupons = list(self._organisation.coupons_of(self._series(list_id), code))
        coupon = next((each for each in coupons if not each.redemptions and not each.revoked), None)
        if coupon is None and not coupons:
            raise ControlError("the series has issued no such code", missing=True)
        return coupon or coupons[-1]

    def _customer(self, named: EmulatedCustomer) -> Customer:
        customers, country_code = self._organisation.customers, self._organisation.options.country_code
        found = (
            customers.by_id(named.id) if named.id else None,
            customers.by_external_id(named.external_id) if named.external_id else None,
            customers.by_mobile(named.mobile, country_code) if named.mobile else None,
            customers.by_email(named.email) if named.email else None,
        )
        customer = next((each for each in found if each is not None), None)
        if customer is None:
            raise ControlError("capillary knows no such customer", missing=True)
        return customer


def _status(coupon: Coupon, now: datetime) -> str:
    if coupon.revoked:
        return "revoked"
    if coupon.redemptions:
        return "redeemed"
    return "expired" if is_over(coupon, now) else "issued"


def _named(customer: Customer | None) -> Mapping[str, Any] | None:
    if customer is None:
        return None
    return {
        "mobile": customer.mobile,
        "email": customer.email,
        "external_id": customer.external_id,
        "id": str(customer.id),
    }


def _instant(value: object) -> datetime | None:
    if value is None:
        return None
    try:
        instant = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        raise ControlError("`at` takes an instant like 2026-01-31T12:00:00Z") from None
    if instant.tzinfo is None:
        raise ControlError("`at` takes an instant with its offset")
    return instant


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


if TYPE_CHECKING:
    from couponhub.testing.emulation.vendor import (
        Closes,
        KeepsErrorFiles,
        ShowsTables,
        TakesCodesBack,
        VendorEmulator,
    )

    _: type[VendorEmulator] = CapillaryEmulator
    _takes_codes_back: type[TakesCodesBack] = CapillaryEmulator
    _keeps_error_files: type[KeepsErrorFiles] = CapillaryEmulator
    _shows_tables: type[ShowsTables] = CapillaryEmulator
    _closes: type[Closes] = CapillaryEmulator
