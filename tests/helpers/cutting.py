"""Clips that are marked and cut for a test, and whether somebody is covered in what was cut."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vigbook.case.models import Clip
from vigbook.film.film import open_film
from vigbook.film.media import Built, build_media
from vigbook.timecode import Timecode

BOX = (0.25, 0.5, 0.25, 0.25)
GREY = np.array([0x5F, 0x66, 0x6E])


def clip_of(
    start: float | str | Fraction, end: float | str | Fraction, *stills: float | str, **more: Any
) -> Clip:
    """Returns a clip with these marks; a fraction is taken as it is."""
    marks = [Timecode(one) if isinstance(one, Fraction) else one for one in (start, end)]
    return Clip.model_validate(
        {"id": "clip-1", "start": marks[0], "end": marks[1],
         "stills": [{"at": at} for at in stills], **more}
    )  # fmt: skip


def build(path: Path, folder: Path, *clips: Clip) -> Built:
    """Cuts these clips of a film, as those of one cycle."""
    with open_film(path) as film:
        return build_media(film, "film.mp4", clips, folder)


def is_covered(picture: NDArray[Any], box: tuple[float, float, float, float] = BOX) -> bool:
    """Whether a box of a picture is the grey of masks, but for its rim, which JPEG blurs."""
    height, width = picture.shape[:2]
    left, top, across, down = box
    rows = slice(int(top * height) + 6, int((top + down) * height) - 6)
    columns = slice(int(left * width) + 6, int((left + across) * width) - 6)
    return bool(np.abs(picture[rows, columns].astype(int) - GREY).max() <= 12)
