"""What is typed on the live page is never lost, whatever breaks; the real server and Chromium."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from filelock import FileLock
from live import CHROMIUM, PATIENCE_MS, Server, page_of, serving, start_server, wait_until
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

SAVED = re.compile(r"Saved at \d\d:\d\d:\d\d")
UNSAVED = re.compile("Not saved yet")
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory, _built_once: Path) -> Path:
    """A built family, for all tests of this file."""
    cases = tmp_path_factory.mktemp("prompts") / "cases"
    shutil.copytree(_built_once, cases)
    return cases / "wren"


@pytest.fixture(scope="module")
def server(family: Path) -> Iterator[Server]:
    """Its server."""
    with serving(family) as started:
        yield started


@pytest.fixture(scope="module")
def workbook(browser: Browser, server: Server) -> Iterator[Page]:
    """Its page, for tests that leave it whole."""
    with page_of(browser, "workbook") as page:
        yield open_workbook(page, server)


def open_workbook(page: Page, server: Server) -> Page:
    """Opens the workbook with short waits, and returns it once it can be typed in."""
    page.goto(server.url("voila/render/cycle-1/workbook.ipynb?quick"))
    prompt(page, "take-home.checked").wait_for()
    page.wait_for_function("document.cookie.includes('_xsrf')")
    return page


def prompt(page: Page, prompt_id: str) -> Locator:
    return page.locator(f'[data-prompt="{prompt_id}"]')


def field(page: Page, prompt_id: str) -> Locator:
    return prompt(page, prompt_id).locator(".vb-field")


def status(page: Page, prompt_id: str) -> Locator:
    return prompt(page, prompt_id).locator(".vb-status")


def lines(family: Path, prompt_id: str) -> list[dict[str, Any]]:
    """Returns all that the journal holds of a prompt."""
    journal = family / "cycle-1" / "answers.jsonl"
    if not journal.is_file():
        return []
    every = [json.loads(line) for line in journal.read_text("utf-8").splitlines()]
    return [line for line in every if line["prompt"] == prompt_id]


def values(family: Path, prompt_id: str) -> list[Any]:
    return [line["value"] for line in lines(family, prompt_id)]


def violations(page: Page) -> list[str]:
    """Returns what axe-core finds wrong."""
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": WCAG}})
    return [
        f"{one['id']}: {[node['target'] for node in one['nodes']]}"
        for one in found.response["violations"]
    ]


@contextlib.contextmanager
def stopped(process: int) -> Iterator[None]:
    """A process that neither answers nor ends, as on a laptop whose lid is closed."""
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


KINDS: list[tuple[str, Callable[[Page], None], Any]] = [
    ("words.child", lambda page: field(page, "words.child").fill("Mimi"), "Mimi"),
    (
        "clip-1.see",
        lambda page: field(page, "clip-1.see").fill("She looks up.\n\nI smile."),
        "She looks up.\n\nI smile.",
    ),
    (
        "helped",
        lambda page: field(page, "helped").fill("Waiting.\n\n  Sitting low. "),
        ["Waiting.", "Sitting low."],
    ),
    (
        "goal.settle.now",
        lambda page: prompt(page, "goal.settle.now").get_by_label("6", exact=True).check(),
        6,
    ),
    ("next.date", lambda page: field(page, "next.date").fill("2026-12-05"), "2026-12-05"),
    (
        "take-home.checked",
        lambda page: prompt(page, "take-home.checked").get_by_role("checkbox").check(),
        True,
    ),
]


@pytest.mark.parametrize(("prompt_id", "give", "value"), KINDS, ids=[one[0] for one in KINDS])
def test_each_kind_is_on_the_disk_once_it_is_called_saved(
    workbook: Page, family: Path, prompt_id: str, give: Callable[[Page], None], value: Any
) -> None:
    """What was chosen or typed stands in the journal, with who said it and who typed it."""
    expect(status(workbook, prompt_id)).to_have_text("Not answered yet")
    give(workbook)
    expect(status(workbook, prompt_id)).to_have_text(SAVED)
    line = lines(family, prompt_id)[-1]
    found = (line["value"], line["by"], line["source"], line["entered_by"])
    assert found == (value, "mum", "said", "practitioner")


def test_not_rated_is_a_choice_of_its_own(workbook: Page, family: Path) -> None:
    """It is null in the journal, never 0, and stands on the page as chosen."""
    goal = prompt(workbook, "goal.settle.now")
    goal.get_by_label("4", exact=True).check()
    wait_until(lambda: values(family, "goal.settle.now")[-1:] == [4])
    goal.get_by_label("Not rated").check()
    wait_until(lambda: values(family, "goal.settle.now")[-1:] == [None])
    expect(status(workbook, "goal.settle.now")).to_have_text(SAVED)
    assert goal.get_by_label("Not rated").is_checked()
    expect(goal.locator("p.vb-hint")).to_have_text("Before: 3. Hoped for: 7.")


def test_whose_words_they_are_and_how_they_came_travel_along(workbook: Page, family: Path) -> None:
    """Changing either is an answer of its own; without words nothing is written."""
    asked = prompt(workbook, "clip-1.felt")
    asked.get_by_label("Whose words").select_option("Jo")
    workbook.wait_for_timeout(700)
    assert lines(family, "clip-1.felt") == []
    field(workbook, "clip-1.felt").fill("Calm and glad.")
    asked.get_by_label("How").select_option("Agreed in short")
    expect(status(workbook, "clip-1.felt")).to_have_text(SAVED)
    line = lines(family, "clip-1.felt")[-1]
    assert (line["by"], line["source"]) == ("practitioner", "agreed-summary")
    asked.get_by_label("Whose words").select_option("Sam")
    wait_until(lambda: lines(family, "clip-1.felt")[-1]["by"] == "mum")


def test_nothing_is_called_saved_before_it_is(workbook: Page, family: Path) -> None:
    """While the journal is held by another program the page waits, and then says it once."""
    before = len(lines(family, "clip-1.did"))
    status(workbook, "clip-1.did").evaluate(
        """(status) => {
          window.told = [];
          const watch = new MutationObserver(() => told.push(status.textContent));
          watch.observe(status, { childList: true, characterData: true, subtree: true });
        }"""
    )
    with FileLock(family / "cycle-1" / ".answers.jsonl.lock"):
        field(workbook, "clip-1.did").fill("I waited.")
        expect(status(workbook, "clip-1.did")).to_have_text(UNSAVED)
        told = workbook.evaluate("told")
        assert len(lines(family, "clip-1.did")) == before
    assert told[0] == "Saving…"
    assert not any(SAVED.search(one) for one in told)
    expect(status(workbook, "clip-1.did")).to_have_text(SAVED)
    assert values(family, "clip-1.did")[before:] == ["I waited."]


def test_a_list_that_is_too_long_is_told_and_mended(workbook: Page, family: Path) -> None:
    """The sentence says what to do, and the text stays."""
    field(workbook, "helped").fill("One\nTwo\nThree\nFour")
    expect(status(workbook, "helped")).to_have_text(re.compile("4 lines, and it takes up to 3"))
    expect(field(workbook, "helped")).to_have_value("One\nTwo\nThree\nFour")
    field(workbook, "helped").fill("One\nTwo\nThree")
    expect(status(workbook, "helped")).to_have_text(SAVED)
    assert values(family, "helped")[-1] == ["One", "Two", "Three"]


def test_an_earlier_text_is_brought_back(workbook: Page, family: Path) -> None:
    """The history shows all texts; the one brought back is saved as the latest."""
    for text in ("The first text.", "The second text."):
        field(workbook, "remember").fill(text)
        wait_until(lambda now=text: values(family, "remember")[-1:] == [now])
    asked = prompt(workbook, "remember")
    asked.get_by_role("button", name="Earlier texts").click()
    expect(asked.locator(".vb-history li")).to_have_count(2)
    asked.get_by_role("button", name="Bring back").click()
    expect(field(workbook, "remember")).to_have_value("The first text.")
    wait_until(lambda: values(family, "remember")[-1] == "The first text.")
    assert values(family, "remember") == ["The first text.", "The second text.", "The first text."]


def test_keys_alone_are_enough(workbook: Page, family: Path) -> None:
    """From one field through whose words and how, to a rating by arrows, without a mouse."""
    field(workbook, "try.where").focus()
    workbook.keyboard.type("At the tea table")
    workbook.keyboard.press("Tab")
    workbook.keyboard.type("Mia")
    workbook.keyboard.press("Tab")
    workbook.keyboard.type("Written")
    wait_until(lambda: [line["source"] for line in lines(family, "try.where")][-1:] == ["written"])
    line = lines(family, "try.where")[-1]
    assert (line["value"], line["by"]) == ("At the tea table", "child")
    prompt(workbook, "goal.settle.now").get_by_label("4", exact=True).focus()
    workbook.keyboard.press("ArrowRight")
    wait_until(lambda: values(family, "goal.settle.now")[-1] == 5)


def test_everybody_can_use_the_page(workbook: Page) -> None:
    """axe-core finds nothing; the page is called by the family's name."""
    assert violations(workbook) == []
    assert "Mia" in workbook.title()
    assert workbook.locator("html").get_attribute("lang") == "en"


