"""Who is covered, what follows from it, and that what lay under it is nowhere in what leaves."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import av
import numpy as np
import pytest
from cutting import BOX, build, clip_of, is_covered
from editing import Bench
from families import COUSIN, CYCLE, open_first
from films import draw_film, read_number, run_ffmpeg
from pdfs import pictures_in, text_of
from PIL import Image

from vigbook.case.manifest import FilmRecord, Manifest
from vigbook.case.masks import is_checked, list_covered, seal_masks
from vigbook.case.models import Clip, Use
from vigbook.cycle.checks import list_warnings, list_withheld
from vigbook.cycle.context import CycleContext
from vigbook.errors import CaseError, UsageError
from vigbook.method.language import load_words
from vigbook.method.templates import find_templates
from vigbook.system.atomic import sha256_of
from vigbook.workbook.widgets import describe_clip

Run = Callable[..., "CompletedProcess[str]"]
FILM = "a" * 64
STILL = '{at: 00:00:03.000, alt: "Mia reaches up and Sam leans in."}'


def with_masks(*masks: str, clip: str = "clip-1", more: str = "") -> str:
    """Returns the usual cycle with Zoe in shot, and masks on one of its clips."""
    lines = "".join(f"      - {one}\n" for one in masks)
    text = CYCLE.replace("in_shot: [child, mum]", "in_shot: [child, mum, zoe]")
    return text.replace(f"  - id: {clip}\n", f"  - id: {clip}\n{more}    masks:\n{lines}")


def mask_line(start: float, end: float, covers: str = "zoe") -> str:
    return f"{{from: {start}, to: {end}, box: [0.25, 0.5, 0.25, 0.25], covers: {covers}}}"


def masked(*masks: tuple[float, float], **more: Any) -> Clip:
    """Returns a clip of 2 to 4 s with a still at 3, and masks over Zoe's face."""
    boxes = [{"from": one, "to": two, "box": BOX, "covers": "zoe"} for one, two in masks]
    return clip_of(2, 4, 3, masks=boxes, **more)


# --- Who is covered, and whether somebody has watched it ----------------------------------------


@pytest.mark.parametrize(
    ("masks", "whole", "at_still"),
    [
        ([(2, 4)], True, True),
        ([(0, 9)], True, True),
        ([(2, 3), (3, 4)], True, True),
        ([(3, 4), (2, 3.1)], True, True),
        ([(2, 2.9), (3, 4)], False, True),
        ([(2, 3.9)], False, True),
        ([(2.1, 4)], False, True),
        ([(2, 2.9)], False, False),
        ([(3.1, 4)], False, False),
    ],
)
def test_who_is_covered_all_through_and_at_a_still(
    masks: list[tuple[float, float]], whole: bool, at_still: bool
) -> None:
    clip = masked(*masks)
    assert list_covered(clip) == (("zoe",) if whole else ())
    assert list_covered(clip, clip.stills[0]) == (("zoe",) if at_still else ())


def test_what_somebody_watched_is_void_once_anything_changed() -> None:
    clip = masked((2, 4))
    checked = {"date": "2026-09-20", "of": seal_masks(clip, FILM)}

    def stands(film: str | None = FILM, **change: Any) -> bool:
        told = {**clip.model_dump(by_alias=True), "masks_checked": checked, **change}
        return is_checked(Clip.model_validate(told), film)

    assert stands()
    assert stands(None)  # nothing is cut yet, and nothing can be seen
    assert stands(title="Waiting", sound="mute")
    other = {"from": 2, "to": 4, "box": (0.26, 0.5, 0.25, 0.25), "covers": "zoe"}
    changes: list[dict[str, Any]] = [
        {"start": "1.96"}, {"end": "4.04"}, {"masks": [other]}, {"masks": []},
        {"masks": [{**other, "box": BOX, "covers": "mum"}]}, {"film": "b" * 64},
        {"masks_checked": None},
    ]  # fmt: skip
    for change in changes:
        assert not stands(**change), change


# --- What follows for consent ---------------------------------------------------------------------


def cut(context: CycleContext) -> CycleContext:
    """Returns a cycle as if it was cut from a film."""
    import dataclasses

    film = FilmRecord(file="film.mp4", sha256=FILM, bytes=1)
    return dataclasses.replace(context, manifest=Manifest(film=film, tools={}))


def sit_with(family: Path, cycle: str, case: str = COUSIN, *, checked: bool = True) -> CycleContext:
    (family / "case.yaml").write_text(case, "utf-8")
    path = family / "cycle-1" / "cycle.yaml"
    path.write_text(cycle, "utf-8")
    if checked:
        of = seal_masks(open_first(family).cycle.clips[0], FILM)
        told = f"    masks_checked: {{date: 2026-09-20, of: {of}}}\n"
        path.write_text(cycle.replace("    title: Waiting", f"{told}    title: Waiting"), "utf-8")
    return cut(open_first(family))


