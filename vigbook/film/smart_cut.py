"""A clip in its film's own quality: groups of pictures are copied, only its ends encoded again.

Pictures are copied from one that is decoded from nothing (an IDR picture) on, for as long as all
that comes is due; those of the clip before and after are encoded again, as good as unchanged. No
picture from outside the marks is in the file, not even a hidden one. What is not surely exact is
not done: the reason is told, and the clip has to be encoded again as a whole.
"""

from __future__ import annotations

import contextlib
import dataclasses
import heapq
import itertools
import math
from collections.abc import Generator, Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, cast

import av
from av.codec.context import Flags
from av.packet import Packet
from av.stream import Disposition
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from vigbook.errors import FilmError
from vigbook.film import h264
from vigbook.film.facts import LEAST_FIRST_S, LEAST_LAST_S, SOUND_CODER
from vigbook.film.h264 import CodedPicture, Obstacle, Parameters
from vigbook.film.picture import turned
from vigbook.film.probe import OpenContainer, decode, find_sound, open_container
from vigbook.film.soundtrack import encode_sound
from vigbook.timecode import Span, Timecode

_BT709, _UNSPECIFIED = 1, 2
_HD_HEIGHT_PX = 720  # from here on players take a film that names no colours for BT.709
_MOST_ENCODED = Fraction(1, 4)  # encoding more of a clip than this again gains nothing
_FAR_S = 12  # between two pictures that a player can jump to
_DAMAGED = "the film is damaged there"
_OTHER = "other pictures were found than are due"
_Look = tuple[object, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _End:
    """Pictures to encode again: their pts, the IDR picture to decode from, and the packets."""

    pts: tuple[int, ...] = ()
    key: int = 0
    packets: int = 0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What becomes of each picture.

    Attributes:
        copied: pts, in decoding order.
        until: when the last picture shown goes.
    """

    head: _End
    copied: tuple[int, ...]
    tail: _End
    until: int

    @property
    def pts(self) -> tuple[int, ...]:
        """All pictures, in decoding order."""
        return self.head.pts + self.copied + self.tail.pts


def copy_clip(
    path: Path,
    times: Sequence[Timecode],
    span: Span,
    out: Path,
    *,
    sound: Literal["keep", "level", "mute"] = "keep",
) -> str | None:
    """Writes a clip whose pictures are its film's own, but for those at its ends.

    It has the film's size, shape and turning, so no masks, no scaling and no change of colours
    go with it. Its sound is encoded again. Its time 0 is where its span begins, or up to 2 ms
    before it, and nothing of the film's metadata is in it.

    Args:
        path: the film.
        times: when each picture that is due comes up, as `list_frame_times` returns them.
        span: the clip's marks; no picture that comes up at its end or later is due.
        out: the mp4 to write. When that cannot be done, nothing is left there.
        sound: as it is, at an even loudness, or none.

    Returns:
        None, or why this clip has to be encoded again as a whole, in plain words.
    """
    try:
        zero, look = _write(path, times, span, out, sound)
        _check(out, times, zero, look)
    except Obstacle as obstacle:
        out.unlink(missing_ok=True)
        return str(obstacle)
    except (FilmError, av.FFmpegError, ValueError, IndexError):
        # A damaged film, as a rule; whoever encodes it again will tell more.
        out.unlink(missing_ok=True)
        return _DAMAGED
    except BaseException:
        out.unlink(missing_ok=True)
        raise
    return None


@contextlib.contextmanager
def _open(path: Path) -> Iterator[OpenContainer]:
    with open_container(path) as film:
        if film.container.format.name.split(",")[0] != "mov":
            raise Obstacle("the film is not an mp4")
        # A picture on the cover is a track of pictures too.
        cover = Disposition.attached_pic
        tracks = film.container.streams.video
        if sum(not one.disposition & cover for one in tracks) != 1:
            raise Obstacle("the film has more than one picture")
        yield film


# --- What is copied, and what is encoded again ---------------------------------------------


def _check_film(stream: VideoStream) -> Parameters:
    """Returns the parameter sets of a film that can be copied."""
    codec = stream.codec_context
    if (codec.name, codec.codec_tag, codec.pix_fmt) != ("h264", "avc1", "yuv420p"):
        raise Obstacle("the film is not 8-bit 4:2:0 progressive H.264 in an mp4")
    parameters = h264.parse_avcc(codec.extradata or b"")
    if stream.sample_aspect_ratio not in (None, 0, 1):
        raise Obstacle("its pixels are not square")
    # The container's word, and the pictures' own.
    said = {codec.color_primaries, codec.color_trc, codec.colorspace} - {_UNSPECIFIED}
    own = set(parameters.sps.colours)
    untold = not own and codec.height >= _HD_HEIGHT_PX
    if said - {_BT709} or codec.color_range not in (0, 1) or not (own == {_BT709} or untold):
        raise Obstacle("its colours are not those of BT.709 video")
    return parameters


def _packets(film: OpenContainer, pts: int, length_size: int) -> Iterator[tuple[int, bytes]]:
    """Yields pts and packet, from an IDR picture on that comes up at `pts` or before."""
    target, before = pts, cast(int | None, None)
    while True:
        film.container.seek(target, stream=film.stream, backward=True)
        packets = film.container.demux(film.stream)
        first = next(packets)  # at the end an empty one
        kinds = {unit[0] & 0x1F for unit in h264.split_packet(bytes(first), length_size)}
        # An mp4 is sought by decoding time: a picture may be decoded before `pts`, shown after.
        if first.pts is not None and first.pts <= pts and h264.IDR_SLICE in kinds:
            break
        if first.dts is None or (before is not None and first.dts >= before):
            raise Obstacle("nothing before it can be decoded by itself")
        target, before = first.dts - 1, first.dts
    for packet in itertools.chain([first], packets):
        if not packet.size:  # the film's end
            return
        if packet.pts is None or packet.is_discard or packet.is_corrupt:
            raise Obstacle("the film is damaged, or was shortened without encoding it again")
        yield packet.pts, bytes(packet)


def _plan(
    film: OpenContainer, pictures: Iterable[CodedPicture], due: list[int], end: Fraction
) -> _Plan:
    coded: list[CodedPicture] = []
    past = 0
    for picture in pictures:
        coded.append(dataclasses.replace(picture, data=b""))
        # At most 16 pictures are held back: nothing more can come that is shown before.
        past = past + 1 if picture.pts >= end else 0
        if past > 16:
            break
    shown = sorted(coded, key=lambda one: one.pts)
    if any(a.pts == b.pts or a.order >= b.order for a, b in itertools.pairwise(shown)):
        raise Obstacle("its pictures come up in another order than they are coded for")
    if due != [one.pts for one in shown if due[0] <= one.pts < end]:
        raise Obstacle(_OTHER)
    keys = [at for at, one in enumerate(coded) if one.idr and due[0] <= one.pts <= due[-1]]
    if not keys:
        raise Obstacle("nothing in it can be decoded by itself")
    first = keys[0]
    head = due.index(coded[first].pts)
    # What is decoded next may be shown later: stop where all that came is due, with no gap.
    copied = highest = 0
    for count, one in enumerate(coded[first : first + len(due) - head], start=1):
        highest = max(highest, one.pts)
        if highest == due[head + count - 1]:
            copied = count
    tail = head + copied
    if head + len(due) - tail > _MOST_ENCODED * len(due):
        raise Obstacle("more than a quarter of it would be encoded again")
    stops = [due[0], *(coded[at].pts for at in keys), due[-1]]
    if max(b - a for a, b in itertools.pairwise(stops)) > _FAR_S / film.base:
        raise Obstacle("pictures that can be jumped to lie too far apart in it")
    # Players pass over a last picture that is shown for less, or for less than others are.
    usual = (due[-1] - due[0]) // max(1, len(due) - 1)
    enough = due[-1] + max(int(LEAST_LAST_S / film.base), usual)
    film_end = (film.stream.start_time or 0) + (film.stream.duration or 0)
    natural = next((one.pts for one in shown if one.pts > due[-1]), film_end)
    return _Plan(
        head=_plan_end(coded[:first], due[:head]),
        copied=tuple(one.pts for one in coded[first : first + copied]),
        tail=_plan_end(coded, due[tail:]),
        until=max(min(int(end), natural), enough),
    )


def _plan_end(coded: Sequence[CodedPicture], due: Sequence[int]) -> _End:
    if not due:
        return _End()
    key = max(at for at, one in enumerate(coded) if one.idr and one.pts <= due[0])
    last = max(at for at, one in enumerate(coded) if due[0] <= one.pts <= due[-1])
    return _End(pts=tuple(due), key=coded[key].pts, packets=last + 1 - key)


def _decoding_times(pts: Sequence[int], held_back: int) -> list[int]:
    """Returns times at which pictures can be decoded, in the order of `pts`: none too late for one.

    These are the times at which pictures are shown, as many places later as any is held back.
    """
    shown = sorted(pts)
    places = {one: place for place, one in enumerate(shown)}
    delay = max(at - places[one] for at, one in enumerate(pts))
    if delay > held_back:
        raise Obstacle("it does not say how its pictures are reordered")
    # Players that seek by decoding time take the first picture's lead for that of all, and come
    # too late where another's is longer: at an uneven rate, the first gets the longest.
    lead = max(shown[at] - shown[at - delay] for at in range(delay, len(shown)))
    begin = [shown[0] - lead + lead * at // delay for at in range(delay)]
    return begin + shown[: len(shown) - delay]


# --- Pictures ------------------------------------------------------------------------------


class _Encoder:
    """Encodes the pictures at a clip's end again, under parameter sets of their own."""

    def __init__(self, film: OpenContainer, parameters: Parameters) -> None:
        stream = film.stream
        films = parameters.sps
        free = min(set(range(32)) - parameters.pps_ids - {films.id})
        self._codec = av.CodecContext.create("libx264", "w")
        self._codec.width, self._codec.height = stream.width, stream.height
        self._codec.pix_fmt, self._codec.time_base = "yuv420p", film.base
        self._codec.framerate = stream.average_rate or Fraction(25)
        self._codec.flags |= Flags.global_header
        extra = f"sps-id={free}:chromaloc={films.siting}"
        if films.colours:
            extra += ":colorprim=bt709:transfer=bt709:colormatrix=bt709"
        # Without B-frames: they are decoded in the order of showing.
        self._codec.options = {
            "preset": "ultrafast", "crf": "12", "bf": "0", "profile": films.profile,
            "x264-params": extra,
        }  # fmt: skip
        self._codec.open()
        units = h264.split_stream(self._codec.extradata or b"")
        sps, self.pps = (
            next(unit for unit in units if unit[0] & 0x1F == kind) for kind in (h264.SPS, h264.PPS)
        )
        self.sps = h264.limit_like(h264.parse_sps(sps), films)

    def encode(self, frame: VideoFrame | None) -> Iterator[CodedPicture]:
        if frame is not None:
            frame.pict_type = PictureType.NONE  # what it was in the film binds nobody
        for packet in self._codec.encode(frame):
            units = h264.split_stream(bytes(packet))
            slices = [one for one in units if one[0] & 0x1F in (h264.SLICE, h264.IDR_SLICE)]
            yield CodedPicture(packet.pts or 0, packet.is_keyframe, h264.join_units(slices))


def _encode(
    path: Path, end: _End, encoder: _Encoder | None, length_size: int
) -> Iterator[CodedPicture]:
    if encoder is None:
        return
    with _open(path) as opened:
        packets = _packets(opened, end.key, length_size)
        packets = itertools.dropwhile(lambda one: one[0] != end.key, packets)
        for pts, data in itertools.chain(itertools.islice(packets, end.packets), [(0, b"")]):
            packet = Packet(data)
            packet.pts = pts
            for frame in opened.stream.codec_context.decode(packet if data else None):
                if frame.is_corrupt:
                    raise Obstacle(_DAMAGED)
                if frame.pts in end.pts:
                    frame.time_base = opened.base
                    yield from encoder.encode(frame)
    yield from encoder.encode(None)


def _copy(path: Path, pts: Sequence[int], parameters: Parameters) -> Iterator[CodedPicture]:
    reader = h264.PictureReader(parameters)
    with _open(path) as opened:
        packets = _packets(opened, pts[0], parameters.length_size)
        packets = itertools.dropwhile(lambda one: one[0] != pts[0], packets)
        for at, data in itertools.islice(packets, len(pts)):
            yield reader.read(data, at)


def _stamp(
    pictures: Iterable[CodedPicture],
    plan: _Plan,
    begin: int,
    held_back: int,
    track: VideoStream,
    base: Fraction,
) -> Generator[Packet[Any], None, None]:
    """Yields packets for the clip, whose time 0 is `begin`."""
    shown = sorted(plan.pts)
    # The first picture came up before the clip begins, or just then.
    moved = {pts: max(0, pts - begin) for pts in shown}
    ends = [*(moved[pts] for pts in shown[1:]), plan.until - begin]
    next_pts = dict(zip(shown, ends, strict=True))
    times = _decoding_times([moved[pts] for pts in plan.pts], held_back)
    for pts, dts, picture in zip(plan.pts, times, pictures, strict=True):
        if picture.pts != pts:
            raise Obstacle(_OTHER)
        packet: Packet[Any] = Packet(picture.data)
        packet.stream, packet.time_base = track, base
        packet.pts, packet.dts, packet.is_keyframe = moved[pts], dts, picture.idr
        packet.duration = next_pts[pts] - moved[pts]
        yield packet


# --- The file ------------------------------------------------------------------------------


def _write(
    path: Path, times: Sequence[Timecode], span: Span, out: Path, sound: str
) -> tuple[Timecode, _Look]:
    """Writes the clip, and returns the film time that is its time 0, and how the film looks."""
    # Neither dates nor titles nor tools are written.
    options = {"movflags": "+faststart", "fflags": "+bitexact"}
    with _open(path) as opened:
        parameters = _check_film(opened.stream)
        look = _look(opened)
        size, sps = parameters.length_size, parameters.sps
        exact = [time.seconds / opened.base for time in times]
        if not exact or exact[0] < 0 or any(pts.denominator != 1 for pts in exact):
            raise Obstacle(_OTHER)
        due = [int(pts) for pts in exact]
        begin = max(due[0], int(span.start.seconds / opened.base))
        if len(due) > 1:  # players pass over a first picture that is shown for less
            begin = min(begin, max(due[0], due[1] - math.ceil(LEAST_FIRST_S / opened.base)))
        zero = Timecode(begin * opened.base)
        reader = h264.PictureReader(parameters)
        pictures = (reader.read(data, pts) for pts, data in _packets(opened, due[0], size))
        plan = _plan(opened, pictures, due, span.end.seconds / opened.base)
        encoders = [
            _Encoder(opened, parameters) if one.pts else None for one in (plan.head, plan.tail)
        ]
        coded = itertools.chain(
            _encode(path, plan.head, encoders[0], size),
            _copy(path, plan.copied, parameters),
            _encode(path, plan.tail, encoders[1], size),
        )
        own = encoders[0] or encoders[1]
        avcc = h264.format_avcc(
            [sps.unit, *([own.sps] if own else [])], [*parameters.pps, *([own.pps] if own else [])]
        )
        with av.open(str(out.resolve()), "w", format="mp4", options=options) as clip:
            # Its shape, its colours and how it is turned are the film's.
            track = clip.add_stream_from_template(opened.stream, opaque=True)
            track.codec_context.extradata = avcc
            held_back = sps.limits[0] if sps.limits and not sps.order_type else 0
            tracks = [_stamp(coded, plan, begin, held_back, track, opened.base)]
            if find_sound(opened.container) and sound != "mute":
                voice = clip.add_stream(
                    "aac",
                    options={"aac_coder": SOUND_CODER},
                    rate=48000,
                    bit_rate=128_000,
                    layout="stereo",
                )
                voice.codec_context.flags |= Flags.bitexact  # else it signs its first packet
                tracks.append(encode_sound(path, voice, span, zero, sound == "level"))
            with contextlib.ExitStack() as stack:
                for one in tracks:
                    stack.callback(one.close)
                # Laid down side by side, as they are played.
                for packet in heapq.merge(*tracks, key=_decoded_at):
                    clip.mux(packet)
        return zero, look


def _decoded_at(packet: Packet[Any]) -> Fraction:
    return (packet.dts or 0) * packet.time_base


def _check(out: Path, times: Sequence[Timecode], zero: Timecode, look: _Look) -> None:
    """Raises Obstacle when what was written is not what was meant."""
    with _open(out) as opened:
        packets = [one for one in opened.container.demux(opened.stream) if one.size]
        held = sorted((one.pts or 0) * opened.base for one in packets if not one.is_discard)
        due = [(max(time, zero) - zero).seconds for time in times]
        if held != due or len(packets) != len(times):
            raise Obstacle("players would not show all of what was written")
        opened.container.seek(0)
        if _look(opened) != look:
            raise Obstacle("it would not look as the film does")


def _look(film: OpenContainer) -> _Look:
    """Returns what a player goes by, besides the pixels."""
    frame = next(decode(film), None)
    if frame is None:
        raise Obstacle(_DAMAGED)
    return (
        frame.width, frame.height, frame.format.name, frame.interlaced_frame, frame.colorspace,
        frame.color_primaries, frame.color_trc, frame.color_range, turned(frame),
    )  # fmt: skip
