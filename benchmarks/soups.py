"""Prints a great many pieces of HTML as a team's own cell: `python benchmarks/soups.py [NUMBER]`.

Each of 2,000 is made tidy, laid out and checked. Counts those that are not PDF/A-3a and PDF/UA-1 at
once, and tells how long the slowest took. One that fails is told by its number, with its HTML.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from vigbook.errors import PaperError
from vigbook.method.templates import find_templates
from vigbook.paper.conformance import find_faults
from vigbook.paper.renderer import PageRenderer

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "helpers"))
from soups import make_page, make_soup


def main() -> int:
    """Prints them all, and returns 1 where one fails."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    places = {"print": find_templates()[0] / "print"}
    failed, slowest, begin = 0, 0.0, time.perf_counter()
    with PageRenderer() as renderer:
        for seed in range(number):
            started = time.perf_counter()
            try:
                page = make_page(renderer.tidy_html(make_soup(seed), 3))
                wrong = [one.message for one in find_faults(renderer.lay_out(page, places)[1])]
            except PaperError as err:
                wrong = [str(err)]
            slowest = max(slowest, time.perf_counter() - started)
            if wrong:
                failed += 1
                print(f"{seed}: {wrong[0]}\n    {make_soup(seed)!r}")
    took = time.perf_counter() - begin
    print(f"{number} printed in {took:.0f} s, the slowest in {slowest:.1f} s; {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
