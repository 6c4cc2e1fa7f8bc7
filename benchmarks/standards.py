"""Prints every paper of both examples in every language and size, and asks both checkers.

    python benchmarks/standards.py [language ...]

Takes some minutes. Ends with 1 where a paper is not PDF/A-3a and PDF/UA-1 at once.
"""

from __future__ import annotations

import collections
import datetime
import itertools
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "helpers"))

from pdfs import pages_of, verapdf_says

from vigbook.case.folder import read_case_folder
from vigbook.case.models import Size
from vigbook.cycle.context import CycleContext, open_context
from vigbook.demo.examples import draw_films, lay_out
from vigbook.method.templates import find_templates
from vigbook.paper.conformance import find_faults
from vigbook.paper.printing import print_paper
from vigbook.paper.renderer import PageRenderer
from vigbook.paper.variants import PaperName, Variant

TODAY = datetime.date(2026, 11, 22)
AT_ONCE = 60  # files for one run of veraPDF


def list_languages() -> list[str]:
    """Returns every language that there are words in."""
    places = (place.glob("locale/*/LC_MESSAGES/vigbook.po") for place in find_templates())
    return sorted({"en", *(path.parent.parent.name for found in places for path in found)})


def list_papers(context: CycleContext, languages: list[str]) -> Iterator[Variant]:
    """Yields every paper of a cycle: each for the family and for who receives one, in each size."""
    readers = [None, *(person.id for person in context.case.receivers)]
    of_each: list[tuple[PaperName, str | None]] = [
        *itertools.product(get_args(PaperName)[:2], readers), ("record", None), ("worksheet", None),
    ]  # fmt: skip
    for (name, person), language in itertools.product(of_each, languages):
        for size in get_args(Size):
            yield Variant(name=name, person=person, language=language, size=size)
        if name == "take-home":
            yield Variant(name=name, person=person, language=language, private=True)
            yield Variant(name=name, person=person, language=language, paper="letter")


def main(languages: list[str]) -> int:
    """Prints, checks and counts."""
    with tempfile.TemporaryDirectory() as name, PageRenderer() as renderer:
        root = Path(name)
        papers: dict[Path, str] = {}
        begin = time.perf_counter()
        for example in ("otter", "heron"):
            family = lay_out(root, example)
            draw_films(family)
            command = [str(Path(sys.executable).with_name("vigbook")), "build", str(family)]
            subprocess.run([*command, "--today", f"{TODAY}"], check=True, capture_output=True)
            files = read_case_folder(family)
            for folder in files.cycles:
                context = open_context(files, folder, find_templates(), TODAY)
                for variant in list_papers(context, languages):
                    path = print_paper(context, variant, renderer).path
                    papers[path] = f"{variant.language}"
        seconds = time.perf_counter() - begin
        print(f"{len(papers)} papers printed in {seconds:.0f} s")
        faults = [
            f"{path.relative_to(root)}: {one.standard} {one.rule}: {one.message}"
            for path in papers
            for one in find_faults(path.read_bytes())
        ]
        workshop = root / "workshop"
        workshop.mkdir()
        every = sorted(papers)
        for start in range(0, len(every), AT_ONCE):
            said = verapdf_says(every[start : start + AT_ONCE], workshop)
            faults += [f"{path.relative_to(root)}: {one}" for path in said for one in said[path]]
        counted = collections.Counter(papers.values())
        print("papers by language:", ", ".join(f"{one} {counted[one]}" for one in sorted(counted)))
        print(f"sides: {sum(map(pages_of, every))}; faults: {len(faults)}")
        print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or list_languages()))
