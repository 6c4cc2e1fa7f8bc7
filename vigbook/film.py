"""Open a film safely: what it is, and the frame on screen at a time.

The frame that a person saw at time t is the last one whose presentation time is at or before t;
this is what browsers do. Times are pts arithmetic throughout, never a frame rate times seconds.
Film time 0 is pts 0 in mp4, mov, webm and mkv, and the container's own start elsewhere.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
from av.buffer import Buffer
from av.container import InputContainer
from av.sidedata.sidedata import Type as SideDataType
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace
from av.video.stream import VideoStream
from numpy.typing import NDArray

from vigbook.errors import FilmError, Problem
from vigbook.timecode import Span, Timecode

Pixels = NDArray[np.uint8]
"""A picture: height x width x 3, RGB, upright."""

# A playlist or a concat script named .mp4 must not make us read another file or the network.
CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,mpeg,avi,mpegvideo,h264,hevc"
OPEN_OPTIONS = {"protocol_whitelist": "file", "format_whitelist": CONTAINERS}
_SLACK = Timecode(Fraction(1, 2000))  # a mark rounded to the millisecond still finds its frame
_MOST_PIXELS = 8192 * 8192
_UNSPECIFIED_COLORSPACE = 2


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FilmFacts:
    """What a film is.

    Attributes:
        length: of the picture, as the container says it.
        width, height: of the upright picture as shown, in pixels.
        container: ffmpeg's name of the format.
        video_codec, audio_codec: ffmpeg's names; no sound has no audio codec.
        frame_rate: the average, in frames a second, for telling people; never for finding frames.
        zero: the pts that is film time 0, in seconds.
        start: the container's own start, in seconds, from which ffmpeg's `-ss` counts.
        interlaced: whether frames are woven of two fields.
        pixel_aspect: width of one stored pixel over its height.
        transfer: the transfer characteristic; 16 and 18 are HDR.
    """

    length: Timecode
    width: int
    height: int
    container: str
    video_codec: str
    audio_codec: str | None
    frame_rate: Fraction | None
    zero: Fraction
    start: Fraction
    interlaced: bool
    pixel_aspect: Fraction
    transfer: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A frame on screen: the film time at which it came up, and its upright picture."""

    at: Timecode
    picture: Pixels


def probe_film(path: Path) -> FilmFacts:
    """Returns what a film is, after decoding its first frames.

    Raises:
        FilmError: it is not there, is no film, or has no picture that can be decoded.
    """
    with _open(path) as (container, stream):
        frames = list(itertools.islice(_decode(container, stream), 3))
        if not frames:
            raise FilmError(_problem(path, "no picture in it can be decoded", "film it again"))
        first = frames[0]
        start = Fraction(container.start_time or 0, av.time_base)
        zero = _zero(container)
        sample = stream.sample_aspect_ratio or Fraction(1)
        width, height = round(first.width * sample), first.height
        if _turned(first):
            width, height = height, width
        audio = container.streams.audio[0] if container.streams.audio else None
        return FilmFacts(
            length=_length(container, stream, zero),
            width=width,
            height=height,
            container=container.format.name,
            video_codec=stream.codec_context.name,
            audio_codec=audio.codec_context.name if audio else None,
            frame_rate=stream.average_rate,
            zero=zero,
            start=start,
            interlaced=any(frame.interlaced_frame for frame in frames),
            pixel_aspect=sample,
            transfer=int(first.color_trc),
        )


def find_frames(path: Path, times: Sequence[Timecode]) -> list[Shown]:
    """Returns the frame on screen at each time, in the order of `times`.

    The film is opened once; frames are decoded forward from the key frame before each time, and
    decoding goes on where the next time lies in the same group of pictures.

    Raises:
        FilmError: the film cannot be read, or cannot be decoded at one of the times.
    """
    found: dict[Timecode, Shown] = {}
    with _open(path) as (container, stream):
        zero = _zero(container)
        walker = _Walker(path, container, stream, zero)
        for time in sorted(set(times)):
            frame = walker.at(time)
            found[time] = Shown(at=walker.film_time(frame), picture=upright(frame))
        walker.close()
    return [found[time] for time in times]


def list_frame_times(path: Path, span: Span) -> list[Timecode]:
    """Returns the film times of the frames a clip of `span` must hold, without decoding them.

    These are the frame on screen at the span's start (which may have come up before it) and every
    frame after it and before the span's end. Where a film breaks off, those that its index
    promises are among them, at about their times.

    Raises:
        FilmError: the film cannot be read.
    """
    with _open(path) as (container, stream):
        zero, base = _zero(container), _time_base(stream)
        first = _pts_at(span.start, zero, base)
        # Half a tick keeps a frame exactly at the end out, whatever its rounding.
        end = (span.end.seconds + zero) / base
        # Broadcast streams are sought to any packet, and up to 16 frames shown after it may come
        # before it; elsewhere seeking comes to a key frame, and all that is shown after it follows.
        enough = 17 if container.format.name.startswith("mpeg") else 1
        for back in (0, 2, 10, 60, None):
            begin = None if back is None else first - int(back / base)
            pts = _list_pts(container, stream, begin, end)
            before = [one for one in pts if one <= first]
            if len(before) >= enough or back is None:
                break
        kept = ([max(before)] if before else []) + [one for one in pts if first < one < end]
        return [Timecode(one * base - zero) for one in sorted(set(kept))]


