"""What holds for every film: the frames, the spans, the colours and the sound of it are right.

`awkward` draws the films and knows the truth about each; here it is compared, with no frame of
tolerance, with what vigbook finds in them and cuts from them.
"""

from __future__ import annotations

import itertools
import os
import random
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import imageio.v3 as iio
import numpy as np
import pytest
from av.sidedata.sidedata import Type as SideDataType
from awkward import (
    CHIRP_S,
    CUT_SHORT,
    FILMS,
    NAMES,
    NO_FILMS,
    NTSC,
    PLACE,
    Awkward,
    Floats,
    chirp,
    comb_of,
    orientation_of,
    patches_of,
    to_rgb,
)
from films import read_number, run_ffmpeg
from numpy.typing import NDArray
from PIL import Image

from vigbook.case.models import Clip
from vigbook.errors import CutError, FilmError
from vigbook.film.film import Film, open_film
from vigbook.film.media import Built, build_media
from vigbook.film.reader import Reader
from vigbook.timecode import Span, Timecode

SLACK = Fraction(1, 2000)  # a mark rounded to the millisecond still means its frame
CLOCK = Fraction(1, 1_000_000)  # how finely a broadcast stream's beginning is known
MS = Fraction(1, 1000)
PACE = Fraction(1, 10_000)
SOUND_MS = 10
COMB_PX = 2


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    """The process that reads films: one for all of them."""
    with Reader() as process:
        yield process


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(one, marks=pytest.mark.slow if one.slow else ()) for one in FILMS.values()
    ],
    ids=lambda one: str(one.name),
)
def film(request: pytest.FixtureRequest) -> Awkward:
    """The truth about each film in turn."""
    truth = request.param
    assert isinstance(truth, Awkward)
    return truth


