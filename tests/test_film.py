"""Which frame is on screen at a time, judged by decoding every frame from the beginning."""

from __future__ import annotations

import itertools
import random
import socket
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from films import draw_film, draw_uneven_film, frames_of, read_number, run_ffmpeg
from numpy.typing import NDArray

from vigbook.errors import FilmError
from vigbook.film import (
    FilmFacts,
    find_frames,
    frames_in,
    list_frame_times,
    probe_film,
)
from vigbook.timecode import Span, Timecode

SMALL = (240, 136)
NTSC = Fraction(30000, 1001)
SLACK = Fraction(1, 2000)
UNEVEN = [0, 33, 67, 83, 90, 97, 600, 640, 641, 1900, 1933, 1967, 1983, 3000, 3040, 3080]

Draw = Callable[[Path], object]


def _again(*options: str) -> Draw:
    """Returns how to draw a film that ffmpeg then writes again, in its own way."""

    def draw(path: Path) -> None:
        source = draw_film(path.with_name(f"source-{path.name}.mp4"), seconds=3, size=SMALL)
        run_ffmpeg("-i", source, *options, path)

    return draw


def _after(start: str) -> Draw:
    """Returns how to draw a film that begins, by an edit list, inside a group of pictures."""

    def draw(path: Path) -> None:
        source = draw_film(path.with_name(f"source-{path.name}"), seconds=3, size=SMALL)
        run_ffmpeg("-ss", start, "-i", source, "-c", "copy", path)

    return draw


FILMS: dict[str, Draw] = {
    "b-frames.mp4": lambda path: draw_film(path, seconds=3, size=SMALL, b_frames=3),
    "no-b-frames.mp4": lambda path: draw_film(path, seconds=3, size=SMALL, b_frames=0, gop=10),
    "long-gop.mp4": lambda path: draw_film(path, seconds=3, size=SMALL, gop=1000),
    "no-sound.mp4": lambda path: draw_film(path, seconds=3, size=SMALL, sound=False),
    "late-start.mp4": lambda path: draw_film(path, seconds=3, size=SMALL, start_pts=10),
    "late-start-no-sound.mp4": lambda path: draw_film(
        path, seconds=3, size=SMALL, start_pts=10, sound=False
    ),
    "29.97.mp4": lambda path: draw_film(path, seconds=3, size=SMALL, rate=NTSC),
    "59.94.mov": lambda path: draw_film(path, seconds=3, size=SMALL, rate=2 * NTSC),
    "29.97.mkv": lambda path: draw_film(path, seconds=3, size=SMALL, rate=NTSC),
    "uneven.mp4": lambda path: draw_uneven_film(path, UNEVEN),
    "uneven-late.mkv": lambda path: draw_uneven_film(path, [500 + pts for pts in UNEVEN]),
    "uneven-no-b-frames.mp4": lambda path: draw_uneven_film(path, UNEVEN, b_frames=0),
    "edit-list.mp4": _after("1.1"),
    "open-gop.mp4": _again("-c:v", "libx264", "-g", "25", "-x264-params", "open-gop=1:bframes=3"),
    "fragments.mp4": _again("-c", "copy", "-movflags", "frag_keyframe+empty_moov"),
    "broadcast.ts": _again("-c", "copy"),
    "disc.mpg": _again("-c:v", "mpeg2video", "-q:v", "3", "-bf", "2", "-c:a", "mp2"),
    "old-camera.avi": _again("-c:v", "mpeg4", "-q:v", "3", "-bf", "2", "-c:a", "mp2"),
    "web.webm": _again("-c:v", "libvpx", "-b:v", "1M", "-deadline", "realtime", "-c:a", "libopus"),
}


