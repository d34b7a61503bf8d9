"""Checks of codes before anything is sent: what a vendor would refuse or spoil is refused or warned about here."""

import re

import attrs

from couponhub.codes.faults import Faults
from couponhub.codes.rows import Batch
from couponhub.models import CodeFileRules

# C0, DEL and C1; line and paragraph separators, which some readers break lines at; and lone surrogates,
# which is how bytes that are not UTF-8 come out of `source.lines`.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_UNDECODED = re.compile("[\ud800-\udfff]")
_NEEDS_QUOTES = re.compile('[",]')
_BLANK = re.compile(r"\s")
_FORMULA = ("=", "+", "-", "@")


@attrs.define
class Oddities:
    """Counts of what is sent all the same, for the warnings."""

    lower_case: int = 0
    long: int = 0
    formulas: int = 0
    blanks: int = 0

    def warnings(self, rules: CodeFileRules) -> list[str]:
        """One sentence for each kind that occurred."""
        found = {
            "have lower-case letters, which the vendor ignores": self.lower_case,
            f"are longer than {rules.warn_code_length} characters, which the vendor may refuse": self.long,
            "begin with = + - or @, which a spreadsheet would take for a formula": self.formulas,
            "begin or end with a blank, which was kept": self.blanks,
        }
        return [f"{count} codes {what}" for what, count in found.items() if count]


def check(batch: Batch, rules: CodeFileRules, faults: Faults, oddities: Oddities) -> None:
    """Note the faults and oddities of a batch.

    Whole batches are searched first, for nearly all of them are clean; only then is a row looked at.
    """
    values = "".join(batch.codes) + "".join(batch.customers)
    suspect = (
        _CONTROL.search(values)
        or (not rules.quoting and _NEEDS_QUOTES.search(values))
        or (rules.max_code_length is not None and max(map(len, batch.codes)) > rules.max_code_length)
        or not all(map(str.strip, batch.codes))
        or not all(map(str.strip, batch.customers))
    )
    if suspect:
        _find_faults(batch, rules, faults)
    if rules.ignores_case and values.upper() != values:
        oddities.lower_case += sum(code.upper() != code for code in batch.codes)
    if rules.warn_code_length is not None and max(map(len, batch.codes)) > rules.warn_code_length:
        oddities.long += sum(len(code) > rules.warn_code_length for code in batch.codes)
    if any(sign in values for sign in _FORMULA):
        oddities.formulas += sum(code.startswith(_FORMULA) for code in batch.codes)
    if _BLANK.search(values):
        oddities.blanks += sum(code.strip() != code for code in batch.codes)


def _find_faults(batch: Batch, rules: CodeFileRules, faults: Faults) -> None:
    for line, code in zip(batch.lines, batch.codes, strict=True):
        if not code.strip():
            faults.add(line, "no code")
        elif rules.max_code_length is not None and len(code) > rules.max_code_length:
            faults.add(line, f"a code of {len(code)} characters, the vendor takes {rules.max_code_length}")
        elif problem := _problem(code, rules):
            faults.add(line, f"{problem} in the code")
    for line, customer in zip(batch.lines, batch.customers, strict=False):
        if not customer.strip():
            faults.add(line, "no customer")
        elif problem := _problem(customer, rules):
            faults.add(line, f"{problem} in the customer's column")


def _problem(value: str, rules: CodeFileRules) -> str | None:
    if _UNDECODED.search(value):
        return "bytes that are not UTF-8"
    if _CONTROL.search(value):
        return "a control character"
    if not rules.quoting and _NEEDS_QUOTES.search(value):
        return "a comma or quote, which the vendor's files cannot hold,"
    return None
