"""Copies random spans of films of many kinds, and judges every clip by decoding it.

    python benchmarks/original.py [spans a film] [seed]

Each clip is decoded by PyAV and by ffmpeg: all pictures that are due, in order, at their times,
and none else in the file's bytes; those copied are the film's to the last bit, the others within
40 dB of it. Prints a table; ends with 1 if anything was wrong.
"""

from __future__ import annotations

import collections
import hashlib
import math
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray

from vigbook.film.smart_cut import copy_clip
from vigbook.timecode import Span, Timecode

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "helpers"))
from films import Numbered, find_numbered, paint_number

BT709 = (
    "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,"
    "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"
)
SMALL, HD = (320, 180), (1920, 1080)
NTSC = Fraction(30000, 1001)

# name: seconds, rate, size, options of ffmpeg, and of x264
FILMS: dict[str, tuple[float, Fraction, tuple[int, int], list[str], str]] = {
    "gop 12": (12, Fraction(25), SMALL, ["-bf", "0"], "keyint=12"),
    "gop 25, 1 B": (12, Fraction(25), SMALL, ["-bf", "1"], "keyint=25:min-keyint=25"),
    "pyramid": (16, Fraction(25), SMALL, [], "keyint=48:bframes=3:b-pyramid=normal:ref=5"),
    "strict pyramid": (16, Fraction(25), SMALL, [], "keyint=30:bframes=3:b-pyramid=strict:ref=3"),
    "many B": (16, Fraction(25), SMALL, [], "keyint=60:bframes=8:b-adapt=2:ref=4"),
    "gop 250": (40, Fraction(25), SMALL, ["-bf", "2"], "keyint=250:scenecut=0"),
    "scene cuts": (16, Fraction(25), SMALL, [], "keyint=100:min-keyint=3:bframes=3"),
    "weighted": (12, Fraction(25), SMALL, ["-vf", "fade=out:60:60"], "keyint=40:weightp=2:ref=5"),
    "slices": (12, Fraction(25), SMALL, [], "keyint=25:slices=4:bframes=2"),
    "baseline": (12, Fraction(25), SMALL, ["-profile:v", "baseline"], "keyint=30"),
    "main": (12, Fraction(25), SMALL, ["-profile:v", "main"], "keyint=30:bframes=2"),
    "CAVLC": (12, Fraction(25), SMALL, [], "keyint=30:cabac=0:bframes=3"),
    "29.97": (14, NTSC, SMALL, [], "keyint=30:bframes=2"),
    "29.97, 600.mov": (14, NTSC, SMALL, ["-video_track_timescale", "600"], "keyint=30:bframes=2"),
    "59.94": (10, 2 * NTSC, SMALL, [], "keyint=60:bframes=3:b-pyramid=normal"),
    "120": (8, Fraction(120), SMALL, ["-bf", "0"], "keyint=60"),
    "uneven": (16, Fraction(30), SMALL,
               ["-vf", "select='gt(random(7),0.3)',settb=1/90000", "-fps_mode", "passthrough",
                "-enc_time_base", "1:90000"], "keyint=30:bframes=3"),
    "uneven, long holes": (16, Fraction(30), SMALL,
                           ["-vf", "select='gt(random(7),0.3)*not(between(mod(n,90),40,75))',"
                            "settb=1/90000", "-fps_mode", "passthrough",
                            "-enc_time_base", "1:90000"], "keyint=20:bframes=2"),
    "uneven, no B": (16, Fraction(30), SMALL,
                     ["-vf", "select='gt(random(7),0.3)',settb=1/90000", "-fps_mode", "passthrough",
                      "-enc_time_base", "1:90000"], "keyint=30:bframes=0"),
    "late start": (12, Fraction(25), SMALL, ["-vf", "setpts=PTS+0.7/TB"], "keyint=25:bframes=2"),
    "headers inside": (12, Fraction(25), SMALL, [], "keyint=25:repeat-headers=1:aud=1:bframes=2"),
    "hrd": (12, Fraction(25), SMALL, ["-maxrate", "2M", "-bufsize", "2M"],
            "keyint=25:nal-hrd=vbr:bframes=2:pic-struct=1"),
    "all intra": (6, Fraction(25), SMALL, [], "keyint=1"),
    "slow": (12, Fraction(25), SMALL, ["-preset", "slow"], "keyint=50"),
    "fragmented": (12, Fraction(25), SMALL, ["-movflags", "frag_keyframe+empty_moov"],
                   "keyint=25:bframes=2"),
    "720p": (8, Fraction(25), (1280, 720), [], "keyint=50:bframes=3"),
    "1080p": (6, Fraction(25), HD, [], "keyint=25:bframes=3"),
    "1080p, superfast": (6, NTSC, HD, ["-preset", "superfast"], "keyint=30"),
    "gop 500": (40, Fraction(25), SMALL, [], "keyint=500:scenecut=0"),
    "open gop": (12, Fraction(25), SMALL, [], "keyint=25:open-gop=1:bframes=3"),
    "rolling refresh": (12, Fraction(25), SMALL, ["-bf", "0"], "keyint=25:intra-refresh=1"),
    "interlaced": (12, Fraction(25), SMALL, [], "keyint=25:tff=1"),
}  # fmt: skip
SOUNDING = ("pyramid", "29.97", "uneven", "late start", "720p", "1080p", "gop 250")
REFUSED = ("interlaced",)  # of the two before it, only what begins with the film can be copied


