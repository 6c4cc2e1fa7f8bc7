"""`vigbook open`: the server of one family, and its front page, as a person meets them."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from families import run_vigbook
from live import Server, free_port, serving, start_server, wait_until
from PIL import Image
from playwright.sync_api import Page, expect

from vigbook.method.templates import find_templates

WCAG = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    }
}
HERE = ("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:")


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory, _built_once: Path) -> Path:
    """Families of this module's own; `wren` is built."""
    folder = tmp_path_factory.mktemp("open") / "cases"
    shutil.copytree(_built_once, folder)
    return folder


@pytest.fixture(scope="module")
def server(cases: Path) -> Iterator[Server]:
    """The server of `wren`."""
    with serving(cases / "wren") as started:
        yield started


def get(
    server: Server, path: str, headers: dict[str, str] | None = None, **more: Any
) -> tuple[int, bytes]:
    """Returns status and body of a request, with the server's token unless told otherwise."""
    own = {"Authorization": f"token {server.token}"} if headers is None else headers
    asked = urllib.request.Request(server.base + path, headers=own, **more)
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as err:
        with err:
            return err.code, err.read()


def read(path: Path) -> str:
    return path.read_text("utf-8") if path.exists() else ""


def edited(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


# --- The server -----------------------------------------------------------------------------


def test_the_address_is_all_that_is_printed_and_ctrl_c_ends_everything(cases: Path) -> None:
    server = start_server(cases / "wren", free_port())
    status, _ = get(server, "voila/render/cycle-1/workbook.ipynb")
    assert status == 200
    kernels = wait_until(server.kernels)
    server.process.send_signal(signal.SIGINT)
    said, complained = server.process.communicate(timeout=30)
    shape = r"http://127\.0\.0\.1:\d+/[\w-]{22}/vigbook/\?token=[0-9a-f]{48}"
    assert re.fullmatch(shape, server.address)
    assert said == ""
    assert complained == ""
    assert server.process.returncode == 0
    for kernel in kernels:
        with pytest.raises(ProcessLookupError):
            os.kill(kernel, 0)


def test_a_cycle_opens_at_its_workbook(cases: Path) -> None:
    with serving(cases / "wren" / "cycle-1") as server:
        assert "/voila/render/cycle-1/workbook.ipynb?token=" in server.address


def test_a_second_open_joins_the_first(server: Server, cases: Path) -> None:
    done = run_vigbook("open", cases / "wren", "--no-browser")
    assert done.returncode == 0, done.stderr
    assert done.stdout == server.address + "\n"
    done = run_vigbook("open", cases / "wren" / "cycle-1", "--no-browser")
    assert done.stdout.startswith(server.base + "voila/render/cycle-1/")


def test_a_port_that_is_taken_is_told_with_the_way_out(
    server: Server, cases: Path, tmp_path: Path
) -> None:
    shutil.copytree(cases / "wren", tmp_path / "robin")
    edited(tmp_path / "robin" / "case.yaml", "family: wren", "family: robin")
    port = server.port
    done = run_vigbook("open", tmp_path / "robin", "--no-browser", "--port", str(port))
    assert done.returncode == 1
    assert done.stdout == ""
    assert f"port {port} is taken" in done.stderr
    assert f"add --port {port + 1}" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "path",
    ["vigbook/", "vigbook/media/cycle-1/clip-1.mp4", "vigbook/api/cycle-1/answers?prompt=remember",
     "vigbook/papers/cycle-1/take-home.pdf", "vigbook/live/common.css", "vigbook/live/prompt.js",
     "voila/render/cycle-1/workbook.ipynb", "api/contents/case.yaml", "files/case.yaml"],
)  # fmt: skip
def test_nothing_is_told_without_the_token(server: Server, path: str) -> None:
    status, body = get(server, path, headers={})
    assert b"Mia" not in body
    assert status == (404 if path.startswith(("api", "files")) else 403)


def test_a_page_of_another_site_cannot_write(server: Server, cases: Path) -> None:
    journal = cases / "wren" / "cycle-1" / "answers.jsonl"
    before = journal.read_bytes() if journal.exists() else b""
    typed = {"prompt": "remember", "value": "x", "by": "mum", "source": "said", "base": None,
             "id": "0" * 16}  # fmt: skip
    body = json.dumps(typed).encode()
    cookie = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    with cookie.open(server.address, timeout=30) as answer:
        answer.read()
    asked = urllib.request.Request(server.base + "vigbook/api/cycle-1/answers", data=body)
    with pytest.raises(urllib.error.HTTPError) as refused:
        cookie.open(asked, timeout=30)
    with refused.value:
        assert refused.value.code == 403
    assert (journal.read_bytes() if journal.exists() else b"") == before


