"""Films whose frames tell their own numbers, drawn and read back."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

BITS = 12  # a frame tells its number in so many squares along its upper edge


def paint_number(number: int, width: int, height: int) -> NDArray[np.uint8]:
    """Returns a picture that tells a number: black and white squares over a slow colour."""
    picture = np.full((height, width, 3), (40 + number % 160, 120, 200 - number % 160), np.uint8)
    side = width // BITS
    for bit in range(BITS):
        shade = 235 if number >> bit & 1 else 20
        picture[:side, bit * side : (bit + 1) * side] = shade
    return picture


def read_number(picture: NDArray[Any]) -> int:
    """Returns the number that a picture tells, whatever size it was scaled to."""
    side = picture.shape[1] / BITS
    middles = [int((bit + 0.5) * side) for bit in range(BITS)]
    return sum(int(picture[int(side / 2), x].mean() > 128) << bit for bit, x in enumerate(middles))


def draw_film(
    path: Path,
    *,
    seconds: int = 12,
    rate: Fraction = Fraction(25),
    size: tuple[int, int] = (480, 270),
    sound: bool = True,
    gop: int = 50,
    b_frames: int = 2,
    start_pts: int = 0,
    metadata: dict[str, str] | None = None,
) -> Path:
    """Draws an H.264 film whose frames tell their numbers, from 0 on, with a quiet tone."""
    width, height = size
    options = {"movflags": "use_metadata_tags"} if metadata else {}
    with av.open(str(path), "w", options=options) as container:
        container.metadata.update(metadata or {})
        video = container.add_stream("libx264", rate=rate)
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        video.time_base = 1 / rate
        video.options = {"preset": "ultrafast", "g": str(gop), "bf": str(b_frames), "crf": "18"}
        audio = container.add_stream("aac", rate=48000) if sound else None
        if audio:
            audio.layout = "mono"
        for number in range(int(seconds * rate)):
            frame = av.VideoFrame.from_ndarray(paint_number(number, width, height), format="rgb24")
            frame.pts, frame.time_base = number + start_pts, 1 / rate
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if audio:
            tone = np.sin(np.arange(seconds * 48000) * 2 * np.pi * 330 / 48000) * 0.1
            samples = av.AudioFrame.from_ndarray(
                tone.astype(np.float32)[None, :], format="flt", layout="mono"
            )
            samples.sample_rate = 48000
            resampler = av.AudioResampler(format="fltp", layout="mono", rate=48000, frame_size=1024)
            position = 0
            for part in resampler.resample(samples):
                part.pts, part.time_base = position, Fraction(1, 48000)
                position += part.samples
                container.mux(audio.encode(part))
            container.mux(audio.encode(None))
    return path


def numbers_in(path: Path) -> list[int]:
    """Returns the numbers that the frames of a film tell, in the order they are shown."""
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    return [read_number(frame.to_ndarray(format="rgb24")) for frame in frames]
