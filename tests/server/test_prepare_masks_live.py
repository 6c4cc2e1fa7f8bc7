"""Covering a face in a real browser: by mouse, finger and keys, and confirmed by who watched it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from choosing_page import (
    DAY,
    check_usable_by_everybody,
    cycle_of,
    go,
    open_page,
    press_and_save,
    put_workbook,
)
from cutting import is_covered
from families import CASE, COUSIN, CYCLE, run_vigbook, write_family
from films import ASTRONAUTS_FACE, draw_face_film, draw_film, run_ffmpeg
from live import page_of, serving, wait_until
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from vigbook.case.models import Clip, Mask

# A film held upright: the picture has bars on both sides of it on the screen.
PORTRAIT = (270, 480)


@pytest.fixture
def portrait(tmp_path: Path) -> Path:
    """A family whose film was taken with a phone held upright, and turned by its player."""
    lying = draw_film(tmp_path / "lying.mp4", seconds=8, size=(480, 270))
    film = tmp_path / "portrait.mp4"
    run_ffmpeg("-display_rotation", "90", "-i", lying, "-c", "copy", film)
    return put_workbook(write_family(tmp_path / "cases" / "wren", film, COUSIN, CYCLE))


@pytest.fixture
def finger(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page on a tablet."""
    tablet = {"has_touch": True, "viewport": {"width": 1024, "height": 768}}
    with page_of(browser, request.node.name, **tablet) as opened:
        yield opened


def clip_of(family: Path, number: int = 1) -> Clip:
    return cycle_of(family).clips[number - 1]


def masks_of(family: Path) -> tuple[Mask, ...]:
    return clip_of(family).masks


def begin(page: Page) -> None:
    """Chooses the first clip, and unfolds what covers."""
    page.get_by_role("button", name="1. Waiting for Mia").click()
    expect(page.locator("#clock")).to_have_text("00:00:02.000")
    page.locator("#covering > summary").click()


def on_screen(page: Page, x: float, y: float, size: tuple[int, int]) -> tuple[float, float]:
    """Returns where a point of the picture lies on the page, as a person would see it."""
    rim = page.locator("#video").bounding_box()
    assert rim is not None
    scale = min(rim["width"] / size[0], rim["height"] / size[1])
    left = rim["x"] + (rim["width"] - size[0] * scale) / 2
    top = rim["y"] + (rim["height"] - size[1] * scale) / 2
    return left + x * size[0] * scale, top + y * size[1] * scale


def drag(page: Page, *points: tuple[float, float]) -> None:
    """Drags with the mouse over the picture of a portrait film."""
    places = [on_screen(page, *point, PORTRAIT) for point in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=4)
    page.mouse.up()


def touch(page: Page, *points: tuple[float, float]) -> None:
    """Draws with a finger over the picture of a film that lies."""
    places = [on_screen(page, *point, (480, 270)) for point in points]
    steps = [("touchStart", places[0]), *(("touchMove", one) for one in places[1:])]
    hand = page.context.new_cdp_session(page)
    for kind, (x, y) in steps:
        told = {"type": kind, "touchPoints": [{"x": x, "y": y}]}
        hand.send("Input.dispatchTouchEvent", told)
    hand.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def wait_for_boxes(family: Path, *boxes: tuple[float, float, float, float]) -> None:
    wait_until(lambda: len(masks_of(family)) == len(boxes))
    near = [pytest.approx(box, abs=0.006) for box in boxes]
    wait_until(lambda: [one.box for one in masks_of(family)] == near)


