"""Clips, stills and their manifest: what is cut from a family's film.

A clip is always encoded again: a stream copy starts at the key frame before the mark and hides
what was filmed before it inside the file. Clips and stills carry no metadata of the film.
"""

from __future__ import annotations

import dataclasses
import os
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import imageio.v3 as iio
import imageio_ffmpeg
import numpy as np
from PIL import Image

from vigbook.case import Clip, Cycle, Mask, Still
from vigbook.errors import CutError, FilmError, Problem
from vigbook.film import (
    CONTAINERS,
    FilmFacts,
    Pixels,
    find_frames,
    frames_in,
    list_frame_times,
    probe_film,
)
from vigbook.manifest import (
    MANIFEST,
    ClipRecord,
    FilmRecord,
    Manifest,
    StillRecord,
    clip_recipe,
    read_manifest,
    still_recipe,
)
from vigbook.publish import output_error, publish, publish_bytes, sha256_of
from vigbook.timecode import Span, Timecode

CLIP_LONG_SIDE_PX = 1280
STILL_LONG_SIDE_PX = 1400  # 170 mm, the widest a page shows, at 209 dots an inch
STILL_QUALITY = 90
_MASK_COLOUR = (0x5F, 0x66, 0x6E)
_CLIP_TIMEOUT_S = 3600
# Players seek to about a frame before the mark; ffmpeg keeps frames from -ss on. Between the two.
_LEAD = Fraction(2, 5)
# At a variable rate a frame of the average length may be longer than the gap between two frames.
_MOST_LEAD = Fraction(1, 50)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What a build of media did: files made, files taken away, and what a person should know."""

    manifest: Manifest
    made: tuple[Path, ...] = ()
    removed: tuple[Path, ...] = ()
    warnings: tuple[Problem, ...] = ()


def build_media(
    film: Path,
    name: str,
    cycle: Cycle,
    clips: Sequence[Clip],
    folder: Path,
    progress: Callable[[str], None] = lambda _: None,
) -> Built:
    """Cuts what is missing or out of date, and takes away what is no longer asked for.

    Args:
        film: the film.
        name: how `cycle.yaml` calls it, for the manifest.
        cycle: the cycle.
        clips: those of its clips that may be cut.
        folder: where they go; `manifest.json` is written last.
        progress: told the id of each clip as its turn comes.

    Raises:
        FilmError: the film cannot be read.
        CutError: a clip or still cannot be made.
        OutputError: it cannot be written.
    """
    # First, so that nothing that is no longer agreed to stays behind when a clip cannot be cut.
    removed = tuple(remove_unwanted(folder, clips))
    try:
        sha256 = sha256_of(film)
    except OSError as err:
        problem = Problem(file=str(film), found="cannot be read", mend="see that it is there")
        raise FilmError(problem) from err
    before = read_manifest(folder)
    if before and before.film.sha256 != sha256:
        before = None
    cutter = _Cutter(film, cycle, folder, before)
    for clip in clips:
        progress(clip.id)
        cutter.cut(clip)
    manifest = Manifest(
        film=FilmRecord(file=name, sha256=sha256, bytes=film.stat().st_size),
        clips=tuple(cutter.clips),
        stills=tuple(cutter.stills),
        tools={"av": av.__version__, "ffmpeg": imageio_ffmpeg.get_ffmpeg_version()},
    )
    if before is None or manifest != before:
        text = manifest.model_dump_json(by_alias=True, indent=1) + "\n"
        publish_bytes(folder / MANIFEST, text.encode())
    return Built(
        manifest=manifest, made=tuple(cutter.made), removed=removed, warnings=tuple(cutter.warnings)
    )


def remove_unwanted(folder: Path, clips: Iterable[Clip]) -> list[Path]:
    """Deletes the files of every clip but these, and returns their paths.

    A clip that is no longer marked, or no longer agreed to, must not stay behind.

    Raises:
        OutputError: one cannot be deleted.
    """
    manifest = read_manifest(folder)
    if manifest is None or folder.is_symlink():
        return []
    kept = {name for clip in clips for name in _files_of(clip)}
    # Only what vigbook cut itself: anything else in the folder is somebody's own.
    made = {one.file for one in manifest.clips} | {one.file for one in manifest.stills}
    unwanted = [folder / name for name in sorted(made - kept) if (folder / name).is_file()]
    # A build that was killed leaves half a clip under a hidden name (`publish`'s).
    for name in sorted(made | kept):
        stem, _, suffix = name.rpartition(".")
        unwanted += sorted(folder.glob(f".{stem}-????????.{suffix}"))
    for path in unwanted:
        try:
            path.unlink()
        except OSError as err:
            raise output_error(path, err) from err
    return unwanted


class _Cutter:
    """Cuts one film's clips and stills, taking over from `before` what still stands."""

    def __init__(self, film: Path, cycle: Cycle, folder: Path, before: Manifest | None) -> None:
        self._film, self._cycle, self._folder, self._before = film, cycle, folder, before
        self._facts: FilmFacts | None = None
        self.clips: list[ClipRecord] = []
        self.stills: list[StillRecord] = []
        self.made: list[Path] = []
        self.warnings: list[Problem] = []

    def cut(self, clip: Clip) -> None:
        self.clips.append(self._standing_clip(clip) or self._cut_clip(clip))
        standing = [self._standing_still(clip, number) for number, _ in _numbered(clip)]
        if all(standing):
            self.stills += [one for one in standing if one]
        else:
            self.stills += self._take_stills(clip)

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
        facts = self._facts = self._facts or probe_film(self._film)
        path = self._folder / f"{clip.id}.mp4"
        times = list_frame_times(self._film, clip.span)
        if not times or (times[-1] < clip.start and facts.length <= clip.start):
            raise CutError(
                Problem(
                    file=str(self._film), field=clip.id, found="no picture between its marks",
                    mend="move the marks",
                )
            )  # fmt: skip
        with publish(path) as temporary:
            _encode(self._film, facts, clip, times, temporary)
            cut = _check_cut(temporary, clip)
            frames = frames_in(temporary)
            sha256 = sha256_of(temporary)
        self.made.append(path)
        if frames != len(times):
            found = f"the film is damaged here: {frames} of {len(times)} pictures came out"
            if frames > len(times):
                found = f"{frames} pictures came out where {len(times)} were looked for"
            self.warnings.append(
                Problem(
                    file=str(self._film), field=clip.id,
                    found=found, mend="look at the clip before you show it",
                )
            )  # fmt: skip
        return ClipRecord(
            id=clip.id, file=path.name, sha256=sha256, asked_start=clip.start, asked_end=clip.end,
            given_start=times[0], frames=frames, width=cut.width, height=cut.height,
            sound=cut.audio_codec is not None, recipe=clip_recipe(clip),
        )  # fmt: skip

    def _take_stills(self, clip: Clip) -> Iterator[StillRecord]:
        shown = find_frames(self._film, [still.at for still in clip.stills])
        masks = clip.masks and _widen(clip.masks, list_frame_times(self._film, clip.span))
        for (number, still), frame in zip(_numbered(clip), shown, strict=True):
            path = self._folder / f"{clip.id}-{number}.jpg"
            picture = _to_print_size(_cover(frame.picture, masks, frame.at), self._sample())
            with publish(path) as temporary:
                # The plugin is named: without it a broken picture ends in a page of another
                # tool's log. Only pixels are handed over, so nothing of the film's metadata is.
                iio.imwrite(
                    temporary, picture, plugin="pillow", extension=".jpg", quality=STILL_QUALITY
                )
                sha256 = sha256_of(temporary)
            self.made.append(path)
            yield StillRecord(
                clip=clip.id, number=number, file=path.name, sha256=sha256, asked=still.at,
                given=frame.at, width=picture.shape[1], height=picture.shape[0],
                recipe=still_recipe(clip, still),
            )  # fmt: skip

    def _sample(self) -> Fraction:
        self._facts = self._facts or probe_film(self._film)
        return Fraction(self._facts.width, self._facts.height)


