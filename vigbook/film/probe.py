"""Open a film safely, and tell what it is.

Times are pts arithmetic throughout, never a frame rate times seconds. Film time 0 is pts 0 in mp4,
mov, webm and mkv, and the container's own start elsewhere.

All of this runs in the process of `reader`, with limits: a film may be made to do harm.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from vigbook.errors import FilmError, Problem
from vigbook.film.facts import CONTAINERS, MOST_PIXELS, FilmFacts, Sound, Told
from vigbook.film.picture import turned
from vigbook.timecode import Timecode

_OPEN_OPTIONS = {
    "protocol_whitelist": "file",
    "format_whitelist": CONTAINERS,
    "max_pixels": str(MOST_PIXELS),
}
_MICROSECOND = Fraction(1, 1_000_000)
_SLACK = Timecode(Fraction(1, 2000))  # a mark rounded to the millisecond still finds its frame
_TELLS: Mapping[Told, tuple[str, ...]] = {
    "place": ("location", "gps", "xyz", "geo"),
    "camera": ("make", "model", "device", "serial", "camera", "lens"),
    "date": ("date", "creation_time"),
    "title": ("title", "comment", "description", "artist", "author", "album", "copyright",
              "synopsis", "keyword", "performer", "composer", "genre"),
}  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class OpenContainer:
    """A film open for reading: its picture, the pts that is film time 0, and a tick, in seconds."""

    path: Path
    container: InputContainer
    stream: VideoStream
    zero: Fraction
    base: Fraction

    def time_of(self, frame: VideoFrame) -> Timecode:
        return Timecode(pts_of(frame) * self.base - self.zero)

    def pts_at(self, time: Timecode) -> int:
        """Returns the latest pts that is on screen at a time."""
        return int(((time + _SLACK).seconds + self.zero) // self.base)


def probe_film(path: Path) -> FilmFacts:
    """Returns what a film is, after decoding its first frames.

    Raises:
        FilmError: it is not there, is no film, or has no picture that can be decoded.
    """
    with open_container(path) as film:
        container, stream = film.container, film.stream
        stream.codec_context.thread_count = 1  # for three pictures, starting more takes longer
        frames = list(itertools.islice(decode(film), 3))
        if not frames:
            raise FilmError(problem(path, "no picture in it can be decoded", "film it again"))
        first = frames[0]
        sample = stream.sample_aspect_ratio or Fraction(1)
        width, height = round(first.width * sample), first.height
        angle, mirrored = turned(first)
        if angle in (90, 270):
            width, height = height, width
        return FilmFacts(
            length=_length(film),
            width=width,
            height=height,
            container=container.format.name,
            video_codec=stream.codec_context.codec.canonical_name,
            pixel_format=first.format.name,
            bits=max(part.bits for part in first.format.components),
            sounds=tuple(
                Sound(
                    track=number,
                    codec=one.codec_context.codec.canonical_name,
                    channels=one.channels,
                    rate=one.sample_rate,
                )
                for number, one in enumerate(container.streams.audio)
                if one.codec_context  # newer telephones add sound of a kind that ffmpeg cannot read
            ),
            frame_rate=stream.average_rate,
            zero=film.zero,
            start=Fraction(container.start_time or 0, av.time_base),
            interlaced=any(frame.interlaced_frame for frame in frames),
            pixel_aspect=sample,
            turned=angle,
            mirrored=mirrored,
            transfer=int(first.color_trc),
            primaries=int(first.color_primaries),
            matrix=int(first.colorspace),
            tells=tuple(_list_told(container)),
        )


@contextlib.contextmanager
def open_container(path: Path) -> Iterator[OpenContainer]:
    if not path.is_file():
        raise FilmError(problem(path, "the film is not there", "copy it there or mend its name"))
    try:
        # An absolute path: a name like 'concat:a' must not be taken for a protocol.
        container = av.open(str(path.resolve()), options=_OPEN_OPTIONS, metadata_errors="ignore")
    except MemoryError:
        raise
    except (av.FFmpegError, ValueError, OSError) as err:
        mend = "play it to the end, and copy it from the camera again"
        raise FilmError(problem(path, "is not a film that can be read", mend)) from err
    with container:
        stream = _find_picture(container)
        if stream is None:
            raise FilmError(problem(path, "has no picture in it", "choose the film itself"))
        if stream.codec_context is None:  # ffmpeg does not know the codec, or its name is damaged
            mend = "save it as mp4 (H.264) on the device that made it"
            raise FilmError(problem(path, "is made in a way that nothing here can read", mend))
        if stream.codec_context.width * stream.codec_context.height > MOST_PIXELS:
            raise FilmError(problem(path, "says its picture is larger than any film's"))
        # It may grow on the way, too.
        stream.codec_context.options = {"max_pixels": str(MOST_PIXELS)}
        # Where several frames are decoded at once, half a one is not always marked as such, and
        # a broadcast may end in one: there, threads share the parts of one frame.
        stream.thread_type = "SLICE" if container.format.name == "mpegts" else "AUTO"
        base = stream.time_base or Fraction(1, 90000)
        try:
            yield OpenContainer(path, container, stream, _zero(container), base)
        except MemoryError:
            raise
        except av.FFmpegError as err:
            found = f"cannot be decoded: {err.strerror}"
            raise FilmError(problem(path, found, "copy it from the camera again")) from err
        finally:
            # Leaving a frame-threaded decoder with frames inside it can hang: let them out.
            with contextlib.suppress(av.FFmpegError, EOFError):
                stream.codec_context.flush_buffers()


def _find_picture(container: InputContainer) -> VideoStream | None:
    # A cover picture is a video stream too, and is no film.
    streams = container.streams.video
    covers = (one.disposition & one.disposition.attached_pic for one in streams)
    return next((one for one, cover in zip(streams, covers, strict=True) if not cover), None)


def find_sound(container: InputContainer) -> AudioStream | None:
    """Returns the first sound track that can be read; newer telephones add others."""
    return next((one for one in container.streams.audio if one.codec_context), None)


def _list_told(container: InputContainer) -> Iterator[Told]:
    written = [container.metadata, *(one.metadata for one in container.streams)]
    keys = [key.lower() for one in written for key in one]
    for told, parts in _TELLS.items():
        if any(part in key for key in keys for part in parts):
            yield told
    # A camera's own tracks hold places and movements; a clock that counts frames tells nobody's.
    others = [*container.streams.data, *container.streams.subtitles]
    if any("timecode" not in one.metadata for one in others):
        yield "data"


def decode(film: OpenContainer) -> Iterator[VideoFrame]:
    """Yields frames with a time from where the film stands; a damaged packet is passed over."""
    guessed = film.container.format.name == "mpegts"  # the last of a broadcast that broke off
    for packet in demux(film):
        with contextlib.suppress(av.error.InvalidDataError, av.error.EOFError):
            for frame in packet.decode():
                if frame.pts is not None and not (guessed and frame.is_corrupt):
                    yield frame


def demux(film: OpenContainer) -> Iterator[Packet[VideoStream]]:
    """Yields the picture's packets from where the film stands, and an empty one at its end."""
    if film.container.format.name != "mpegts":  # discs mark good packets as damaged
        yield from film.container.demux(film.stream)
        return
    # Where a broadcast breaks off, its last picture is a guess, marked as such or not.
    broken = _breaks_off(film.path)
    held: Packet[VideoStream] | None = None
    for packet in film.container.demux(film.stream):
        if packet.is_corrupt:
            continue
        if not (broken and packet.size):
            yield packet
            continue
        if held is not None:
            yield held
        held = packet


