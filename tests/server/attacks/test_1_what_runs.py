"""Attacks on what runs: the attacker writes into the family's folder, which lies on a share."""

from __future__ import annotations

import base64
import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from attacking import (
    SETTINGS,
    Elsewhere,
    Place,
    add_cells,
    ask,
    changed,
    code,
    markdown,
    render,
    with_token,
)
from live import Server, page_of
from playwright.sync_api import Browser, Page, expect

STRANGE = "cells that are in no template"
TITLE = "Mia and Sam"


@pytest.fixture
def workbook(place: Place) -> Iterator[Path]:
    """The good cycle's workbook: the attacker may do with it what they like."""
    with changed(place.family / "cycle-1" / "workbook.ipynb") as path:
        yield path


def test_the_attacker_adds_a_cell_before_the_family_is_opened(place: Place) -> None:
    """There is no terminal to ask on: what was not allowed does not run, nothing is served."""
    done = place.run("open", place.family / "cycle-2", "--no-browser")
    assert done.returncode == 1
    assert STRANGE in done.stderr
    assert not place.mark("cycle-2").exists()


@pytest.mark.parametrize("which", ["opened", "choosing", "labbed"])
def test_a_server_is_asked_to_run_a_workbook_that_its_user_did_not_allow(
    place: Place, which: str, request: pytest.FixtureRequest
) -> None:
    """`open` declined this one and serves the others; `prepare` never looked at any."""
    answer = render(request.getfixturevalue(which), "cycle-2")
    assert answer.status == 500
    assert STRANGE in answer.text
    assert not place.mark("cycle-2").exists()


def test_a_declined_workbook_keeps_no_good_one_shut(opened: Server, place: Place) -> None:
    """The attacker wanted nothing of this family's to be opened any more."""
    answer = render(opened)
    assert answer.status == 200
    assert "jupyter-widgets" in answer.text
    assert not place.mark("cycle-2").exists()


@pytest.mark.parametrize(
    "end", ["\n", "\r", "\f", "\v", "\x85", "\u2028", "\u2029", "\x1c"],
    ids=["a new line", "CR", "FF", "VT", "NEL", "U+2028", "U+2029", "FS"],
)  # fmt: skip
def test_the_attacker_replaces_the_workbook_after_it_was_opened(
    opened: Server, place: Place, workbook: Path, end: str
) -> None:
    """A cell of remarks is harmless, but some signs end a line that look like none."""
    add_cells(workbook, code(f"# a note{end}{place.marking('replaced')}"))
    answer = render(opened)
    assert answer.status == 500
    assert STRANGE in answer.text
    assert not place.mark("replaced").exists()


def test_the_attacker_replaces_the_workbook_between_two_loads(
    opened: Server, place: Place, workbook: Path
) -> None:
    assert render(opened).status == 200
    add_cells(workbook, code(place.marking("between")))
    assert STRANGE in render(opened).text
    assert not place.mark("between").exists()


def test_the_attacker_changes_an_allowed_workbook_by_one_cell(
    opened: Server, place: Place, workbook: Path
) -> None:
    """What a person allowed once are these bytes, and no other notebook of the same name."""
    add_cells(workbook, code("print('ours')"))
    place.allow(workbook)
    try:
        allowed = render(opened)
        assert allowed.status == 200
        assert "ours" in allowed.text
        add_cells(workbook, code(place.marking("allowed")))
        assert STRANGE in render(opened).text
    finally:
        place.settings.unlink()
    assert not place.mark("allowed").exists()


# --- Other notebooks ------------------------------------------------------------------------


OTHERS: dict[str, tuple[str, str]] = {
    "in the cycle's folder": ("cycle-1/other.ipynb", "cycle-1/other.ipynb"),
    "in the family's folder": ("other.ipynb", "other.ipynb"),
    "in a folder below the cycle": ("cycle-1/sub/workbook.ipynb", "cycle-1/sub/workbook.ipynb"),
    "in a folder that is called like a cycle": ("cycle-0/workbook.ipynb", "cycle-0/workbook.ipynb"),
    "in another family's folder": ("../robin/cycle-1/other.ipynb", "../robin/cycle-1/other.ipynb"),
    "in another family's folder, written oddly": (
        "../robin/cycle-1/other.ipynb", "cycle-1/%2e%2e/%2e%2e/robin/cycle-1/other.ipynb"),
    "of Python's own": ("cycle-1/other.py", "cycle-1/other.py"),
}  # fmt: skip


