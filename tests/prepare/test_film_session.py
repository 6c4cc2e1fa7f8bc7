"""Clips are cut in the background as they are marked, and begun anew when the marks change."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from families import CASE, CYCLE, TODAY, open_first, write_family
from films import draw_film, numbers_in
from live import wait_until

from vigbook.case.manifest import read_manifest
from vigbook.outcome import Options
from vigbook.prepare.film_session import FilmSession
from vigbook.timecode import Timecode


@pytest.fixture(scope="module")
def large_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film whose clips take a second or two to cut."""
    path = tmp_path_factory.mktemp("films") / "large.mp4"
    return draw_film(path, seconds=20, rate=Fraction(25), size=(1280, 720))


@pytest.fixture
def family(tmp_path: Path, large_film: Path) -> Path:
    marks = CYCLE.replace("00:00:04.000", "00:00:19.000")
    return write_family(tmp_path / "cases" / "wren", large_film, CASE, marks)


@pytest.fixture
def room(family: Path) -> Iterator[FilmSession]:
    room = FilmSession(family / "cycle-1", Options(today=datetime.date.fromisoformat(TODAY)))
    yield room
    room.close()


def cutting(room: FilmSession, family: Path) -> dict[str, Any]:
    told: dict[str, Any] = room.look(open_first(family))["cutting"]
    return told


def test_what_is_cut_for_earlier_marks_is_left_off(room: FilmSession, family: Path) -> None:
    path, media = family / "cycle-1" / "cycle.yaml", family / "cycle-1" / "media"
    room.cut_soon(0)
    wait_until(lambda: "Clip 1 is being cut" in cutting(room, family)["says"])
    path.write_text(path.read_text("utf-8").replace("00:00:19.000", "00:00:04.000"), "utf-8")
    room.cut_soon(0)
    wait_until(lambda: cutting(room, family)["says"] == "All clips are cut")
    assert numbers_in(media / "clip-1.mp4") == list(range(50, 100))
    manifest = read_manifest(media)
    assert manifest is not None
    assert [one.id for one in manifest.clips] == ["clip-1", "clip-2"]
    assert list(media.glob(".*")) == []


def test_closing_leaves_nothing_half_made(room: FilmSession, family: Path) -> None:
    media = family / "cycle-1" / "media"
    room.cut_soon(0)
    wait_until(lambda: "Clip 1 is being cut" in cutting(room, family)["says"])
    room.close()
    assert list(media.glob(".*")) == []
    assert not (media / "clip-1.mp4").exists()


def test_a_clip_that_is_done_stays_when_the_next_is_left_off(
    room: FilmSession, family: Path
) -> None:
    path, media = family / "cycle-1" / "cycle.yaml", family / "cycle-1" / "media"
    text = path.read_text("utf-8")
    head, first, second = (
        text.partition("clips:\n")[0],
        *text.partition("clips:\n")[2].split("  - id: ")[1:],
    )
    second, _, tail = second.partition("next:")
    path.write_text(f"{head}clips:\n  - id: {second}  - id: {first}next:{tail}", "utf-8")
    room.cut_soon(0)
    wait_until(lambda: "Clip 2 is being cut" in cutting(room, family)["says"])
    room.close()
    manifest = read_manifest(media)
    assert manifest is not None
    assert [one.file for one in manifest.clips] == ["clip-2.mp4"]


def test_a_clip_that_ends_at_the_last_frame_has_it_too(room: FilmSession, family: Path) -> None:
    context = open_first(family)
    wait_until(lambda: room.look(context)["state"] == "ready")
    length = Timecode(Fraction(str(room.look(context)["length"])))
    just_before = length - Timecode(Fraction(1, 100))
    frame = room.snap(context, just_before)
    assert frame < just_before
    assert room.snap(context, just_before, ends=True) == length
    assert room.snap(context, Timecode(Fraction(5, 4)), ends=True) <= Timecode(Fraction(5, 4))
