"""Clips, stills and their manifest: what is cut from a family's film.

Clips and stills carry no metadata of the film.
"""

from __future__ import annotations

import dataclasses
import importlib.metadata
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import imageio.v3 as iio

from vigbook.case.manifest import (
    MANIFEST,
    ClipRecord,
    FilmRecord,
    Manifest,
    StillRecord,
    clip_file,
    clip_recipe,
    read_manifest,
    still_file,
    still_recipe,
)
from vigbook.case.models import Clip, Mask, Still
from vigbook.errors import CutError, FilmError, Problem
from vigbook.film.clips import MASK_COLOUR, copy_clip, cut_clip, widen
from vigbook.film.facts import FilmFacts, Pixels
from vigbook.film.ffmpeg import ffmpeg_version
from vigbook.film.film import Film
from vigbook.system.atomic import output_error, publish, publish_bytes, remove_leftovers, sha256_of
from vigbook.timecode import Timecode

STILL_LONG_SIDE_PX = 1400  # 170 mm, the widest a page shows, at 209 dots an inch
STILL_QUALITY = 90

ClipProgress = Callable[[str, float], None]
"""Told which clip is being cut and how much of it is done, from 0 to 1."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What a build of media did: files made, files taken away, and what a person should know."""

    manifest: Manifest
    made: tuple[Path, ...] = ()
    removed: tuple[Path, ...] = ()
    warnings: tuple[Problem, ...] = ()


def build_media(
    film: Film,
    name: str,
    clips: Sequence[Clip],
    folder: Path,
    progress: ClipProgress = lambda _, __: None,
    facts: FilmFacts | None = None,
) -> Built:
    """Cuts what is missing or out of date, and takes away what is no longer asked for.

    Args:
        film: the film.
        name: how `cycle.yaml` calls it, for the manifest.
        clips: those of the cycle's clips that may be cut.
        folder: where they go; `manifest.json` is written last.
        progress: told what is cut as its turn comes, and how far it has come. To cancel, raise
            anything out of it: nothing half-cut is left.
        facts: what the film is, where that is known already.

    Raises:
        FilmError: the film cannot be read.
        CutError: a clip or still cannot be made.
        OutputError: it cannot be written.
    """
    # First, so that nothing that is no longer agreed to stays behind when a clip cannot be cut.
    removed = tuple(remove_unwanted(folder, clips))
    try:
        sha256 = sha256_of(film.path)
    except OSError as err:
        problem = Problem(file=str(film.path), found="cannot be read", mend="see that it is there")
        raise FilmError(problem) from err
    before = read_manifest(folder)
    tools = {"av": importlib.metadata.version("av"), "ffmpeg": ffmpeg_version()}
    if before and (before.film.sha256, before.tools) != (sha256, tools):
        before = None
    cutter = _Cutter(film, folder, before, progress, facts)
    cut = tuple(cutter.cut_clips(clips))
    taken = tuple(cutter.take_stills(clips))
    manifest = Manifest(
        film=FilmRecord(file=name, sha256=sha256, bytes=film.path.stat().st_size),
        clips=cut,
        stills=taken,
        tools=tools,
    )
    if before is None or manifest != before:
        text = manifest.model_dump_json(by_alias=True, indent=1) + "\n"
        publish_bytes(folder / MANIFEST, text.encode())
    return Built(
        manifest=manifest,
        made=tuple(cutter.made),
        removed=removed,
        warnings=tuple(cutter.warnings),
    )


def remove_unwanted(folder: Path, clips: Iterable[Clip]) -> list[Path]:
    """Deletes the files of every clip but these, and returns their paths.

    A clip that is no longer marked, or no longer agreed to, must not stay behind; nor a picture
    that was taken before some of it was covered, or covered otherwise.

    Raises:
        OutputError: one cannot be deleted.
    """
    if folder.is_symlink():
        return []
    removed = remove_leftovers(folder)  # half a clip that a killed build left behind
    manifest = read_manifest(folder)
    if manifest is None:
        return removed
    clips = list(clips)
    kept = {name for clip in clips for name in _files_of(clip)} - {*_bare_files(manifest, clips)}
    # Only what vigbook cut itself: anything else in the folder is somebody's own.
    made = {one.file for one in manifest.clips} | {one.file for one in manifest.stills}
    unwanted = [folder / name for name in sorted(made - kept) if (folder / name).is_file()]
    for path in unwanted:
        try:
            path.unlink()
        except OSError as err:
            raise output_error(path, err) from err
    return [*removed, *unwanted]


