"""A consent that ends or begins at midnight is heard by what was opened before: with a real clock.

The clock of the programs is turned while they run (`clocks`); browsers keep their own.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import textwrap
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from clocks import AFTER, BEFORE, SLEPT, Clock
from families import COUSIN, TODAY
from jupyter_client.manager import start_new_kernel
from live import Server, serving, wait_until
from playwright.sync_api import Page, expect

MEDIA = (
    "vigbook/media/cycle-1/clip-1.mp4",
    "vigbook/media/cycle-1/clip-1-1.jpg",
)
PAPERS = (
    "vigbook/papers/cycle-1/take-home.pdf",
    "vigbook/papers/cycle-1/take-home.pdf/",
    "vigbook/papers/cycle-1/take-home.pdf/1.png",
)
FILM = (
    "vigbook/film/cycle-1/film",
    "vigbook/api/cycle-1/still.jpg?at=00:00:03.000",
    "vigbook/api/cycle-1/picture.jpg?at=00:00:03.000",
)
WORK = "vigbook/api/cycle-1/work"


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    """A clock that stands shortly before midnight."""
    made = Clock(tmp_path)
    made.turn(BEFORE)
    return made


def ends(family: Path) -> Path:
    """Lets every yes of a family end with the 30 November."""
    return edited(family, "date: 2026-09-01", "date: 2026-09-01\n    until: 2026-11-30")


def begins(family: Path) -> Path:
    """Lets every yes of a family begin with the 1 December."""
    return edited(family, "date: 2026-09-01", "date: 2026-12-01")


def edited(family: Path, old: str, new: str) -> Path:
    case = family / "case.yaml"
    text = case.read_text("utf-8")
    assert old in text
    case.write_text(text.replace(old, new), "utf-8")
    return family


def ask(server: Server, path: str, body: Any = None) -> tuple[int, bytes]:
    """Asks the server for something; returns status and content."""
    headers = {"Authorization": f"token {server.token}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(
            urllib.request.Request(server.base + path, data, headers), timeout=60
        ) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as err:
        with err:
            return err.code, err.read()


def had(server: Server) -> set[str]:
    """Returns which clips, stills, papers and pictures of the film are given out."""
    every = (*MEDIA, *PAPERS, *FILM)
    return {path for path in every if ask(server, path)[0] == 200}


def film_state(server: Server) -> str:
    status, body = ask(server, "vigbook/api/cycle-1/prepare")
    assert status == 200
    return str(json.loads(body)["film"]["state"])


def pictures_of(family: Path) -> list[Any]:
    """Returns which stills stand on the family's page, as it was printed last."""
    made = json.loads((family / "cycle-1" / "print" / ".made.json").read_bytes())
    return list(made["take-home.pdf"]["shown"])


# --- Doors ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("command", "later"), [("open", AFTER), ("prepare", SLEPT)])
def test_what_ends_at_midnight_is_had_no_more_from_a_server_that_was_left_open(
    built_family: Path, clock: Clock, command: str, later: str
) -> None:
    """Also where a laptop slept for nine hours: each door asks which day it is."""
    ends(built_family)
    with clock.ruling(), serving(built_family, command=command) as server:
        assert had(server) == {*MEDIA, *PAPERS, *FILM}
        assert film_state(server) != "refused"
        clock.turn(later)
        assert had(server) == set()
        assert film_state(server) == "refused"


def test_what_begins_at_midnight_is_had_from_a_server_that_was_left_open(
    built_family: Path, clock: Clock
) -> None:
    begins(built_family)
    with clock.ruling(), serving(built_family, command="prepare") as server:
        assert had(server) == set()
        assert film_state(server) == "refused"
        clock.turn(AFTER)
        assert had(server) == {*MEDIA, *PAPERS, *FILM}
        assert film_state(server) != "refused"


@pytest.mark.parametrize(("change", "shown"), [(ends, []), (begins, ["clip-1", "clip-2"])])
def test_the_pages_that_an_open_server_prints_are_of_the_day_that_came(
    built_family: Path, clock: Clock, change: Any, shown: list[str]
) -> None:
    change(built_family)
    with clock.ruling(), serving(built_family) as server:
        clock.turn(SLEPT)
        assert ask(server, WORK, {"do": "print"})[0] == 200
        wait_until(lambda: not json.loads(ask(server, WORK)[1])["running"], 120)
        assert json.loads(ask(server, WORK)[1])["problems"] == []
    assert [clip for clip, *_ in pictures_of(built_family)] == shown


