"""Aids for choosing clips and stills: a film that plays, a strip of pictures, how loud it is.

Each is made once and kept in a folder of its own, under a name made of the film's content: for
another film it is made anew, and with the film it goes. None of them is printed or archived.
Whoever waits for one is told how far it has come, and cancels it by raising out of that.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image

from vigbook.film.clips import (
    KEEP_STEP,
    MP4_OPTIONS,
    NO_NOTES,
    SOUND_OPTIONS,
    TAGS,
    VIDEO_OPTIONS,
    picture_filters,
)
from vigbook.film.facts import FilmFacts, Pixels, Shown
from vigbook.film.ffmpeg import PartDone, input_options, run_ffmpeg
from vigbook.film.film import Film
from vigbook.film.media import write_picture
from vigbook.system.atomic import output_error, publish, publish_bytes
from vigbook.system.reading import read_json
from vigbook.timecode import Span, Timecode

FOLDER = "aids"  # beside the clips: whoever deletes a cycle's media deletes these too
_KEY_DIGITS = 16
_PROXY_LONG_SIDE_PX = 960
_TILE_LONG_SIDE_PX = 160
_TILES_A_ROW = 10
_LEVEL_STEP = Timecode(Fraction(1, 20))
_JUDGED_LONG_SIDE_PX = 640  # sharpness is judged at the size of a picture in print
_CODECS = {
    "h264": "H.264", "hevc": "HEVC", "mpeg1video": "MPEG-1", "mpeg2video": "MPEG-2",
    "mpeg4": "MPEG-4", "av1": "AV1", "vp8": "VP8", "vp9": "VP9", "mjpeg": "Motion JPEG",
    "dvvideo": "DV", "prores": "ProRes", "h263": "H.263",
}  # fmt: skip
_LARGEST_DETAILS = 1_000_000  # bytes
_SLACK = Timecode(Fraction(1, 2000))  # a time rounded to the millisecond still means its frame


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Filmstrip:
    """Small pictures of a whole film, in rows of one JPEG.

    Attributes:
        path: the JPEG.
        times: when each picture came up, in film time.
        columns: pictures a row.
        width, height: of one picture, in pixels.
    """

    path: Path
    times: tuple[Timecode, ...]
    columns: int
    width: int
    height: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Waveform:
    """How loud a film is, from 0 to 255, in steps of so many seconds from film time 0 on."""

    step: Timecode
    levels: bytes


def needs_proxy(facts: FilmFacts) -> str | None:
    """Returns why a browser could not play and seek a film as it is, or None if it can."""
    kinds = {
        "mov": (("h264",), ("aac", "mp3")),
        "matroska": (("vp8", "vp9"), ("opus", "vorbis")),
    }
    pictures, sounds = kinds.get(facts.container.split(",")[0], ((), ()))
    if not any(facts.video_codec in played for played, _ in kinds.values()):
        return f"not every browser plays {codec_name(facts.video_codec)}"
    if facts.video_codec not in pictures:
        return "not every browser plays a file of this kind"
    if facts.bits > 8 or not facts.pixel_format.startswith(("yuv420p", "yuvj420p")):
        return "its colours are finer than every browser shows"
    if facts.interlaced:
        return "its pictures are woven of two halves, and browsers show them combed"
    if facts.audio_codec is not None and facts.audio_codec not in sounds:
        return "not every browser plays its sound"
    return None


def codec_name(codec: str) -> str:
    """Returns what people call a way to store pictures, of ffmpeg's name for it."""
    return _CODECS.get(codec, codec)


