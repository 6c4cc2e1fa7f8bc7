"""Films with bytes changed at random, and films that want too much: what is left standing."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from films import draw_film, run_ffmpeg
from mutations import FILMS, PQ, broken_files, child_processes, draw_films, mutate, try_film

from vigbook.errors import FilmError
from vigbook.film.film import Film, open_film
from vigbook.film.reader import Reader
from vigbook.system.limits import Limits
from vigbook.timecode import Span, Timecode

MUTATIONS = 100  # benchmarks/mutations.py tries thousands
CUT_EVERY = 8


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A small film of each kind."""
    return draw_films(tmp_path_factory.mktemp("mutations"))


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A film that is read in no time."""
    return draw_film(tmp_path / "small.mp4", seconds=1, size=(240, 136))


@pytest.mark.slow
def test_damage_at_random_ends_in_an_answer_or_in_one_line(
    films: dict[str, Path], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = child_processes()
    faults: dict[str, str] = {}
    outcomes: set[bool] = set()
    with Reader(Limits(seconds=20, memory_bytes=3 * 1024**3)) as reader:
        for number in range(MUTATIONS):
            name = list(films)[number % len(films)]
            content, kinds = mutate(films[name].read_bytes(), f"suite-{number}")
            path = tmp_path / str(number) / name
            path.parent.mkdir()
            path.write_bytes(content)
            # Every kind of film is cut once, whatever their number.
            cut = number % CUT_EVERY == 0
            steps = try_film(Film(path, reader), path.parent / "out", cut=cut)
            faults |= {f"{number} {name} {kinds}: {one.what}": one.fault
                       for one in steps if one.fault}  # fmt: skip
            outcomes |= {bool(one.said) for one in steps}
    assert faults == {}
    assert outcomes == {True, False}  # else nothing was damaged, or everything
    assert capfd.readouterr() == ("", "")
    assert child_processes() <= before


@pytest.mark.slow
@pytest.mark.parametrize("name", FILMS)
def test_without_damage_every_one_of_these_films_is_read(
    films: dict[str, Path], tmp_path: Path, name: str
) -> None:
    with open_film(films[name]) as film:
        steps = try_film(film, tmp_path, cut=True)
    assert [(one.what, one.said, one.fault) for one in steps] == [
        (what, "", "") for what in ("probe", "stills", "times", "clip", "waveform", "filmstrip")
    ]


def test_the_same_seed_damages_a_film_in_the_same_way(small: Path) -> None:
    whole = small.read_bytes()
    assert mutate(whole, 7) == mutate(whole, 7)
    assert len({mutate(whole, seed)[0] for seed in range(30)}) > 20


def test_half_a_file_is_noticed(small: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    for name in ("half.mp4", "half.jpg", "half.json", ".half-12345678.mp4", "what.txt"):
        (folder / name).write_bytes(small.read_bytes()[:500])
    (folder / "whole.mp4").write_bytes(small.read_bytes())
    noticed = {said.split()[0] for said in broken_files(folder)}
    assert noticed == {path.name for path in folder.iterdir()} - {"whole.mp4"}


# --- A film that wants too much -------------------------------------------------------------


def _draw_endless(path: Path) -> Callable[[Reader], object]:
    """Draws ten minutes without an index, whose frames are told apart only by decoding them."""
    short = path.with_name("short.mpg")
    run_ffmpeg("-f", "lavfi", "-i", "color=gray:size=1920x1080:rate=25:duration=1",
               "-c:v", "mpeg2video", "-g", "25", short)  # fmt: skip
    run_ffmpeg("-stream_loop", "599", "-i", short, "-c", "copy", path)
    span = Span(Timecode(Fraction(0)), Timecode(Fraction(600)))
    return lambda reader: Film(path, reader).list_frame_times(span)


def _draw_huge(path: Path) -> Callable[[Reader], object]:
    """Draws a picture of 64 million pixels of high range, whose light alone is 768 MB."""
    run_ffmpeg("-f", "lavfi", "-i", "color=gray:size=8000x8000:rate=25:duration=0.04",
               "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p",
               *PQ, path)  # fmt: skip
    return lambda reader: Film(path, reader).find_frames([Timecode(Fraction(0))])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("draw", "name", "limits", "found"),
    [
        (_draw_endless, "endless.mpg", Limits(seconds=2), "takes far too long to read"),
        (
            _draw_huge,
            "huge.mp4",
            Limits(memory_bytes=5 * 1024**3 // 4),
            "needs more memory to be read than a film should",
        ),
    ],
)
def test_beyond_the_limits_there_is_one_line_and_the_next_film_is_read(
    tmp_path: Path,
    small: Path,
    capfd: pytest.CaptureFixture[str],
    draw: Callable[[Path], Callable[[Reader], object]],
    name: str,
    limits: Limits,
    found: str,
) -> None:
    ask = draw(tmp_path / name)
    before = child_processes()
    with Reader(limits) as reader:
        film = Film(small, reader)
        whole = film.probe()
        for _ in range(2):
            with pytest.raises(FilmError, match=rf"^\S*{name}: {found}; [^\n]*$"):
                ask(reader)
            assert film.probe() == whole
    assert capfd.readouterr() == ("", "")
    assert child_processes() <= before


def test_left_in_the_middle_of_a_film_the_process_ends_and_the_next_is_read(small: Path) -> None:
    before = child_processes()
    times = [Timecode(Fraction(number, 25)) for number in range(25)]
    with open_film(small) as film:
        for number, _ in enumerate(film.iter_frames(times)):
            if number == 2:
                break
        assert [one.at for one in film.find_frames(times[-2:])] == times[-2:]
    assert child_processes() <= before
