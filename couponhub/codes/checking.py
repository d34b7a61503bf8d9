"""Checks of codes before anything is sent: what a vendor would refuse or spoil is refused or warned about here."""

import re
from collections.abc import Callable, Iterator
from itertools import zip_longest

import attrs

from couponhub.codes.faults import COMMAS, JOINED, SPREADSHEET, UNSEEN, WRONG_COLUMN, Faults
from couponhub.codes.rows import SourceBatch
from couponhub.codes.ruins import may_hold_ruins, ruin_of
from couponhub.codes.words import Strays, plain
from couponhub.errors import UsageError
from couponhub.models import CodeFileRules, Identifier
from couponhub.models.damage import invisible_in
from couponhub.models.identifiers import read_identifier
from couponhub.shown import is_invisible

# C0, DEL and C1; line and paragraph separators, which some readers break lines at; and lone surrogates,
# which is how bytes that are not UTF-8 come out of `source.lines`.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_UNDECODED = re.compile("[\ud800-\udfff]")
_NEEDS_QUOTES = re.compile('[",]')
_BLANK = re.compile(r"\s")
_ODD_BLANK = re.compile(r"[^\S ]")
_FORMULA = ("=", "+", "-", "@")
_EMAIL = re.compile(r"\s*[^@\s]+@[^@\s]+\.[^@\s]+\s*")
_SEPARATOR = re.compile("[;|]")
# With a digit and a letter, though not the one of exponents, it is neither a number nor a word.
_SOUND = re.compile(r"(?=.*\d)(?=.*[^\W\d_eE])[\w./:-]+")
# "Excel stores 15 significant digits": the others become zeros. By chance one long number in ten looks so.
SPREADSHEET_DIGITS = 15
NO_CHANCE = 5
"""Rounded numbers from which on nobody takes them for codes that happen to look so."""
_ROUNDED = "nothing but zeros from the 16th digit on, as a spreadsheet rounds long numbers"


@attrs.frozen
class _Fault:
    """A fault of one value.

    Attributes:
        what: For people, without the value.
        kind: What rows with the same fault have in common; "" where that is `what`.
        hint: What to do.
        is_ruin: Somebody may mean it all the same, and then it is sent.
    """

    what: str
    kind: str = ""
    hint: str = ""
    is_ruin: bool = False


@attrs.define
class CodeOddities:
    """Counts of what is sent all the same, for the warnings.

    Attributes:
        long_numbers: Codes that are numbers of more digits than spreadsheets keep.
        rounded: Those of them with zeros from there on; the first on `rounded_line`.
    """

    lower_case: int = 0
    long: int = 0
    formulas: int = 0
    blanks: int = 0
    odd_blanks: int = 0
    ruined: int = 0
    long_numbers: int = 0
    rounded: int = 0
    rounded_line: int = 0

    def merge(self, later: "CodeOddities") -> None:
        """Add what was counted of rows further down."""
        self.rounded_line = self.rounded_line or later.rounded_line
        for name in (field.name for field in attrs.fields(CodeOddities) if field.name != "rounded_line"):
            setattr(self, name, getattr(self, name) + getattr(later, name))

    def warnings(self, rules: CodeFileRules) -> list[str]:
        """One sentence for each kind that occurred."""
        found = {
            "have lower-case letters, which the vendor ignores": self.lower_case,
            f"are longer than {rules.warn_code_length} characters, which the vendor may refuse": self.long,
            "begin with = + - or @, which a spreadsheet would take for a formula": self.formulas,
            "begin or end with a blank, which was kept": self.blanks,
            "have a blank inside that is no plain one, which nobody can type": self.odd_blanks,
            "look ruined and were sent as they stand": self.ruined,
        }
        if self.all_are_rounded:
            found[f"have {_ROUNDED}"] = self.rounded
        return [f"{count} codes {what}" for what, count in found.items() if count]

    @property
    def all_are_rounded(self) -> bool:
        """Tell whether every long number has nothing but zeros where a spreadsheet has no digits."""
        return 0 < self.rounded == self.long_numbers

    @property
    def are_ruins(self) -> bool:
        """Tell whether so many are rounded that it is no chance: then an upload is refused."""
        return self.all_are_rounded and self.rounded >= NO_CHANCE

    @property
    def told_rounded(self) -> str:
        """Say so, where it is so."""
        return f"all {self.rounded} codes of more than {SPREADSHEET_DIGITS} digits have {_ROUNDED}"