def test_two_windows_that_write_the_same_prompt_keep_both_texts(
    page: Page, browser: Browser, server: Server, family: Path
) -> None:
    """The later one is shown both and asked; whatever is kept, both are in the journal."""
    # In browsers of their own, so that neither hears of the other.
    with page_of(browser, "the other window") as theirs:
        _write_twice(open_workbook(page, server), open_workbook(theirs, server), family)


def _write_twice(one: Page, other: Page, family: Path) -> None:
    field(one, "clip-2.see").fill("From here.")
    expect(status(one, "clip-2.see")).to_have_text(SAVED)
    field(other, "clip-2.see").fill("From there.")
    expect(status(other, "clip-2.see")).to_have_text(re.compile("There are two texts"))
    both = prompt(other, "clip-2.see").locator(".vb-both")
    expect(both).to_contain_text("From here.")
    expect(both).to_contain_text("From there.")
    assert values(family, "clip-2.see") == ["From here."]
    assert violations(other) == []
    prompt(other, "clip-2.see").get_by_role("button", name="Keep both").click()
    expect(status(other, "clip-2.see")).to_have_text(SAVED)
    assert values(family, "clip-2.see")[-1] == "From here.\nFrom there."
    field(one, "clip-2.see").fill("From here again.")
    expect(status(one, "clip-2.see")).to_have_text(re.compile("There are two texts"))
    prompt(one, "clip-2.see").get_by_role("button", name="Keep the other").click()
    united = "From here.\nFrom there."
    wait_until(lambda: len(values(family, "clip-2.see")) == 4)
    assert values(family, "clip-2.see") == ["From here.", united, "From here again.", united]
    expect(field(one, "clip-2.see")).to_have_value("From here.\nFrom there.")


