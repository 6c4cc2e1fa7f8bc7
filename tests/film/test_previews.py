"""Aids for choosing: a copy that plays, a strip of pictures, how loud it is, the frames around."""

from __future__ import annotations

import contextlib
import functools
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from subprocess import CompletedProcess
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
    Awkward,
    chirp,
    comb_of,
    orientation_of,
    patches_of,
    to_rgb,
)
from films import draw_film, frames_of, read_number, run_ffmpeg
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from vigbook.errors import FilmError
from vigbook.film.film import Film, open_film
from vigbook.film.previews import (
    Filmstrip,
    Waveform,
    find_neighbours,
    find_sharpest,
    make_filmstrip,
    make_proxy,
    make_waveform,
    needs_proxy,
    remove_aids,
)
from vigbook.film.reader import Reader
from vigbook.system.atomic import sha256_of
from vigbook.timecode import Timecode

Run = Callable[..., "CompletedProcess[str]"]
MS = Fraction(1, 1000)
CONTENT, OTHER = "0f" * 32, "1e" * 32  # what stands for the hash of a film where it is all one


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    """The process that reads films: one for all of them."""
    with Reader() as process:
        yield process


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Gives the path of an awkward film, drawn when it is first asked for."""
    folder = tmp_path_factory.mktemp("films")

    def draw(name: str) -> Path:
        path = folder / name
        if not path.exists():
            FILMS[name].draw(path)
        return path

    return draw


def stamps(folder: Path) -> dict[str, tuple[int, int]]:
    """Returns of each file which it is and when it was written."""
    return {one.name: (one.stat().st_ino, one.stat().st_mtime_ns) for one in folder.iterdir()}


def names_in(folder: Path) -> list[str]:
    """Returns the names of all that lies in a folder, hidden files too."""
    return sorted(one.name for one in folder.iterdir()) if folder.exists() else []


# --- A copy that plays ---------------------------------------------------------------------

AWKWARD = [
    "24.mp4", "uneven.mp4", "uneven.mkv", "hevc ten bits.mov", "pq.mp4", "hlg turned.mov",
    "turned with wide pixels.mov", "late.mp4", "late in a long delay.mov", "cut.mp4",
    "broadcast.ts", "sound first.ts", "29.97 late.ts", "clock that begins again.ts",
    "avchd 29.97.mts", "disc.vob", "camera with b-frames.avi", "tape.avi", "five and one.ts",
    "sound late.mkv", "odd.mkv", "120.mp4",
]  # fmt: skip


@pytest.fixture(scope="module", params=AWKWARD)
def film(request: pytest.FixtureRequest) -> Awkward:
    """The truth about each of some films in turn."""
    return FILMS[request.param]


@pytest.fixture(scope="module")
def proxy(
    film: Awkward,
    drawn: Callable[[str], Path],
    tmp_path_factory: pytest.TempPathFactory,
    reader: Reader,
) -> Path:
    """The copy of that film that plays."""
    return make_proxy(Film(drawn(film.name), reader), CONTENT, tmp_path_factory.mktemp("aids"))


def keys_of(path: Path) -> list[Fraction]:
    """Returns when the key frames of an mp4 come up."""
    with av.open(str(path)) as container:
        packets = list(container.demux(video=0))
    return [Fraction(one.pts or 0) * one.time_base for one in packets if one.is_keyframe]


def onset_in(path: Path, around: float) -> float:
    """Returns when a whistle begins in a copy's sound, within a fifth of a second of a time."""
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    rate = frames[0].sample_rate
    samples = np.concatenate([one.to_ndarray()[0] for one in frames]).astype(float)
    begin = float(Fraction(frames[0].pts or 0) * (frames[0].time_base or 0))
    model = chirp(np.arange(int(CHIRP_S * rate)) / rate)
    likeness = np.correlate(samples, model, "valid") / np.square(model).sum()
    low = max(0, int((around - begin - 0.2) * rate))
    window = likeness[low : low + int(0.4 * rate)]
    assert window.max() > 0.3
    return begin + (low + int(window.argmax())) / rate


def test_the_copy_shows_every_frame_at_the_film_s_own_time(film: Awkward, proxy: Path) -> None:
    """Whoever marks a time in the copy marks it in the film."""
    found = frames_of(proxy)
    assert [number for _, number in found] == [number for _, number in film.frames]
    off = [abs(one - due) for (one, _), (due, _) in zip(found, film.frames, strict=True)]
    assert max(off) <= MS


