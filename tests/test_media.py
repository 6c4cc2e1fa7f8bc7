"""What is cut from a film, judged by decoding it and by looking at its bytes."""

from __future__ import annotations

import errno
import itertools
import json
import os
import random
import re
import shutil
import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import imageio.v3 as iio
import numpy as np
import pytest
from films import (
    draw_film,
    draw_uneven_film,
    frames_of,
    numbers_in,
    read_number,
    run_ffmpeg,
)
from numpy.typing import NDArray
from PIL import Image

from vigbook.case import Clip, Cycle, Film
from vigbook.errors import CutError, FilmError, OutputError, Problem
from vigbook.film import probe_film
from vigbook.manifest import read_manifest
from vigbook.media import Built, build_media, remove_unwanted
from vigbook.publish import sha256_of
from vigbook.timecode import Timecode

SMALL = (240, 136)
NTSC = Fraction(30000, 1001)
SLACK = Fraction(1, 2000)
GREY = np.array([0x5F, 0x66, 0x6E])
PLANTED = {
    "title": "Mia at bedtime",
    "location": "+51.5074-000.1278/",
    "com.apple.quicktime.location.ISO6709": "+51.5074-000.1278+011.000/",
    "com.apple.quicktime.make": "Orchardphone",
    "make": "Orchardphone",
    "model": "Orchard 12",
    "comment": "Sam films Mia",
    "creation_time": "2026-09-12T17:31:08.000000Z",
    "date": "2026-09-12",
    "artist": "Samuel Otterbourne",
}


def clip_of(
    start: float | str | Fraction, end: float | str | Fraction, *stills: float | str, **more: Any
) -> Clip:
    """Returns a clip with these marks; a fraction is taken as it is."""
    marks = [Timecode(one) if isinstance(one, Fraction) else one for one in (start, end)]
    return Clip.model_validate(
        {"id": "clip-1", "start": marks[0], "end": marks[1],
         "stills": [{"at": at} for at in stills], **more}
    )  # fmt: skip


def build(film: Path, folder: Path, *clips: Clip) -> Built:
    """Cuts these clips, as those of one cycle."""
    cycle = Cycle(cycle=1, film=Film(file="film.mp4"), in_shot=("child",), clips=clips)
    return build_media(film, "film.mp4", cycle, clips, folder)