def _numbered(clip: Clip) -> Iterator[tuple[int, Still]]:
    return iter(enumerate(clip.stills, start=1))


def _files_of(clip: Clip) -> Iterator[str]:
    yield f"{clip.id}.mp4"
    for number, _ in _numbered(clip):
        yield f"{clip.id}-{number}.jpg"


# Exact seconds, not milliseconds: a frame may lie between two marks that are written the same.
def _to_print_size(picture: Pixels, shape: Fraction) -> Pixels:
    """Returns a picture with square pixels, at most as large as a page can use."""
    height, width = picture.shape[:2]
    # Non-square pixels are stretched, never squeezed: no detail is thrown away.
    if Fraction(width, height) < shape:
        width = round(height * shape)
    else:
        height = round(width / shape)
    scale = min(Fraction(1), Fraction(STILL_LONG_SIDE_PX, max(width, height)))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if size == (picture.shape[1], picture.shape[0]):
        return picture
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))


def _widen(masks: Sequence[Mask], times: Sequence[Timecode]) -> list[Mask]:
    """Returns masks that begin with the frame that is on screen when they should begin.

    At a variable rate that frame may have come up long before, and is seen all the same.
    """
    return [
        mask.model_copy(
            update={"start": max((one for one in times if one <= mask.start), default=mask.start)}
        )
        for mask in masks
    ]


