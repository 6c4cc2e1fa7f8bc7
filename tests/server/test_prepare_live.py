"""Choosing clips in a real browser, on the real server: by keys alone, and exact to the frame."""

from __future__ import annotations

import hashlib
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from choosing_page import (
    DAY,
    bytes_of,
    check_usable_by_everybody,
    cycle_of,
    end,
    go,
    on_screen,
    open_page,
    press_and_save,
    put_workbook,
    saved,
)
from families import CASE, CYCLE, run_vigbook, write_family
from films import draw_film, read_number, run_ffmpeg
from live import PATIENCE_MS, free_port, serving, start_server, wait_until
from PIL import Image
from playwright.sync_api import Page, expect

expect.set_options(timeout=PATIENCE_MS)
NO_CLIPS = CYCLE.partition("clips:")[0] + "clips: []\nnext: {date: 2026-11-28}\n"


@pytest.fixture
def family(family: Path) -> Path:
    """The family with a workbook that was not run: else each server would run it first."""
    return put_workbook(family)


def test_a_clip_is_marked_and_told_by_keys_alone(page: Page, family: Path) -> None:
    (family / "cycle-1" / "cycle.yaml").write_text("# Jo's.\n" + NO_CLIPS, "utf-8")
    with serving(family, *DAY, command="prepare") as server:
        open_page(page, server)
        go(page, "00:00:03.000")
        page.keyboard.press("Period")
        page.keyboard.press("Period")
        expect(page.locator("#clock")).to_have_text("00:00:03.080")
        on_screen(page, 77)
        page.keyboard.press("Comma")
        expect(page.locator("#clock")).to_have_text("00:00:03.040")
        on_screen(page, 76)
        page.keyboard.press("i")
        expect(page.locator("#hint")).to_contain_text("starts at 00:00:03.040")
        for _ in range(3):
            page.keyboard.press("Shift+Period")
        expect(page.locator("#clock")).to_have_text("00:00:06.040")
        press_and_save(page, "o")
        # On to the form, by Tab; each answer is saved as the field is left.
        page.locator("#more-end").focus()
        press_and_save(page, "Enter")
        expect(page.locator("#f-end")).to_have_text("00:00:06.080")
        page.keyboard.press("Tab")
        page.keyboard.type("Mia's turn: #1")
        press_and_save(page, "Tab")
        page.keyboard.type("What do you see?")
        press_and_save(page, "Tab")
        page.keyboard.press("Tab")
        press_and_save(page, "ArrowDown")
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        press_and_save(page, "Space")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        press_and_save(page, "Space")
        expect(page.locator("#f-principles")).to_have_text("What can be seen: being attentive")
        clip = cycle_of(family).clips[0]
        assert (clip.id, clip.title, clip.question) == (
            "clip-1", "Mia's turn: #1", "What do you see?",
        )  # fmt: skip
        assert (clip.start.format(), clip.end.format()) == ("00:00:03.040", "00:00:06.080")
        assert (clip.initiative, clip.in_shot) == ("child", ("child",))
        assert [(one.id, one.by) for one in clip.principles] == [("attentive", "child")]
        check_usable_by_everybody(page)
        text = (family / "cycle-1" / "cycle.yaml").read_text("utf-8")
        assert text.startswith("# Jo's.\ncycle: 1\n")
    done = run_vigbook("check", family)
    assert done.returncode == 0, done.stderr