def test_the_copy_plays_and_seeks_in_every_browser(film: Awkward, proxy: Path) -> None:
    """8-bit 4:2:0 H.264, BT.709 of limited range, square pixels, upright, AAC, index first."""
    with av.open(str(proxy)) as container:
        video = container.streams.video[0]
        context = video.codec_context
        assert (context.name, context.pix_fmt) == ("h264", "yuv420p")
        tags = (context.colorspace, context.color_primaries, context.color_trc)
        assert (*map(int, tags), int(context.color_range)) == (1, 1, 1, 1)
        assert video.sample_aspect_ratio in (None, 1)
        sounds = [(one.codec_context.name, one.channels) for one in container.streams.audio]
        first = next(container.decode(video=0))
    assert sounds == ([("aac", 2)] if film.sound else [])
    assert first.side_data.get(SideDataType.DISPLAYMATRIX) is None  # type: ignore[call-overload]
    wide, high = film.look.shown
    assert abs(first.width - first.height * wide / high) <= 2
    assert max(first.width, first.height) <= max(wide, high)
    content = proxy.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_the_copy_is_upright_in_its_colours_and_not_combed(film: Awkward, proxy: Path) -> None:
    with av.open(str(proxy)) as container:
        frame = list(container.decode(video=0))[len(film.frames) // 2]
    rows = [
        np.frombuffer(bytes(plane), np.uint8).reshape(plane.height, plane.line_size)
        for plane in frame.planes
    ]
    planes = [one[:, : plane.width] for one, plane in zip(rows, frame.planes, strict=True)]
    picture = to_rgb(*planes)
    assert orientation_of(picture, film.look) == "upright"
    assert np.abs(patches_of(picture, film.look) - film.look.palette).max() <= 12
    assert comb_of(picture, film.look) <= 2


def test_the_copy_has_a_key_frame_each_second(film: Awkward, proxy: Path) -> None:
    """It is scrubbed through: no seek decodes more than a second."""
    times = [time for time, _ in film.frames]
    keys = keys_of(proxy)
    second, due = times[0], []
    while second <= times[-1]:
        due.append(min(one for one in times if one >= second))
        second += 1
    # At most a frame after each second, and after a hole of a variable rate at its end.
    missing = [one for one in due if not any(-MS <= key - one <= Fraction(1, 10) for key in keys)]
    assert missing == []


def test_the_copy_s_sound_is_in_step_with_its_pictures(film: Awkward, proxy: Path) -> None:
    off = {float(one): onset_in(proxy, float(one)) - float(one) for one in film.onsets}
    assert {one: by for one, by in off.items() if abs(by) > 0.010} == {}


def test_a_large_film_s_copy_is_small(tmp_path: Path) -> None:
    film = draw_film(tmp_path / "film.mp4", seconds=1, size=(1920, 1080), sound=False)
    with open_film(film) as opened:
        copy = opened.beside(make_proxy(opened, CONTENT, tmp_path / "aids"))
        facts = copy.probe()
    assert (facts.width, facts.height, facts.audio_codec) == (960, 540, None)


def test_a_film_of_any_name_in_a_folder_of_any_name_has_its_aids(
    tmp_path: Path, numbered_film: Path, reader: Reader
) -> None:
    folder = tmp_path / "it's 100%d: $(date)\n"
    folder.mkdir()
    film = Film(shutil.copyfile(numbered_film, folder / 'concat:"a\nb".mp4'), reader)
    assert frames_of(make_proxy(film, CONTENT, folder / "aids"))[-1][1] == 299
    assert len(make_filmstrip(film, CONTENT, folder / "aids", 2).times) == 2
    assert len(make_waveform(film, CONTENT, folder / "aids").levels) >= 240


def test_of_a_film_that_breaks_off_the_copy_holds_what_is_there(tmp_path: Path) -> None:
    whole = tmp_path / "faststart.mp4"
    CUT_SHORT["faststart.mp4"].draw(whole)
    film = tmp_path / "film.mp4"
    film.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    with open_film(film) as opened:
        there = frames_of(make_proxy(opened, CONTENT, tmp_path / "aids"))
    assert 30 < len(there) < 100
    assert there == [(Fraction(number, 25), number) for number in range(len(there))]


def test_what_is_no_film_has_no_aids_and_leaves_nothing(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_text("Shopping: milk, bread.\n" * 200)
    for make in (make_proxy, make_filmstrip, make_waveform):
        with (
            open_film(film) as opened,
            pytest.raises(FilmError, match="is not a film that can be read"),
        ):
            make(opened, CONTENT, tmp_path / "aids")
    assert names_in(tmp_path / "aids") == []


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("24.mp4", None),
        ("uneven.mp4", None),
        ("turned 90.mp4", None),
        ("vp8.webm", None),
        ("vp9.webm", None),
        ("hevc ten bits.mov", "HEVC"),
        ("broadcast.ts", "a file of this kind"),
        ("camera.avi", "MPEG-4"),
        ("444.mp4", "its colours"),
        ("av1.webm", "AV1"),
        ("several sounds.mkv", "a file of this kind"),
        ("59.94.mov", "its sound"),
    ],
)
def test_only_what_browsers_may_not_play_needs_a_copy(
    drawn: Callable[[str], Path], reader: Reader, name: str, why: str | None
) -> None:
    said = needs_proxy(Film(drawn(name), reader).probe())
    assert (said is None) == (why is None)
    assert why is None or why in (said or "")