@pytest.mark.parametrize("where", OTHERS)
@pytest.mark.parametrize("which", ["opened", "choosing"])
def test_the_attacker_puts_a_notebook_of_their_own(
    place: Place, where: str, which: str, request: pytest.FixtureRequest
) -> None:
    """Beside the workbook, above and below it: only a cycle's own workbook is ever run."""
    server = request.getfixturevalue(which)
    file, address = OTHERS[where]
    path = place.family / file
    made = not path.parent.exists()
    path.parent.mkdir(exist_ok=True)
    node = nbformat.v4.new_notebook(cells=[code(place.marking("other"))])
    path.write_text(place.marking("other") if path.suffix == ".py" else nbformat.writes(node))
    try:
        answer = ask(server, f"voila/render/{address}", headers=with_token(server))
    finally:
        path.unlink()
        if made:
            path.parent.rmdir()
    assert answer.status == 404
    assert not place.mark("other").exists()


def lay_link(workbook: Path, place: Place) -> None:
    shutil.copyfile(workbook, place.folder / "elsewhere.ipynb")
    workbook.unlink()
    workbook.symlink_to(place.folder / "elsewhere.ipynb")


def lay_pipe(workbook: Path, _: Place) -> None:
    workbook.unlink()
    os.mkfifo(workbook)  # who reads it waits until somebody writes


def lay_folder(workbook: Path, _: Place) -> None:
    workbook.unlink()
    workbook.mkdir()


def lay_deep_json(workbook: Path, _: Place) -> None:
    workbook.write_text('{"cells": ' + "[" * 200_000 + "]" * 200_000 + "}", "utf-8")


def lay_deep_metadata(workbook: Path, _: Place) -> None:
    text, deep = workbook.read_text("utf-8"), "[" * 900 + "]" * 900
    workbook.write_text(text.replace('"metadata": {', f'"metadata": {{"x": {deep},', 1), "utf-8")


def lay_no_text(workbook: Path, _: Place) -> None:
    workbook.write_bytes(b"\xff\xfe\x00" * 1000)


LAID: dict[str, Callable[[Path, Place], None]] = {
    "a link to a notebook that lies elsewhere": lay_link, "a pipe": lay_pipe,
    "a folder": lay_folder, "JSON of 200,000 levels": lay_deep_json, "no text": lay_no_text,
}  # fmt: skip


@pytest.mark.parametrize("what", LAID)
def test_the_attacker_lays_something_in_the_workbook_s_place(
    opened: Server, place: Place, workbook: Path, what: str
) -> None:
    """It is not opened, the page says so in words, and the server goes on."""
    LAID[what](workbook, place)
    answer = render(opened)
    assert answer.status == 500
    assert "This cannot be opened" in answer.text
    assert "cycle-1/workbook.ipynb" in answer.text
    assert ask(opened, "vigbook/", headers=with_token(opened)).status == 200


def test_the_attacker_hides_deep_json_in_what_the_workbook_says_of_itself(
    opened: Server, place: Place, workbook: Path
) -> None:
    """Nobody needs it: the page comes as it always does, or says that it does not."""
    lay_deep_metadata(workbook, place)
    answer = render(opened)
    assert answer.status == 200 or "This cannot be opened" in answer.text
    assert ask(opened, "vigbook/", headers=with_token(opened)).status == 200


@pytest.mark.parametrize("case", ["../../robin", "../../robin/cycle-1/..", "{place}/cases/robin"])
def test_the_attacker_has_the_workbook_show_another_family(
    opened: Server, place: Place, workbook: Path, case: str
) -> None:
    """Two values in a cell of parameters are harmless code: what they lead to is not shown."""
    text, aimed = workbook.read_text("utf-8"), case.format(place=place.folder)
    changed_text = text.replace(r"case = \"..\"", rf"case = \"{aimed}\"")
    assert changed_text != text
    workbook.write_text(changed_text, "utf-8")
    answer = render(opened)
    assert "Robina" not in answer.text
    assert "vnd.jupyter.widget-view" not in answer.text