def test_another_window_hears_what_was_saved(page: Page, server: Server) -> None:
    """A window in which nothing is unsaved takes it over."""
    one, other = open_workbook(page, server), open_workbook(page.context.new_page(), server)
    field(other, "clip-2.did").fill("I held the spoon still.")
    expect(field(one, "clip-2.did")).to_have_value("I held the spoon still.")
    expect(status(one, "clip-2.did")).to_have_text(SAVED)


def test_a_kernel_that_is_killed_takes_nothing_with_it(
    page: Page, server: Server, family: Path
) -> None:
    """What is typed on goes to the server itself, and the banner says how things stand."""
    open_workbook(page, server)
    field(page, "clip-2.felt").press_sequentially("Before, ")
    kernels = server.kernels()
    assert kernels
    for kernel in kernels:
        os.kill(kernel, signal.SIGKILL)
    field(page, "clip-2.felt").press_sequentially("during and after.")
    wait_until(lambda: values(family, "clip-2.felt")[-1:] == ["Before, during and after."])
    expect(status(page, "clip-2.felt")).to_have_text(SAVED)


def test_a_server_that_sleeps_loses_nothing(page: Page, server: Server, family: Path) -> None:
    """After six seconds without an answer it is said to be unsaved; then it is saved once."""
    open_workbook(page, server)
    with stopped(server.process.pid):
        field(page, "clip-2.child-mind").fill("Where is my spoon?")
        expect(status(page, "clip-2.child-mind")).to_have_text(UNSAVED)
        page.wait_for_timeout(6000)
        assert values(family, "clip-2.child-mind") == []
    expect(status(page, "clip-2.child-mind")).to_have_text(SAVED)
    assert values(family, "clip-2.child-mind") == ["Where is my spoon?"]


def test_a_journal_that_cannot_be_written_is_told_and_tried_again(
    page: Page, server: Server, family: Path
) -> None:
    """The sentence says so in red, the words stay, and are saved as soon as they can be."""
    open_workbook(page, server)
    journal = family / "cycle-1" / "answers.jsonl"
    aside = journal.rename(journal.with_name("aside"))
    journal.mkdir()
    field(page, "clip-2.helps").fill("I follow her hands.")
    expect(status(page, "clip-2.helps")).to_have_text(UNSAVED)
    expect(page.locator(".vb-banner")).to_contain_text("1 answer is not saved yet")
    assert violations(page) == []
    journal.rmdir()
    aside.rename(journal)
    expect(status(page, "clip-2.helps")).to_have_text(SAVED)
    expect(page.locator(".vb-banner")).to_contain_text("Everything is saved")
    assert values(family, "clip-2.helps") == ["I follow her hands."]