def _breaks_off(path: Path) -> bool:
    """Whether a transport stream does not end with one of its packets, of whatever size."""
    return all(path.stat().st_size % size for size in (188, 192, 204))


def _zero(container: InputContainer) -> Fraction:
    if container.format.name.split(",")[0] in ("mov", "matroska"):
        return Fraction(0)
    # The container's start is rounded to the microsecond; its streams' are exact.
    start = Fraction(container.start_time or 0, av.time_base)
    starts = (
        one.start_time * one.time_base
        for one in container.streams
        if one.start_time is not None and one.time_base
    )
    return min((one for one in starts if abs(one - start) <= _MICROSECOND), default=start)


def _length(film: OpenContainer) -> Timecode:
    stream, container = film.stream, film.container
    if stream.duration:
        begin = (stream.start_time or 0) * film.base - film.zero
        return Timecode(max(Fraction(0), begin + stream.duration * film.base))
    if container.duration:
        return Timecode(Fraction(container.duration, av.time_base))
    # A browser's recorder writes none: every packet is looked at.
    with contextlib.suppress(av.FFmpegError):
        container.seek(stream.start_time or 0, stream=stream)
    ends = ((one.pts or 0) + (one.duration or 0) for one in container.demux(stream) if one.size)
    return Timecode(max(Fraction(0), max(ends, default=0) * film.base - film.zero))


def pts_of(frame: VideoFrame) -> int:
    return frame.pts if frame.pts is not None else 0


def problem(path: Path, found: str, mend: str = "") -> Problem:
    return Problem(file=str(path), found=found, mend=mend)
