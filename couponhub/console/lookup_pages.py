"""The first page: which coupons does this customer hold?"""

import hashlib
import hmac
from collections.abc import Iterator

from couponhub.console.answer_view import AnswerView
from couponhub.console.asked_customer import AskedCustomer, read_customer
from couponhub.console.pages import Page, PageRequest, Shown, View
from couponhub.errors import UsageError
from couponhub.hub import CouponHub
from couponhub.state import AuditAction, Scope


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
        # Before it is shown: what cannot be written down is not.
        self._hub.auditor.note(
            AuditAction.REVEAL_CODE,
            connection=coupon.connection,
            list_id=coupon.list_id,
            reference=code_hash(coupon.code, self._key),
        )
        return View(template="code.html", values={"code": coupon.code})

    def _asked(self, asked: AskedCustomer) -> AnswerView:
        return AnswerView.of(self._hub.lookup(asked.customer), key=self._key)


def code_hash(code: str, key: bytes) -> str:
    """Return the name of a code in the audit log: whoever has the code and the key finds who was shown it, nobody gets it back."""
    text = f"shown code:{code}".encode("utf-8", "surrogatepass")
    return hmac.new(key, text, hashlib.sha256).hexdigest()[:32]


def _page(asked: AskedCustomer | None, answer: AnswerView | None) -> View:
    return View(template="lookup.html", values={"asked": asked, "answer": answer})