def test_the_still_on_screen_is_the_one_that_a_build_writes(page: Page, family: Path) -> None:
    mask = "    masks: [{from: 6.5, to: 8, box: [0.5, 0.5, 0.25, 0.25]}]\n"
    masked = CYCLE.replace("    title: The spoon\n", "    title: The spoon\n" + mask)
    (family / "cycle-1" / "cycle.yaml").write_text(masked, "utf-8")
    with serving(family, *DAY, command="prepare") as server:
        open_page(page, server)
        page.get_by_role("button", name="1. Waiting for Mia").click()
        expect(page.locator("#clock")).to_have_text("00:00:02.000")
        page.keyboard.press("j")  # to the beginning, out of the clip
        page.keyboard.press("s")
        expect(page.locator("#trouble")).to_have_text(re.compile("Mark a clip around it first"))
        for _ in range(3):
            page.keyboard.press("Shift+Period")
        expect(page.locator("#clock")).to_have_text("00:00:03.000")
        page.keyboard.press("Period")
        expect(page.locator("#clock")).to_have_text("00:00:03.040")
        page.keyboard.press("s")
        offered = page.locator("#beside input")
        expect(offered).to_have_count(7)
        assert offered.evaluate_all("all => all.map((one) => one.value.slice(6))") == [
            "02.920", "02.960", "03.000", "03.040", "03.080", "03.120", "03.160",
        ]  # fmt: skip
        check_usable_by_everybody(page)
        page.keyboard.press("ArrowRight")
        shown = bytes_of(page, page.locator("#picked"))
        page.locator("#keep-still").focus()
        press_and_save(page, "Enter")
        # Where it is told to somebody who cannot see it, which is where one types next.
        expect(page.locator("#f-alt-2")).to_be_focused()
        page.keyboard.type("Sam leans in.")
        saved_still = bytes_of(page, page.locator("[data-still='2']"))
        press_and_save(page, "Tab")
        page.get_by_role("button", name="2. The spoon").click()
        covered = bytes_of(page, page.locator("[data-still='1']"))
        expect(page.locator("#working")).to_have_text("All clips are cut.")
    stills = cycle_of(family).clips[0].stills
    assert [(one.at.format(), one.alt) for one in stills] == [
        ("00:00:03.000", "Mia reaches up and Sam leans in."),
        ("00:00:03.080", "Sam leans in."),
    ]
    written = (family / "cycle-1" / "media" / "clip-1-2.jpg").read_bytes()
    assert shown == saved_still == written
    assert covered == (family / "cycle-1" / "media" / "clip-2-1.jpg").read_bytes()
    assert read_number(np.asarray(Image.open(io.BytesIO(shown)))) == 77


def test_order_deleting_and_undo(page: Page, family: Path) -> None:
    before = (family / "cycle-1" / "cycle.yaml").read_text("utf-8")

    def ids() -> list[str]:
        return [clip.id for clip in cycle_of(family).clips]

    with serving(family, *DAY, command="prepare") as server:
        open_page(page, server)
        first = page.get_by_role("button", name="1. Waiting for Mia")
        first.focus()
        press_and_save(page, "Alt+ArrowDown")
        assert ids() == ["clip-2", "clip-1"]
        expect(page.get_by_role("button", name="2. Waiting for Mia")).to_be_focused()
        page.get_by_role("button", name="Move up: Waiting for Mia").click()
        wait_until(lambda: ids() == ["clip-1", "clip-2"])
        rows = page.locator("#list li")
        expect(rows.nth(0)).to_contain_text("Waiting for Mia")  # the list is drawn anew
        expect(page.get_by_role("button", name="Undo")).to_be_enabled()
        rows.nth(1).drag_to(rows.nth(0))
        wait_until(lambda: ids() == ["clip-2", "clip-1"])
        page.get_by_role("button", name="Delete: The spoon").click()
        expect(rows).to_have_count(1)
        assert ids() == ["clip-1"]
        for _ in range(4):
            press_and_save(page, "Control+z")
        assert (family / "cycle-1" / "cycle.yaml").read_text("utf-8") == before
        expect(page.locator("#undo")).to_be_disabled()
        press_and_save(page, "Control+Shift+z")
        assert ids() == ["clip-2", "clip-1"]
        # A mark that would leave a still outside is refused in words, and nothing changes.
        page.get_by_role("button", name="2. Waiting for Mia").click()
        expect(page.locator("#clock")).to_have_text("00:00:02.000")
        page.keyboard.press("Shift+Period")
        page.keyboard.press("Period")
        expect(page.locator("#clock")).to_have_text("00:00:03.040")
        page.keyboard.press("i")
        expect(page.locator("#trouble")).to_have_text(re.compile("still at 00:00:03.000 would lie"))
        assert cycle_of(family).clips[1].start.format() == "00:00:02.000"