def files_in(folder: Path) -> list[str]:
    """Returns the names of all that lies in a folder, hidden files too."""
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def numbers_due(frames: list[tuple[Fraction, int]], start: Fraction, end: Fraction) -> list[int]:
    """Returns the numbers of the frames that a clip must hold, of all that the film has."""
    first = max((one for one in frames if one[0] <= start + SLACK), default=frames[0])
    return [first[1]] + [number for time, number in frames if first[0] < time < end]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds at 25 frames a second, with B-frames and sound."""
    return draw_film(tmp_path_factory.mktemp("films") / "film.mp4", seconds=4, size=SMALL)


# --- Edges ---------------------------------------------------------------------------------


SOURCES: dict[str, Callable[[Path], object]] = {
    "25.mp4": lambda path: draw_film(path, seconds=4, size=SMALL, b_frames=3),
    "29.97.mp4": lambda path: draw_film(path, seconds=4, size=SMALL, rate=NTSC),
    "59.94.mov": lambda path: draw_film(path, seconds=3, size=SMALL, rate=2 * NTSC),
    "long-gop.mp4": lambda path: draw_film(path, seconds=4, size=SMALL, gop=1000),
    "late-start.mp4": lambda path: draw_film(path, seconds=4, size=SMALL, start_pts=10),
    "late-start-no-sound.mp4": lambda path: draw_film(
        path, seconds=4, size=SMALL, start_pts=10, sound=False
    ),
    "29.97.mkv": lambda path: draw_film(path, seconds=4, size=SMALL, rate=NTSC),
    "edit-list.mp4": lambda path: run_ffmpeg(
        "-ss", "0.5", "-i", draw_film(path.with_name("whole.mp4"), seconds=4, size=SMALL),
        "-c", "copy", path,
    ),
    "open-gop.mp4": lambda path: run_ffmpeg(
        "-i", draw_film(path.with_name("whole.mp4"), seconds=4, size=SMALL), "-c:v", "libx264",
        "-g", "25", "-x264-params", "open-gop=1:bframes=3", path,
    ),
    "broadcast.ts": lambda path: run_ffmpeg(
        "-i", draw_film(path.with_name("whole.mp4"), seconds=4, size=SMALL), "-c", "copy", path
    ),
    "disc.mpg": lambda path: run_ffmpeg(
        "-i", draw_film(path.with_name("whole.mp4"), seconds=4, size=SMALL),
        "-c:v", "mpeg2video", "-q:v", "3", "-bf", "2", "-c:a", "mp2", path,
    ),
    "old-camera.avi": lambda path: run_ffmpeg(
        "-i", draw_film(path.with_name("whole.mp4"), seconds=4, size=SMALL),
        "-c:v", "mpeg4", "-q:v", "3", "-bf", "2", "-c:a", "mp2", path,
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", SOURCES)
def test_a_clip_holds_the_frame_at_its_start_and_all_up_to_its_end(
    tmp_path: Path, name: str
) -> None:
    """Nothing before, nothing after: at frames' own times, between them, and at the film's ends."""
    source = tmp_path / name
    SOURCES[name](source)
    frames = frames_of(source)
    times = [time for time, _ in frames if time >= 0]
    length = probe_film(source).length.seconds
    marks = [
        (Fraction(0), times[9]),
        (times[30], times[40]),
        ((times[30] + times[31]) / 2, (times[40] + times[41]) / 2),
        (times[60] - Fraction(1, 1000), times[61] + Fraction(1, 1000)),
        (times[50], times[50] + Fraction(1, 1000)),
        (times[-6], length),
    ]
    clips = [clip_of(start, end, id=f"clip-{number}") for number, (start, end) in enumerate(marks)]
    folder = tmp_path / "media"
    built = build(source, folder, *clips)
    expected = [numbers_due(frames, start, end) for start, end in marks]
    assert expected == [numbers_in(folder / f"{clip.id}.mp4") for clip in clips]
    assert [len(numbers) for numbers in expected] == [one.frames for one in built.manifest.clips]
    assert built.warnings == ()


@pytest.mark.parametrize("rate", [NTSC, 2 * NTSC, Fraction(25)])
def test_an_end_just_after_a_frame_keeps_it_and_at_a_frame_does_not(
    tmp_path: Path, rate: Fraction
) -> None:
    """A mark to the millisecond may lie a few hundred-thousandths of a second from a frame."""
    source = draw_film(tmp_path / "film.mp4", seconds=2, size=SMALL, rate=rate)
    frames = frames_of(source)
    ends = [
        Fraction(-(-time * 1000 // 1), 1000)
        for time, number in frames
        if time > Fraction(3, 5) and 0 <= -time * 1000 % 1 < Fraction(1, 4)
    ][:4]
    clips = [clip_of("0.5", end, id=f"clip-{number}") for number, end in enumerate(ends)]
    built = build(source, tmp_path / "media", *clips)
    assert [numbers_due(frames, Fraction(1, 2), end) for end in ends] == [
        numbers_in(tmp_path / "media" / f"{clip.id}.mp4") for clip in clips
    ]
    assert built.warnings == ()


@pytest.fixture(scope="module")
def long_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Longer than the run-up with which broadcast streams are cut."""
    path = tmp_path_factory.mktemp("long") / "whole.mp4"
    return draw_film(path, seconds=18, size=SMALL, rate=NTSC)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("phone.mp4", ["-c:v", "libx265", "-x265-params", "keyint=50:bframes=4:log-level=none"]),
        ("open-gop.mp4", ["-c:v", "libx264", "-g", "50", "-x264-params", "open-gop=1:bframes=3"]),
        ("old-camera.avi", ["-c:v", "mpeg4", "-q:v", "3", "-bf", "2", "-c:a", "mp2"]),
        ("broadcast.ts", ["-c", "copy"]),
        ("29.97.mkv", ["-c", "copy"]),
    ],
)
def test_clips_that_begin_around_a_key_frame_or_late_in_a_film_are_exact(
    tmp_path: Path, long_film: Path, name: str, options: list[str]
) -> None:
    """Seeking may come to a key frame that is decoded before a mark and shown after it."""
    source = tmp_path / name
    run_ffmpeg("-i", long_film, "-preset", "ultrafast", *options, source)
    frames = frames_of(source)
    starts = [Fraction(-(-frames[number][0] * 1000 // 1), 1000)
              for number in (46, 47, 48, 49, 50, 51, 500, 503)]  # fmt: skip
    marks = [(start, start + Fraction(shift, 1000)) for start, shift in zip(
        starts, (200, 200, 33, 34, 67, 5, 35, 34), strict=True)]  # fmt: skip
    clips = [clip_of(start, end, id=f"clip-{number}") for number, (start, end) in enumerate(marks)]
    built = build(source, tmp_path / "media", *clips)
    assert [numbers_due(frames, start, end) for start, end in marks] == [
        numbers_in(tmp_path / "media" / f"{clip.id}.mp4") for clip in clips
    ]
    assert built.warnings == ()


UNEVEN = [0, 33, 67, 83, 90, 97, 600, 640, 641, 656, 1900, 1933, 1967, 1983, 3000, 3040, 3080]


@pytest.mark.parametrize("b_frames", [0, 2])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_frames_of_a_variable_rate_are_cut_by_their_own_times(
    tmp_path: Path, suffix: str, b_frames: int
) -> None:
    """A phone's film may hold three frames in 14 ms and then none for a second."""
    source = draw_uneven_film(tmp_path / f"film{suffix}", UNEVEN, b_frames=b_frames)
    marks = [
        (Fraction(ms_start, 1000), Fraction(ms_end, 1000))
        for ms_start, ms_end in [
            (90, 641), (97, 642), (83, 97), (641, 1901), (650, 1900), (1000, 1950), (1983, 3081),
            (0, 3000), (3080, 3100),
        ]
    ]  # fmt: skip
    clips = [clip_of(start, end, id=f"clip-{number}") for number, (start, end) in enumerate(marks)]
    built = build(source, tmp_path / "media", *clips)
    frames = frames_of(source)
    expected = [numbers_due(frames, start, end) for start, end in marks]
    assert expected == [numbers_in(tmp_path / "media" / f"{clip.id}.mp4") for clip in clips]
    assert built.warnings == ()


@pytest.mark.parametrize("name", ["29.97.mp4", "uneven.mp4"])
def test_a_clip_keeps_the_film_s_own_pace(tmp_path: Path, name: str) -> None:
    source = tmp_path / name
    if name == "uneven.mp4":
        draw_uneven_film(source, UNEVEN)
    else:
        draw_film(source, seconds=4, size=SMALL, rate=NTSC)
    build(source, tmp_path / "media", clip_of("0.6", "3.05"))
    cut = frames_of(tmp_path / "media" / "clip-1.mp4")
    times = {number: time for time, number in frames_of(source)}
    shifts = [time - times[number] for time, number in cut]
    assert max(shifts) - min(shifts) < Fraction(1, 10_000)
    assert 0 <= cut[0][0] < Fraction(1, 20)


def test_the_stills_are_the_frames_on_screen_at_their_times(tmp_path: Path, film: Path) -> None:
    stills = ["1", "1.039", "1.04", "1.06", "2.999", "1.0"]
    build(film, tmp_path / "media", clip_of("1", "3", *stills))
    assert [
        read_number(iio.imread(tmp_path / "media" / f"clip-1-{number}.jpg"))
        for number in range(1, 7)
    ] == [25, 25, 26, 26, 74, 25]


def nearest(picture: NDArray[Any], others: dict[int, NDArray[Any]]) -> int:
    """Returns which of some numbered pictures is most like a picture."""
    far = {key: np.abs(other.astype(int) - picture).mean() for key, other in others.items()}
    return min(far, key=far.__getitem__)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("start", "end", "first", "last"),
    [("0", "0.2", 0, 4), ("1.6", "2.08", 40, 51), ("3.021", "3.5", 75, 87),
     ("5.1", "5.28", 127, 131)],
)  # fmt: skip
def test_clips_of_real_footage_begin_and_end_at_the_frames_shown(
    tmp_path: Path, real_film: Path, start: str, end: str, first: int, last: int
) -> None:
    """Of the five frames around each edge the right one is the nearest, and so for a still."""
    build(real_film, tmp_path / "media", clip_of(start, end, start))
    with av.open(str(real_film)) as container:
        frames: dict[int, NDArray[Any]] = {
            number: frame.to_ndarray(format="rgb24")
            for number, frame in enumerate(container.decode(video=0))
            if min(abs(number - first), abs(number - last)) <= 2
        }
    with av.open(str(tmp_path / "media" / "clip-1.mp4")) as container:
        cut = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    still = iio.imread(tmp_path / "media" / "clip-1-1.jpg")
    found = [nearest(picture, frames) for picture in (cut[0], cut[-1], still)]
    assert ([first, last, first], last - first + 1) == (found, len(cut))


# --- Sound ---------------------------------------------------------------------------------


def sound_of(path: Path) -> tuple[float, NDArray[np.float32]]:
    """Returns when a file's sound begins, in seconds, and its samples at 48 kHz."""
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    first = frames[0]
    assert first.sample_rate == 48000
    samples = np.concatenate([frame.to_ndarray()[0] for frame in frames])
    return float((first.pts or 0) * (first.time_base or 0)), samples.astype(np.float32)


@pytest.fixture(scope="module")
def loud_second(tmp_path_factory: pytest.TempPathFactory, film: Path) -> Path:
    """A film that is loud from 1 s to 2 s and silent before and after."""
    path = tmp_path_factory.mktemp("loud") / "film.mp4"
    run_ffmpeg(
        "-i", film, "-af", "volume=volume='between(t,1,2)*8':eval=frame", "-c:v", "copy", path
    )
    return path


def test_sound_keeps_time_with_the_picture(tmp_path: Path, loud_second: Path) -> None:
    build(loud_second, tmp_path / "media", clip_of("0.52", "2.52"))
    cut = tmp_path / "media" / "clip-1.mp4"
    begin, samples = sound_of(cut)
    loud = np.flatnonzero(np.abs(samples) > 0.2)
    onset, last = begin + loud[0] / 48000, begin + loud[-1] / 48000
    shown = {number: float(time) for time, number in frames_of(cut)}
    # One AAC frame of the source is the finest that its loudness was changed by.
    assert (shown[25], shown[50]) == pytest.approx((onset, last), abs=0.023)


@pytest.mark.parametrize(("start", "end"), [("0.2", "0.92"), ("2.08", "3.5")])
def test_no_sound_from_outside_a_clip_is_in_it(
    tmp_path: Path, loud_second: Path, start: str, end: str
) -> None:
    build(loud_second, tmp_path / "media", clip_of(start, end))
    _, samples = sound_of(tmp_path / "media" / "clip-1.mp4")
    assert np.abs(samples).max() < 0.02
    assert abs(len(samples) / 48000 - float(Fraction(end) - Fraction(start))) < 0.08


def test_a_clip_without_sound_is_cut_of_a_film_without(tmp_path: Path) -> None:
    source = draw_film(tmp_path / "film.mp4", seconds=1, size=SMALL, sound=False)
    built = build(source, tmp_path / "media", clip_of("0.2", "0.6"))
    with av.open(str(tmp_path / "media" / "clip-1.mp4")) as container:
        assert [stream.type for stream in container.streams] == ["video"]
    assert [one.sound for one in built.manifest.clips] == [False]


@pytest.mark.parametrize(
    ("sound", "types"),
    [("keep", ["video", "audio"]), ("level", ["video", "audio"]), ("mute", ["video"])],
)
def test_sound_is_kept_levelled_or_left_out(
    tmp_path: Path, film: Path, sound: str, types: list[str]
) -> None:
    built = build(film, tmp_path / "media", clip_of("0.2", "3.4", sound=sound))
    with av.open(str(tmp_path / "media" / "clip-1.mp4")) as container:
        assert types == [stream.type for stream in container.streams]
    assert [sound != "mute"] == [one.sound for one in built.manifest.clips]


def test_level_makes_a_quiet_film_louder(tmp_path: Path, film: Path) -> None:
    quiet = tmp_path / "film.mp4"
    run_ffmpeg("-i", film, "-af", "volume=0.05", "-c:v", "copy", quiet)
    build(
        quiet,
        tmp_path / "media",
        clip_of("0.2", "3.8", id="as-it-is"),
        clip_of("0.2", "3.8", id="levelled", sound="level"),
    )
    (_, before), (_, after) = (
        sound_of(tmp_path / "media" / f"{name}.mp4") for name in ("as-it-is", "levelled")
    )
    assert np.abs(before).max() < 0.02
    assert np.abs(after).max() > 0.1


# --- The form of what is cut ---------------------------------------------------------------


def boxes_of(content: bytes) -> list[tuple[str, bytes]]:
    """Returns the name and content of each box that stands directly in some bytes of an mp4."""
    boxes = []
    while content:
        size, name = struct.unpack(">I4s", content[:8])
        boxes.append((name.decode("latin-1"), content[8:size]))
        content = content[size:]
    return boxes


def test_a_clip_is_what_every_browser_plays_at_once(tmp_path: Path, film: Path) -> None:
    build(film, tmp_path / "media", clip_of("1", "2"))
    path = tmp_path / "media" / "clip-1.mp4"
    with av.open(str(path)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        form = {
            "container": container.format.name.split(",")[0],
            "video": video.codec_context.name,
            "pixels": video.codec_context.pix_fmt,
            "size": (video.width, video.height),
            "audio": audio.codec_context.name,
            "tags": (
                video.codec_context.color_primaries,
                video.codec_context.color_trc,
                video.codec_context.colorspace,
                video.codec_context.color_range,
            ),
        }
        frame = next(container.decode(video=0))
        tags = (frame.color_primaries, frame.color_trc, frame.colorspace, frame.color_range)
    assert form == {
        "container": "mov", "video": "h264", "pixels": "yuv420p", "size": SMALL, "audio": "aac",
        "tags": (1, 1, 1, 1),
    }  # fmt: skip
    assert tags == (1, 1, 1, 1)
    names = [name for name, _ in boxes_of(path.read_bytes())]
    assert names.index("moov") < names.index("mdat")


@pytest.mark.slow
def test_large_films_are_cut_to_what_a_screen_and_a_page_show(tmp_path: Path) -> None:
    source = draw_film(tmp_path / "film.mp4", seconds=1, size=(1920, 1080))
    built = build(source, tmp_path / "media", clip_of("0.2", "0.4", "0.3"))
    assert [(one.width, one.height) for one in built.manifest.clips] == [(1280, 720)]
    assert [(one.width, one.height) for one in built.manifest.stills] == [(1400, 788)]
    facts = probe_film(tmp_path / "media" / "clip-1.mp4")
    assert (facts.width, facts.height) == (1280, 720)
    with Image.open(tmp_path / "media" / "clip-1-1.jpg") as picture:
        assert picture.size == (1400, 788)
    assert numbers_in(tmp_path / "media" / "clip-1.mp4") == [5, 6, 7, 8, 9]


@pytest.mark.parametrize("options", [["-display_rotation", "90"], ["-display_rotation", "270"],
                                     ["-display_rotation", "180"], ["-display_hflip"]])  # fmt: skip
def test_a_turned_film_gives_upright_clips_and_stills(
    tmp_path: Path, film: Path, options: list[str]
) -> None:
    """Upright in their pixels: what they are copied into may not know of turning."""
    # Stored so that turning it brings the numbers to the upper edge.
    stored = {"90": "transpose=clock", "270": "transpose=cclock", "180": "hflip,vflip"}
    lying, turned = tmp_path / "lying.mp4", tmp_path / "film.mp4"
    run_ffmpeg("-i", film, "-vf", stored.get(options[-1], "hflip"), "-c:a", "copy", lying)
    run_ffmpeg(*options, "-i", lying, "-c", "copy", turned)
    built = build(turned, tmp_path / "media", clip_of("1", "1.4", "1.2"))
    (clip,), (still,) = built.manifest.clips, built.manifest.stills
    assert (*SMALL, *SMALL) == (clip.width, clip.height, still.width, still.height)
    assert list(range(25, 35)) == numbers_in(tmp_path / "media" / "clip-1.mp4")
    assert read_number(iio.imread(tmp_path / "media" / "clip-1-1.jpg")) == 30
    with av.open(str(tmp_path / "media" / "clip-1.mp4")) as container:
        assert next(container.decode(video=0)).rotation == 0


def test_pixels_that_are_not_square_are_made_square(tmp_path: Path, film: Path) -> None:
    source = tmp_path / "film.mp4"
    run_ffmpeg("-i", film, "-vf", "setsar=4/3", "-c:a", "copy", source)
    built = build(source, tmp_path / "media", clip_of("1", "1.2", "1.1"))
    (clip,), (still,) = built.manifest.clips, built.manifest.stills
    assert (clip.width, clip.height, still.width, still.height) == (320, 136, 320, 136)
    assert probe_film(tmp_path / "media" / "clip-1.mp4").pixel_aspect == 1


# --- Nothing of the film but its pictures and sound -------------------------------------------


@pytest.fixture(scope="module")
def telling_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film that says where, when, by whom and with what it was made, wherever a film can."""
    folder = tmp_path_factory.mktemp("telling")
    bare, path = folder / "bare.mp4", folder / "film.mp4"
    draw_film(bare, seconds=3, size=SMALL, metadata=PLANTED)
    words = folder / "words.srt"
    words.write_text("1\n00:00:00,000 --> 00:00:02,500\nMia says goodnight\n")
    chapters = folder / "chapters.txt"
    chapters.write_text(
        ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=2000\ntitle=Otterbourne Lane\n"
    )
    run_ffmpeg(
        "-i", bare, "-i", words, "-i", chapters, "-map", "0", "-map", "1", "-map_metadata", "0",
        "-map_chapters", "2", "-c", "copy", "-c:s", "mov_text", "-timecode", "01:02:03:04",
        "-metadata:s:v", "handler_name=Mia handler", "-metadata:s:a", "title=Mia track",
        "-bsf:v", "h264_metadata=sei_user_data=086f3693-b7b3-4f2c-9653-21492feee5b8+Mia inside",
        "-movflags", "use_metadata_tags", path,
    )  # fmt: skip
    return path


def test_nothing_the_film_tells_of_people_or_places_is_in_what_was_cut(
    tmp_path: Path, telling_film: Path
) -> None:
    """Every byte of every file is searched."""
    told = [*PLANTED.values(), "Mia", "Sam", "Orchard", "51.5074", "2026-09", "goodnight",
            "Otterbourne", str(telling_film.parent), telling_film.parent.name]  # fmt: skip
    taken = struct.pack(">I", 3_871_993_868 - 0)  # 2026-09-12T17:31:08Z, counted from 1904
    source = telling_film.read_bytes()
    for planted in ("Mia at bedtime", "+51.5074-000.1278", "Orchardphone", "Mia handler",
                    "Mia inside", "goodnight", "Otterbourne Lane"):  # fmt: skip
        assert planted.encode() in source, planted
    folder = tmp_path / "media"
    build(
        telling_film, folder, clip_of("0.5", "2", "0.6", "1"),
        clip_of("1", "2.5", id="clip-2", sound="level", masks=[_mask(1, 2)]),
    )  # fmt: skip
    found = {
        (path.name, word)
        for path in folder.iterdir()
        for word in told
        if word.encode().lower() in path.read_bytes().lower()
        or word.encode("utf-16-le") in path.read_bytes()
        or word.encode("utf-16-be") in path.read_bytes()
    }
    assert found == set()
    assert [path.name for path in folder.iterdir() if taken in path.read_bytes()] == []


def test_a_clip_holds_no_dates_and_no_tracks_but_picture_and_sound(
    tmp_path: Path, telling_film: Path
) -> None:
    build(telling_film, tmp_path / "media", clip_of("0.5", "2"))
    path = tmp_path / "media" / "clip-1.mp4"
    with av.open(str(path)) as container:
        assert [stream.type for stream in container.streams] == ["video", "audio"]
        assert container.metadata.keys() <= {"major_brand", "minor_version", "compatible_brands"}
        assert container.chapters() == []
    moov = dict(boxes_of(path.read_bytes()))["moov"]
    # An empty list of what is told: neither title nor place nor tool.
    assert dict(boxes_of(moov))["udta"].endswith(struct.pack(">I4s", 8, b"ilst"))
    # creation and modification time, in the head of the film, of each track and of its media
    dates = [
        struct.unpack(">II", moov[found.end() + 4 : found.end() + 12])
        for found in re.finditer(rb"mvhd|tkhd|mdhd", moov)
    ]
    assert dates == [(0, 0)] * 5


def test_a_still_holds_no_exif_and_no_comment(tmp_path: Path, telling_film: Path) -> None:
    build(telling_film, tmp_path / "media", clip_of("0.5", "2", "1"))
    path = tmp_path / "media" / "clip-1-1.jpg"
    with Image.open(path) as picture:
        assert picture.info.keys() <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        assert dict(picture.getexif()) == {}
    content, position, segments = path.read_bytes(), 2, []
    while content[position + 1] != 0xDA:
        segments.append(content[position + 1])
        position += 2 + int.from_bytes(content[position + 2 : position + 4], "big")
    # JFIF's head, tables and the frame: no EXIF or XMP (E1), no Photoshop (ED), no comment (FE)
    assert {0xE0, 0xDB, 0xC0, 0xC4} == set(segments)


def test_a_picture_on_the_film_s_cover_is_not_what_is_cut(tmp_path: Path, film: Path) -> None:
    """A cover is a track of pictures too, and may stand before the film itself."""
    cover, source = tmp_path / "cover.jpg", tmp_path / "film.mp4"
    Image.new("RGB", (64, 64), "red").save(cover)
    run_ffmpeg(
        "-i", film, "-i", cover, "-map", "0", "-map", "1", "-c", "copy",
        "-disposition:v:1", "attached_pic", source,
    )  # fmt: skip
    # ffmpeg numbers tracks as it comes upon them: put the cover first.
    boxes = boxes_of(source.read_bytes())
    parts = sorted(boxes_of(dict(boxes)["moov"]), key=lambda box: box[0] != "udta")
    moov = b"".join(
        struct.pack(">I4s", len(body) + 8, name.encode()) + body for name, body in parts
    )
    source.write_bytes(
        b"".join(
            struct.pack(">I4s", len(body) + 8, name.encode()) + body
            for name, body in [(name, moov if name == "moov" else body) for name, body in boxes]
        )
    )
    with av.open(str(source)) as container:
        assert [stream.width for stream in container.streams.video] == [64, 240]
    build(source, tmp_path / "media", clip_of("1", "1.2", "1.1"))
    assert list(range(25, 30)) == numbers_in(tmp_path / "media" / "clip-1.mp4")
    assert read_number(iio.imread(tmp_path / "media" / "clip-1-1.jpg")) == 27


# --- Masks ---------------------------------------------------------------------------------


BOX = (0.25, 0.5, 0.25, 0.25)


def _mask(start: float, end: float, box: tuple[float, float, float, float] = BOX) -> dict[str, Any]:
    return {"from": start, "to": end, "box": box}


def is_covered(picture: NDArray[Any], box: tuple[float, float, float, float] = BOX) -> bool:
    """Whether a box of a picture is the grey of masks, but for its rim, which JPEG blurs."""
    height, width = picture.shape[:2]
    left, top, across, down = box
    rows = slice(int(top * height) + 3, int((top + down) * height) - 3)
    columns = slice(int(left * width) + 3, int((left + across) * width) - 3)
    return bool(np.abs(picture[rows, columns].astype(int) - GREY).max() <= 12)


def pictures_of(path: Path) -> dict[int, NDArray[np.uint8]]:
    """Returns the pictures of a cut clip by the numbers they tell."""
    with av.open(str(path)) as container:
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    return {read_number(picture): picture.astype(np.uint8) for picture in pictures}


def test_a_mask_is_in_the_pixels_of_clip_and_still(tmp_path: Path, film: Path) -> None:
    build(
        film, tmp_path / "media", clip_of("1", "3", "1.2", "1.6", "2", "2.6", masks=[_mask(1.5, 2)])
    )
    pictures = pictures_of(tmp_path / "media" / "clip-1.mp4")
    covered = [number for number, picture in pictures.items() if is_covered(picture)]
    # 37 is on screen at 1.5 s; one more on either side is not too much.
    assert set(range(37, 51)) <= set(covered) <= set(range(36, 53))
    stills = [iio.imread(tmp_path / "media" / f"clip-1-{number}.jpg") for number in range(1, 5)]
    assert [is_covered(picture) for picture in stills] == [False, True, True, False]


def test_a_mask_covers_its_box_and_nothing_else(tmp_path: Path, film: Path) -> None:
    build(film, tmp_path / "bare", clip_of("1", "2", "1.2"))
    build(film, tmp_path / "media", clip_of("1", "2", "1.2", masks=[_mask(0, 4)]))
    changed = []
    for name, plugin in (("clip-1.mp4", "pyav"), ("clip-1-1.jpg", "pillow")):
        bare, masked = (
            iio.imread(tmp_path / folder / name, index=0, plugin=plugin)
            for folder in ("bare", "media")
        )  # fmt: skip
        rows, columns = np.nonzero(np.abs(bare.astype(int) - masked).max(axis=2) > 24)
        changed.append((columns.min(), rows.min(), columns.max() + 1, rows.max() + 1))
    box = (60, 68, 120, 102)
    assert [box, box] == [pytest.approx(edges, abs=4) for edges in changed]


def test_a_mask_on_a_turned_film_lies_on_the_upright_picture(tmp_path: Path, film: Path) -> None:
    turned = tmp_path / "film.mp4"
    run_ffmpeg("-display_rotation", "90", "-i", film, "-c", "copy", turned)
    build(turned, tmp_path / "media", clip_of("1", "1.4", "1.2", masks=[_mask(0, 4)]))
    with av.open(str(tmp_path / "media" / "clip-1.mp4")) as container:
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    pictures.append(iio.imread(tmp_path / "media" / "clip-1-1.jpg"))
    assert {(240, 136, 3)} == {picture.shape for picture in pictures}
    assert all(is_covered(picture) for picture in pictures)


@pytest.mark.parametrize("name", ["late-start-no-sound.mp4", "broadcast.ts", "uneven.mp4"])
def test_no_picture_on_screen_while_a_mask_holds_is_left_bare(tmp_path: Path, name: str) -> None:
    """A frame that came up long before the mask's time is on screen then all the same."""
    source = tmp_path / name
    if name == "uneven.mp4":
        draw_uneven_film(source, UNEVEN)
    else:
        SOURCES[name](source)
    start, end = Fraction(12, 10), Fraction(195, 100)
    mask = _mask(float(start), float(end))
    build(
        source,
        tmp_path / "media",
        clip_of("0.6", "3.05", "0.7", "1.1", "1.195", "1.2", "1.9", "1.95", masks=[mask]),
    )
    frames = frames_of(source)
    due = numbers_due(frames, start, end)
    pictures = pictures_of(tmp_path / "media" / "clip-1.mp4")
    assert [number for number in due if not is_covered(pictures[number])] == []
    times = {number: time for time, number in frames}
    far = [number for number in pictures if not start - 1 < times[number] < end + Fraction(1, 2)]
    assert far
    assert not any(is_covered(pictures[number]) for number in far)
    stills = [iio.imread(tmp_path / "media" / f"clip-1-{number}.jpg") for number in range(1, 7)]
    assert [
        number
        for number in map(read_number, itertools.filterfalse(is_covered, stills))
        if number in due
    ] == []


def test_many_masks_move_with_a_face(tmp_path: Path, film: Path) -> None:
    boxes = [(0.1 * number, 0.5, 0.2, 0.25) for number in range(6)]
    masks = [_mask(1 + 0.2 * number, 1.2 + 0.2 * number, box) for number, box in enumerate(boxes)]
    build(film, tmp_path / "media", clip_of("1", "2.2", "1.1", "2.1", masks=masks))
    pictures = pictures_of(tmp_path / "media" / "clip-1.mp4")
    for number, box in enumerate(boxes):
        inside = [pictures[frame] for frame in range(25 + 5 * number, 30 + 5 * number)]
        assert all(is_covered(picture, box) for picture in inside)
    assert is_covered(iio.imread(tmp_path / "media" / "clip-1-2.jpg"), boxes[5])


# --- What is built again, and what is not ------------------------------------------------------


def stamps(folder: Path) -> dict[str, tuple[int, str]]:
    """Returns of each file when it was written and what is in it."""
    return {path.name: (path.stat().st_mtime_ns, sha256_of(path)) for path in folder.iterdir()}


TWO = (
    clip_of("1", "1.4", "1.2", "1.3", id="clip-1"),
    clip_of("2", "2.4", "2.2", id="clip-2", sound="mute"),
)
TWO_FILES = ["clip-1-1.jpg", "clip-1-2.jpg", "clip-1.mp4", "clip-2-1.jpg", "clip-2.mp4",
             "manifest.json"]  # fmt: skip


@pytest.fixture(scope="module")
def _built_two(tmp_path_factory: pytest.TempPathFactory, film: Path) -> Path:
    folder = tmp_path_factory.mktemp("two") / "media"
    build(film, folder, *TWO)
    return folder


@pytest.fixture
def media(tmp_path: Path, _built_two: Path) -> Path:
    """A folder in which two clips with three stills were built already."""
    shutil.copytree(_built_two, tmp_path / "media")
    return tmp_path / "media"


def names(paths: tuple[Path, ...]) -> list[str]:
    """Returns the names of some files, in order."""
    return sorted(path.name for path in paths)


def test_the_manifest_says_what_was_cut_from_what_with_what(media: Path, film: Path) -> None:
    content = json.loads((media / "manifest.json").read_bytes())
    tools = content.pop("tools")
    shas = {path.name: sha256_of(path) for path in media.iterdir()}
    assert content == {
        "vigbook": 1,
        "film": {"file": "film.mp4", "sha256": sha256_of(film), "bytes": film.stat().st_size},
        "clips": [
            {
                "id": "clip-1", "file": "clip-1.mp4", "sha256": shas["clip-1.mp4"],
                "asked_start": "00:00:01.000", "asked_end": "00:00:01.400",
                "given_start": "00:00:01.000", "frames": 10, "width": 240, "height": 136,
                "sound": True, "recipe": content["clips"][0]["recipe"],
            },
            {
                "id": "clip-2", "file": "clip-2.mp4", "sha256": shas["clip-2.mp4"],
                "asked_start": "00:00:02.000", "asked_end": "00:00:02.400",
                "given_start": "00:00:02.000", "frames": 10, "width": 240, "height": 136,
                "sound": False, "recipe": content["clips"][1]["recipe"],
            },
        ],
        "stills": [
            {
                "clip": clip, "number": number, "file": f"{clip}-{number}.jpg",
                "sha256": shas[f"{clip}-{number}.jpg"], "asked": at, "given": given,
                "width": 240, "height": 136, "recipe": content["stills"][index]["recipe"],
            }
            for index, (clip, number, at, given) in enumerate(
                [("clip-1", 1, "00:00:01.200", "00:00:01.200"),
                 ("clip-1", 2, "00:00:01.300", "00:00:01.280"),
                 ("clip-2", 1, "00:00:02.200", "00:00:02.200")]
            )
        ],
    }  # fmt: skip
    assert {"av", "ffmpeg"} == tools.keys()
    assert files_in(media) == TWO_FILES


def test_the_manifest_is_found_again(media: Path, film: Path) -> None:
    manifest = read_manifest(media)
    assert manifest is not None
    assert manifest == build(film, media, *TWO).manifest
    assert manifest.clip("clip-2") == manifest.clips[1]
    assert manifest.still("clip-1", 2) == manifest.stills[1]
    assert (
        manifest.clip("clip-3"), manifest.still("clip-1", 3), manifest.still("clip-3", 1)
    ) == (None, None, None)  # fmt: skip


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b'{"vigbook": 2}', b"\xff\xfe"])
def test_a_manifest_that_cannot_be_read_is_none(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "manifest.json").write_bytes(content)
    assert read_manifest(tmp_path) is None


