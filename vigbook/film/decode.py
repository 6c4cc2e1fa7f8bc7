"""The frame on screen at a time, the frames of a clip, and aids for choosing them.

The frame that a person saw at time t is the last one whose presentation time is at or before t;
this is what browsers do. Like `probe`, all of this runs in the process of `reader`.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import os
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from vigbook.errors import FilmError, Problem
from vigbook.film.facts import Shown
from vigbook.film.picture import show, turned
from vigbook.film.probe import (
    OpenContainer,
    decode,
    demux,
    find_sound,
    open_container,
    problem,
    pts_of,
)
from vigbook.timecode import Span, Timecode

# Codecs whose frames that no other is made of may be passed over without a trace: every packet of
# them is a frame to show. (VP8 has packets that are never shown.)
_SKIPS_UNUSED = ("h264", "hevc")
_MOST_BYTES = 256 * 1024**2  # of packets to hold at once; beyond, frames are decoded one by one
_LONGEST_S = 24 * 60 * 60


def iter_frames(
    path: Path, times: Sequence[Timecode], long_side: int | None = None
) -> Iterator[Shown]:
    """Yields the frame on screen at each time; the times are in order, none of them twice.

    Args:
        path: the film.
        times: in film time.
        long_side: pictures are made smaller to this many pixels, and their pixels square.

    Raises:
        FilmError: the film cannot be read, or cannot be decoded at one of the times.
    """
    with open_container(path) as film:
        # Packets that are passed over hold a place among the threads: more of them keep it busy.
        film.stream.codec_context.thread_count = min(16, 4 * (os.cpu_count() or 1))
        walker = _Walker(film)
        for group in _by_key_frame(film, times):
            frames = _jump(film, [film.pts_at(time) for time in group])
            for time, frame in itertools.zip_longest(group, frames):
                shown, before, after = (frame, None, None) if frame else walker.around(time)
                picture = show(shown, before, after, _size(film, shown, long_side))
                yield Shown(at=film.time_of(shown), picture=picture)


def iter_thumbnails(path: Path, times: Sequence[Timecode], long_side: int) -> Iterator[Shown]:
    """Yields the key frame at or before each time, made small: quick, and near enough for a strip.

    Args:
        path: the film.
        times: in film time, in order.
        long_side: of the pictures, in pixels; their pixels are square.

    Raises:
        FilmError: the film cannot be read.
    """
    with open_container(path) as film:
        latest: VideoFrame | None = None
        for time in times:
            frame, _ = _seek(film, film.pts_at(time))
            # Where a film breaks off, the last there is stands.
            if latest is None or (frame is not None and pts_of(frame) > pts_of(latest)):
                latest = frame
            if latest is None:
                raise FilmError(_undecodable(film, time))
            picture = show(latest, None, None, size=_size(film, latest, long_side))
            yield Shown(at=film.time_of(latest), picture=picture)


def iter_levels(path: Path, step: Timecode) -> Iterator[tuple[Timecode, float]]:
    """Yields how loud the film's sound is, from 0 to 1, in each step from film time 0 on.

    The loudness is the greatest swing of the first sound track in that step. A film without sound
    gives nothing. What is heard more than a day in is left out: no film is so long.

    Raises:
        FilmError: the film cannot be read.
    """
    with open_container(path) as film:
        sound = find_sound(film.container)
        if sound is None:
            return
        number, loudest = 0, 0.0
        for begin, rate, swings in _list_swings(film, sound):
            done = 0
            while done < len(swings):
                # A packet may hold seconds of sound: each step gets its own part of it.
                here = int((begin + Fraction(done, rate)) // step.seconds)
                if here * step.seconds > _LONGEST_S:
                    break
                until = math.ceil(((here + 1) * step.seconds - begin) * rate)
                while number < here:
                    yield Timecode(number * step.seconds), loudest
                    number, loudest = number + 1, 0.0
                if here == number:
                    loudest = max(loudest, min(1.0, float(swings[done:until].max(initial=0.0))))
                done = until
        yield Timecode(number * step.seconds), loudest


def _list_swings(
    film: OpenContainer, sound: AudioStream
) -> Iterator[tuple[Fraction, int, NDArray[np.float32]]]:
    """Yields pieces of a sound track: when each begins, its samples a second, and they."""
    for packet in film.container.demux(sound):
        try:
            pieces = packet.decode()
        except MemoryError:
            raise
        except av.FFmpegError:
            continue  # a damaged packet is passed over, whatever its decoder calls it
        for piece in pieces:
            if piece.pts is not None and piece.time_base is not None and piece.samples:
                begin = piece.pts * piece.time_base - film.zero
                yield begin, piece.sample_rate, _swings(piece)


def _swings(piece: AudioFrame) -> NDArray[np.float32]:
    """Returns how far each sample of a piece of sound swings, of its loudest channel."""
    samples = piece.to_ndarray()
    middle, most = 0.0, 1.0
    if samples.dtype.kind in "iu":
        middle = 0.0 if samples.dtype.kind == "i" else float(1 << 8 * samples.itemsize - 1)
        most = float(1 << 8 * samples.itemsize - 1)
    swings = np.abs(samples.astype(np.float32) - middle) / most
    if not piece.format.is_planar:
        swings = swings.reshape(-1, len(piece.layout.channels)).T
    return cast("NDArray[np.float32]", swings.max(axis=0))


def list_frame_times(path: Path, span: Span) -> list[Timecode]:
    """Returns the film times of the frames a clip of `span` must hold, without decoding them.

    These are the frame on screen at the span's start (which may have come up before it) and every
    frame after it and before the span's end. Where a film breaks off, those that its index
    promises are among them, at about their times.

    Raises:
        FilmError: the film cannot be read.
    """
    with open_container(path) as film:
        return _list_times(film, span)


def _list_times(film: OpenContainer, span: Span) -> list[Timecode]:
    first = film.pts_at(span.start)
    # Half a tick keeps a frame exactly at the end out, whatever its rounding.
    end = (span.end.seconds + film.zero) / film.base
    # Broadcast streams are sought to any packet, and up to 16 frames shown after it may come
    # before it; elsewhere seeking comes to a key frame, and all that is shown after it follows.
    enough = 17 if film.container.format.name.startswith("mpeg") else 1
    for back in (0, 2, 10, 60, None):
        begin = None if back is None else first - int(back / film.base)
        pts = _list_pts(film, begin, end)
        before = [one for one in pts if one <= first]
        if len(before) >= enough or back is None:
            break
    kept = ([max(before)] if before else []) + [one for one in pts if first < one < end]
    return [Timecode(one * film.base - film.zero) for one in sorted(set(kept))]


def find_lead(path: Path, time: Timecode) -> tuple[Timecode | None, Timecode | None]:
    """Returns what comes before the frame that comes up at a time.

    Returns:
        The decoding time of the key frame that it is made from, or None where seeking is not exact;
        and when the frame before it came up, or None where there is none.

    Raises:
        FilmError: the film cannot be read.
    """
    with open_container(path) as film:
        packets = _read_group(film, [film.pts_at(time)])
        key = packets[0].dts if packets else None
        just_before = time - Timecode(Fraction(1, 1000))
        earlier = []
        if just_before >= Timecode(Fraction(0)):
            earlier = [one for one in _list_times(film, Span(just_before, time)) if one < time]
        return (
            Timecode(key * film.base - film.zero) if key is not None else None,
            earlier[0] if earlier else None,
        )


def find_end(path: Path) -> Timecode:
    """Returns when the last there is of picture and sound ends, whatever the film promises.

    Raises:
        FilmError: the film cannot be read.
    """
    with open_container(path) as film:
        container = film.container
        ends = (
            (packet.pts + (packet.duration or 0)) * packet.time_base
            for packet in container.demux(*container.streams.video, *container.streams.audio)
            if packet.pts is not None
        )
        return Timecode(max(ends, default=film.zero) - film.zero)


def count_frames(path: Path) -> int:
    """Returns how many frames a film holds, by its packets.

    Raises:
        FilmError: it cannot be read.
    """
    with open_container(path) as film:
        # What an edit list cuts off is in the file but never shown.
        packets = (one for one in demux(film) if not one.is_discard)
        return sum(1 for packet in packets if packet.pts is not None)


def _by_key_frame(film: OpenContainer, times: Sequence[Timecode]) -> Iterator[list[Timecode]]:
    """Yields times that lie in one group of pictures together."""
    index = film.stream.index_entries

    def key_before(time: Timecode) -> object:
        found = index.search_timestamp(film.pts_at(time), backward=True) if len(index) else -1
        return found if found >= 0 else time

    for _, group in itertools.groupby(times, key_before):
        yield list(group)


def _jump(film: OpenContainer, wanted: Sequence[int]) -> list[VideoFrame]:
    """Returns the frames on screen at some pts in one group of pictures, decoding no other.

    Only what those frames are made of is decoded. Where the packets do not tell for sure which
    those are, nothing is returned.
    """
    packets = _read_group(film, wanted)
    shown = sorted(_packet_pts(one) for one in packets if not one.is_discard)
    due = [max((pts for pts in shown if pts <= one), default=None) for one in wanted]
    if not packets or None in due:
        return []
    last = max(number for number, one in enumerate(packets) if one.pts in due)
    context = film.stream.codec_context
    found: dict[int, VideoFrame] = {}
    with contextlib.suppress(av.error.InvalidDataError, av.error.EOFError):
        for packet in packets[: last + 1]:
            unused = packet.pts not in due and context.name in _SKIPS_UNUSED
            context.skip_frame = "NONREF" if unused else "DEFAULT"
            found |= {pts_of(frame): frame for frame in context.decode(packet) if frame.pts in due}
        found |= {pts_of(frame): frame for frame in context.decode(None) if frame.pts in due}
    context.skip_frame = "DEFAULT"
    context.flush_buffers()
    # A damaged film gives less than its packets promise; woven fields want their neighbours.
    whole = len(found) == len(set(due)) and not any(one.interlaced_frame for one in found.values())
    return [found[pts] for pts in due if pts is not None] if whole else []


def _read_group(film: OpenContainer, wanted: Sequence[int]) -> list[Packet[VideoStream]]:
    """Returns the packets from the key frame before some pts to after the last."""
    if film.container.format.name.split(",")[0] not in ("mov", "matroska"):
        return []  # packets are timed as it comes, or seeking comes to any of them
    lowest = _lowest(film)
    for back_s in (0, 1, 3, 8, 20):
        start = max(lowest, wanted[0] - int(back_s / film.base))
        with contextlib.suppress(av.FFmpegError):
            film.container.seek(start, stream=film.stream, backward=True)
        packets, size = [], 0
        for packet in demux(film):
            size += packet.size
            if size > _MOST_BYTES:
                return []
            if packet.pts is None or packet.dts is None:
                if packet.size:
                    return []
                break
            packets.append(packet)
            # Packets come in decoding order, and none is shown before it is decoded.
            if packet.dts > wanted[-1]:
                break
        if packets and packets[0].is_keyframe and _packet_pts(packets[0]) <= wanted[0]:
            return packets
        if start == lowest:
            break
    return []


class _Walker:
    """Goes forward through a film from time to time, seeking only where that is shorter."""

    def __init__(self, film: OpenContainer) -> None:
        self._film = film
        self._frames: Iterator[VideoFrame] = iter(())
        self._before: VideoFrame | None = None  # the one before the next
        self._shown: VideoFrame | None = None  # the last frame at or before where we are
        self._ahead: VideoFrame | None = None  # decoded already, and later than where we are

    def around(self, time: Timecode) -> tuple[VideoFrame, VideoFrame | None, VideoFrame | None]:
        """Returns the frame on screen at a time, and those before and after it if at hand."""
        wanted = self._film.pts_at(time)
        self._go(wanted, wanted)
        if self._shown and self._shown.interlaced_frame and self._before is None:
            self._go(wanted - int(Fraction(1, 5) / self._film.base), wanted)
        # Before the first frame a player shows the first one.
        shown = self._shown or self._ahead
        if shown is None:
            raise FilmError(_undecodable(self._film, time))
        return shown, self._before, self._ahead if shown is self._shown else None

    def _go(self, seek: int, wanted: int) -> None:
        if seek < wanted or not self._can_go_on(wanted):
            first, self._frames = _seek(self._film, seek)
            early = first is not None and pts_of(first) <= seek
            self._before = None
            self._shown, self._ahead = (first, None) if early else (None, first)
        if self._ahead is not None and pts_of(self._ahead) <= wanted:
            self._before, self._shown, self._ahead = self._shown, self._ahead, None
        if self._ahead is None:
            for frame in self._frames:
                if pts_of(frame) > wanted:
                    self._ahead = frame
                    break
                self._before, self._shown = self._shown, frame

    def _can_go_on(self, wanted: int) -> bool:
        if self._shown is None or pts_of(self._shown) > wanted:
            return False
        guessed = self._film.container.format.name.split(",")[0] not in ("mov", "matroska")
        # Where seeking is a guess, it takes longer than decoding another second.
        if guessed and wanted - pts_of(self._shown) <= 1 / self._film.base:
            return True
        index = self._film.stream.index_entries
        entry = index.search_timestamp(wanted, backward=True) if len(index) else -1
        return entry >= 0 and index[entry].timestamp <= pts_of(self._shown)


def _seek(film: OpenContainer, wanted: int) -> tuple[VideoFrame | None, Iterator[VideoFrame]]:
    """Goes to a key frame at or before a pts, or to the first; returns it, and those after it."""
    lowest = _lowest(film)
    for back_s in (0, 1, 3, 8, 20, 60, None):
        pts = lowest if back_s is None else max(lowest, wanted - int(back_s / film.base))
        with contextlib.suppress(av.FFmpegError):
            film.container.seek(pts, stream=film.stream, backward=True)
        frames = decode(film)
        first = next(frames, None)
        if pts <= lowest or (first is not None and pts_of(first) <= wanted):
            break
    return first, frames


def _list_pts(film: OpenContainer, start: int | None, end: Fraction) -> list[int]:
    lowest = _lowest(film)
    stream = film.stream
    begin = lowest if start is None else max(lowest, start)
    with contextlib.suppress(av.FFmpegError):
        film.container.seek(begin, stream=stream, backward=True)
    pts: list[int] = []
    past = 0
    for one in _walk_pts(film):
        pts.append(one)
        # Packets come in decoding order: frames shown earlier may follow for a while.
        past = past + 1 if one >= end else 0
        if past > 32:
            break
    else:
        if film.container.format.name == "mpegts":
            # The last picture of a broadcast that broke off may be only half there.
            film.container.seek(begin, stream=stream, backward=True)
            whole = {pts_of(frame) for frame in decode(film)}
            while pts and max(pts) not in whole:
                pts.remove(max(pts))
        # A film that breaks off promises more in its index: those frames are due, and missing.
        elif pts:
            last, index = max(pts), stream.index_entries
            pts += [one.timestamp for one in index if one.timestamp > last and not one.is_discard]
    return pts


def _walk_pts(film: OpenContainer) -> Iterator[int]:
    """Yields the pts of frames from where the container stands, decoding none if it can."""
    if film.container.format.name == "mpeg":
        # A programme stream times only some packets; those between are guessed, and wrongly.
        yield from map(pts_of, decode(film))
    else:
        for packet in demux(film):
            if packet.pts is not None and not packet.is_discard:
                yield packet.pts


def _lowest(film: OpenContainer) -> int:
    """Returns a pts from which seeking backward comes to the very first key frame."""
    start = film.stream.start_time or 0
    if film.container.format.name.startswith("mpeg"):
        # Broadcast streams are searched by decoding time, and the first key frame is decoded
        # before it is shown: seeking to its own pts comes to the next one, seconds later.
        start -= int(1 / film.base)
    return start


def _size(film: OpenContainer, frame: VideoFrame, long_side: int | None) -> tuple[int, int] | None:
    """Returns the size of an upright picture with square pixels and no side over `long_side`."""
    if long_side is None:
        return None
    sample = film.stream.sample_aspect_ratio or Fraction(1)
    width, height = Fraction(frame.width), Fraction(frame.height)
    # Pixels that are not square are stretched, never squeezed: no detail is thrown away.
    width, height = width * max(sample, Fraction(1)), height / min(sample, Fraction(1))
    if turned(frame)[0] in (90, 270):
        width, height = height, width
    scale = min(Fraction(1), long_side / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _packet_pts(packet: Packet[VideoStream]) -> int:
    return packet.pts if packet.pts is not None else 0


def _undecodable(film: OpenContainer, time: Timecode) -> Problem:
    return problem(film.path, f"no picture can be decoded at {time}", "choose another moment")