def test_sound_as_mp3_needs_no_copy(tmp_path: Path, numbered_film: Path, reader: Reader) -> None:
    film = tmp_path / "film.mp4"
    run_ffmpeg("-i", numbered_film, "-t", "1", "-c:v", "copy", "-c:a", "libmp3lame", film)
    assert needs_proxy(Film(film, reader).probe()) is None


def test_woven_pictures_need_a_copy(tmp_path: Path, reader: Reader) -> None:
    """Browsers show them combed."""
    film = tmp_path / "film.mp4"
    run_ffmpeg(
        "-f", "lavfi", "-i", "testsrc=size=320x180:rate=25:duration=1", "-vf", "setfield=tff",
        "-c:v", "libx264", "-pix_fmt", "yuv420p", "-flags", "+ilme+ildct", film,
    )  # fmt: skip
    assert "woven" in (needs_proxy(Film(film, reader).probe()) or "")


# --- Made once, told as it goes, cancelled without a trace ----------------------------------

MAKERS: dict[str, Callable[..., object]] = {
    "proxy": make_proxy,
    "filmstrip": functools.partial(make_filmstrip, count=8),
    "waveform": make_waveform,
}


class CancelledError(Exception):
    """Raised out of what is told of progress, as a person who presses Cancel does."""


@pytest.fixture(scope="module")
def long_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film whose copy takes more than a moment."""
    path = tmp_path_factory.mktemp("long") / "film.mp4"
    run_ffmpeg(
        "-f", "lavfi", "-i", "testsrc=size=1280x720:rate=25:duration=20",
        "-f", "lavfi", "-i", "sine=duration=20", "-c:v", "libx264", "-preset", "ultrafast",
        "-g", "25", "-c:a", "aac", path,
    )  # fmt: skip
    return path


@pytest.mark.parametrize("make", MAKERS.values(), ids=list(MAKERS))
def test_an_aid_is_made_once(
    tmp_path: Path, numbered_film: Path, reader: Reader, make: Callable[..., object]
) -> None:
    first = make(Film(numbered_film, reader), CONTENT, tmp_path)
    before = stamps(tmp_path)
    told: list[float] = []
    assert make(Film(numbered_film, reader), CONTENT, tmp_path, progress=told.append) == first
    assert stamps(tmp_path) == before
    assert told[-1:] == [1.0]


@pytest.mark.parametrize("make", MAKERS.values(), ids=list(MAKERS))
def test_an_aid_of_other_content_is_made_anew(
    tmp_path: Path, numbered_film: Path, reader: Reader, make: Callable[..., object]
) -> None:
    other = draw_film(tmp_path / "other.mp4", seconds=2, size=(240, 136))
    first = make(Film(numbered_film, reader), CONTENT, tmp_path / "aids")
    second = make(Film(other, reader), OTHER, tmp_path / "aids")
    assert first != second
    assert make(Film(numbered_film, reader), CONTENT, tmp_path / "aids") == first


@pytest.mark.parametrize("make", MAKERS.values(), ids=list(MAKERS))
def test_progress_rises_to_the_whole(
    tmp_path: Path, long_film: Path, reader: Reader, make: Callable[..., object]
) -> None:
    told: list[float] = []
    make(Film(long_film, reader), CONTENT, tmp_path, progress=told.append)
    assert told == sorted(told)
    assert (min(told) >= 0, told[-1]) == (True, 1.0)
    assert len(set(told)) > 2


@pytest.mark.parametrize("make", MAKERS.values(), ids=list(MAKERS))
@pytest.mark.parametrize("when", [0.0, 0.3])
def test_an_aid_that_is_cancelled_leaves_nothing(
    tmp_path: Path, long_film: Path, make: Callable[..., object], when: float
) -> None:
    def cancel(done: float) -> None:
        if done >= when:
            raise CancelledError

    with open_film(long_film) as film, pytest.raises(CancelledError):
        make(film, CONTENT, tmp_path / "aids", progress=cancel)
    assert names_in(tmp_path / "aids") == []
    running = subprocess.run(["pgrep", "-f", str(tmp_path)], capture_output=True, text=True)
    assert running.stdout == ""


# --- A strip of pictures -------------------------------------------------------------------


def tiles_of(strip: Filmstrip) -> list[NDArray[Any]]:
    """Returns a strip's pictures one by one."""
    whole = iio.imread(strip.path)
    tiles = []
    for number in range(len(strip.times)):
        top = number // strip.columns * strip.height
        left = number % strip.columns * strip.width
        tiles.append(whole[top : top + strip.height, left : left + strip.width])
    return tiles