def test_building_a_second_time_does_nothing(media: Path, film: Path) -> None:
    before = stamps(media)
    built = build(film, media, *TWO)
    assert (built.made, built.removed, built.warnings) == ((), (), ())
    assert before == stamps(media)


def test_a_second_time_does_nothing_where_times_are_no_milliseconds(tmp_path: Path) -> None:
    source = draw_film(tmp_path / "film.mp4", seconds=1, size=SMALL, rate=NTSC)
    clip = clip_of("0.1234567", "0.7654321", "0.2000001")
    first = build(source, tmp_path / "media", clip)
    before = stamps(tmp_path / "media")
    assert build(source, tmp_path / "media", clip).made == ()
    assert before == stamps(tmp_path / "media")
    assert len(first.made) == 2


@pytest.mark.parametrize(
    ("change", "made"),
    [
        ({"end": "1.44"}, ["clip-1.mp4"]),
        ({"start": "0.96"}, ["clip-1.mp4"]),
        ({"sound": "mute"}, ["clip-1.mp4"]),
        ({"masks": [_mask(1, 2)]}, ["clip-1-1.jpg", "clip-1-2.jpg", "clip-1.mp4"]),
        ({"stills": [{"at": "1.24"}, {"at": "1.3"}]}, ["clip-1-1.jpg", "clip-1-2.jpg"]),
        ({"title": "Waiting", "question": "What happens?"}, []),
    ],
)
def test_only_what_a_change_touches_is_cut_again(
    media: Path, film: Path, change: dict[str, Any], made: list[str]
) -> None:
    before = stamps(media)
    one = Clip.model_validate(TWO[0].model_dump(by_alias=True) | change)
    built = build(film, media, one, TWO[1])
    assert made == names(built.made)
    after = stamps(media)
    untouched = set(TWO_FILES) - set(made) - {"manifest.json"}
    assert {name: before[name] for name in untouched} == {name: after[name] for name in untouched}
    assert built.manifest == read_manifest(media)
    assert names(build(film, media, one, TWO[1]).made) == []