def make_proxy(
    film: Film,
    content: str,
    folder: Path,
    progress: PartDone = lambda _: None,
) -> Path:
    """Returns a copy of a film that every browser plays, whose times are the film's own.

    Args:
        film: the film.
        content: the SHA-256 of its bytes.
        folder: where aids are kept.
        progress: told how much is done, from 0 to 1; to cancel, raise out of it.

    Raises:
        FilmError: the film cannot be read, or no copy can be made.
        OutputError: it cannot be written.
    """
    path = _path(folder, content, "proxy.mp4")
    if path.is_file():
        progress(1.0)
        return path
    facts = film.probe()
    # ffmpeg counts from the container's start, browsers from film time 0.
    late = facts.start - facts.zero
    shift = f"setpts=PTS+{float(late):.6f}/TB"
    picture = ",".join([*picture_filters(facts, _PROXY_LONG_SIDE_PX), "settb=1/90000", shift, TAGS])
    sound = ["-an"]
    for one in facts.sounds[:1]:
        sound = ["-map", f"0:a:{one.track}", "-af", f"a{shift},{KEEP_STEP}", *SOUND_OPTIONS]
    options = [
        *input_options(film.path, facts.container), "-map", "0:V:0", "-vf", picture, *VIDEO_OPTIONS,
        # A key frame a second: it is there to be scrubbed through.
        "-preset", "ultrafast", "-crf", "24", "-force_key_frames", "expr:gte(t,n_forced)",
        "-bsf:v", NO_NOTES, *sound, *MP4_OPTIONS,
    ]  # fmt: skip
    with publish(path) as temporary:
        length, group = facts.length.seconds, film.reader.group
        run_ffmpeg(options, temporary, film.path.name, length, progress, group)
    return path


def make_filmstrip(
    film: Film,
    content: str,
    folder: Path,
    count: int = 60,
    progress: PartDone = lambda _: None,
) -> Filmstrip:
    """Returns small pictures from all through a film, each the key frame nearest before its turn.

    Args:
        film: the film.
        content: the SHA-256 of its bytes.
        folder: where aids are kept.
        count: how many pictures.
        progress: told how much is done, from 0 to 1; to cancel, raise out of it.

    Raises:
        FilmError: the film cannot be read.
        OutputError: it cannot be written.
    """
    path = _path(folder, content, f"strip-{count}.jpg")
    details = path.with_suffix(".json")
    if path.is_file() and details.is_file():
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):  # else it is made anew
            kept = read_json(details, _LARGEST_DETAILS)
            times = tuple(Timecode(Fraction(one)) for one in kept.pop("times"))
            strip = Filmstrip(path=path, times=times, **kept)
            progress(1.0)
            return strip
    length = film.probe().length.seconds
    wanted = [Timecode(length * number / count) for number in range(count)]
    tiles: list[Shown] = []
    for tile in film.iter_thumbnails(wanted, _TILE_LONG_SIDE_PX):
        tiles.append(tile)
        progress(len(tiles) / count)
    height, width = tiles[0].picture.shape[:2]
    strip = Filmstrip(
        path=path,
        times=tuple(tile.at for tile in tiles),
        columns=_TILES_A_ROW,
        width=width,
        height=height,
    )
    write_picture(path, _join([tile.picture for tile in tiles], strip))
    kept = {
        "times": [str(one.seconds) for one in strip.times],
        "columns": strip.columns,
        "width": width,
        "height": height,
    }
    publish_bytes(details, json.dumps(kept).encode())
    return strip


def make_waveform(
    film: Film,
    content: str,
    folder: Path,
    progress: PartDone = lambda _: None,
) -> Waveform:
    """Returns how loud a film is all through; of a film without sound, nothing.

    Args:
        film: the film.
        content: the SHA-256 of its bytes.
        folder: where aids are kept.
        progress: told how much is done, from 0 to 1; to cancel, raise out of it.

    Raises:
        FilmError: the film cannot be read.
        OutputError: it cannot be written.
    """
    path = _path(folder, content, "sound.bin")
    if path.is_file():
        progress(1.0)
        return Waveform(step=_LEVEL_STEP, levels=path.read_bytes())
    length = max(film.probe().length.seconds, _LEVEL_STEP.seconds)
    levels = bytearray()
    for at, level in film.iter_levels(_LEVEL_STEP):
        levels.append(round(level * 255))
        progress(min(1.0, float(at.seconds / length)))
    publish_bytes(path, bytes(levels))
    progress(1.0)
    return Waveform(step=_LEVEL_STEP, levels=bytes(levels))