def test_a_day_that_was_given_is_no_clocks(built_family: Path, clock: Clock) -> None:
    """`--today` holds for the server, what it starts and its kernels, whatever the clock says."""
    ends(built_family)
    with clock.ruling(), serving(built_family, "--today", TODAY) as server:
        clock.turn(AFTER)
        assert had(server) == {*MEDIA, *PAPERS, *FILM}
        assert ask(server, WORK, {"do": "print"})[0] == 200
        wait_until(lambda: not json.loads(ask(server, WORK)[1])["running"], 120)
        assert [clip for clip, *_ in pictures_of(built_family)] == ["clip-1", "clip-2"]


# --- Kernels --------------------------------------------------------------------------------


@pytest.fixture
def kernel(built_family: Path, clock: Clock) -> Iterator[Any]:
    """Runs a line in a live kernel that was started before midnight, and returns what it shows."""
    begun = {**os.environ, **clock.variables, "VIGBOOK_LIVE": "1"}
    manager, client = start_new_kernel(cwd=str(built_family / "cycle-1"), env=begun)

    def run(line: str) -> list[Any]:
        shown: list[Any] = []

        def hear(message: Any) -> None:
            if message["msg_type"] == "display_data":
                shown.append(message["content"]["data"]["application/vnd.vigbook.v1+json"])

        answer = client.execute_interactive(line, output_hook=hear, timeout=60)
        assert answer["content"]["status"] == "ok", answer
        return [link for one in shown for link in one["links"]]

    try:
        run("from vigbook.notebook import Review")
        yield run
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


@pytest.mark.parametrize(
    ("change", "before", "after"),
    [(ends, ["media/clip-1.mp4"], []), (begins, [], ["media/clip-1.mp4"])],
)
def test_a_cell_that_is_run_again_after_midnight_asks_anew(
    built_family: Path, clock: Clock, kernel: Any, change: Any, before: Any, after: Any
) -> None:
    """In the kernel that JupyterLab keeps, with the very `Review` that was made the day before."""
    change(built_family)
    assert kernel("review = Review('..', 1); review.clip('clip-1').show()") == before
    clock.turn(AFTER)
    assert kernel("review.clip('clip-1').show()") == after
    assert kernel("Review('..', 1).clip('clip-1').show()") == after


def test_a_no_that_is_written_down_is_heard_by_the_next_cell(
    built_family: Path, kernel: Any
) -> None:
    assert kernel("review = Review('..', 1); review.clip('clip-1').show()") == ["media/clip-1.mp4"]
    edited(built_family, "date: 2026-09-01", "date: 2026-09-01\n    answer: no")
    assert kernel("review.clip('clip-1').show()") == []


# --- What is being made when midnight comes ---------------------------------------------------

IN_THE_MIDDLE = """\
import json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from clocks import AFTER, BEFORE, Clock
from vigbook import gates, pipeline
from vigbook.outcome import Options
from vigbook.paper.renderer import PageRenderer
from vigbook.paper.variants import Variant
case, clock = Path(sys.argv[1]), Clock(Path(sys.argv[2]))
clock.turn(BEFORE)
"""