def upright(frame: VideoFrame) -> Pixels:
    """Returns a frame's picture as RGB, turned and mirrored as its display matrix says."""
    colorspace = int(frame.colorspace)
    if colorspace == _UNSPECIFIED_COLORSPACE:
        # Players take untagged high definition for BT.709 and the rest for BT.601.
        colorspace = int(Colorspace.ITU709 if frame.height >= 720 else Colorspace.ITU601)
    converted = frame.reformat(format="rgb24", src_colorspace=colorspace)
    pixels = converted.to_ndarray().astype(np.uint8, copy=False)
    across, down = _matrix(frame)
    # Each output axis runs along one stored axis, forwards or backwards.
    if across[0] == 0:
        pixels = pixels.transpose(1, 0, 2)
    if sum(across) < 0:
        pixels = pixels[:, ::-1]
    if sum(down) < 0:
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


class _Walker:
    """Goes forward through a film from time to time, seeking only where that is shorter."""

    def __init__(
        self, path: Path, container: InputContainer, stream: VideoStream, zero: Fraction
    ) -> None:
        self._path, self._container, self._stream, self._zero = path, container, stream, zero
        self._base = _time_base(stream)
        self._frames: Iterator[VideoFrame] = iter(())
        self._shown: VideoFrame | None = None  # the last frame at or before where we are
        self._ahead: VideoFrame | None = None  # decoded already, and later than where we are

    def film_time(self, frame: VideoFrame) -> Timecode:
        return Timecode((frame.pts or 0) * self._base - self._zero)

    def at(self, time: Timecode) -> VideoFrame:
        wanted = _pts_at(time, self._zero, self._base)
        if not self._can_go_on(wanted):
            self._seek(wanted)
        if self._ahead is not None and _pts(self._ahead) <= wanted:
            self._shown, self._ahead = self._ahead, None
        if self._ahead is None:
            for frame in self._frames:
                if _pts(frame) > wanted:
                    self._ahead = frame
                    break
                self._shown = frame
        # Before the first frame a player shows the first one.
        shown = self._shown or self._ahead
        if shown is None:
            found = f"no picture can be decoded at {time}"
            raise FilmError(_problem(self._path, found, "choose another moment"))
        return shown

    def close(self) -> None:
        # Leaving a frame-threaded decoder with frames inside it can hang: let them out.
        self._frames = iter(())
        with contextlib.suppress(av.FFmpegError, EOFError):
            self._stream.codec_context.flush_buffers()

    def _can_go_on(self, wanted: int) -> bool:
        if self._shown is None or _pts(self._shown) > wanted:
            return False
        key = self._key_before(wanted)
        return key is not None and key <= _pts(self._shown)

    def _key_before(self, wanted: int) -> int | None:
        index = self._stream.index_entries
        entry = index.search_timestamp(wanted, backward=True) if len(index) else -1
        return index[entry].timestamp if entry >= 0 else None

    def _seek(self, wanted: int) -> None:
        lowest = _lowest(self._container, self._stream)
        self._ahead = None
        for back_s in (0, 1, 3, 8, 20, 60, None):
            pts = lowest if back_s is None else max(lowest, wanted - int(back_s / self._base))
            with contextlib.suppress(av.FFmpegError):
                self._container.seek(pts, stream=self._stream, backward=True)
            self._frames = _decode(self._container, self._stream)
            first = next(self._frames, None)
            if first is not None and _pts(first) <= wanted:
                self._shown = first
                return
            if pts <= lowest:
                self._shown, self._ahead = None, first
                return


