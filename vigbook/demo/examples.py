"""Lays out the example families, their films drawn by code: nobody's child is in them."""

from __future__ import annotations

import shutil
from pathlib import Path

from vigbook.case.folder import write_schemas
from vigbook.errors import OutputError, Problem
from vigbook.outcome import Event, Progress
from vigbook.system.atomic import output_error, publish_bytes

FILMS = {
    "otter/cycle-1/film.mp4": "tea-time",
    "otter/cycle-2/film.mp4": "bedtime",
    "heron/cycle-1/film.mp4": "bricks",
}
"""The example's films, and the scene that each shows."""

_PACKAGED = Path(__file__).parent.parent / "examples"
_CHECKOUT = Path(__file__).parent.parent.parent / "examples"
_WRITTEN = (".yaml", ".jsonl")


def find_examples() -> Path:
    """Returns the folder of example families: the package's, else the checkout's.

    Raises:
        OutputError: neither is there.
    """
    for place in (_PACKAGED, _CHECKOUT):
        if (place / "otter" / "case.yaml").is_file():
            return place
    found = f"no examples in {_PACKAGED} nor in {_CHECKOUT}"
    raise OutputError(Problem(found=found, mend="install vigbook again"))


def lay_out(to: Path, family: str = "otter") -> Path:
    """Copies an example family and its team's file to a folder; what is there already stays.

    Returns:
        The family's folder there.

    Raises:
        OutputError: it cannot be written.
    """
    examples = find_examples()
    sources = [examples / "service.yaml", *sorted((examples / family).rglob("*"))]
    for source in sources:
        target = to / source.relative_to(examples)
        if source.suffix not in _WRITTEN or source.name == "log.jsonl" or target.exists():
            continue
        # In the checkout the examples name the schemas that are committed; here, those beside them.
        text = source.read_text("utf-8").replace("../vigbook/schemas/", ".schemas/")
        publish_bytes(target, text.encode())
    write_schemas(to)
    return to / family


def draw_films(family: Path, progress: Progress = lambda _: None) -> list[Path]:
    """Draws the films of an example family that are not there yet, and returns their paths.

    Raises:
        OutputError: one cannot be written.
    """
    from vigbook.demo.cartoon.film import draw_film  # NumPy and Pillow, for this alone
    from vigbook.demo.cartoon.scenes import SCENES

    drawn = []
    for name, scene in FILMS.items():
        path = family.parent / name
        if not path.is_relative_to(family) or path.exists() or not path.parent.is_dir():
            continue
        progress(Event("drawing", name))
        if shutil.disk_usage(path.parent).free < 100_000_000:
            raise output_error(path, OSError(28, "no space"))
        draw_film(path, SCENES[scene])
        drawn.append(path)
    return drawn
