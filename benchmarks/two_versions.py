"""Whether a newer vigbook is slower than an older one: both installed, timed in turn in one run.

    python benchmarks/two_versions.py OLDER_PYTHON NEWER_PYTHON [--rounds 5] [--families 6]

Each Python has a vigbook of its own. In every round each builds the same families anew, and opens
the same built workbook in Chromium up to the first prompt that can be typed in; who begins changes
from round to round. Prints medians and their ratio; run it on a quiet machine.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Browser

sys.path += [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "tests" / "helpers")]

from live import chromium, free_port, page_of

from benchmarks.footage import phone_film
from benchmarks.opening import until_prompt
from benchmarks.service import SHORT, TODAY, write_service

SIZE = (1280, 720)


def build(python: str, families: Sequence[Path]) -> float:
    """Returns the seconds of one command that builds families of which nothing is made yet."""
    begin = time.perf_counter()
    run(python, "build", *map(str, families), "--json", "--today", TODAY)
    return time.perf_counter() - begin


def open_first_prompt(python: str, family: Path, browser: Browser) -> float:
    """Returns the seconds from the command to the first prompt that can be typed in."""
    port = str(free_port())
    command = [python, "-P", "-m", "vigbook", "open", str(family / "cycle-1"), "--today", TODAY]
    begin = time.perf_counter()
    with subprocess.Popen(
        [*command, "--no-browser", "--port", port], stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout
            address = server.stdout.readline().strip()
            with page_of(browser, "two versions") as page:
                until_prompt(page, address)
            return time.perf_counter() - begin
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(30)


def run(python: str, *arguments: str) -> None:
    """Runs a command of the vigbook that this Python has."""
    done = subprocess.run(
        [python, "-P", "-m", "vigbook", *arguments], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def main() -> None:
    """Measures and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pythons", nargs=2, metavar="PYTHON")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--families", type=int, default=6)
    asked = parser.parse_args()
    spent: dict[str, dict[str, list[float]]] = {"build": {}, "first prompt": {}}
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        film = phone_film(30, SIZE)
        opened = write_service(Path(name) / "open", [film], SHORT)
        for python in asked.pythons:  # each finds there what it has made itself
            shutil.copytree(opened[0].parent, Path(name) / python.strip("/").replace("/", "-"))
        own = {
            python: Path(name) / python.strip("/").replace("/", "-") / opened[0].name
            for python in asked.pythons
        }
        for python, family in own.items():
            run(python, "build", str(family), "--today", TODAY)
        for number in range(asked.rounds):
            for python in asked.pythons[:: 1 if number % 2 else -1]:
                folder = Path(name) / "cold"
                families = write_service(folder, [film] * asked.families, SHORT)
                spent["build"].setdefault(python, []).append(build(python, families))
                shutil.rmtree(folder)
                seconds = open_first_prompt(python, own[python], browser)
                spent["first prompt"].setdefault(python, []).append(seconds)
    print("| what | older | newer | newer / older |")
    print("|---|---:|---:|---:|")
    for what, by_python in spent.items():
        older, newer = (statistics.median(by_python[one]) for one in asked.pythons)
        print(f"| {what} | {older:.2f} s | {newer:.2f} s | {newer / older:.2f} |")


if __name__ == "__main__":
    main()