def last_number_in(path: Path) -> int:
    """Returns the number of the last frame of a film that breaks off."""
    last = 0
    with av.open(str(path)) as container, contextlib.suppress(av.error.InvalidDataError):
        for frame in container.decode(video=0):
            last = read_number(frame.to_ndarray(format="rgb24"))
    return last


def keys_in(path: Path) -> set[int]:
    """Returns which of a film's frames, counted from 0, are key frames."""
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    return {number for number, one in enumerate(frames) if one.key_frame}


STRIPS = [
    "25 with a key frame in ten seconds.mp4", "uneven.mp4", "uneven.mkv", "open groups.mp4",
    "turned 90.mp4", "mirrored sideways.mp4", "turned with wide pixels.mov", "hlg turned.mov",
    "avchd.mts", "broadcast.ts", "sound first.ts", "open groups.ts", "disc.vob", "tape.avi",
    "camera with b-frames.avi", "late.mp4", "cut.mp4", "recorder.webm", "one frame.mp4",
    "fragments.mp4",
]  # fmt: skip


@pytest.mark.parametrize("name", STRIPS)
def test_a_strip_shows_key_frames_each_before_its_turn(
    tmp_path: Path, drawn: Callable[[str], Path], reader: Reader, name: str
) -> None:
    """As many as were asked for, in the film's order, upright, with square pixels."""
    film = FILMS[name]
    strip = make_filmstrip(Film(drawn(name), reader), CONTENT, tmp_path, 13)
    tiles = tiles_of(strip)
    assert len(tiles) == 13
    assert iio.improps(strip.path).shape == (2 * strip.height, 10 * strip.width, 3)
    numbers = [read_number(tile) for tile in tiles]
    assert numbers == sorted(numbers)
    times = {number: time for time, number in film.frames}
    off = [abs(times[one] - at.seconds) for one, at in zip(numbers, strip.times, strict=True)]
    assert max(off) <= MS
    # Before the first frame a player shows that.
    first, length = film.frames[0], film.end
    late = [
        (turn, number)
        for turn, number in enumerate(numbers)
        if times[number] > max(first[0], length * turn / 13) + film.end / 50
    ]
    assert late == []
    counted = {number: index for index, (_, number) in enumerate(film.frames)}
    assert {counted[one] for one in numbers} <= {0, *keys_in(drawn(name))}
    wide, high = film.look.shown
    assert max(strip.width, strip.height) == 160
    assert abs(strip.width - strip.height * wide / high) <= 1 + wide / high
    assert {orientation_of(tile, film.look) for tile in tiles} == {"upright"}


