"""The control of the emulator's owner: see and hand out codes, make customers and lists known."""

import secrets
from collections.abc import Sequence
from datetime import datetime

import attrs

from couponhub.testing.emulation.vendor import ControlError, EmulatedCustomer
from couponhub_moengage.emulator.http import refusals
from couponhub_moengage.emulator.http.answers import Answer
from couponhub_moengage.emulator.http.bodies import FileOrder, NewList
from couponhub_moengage.emulator.lists import Campaign, EmulatedList, FileStatus, Handout
from couponhub_moengage.emulator.mails import messages
from couponhub_moengage.emulator.state import State, new_id


class Control:
    """The control side of the workspace; it raises `ControlError`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add_customers(self, customers: Sequence[EmulatedCustomer]) -> None:
        """Make customers known."""
        with self._state.settled():
            for customer in customers:
                self._state.customers.add(customer)

    def codes(self, list_id: str) -> list[Answer]:
        """Every code of a list with its true status, and the customer it was handed to."""
        with self._state.settled():
            held = self._controlled(list_id)
            return [
                *({"code": code, "status": "available", "customer": None} for code in held.available),
                *(
                    {
                        "code": code,
                        "status": "issued",
                        "customer": attrs.asdict(self._state.customers[handout.customer]),
                    }
                    for code, handout in held.issued.items()
                ),
                *({"code": code, "status": "removed", "customer": None} for code in sorted(held.removed)),
            ]

    def issue(
        self, list_id: str, customer: EmulatedCustomer, *, count: int | None, codes: Sequence[str] | None
    ) -> list[str]:
        """Hand random codes, or the given ones, to a customer, as one campaign's send to each would."""
        with self._state.settled() as now:
            return self._issue(self._controlled(list_id), customer, count=count, codes=codes, at=now)

    def seed_list(
        self,
        new: NewList,
        codes: Sequence[str],
        *,
        created_at: datetime,
        handouts: Sequence[tuple[EmulatedCustomer, str, datetime]] = (),
    ) -> str:
        """Add a list with a past: codes that came with one file, some of them (code, instant) handed out."""
        with self._state.settled():
            try:
                held = self._state.add_list(new, created_at)
            except refusals.Refusal as refusal:
                raise ControlError(refusal.message) from refusal
            if codes:
                name = f"{new.label}.csv"
                order = FileOrder(
                    file_url=f"https://files.example.com/{name}", name=name, created_by=new.created_by
                )
                file = self._state.add_file(held, order, created_at)
                held.add(file, held.new_codes(codes))
                file.become(FileStatus.SUCCESS, created_at)
            for customer, code, at in handouts:
                self._issue(held, customer, count=None, codes=[code], at=at)
            return held.id

    def _controlled(self, list_id: str) -> EmulatedList:
        if list_id not in self._state.lists:
            raise ControlError("no such coupon list", missing=True)
        return self._state.lists[list_id]

    def _issue(
        self,
        held: EmulatedList,
        customer: EmulatedCustomer,
        *,
        count: int | None,
        codes: Sequence[str] | None,
        at: datetime,
    ) -> list[str]:
        if (count is None) == (codes is None):
            raise ControlError("issuing takes either a count or codes")
        if not held.active:
            raise ControlError("only an active list hands out codes")
        if codes is not None:
            chosen = list(codes)
            if len(set(chosen)) < len(chosen) or any(code not in held.available for code in chosen):
                raise ControlError("a code to be issued is not available in this list, or is named twice")
        else:
            wanted = count or 0
            if not 0 < wanted <= len(held.available):
                raise ControlError(f"{wanted} codes cannot be issued: {len(held.available)} are available")
            chosen = secrets.SystemRandom().sample(tuple(held.available), wanted)
        self._hand_out(held, customer, chosen, at)
        return chosen

    def _hand_out(
        self, held: EmulatedList, customer: EmulatedCustomer, codes: Sequence[str], at: datetime
    ) -> None:
        before = len(held.available)
        key = self._state.customers.find_or_add(customer)
        campaign = Campaign(id=new_id(), failed=self._state.options.campaigns_fail)
        for code in codes:
            del held.available[code]
            held.issued[code] = Handout(customer=key, campaign=campaign, at=at)
        self._state.send(messages.shortage_alert(held, before, at))
