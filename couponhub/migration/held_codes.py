"""The codes of the source that were given out, each once, with the customer where one alone is known."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO, Self

import attrs

from couponhub.codes.dedupe import private
from couponhub.errors import UsageError
from couponhub.migration.holders import HeldCode
from couponhub.models import CodeFileRules, Customer
from couponhub.serialization import instant_text
from couponhub.state import TextCodeSet
from couponhub.state.codesets import comparable

CLASSES = ("redeemed", "expired", "issued")
"""Of a code of which several things are said, the first of these holds."""
_RANKS = {"redeemed": 0, "expired": 1, "revoked": 1}
_ISSUED = 2
_SIGN = "\x1f"
"""Stands in no identifier and in no code."""
_NO_LINE = re.compile("[\\n\\r\x1f\ud800-\udfff]")
_MOMENTS = 10_000
"""Moments whose texts are kept at most."""
_NOBODYS = "-"
"""In place of a kind of identifier: nobody may be named, whatever other lines say."""


@attrs.frozen(kw_only=True)
class Holder:
    """The customer of a code that can still be used.

    Attributes:
        kind: The word of the identifier; "" where nobody can tell who it is.
        customer: The identifier; "" likewise.
        issued_at: As in JSON; "" where it is not known.
        expires_at: The same.
    """

    kind: str
    customer: str = attrs.field(repr=False)
    issued_at: str
    expires_at: str


class HeldCodes:
    """Takes in what was given out, and keeps one line for each code; a context manager, which closes its files.

    Args:
        folder: A private folder for its files.
        rules: How the source's vendor compares codes.
        now: What ended before is expired.
        is_over: The whole list is.

    Attributes:
        rows: Lines that were taken in.
        contested: Codes that two customers are said to hold.
        revoked: Codes that were taken back from their customers.
        unwritable: Codes that no file of codes can hold, which are left out.
    """

    def __init__(self, folder: Path, rules: CodeFileRules, *, now: datetime, is_over: bool) -> None:
        self._folder = folder
        self._rules = rules
        self._now = now
        self._is_over = is_over
        self._kept: dict[str, str] = {}
        self._texts: dict[datetime, str] = {}
        self._spelled = self._new("held")
        self._reported = self._new("reported")
        self.rows = self.contested = self.revoked = self.unwritable = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file in (self._spelled, self._reported):
            file.close()

    def add(self, held: HeldCode, *, is_nobodys: bool = False) -> None:
        """Take in one that a customer has, or had; where it must be nobody's, whatever else is said of it, nobody is named."""
        self.rows += 1
        if not _is_line(held.code):
            self.unwritable += 1
            return
        key = self._key(held.code)
        rank = self._rank(held)
        kind, customer = (_NOBODYS, "") if is_nobodys else _named(held.customer)
        line = _SIGN.join(
            (str(rank), kind, customer, self._text(held.issued_at), self._text(held.expires_at))
        )
        known = self._kept.get(key)
        if known is None:
            self._spelled.write(f"{held.code}\n".encode())
            self._kept[key] = line
            self.revoked += held.status == "revoked"
        elif rank == int(known[0]) == _ISSUED:
            self._kept[key] = self._either(known, line)
        elif rank < int(known[0]):
            self._kept[key] = line

    def add_reported(self, codes: Iterable[str]) -> None:
        """Take in codes that were given out to nobody knows whom, after all others were added."""
        for code in codes:
            self.rows += 1
            if not _is_line(code):
                self.unwritable += 1
            elif self._key(code) not in self._kept:
                self._reported.write(f"{code}\n".encode())

    def finish(self) -> "FoundCodes":
        """Return them all, and take in nothing more."""
        self.__exit__()
        files = [self._new(name) for name in CLASSES]
        for key, line in self._kept.items():
            rank = int(line[0])
            files[rank].write(f"{key}\n".encode())
        for file in files:
            file.close()
        reported = TextCodeSet(self._folder / "reported.txt")
        sets: dict[str, tuple[TextCodeSet, ...]] = {
            name: (TextCodeSet(self._folder / f"{name}.txt"),) for name in CLASSES
        }
        sets["expired" if self._is_over else "issued"] += (reported,)
        return FoundCodes(
            every=(TextCodeSet(self._folder / "held.txt"), reported),
            classes={name: tuple(one for one in each if one.size) for name, each in sets.items()},
            rules=self._rules,
            kept=self._kept,
        )

    def _either(self, known: str, line: str) -> str:
        """Return the one line that is left of two about a code, whichever came first."""
        _, kind, customer, *_ = known.split(_SIGN)
        _, other_kind, other, *_ = line.split(_SIGN)
        if kind in {"", _NOBODYS}:
            return known if kind == _NOBODYS or not other_kind else line
        if other_kind in {"", _NOBODYS}:
            return line if other_kind == _NOBODYS else known
        if (kind, customer) == (other_kind, other):
            return max(known, line)
        self.contested += 1
        return _SIGN.join((known[0], _NOBODYS, "", "", ""))

    def _rank(self, held: HeldCode) -> int:
        rank = _RANKS.get(held.status, _ISSUED)
        has_ended = self._is_over or (held.expires_at is not None and held.expires_at < self._now)
        return _RANKS["expired"] if rank == _ISSUED and has_ended else rank

    def _text(self, moment: datetime | None) -> str:
        """The moment as in JSON; of the many codes that end together it is made once."""
        if moment is None:
            return ""
        text = self._texts.get(moment)
        if text is None:
            if len(self._texts) > _MOMENTS:
                self._texts.clear()
            text = self._texts[moment] = instant_text(moment)
        return text

    def _key(self, code: str) -> str:
        rules = self._rules
        if not (rules.ignores_case or rules.ignores_blanks):
            return code
        (key,) = comparable([code], ignores_case=rules.ignores_case, ignores_blanks=rules.ignores_blanks)
        return key

    def _new(self, name: str) -> IO[bytes]:
        return open(self._folder / f"{name}.txt", "xb", opener=private)


@attrs.frozen(kw_only=True)
class FoundCodes:
    """The codes that were given out, by their class.

    Attributes:
        every: All of them, as they were spelled.
        classes: Those of each of `CLASSES`, as they are compared; no code is in two of them.
    """

    every: tuple[TextCodeSet, ...]
    classes: dict[str, tuple[TextCodeSet, ...]]
    _rules: CodeFileRules
    _kept: dict[str, str] = attrs.field(repr=False)

    def holders(self, codes: Sequence[str]) -> Iterator[Holder]:
        """Give the holder of each code."""
        rules = self._rules
        keys = comparable(codes, ignores_case=rules.ignores_case, ignores_blanks=rules.ignores_blanks)
        for key in keys:
            line = self._kept.get(key)
            if line is None:
                yield _NOBODY
            else:
                _, kind, customer, issued_at, expires_at = line.split(_SIGN)
                kind = "" if kind == _NOBODYS else kind
                yield Holder(kind=kind, customer=customer, issued_at=issued_at, expires_at=expires_at)


_NOBODY = Holder(kind="", customer="", issued_at="", expires_at="")


def _is_line(code: str) -> bool:
    """Tell whether a code can be a line of a file: it has no line end in it, and no half of a pair of surrogates."""
    return (code.isascii() and code.isprintable()) or not _NO_LINE.search(code)


def _named(customer: Customer | None) -> tuple[str, str]:
    try:
        return ("", "") if customer is None else (customer.identifier.value, customer.plain)
    except UsageError:  # it cannot be one of its kind, so that nobody is found by it anywhere
        return "", ""