def allowed(context: CycleContext, use: Use) -> tuple[bool, bool]:
    """Returns whether the first clip may be used so, and its still."""
    clip = context.cycle.clips[0]
    both = (context.may_show(use, clip), context.may_show(use, clip, clip.stills[0]))
    return bool(both[0]), bool(both[1])


WHOLE = with_masks(mask_line(2, 4))
MUTE = with_masks(mask_line(2, 4), more="    sound: mute\n")


def test_somebody_not_asked_may_be_in_a_still_with_a_covered_face(family: Path) -> None:
    """In the clip her voice is heard, unless it has no sound."""
    assert allowed(sit_with(family, WHOLE), "take-home") == (False, True)
    assert allowed(sit_with(family, MUTE), "take-home") == (True, True)
    assert allowed(sit_with(family, with_masks(mask_line(2, 2.9))), "take-home") == (False, False)


def test_nobody_is_covered_until_somebody_has_watched_it(family: Path) -> None:
    assert allowed(sit_with(family, MUTE, checked=False), "take-home") == (False, False)


@pytest.mark.parametrize("use", ["supervision", "training", "show-others", "own-copy", "research"])
def test_a_covered_face_is_not_for_strangers(family: Path, use: Use) -> None:
    everybody = COUSIN.replace("take-home]", f"take-home, {use}]")
    assert allowed(sit_with(family, MUTE, everybody), use) == (False, False)


@pytest.mark.parametrize(
    "row",
    [
        "uses: [take-home], answer: no",
        "uses: [take-home], withdrawn: 2026-09-05",
        "uses: [take-home], until: 2026-09-05",
    ],
)
def test_a_no_stands_whatever_is_covered(family: Path, row: str) -> None:
    said = f"  - {{person: zoe, {row}, given_by: her father, authority: x, date: 2026-09-02}}\n"
    case = COUSIN.replace("consents:\n", "consents:\n" + said)
    assert allowed(sit_with(family, MUTE, case), "take-home") == (False, False)


def test_being_filmed_needs_a_yes_of_everybody(family: Path) -> None:
    case = COUSIN.replace("zoe, uses: [filming]", "zoe, uses: [own-copy]")
    assert allowed(sit_with(family, MUTE, case), "take-home") == (False, False)
    assert "Zoe: not asked about being filmed" in str(list_withheld(open_first(family))[0])


def test_who_is_covered_was_filmed_though_no_list_says_so(family: Path) -> None:
    case = COUSIN.replace("zoe, uses: [filming]", "zoe, uses: [own-copy]")
    forgotten = MUTE.replace("in_shot: [child, mum, zoe]", "in_shot: [child, mum]")
    assert allowed(sit_with(family, forgotten, case), "take-home") == (False, False)
    assert allowed(sit_with(family, forgotten), "take-home") == (True, True)


def test_check_says_what_is_not_watched_and_whose_face_decides(family: Path) -> None:
    def says(context: CycleContext) -> list[str]:
        return [one.found for one in list_warnings(context) if "masks" in (one.field or "")]

    unwatched = sit_with(family, WHOLE, checked=False)
    assert says(unwatched) == ["nobody has watched the covered clip through yet"]
    withheld = [one.found for one in list_withheld(unwatched)]
    assert "not on the family's page: Zoe: not asked about the printed page" in withheld
    watched = sit_with(family, WHOLE)
    assert says(watched) == [
        "Zoe may be shown here only because of a covered face; "
        "voices and bodies can still be recognised"
    ]
    assert [one.field for one in list_withheld(watched) if "page" in one.found] == ["clips[1]"]
    path = family / "cycle-1" / "cycle.yaml"
    path.write_text(path.read_text("utf-8").replace("[0.25, 0.5,", "[0.2, 0.5,"), "utf-8")
    assert says(cut(open_first(family))) == [
        "was changed since somebody watched the covered clip through"
    ]


def test_a_mask_over_somebody_unknown_is_told_where_it_stands(family: Path) -> None:
    with pytest.raises(CaseError, match=r"masks\[0\].covers: there is nobody 'zoey'.*'zoe'"):
        sit_with(family, with_masks(mask_line(2, 4, "zoey")), checked=False)


# --- Steps --------------------------------------------------------------------------------------

COMMENTED = """\
cycle: 1
in_shot: [child, mum]
clips:
  - id: clip-1
    start: 00:00:02.000
    end: 00:00:04.000
    masks:   # her cousin
      # by the window
      - {from: 00:00:02.000, to: 00:00:04.000, box: [0.1, 0.1, 0.2, 0.2]}   # still there
    masks_checked: {date: 2026-09-20, of: 0123456789ab-0123456789ab}
  # The second.
  - id: clip-2
    start: 00:00:06.000
    end: 00:00:07.000
"""


