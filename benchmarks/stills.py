"""Takes ten stills of a ten-minute film, by vigbook and in the other ways there are.

    python benchmarks/stills.py [rounds]

Every way has its turn in every round (seven), so that a busy moment falls on all of them alike.
Prints the best and the median of each, and the processor's time, which says more on a busy
machine; how many frames vigbook decodes, and how many must be because of where the key frames are.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any
from unittest import mock

import av
import imageio.v3 as iio
import imageio_ffmpeg

sys.path.append(str(Path(__file__).parents[1]))
import vigbook.film.decode
from benchmarks.footage import describe_load, films, processor_s
from vigbook.film.film import Film, open_film
from vigbook.film.media import STILL_LONG_SIDE_PX, STILL_QUALITY, write_picture
from vigbook.film.probe import OpenContainer, open_container
from vigbook.timecode import Timecode

TIMES = [
    Timecode(Fraction(ms, 1000))
    for ms in (21370, 83910, 139130, 207770, 251590, 318230, 377410, 439970, 502610, 571190)
]
PRINT_SIZE = (STILL_LONG_SIDE_PX, 788)
BARE, ONE_FFMPEG = "a bare PyAV loop", "one ffmpeg process with ten -ss"
OURS = "vigbook"


def by_vigbook(film: Film, out: Path, long_side: int | None) -> None:
    """As a build takes them: each is written while the next is read."""
    for number, shown in enumerate(film.iter_frames(TIMES, long_side=long_side)):
        write_picture(out / f"{number}.jpg", shown.picture)


def by_new_process(path: Path, out: Path, long_side: int | None) -> None:
    """The same, by a process that is started for it."""
    with open_film(path) as film:
        by_vigbook(film, out, long_side)


def by_find_frames(film: Film, out: Path, long_side: int | None) -> None:
    """All are read, and then written."""
    for number, shown in enumerate(film.find_frames(TIMES, long_side=long_side)):
        write_picture(out / f"{number}.jpg", shown.picture)


def by_bare_loop(film: Path, out: Path, size: tuple[int, int] | None) -> None:
    """The shortest loop that finds the frame on screen, with the colours PyAV gives."""
    scaled: dict[str, Any] = {"width": size[0], "height": size[1]} if size else {}
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        for number, at in enumerate(TIMES):
            pts = int(at.seconds / (stream.time_base or 1))
            container.seek(pts, stream=stream, backward=True)
            shown = None
            for frame in container.decode(stream):
                if shown is not None and (frame.pts or 0) > pts:
                    break
                shown = frame
            assert shown is not None
            picture = shown.to_ndarray(format="rgb24", **scaled)
            name = out / f"{number}.jpg"
            iio.imwrite(name, picture, plugin="pillow", quality=STILL_QUALITY)
        stream.codec_context.flush_buffers()


def by_one_ffmpeg(film: Path, out: Path, size: tuple[int, int] | None) -> None:
    """Ten inputs, ten outputs."""
    inputs, outputs = [], []
    for number, at in enumerate(TIMES):
        inputs += ["-ss", f"{float(at.seconds)}", "-i", str(film)]
        outputs += ["-map", f"{number}:v", *_one_picture(size), str(out / f"{number}.jpg")]
    _run([*inputs, *outputs])


def by_ten_ffmpeg(film: Path, out: Path, size: tuple[int, int] | None) -> None:
    """One process a still, one after the other."""
    for number, at in enumerate(TIMES):
        _run(["-ss", f"{float(at.seconds)}", "-i", str(film), *_one_picture(size),
              str(out / f"{number}.jpg")])  # fmt: skip


def _one_picture(size: tuple[int, int] | None) -> list[str]:
    scale = ["-vf", f"scale={size[0]}:{size[1]}"] if size else []
    return ["-frames:v", "1", "-q:v", "2", *scale]


def _run(arguments: list[str]) -> None:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-v", "error", "-nostdin"]
    subprocess.run([*command, *arguments], check=True)


# --- How many frames are decoded ------------------------------------------------------------


@dataclasses.dataclass
class Count:
    """What went into a decoder and what came out of it.

    Attributes:
        given: packets that the decoder was given to decode.
        passed_over: packets it was given when told to skip what no frame is made of, and that
            hold such a picture: it looks at their header only.
        came_out: frames.
    """

    given: int = 0
    passed_over: int = 0
    came_out: int = 0


class _Counting:
    """Stands before an object of PyAV, and lets all but what is counted through."""

    def __init__(self, real: Any, count: Count) -> None:
        vars(self).update(real=real, count=count)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.real, name, value)


class _Context(_Counting):
    def decode(self, packet: Any) -> Any:
        packet = packet.real if isinstance(packet, _Packet) else packet
        if packet is not None and packet.size:
            skips = self.real.skip_frame == "NONREF" and not _is_reference(packet)
            self.count.passed_over += skips
            self.count.given += not skips
        frames = self.real.decode(packet)
        self.count.came_out += len(frames)
        return frames


class _Packet(_Counting):
    def decode(self) -> Any:
        return _Context(self.real.stream.codec_context, self.count).decode(self.real)


class _Stream(_Counting):
    @property
    def codec_context(self) -> Any:
        return _Context(self.real.codec_context, self.count)


class _Container(_Counting):
    def seek(self, offset: int, *, stream: Any, **more: Any) -> None:
        self.real.seek(offset, stream=getattr(stream, "real", stream), **more)

    def demux(self, stream: Any) -> Iterator[Any]:
        for packet in self.real.demux(getattr(stream, "real", stream)):
            yield _Packet(packet, self.count)


def _is_reference(packet: Any) -> bool:
    """Tells whether an H.264 packet of an mp4 holds a picture that others may be made of."""
    content, at = bytes(packet), 0
    while at + 5 <= len(content):
        size, header = int.from_bytes(content[at : at + 4], "big"), content[at + 4]
        if header & 31 in (1, 5):  # a slice: ITU-T H.264, table 7-1
            return bool(header >> 5 & 3)
        at += 4 + size
    return True


def count_decoded(film: Path) -> Count:
    """Returns what vigbook's own code asks of the decoder, run in this process."""
    count = Count()

    @contextlib.contextmanager
    def open_counting(path: Path) -> Iterator[OpenContainer]:
        with open_container(path) as real:
            container: Any = _Container(real.container, count)
            stream: Any = _Stream(real.stream, count)
            yield dataclasses.replace(real, container=container, stream=stream)

    with mock.patch.object(vigbook.film.decode, "open_container", open_counting):
        assert len(list(vigbook.film.decode.iter_frames(film, TIMES))) == len(TIMES)
    return count


