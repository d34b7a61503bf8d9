"""The drawing of the house, made from the imports of the code: each room on the lowest floor where it can stand."""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from html import escape
from pathlib import Path

ROOT = Path(__file__).parent.parent
Uses = Mapping[str, frozenset[str]]
# They show the rest under one name, or are found before anything is imported.
_NOT_DRAWN = frozenset({"__init__", "__main__", "_lazy", "_version"})
_CHARACTER, _PADDING, _HEIGHT, _GAP, _FLOOR, _MARGIN = 7.4, 18.0, 28, 14, 64, 16


def house_picture() -> str:
    """The rooms of the core and the adapters as SVG; a line leads down to what a room imports, shortest ways alone."""
    uses = rooms()
    floors = _floors(uses)
    widths = {room: len(room) * _CHARACTER + _PADDING for room in uses}
    rows = [
        sorted(room for room in uses if floors[room] == floor) for floor in range(max(floors.values()) + 1)
    ]
    width = max(sum(widths[room] + _GAP for room in row) for row in rows) + 2 * _MARGIN
    height = len(rows) * _FLOOR + _MARGIN
    places: dict[str, tuple[float, float]] = {}
    for floor, row in enumerate(rows):
        left = (width - sum(widths[room] + _GAP for room in row) + _GAP) / 2
        for room in row:
            places[room] = (left + widths[room] / 2, height - _MARGIN - _FLOOR * floor - _HEIGHT / 2)
            left += widths[room] + _GAP
    lines = [
        f'<line x1="{places[room][0]:.0f}" y1="{places[room][1] + _HEIGHT / 2:.0f}"'
        f' x2="{places[used][0]:.0f}" y2="{places[used][1] - _HEIGHT / 2:.0f}"/>'
        for room in sorted(uses)
        for used in sorted(_shortest(uses, room))
    ]
    boxes = [
        f'<rect x="{x - widths[room] / 2:.0f}" y="{y - _HEIGHT / 2:.0f}" width="{widths[room]:.0f}"'
        f' height="{_HEIGHT}" rx="5"/><text x="{x:.0f}" y="{y + 4:.0f}">{escape(room)}</text>'
        for room, (x, y) in sorted(places.items())
    ]
    style = (
        "rect{fill:#f4f1ea;stroke:#8a7f6a}text{font:12px monospace;text-anchor:middle;fill:#222}"
        "line{stroke:#b5aa95}svg{background:#fff}"
    )
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" role="img">',
            f"<title>The rooms of couponhub: what is above uses what is below</title><style>{style}</style>",
            *lines,
            *boxes,
            "</svg>\n",
        ]
    )


def rooms() -> Uses:
    """The rooms of the core that each one imports; both adapters, without their emulators, as one room above."""
    found: dict[str, set[str]] = {}
    for base, name in ((ROOT / "couponhub", ""), (ROOT / "adapters", "adapters")):
        for path in sorted(base.rglob("*.py")):
            inside = path.relative_to(base).with_suffix("").parts
            room = name or ("testing.emulation" if inside[:2] == ("testing", "emulation") else inside[0])
            if room not in _NOT_DRAWN and (not name or "emulator" not in inside):
                found.setdefault(room, set()).update(_imported(ast.parse(path.read_text(encoding="utf-8"))))
    return {room: frozenset(used & found.keys() - {room}) for room, used in found.items()}


def _imported(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return
        case ast.ImportFrom(module=str(module), names=names) if module.partition(".")[0] == "couponhub":
            for name in names:
                parts = [*module.split("."), name.name][1:3]
                yield "testing.emulation" if parts == ["testing", "emulation"] else parts[0]
    for child in ast.iter_child_nodes(node):
        yield from _imported(child)


def _floors(uses: Uses) -> dict[str, int]:
    @cache
    def floor(room: str) -> int:
        return 1 + max((floor(used) for used in uses[room]), default=-1)

    return {room: floor(room) for room in uses}


def _shortest(uses: Uses, room: str) -> set[str]:
    """The rooms that a room imports and reaches through nothing else that it imports."""

    @cache
    def below(one: str) -> frozenset[str]:
        return uses[one].union(*(below(used) for used in uses[one]))

    return {used for used in uses[room] if not any(used in below(other) for other in uses[room])}
