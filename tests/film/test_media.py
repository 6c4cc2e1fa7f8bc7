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
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import imageio.v3 as iio
import numpy as np
import pytest
from awkward import FILMS, UNEVEN
from cutting import BOX, build, clip_of, is_covered
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

from vigbook.case.manifest import read_manifest
from vigbook.case.models import Clip
from vigbook.errors import CutError, FilmError, OutputError
from vigbook.film.film import open_film
from vigbook.film.media import build_media, remove_unwanted
from vigbook.system.atomic import sha256_of

SMALL = (240, 136)
NTSC = Fraction(30000, 1001)
SLACK = Fraction(1, 2000)
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


# --- Sound ---------------------------------------------------------------------------------


def sound_of(path: Path) -> tuple[float, NDArray[np.float32]]:
    """Returns when a file's sound begins, in seconds, and its samples at 48 kHz."""
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    first = frames[0]
    assert first.sample_rate == 48000
    samples = np.concatenate([frame.to_ndarray()[0] for frame in frames])
    return float((first.pts or 0) * (first.time_base or 0)), samples.astype(np.float32)


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


def test_a_clip_plays_before_all_of_it_has_come(tmp_path: Path, film: Path) -> None:
    build(film, tmp_path / "media", clip_of("1", "2"))
    content = (tmp_path / "media" / "clip-1.mp4").read_bytes()
    names = [name for name, _ in boxes_of(content)]
    assert names.index("moov") < names.index("mdat")


@pytest.mark.slow
def test_large_films_are_cut_to_what_a_screen_and_a_page_show(tmp_path: Path) -> None:
    source = draw_film(tmp_path / "film.mp4", seconds=1, size=(1920, 1080))
    built = build(source, tmp_path / "media", clip_of("0.2", "0.4", "0.3"))
    assert [(one.width, one.height) for one in built.manifest.clips] == [(1280, 720)]
    assert [(one.width, one.height) for one in built.manifest.stills] == [(1400, 788)]
    with open_film(tmp_path / "media" / "clip-1.mp4") as clip:
        facts = clip.probe()
    assert (facts.width, facts.height) == (1280, 720)
    with Image.open(tmp_path / "media" / "clip-1-1.jpg") as picture:
        assert picture.size == (1400, 788)
    assert numbers_in(tmp_path / "media" / "clip-1.mp4") == [5, 6, 7, 8, 9]


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


def _mask(start: float, end: float, box: tuple[float, float, float, float] = BOX) -> dict[str, Any]:
    return {"from": start, "to": end, "box": box}


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


