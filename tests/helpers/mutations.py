"""Films with bytes changed at random, and what they must never bring about.

Whatever a film holds, whoever asked gets an answer or one error that can be told: nothing hangs,
nothing else is raised, nothing half-written is left, and no process stays behind.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import random
import re
import signal
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from types import FrameType
from typing import Any

import av
import imageio.v3 as iio
from films import run_ffmpeg

from vigbook.case.models import Clip
from vigbook.errors import FilmError, OutputError
from vigbook.film.film import Film
from vigbook.film.media import build_media
from vigbook.film.previews import make_filmstrip, make_waveform
from vigbook.timecode import Span, Timecode

WIDTH, HEIGHT, SECONDS = 176, 144, 3
PATIENCE_S = 90  # after which a request is taken for one that never ends

_X264 = ("-c:v", "libx264", "-preset", "veryfast", "-g", "25", "-bf", "2", "-c:a", "aac")
# In the frames, where ffmpeg takes them from: options of the encoder alone are not heard.
PQ = ("-vf", "setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc")
# name: options of ffmpeg
FILMS: dict[str, Sequence[str]] = {
    "h264.mp4": _X264,
    "faststart.mp4": (*_X264, "-movflags", "+faststart"),
    "fragmented.mp4": (*_X264, "-movflags", "frag_keyframe+empty_moov"),
    "late.mp4": (*_X264, "-output_ts_offset", "0.7"),
    "interlaced.mov": (*_X264, "-flags", "+ilme+ildct", "-x264-params", "tff=1",
                       "-vf", "setfield=tff"),
    "hevc.mov": ("-c:v", "libx265", "-x265-params", "log-level=none", "-tag:v", "hvc1",
                 "-g", "25", "-c:a", "aac"),
    "pq.mp4": ("-c:v", "libx265", "-x265-params", "log-level=none", "-pix_fmt", "yuv420p10le",
               *PQ, "-g", "25", "-an"),
    "av1.mp4": ("-c:v", "libaom-av1", "-cpu-used", "8", "-g", "25", "-c:a", "aac"),
    "h264.mkv": _X264,
    "vp9.webm": ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-g", "25",
                 "-c:a", "libopus"),
    "live.webm": ("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-g", "25",
                  "-c:a", "libopus", "-live", "1"),
    "h264.ts": _X264,
    "mpeg4.avi": ("-c:v", "mpeg4", "-g", "25", "-c:a", "libmp3lame"),
    "mpeg2.mpg": ("-c:v", "mpeg2video", "-g", "12", "-bf", "2", "-c:a", "mp2"),
}  # fmt: skip

# What begins a part of a file: numbers stand beside it, sizes above all.
_BOXES = (
    b"ftyp moov mvhd trak tkhd edts elst mdia mdhd hdlr minf vmhd smhd dinf dref stbl stsd stts "
    b"ctts stss stsc stsz stco co64 sgpd sbgp avc1 avcC hvc1 hvcC av01 av1C mp4a esds udta meta "
    b"mvex trex moof mfhd traf tfhd tfdt trun mdat mfra tfra colr pasp free RIFF LIST hdrl avih "
    b"strl strh strf movi idx1 00dc 01wb JUNK"
).split()
_ELEMENTS = [
    number.to_bytes((number.bit_length() + 7) // 8, "big")
    for number in (
        0x1A45DFA3, 0x18538067, 0x114D9B74, 0x1549A966, 0x1654AE6B, 0x1F43B675, 0x1C53BB6B,
        0x2AD7B1, 0x4489, 0x63A2, 0x54B0, 0x54BA, 0xAE, 0xD7, 0x83, 0x86, 0xE0, 0xB0, 0xBA,
        0xE1, 0xB5, 0xE7, 0xA3, 0xA0, 0xA1, 0xBB, 0xB3, 0xB7, 0xF1,
    )
]  # fmt: skip
_STARTS = [
    bytes((0, 0, 1, code)) for code in (0xBA, 0xBB, 0xB3, 0xB5, 0xE0, 0xC0, 0x65, 0x67, 0x68)
]
_ODD_NUMBERS = (0, 1, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)


class NeverEnded(Exception):
    """A request took longer than anybody waits."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What came of one request: `said` is what the person is told, `fault` what must not be."""

    what: str
    seconds: float
    said: str = ""
    fault: str = ""

    @property
    def fell(self) -> bool:
        """Whether the process that reads films had to be ended, or ended itself."""
        return "reads films stop" in self.said or "far too long" in self.said