def test_boxes_are_added_moved_and_taken_away_with_comments_kept(family: Path) -> None:
    bench = Bench(family, COMMENTED)
    bench.do("add-masks", clip="clip-1", masks=[{"box": [0.5, 0.5, 0.1, 0.10004]}])
    checked = "    masks_checked: {date: 2026-09-20, of: 0123456789ab-0123456789ab}\n"
    line = "      - {from: 00:00:02.000, to: 00:00:04.000, box: [0.5, 0.5, 0.1, 0.1]}\n"
    added = COMMENTED.replace(checked, line)
    assert bench.text == added
    bench.do("set-masks", clip="clip-1", masks=[2], set={"to": "3.2", "covers": "mum"})
    changed = added.replace(line, line.replace("04.000", "03.200").replace("]}", "], covers: mum}"))
    assert bench.text == changed
    bench.do("delete-masks", clip="clip-1", masks=[2])
    assert bench.text == COMMENTED.replace(checked, "")
    bench.do("delete-masks", clip="clip-1", masks=[1])
    assert open_first(family).cycle.clips[0].masks == ()
    assert "  # The second.\n  - id: clip-2\n" in bench.text
    for _ in range(4):
        bench.do("undo")
    assert bench.text == COMMENTED


def test_boxes_of_a_found_face_are_one_step(family: Path) -> None:
    bench = Bench(family)
    masks = [
        {"from": f"00:00:0{2 + n}.000", "to": f"00:00:0{3 + n}.000", "box": [0, 0, 0.2, 0.2]}
        for n in range(2)
    ]
    before = bench.text
    bench.do("add-masks", clip="clip-1", masks=masks)
    assert [one.end.format() for one in open_first(family).cycle.clips[0].masks] == [
        "00:00:03.000", "00:00:04.000",
    ]  # fmt: skip
    bench.do("undo")
    assert bench.text == before


def test_a_box_at_the_clips_edge_goes_along_when_the_clip_grows(family: Path) -> None:
    """Whoever makes a clip longer does not mean to show a face; one in the middle stays."""
    bench = Bench(family)
    middle = {"from": "2.4", "to": "3.2", "box": [0, 0, 0.2, 0.2]}
    bench.do("add-masks", clip="clip-1", masks=[{"box": [0.5, 0.5, 0.2, 0.2]}, middle])
    bench.do("set-clip", clip="clip-1", field="end", value="5")
    bench.do("set-clip", clip="clip-1", field="start", value="1.2")
    spans = [
        (one.start.format(), one.end.format()) for one in open_first(family).cycle.clips[0].masks
    ]
    assert spans == [("00:00:01.200", "00:00:05.000"), ("00:00:02.400", "00:00:03.200")]
    bench.do("set-clip", clip="clip-1", field="end", value="4")  # a shorter one needs nothing
    assert open_first(family).cycle.clips[0].masks[0].end.format() == "00:00:05.000"


@pytest.mark.parametrize(
    ("step", "says"),
    [
        ({"do": "set-masks", "masks": [2], "set": {}}, "that box is not there any more"),
        ({"do": "delete-masks", "masks": [0]}, "that box is not there any more"),
        ({"do": "set-masks", "masks": [1], "set": {"to": "1"}}, "would cover nothing"),
        ({"do": "set-masks", "masks": [1], "set": {"covers": "dad"}}, "nobody 'dad'"),
        ({"do": "add-masks", "masks": [{"box": [0, 0, 1, 1]}] * 301}, "so many boxes and no more"),
        ({"do": "check-masks"}, "not cut yet"),
    ],
)
def test_a_step_that_cannot_be_done_says_why(family: Path, step: dict[str, Any], says: str) -> None:
    bench = Bench(family)
    bench.do("add-masks", clip="clip-1", masks=[{"box": [0.5, 0.5, 0.2, 0.2]}])
    before = bench.text
    with pytest.raises(UsageError, match=says):
        bench.do(step.pop("do"), clip="clip-1", **step)
    assert bench.text == before


def test_a_box_drawn_over_the_edge_is_cut_at_it(family: Path) -> None:
    bench = Bench(family)
    bench.do("add-masks", clip="clip-1", masks=[{"box": [-0.2, 0.9, 0.5, 0.4]}])
    assert open_first(family).cycle.clips[0].masks[0].box == (0, 0.9, 0.3, 0.1)


# --- In the pixels --------------------------------------------------------------------------------


def covered_in(clip: Path) -> tuple[list[int], list[int]]:
    """Returns the numbers that a clip's frames tell, all and of those that are covered."""
    with av.open(str(clip)) as container:
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    numbers = [read_number(picture) for picture in pictures]
    return numbers, [n for n, one in zip(numbers, pictures, strict=True) if is_covered(one)]


