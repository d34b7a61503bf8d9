"""The pages of mails: those that were "sent", and one of them with its files."""

from collections.abc import Iterator

import attrs

from couponhub.console.pages import View
from couponhub.console.paging import page_of
from couponhub.console.rendering import path_part
from couponhub.console.whole_numbers import whole_number
from couponhub.dashboard.visits import BELOW, HOME, Answer, Visit
from couponhub.testing.emulation.app import EmulatorApp
from couponhub.testing.emulation.context import Mail
from couponhub.testing.emulation.routes import Route
from couponhub.testing.emulation.vendor import ControlError

_SHOWN = 8 * 1024
"""Bytes of a file that are shown on the page."""


@attrs.frozen(kw_only=True)
class MailLine:
    """A mail and its number, from 1."""

    number: int
    mail: Mail


@attrs.frozen(kw_only=True)
class MailFile:
    """A file that came with a mail.

    Attributes:
        address: From which it is saved.
        size: Bytes of it.
        beginning: Of a text; None where it is none.
    """

    name: str
    address: str
    size: int
    beginning: str | None


class MailPages:
    """The mails that the vendors sent."""

    def __init__(self, emulated: EmulatorApp) -> None:
        self._emulated = emulated

    def routes(self) -> Iterator[Route[Answer]]:
        """Give the places of them."""
        yield Route(method="GET", path="/-/mails", answer=self._show)
        yield Route(method="GET", path="/-/mails/<number>", answer=self._show_one)

    def _show(self, visit: Visit) -> View:
        mails = self._emulated.world.outbox.mails()
        lines = [MailLine(number=number, mail=mail) for number, mail in enumerate(mails, 1)]
        found = page_of(lines[::-1], visit.query)
        return View(template="emulator_mails.html", values={"found": found, "address": f"{BELOW}/mails"})

    def _show_one(self, visit: Visit) -> View:
        mails = self._emulated.world.outbox.mails()
        number = whole_number(visit.words["number"], digits=8) or 0
        if not 1 <= number <= len(mails):
            raise ControlError(f"mails have numbers; there are {len(mails)}, from 1", missing=True)
        mail = mails[number - 1]
        home = f"{HOME}mails/{number}"
        return View(
            template="emulator_mail.html",
            values={
                "number": number,
                "mail": mail,
                "eml": f"{home}.eml",
                "files": [
                    MailFile(
                        name=name,
                        address=f"{home}/{path_part(name)}",
                        size=len(content),
                        beginning=_beginning(content),
                    )
                    for name, content in mail.attachments.items()
                ],
            },
        )


def _beginning(content: bytes) -> str | None:
    # A character that the cut falls into is left out; elsewhere there is none in a text.
    text = content[:_SHOWN].decode("utf-8", "ignore")
    return None if "\0" in text or len(text.encode()) < min(len(content), _SHOWN) - 3 else text