def _cover(picture: Pixels, masks: Sequence[Mask], at: Timecode) -> Pixels:
    """Returns the picture that came up at a time with its masks painted over it, for good."""
    boxes = [mask for mask in masks if mask.start <= at <= mask.end]
    if not boxes:
        return picture
    covered = picture.copy()
    height, width = picture.shape[:2]
    for mask in boxes:
        left, top, across, down = mask.box
        rows = slice(int(top * height), -int(-(top + down) * height // 1))
        columns = slice(int(left * width), -int(-(left + across) * width // 1))
        covered[rows, columns] = _MASK_COLOUR
    return covered


def _encode(film: Path, facts: FilmFacts, clip: Clip, times: Sequence[Timecode], out: Path) -> None:
    """Cuts one clip with ffmpeg: every frame from the one on screen at its start to its end."""
    # ffmpeg's -ss counts from the container's start, browsers from film time 0.
    offset = facts.start - facts.zero
    frame_s = 1 / facts.frame_rate if facts.frame_rate else Fraction(1, 50)
    first = times[0].seconds - offset
    begin = first - min(_LEAD * frame_s, _MOST_LEAD, _gap_before(film, times[0]) / 2)
    # Matroska counts in milliseconds: ffmpeg would round every frame by what is over here.
    whole_ms = Fraction(-(-begin * 1000 // 1), 1000)
    begin = max(Fraction(0), whole_ms if whole_ms <= first else begin)
    # The end itself is not in the clip: stop a little before a frame that begins exactly there,
    # but not before the last frame that is in it.
    end = max(clip.end.seconds - Fraction(1, 4000), times[-1].seconds + Fraction(1, 2000))
    length = end - offset - begin
    seek = _find_seek(facts, begin)
    command = [
        imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-v", "error", "-nostdin",
        "-protocol_whitelist", "file", "-format_whitelist", CONTAINERS,
        # Not to 0: the first key frame of some would be passed over.
        *(["-ss", _seconds(seek)] if seek else []), "-i", str(film.resolve()),
        *(["-ss", _seconds(begin - seek)] if begin > seek else []), "-t", _seconds(length),
        "-map", "0:V:0", "-map", "0:a:0?", "-sn", "-dn",
        # The filters' clock begins where reading does, run-up and all.
        "-vf", _filters(facts, _widen(clip.masks, times), seek),
        "-fps_mode", "vfr", "-enc_time_base", "1:90000", "-video_track_timescale", "90000",
        "-c:v", "libx264", "-preset", "veryfast", "-crf", "21",
        "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709",
        "-color_range", "tv", *_sound_options(facts, clip),
        "-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact",
        "-flags:v", "+bitexact", "-flags:a", "+bitexact", "-movflags", "+faststart",
        "-f", "mp4", str(out.resolve()),
    ]  # fmt: skip
    # A list, never a shell: a film's name may hold quotes, spaces or percent signs.
    # A group of its own: Ctrl-C is ours to pass on, once what it writes is taken away.
    try:
        process = subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            process_group=0 if os.name == "posix" else None,
        )
    except OSError as err:
        # Not left to who writes files: it would say that the clip's folder is not there.
        raise _cut_error(clip, f"ffmpeg cannot be started: {err.strerror}", "install it") from err
    with process:
        try:
            _, said = process.communicate(timeout=_CLIP_TIMEOUT_S)
        except BaseException as err:
            process.kill()
            if isinstance(err, subprocess.TimeoutExpired):
                raise _cut_error(clip, "took more than an hour to cut") from err
            raise
    if process.returncode:
        lines = said.decode(errors="replace").strip().splitlines() or ["no word from ffmpeg"]
        if "No space left on device" in said.decode(errors="replace"):
            raise output_error(out, OSError(28, os.strerror(28)))
        raise _cut_error(clip, f"could not be cut: {lines[-1].strip()}")


def _find_seek(facts: FilmFacts, begin: Fraction) -> Fraction:
    """Returns where ffmpeg starts to read for a clip: a run-up before it, decoded and dropped.

    mp4 is sought by decoding time, which may come to a key frame that is shown after `begin`;
    in broadcast streams and AVI seeking is not exact at all.
    """
    run_up = 15 if facts.container.startswith(("mpeg", "avi")) else 1
    seek = max(Fraction(0), begin - run_up)
    if facts.container == "avi" and facts.frame_rate:
        # It counts in frames, and ffmpeg would round every frame by what is over here.
        seek = seek * facts.frame_rate // 1 / facts.frame_rate
    return seek


def _gap_before(film: Path, first: Timecode) -> Fraction:
    """Returns how long before a frame the one before it came up; a second if there is none."""
    just_before = first - Timecode(Fraction(1, 1000))
    if just_before < Timecode(Fraction(0)):
        return Fraction(1)
    times = list_frame_times(film, Span(just_before, first))
    return (first - times[0]).seconds if times else Fraction(1)


def _filters(facts: FilmFacts, masks: Sequence[Mask], begin: Fraction) -> str:
    chain = ["bwdif=mode=send_frame:deint=interlaced"] if facts.interlaced else []
    if facts.transfer in (16, 18):  # PQ and HLG: bring HDR down to what a browser shows
        chain.append(
            "zscale=t=linear:npl=203,format=gbrpf32le,zscale=p=bt709,"
            "tonemap=tonemap=mobius:param=0.7:desat=0,zscale=t=bt709:m=bt709:r=tv"
        )
    shrink = f"min(1,{CLIP_LONG_SIDE_PX}/max(iw*sar,ih))"
    chain.append(
        f"scale=w='2*trunc(iw*sar*{shrink}/2)':h='2*trunc(ih*{shrink}/2)'"
        ":flags=bicubic:out_color_matrix=bt709:out_range=tv"
    )
    for mask in masks:
        chain.append(_mask_filter(mask, begin, facts))
    # The fine clock is for -t: an AVI counts in whole frames, and the end would be rounded to one.
    chain.append(
        "setsar=1,format=yuv420p,settb=1/90000,"
        "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"
    )
    return ",".join(chain)


def _mask_filter(mask: Mask, begin: Fraction, facts: FilmFacts) -> str:
    left, top, across, down = mask.box
    # Grown by a frame on either side: better a face covered too long than seen for one picture.
    slack = 1 / facts.frame_rate if facts.frame_rate else Fraction(1, 25)
    start = _seconds(
        max(Fraction(0), mask.start.seconds - facts.start + facts.zero - begin - slack)
    )
    end = _seconds(max(Fraction(0), mask.end.seconds - facts.start + facts.zero - begin + slack))
    red, green, blue = _MASK_COLOUR
    return (
        f"drawbox=x=floor(iw*{left}):y=floor(ih*{top}):w=ceil(iw*{across})+2:h=ceil(ih*{down})+2"
        f":color=0x{red:02x}{green:02x}{blue:02x}:t=fill:enable='between(t,{start},{end})'"
    )


def _sound_options(facts: FilmFacts, clip: Clip) -> list[str]:
    if facts.audio_codec is None or clip.sound == "mute":
        return ["-an"]
    filters = "aresample=async=1:first_pts=0"
    if clip.sound == "level":
        filters = f"loudnorm=I=-18:TP=-2:LRA=11,{filters}"
    return ["-af", filters, "-c:a", "aac", "-b:a", "128k", "-ac", "2", "-ar", "48000"]


def _check_cut(path: Path, clip: Clip) -> FilmFacts:
    """Returns what was cut; ffmpeg ends well on damaged films too, so the result is opened."""
    try:
        return probe_film(path)
    except FilmError as err:
        raise _cut_error(clip, "could not be cut: nothing that plays came out") from err


def _cut_error(
    clip: Clip, found: str, mend: str = "play the film there; move the marks"
) -> CutError:
    return CutError(Problem(field=clip.id, found=found, mend=mend))


def _seconds(value: Fraction) -> str:
    return f"{float(value):.6f}"
