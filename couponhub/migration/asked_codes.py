"""The answers of the target about the codes of a plan: those of its customers, and free ones, as many as were asked for."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from couponhub.codes.writing import csv_rows
from couponhub.errors import CouponhubError, Unsupported
from couponhub.migration.attributes import SIDE_COLUMNS, ComparedCode, compare_attributes
from couponhub.migration.code_files import create
from couponhub.migration.expected import (
    Named,
    batch_codes,
    chosen_customers,
    chosen_free_codes,
    tagged_rows,
)
from couponhub.migration.judgements import ASKED, Judgement, differs, missing, unknown
from couponhub.migration.known_codes import KnownCodes
from couponhub.migration.questions import AskedCodes, Questions
from couponhub.migration.target_questions import (
    AnsweredCustomers,
    HeldCoupon,
    UsualEnds,
    ask_codes,
    ask_customers,
    held_coupons,
)
from couponhub.migration.words import codes as counted
from couponhub.migration.words import some
from couponhub.models import (
    CodeClass,
    Coupon,
    CouponStatus,
    Evidence,
)
from couponhub.serialization import instant_text

if TYPE_CHECKING:
    pass

_NOT_HELD = missing("its customer does not hold it at the target", Evidence.ASKED)
_REVOKED = missing("it was taken back at the target", Evidence.ASKED)
_ANOTHERS = differs("customer: somebody else holds it at the target")
_HANDED_OUT = differs("customer: planned as free, and the target has given it to somebody")
_UNEXPECTED = Judgement(
    CodeClass.UNEXPECTED,
    Evidence.ASKED,
    "a customer of the plan holds it at the target, and it was not planned",
)
_USED = frozenset({CouponStatus.REDEEMED, CouponStatus.EXPIRED})


def ask_target(questions: Questions, folder: Path) -> AskedCodes:
    """Ask the target, as far as its vendor answers; what it does not answer is simply not among the known codes.

    Args:
        questions: What to ask.
        folder: A private folder for files on the way.

    Raises:
        LocalError: The files of the migration cannot be read, or the disk is full.
    """
    found = AskedCodes(known=KnownCodes(questions.rules))
    asker = _Asker(questions, folder, found)
    asker.ask_customers()
    asker.ask_free_codes()
    return found


class _Asker:
    def __init__(self, questions: Questions, folder: Path, found: AskedCodes) -> None:
        self._ask = questions
        self._folder = folder
        self._found = found

    def ask_customers(self) -> None:
        """Ask whose tagged codes are at the target."""
        ask = self._ask
        if all(batch.identifier is None for batch in ask.plan.batches) or ask.sample == 0:
            return
        try:
            ask.target.customers.require_live()
        except Unsupported as error:
            self._found.notes.append(f"no customer of the target was asked about: {error.message}")
            return
        chosen, are_all = chosen_customers(ask.plan, ask.kept, ask.sample, ask.seed)
        answered = ask_customers(ask.target, ask.list_id, sorted(chosen), self._folder, ask.clock)
        of = "all" if are_all else "a sample"
        told = f"{some(answered.asked, 'customer')} of the target asked about, of {len(chosen):,} ({of})"
        if answered.trouble is not None:
            told += f"; then: {answered.trouble.message}"
        elif len(answered.whole) < len(chosen):
            told += f"; of {len(chosen) - len(answered.whole):,} not all could be known"
        self._found.notes.append(told)
        usual = UsualEnds.of(held_coupons(answered), None if ask.shown is None else ask.shown.expires_at)
        if usual.days_of_their_own:
            self._found.notes.append(
                "coupons of the target end otherwise than their list: most of them as one"
            )
        self._compare(chosen, answered, usual)

    def ask_free_codes(self) -> None:
        """Ask about codes that nobody was to hold: an answer proves that one is there, silence proves nothing."""
        ask = self._ask
        if "coupons.find" not in ask.target.capabilities or ask.sample == 0:
            return
        wanted = chosen_free_codes(ask.plan, ask.kept, ask.sample, ask.seed)
        shown = 0
        for some_codes, answer in ask_codes(ask.target, wanted, ask.clock):
            if isinstance(answer, CouponhubError):
                self._found.notes.append(f"the target was not asked about all free codes: {answer.message}")
                break
            by_key = self._by_key(answer)
            for code in some_codes:
                coupon = by_key.get(self._found.known.key(code))
                if coupon is not None:
                    shown += 1
                    self._judge_free(code, coupon.status, is_issued=coupon.issued_at is not None)
        if wanted:
            self._found.notes.append(
                f"the target was asked about {counted(len(wanted))} that nobody was to hold, and shows {shown:,};"
                " one that it does not show may be there"
            )

    def _compare(self, chosen: set[Named], answered: AnsweredCustomers, usual: UsualEnds) -> None:
        ask, known = self._ask, self._found.known
        expected, found = self._folder / "expected.csv", self._folder / "found.csv"
        partly: set[str] = set()
        rows = 0
        with create(found) as file:
            file.write(csv_rows([SIDE_COLUMNS]))
            for held in held_coupons(answered):
                if held.status is CouponStatus.REVOKED:
                    continue
                if held.customer not in answered.whole:
                    partly.add(known.key(held.code))
                rows += 1
                file.write(csv_rows([self._row(held, usual)]))
        with create(expected) as file:
            file.write(csv_rows([SIDE_COLUMNS]))
            for named, code in tagged_rows(ask.plan, ask.kept):
                if named not in chosen or not (named in answered.whole or known.key(code) in partly):
                    continue
                rows += 1
                file.write(csv_rows([(code, ":".join(named), "", "")]))
                known.put(code, ASKED)
        absent: list[str] = []
        strange: dict[str, str] = {}
        for one in compare_attributes(
            expected, found, self._folder, rows=rows, rules=ask.rules, engine=ask.engine
        ):
            match one.code_class:
                case CodeClass.MISSING:
                    absent.append(one.code)
                case CodeClass.UNEXPECTED:
                    strange[known.key(one.code)] = one.code
                case _:
                    known.put(one.code, _differing(one))
        self._judge_absent(absent)
        if strange:
            self._judge_strange(strange, answered)

    def _row(self, held: HeldCoupon, usual: UsualEnds) -> tuple[str, str, str, str]:
        """Return a row of the found side, with nothing where all is as it should be."""
        is_used = self._ask.cut_over is not None and held.status in _USED
        is_fine = held.status is CouponStatus.ACTIVE or is_used
        return (
            held.code,
            ":".join(held.customer),
            "" if usual.is_usual(held) else instant_text(held.expires_at) or "never",
            "" if is_fine else held.status.value,
        )

    def _judge_absent(self, absent: list[str]) -> None:
        """Judge codes that their customers do not hold: taken back, in other hands, or gone."""
        known = self._found.known
        for code in absent:
            known.put(code, _NOT_HELD)
        if "coupons.find" not in self._ask.target.capabilities:
            return
        for some_codes, answer in ask_codes(self._ask.target, absent[: self._ask.sample], self._ask.clock):
            if isinstance(answer, CouponhubError):
                return
            by_key = self._by_key(answer)
            for code in some_codes:
                coupon = by_key.get(known.key(code))
                if coupon is not None:
                    is_revoked = coupon.status is CouponStatus.REVOKED
                    known.put(code, _REVOKED if is_revoked else _ANOTHERS)

    def _judge_strange(self, strange: dict[str, str], answered: AnsweredCustomers) -> None:
        """Judge codes that customers hold and that were not planned for any of those who were asked about."""
        ask, known = self._ask, self._found.known
        held = {key: one for one in held_coupons(answered) if (key := known.key(one.code)) in strange}
        planned: set[str] = set()
        for _, code in tagged_rows(ask.plan, ask.kept):
            if (key := known.key(code)) in strange and key not in known:
                planned.add(key)
                known.put(code, _ANOTHERS)
        for code in self._free_codes():
            if (key := known.key(code)) in strange:
                planned.add(key)
                self._judge_free(code, held[key].status, is_issued=True)
        for key, code in strange.items():
            if key not in planned and not self._is_older_or_later(held[key]):
                self._found.unexpected.append((code, _UNEXPECTED))

    def _free_codes(self) -> Iterable[str]:
        for batch in self._ask.plan.batches:
            if batch.identifier is None:
                yield from batch_codes(self._ask.plan, self._ask.kept, batch.number)

    def _is_older_or_later(self, held: HeldCoupon) -> bool:
        """Return True of a coupon that has nothing to do with the move: from before the plan, or after the cut-over."""
        ask = self._ask
        if ask.cut_over is not None and held.may_be_issued_after(ask.cut_over):
            return True
        return ask.plan.create is None and held.was_issued_before(ask.plan.made_at)

    def _judge_free(self, code: str, status: CouponStatus, *, is_issued: bool) -> None:
        if status is CouponStatus.REVOKED:
            self._found.known.put(code, _REVOKED)
        elif is_issued:
            self._found.known.put(code, _HANDED_OUT if self._ask.cut_over is None else ASKED)
        else:
            self._found.known.put(code, ASKED)

    def _by_key(self, coupons: Iterable[Coupon]) -> dict[str, Coupon]:
        """Return the coupons of the list by their codes; of several of one code, one that was not taken back."""
        found: dict[str, Coupon] = {}
        for coupon in coupons:
            key = self._found.known.key(coupon.code)
            if coupon.list_id == self._ask.list_id and (
                key not in found or found[key].status is CouponStatus.REVOKED
            ):
                found[key] = coupon
        return found


def _differing(one: ComparedCode) -> Judgement:
    _, end, status = one.found
    if one.differs == ("status",) and status == CouponStatus.UNKNOWN.value:
        return unknown("its status at the target cannot be told")
    return differs("; ".join(_told(one, end, status)))


def _told(one: ComparedCode, end: str, status: str) -> Iterator[str]:
    for name in one.differs:
        match name:
            case "customer":
                yield "customer: somebody else holds it at the target"
            case "expires_at":
                yield f"expiry: it ends {end}, otherwise than the others"
            case _:
                yield f"status: it is {status} at the target"
