"""Films as cameras, phones and converters write them, each drawn with the truth about it.

Every frame tells its number along its upper edge, has a bar that moves sideways under it, and
twelve flat patches of known colours, of which the four in the corners tell which way up it is.
The truth (when each frame comes up, how large and which way up it is shown, its colours, when the
sounds begin) is written here, before a film is drawn; nothing of it is read from the film.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import math
import os
import random
import struct
import sys
import wave
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, cast

import av
import numpy as np
from av.audio.stream import AudioStream
from av.packet import Packet
from av.video.stream import VideoStream
from films import BITS, run_ffmpeg
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Frames = tuple[tuple[Fraction, int], ...]
NTSC = Fraction(30000, 1001)

# --- What is in a picture ------------------------------------------------------------------

ROWS, COLUMNS = 3, 4
PALETTE: Floats = np.array(
    [
        # Red, green, blue and yellow corners tell which way up a picture is.
        (255, 0, 0), (236, 188, 160), (128, 128, 128), (0, 255, 0),
        (198, 134, 104), (60, 60, 60), (200, 30, 50), (40, 90, 160),
        (0, 0, 255), (200, 200, 200), (104, 66, 48), (228, 200, 40),
    ], np.float64,
)  # fmt: skip
# Highlights of a high range are rightly brought down: these all have a linear light under 0.6.
# And none is at the edge of what a screen shows, where one step of a wide film's numbers is many.
SOFT_PALETTE: Floats = 40 + PALETTE * 0.64
_SHADES = np.array([(20, 20, 20), (235, 235, 235), (90, 90, 90), (210, 210, 210)], np.float64)
_BLACK, _WHITE, _LANE, _BAR = (len(PALETTE) + index for index in range(4))
FIELD_STEP_PX = 6  # how far the bar goes from one field to the next

TURNS: dict[str, tuple[int, int, int, int]] = {
    # a, b, c, d of the display matrix: shown x = a x + c y, shown y = b x + d y.
    "upright": (1, 0, 0, 1),
    "turned 90": (0, 1, -1, 0),
    "turned 180": (-1, 0, 0, -1),
    "turned 270": (0, -1, 1, 0),
    "mirrored sideways": (-1, 0, 0, 1),
    "mirrored upside down": (1, 0, 0, -1),
    "transposed": (0, 1, 1, 0),
    "transposed the other way": (0, -1, -1, 0),
}


def lie(picture: NDArray[Any], turn: str) -> NDArray[Any]:
    """Returns how an upright picture lies in a film that is shown turned so."""
    match turn:
        case "turned 90":
            return np.rot90(picture)
        case "turned 180":
            return np.rot90(picture, 2)
        case "turned 270":
            return np.rot90(picture, -1)
        case "mirrored sideways":
            return picture[:, ::-1]
        case "mirrored upside down":
            return picture[::-1]
        case "transposed":
            return picture.swapaxes(0, 1)
        case "transposed the other way":
            return np.rot90(picture, 2).swapaxes(0, 1)
        case _:
            return picture


def _bands(height: int, width: int) -> tuple[int, int]:
    """Returns where the lane of the moving bar begins, and where the patches do."""
    strip = width // BITS
    return strip, strip + height // 8


@functools.cache
def _still_part(height: int, width: int) -> NDArray[np.uint8]:
    picture = np.full((height, width), _LANE, np.uint8)
    _, top = _bands(height, width)
    for index in range(ROWS * COLUMNS):
        row, column = divmod(index, COLUMNS)
        rows = slice(top + (height - top) * row // ROWS, top + (height - top) * (row + 1) // ROWS)
        picture[rows, width * column // COLUMNS : width * (column + 1) // COLUMNS] = index
    return picture


def _paint(number: int, moment: int, height: int, width: int) -> NDArray[np.uint8]:
    """Returns an upright picture, each pixel an index of a colour."""
    picture = _still_part(height, width).copy()
    lane, top = _bands(height, width)
    side = width / BITS
    for bit in range(BITS):
        shade = _WHITE if number >> bit & 1 else _BLACK
        picture[:lane, round(bit * side) : round((bit + 1) * side)] = shade
    bar = width // 16
    room = width - bar - 8
    there = moment * FIELD_STEP_PX % (2 * room)
    x = 4 + min(there, 2 * room - there)
    picture[lane:top, x : x + bar] = _BAR
    return picture


def patches_of(picture: NDArray[Any], look: Look) -> Floats:
    """Returns the colour in the middle of each of the twelve patches of an upright picture."""
    height, width = picture.shape[:2]
    # Where they begin, whatever the picture was scaled to.
    top = _bands(look.size[1], look.size[0])[1] * height / look.size[1]
    found = []
    for index in range(ROWS * COLUMNS):
        row, column = divmod(index, COLUMNS)
        y, x = top + (height - top) * (row + 0.5) / ROWS, width * (column + 0.5) / COLUMNS
        down, across = (height - top) / ROWS / 6, width / COLUMNS / 5
        box = picture[int(y - down) : int(y + down) + 1, int(x - across) : int(x + across) + 1]
        found.append(np.median(box.reshape(-1, picture.shape[2]), axis=0))
    return np.array(found)


def orientation_of(picture: NDArray[Any], look: Look) -> str:
    """Returns how a picture lies, by the colours of its corners."""
    corners = [0, COLUMNS - 1, (ROWS - 1) * COLUMNS, ROWS * COLUMNS - 1]
    back = {"turned 90": "turned 270", "turned 270": "turned 90"}

    def wrong(turn: str) -> float:
        righted = lie(picture, back.get(turn, turn))
        return float(np.abs(patches_of(righted, look)[corners] - look.palette[corners]).sum())

    return min(TURNS, key=wrong)


def comb_of(picture: NDArray[Any], look: Look) -> int:
    """Returns how far the moving bar's edge leaps from row to row, in pixels: 0 if it is clean."""
    scale = picture.shape[0] / look.size[1]
    lane, top = (round(one * scale) for one in _bands(look.size[1], look.size[0]))
    shades = picture[lane + 4 : top - 4].mean(axis=2)
    edges = (shades > 150).argmax(axis=1)
    return int(edges.max() - edges.min())