@pytest.mark.parametrize(
    "place_of", ["settings.json", "vigbook/settings.json", ".config/vigbook/settings.json",
                 "config/vigbook/settings.json", "cycle-1/settings.json"],
)  # fmt: skip
def test_the_attacker_allows_their_own_cells(opened: Server, place: Place, place_of: str) -> None:
    """With settings that lie in the family's folder: they say nothing to anybody."""
    workbook, settings = place.family / "cycle-2" / "workbook.ipynb", place.family / place_of
    place.allow(workbook)
    settings.parent.mkdir(parents=True, exist_ok=True)
    place.settings.rename(settings)
    try:
        assert STRANGE in render(opened, "cycle-2").text
    finally:
        settings.unlink()
        for above in settings.relative_to(place.family).parents:
            with contextlib.suppress(OSError):  # what else lies there
                (place.family / above).rmdir()
    assert not place.mark("cycle-2").exists()


# --- What stands in a page ------------------------------------------------------------------

HIT = "window.hit=[...(window.hit||[]),'{}']"
HTML = {
    "a picture that is not there": '<img src="x:" onerror="{hit}">',
    "a script": "<script>{hit}</script>",
    "a script of another site's": '<script src="{site}"></script>',
    "a drawing with a handler": '<svg onload="{hit}"><circle r="9"/></svg>',
    "a drawing with a script": "<svg><script>{hit}</script></svg>",
    "a page in the page": '<iframe srcdoc="<script>parent.{hit}</script>"></iframe>',
    "a page of another site's in the page": '<iframe src="{site}"></iframe>',
    "a way on to another site": '<meta http-equiv="refresh" content="0;url={site}">',
    "a form that sends to another site": '<form action="{site}"><button>Save</button></form>',
    "a layer over the whole page": "<style>body{{display:none}}</style>"
                                   '<div style="position:fixed;inset:0">Sign in again</div>',
    "another base for all addresses": '<base href="{site}">',
    "a picture of another site's": '<img src="{site}">',
    "a picture of another site's, in Markdown": "![]({site})",
    "an object": '<object data="{site}"></object>',
    "a handler that begins by itself": '<details open ontoggle="{hit}"><p>Look</p></details>',
    "a film with a handler": '<video src="x:" onerror="{hit}"></video>',
    "mathematics with a script": '$$\\href{{javascript:{hit}}}{{x}}$$',
}  # fmt: skip


@pytest.fixture(scope="module")
def hostile_page(browser: Browser, opened: Server, place: Place, site: Elsewhere) -> Iterator[Page]:
    """The workbook with all of that as its Markdown, in saved results, raw cells and metadata."""
    marks = [(HIT.format(name), site.put(f"{number}", "<p>elsewhere</p>"))
             for number, name in enumerate(HTML)]  # fmt: skip
    told = [content.format(hit=hit, site=address)
            for content, (hit, address) in zip(HTML.values(), marks, strict=True)]  # fmt: skip
    link = f"[Go on](javascript:{HIT.format('link')})"
    files = "![](media/clip-2-1.jpg) ![](../case.yaml) ![](film.mp4)"
    output = {"output_type": "display_data", "metadata": {}, "data": {"text/html": "".join(told)}}
    script = {"output_type": "display_data", "metadata": {},
              "data": {"application/javascript": HIT.format("saved")}}  # fmt: skip
    raw = nbformat.v4.new_raw_cell("".join(told), metadata={"raw_mimetype": "text/html"})
    with changed(place.family / "cycle-1" / "workbook.ipynb") as workbook:
        node = nbformat.read(workbook, as_version=4)
        for cell in node.cells:
            if cell.cell_type == "code":
                cell.outputs += [nbformat.from_dict(output), nbformat.from_dict(script)]
        node.metadata |= {
            "kernelspec": {"name": "evil", "display_name": "Evil", "language": "python"},
            "voila": {"template": "reveal", "theme": "dark"},
            "title": "</title><script>" + HIT.format("title") + "</script>",
            "widgets": {"application/vnd.jupyter.widget-state+json": {"state": {}}},
        }
        node.cells += [*map(markdown, [*told, link, files]), raw]
        node.cells.append(markdown("The end of the page"))
        workbook.write_text(nbformat.writes(node), "utf-8")
        with page_of(browser, "hostile") as page:
            page.goto(opened.url("voila/render/cycle-1/workbook.ipynb?quick"))
            expect(page.get_by_text("The end of the page")).to_be_visible()
            page.locator('[data-prompt="take-home.checked"]').wait_for()
            yield page