def test_a_mark_moved_by_less_than_a_millisecond_is_cut_again(tmp_path: Path) -> None:
    """Times are exact, and a frame may lie between."""
    source = draw_film(tmp_path / "film.mp4", seconds=1, size=SMALL, rate=NTSC)
    build(source, tmp_path / "media", clip_of("0", "0.1001"))
    assert numbers_in(tmp_path / "media" / "clip-1.mp4") == [0, 1, 2]
    build(source, tmp_path / "media", clip_of("0", "0.1002"))
    assert numbers_in(tmp_path / "media" / "clip-1.mp4") == [0, 1, 2, 3]


def test_a_clip_s_files_go_when_it_is_no_longer_marked(media: Path, film: Path) -> None:
    before = stamps(media)
    built = build(film, media, TWO[1])
    assert names(built.removed) == ["clip-1-1.jpg", "clip-1-2.jpg", "clip-1.mp4"]
    assert files_in(media) == ["clip-2-1.jpg", "clip-2.mp4", "manifest.json"]
    assert built.made == ()
    assert before["clip-2.mp4"] == stamps(media)["clip-2.mp4"]


def test_a_still_s_file_goes_when_it_is_no_longer_marked(media: Path, film: Path) -> None:
    fewer = TWO[0].model_copy(update={"stills": TWO[0].stills[:1]})
    built = build(film, media, fewer, TWO[1])
    assert names(built.removed) == ["clip-1-2.jpg"]
    assert built.made == ()


