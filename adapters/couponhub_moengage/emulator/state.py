"""The state of the emulated workspace and the one lock that guards it; no HTTP, no waiting."""

import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from couponhub.testing.emulation.context import EmulatorContext, Mail
from couponhub_moengage.emulator.customers import Customers
from couponhub_moengage.emulator.http import refusals
from couponhub_moengage.emulator.http.bodies import FileOrder, NewList
from couponhub_moengage.emulator.lists import CouponFile, EmulatedList
from couponhub_moengage.emulator.mails import reminders
from couponhub_moengage.emulator.options import Options


class State:
    """Lists with their files and codes, customers, options.

    Everything but `set_options`, `reset` and `today` is for use inside `with state.settled() as now`, which
    holds the lock; nothing that waits may happen there.
    """

    def __init__(self, world: EmulatorContext) -> None:
        self._world = world
        self._lock = threading.Lock()
        self.options = Options()
        self.lists: dict[str, EmulatedList] = {}
        self.customers = Customers()
        world.outbox.ask_first(self.settle)

    @contextmanager
    def settled(self) -> Iterator[datetime]:
        """Hold the lock, with reminders sent that are due, and lists expired; gives the instant it is."""
        with self._lock:
            now = self._world.clock.now()
            for held in self.lists.values():
                for mail in reminders.due(held, now, self.options.zone):
                    self.send(mail)
                held.expire_when_due(now)
            yield now

    def settle(self) -> None:
        """Do what time alone has brought about."""
        with self.settled():
            pass

    def set_options(self, values: Mapping[str, Any]) -> None:
        """Change options, all or none."""
        with self._lock:
            self.options = self.options.changed(values)

    def reset(self) -> None:
        """Forget everything."""
        with self._lock:
            self.options = Options()
            self.lists.clear()
            self.customers = Customers()

    def today(self) -> date:
        """The day it is in the workspace's zone."""
        return self.day_of(self._world.clock.now())

    def list_of(self, list_id: str) -> EmulatedList:
        """The list of that id, else the vendor's refusal."""
        if list_id not in self.lists:
            raise refusals.unknown_list(self.options.unknown_list_status)
        return self.lists[list_id]

    def file_of(self, held: EmulatedList, file_id: str) -> CouponFile:
        """The list's file of that id, else the vendor's refusal."""
        if file_id not in held.files:
            raise refusals.not_found(self.options.unknown_file_status)
        return held.files[file_id]

    def add_list(self, new: NewList, now: datetime) -> EmulatedList:
        """Create a list, if its name and label are free."""
        self.refuse_taken_name(new.name)
        if any(held.label == new.label for held in self.lists.values()):
            raise refusals.duplicate_label()
        held = EmulatedList(
            id=new_id(),
            name=new.name,
            label=new.label,
            expires_at=self.end_of(new.expires),
            created_by=new.created_by,
            subscribers=new.subscribers,
            alerts=new.alerts,
            created_at=now,
            updated_at=now,
            reminded=self.day_of(now) - timedelta(days=1),
        )
        self.lists[held.id] = held
        return held

    def add_file(self, held: EmulatedList, order: FileOrder, now: datetime) -> CouponFile:
        """Create a file that waits."""
        file = CouponFile(
            id=new_id(),
            list_id=held.id,
            name=order.name,
            file_url=order.file_url,
            created_by=order.created_by,
            callback_url=order.callback_url,
            credentials=order.credentials,
            created_at=now,
            updated_at=now,
        )
        held.files[file.id] = file
        return file

    def refuse_taken_name(self, name: str) -> None:
        """Refuse a name that any list has, of whatever status."""
        if any(held.name == name for held in self.lists.values()):
            raise refusals.duplicate_name()

    def day_of(self, instant: datetime) -> date:
        """The day of an instant in the workspace's zone."""
        return instant.astimezone(self.options.zone).date()

    def end_of(self, day: date) -> datetime:
        """The instant at which a list of that last day expires."""
        # Samples expire at 18:29 UTC, which is 23:59 in India.
        try:
            return datetime.combine(day, time(23, 59), self.options.zone).astimezone(UTC)
        except OverflowError:
            raise refusals.bad_value("expires_at") from None

    def send(self, mail: Mail | None) -> None:
        """Send a mail, if there is one."""
        if mail is not None:
            self._world.outbox.send(mail)


def new_id() -> str:
    """An id as the vendor's: 24 hexadecimal digits."""
    return secrets.token_hex(12)