def test_what_another_program_wrote_is_shown_and_kept(page: Page, family: Path) -> None:
    path = family / "cycle-1" / "cycle.yaml"
    with serving(family, *DAY, command="prepare") as server:
        open_page(page, server)
        page.get_by_role("button", name="2. The spoon").click()
        page.locator("#f-title").fill("The red spoon")
        theirs = path.read_text("utf-8").replace("Waiting for Mia", "Mia waits")
        path.write_text(theirs, "utf-8")
        page.locator("#f-title").press("Tab")
        expect(page.locator("#trouble")).to_have_text(re.compile("changed in another program"))
        expect(page.get_by_role("button", name="1. Mia waits")).to_be_visible()
        assert path.read_text("utf-8") == theirs
        # What is wrong in it meanwhile is told, and goes when it is mended.
        path.write_text(theirs + "oops\n", "utf-8")
        expect(page.locator("#trouble")).to_have_text(re.compile("is not YAML"))


def test_what_was_typed_while_the_server_was_away_is_saved_when_it_is_back(
    page: Page, family: Path
) -> None:
    port = free_port()
    server = start_server(family, port, *DAY, command="prepare")
    try:
        open_page(page, server)
        page.get_by_role("button", name="2. The spoon").click()
        end(server)
        page.locator("#f-title").fill("The red spoon")
        page.locator("#f-title").press("Tab")
        expect(page.locator("#saved")).to_have_text("Not saved yet")
        expect(page.locator("#trouble")).to_have_text(re.compile("does not answer"))
        server = start_server(family, port, *DAY, command="prepare")
        # As a person would: the new address, in a tab beside.
        page.context.new_page().goto(server.address)
        wait_until(lambda: cycle_of(family).clips[1].title == "The red spoon")
        saved(page)
    finally:
        end(server)


def test_what_was_cut_in_the_background_is_not_cut_again(page: Page, family: Path) -> None:
    with serving(family, *DAY, command="prepare") as server:
        open_page(page, server)
        expect(page.locator("#working")).to_have_text("All clips are cut.")
        go(page, "00:00:09.000")
        page.keyboard.press("i")
        go(page, "00:00:11.000")
        press_and_save(page, "o")
        expect(page.locator("#working")).not_to_have_text("All clips are cut.")
        expect(page.locator("#working")).to_have_text("All clips are cut.")
    media = family / "cycle-1" / "media"
    cut = {path.name: path.stat().st_mtime_ns for path in media.iterdir() if path.is_file()}
    assert {"clip-1.mp4", "clip-2.mp4", "clip-3.mp4", "clip-1-1.jpg"} <= set(cut)
    done = run_vigbook("build", family, "--json")
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)[0]["made"]
    assert [one for one in made if "/media/" in one] == []
    assert cut == {p.name: p.stat().st_mtime_ns for p in media.iterdir() if p.is_file()}


def test_a_phone_film_that_browsers_cannot_play(page: Page, tmp_path: Path) -> None:
    film = draw_film(tmp_path / "drawn.mp4", seconds=6)
    family = write_family(tmp_path / "cases" / "wren", film, CASE,
                          NO_CLIPS.replace("film.mp4", "IMG 1.MOV"))  # fmt: skip
    (put_workbook(family) / "cycle-1" / "film.mp4").unlink()
    run_ffmpeg("-i", film, "-c:v", "libx265", "-preset", "ultrafast", "-crf", "20",
               "-x265-params", "log-level=error", "-tag:v", "hvc1", "-c:a", "copy",
               family / "cycle-1" / "IMG 1.MOV")  # fmt: skip
    with serving(family, *DAY, command="prepare") as server:
        open_page(page, server)
        expect(page.locator("#video")).to_have_attribute("src", re.compile("proxy"))
        go(page, "00:00:02.000")
        page.keyboard.press("Period")
        on_screen(page, 51)
        page.keyboard.press("i")
        go(page, "00:00:04.000")
        press_and_save(page, "o")
        page.keyboard.press("r")  # from a second before its start
        expect(page.locator("#play")).to_have_text("Pause")
        page.keyboard.press("Space")
        go(page, "00:00:03.000")
        page.keyboard.press("s")
        expect(page.locator("#beside input")).to_have_count(7)
        shown = bytes_of(page, page.locator("#picked"))
        assert read_number(np.asarray(Image.open(io.BytesIO(shown)))) == 75
    assert cycle_of(family).clips[0].start.format() == "00:00:02.040"