# --- How colours are written ---------------------------------------------------------------

Matrix = Literal["bt601", "bt709", "bt2020"]
_LUMA = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722), "bt2020": (0.2627, 0.0593)}
_TO_BT2020 = np.array(  # ITU-R BT.2087
    [(0.6274, 0.3293, 0.0433), (0.0691, 0.9195, 0.0114), (0.0164, 0.0880, 0.8956)]
)
_WHITE_NITS = 203  # ITU-R BT.2408: where SDR white stands in a high range
_GAMMA = 2.4  # ITU-R BT.1886


def _pq(linear: Floats) -> Floats:
    """Returns the PQ signal of light that is 1 at SDR white (ITU-R BT.2100)."""
    part = (linear * _WHITE_NITS / 10_000) ** (2610 / 16384)
    low, steep, down = 3424 / 4096, 2413 / 128, 2392 / 128
    signal: Floats = ((low + steep * part) / (1 + down * part)) ** (2523 / 32)
    return signal


def _hlg(linear: Floats) -> Floats:
    """Returns the HLG signal of light that is 1 at SDR white, on a display of 1000 nits."""
    display = linear * _WHITE_NITS / 1000
    luma = (display @ np.array([0.2627, 0.6780, 0.0593])) ** (1 / 1.2)
    scene = display / np.maximum(luma, 1e-9)[:, None] ** 0.2
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    upper = a * np.log(np.maximum(12 * scene - b, 1e-9)) + c
    signal: Floats = np.where(scene <= 1 / 12, np.sqrt(3 * scene), upper)
    return signal


def _gamma(linear: Floats) -> Floats:
    """Returns the signal of light on an ordinary screen."""
    signal: Floats = linear ** (1 / _GAMMA)
    return signal


