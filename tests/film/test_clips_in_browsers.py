"""Clips as Chromium and Firefox show them: they play, seek, step, and keep colours and sound.

Films of the kinds that families bring are drawn, a clip is cut of each, and both browsers tell
what they saw of it. When frames come up and what they look like is known from the drawing alone.
"""

from __future__ import annotations

import bisect
import dataclasses
import random
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from http import HTTPStatus
from pathlib import Path

import av
import numpy as np
import pytest
from browsers import Seen, Task, open_browser
from films import frames_of, paint_number, run_ffmpeg
from numpy.typing import NDArray

from vigbook.case.models import Clip
from vigbook.film.film import open_film
from vigbook.film.media import build_media

# No strong blue: without a graphics card both browsers count with libyuv, which takes 2.0 for
# BT.709's 2.112 there, and makes (50, 70, 190) of any clip (50, 70, 184).
PATCHES = (
    (200, 40, 40), (40, 160, 60), (70, 90, 140), (214, 170, 140), (30, 30, 30), (212, 212, 212),
)  # fmt: skip
MIDDLES = tuple(((2 * number + 1) / (2 * len(PATCHES)), 0.5) for number in range(len(PATCHES)))
SEEKS = 12
STEPS = 6
CLOCK = 180_000  # ticks a second: whole ones for a frame at each of the rates here
EXACT = ("-fps_mode", "passthrough", "-enc_time_base", f"1:{CLOCK}")
X264 = (*EXACT, "-c:v", "libx264", "-preset", "ultrafast", "-crf", "12", "-g", "50", "-bf", "3")
X265 = (*EXACT, "-c:v", "libx265", "-preset", "ultrafast", "-crf", "12")
X265_QUIET = "keyint=50:bframes=3:log-level=none"


def steady(rate: int | Fraction, seconds: int) -> tuple[Fraction, ...]:
    """Returns when the frames of a film of a constant rate come up."""
    return tuple(Fraction(number) / rate for number in range(int(seconds * rate)))


def coloured(matrix: str, then: str = "yuv420p", *, extent: str = "tv") -> tuple[str, ...]:
    """Returns options that turn drawn colours into those of a camera, and tag them so."""
    name = {"bt709": "bt709", "bt601": "smpte170m"}[matrix]
    tags = f"setparams=colorspace={name}:color_primaries={name}:color_trc={name}:range={extent}"
    return ("-vf", f"scale=out_color_matrix={matrix}:out_range={extent},format={then},{tags}")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recipe:
    """A film to draw and the clip to cut of it.

    Attributes:
        name: of the film's file.
        times: when its frames come up.
        size: of its frames as a person sees them.
        options: how it is encoded.
        marks: where the clip begins and ends.
        shows: width and height of the clip.
        sound_from: when its tone begins, or None for a film without sound.
        sound: what the clip makes of it.
        turned: by how many degrees the camera was held.
        off: by how many of 255 a colour may be wrong.
    """

    name: str
    times: tuple[Fraction, ...]
    size: tuple[int, int]
    options: tuple[str, ...]
    marks: tuple[str, str]
    shows: tuple[int, int]
    sound_from: Fraction | None = Fraction(0)
    sound: str = "keep"
    turned: int = 0
    off: int = 4

    def draw(self, folder: Path) -> Path:
        """Draws the film, first without loss."""
        path, drawn = folder / self.name, folder / "drawn.mp4"
        _draw_without_loss(drawn, self.times, self.size)
        sound: tuple[str, ...] = ()
        if self.sound_from is not None:
            length = float(self.times[-1] - self.sound_from)
            sound = ("-itsoffset", str(float(self.sound_from)), "-f", "lavfi", "-i",
                     f"sine=330:sample_rate=48000:duration={length}")  # fmt: skip
        whole = path.with_name(f"lying-{self.name}") if self.turned else path
        run_ffmpeg("-i", drawn, *sound, *self.options, whole)
        if self.turned:
            run_ffmpeg("-display_rotation", str(self.turned), "-i", whole, "-c", "copy", path)
        return path

    def numbers(self) -> list[int]:
        """Returns the numbers of the frames that the clip must hold."""
        start, end = map(Fraction, self.marks)
        first = bisect.bisect_right(self.times, start) - 1
        return list(range(first, bisect.bisect_left(self.times, end)))