def test_no_clips_leave_only_an_empty_manifest(media: Path, film: Path) -> None:
    build(film, media)
    assert files_in(media) == ["manifest.json"]
    manifest = read_manifest(media)
    assert manifest is not None
    assert (manifest.clips, manifest.stills) == ((), ())


def test_a_clip_no_longer_agreed_to_goes_even_when_another_cannot_be_cut(
    media: Path, film: Path
) -> None:
    late = clip_of("7", "8", id="clip-3")
    with pytest.raises(CutError):
        build(film, media, TWO[1], late)
    assert [name for name in files_in(media) if name.startswith("clip-1")] == []


def test_what_a_killed_build_left_behind_goes(media: Path, film: Path) -> None:
    """A half-cut clip is a family's film too, and hidden files are easily forgotten."""
    (media / ".clip-2-x3kf_a9q.mp4").write_bytes(b"half a clip")
    (media / ".clip-2-1-x3kf_a9q.jpg").write_bytes(b"half a still")
    (media / "notes.txt").write_text("somebody's own")
    build(film, media, *TWO)
    assert sorted([*TWO_FILES, "notes.txt"]) == files_in(media)


@pytest.mark.parametrize("name", ["clip-1.mp4", "clip-1-2.jpg"])
@pytest.mark.parametrize("damage", ["cut short", "one bit", "gone", "empty"])
def test_a_damaged_file_is_made_again(media: Path, film: Path, name: str, damage: str) -> None:
    path = media / name
    whole = path.read_bytes()
    match damage:
        case "cut short":
            path.write_bytes(whole[:-100])
        case "one bit":
            path.write_bytes(whole[:-50] + bytes([whole[-50] ^ 1]) + whole[-49:])
        case "empty":
            path.write_bytes(b"")
        case _:
            path.unlink()
    built = build(film, media, *TWO)
    assert name in names(built.made)
    assert {"clip-2.mp4", "clip-2-1.jpg"} & set(names(built.made)) == set()
    # The same film, marks and tools give the same bytes.
    assert whole == path.read_bytes()


