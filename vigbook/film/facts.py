"""What a film is, and a frame of it: what the process that reads films tells the others."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from vigbook.timecode import Timecode

if TYPE_CHECKING:  # slow to load, and most commands show no picture
    import numpy as np
    from numpy.typing import NDArray

Pixels: TypeAlias = "NDArray[np.uint8]"
"""A picture: height x width x 3, RGB, upright."""

Told = Literal["place", "camera", "date", "title", "data"]
"""What a film may tell of people: where, with what and when it was made, words, tracks of data."""

# A playlist or a concat script named .mp4 must not make us read another file or the network.
CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,mpeg,avi,mpegvideo,h264,hevc"
# Chromium never shows a picture that comes up less than a millisecond before another, and passes
# over a last one that stands for less than a screen needs to be drawn.
LEAST_FIRST_S, LEAST_LAST_S = Fraction(1, 500), Fraction(1, 25)
# How ffmpeg's AAC encoder searches. From 64 kbit/s on, by its manual, this is the better way as
# well as the quicker: of a film's sound at 128, 35 dB over noise, not 29, in a third of the time.
SOUND_CODER = "fast"
MOST_PIXELS = 8192 * 8192  # more than any camera's; declared sizes are not to be believed
# Transfer characteristics of high dynamic range, by their numbers of ITU-T H.273.
PQ, HLG = 16, 18


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """One sound track that can be read.

    Attributes:
        track: which of the film's sound tracks it is, counted from 0.
        codec: ffmpeg's name.
        channels: how many.
        rate: samples a second.
    """

    track: int
    codec: str
    channels: int
    rate: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FilmFacts:
    """What a film is.

    Attributes:
        length: of the picture, as the container says it.
        width, height: of the upright picture as shown, in pixels.
        container: ffmpeg's name of the format.
        video_codec: ffmpeg's name.
        pixel_format: ffmpeg's name, as `yuv420p`.
        bits: of each sample.
        sounds: the sound tracks; the first is the one that is kept.
        frame_rate: the average, in frames a second, for telling people; never for finding frames.
        zero: the pts that is film time 0, in seconds.
        start: the container's own start, in seconds, from which ffmpeg's `-ss` counts.
        interlaced: whether frames are woven of two fields.
        pixel_aspect: width of one stored pixel over its height.
        turned: how far the picture is to be turned clockwise, in degrees: 0, 90, 180 or 270.
        mirrored: whether it is to be mirrored as well.
        transfer, primaries, matrix: of the colours, by the numbers of ITU-T H.273.
        tells: what it tells of people, places and days beside picture and sound.
    """

    length: Timecode
    width: int
    height: int
    container: str
    video_codec: str
    pixel_format: str
    bits: int
    sounds: tuple[Sound, ...]
    frame_rate: Fraction | None
    zero: Fraction
    start: Fraction
    interlaced: bool
    pixel_aspect: Fraction
    turned: int
    mirrored: bool
    transfer: int
    primaries: int
    matrix: int
    tells: tuple[Told, ...]

    @property
    def audio_codec(self) -> str | None:
        """ffmpeg's name of the codec of the sound that is kept, or None without sound."""
        return self.sounds[0].codec if self.sounds else None

    @property
    def hdr(self) -> bool:
        """Whether it is brighter than a page or an ordinary screen can show."""
        return self.transfer in (PQ, HLG)

    def as_json(self) -> dict[str, Any]:
        """Returns the facts as JSON holds them; fractions are written `30000/1001`."""
        plain = dataclasses.asdict(self)
        plain["length"] = self.length.seconds
        return {key: str(one) if isinstance(one, Fraction) else one for key, one in plain.items()}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> FilmFacts:
        """Returns what `as_json` wrote."""
        rate = plain["frame_rate"]
        exact = {key: Fraction(plain[key]) for key in ("zero", "start", "pixel_aspect")}
        return cls(
            **{
                **plain,
                **exact,
                "length": Timecode(Fraction(plain["length"])),
                "frame_rate": Fraction(rate) if rate is not None else None,
                "sounds": tuple(Sound(**one) for one in plain["sounds"]),
                "tells": tuple(plain["tells"]),
            }
        )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A frame on screen: the film time at which it came up, and its upright picture."""

    at: Timecode
    picture: Pixels