def test_before_its_copy_is_made_a_film_is_scrubbed_by_pictures(page: Page, family: Path) -> None:
    """No copy can be made here, since a file is in its place; all but playing is possible."""
    film = family / "cycle-1" / "film.mp4"
    drawn = film.rename(film.with_name("drawn.mp4"))
    run_ffmpeg("-i", drawn, "-c:v", "mpeg4", "-q:v", "2", "-c:a", "copy", film)
    content = hashlib.sha256(film.read_bytes()).hexdigest()[:16]
    (family / "cycle-1" / "media" / "aids" / f"{content}-proxy.mp4").mkdir(parents=True)
    with serving(family, *DAY, command="prepare") as server:
        open_page(page, server)
        go(page, "00:00:09.000")
        on_screen(page, 225)
        page.keyboard.press("Period")
        on_screen(page, 226)
        page.keyboard.press("i")
        go(page, "00:00:10.000")
        press_and_save(page, "o")
        expect(page.locator("#play")).to_be_disabled()
        check_usable_by_everybody(page)
    assert cycle_of(family).clips[2].start.format() == "00:00:09.040"


def test_without_a_film_words_and_order_can_still_be_changed(page: Page, family: Path) -> None:
    (family / "cycle-1" / "film.mp4").rename(family / "kept.mp4")
    with serving(family, *DAY, command="prepare") as server:
        page.goto(server.address)
        expect(page.locator("#instead")).to_have_text(re.compile("There is no film at .*: copy"))
        page.get_by_role("button", name="2. The spoon").click()
        page.locator("#f-title").fill("The red spoon")
        press_and_save(page, "Tab")
        check_usable_by_everybody(page)
        assert cycle_of(family).clips[1].title == "The red spoon"
        # It is found as soon as it is back.
        (family / "kept.mp4").rename(family / "cycle-1" / "film.mp4")
        expect(page.locator("#take-still")).to_be_enabled()


def test_a_film_of_somebody_who_did_not_agree_is_not_shown(page: Page, family: Path) -> None:
    refused = CASE.replace("uses: [filming, shared-review, take-home]", "uses: [take-home]", 1)
    (family / "case.yaml").write_text(refused, "utf-8")
    with serving(family, *DAY, command="prepare") as server:
        page.goto(server.address)
        expect(page.locator("#instead")).to_have_text(re.compile("The film is not shown: .*Mia"))
        for name in ("film/cycle-1/film", "api/cycle-1/picture.jpg?at=1", "api/cycle-1/strip.jpg",
                     "api/cycle-1/still.jpg?at=3&clip=clip-1", "api/cycle-1/levels"):  # fmt: skip
            assert page.context.request.get(server.url(f"vigbook/{name}")).status == 404
        expect(page.locator("#working")).to_have_text(re.compile("Left out: .*Mia|There is no"))
    assert not (family / "cycle-1" / "media" / "clip-1.mp4").exists()


def test_it_fits_a_laptop_and_a_tablet_and_stays_on_this_machine(page: Page, family: Path) -> None:
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url))
    with serving(family, *DAY, command="prepare") as server:
        for name in ("prepare/cycle-1", "film/cycle-1/film", "api/cycle-1/prepare"):
            got = page.context.request.get(f"{server.base}vigbook/{name}", max_redirects=0)
            assert got.status in (302, 403)  # without the token
        open_page(page, server)
        for width in (1366, 1024):
            page.set_viewport_size({"width": width, "height": 768})
            page.get_by_role("button", name="1. Waiting for Mia").click()
            expect(page.locator("[data-still='1']")).to_be_visible()
            check_usable_by_everybody(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            # Large enough for a finger, and the marks in sight without scrolling.
            heights = page.locator("button:visible, summary:visible").evaluate_all(
                "all => all.map((one) => one.getBoundingClientRect().height)"
            )
            assert min(heights) >= 44
            page.evaluate("window.scrollTo(0, 0)")
            expect(page.locator("#mark-end")).to_be_in_viewport()
    assert [one for one in asked if not one.startswith((server.base, "data:"))] == []
