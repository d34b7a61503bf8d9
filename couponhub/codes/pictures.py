"""Bars as SVG that stands in a page by itself: no script, no style, nothing from elsewhere."""

from collections.abc import Sequence
from html import escape
from typing import Any

from couponhub.errors import UsageError

_MOST = 40
"""Bars that can be told apart."""
_LONGEST = 45
"""Characters beside a bar that leave room for it."""
_WIDTH, _BAR, _FRAME = 720, 22, 110
_SPACES = 4
"""Between the numbers below the bars, at most."""


def require_pictures() -> None:
    """Raise UsageError where the library that draws is not installed."""
    _leather()


def bars(counts: Sequence[tuple[str, int]], title: str, unit: str = "codes") -> str:
    """Draw counts as bars, from top to bottom; "" where there is nothing to be counted.

    Args:
        counts: What each bar stands for, and how long it is; the first forty are drawn.
        title: What they are, for those who cannot see them, too.
        unit: What is counted.
    """
    if not any(count for _, count in counts):
        return ""
    leather = _leather()
    drawn = counts[:_MOST]
    chart = leather.Chart()
    chart.add_bars([(count, _cut(label)) for label, count in drawn])
    chart.add_x_axis(name=unit, ticks=_ticks(max(count for _, count in drawn)), tick_formatter=_tick)
    height = _FRAME + _BAR * len(drawn)
    svg = str(chart.to_svg(width=_WIDTH, height=height))
    svg = svg[svg.index("<svg") :]
    name = escape(title, quote=True)
    svg = svg.replace(
        "<svg", f'<svg role="img" aria-label="{name}" viewBox="0 0 {_WIDTH} {height}"', 1
    ).replace(">", f"><title>{name}</title>", 1)
    return f'<div class="wide">{svg}</div>'


def _ticks(most: int) -> list[int]:
    """The numbers below the bars, whole ones, of which the last is no less than the longest bar."""
    size = 10 ** max(0, len(str(most)) - 2)
    step = next(step * size for step in (1, 2, 5, 10, 20, 25, 50) if step * size * _SPACES >= most)
    return list(range(0, most + step, step))


def _tick(value: int, index: int, count: int) -> str:  # noqa: ARG001 - as leather calls it
    return f"{value:,}"


def _cut(label: str) -> str:
    return label if len(label) <= _LONGEST else f"{label[: _LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"


def _leather() -> Any:
    try:
        import leather  # noqa: PLC0415 - an extra, and few want it
    except ImportError:
        raise UsageError(
            "the page needs a library that is not installed",
            hint="pip install 'couponhub[files]', or take the JSON: -o json",
        ) from None
    # What it draws with is its module's own; it is always set to the same.
    theme = leather.theme
    theme.background_color = "none"
    theme.default_series_colors = ["#3f86ad"]  # told from white and from black
    for name in ("title", "legend", "axis_title", "tick"):
        for kind, value in (("font_family", "system-ui, sans-serif"), ("color", "currentColor")):
            if hasattr(theme, f"{name}_{kind}"):
                setattr(theme, f"{name}_{kind}", value)
    theme.label_color = "currentColor"
    theme.tick_color = "#8888884d"
    return leather
