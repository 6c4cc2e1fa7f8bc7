"""What a film is, and what is asked of it beside what `test_contract` holds for every film."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest
from films import draw_film

from vigbook.errors import FilmError
from vigbook.film.facts import FilmFacts, Sound
from vigbook.film.film import Film, open_film
from vigbook.film.reader import Reader
from vigbook.timecode import Timecode

SMALL = (240, 136)
NTSC = Fraction(30000, 1001)


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    """The process that reads films: one for all of them."""
    with Reader() as process:
        yield process


@pytest.fixture(scope="module")
def plain_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds at 25 frames a second."""
    return draw_film(tmp_path_factory.mktemp("films") / "plain.mp4", seconds=4, size=SMALL)


def test_no_times_give_no_frames(plain_film: Path, reader: Reader) -> None:
    assert Film(plain_film, reader).find_frames([]) == []


def test_what_a_film_is(numbered_film: Path, reader: Reader) -> None:
    assert Film(numbered_film, reader).probe() == FilmFacts(
        length=Timecode(Fraction(12)),
        width=480,
        height=270,
        container="mov,mp4,m4a,3gp,3g2,mj2",
        video_codec="h264",
        pixel_format="yuv420p",
        bits=8,
        sounds=(Sound(track=0, codec="aac", channels=1, rate=48000),),
        frame_rate=Fraction(25),
        zero=Fraction(0),
        start=Fraction(0),
        interlaced=False,
        pixel_aspect=Fraction(1),
        turned=0,
        mirrored=False,
        transfer=2,
        primaries=2,
        matrix=2,
        tells=(),
    )


def test_what_a_film_without_sound_that_begins_late_is(tmp_path: Path, reader: Reader) -> None:
    path = draw_film(
        tmp_path / "late.mp4", seconds=1, size=SMALL, sound=False, start_pts=10, rate=NTSC
    )
    facts = Film(path, reader).probe()
    start = Fraction(10 * 1001, 30000)
    assert facts.audio_codec is None
    assert (NTSC, Fraction(0)) == (facts.frame_rate, facts.zero)
    assert abs(facts.start - start) < Fraction(1, 1000)
    assert abs(facts.length.seconds - start - 29 / NTSC) < Fraction(1, 1000)  # mp4 counts in ms


def test_a_film_that_is_not_there_is_told(tmp_path: Path, reader: Reader) -> None:
    with pytest.raises(FilmError, match=r"film\.mp4: the film is not there; copy it there"):
        Film(tmp_path / "film.mp4", reader).probe()


def test_a_folder_is_no_film(tmp_path: Path, reader: Reader) -> None:
    with pytest.raises(FilmError, match="the film is not there"):
        Film(tmp_path, reader).probe()


@pytest.mark.parametrize("script", ["#EXTM3U\n#EXTINF:4,\n{}\n", "ffconcat version 1.0\nfile {}\n"])
def test_what_calls_itself_a_film_reaches_no_network(
    tmp_path: Path, reader: Reader, script: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/film.mp4"
        path = tmp_path / "film.mp4"
        path.write_text(script.format(address))
        with pytest.raises(FilmError, match="is not a film that can be read"):
            Film(path, reader).probe()
        with pytest.raises(TimeoutError):
            server.accept()


def test_a_relative_path_is_found(
    tmp_path: Path, plain_film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "concat:a.mp4").write_bytes(plain_film.read_bytes())
    monkeypatch.chdir(tmp_path)
    with open_film(Path("concat:a.mp4")) as film:
        assert film.beside(plain_film).probe() == film.probe()
