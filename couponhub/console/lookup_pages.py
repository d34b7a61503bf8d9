"""The first page: which coupons does this customer hold?"""

import logging
from collections.abc import Iterator

from couponhub.console.answer_view import AnswerView
from couponhub.console.asked_customer import AskedCustomer, read_customer
from couponhub.console.pages import Page, PageRequest, Shown, View
from couponhub.errors import UsageError
from couponhub.hub import CouponHub
from couponhub.state import Scope

_log = logging.getLogger(__name__)


class LookupPages:
    """Asks the hub, and shows what is known of a customer.

    Args:
        hub: Whom to ask.
        key: With which coupons are named, so that a page holds no code that is not shown.
    """

    def __init__(self, hub: CouponHub, key: bytes) -> None:
        self._hub = hub
        self._key = key

    def pages(self) -> Iterator[Page]:
        """The pages."""
        yield Page(
            name="lookup", method="GET", path="/", run=self._empty, scope=Scope.LOOKUP, entry="menu.lookup"
        )
        yield Page(name="looking_up", method="POST", path="/", run=self._answer, scope=Scope.LOOKUP)
        yield Page(
            name="reveal", method="POST", path="/lookup/reveal", run=self._reveal, scope=Scope.CODES_REVEAL
        )

    def _empty(self, call: PageRequest) -> Shown:  # noqa: ARG002 - it is the same for all
        return _page(None, None)

    def _answer(self, call: PageRequest) -> Shown:
        asked = read_customer(call.form)
        return _page(asked, self._asked(asked))

    def _reveal(self, call: PageRequest) -> Shown:
        """Show one code: the customer is asked about again, for a page remembers none."""
        reference = call.field("reference")
        answer = self._asked(read_customer(call.form))
        coupon = answer.coupon_of(reference)
        if coupon is None:
            raise UsageError("this coupon is not there any more", hint="look the customer up again")
        fields = {
            "token": call.caller.token_id,
            "connection": coupon.connection,
            "list_id": coupon.list_id,
        }
        _log.info("a code was shown", extra={"fields": fields})
        code = coupon.code
        return View(template="code.html", values={"code": code})

    def _asked(self, asked: AskedCustomer) -> AnswerView:
        return AnswerView.of(self._hub.lookup(asked.customer), key=self._key)


def _page(asked: AskedCustomer | None, answer: AnswerView | None) -> View:
    return View(template="lookup.html", values={"asked": asked, "answer": answer})
