"""The clip's player, and looking together: each frame, each mark; the real server and Chromium."""

from __future__ import annotations

import itertools
import json
import re
import statistics
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from families import run_vigbook, write_family
from films import BITS, draw_uneven_film, frames_of
from live import Server, page_of, serving, wait_until
from playwright.sync_api import Browser, Locator, Page, expect

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
STEPS_MS = (40, 40, 17, 120, 33, 66)  # as phones film: no two frames alike
READ_NUMBER = """(video) => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  const paper = canvas.getContext("2d");
  paper.drawImage(video, 0, 0);
  const side = canvas.width / BITS;
  const isLit = (bit) => paper.getImageData((bit + 0.5) * side, side / 2, 1, 1).data[1] > 128;
  return Array.from({ length: BITS }, (_, bit) => isLit(bit) * 2 ** bit).reduce((a, b) => a + b);
}""".replace("BITS", str(BITS))


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built family whose film is uneven, and whose frames tell their numbers."""
    folder = tmp_path_factory.mktemp("player") / "cases" / "wren"
    stamps = [0]
    while stamps[-1] < 9000:
        stamps.append(stamps[-1] + STEPS_MS[len(stamps) % len(STEPS_MS)])
    film = draw_uneven_film(tmp_path_factory.mktemp("film") / "uneven.mp4", stamps)
    write_family(folder, film)
    done = run_vigbook("build", folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def server(family: Path) -> Iterator[Server]:
    """Its server."""
    with serving(family) as started:
        yield started


@pytest.fixture(scope="module")
def workbook(browser: Browser, server: Server) -> Iterator[Page]:
    """Its page."""
    with page_of(browser, "player") as page:
        page.goto(server.url("voila/render/cycle-1/workbook.ipynb"))
        for clip in ("clip-1", "clip-2"):
            player(page, clip).and_(page.locator("[data-ready]")).wait_for()
        page.locator('[data-prompt="take-home.checked"]').wait_for()
        yield page


def player(page: Page, clip: str = "clip-1") -> Locator:
    return page.locator(f'.vb-player[data-clip="{clip}"]')


def numbers_of(family: Path, start: int, end: int) -> list[int]:
    """Returns the numbers of the frames a clip holds; its marks are in milliseconds."""
    every = frames_of(family / "cycle-1" / "film.mp4")
    first = max(time for time, _ in every if time <= Fraction(start, 1000))
    return [number for time, number in every if first <= time < Fraction(end, 1000)]


def number_on(root: Locator, place: int) -> int:
    """Returns the number that the picture tells, once a place in the clip is shown."""
    video = root.locator("video")
    wait_until(
        lambda: (
            root.get_attribute("data-frame") == str(place)
            and video.evaluate("video => !video.seeking && video.readyState > 1")
        )
    )
    return int(video.evaluate(READ_NUMBER))


def marks(family: Path, clip: str) -> list[list[dict[str, str]]]:
    journal = family / "cycle-1" / "answers.jsonl"
    text = journal.read_text("utf-8") if journal.is_file() else ""
    every = [json.loads(line) for line in text.splitlines()]
    return [line["value"] for line in every if line["prompt"] == f"{clip}.marks"]


def violations(page: Page) -> list[str]:
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": WCAG}})
    return [
        f"{one['id']}: {[node['target'] for node in one['nodes']]}"
        for one in found.response["violations"]
    ]


def test_each_step_lands_on_the_neighbouring_frame(workbook: Page, family: Path) -> None:
    """Forwards to the end, and back to the beginning, in a clip with no two frames alike."""
    root, numbers = player(workbook), numbers_of(family, 2000, 4000)
    root.focus()
    assert number_on(root, 0) == numbers[0]
    forwards, took = [], []
    for place in range(1, len(numbers)):
        began = time.monotonic()
        workbook.keyboard.press(".")
        forwards.append(number_on(root, place))
        took.append(time.monotonic() - began)
    assert forwards == numbers[1:]
    workbook.keyboard.press(".")
    assert number_on(root, len(numbers) - 1) == numbers[-1]
    backwards = []
    for place in reversed(range(len(numbers) - 1)):
        workbook.keyboard.press(",")
        backwards.append(number_on(root, place))
    assert backwards == numbers[-2::-1]
    # Asked from outside, through a driver, on a busy machine: only that it is no wait.
    assert statistics.median(took) < 1


def test_a_step_after_playing_begins_at_the_frame_on_screen(workbook: Page, family: Path) -> None:
    """Pausing anywhere and stepping shows the next one."""
    root, numbers = player(workbook), numbers_of(family, 2000, 4000)
    root.get_by_role("button", name="Play again from the beginning").click()
    wait_until(lambda: int(root.get_attribute("data-frame") or 0) > 5)
    root.get_by_role("button", name="Pause").click()
    expect(root.get_by_role("button", name="Play", exact=True)).to_be_visible()
    workbook.wait_for_timeout(300)
    place = int(root.get_attribute("data-frame") or 0)
    assert number_on(root, place) == numbers[place]
    root.get_by_role("button", name="One frame on").click()
    assert number_on(root, place + 1) == numbers[place + 1]


def test_a_picture_of_the_strip_shows_its_frame(workbook: Page, family: Path) -> None:
    """A tap on a still goes to the very frame that is printed."""
    root, numbers = player(workbook), numbers_of(family, 2000, 4000)
    picture = root.get_by_role("button", name=re.compile("Mia reaches up and Sam leans in"))
    picture.click()
    shown = numbers_of(family, 3000, 3001)[0]
    assert number_on(root, numbers.index(shown)) == shown


def test_a_part_is_repeated_and_nothing_outside_it_is_shown(workbook: Page) -> None:
    """Played round and round, from the frame that was set to the frame that was set."""
    root = player(workbook)
    root.get_by_text("More", exact=True).click()
    scrubber = root.get_by_role("slider")
    scrubber.fill("6")
    number_on(root, 6)
    root.get_by_role("button", name="Repeat from here").click()
    scrubber.fill("12")
    number_on(root, 12)
    root.get_by_role("button", name="Repeat up to here").click()
    seen: list[int] = []
    until = time.monotonic() + 3
    while time.monotonic() < until:
        seen.append(int(root.get_attribute("data-frame") or 0))
    rounds = sum(1 for one, other in itertools.pairwise(seen) if other < one)
    assert rounds >= 2
    assert (min(seen), max(seen)) == (6, 12)
    root.get_by_role("button", name="Stop repeating").click()
    root.get_by_role("button", name="Pause").click()


def test_keys_play_slow_down_and_go_back(workbook: Page) -> None:
    """Space, J, K and L, on the player that has the focus; a notebook around it hears none."""
    root = player(workbook, "clip-2")
    workbook.evaluate(
        "() => { window.heard = []; document.addEventListener('keydown', e => heard.push(e.key)) }"
    )
    root.focus()
    video = root.locator("video")
    root.get_by_role("button", name="Speed: ¼").click()
    root.focus()
    workbook.keyboard.press(" ")
    wait_until(lambda: not video.evaluate("video => video.paused"))
    assert video.evaluate("video => video.playbackRate") == 0.25
    workbook.keyboard.press("l")
    assert video.evaluate("video => video.playbackRate") == 0.5
    workbook.keyboard.press("k")
    assert video.evaluate("video => video.paused")
    workbook.keyboard.press("j")
    number_on(root, 0)
    workbook.locator('[data-prompt="clip-1.see"] textarea').press("a")
    assert workbook.evaluate("heard") == []


def test_a_marked_moment_stands_beside_the_prompts(workbook: Page, family: Path) -> None:
    """M on the player; the moment is in the journal as a time of the film, and plays from there."""
    root, numbers = player(workbook, "clip-2"), numbers_of(family, 6480, 7520)
    root.get_by_role("slider").fill("5")
    number_on(root, 5)
    root.focus()
    workbook.keyboard.press("m")
    expect(root.locator(".vb-sign")).to_contain_text("Marked at")
    (marked,) = wait_until(lambda: marks(family, "clip-2")[-1:])
    times = {number: time for time, number in frames_of(family / "cycle-1" / "film.mp4")}
    seconds = float(times[numbers[5]])
    assert [one["at"] for one in marked] == [f"00:00:{seconds:06.3f}"]
    expect(root.locator(".vb-sign")).to_have_text("")
    moments = workbook.locator('[data-prompt="clip-2.marks"] li')
    expect(moments).to_have_count(1)
    root.get_by_role("slider").fill("0")
    number_on(root, 0)
    moments.get_by_role("button", name=re.compile("Play from")).click()
    wait_until(lambda: int(root.get_attribute("data-frame") or 0) >= 5)
    moments.get_by_role("button", name=re.compile("Delete")).click()
    wait_until(lambda: marks(family, "clip-2")[-1] == [])
    expect(moments).to_have_count(0)


def test_looking_together_shows_nothing_but_the_clip(
    page: Page, server: Server, family: Path
) -> None:
    """From the address on, by keys and by a tap on the picture; nothing reaches another host."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(server.url("voila/render/cycle-1/workbook.ipynb?together"))
    together = page.locator(".vb-together[data-ready]")
    together.wait_for()
    assert violations(page) == []
    number_on(together, 0)
    together.locator("video").click()
    expect(page.get_by_role("status").filter(has_text="Marked at")).to_be_visible()
    wait_until(lambda: len(marks(family, "clip-1")) == 1)
    page.keyboard.press(".")
    number_on(together, 1)
    page.keyboard.press("m")
    wait_until(lambda: [len(one) for one in marks(family, "clip-1")] == [1, 2])
    page.keyboard.press("n")
    page.locator('.vb-together[data-ready][data-clip="clip-2"]').wait_for()
    assert page.get_by_role("button", name="The next clip").is_disabled()
    page.keyboard.press("Escape")
    expect(page.locator(".vb-together")).to_have_count(0)
    expect(page.locator('[data-prompt="clip-1.marks"] li')).to_have_count(2)
    foreign = [url for url in asked if not url.startswith((server.base, "blob:", "data:"))]
    assert foreign == []


