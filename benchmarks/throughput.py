"""How many families an hour: vigbook beside the plain way, in the same run on the same machine.

    python benchmarks/throughput.py [--families N] [--only many|long|unchanged]

`many` builds families with a film of 30 s at 720p, three clips of 4 s and nine stills, cold: by
`benchmarks/plain.sh`, one after the other and two at once, and by `vigbook build`; then each stage
beside the least there is to do. `long` builds one family with a film of 10 minutes at 1080p and
three clips of 20 s. `unchanged` runs the command on 200 families of which none changed, and of
which one was given an answer. Prints the tables of docs/performance.md.
The processor's seconds are of all processes that took part, and say more than the clock's on a busy
machine.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import dataclasses
import json
import math
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import imageio_ffmpeg

sys.path.append(str(Path(__file__).parents[1]))
from benchmarks.floors import ENCODER, FLOORS, measure_stages
from benchmarks.footage import describe_load, phone_film
from benchmarks.service import LONG, SHORT, TINY, TODAY, Marks, copy_film, write_service
from vigbook.film.clips import LONG_SIDE_PX, SOUND_OPTIONS

PLAIN = Path(__file__).with_name("plain.sh")
PLAINLY = "the plain way"
VIGBOOK = "`vigbook build`"
ORIGINAL = f"{VIGBOOK}, `quality: original`"
COMMAND = str(Path(sys.executable).with_name("vigbook"))
MANY, UNCHANGED = 40, 200
_LAST_S = 10
_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER, in linux/prctl.h


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Seconds of the clock, and of the processor by all processes that took part."""

    clock: float
    processor: float


def spend(work: Callable[[], object]) -> Spent:
    """Returns what work took that is done by other processes."""
    before, begin = _reaped_s(), time.perf_counter()
    work()
    clock = time.perf_counter() - begin
    # What a process left running when it ended is ours now (`main`); it ends by itself.
    with contextlib.suppress(ChildProcessError):
        while time.perf_counter() - begin - clock < _LAST_S:
            if not os.waitpid(-1, os.WNOHANG)[0]:
                time.sleep(0.05)
    return Spent(clock=clock, processor=_reaped_s() - before)


def _reaped_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def build_plainly(families: Sequence[Path], at_once: int = 1, encoder: Sequence[str] = ()) -> None:
    """Builds families by `plain.sh`, and sees that all is there.

    Args:
        families: their folders.
        at_once: how many, each by a command of its own.
        encoder: x264's options instead of its defaults.
    """
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "FFMPEG": imageio_ffmpeg.get_ffmpeg_exe(),
        "ENCODER": " ".join(encoder),
    }

    def run(some: Sequence[Path]) -> None:
        done = subprocess.run([PLAIN, *some], env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(run, [families] if at_once == 1 else [[one] for one in families]))
    for family in families:
        made = {path.name for path in (family / "cycle-1" / "plain").iterdir()}
        assert {"review.pdf", "clip-3.mp4", "clip-3-3.jpg"} <= made


def build_with_vigbook(families: Sequence[Path]) -> None:
    """Builds families by one command, and sees that all is there."""
    told = run_build(families)
    assert all(one["ok"] and one["made"] for one in told), told
    for family in families:
        papers = {path.name for path in (family / "cycle-1" / "print").iterdir()}
        assert {"record.pdf", "take-home.pdf", "worksheet.pdf"} <= papers