def write_picture(path: Path, picture: Pixels) -> None:
    """Writes a picture as JPEG that holds pixels and nothing else.

    Raises:
        OutputError: it cannot be written.
    """
    publish_bytes(path, encode_picture(picture))


def encode_picture(picture: Pixels) -> bytes:
    """Returns a picture as JPEG that holds pixels and nothing else."""
    # The plugin is named: without it a broken picture ends in a page of another tool's log.
    # Only pixels are handed over, so nothing of the film's metadata is.
    content: bytes = iio.imwrite(
        "<bytes>", picture, plugin="pillow", extension=".jpg", quality=STILL_QUALITY
    )
    return content


class _Cutter:
    """Cuts one film's clips and stills, taking over from `before` what still stands."""

    def __init__(
        self,
        film: Film,
        folder: Path,
        before: Manifest | None,
        progress: ClipProgress,
        facts: FilmFacts | None,
    ) -> None:
        self._film, self._folder, self._before = film, folder, before
        self._progress, self._facts = progress, facts
        self.made: list[Path] = []
        self.warnings: list[Problem] = []

    def cut_clips(self, clips: Sequence[Clip]) -> Iterator[ClipRecord]:
        for clip in clips:
            self._progress(clip.id, 0.0)
            yield self._standing_clip(clip) or self._cut_clip(clip)

    def take_stills(self, clips: Sequence[Clip]) -> list[StillRecord]:
        """Takes what stills are missing, in one go through the film."""
        records: dict[tuple[str, int], StillRecord] = {}
        missing: dict[Timecode, list[tuple[Clip, int, Still]]] = {}
        for clip in clips:
            for number, still in _numbered(clip):
                if standing := self._standing_still(clip, number):
                    records[clip.id, number] = standing
                else:
                    missing.setdefault(still.at, []).append((clip, number, still))
        wanted = {clip.id for due in missing.values() for clip, _, _ in due}
        masks = {
            clip.id: widen(clip.masks, self._film.list_frame_times(clip.span))
            for clip in clips
            if clip.masks and clip.id in wanted
        }
        times = sorted(missing)
        frames = self._film.iter_frames(times, long_side=STILL_LONG_SIDE_PX)
        for time, frame in zip(times, frames, strict=True):
            for clip, number, still in missing[time]:
                picture = cover(frame.picture, masks.get(clip.id, ()), frame.at)
                record = self._write_still(clip, number, still, frame.at, picture)
                records[clip.id, number] = record
        return [records[clip.id, number] for clip in clips for number, _ in _numbered(clip)]

    def _standing_clip(self, clip: Clip) -> ClipRecord | None:
        record = self._before.clip(clip.id) if self._before else None
        stands = record and record.recipe == clip_recipe(clip) and self._is_whole(record)
        return record if stands else None

    def _standing_still(self, clip: Clip, number: int) -> StillRecord | None:
        record = self._before.still(clip.id, number) if self._before else None
        recipe = still_recipe(clip, clip.stills[number - 1])
        return record if record and record.recipe == recipe and self._is_whole(record) else None

    def _is_whole(self, record: ClipRecord | StillRecord) -> bool:
        path = self._folder / record.file
        return path.is_file() and sha256_of(path) == record.sha256

    def _cut_clip(self, clip: Clip) -> ClipRecord:
        facts = self._facts = self._facts or self._film.probe()
        path = self._folder / clip_file(clip.id)
        times = self._film.list_frame_times(clip.span)
        held = times and times[-1] < clip.start  # a picture that stands, or a film that broke off
        if not times or (held and self._film.find_end() <= clip.start):
            raise CutError(
                Problem(
                    file=str(self._film.path), field=clip.id, found="no picture between its marks",
                    mend="move the marks",
                )
            )  # fmt: skip
        with publish(path) as temporary:
            asked = clip.quality == "original"
            obstacle = None
            if asked:
                obstacle = copy_clip(self._film, clip, times, temporary)
            if obstacle or not asked:
                cut_clip(
                    self._film, facts, clip, times, temporary,
                    lambda done: self._progress(clip.id, done),
                )  # fmt: skip
            cut = self._film.beside(temporary)
            shape = _check_cut(cut, clip)
            frames = cut.count_frames()
            sha256 = sha256_of(temporary)
        self.made.append(path)
        if obstacle:
            found = f"was cut in normal quality, not in the film's own: {obstacle}"
            self.warnings.append(Problem(file=str(self._film.path), field=clip.id, found=found))
        due = 2 * len(times) if clip.slow else len(times)
        if frames != due:
            found = f"the film is damaged here: {frames} of {due} pictures came out"
            if frames > due:
                found = f"{frames} pictures came out where {due} were looked for"
            self.warnings.append(
                Problem(
                    file=str(self._film.path), field=clip.id,
                    found=found, mend="look at the clip before you show it",
                )
            )  # fmt: skip
        return ClipRecord(
            id=clip.id, file=path.name, sha256=sha256, asked_start=clip.start, asked_end=clip.end,
            given_start=times[0], frames=frames, width=shape.width, height=shape.height,
            sound=shape.audio_codec is not None, obstacle=obstacle,
            quality="normal" if obstacle else clip.quality, recipe=clip_recipe(clip),
        )  # fmt: skip

    def _write_still(
        self, clip: Clip, number: int, still: Still, given: Timecode, picture: Pixels
    ) -> StillRecord:
        path = self._folder / still_file(clip.id, number)
        write_picture(path, picture)
        self.made.append(path)
        return StillRecord(
            clip=clip.id, number=number, file=path.name, sha256=sha256_of(path), asked=still.at,
            given=given, width=picture.shape[1], height=picture.shape[0],
            recipe=still_recipe(clip, still),
        )  # fmt: skip