def find_neighbours(
    list_times: Callable[[Span], list[Timecode]], at: Timecode, count: int = 3
) -> tuple[list[Timecode], Timecode]:
    """Returns the times of the frame on screen and of those beside it, and its own by itself.

    Near the film's ends there are fewer. They are in the order of time.

    Args:
        list_times: lists the frames of a span, as `Film.list_frame_times`.
        at: when, as it was written: to the millisecond.
        count: how many on either side.

    Raises:
        FilmError: the film cannot be read.
    """
    # A second holds enough frames, but where a phone's variable rate leaves a hole.
    for reach in (Fraction(1), Fraction(4), Fraction(16)):
        times = list_times(around(at, reach))
        here = max((n for n, one in enumerate(times) if one <= at + _SLACK), default=0)
        if here >= count and len(times) > here + count:
            break
    return times[max(0, here - count) : here + count + 1], times[here]


def find_sharpest(
    film: Film,
    at: Timecode,
    within: Timecode = Timecode(Fraction(1, 2)),  # noqa: B008  # it is frozen
) -> Shown:
    """Returns the sharpest frame that comes up near a time: a suggestion, for a person to choose.

    Args:
        film: the film.
        at: the time.
        within: how far before and after it to look.

    Raises:
        FilmError: the film cannot be read.
    """
    times = film.list_frame_times(around(at, within.seconds))
    small = film.find_frames(times, long_side=_JUDGED_LONG_SIDE_PX)
    best = max(small, key=lambda one: _sharpness(one.picture))
    return film.find_frames([best.at])[0]


def remove_aids(folder: Path, content: str | None) -> list[Path]:
    """Deletes the aids of every film but one, and returns their paths.

    Args:
        folder: where aids are kept.
        content: the SHA-256 of the film whose aids stay; None where no film is left.

    Raises:
        OutputError: one cannot be deleted.
    """
    if folder.is_symlink() or not folder.is_dir():
        return []
    # A hidden one is being made at this moment, for whoever is preparing a review.
    kept = (f"{content[:_KEY_DIGITS]}-", f".{content[:_KEY_DIGITS]}-") if content else ()
    unwanted = [path for path in sorted(folder.iterdir())
                if path.is_file() and not path.name.startswith(kept)]  # fmt: skip
    for path in unwanted:
        try:
            path.unlink()
        except OSError as err:
            raise output_error(path, err) from err
    return unwanted


def _path(folder: Path, content: str, name: str) -> Path:
    return folder / f"{content[:_KEY_DIGITS]}-{name}"


def around(at: Timecode, reach: Fraction) -> Span:
    """Returns the span that begins so many seconds before a time and ends as many after it."""
    return Span(Timecode(max(Fraction(0), at.seconds - reach)), Timecode(at.seconds + reach))


def _sharpness(picture: Pixels) -> float:
    """Returns the variance of a picture's Laplacian: the more of fine edges, the sharper."""
    grey = np.asarray(Image.fromarray(picture).convert("L"), dtype=np.float32)
    edges = (
        4 * grey[1:-1, 1:-1] - grey[:-2, 1:-1] - grey[2:, 1:-1] - grey[1:-1, :-2] - grey[1:-1, 2:]
    )
    return float(edges.var())


def _join(pictures: Sequence[Pixels], strip: Filmstrip) -> Pixels:
    rows = -(-len(pictures) // strip.columns)
    whole = np.zeros((rows * strip.height, strip.columns * strip.width, 3), np.uint8)
    for number, picture in enumerate(pictures):
        top = number // strip.columns * strip.height
        left = number % strip.columns * strip.width
        # A broadcast's pictures may change their shape on the way.
        height, width = min(picture.shape[0], strip.height), min(picture.shape[1], strip.width)
        whole[top : top + height, left : left + width] = picture[:height, :width]
    return whole