def test_a_clip_that_is_not_there_is_a_sentence(page: Page, server: Server) -> None:
    """No broken player, and the other clip plays."""
    page.route(re.compile(r"clip-1\.mp4"), lambda route: route.fulfill(status=404))
    page.goto(server.url("voila/render/cycle-1/workbook.ipynb"))
    expect(player(page)).to_contain_text("There is no clip to look at here today.")
    assert player(page).locator("video, button").count() == 0
    player(page, "clip-2").and_(page.locator("[data-ready]")).wait_for()
    assert violations(page) == []


def test_a_mind_that_is_changed_while_the_page_is_open_holds_at_once(
    page: Page, server: Server, family: Path
) -> None:
    """The clip is asked for anew, of who asks consent, and of nobody else."""
    page.goto(server.url("voila/render/cycle-1/workbook.ipynb"))
    player(page).and_(page.locator("[data-ready]")).wait_for()
    case = family / "case.yaml"
    before = case.read_text("utf-8")
    row = "  - {person: child, uses: [shared-review], answer: no, given_by: mum, " \
          "authority: parental responsibility, date: 2026-10-01}\n"  # fmt: skip
    case.write_text(before.replace("helping_question:", f"{row}helping_question:"), "utf-8")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.removeprefix(server.base)))
    try:
        player(page).get_by_role("button", name="Look together").click()
        together = page.locator("dialog.vb-together")
        expect(together).to_contain_text("There is no clip to look at here today.")
    finally:
        case.write_text(before, "utf-8")
    clips = [path for path in asked if path.endswith(".mp4")]
    assert clips == ["vigbook/media/cycle-1/clip-1.mp4"]