def test_a_manifest_that_is_damaged_has_all_cut_again(media: Path, film: Path) -> None:
    before = (media / "manifest.json").read_bytes()
    (media / "manifest.json").write_bytes(before[:100])
    assert TWO_FILES[:-1] == names(build(film, media, *TWO).made)
    assert before == (media / "manifest.json").read_bytes()


def test_another_film_has_all_cut_again(tmp_path: Path, media: Path) -> None:
    other = draw_film(tmp_path / "other.mp4", seconds=4, size=SMALL, start_pts=5)
    built = build(other, media, *TWO)
    assert TWO_FILES[:-1] == names(built.made)
    assert sha256_of(other) == built.manifest.film.sha256
    assert list(range(20, 30)) == numbers_in(media / "clip-1.mp4")


def test_the_same_film_under_another_name_has_nothing_cut_again(
    tmp_path: Path, media: Path, film: Path
) -> None:
    shutil.copyfile(film, tmp_path / "renamed.mp4")
    cycle = Cycle(cycle=1, in_shot=("child",), clips=TWO)
    built = build_media(tmp_path / "renamed.mp4", "renamed.mp4", cycle, TWO, media)
    assert built.made == ()
    assert built.manifest == read_manifest(media)
    assert built.manifest.film.file == "renamed.mp4"


