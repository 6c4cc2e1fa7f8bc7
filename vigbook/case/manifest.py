"""What was cut from a film, from which film and with what: `media/manifest.json`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from vigbook.case.models import Clip, Model, Still, Time
from vigbook.system.reading import read_file

MANIFEST = "manifest.json"
_LARGEST = 20_000_000  # bytes
_RECIPE = 2  # counted up when what is cut from the same marks changes


class FilmRecord(Model):
    """Which film things were cut from."""

    file: str
    sha256: str
    bytes: int


class ClipRecord(Model):
    """A clip that was cut: the marks asked for, and the first frame given, in film time.

    `quality` is what it was cut in, and `obstacle` what stood in the way of the film's own.
    """

    id: str
    file: str
    sha256: str
    asked_start: Time
    asked_end: Time
    given_start: Time
    frames: int
    width: int
    height: int
    sound: bool
    quality: Literal["normal", "original"] = "normal"
    obstacle: str | None = None
    recipe: str


class StillRecord(Model):
    """A still that was taken. `given` is when the frame came up, in film time."""

    clip: str
    number: int
    file: str
    sha256: str
    asked: Time
    given: Time
    width: int
    height: int
    recipe: str


class Manifest(Model):
    """The whole of `media/manifest.json`: what was cut, from what, with what."""

    vigbook: Literal[1] = 1
    film: FilmRecord
    clips: tuple[ClipRecord, ...] = ()
    stills: tuple[StillRecord, ...] = ()
    tools: dict[str, str]

    def clip(self, clip_id: str) -> ClipRecord | None:
        """Returns the record of a clip, or None if it was not cut."""
        return next((one for one in self.clips if one.id == clip_id), None)

    def still(self, clip_id: str, number: int) -> StillRecord | None:
        """Returns the record of a clip's still, counted from 1, or None if it was not taken."""
        found = (one for one in self.stills if one.clip == clip_id and one.number == number)
        return next(found, None)


def clip_file(clip_id: str) -> str:
    """Returns what the file of a clip is called, in a cycle's `media`."""
    return f"{clip_id}.mp4"


def still_file(clip_id: str, number: int) -> str:
    """Returns what the file of a clip's still is called, counted from 1."""
    return f"{clip_id}-{number}.jpg"


def read_manifest(folder: Path) -> Manifest | None:
    """Returns the manifest of what was cut before, or None if there is none that can be read."""
    try:
        return Manifest.model_validate_json(read_file(folder / MANIFEST, _LARGEST))
    except (OSError, ValueError):
        return None


def clip_recipe(clip: Clip) -> str:
    """Returns all that a clip is cut by: a record with another recipe is of something else."""
    marks = f"{clip.start.seconds} {clip.end.seconds}"
    slow = "slow " if clip.slow else ""
    original = "original " if clip.quality == "original" else ""
    return f"{_RECIPE} {marks} {clip.sound} {original}{slow}{_mask_recipe(clip)}".strip()


def still_recipe(clip: Clip, still: Still) -> str:
    """Returns all that a still is taken by: a record with another recipe is of another moment."""
    return f"{_RECIPE} {still.at.seconds} {_mask_recipe(clip)}".strip()


def _mask_recipe(clip: Clip) -> str:
    masks = clip.masks
    return " ".join(f"{mask.start.seconds}-{mask.end.seconds}@{mask.box}" for mask in masks)