def count_demanded(film: Path) -> int:
    """Returns how many packets lie, in decoding order, from key frames to the frames wanted."""
    demanded: set[int] = set()
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        packets = [one for one in container.demux(stream) if one.pts is not None]
    base = stream.time_base or Fraction(1)
    for at in TIMES:
        shown = max(one.pts or 0 for one in packets if (one.pts or 0) * base <= at.seconds)
        last = next(number for number, one in enumerate(packets) if one.pts == shown)
        first = max(number for number, one in enumerate(packets[: last + 1]) if one.is_keyframe)
        demanded |= set(range(first, last + 1))
    return len(demanded)


# --- The run --------------------------------------------------------------------------------


Took = dict[str, dict[str, list[tuple[float, float]]]]
"""Of each size and way, in each round: the seconds on the clock and those of the processor."""


def measure(path: Path, rounds: int) -> Took:
    """Takes the stills in every way, at full size and as printed."""
    took: Took = {}
    with tempfile.TemporaryDirectory() as name, open_film(path) as film:
        out = Path(name)
        film.find_frames(TIMES[:1])  # it is started now
        ways: list[tuple[str, str, Callable[[], None]]] = []
        for label, size in (("1920x1080", None), (f"{PRINT_SIZE[0]}x{PRINT_SIZE[1]}", PRINT_SIZE)):
            long_side = size[0] if size else None
            ways += [
                (label, OURS, functools.partial(by_vigbook, film, out, long_side)),
                (label, f"{OURS}, all read before any is written",
                 functools.partial(by_find_frames, film, out, long_side)),
                (label, f"{OURS}, its process started too",
                 functools.partial(by_new_process, path, out, long_side)),
                (label, BARE, functools.partial(by_bare_loop, path, out, size)),
                (label, ONE_FFMPEG, functools.partial(by_one_ffmpeg, path, out, size)),
                (label, "ten ffmpeg processes", functools.partial(by_ten_ffmpeg, path, out, size)),
            ]  # fmt: skip
        for turn in range(rounds):
            # Who comes first is another one each time.
            for label, way, run in ways[turn % len(ways) :] + ways[: turn % len(ways)]:
                begin, before = time.perf_counter(), processor_s()
                run()
                spent = processor_s() - before
                rows = took.setdefault(label, {}).setdefault(way, [])
                rows.append((time.perf_counter() - begin, spent))
    return took


def show(took: Took) -> str:
    """Returns a table."""
    rows = [
        "| size | way | best | to the bare loop | median | to it | processor | to it |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    for label, ways in took.items():
        bare = _figures(ways[BARE])
        for way, rounds in ways.items():
            cells = [f"{one:.2f} s | {one / of:.2f}"
                     for one, of in zip(_figures(rounds), bare, strict=True)]  # fmt: skip
            rows.append(f"| {label} | {way} | {' | '.join(cells)} |")
    return "\n".join(rows)


def _figures(rounds: list[tuple[float, float]]) -> tuple[float, float, float]:
    """Returns the best and the median on the clock, and the least of the processor."""
    clock = [one for one, _ in rounds]
    return min(clock), statistics.median(clock), min(spent for _, spent in rounds)


def main() -> None:
    """Measures both films and prints what was found."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    for name, film in films().items():
        count, demanded = count_decoded(film), count_demanded(film)
        print(f"\n{name}: {describe_load()}\n")
        print(f"Key frames demand {demanded} frames. vigbook decoded {count.given}, ", end="")
        print(f"and passed over {count.passed_over}; {count.came_out} came out of the decoder.\n")
        print(show(measure(film, rounds)))


if __name__ == "__main__":
    main()