@contextlib.contextmanager
def _open(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    if not path.is_file():
        raise FilmError(_problem(path, "the film is not there", "copy it there or mend its name"))
    try:
        # An absolute path: a name like 'concat:a' must not be taken for a protocol.
        container = av.open(str(path.resolve()), options=OPEN_OPTIONS, metadata_errors="ignore")
    except (av.FFmpegError, ValueError, OSError) as err:
        mend = "play it to the end, and copy it from the camera again"
        raise FilmError(_problem(path, "is not a film that can be read", mend)) from err
    with container:
        stream = _find_picture(container)
        if stream is None:
            raise FilmError(_problem(path, "has no picture in it", "choose the film itself"))
        if stream.codec_context.width * stream.codec_context.height > _MOST_PIXELS:
            raise FilmError(_problem(path, "says its picture is larger than any film's"))
        stream.thread_type = "AUTO"
        try:
            yield container, stream
        except av.FFmpegError as err:
            found = f"cannot be decoded: {err.strerror}"
            raise FilmError(_problem(path, found, "copy it from the camera again")) from err


def _find_picture(container: InputContainer) -> VideoStream | None:
    # A cover picture is a video stream too, and is no film.
    streams = container.streams.video
    covers = (one.disposition & one.disposition.attached_pic for one in streams)
    return next((one for one, cover in zip(streams, covers, strict=True) if not cover), None)


def _decode(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """Yields frames with a time; a damaged packet is passed over."""
    frames: Iterator[VideoFrame] = iter(container.decode(stream))
    while True:
        try:
            frame = next(frames)
        except StopIteration:
            return
        except av.error.InvalidDataError:
            frames = iter(container.decode(stream))
            continue
        except av.error.EOFError:
            return
        if frame.pts is not None:
            yield frame


def _list_pts(
    container: InputContainer, stream: VideoStream, start: int | None, end: Fraction
) -> list[int]:
    lowest = _lowest(container, stream)
    container.seek(lowest if start is None else max(lowest, start), stream=stream, backward=True)
    pts: list[int] = []
    past = 0
    for one in _walk_pts(container, stream):
        pts.append(one)
        # Packets come in decoding order: frames shown earlier may follow for a while.
        past = past + 1 if one >= end else 0
        if past > 32:
            break
    else:
        # A film that breaks off promises more in its index: those frames are due, and missing.
        if pts:
            last, index = max(pts), stream.index_entries
            pts += [one.timestamp for one in index if one.timestamp > last and not one.is_discard]
    return pts


def _walk_pts(container: InputContainer, stream: VideoStream) -> Iterator[int]:
    """Yields the pts of frames from where the container stands, decoding none if it can."""
    if container.format.name == "mpeg":
        # A programme stream times only some packets; those between are guessed, and wrongly.
        yield from map(_pts, _decode(container, stream))
    else:
        for packet in container.demux(stream):
            if packet.pts is not None and not packet.is_discard:
                yield packet.pts


def _lowest(container: InputContainer, stream: VideoStream) -> int:
    """Returns a pts from which seeking backward comes to the very first key frame."""
    start = stream.start_time or 0
    if container.format.name.startswith("mpeg"):
        # Broadcast streams are searched by decoding time, and the first key frame is decoded
        # before it is shown: seeking to its own pts comes to the next one, seconds later.
        start -= int(1 / _time_base(stream))
    return start


def _zero(container: InputContainer) -> Fraction:
    counts_from_zero = container.format.name.split(",")[0] in ("mov", "matroska")
    return Fraction(0) if counts_from_zero else Fraction(container.start_time or 0, av.time_base)


def _length(container: InputContainer, stream: VideoStream, zero: Fraction) -> Timecode:
    if stream.duration and stream.time_base:
        begin = (stream.start_time or 0) * stream.time_base - zero
        return Timecode(max(Fraction(0), begin + stream.duration * stream.time_base))
    return Timecode(Fraction(container.duration or 0, av.time_base))


def _time_base(stream: VideoStream) -> Fraction:
    return stream.time_base or Fraction(1, 90000)


def _pts_at(time: Timecode, zero: Fraction, base: Fraction) -> int:
    return int(((time + _SLACK).seconds + zero) // base)


def _pts(frame: VideoFrame) -> int:
    return frame.pts if frame.pts is not None else 0


def _matrix(frame: VideoFrame) -> tuple[tuple[int, int], tuple[int, int]]:
    """Returns how output x and output y run along stored (x, y): each one of -1, 0, 1."""
    # Its stub says a dictionary with names for keys; it is a mapping from `Type`.
    side_data = cast(Any, frame.side_data).get(SideDataType.DISPLAYMATRIX)
    if not isinstance(side_data, Buffer):
        return (1, 0), (0, 1)
    a, b, _, c, d = (int(np.sign(v)) if abs(v) > 1000 else 0
                     for v in np.frombuffer(bytes(side_data), np.int32)[:5])  # fmt: skip
    # The matrix is written for row vectors: x' = a x + c y, y' = b x + d y.
    return (a, c), (b, d)


def _turned(frame: VideoFrame) -> bool:
    return _matrix(frame)[0][0] == 0


def _problem(path: Path, found: str, mend: str = "") -> Problem:
    return Problem(file=str(path), found=found, mend=mend)


def frames_in(path: Path) -> int:
    """Returns how many frames a film holds, by its packets.

    Raises:
        FilmError: it cannot be read.
    """
    with _open(path) as (container, stream):
        # What an edit list cuts off is in the file but never shown.
        packets = (one for one in container.demux(stream) if not one.is_discard)
        return sum(1 for packet in packets if packet.pts is not None)