def to_rgb(y: NDArray[Any], u: NDArray[Any], v: NDArray[Any]) -> Floats:
    """Returns the RGB of BT.709 limited 8-bit planes with chroma at half size, as screens do."""
    rows, columns = y.shape
    blue, red = (
        (plane.repeat(2, 0).repeat(2, 1)[:rows, :columns].astype(float) - 128) / 224
        for plane in (u, v)
    )
    light = (y.astype(float) - 16) / 219
    kr, kb = _LUMA["bt709"]
    r, b = light + 2 * (1 - kr) * red, light + 2 * (1 - kb) * blue
    g = (light - kr * r - kb * b) / (1 - kr - kb)
    return np.clip(np.stack([r, g, b], axis=2) * 255, 0, 255)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a film's pictures are stored.

    Attributes:
        size: width and height of the picture when upright, in stored pixels.
        turn: how it must be turned to be upright, from `TURNS`.
        pixel: width of one stored pixel over its height, as they lie in the file.
        sampling: of the chroma, as in "420".
        bits: of each sample.
        matrix, transfer, full: how colours become numbers.
        tagged: whether the film says so.
        field_first: which field comes first, where frames are woven of two.
    """

    size: tuple[int, int] = (240, 136)
    turn: str = "upright"
    pixel: Fraction = Fraction(1)
    sampling: str = "420"
    bits: int = 8
    matrix: Matrix = "bt709"
    transfer: Literal["sdr", "pq", "hlg"] = "sdr"
    full: bool = False
    tagged: bool = True
    field_first: Literal["top", "bottom"] | None = None

    @property
    def stored(self) -> tuple[int, int]:
        """Width and height of the picture as it lies in the file."""
        width, height = self.size
        return (height, width) if TURNS[self.turn][0] == 0 else (width, height)

    @property
    def shown(self) -> tuple[int, int]:
        """Width and height of the picture upright, with square pixels."""
        width, height = self.stored
        width = round(width * self.pixel)
        return (height, width) if TURNS[self.turn][0] == 0 else (width, height)

    @property
    def palette(self) -> Floats:
        return SOFT_PALETTE if self.matrix == "bt2020" else PALETTE

    @property
    def pix_fmt(self) -> str:
        return f"yuv{self.sampling}p" + ("" if self.bits == 8 else f"{self.bits}le")

    @property
    def tags(self) -> dict[str, int]:
        """Colour tags by the numbers of ITU-T H.273 (the range: 1 limited, 2 full)."""
        if not self.tagged:
            return {}
        wide = self.matrix == "bt2020"
        transfer = {"pq": 16, "hlg": 18, "sdr": 14 if wide else 1}[self.transfer]
        return {
            "colorspace": {"bt601": 6, "bt709": 1, "bt2020": 9}[self.matrix],
            "color_primaries": 9 if wide else 1,
            "color_trc": transfer,
            "color_range": 2 if self.full else 1,
        }

    def codes(self) -> NDArray[np.uint16]:
        """Returns the three numbers that stand for each colour."""
        colours = np.concatenate([self.palette, _SHADES]) / 255
        if self.matrix == "bt2020":
            curve = {"pq": _pq, "hlg": _hlg, "sdr": _gamma}[self.transfer]
            colours = curve(np.maximum(colours**_GAMMA @ _TO_BT2020.T, 0))
        kr, kb = _LUMA[self.matrix]
        red, green, blue = colours.T
        luma = kr * red + (1 - kr - kb) * green + kb * blue
        pair = [(blue - luma) / (2 * (1 - kb)), (red - luma) / (2 * (1 - kr))]
        one = 1 << self.bits - 8
        if self.full:
            top = (1 << self.bits) - 1
            planes = [luma * top, *(part * top + 128 * one for part in pair)]
        else:
            planes = [(16 + 219 * luma) * one, *((128 + 224 * part) * one for part in pair)]
        return np.clip(np.rint(planes), 0, (1 << self.bits) - 1).astype(np.uint16)

    def planes(self, number: int) -> list[NDArray[Any]]:
        """Returns the planes of a frame as they lie in the file."""
        width, height = self.size
        fields = [_paint(number, 2 * number + late, height, width) for late in (0, 1)]
        picture = fields[0]
        if self.field_first:
            picture[1 if self.field_first == "top" else 0 :: 2] = fields[1][
                1 if self.field_first == "top" else 0 :: 2
            ]
        picture = lie(picture, self.turn)
        kind = np.uint8 if self.bits == 8 else np.dtype("<u2")
        codes = self.codes()
        across = 2 if self.sampling in ("420", "422") else 1
        down = 2 if self.sampling == "420" else 1
        rows, columns = picture.shape
        thin = picture[down // 2 if rows > 1 else 0 :: down, across // 2 :: across]
        # An odd size ends in half a chroma sample.
        missing = (-(-rows // down) - thin.shape[0], -(-columns // across) - thin.shape[1])
        thin = np.pad(thin, ((0, missing[0]), (0, missing[1])), mode="edge")
        return [codes[0][picture].astype(kind), *(codes[i][thin].astype(kind) for i in (1, 2))]


# --- Sound ---------------------------------------------------------------------------------

CHIRP_S = 0.02


def chirp(times: Floats) -> Floats:
    """Returns a short rising whistle at these times after its onset, in seconds."""
    inside = (times >= 0) & (times < CHIRP_S)
    at = np.where(inside, times, 0)
    window = np.sin(np.pi * at / CHIRP_S) ** 2
    return np.where(
        inside, 0.4 * window * np.sin(2 * np.pi * (700 * at + 3000 / 2 / CHIRP_S * at * at)), 0
    )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """A sound track.

    Attributes:
        start: when its first sample is heard, in seconds by the clock of the pictures' pts.
        late: how long after each onset this track whistles: only that of a wrong track does.
        gap: when and for how long nothing was recorded.
    """

    codec: str = "aac"
    rate: int = 48000
    layout: str = "stereo"
    start: Fraction = Fraction(0)
    late: float = 0
    gap: tuple[Fraction, Fraction] | None = None

    @property
    def channels(self) -> int:
        return {"mono": 1, "stereo": 2, "5.1": 6}[self.layout]

    def pieces(self, end: Fraction) -> list[tuple[Fraction, Fraction]]:
        """Returns from when to when there is sound, in a film that lasts so long."""
        if self.gap is None:
            return [(self.start, end)]
        return [(self.start, self.gap[0]), (sum(self.gap, Fraction(0)), end)]

    def samples(
        self, onsets: Sequence[Fraction], start: Fraction, end: Fraction
    ) -> NDArray[np.float32]:
        """Returns one channel of a piece of this track."""
        times = np.arange(int((end - start) * self.rate)) / self.rate + float(start)
        whole = np.zeros(len(times))
        for onset in onsets:
            whole += chirp(times - float(onset) - self.late)
        return whole.astype(np.float32)


# --- Films ---------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Awkward:
    """A film and the truth about it.

    Attributes:
        name: of its file.
        frames: when each frame comes up, in film time, and the number it tells.
        end: when the last frame goes.
        look: how its pictures are stored.
        onsets: when the whistles in its sound begin, in film time.
        draw: writes it.
        keys: numbers of key frames.
        slow: whether its drawing or its size takes seconds.
    """

    name: str
    frames: Frames
    end: Fraction
    look: Look
    onsets: tuple[Fraction, ...]
    sound: bool
    draw: Callable[[Path], object]
    keys: tuple[int, ...]
    slow: bool = False


FAST: Mapping[str, dict[str, str]] = {
    "libx264": {"preset": "ultrafast", "crf": "12"},
    "libx265": {"preset": "ultrafast", "crf": "10", "x265-params": "log-level=none:pools=none"},
    "libvpx": {"deadline": "realtime", "cpu-used": "8", "b": "3M", "qmin": "1", "qmax": "12"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "crf": "12", "b": "0"},
    "libsvtav1": {"preset": "12", "crf": "18"},
    "mpeg4": {"qmin": "2", "qmax": "2", "flags": "+qscale"},
    "mpeg2video": {"qmin": "1", "qmax": "2", "b": "6M"},
    "mjpeg": {"qmin": "2", "qmax": "2"},
    "prores_ks": {},
}


@contextlib.contextmanager
def _usual_priority() -> Iterator[None]:
    """Takes real-time priority back from this process, which SVT-AV1 gives it for an administrator.

    All that is started later would have it too, and a busy browser would stop the machine.
    """
    try:
        yield
    finally:
        if sys.platform == "linux":
            for thread in Path("/proc/self/task").iterdir():
                with contextlib.suppress(ProcessLookupError):
                    os.sched_setscheduler(int(thread.name), os.SCHED_OTHER, os.sched_param(0))


def film(
    name: str,
    *,
    rate: Fraction | int = 25,
    count: int = 75,
    pts: Sequence[int] | None = None,
    base: Fraction | None = None,
    last: int = 1,
    gop: int = 25,
    b_frames: int = 2,
    codec: str = "libx264",
    options: Mapping[str, str] | None = None,
    tag: str = "",
    look: Look | None = None,
    sounds: Sequence[Sound] = (Sound(),),
    muxer: Mapping[str, str] | None = None,
    container: str | None = None,
    zero: Fraction = Fraction(0),
    tick: Fraction | None = None,
    first: int = 0,
    sound_shift: Fraction = Fraction(0),
    afterwards: Callable[[Path], object] | None = None,
    slow: bool = False,
) -> Awkward:
    """Returns a film that PyAV writes with exactly these pts.

    Args:
        last: how long the last frame is shown, in units of `base`.
        zero: the pts that is film time 0, in seconds.
        tick: the container's own clock, if it rounds to that.
        first: the number of the first frame that is shown; those before it are cut off.
        sound_shift: how much later than their pts sounds are heard.
        afterwards: changes the file by hand.
    """
    drawn = look or Look()
    moments = list(pts) if pts is not None else list(range(count))
    unit = base or 1 / Fraction(rate)

    def film_time(seconds: Fraction) -> Fraction:
        seconds -= zero
        return (seconds / tick + Fraction(1, 2)) // 1 * tick if tick else seconds

    shown = [(film_time(one * unit), number) for number, one in enumerate(moments)]
    end = moments[-1] * unit + last * unit
    due = [Fraction(6, 10), Fraction(15, 10), max(Fraction(24, 10), end - zero - Fraction(6, 10))]
    due = [one + max(zero, Fraction(0)) for one in due]
    whistles = [next((one * unit for one in moments if one * unit >= wish), None) for wish in due]
    onsets = [one for one in whistles if one is not None and one + Fraction(1, 20) < end]

    def draw(path: Path) -> None:
        with (
            _usual_priority(),
            av.open(
                str(path), "w", format=container, options={"fflags": "+bitexact", **(muxer or {})}
            ) as out,
        ):
            video = cast(VideoStream, out.add_stream(codec, rate=Fraction(rate)))
            context = video.codec_context
            context.width, context.height = drawn.stored
            context.pix_fmt = (
                drawn.pix_fmt.replace("yuv4", "yuvj4")
                if (codec == "mjpeg" and drawn.full)
                else drawn.pix_fmt
            )
            context.sample_aspect_ratio = drawn.pixel
            for key, value in drawn.tags.items():
                setattr(context, key, value)
            video.time_base = context.time_base = unit
            if tag:
                context.codec_tag = tag
            video.options = {
                "g": str(gop), "bf": str(b_frames), **FAST[codec], **(options or {}),
            }  # fmt: skip
            tracks = [_add_track(out, sound) for sound in sounds]
            packets = list(_encode_pictures(video, drawn, moments, unit, last))
            for sound, track in zip(sounds, tracks, strict=True):
                packets += _encode_sound(track, sound, onsets, end)
            for packet in sorted(packets, key=lambda one: (one.dts or 0) * one.time_base):
                out.mux(packet)
        if afterwards:
            afterwards(path)

    return Awkward(
        name=name,
        frames=tuple(one for one in shown if one[1] >= first),
        end=film_time(end),
        look=drawn,
        onsets=tuple(one - zero + sound_shift for one in onsets if one > zero) if sounds else (),
        sound=bool(sounds),
        draw=draw,
        keys=tuple(range(gop, len(moments), gop)),
        slow=slow,
    )


def _encode_pictures(
    video: VideoStream, look: Look, moments: Sequence[int], unit: Fraction, last: int
) -> Iterator[Packet[Any]]:
    width, height = look.stored
    for number, moment in enumerate(moments):
        frame = av.VideoFrame(width, height, str(video.codec_context.pix_fmt))
        for plane, samples in zip(frame.planes, look.planes(number), strict=True):
            row = samples.shape[1] * samples.itemsize
            whole = np.zeros((samples.shape[0], plane.line_size), np.uint8)
            whole[:, :row] = np.ascontiguousarray(samples).view(np.uint8)
            plane.update(whole.tobytes())
        for key, value in look.tags.items():
            setattr(frame, key, value)
        frame.pts, frame.time_base = moment, unit
        following = moments[number + 1] if number + 1 < len(moments) else moment + last
        frame.duration = following - moment
        yield from video.encode(frame)
    yield from video.encode(None)


def _add_track(out: av.container.OutputContainer, sound: Sound) -> AudioStream:
    options = {"strict": "-2"} if sound.codec == "flac" else {}
    track = cast(AudioStream, out.add_stream(sound.codec, rate=sound.rate, options=options))
    track.layout = sound.layout
    return track


def _encode_sound(
    track: AudioStream, sound: Sound, onsets: Sequence[Fraction], end: Fraction
) -> Iterator[Packet[Any]]:
    track.codec_context.open(strict=False)
    for start, until in sound.pieces(end):
        one = sound.samples(onsets, start, until)
        whole = np.ascontiguousarray(np.tile(one, (sound.channels, 1)))
        frame = av.AudioFrame.from_ndarray(whole, format="fltp", layout=sound.layout)
        frame.sample_rate = sound.rate
        resampler = av.AudioResampler(
            format=track.codec_context.format, layout=sound.layout, rate=sound.rate,
            frame_size=track.codec_context.frame_size or 1024,
        )  # fmt: skip
        position = int(start * sound.rate)
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            part.pts, part.time_base = position, Fraction(1, sound.rate)
            position += part.samples
            yield from track.encode(part)
    yield from track.encode(None)


def converted(
    name: str,
    *options: str,
    rate: Fraction | int = 25,
    count: int = 60,
    look: Look,
    sound: Sound | None = None,
    sound_options: Sequence[str] = (),
    zero: Fraction = Fraction(0),
    gop: int = 12,
    slow: bool = False,
) -> Awkward:
    """Returns a film of a constant rate that ffmpeg writes: PyAV cannot say that it is interlaced.

    Args:
        options: of the video and the container.
        zero: the pts that is film time 0, in seconds.
    """
    unit = 1 / Fraction(rate)
    end = count * unit
    onsets = [Fraction(math.ceil(wish * Fraction(rate) / 10)) * unit for wish in (6, 15)]

    def draw(path: Path) -> None:
        raw, heard = path.with_name(f"{path.name}.raw"), path.with_name(f"{path.name}.wav")
        with raw.open("wb") as out:
            for number in range(count):
                for plane in look.planes(number):
                    out.write(np.ascontiguousarray(plane).tobytes())
        width, height = look.stored
        arguments = ["-f", "rawvideo", "-pix_fmt", look.pix_fmt, "-s", f"{width}x{height}",
                     "-framerate", str(Fraction(rate)), "-i", str(raw)]  # fmt: skip
        if sound:
            _write_wave(heard, sound, onsets, end)
            arguments += ["-itsoffset", f"{float(sound.start):.6f}", "-i", str(heard)]
            arguments += ["-c:a", sound.codec, *sound_options]
        names = {"colorspace": "colorspace", "color_primaries": "color_primaries",
                 "color_trc": "color_trc", "color_range": "range"}  # fmt: skip
        marks = [f"{names[key]}={value}" for key, value in look.tags.items()]
        field = {"top": "tff", "bottom": "bff", None: "prog"}[look.field_first]
        chain = [f"setsar={look.pixel}", f"setfield={field}"]
        chain += [f"setparams={':'.join(marks)}"] if marks else []
        run_ffmpeg(*arguments, "-vf", ",".join(chain), "-g", str(gop), *options, path)
        raw.unlink()
        heard.unlink(missing_ok=True)

    return Awkward(
        name=name,
        frames=tuple((number * unit - zero, number) for number in range(count)),
        end=end - zero,
        look=look,
        onsets=tuple(one - zero for one in onsets) if sound else (),
        sound=sound is not None,
        draw=draw,
        keys=tuple(range(gop, count, gop)),
        slow=slow,
    )


def _write_wave(path: Path, sound: Sound, onsets: Sequence[Fraction], end: Fraction) -> None:
    one = (sound.samples(onsets, sound.start, end) * 32767).astype("<i2")
    with wave.open(str(path), "wb") as out:
        out.setnchannels(sound.channels)
        out.setsampwidth(2)
        out.setframerate(sound.rate)
        out.writeframes(np.repeat(one, sound.channels).tobytes())


# --- Bytes written by hand -----------------------------------------------------------------

_NESTED = (b"moov", b"trak", b"edts", b"mdia", b"minf", b"stbl", b"udta")


@dataclasses.dataclass(slots=True)
class Box:
    """A box of an mp4 file: its kind, and either what it holds or the boxes in it."""

    kind: bytes
    body: bytes = b""
    boxes: list[Box] | None = None

    @classmethod
    def parse(cls, data: bytes) -> list[Box]:
        found, at = [], 0
        while at < len(data):
            size, kind = struct.unpack_from(">I4s", data, at)
            body = data[at + 8 : at + size]
            nested = kind in _NESTED
            found.append(cls(kind, b"" if nested else body, cls.parse(body) if nested else None))
            at += size
        return found

    def written(self) -> bytes:
        body = self.body
        if self.boxes is not None:
            body = b"".join(one.written() for one in self.boxes)
        return struct.pack(">I4s", 8 + len(body), self.kind) + body

    def find(self, *kinds: bytes) -> Box:
        """Returns the box at the end of a path."""
        if not kinds:
            return self
        return next(one for one in self.boxes or [] if one.kind == kinds[0]).find(*kinds[1:])

    def track(self, handler: bytes) -> Box:
        """Returns the first track of a kind of this `moov`."""
        tracks = [one for one in self.boxes or [] if one.kind == b"trak"]
        return next(one for one in tracks if one.find(b"mdia", b"hdlr").body[8:12] == handler)


def _change_moov(path: Path, change: Callable[[Box], object]) -> None:
    """Changes a film's index, which stands at its end, so that nothing else moves."""
    data = path.read_bytes()
    start = data.rindex(b"moov") - 4
    (moov,) = Box.parse(data[start:])
    change(moov)
    path.write_bytes(data[:start] + moov.written())


