"""The first page: which coupons does this customer hold?"""

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from couponhub.clock import utc_now
from couponhub.console.answer_view import GROUPS, AnswerView, coupon_of, forms_of, view_of
from couponhub.console.asked_customer import AskedCustomer, read_customer
from couponhub.console.kept_answers import KeptAnswers
from couponhub.console.pages import NO_FIELDS, Page, PageRequest, Shown, View
from couponhub.console.whole_numbers import whole_number
from couponhub.console.why_view import why_of
from couponhub.errors import UsageError
from couponhub.hub import CouponHub
from couponhub.server.masking import masked
from couponhub.state import AuditAction, Scope

_WHY_SECONDS = 15.0
_LONGEST_NUMBER = 6
_ONLY_THE_PAUSE: Mapping[str, str] = MappingProxyType(
    {"HX-Retarget": "#again", "HX-Reselect": "#again", "HX-Reswap": "outerHTML settle:0ms"}
)


class LookupPages:
    """Asks the hub, and shows what is known of a customer.

    Args:
        hub: Whom to ask.
        key: With which coupons are named, so that a page holds no code that is not shown.
    """

    def __init__(self, hub: CouponHub, key: bytes) -> None:
        self._hub = hub
        self._key = key
        self._kept = KeptAnswers(key, hub.state.invalidation)

    def pages(self) -> Iterator[Page]:
        """The pages."""
        yield Page(
            name="lookup", method="GET", path="/", run=self._empty, scope=Scope.LOOKUP, entry="menu.lookup"
        )
        yield Page(name="looking_up", method="POST", path="/", run=self._answer, scope=Scope.LOOKUP)
        yield Page(name="why", method="POST", path="/lookup/why", run=self._why, scope=Scope.LOOKUP)
        yield Page(
            name="reveal", method="POST", path="/lookup/reveal", run=self._reveal, scope=Scope.CODES_REVEAL
        )

    def _empty(self, call: PageRequest) -> Shown:  # noqa: ARG002 - it is the same for all
        return View(template="lookup.html", values=self._around(None, None))

    def _answer(self, call: PageRequest) -> Shown:
        if not tuple(self._hub):
            return self._empty(call)
        asked = read_customer(call.form)
        turned, page = _turned(call.form.get("page", ""))
        answer = self._kept.get(_whose(call), asked.customer) if turned else None
        if answer is None:
            answer = self._asked(call, asked)
        tries = whole_number(call.form.get("again", ""), digits=_LONGEST_NUMBER) or 0
        is_same = call.is_fragment and call.form.get("shown") == answer.digest
        again_in = answer.again_in(tries)
        values = {
            **self._around(asked, answer),
            "groups": tuple(answer.groups(turned, page)),
            "tries": tries,
            "again_in": again_in,
            "now": utc_now(),
            "forms_of": forms_of,
        }
        # What somebody reads, has had shown, or stands on, stays where nothing else came of it.
        headers = _ONLY_THE_PAUSE if is_same else NO_FIELDS
        return View(template="lookup.html", values=values, headers=headers)

    def _why(self, call: PageRequest) -> Shown:
        """Tell why an answer says what it says: vendors are asked anew, and nothing that was remembered is used."""
        asked = read_customer(call.form)
        why = why_of(self._hub.explain(asked.customer, deadline=_WHY_SECONDS))
        return View(template="why.html", values={"asked": asked, "why": why, "forms_of": forms_of})

    def _reveal(self, call: PageRequest) -> Shown:
        """Show one code: the customer is asked about again, for a page remembers none."""
        reference = call.field("reference")
        asked = read_customer(call.form)
        coupon = coupon_of(self._hub.lookup(asked.customer), reference, key=self._key)
        if coupon is None:
            raise UsageError("this coupon is not there any more", hint="look the customer up again")
        # Before it is shown: what cannot be written down is not.
        self._hub.auditor.note(
            AuditAction.REVEAL_CODE,
            connection=coupon.connection,
            list_id=coupon.list_id,
            reference=code_hash(coupon.code, self._key),
        )
        code = coupon.code
        return View(
            template="code.html" if call.is_fragment else "one_code.html",
            values={
                "code": code,
                "masked": masked(code),
                "title": coupon.list_name or coupon.list_id or "",
                "reference": reference,
            },
        )

    def _asked(self, call: PageRequest, asked: AskedCustomer) -> AnswerView:
        era = self._kept.era()
        answer = view_of(self._hub.lookup(asked.customer), key=self._key)
        self._kept.keep(_whose(call), asked.customer, answer, era)
        return answer

    def _around(self, asked: AskedCustomer | None, answer: AnswerView | None) -> dict[str, object]:
        return {"asked": asked, "answer": answer, "has_connections": bool(tuple(self._hub))}


def code_hash(code: str, key: bytes) -> str:
    """Return the name of a code in the audit log: whoever has the code and the key finds who was shown it, nobody gets it back."""
    text = f"shown code:{code}".encode("utf-8", "surrogatepass")
    return hmac.new(key, text, hashlib.sha256).hexdigest()[:32]


def _whose(call: PageRequest) -> str:
    return call.caller.token_id or ""


def _turned(text: str) -> tuple[str, int]:
    """Read `group:page`; an odd one turns nothing."""
    group, _, number = text.partition(":")
    page = whole_number(number, digits=_LONGEST_NUMBER) or 1
    return (group, page) if group in {name for name, _ in GROUPS} else ("", 1)