def test_a_page_that_is_closed_at_once_loses_nothing(
    browser: Browser, server: Server, family: Path, tmp_path: Path
) -> None:
    """The last words reach the disk as the page goes, or from the draft when it is opened again."""
    context = _reopen(browser, tmp_path)
    page = open_workbook(context.new_page(), server)
    field(page, "try.what").press_sequentially("Count to five.")
    page.close(run_before_unload=False)
    page = open_workbook(context.new_page(), server)
    expect(field(page, "try.what")).to_have_value("Count to five.")
    expect(status(page, "try.what")).to_have_text(SAVED)
    with stopped(server.process.pid):
        field(page, "try.when").press_sequentially("At tea time.")
        context.close()
    context = _reopen(browser, tmp_path)
    page = open_workbook(context.new_page(), server)
    expect(field(page, "try.when")).to_have_value("At tea time.")
    expect(status(page, "try.when")).to_have_text(SAVED)
    context.close()
    assert values(family, "try.what")[-1] == "Count to five."
    assert values(family, "try.when") == ["At tea time."]


def _reopen(browser: Browser, profile: Path) -> BrowserContext:
    """Returns the browser of a person who closed it, with all that it had kept."""
    kind = browser.browser_type
    return kind.launch_persistent_context(
        profile, executable_path=CHROMIUM, args=["--no-sandbox"], timeout=PATIENCE_MS
    )


def test_a_server_that_is_killed_and_started_again_gets_every_word(
    page: Page, built_family: Path
) -> None:
    """Meanwhile the page says what is unsaved, and how many; the way back is to open it again.

    The key of the server that is gone opens nothing any more.
    """
    with serving(built_family) as server:
        open_workbook(page, server)
        field(page, "clip-1.see").press_sequentially("Before, ")
        server.kill()
        field(page, "clip-1.see").press_sequentially("during, ")
        field(page, "clip-1.did").fill("And this too.")
        expect(status(page, "clip-1.see")).to_have_text(UNSAVED)
        expect(page.locator(".vb-banner")).to_contain_text("2 answers are not saved yet")
        field(page, "clip-1.see").press_sequentially("after.")
        port = int(re.sub(r".*:(\d+)/.*", r"\1", server.base))
        again = start_server(built_family, port)
    try:
        expect(status(page, "clip-1.see")).to_contain_text("open it again with “vigbook open”")
        page.context.new_page().goto(again.url("vigbook/"))
        expect(status(page, "clip-1.see")).to_have_text(SAVED)
        expect(status(page, "clip-1.did")).to_have_text(SAVED)
        assert values(built_family, "clip-1.see")[-1] == "Before, during, after."
        assert values(built_family, "clip-1.did") == ["And this too."]
    finally:
        again.kill()
        again.process.communicate()


def test_a_browser_that_the_server_forgot_is_told_the_way_back(
    page: Page, server: Server, family: Path
) -> None:
    """Opening the family again, as the sentence says, is enough: what was typed is then saved."""
    open_workbook(page, server)
    page.context.clear_cookies()
    for kernel in server.kernels():
        os.kill(kernel, signal.SIGKILL)
    field(page, "clip-2.repair").fill("We found each other again.")
    expect(status(page, "clip-2.repair")).to_contain_text("open it again with “vigbook open”")
    page.context.new_page().goto(server.url("vigbook/"))
    expect(status(page, "clip-2.repair")).to_have_text(SAVED)
    assert values(family, "clip-2.repair") == ["We found each other again."]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounting wants root")
def test_a_full_disk_is_told_and_loses_nothing(page: Page, built_family: Path) -> None:
    """The words are kept in the browser until there is room again."""
    cycle = built_family / "cycle-1"
    kept = cycle.rename(cycle.with_name("kept"))
    cycle.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(cycle)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        shutil.copytree(kept, cycle, dirs_exist_ok=True)
        with serving(built_family) as server:
            open_workbook(page, server)
            filler = cycle / "filler"
            with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
                while True:
                    file.write(bytes(4096))
            field(page, "clip-1.see").fill("She looks. " * 800)
            expect(status(page, "clip-1.see")).to_have_text(re.compile("the disk is full"))
            filler.unlink()
            expect(status(page, "clip-1.see")).to_have_text(SAVED)
            assert values(built_family, "clip-1.see") == ["She looks. " * 800]
    finally:
        subprocess.run(["umount", "-l", str(cycle)], check=True)
