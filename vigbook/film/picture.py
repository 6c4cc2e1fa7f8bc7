"""A frame of a film as a person should see it: upright, whole and in the colours of a page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import av
import numpy as np
from av.buffer import Buffer
from av.filter import Graph
from av.sidedata.sidedata import Type as SideDataType
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation
from numpy.typing import NDArray

from vigbook.film.colour import decide_matrix, is_wide, narrow
from vigbook.film.facts import Pixels

_RGB = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT


def show(
    frame: VideoFrame,
    before: VideoFrame | None,
    after: VideoFrame | None,
    size: tuple[int, int] | None = None,
) -> Pixels:
    """Returns a frame's picture as a person should see it.

    Args:
        frame: the frame.
        before, after: its neighbours, which an interlaced frame's missing lines are taken from.
        size: width and height of the upright picture, where they are not the frame's own.
    """
    if size and turned(frame)[0] in (90, 270):
        size = size[1], size[0]
    whole = _deinterlace(frame, before, after) if frame.interlaced_frame else frame
    transfer, primaries = int(frame.color_trc), int(frame.color_primaries)
    if is_wide(transfer, primaries):
        pixels = narrow(_rgb(whole, "rgb48le", size), transfer, primaries)
    else:
        pixels = _rgb(whole, "rgb24", size)
    return _turn(pixels, frame)


def turned(frame: VideoFrame) -> tuple[int, bool]:
    """Returns how far a frame is to be turned clockwise, in degrees, after any mirroring."""
    (a, c), (b, d) = _matrix(frame)
    mirrored = a * d - b * c < 0
    if mirrored:
        a, b = -a, -b  # mirrored left to right first
    angle = {(1, 0): 0, (0, 1): 90, (-1, 0): 180, (0, -1): 270}[(a, b)]
    return angle, mirrored


def _rgb(frame: VideoFrame, pixel_format: str, size: tuple[int, int] | None = None) -> NDArray[Any]:
    width, height = size or (frame.width, frame.height)
    transfer, primaries = int(frame.color_trc), int(frame.color_primaries)
    matrix = decide_matrix(int(frame.colorspace), transfer, primaries, frame.height)
    # Size and colours in one go: a third of the time that it takes one after the other.
    return frame.reformat(
        width=width, height=height, format=pixel_format, src_colorspace=matrix, interpolation=_RGB
    ).to_ndarray()


def _turn(pixels: Pixels, frame: VideoFrame) -> Pixels:
    across, down = _matrix(frame)
    # Each output axis runs along one stored axis, forwards or backwards.
    if across[0] == 0:
        pixels = pixels.transpose(1, 0, 2)
    if sum(across) < 0:
        pixels = pixels[:, ::-1]
    if sum(down) < 0:
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def _matrix(frame: VideoFrame) -> tuple[tuple[int, int], tuple[int, int]]:
    """Returns how output x and output y run along stored (x, y): each one of -1, 0, 1."""
    # Its stub says a dictionary with names for keys; it is a mapping from `Type`.
    side_data = cast(Any, frame.side_data).get(SideDataType.DISPLAYMATRIX)
    if not isinstance(side_data, Buffer):
        return (1, 0), (0, 1)
    a, b, _, c, d = (int(np.sign(v)) if abs(v) > 1000 else 0
                     for v in np.frombuffer(bytes(side_data), np.int32)[:5])  # fmt: skip
    # The matrix is written for row vectors: x' = a x + c y, y' = b x + d y.
    if sorted((abs(a), abs(b), abs(c), abs(d))) != [0, 0, 1, 1] or abs(a) != abs(d):
        return (1, 0), (0, 1)  # slanted or empty: no camera writes it, and players ignore it
    return (a, c), (b, d)


def _deinterlace(
    frame: VideoFrame, before: VideoFrame | None, after: VideoFrame | None
) -> VideoFrame:
    """Returns a frame with the lines of its second field made to fit its first."""
    graph = Graph()
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base
    )
    filtered = graph.add("bwdif", "mode=send_frame:deint=interlaced")
    sink = graph.add("buffersink")
    source.link_to(filtered)
    filtered.link_to(sink)
    graph.configure()
    frames = [one for one in (before, frame, after) if one is not None and _alike(one, frame)]
    for one in frames:
        graph.push(one)
    graph.push(None)
    # The filter counts in ticks of its own.
    found = {(one.pts or 0) * (one.time_base or 1): one for one in _pull(graph)}
    return found.get((frame.pts or 0) * (frame.time_base or 1), frame)


def _alike(one: VideoFrame, other: VideoFrame) -> bool:
    return (one.width, one.height, one.format.name) == (
        other.width,
        other.height,
        other.format.name,
    )


def _pull(graph: Graph) -> Iterator[VideoFrame]:
    while True:
        try:
            yield cast(VideoFrame, graph.pull())
        except (av.BlockingIOError, av.EOFError):
            return
