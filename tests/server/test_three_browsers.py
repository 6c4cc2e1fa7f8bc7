"""The pages in Chromium, Firefox and WebKitGTK, under the policy that they are sent with."""

from __future__ import annotations

import io
import json
import re
import shutil
import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from families import open_first
from live import Server, serving, wait_until
from PIL import Image
from steering import STEERED, Steered, is_refusal, open_in_webkit, steer

WORKBOOK = "voila/render/cycle-1/workbook.ipynb"
PLAYER = '.vb-player[data-clip="clip-1"]'
PLAYING = f"{PLAYER} .vb-bar .vb-main"
VIDEO = f"document.querySelector('{PLAYER} video')"
SAVED = r"/^Saved at \d\d:\d\d:\d\d$/"
# Scripts as somebody would plant them who could write into a page: an element, and an attribute.
# What is listened for afterwards is told once the attribute has had its turn.
PLANT = """
const { dataset } = document.body;
dataset.ran = dataset.tried = "";
const script = document.createElement("script");
script.textContent = "document.body.dataset.ran += 'element '";
const picture = document.createElement("img");
picture.setAttribute("onerror", "document.body.dataset.ran += 'attribute '");
picture.addEventListener("error", () => { dataset.tried = "yes"; });
picture.src = "data:image/png,nothing";
document.body.append(script, picture);
"""


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory, _built_once: Path) -> Path:
    """A built family, for all browsers."""
    cases = tmp_path_factory.mktemp("browsers") / "cases"
    shutil.copytree(_built_once, cases)
    return cases / "wren"


@pytest.fixture(scope="module")
def server(family: Path) -> Iterator[Server]:
    """Its server."""
    with serving(family) as started:
        yield started


def ask_ticket(server: Server, page: str) -> Path:
    """Returns the file that a browser is started with, as a second `vigbook open` asks for it."""
    asked = urllib.request.Request(
        server.base + "vigbook/api/ticket",
        data=json.dumps({"page": page}).encode(),
        headers={"Authorization": f"token {server.token}"},
    )
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return Path(json.load(answer)["file"])


@pytest.fixture(
    scope="module",
    params=[pytest.param(one, marks=pytest.mark.browser(*STEERED[one])) for one in STEERED],
)
def started(
    request: pytest.FixtureRequest, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Steered, str]]:
    """Each browser as vigbook starts it, with the file of a ticket; and the ticket's address."""
    file = ask_ticket(server, "vigbook/")
    link = re.search(r'href="([^"]+)"', file.read_text("utf-8"))
    assert link
    with steer(request.param, tmp_path_factory.mktemp(request.param), file.as_uri()) as steered:
        steered.wait(f"location.href === '{server.base}vigbook/'")
        assert not file.exists()
        yield steered, link[1]


@pytest.fixture
def steered(started: tuple[Steered, str]) -> Iterator[Steered]:
    """A browser that is in; whatever a test does with it, no policy may refuse anything."""
    yield started[0]
    assert started[0].refused() == []


def answers(family: Path, prompt_id: str) -> list[Any]:
    journal = family / "cycle-1" / "answers.jsonl"
    text = journal.read_text("utf-8") if journal.is_file() else ""
    every = [json.loads(line) for line in text.splitlines()]
    return [line["value"] for line in every if line["prompt"] == prompt_id]


def prompt(prompt_id: str) -> str:
    return f'[data-prompt="{prompt_id}"]'


def saved(steered: Steered, prompt_id: str) -> None:
    status = f"document.querySelector('{prompt(prompt_id)} .vb-status')"
    steered.wait(f"{SAVED}.test({status}.textContent)")


def open_workbook(steered: Steered, server: Server) -> None:
    """Opens the workbook if it is not open, since each time a kernel is started for it."""
    if steered.address != server.base + WORKBOOK:
        steered.open(server.base + WORKBOOK)
    steered.wait(f"document.querySelector('{prompt('take-home.checked')}')")
    steered.wait("document.querySelectorAll('.vb-player[data-ready]').length === 2")
    steered.listen()


