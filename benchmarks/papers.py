"""How long a record and a take-home of 12 stills take, beside nbconvert and Chromium.

    python benchmarks/papers.py [rounds]

The same executed notebook of the example family goes two ways in every round (five): vigbook's
papers, and `jupyter nbconvert --to html` with Chromium's print-to-pdf of that page. Each is timed
in a process that is warm, and as a command, start-up and all. Then the PDFs of both are measured:
size, pages, tags, and both checkers. Prints the table of docs/performance.md,
with the best of all rounds. The processor's seconds are of all processes that took part, and say
more than the clock's on a busy machine.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import psutil
from pypdf import PdfReader

sys.path.append(str(Path(__file__).parents[1]))
sys.path.append(str(Path(__file__).parents[1] / "tests" / "helpers"))
from families import open_first
from live import CHROMIUM, chromium
from pdfs import verapdf_says
from playwright.sync_api import Page

from benchmarks.footage import describe_load
from vigbook.case.folder import read_case_folder
from vigbook.demo.cartoon.film import draw_film
from vigbook.demo.cartoon.scenes import SCENES
from vigbook.demo.examples import FILMS, lay_out
from vigbook.paper.conformance import find_faults
from vigbook.paper.printing import print_paper
from vigbook.paper.renderer import PageRenderer
from vigbook.paper.variants import PaperName, Variant

PICTURES = {"clip-1": (9.6, 12.0, 15.2), "clip-2": (37.6, 41.6, 45.0),
            "clip-3": (89.0, 93.0, 96.6), "clip-4": (105.0, 108.0, 111.0)}  # fmt: skip
PAPERS: tuple[PaperName, ...] = ("record", "take-home")
OTHER = "nbconvert and Chromium"
Spent = tuple[float, float]
"""Seconds of the processor and of the clock."""


def write_family(folder: Path) -> Path:
    """Writes the example's first cycle with four clips of three stills each, built."""
    family = lay_out(folder)
    cycle = family / "cycle-1"
    name = next(iter(FILMS))
    draw_film(family.parent / name, SCENES[FILMS[name]])
    marks = (
        read_case_folder(family, [cycle])
        .cycles[cycle]
        .model.model_dump(mode="json", by_alias=True, exclude_none=True)
    )
    marks["clips"].append({"id": "clip-4", "title": "Down and up", "start": "104", "end": "112"})
    for clip in marks["clips"]:
        clip["stills"] = [
            {"at": at, "alt": f"What is to be seen at {at} seconds."} for at in PICTURES[clip["id"]]
        ]
    (cycle / "cycle.yaml").write_text(json.dumps(marks), "utf-8")
    case = family / "case.yaml"
    case.write_text(case.read_text("utf-8").replace("take-home,", "take-home, service-record,"))
    journal = (cycle / "answers.jsonl").read_text("utf-8").splitlines(keepends=True)
    said = [one.replace('"clip-3.', '"clip-4.') for one in journal if '"clip-3.' in one]
    (cycle / "answers.jsonl").write_text("".join([*journal, *said]), "utf-8")
    run(["-m", "vigbook", "build", str(cycle)])
    return family


def run(arguments: list[str], cwd: Path | None = None) -> None:
    """Runs a Python module as a command."""
    subprocess.run([sys.executable, *arguments], cwd=cwd, check=True, capture_output=True)


def spent_by(work: Callable[[], object]) -> Spent:
    """Returns what some work took of this process, of those it starts, and of those that help."""
    helpers = psutil.Process().children(recursive=True)

    def processor_s() -> float:
        total = sum(os.times()[:4])
        for one in helpers:
            with contextlib.suppress(psutil.NoSuchProcess):
                total += sum(one.cpu_times()[:2])
        return total

    before, begin = processor_s(), time.perf_counter()
    work()
    wall = time.perf_counter() - begin
    return processor_s() - before, wall


def print_with_vigbook(family: Path, name: PaperName, renderer: PageRenderer) -> Path:
    """Prints a paper with all that it takes: consents, letters, the check, publishing it."""
    path = family / "cycle-1" / "print" / f"{name}.pdf"
    path.unlink(missing_ok=True)
    return print_paper(open_first(family), Variant(name=name), renderer).path