@pytest.fixture(scope="module", params=FILMS)
def film(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of each kind a camera, a phone or a converter writes."""
    path = tmp_path_factory.mktemp("kinds") / str(request.param)
    FILMS[request.param](path)
    return path


@pytest.fixture(scope="module")
def plain_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds at 25 frames a second."""
    return draw_film(tmp_path_factory.mktemp("films") / "plain.mp4", seconds=4, size=SMALL)


def on_screen(frames: list[tuple[Fraction, int]], time: Fraction) -> tuple[Fraction, int]:
    """Returns the frame that a player shows: the last that came up, or the first of all."""
    return max((one for one in frames if one[0] <= time + SLACK), default=frames[0])


def moments_of(frames: list[tuple[Fraction, int]]) -> list[Fraction]:
    """Returns each frame's own time, one between it and the next, and one just before that."""
    times = [time for time, _ in frames if time >= 0]
    between = [(one + other) / 2 for one, other in itertools.pairwise(times)]
    just_before = [time - Fraction(3, 5000) for time in times if time > Fraction(3, 5000)]
    return sorted({Fraction(0), *times, *between, *just_before, times[-1] + 5})


def shown(path: Path, times: list[Fraction]) -> list[tuple[Fraction, int]]:
    """Returns what `find_frames` finds, as (when it came up, the number it tells)."""
    found = find_frames(path, [Timecode(time) for time in times])
    return [(one.at.seconds, read_number(one.picture)) for one in found]


def test_the_frame_found_is_the_last_that_came_up(film: Path) -> None:
    """At frames' own times, between them, just before them, before the first, after the last."""
    frames = frames_of(film)
    times = moments_of(frames)
    expected = [on_screen(frames, time) for time in times]
    assert expected == shown(film, times)


def test_times_in_any_order_give_the_same_frames(film: Path) -> None:
    frames = frames_of(film)
    times = random.Random(1).choices(moments_of(frames), k=25)
    expected = [on_screen(frames, time) for time in times]
    assert expected == shown(film, times)


def test_one_time_alone_gives_the_same_frame(film: Path) -> None:
    frames = frames_of(film)
    times = random.Random(2).choices(moments_of(frames), k=12)
    expected = [on_screen(frames, time) for time in times]
    assert expected == [shown(film, [time])[0] for time in times]


def test_a_span_lists_the_frame_on_screen_at_its_start_and_those_before_its_end(
    film: Path,
) -> None:
    frames = frames_of(film)
    times = moments_of(frames)
    chance = random.Random(3)
    spans = [sorted(chance.sample(times, 2)) for _ in range(25)]
    spans += [[times[0], times[-1]], *([time, time + 1] for time in times[-8:])]
    firsts = [on_screen(frames, start)[0] for start, _ in spans]
    expected = [
        [first] + [time for time, _ in frames if first < time < end]
        for first, (_, end) in zip(firsts, spans, strict=True)
    ]
    assert expected == [
        [one.seconds for one in list_frame_times(film, Span(Timecode(start), Timecode(end)))]
        for start, end in spans
    ]


def test_every_frame_is_counted(film: Path) -> None:
    assert len(frames_of(film)) == frames_in(film)


def test_a_mark_rounded_to_the_nearest_millisecond_finds_its_frame(
    tmp_path: Path,
) -> None:
    """No frame of 29.97 a second begins on a millisecond, except every thirtieth."""
    film = draw_film(tmp_path / "ntsc.mp4", seconds=2, size=SMALL, rate=NTSC)
    frames = frames_of(film)
    rounded = [Fraction(round(time * 1000), 1000) for time, _ in frames]
    assert frames == shown(film, rounded)


def test_no_times_give_no_frames(plain_film: Path) -> None:
    assert find_frames(plain_film, []) == []


def test_what_a_film_is(numbered_film: Path) -> None:
    assert probe_film(numbered_film) == FilmFacts(
        length=Timecode(Fraction(12)),
        width=480,
        height=270,
        container="mov,mp4,m4a,3gp,3g2,mj2",
        video_codec="h264",
        audio_codec="aac",
        frame_rate=Fraction(25),
        zero=Fraction(0),
        start=Fraction(0),
        interlaced=False,
        pixel_aspect=Fraction(1),
        transfer=2,
    )


def test_what_a_film_without_sound_that_begins_late_is(tmp_path: Path) -> None:
    film = draw_film(
        tmp_path / "late.mp4", seconds=1, size=SMALL, sound=False, start_pts=10, rate=NTSC
    )
    facts = probe_film(film)
    start = Fraction(10 * 1001, 30000)
    assert facts.audio_codec is None
    assert (NTSC, Fraction(0)) == (facts.frame_rate, facts.zero)
    assert abs(facts.start - start) < Fraction(1, 1000)
    assert abs(facts.length.seconds - start - 29 / NTSC) < Fraction(1, 1000)  # mp4 counts in ms


def test_interlaced_wide_and_high_range_films_are_known(tmp_path: Path) -> None:
    source = draw_film(tmp_path / "source.mp4", seconds=1, size=SMALL)
    film = tmp_path / "film.mp4"
    run_ffmpeg(
        "-i", source, "-vf", "setfield=tff,setsar=4/3", "-c:v", "libx264", "-flags", "+ilme+ildct",
        "-x264-params", "tff=1", "-color_trc", "arib-std-b67",
        "-bsf:v", "h264_metadata=transfer_characteristics=18", film,
    )  # fmt: skip
    facts = probe_film(film)
    assert (True, Fraction(4, 3), 320, 136, 18) == (
        facts.interlaced, facts.pixel_aspect, facts.width, facts.height, facts.transfer
    )  # fmt: skip


def as_ffmpeg_shows(film: Path, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Returns a film's first frame as ffmpeg turns it."""
    raw = run_ffmpeg("-i", film, "-frames:v", "1", "-pix_fmt", "rgb24", "-f", "rawvideo", "-")
    return np.frombuffer(raw, np.uint8).reshape(size[1], size[0], 3)


@pytest.mark.parametrize(
    ("options", "turn"),
    [
        (["-display_rotation", "90"], lambda picture: np.rot90(picture)),
        (["-display_rotation", "180"], lambda picture: np.rot90(picture, 2)),
        (["-display_rotation", "270"], lambda picture: np.rot90(picture, 3)),
        (["-display_hflip"], lambda picture: picture[:, ::-1]),
        (["-display_vflip"], lambda picture: picture[::-1]),
        (["-display_rotation", "90", "-display_hflip"], None),
        (["-display_rotation", "270", "-display_hflip"], None),
        (["-display_rotation", "90", "-display_vflip"], None),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_turned_film_is_found_upright(
    tmp_path: Path,
    plain_film: Path,
    options: list[str],
    turn: Callable[[NDArray[np.uint8]], NDArray[np.uint8]] | None,
) -> None:
    """The picture, its width and its height are as a player shows them."""
    film = tmp_path / "turned.mp4"
    run_ffmpeg(*options, "-i", plain_film, "-c", "copy", film)
    facts = probe_film(film)
    picture = find_frames(film, [Timecode(Fraction(0))])[0].picture
    assert (facts.height, facts.width, 3) == picture.shape
    assert (SMALL[0] if "90" in options or "270" in options else SMALL[1]) == facts.height
    expected = as_ffmpeg_shows(film, (facts.width, facts.height))
    assert np.abs(expected.astype(int) - picture).mean() < 3
    if turn:
        stored = find_frames(plain_film, [Timecode(Fraction(0))])[0].picture
        assert np.array_equal(turn(stored), picture)


@pytest.mark.parametrize("size", [(320, 180), (1280, 720)], ids=["small", "high definition"])
def test_the_colours_of_an_untagged_film_are_as_a_player_shows_them(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    """Untagged high definition is BT.709 and the rest BT.601; the wrong one is 20 of 255 off."""
    red = np.zeros((size[1], size[0], 3), np.uint8)
    red[..., 0] = 200
    matrix = "bt709" if size[1] >= 720 else "smpte170m"
    raw, film = tmp_path / "raw.rgb", tmp_path / "film.mp4"
    raw.write_bytes(red.tobytes())
    run_ffmpeg(
        "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{size[0]}x{size[1]}", "-i", raw,
        "-vf", f"scale=out_color_matrix={matrix}:out_range=tv,format=yuv420p,"
        "setparams=colorspace=unknown", "-c:v", "libx264", "-crf", "10", film,
    )  # fmt: skip
    with av.open(str(film)) as container:
        assert next(container.decode(video=0)).colorspace == 2
    found = find_frames(film, [Timecode(Fraction(0))])[0].picture
    assert np.abs(found.astype(int) - red).max() <= 4


def _truncated(path: Path, plain: Path) -> None:
    path.write_bytes(plain.read_bytes()[:-20_000])  # this film's index stands at its end


def _sound_only(path: Path, plain: Path) -> None:
    run_ffmpeg("-i", plain, "-vn", "-c", "copy", path)


def _cover_only(path: Path, plain: Path) -> None:
    run_ffmpeg(
        "-i", plain, "-i", plain, "-map", "0:a", "-map", "1:v", "-frames:v", "1", "-c:a", "copy",
        "-c:v:0", "mjpeg", "-disposition:v:0", "attached_pic", path,
    )  # fmt: skip


def _playlist(path: Path, plain: Path) -> None:
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{plain}\n#EXT-X-ENDLIST\n")


def _concat_script(path: Path, plain: Path) -> None:
    path.write_text(f"ffconcat version 1.0\nfile '{plain}'\n")


UNREADABLE: dict[str, tuple[Callable[[Path, Path], object], str]] = {
    "nothing": (lambda path, _: path.write_bytes(b""), "is not a film that can be read"),
    "text": (
        lambda path, _: path.write_text("Shopping: milk, bread.\n" * 200),
        "is not a film that can be read",
    ),
    "random bytes": (
        lambda path, _: path.write_bytes(random.Random(4).randbytes(100_000)),
        "is not a film that can be read",
    ),
    "no index": (_truncated, "is not a film that can be read"),
    "sound only": (_sound_only, "has no picture in it"),
    "sound and a cover": (_cover_only, "has no picture in it"),
    "playlist": (_playlist, "is not a film that can be read"),
    "concat script": (_concat_script, "is not a film that can be read"),
    "photograph": (
        lambda path, plain: run_ffmpeg("-i", plain, "-frames:v", "1", "-f", "mjpeg", path),
        "is not a film that can be read",
    ),
}


@pytest.mark.parametrize("kind", UNREADABLE)
@pytest.mark.parametrize(
    "read",
    [
        probe_film,
        frames_in,
        lambda path: find_frames(path, [Timecode(Fraction(1))]),
        lambda path: list_frame_times(path, Span(Timecode(Fraction(1)), Timecode(Fraction(2)))),
    ],
    ids=["probe_film", "frames_in", "find_frames", "list_frame_times"],
)
def test_what_is_no_film_is_told_in_one_plain_sentence(
    tmp_path: Path, plain_film: Path, kind: str, read: Callable[[Path], object]
) -> None:
    path = tmp_path / "film.mp4"
    make, found = UNREADABLE[kind]
    make(path, plain_film)
    with pytest.raises(FilmError, match=rf"film\.mp4: {found}; [a-z ,]+$") as raised:
        read(path)
    (problem,) = raised.value.problems
    assert str(path) == problem.file
    assert "\n" not in str(raised.value)


def test_a_film_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FilmError, match=r"film\.mp4: the film is not there; copy it there"):
        probe_film(tmp_path / "film.mp4")


def test_a_folder_is_no_film(tmp_path: Path) -> None:
    with pytest.raises(FilmError, match="the film is not there"):
        probe_film(tmp_path)


@pytest.mark.parametrize("script", ["#EXTM3U\n#EXTINF:4,\n{}\n", "ffconcat version 1.0\nfile {}\n"])
def test_what_calls_itself_a_film_reaches_no_network(tmp_path: Path, script: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/film.mp4"
        path = tmp_path / "film.mp4"
        path.write_text(script.format(address))
        with pytest.raises(FilmError, match="is not a film that can be read"):
            probe_film(path)
        with pytest.raises(TimeoutError):
            server.accept()


@pytest.mark.parametrize("name", ["it's.mp4", 'a "film".mp4', "100%d.mp4", "concat:a.mp4", "film",
                                  "-i.mp4", "Åse ünd 李.mp4", "a\nb.mp4", "pipe:0"])  # fmt: skip
def test_any_name_is_only_a_name(tmp_path: Path, plain_film: Path, name: str) -> None:
    film = tmp_path / name
    film.write_bytes(plain_film.read_bytes())
    assert [(Fraction(1), 25)] == shown(film, [Fraction(1)])


def test_a_relative_path_is_found(
    tmp_path: Path, plain_film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "concat:a.mp4").write_bytes(plain_film.read_bytes())
    monkeypatch.chdir(tmp_path)
    assert probe_film(plain_film) == probe_film(Path("concat:a.mp4"))


@pytest.fixture(scope="module")
def broken_off_film(tmp_path_factory: pytest.TempPathFactory, plain_film: Path) -> Path:
    """A film whose index stands at its beginning, and whose copying stopped half way."""
    whole = tmp_path_factory.mktemp("broken") / "whole.mp4"
    run_ffmpeg("-i", plain_film, "-c", "copy", "-movflags", "+faststart", whole)
    film = whole.with_name("film.mp4")
    content = whole.read_bytes()
    film.write_bytes(content[: len(content) // 2])
    return film


def test_a_film_that_breaks_off_is_exact_up_to_there(
    plain_film: Path, broken_off_film: Path
) -> None:
    times = [Fraction(1, 50), Fraction(1, 2), Fraction(1)]
    assert shown(plain_film, times) == shown(broken_off_film, times)


def test_after_its_break_a_film_shows_the_last_frame_it_has(broken_off_film: Path) -> None:
    frames = find_frames(broken_off_film, [Timecode(Fraction(7, 2))])
    assert [Fraction(1)] < [one.at.seconds for one in frames] < [Fraction(3)]
    assert [one.at.seconds * 25 for one in frames] == [read_number(one.picture) for one in frames]


def nearest(picture: NDArray[np.uint8], others: dict[int, NDArray[np.uint8]]) -> int:
    """Returns which of some numbered pictures is most like a picture."""
    far = {key: np.abs(other.astype(int) - picture).mean() for key, other in others.items()}
    return min(far, key=far.__getitem__)


def test_stills_of_real_footage_are_the_frames_shown(real_film: Path) -> None:
    """Compared with what ffmpeg decodes from the beginning, two frames either way."""
    facts = probe_film(real_film)
    raw = run_ffmpeg(
        "-i", real_film, "-fps_mode", "passthrough", "-pix_fmt", "rgb24", "-f", "rawvideo", "-"
    )
    frames = np.frombuffer(raw, np.uint8).reshape(-1, facts.height, facts.width, 3)[:, ::4, ::4]
    shifts = (Fraction(0), Fraction(1, 50), Fraction(39, 1000))
    due = [(number, shift) for number in (3, 31, 64, 77, 101, 129) for shift in shifts]
    found = find_frames(
        real_film, [Timecode(Fraction(number, 25) + shift) for number, shift in due]
    )
    around = [
        {key: frames[key] for key in range(number - 2, min(number + 3, len(frames)))}
        for number, _ in due
    ]
    assert [number for number, _ in due] == [
        nearest(one.picture[::4, ::4], others) for one, others in zip(found, around, strict=True)
    ]