def turn_by_hand(turn: str) -> Callable[[Path], object]:
    """Returns what writes a display matrix into a film's first picture track."""

    def turned(path: Path) -> None:
        def change(moov: Box) -> None:
            header = moov.track(b"vide").find(b"tkhd")
            width, height = struct.unpack(">II", header.body[76:84])
            a, b, c, d = TURNS[turn]
            # Moved back to where its upper left corner is at 0.
            x = (width if a < 0 else 0) + (height if c < 0 else 0)
            y = (width if b < 0 else 0) + (height if d < 0 else 0)
            one = 1 << 16
            matrix = struct.pack(
                ">9i", a * one, b * one, 0, c * one, d * one, 0, x, y, 1 << 30
            )  # fmt: skip
            header.body = header.body[:40] + matrix + header.body[76:]

        _change_moov(path, change)

    return turned


def edit_by_hand(
    *, cut: Fraction = Fraction(0), delay: Fraction = Fraction(0), sound_too: bool = True
) -> Callable[[Path], object]:
    """Returns what writes an edit list: cuts so much off the start, or begins so much later."""

    def edited(path: Path) -> None:
        def change(moov: Box) -> None:
            (movie_clock,) = struct.unpack(">I", moov.find(b"mvhd").body[12:16])
            for handler in (b"vide", b"soun") if sound_too else (b"vide",):
                track = moov.track(handler)
                (clock,) = struct.unpack(">I", track.find(b"mdia", b"mdhd").body[12:16])
                edits = track.find(b"edts", b"elst")
                length, begin = struct.unpack(">Ii", edits.body[-12:-4])
                rows = [(int(delay * movie_clock), -1)] if delay else []
                rows += [(length - int(cut * movie_clock), begin + int(cut * clock))]
                edits.body = struct.pack(">II", 0, len(rows)) + b"".join(
                    struct.pack(">IiI", *row, 1 << 16) for row in rows
                )

        _change_moov(path, change)

    return edited