def test_another_name_for_this_machine_is_refused(server: Server) -> None:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=30)
    headers = {"Host": "films.example", "Authorization": f"token {server.token}"}
    with contextlib.closing(connection):
        connection.request("GET", f"{server.path}vigbook/", headers=headers)
        assert connection.getresponse().status == 403


def test_clips_are_given_out_in_parts(server: Server, cases: Path) -> None:
    content = (cases / "wren" / "cycle-1" / "media" / "clip-1.mp4").read_bytes()
    headers = {"Authorization": f"token {server.token}", "Range": "bytes=100-199"}
    assert get(server, "vigbook/media/cycle-1/clip-1.mp4", headers) == (206, content[100:200])


@pytest.mark.parametrize(
    ("path", "file"),
    [("vigbook/media/cycle-1/film.mp4", "cycle-1/media/film.mp4"),
     ("vigbook/media/cycle-1/../film.mp4", "cycle-1/film.mp4"),
     ("vigbook/media/cycle-1/manifest.json", "cycle-1/media/manifest.json"),
     ("vigbook/media/cycle-1/clip-9.mp4", "cycle-1/media/clip-9.mp4"),
     ("vigbook/media/cycle-1/clip-1-7.jpg", "cycle-1/media/clip-1-7.jpg"),
     ("vigbook/media/cycle-2/clip-1.mp4", "cycle-2/media/clip-1.mp4"),
     ("voila/files/cycle-1/answers.jsonl", "cycle-1/answers.jsonl"),
     ("voila/files/cycle-1/film.mp4", "cycle-1/film.mp4"),
     ("vigbook/papers/cycle-1/nobody.pdf", "cycle-1/print/nobody.pdf"),
     ("vigbook/live/../print/print.css", None)],
)  # fmt: skip
def test_nothing_else_is_given_out(
    server: Server, cases: Path, path: str, file: str | None
) -> None:
    meant = cases / "wren" / file if file else find_templates()[0] / "print" / "print.css"
    planted = not meant.exists()  # what is not there could not be given out anyway
    if planted:
        meant.parent.mkdir(parents=True, exist_ok=True)
        meant.write_bytes(b"for nobody")
    try:
        status, body = get(server, path)
        assert status in (400, 403, 404, 409)
        assert meant.read_bytes()[:200] not in body
    finally:
        if planted:
            meant.unlink()
            with contextlib.suppress(OSError):  # what else lies there
                meant.parent.rmdir()
                meant.parent.parent.rmdir()


def test_a_link_that_leads_out_of_the_family_s_folder_is_not_followed(
    server: Server, cases: Path, tmp_path: Path
) -> None:
    clip = cases / "wren" / "cycle-1" / "media" / "clip-2.mp4"
    kept = clip.read_bytes()
    (tmp_path / "other.mp4").write_bytes(kept)
    clip.unlink()
    clip.symlink_to(tmp_path / "other.mp4")
    try:
        assert get(server, "vigbook/media/cycle-1/clip-2.mp4")[0] == 404
    finally:
        clip.unlink()
        clip.write_bytes(kept)
    assert get(server, "vigbook/media/cycle-1/clip-2.mp4")[0] == 200


def test_a_changed_mind_holds_at_once(server: Server, cases: Path) -> None:
    case = cases / "wren" / "case.yaml"
    before = case.read_text("utf-8")
    assert get(server, "vigbook/media/cycle-1/clip-1-1.jpg")[0] == 200
    assert get(server, "vigbook/papers/cycle-1/take-home.pdf")[0] == 200
    row = "  - {person: child, uses: [shared-review, take-home], answer: no, given_by: mum, " \
          "authority: parental responsibility, date: 2026-10-01}\n"  # fmt: skip
    case.write_text(before.replace("helping_question:", f"{row}helping_question:"), "utf-8")
    try:
        for path in ("media/cycle-1/clip-1-1.jpg", "media/cycle-1/clip-1.mp4"):
            assert get(server, f"vigbook/{path}")[0] == 404
        for part in ("", "/", "/1.png"):
            assert get(server, f"vigbook/papers/cycle-1/take-home.pdf{part}")[0] == 404
    finally:
        case.write_text(before, "utf-8")


