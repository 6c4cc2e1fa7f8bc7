"""Makes the documents' pictures of the live pages from the example family: `make pictures`."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

sys.path.append(str(Path(__file__).parents[1] / "tests" / "helpers"))

from live import chromium, page_of, serving, wait_until
from pictures import PICTURES, build_examples

LAPTOP, TABLET = (1366, 768), (820, 1180)


def show_front(page: Page, address: Callable[[str], str]) -> None:
    """The family's front page."""
    page.goto(address("vigbook/"))
    wait_until(lambda: page.evaluate("[...document.images].every((one) => one.complete)"))


def show_write_up(page: Page, address: Callable[[str], str]) -> None:
    """A clip with its player and the questions below it."""
    page.goto(address("voila/render/cycle-1/workbook.ipynb"))
    page.get_by_label("What do you see?").first.wait_for()
    wait_until(lambda: page.evaluate("document.querySelector('video')?.readyState >= 2"))
    page.locator("video").first.evaluate("one => { one.currentTime = 3.02; }")
    page.locator("video").first.evaluate(
        "one => one.scrollIntoView({block: 'start', behavior: 'instant'})"
    )
    page.wait_for_timeout(800)


def show_together(page: Page, address: Callable[[str], str]) -> None:
    """Nothing but the clip, large."""
    page.goto(address("voila/render/cycle-1/workbook.ipynb?together"))
    wait_until(
        lambda: page.evaluate(
            "[...document.querySelectorAll('video')].some((one) => one.readyState >= 2)"
        )
    )
    page.wait_for_timeout(1500)


def show_prepare(page: Page, address: Callable[[str], str]) -> None:
    """Choosing the clips."""
    page.goto(address("vigbook/prepare/cycle-1"))
    wait_until(lambda: page.evaluate("document.querySelector('video')?.readyState >= 2"))
    page.wait_for_timeout(4000)


SCREENS = {
    "front": show_front, "prepare": show_prepare, "together": show_together,
    "write-up": show_write_up,
}  # fmt: skip


def main() -> None:
    """Takes every picture anew, at the size of a laptop and of a tablet."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        build_examples(Path(name))
        with serving(Path(name) / "otter") as server, chromium() as browser:
            for kind, (width, height) in {"laptop": LAPTOP, "tablet": TABLET}.items():
                for screen, show in SCREENS.items():
                    size = {"width": width, "height": height}
                    with page_of(browser, screen, viewport=size) as page:
                        show(page, server.url)
                        picture = PICTURES / f"screen-{screen}-{kind}.png"
                        page.screenshot(path=picture)
                    shrink(picture)
                    print(picture)


def shrink(picture: Path) -> None:
    """Gives a picture few colours: these are read on a screen, and every clone carries them."""
    with Image.open(picture) as taken:
        small = taken.convert("RGB").resize((taken.width * 2 // 3, taken.height * 2 // 3))
    small.quantize(160).save(picture, optimize=True)


if __name__ == "__main__":
    main()