def hole_by_hand(size: int) -> Callable[[Path], object]:
    """Returns what puts an empty box of so many bytes before a film's pictures, using no disk."""

    def holed(path: Path) -> None:
        def change(moov: Box) -> None:
            for handler in (b"vide", b"soun"):
                table = moov.track(handler).find(b"mdia", b"minf", b"stbl")
                chunks = table.find(b"stco")
                (count,) = struct.unpack(">I", chunks.body[4:8])
                places = struct.unpack(f">{count}I", chunks.body[8:])
                chunks.kind = b"co64"
                chunks.body = struct.pack(
                    f">II{count}Q", 0, count, *(place + size for place in places)
                )

        _change_moov(path, change)
        data = path.read_bytes()
        head = struct.unpack(">I", data[:4])[0]
        with path.open("wb") as out:
            out.write(data[:head] + struct.pack(">I4sQ", 1, b"free", size))
            out.seek(head + size)
            out.write(data[head:])

    return holed


PLACE = b"+51.5074-000.1278/"


def place_by_hand(path: Path) -> None:
    """Writes where a film was made into it, as phones do."""

    def change(moov: Box) -> None:
        place = struct.pack(">HH", len(PLACE), 0x15C7) + PLACE
        moov.boxes = [*(moov.boxes or []), Box(b"udta", boxes=[Box(b"\xa9xyz", place)])]

    _change_moov(path, change)


