"""The modules of the live pages: who gives them out, which set they belong to, and a team's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from live import Server, free_port, page_of, serving, wait_until
from playwright.sync_api import Browser, Page, expect

from vigbook.method.templates import find_template, find_templates
from vigbook.workbook.live_modules import name_modules

TOKEN = "0123456789abcdef"
OPEN_IT = "Only vigbook can show this. Close this page, and open the family's folder with "


@pytest.fixture(scope="module")
def wren(tmp_path_factory: pytest.TempPathFactory, _built_once: Path) -> Path:
    """A built family."""
    cases = tmp_path_factory.mktemp("modules") / "cases"
    shutil.copytree(_built_once, cases)
    return cases / "wren"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A team's own templates: one module, with words of its own."""
    folder = tmp_path_factory.mktemp("team")
    text = find_template(find_templates(), "live/prompt.js").read_text("utf-8")
    assert "Whose words" in text
    (folder / "live").mkdir()
    (folder / "live" / "prompt.js").write_text(text.replace("Whose words", "Who said it"), "utf-8")
    return folder


@pytest.fixture(scope="module")
def team(wren: Path, own: Path) -> Iterator[Server]:
    """The server, opened with a team's own templates."""
    with serving(wren, "--templates", str(own)) as started:
        yield started


def get(server: Server, path: str) -> tuple[int, str, str]:
    """Returns a request's status, how it may be kept, and its body."""
    headers = {"Authorization": f"token {server.token}"}
    asked = urllib.request.Request(server.base + path, headers=headers)
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return answer.status, answer.headers["Cache-Control"], answer.read().decode()
    except urllib.error.HTTPError as err:
        with err:
            return err.code, err.headers["Cache-Control"], ""


def test_the_set_is_named_anew_when_any_module_changes(own: Path) -> None:
    """A team's own counts in place of ours; twice the same is the same."""
    ours, theirs = name_modules(find_templates()), name_modules(find_templates(own))
    assert ours == name_modules(find_templates())
    assert len({ours, theirs}) == 2
    assert [len(one) for one in (ours, theirs)] == [12, 12]


def test_a_module_is_given_out_in_todays_set_alone_and_never_kept(team: Server, own: Path) -> None:
    """A page that stayed open while vigbook was changed gets no module that is newer than it."""
    ours, theirs = name_modules(find_templates()), name_modules(find_templates(own))
    status, keeping, text = get(team, f"vigbook/live/{theirs}/prompt.js")
    assert (status, keeping) == (200, "no-store")
    assert "Who said it" in text
    assert get(team, f"vigbook/live/{ours}/prompt.js")[0] == 404
    status, keeping, text = get(team, f"vigbook/live/{theirs}/saving.js")
    assert (status, keeping) == (200, "no-store")
    assert text == find_template(find_templates(), "live/saving.js").read_text("utf-8")


def test_a_teams_own_copy_of_a_module_wins(team: Server, browser: Browser) -> None:
    """Its words stand on the page, and what it imports is ours."""
    with page_of(browser, "own-module") as page:
        page.goto(team.url("voila/render/cycle-1/workbook.ipynb"))
        question = page.locator('[data-prompt="remember"]')
        expect(question.get_by_label("Who said it")).to_be_visible()
        question.get_by_role("textbox").fill("She looks.")
        expect(question.get_by_text("Saved at")).to_be_visible()


def test_every_widget_of_a_page_shares_one_set_of_modules(team: Server, browser: Browser) -> None:
    """Each module is asked for once, however many questions there are, and nothing hangs on it."""
    asked: list[str] = []
    with page_of(browser, "modules") as page:
        page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
        page.goto(team.url("voila/render/cycle-1/workbook.ipynb"))
        page.locator('[data-prompt="take-home.checked"]').wait_for()
        page.locator('.vb-player[data-clip="clip-2"][data-ready]').wait_for()
        for module in ("prompt.js", "player.js", "savers.js", "saving.js", "clip.js"):
            assert asked.count(module) == 1, module
        own = page.evaluate("Object.keys(window).filter((name) => name.startsWith('vigbook'))")
        assert own == []


@pytest.mark.slow
def test_in_a_jupyterlab_without_our_server_a_widget_says_how_to_open_the_workbook(
    wren: Path, page: Page
) -> None:
    """Somebody's own `jupyter lab`: nothing can be typed there that would go nowhere."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root",
         f"--ServerApp.root_dir={wren}", f"--ServerApp.port={port}", "--ServerApp.port_retries=0",
         f"--IdentityProvider.token={TOKEN}"],
        env={**os.environ, "VIGBOOK_LIVE": "1", "JUPYTER_NO_CONFIG": "1"},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}/lab/tree/cycle-1/workbook.ipynb?token={TOKEN}"
    try:
        wait_until(lambda: _answers(f"http://127.0.0.1:{port}/api"))
        page.goto(address)
        sentence = page.get_by_text(OPEN_IT).first
        expect(sentence).to_be_visible(timeout=60_000)
        expect(sentence.locator("code")).to_have_text("vigbook open FOLDER")
        assert page.locator("[data-prompt]").count() == 0
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:  # it waits for its kernels, on a busy machine for long
            process.kill()
            process.wait()


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5):
            return True
    except OSError:
        return False