UNEVEN_MS = (0, 33, 67, 83, 90, 97, 600, 640, 644, 656, 1400, 1433, 1467, 1483, 2000, 2040)
RECIPES = {
    "25 frames a second, sound that begins later": Recipe(
        name="later.mov", times=steady(25, 3), size=(480, 270), marks=("0.52", "2"),
        options=(*coloured("bt601"), *X264, "-c:a", "pcm_s16le"), sound_from=Fraction(1),
        shows=(480, 270),
    ),
    "29.97 frames a second, high definition": Recipe(
        name="camera.mp4", times=steady(Fraction(30000, 1001), 3), size=(1280, 720),
        marks=("0.6", "1.9"), options=(*coloured("bt709"), *X264), shows=(1280, 720),
    ),
    "59.94 frames a second, HEVC of 10 bits": Recipe(
        name="fast.mp4", times=steady(Fraction(60000, 1001), 2), size=(640, 360),
        marks=("0.7", "1.7"), shows=(640, 360),
        options=(*coloured("bt709", "yuv420p10le"), *X265, "-x265-params", X265_QUIET),
    ),
    "a rate that varies, no tags, no sound": Recipe(
        name="uneven.mp4", times=tuple(Fraction(ms, 1000) for ms in UNEVEN_MS), size=(480, 270),
        marks=("0.085", "1.99"), sound_from=None, shows=(480, 270),
        options=("-vf", "scale=out_color_matrix=bt601:out_range=tv,format=yuv420p", *X264),
    ),
    "turned, full range, muted": Recipe(
        name="turned.mp4", times=steady(30, 2), size=(360, 640), marks=("0.5", "1.5"),
        options=(
            "-vf", "transpose=clock," + coloured("bt601", "yuvj420p", extent="pc")[1], *X264,
        ),
        turned=90, sound="mute", shows=(360, 640),
    ),
    "interlaced broadcast with wide pixels": Recipe(
        name="tape.ts", times=steady(25, 3), size=(720, 576), marks=("1.02", "2.18"),
        options=(
            "-vf", coloured("bt601")[1] + ",setfield=tff,setsar=64/45", "-c:v", "mpeg2video",
            "-r", "25", "-q:v", "2", "-bf", "2", "-flags", "+ilme+ildct", "-c:a", "mp2",
        ),
        shows=(1024, 576),
    ),
    "high dynamic range, HEVC of 10 bits": Recipe(
        name="bright.mp4", times=steady(30, 2), size=(640, 360), marks=("0.5", "1.5"),
        options=(
            "-vf", "format=gbrp,setparams=color_primaries=bt709:color_trc=bt709:colorspace=gbr,"
            "zscale=t=linear:npl=203,format=gbrpf32le,zscale=p=bt2020:t=smpte2084:m=bt2020nc:r=tv"
            ":npl=203,format=yuv420p10le", *X265, "-x265-params",
            f"{X265_QUIET}:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc",
        ),
        shows=(640, 360), off=8,
    ),
}  # fmt: skip


def _draw_without_loss(path: Path, times: Sequence[Fraction], size: tuple[int, int]) -> None:
    """Draws frames that tell their numbers above a row of patches of known colours."""
    width, height = size
    with av.open(str(path), "w", options={"video_track_timescale": str(CLOCK)}) as container:
        video = container.add_stream("libx264rgb", rate=60)
        video.width, video.height, video.pix_fmt = width, height, "rgb24"
        video.codec_context.time_base = video.time_base = Fraction(1, CLOCK)
        video.options = {"preset": "ultrafast", "qp": "0", "bf": "0"}
        for number, moment in enumerate(times):
            picture = paint_number(number, width, height)
            _paint_patches(picture)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = int(moment * CLOCK), Fraction(1, CLOCK)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))