# --- The table -----------------------------------------------------------------------------


def _uneven(count: int = 60) -> list[int]:
    """Returns pts in ms as a phone writes them: a jitter, and holes of up to 3.5 seconds."""
    chance, holes, pts = random.Random(5), {9: 700, 24: 3500, 25: 1200, 45: 450}, [0]
    for number in range(1, count):
        pts.append(pts[-1] + holes.get(number, chance.choice((7, 14, 33, 33, 33, 40, 58))))
    return pts


MS = Fraction(1, 1000)
# Frames a millisecond apart, and none for a second.
UNEVEN = [0, 33, 67, 83, 90, 97, 600, 640, 641, 656, 1900, 1933, 1967, 1983, 3000, 3040, 3080]
TEN = Look(bits=10)
NO_SOUND: tuple[Sound, ...] = ()
# What keeps the first packet of a sound at or after 0: encoders begin a little early.
LATER = Sound(start=Fraction(1, 5) + Fraction(1024, 48000))
# Not a multiple of four: then the frames before a key frame are made from it.
OPEN = {"preset": "veryfast", "x264-params": "open-gop=1:keyint=26:b-adapt=0:bframes=3"}
X265 = {"x265-params": "log-level=none:pools=none:keyint=25:min-keyint=25:bframes=3"}
OPEN_X265 = {"x265-params": "log-level=none:pools=none:keyint=26:b-adapt=0:bframes=3:scenecut=0"}
WOVEN = ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "10", "-flags", "+ilme+ildct"]
AVCHD = Look(size=(240, 180), pixel=Fraction(4, 3), field_first="top")
DISC = Look(size=(240, 192), pixel=Fraction(16, 15), matrix="bt601", field_first="top")
AC3 = Sound(codec="ac3", start=Fraction(1, 5))
PICTURES = ["-c:v", "mpeg2video", "-qmin", "1", "-q:v", "2", "-bf", "2"]