def test_the_door_opens_once_and_leaves_no_key_in_the_address(
    started: tuple[Steered, str], server: Server
) -> None:
    """From the file on to the front page, with a cookie for the next; a second use is a page."""
    steered, entry = started
    assert steered.address == server.base + "vigbook/"
    assert steered.text("h1") == "Mia and Sam"
    steered.photograph("front")
    steered.click('a[aria-label="Choose clips of film 1"]')
    steered.wait(f"location.href === '{server.base}vigbook/prepare/cycle-1'")
    assert steered.address == server.base + "vigbook/prepare/cycle-1"
    steered.open(entry)
    assert steered.text("h1") == "This page needs its key"
    steered.photograph("used-ticket")
    steered.open(server.base + "vigbook/")
    assert steered.text("h1") == "Mia and Sam"
    assert steered.refused() == []


def test_every_prompt_is_there_and_saves_what_is_typed(
    steered: Steered, server: Server, family: Path
) -> None:
    """Each kind once, by keys and pointer; what is called saved is on the disk."""
    open_workbook(steered, server)
    context = open_first(family)
    wanted = [one for one in context.prompts if not context.method.is_practitioners(one)]
    found = steered.run(
        "return [...document.querySelectorAll('[data-prompt]')].map((one) => one.dataset.prompt)"
    )
    assert sorted(found) == sorted(wanted)
    text = f"She looks up, in {steered.name}."
    steered.replace(f"{prompt('clip-1.see')} .vb-field", text)
    steered.replace(f"{prompt('helped')} .vb-field", f"Waiting.\n{text}")
    saved(steered, "clip-1.see")
    saved(steered, "helped")
    assert answers(family, "clip-1.see")[-1] == text
    assert answers(family, "helped")[-1] == ["Waiting.", text]
    step = 4 + [*STEERED].index(steered.name)
    steered.click(f'{prompt("goal.settle.now")} input[value="{step}"]')
    wait_until(lambda: answers(family, "goal.settle.now")[-1:] == [step])
    saved(steered, "goal.settle.now")
    before = answers(family, "take-home.checked")
    steered.click(f"{prompt('take-home.checked')} input")
    wait_until(lambda: len(answers(family, "take-home.checked")) > len(before))
    saved(steered, "take-home.checked")
    steered.run(f"document.querySelector('{prompt('next.date')} .vb-field').focus()")
    # In the order of en-US; WebKitGTK goes on to the next part by the stroke alone.
    steered.type(f"12/0{step}/2026" if steered.name == "webkit" else f"120{step}2026")
    steered.press("Tab")
    wait_until(lambda: answers(family, "next.date")[-1:] == [f"2026-12-0{step}"])
    saved(steered, "next.date")
    steered.photograph("workbook")


def test_a_clip_plays_steps_and_takes_a_mark(
    steered: Steered, server: Server, family: Path
) -> None:
    """Its picture is there, its clock moves on, and a still of it is seen."""
    open_workbook(steered, server)
    steered.click(PLAYING)
    steered.wait(f"{VIDEO}.currentTime > 0.3 && {VIDEO}.videoWidth > 0")
    steered.wait(f"{VIDEO}.ended || {VIDEO}.currentTime > 1")
    steered.click(f'{PLAYER} [aria-label="Play again from the beginning"]')
    steered.wait(f"!{VIDEO}.paused && {VIDEO}.currentTime > 0.2")
    steered.click(PLAYING)
    steered.wait(f"{VIDEO}.paused && !{VIDEO}.seeking")
    steered.click(f"{PLAYER} .vb-still")
    root = f"document.querySelector('{PLAYER}')"
    steered.wait(f"!{VIDEO}.seeking && Math.abs({VIDEO}.currentTime - 1) < 0.05")
    place = int(steered.run(f"return {root}.dataset.frame"))
    for step in range(1, [*STEERED].index(steered.name) + 2):  # no mark where another one is
        steered.click(f'{PLAYER} [aria-label="One frame on"]')
        steered.wait(f"{root}.dataset.frame === arguments[0]", str(place + step))
        steered.wait(f"!{VIDEO}.seeking")
    steered.wait(f"document.querySelector('{PLAYER} .vb-still img').naturalWidth > 0")
    before = answers(family, "clip-1.marks")
    steered.run(f"{root}.focus()")
    steered.press("m")
    wait_until(lambda: len(answers(family, "clip-1.marks")) > len(before))
    marks = f"document.querySelectorAll('{prompt('clip-1.marks')} li').length"
    steered.wait(f"{marks} === arguments[0]", len(answers(family, "clip-1.marks")[-1]))
    steered.photograph("player")


