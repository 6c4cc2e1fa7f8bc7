"""Measures each stage of a build of the example, cold and again: `make timings`.

Prints the first table of docs/performance.md. Run it on a quiet machine; every figure is of one
run.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LIMITS = {
    "draw the films": "x264 encoding 2 x 125 s of 720p",
    "start": "loading Python's libraries",
    "check": "opening the film",
    "media": "decoding and encoding 6 clips (15 s each), 9 stills",
    "workbook": "papermill's and nbformat's imports",
    "papers": "WeasyPrint's import in a process of its own, and its layout",
    "whole command": "",
}
ROUNDS = (
    "first build",
    "nothing changed",
    "one answer changed",
)


def timed_build(family: Path) -> dict[str, float]:
    """Returns the seconds of each stage, both cycles together, in a process of its own."""
    code = (
        "import json, sys; from pathlib import Path; from vigbook import batch\n"
        "from vigbook.outcome import Options\n"
        "plans = batch.plan_many([Path(sys.argv[1])], Options())\n"
        "((_, outcomes),) = batch.build_many(plans, Options())\n"
        "assert all(one.ok for one in outcomes), outcomes\n"
        "print(json.dumps([one.seconds for one in outcomes]))"
    )
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code, str(family)], check=True, capture_output=True, text=True
    )
    whole = time.perf_counter() - begin
    spent: dict[str, float] = {}
    for cycle in json.loads(done.stdout):
        for stage, seconds in cycle.items():
            spent[stage] = spent.get(stage, 0.0) + seconds
    return {"start": whole - sum(spent.values()), **spent, "whole command": whole}


def main() -> None:
    """Builds the example three times and prints a table."""
    from vigbook.demo.examples import draw_films, lay_out

    with tempfile.TemporaryDirectory() as name:
        family = lay_out(Path(name))
        begin = time.perf_counter()
        draw_films(family)
        rounds = [{"draw the films": time.perf_counter() - begin, **timed_build(family)}]
        rounds.append(timed_build(family))
        command = [str(Path(sys.executable).with_name("vigbook")), "answer", str(family)]
        subprocess.run([*command, "remember", "She waits for me.", "--by", "mum"], check=True)
        rounds.append(timed_build(family))
    print(f"\n{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}\n")
    print("| stage | " + " | ".join(ROUNDS) + " | what limits it |")
    print("|---|" + "---:|" * len(ROUNDS) + "---|")
    for stage, limit in LIMITS.items():
        figures = [f"{one[stage]:.1f} s" if stage in one else "" for one in rounds]
        print(f"| {stage} | " + " | ".join(figures) + f" | {limit} |")


if __name__ == "__main__":
    main()
