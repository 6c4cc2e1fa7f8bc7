"""Builds ever more small families with one command, and measures what that takes of the machine.

    python benchmarks/growth.py [--plot growth.svg] [--root FOLDER] [10 100 1000]

Each family has a film of two seconds, one clip and one still, and is built cold: what is measured
is not the work but whether it grows. Prints the most memory that the command itself, one of its
workers and all its processes together took, how a worker's grew with the families done, and the
time a family took; and draws both. Linux shares pages between processes: the whole is counted so
that each page counts once (PSS); where that is not told, it is a sum that counts some twice.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path

import imageio_ffmpeg
import psutil

sys.path.append(str(Path(__file__).parents[1] / "tests" / "helpers"))
from families import CASE, SERVICE, TODAY

CYCLE = """\
cycle: 1
film: {file: film.mp4, date: 2026-09-12, place: at home, activity: tea time}
in_shot: [child, mum]
clips:
  - id: clip-1
    title: Waiting for Mia
    start: 00:00:00.800
    end: 00:00:01.200
    initiative: child
    stills:
      - {at: 00:00:01.000, alt: "Mia reaches up and Sam leans in."}
next: {date: 2026-11-28}
"""
ANSWERS = """\
{"v":1,"id":"00000000000000a1","at":"2026-09-20T10:00:00.000Z","prompt":"clip-1.see",\
"value":"She looked up at me.","by":"mum","source":"said"}
"""
PAUSE_S = 0.2  # between two looks
# What a process is, by its command; what a worker starts of its own kind runs a notebook.
KINDS = {"vigbook.paper.renderer": "press", "vigbook.film.reader": "reader", "spawn_main": "worker"}
PARTS = ("command", "worker", "notebook", "press", "reader", "other")


@dataclasses.dataclass(frozen=True, slots=True)
class Look:
    """One look at all processes.

    Attributes:
        at: seconds since the beginning.
        done: families that were built by then.
        parts: the most memory that one process of each kind had, in bytes.
        whole: what all of them had together.
        processes: how many there were.
    """

    at: float
    done: int
    parts: dict[str, int]
    whole: int
    processes: int


@dataclasses.dataclass(frozen=True, slots=True)
class Run:
    """What one command over so many families took."""

    families: int
    seconds: float
    cpu_seconds: float
    looks: list[Look]

    def peak(self, part: str, done: range | None = None) -> int:
        """Returns the most that one process of a kind ever had, or had while so many were done."""
        looks = (one for one in self.looks if done is None or one.done in done)
        return max((one.parts.get(part, 0) for one in looks), default=0)


def write_families(root: Path, count: int) -> list[Path]:
    """Writes so many families with the same small film."""
    root.mkdir(parents=True)
    (root / "service.yaml").write_text(SERVICE, "utf-8")
    film = root / "film.mp4"
    subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin",
         "-f", "lavfi", "-i", "testsrc2=size=160x120:rate=25:duration=2",
         "-f", "lavfi", "-i", "sine=frequency=330:duration=2",
         "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", film],
        check=True,
    )  # fmt: skip
    families = [root / f"family-{number:04}" for number in range(count)]
    for family in families:
        cycle = family / "cycle-1"
        cycle.mkdir(parents=True)
        (family / "case.yaml").write_text(CASE, "utf-8")
        (cycle / "cycle.yaml").write_text(CYCLE, "utf-8")
        (cycle / "answers.jsonl").write_text(ANSWERS, "utf-8")
        shutil.copyfile(film, cycle / "film.mp4")
    return families


def measure(families: Sequence[Path]) -> Run:
    """Builds families with one command, and looks at its processes until it ends."""
    command = [str(Path(sys.executable).with_name("vigbook")), "build", "--today", TODAY]
    begin, before = time.perf_counter(), os.times()
    with tempfile.TemporaryFile() as told:
        process = psutil.Popen(
            [*command, *map(str, families)], stdin=subprocess.DEVNULL, stdout=told, stderr=told
        )
        waiting = [family / "cycle-1" / "print" / "worksheet.pdf" for family in families]
        looks = []
        while process.poll() is None:
            # They are done about in order: a look at the first that are not is enough.
            ahead = waiting[:200]
            waiting = [path for path in ahead if not path.exists()] + waiting[200:]
            done = len(families) - len(waiting)
            looks.append(look(process, time.perf_counter() - begin, done))
            time.sleep(PAUSE_S)
        seconds, after = time.perf_counter() - begin, os.times()
        missing = [path for path in waiting if not path.exists()]
        if process.returncode or missing:
            told.seek(0)
            sys.exit(f"{len(missing)} were not built\n{told.read().decode()[-2000:]}")
    spent = after.children_user + after.children_system
    return Run(len(families), seconds, spent - before.children_user - before.children_system, looks)


def look(command: psutil.Process, at: float, done: int) -> Look:
    """Looks at the memory of a command and of all that it started."""
    parts: dict[str, int] = {}
    whole = processes = 0
    kinds: dict[int, str] = {}
    for process in (command, *_children(command)):
        try:
            kind = "command" if process == command else _kind(process, kinds)
            kinds[process.pid] = kind
            parts[kind] = max(parts.get(kind, 0), process.memory_info().rss)
            whole += _own_share(process)
            processes += 1
        except (psutil.Error, OSError):
            continue  # it has ended meanwhile
    return Look(at, done, parts, whole, processes)


def _children(command: psutil.Process) -> list[psutil.Process]:
    try:
        return list(command.children(recursive=True))
    except psutil.Error:
        return []


def _kind(process: psutil.Process, known: dict[int, str]) -> str:
    line = " ".join(process.cmdline())
    kind = next((kind for mark, kind in KINDS.items() if mark in line), "other")
    # A fork has its parent's command.
    return "notebook" if kind == "worker" and known.get(process.ppid()) == "worker" else kind


def _own_share(process: psutil.Process) -> int:
    try:
        for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return int(process.memory_info().rss)


def print_table(runs: Sequence[Run]) -> None:
    """Prints what each run took, and how a worker grew in the longest."""
    columns = ["command", "worker", "press", "all together"]
    print(f"| families | a family | of the processor | {' | '.join(columns)} |")
    print("|---:|" + "---:|" * (len(columns) + 2))
    for run in runs:
        each = [f"{seconds / run.families:.2f} s" for seconds in (run.seconds, run.cpu_seconds)]
        peaks = [run.peak(part) for part in columns[:-1]] + [max(one.whole for one in run.looks)]
        sizes = [f"{peak / 2**20:.0f} MB" for peak in peaks]
        print(f"| {run.families} | {' | '.join((*each, *sizes))} |")
    run = runs[-1]
    step = max(1, run.families // 10)
    print(f"\nThe most that one process had, while so many of {run.families} were built:\n")
    print(f"| done | {' | '.join(PARTS)} | all together |")
    print("|---:|" + "---:|" * (len(PARTS) + 1))
    for first in range(0, run.families, step):
        done = range(first, first + step)
        whole = max((one.whole for one in run.looks if one.done in done), default=0)
        most = [*(run.peak(part, done) for part in PARTS), whole]
        print(f"| {first + step} | {' | '.join(f'{size / 2**20:.0f} MB' for size in most)} |")


# --- The plot -------------------------------------------------------------------------------

WIDTH, HEIGHT, LEFT, TOP, DEEP = 400, 300, 60, 40, 200
COLOURS = {"all together": "#444444", "worker": "#0b6e3b", "press": "#1f5fa8", "command": "#b4531f"}


def draw(runs: Sequence[Run]) -> str:
    """Returns an SVG: memory over the families done, and the time of each of all runs."""
    run = runs[-1]
    lines = {name: list(_smooth(run, name)) for name in COLOURS}
    high = _round_up(max(size for points in lines.values() for _, size in points))
    text = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12">'
        f'<rect width="{2 * WIDTH}" height="{HEIGHT}" fill="white"/>'
    )
    text += _axes(0, f"Memory (MB) while {run.families} families are built", high, run.families)
    for place, (name, points) in enumerate(lines.items()):
        across = (WIDTH - LEFT - 20) / run.families
        path = " ".join(
            f"{LEFT + done * across:.1f},{TOP + DEEP * (1 - size / high):.1f}"
            for done, size in points
        )
        text += f'<polyline points="{path}" fill="none" stroke="{COLOURS[name]}" stroke-width="2"/>'
        text += (
            f'<text x="{LEFT + 90 * place}" y="{HEIGHT - 8}" fill="{COLOURS[name]}">{name}</text>'
        )
    return text + _bars(runs) + "</svg>\n"


def _smooth(run: Run, name: str) -> Iterator[tuple[int, float]]:
    """Yields the most, in MB, in each sixtieth of the families."""
    step = max(1, run.families // 60)
    for first in range(0, run.families, step):
        looks = [one for one in run.looks if one.done in range(first, first + step)]
        sizes = [one.whole if name == "all together" else one.parts.get(name, 0) for one in looks]
        if sizes:
            yield first, max(sizes) / 2**20


def _axes(left: int, title: str, high: float, last: int | None) -> str:
    begin, end = left + LEFT, left + WIDTH - 20
    text = f'<text x="{begin}" y="20" font-weight="bold">{escape(title)}</text>'
    for part in range(5):
        y = TOP + DEEP * (1 - part / 4)
        text += f'<line x1="{begin}" x2="{end}" y1="{y}" y2="{y}" stroke="#dddddd"/>'
        text += f'<text x="{begin - 6}" y="{y + 4}" text-anchor="end">{high * part / 4:g}</text>'
    for part in range(3 if last else 0):
        x, done = begin + (end - begin) * part / 2, (last or 0) * part / 2
        text += f'<text x="{x}" y="{TOP + DEEP + 18}" text-anchor="middle">{done:g}</text>'
    return text


def _bars(runs: Sequence[Run]) -> str:
    each = [run.seconds / run.families for run in runs]
    high = _round_up(max(each))
    text = _axes(WIDTH, "Seconds a family, by how many are built", high, None)
    wide = (WIDTH - LEFT - 20) / len(runs)
    for place, (run, seconds) in enumerate(zip(runs, each, strict=True)):
        x, tall = WIDTH + LEFT + wide * (place + 0.25), DEEP * seconds / high
        text += f'<rect x="{x:.0f}" y="{TOP + DEEP - tall:.0f}" width="{wide / 2:.0f}" '
        text += f'height="{tall:.0f}" fill="{COLOURS["worker"]}"/>'
        middle = x + wide / 4
        text += f'<text x="{middle:.0f}" y="{TOP + DEEP + 18}" text-anchor="middle">'
        text += f"{run.families}</text>"
        text += f'<text x="{middle:.0f}" y="{TOP + DEEP - tall - 5:.0f}" text-anchor="middle">'
        text += f"{seconds:.2f}</text>"
    return text


def _round_up(value: float) -> float:
    """Returns the next 1, 2 or 4 of a power of ten, or of its like: an axis's end."""
    steps: Iterable[float] = (one * 10**power for power in range(-2, 6) for one in (1, 2, 4, 8))
    return next(step for step in steps if step >= value)


def main() -> None:
    """Builds, measures, prints and draws."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plot", type=Path, help="the SVG to write")
    parser.add_argument("--root", type=Path, help="where the families are made; taken away again")
    parser.add_argument("counts", nargs="*", type=int, default=[10, 100, 1000])
    asked = parser.parse_args()
    runs = []
    for count in sorted(asked.counts):
        with tempfile.TemporaryDirectory(prefix="vigbook-growth-", dir=asked.root) as folder:
            runs.append(measure(write_families(Path(folder) / "cases", count)))
        print(f"{count} families in {runs[-1].seconds:.0f} s", file=sys.stderr)
    print_table(runs)
    if asked.plot:
        asked.plot.write_text(draw(runs), "utf-8")


if __name__ == "__main__":
    main()