def test_cells_that_came_with_no_template_do_not_run_unasked(cases: Path, tmp_path: Path) -> None:
    shutil.copytree(cases, tmp_path / "cases")
    workbook = tmp_path / "cases" / "wren" / "cycle-1" / "workbook.ipynb"
    node = nbformat.read(workbook, as_version=4)
    node.cells.append(nbformat.v4.new_code_cell("open('ran', 'w').close()"))
    nbformat.write(node, workbook)
    done = run_vigbook("open", tmp_path / "cases" / "wren", "--no-browser")
    assert done.returncode == 1
    assert "1 cells that are in no template" in done.stderr
    assert not (workbook.parent / "ran").exists()


def test_a_workbook_that_is_not_there_is_made(cases: Path, tmp_path: Path) -> None:
    shutil.copytree(cases, tmp_path / "cases")
    workbook = tmp_path / "cases" / "wren" / "cycle-1" / "workbook.ipynb"
    workbook.unlink()
    with serving(tmp_path / "cases" / "wren"):
        assert workbook.exists()


def test_a_case_that_is_wrong_is_told_and_nothing_is_served(family: Path) -> None:
    edited(family / "cycle-1" / "cycle.yaml", "in_shot: [child, mum]", "in_shot: [child, nan]")
    done = run_vigbook("open", family, "--no-browser")
    assert done.returncode == 1
    assert "cycle.yaml:3 in_shot[1]: there is nobody 'nan'" in done.stderr


def test_a_folder_that_is_moved_away_is_told_when_saving(cases: Path, tmp_path: Path) -> None:
    shutil.copytree(cases, tmp_path / "cases")
    here, there = tmp_path / "cases" / "wren", tmp_path / "cases" / "elsewhere"
    typed = {"prompt": "remember", "value": "x", "by": "mum", "source": "said", "base": None,
             "id": "0" * 16}  # fmt: skip
    with serving(here) as server:
        headers = {"Authorization": f"token {server.token}"}
        here.rename(there)
        path, body = "vigbook/api/cycle-1/answers", json.dumps(typed).encode()
        status, said = get(server, path, headers, data=body)
        assert status == 409
        assert "is not there" in json.loads(said)["refused"]
        there.rename(here)
        status, said = get(server, path, headers, data=body)
        assert (status, json.loads(said)["saved"]["value"]) == (200, "x")
        status, said = get(server, path, headers, data=body)
        assert json.loads(said)["saved"]["id"] == "0" * 16
    assert len((here / "cycle-1" / "answers.jsonl").read_text().splitlines()) == 1


# --- The front page -------------------------------------------------------------------------


def test_the_front_page_tells_what_is_ready_in_words_for_a_family(
    server: Server, page: Page
) -> None:
    page.goto(server.address)
    expect(page.get_by_role("heading", name="Mia and Sam")).to_be_visible()
    section = page.locator("section[data-cycle=cycle-1]")
    expect(section).to_contain_text("Film 1, 12 September 2026")
    expect(section).to_contain_text("tea time, at home")
    expect(section).to_contain_text("2 clips are chosen.")
    expect(section).to_contain_text("Ready to look at.")
    expect(section.get_by_role("link", name="Look together")).to_have_attribute(
        "href", f"{server.path}voila/render/cycle-1/workbook.ipynb?together"
    )
    words = page.inner_text("main").lower()
    for never in ("case", "review", "practitioner", "erase", "withheld", "initiative", "subject"):
        assert never not in re.findall(r"\w+", words)


def test_an_address_that_is_none_leads_back_to_the_family(server: Server, page: Page) -> None:
    page.goto(server.address)
    page.goto(server.base + "vigbook/nothing/here")
    expect(page.get_by_role("heading", level=1)).to_have_text("There is nothing here")
    page.get_by_role("link", name="All of this family").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Mia")


def test_everybody_can_use_the_front_page(server: Server, page: Page) -> None:
    page.goto(server.address)
    found = Axe().run(page, options=WCAG)
    assert found.violations_count == 0, found.generate_report()
    page.goto(server.url("vigbook/papers/cycle-1/take-home.pdf/"))
    found = Axe().run(page, options=WCAG)
    assert found.violations_count == 0, found.generate_report()


