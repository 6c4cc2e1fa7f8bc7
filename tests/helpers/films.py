"""Films whose frames tell their own numbers, drawn and read back."""

from __future__ import annotations

import importlib.util
import subprocess
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Numbered = tuple[Fraction, NDArray[Any], int]
"""When a picture comes up, its samples, and the number it tells."""

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


def find_numbered(path: Path) -> list[Numbered]:
    """Returns when each picture comes up, its samples, and the number it tells."""
    with av.open(str(path)) as container:
        base = container.streams.video[0].time_base or Fraction(1)
        return [
            (
                (frame.pts or 0) * base,
                frame.to_ndarray(),
                read_number(frame.to_ndarray(format="rgb24")),
            )
            for frame in container.decode(video=0)
        ]


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
    first: int = 0,
    metadata: dict[str, str] | None = None,
) -> Path:
    """Draws an H.264 film whose frames tell their numbers, from `first` on, with a quiet tone."""
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
            picture = paint_number(first + number, width, height)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
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


def astronaut() -> NDArray[np.uint8]:
    """Returns the head of Eileen Collins, 120 by 138: NASA's, in the public domain."""
    package = importlib.util.find_spec("skimage")  # it came with what finds faces
    assert package is not None
    assert package.origin is not None
    with Image.open(Path(package.origin).parent / "data" / "astronaut.png") as whole:
        head = whole.convert("RGB").crop((130, 0, 330, 230)).resize((120, 138))
    return np.asarray(head)


# Within the picture of `astronaut`: from hairline to chin, from cheek to cheek.
ASTRONAUTS_FACE = (33, 38, 84, 104)


def draw_face_film(
    path: Path, places: Sequence[tuple[int, int] | None], *, turned: bool = False
) -> Path:
    """Draws a film of 25 frames a second with a real face that moves: its left upper corners.

    Args:
        path: the film.
        places: for each frame, or None for a frame without a face.
        turned: whether the head lies on its side.
    """
    face = np.rot90(astronaut()) if turned else astronaut()
    height, width = face.shape[:2]
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 480, 270, "yuv420p"
        video.options = {"preset": "ultrafast", "g": "25", "crf": "18"}
        for number, place in enumerate(places):
            picture = np.full((270, 480, 3), (60, 120, 150), np.uint8)
            if place:
                left, top = place
                picture[top : top + height, left : left + width] = face
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    return path


def numbers_in(path: Path) -> list[int]:
    """Returns the numbers that the frames of a film tell, in the order they are shown."""
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    return [read_number(frame.to_ndarray(format="rgb24")) for frame in frames]


def draw_uneven_film(
    path: Path, pts: Sequence[int], *, size: tuple[int, int] = (240, 136), b_frames: int = 2
) -> Path:
    """Draws a film without sound whose frames, telling 0, 1, 2 ..., come up at these ms."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        video.codec_context.time_base = video.time_base = Fraction(1, 1000)
        video.options = {"preset": "ultrafast", "g": "50", "bf": str(b_frames), "crf": "18"}
        for number, moment in enumerate(pts):
            frame = av.VideoFrame.from_ndarray(paint_number(number, *size), format="rgb24")
            frame.pts, frame.time_base = moment, Fraction(1, 1000)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    return path


def run_ffmpeg(*arguments: str | Path) -> bytes:
    """Runs the ffmpeg that vigbook itself carries, and returns what it wrote to stdout."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-v", "error", "-nostdin"]
    return subprocess.run(
        [*command, *map(str, arguments)], capture_output=True, check=True, timeout=120
    ).stdout


def frames_of(path: Path) -> list[tuple[Fraction, int]]:
    """Returns when each frame of a film comes up, in film time, and the number it tells.

    Every frame is decoded from the beginning: the slow way, to judge the quick one by.
    """
    with av.open(str(path)) as container:
        counts_from_zero = container.format.name.startswith(("mov", "matroska"))
        zero = Fraction(0 if counts_from_zero else container.start_time or 0, av.time_base)
        base = container.streams.video[0].time_base or Fraction(1)
        return sorted(
            ((frame.pts or 0) * base - zero, read_number(frame.to_ndarray(format="rgb24")))
            for frame in container.decode(video=0)
        )
