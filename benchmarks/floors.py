"""What each stage of a build costs, and the least that an ideal program would still have to do.

Times are of the processor, in seconds a family, in a process that is warm: what is left between a
stage and its floor is what could still be saved. `throughput.py` prints them.
"""

from __future__ import annotations

import contextlib
import datetime
import io
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image

sys.path.append(str(Path(__file__).parents[1]))
from benchmarks.footage import processor_s, run_ffmpeg
from benchmarks.service import TODAY, Marks
from vigbook import pipeline
from vigbook.case.folder import read_case_folder
from vigbook.cycle.context import CycleContext, open_context
from vigbook.film.clips import ENCODER_OPTIONS, LONG_SIDE_PX, SOUND_OPTIONS
from vigbook.film.media import STILL_QUALITY, build_media
from vigbook.film.reader import Reader
from vigbook.method.templates import find_templates
from vigbook.outcome import Outcome
from vigbook.paper import pdf
from vigbook.paper.renderer import PageRenderer
from vigbook.workbook.build import build_workbook, kernel_environment
from vigbook.workbook.shell import run_cells

ENCODER = ("-c:v", "libx264", "-bf", "0", *ENCODER_OPTIONS)
Page = tuple[str, tuple[Any, ...]]
"""The HTML of a page, and what else WeasyPrint is given."""

FLOORS = {
    "read and check the case": "",
    "the film's clips": "decoding the clips' pictures in one go; x264 alone from raw pictures; "
    "AAC alone",
    "stills": "writing their JPEGs: a clip's pictures are decoded already",
    "workbook": "a fork that runs the cells",
    "papers": "WeasyPrint's `write_pdf` of each page as it was printed",
}


def open_family(family: Path) -> CycleContext:
    """Returns a family's first cycle with all that is known of it."""
    folder = family / "cycle-1"
    day = datetime.date.fromisoformat(TODAY)
    return open_context(read_case_folder(family, [folder]), folder, find_templates(), day)


def measure_stages(families: Sequence[Path], marks: Marks) -> Iterator[tuple[str, float, float]]:
    """Yields each stage, what vigbook takes for it and its floor, in seconds a family.

    Args:
        families: with nothing built. The first only warms up what the others are measured by.
        marks: what is cut from their films.
    """
    spent = dict.fromkeys(FLOORS, 0.0)
    floors = dict.fromkeys(FLOORS, 0.0)
    with Reader() as reader:
        for number, family in enumerate(families):
            ours, pages = _build(family, reader)
            least = _floors(family, marks, pages)
            for stage in FLOORS if number else ():
                spent[stage] += ours[stage]
                floors[stage] += least[stage]
    for stage in FLOORS:
        yield stage, spent[stage] / (len(families) - 1), floors[stage] / (len(families) - 1)


def _timed(work: Callable[[], Any]) -> float:
    before = processor_s()
    work()
    return processor_s() - before


def _build(family: Path, reader: Reader) -> tuple[dict[str, float], list[Page]]:
    """Builds a family stage by stage; returns what each took, and the pages that were laid out."""
    spent: dict[str, float] = {}
    before = processor_s()
    context = open_family(family)
    outcome = Outcome(case=str(family))
    film, facts = pipeline.check_film(context, reader, outcome)
    spent["read and check the case"] = processor_s() - before
    clips = context.cycle.clips
    bare = [clip.model_copy(update={"stills": ()}) for clip in clips]
    cut = partial(build_media, film, film.path.name, folder=context.media, facts=facts)
    spent["the film's clips"] = _timed(partial(cut, bare))
    spent["stills"] = _timed(partial(cut, clips))
    spent["workbook"] = _timed(lambda: build_workbook(context))
    context = open_family(family)
    with _watched_press() as pages:
        spent["papers"] = _timed(partial(pipeline.print_papers, context, outcome))
    assert outcome.ok, outcome
    return spent, pages


@contextlib.contextmanager
def _watched_press() -> Iterator[list[Page]]:
    """Gives the pages that the renderer lays out and paints in a block."""
    painted: list[Page] = []
    usual = PageRenderer.lay_out

    def lay_out(self: PageRenderer, html: str, *more: Any) -> tuple[int, bytes]:
        sides, content = usual(self, html, *more)
        if content:
            painted.append((html, more))
        return sides, content

    PageRenderer.lay_out = lay_out  # type: ignore[method-assign,assignment]
    try:
        yield painted
    finally:
        PageRenderer.lay_out = usual  # type: ignore[method-assign]


def _floors(family: Path, marks: Marks, pages: Sequence[Page]) -> dict[str, float]:
    film = family / "cycle-1" / "film.mp4"
    return {
        "read and check the case": 0.0,
        "the film's clips": _cut(film, marks),
        "stills": _write_stills(family / "cycle-1" / "media"),
        "workbook": _run_cells(open_family(family)),
        "papers": sum(_timed(partial(pdf.lay_out, html, *more)) for html, more in pages),
    }


def _cut(film: Path, marks: Marks) -> float:
    spans = [("-ss", str(start), "-t", str(marks.seconds), "-i", film) for start in marks.starts]
    inputs = [one for span in spans for one in span]
    pictures = [one for number in range(len(spans)) for one in ("-map", f"{number}:v")]
    spent = _timed(lambda: run_ffmpeg(*inputs, *pictures, "-f", "null", "-"))
    with tempfile.TemporaryDirectory() as name:
        raw, sound = Path(name, "raw.nut"), Path(name, "sound.wav")
        for span in spans:
            scale = f"scale={LONG_SIDE_PX}:-2"
            run_ffmpeg(*span, "-map", "0:v", "-vf", scale, "-c:v", "rawvideo", raw)
            run_ffmpeg(*span, "-map", "0:a", "-ac", "2", sound)
            reading = _timed(partial(run_ffmpeg, "-i", raw, "-f", "null", "-"))
            spent += _timed(partial(run_ffmpeg, "-i", raw, *ENCODER, "-f", "null", "-")) - reading
            spent += _timed(partial(run_ffmpeg, "-i", sound, *SOUND_OPTIONS, "-f", "null", "-"))
    return spent


def _write_stills(media: Path) -> float:
    pictures = []
    for path in sorted(media.glob("*.jpg")):
        with Image.open(path) as picture:
            pictures.append(picture.convert("RGB"))

    def write() -> None:
        for picture in pictures:
            picture.save(io.BytesIO(), "JPEG", quality=STILL_QUALITY)

    return _timed(write)


def _run_cells(context: CycleContext) -> float:
    """Runs the method's notebook in a fork, without papermill and without writing it."""
    notebook = json.loads(context.method.notebook("shared-review").read_bytes())
    cells = [{**cell, "source": "".join(cell["source"])} for cell in notebook["cells"]]
    for cell in cells:
        if "parameters" in cell["metadata"].get("tags", ()):
            cell["source"] += f'\ncase, cycle = "..", {context.cycle.cycle}'
    failed: list[Any] = []

    def run() -> None:
        child = os.fork()
        if not child:
            os.environ.update(kernel_environment(context))
            os.chdir(context.folder)
            status = 1
            try:
                told: list[Any] = []
                with tempfile.TemporaryDirectory() as folder:
                    tell = lambda *what: told.append(what)  # noqa: E731
                    run_cells(cells, tell, folder=folder, allow_errors=False, widgets=False)
                status = int(any(one[2]["failed"] for one in told if one[0] == "cell"))
            finally:
                os._exit(status)
        failed.append(os.waitpid(child, 0)[1])

    spent = _timed(run)
    assert failed == [0]
    return spent