@pytest.mark.parametrize("name", ["late without sound.mp4", "broadcast.ts", "very uneven.mp4"])
def test_no_picture_on_screen_while_a_mask_holds_is_left_bare(tmp_path: Path, name: str) -> None:
    """A frame that came up long before the mask's time is on screen then all the same."""
    source = tmp_path / name
    FILMS[name].draw(source)
    start, end = Fraction(12, 10), Fraction(195, 100)
    mask = _mask(float(start), float(end))
    build(
        source,
        tmp_path / "media",
        clip_of("0.6", "3.05", "0.7", "1.1", "1.195", "1.2", "1.9", "1.95", masks=[mask]),
    )
    frames = list(FILMS[name].frames)
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
                "sound": True, "quality": "normal", "obstacle": None,
                "recipe": content["clips"][0]["recipe"],
            },
            {
                "id": "clip-2", "file": "clip-2.mp4", "sha256": shas["clip-2.mp4"],
                "asked_start": "00:00:02.000", "asked_end": "00:00:02.400",
                "given_start": "00:00:02.000", "frames": 10, "width": 240, "height": 136,
                "sound": False, "quality": "normal", "obstacle": None,
                "recipe": content["clips"][1]["recipe"],
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
        ({"stills": [{"at": "1.24"}, {"at": "1.3"}]}, ["clip-1-1.jpg"]),
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
    (media / ".clip-2-x3kf_a9q.part.mp4").write_bytes(b"half a clip")
    (media / ".clip-2-1-x3kf_a9q.part.jpg").write_bytes(b"half a still")
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
    with open_film(tmp_path / "renamed.mp4") as renamed:
        built = build_media(renamed, "renamed.mp4", TWO, media)
    assert built.made == ()
    assert built.manifest == read_manifest(media)
    assert built.manifest.film.file == "renamed.mp4"


class Cancelled(Exception):
    """Raised out of what is told of progress, as a person who presses Cancel does."""


def test_progress_is_told_as_each_clip_is_cut(tmp_path: Path, film: Path) -> None:
    told: list[tuple[str, float]] = []
    folder = tmp_path / "media"
    with open_film(film) as opened:
        build_media(opened, "film.mp4", TWO, folder, lambda *one: told.append(one))
    assert [one for one, _ in itertools.groupby(told, lambda pair: pair[0])] == ["clip-1", "clip-2"]
    for clip in TWO:
        done = [part for one, part in told if one == clip.id]
        assert (done[0], done[-1]) == (0.0, 1.0)
        assert done == sorted(done)


def test_cancelling_in_the_middle_leaves_nothing_half_cut(
    tmp_path: Path, numbered_film: Path
) -> None:
    clips = (clip_of(1, 2, 1.5), clip_of(0, 12, 3, id="clip-2", slow=True))
    folder = tmp_path / "media"

    def cancel(clip: str, done: float) -> None:
        if clip == "clip-2" and done > 0:
            raise Cancelled

    with open_film(numbered_film) as film, pytest.raises(Cancelled):
        build_media(film, "film.mp4", clips, folder, cancel)
    assert files_in(folder) == ["clip-1.mp4"]
    assert read_number(iio.imread(folder / "clip-1.mp4", plugin="pyav", index=0)) == 25
    names_made = names(build(numbered_film, folder, *clips).made)
    assert names_made == ["clip-1-1.jpg", "clip-1.mp4", "clip-2-1.jpg", "clip-2.mp4"]


def test_a_slow_repeat_shows_every_frame_twice_and_the_second_time_for_twice_as_long(
    tmp_path: Path, film: Path
) -> None:
    built = build(film, tmp_path / "media", clip_of("1", "2", slow=True))
    cut = frames_of(tmp_path / "media" / "clip-1.mp4")
    assert [number for _, number in cut] == [*range(25, 50), *range(25, 50)]
    starts = [time for time, _ in cut]
    gaps = [later - one for one, later in itertools.pairwise(starts)]
    assert {round(float(gap), 3) for gap in gaps[:24]} == {0.04}
    assert {round(float(gap), 3) for gap in gaps[25:]} == {0.08}
    assert gaps[24] == pytest.approx(0.04, abs=0.002)
    assert built.warnings == ()
    assert built.manifest.clips[0].frames == 50


def test_all_media_can_be_taken_away(media: Path) -> None:
    (media / "notes.txt").write_text("somebody's own")
    assert TWO_FILES[:-1] == sorted(path.name for path in remove_unwanted(media, []))
    assert files_in(media) == ["manifest.json", "notes.txt"]
    assert list(remove_unwanted(media, [])) == []


# --- What goes wrong ---------------------------------------------------------------------------


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

    monkeypatch.setattr("vigbook.system.atomic.os.fsync", full)
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


def test_the_film_itself_is_never_touched(tmp_path: Path, film: Path) -> None:
    source = tmp_path / "film.mp4"
    shutil.copy2(film, source)
    before = stamps(tmp_path)
    build(source, tmp_path / "media", *TWO)
    build(source, tmp_path / "media")
    shutil.rmtree(tmp_path / "media")
    assert before == stamps(tmp_path)


# --- In the film's own quality --------------------------------------------------------------

BT709 = "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"


def as_a_phone(film: Path, out: Path, *options: str) -> Path:
    """Writes a film anew with a key frame twice a second and its colours told."""
    run_ffmpeg("-i", film, "-c:v", "libx264", "-g", "12", "-vf", BT709, *options, out)
    return out


def test_a_clip_in_the_film_s_own_quality_holds_the_film_s_own_pictures(
    tmp_path: Path, film: Path
) -> None:
    source = as_a_phone(film, tmp_path / "film.mp4", "-c:a", "copy")
    built = build(source, tmp_path / "media", clip_of("0.21", "3.3", quality="original"))
    record = built.manifest.clips[0]
    assert (record.quality, record.obstacle, record.frames) == ("original", None, 78)
    assert built.warnings == ()
    cut = tmp_path / "media" / "clip-1.mp4"
    assert list(range(5, 83)) == numbers_in(cut)
    with av.open(str(source)) as whole, av.open(str(cut)) as clip:
        shown = [frame.to_ndarray() for frame in whole.decode(video=0)][5:83]
        same = [
            np.array_equal(frame.to_ndarray(), one)
            for frame, one in zip(clip.decode(video=0), shown, strict=True)
        ]
    assert sum(same) >= 60  # encoding again would leave none the same
    with open_film(cut) as opened:
        facts = opened.probe()
    assert (facts.width, facts.height) == (240, 136)
    assert facts.audio_codec == "aac"
    assert build(source, tmp_path / "media", clip_of("0.21", "3.3", quality="original")).made == ()
    assert build(source, tmp_path / "media", clip_of("0.21", "3.3")).made == (cut,)


@pytest.mark.parametrize(
    ("options", "more", "obstacle"),
    [
        (("-c:a", "copy", "-pix_fmt", "yuv444p"), {}, "not 8-bit 4:2:0 progressive H.264"),
        (("-c:a", "copy"), {"slow": True}, "it is repeated slowly"),
        (
            ("-c:a", "copy"),
            {"masks": ({"start": "1", "end": "2", "box": (0.1, 0.1, 0.2, 0.2)},)},
            "part of its picture is covered",
        ),
        (("-c:a", "copy", "-flags", "+ildct+ilme"), {}, "progressive"),
    ],
)
def test_what_cannot_be_kept_as_it_is_is_cut_anew_and_that_is_said(
    tmp_path: Path, film: Path, options: tuple[str, ...], more: dict[str, Any], obstacle: str
) -> None:
    source = as_a_phone(film, tmp_path / "film.mp4", *options)
    clip = clip_of("0.21", "3.3", quality="original", **more)
    built = build(source, tmp_path / "media", clip)
    record = built.manifest.clips[0]
    assert record.quality == "normal"
    assert obstacle in str(record.obstacle)
    assert [str(one.found).partition(":")[0] for one in built.warnings] == [
        "was cut in normal quality, not in the film's own"
    ]
    cut = numbers_in(tmp_path / "media" / "clip-1.mp4")
    assert list(range(5, 83)) == cut[:78]


# --- Sound tracks that nothing can read -----------------------------------------------------


def test_a_sound_track_of_an_unknown_kind_is_passed_over(tmp_path: Path, film: Path) -> None:
    """Newer telephones write one for headphones beside the ordinary one."""
    source = tmp_path / "film.mp4"
    tones = ["-f", "lavfi", "-i", "sine=200:duration=4", "-f", "lavfi", "-i", "sine=900:duration=4"]
    run_ffmpeg(
        "-i", film, *tones, "-map", "0:v", "-map", "1:a", "-map", "2:a", "-c:v", "copy", source
    )
    content = bytearray(source.read_bytes())
    at = content.index(b"mp4a")
    content[at : at + 4] = b"apac"
    at = content.index(b"esds", at)
    content[at : at + 4] = b"free"
    source.write_bytes(content)
    built = build(source, tmp_path / "media", clip_of("1", "2"))
    assert built.manifest.clips[0].sound
    with av.open(str(tmp_path / "media" / "clip-1.mp4")) as clip:
        heard = np.concatenate([frame.to_ndarray()[0] for frame in clip.decode(audio=0)])
    loudest = np.abs(np.fft.rfft(heard[4800:43200])).argmax() * 48000 / 38400
    assert 880 < loudest < 920


def test_nothing_of_how_it_was_made_is_in_a_clip(
    tmp_path: Path, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FFREPORT", f"file={tmp_path / 'report.log'}:level=32")
    build(film, tmp_path / "media", TWO[0])
    assert b"x264 - core" not in (tmp_path / "media" / "clip-1.mp4").read_bytes()
    # Its version may be asked for; the film's name is nobody's to write down.
    report = tmp_path / "report.log"
    assert not report.exists() or str(film) not in report.read_text()