def test_a_face_is_covered_by_hand_and_confirmed_by_who_watched_it(
    page: Page, portrait: Path
) -> None:
    path = portrait / "cycle-1" / "cycle.yaml"
    before = path.read_text("utf-8")
    with serving(portrait, *DAY, command="prepare") as server:
        open_page(page, server)
        begin(page)
        page.get_by_role("button", name="Draw a box").click()
        drag(page, (0.25, 0.5), (0.5, 0.75))
        wait_for_boxes(portrait, (0.25, 0.5, 0.25, 0.25))
        (mask,) = masks_of(portrait)
        assert (mask.start.format(), mask.end.format()) == ("00:00:02.000", "00:00:04.000")
        box = page.locator(".mask-box")
        rim = box.bounding_box()
        assert rim is not None
        assert (rim["x"], rim["y"]) == pytest.approx(on_screen(page, 0.25, 0.5, PORTRAIT), abs=2)
        # Moved by its middle, made smaller by a corner, moved and made larger by keys.
        drag(page, (0.375, 0.625), (0.475, 0.525))
        wait_for_boxes(portrait, (0.35, 0.4, 0.25, 0.25))
        drag(page, (0.595, 0.645), (0.495, 0.545))
        wait_for_boxes(portrait, (0.35, 0.4, 0.15, 0.15))
        expect(box).to_be_focused()
        for key in ("ArrowLeft", "ArrowUp", "Shift+ArrowRight", "Shift+ArrowDown"):
            page.keyboard.press(key)
        wait_for_boxes(portrait, (0.34, 0.39, 0.16, 0.16))
        for _ in range(3):
            press_and_save(page, "Control+z")
        wait_for_boxes(portrait, (0.25, 0.5, 0.25, 0.25))
        check_usable_by_everybody(page)
        # For part of the clip; it is on the picture just then, and solid while it plays.
        page.keyboard.press("l")
        expect(box).to_be_hidden()
        go(page, "00:00:03.000")
        page.get_by_role("button", name="From here: Box 1").click()
        wait_until(lambda: masks_of(portrait)[0].start.format() == "00:00:03.000")
        expect(box).to_be_visible()
        page.keyboard.press("Comma")
        expect(page.locator("#clock")).to_have_text("00:00:02.960")
        expect(box).to_be_hidden()
        page.get_by_role("button", name="Whole clip: Box 1").click()
        wait_until(lambda: masks_of(portrait)[0].start.format() == "00:00:02.000")
        page.get_by_label("Whose face it is").select_option("zoe")
        wait_until(lambda: masks_of(portrait)[0].covers == "zoe")
        page.keyboard.press("p")
        expect(page.locator("#play")).to_have_text("Pause")
        assert box.evaluate("one => getComputedStyle(one).opacity") == "1"
        # Confirmed, once it is cut and was watched to its end.
        expect(page.locator("#watch")).to_be_enabled()
        page.locator("#watch").click()
        expect(page.locator("#watcher")).to_contain_text(
            "voices and bodies can still be recognised"
        )
        expect(page.locator("#confirm")).to_be_disabled()
        check_usable_by_everybody(page)
        video = page.locator("#watcher video")
        video.evaluate("one => { one.currentTime = one.duration - 0.2; return one.play(); }")
        wait_until(lambda: video.evaluate("one => one.ended"))
        expect(page.locator("#confirm")).to_be_disabled()  # the rest of it was not watched
        video.evaluate("one => { one.currentTime = 0; return one.play(); }")
        expect(page.locator("#confirm")).to_be_enabled()
        page.locator("#confirm").click()
        expect(page.locator("#confirmed")).to_contain_text("Somebody has watched")
        checked = clip_of(portrait).masks_checked
        assert checked is not None
        assert str(checked.date) == DAY[1]
        done = run_vigbook("check", portrait)
        assert "nobody has watched" not in done.stdout + done.stderr
        assert "Zoe may be shown here only because of a covered face" in done.stdout + done.stderr
        # And void as soon as the box is elsewhere.
        page.keyboard.press("Escape")
        box.focus()
        page.keyboard.press("ArrowLeft")
        expect(page.locator("#covering-title")).to_contain_text("not confirmed yet")
        assert clip_of(portrait).masks_checked is None
        page.keyboard.press("Delete")
        wait_until(lambda: masks_of(portrait) == ())
        expect(page.locator("#draw-box")).to_be_focused()
    assert path.read_text("utf-8") == before


def test_a_found_face_is_covered_when_a_person_ticks_it(finger: Page, tmp_path: Path) -> None:
    """On a tablet; and a finger draws a box as well."""
    page = finger
    places = [(60 + number, 60) for number in range(188)]
    film = draw_face_film(tmp_path / "face.mp4", places)
    family = put_workbook(write_family(tmp_path / "cases" / "wren", film, CASE, CYCLE))
    still = family / "cycle-1" / "media" / "clip-1-1.jpg"
    with serving(family, *DAY, command="prepare") as server:
        open_page(page, server)
        begin(page)
        page.get_by_role("button", name="Look for faces").tap()
        expect(page.locator(".face")).to_have_count(1)
        picture = page.locator(".face img")
        expect(picture).to_have_js_property("complete", True)
        assert picture.evaluate("one => one.naturalWidth") > 40
        check_usable_by_everybody(page)
        # Nothing by itself.
        expect(page.locator("#cover-faces")).to_be_disabled()
        expect(page.locator(".face input")).not_to_be_checked()
        assert masks_of(family) == ()
        page.get_by_label(re.compile("Cover this face")).check()
        page.locator("#face-of-0").select_option("child")
        page.locator("#cover-faces").tap()
        wait_until(lambda: masks_of(family) != ())
        found = masks_of(family)
        assert {one.covers for one in found} == {"child"}
        expect(page.locator(".face")).to_have_count(0)
        expect(page.locator("#watch")).to_be_enabled()
        left, top = places[75]
        edges = [side + (left, top)[n % 2] for n, side in enumerate(ASTRONAUTS_FACE)]
        box = (edges[0] / 480, edges[1] / 270, 51 / 480, 66 / 270)
        assert is_covered(np.asarray(Image.open(still)), box)
        page.get_by_role("button", name="Draw a box").tap()
        touch(page, (0.7, 0.1), (0.75, 0.2), (0.9, 0.3))
        wait_for_boxes(family, *(one.box for one in found), (0.7, 0.1, 0.2, 0.2))
        touch(page, (0.8, 0.2), (0.75, 0.3), (0.7, 0.5))
        wait_for_boxes(family, *(one.box for one in found), (0.6, 0.4, 0.2, 0.2))
        assert page.evaluate("document.documentElement.scrollWidth") <= 1024
        tall = page.locator("#covering").evaluate(  # at once: the list may be drawn anew meanwhile
            """all => [...all.querySelectorAll("button, select")]
                .filter((one) => one.checkVisibility())
                .map((one) => one.getBoundingClientRect().height)"""
        )
        assert min(tall) >= 44
        # A clip that was cut before a box was changed by hand is shown to nobody meanwhile.
        expect(page.locator("#watch")).to_be_enabled()
        clip = server.url("vigbook/media/cycle-1/clip-1.mp4")
        assert page.context.request.get(clip).status == 200
        path = family / "cycle-1" / "cycle.yaml"
        path.write_text(path.read_text("utf-8").replace("[0.6, 0.4,", "[0.5, 0.4,"), "utf-8")
        assert page.context.request.get(clip).status == 404
