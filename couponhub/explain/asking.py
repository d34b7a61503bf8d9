"""Asks the connections anew, past every cache, and gathers what explains their answers."""

from collections.abc import Callable, Mapping, Sequence

import attrs

from couponhub.clock import utc_now
from couponhub.connection import Connection
from couponhub.errors import CouponhubError, LocalError
from couponhub.explain.explanation import ExplainedCoupon, Explanation, SentIn
from couponhub.explain.recording import Recorder
from couponhub.lookup.verdicts import reason_of
from couponhub.models import (
    Answer,
    Coupon,
    Customer,
    LookupAnswer,
    Reason,
    Source,
    UploadId,
    Verdict,
)
from couponhub.models.reports import ReportedRow
from couponhub.state import Ledger, codes_in

_NOT_HANDED_OUT = (
    "the vendor shows no such coupon of any customer; the code may be in a list's pool all the same"
)
_MOST_SOUGHT = 20
"""Codes that are looked for in all reports: each takes a look at every row."""


@attrs.frozen(kw_only=True)
class Explainer:
    """Explains, through connections that were opened for this alone: nothing that they say was remembered.

    Attributes:
        connections: Whom to ask.
        recorder: Their observer.
        ledger: Gives the ledger of a connection.
        reports: Gives the rows of imported reports about a customer, or with a code.
    """

    connections: Mapping[str, Connection]
    recorder: Recorder
    ledger: Callable[[str], Ledger]
    reports: Callable[[Customer | str], Sequence[ReportedRow]]

    def customer(self, customer: Customer, ask: Callable[[Customer], LookupAnswer]) -> Explanation:
        """Explain why a lookup of the customer says what it says.

        Args:
            customer: Whom it is about.
            ask: Looks the customer up at those connections.

        Raises:
            UsageError: As of a lookup.
        """
        asked_at = utc_now()
        answers = ask(customer).answers
        return self._completed(Explanation(asked_at=asked_at, customer=customer, answers=answers))

    def code(self, code: str) -> Explanation:
        """Tell what every connection and the ledger know of a code."""
        asked_at = utc_now()
        answers = tuple(_about_code(connection, code) for connection in self.connections.values())
        return self._completed(Explanation(asked_at=asked_at, code=code, answers=answers))

    def _completed(self, explanation: Explanation) -> Explanation:
        coupons = [coupon for answer in explanation.answers for coupon in answer.coupons]
        sent: list[SentIn] = []
        unsearched: list[UploadId] = []
        warnings: list[str] = []
        for name, connection in self.connections.items():
            codes = {coupon.code for coupon in coupons if coupon.connection == name}
            codes |= {explanation.code} if explanation.code is not None else set()
            if not codes:
                continue
            try:
                found, missing = self._uploads_with(connection, sorted(codes))
            except LocalError as error:
                warnings.append(f"{name}: our own uploads could not be searched: {error.message}")
            else:
                sent += found
                unsearched += missing
        try:
            reported = self._reported(explanation, coupons)
        except LocalError as error:
            reported = []
            warnings.append(f"the imported reports could not be searched: {error.message}")
        return attrs.evolve(
            explanation,
            coupons=tuple(
                ExplainedCoupon(
                    coupon=coupon, meanings=self.connections[coupon.connection].coupons.explain(coupon)
                )
                for coupon in coupons
            ),
            exchanges=self.recorder.exchanges,
            sent_in=tuple(sent),
            unsearched=tuple(unsearched),
            reported=tuple(reported),
            warnings=tuple(warnings),
        )

    def _reported(self, explanation: Explanation, coupons: Sequence[Coupon]) -> list[ReportedRow]:
        about = explanation.customer or explanation.code or ""
        rows = [row for row in self.reports(about) if row.connection in self.connections]
        # Asked by an identifier that another vendor named, the rows are found by their codes alone.
        known = {row.code for row in rows}
        by_name = {coupon.code for coupon in coupons if coupon.source is Source.REPORT} - known
        for code in sorted(by_name)[:_MOST_SOUGHT]:
            rows += [row for row in self.reports(code) if row.connection in self.connections]
        return rows

    def _uploads_with(
        self, connection: Connection, codes: Sequence[str]
    ) -> tuple[list[SentIn], list[UploadId]]:
        ledger = self.ledger(connection.name)
        found: list[SentIn] = []
        unsearched: dict[UploadId, None] = {}
        uploads = ledger.all()
        histories = {list_id: ledger.history(list_id) for list_id in {upload.list_id for upload in uploads}}
        for upload in uploads:
            for part in upload.parts:
                code_set = histories[upload.list_id].code_set(upload, part)
                if code_set is None:
                    unsearched[upload.id] = None
                    continue
                found += [
                    SentIn(
                        code=code,
                        connection=connection.name,
                        list_id=upload.list_id,
                        upload=upload.id,
                        name=upload.name,
                        part=part.name,
                        stage=part.stage.value,
                        sent_at=part.submitted_at,
                    )
                    for code in sorted(
                        codes_in(
                            code_set,
                            codes,
                            ignores_case=connection.coupons.ignores_case,
                            ignores_blanks=connection.coupons.ignores_blanks,
                        )
                    )
                ]
        return found, list(unsearched)


def _about_code(connection: Connection, code: str) -> Answer:
    answer = Answer(connection=connection.name, verdict=Verdict.UNKNOWN, as_of=utc_now())
    try:
        coupons = connection.coupons.find([code])
    except CouponhubError as error:
        return attrs.evolve(answer, reason=reason_of(error), error=error)
    if not coupons:
        return attrs.evolve(answer, reason=Reason.NO_COUPONS, warnings=(_NOT_HANDED_OUT,))
    return attrs.evolve(answer, verdict=Verdict.FOUND, coupons=coupons)