def print_as_command(family: Path, name: PaperName) -> None:
    """Prints a paper with `vigbook print`."""
    (family / "cycle-1" / "print" / f"{name}.pdf").unlink(missing_ok=True)
    run(["-m", "vigbook", "print", str(family / "cycle-1"), "--only", name])


def print_with_nbconvert(family: Path, page: Page) -> Path:
    """Prints the workbook with nbconvert's HTML and a Chromium that is open."""
    from nbconvert import HTMLExporter

    cycle = family / "cycle-1"
    exporter = HTMLExporter()
    html, _ = exporter.from_filename(str(cycle / "workbook.ipynb"))
    (cycle / "workbook.html").write_text(html, "utf-8")
    page.goto((cycle / "workbook.html").as_uri(), wait_until="load")
    page.pdf(path=cycle / "workbook.pdf", format="A4", tagged=True, outline=True)
    return cycle / "workbook.pdf"


def nbconvert_as_command(family: Path) -> None:
    """Prints the workbook with `jupyter nbconvert` and `chromium --print-to-pdf`."""
    cycle = family / "cycle-1"
    run(["-m", "nbconvert", "--to", "html", "workbook.ipynb"], cwd=cycle)
    assert CHROMIUM
    subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer",
         "--print-to-pdf=workbook.pdf", (cycle / "workbook.html").as_uri()],
        cwd=cycle, check=True, capture_output=True, timeout=120,
    )  # fmt: skip


@contextlib.contextmanager
def open_page() -> Iterator[Page]:
    """A page of a Chromium that was just started."""
    with chromium() as browser:
        page = browser.new_page()
        page.goto("about:blank")
        yield page


def measure(pdf: Path, workshop: Path) -> str:
    """Returns a PDF's columns of the table: size, pages, tags and what the checkers say."""
    reader = PdfReader(pdf)
    tagged = "yes" if "/StructTreeRoot" in reader.root_object else "no"
    fast = len(find_faults(pdf.read_bytes()))
    vera = verapdf_says([pdf], workshop)[pdf]
    said = ["passes" if not fast else f"{fast} rules broken"]
    said.append("passes" if not vera else f"fails {len(vera)} of 2 standards")
    size = f"{pdf.stat().st_size / 2**20:.2f} MB"
    return f"{size} | {len(reader.pages)} | {tagged} | {said[0]} | {said[1]}"


def main() -> None:
    """Measures both ways and prints a table."""
    logging.getLogger("traitlets").setLevel(logging.ERROR)  # nbconvert: pictures without words
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    warm: dict[str, list[Spent]] = {}
    cold: dict[str, list[Spent]] = {}
    with tempfile.TemporaryDirectory() as name, open_page() as page, PageRenderer() as renderer:
        folder = Path(name)
        family = write_family(folder / "cases")
        pdfs: dict[str, Path] = {
            paper: print_with_vigbook(family, paper, renderer) for paper in PAPERS
        }
        pdfs[OTHER] = print_with_nbconvert(family, page)
        for _ in range(rounds):
            for paper in PAPERS:
                took = spent_by(partial(print_with_vigbook, family, paper, renderer))
                warm.setdefault(paper, []).append(took)
                took = spent_by(partial(print_as_command, family, paper))
                cold.setdefault(paper, []).append(took)
            took = spent_by(lambda: print_with_nbconvert(family, page))
            warm.setdefault(OTHER, []).append(took)
            cold.setdefault(OTHER, []).append(spent_by(lambda: nbconvert_as_command(family)))
        print(f"{describe_load()}; the best of {rounds} rounds\n")
        print(
            "| 12 stills | processor, warm | clock, warm | processor, command | clock, command ",
            end="",
        )
        print(
            "| size | pages | tagged | fast checker | veraPDF |\n|---|"
            + "---:|" * 6
            + "---|---|---|"
        )
        for way, pdf in pdfs.items():
            best = [min(one) for both in (warm, cold)
                      for one in zip(*both[way], strict=True)]  # fmt: skip
            figures = " | ".join(f"{one:.2f} s" for one in best)
            print(f"| {way} | {figures} | {measure(pdf, folder)} |", flush=True)


if __name__ == "__main__":
    main()
