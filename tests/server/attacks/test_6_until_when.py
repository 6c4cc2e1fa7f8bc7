"""Attacks on how long a yes holds: a no is said while the page is open, and holds at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from attacking import Place, ask, changed, render, with_cookie
from live import Server, page_of
from playwright.sync_api import Browser, Page

NO = ("  - {person: child, uses: [filming, shared-review, take-home], answer: no, given_by: mum, "
      "authority: parental responsibility, date: 2026-10-01}\n")  # fmt: skip


@pytest.fixture(scope="module")
def page(browser: Browser, opened: Server) -> Iterator[Page]:
    """A workbook's page, in which a clip can be played."""
    with page_of(browser, "until-when") as opened_page:
        opened_page.goto(opened.url("voila/render/cycle-1/workbook.ipynb?quick"))
        opened_page.locator("video").first.wait_for()
        yield opened_page


@pytest.fixture
def _no(place: Place, page: Page) -> Iterator[None]:
    """A no about the child, said while the page is open."""
    assert page
    with changed(place.family / "case.yaml") as case:
        text = case.read_text("utf-8")
        case.write_text(text.replace("helping_question:", f"{NO}helping_question:"), "utf-8")
        yield


LATER = ["vigbook/media/cycle-1/clip-1.mp4", "vigbook/media/cycle-1/clip-1-1.jpg",
         "vigbook/papers/cycle-1/take-home.pdf", "vigbook/papers/cycle-1/take-home.pdf/1.png",
         "vigbook/film/cycle-1/film", "vigbook/api/cycle-1/still.jpg?at=00:00:03.000"]  # fmt: skip


@pytest.mark.usefixtures("_no")
@pytest.mark.parametrize("path", LATER)
def test_an_open_page_asks_again_for_what_may_not_be_shown_any_more(
    opened: Server, page: Page, path: str
) -> None:
    """The page is still there, with its cookie and its addresses."""
    asking = "async (address) => (await fetch(address, { cache: 'no-store' })).status"
    assert page.evaluate(asking, opened.base + path) == 404


@pytest.mark.parametrize("path", LATER)
def test_it_was_to_be_had_before(opened: Server, path: str) -> None:
    """Or the attack above would prove nothing."""
    assert ask(opened, path, headers=with_cookie(opened)).status == 200


@pytest.mark.usefixtures("_no")
def test_the_page_is_loaded_again_for_what_may_not_be_shown_any_more(
    opened: Server,
) -> None:
    """What its widgets are told holds no address of a clip or a still."""
    answer = render(opened, "cycle-1")
    assert answer.status == 200 or "This cannot be opened" in answer.text
    assert "clip-1.mp4" not in answer.text
    assert "clip-1-1.jpg" not in answer.text