def _numbered(clip: Clip) -> Iterator[tuple[int, Still]]:
    return iter(enumerate(clip.stills, start=1))


def _files_of(clip: Clip) -> Iterator[str]:
    yield clip_file(clip.id)
    for number, _ in _numbered(clip):
        yield still_file(clip.id, number)


def _bare_files(manifest: Manifest, clips: Iterable[Clip]) -> Iterator[str]:
    """Yields the files of clips with masks that were cut with others, or with none."""
    for clip in clips:
        if not clip.masks:
            continue
        record = manifest.clip(clip.id)
        if record and record.recipe != clip_recipe(clip):
            yield record.file
        for number, still in _numbered(clip):
            taken = manifest.still(clip.id, number)
            if taken and taken.recipe != still_recipe(clip, still):
                yield taken.file


def cover(picture: Pixels, masks: Sequence[Mask], at: Timecode) -> Pixels:
    """Returns the picture that came up at a time with its masks painted over it, for good.

    Args:
        picture: the still.
        masks: those of its clip, as `widen` returns them.
        at: when the picture came up, in film time.
    """
    boxes = [mask for mask in masks if mask.start <= at <= mask.end]
    if not boxes:
        return picture
    covered = picture.copy()
    height, width = picture.shape[:2]
    for mask in boxes:
        left, top, across, down = mask.box
        rows = slice(int(top * height), -int(-(top + down) * height // 1))
        columns = slice(int(left * width), -int(-(left + across) * width // 1))
        covered[rows, columns] = MASK_COLOUR
    return covered


def _check_cut(cut: Film, clip: Clip) -> FilmFacts:
    """Returns what was cut; ffmpeg ends well on damaged films too, so the result is opened."""
    try:
        return cut.probe()
    except FilmError as err:
        found = "could not be cut: nothing that plays came out"
        mend = "play the film there; move the marks"
        raise CutError(Problem(field=clip.id, found=found, mend=mend)) from err