def test_looking_together_shows_the_clip(steered: Steered, server: Server) -> None:
    """From its player on; the page is there again afterwards."""
    open_workbook(steered, server)
    steered.click(f"{PLAYER} .vb-head .vb-main")
    together = "document.querySelector('.vb-together[data-ready] video')"
    steered.wait(f"{together}?.readyState > 1 && {together}.videoWidth > 0")
    steered.photograph("together")
    steered.press("Escape")
    steered.wait("!document.querySelector('.vb-together')")


def test_clips_are_chosen(steered: Steered, server: Server, family: Path) -> None:
    """The film plays, the strip and a still's picture come, and a title is written down."""
    steered.open(server.base + "vigbook/prepare/cycle-1")
    steered.wait("!document.querySelector('#take-still').disabled")
    # Until everything has come, the page moves under the pointer.
    steered.wait("document.querySelector('#working').textContent === 'All clips are cut.'")
    video = "document.querySelector('#video')"
    steered.wait(f"{video}.videoWidth > 0 && {video}.readyState > 3 && !{video}.seeking")
    steered.click("#play")
    steered.wait(f"{video}.currentTime > 0.3")
    steered.click("#play")
    steered.wait(f"{video}.paused")
    steered.click('[data-what="pick"][data-clip="clip-1"]')
    steered.wait("document.querySelector('#clock').textContent === '00:00:02.000'")
    # The strip is the list's background: the same file, as a picture of its own, tells its size.
    strip = steered.wait(
        "[...document.querySelectorAll('.pick *')].map((one) => one.style.backgroundImage)"
        ".find((one) => one.includes('strip'))"
    )
    steered.run("window.strip = new Image(); strip.src = arguments[0]", strip[5:-2])
    steered.wait("window.strip.naturalWidth > 0")
    steered.click("#take-still")
    steered.wait("document.querySelector('#picked').naturalWidth > 0")
    assert steered.run("return document.querySelectorAll('#beside input').length") > 3
    steered.photograph("still")
    steered.click('#picker button[value=""]')
    title = f"Waiting for Mia, in {steered.name}"
    steered.replace("#f-title", title)
    steered.press("Tab")
    path = family / "cycle-1" / "cycle.yaml"
    wait_until(lambda: title in path.read_text("utf-8"))
    steered.wait("document.querySelector('#saved').textContent.includes('Saved at')")
    steered.photograph("prepare")


def test_a_paper_is_looked_at_and_opened(steered: Steered, server: Server) -> None:
    """Its pages are drawn, and the PDF itself comes as one."""
    address = f"{server.base}vigbook/papers/cycle-1/take-home.pdf"
    steered.open(f"{address}/")
    drawn = steered.run(
        "const sheets = [...document.querySelectorAll('img.sheet')];"
        "return Promise.all(sheets.map((one) => one.decode().then(() => one.naturalWidth)))"
    )
    assert set(drawn) == {1240}
    steered.photograph("paper")
    steered.click("nav a.first")
    wait_until(lambda: steered.address == address)
    wait_until(lambda: has_green(steered.picture()), every=0.5)