@attrs.frozen(kw_only=True)
class Checks:
    """The checks of one source.

    Attributes:
        rules: What the vendor takes.
        identifier: Which identifier customers are named by; None when codes come untagged.
        strays: Knows rows that are no codes.
        lone_column: The source is a file with one column, where a separator means that there are more.
        accepts_ruined: Send what looks ruined, with a warning.
        faults: Gets what is refused.
        oddities: Gets what is warned about.
    """

    rules: CodeFileRules
    identifier: Identifier | None = None
    strays: Strays
    lone_column: bool = False
    accepts_ruined: bool = False
    faults: Faults
    oddities: CodeOddities

    def check(self, batch: SourceBatch) -> None:
        """Note the faults and oddities of a batch, and put its customers into the form that vendors know.

        Whole batches are searched first, for nearly all of them are clean; only then is a row looked at.
        """
        codes = "".join(batch.codes)
        # Letters, digits and single dashes: nothing of what the rules and the damages are about, words aside.
        is_plain = codes.isascii() and codes.replace("-", "").replace("_", "").isalnum() and "--" not in codes
        is_clean = (
            is_plain
            and not self._has_odd_lengths(batch.codes)
            and not may_hold_ruins(codes)
            and not self.strays.may_be_among(batch.codes)
        )
        if batch.customers or not is_clean:
            self._check_rows(batch, (lambda _: True) if is_clean else self._soundness(codes))
        if max(map(len, batch.codes)) > SPREADSHEET_DIGITS:
            self._count_rounded(batch)
        self._count_oddities(batch.codes, codes, is_plain=is_plain)

    def finish(self) -> None:
        """Note what only all rows together show.

        Raises:
            UsageError: Anything was noted in any batch, unless the faulty rows are left out; or of all rows together.
        """
        if self.oddities.are_ruins and not self.accepts_ruined:
            what = self.oddities.told_rounded
            self.faults.add(self.oddities.rounded_line, what, hint=SPREADSHEET, is_ruin=True)
            self.faults.refuse()
        if self.faults.rows is None:
            self.faults.refuse()

    def _count_rounded(self, batch: SourceBatch) -> None:
        for line, code in zip(batch.lines, batch.codes, strict=True):
            if len(code) > SPREADSHEET_DIGITS and code.isdecimal() and code.isascii():
                self.oddities.long_numbers += 1
                if not code[SPREADSHEET_DIGITS:].strip("0"):
                    self.oddities.rounded += 1
                    self.oddities.rounded_line = self.oddities.rounded_line or line

    def _has_odd_lengths(self, codes: list[str]) -> bool:
        longest = self.rules.max_code_length
        return not all(codes) or (longest is not None and max(map(len, codes)) > longest)

    def _count_oddities(self, codes: list[str], text: str, *, is_plain: bool) -> None:
        rules, oddities = self.rules, self.oddities
        if rules.ignores_case and text.upper() != text:
            oddities.lower_case += sum(code.upper() != code for code in codes)
        if rules.warn_code_length is not None and max(map(len, codes)) > rules.warn_code_length:
            oddities.long += sum(len(code) > rules.warn_code_length for code in codes)
        if any(sign in text for sign in _FORMULA):
            oddities.formulas += sum(code.startswith(_FORMULA) for code in codes)
        if not is_plain and _BLANK.search(text):
            oddities.blanks += sum(code.strip() != code for code in codes)
            oddities.odd_blanks += sum(bool(_ODD_BLANK.search(code.strip())) for code in codes)

    def _soundness(self, text: str) -> Callable[[str], object]:
        """Return what tells of codes with a dot or an umlaut, given all of a batch, which need no closer look."""
        if self.strays.has_digits or may_hold_ruins(text) or any(map(is_invisible, set(text))):
            return lambda _: False
        longest = self.rules.max_code_length or len(text)
        return lambda code: len(code) <= longest and _SOUND.fullmatch(code)

    def _check_rows(self, batch: SourceBatch, is_sound: Callable[[str], object]) -> None:
        customers: list[str] = []
        for line, code, customer in zip_longest(batch.lines, batch.codes, batch.customers):
            if not is_sound(code):
                self._check_code(line, code)
            if self.identifier is not None:
                customers.append(self._read_customer(line, customer, self.identifier))
        batch.customers = customers

    def _check_code(self, line: int, code: str) -> None:
        is_ruined = False
        for fault in self._code_faults(code):
            if not (fault.is_ruin and self.accepts_ruined):
                self._add(line, fault)
                return
            is_ruined = True
        self.oddities.ruined += is_ruined

    def _add(self, line: int, fault: _Fault) -> None:
        self.faults.add(line, fault.what, kind=fault.kind, hint=fault.hint, is_ruin=fault.is_ruin)

    def _code_faults(self, code: str) -> Iterator[_Fault]:
        if not code.strip():
            yield _Fault("no code")
            return
        longest = self.rules.max_code_length
        if longest is not None and len(code) > longest:
            yield _Fault(
                f"a code of {len(code)} characters, the vendor takes {longest}",
                kind="a code longer than the vendor takes",
            )
        word = plain(code)
        if self.strays.is_header(word):
            yield _Fault("the header stands again", hint=JOINED)
        if stray := self.strays.stray(word):
            yield _Fault(f"the code is {stray}", hint=JOINED, is_ruin=True)
        yield from _unsendable(code)
        if ruin := ruin_of(code):
            yield _Fault(f"the code is {ruin}", hint=SPREADSHEET, is_ruin=True)
        if _EMAIL.fullmatch(code):
            yield _Fault("the code is an e-mail address", hint=WRONG_COLUMN)
        if self.lone_column and _SEPARATOR.search(code):
            what = "a semicolon or bar in the code, as between columns"
            yield _Fault(what, hint=COMMAS, is_ruin=True)
        if not self.rules.quoting and _NEEDS_QUOTES.search(code):
            yield _Fault("a comma or quote, which the vendor's files cannot hold, in the code")

    def _read_customer(self, line: int, text: str, identifier: Identifier) -> str:
        """The customer as one is asked about; a fault where it cannot be one."""
        if not text.strip():
            fault = _Fault("no customer")
        elif _UNDECODED.search(text):
            fault = _Fault("bytes that are not UTF-8 in the customer's column", hint=COMMAS)
        elif _CONTROL.search(text):
            fault = _Fault("a control character in the customer's column")
        else:
            try:
                read = read_identifier(identifier, text)
            except UsageError as error:
                fault = _Fault(error.message, hint=error.hint)
            else:
                # Of a mobile the digits alone, which is how every sample of a vendor has it.
                read = read.removeprefix("+") if identifier is Identifier.MOBILE else read
                if self.rules.quoting or not _NEEDS_QUOTES.search(read):
                    return read
                fault = _Fault(
                    "a comma or quote, which the vendor's files cannot hold, in the customer's column"
                )
        self._add(line, fault)
        return text


def _unsendable(code: str) -> Iterator[_Fault]:
    """Find what no vendor's file can hold, and what nobody sees."""
    if _UNDECODED.search(code):
        yield _Fault("bytes that are not UTF-8 in the code", hint=COMMAS)
    if "\t" in code:
        yield _Fault("a tab in the code, as between columns", hint=COMMAS)
    if _CONTROL.search(code):
        yield _Fault("a control character in the code")
    if invisible_in(code):
        yield _Fault("an invisible character in the code", hint=UNSEEN)
