"""The page on which clips are chosen, worked by a person at the browser."""

from __future__ import annotations

import shutil
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from families import TODAY
from films import BITS
from live import Server, wait_until
from playwright.sync_api import Locator, Page, expect

from vigbook.case.models import Cycle
from vigbook.case.yaml_file import read_model
from vigbook.method.templates import find_templates

DAY = ("--today", TODAY)
# What the frame on screen tells in its squares, read from the browser's own picture of it.
READ_SCREEN = """(bits) => {
  const video = document.querySelector('#video');
  const picture = video.hidden ? document.querySelector('#picture') : video;
  const wide = picture.videoWidth || picture.naturalWidth;
  const canvas = document.createElement('canvas');
  canvas.width = wide; canvas.height = 40;
  const brush = canvas.getContext('2d');
  brush.drawImage(picture, 0, 0);
  let number = 0;
  for (let bit = 0; bit < bits; bit += 1) {
    const x = Math.floor((bit + 0.5) * wide / bits);
    const [red, green, blue] = brush.getImageData(x, 8, 1, 1).data;
    if (red + green + blue > 384) number += 2 ** bit;
  }
  return number;
}"""


def put_workbook(family: Path) -> Path:
    template = find_templates()[0] / "vig" / "shared-review.ipynb"
    shutil.copyfile(template, family / "cycle-1" / "workbook.ipynb")
    return family


def cycle_of(family: Path) -> Cycle:
    return read_model(family / "cycle-1" / "cycle.yaml", Cycle)


def open_page(page: Page, server: Server) -> None:
    """Opens the page, and waits until the film can be worked with."""
    page.goto(server.address)
    expect(page.locator("#take-still")).to_be_enabled()


def go(page: Page, clock: str) -> None:
    """Goes to a whole second with the keys of the line of time, and waits for its frame."""
    line = page.locator("#timeline")
    line.focus()
    line.press("Home")
    for _ in range(int(clock[6:8])):
        line.press("ArrowRight")
    expect(page.locator("#clock")).to_have_text(clock)


def press_and_save(page: Page, key: str) -> None:
    """Presses a key that edits, and waits until the server has written it."""
    with page.expect_response(lambda got: got.request.method == "POST") as answer:
        page.keyboard.press(key)
    assert "refused" not in answer.value.json(), answer.value.json()
    expect(page.locator("#saved")).to_contain_text("Saved at")


def saved(page: Page) -> None:
    expect(page.locator("#saved")).to_contain_text("Saved at")


def on_screen(page: Page, number: int) -> None:
    """Waits until the browser shows the frame that tells a number."""
    wait_until(lambda: page.evaluate(READ_SCREEN, BITS) == number)


def bytes_of(page: Page, image: Locator) -> bytes:
    """Returns the file that an image on the page was made from."""
    expect(image).to_have_js_property("complete", True)
    source = image.evaluate("one => one.src")
    return page.context.request.get(source).body()


def end(server: Server) -> None:
    """Ends a server as a power cut would."""
    server.kill()
    server.process.communicate()


def check_usable_by_everybody(page: Page) -> None:
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa",
                                                 "wcag22aa", "best-practice"]})  # fmt: skip
    assert found.violations_count == 0, found.generate_report()
