"""The equation of a migration as a bar of its terms, with their numbers below it."""

from collections.abc import Callable, Mapping, Sequence

import attrs

from couponhub.migration.html import text
from couponhub.models import MigrationEquation

_WIDTH, _HEIGHT, _GAP = 1000.0, 40.0, 2.0
_LEAST = 6.0
"""The width of a term that is one code among millions: it is seen all the same."""


@attrs.frozen
class _Term:
    """A term, and its count as it is read."""

    name: str
    short: str
    label: str
    count: int
    told: str


_COLOURS = {
    "moved": ("#2b7a5b", "#48b58a"),
    "issued_elsewhere": ("#7a52a3", "#b18be0"),
    "redeemed": ("#5f6b7a", "#93a1b3"),
    "expired": ("#a3acb8", "#5d6878"),
    "rejected": ("#c2410c", "#f08a4b"),
    "skipped": ("#b58900", "#e0bb3d"),
    "waiting": ("#5aa9d6", "#2f6f8f"),
    "unknown": ("#c5303f", "#f2606d"),
}
ENGLISH: Mapping[str, str] = {
    "all": "all",
    "nothing": "nothing",
    "of_which": "codes in all, of which",
    "short.moved": "moved",
    "short.issued_elsewhere": "issued elsewhere",
    "short.redeemed": "redeemed",
    "short.expired": "expired",
    "short.rejected": "rejected",
    "short.skipped": "skipped",
    "short.waiting": "waiting",
    "short.unknown": "unknown",
    "moved": "moved: at the target",
    "issued_elsewhere": "issued elsewhere: left at the source with those who hold them",
    "redeemed": "redeemed: used up",
    "expired": "expired: past their end",
    "rejected": "rejected: the target does not take them",
    "skipped": "skipped: left out by the plan, or there before",
    "waiting": "waiting: still to be sent, or not ended by the vendor",
    "unknown": "unknown: nobody can tell",
}
"""The words of the picture by their keys: of each term a sentence, and a short one."""

PICTURE_STYLE = (
    ".bar{display:block;width:100%;height:2.5rem;margin:1.5rem 0 .8rem}.terms td{border:0;padding:.15rem .6rem .15rem 0}"
    ".terms .n{font-weight:600}.terms svg{width:.9rem;max-width:none;height:.9rem;display:block;margin-top:.35rem}"
    ".terms tr:first-child td{border-bottom:1px solid #8886}"
    + "".join(f".t-{name}{{fill:{light}}}" for name, (light, _) in _COLOURS.items())
    + "@media(prefers-color-scheme:dark){"
    + "".join(f".t-{name}{{fill:{dark}}}" for name, (_, dark) in _COLOURS.items())
    + "}"
)
"""The CSS that the picture needs."""


def _with_commas(count: int) -> str:
    return f"{count:,}"


def equation_picture(
    equation: MigrationEquation,
    waiting: int,
    *,
    words: Callable[[str], str] = ENGLISH.__getitem__,
    number: Callable[[int], str] = _with_commas,
) -> str:
    """Draw an equation.

    Args:
        equation: All codes, and their fates.
        waiting: How many of the unknown ones are on their way.
        words: Gives the words of a key, as `ENGLISH` has them.
        number: Writes a count.
    """
    terms = [
        _Term(name, words(f"short.{name}"), words(name), count, number(count))
        for name, count in _counts(equation, waiting).items()
        if count
    ]
    total = number(equation.all)
    spoken = " + ".join(f"{term.short} {term.told}" for term in terms) or words("nothing")
    name = text(f"{words('all')} {total} = {spoken}")
    rows = "".join(
        f'<tr><td><svg viewBox="0 0 10 10" aria-hidden="true"><rect class="t-{term.name}" width="10" height="10" rx="2"/></svg>'
        f'</td><td class="n">{text(term.told)}</td><td>{text(term.label)}</td></tr>'
        for term in terms
    )
    return (
        f'<svg class="bar" role="img" aria-label="{name}" viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" preserveAspectRatio="none">'
        f"<title>{name}</title>{_bar(terms)}</svg>\n"
        f'<table class="terms"><tr><td></td><td class="n">{text(total)}</td><td>{text(words("of_which"))}</td></tr>'
        f"{rows}</table>\n"
    )


def _counts(equation: MigrationEquation, waiting: int) -> Mapping[str, int]:
    counts = {name: getattr(equation, name, 0) for name in _COLOURS}
    return counts | {"waiting": waiting, "unknown": equation.unknown - waiting}


def _bar(terms: Sequence[_Term]) -> str:
    """Draw the terms beside each other, as wide as they are many, but none so narrow that it is not seen."""
    total = sum(term.count for term in terms)
    room = _WIDTH - _GAP * max(0, len(terms) - 1) - _LEAST * len(terms)
    drawn, left = [], 0.0
    for term in terms:
        width = _LEAST + room * term.count / total
        drawn.append(
            f'<rect class="t-{term.name}" x="{left:.2f}" width="{width:.2f}" height="{_HEIGHT:g}">'
            f"<title>{text(term.short)}: {text(term.told)}</title></rect>"
        )
        left += width + _GAP
    return "".join(drawn)