@pytest.fixture(scope="module")
def path(film: Awkward, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where that film was drawn."""
    drawn = tmp_path_factory.mktemp("awkward") / film.name
    film.draw(drawn)
    yield drawn
    drawn.unlink()


# --- What is due ---------------------------------------------------------------------------


def on_screen(film: Awkward, time: Fraction) -> tuple[Fraction, int]:
    """Returns the frame that a player shows: the last that came up, or the first of all."""
    return max((one for one in film.frames if one[0] <= time + SLACK), default=film.frames[0])


def frames_due(film: Awkward, start: Fraction, end: Fraction) -> list[tuple[Fraction, int]]:
    """Returns the frames that a clip must hold: the one on screen at its start, and all after."""
    first = on_screen(film, start)
    return [first] + [one for one in film.frames if first[0] < one[0] < end]


def tolerance_of(film: Awkward) -> int:
    return 4 if film.look.transfer == "sdr" else 8


def times_of(film: Awkward) -> list[Fraction]:
    """Returns when each frame comes up, and when the last one goes."""
    return [time for time, _ in film.frames] + [film.end]


def interesting(film: Awkward) -> list[int]:
    """Returns indices of frames: at both ends, at a key frame, around the longest hole, others."""
    times, first = times_of(film), film.frames[0][1]
    count = len(film.frames)
    longest = max(range(count), key=lambda index: times[index + 1] - times[index])
    chosen = {0, 1, count - 2, count - 1, longest, longest + 1}
    for key in film.keys[:2]:
        chosen |= {key - first - 1, key - first, key - first + 1}
    chosen |= set(random.Random(1).choices(range(count), k=4))
    return sorted(index for index in chosen if 0 <= index < count)


def moments_of(film: Awkward) -> list[Fraction]:
    """Returns film times: frames' own, between them, just before them, and past both ends."""
    times = times_of(film)
    moments = {Fraction(0), times[0] / 2, film.end + 5}
    for index in interesting(film):
        own, following = times[index], times[index + 1]
        moments |= {own, Fraction(round(own * 1000), 1000), (own + following) / 2}
        moments |= {following - MS} if following - own > 2 * MS else set()
    return sorted(one for one in moments if one >= 0)


def spans_of(film: Awkward) -> dict[str, tuple[Fraction, Fraction]]:
    """Returns what is cut from a film: at its ends, around a key frame, one frame, on sounds."""
    times = times_of(film)
    count = len(film.frames)
    if count == 1:
        return {"whole": (Fraction(0), film.end)}
    first = film.frames[0][1]
    inside = [key - first for key in film.keys if 10 <= key - first <= count - 10]
    key = inside[-1] if inside else count // 2
    middles = [(one + other) / 2 for one, other in itertools.pairwise(times)]

    def between(time: Fraction) -> Fraction:
        return min(middles, key=lambda one: abs(one - time))

    spans = {
        "start": (Fraction(0), times[5]),
        "own": (times[max(0, key - 9)], times[min(count, key + 9)]),
        "single": (times[key - 1], times[key]),
        "end": (times[-7], film.end),
    }
    longest = max(range(count), key=lambda index: times[index + 1] - times[index])
    if times[longest + 1] - times[longest] > Fraction(1, 2):
        hole = times[longest + 1] - times[longest]
        spans["hole"] = (times[longest] + hole * 2 / 3, times[longest + 1] + Fraction(1, 5))
    if film.onsets:
        before, after = Fraction(3, 10), Fraction(1, 4)
        spans["sound"] = (between(film.onsets[0] - before), between(film.onsets[0] + after))
        if film.onsets[-1] < times[-7] + Fraction(1, 10):
            spans["end"] = (between(film.onsets[-1] - before), film.end)
    else:
        spans["between"] = (middles[max(0, key - 5)], middles[key + 2])
    return spans


# --- What was found ------------------------------------------------------------------------


def build(path: Path, folder: Path, film: Awkward, reader: Reader) -> Built:
    """Cuts the spans of a film, each with two stills."""
    clips = [
        Clip.model_validate(
            {
                "id": name,
                "start": Timecode(start),
                "end": Timecode(end),
                "stills": [{"at": Timecode(start)}, {"at": Timecode((start + end) / 2)}],
            }
        )
        for name, (start, end) in spans_of(film).items()
    ]
    return cut(Film(path, reader), folder, *clips)


@pytest.fixture(scope="module")
def built(
    film: Awkward, path: Path, tmp_path_factory: pytest.TempPathFactory, reader: Reader
) -> tuple[Built, Path]:
    """What was cut from that film, and the folder it lies in."""
    folder = tmp_path_factory.mktemp("media")
    return build(path, folder, film, reader), folder


@pytest.fixture(scope="module")
def cuts(film: Awkward, built: tuple[Built, Path]) -> dict[str, list[av.VideoFrame]]:
    """The frames of each clip, decoded from the beginning."""
    return {name: decode(built[1] / f"{name}.mp4") for name in spans_of(film)}


def decode(path: Path) -> list[av.VideoFrame]:
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


def times_in(frames: list[av.VideoFrame]) -> list[Fraction]:
    return [Fraction(frame.pts or 0) * (frame.time_base or 0) for frame in frames]


def plane_of(frame: av.VideoFrame, index: int) -> NDArray[np.uint8]:
    plane = frame.planes[index]
    rows = np.frombuffer(bytes(plane), np.uint8).reshape(plane.height, plane.line_size)
    return rows[:, : plane.width]


def number_of(frame: av.VideoFrame) -> int:
    return read_number(plane_of(frame, 0))


def seen(frame: av.VideoFrame) -> Floats:
    """Returns a clip's picture as a screen shows it that takes it for BT.709 of limited range."""
    return to_rgb(*(plane_of(frame, index) for index in range(3)))


def far_off(picture: NDArray[Any], film: Awkward) -> dict[int, list[int]]:
    """Returns the patches whose colour is wrong, and by how much."""
    off = patches_of(picture, film.look) - film.look.palette
    return {
        index: [round(one) for one in by]
        for index, by in enumerate(off)
        if np.abs(by).max() > tolerance_of(film)
    }


def squareness_of(film: Awkward, width: int, height: int) -> float:
    """Returns by how many pixels a picture is too wide or too high for its shape."""
    wide, high = film.look.shown
    return min(abs(width - height * wide / high), abs(height - width * high / wide))


def sound_in(path: Path) -> tuple[float, Floats, int]:
    """Returns when a film's sound begins, in seconds, its first channel, and its rate."""
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    assert {frame.format.name for frame in frames} == {"fltp"}
    samples = np.concatenate([frame.to_ndarray()[0] for frame in frames]).astype(float)
    begin = Fraction(frames[0].pts or 0) * (frames[0].time_base or 0)
    return float(begin), samples, frames[0].sample_rate


def onset_in(path: Path, around: float) -> float:
    """Returns when a whistle begins in a clip's sound, within a fifth of a second of a time."""
    begin, samples, rate = sound_in(path)
    model = chirp(np.arange(int(CHIRP_S * rate)) / rate)
    likeness = np.correlate(samples, model, "valid") / np.square(model).sum()
    low = max(0, int((around - begin - 0.2) * rate))
    window = likeness[low : low + int(0.4 * rate)]
    assert window.max() > 0.3
    return begin + (low + int(window.argmax())) / rate


# --- What a film is ------------------------------------------------------------------------


def test_its_size_is_that_of_the_upright_picture_with_square_pixels(
    film: Awkward, path: Path, reader: Reader
) -> None:
    facts = Film(path, reader).probe()
    width, height = film.look.shown
    assert abs(facts.width - width) <= 1
    assert abs(facts.height - height) <= 1


def test_its_sound_fields_and_range_are_known(film: Awkward, path: Path, reader: Reader) -> None:
    facts = Film(path, reader).probe()
    expected = (film.sound, film.look.field_first is not None, film.look.transfer != "sdr")
    assert expected == (facts.audio_codec is not None, facts.interlaced, facts.transfer in (16, 18))


def test_its_length_is_known_to_a_frame(film: Awkward, path: Path, reader: Reader) -> None:
    last = film.end - film.frames[-1][0]
    assert abs(Film(path, reader).probe().length.seconds - film.end) <= last


def test_its_frames_are_listed_and_counted(film: Awkward, path: Path, reader: Reader) -> None:
    """All of them, and those of many spans."""
    chance, moments = random.Random(2), moments_of(film)
    spans = [sorted(chance.sample(moments, 2)) for _ in range(8)]
    spans += [[Fraction(0), film.end + 1], *map(list, spans_of(film).values())]
    for start, end in spans:
        expected = [time for time, _ in frames_due(film, start, end)]
        found = Film(path, reader).list_frame_times(Span(Timecode(start), Timecode(end)))
        assert len(expected) == len(found)
        off = [abs(one - other.seconds) for one, other in zip(expected, found, strict=True)]
        assert max(off) <= CLOCK
    assert len(film.frames) == Film(path, reader).count_frames()


# --- Stills --------------------------------------------------------------------------------


def test_the_frame_found_is_the_one_that_was_on_screen(
    film: Awkward, path: Path, reader: Reader
) -> None:
    """At frames' own times, between them, just before them, before the first, after the last."""
    moments = moments_of(film)
    shown = Film(path, reader).find_frames([Timecode(time) for time in moments])
    found = [(time, read_number(one.picture)) for time, one in zip(moments, shown, strict=True)]
    assert [(time, on_screen(film, time)[1]) for time in moments] == found
    off = [
        abs(one.at.seconds - on_screen(film, time)[0])
        for time, one in zip(moments, shown, strict=True)
    ]
    assert max(off) <= CLOCK


def test_it_is_found_alone_and_in_any_order_too(film: Awkward, path: Path, reader: Reader) -> None:
    chance = random.Random(3)
    for count in (1, 1, 1, 12):
        moments = chance.choices(moments_of(film), k=count)
        shown = Film(path, reader).find_frames([Timecode(time) for time in moments])
        assert [on_screen(film, time)[1] for time in moments] == [
            read_number(one.picture) for one in shown
        ]


def test_the_frame_found_is_upright_in_its_colours_and_not_combed(
    film: Awkward, path: Path, reader: Reader
) -> None:
    first, *_, last = film.frames if len(film.frames) > 1 else film.frames * 2
    middle = film.frames[len(film.frames) // 2]
    times = [Timecode(max(Fraction(0), time)) for time, _ in (first, middle, last)]
    pictures = [one.picture for one in Film(path, reader).find_frames(times)]
    assert [orientation_of(one, film.look) for one in pictures] == ["upright"] * 3
    assert [far_off(one, film) for one in pictures] == [{}] * 3
    assert max(comb_of(one, film.look) for one in pictures) <= COMB_PX


def test_a_still_is_the_frame_upright_with_square_pixels_in_its_colours(
    film: Awkward, built: tuple[Built, Path]
) -> None:
    for name, (start, end) in spans_of(film).items():
        for number, time in ((1, start), (2, (start + end) / 2)):
            picture = iio.imread(built[1] / f"{name}-{number}.jpg")
            record = built[0].manifest.still(name, number)
            assert record is not None
            assert picture.shape == (record.height, record.width, 3)
            assert squareness_of(film, picture.shape[1], picture.shape[0]) <= 1
            # Pixels that are not square are stretched, never squeezed.
            assert picture.shape[1] >= film.look.size[0]
            assert picture.shape[0] >= film.look.size[1]
            assert on_screen(film, time)[1] == read_number(picture)
            assert orientation_of(picture, film.look) == "upright"
            assert far_off(picture, film) == {}
            assert comb_of(picture, film.look) <= COMB_PX


# --- Clips ---------------------------------------------------------------------------------


def test_a_clip_holds_exactly_the_frames_of_its_span(
    film: Awkward, built: tuple[Built, Path], cuts: dict[str, list[av.VideoFrame]]
) -> None:
    expected = {
        name: [number for _, number in frames_due(film, *span)]
        for name, span in spans_of(film).items()
    }
    assert expected == {name: [number_of(one) for one in cut] for name, cut in cuts.items()}
    assert [
        (len(numbers), cuts[name][0].width, cuts[name][0].height, film.sound)
        for name, numbers in expected.items()
    ] == [(one.frames, one.width, one.height, one.sound) for one in built[0].manifest.clips]
    assert built[0].warnings == ()


def test_a_clip_is_upright_in_its_colours_and_not_combed(
    film: Awkward, cuts: dict[str, list[av.VideoFrame]]
) -> None:
    for cut in cuts.values():
        for frame in {0: cut[0], 1: cut[len(cut) // 2], 2: cut[-1]}.values():
            picture = seen(frame)
            assert orientation_of(picture, film.look) == "upright"
            assert far_off(picture, film) == {}
            assert comb_of(picture, film.look) <= COMB_PX


def test_a_clip_is_what_every_browser_shows_alike(
    film: Awkward, built: tuple[Built, Path], cuts: dict[str, list[av.VideoFrame]]
) -> None:
    """8-bit 4:2:0 H.264, BT.709 of limited range all over, square pixels, nothing to turn."""
    for name, cut in cuts.items():
        with av.open(str(built[1] / f"{name}.mp4")) as container:
            video = container.streams.video[0]
            context = video.codec_context
            assert context.pix_fmt == "yuv420p"
            tags = (context.colorspace, context.color_primaries, context.color_trc)
            assert (tuple(map(int, tags)), int(context.color_range)) == ((1, 1, 1), 1)
            assert video.sample_aspect_ratio in (None, 1)
            codecs = [stream.codec_context.name for stream in container.streams]
            assert codecs == (["h264", "aac"] if film.sound else ["h264"])
        frame = cut[0]
        marks = (frame.colorspace, frame.color_primaries, frame.color_trc, frame.color_range)
        assert tuple(map(int, marks)) == (1, 1, 1, 1)
        assert frame.side_data.get(SideDataType.DISPLAYMATRIX) is None  # type: ignore[call-overload]
        assert not frame.interlaced_frame
        assert (frame.width % 2, frame.height % 2) == (0, 0)
        assert squareness_of(film, frame.width, frame.height) <= 2


def test_a_clip_keeps_the_film_s_own_pace(
    film: Awkward, cuts: dict[str, list[av.VideoFrame]]
) -> None:
    for name, (start, end) in spans_of(film).items():
        due = [time for time, _ in frames_due(film, start, end)]
        cut = times_in(cuts[name])
        assert len(due) == len(cut)
        # The first may have been on screen for a while when the clip begins.
        shifts = [one - other for one, other in zip(due, cut, strict=True)]
        rest = shifts[1:] or shifts
        assert max(rest) - min(rest) <= PACE
        held = max(due[0], start) - due[0]
        assert -PACE <= rest[0] - shifts[0] <= held + PACE


def test_a_clip_s_sound_is_in_step_with_its_pictures(
    film: Awkward, built: tuple[Built, Path], cuts: dict[str, list[av.VideoFrame]]
) -> None:
    """Measured by a whistle, against the frame that is on screen when it begins."""
    margin = Fraction(3, 50)
    for name, (start, end) in spans_of(film).items():
        due = frames_due(film, start, end)
        times = times_in(cuts[name])
        for onset in film.onsets:
            if not start + margin < onset < end - margin:
                continue
            shown, number = on_screen(film, onset)
            place = float(times[[one for _, one in due].index(number)] + onset - max(shown, start))
            off_ms = (onset_in(built[1] / f"{name}.mp4", place) - place) * 1000
            assert abs(off_ms) <= SOUND_MS


def test_nothing_from_before_or_after_a_clip_is_heard_in_it(
    film: Awkward, built: tuple[Built, Path]
) -> None:
    """A whistle outside it is not there, and the sound lasts as long as the span."""
    for name, (start, end) in spans_of(film).items():
        if not film.sound:
            continue
        _, samples, rate = sound_in(built[1] / f"{name}.mp4")
        sounds = min(end, film.end) - start
        assert abs(len(samples) / rate - sounds) <= Fraction(1, 10)
        near = [one for one in film.onsets if start - 4 < one < end + 4]
        if not any(start - Fraction(1, 10) < one < end + Fraction(1, 10) for one in near):
            assert np.abs(samples).max() < 0.05


def test_where_a_film_was_made_is_in_nothing_that_comes_from_it(
    film: Awkward, path: Path, built: tuple[Built, Path]
) -> None:
    outputs = [one.read_bytes() for one in built[1].iterdir()]
    assert [False] * len(outputs) == [PLACE in content for content in outputs]
    if film.name == "with a place.mp4":
        assert PLACE in path.read_bytes()


# --- Films that are cut short --------------------------------------------------------------


@pytest.fixture(scope="module", params=CUT_SHORT.values(), ids=lambda one: str(one.name))
def short(request: pytest.FixtureRequest) -> Awkward:
    """The truth about each film of which the second half was lost, as it was before."""
    truth = request.param
    assert isinstance(truth, Awkward)
    return truth


@pytest.fixture(scope="module")
def short_path(short: Awkward, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the first half of that film lies."""
    drawn = tmp_path_factory.mktemp("short") / short.name
    short.draw(drawn)
    content = drawn.read_bytes()
    drawn.write_bytes(content[: len(content) // 2])
    return drawn


def clip_of(start: Fraction, end: Fraction, name: str = "clip") -> Clip:
    return Clip.model_validate({"id": name, "start": Timecode(start), "end": Timecode(end)})


def cut(film: Film, folder: Path, *clips: Clip) -> Built:
    """Cuts these clips, as those of one cycle."""
    return build_media(film, "film.mp4", clips, folder)


def test_a_film_that_breaks_off_is_exact_up_to_there(
    tmp_path: Path, short: Awkward, short_path: Path, reader: Reader
) -> None:
    """Its stills and its clips."""
    times = [Fraction(1, 50), Fraction(1, 2), Fraction(9, 10)]
    found = Film(short_path, reader).find_frames([Timecode(time) for time in times])
    assert [on_screen(short, time) for time in times] == [
        (one.at.seconds, read_number(one.picture)) for one in found
    ]
    start, end = Fraction(1, 2), Fraction(9, 10)
    built = cut(Film(short_path, reader), tmp_path / "media", clip_of(start, end))
    numbers = [number_of(one) for one in decode(tmp_path / "media" / "clip.mp4")]
    assert [number for _, number in frames_due(short, start, end)] == numbers
    assert built.warnings == ()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_drawing_a_film_leaves_this_process_its_priority(tmp_path: Path) -> None:
    """Else every browser that is started afterwards has real-time priority."""
    FILMS["av1.webm"].draw(tmp_path / "av1.webm")
    for thread in Path("/proc/self/task").iterdir():
        assert os.sched_getscheduler(int(thread.name)) == os.SCHED_OTHER


def draw_broadcast(path: Path) -> tuple[bytes, int]:
    """Draws the broadcast whole; returns its bytes, and where its last key frame begins."""
    CUT_SHORT["broadcast.ts"].draw(path)
    with av.open(str(path)) as container:
        keys = [one.pos or 0 for one in container.demux(video=0) if one.is_keyframe and one.size]
    return path.read_bytes(), keys[-1]


def test_wherever_a_broadcast_breaks_off_its_last_picture_is_whole(
    tmp_path: Path, reader: Reader
) -> None:
    """Half a picture at the end is decoded to something, and not always marked as damaged."""
    whole = CUT_SHORT["broadcast.ts"]
    content, last_key = draw_broadcast(tmp_path / whole.name)
    cut = tmp_path / "cut.ts"
    for number in range(80):
        cut.write_bytes(content[: last_key + 100 + number * 23])
        (last,) = Film(cut, reader).find_frames([Timecode(whole.end)])
        assert on_screen(whole, last.at.seconds) == (last.at.seconds, read_number(last.picture))


def test_a_broadcast_that_ends_in_half_a_picture_never_shows_it(tmp_path: Path) -> None:
    """It ended with a whole packet, so only the decoder can tell; also where it has to hurry."""
    whole = CUT_SHORT["broadcast.ts"]
    content, last_key = draw_broadcast(tmp_path / whole.name)
    cut = tmp_path / "cut.ts"
    cut.write_bytes(content[: last_key + 2 * 188])

    def look(_: int) -> set[bool]:
        with open_film(cut) as opened:
            found = [opened.find_frames([Timecode(whole.end)])[0] for _ in range(60)]
        return {on_screen(whole, one.at.seconds)[1] == read_number(one.picture) for one in found}

    with ThreadPoolExecutor(4) as threads:
        assert set().union(*threads.map(look, range(4))) == {True}


def test_after_its_break_a_film_shows_the_last_frame_it_has(
    short: Awkward, short_path: Path, reader: Reader
) -> None:
    (last,) = Film(short_path, reader).find_frames([Timecode(short.end - Fraction(1, 10))])
    assert Fraction(1) < last.at.seconds < Fraction(3)
    assert on_screen(short, last.at.seconds) == (last.at.seconds, read_number(last.picture))


def test_a_clip_over_the_break_holds_what_is_there(
    tmp_path: Path, short: Awkward, short_path: Path, reader: Reader
) -> None:
    """With a warning, where the film says that there was more."""
    start, end = Fraction(1), short.end - Fraction(1, 10)
    built = cut(Film(short_path, reader), tmp_path / "media", clip_of(start, end))
    numbers = [number_of(one) for one in decode(tmp_path / "media" / "clip.mp4")]
    due = [number for _, number in frames_due(short, start, end)]
    assert 0 < len(numbers) < len(due)
    # A frame that others are made from comes first in the file: the last one may be later.
    assert due[: len(numbers) - 1] == numbers[:-1]
    assert numbers[-1] in due[len(numbers) - 1 :]
    if short.name == "faststart.mp4":
        (warning,) = built.warnings
        # Its index tells how many there were, at about their times.
        found = rf"the film is damaged here: {len(numbers)} of 7\d pictures came out"
        assert re.fullmatch(found, warning.found)


def test_a_clip_after_the_break_of_a_film_is_refused(
    tmp_path: Path, short_path: Path, reader: Reader
) -> None:
    clip = clip_of(Fraction(7, 2), Fraction(39, 10))
    with pytest.raises(CutError, match=r"clip: .*; [a-z ,]+$"):
        cut(Film(short_path, reader), tmp_path / "media", clip)
    assert not list((tmp_path / "media").glob("*"))


# --- What is no film, and what is called oddly -----------------------------------------------


def _cut_one(film: Film) -> None:
    folder = film.path.with_name("media")
    try:
        cut(film, folder, clip_of(Fraction(1, 2), Fraction(1)))
    finally:
        assert not folder.exists() or not list(folder.iterdir())


READERS: Sequence[Callable[[Film], object]] = [
    Film.probe,
    Film.count_frames,
    lambda film: film.find_frames([Timecode(Fraction(1))]),
    lambda film: film.list_frame_times(Span(Timecode(Fraction(1)), Timecode(Fraction(2)))),
    _cut_one,
]


@pytest.mark.parametrize("kind", NO_FILMS)
def test_what_is_no_film_is_told_in_one_plain_sentence(
    tmp_path: Path, kind: str, reader: Reader
) -> None:
    """By whoever reads it, and nothing is half written."""
    path = tmp_path / "film.mp4"
    make, found = NO_FILMS[kind]
    make(path)
    for read in READERS:
        with pytest.raises(FilmError, match=rf"film\.mp4: {found}; [a-z ,]+$") as raised:
            read(Film(path, reader))
        (problem,) = raised.value.problems
        assert str(path) == problem.file
        assert "\n" not in str(raised.value)


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name[:20]))
def test_any_name_is_only_a_name(tmp_path: Path, plain: Path, name: str) -> None:
    """A film's, and with it that of the folder its clips go into."""
    path = tmp_path / name
    shutil.copyfile(plain, path)
    folder = tmp_path / f"media of {name[:200]}"
    with open_film(path) as film:
        assert read_number(film.find_frames([Timecode(Fraction(1))])[0].picture) == 24
        cut(film, folder, clip_of(Fraction(1), Fraction(5, 4)))
    assert [number_of(one) for one in decode(folder / "clip.mp4")] == [24, 25, 26, 27, 28, 29]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of 24 frames a second."""
    path = tmp_path_factory.mktemp("plain") / "plain.mp4"
    FILMS["24.mp4"].draw(path)
    return path


# --- Films that nobody here made -----------------------------------------------------------


REAL = {
    "bigbuckbunny.mp4": (Fraction(25), (0, 4, 40, 77, 101, 131)),
    "bikes.mp4": (Fraction(25), (0, 31, 100, 125, 170, 249)),
    "carphone_pristine.mp4": (NTSC, (0, 12, 50, 61, 90, 119)),
}


def small(picture: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(Image.fromarray(picture).resize((176, 99)), np.int16)


def nearest(picture: NDArray[Any], others: Sequence[NDArray[Any]], around: int) -> int:
    """Returns which of the numbered pictures two to either side of one is most like a picture."""
    near = range(max(0, around - 2), min(around + 3, len(others)))
    return min(near, key=lambda number: float(np.abs(others[number] - small(picture)).mean()))


@pytest.mark.slow
@pytest.mark.parametrize("name", REAL)
def test_stills_and_clips_of_real_footage_are_the_frames_shown(
    tmp_path: Path, real_film: Path, name: str, reader: Reader
) -> None:
    """Compared with what ffmpeg decodes from the beginning, two frames either way."""
    path = real_film.with_name(name)
    rate, numbers = REAL[name]
    raw = run_ffmpeg(
        "-i", path, "-fps_mode", "passthrough", "-vf", "scale=176:99:flags=area",
        "-pix_fmt", "rgb24", "-f", "rawvideo", "-",
    )  # fmt: skip
    frames = list(np.frombuffer(raw, np.uint8).reshape(-1, 99, 176, 3).astype(np.int16))
    due = [(number, (number + Fraction(part, 100)) / rate) for number in numbers
           for part in (0, 50, 97)]  # fmt: skip
    real = Film(path, reader)
    found = real.find_frames([Timecode(time) for _, time in due])
    assert [number for number, _ in due] == [
        nearest(one.picture, frames, number) for (number, _), one in zip(due, found, strict=True)
    ]
    spans = [(one, min(one + 12, len(frames))) for one in numbers]
    clips = [
        clip_of((first + Fraction(1, 2)) / rate, last / rate, f"clip-{first}")
        for first, last in spans
    ]
    assert cut(real, tmp_path, *clips).warnings == ()
    for clip, (first, last) in zip(clips, spans, strict=True):
        pictures = decode(tmp_path / f"{clip.id}.mp4")
        edges = [
            nearest(picture.to_ndarray(format="rgb24"), frames, number)
            for picture, number in ((pictures[0], first), (pictures[-1], last - 1))
        ]
        assert (first, last - 1, last - first) == (*edges, len(pictures))
