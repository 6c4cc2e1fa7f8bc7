"""Draws the rooms of the package from what they import, and tells what each is for.

The order is the one that import-linter holds; the arrows and words come from the code itself.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import itertools
import random
import tomllib
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path

import grimp

_REPOSITORY = Path(__file__).parent.parent
_BOX_WIDTH, _BOX_HEIGHT = 88, 26
_ROW_HEIGHT = 52
_GAP, _LANE = 18, 12  # between boxes; the width that an arrow takes on its way past a row
_TRIES, _SWEEPS = 60, 16

Edges = dict[str, set[str]]


@dataclasses.dataclass(slots=True)
class _Place:
    """What stands in a row: a room, or an arrow on its way past."""

    room: str | None
    row: int
    x: float = 0.0

    @property
    def width(self) -> int:
        return _BOX_WIDTH if self.room else _LANE


def read_rows() -> list[list[str]]:
    """Returns the rooms from top to bottom, as `pyproject.toml` has their order."""
    settings = tomllib.loads((_REPOSITORY / "pyproject.toml").read_text("utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    (layers,) = (one["layers"] for one in contracts if one["id"] == "rooms")
    return [[name.strip() for name in layer.split("|")] for layer in layers]


def find_imports() -> Edges:
    """Returns which rooms each room imports, in functions and for types too."""
    graph = grimp.build_graph("vigbook", cache_dir=None)
    edges: Edges = {}
    for module in graph.modules - {"vigbook"}:
        room = module.split(".")[1]
        edges.setdefault(room, set())
        for imported in graph.find_modules_directly_imported_by(module) - {"vigbook"}:
            if imported.split(".")[1] != room:
                edges[room].add(imported.split(".")[1])
    return edges


def leave_out_implied(edges: Edges) -> Edges:
    """Returns the imports without those that other arrows already lead to."""

    def below(room: str) -> set[str]:
        return edges[room].union(*(below(one) for one in edges[room]))

    return {
        room: {one for one in found if not any(one in below(other) for other in found)}
        for room, found in edges.items()
    }


def draw_rooms(rows: list[list[str]], edges: Edges) -> str:
    """Returns a drawing that takes its colours from the page, light or dark."""
    grid = [[_Place(room, index) for room in row] for index, row in enumerate(rows)]
    level = {room: index for index, row in enumerate(rows) for room in row}
    box = {place.room: place for row in grid for place in row if place.room}
    arrows: list[list[_Place]] = []
    for room in level:
        for other in sorted(edges.get(room, ()), key=lambda one: (level[one], one)):
            lanes = [_Place(None, index) for index in range(level[room] + 1, level[other])]
            for lane in lanes:
                grid[lane.row].append(lane)
            arrows.append([box[room], *lanes, box[other]])
    _place(grid, arrows)
    left = min(place.x - place.width / 2 for row in grid for place in row) - 4
    right = max(place.x + place.width / 2 for row in grid for place in row) + 4
    parts = [*map(_draw_arrow, arrows), *map(_draw_box, box.values())]
    height = len(rows) * _ROW_HEIGHT - (_ROW_HEIGHT - _BOX_HEIGHT) + 8
    told = "The rooms from top to bottom: " + "; ".join(", ".join(row) for row in rows)
    return (
        f'<svg class="rooms" role="img" aria-label="{escape(told)}" '
        f'viewBox="{left:.0f} -4 {right - left:.0f} {height}" style="max-width: '
        f'{(right - left) * 1.15:.0f}px">\n'
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z"/></marker></defs>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _place(grid: list[list[_Place]], arrows: list[list[_Place]]) -> None:
    """Gives each place its x: of many ways to lay out the rows, the straightest with few crossings.

    The same rooms are always drawn alike.
    """
    steps = [step for arrow in arrows for step in itertools.pairwise(arrow)]
    chance = random.Random(1)
    best: tuple[float, list[tuple[_Place, float]]] | None = None
    for _ in range(_TRIES):
        for row in grid:
            chance.shuffle(row)
            _set_apart(row)
        _settle(grid, steps)
        cost = _count_crossings(steps) * 150 + sum(abs(one.x - other.x) for one, other in steps)
        if best is None or cost < best[0]:
            best = cost, [(place, place.x) for row in grid for place in row]
    for place, x in best[1] if best else ():
        place.x = x


def _settle(grid: list[list[_Place]], steps: list[tuple[_Place, _Place]]) -> None:
    """Moves each place near what it is joined to, and keeps it apart from its neighbours."""
    joined: dict[int, list[_Place]] = {}
    for one, other in steps:
        joined.setdefault(id(one), []).append(other)
        joined.setdefault(id(other), []).append(one)
    for sweep in range(_SWEEPS):
        for row in grid if sweep % 2 else reversed(grid):
            for place in row:
                near = joined.get(id(place), [])
                if near:
                    place.x = 0.95 * sum(one.x for one in near) / len(near)
            row.sort(key=lambda one: one.x)
            _set_apart(row)


def _count_crossings(steps: list[tuple[_Place, _Place]]) -> int:
    by_row: dict[int, list[tuple[_Place, _Place]]] = {}
    for step in steps:
        by_row.setdefault(step[0].row, []).append(step)
    return sum(
        (a.x - c.x) * (b.x - d.x) < 0
        for some in by_row.values()
        for (a, b), (c, d) in itertools.combinations(some, 2)
    )


def _set_apart(row: list[_Place]) -> None:
    """Moves what stands too close together apart, about where it was."""
    middle = sum(place.x for place in row) / len(row)
    for one, other in itertools.pairwise(row):
        other.x = max(other.x, one.x + (one.width + other.width) / 2 + _GAP)
    moved = sum(place.x for place in row) / len(row) - middle
    for place in row:
        place.x -= moved


def _draw_box(place: _Place) -> str:
    left, top = place.x - _BOX_WIDTH / 2, place.row * _ROW_HEIGHT
    return (
        f'<a href="#{_anchor(place.room or "")}"><rect x="{left:.1f}" y="{top}" '
        f'width="{_BOX_WIDTH}" height="{_BOX_HEIGHT}" rx="5"/>'
        f'<text x="{place.x:.1f}" y="{top + 17.5}">{escape(place.room or "")}</text></a>'
    )


def _draw_arrow(arrow: list[_Place]) -> str:
    first, *lanes, last = arrow
    x, y = first.x, first.row * _ROW_HEIGHT + _BOX_HEIGHT
    path = [f"M{x:.1f} {y}"]
    for place in (*lanes, last):
        top = place.row * _ROW_HEIGHT
        half = (top - y) / 2
        path.append(
            f"C{x:.1f} {y + half:.0f} {place.x:.1f} {top - half:.0f} {place.x:.1f} {top - 1}"
        )
        x, y = place.x, top
        if place.room is None:
            y += _BOX_HEIGHT
            path.append(f"V{y}")
    return f'<path class="arrow" marker-end="url(#tip)" d="{" ".join(path)}"/>'


def _anchor(room: str) -> str:
    return "room-" + room.strip("_")


def list_rooms(rows: Iterable[Iterable[str]], edges: Edges) -> str:
    """Returns every room with what it is for and all that it imports."""
    return "\n".join(text for row in rows for room in row for text in _tell(room, edges))


def _tell(room: str, edges: Edges) -> Iterator[str]:
    module = importlib.import_module(f"vigbook.{room}")
    says = " ".join((inspect.getdoc(module) or "").split("\n\n")[0].split())
    rest = (inspect.getdoc(module) or "").split("\n\n")[1:]
    is_room = hasattr(module, "__path__")
    more = " " + " ".join(rest[0].split()) if is_room and rest else ""
    used = sorted(other for other, found in edges.items() if room in found)
    yield f"({_anchor(room)})=\n\n`{room}{'/' if is_room else '.py'}`"
    yield f": {says}{more}\n"
    imports = ", ".join(f"`{one}`" for one in sorted(edges[room])) or "no other"
    users = ", ".join(f"`{one}`" for one in used) or "no other"
    yield f"  Imports {imports}. Imported by {users}.\n"


def write_rooms(folder: Path) -> None:
    """Writes the drawing and the list for the page on the architecture."""
    folder.mkdir(parents=True, exist_ok=True)
    rows, edges = read_rows(), find_imports()
    (folder / "rooms.svg").write_text(draw_rooms(rows, leave_out_implied(edges)), "utf-8")
    (folder / "rooms.md").write_text(list_rooms(rows, edges), "utf-8")