def test_a_strip_shows_the_nearest_key_frame(
    tmp_path: Path, numbered_film: Path, reader: Reader
) -> None:
    """Of an indexed film exactly that, one in two seconds here."""
    strip = make_filmstrip(Film(numbered_film, reader), CONTENT, tmp_path, 24)
    assert [read_number(tile) for tile in tiles_of(strip)] == [n // 4 * 50 for n in range(24)]
    assert strip.times == tuple(Timecode(Fraction(n // 4 * 2)) for n in range(24))


def test_a_strip_is_one_small_picture_that_holds_nothing_else(
    tmp_path: Path, numbered_film: Path, reader: Reader
) -> None:
    strip = make_filmstrip(Film(numbered_film, reader), CONTENT, tmp_path)
    assert len(strip.times) == 60
    with Image.open(strip.path) as picture:
        assert picture.size == (1600, 6 * strip.height)
        assert picture.info.keys() <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    told = json.loads(strip.path.with_suffix(".json").read_text())
    assert sorted(told) == ["columns", "height", "times", "width"]


def test_strips_of_other_lengths_lie_beside_each_other(
    tmp_path: Path, numbered_film: Path, reader: Reader
) -> None:
    strips = [make_filmstrip(Film(numbered_film, reader), CONTENT, tmp_path, n) for n in (3, 6, 3)]
    assert [len(one.times) for one in strips] == [3, 6, 3]
    assert strips[0] == strips[2]


def test_a_strip_of_a_broadcast_that_changes_its_shape_is_made(
    tmp_path: Path, numbered_film: Path, reader: Reader
) -> None:
    for name, size, late in (("a.ts", "320:240", "0"), ("b.ts", "320:180", "2")):
        run_ffmpeg(
            "-i", numbered_film, "-t", "2", "-vf", f"scale={size},setsar=1", "-g", "25", "-an",
            "-c:v", "libx264", "-preset", "ultrafast", "-output_ts_offset", late, tmp_path / name,
        )  # fmt: skip
    film = tmp_path / "film.ts"
    film.write_bytes((tmp_path / "a.ts").read_bytes() + (tmp_path / "b.ts").read_bytes())
    strip = make_filmstrip(Film(film, reader), CONTENT, tmp_path / "aids", 8)
    numbers = [read_number(tile) for tile in tiles_of(strip)]
    assert len(numbers) == 8
    assert set(numbers) <= {0, 25}
    assert numbers[0] == 0


def test_a_strip_of_a_film_that_breaks_off_shows_its_last_picture_from_there_on(
    tmp_path: Path, reader: Reader
) -> None:
    whole = tmp_path / "faststart.mp4"
    CUT_SHORT["faststart.mp4"].draw(whole)
    film = tmp_path / "film.mp4"
    film.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    strip = make_filmstrip(Film(film, reader), CONTENT, tmp_path / "aids", 8)
    last = last_number_in(film) // 25 * 25
    numbers = [read_number(tile) for tile in tiles_of(strip)]
    assert numbers == [min(last, turn // 2 * 25) for turn in range(8)]


# --- How loud it is ------------------------------------------------------------------------

LOUD = "0.5*sin(2*PI*330*t)*between(t\\,1\\,2)"
STEPS_A_SECOND = 20


def draw_loud(
    path: Path, *options: str, sound: str = LOUD, rate: int = 48000, late: float = 0
) -> Path:
    """Draws four seconds, loud from 1 s to 2 s of its sound and silent before and after."""
    run_ffmpeg(
        "-f", "lavfi", "-i", "color=gray:size=160x90:rate=25:duration=4",
        "-itsoffset", str(late), "-f", "lavfi", "-i", f"aevalsrc={sound}:s={rate}:d={4 - late}",
        *(options or ("-c:a", "aac")), path,
    )  # fmt: skip
    return path


def loud_from_to(levels: bytes) -> tuple[float, float]:
    """Returns when sound begins and ends to be loud, in seconds, and sees that it has no gap."""
    loud = [number for number, level in enumerate(levels) if level > 80]
    assert loud == list(range(loud[0], loud[-1] + 1))
    silent = [
        level for number, level in enumerate(levels) if not loud[0] - 2 < number < loud[-1] + 3
    ]
    assert max(silent) <= 8
    return loud[0] / STEPS_A_SECOND, (loud[-1] + 1) / STEPS_A_SECOND


@pytest.mark.parametrize(
    ("name", "options", "rate"),
    [
        ("film.mp4", ["-c:a", "aac"], 48000),
        ("old phone.mp4", ["-c:a", "aac"], 8000),  # each packet lasts longer than a step
        ("film.mkv", ["-c:a", "flac", "-frame_size", "16384"], 48000),
        ("film.mov", ["-c:a", "pcm_s16be"], 44100),
        ("camera.avi", ["-c:a", "pcm_u8"], 11025),
        ("film.ts", ["-c:a", "ac3"], 48000),
        ("film.mpg", ["-c:a", "mp2"], 44100),
        ("film.webm", ["-c:v", "libvpx", "-c:a", "libopus"], 48000),
    ],
)
def test_the_sound_is_loud_where_it_is_loud(
    tmp_path: Path, reader: Reader, name: str, options: list[str], rate: int
) -> None:
    film = draw_loud(tmp_path / name, *options, rate=rate)
    waveform = make_waveform(Film(film, reader), CONTENT, tmp_path / "aids")
    assert waveform.step == Timecode(Fraction(1, STEPS_A_SECOND))
    assert abs(len(waveform.levels) - 4 * STEPS_A_SECOND) <= 2
    begin, end = loud_from_to(waveform.levels)
    assert abs(begin - 1) <= 0.05
    assert abs(end - 2) <= 0.1
    assert 100 <= max(waveform.levels) <= 150  # of 255: it swings half way


@pytest.mark.parametrize("name", ["late.mp4", "late.mkv", "late.ts"])
def test_sound_that_begins_late_is_where_it_is_heard(
    tmp_path: Path, reader: Reader, name: str
) -> None:
    film = draw_loud(tmp_path / name, sound=LOUD, late=1.5)
    begin, end = loud_from_to(make_waveform(Film(film, reader), CONTENT, tmp_path / "aids").levels)
    assert abs(begin - 2.5) <= 0.05
    assert abs(end - 3.5) <= 0.1


def test_two_channels_against_each_other_are_no_silence(tmp_path: Path, reader: Reader) -> None:
    film = draw_loud(tmp_path / "film.mkv", "-c:a", "pcm_s16le", sound=f"{LOUD}|-{LOUD}")
    loud_from_to(make_waveform(Film(film, reader), CONTENT, tmp_path / "aids").levels)


def test_a_broadcast_whose_sound_changes_its_channels_is_heard_to_its_end(
    tmp_path: Path, reader: Reader
) -> None:
    for name, channels, late in (("a.ts", "2", "0"), ("b.ts", "6", "4")):
        draw_loud(
            tmp_path / name, "-g", "25", "-c:a", "ac3", "-ac", channels, "-output_ts_offset", late,
        )  # fmt: skip
    film = tmp_path / "film.ts"
    film.write_bytes((tmp_path / "a.ts").read_bytes() + (tmp_path / "b.ts").read_bytes())
    levels = make_waveform(Film(film, reader), CONTENT, tmp_path / "aids").levels
    seconds = [max(levels[n : n + STEPS_A_SECOND]) > 60 for n in range(10, 150, STEPS_A_SECOND)]
    assert seconds == [True, True, False, False, True, True, False]


def test_a_film_without_sound_has_no_levels(tmp_path: Path, reader: Reader) -> None:
    film = draw_film(tmp_path / "film.mp4", seconds=1, sound=False)
    for _ in range(2):
        waveform = make_waveform(Film(film, reader), CONTENT, tmp_path / "aids")
        assert waveform == Waveform(step=Timecode(Fraction(1, STEPS_A_SECOND)), levels=b"")


def test_ten_minutes_of_sound_are_twelve_thousand_levels(tmp_path: Path, reader: Reader) -> None:
    film = tmp_path / "film.mov"
    run_ffmpeg(
        "-f", "lavfi", "-i", "color=gray:size=64x64:rate=1:duration=600", "-f", "lavfi",
        "-i", "aevalsrc=0.5*sin(2*PI*330*t)*gt(t\\,300):s=8000:d=600", "-c:a", "pcm_s16le", film,
    )  # fmt: skip
    levels = make_waveform(Film(film, reader), CONTENT, tmp_path / "aids").levels
    assert len(levels) == 12_000
    assert max(levels[:5999]) == 0
    assert min(levels[6001:]) > 100


def test_a_sound_that_says_it_is_days_late_is_not_waited_for(
    tmp_path: Path, numbered_film: Path, reader: Reader
) -> None:
    """What a film says of its times is not to be believed."""
    film = tmp_path / "film.mkv"
    with av.open(str(numbered_film)) as source, av.open(str(film), "w") as out:
        streams = {
            one.index: out.add_stream_from_template(one)
            for one in (source.streams.video[0], source.streams.audio[0])
        }
        for packet in source.demux():
            if packet.dts is None or packet.pts is None:
                continue
            if packet.stream.type == "audio" and packet.dts * packet.time_base > 6:
                late = int(5 * 86_400 / packet.time_base)
                packet.pts, packet.dts = packet.pts + late, packet.dts + late
            packet.stream = streams[packet.stream.index]
            out.mux(packet)
    levels = make_waveform(Film(film, reader), CONTENT, tmp_path / "aids").levels
    assert len(levels) < 25 * 60 * 60 * STEPS_A_SECOND
    assert min(levels[:119]) > 10


# --- The frames around, and the sharpest ----------------------------------------------------


def beside(path: Path, at: Fraction, reader: Reader, count: int = 3) -> list[tuple[Fraction, int]]:
    film = Film(path, reader)
    times, here = find_neighbours(film.list_frame_times, Timecode(at), count)
    assert here in times
    # Where a film breaks off, the last frame stands for all that its index promises.
    found = {one.at: one for one in film.find_frames(times)}.values()
    return [(one.at.seconds, read_number(one.picture)) for one in found]


@pytest.mark.parametrize(
    "name",
    ["24.mp4", "29.97.mp4", "uneven.mp4", "uneven.mkv", "late.mp4", "avchd 29.97.mts",
     "sound first.ts", "disc.vob", "camera.avi", "120.mp4"],
)  # fmt: skip
def test_the_frames_around_one_are_the_three_before_and_after_it(
    drawn: Callable[[str], Path], reader: Reader, name: str
) -> None:
    """At frames' own times and those rounded to the millisecond; at the ends there are fewer."""
    film = FILMS[name]
    count = len(film.frames)
    longest = max(
        range(1, count), key=lambda index: film.frames[index][0] - film.frames[index - 1][0]
    )
    for index in sorted({0, 2, count // 2, longest - 1, longest, count - 2, count - 1}):
        own = film.frames[index][0]
        due = [number for _, number in film.frames[max(0, index - 3) : index + 4]]
        for at in (own, Fraction(round(own * 1000), 1000), own + MS):
            assert [number for _, number in beside(drawn(name), at, reader)] == due, at


def test_as_many_frames_are_found_as_are_asked_for(numbered_film: Path, reader: Reader) -> None:
    at = Fraction(5)
    assert beside(numbered_film, at, reader, 0) == [(at, 125)]
    ten = beside(numbered_film, at, reader, 40)
    assert [number for _, number in ten] == list(range(85, 166))
    assert ten == [(Fraction(number, 25), number) for _, number in ten]


def test_past_the_end_of_a_film_its_last_frames_are_found(
    numbered_film: Path, reader: Reader
) -> None:
    for at in (Fraction(1199, 100), Fraction(12), Fraction(13)):
        assert [number for _, number in beside(numbered_film, at, reader)][-1] == 299


def test_at_the_break_of_a_film_each_frame_is_found_once(tmp_path: Path, reader: Reader) -> None:
    whole = tmp_path / "faststart.mp4"
    CUT_SHORT["faststart.mp4"].draw(whole)
    film = tmp_path / "film.mp4"
    film.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    last = beside(film, Fraction(3), reader, 0)[0][1]
    numbers = [number for _, number in beside(film, Fraction(last, 25), reader)]
    assert numbers == list(range(last - 3, last + 1))


SHARP, FURTHER = 32, 60


@pytest.fixture(scope="module")
def blurred_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film that is out of focus but for one frame, and another much later."""
    film = tmp_path_factory.mktemp("blurred") / "film.mp4"
    scene = np.random.default_rng(3).integers(0, 256, (27, 48, 3), np.uint8)
    scene = scene.repeat(20, 0).repeat(20, 1)
    pictures = {
        radius: Image.fromarray(scene).filter(ImageFilter.GaussianBlur(radius))
        for radius in (0, 1.5, 6, 7, 8)
    }
    with av.open(str(film), "w") as out:
        video = out.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 960, 540, "yuv420p"
        video.options = {"preset": "ultrafast", "crf": "18", "g": "25"}
        for number in range(75):
            radius = {SHARP: 1.5, FURTHER: 0}.get(number, 6 + number % 3)
            frame = av.VideoFrame.from_ndarray(np.asarray(pictures[radius]), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
    return film


@pytest.mark.parametrize("suffix", ["mp4", "ts"])
def test_the_sharpest_frame_within_half_a_second_is_found(
    tmp_path: Path, blurred_film: Path, reader: Reader, suffix: str
) -> None:
    """A sharper one further off is not meant, and the picture is as large as the film's."""
    film = tmp_path / f"film.{suffix}"
    run_ffmpeg("-i", blurred_film, "-c", "copy", film)
    for at, due in ((1, SHARP), (1.3, SHARP), (1.7, SHARP), (2, FURTHER)):
        found = find_sharpest(Film(film, reader), Timecode(Fraction(str(at))))
        assert abs(found.at.seconds - Fraction(due, 25)) <= MS
        assert found.picture.shape == (540, 960, 3)


def test_the_sharpest_frame_is_looked_for_only_as_far_as_one_asks(
    blurred_film: Path, reader: Reader
) -> None:
    film = Film(blurred_film, reader)
    near = find_sharpest(film, Timecode(Fraction(2)), Timecode(Fraction(1, 10)))
    assert Fraction(47, 25) <= near.at.seconds <= Fraction(53, 25)


# --- With the film they go -----------------------------------------------------------------


def aids_of(family: Path, film: Path) -> Path:
    """Makes a strip and a waveform of a film where a family's aids are kept."""
    folder = family / "cycle-1" / "media" / "aids"
    with open_film(film) as opened:
        content = sha256_of(film)
        make_filmstrip(opened, content, folder, 2)
        make_waveform(opened, content, folder)
    # And a copy that a killed process was writing.
    (folder / f".{content[:16]}-proxy-abcd1234.mp4").write_bytes(b"half")
    return folder


def erased(family: Path) -> set[str]:
    """Returns the names of what the family's log says was deleted."""
    lines = (family / "log.jsonl").read_text("utf-8").splitlines()
    deeds = [json.loads(line) for line in lines]
    return {name for one in deeds if "erased" in one.values() for name in _names(one)}


def _names(action: dict[str, Any]) -> list[str]:
    return [name for value in action.values() if isinstance(value, list) for name in value]


def test_aids_stay_while_their_film_does(built_family: Path, vigbook: Run) -> None:
    folder = aids_of(built_family, built_family / "cycle-1" / "film.mp4")
    before = stamps(folder)
    assert vigbook("build", built_family).returncode == 0
    assert stamps(folder) == before


def test_aids_go_when_their_film_is_deleted(built_family: Path, vigbook: Run) -> None:
    film = built_family / "cycle-1" / "film.mp4"
    folder = aids_of(built_family, film)
    names = names_in(folder)
    film.unlink()
    done = vigbook("build", built_family)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert names_in(folder) == []
    assert erased(built_family) >= set(names)


def test_aids_go_when_their_film_is_replaced(built_family: Path, vigbook: Run) -> None:
    """Those of the new one stay."""
    film = built_family / "cycle-1" / "film.mp4"
    folder = aids_of(built_family, film)
    draw_film(film, seconds=9, rate=Fraction(50), size=(240, 136))
    new = aids_of(built_family, film)
    assert vigbook("build", built_family).returncode == 0
    assert {name.lstrip(".")[:16] for name in names_in(new)} == {sha256_of(film)[:16]}
    assert len(names_in(folder)) == 4


def test_aids_go_when_somebody_takes_back_their_yes(built_family: Path, vigbook: Run) -> None:
    """Printing again is enough."""
    folder = aids_of(built_family, built_family / "cycle-1" / "film.mp4")
    case = built_family / "case.yaml"
    text = case.read_text("utf-8").replace("[filming, ", "[", 1)
    case.write_text(text, "utf-8")
    vigbook("print", built_family, "--only", "record")
    assert names_in(folder) == []


def test_checking_deletes_no_aids(built_family: Path, vigbook: Run) -> None:
    film = built_family / "cycle-1" / "film.mp4"
    folder = aids_of(built_family, film)
    before = stamps(folder)
    film.unlink()
    assert vigbook("check", built_family).returncode == 1
    assert stamps(folder) == before


def test_aids_are_in_no_bag_and_on_no_page(
    built_family: Path, vigbook: Run, tmp_path: Path
) -> None:
    aids_of(built_family, built_family / "cycle-1" / "film.mp4")
    done = vigbook("archive", built_family, "--to", tmp_path / "bags")
    assert done.returncode == 0, done.stderr
    kept = {path.name for path in (tmp_path / "bags").rglob("*")}
    assert kept & set(names_in(built_family / "cycle-1" / "media" / "aids")) == set()


def test_a_linked_folder_of_aids_is_left_alone(tmp_path: Path) -> None:
    """What lies elsewhere is not ours to delete."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "mine.mp4").write_bytes(b"mine")
    (tmp_path / "aids").symlink_to(tmp_path / "elsewhere")
    assert remove_aids(tmp_path / "aids", None) == []
    assert names_in(tmp_path / "elsewhere") == ["mine.mp4"]
    assert remove_aids(tmp_path / "nowhere", CONTENT) == []


def test_folders_among_the_aids_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "aids" / "kept").mkdir(parents=True)
    for name in (f"{CONTENT[:16]}-proxy.mp4", f"{OTHER[:16]}-proxy.mp4", f".{OTHER[:16]}-a.mp4"):
        (tmp_path / "aids" / name).write_bytes(b"")
    assert [path.name for path in remove_aids(tmp_path / "aids", CONTENT)] == [
        f".{OTHER[:16]}-a.mp4", f"{OTHER[:16]}-proxy.mp4",
    ]  # fmt: skip
    assert names_in(tmp_path / "aids") == [f"{CONTENT[:16]}-proxy.mp4", "kept"]
