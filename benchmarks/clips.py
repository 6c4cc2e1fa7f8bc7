"""Cuts three 20 s clips of a ten-minute film, beside ffmpeg by itself and the least there is to do.

    python benchmarks/clips.py [rounds]

Every way has its turn in every round (two). Prints the best of each, and its ratio to the others;
the processor's time too, which says more on a busy machine.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))
from benchmarks.footage import describe_load, films, processor_s, run_ffmpeg
from vigbook.case.models import Clip
from vigbook.film.clips import ENCODER_OPTIONS, LONG_SIDE_PX
from vigbook.film.film import open_film
from vigbook.film.media import build_media

STARTS, SECONDS = (73.4, 288.8, 511.2), 20
OURS, FLOOR = "vigbook's build_media", "decoding alone"


def by_vigbook(film: Path, out: Path) -> None:
    """With all that a build does: hashes, checks, and the manifest."""
    clips = [
        Clip.model_validate({"id": f"clip-{number}", "start": start, "end": start + SECONDS})
        for number, start in enumerate(STARTS, start=1)
    ]
    with open_film(film) as opened:
        built = build_media(opened, film.name, clips, out)
    assert len(built.made) == len(STARTS)
    assert not built.warnings, built.warnings


def by_ffmpeg(*options: str) -> Callable[[Path, Path], None]:
    """Returns what cuts each clip with `-ss`, `-t` and these options, as it comes."""

    def cut(film: Path, out: Path) -> None:
        for number, start in enumerate(STARTS):
            run_ffmpeg("-ss", str(start), "-t", str(SECONDS), "-i", film, *options,
                       *(["-f", "null", "-"] if "null" in options else [out / f"{number}.mp4"]),
                       )  # fmt: skip

    return cut


def decode_alone(film: Path, out: Path) -> None:
    """Decodes the pictures of those spans, and nothing more."""
    assert out
    for start in STARTS:
        run_ffmpeg("-ss", str(start), "-t", str(SECONDS), "-i", film, "-map", "0:v",
                   "-f", "null", "-")  # fmt: skip


WAYS: dict[str, Callable[[Path, Path], None]] = {
    OURS: by_vigbook,
    "ffmpeg -ss -t -c:v libx264": by_ffmpeg("-c:v", "libx264"),
    "the same, at our size and preset": by_ffmpeg(
        "-vf", f"scale={LONG_SIDE_PX}:-2", "-c:v", "libx264", *ENCODER_OPTIONS,
        "-c:a", "aac", "-b:a", "128k", "-movflags", "+faststart",
    ),
    FLOOR: decode_alone,
}  # fmt: skip


def main() -> None:
    """Measures both films and prints what was found."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    for name, film in films().items():
        print(f"\n{name}: {describe_load()}\n")
        took: dict[str, list[float]] = {}
        spent: dict[str, list[float]] = {}
        for turn in range(rounds):
            ways = list(WAYS.items())
            for way, cut in ways[turn % len(ways) :] + ways[: turn % len(ways)]:
                with tempfile.TemporaryDirectory() as out:
                    begin, before = time.perf_counter(), processor_s()
                    cut(film, Path(out))
                    spent.setdefault(way, []).append(processor_s() - before)
                    took.setdefault(way, []).append(time.perf_counter() - begin)
        print(f"| three clips of {SECONDS} s | best | median | vigbook to it ", end="")
        print("| processor | vigbook to it |\n|---|---:|---:|---:|---:|---:|")
        for way in WAYS:
            best, least = min(took[way]), min(spent[way])
            row = f"| {way} | {best:.1f} s | {statistics.median(took[way]):.1f} s "
            row += f"| {min(took[OURS]) / best:.2f} "
            print(f"{row}| {least:.1f} s | {min(spent[OURS]) / least:.2f} |")


if __name__ == "__main__":
    main()
