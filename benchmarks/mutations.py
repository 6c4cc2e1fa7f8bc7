"""Reads thousands of films with bytes changed at random, and tells what came of each.

    python benchmarks/mutations.py [N] [--seed S] [--cut-every K] [--only NUMBER]

Small films of many kinds are drawn, and each of N (2,000) is one of them changed in one to four
ways. It is probed, three stills are taken and a span's frames listed; of every tenth (K) a clip, a
still and the aids are made as well. Nothing may hang, raise anything but an error that can be
told, leave half a file or a process behind, or write to stderr. Films that break a rule are kept;
their numbers make them again. Ends with 1 if there was one.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "helpers"))
from mutations import Step, child_processes, draw_films, mutate, try_film

from benchmarks.footage import describe_load
from vigbook.film.film import Film
from vigbook.film.reader import Reader
from vigbook.system.limits import Limits

LIMITS = Limits(seconds=20, memory_bytes=3 * 1024**3)


@contextlib.contextmanager
def caught_stderr() -> Iterator[Callable[[], str]]:
    """Gives what returns all that was written to stderr, by this process or those it started."""
    # Not a file: the process that reads films may write to none.
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    kept = os.dup(2)
    os.dup2(writing, 2)

    def read() -> str:
        sys.stderr.flush()
        with contextlib.suppress(BlockingIOError):
            return os.read(reading, 1 << 20).decode("utf-8", "replace")
        return ""

    try:
        yield read
    finally:
        os.dup2(kept, 2)
        for one in (reading, writing, kept):
            os.close(one)


class Tally:
    """What came of all films."""

    def __init__(self, kept: Path) -> None:
        self.outcomes: dict[str, collections.Counter[str]] = {}
        self.slowest: dict[str, tuple[float, int]] = {}
        self.falls: collections.Counter[str] = collections.Counter()
        self.faults = 0
        self._kept = kept

    def add(self, number: int, name: str, steps: list[Step], printed: str, content: bytes) -> None:
        """Takes in what came of one film, and says at once what must not be."""
        for step in steps:
            said = re.sub(r"clip-1|'.*'|[0-9:.]{3,}|\b\d+ of \d+\b", "...", step.said)
            counter = self.outcomes.setdefault(step.what, collections.Counter())
            counter["FAULT" if step.fault else said or "well"] += 1
            longest, _ = self.slowest.get(step.what, (0.0, 0))
            if step.seconds > longest:
                self.slowest[step.what] = step.seconds, number
        reasons = why_it_fell(printed)
        fell = sum(step.fell for step in steps)
        for _ in range(fell):
            self.falls[reasons.pop(0) if reasons else "ended from outside, or by its limits"] += 1
        wrong = [f"{step.what}: {step.fault}" for step in steps if step.fault]
        # The process that reads films writes only as it falls; its last words are the reason.
        if reasons or (printed.strip() and not fell):
            wrong.append(f"on stderr: {printed}")
        if wrong or fell:
            (self._kept / f"{number}-{name}").write_bytes(content)
        for one in wrong:
            self.faults += 1
            print(f"FAULT {number} {name}: {one}", flush=True)
        if fell:
            print(f"fell {number} {name}: {' | '.join(why_it_fell(printed))[:300]}", flush=True)

    def show(self, number: int, seconds: float) -> None:
        """Prints the tables."""
        print(f"\n{number} films in {seconds:.0f} s; {describe_load()}\n")
        print("| request | outcome | films |\n|---|---|---:|")
        for what, counter in self.outcomes.items():
            for outcome, count in counter.most_common():
                print(f"| {what} | {outcome} | {count} |")
        print("\n| request | slowest | film |\n|---|---:|---:|")
        for what, (longest, which) in self.slowest.items():
            print(f"| {what} | {longest:.1f} s | {which} |")
        print(f"\nThe process that reads films fell {self.falls.total()} times")
        for reason, count in self.falls.most_common():
            print(f"- {count} times: {reason}")


def why_it_fell(printed: str) -> list[str]:
    """Returns the reasons that Python gave on stderr, as it fell, with the place in vigbook."""
    reasons = []
    for trace in printed.split("Traceback (most recent call last):")[1:]:
        lines = [line for line in trace.splitlines() if line.strip()]
        last = next((line for line in lines if re.match(r"[\w.]*(Error|Exception)\b", line)), "?")
        places = re.findall(r'vigbook/([\w/]+\.py)", line (\d+), in (\w+)', trace)
        place = "{} line {} in {}".format(*places[-1]) if places else "somewhere"
        reasons.append(f"{last.strip()} ({place})")
    return reasons


def main() -> int:
    """Tries all films and prints what came of them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("number", nargs="?", type=int, default=2000)
    parser.add_argument("--seed", default="vigbook")
    parser.add_argument("--cut-every", type=int, default=10)
    parser.add_argument("--only", type=int, action="append", help="one film, by its number")
    asked = parser.parse_args()
    os.environ["VIGBOOK_DEBUG"] = "1"  # so that the process that falls says why
    kept = Path(tempfile.mkdtemp(prefix="vigbook-mutations-"))
    tally = Tally(kept)
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as place, caught_stderr() as printed_since:
        contents = {name: one.read_bytes() for name, one in draw_films(Path(place)).items()}
        names = list(contents)
        numbers = asked.only or range(asked.number)
        with Reader(LIMITS) as reader:
            for number in numbers:
                name = names[number % len(names)]
                content, kinds = mutate(contents[name], f"{asked.seed}-{number}")
                with tempfile.TemporaryDirectory(dir=place) as folder:
                    path = Path(folder, name)
                    path.write_bytes(content)
                    # So that each kind of film has its turn.
                    cut = bool(asked.only) or number // len(names) % asked.cut_every == 0
                    steps = try_film(Film(path, reader), Path(folder, "out"), cut=cut)
                    printed = printed_since()
                tally.add(number, f"{kinds}-{name}".replace(" ", "-"), steps, printed, content)
                if asked.only:
                    print(kinds, *steps, printed, sep="\n")
        left = child_processes()
    if left:
        tally.faults += 1
        print(f"FAULT processes left: {left}")
    tally.show(len(numbers), time.monotonic() - begin)
    if any(kept.iterdir()):
        print(f"\nFilms that made it fall, or broke a rule, are kept: {kept}")
    else:
        kept.rmdir()
    return 1 if tally.faults else 0


if __name__ == "__main__":
    sys.exit(main())