def _paint_patches(picture: NDArray[np.uint8]) -> None:
    height, width = picture.shape[:2]
    for number, colour in enumerate(PATCHES):
        left, right = (round(width * (number + more) / len(PATCHES)) for more in (0, 1))
        picture[height // 3 : 2 * height // 3, left:right] = colour


@dataclasses.dataclass(frozen=True)
class Cut:
    """A clip that was cut: when each of its frames comes up in it, and what it is asked for."""

    recipe: Recipe
    path: Path
    shown: tuple[tuple[Fraction, int], ...]
    task: Task

    def sought(self, moments: Sequence[float]) -> list[int]:
        """Returns the numbers of the frames that are on screen at some moments."""
        times = [float(time) for time, _ in self.shown]
        return [self.shown[bisect.bisect_right(times, moment) - 1][1] for moment in moments]


def cut_clip(recipe: Recipe, folder: Path) -> Cut:
    """Draws a film and cuts its clip as vigbook does."""
    clip = Clip.model_validate(
        {"id": "clip-1", "start": recipe.marks[0], "end": recipe.marks[1], "stills": [],
         "sound": recipe.sound}
    )  # fmt: skip
    with open_film(recipe.draw(folder)) as film:
        built = build_media(film, recipe.name, [clip], folder / "media")
    assert built.warnings == (), built.warnings
    path = folder / "media" / "clip-1.mp4"
    shown = frames_of(path)
    ends = [time for time, _ in shown[1:]] + [shown[-1][0] + Fraction(1, 100)]
    middles = [float((time + end) / 2) for (time, _), end in zip(shown, ends, strict=True)]
    shuffled = random.Random(7).sample(middles, len(middles))
    # Key frames are where seeking is easy; the first and the last frame are where it is hard.
    seeks = [middles[-1], middles[0], *shuffled[:SEEKS]]
    forward = middles[1 : STEPS + 1]
    task = Task(
        clip=path, seeks=seeks, steps=[*forward, *reversed(forward[:-1])],
        points=MIDDLES,
    )  # fmt: skip
    return Cut(recipe, path, tuple(shown), task)


@pytest.fixture(scope="module")
def cuts(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Cut]:
    """Cuts the clip of a recipe, once for both browsers."""
    done: dict[str, Cut] = {}

    def cut(kind: str) -> Cut:
        if kind not in done:
            done[kind] = cut_clip(RECIPES[kind], tmp_path_factory.mktemp("film"))
        return done[kind]

    return cut


Watch = Callable[[str], tuple[Cut, Seen]]


@pytest.fixture(scope="module", params=["chromium", "firefox"])
def watch(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    cuts: Callable[[str], Cut],
) -> Iterator[Watch]:
    """Shows the clip of a recipe in a browser, once, and tells what was seen."""
    done: dict[str, Seen] = {}
    with open_browser(request.param, tmp_path_factory.mktemp(request.param)) as browser:

        def look(kind: str) -> tuple[Cut, Seen]:
            cut = cuts(kind)
            if kind not in done:
                done[kind] = browser.look_at(cut.task)
                # Without parts of a file a player cannot seek before all of it has come.
                assert HTTPStatus.PARTIAL_CONTENT in browser.statuses()
            seen = done[kind]
            assert (seen.fault, seen.error) == (None, None), seen
            return cut, seen

        yield look


pytestmark = pytest.mark.slow
every_kind = pytest.mark.parametrize("kind", RECIPES)


@every_kind
def test_a_clip_holds_the_frames_between_its_marks(cuts: Callable[[str], Cut], kind: str) -> None:
    """What the browsers are judged by is itself judged by the drawing."""
    cut = cuts(kind)
    assert cut.recipe.numbers() == [number for _, number in cut.shown]


@every_kind
def test_a_clip_loads_upright_at_its_size_with_its_first_frame(watch: Watch, kind: str) -> None:
    cut, seen = watch(kind)
    assert (*cut.recipe.shows, cut.recipe.numbers()[0]) == (seen.width, seen.height, seen.first)
    start, end = map(Fraction, cut.recipe.marks)
    # From the frame on screen at its start on, which may have come up before it.
    asked = float(end - max(time for time in cut.recipe.times if time <= start))
    assert seen.seconds == pytest.approx(asked, abs=0.05)


@every_kind
def test_a_clip_plays_to_its_end(watch: Watch, kind: str) -> None:
    """In order and at its own pace. A busy machine may drop frames, the last ones too."""
    cut, seen = watch(kind)
    due, played = cut.recipe.numbers(), seen.played
    assert played is not None
    assert played.ended, played
    assert played.last in due[3 * len(due) // 4 :], played
    assert played.at == pytest.approx(seen.seconds, abs=0.02)
    assert played.took_ms / 1000 > played.at * 0.9, played
    numbers = [frame.number for frame in played.frames]
    assert numbers == sorted(numbers), played
    assert set(numbers) <= set(due), played
    known = [float(time) for time, _ in cut.shown]
    # The first may be told by the moment that playing began at.
    strays = [
        frame for frame in played.frames[1:] if min(abs(frame.at - one) for one in known) > 0.001
    ]
    assert strays == []


@every_kind
def test_a_seek_shows_the_very_frame(watch: Watch, kind: str) -> None:
    cut, seen = watch(kind)
    assert cut.sought(cut.task.seeks) == [one.number for one in seen.seeks], seen.seeks


@every_kind
def test_a_clip_steps_by_one_frame_forward_and_back(watch: Watch, kind: str) -> None:
    cut, seen = watch(kind)
    numbers = cut.recipe.numbers()[1 : STEPS + 1]
    assert [*numbers, *reversed(numbers[:-1])] == [one.number for one in seen.steps], seen.steps


@every_kind
def test_a_clip_in_a_loop_begins_again_after_its_end(watch: Watch, kind: str) -> None:
    """And goes back to its first frame when told to. A busy machine may drop frames at the turn."""
    cut, seen = watch(kind)
    due = cut.recipe.numbers()
    clocks = [frame.clock for frame in seen.round]
    turns = [after for after in range(1, len(clocks)) if clocks[after] < clocks[after - 1]]
    assert len(turns) == 1, seen.round
    numbers = [frame.number for frame in seen.round]
    assert set(numbers) <= set(due)
    assert max(numbers[: turns[0]]) in due[len(due) // 2 :]
    assert min(numbers[turns[0] :]) in due[: len(due) // 2]
    assert seen.back == due[0]


@every_kind
def test_colours_are_those_that_were_drawn(watch: Watch, kind: str) -> None:
    cut, seen = watch(kind)
    wrong = {
        drawn: found
        for drawn, found in zip(PATCHES, seen.colours, strict=True)
        if max(abs(a - b) for a, b in zip(drawn, found, strict=True)) > cut.recipe.off
    }
    assert wrong == {}


@every_kind
def test_a_clip_has_the_sound_it_was_asked_for(watch: Watch, kind: str) -> None:
    """It begins when it did in the film, as the browser decodes it; muted, there is none."""
    cut, seen = watch(kind)
    recipe = cut.recipe
    if recipe.sound_from is None or recipe.sound == "mute":
        assert (seen.heard, seen.sound) == (False, None)
        return
    sound = seen.sound
    assert sound is not None
    assert (seen.heard, sound.channels) == (True, 2)
    assert sound.peak > 0.05
    # By the second frame: the first may have come up before the clip begins.
    second, number = cut.shown[1]
    begins = max(Fraction(0), recipe.sound_from - recipe.times[number] + second)
    assert sound.begins == pytest.approx(float(begins), abs=0.01)
    assert sound.ends == pytest.approx(seen.seconds, abs=0.05)