def test_the_printed_pages_are_looked_at_in_the_browser(server: Server, page: Page) -> None:
    page.goto(server.address)
    page.get_by_role("link", name="The page for Sam").click()
    expect(page.get_by_role("heading", name="The page for Sam")).to_be_visible()
    sheet = page.locator("img.sheet").first
    expect(sheet).to_be_visible()
    assert sheet.evaluate("one => one.decode().then(() => one.naturalWidth)") == 1240
    page.get_by_role("link", name="Back to Mia and Sam").click()
    expect(page).to_have_title("Mia and Sam")


def test_the_printed_pages_are_looked_at_as_a_black_and_white_printer_prints_them(
    server: Server, page: Page
) -> None:
    path = "vigbook/papers/cycle-1/take-home.pdf/"
    page.goto(server.address)
    page.get_by_role("link", name="The page to take home").click()
    pages = page.locator("img.sheet").count()
    link = page.get_by_role("link", name="See it in black and white")
    link.focus()
    page.keyboard.press("Enter")
    heading = page.get_by_role("heading", name="The page to take home in black and white")
    expect(heading).to_be_visible()
    assert page.locator("img.sheet").count() == pages
    assert "in black and white" in (page.locator("img.sheet").first.get_attribute("alt") or "")
    assert colours_on(page) == {"grey"}
    found = Axe().run(page, options=WCAG)
    assert found.violations_count == 0, found.generate_report()
    page.get_by_role("link", name="See it in colour").click()
    expect(page.get_by_role("link", name="See it in black and white")).to_be_visible()
    assert colours_on(page) == {"grey", "coloured"}
    grey, coloured = (
        Image.open(io.BytesIO(get(server, f"{path}1.png{query}")[1])) for query in ("?grey=1", "")
    )
    assert (grey.mode, grey.size) == ("L", coloured.size)
    assert np.array_equal(np.asarray(grey), np.asarray(coloured.convert("L")))


def colours_on(page: Page) -> set[str]:
    """Returns whether the dots of the first page, as the browser shows it, are grey or coloured."""
    return set(
        page.locator("img.sheet").first.evaluate(
            """async (one) => {
              await one.decode();
              const canvas = Object.assign(document.createElement("canvas"),
                { width: one.naturalWidth, height: one.naturalHeight });
              const paper = canvas.getContext("2d");
              paper.drawImage(one, 0, 0);
              const dots = paper.getImageData(0, 0, canvas.width, canvas.height).data;
              const found = new Set();
              for (let at = 0; at < dots.length; at += 4) {
                const three = [dots[at], dots[at + 1], dots[at + 2]];
                found.add(Math.max(...three) - Math.min(...three) > 24 ? "coloured" : "grey");
              }
              return [...found];
            }"""
        )
    )


def test_the_pages_are_made_again_at_a_press_of_the_button(
    cases: Path, server: Server, page: Page
) -> None:
    done = run_vigbook("answer", cases / "wren", "remember", "She looks for me.", "--by", "mum")
    assert done.returncode == 0
    page.goto(server.address)
    section = page.locator("section[data-cycle=cycle-1]")
    expect(section).to_contain_text("Something was written since these pages were made.")
    page.get_by_role("button", name="Make the pages of film 1").press("Enter")
    expect(section).to_contain_text("The pages are up to date.")


def test_a_film_is_got_ready_at_a_press_of_the_button(family: Path, page: Page) -> None:
    with serving(family) as server:
        page.goto(server.address)
        section = page.locator("section[data-cycle=cycle-1]")
        expect(section).to_contain_text("0 of 2 clips are cut.")
        page.get_by_role("button", name="Get film 1 ready").click()
        expect(section.get_by_role("status")).to_contain_text("Being made ready.")
        expect(section).to_contain_text("Ready to look at.", timeout=60_000)
    assert (family / "cycle-1" / "media" / "clip-2.mp4").exists()


def test_what_is_wrong_is_told_on_the_page(cases: Path, tmp_path: Path, page: Page) -> None:
    shutil.copytree(cases, tmp_path / "cases")
    family = tmp_path / "cases" / "wren"
    with serving(family) as server:
        (family / "cycle-1" / "film.mp4").unlink()
        page.goto(server.address)
        section = page.locator("section[data-cycle=cycle-1]")
        expect(section).to_contain_text("The film is not here")
        edited(family / "cycle-1" / "cycle.yaml", "in_shot: [child, mum]", "in_shot: [child, nan]")
        page.get_by_role("button", name="Make the pages of film 1").click()
        expect(page.get_by_role("alert")).to_contain_text("there is nobody 'nan'")
        page.reload()
        expect(page.get_by_role("alert")).to_contain_text("there is nobody 'nan'")