@pytest.mark.parametrize("how", ["slow", "original", "anamorphic"])
def test_a_box_is_solid_in_every_frame_of_its_time(tmp_path: Path, how: str) -> None:
    film = draw_film(tmp_path / "drawn.mp4", seconds=4, size=(240, 136))
    if how == "anamorphic":
        source = film.rename(tmp_path / "square.mp4")
        run_ffmpeg("-i", source, "-vf", "setsar=4/3", "-c:a", "copy", film)
    ways: dict[str, dict[str, Any]] = {"slow": {"slow": True}, "original": {"quality": "original"}}
    more = ways.get(how, {})
    mask = {"from": 1.4, "to": 2.2, "box": BOX}
    built = build(film, tmp_path / "media", clip_of(1, 3, 1.2, 1.4, 2.2, 2.6, masks=[mask], **more))
    numbers, covered = covered_in(tmp_path / "media" / "clip-1.mp4")
    times = 2 if how == "slow" else 1
    assert sorted(numbers) == sorted(list(range(25, 75)) * times)
    # Each that is on screen from 1.4 to 2.2 s, and none beyond but a frame on either side.
    due = [number for number in numbers if 35 <= number <= 55]
    assert len(due) == 21 * times
    assert [number for number in covered if 35 <= number <= 55] == due
    assert set(covered) <= set(range(34, 57))
    stills = [tmp_path / "media" / f"clip-1-{number}.jpg" for number in range(1, 5)]
    pictures = [np.asarray(Image.open(one)) for one in stills]
    assert [is_covered(one) for one in pictures] == [False, True, True, False]
    told = [one.found for one in built.warnings]
    assert any("part of its picture is covered" in one for one in told) == (how == "original")


# --- Nowhere in what leaves -----------------------------------------------------------------------


def test_what_was_cut_bare_is_gone_everywhere_once_it_is_covered(
    built_family: Path, vigbook: Run, tmp_path: Path
) -> None:
    """Media, papers, those papers that were asked for once and are not usual, and the archive."""
    cycle, case = built_family / "cycle-1", built_family / "case.yaml"
    case.write_text(case.read_text("utf-8").replace("take-home]", "take-home, service-record]"))
    still, clip = cycle / "media" / "clip-1-1.jpg", cycle / "media" / "clip-1.mp4"
    vigbook("print", built_family, "--only", "take-home", "--size", "large")
    bare = {sha256_of(still), sha256_of(clip)}
    papers = sorted((cycle / "print").glob("take-home*.pdf"))
    assert all(pictures_in(one) & bare for one in papers)
    assert len(papers) == 4
    box = "    masks:\n      - {from: 2, to: 4, box: [0.25, 0.5, 0.25, 0.25], covers: mum}\n"
    path = cycle / "cycle.yaml"
    path.write_text(path.read_text("utf-8").replace("    title: Wait", box + "    title: Wait"))
    # Until it is cut anew, the bare one is not shown when looking together.
    context = open_first(built_family)
    words = load_words(find_templates(), "en")
    shown = [describe_clip(context, one, words)["source"] for one in context.cycle.clips]
    assert [one is not None for one in shown] == [False, True]
    # Even where nothing can be cut: the film is away.
    away = (cycle / "film.mp4").rename(tmp_path / "film.mp4")
    done = vigbook("build", built_family)
    assert done.returncode == 1
    assert [one.name for one in papers if one.exists()] == []
    assert not still.exists()
    assert not clip.exists()
    assert "was deleted: it held a picture that may no longer be shown" in done.stderr
    away.rename(cycle / "film.mp4")
    done = vigbook("build", built_family, "--json")
    assert done.returncode == 0, done.stderr
    warned = [one["found"] for one in json.loads(done.stdout)[0]["warnings"]]
    assert "nobody has watched the covered clip through yet" in warned
    assert covered_in(clip) == (list(range(50, 100)), list(range(50, 100)))
    assert is_covered(np.asarray(Image.open(still)))
    assert [sha256_of(still) in pictures_in(one) for one in papers] == [True] * 4
    record = text_of(cycle / "print" / "record.pdf")
    assert "Sam's face was covered. Nobody has confirmed yet" in record
    bag = tmp_path / "bags"
    assert vigbook("archive", built_family, "--to", bag).returncode == 0
    kept = {one.name: sha256_of(one) for one in bag.rglob("*.*") if one.suffix in (".jpg", ".mp4")}
    assert set(kept) == {"clip-1-1.jpg", "clip-2-1.jpg"}
    assert kept["clip-1-1.jpg"] == sha256_of(still)
    left = [*bag.rglob("*"), *(one for one in cycle.rglob("*") if one.name != "film.mp4")]
    assert bare & {sha256_of(one) for one in left if one.is_file()} == set()