_FILMS: list[Awkward] = [
    # Rates, and how far apart key frames are.
    film("24.mp4", rate=24, gop=24, look=Look(size=(320, 180))),
    film("25 with a key frame in ten seconds.mp4", count=275, gop=250, b_frames=3),
    film("29.97.mp4", rate=NTSC, gop=30, sounds=[Sound(rate=44100)]),
    film("50.mp4", rate=50, count=120, gop=50, b_frames=0, sounds=[Sound(layout="mono")]),
    film("59.94.mov", rate=2 * NTSC, count=120, gop=60, sounds=[Sound(codec="pcm_s16le")]),
    film("60.mp4", rate=60, count=120, gop=240),
    film("120.mp4", rate=120, count=240, gop=120, b_frames=3),
    film("uneven.mp4", pts=_uneven(), base=MS, last=33),
    film("uneven fine clock.mp4", pts=[90 * one + one % 7 for one in _uneven()],
         base=Fraction(1, 90000), last=3000, b_frames=0, sounds=NO_SOUND),
    film("uneven.mkv", pts=_uneven(), base=MS, last=33, sounds=[Sound(codec="flac")]),
    film("uneven.webm", pts=_uneven(), base=MS, last=33, codec="libvpx-vp9", b_frames=0,
         sounds=[Sound(codec="libopus")]),
    film("very uneven.mp4", pts=UNEVEN, base=MS, last=40, gop=50, sounds=NO_SOUND),
    film("very uneven late.mkv", pts=[500 + one for one in UNEVEN], base=MS, last=40, gop=50,
         b_frames=0, sounds=NO_SOUND),
    film("open groups.mp4", options=OPEN, gop=26),
    film("pyramid.mp4", b_frames=7, gop=50,
         options={"preset": "veryfast", "x264-params": "b-pyramid=normal:b-adapt=0"}),
    # HEVC and high range.
    film("hevc.mp4", codec="libx265", options=X265, tag="hvc1"),
    film("hevc open groups.mp4", codec="libx265", options=OPEN_X265, tag="hvc1", gop=26),
    film("hevc ten bits.mov", codec="libx265", options=X265, tag="hvc1", look=TEN),
    film("pq.mp4", codec="libx265", options=X265, tag="hvc1",
         look=Look(bits=10, matrix="bt2020", transfer="pq")),
    film("hlg turned.mov", codec="libx265", options=X265, tag="hvc1", rate=NTSC,
         look=Look(size=(180, 320), turn="turned 90", bits=10, matrix="bt2020", transfer="hlg"),
         afterwards=turn_by_hand("turned 90")),
    film("hlg.mkv", codec="libx265", options=X265, tick=MS,
         look=Look(bits=10, matrix="bt2020", transfer="hlg")),
    # Turned and mirrored.
    *(
        film(f"{turn}.mp4", count=50, afterwards=turn_by_hand(turn), look=Look(
            size=(180, 320) if TURNS[turn][0] == 0 else (320, 180), turn=turn))
        for turn in TURNS if turn != "upright"
    ),
    film("turned with wide pixels.mov", count=50, afterwards=turn_by_hand("turned 270"),
         look=Look(size=(180, 240), turn="turned 270", pixel=Fraction(4, 3))),
    # Starts.
    film("late.mp4", pts=range(10, 85)),
    film("late without sound.mp4", pts=range(10, 85), sounds=NO_SOUND),
    film("late.mkv", pts=range(10, 85), tick=MS, sounds=[Sound(codec="flac")]),
    film("late in a long delay.mov", pts=range(40, 100), sounds=[Sound(codec="pcm_s16le")]),
    film("no edit list.mp4", muxer={"use_editlist": "0"}, sounds=NO_SOUND,
         # Nothing is before 0 in such a file: two frames of delay make all of it late.
         zero=Fraction(-2, 25)),
    film("negative offsets.mp4", muxer={"movflags": "negative_cts_offsets"}, sounds=[LATER]),
    film("cut.mp4", first=31, zero=Fraction(31, 25),
         afterwards=edit_by_hand(cut=Fraction(31, 25))),
    film("cut before a key frame.mov", first=48, count=100, zero=Fraction(48, 25), b_frames=3,
         gop=50, afterwards=edit_by_hand(cut=Fraction(48, 25))),
    film("delayed.mp4", zero=Fraction(-1, 2), sound_shift=Fraction(-1, 2),
         afterwards=edit_by_hand(delay=Fraction(1, 2), sound_too=False)),
    film("delayed with its sound.mp4", zero=Fraction(-1, 2),
         afterwards=edit_by_hand(delay=Fraction(1, 2))),
    film("fragments.mp4", b_frames=0, sounds=[Sound(codec="flac")],
         muxer={"movflags": "frag_keyframe+empty_moov+default_base_moof"}),
    film("fragments with b-frames.mp4", sounds=[LATER],
         muxer={"movflags": "frag_keyframe+delay_moov"}),
    # Camcorders, discs and broadcasts.
    film("broadcast.ts", sounds=[LATER]),
    film("29.97 long.ts", rate=NTSC, count=540, gop=60, sounds=[LATER], slow=True,
         look=Look(size=(192, 108))),
    # Its clock begins on a third of a microsecond.
    film("29.97 late.ts", rate=NTSC, pts=range(10, 85), b_frames=0, sounds=NO_SOUND,
         zero=10 / NTSC),
    # The clock of a broadcast begins again after 26.5 hours.
    film("clock that begins again.ts", pts=range(25 * 95442, 25 * 95442 + 75),
         sounds=[Sound(start=95442 + Fraction(1024, 48000))], zero=Fraction(95442)),
    film("sound first.ts", pts=range(12, 87),
         # Its first packet is at 0 exactly, half a second before the first picture.
         sounds=[Sound(codec="mp2", start=Fraction(481, 48000))]),
    film("open groups.ts", options=OPEN, gop=26, sounds=[LATER]),
    film("open groups.mkv", options=OPEN, gop=26, tick=MS),
    film("50.m2ts", rate=50, count=120, gop=25, sounds=[AC3], container="mpegts",
         muxer={"mpegts_m2ts_mode": "1"}),
    converted("avchd.mts", *WOVEN, "-bf", "2", "-x264-params", "tff=1", "-f", "mpegts",
              "-mpegts_m2ts_mode", "1", look=AVCHD, sound=AC3),
    converted("avchd 29.97.mts", *WOVEN, "-bf", "2", "-x264-params", "tff=1", "-f", "mpegts",
              "-mpegts_m2ts_mode", "1", look=AVCHD, sound=AC3, rate=NTSC),
    converted("bottom field first.ts", *WOVEN, "-x264-params", "bff=1",
              look=dataclasses.replace(AVCHD, field_first="bottom"), sound=AC3),
    converted("disc.vob", *PICTURES, "-flags", "+ilme+ildct", "-f", "vob", look=DISC, sound=AC3),
    converted("disc.mpg", *PICTURES, look=Look(size=(240, 192), pixel=Fraction(64, 45),
              matrix="bt601", tagged=False), sound=Sound(codec="mp2", start=Fraction(1, 5))),
    converted("tape.avi", "-c:v", "dvvideo", rate=25, count=40, sound=Sound(codec="pcm_s16le"),
              look=Look(size=(720, 576), pixel=Fraction(16, 15), matrix="bt601", tagged=False,
                        field_first="bottom")),
    # Older cameras, screens and browsers.
    film("camera.avi", codec="mpeg4", b_frames=0, look=Look(matrix="bt601", tagged=False),
         sounds=[Sound(codec="mp2", start=Fraction(481, 48000))]),
    film("camera with b-frames.avi", codec="mpeg4", look=Look(matrix="bt601", tagged=False),
         # An AVI has no pts: a frame that is held back for its order comes up one later.
         sounds=[Sound(codec="pcm_s16le")], zero=Fraction(-1, 25), sound_shift=Fraction(-1, 25)),
    film("29.97 long.avi", codec="mpeg4", rate=NTSC, count=540, gop=50, slow=True,
         look=Look(matrix="bt601", tagged=False),
         sounds=[Sound(codec="pcm_s16le")], zero=-1 / NTSC, sound_shift=-1 / NTSC),
    film("stills.avi", codec="mjpeg", gop=1, b_frames=0, sounds=[Sound(codec="pcm_s16le")],
         look=Look(sampling="422", matrix="bt601", full=True)),
    film("29.97.mkv", rate=NTSC, tick=MS),
    film("vp8.webm", codec="libvpx", b_frames=0, tick=MS, sounds=[Sound(codec="libopus")],
         look=Look(matrix="bt601", tagged=False)),
    film("vp9.webm", codec="libvpx-vp9", b_frames=0, tick=MS, rate=30,
         sounds=[Sound(codec="libopus")]),
    film("av1.webm", codec="libsvtav1", b_frames=0, tick=MS, sounds=[Sound(codec="libopus")]),
    film("recorder.webm", codec="libvpx", b_frames=0, pts=_uneven(), base=MS, last=33,
         muxer={"live": "1"}, sounds=[Sound(codec="libopus")],
         look=Look(matrix="bt601", tagged=False)),
    film("recorder h264.webm", pts=_uneven(), base=MS, last=33, container="matroska",
         muxer={"live": "1"}, b_frames=0, sounds=[Sound(codec="libopus")]),
    # Sounds.
    film("silent.mp4", sounds=NO_SOUND),
    film("sound late.mp4", sounds=[Sound(start=Fraction(1, 2) + Fraction(1024, 48000))]),
    film("sound late.mkv", sounds=[Sound(codec="flac", start=Fraction(1, 2))]),
    film("gap in the sound.mkv",
         sounds=[Sound(codec="pcm_s16le", gap=(Fraction(9, 20), Fraction(3, 50)))]),
    film("several sounds.mkv", sounds=[Sound(codec="flac"), Sound(codec="flac", late=0.15)]),
    film("several sounds.mp4", sounds=[Sound(), Sound(rate=44100, late=0.15)]),
    film("five and one.mp4", sounds=[Sound(layout="5.1")]),
    film("five and one.ts", sounds=[dataclasses.replace(AC3, layout="5.1")]),
    # Shapes and samples.
    film("odd.mkv", look=Look(size=(321, 181), sampling="444")),
    film("odd.webm", codec="libvpx-vp9", b_frames=0, look=Look(size=(321, 181)), sounds=NO_SOUND),
    film("odd.avi", codec="mjpeg", gop=1, b_frames=0, sounds=NO_SOUND,
         look=Look(size=(321, 181), matrix="bt601", full=True)),
    film("422.mp4", look=Look(sampling="422")),
    film("444.mp4", look=Look(sampling="444")),
    film("422 ten bits.mov", codec="prores_ks", gop=1, b_frames=0,
         look=Look(sampling="422", bits=10), sounds=[Sound(codec="pcm_s16le")]),
    film("wide pixels.mp4", look=Look(size=(240, 180), pixel=Fraction(4, 3))),
    film("narrow pixels.mp4", look=Look(size=(352, 240), pixel=Fraction(10, 11))),
    # Colours.
    film("bt601.mp4", look=Look(matrix="bt601")),
    film("bt601 full.mp4", look=Look(matrix="bt601", full=True)),
    film("bt709 full.mp4", look=Look(full=True)),
    film("untagged.mp4", look=Look(matrix="bt601", tagged=False)),
    film("untagged high definition.mp4", look=Look(size=(1280, 720), tagged=False), count=30,
         sounds=NO_SOUND),
    film("bt2020.mp4", codec="libx265", options=X265, tag="hvc1",
         look=Look(bits=10, matrix="bt2020")),
    film("bt2020 eight bits.mkv", look=Look(matrix="bt2020")),
    # Lengths and sizes.
    film("one frame.mp4", count=1, last=25, sounds=NO_SOUND),
    film("one frame.ts", count=1, sounds=NO_SOUND),
    film("one frame.mkv", count=1, last=25),
    film("over 4 GB.mp4", afterwards=hole_by_hand((1 << 32) + 12_345), slow=True),
    # Names that say something else.
    film("mp4 named.avi", container="mp4"),
    film("no suffix", container="mp4"),
    film("webm named.mp4", container="webm", codec="libvpx-vp9", b_frames=0, tick=MS,
         sounds=[Sound(codec="libopus")]),
    converted("mts named.mp4", *WOVEN, "-bf", "2", "-x264-params", "tff=1", "-f", "mpegts",
              look=AVCHD, sound=AC3),
    film("with a place.mp4", afterwards=place_by_hand),
]  # fmt: skip
FILMS: dict[str, Awkward] = {one.name: one for one in _FILMS}