def run_build(families: Sequence[Path]) -> list[dict[str, object]]:
    """Runs `vigbook build` on families and returns what it told of each."""
    command = [COMMAND, "build", *map(str, families), "--json"]
    done = subprocess.run([*command, "--today", TODAY], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return list(json.loads(done.stdout))


EQUAL = ("-vf", f"scale={LONG_SIDE_PX}:-2", *ENCODER, *SOUND_OPTIONS)
WAYS: dict[str, Callable[[Sequence[Path]], None]] = {
    PLAINLY: build_plainly,
    "the plain way, two at once": partial(build_plainly, at_once=2),
    "the plain way, at our size and preset": partial(build_plainly, encoder=EQUAL),
    "the plain way, at our size and preset, two at once": partial(
        build_plainly, at_once=2, encoder=EQUAL
    ),
    VIGBOOK: build_with_vigbook,
}


def compare(
    ways: dict[str, tuple[Callable[[Sequence[Path]], None], Marks]], films: Sequence[Path]
) -> None:
    """Lets each way build families with these films and prints a table, for one family.

    The two that are to be compared build all of them, the others a quarter.
    """
    took: dict[str, Spent] = {}
    ours = [way for way in ways if way.startswith(VIGBOOK)]
    for way, (build, marks) in ways.items():
        some = films if way in (*ours, PLAINLY) else films[: math.ceil(len(films) / 4)]
        with tempfile.TemporaryDirectory(dir=films[0].parent) as name:
            families = write_service(Path(name, "cases"), some, marks)
            spent = spend(lambda build=build, families=families: build(families))  # type: ignore[misc]
            took[way] = Spent(clock=spent.clock / len(some), processor=spent.processor / len(some))
            print(f"{way}: {took[way]}", file=sys.stderr, flush=True)
    heads = [f"{way} is faster by" for way in ours]
    print("| | clock, a family | processor, a family | " + " | ".join(heads) + " |")
    print("|---|---:|---:|" + "---:|" * len(heads))
    for way, spent in took.items():
        ratios = [f"{spent.clock / took[one].clock:.1f}" for one in ours]
        figures = [f"{one:.2f} s" for one in (spent.clock, spent.processor)]
        print(f"| {way} | " + " | ".join([*figures, *ratios]) + " |", flush=True)


def measure_many(number: int, folder: Path) -> None:
    """Prints how vigbook compares for many families, and each stage beside its floor."""
    films = [
        copy_film(phone_film(30, (1280, 720)), folder / f"{one}.mp4", one) for one in range(number)
    ]
    print(f"\n{number} families, 30 s of 720p each, three clips of 4 s, nine stills; "
          f"{describe_load()}\n")  # fmt: skip
    ways = {way: (build, SHORT) for way, build in WAYS.items()}
    compare({**ways, ORIGINAL: (build_with_vigbook, _in_original(SHORT))}, films)
    families = write_service(folder / "stages", films[: max(2, min(4, number))])
    print("\n| stage | processor, a family | floor | what the floor is |\n|---|---:|---:|---|")
    whole, least = 0.0, 0.0
    for stage, spent, floor in measure_stages(families, SHORT):
        whole, least = whole + spent, least + floor
        print(f"| {stage} | {spent:.2f} s | {floor:.2f} s | {FLOORS[stage]} |", flush=True)
    print(f"| all of these | {whole:.2f} s | {least:.2f} s | |")


def measure_long(folder: Path) -> None:
    """Prints how vigbook compares for one family with a long and large film."""
    film = copy_film(phone_film(), folder / "long.mp4", 1)
    print(f"\nOne family, 10 minutes of 1080p, three clips of 20 s, nine stills; "
          f"{describe_load()}\n")  # fmt: skip
    ways = {way: (build, LONG) for way, build in WAYS.items() if "two" not in way}
    compare({**ways, ORIGINAL: (build_with_vigbook, _in_original(LONG))}, [film])


def _in_original(marks: Marks) -> Marks:
    return dataclasses.replace(marks, quality="original")


def measure_unchanged(number: int, folder: Path, rounds: int = 3) -> None:
    """Prints how long the command takes where nothing changed, and where one answer did."""
    film = phone_film(3, (320, 180))
    films = [copy_film(film, folder / f"{one}.mp4", one) for one in range(number)]
    families = write_service(folder / "unchanged", films, TINY)
    took = {"built": [spend(lambda: build_with_vigbook(families))]}
    for turn in range(rounds):
        took.setdefault("none of them changed", []).append(spend(lambda: check_made(families, [])))
        answered = families[(turn * 67) % number]
        command = [COMMAND, "answer", str(answered), "remember"]
        subprocess.run(
            [*command, f"Again, {turn}.", "--by", "mum"], check=True, capture_output=True
        )
        took.setdefault("one answer changed", []).append(
            spend(lambda one=answered: check_made(families, [one]))  # type: ignore[misc]
        )
    print(f"\n{number} families; {describe_load()}\n")
    print(f"| {number} families | clock, best | clock, median | processor, best |")
    print("|---|---:|---:|---:|")
    for what, all_of_it in took.items():
        clocks = [one.clock for one in all_of_it]
        print(f"| {what} | {min(clocks):.2f} s | {statistics.median(clocks):.2f} s "
              f"| {min(one.processor for one in all_of_it):.2f} s |", flush=True)  # fmt: skip


def check_made(families: Sequence[Path], changed: Sequence[Path]) -> None:
    """Builds families and sees that something was made in those that changed, and no other."""
    told = run_build(families)
    made = {str(one["case"]) for one in told if one["made"]}
    assert made == set(map(str, changed)), made ^ set(map(str, changed))
    assert len(told) == len(families)


def main() -> None:
    """Measures what was asked for and prints tables."""
    parser = argparse.ArgumentParser(description="vigbook beside the plain way")
    families = f"how many; {MANY}, and {UNCHANGED} unchanged ones, where nothing else is said"
    parser.add_argument("--families", type=int, metavar="N", help=families)
    parser.add_argument("--only", choices=["many", "long", "unchanged"])
    asked = parser.parse_args()
    assert shutil.which(os.environ.get("CHROMIUM", "chromium")), "Chromium is not installed"
    if sys.platform == "linux":
        # What a process leaves behind when it ends comes to us, and its time is counted.
        ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    with tempfile.TemporaryDirectory(prefix="vigbook-throughput-") as name:
        if asked.only in (None, "many"):
            measure_many(asked.families or MANY, Path(name))
        if asked.only in (None, "long"):
            measure_long(Path(name))
        if asked.only in (None, "unchanged"):
            measure_unchanged(asked.families or UNCHANGED, Path(name))


if __name__ == "__main__":
    main()