def has_green(picture: bytes) -> bool:
    """Whether the paper's green line is in a picture of the window, as a PDF's viewer shows it."""
    dots = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")).astype(int)
    red, green, blue = np.moveaxis(dots, 2, 0)
    return int(np.count_nonzero((green > red + 60) & (green > blue + 30))) > 300


def test_what_cannot_be_shown_is_told_in_words(steered: Steered, server: Server) -> None:
    """An address that is none, and any without the cookie; a new ticket lets in again."""
    steered.open(server.base + "vigbook/nowhere")
    assert steered.text("h1") == "There is nothing here"
    steered.photograph("nothing")
    steered.forget()
    for page in ("vigbook/", WORKBOOK, "vigbook/prepare/cycle-1"):
        steered.open(server.base + page)
        assert steered.text("h1") == "This page needs its key"
    steered.photograph("no-key")
    steered.open(ask_ticket(server, WORKBOOK).as_uri())
    steered.wait(f"location.href === '{server.base + WORKBOOK}'")


@pytest.mark.parametrize("page", [WORKBOOK, "vigbook/", "vigbook/prepare/cycle-1"])
def test_a_planted_script_does_not_run(steered: Steered, server: Server, page: str) -> None:
    """Neither as an element nor as an attribute, and the browser tells of both."""
    if page == WORKBOOK:
        open_workbook(steered, server)
    else:
        steered.open(server.base + page)
    assert steered.refused() == []
    steered.run(PLANT)
    steered.wait("document.body.dataset.tried")
    steered.wait("document.documentElement.dataset.refused.split('\\n').length > 2")
    assert steered.run("return document.body.dataset.ran") == ""
    told = steered.refused()
    assert len([one for one in told if one.startswith("script-src-")]) == 2, told
    if steered.name != "webkit":
        assert len([one for one in told if is_refusal(one)]) == 2, told


class _Plain(BaseHTTPRequestHandler):
    """A page without a policy."""

    def do_GET(self) -> None:
        body = b"<!doctype html><title>Plain</title><body>Plain"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: a stray line would be mixed with pytest's own."""


def test_without_a_policy_it_would_run(steered: Steered) -> None:
    """So what keeps it from running is the policy, and not how it is planted here."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Plain) as plain:
        serving_it = threading.Thread(target=plain.serve_forever, kwargs={"poll_interval": 0.1})
        serving_it.start()
        try:
            steered.open(f"http://127.0.0.1:{plain.server_address[1]}/")
            steered.run(PLANT)
            steered.wait("document.body.dataset.tried")
            assert steered.run("return document.body.dataset.ran") == "element attribute "
        finally:
            plain.shutdown()
            serving_it.join()


@pytest.mark.browser(*STEERED["webkit"])
def test_webkit_s_console_tells_of_nothing_that_was_refused(server: Server, tmp_path: Path) -> None:
    """From each page's first moment on, in a browser that nobody steers."""
    pages = (
        "vigbook/",
        WORKBOOK,
        "vigbook/prepare/cycle-1",
        "vigbook/papers/cycle-1/take-home.pdf/",
    )
    files = [ask_ticket(server, page) for page in pages]
    planted = tmp_path / "planted.html"
    planted.write_text(
        "<!doctype html><meta http-equiv=Content-Security-Policy content=\"script-src 'none'\">"
        "<script>alert()</script>", "utf-8",
    )  # fmt: skip
    running = len(server.kernels())
    addresses = [one.as_uri() for one in (*files, planted)]
    (tmp_path / "home").mkdir()
    with open_in_webkit(tmp_path / "home", addresses) as console:
        wait_until(lambda: not any(one.exists() for one in files))
        wait_until(lambda: len(server.kernels()) > running)
        refused = wait_until(lambda: [one for one in console() if is_refusal(one)])
    assert len(refused) == 1, refused
    assert "planted.html" in refused[0]