def test_progress_is_told_of_each_clip_as_its_turn_comes(media: Path, film: Path) -> None:
    told: list[str] = []
    cycle = Cycle(cycle=1, in_shot=("child",), clips=TWO)
    build_media(film, "film.mp4", cycle, TWO, media, told.append)
    assert told == ["clip-1", "clip-2"]


def test_all_media_can_be_taken_away(media: Path) -> None:
    (media / "notes.txt").write_text("somebody's own")
    assert TWO_FILES[:-1] == sorted(path.name for path in remove_unwanted(media, []))
    assert files_in(media) == ["manifest.json", "notes.txt"]
    assert list(remove_unwanted(media, [])) == []


# --- What goes wrong ---------------------------------------------------------------------------


def _sound_only(path: Path, film: Path) -> None:
    run_ffmpeg("-i", film, "-vn", "-c", "copy", path)


BROKEN: dict[str, tuple[Callable[[Path, Path], object], str]] = {
    "nothing": (lambda path, _: path.write_bytes(b""), "is not a film that can be read"),
    "text": (
        lambda path, _: path.write_text("Shopping: milk, bread.\n" * 99),
        "is not a film that can be read",
    ),
    "random bytes": (
        lambda path, _: path.write_bytes(random.Random(4).randbytes(100_000)),
        "is not a film that can be read",
    ),
    "no index": (
        lambda path, film: path.write_bytes(film.read_bytes()[:-20_000]),
        "is not a film that can be read",
    ),
    "sound only": (_sound_only, "has no picture in it"),
    "playlist": (
        lambda path, film: path.write_text(f"#EXTM3U\n#EXTINF:4,\n{film}\n#EXT-X-ENDLIST\n"),
        "is not a film that can be read",
    ),
    "concat script": (
        lambda path, film: path.write_text(f"ffconcat version 1.0\nfile '{film}'\n"),
        "is not a film that can be read",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_film_is_told_and_nothing_is_half_written(
    tmp_path: Path, film: Path, kind: str
) -> None:
    make, found = BROKEN[kind]
    source = tmp_path / "film.mp4"
    make(source, film)
    with pytest.raises(FilmError, match=rf"film\.mp4: {found}; [a-z ,]+$"):
        build(source, tmp_path / "media", *TWO)
    assert files_in(tmp_path / "media") == []


@pytest.fixture(scope="module")
def broken_off_film(tmp_path_factory: pytest.TempPathFactory, film: Path) -> Path:
    """A film whose index stands at its beginning, and whose copying stopped half way."""
    whole = tmp_path_factory.mktemp("broken") / "whole.mp4"
    run_ffmpeg("-i", film, "-c", "copy", "-movflags", "+faststart", whole)
    content = whole.read_bytes()
    source = whole.with_name("film.mp4")
    source.write_bytes(content[: len(content) // 2])
    return source


def test_of_a_film_that_breaks_off_what_is_there_can_be_cut(
    tmp_path: Path, broken_off_film: Path
) -> None:
    built = build(broken_off_film, tmp_path / "media", clip_of("0.5", "1"))
    assert list(range(12, 25)) == numbers_in(tmp_path / "media" / "clip-1.mp4")
    assert built.warnings == ()


def test_a_clip_over_the_break_of_a_film_comes_with_a_warning(
    tmp_path: Path, broken_off_film: Path
) -> None:
    built = build(broken_off_film, tmp_path / "media", clip_of("1", "3"))
    numbers = numbers_in(tmp_path / "media" / "clip-1.mp4")
    assert list(range(25, 25 + len(numbers))) == numbers
    assert [Problem(
        file=str(broken_off_film), field="clip-1",
        found=f"the film is damaged here: {len(numbers)} of 50 pictures came out",
        mend="look at the clip before you show it",
    )] == list(built.warnings)  # fmt: skip


def test_a_clip_after_the_break_of_a_film_is_refused(tmp_path: Path, broken_off_film: Path) -> None:
    with pytest.raises(CutError, match=r"clip-1: .*; [a-z ,]+$"):
        build(broken_off_film, tmp_path / "media", clip_of("3", "3.5"))
    assert files_in(tmp_path / "media") == []


def test_a_film_damaged_in_its_middle_leaves_nothing_half_written(
    tmp_path: Path, film: Path
) -> None:
    """A scratched card: whatever comes out, nothing hangs, and what failed is one sentence."""
    content = bytearray(film.read_bytes())
    start = content.index(b"mdat") + 4
    for chance in (random.Random(seed) for seed in range(3)):
        damaged = content.copy()
        place = start + chance.randrange(20_000)
        damaged[place : place + 30_000] = chance.randbytes(30_000)
        source = tmp_path / "film.mp4"
        source.write_bytes(damaged)
        said = ""
        try:
            build(source, tmp_path / "media", *TWO)
        except FilmError as err:
            said = str(err)
        assert "\n" not in said
        assert [name for name in files_in(tmp_path / "media") if name.startswith(".")] == []


def test_marks_after_the_film_s_end_are_refused(tmp_path: Path, film: Path) -> None:
    with pytest.raises(CutError, match=r"clip-1: .*move the marks"):
        build(film, tmp_path / "media", clip_of("7", "8"))
    assert files_in(tmp_path / "media") == []


def test_a_full_disk_is_told_and_what_was_there_is_whole(
    media: Path, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = stamps(media)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("vigbook.publish.os.fsync", full)
    with pytest.raises(OutputError, match=r"clip-1\.mp4: could not be written: the disk is full;"):
        build(film, media, clip_of("1", "1.6", "1.2", "1.3"), TWO[1])
    assert before == stamps(media)


def test_no_ffmpeg_is_told_as_that(
    tmp_path: Path, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(tmp_path / "no-such-program"))
    with pytest.raises(CutError, match=r"ffmpeg"):
        build(film, tmp_path / "media", TWO[0])
    assert files_in(tmp_path / "media") == []


@pytest.mark.parametrize("name", ["it's.mp4", "100%d.mp4", "concat:a.mp4", "-i.mp4", "Åse 李.mp4"])
def test_a_film_of_any_name_in_a_folder_of_any_name_is_cut(
    tmp_path: Path, film: Path, name: str
) -> None:
    source = tmp_path / name
    shutil.copyfile(film, source)
    folder = tmp_path / f"media of {name}"
    build(source, folder, clip_of("1", "1.2", "1.1"))
    assert list(range(25, 30)) == numbers_in(folder / "clip-1.mp4")
    assert read_number(iio.imread(folder / "clip-1-1.jpg")) == 27


def test_the_film_itself_is_never_touched(tmp_path: Path, film: Path) -> None:
    source = tmp_path / "film.mp4"
    shutil.copy2(film, source)
    before = stamps(tmp_path)
    build(source, tmp_path / "media", *TWO)
    build(source, tmp_path / "media")
    shutil.rmtree(tmp_path / "media")
    assert before == stamps(tmp_path)
