"""What a film is, told in a practitioner's words, and for another program."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from awkward import CUT_SHORT, FILMS
from families import vigbook_command
from films import draw_film, run_ffmpeg

from vigbook.film.describe import Description, describe_film
from vigbook.film.facts import FilmFacts

PLAYS = "Clips play in every browser, and begin and end with exactly the pictures you mark."
KEYS = ["errors", "facts", "file", "ok", "says", "tells", "warnings", "will"]
LOCALE = {"LC_ALL": "C.UTF-8", "PYTHONIOENCODING": "utf-8"}  # as strict as a desk's


@pytest.fixture(scope="module")
def described(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str], Description]:
    """Describes an awkward film, drawn when it is first asked for."""
    folder = tmp_path_factory.mktemp("films")
    found: dict[str, Description] = {}

    def describe(name: str) -> Description:
        if name not in found:
            FILMS[name].draw(folder / name)
            found[name] = describe_film(folder / name)
        return found[name]

    return describe


def run_film(*arguments: str | Path, cwd: Path | None = None, **more: str) -> CompletedProcess[str]:
    command = [*vigbook_command(), "film", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, errors="surrogateescape", cwd=cwd, timeout=120,
        env={**os.environ, **LOCALE, **more},
    )  # fmt: skip


def json_of(done: CompletedProcess[str]) -> dict[str, object]:
    """Returns the one JSON object that a command printed, and nothing beside it."""
    value = json.loads(done.stdout)
    assert isinstance(value, dict)
    assert done.stderr == ""
    return value


# --- What it is ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (
            "24.mp4",
            ["It is 3 s long, 320 by 180 dots, 24 pictures a second.", "It has sound.",
             "It is recorded as H.264."],
        ),
        (
            "29.97.mkv",
            ["It is 3 s long, 240 by 136 dots, 29.97 pictures a second.", "It has sound.",
             "It is recorded as H.264."],
        ),
        (
            "hlg turned.mov",
            ["It is 3 s long, 180 by 320 dots, 29.97 pictures a second.", "It has sound.",
             "It is recorded as HEVC, 10 bit."],
        ),
        (
            "uneven.mp4",
            ["It is 8 s long, 240 by 136 dots, about 7.93 pictures a second.", "It has sound.",
             "It is recorded as H.264."],
        ),
        (
            "one frame.mp4",
            ["It is less than a second long, 240 by 136 dots, 25 pictures a second.",
             "It has no sound.", "It is recorded as H.264."],
        ),
        (
            "several sounds.mp4",
            ["It is 3 s long, 240 by 136 dots, 25 pictures a second.",
             "It has 2 sound tracks; the first is used.", "It is recorded as H.264."],
        ),
        (
            "tape.avi",
            ["It is 2 s long, 768 by 576 dots, 25 pictures a second.", "It has sound.",
             "It is recorded as DV."],
        ),
        (
            "av1.webm",
            ["It is 3 s long, 240 by 136 dots, 25 pictures a second.", "It has sound.",
             "It is recorded as AV1."],
        ),
    ],
)  # fmt: skip
def test_what_a_film_is(
    described: Callable[[str], Description], name: str, says: list[str]
) -> None:
    assert list(described(name).says) == says


def test_minutes_and_less_than_a_second_are_told_as_such(tmp_path: Path) -> None:
    for name, rate, frames, length in (
        ("long.mp4", "2", "150", "1 min 15 s"), ("short.mp4", "30", "6", "less than a second"),
    ):  # fmt: skip
        run_ffmpeg(
            "-f", "lavfi", "-i", f"color=size=64x64:rate={rate}", "-frames:v", frames,
            tmp_path / name,
        )  # fmt: skip
        said = describe_film(tmp_path / name).says[0]
        assert said == f"It is {length} long, 64 by 64 dots, {rate} pictures a second."


# --- What will be done about it --------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "will"),
    [
        ("24.mp4", []),
        ("turned 90.mp4", ["Its pictures are stored on their side: clips and stills come out "
                           "upright."]),
        ("turned 180.mp4", ["Its pictures are stored upside down: clips and stills come out "
                            "upright."]),
        ("mirrored sideways.mp4", ["Its pictures are stored mirrored: clips and stills come out "
                                   "upright."]),
        ("transposed.mp4", ["Its pictures are stored on their side and mirrored: clips and stills "
                            "come out upright."]),
        ("wide pixels.mp4", ["Its dots are not square: clips and stills are stretched to their "
                             "right shape."]),
        ("avchd.mts", ["Its pictures are woven of two halves (interlaced): they are made whole.",
                       "Its dots are not square: clips and stills are stretched to their right "
                       "shape.",
                       "For choosing clips, a copy that every browser plays is made once: not "
                       "every browser plays a file of this kind."]),
        ("pq.mp4", ["It is brighter than a page or most screens can show (HDR): it is toned down "
                    "to fit.",
                    "For choosing clips, a copy that every browser plays is made once: not every "
                    "browser plays HEVC."]),
        ("uneven.mp4", ["Its pictures come at uneven times: each is found and cut by its own "
                        "time."]),
        ("five and one.mp4", ["Its sound has more than two channels: clips have two."]),
        ("444.mp4", ["For choosing clips, a copy that every browser plays is made once: its "
                     "colours are finer than every browser shows."]),
        ("silent.mp4", []),
    ],
)  # fmt: skip
def test_what_will_be_done_about_a_film(
    described: Callable[[str], Description], name: str, will: list[str]
) -> None:
    """A plain film wants nothing done; and whatever the film, its clips are exact."""
    assert list(described(name).will) == [*will, PLAYS]


def test_a_large_film_s_clips_are_made_smaller(tmp_path: Path) -> None:
    film = draw_film(tmp_path / "film.mp4", seconds=1, size=(1920, 1080), sound=False)
    description = describe_film(film)
    assert description.will == (
        "Clips are made smaller, 1280 dots along the longer side.", PLAYS,
    )  # fmt: skip
    assert description.warnings == ()


def test_no_word_is_only_a_machine_s(described: Callable[[str], Description]) -> None:
    """A practitioner reads it: nothing of how ffmpeg calls things."""
    ours = re.compile(
        r"yuv|pcm_|libdav|dvvideo|mpeg2video|h264|hevc|vp9|mov,|None|Fraction|e\+\d|\d{3,}/\d",
    )
    for name in (
        "422 ten bits.mov",
        "disc.vob",
        "vp9.webm",
        "59.94.mov",
        "stills.avi",
        "bt2020.mp4",
    ):
        description = described(name)
        sentences = [*description.says, *description.will, *description.tells]
        assert [one for one in sentences if ours.search(one)] == []
        assert [one for one in [*description.says, *description.will] if one[-1] != "."] == []


# --- What it tells of people -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("metadata", "tells"),
    [
        ({"com.apple.quicktime.location.ISO6709": "+51.5-000.1/"},
         ["the place where it was filmed"]),
        ({"com.apple.quicktime.model": "Phone 9"}, ["the make of the camera"]),
        ({"com.apple.quicktime.creationdate": "2026-09-12"}, ["the day it was filmed"]),
        ({"title": "Mia"}, ["words somebody wrote into it"]),
        ({"make": "Acme", "date": "2026", "comment": "Mia", "location": "+51.5-000.1/"},
         ["the place where it was filmed", "the make of the camera", "the day it was filmed",
          "words somebody wrote into it"]),
        ({}, []),
    ],
)  # fmt: skip
def test_what_a_film_tells_of_people_is_said(
    tmp_path: Path, metadata: dict[str, str], tells: list[str]
) -> None:
    film = draw_film(tmp_path / "film.mp4", seconds=1, size=(640, 360), metadata=metadata)
    assert list(describe_film(film).tells) == tells


def test_the_command_says_what_a_film_tells_and_that_it_is_not_kept(tmp_path: Path) -> None:
    place = "+51.5-000.1/"
    metadata = {"com.apple.quicktime.location.ISO6709": place, "title": "Mia"}
    draw_film(tmp_path / "film.mp4", seconds=1, size=(640, 360), metadata=metadata)
    said = run_film("film.mp4", cwd=tmp_path).stdout
    assert said.splitlines()[-1] == (
        "- It carries the place where it was filmed; words somebody wrote into it: none of it "
        "goes into a clip, a picture or a page."
    )
    assert (place in said, "Mia" in said) == (False, False)


def test_a_track_of_a_camera_s_own_data_is_said(tmp_path: Path, numbered_film: Path) -> None:
    words = tmp_path / "words.srt"
    words.write_text("1\n00:00:00,000 --> 00:00:02,500\nMia says goodnight\n")
    film = tmp_path / "film.mkv"
    run_ffmpeg("-i", numbered_film, "-i", words, "-map", "0", "-map", "1", "-c", "copy", film)
    assert "a track of the camera's own data, which may hold places" in describe_film(film).tells


def test_a_clock_that_counts_frames_tells_nobody_s(tmp_path: Path, numbered_film: Path) -> None:
    film = tmp_path / "film.mov"
    run_ffmpeg("-i", numbered_film, "-c", "copy", "-timecode", "01:02:03:04", film)
    assert describe_film(film).tells == ()


# --- What a person should know -----------------------------------------------------------------


def test_small_pictures_are_warned_of(described: Callable[[str], Description]) -> None:
    (warning,) = described("24.mp4").warnings
    assert warning.found == (
        "its pictures are small (320 by 180 dots), and print small or they would look coarse"
    )
    assert warning.mend == "film with a higher setting next time"


@pytest.mark.parametrize("name", ["faststart.mp4", "recording.mkv"])
def test_a_film_that_breaks_off_is_warned_of(tmp_path: Path, name: str) -> None:
    whole, film = tmp_path / name, tmp_path / f"film{Path(name).suffix}"
    CUT_SHORT[name].draw(whole)
    film.write_bytes(whole.read_bytes()[: whole.stat().st_size * 3 // 10])
    warnings = [str(one) for one in describe_film(film).warnings if "breaks off" in one.found]
    assert len(warnings) == 1
    assert re.search(r"says it is \S+ long and breaks off at \S+; copy it from", warnings[0])
    assert not any("breaks off" in str(one) for one in describe_film(whole).warnings)


# --- The command -------------------------------------------------------------------------------


def test_the_command_tells_it_in_lines(tmp_path: Path) -> None:
    film = tmp_path / "tea time.mts"
    FILMS["avchd.mts"].draw(film)
    done = run_film("tea time.mts", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "tea time.mts: It is 2 s long, 320 by 180 dots, 25 pictures a second. It has sound. "
        "It is recorded as H.264.",
        "- Its pictures are woven of two halves (interlaced): they are made whole.",
        "- Its dots are not square: clips and stills are stretched to their right shape.",
        "- For choosing clips, a copy that every browser plays is made once: not every browser "
        "plays a file of this kind.",
        f"- {PLAYS}",
    ]
    assert done.stderr == (
        "note: tea time.mts: its pictures are small (320 by 180 dots), and print small or they "
        "would look coarse; film with a higher setting next time\n"
    )


def test_json_is_one_object(tmp_path: Path) -> None:
    FILMS["hlg turned.mov"].draw(tmp_path / "film.mov")
    done = run_film("film.mov", "--json", cwd=tmp_path)
    value = json_of(done)
    description = describe_film(tmp_path / "film.mov")
    assert (done.returncode, sorted(value)) == (0, KEYS)
    assert (value["file"], value["ok"], value["errors"]) == ("film.mov", True, [])
    assert value["says"] == list(description.says)
    assert value["will"] == list(description.will)
    assert value["tells"] == []
    facts = value["facts"]
    assert isinstance(facts, dict)
    assert FilmFacts.from_json(facts) == description.facts
    assert {key: facts[key] for key in ("width", "height", "turned", "frame_rate", "bits")} == {
        "width": 180, "height": 320, "turned": 90, "frame_rate": "30000/1001", "bits": 10,
    }  # fmt: skip
    assert [sorted(one) for one in value["warnings"]] == [  # type: ignore[attr-defined]
        ["field", "file", "found", "line", "mend"]
    ]


NO_FILMS: dict[str, tuple[Callable[[Path], object], str]] = {
    "not there": (lambda _: None, "the film is not there; copy it there or mend its name"),
    "folder": (lambda path: path.mkdir(), "the film is not there; copy it there or mend its name"),
    "empty": (
        lambda path: path.write_bytes(b""),
        "is not a film that can be read; play it to the end, and copy it from the camera again",
    ),
    "text": (
        lambda path: path.write_text("Shopping: milk\n" * 99),
        "is not a film that can be read; play it to the end, and copy it from the camera again",
    ),
    "sound": (
        lambda path: run_ffmpeg("-f", "lavfi", "-i", "sine=duration=1", path),
        "has no picture in it; choose the film itself",
    ),
}


@pytest.mark.parametrize(("write", "found"), NO_FILMS.values(), ids=list(NO_FILMS))
def test_what_is_no_film_is_one_line_and_exit_1(
    tmp_path: Path, write: Callable[[Path], object], found: str
) -> None:
    write(tmp_path / "film.mp4")
    done = run_film("film.mp4", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"film.mp4: {found}\n")
    done = run_film("film.mp4", "--json", cwd=tmp_path)
    value = json_of(done)
    assert (done.returncode, value["ok"], sorted(value)) == (1, False, KEYS)
    errors = value["errors"]
    assert isinstance(errors, list)
    assert [f"{one['found']}; {one['mend']}" for one in errors] == [found]


@pytest.mark.parametrize("arguments", [[], ["--what"], ["a.mp4", "b.mp4"]])
def test_wrong_usage_is_exit_2(tmp_path: Path, arguments: list[str]) -> None:
    done = run_film(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Usage: vigbook film" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "name",
    ['Åse\'s "100%d" 李.mp4'.encode(), b"two\nlines.mp4", b"caf\xe9 \xff.mp4"],
)
def test_a_film_of_any_name_is_told_on_its_own_lines(
    tmp_path: Path, numbered_film: Path, name: bytes
) -> None:
    """Even of one whose name is no text; `--json` gives that name back."""
    film = os.fsdecode(name)
    os.link(numbered_film, os.path.join(tmp_path, film))  # noqa: PTH118  # its name may be no text
    for given in (film, f"gone {film}"):
        done = run_film(given, cwd=tmp_path)
        told = [*done.stdout.splitlines(), *done.stderr.splitlines()]
        assert "Traceback" not in done.stderr
        assert "vigbook itself failed" not in done.stderr
        assert done.returncode == (0 if given is film else 1)
        assert len(told) == (3 if given is film else 1)
        done = run_film(given, "--json", cwd=tmp_path)
        value = json_of(done)
        assert value["file"] == given
        assert value["ok"] == (given is film)


def test_a_film_that_is_read_is_never_changed(tmp_path: Path, numbered_film: Path) -> None:
    film = tmp_path / "film.mp4"
    content = numbered_film.read_bytes()
    film.write_bytes(content)
    film.chmod(0o444)
    before = film.stat().st_mtime_ns
    assert run_film("film.mp4", cwd=tmp_path).returncode == 0
    assert (film.read_bytes() == content, film.stat().st_mtime_ns) == (True, before)
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]


def test_what_a_film_says_of_its_shape_is_told_whatever_it_says(
    tmp_path: Path, numbered_film: Path
) -> None:
    """A shape that no screen has is no fault of ours."""
    film = tmp_path / "film.mp4"
    run_ffmpeg("-i", numbered_film, "-t", "1", "-c", "copy", "-aspect", "6000", film)
    done = run_film("film.mp4", cwd=tmp_path)
    assert done.returncode in (0, 1)
    assert "vigbook itself failed" not in done.stderr