def paint(number: int, size: tuple[int, int], noise: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Returns a picture that tells its number over something that moves and is hard to guess."""
    width, height = size
    picture = paint_number(number, width, height)
    top = height // 3
    band = np.roll(noise, (number * 3 % 50, number * 7), (0, 1))[: height - top, :width]
    picture[top:] = (picture[top:] // 2) + band // 3
    x = number * 11 % (width - 40)
    picture[top + 20 : top + 50, x : x + 40] = (255, 200, 0) if number // 40 % 2 else (0, 90, 255)
    return picture


def draw(path: Path, name: str) -> None:
    """Draws one of the films."""
    seconds, rate, size, options, x264 = FILMS[name]
    rng = np.random.default_rng(1)
    small = rng.integers(0, 255, (size[1] // 4 + 60, size[0] // 4 + 1, 3), np.uint8)
    noise = small.repeat(4, 0).repeat(4, 1)
    tone = ["-f", "lavfi", "-i", f"sine=330:duration={seconds}"] if name in SOUNDING else []
    filters = [*(options[at + 1] for at, one in enumerate(options) if one == "-vf"), BT709]
    command = [
        imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-v", "error", "-f", "rawvideo", "-pix_fmt", "rgb24",
        "-s", f"{size[0]}x{size[1]}", "-r", str(rate), "-i", "-", *tone, "-preset", "veryfast",
        "-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", "23", *options,
        "-vf", ",".join(filters), "-x264-params", x264, "-c:a", "aac", str(path),
    ]  # fmt: skip
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin
        for number in range(int(seconds * rate)):
            process.stdin.write(paint(number, size, noise).tobytes())
    assert process.returncode == 0


def frame_at(path: Path, time: Fraction) -> NDArray[Any]:
    """Returns the samples of the picture that comes up at a time, sought from its key frame."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        pts = int(time / (stream.time_base or 1))
        container.seek(pts, stream=stream)
        return next(one for one in container.decode(stream) if one.pts == pts).to_ndarray()


def units_of(path: Path) -> Iterator[tuple[Fraction, list[bytes]]]:
    """Returns when each packet's picture comes up, and the units in it."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        for packet in container.demux(stream):
            data, at, units = bytes(packet), 0, []
            while at < len(data):
                size = int.from_bytes(data[at : at + 4], "big")
                units.append(data[at + 4 : at + 4 + size])
                at += 4 + size
            if data:
                yield (packet.pts or 0) * (stream.time_base or Fraction(1)), units


def decibels(one: NDArray[Any], other: NDArray[Any]) -> float:
    """Returns how near two pictures are to each other (PSNR)."""
    error = float(np.mean((one.astype(np.float32) - other) ** 2))
    return 99.0 if error == 0 else 10 * math.log10(255**2 / error)


class Judge:
    """Judges the clips of one film."""

    def __init__(self, film: Path) -> None:
        self.film = film
        self.frames = find_numbered(film)
        self.slices = {
            hashlib.sha256(unit).digest()
            for _, units in units_of(film)
            for unit in units
            if unit[0] & 31 in (1, 5)
        }

    def due(self, start: Fraction, end: Fraction) -> list[Numbered]:
        """Returns the pictures that a clip must hold."""
        slack = Fraction(1, 2000)
        begun = [at for at, _, _ in self.frames if at <= start + slack]
        first = begun[-1] if begun else self.frames[0][0]
        return [one for one in self.frames if one[0] == first or first < one[0] < end]

    def check(self, clip: Path, due: list[Numbered], start: Fraction) -> tuple[int, int, float]:
        """Returns how many pictures were copied and encoded again, and how near the worst is."""
        first = due[0][0]
        got = find_numbered(clip)
        assert [number for _, _, number in got] == [number for _, _, number in due], "numbers"
        assert got[0][0] == 0, "times"
        for begin, *_ in due[1:2]:
            lead = begin - min(max(first, start), begin - Fraction(1, 500))
            assert abs(got[1][0] - lead) <= Fraction(1, 500), "times"
        steps = [[at - two[1][0] for at, *_ in two[2:]] for two in (got, due) if len(two) > 2]
        assert not steps or steps[0] == steps[1], "times"
        packets = dict(units_of(clip))
        assert len(packets) == len(due), "packets"
        assert all(unit[0] & 31 in (1, 5) for units in packets.values() for unit in units), "units"
        worst, copied = 99.0, 0
        for (at, picture, _), (_, original, _) in zip(got, due, strict=True):
            if all(hashlib.sha256(unit).digest() in self.slices for unit in packets[at]):
                copied += 1
                assert np.array_equal(picture, original), "copied, and not the same"
            else:
                worst = min(worst, decibels(picture, original))
        assert worst > 40, f"{worst:.1f} dB"
        raw = subprocess.run(
            [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(clip), "-map", "0:v",
             "-fps_mode", "passthrough", "-pix_fmt", "yuv420p", "-f", "rawvideo", "-"],
            check=True, capture_output=True,
        )  # fmt: skip
        assert not raw.stderr, raw.stderr
        assert raw.stdout == b"".join(picture.tobytes() for _, picture, _ in got), "by ffmpeg"
        # Sought, one by one, in no order.
        for at, picture, _ in random.sample(got, min(12, len(got))):
            assert np.array_equal(frame_at(clip, at), picture), "sought"
        return copied, len(due) - copied, worst


def main() -> int:
    """Runs all films, or those named in the third argument."""
    spans = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    random.seed(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    names = [name for name in FILMS if len(sys.argv) < 4 or name in sys.argv[3].split(";")]
    wrong = 0
    print("| film | clips | copied | encoded again | worst dB | ms a clip | left | why |")
    print("|---|---:|---:|---:|---:|---:|---:|---|")
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            film = Path(folder) / (name if name.endswith(".mov") else "film.mp4")
            draw(film, name)
            judge = Judge(film)
            length = judge.frames[-1][0]
            clips = copied = again = 0
            worst, spent, reasons = 99.0, 0.0, collections.Counter[str]()
            for _ in range(spans):
                start = Fraction(random.randrange(int(length * 600)), 1000)
                if random.random() < 0.3:  # at a picture's own time
                    start = random.choice(judge.frames[: len(judge.frames) // 2])[0]
                most = 1000 + int((length - start) * 1000)
                end = start + Fraction(random.randrange(300, most), 1000)
                if random.random() < 0.3:
                    end = max(start + 1, random.choice(judge.frames)[0])
                due = judge.due(start, end)
                times = [Timecode(at) for at, _, _ in due]
                clip = Path(folder) / "clip.mp4"
                begin = time.perf_counter()
                reason = copy_clip(film, times, Span(Timecode(start), Timecode(end)), clip)
                spent += time.perf_counter() - begin
                if reason:
                    reasons[reason] += 1
                    wrong += clip.exists()
                    continue
                try:
                    one, two, near = judge.check(clip, due, start)
                except AssertionError as err:
                    print(f"WRONG: {name} {float(start)} {float(end)}: {str(err)[:200]}")
                    wrong += 1
                    continue
                clips, copied, again = clips + 1, copied + one, again + two
                worst = min(worst, near)
            wrong += name in REFUSED and clips > 0
            why = "; ".join(f"{reason} ({count})" for reason, count in reasons.items())
            print(
                f"| {name} | {clips} | {copied} | {again} | {worst:.1f} |"
                f" {spent / spans * 1000:.0f} | {sum(reasons.values())} | {why} |",
                flush=True,
            )
    print(f"wrong: {wrong}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