# --- No network -----------------------------------------------------------------------------

ALONE = """
import fcntl, socket, struct, sys
with socket.socket() as any_one:  # loopback is down at first: SIOCSIFFLAGS, IFF_UP
    fcntl.ioctl(any_one, 0x8914, struct.pack("16sh", b"lo", 1))
sys.path.insert(0, {tests!r})
from pathlib import Path
from live import chromium, page_of, serving
asked = []
with serving(Path({family!r})) as server, chromium() as browser, page_of(browser, "alone") as page:
    page.on("request", lambda request: asked.append(request.url))
    page.goto(server.address)
    page.get_by_role("link", name="Write up film 1").click()
    page.get_by_label("What I want to remember").fill("Nobody but us.")
    page.get_by_text("Saved at").first.wait_for()
print("\\n".join(asked))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can be without a network so")
@pytest.mark.browser("chromium")
def test_a_machine_without_a_network_has_every_page(cases: Path, tmp_path: Path) -> None:
    shutil.copytree(cases, tmp_path / "cases")
    family = tmp_path / "cases" / "wren"
    code = ALONE.format(tests=str(Path(__file__).parents[1] / "helpers"), family=str(family))
    unshare = ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-rn"]
    if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody be without a network")
    done = subprocess.run(
        [*unshare, sys.executable, "-c", code], capture_output=True, text=True, timeout=240,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    asked = done.stdout.split()
    assert len(asked) > 5
    assert [one for one in asked if not one.startswith(HERE)] == []
    assert "Nobody but us." in (family / "cycle-1" / "answers.jsonl").read_text("utf-8")


# --- JupyterLab -----------------------------------------------------------------------------


def test_in_jupyterlab_a_signed_workbook_runs_itself_and_shows_no_code(
    cases: Path, page: Page
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    with serving(cases / "wren", "--lab") as server:
        page.goto(server.address)
        expect(page.get_by_label("What I want to remember")).to_be_visible(timeout=60_000)
        assert page.locator(".jp-InputArea-editor:visible").count() == 0
        assert [one for one in asked if not one.startswith(HERE)] == []


def test_what_is_seen_and_typed_in_jupyterlab_never_stands_in_the_saved_file(
    cases: Path, tmp_path: Path, page: Page
) -> None:
    shutil.copytree(cases, tmp_path / "cases")
    folder = tmp_path / "cases" / "wren" / "cycle-1"
    with serving(tmp_path / "cases" / "wren", "--lab") as server:
        page.goto(server.address)
        page.get_by_label("What I want to remember").fill("The spoon went flying.")
        wait_until(lambda: "The spoon went flying." in read(folder / "answers.jsonl"))
        before = (folder / "workbook.ipynb").stat().st_mtime_ns
        page.locator(".jp-Notebook").first.click(position={"x": 3, "y": 3})
        page.keyboard.press("Control+s")
        wait_until(lambda: (folder / "workbook.ipynb").stat().st_mtime_ns != before)
    saved = read(folder / "workbook.ipynb")
    for word in ("Mia", "Sam", "spoon", "settle", "Waiting for", str(tmp_path)):
        assert word not in saved
    assert "widgets" not in json.loads(saved)["metadata"]


def test_in_jupyterlab_a_workbook_from_elsewhere_does_not_run(
    cases: Path, tmp_path: Path, page: Page
) -> None:
    shutil.copytree(cases, tmp_path / "cases")
    workbook = tmp_path / "cases" / "wren" / "cycle-1" / "workbook.ipynb"
    node = json.loads(workbook.read_bytes())
    # Its cells are those of the template, and so it is opened; but nobody here signed it.
    next(cell for cell in node["cells"] if cell["cell_type"] == "code")["metadata"]["x"] = 1
    workbook.write_text(json.dumps(node))
    with serving(tmp_path / "cases" / "wren", "--lab") as server:
        page.goto(server.address)
        expect(page.get_by_text("review.title()").first).to_be_visible(timeout=60_000)
        assert page.get_by_label("What I want to remember").count() == 0