# --- What is no film -----------------------------------------------------------------------


def _plain(path: Path) -> Path:
    plain = path.with_name("plain.mp4")
    FILMS["24.mp4"].draw(plain)
    return plain


def _sound_only(path: Path) -> None:
    run_ffmpeg("-i", _plain(path), "-vn", "-c", "copy", path)


def _cover_only(path: Path) -> None:
    plain = _plain(path)
    run_ffmpeg(
        "-i", plain, "-i", plain, "-map", "0:a", "-map", "1:v", "-frames:v", "1", "-c:a", "copy",
        "-c:v:0", "mjpeg", "-disposition:v:0", "attached_pic", path,
    )  # fmt: skip


def _without_index(path: Path) -> None:
    path.write_bytes(_plain(path).read_bytes()[:-20_000])  # this film's index stands at its end


NO_FILMS: dict[str, tuple[Callable[[Path], object], str]] = {
    "nothing": (lambda path: path.write_bytes(b""), "is not a film that can be read"),
    "text": (
        lambda path: path.write_text("Shopping: milk, bread.\n" * 200),
        "is not a film that can be read",
    ),
    "random bytes": (
        lambda path: path.write_bytes(random.Random(4).randbytes(100_000)),
        "is not a film that can be read",
    ),
    "a beginning": (
        lambda path: path.write_bytes(_plain(path).read_bytes()[:40]),
        "is not a film that can be read",
    ),
    "no index": (_without_index, "is not a film that can be read"),
    "sound only": (_sound_only, "has no picture in it"),
    "sound and a cover": (_cover_only, "has no picture in it"),
    "playlist": (
        lambda path: path.write_text(f"#EXTM3U\n#EXTINF:4,\n{_plain(path)}\n#EXT-X-ENDLIST\n"),
        "is not a film that can be read",
    ),
    "concat script": (
        lambda path: path.write_text(f"ffconcat version 1.0\nfile '{_plain(path)}'\n"),
        "is not a film that can be read",
    ),
    "photograph": (
        lambda path: run_ffmpeg("-i", _plain(path), "-frames:v", "1", "-f", "mjpeg", path),
        "is not a film that can be read",
    ),
}

# Films of which only a part was copied: the index is where it can still be read.
_WHOLE = [
    film("faststart.mp4", count=100, muxer={"movflags": "faststart"}),
    film("fragments.mp4", count=100, b_frames=0, sounds=[Sound(codec="flac")],
         muxer={"movflags": "frag_keyframe+empty_moov"}),
    film("broadcast.ts", count=100, sounds=[LATER]),
    film("recording.mkv", count=100, sounds=[Sound(codec="flac")]),
    film("recorder.webm", count=100, codec="libvpx", b_frames=0, muxer={"live": "1"},
         sounds=[Sound(codec="libopus")]),
]  # fmt: skip
CUT_SHORT: dict[str, Awkward] = {one.name: one for one in _WHOLE}
NAMES = [
    "it's.mp4", 'a "film".mp4', "100%d.mp4", "concat:a.mp4", "pipe:0", "film", "-i.mp4",
    "Åse ünd 李.mp4", "a\nb.mp4", " .mp4", "file:film.mp4", "*.mp4", "$(date).mp4",
    "x" * 240 + ".mp4", "data:video,film.mp4",
]  # fmt: skip
