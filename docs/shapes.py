"""The drawing of both shapes: one machine that keeps everything, and many that share it."""

from collections.abc import Iterable
from html import escape

import attrs

from couponhub.state import ReachedPart

_CHARACTER, _PADDING, _HEIGHT = 7.3, 20.0, 30
_ABOVE, _BELOW = 28, 14
"""Between a box and the frame around it: above it stands the frame's text."""
_WIDTH, _TALL = 1020, 352
_TOP, _MIDDLE, _LOW = 74, 176, 306
"""The heights of who asks and of vendors, of processes, and of what they keep."""

_SHAPES = {
    "One machine": {
        "who asks": (104, _TOP),
        "vendors": (268, _TOP),
        "serve": (104, _MIDDLE),
        "work": (268, _MIDDLE),
    },
    "Many machines": {
        "balancer": (526, _TOP),
        "vendors ": (866, _TOP),
        "serve ": (450, _MIDDLE),
        "serve  ": (602, _MIDDLE),
        "work ": (790, _MIDDLE),
        "work  ": (942, _MIDDLE),
    },
}
"""Each box by its text, blanks behind which only tell it apart, and its middle."""

_KEPT = {
    ReachedPart.STATE: ("state", (78, 486)),
    ReachedPart.USAGE_INDEX: ("usage index", (176, 576)),
    ReachedPart.FILES: ("files", (278, 744)),
    ReachedPart.SHARED: ("quotas, answers", (None, 908)),
}
"""The text of each part that can be looked at, and where it stands in both shapes; None where it is not apart."""

_MACHINES = (
    ("a machine", 16, 352, _LOW),
    *(("a machine", middle - 58, middle + 58, _MIDDLE) for middle in (450, 602, 790, 942)),
)
"""The frames around processes: text, left, right, the lowest row."""
_ENGINES = (
    ("SQLite, a folder", 30, 338),
    ("PostgreSQL", 440, 640),
    ("object storage", 680, 808),
    ("Redis", 824, 992),
)
"""The frames around what is kept: text, left, right."""

_LINES = (
    *(("who asks", "serve"), ("serve", "vendors"), ("work", "vendors")),
    *(("balancer", "serve "), ("balancer", "serve  ")),
    *((name, "vendors ") for name in ("serve ", "serve  ", "work ", "work  ")),
)


@attrs.frozen
class _Box:
    text: str
    x: float
    y: float

    @property
    def width(self) -> float:
        return len(self.text) * _CHARACTER + _PADDING


def machines_picture() -> str:
    """Both shapes as SVG: machines and engines are frames, what runs and what is kept are boxes, lines lead to what is asked."""
    boxes = {name: _Box(name.strip(), x, y) for shape in _SHAPES.values() for name, (x, y) in shape.items()}
    drawn = [_KEPT[part] for part in ReachedPart]
    kept = [_Box(text, x, _LOW) for text, places in drawn for x in places if x is not None]
    processes = [box for box in boxes.values() if box.y == _MIDDLE]
    style = (
        "rect{fill:#f4f1ea;stroke:#8a7f6a}rect.frame{fill:none;stroke:#b5aa95;stroke-dasharray:4 3}"
        "rect.back{fill:#fff;stroke:none}text{font:12px monospace;text-anchor:middle;fill:#222}"
        "text.title{font-weight:bold}text.frame{font-size:11px;fill:#6a6152;text-anchor:start}line{stroke:#b5aa95}"
        "@media(prefers-color-scheme:dark){rect{fill:#3a362e;stroke:#a79b83}rect.back{fill:#1c1b18}"
        "rect.frame{fill:none}text{fill:#eee}text.frame{fill:#c4b99f}line{stroke:#857a66}}"
    )
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_TALL}" role="img">',
            f"<title>couponhub on one machine, and on many that share its parts</title><style>{style}</style>",
            f'<rect class="back" width="{_WIDTH}" height="{_TALL}"/>',
            *(_line(boxes[one], boxes[other]) for one, other in _LINES),
            *_uses(processes),
            *(
                _frame(text, left, right, _MIDDLE, low + (_BELOW if low > _MIDDLE else 0))
                for text, left, right, low in _MACHINES
            ),
            *(_frame(text, left, right, _LOW, _LOW) for text, left, right in _ENGINES),
            *(_drawn(box) for box in [*boxes.values(), *kept]),
            *(
                f'<text class="title" x="{sum(x for x, _ in shape.values()) / len(shape):.0f}" y="28">{title}</text>'
                for title, shape in _SHAPES.items()
            ),
            "</svg>\n",
        ]
    )


def _uses(processes: Iterable[_Box]) -> Iterable[str]:
    """Every process uses every engine of its own shape."""
    divide = (_MACHINES[0][2] + _MACHINES[1][1]) / 2
    for process in processes:
        for _, left, right in _ENGINES:
            middle = (left + right) / 2
            if (process.x < divide) == (middle < divide):
                yield _line(process, _Box("", middle, _LOW - _ABOVE))


def _line(one: _Box, other: _Box) -> str:
    down = 1 if other.y > one.y else -1
    return (
        f'<line x1="{one.x:.0f}" y1="{one.y + down * _HEIGHT / 2:.0f}"'
        f' x2="{other.x:.0f}" y2="{other.y - down * _HEIGHT / 2:.0f}"/>'
    )


def _frame(text: str, left: float, right: float, top: float, low: float) -> str:
    """A frame from the row at the top to the lowest."""
    above, below = top - _HEIGHT / 2 - _ABOVE, low + _HEIGHT / 2 + _BELOW
    return (
        f'<rect class="frame" x="{left:.0f}" y="{above:.0f}" width="{right - left:.0f}" height="{below - above:.0f}"'
        f' rx="5"/><text class="frame" x="{left + 8:.0f}" y="{above + 16:.0f}">{escape(text)}</text>'
    )


def _drawn(box: _Box) -> str:
    return (
        f'<rect x="{box.x - box.width / 2:.0f}" y="{box.y - _HEIGHT / 2:.0f}" width="{box.width:.0f}"'
        f' height="{_HEIGHT}" rx="5"/><text x="{box.x:.0f}" y="{box.y + 4:.0f}">{escape(box.text)}</text>'
    )
