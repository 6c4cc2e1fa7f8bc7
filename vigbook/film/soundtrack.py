"""The sound of a clip whose pictures are copied (`smart_cut`): encoded again, to the sample."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.filter import Graph
from av.packet import Packet

from vigbook.film.h264 import Obstacle
from vigbook.film.probe import find_sound, open_container
from vigbook.timecode import Span, Timecode


def encode_sound(
    path: Path, voice: AudioStream, span: Span, zero: Timecode, level: bool
) -> Generator[Packet[Any], None, None]:
    """Yields the packets of a film's sound within a span, cut to the sample and encoded again.

    Args:
        path: the film.
        voice: the track to encode for.
        span: what is heard, in film time.
        zero: the film time that is the track's 0; at most a little before the span.
        level: whether its loudness is made even.

    Raises:
        Obstacle: there is none that can be read.
    """
    with open_container(path) as opened:
        stream = find_sound(opened.container)
        assert stream
        base = stream.time_base or Fraction(1)
        start = round(zero.seconds / base)
        # Codecs need a run-up to be right.
        opened.container.seek(start - int(1 / base), stream=stream, backward=True)
        graph: Graph | None = None
        for frame in opened.container.decode(stream):
            if frame.pts is None:
                continue
            if frame.pts * base >= span.end.seconds:
                break
            frame.pts, frame.time_base = frame.pts - start, base
            graph = graph or _sound_graph(frame, span, zero, level)
            graph.push(frame)
            yield from _pull(graph, voice)
        if graph is None:
            raise Obstacle("there is no sound there that can be read")
        graph.push(None)
        yield from _pull(graph, voice)
        yield from voice.encode(None)


def _sound_graph(frame: AudioFrame, span: Span, zero: Timecode, level: bool) -> Graph:
    start, end = (float((one - zero).seconds) for one in (max(zero, span.start), span.end))
    graph = Graph()
    nodes = [
        graph.add_abuffer(
            sample_rate=frame.sample_rate, format=frame.format.name, layout=frame.layout.name,
            time_base=frame.time_base,
        ),
        graph.add("atrim", f"start={start:.6f}:end={end:.6f}"),
        *([graph.add("loudnorm", "I=-18:TP=-2:LRA=11")] if level else []),
        # Where there is none it is silent, so that it keeps step.
        graph.add("aresample", "48000:async=1:min_hard_comp=0.01:first_pts=0"),
        graph.add("apad", f"whole_dur={end:.6f}"),
        graph.add("aformat", "sample_fmts=fltp:channel_layouts=stereo"),
        graph.add("asetnsamples", "n=1024:p=0"),
        graph.add("abuffersink"),
    ]  # fmt: skip
    graph.link_nodes(*nodes).configure()
    return graph


def _pull(graph: Graph, voice: AudioStream) -> Iterator[Packet[Any]]:
    while True:
        try:
            frame = graph.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        yield from voice.encode(cast(AudioFrame, frame))