def draw_films(folder: Path) -> dict[str, Path]:
    """Draws a small film of each kind, three seconds with a tone."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, options in FILMS.items():
        picture = f"testsrc2=size={WIDTH}x{HEIGHT}:rate=25:duration={SECONDS}"
        tone = f"sine=frequency=330:sample_rate=48000:duration={SECONDS}"
        run_ffmpeg("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", tone,
                   "-pix_fmt", "yuv420p", *options, folder / name)  # fmt: skip
    return {name: folder / name for name in FILMS}


def mutate(content: bytes, seed: object) -> tuple[bytes, str]:
    """Returns a film's bytes with random changes, and the kinds of them.

    Args:
        content: the whole film.
        seed: of the changes; the same gives the same.
    """
    rng = random.Random(str(seed))
    changed, kinds = bytearray(content), []
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        (kind,) = rng.choices(tuple(_KINDS), [weight for _, weight in _KINDS.values()])
        change, _ = _KINDS[kind]
        change(changed, rng)
        kinds.append(kind)
    return bytes(changed), ", ".join(kinds)


def _flip(content: bytearray, rng: random.Random) -> None:
    for _ in range(rng.choice((1, 3, 10, 50))):
        if content:
            content[_place(content, rng)] ^= 1 << rng.randrange(8)


def _scribble(content: bytearray, rng: random.Random) -> None:
    at, size = _place(content, rng), rng.choice((2, 8, 40, 400))
    content[at : at + size] = rng.randbytes(len(content[at : at + size]))


def _zero(content: bytearray, rng: random.Random) -> None:
    at, size = _place(content, rng), rng.choice((4, 64, 1024, 8192))
    content[at : at + size] = bytes(len(content[at : at + size]))


def _cut_short(content: bytearray, rng: random.Random) -> None:
    del content[rng.randrange(len(content) + 1) :]


def _remove(content: bytearray, rng: random.Random) -> None:
    at = _place(content, rng)
    del content[at : at + rng.choice((1, 4, 188, 1000, 10000))]


def _repeat(content: bytearray, rng: random.Random) -> None:
    at, size = _place(content, rng), rng.choice((1, 4, 188, 1000, 10000))
    content[at:at] = content[at : at + size]


def _move(content: bytearray, rng: random.Random) -> None:
    at, size = _place(content, rng), rng.choice((4, 188, 1000))
    part = bytes(content[at : at + size])
    del content[at : at + size]
    to = _place(content, rng)
    content[to:to] = part


def _number(content: bytearray, rng: random.Random) -> None:
    """Writes an odd number beside something that begins a part of the file: a size, or a field."""
    names = rng.choice((_BOXES, _ELEMENTS, _STARTS))
    if content[:4] == b"\x1a\x45\xdf\xa3":
        names = _ELEMENTS
    found = [one.start() for one in re.finditer(b"|".join(map(re.escape, names)), content)]
    # Headers are few, and in compressed pictures anything looks like one: those at the ends.
    found = [at for at in found if at < 4000 or at > len(content) - 6000] or found or [0]
    at = rng.choice(found) + rng.choice((-4, -4, 1, 2, 4, 4, 8, 12, 16, 20, 24, 28, 32, 36))
    size = rng.choice((1, 2, 4, 4, 4, 8))
    if 0 <= at <= len(content) - size:
        content[at : at + size] = _odd(size, rng)


def _dimension(content: bytearray, rng: random.Random) -> None:
    """Writes an odd number over what may be the width or height of the picture."""
    side = rng.choice((WIDTH, HEIGHT))
    forms = [side.to_bytes(2, "big"), side.to_bytes(4, "little"), bytes((0x80 + 1, side))]
    found = [(one.start(), form) for form in forms
             for one in re.finditer(re.escape(form), content)]  # fmt: skip
    if found:
        at, form = rng.choice(found)
        content[at : at + len(form)] = _odd(len(form), rng)


def _odd(size: int, rng: random.Random) -> bytes:
    if rng.random() < 0.5:
        return rng.randbytes(size)
    order: Any = rng.choice(("big", "little"))
    return (rng.choice(_ODD_NUMBERS) & (1 << 8 * size) - 1).to_bytes(size, order)


def _place(content: bytearray, rng: random.Random) -> int:
    """Returns a place in a file, often near its ends, where the headers are."""
    size = max(1, len(content))
    near = min(size, rng.choice((100, 1000, 4000)))
    return rng.choice((rng.randrange(size), rng.randrange(near), size - 1 - rng.randrange(near)))


_KINDS: Mapping[str, tuple[Callable[[bytearray, random.Random], None], int]] = {
    "bits flipped": (_flip, 4),
    "scribbled over": (_scribble, 2),
    "zeroed": (_zero, 2),
    "cut short": (_cut_short, 1),
    "bytes removed": (_remove, 1),
    "bytes repeated": (_repeat, 1),
    "bytes moved": (_move, 1),
    "odd number in a header": (_number, 8),
    "odd dimension": (_dimension, 2),
}


def try_film(film: Film, folder: Path, *, cut: bool) -> list[Step]:
    """Asks of a film what a build asks, and returns what came of each request.

    Args:
        film: the film.
        folder: an empty one for what is made.
        cut: whether to make a clip, a still and the aids as well.
    """
    times = [Timecode(Fraction(one)) for one in ("0.5", "1.3", "2.7")]
    asked: dict[str, Callable[[], object]] = {
        "probe": lambda: film.probe(),
        "stills": lambda: film.find_frames(times),
        "times": lambda: film.list_frame_times(Span(times[0], times[2])),
    }
    if cut:
        content = hashlib.sha256(film.path.read_bytes()).hexdigest()
        clip = Clip.model_validate(
            {"id": "clip-1", "start": "1.0", "end": "1.6", "stills": [{"at": "1.2"}]}
        )
        asked |= {
            "clip": lambda: build_media(film, film.path.name, [clip], folder / "media"),
            "waveform": lambda: make_waveform(film, content, folder / "aids"),
            "filmstrip": lambda: make_filmstrip(film, content, folder / "aids", 10),
        }
    steps = [_try(what, request) for what, request in asked.items()]
    return [*steps, *(Step(what="files", seconds=0, fault=one) for one in broken_files(folder))]


def _try(what: str, request: Callable[[], object]) -> Step:
    begin = time.monotonic()
    said = fault = ""
    try:
        with _patience(PATIENCE_S):
            request()
    except (FilmError, OutputError) as err:
        said = err.problems[0].found
        if len(err.problems) != 1 or "Traceback" in str(err) or "\n" in str(err):
            fault = f"more than one line: {err}"
    except Exception:
        fault = traceback.format_exc()
    return Step(what=what, seconds=time.monotonic() - begin, said=said, fault=fault)


@contextlib.contextmanager
def _patience(seconds: float) -> Iterator[None]:
    def give_up(_: int, __: FrameType | None) -> None:
        raise NeverEnded

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def broken_files(folder: Path) -> Iterator[str]:
    """Yields what is wrong with the files of a folder: each must be whole, and none hidden."""
    for path in sorted(folder.rglob("*")):
        if path.name.startswith("."):
            yield f"{path.name} is left"
        elif path.is_file():
            try:
                _open_whole(path)
            except Exception as err:
                yield f"{path.name} is not whole: {err!r}"


def _open_whole(path: Path) -> None:
    match path.suffix:
        case ".mp4":
            with av.open(str(path)) as container:
                frames = sum(1 for _ in container.decode(video=0))
            assert frames, "no picture in it"
        case ".jpg":
            assert iio.imread(path, plugin="pillow").size
        case ".json":
            json.loads(path.read_text())
        case suffix:
            assert suffix == ".bin", "nobody asked for it"


def child_processes() -> set[int]:
    """Returns the processes that this one has started and that are there still."""
    found = set()
    for one in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # After the name, which is in brackets: the state, and who started it.
            if int(one.read_text().rpartition(")")[2].split()[1]) == os.getpid():
                found.add(int(one.parent.name))
    return found