@pytest.mark.parametrize("name", HTML)
def test_the_attacker_writes_into_the_workbook(
    hostile_page: Page, site: Elsewhere, opened: Server, name: str
) -> None:
    """As Markdown, as a raw cell, as a saved result: none of it runs or reaches out."""
    page = hostile_page
    assert name not in page.evaluate("window.hit || []")
    assert f"/{list(HTML).index(name)}" not in site.asked
    assert page.url.startswith(f"{opened.base}voila/render/cycle-1/")
    own = page.locator("#rendered_cells .jp-MarkdownCell")
    inert = own.locator("img, script, svg, iframe, meta, form, style, base, object, video, "
                        "[onerror], [onload], [ontoggle], [style]")  # fmt: skip
    assert inert.evaluate_all("found => found.map((one) => one.outerHTML)") == []


def test_the_attacker_writes_a_link_that_runs(hostile_page: Page) -> None:
    """Who follows it, runs nothing."""
    link = hostile_page.get_by_text("Go on", exact=True)
    expect(link).to_be_visible()
    assert not (link.get_attribute("href") or "").startswith("javascript")
    link.click()
    assert "link" not in hostile_page.evaluate("window.hit || []")


@pytest.mark.parametrize("file", ["cycle-1/media/clip-2-1.jpg", "case.yaml", "cycle-1/film.mp4"])
def test_the_attacker_writes_a_picture_of_a_file_that_may_not_be_shown(
    hostile_page: Page, place: Place, file: str
) -> None:
    """Voila would read any file that Markdown calls a picture, into the page."""
    content = (place.family / file).read_bytes()
    assert base64.b64encode(content[-300:]).decode()[4:380] not in hostile_page.content()


def test_the_attacker_saves_results_with_scripts(hostile_page: Page) -> None:
    """What stood in the file as a result is not shown: the cells run anew."""
    assert "saved" not in hostile_page.evaluate("window.hit || []")
    shown = "\n".join(hostile_page.locator(".jp-CodeCell").all_inner_texts())
    assert "Sam" in shown
    assert "Sign in again" not in shown


def test_the_attacker_names_another_kernel_another_page_and_a_title_that_runs(
    hostile_page: Page,
) -> None:
    """The kernel is ours, the page too, and its title is the family's."""
    expect(hostile_page).to_have_title(TITLE)
    assert hostile_page.locator(".reveal").count() == 0
    assert hostile_page.locator("body").get_attribute("data-jp-theme-light") == "true"
    assert "title" not in hostile_page.evaluate("window.hit || []")


@pytest.mark.parametrize("asked", ["template=reveal&voila-template=reveal", "theme=dark"])
def test_the_attacker_sends_a_link_that_chooses_another_page(opened: Server, asked: str) -> None:
    """Another page of Voila's has no content policy of ours."""
    headers = {**with_token(opened), "Accept": "text/html"}
    answer = ask(opened, f"voila/render/cycle-1/workbook.ipynb?{asked}", headers=headers)
    assert "All of this family" in answer.text
    assert 'data-jp-theme-light="true"' in answer.text
    assert "nonce-" in answer.headers["Content-Security-Policy"]


def test_the_attacker_lays_settings_for_the_server(place: Place, opened: Server) -> None:
    """It was started in the family's folder, where they lie: nobody reads them there."""
    laid = [path for name in SETTINGS for path in place.family.rglob(name)]
    assert len(laid) == 2 * len(SETTINGS)
    assert ask(opened, "voila/files/case.yaml", headers=with_token(opened)).status == 404
    assert ask(opened, "vigbook/").status == 403
    answer = render(opened)
    assert "All of this family" in answer.text
    assert "Review(" not in answer.text
    assert not place.mark("settings").exists()