def run_in_the_middle(family: Path, clock: Clock, program: str) -> Any:
    """Runs a program that turns the clock while vigbook works; returns what it prints as JSON."""
    done = subprocess.run(
        [sys.executable, "-c", IN_THE_MIDDLE + textwrap.dedent(program), str(family),
         str(clock.folder), str(Path(__file__).parents[1] / "helpers")],
        env={**os.environ, **clock.variables}, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


LAY_OUT = """\
class Slow(PageRenderer):
    "Takes until after midnight for the first page."
    def lay_out(self, *arguments):
        made = super().lay_out(*arguments)
        clock.turn(AFTER)
        return made
"""


def test_a_page_that_was_being_laid_out_at_midnight_is_of_the_day_that_came(
    built_family: Path, clock: Clock
) -> None:
    """One paper is of one day: of that on which it is published."""
    ends(built_family)
    (built_family / "cycle-1" / "print" / "take-home.pdf").unlink()
    program = LAY_OUT + textwrap.dedent("""
    with Slow() as renderer:
        paper = lambda context: [Variant(name="take-home")]
        [outcome] = pipeline.print_only(case, Options(), renderer, paper)
    print(json.dumps([outcome.ok, outcome.made]))
    """)
    ok, made = run_in_the_middle(built_family, clock, program)
    assert (ok, [Path(one).name for one in made]) == (True, ["take-home.pdf"])
    assert pictures_of(built_family) == []


def test_a_page_that_is_exported_at_midnight_is_of_the_day_that_came(
    built_family: Path, clock: Clock
) -> None:
    """What nbconvert hands out is on no disk where the next build would find it."""
    ends(built_family)
    program = LAY_OUT + textwrap.dedent("""
    from vigbook.paper.printing import make_paper
    found = []
    def stages(context, outcome):
        content, withheld = make_paper(context, Variant(name="take-home"), renderer)
        found.append(content)
    with Slow() as renderer:
        [outcome] = gates.each_cycle(case, Options(), "exported", stages)
    print(json.dumps([outcome.ok, found[0].count(b"/Subtype /Image")]))
    """)
    assert run_in_the_middle(built_family, clock, program) == [True, 0]


def test_each_cycle_of_a_long_build_asks_which_day_it_is_at_its_own_gate(
    built_family: Path, clock: Clock
) -> None:
    """And what the first one did is known to be stale from midnight on."""
    ends(built_family)
    second = built_family / "cycle-2"
    second.mkdir()
    cycle = (built_family / "cycle-1" / "cycle.yaml").read_text("utf-8")
    (second / "cycle.yaml").write_text(cycle.replace("cycle: 1", "cycle: 2"), "utf-8")
    program = """
    days = []
    def stages(context, outcome):
        days.append([context.today.isoformat(), bool(context.may_film())])
        clock.turn(AFTER)
    outcomes = gates.each_cycle(case, Options(), None, stages)
    print(json.dumps([days, [str(one.until) for one in outcomes]]))
    """
    days, until = run_in_the_middle(built_family, clock, program)
    assert days == [["2026-11-30", True], ["2026-12-01", False]]
    assert until[0] == "2026-12-01"


def test_what_was_built_over_midnight_is_built_again(built_family: Path, clock: Clock) -> None:
    """What the stamp tells is of the day on which the build began, and the plan asks the clock."""
    ends(built_family)
    program = """
    from vigbook.batch.plan import plan_case
    from vigbook.batch.run import build_one
    def progress(event):
        if event.kind == "printing":
            clock.turn(AFTER)
    options = Options()
    with PageRenderer() as renderer:
        [outcome] = build_one(case, options, renderer, progress)
    print(json.dumps([outcome.ok, plan_case(case, options).reasons]))
    """
    ok, reasons = run_in_the_middle(built_family, clock, program)
    assert ok
    assert reasons == ["the date changes what may be shown, or when it is to be deleted"]


# --- Pages that are open ----------------------------------------------------------------------

# Every video, picture and canvas that a page has, or ever made, in which something is left.
LEFT = """() => {
  const there = document.querySelectorAll("video, img, source, canvas");
  const every = [...new Set([...window.made, ...there])];
  const plays = (one) => one.currentSrc && one.networkState;
  const holds = (one) => one.getAttribute("src") || plays(one) || one.poster;
  const drawn = (one) => one instanceof HTMLCanvasElement && one.width && one.height
    && one.getContext("2d").getImageData(0, 0, one.width, one.height).data.some((value) => value);
  const icons = (one) => /^data:image.svg/.test(one.src);
  const backed = [...document.querySelectorAll("[style*=background-image]")];
  return [...every.filter((one) => !icons(one) && (holds(one) || drawn(one))), ...backed]
    .map((one) => one.outerHTML).concat(window.blobs);
}"""
WATCH = """
  window.made = []; window.blobs = [];
  const [create, link, Picture] = [document.createElement, URL.createObjectURL, window.Image];
  document.createElement = function (...given) {
    const one = create.apply(this, given);
    if (/^(video|img|canvas)$/i.test(given[0])) window.made.push(one);
    return one;
  };
  window.Image = function (...given) {
    const one = new Picture(...given);
    window.made.push(one);
    return one;
  };
  URL.createObjectURL = (blob) => {
    const url = link(blob);
    if (/^(image|video)/.test(blob.type)) window.blobs.push(url);
    return url;
  };
"""
NONE = "There is no {} to look at here today."


@pytest.fixture
def watched(page: Page) -> Page:
    """A page that remembers every video and picture it made, also outside the document."""
    page.add_init_script(WATCH)
    return page


def expect_nothing_left(page: Page) -> None:
    left: list[str] = []

    def look() -> bool:
        left[:] = page.evaluate(LEFT)
        return not left

    try:
        wait_until(look)
    except AssertionError:
        raise AssertionError(left) from None


def test_an_open_workbook_takes_down_its_clips_at_midnight_and_keeps_what_is_typed(
    built_family: Path, clock: Clock, watched: Page
) -> None:
    """Where they look together, too; opened again it is a new kernel, which asks anew."""
    ends(built_family)
    with clock.ruling(), serving(built_family) as server:
        watched.goto(server.url("voila/render/cycle-1/workbook.ipynb"))
        players = watched.locator(".vb-player")
        expect(players.and_(watched.locator("[data-ready]"))).to_have_count(2)
        words = watched.locator('[data-prompt="clip-1.see"] textarea')
        words.press_sequentially("She waits")
        players.first.get_by_role("button", name="Look together").click()
        expect(watched.locator("dialog[data-ready]")).to_be_visible()
        assert watched.evaluate(LEFT) != []
        clock.turn(AFTER)
        absent = players.get_by_text(NONE.format("clip"))
        expect(absent).to_have_count(2)
        expect(watched.locator("dialog").get_by_text(NONE.format("clip"))).to_be_visible()
        expect_nothing_left(watched)
        watched.keyboard.press("Escape")
        assert words.input_value() == "She waits"
        words.press_sequentially(" for her.")
        journal = built_family / "cycle-1" / "answers.jsonl"
        wait_until(lambda: journal.exists() and "She waits for her." in journal.read_text("utf-8"))
        watched.reload()
        expect(absent).to_have_count(2)
        expect(words).to_have_value("She waits for her.")


def test_an_open_workbook_closes_the_gap_of_one_picture_and_of_one_clip(
    built_family: Path, watched: Page
) -> None:
    """Somebody writes down that one still, and then one clip, may not be looked at any more."""
    cycle = built_family / "cycle-1" / "cycle.yaml"
    (built_family / "case.yaml").write_text(COUSIN, "utf-8")  # Zoe may be filmed, and no more
    marked = cycle.read_text("utf-8")
    with serving(built_family, "--today", TODAY) as server:
        watched.goto(server.url("voila/render/cycle-1/workbook.ipynb"))
        players = watched.locator(".vb-player")
        expect(players.and_(watched.locator("[data-ready]"))).to_have_count(2)
        expect(players.first.locator(".vb-strip img")).to_have_count(1)
        still = '- {at: 00:00:03.000, alt: "Mia reaches up and Sam leans in."'
        assert still in marked
        cycle.write_text(marked.replace(still, f"{still}, in_shot: [zoe]"), "utf-8")
        expect(players.first.locator(".vb-strip img")).to_have_count(0)
        expect(players.first).to_have_attribute("data-ready", "yes")
        clip = "    title: The spoon\n"
        assert clip in marked
        cycle.write_text(marked.replace(clip, f"{clip}    in_shot: [zoe]\n"), "utf-8")
        expect(players.last.get_by_text(NONE.format("clip"))).to_be_visible()
        expect(players.first).to_have_attribute("data-ready", "yes")
        # Written down for a moment only: it comes back by itself.
        cycle.write_text(marked, "utf-8")
        expect(players.last).to_have_attribute("data-ready", "yes")
        expect(players.last.get_by_text(NONE.format("clip"))).to_have_count(0)


def test_the_page_of_choosing_takes_down_the_film_at_midnight_and_says_why(
    built_family: Path, clock: Clock, watched: Page
) -> None:
    ends(built_family)
    with clock.ruling(), serving(built_family, command="prepare") as server:
        watched.goto(server.url("vigbook/prepare/cycle-1"))
        expect(watched.locator("#take-still")).to_be_enabled()
        watched.locator('[data-what="pick"]').first.click()
        expect(watched.locator("#editor img")).to_have_count(1)
        expect(watched.locator(".tile[style*=background-image]")).to_have_count(2)
        wait_until(lambda: len(watched.evaluate(LEFT)) > 3)
        expect(watched.locator("#clock")).to_have_text("00:00:02.000")
        watched.locator("#take-still").click()
        expect(watched.locator("#picked")).to_be_visible()
        watched.keyboard.press("Escape")
        watched.locator("#f-title").fill("Waiting, and")
        watched.locator("#f-title").press_sequentially(" again")
        clock.turn(AFTER)
        expect(watched.locator("#instead")).to_contain_text("being filmed ended on 2026-11-30")
        expect_nothing_left(watched)
        assert watched.locator("#f-title").input_value() == "Waiting, and again"
        cycle = built_family / "cycle-1" / "cycle.yaml"
        wait_until(lambda: "title: Waiting, and again" in cycle.read_text("utf-8"))
        # A day that was wrong for a moment only: it comes back by itself.
        clock.turn(BEFORE)
        expect(watched.locator("#take-still")).to_be_enabled()
        expect(watched.locator(".tile[style*=background-image]")).to_have_count(2)
        expect(watched.locator("#editor img")).to_have_attribute("src", re.compile("still.jpg"))


def test_the_page_of_a_paper_and_the_front_page_take_it_down(
    built_family: Path, watched: Page
) -> None:
    """Somebody says no to the page; what holds no picture of them stays."""
    with serving(built_family, "--today", TODAY) as server:
        front = watched.context.new_page()
        front.goto(server.url("vigbook/"))
        papers = front.locator(".papers li")
        before = papers.count()
        watched.goto(server.url("vigbook/papers/cycle-1/take-home.pdf/"))
        expect(watched.locator(".sheet").first).to_be_visible()
        edited(built_family, "take-home]", "show-others]")
        expect(watched.get_by_text(NONE.format("page"))).to_be_visible()
        expect_nothing_left(watched)
        assert watched.get_by_role("link").all_inner_texts() == ["Back to Mia and Sam"]
        expect(front.locator('.papers li[data-paper="take-home.pdf"]')).to_have_count(0)
        assert 0 < papers.count() < before


def test_a_laptop_that_wakes_asks_before_its_next_turn(
    built_family: Path, clock: Clock, watched: Page
) -> None:
    """No timer of the page has run since the day before; seeing it again is enough."""
    ends(built_family)
    watched.clock.install()
    with clock.ruling(), serving(built_family) as server:
        watched.goto(server.url("vigbook/papers/cycle-1/take-home.pdf/"))
        expect(watched.locator(".sheet").first).to_be_visible()
        watched.wait_for_load_state("networkidle")
        watched.clock.pause_at(watched.evaluate("Date.now()") + 1)
        clock.turn(SLEPT)
        watched.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        expect(watched.get_by_text(NONE.format("page"))).to_be_visible()


def test_what_an_open_page_is_told_is_what_the_doors_give_out(
    built_family: Path, clock: Clock
) -> None:
    """And never why not: a family's page gives away nobody's no."""
    shown = "vigbook/api/cycle-1/shown"
    ends(built_family)
    with clock.ruling(), serving(built_family) as server:
        status, body = ask(server, shown)
        told = json.loads(body)
        assert (status, told["film"]) == (200, True)
        media = ["clip-1.mp4", "clip-1-1.jpg", "clip-2.mp4", "clip-2-1.jpg"]
        assert told["media"] == [f"cycle-1/{name}" for name in media]
        assert set(told["papers"]) >= {"take-home.pdf", "record.pdf"}
        for one in told["media"]:
            assert ask(server, f"vigbook/media/{one}")[0] == 200
        clock.turn(AFTER)
        status, body = ask(server, shown)
        after = json.loads(body)
        assert after.keys() == {"media", "papers", "film"}
        assert (after["media"], after["film"]) == ([], False)
        assert "take-home.pdf" not in after["papers"]
        # What cannot be read says nothing about anybody.
        (built_family / "case.yaml").write_text("people: [", "utf-8")
        assert ask(server, shown)[0] == 409
        assert ask(server, "vigbook/api/cycle-9/shown")[0] == 409
