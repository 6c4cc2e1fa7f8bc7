"""Attacks on the key: another user of the computer, another site, or a name that lies."""

from __future__ import annotations

import contextlib
import json
import re
import stat
import urllib.parse
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import psutil
import pytest
from attacking import (
    Elsewhere,
    Place,
    ask,
    find_kernel,
    list_state,
    render,
    serve_by,
    wait_for_words,
    with_cookie,
    with_token,
)
from families import vigbook_command
from live import Server, free_port, page_of
from playwright.sync_api import Browser, Page, expect


def issue(server: Server, page: str) -> Path:
    """Returns the file that a second `vigbook open` starts a browser with."""
    body = json.dumps({"page": page}).encode()
    answer = ask(server, "vigbook/api/ticket", "POST", headers=with_token(server), body=body)
    assert answer.status == 200, answer.text
    return Path(json.loads(answer.body)["file"])


def ticket_of(file: Path) -> str:
    found = re.search(r"ticket=([\w-]+)", file.read_text("utf-8"))
    assert found
    return found[1]


# --- On the computer ------------------------------------------------------------------------


def test_another_user_reads_what_programs_are_started_with(opened: Server, place: Place) -> None:
    """The browser gets a file's name; the key stands in no process's command line."""
    words = " ".join(wait_for_words(place.started_with))
    assert words.startswith("file:///")
    file = Path(urllib.parse.unquote(urllib.parse.urlparse(words.strip()).path))
    render(opened)  # so that there is a kernel, too
    ours = [psutil.Process(opened.process.pid)]
    ours += ours[0].children(recursive=True)
    assert len(ours) > 1
    everything = [words]
    for one in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            everything.append(" ".join(one.cmdline()))
    assert any("ipykernel" in one for one in everything)
    for secret in (opened.token, ticket_of(file)):
        assert [one for one in everything if secret in one] == []


def test_another_user_reads_the_file_that_the_browser_is_started_with(opened: Server) -> None:
    """It is this user's alone, and gone as soon as it was used."""
    file = issue(opened, "vigbook/")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert file.stat().st_uid == psutil.Process(opened.process.pid).uids().real
    assert ask(opened, f"vigbook/enter?ticket={ticket_of(file)}").status == 200
    assert not file.exists()


def test_a_ticket_is_used_a_second_time(opened: Server) -> None:
    ticket = ticket_of(issue(opened, "vigbook/"))
    assert ask(opened, f"vigbook/enter?ticket={ticket}").status == 200
    again = ask(opened, f"vigbook/enter?ticket={ticket}")
    assert again.status == 403
    assert again.headers["Set-Cookie"] is None


@pytest.mark.parametrize("ticket", ["", "x", "0" * 43, "%00", "None"])
def test_a_ticket_is_guessed(opened: Server, ticket: str) -> None:
    answer = ask(opened, f"vigbook/enter?ticket={ticket}")
    assert answer.status == 403
    assert answer.headers["Set-Cookie"] is None


def test_a_ticket_is_found_a_minute_later(tmp_path: Path) -> None:
    """It is not good any more, and its file is gone."""
    from vigbook.server.tickets import GOOD_S, Tickets

    now = 1000.0
    tickets = Tickets(tmp_path, "http://127.0.0.1:1/vigbook/enter", now=lambda: now)
    old, young = (tickets.issue("vigbook/") for _ in range(2))
    ticket, other = ticket_of(old), ticket_of(young)
    now += GOOD_S - 1
    assert tickets.redeem(other) == "vigbook/"
    now += 2
    assert tickets.redeem(ticket) is None
    assert [*tmp_path.iterdir()] == []


def test_a_ticket_is_asked_for_with_a_page_s_cookie(opened: Server) -> None:
    """A page has no use for one; only a command that knows the token gets it."""
    headers = with_cookie(opened)
    answer = ask(opened, "vigbook/api/ticket", "POST", headers=headers, body=b'{"page": ""}')
    assert answer.status == 403


@pytest.mark.parametrize(
    "page", ["//127.0.0.1:{port}/evil", "/\\127.0.0.1:{port}/evil", "\\\\127.0.0.1:{port}/evil",
             "\t/127.0.0.1:{port}/evil", "\n\\127.0.0.1:{port}/evil",
             "http://127.0.0.1:{port}/evil", "javascript:window.hit=1", "@127.0.0.1:{port}/evil",
             "</script><script>window.hit=1</script>"],
)  # fmt: skip
def test_a_ticket_leads_off_the_machine(
    opened: Server, site: Elsewhere, page: str, browser: Browser
) -> None:
    """However its page is written, the browser stays with this server."""
    site.put("evil", "<p>evil</p>")
    file = issue(opened, page.format(port=site.port))
    with page_of(browser, "ticket") as went:
        went.goto(file.as_uri(), wait_until="commit")
        went.wait_for_url(lambda url: url.startswith("http") and "ticket=" not in url)
        assert went.url.startswith(opened.base)
        assert went.evaluate("window.hit") is None
    assert "/evil" not in site.asked


def test_the_browser_s_own_way_in_is_looked_at(opened: Server, browser: Browser) -> None:
    """It comes to the family's page, and nothing that opens it is in its line or its history."""
    file = issue(opened, "vigbook/")
    with page_of(browser, "entering") as page:
        page.goto(file.as_uri())
        expect(page.get_by_role("heading", name="Mia and Sam")).to_be_visible()
        assert page.url == f"{opened.base}vigbook/"
        page.go_back()
        expect(page.get_by_text("needs its key")).to_have_count(0)
        assert "ticket=" not in page.url


@pytest.mark.parametrize(
    ("which", "path"),
    [("opened", "vigbook/"), ("opened", "voila/render/cycle-1/workbook.ipynb"),
     ("opened", "vigbook/papers/cycle-1/take-home.pdf/"), ("opened", "vigbook/prepare/cycle-1"),
     ("labbed", "lab/tree/cycle-1/workbook.ipynb")],
)  # fmt: skip
def test_somebody_looks_over_a_shoulder_at_the_address(
    browser: Browser, which: str, path: str, request: pytest.FixtureRequest
) -> None:
    """The token that stood in it is gone from the browser's line once the page is there."""
    server: Server = request.getfixturevalue(which)
    with page_of(browser, "address") as page:
        page.goto(server.url(path))
        page.wait_for_url(lambda url: server.token not in url)
        assert page.url.startswith(f"{server.base}{path}")


# --- Cookies --------------------------------------------------------------------------------


def cookies_of(server: Server) -> dict[str, str]:
    came = ask(server, f"vigbook/?token={server.token}")
    found = came.headers.get_all("Set-Cookie", [])
    return {"login" if one.startswith("username-") else one.partition("=")[0]: one
            for one in found}  # fmt: skip


def check_cookies(server: Server) -> None:
    cookies = cookies_of(server)
    assert {*cookies} == {"login", "_xsrf"}
    login = {part.strip().lower() for part in cookies["login"].split(";")[1:]}
    assert login == {"httponly", f"path={server.path.lower()}", "samesite=strict"}
    assert f"Path={server.path}" in cookies["_xsrf"]


def test_the_cookie_is_taken_out_of_the_browser(opened: Server, family_page: Page) -> None:
    """No script reads it, no other site sends it, and it goes with the browser's window."""
    check_cookies(opened)
    assert "username" not in family_page.evaluate("document.cookie")


@pytest.fixture(scope="module")
def port() -> int:
    """Where one server after another is."""
    return free_port()


def serving_at(place: Place, port: int) -> AbstractContextManager[Server]:
    """A server that joins no other of this family's."""
    command = [*vigbook_command(), "open", str(place.family), "--no-browser", "--port", str(port)]
    return serve_by(command, place, "-apart")


def test_the_cookie_of_one_server_is_shown_to_another(
    place: Place, port: int, browser: Browser, site: Elsewhere
) -> None:
    """To another user's at another port, to one at another path, and to the next at this port."""
    with serving_at(place, port) as server:
        with page_of(browser, "visiting") as page:
            page.goto(server.address)
            expect(page.get_by_role("heading", name="Mia and Sam")).to_be_visible()
            page.goto(site.put("visited", "<p>Hello</p>"))
        assert site.cookies[site.asked.index("/visited")] == ""
        check_cookies(server)
        login = cookies_of(server)["login"].partition(";")[0]
        assert ask(server, "vigbook/", headers={"Cookie": login}).status == 200
        for path in ("/", "/vigbook/", f"/{'A' * 22}/vigbook/", server.path.rstrip("/")):
            assert ask(server, path, headers={"Cookie": login}).status == 403
            for accepted in ("text/html", "*/*"):
                answer = ask(server, path, headers={"Accept": accepted})
                assert answer.status == 403
                assert server.path.strip("/") not in answer.text + str(answer.headers)
    with serving_at(place, port) as server:
        assert ask(server, "vigbook/", headers={"Cookie": login}).status == 403
        assert ask(server, "vigbook/", headers=with_token(server)).status == 200


# --- Another site ---------------------------------------------------------------------------

WAYS = {
    "fetch": """(await fetch(at + 'vigbook/', { credentials: 'include' })).text()""",
    "fetch of data": """(await fetch(at + 'vigbook/api/cycle-1/answers?prompt=remember',
                         { credentials: 'include' })).text()""",
    "a picture": """new Promise((tell, ill) => Object.assign(new Image(), {
                    onerror: ill, onload: () => tell('Mia'),
                    src: at + 'vigbook/media/cycle-1/clip-1-1.jpg' }))""",
    "a film": """new Promise((tell, ill) => Object.assign(document.createElement('video'), {
                 onerror: ill, onloadedmetadata: () => tell('Mia'),
                 src: at + 'vigbook/media/cycle-1/clip-1.mp4' }))""",
    "a script": """new Promise((tell, ill) => document.body.append(Object.assign(
                   document.createElement('script'), { onerror: ill, onload: () => tell('Mia'),
                   src: at + 'vigbook/live/address.js' })))""",
    "a style": """new Promise((tell, ill) => document.head.append(Object.assign(
                  document.createElement('link'), { rel: 'stylesheet', onerror: ill,
                  onload: () => tell('Mia'), href: at + 'vigbook/live/common.css' })))""",
    "a frame": """new Promise((tell, ill) => document.body.append(Object.assign(
                  document.createElement('iframe'), { src: at + 'vigbook/', onload: (event) => {
                    try { tell(event.target.contentWindow.document.body.innerText || 'nothing'); }
                    catch (error) { ill(error); } } })))""",
    "a window": """(async () => { const seen = window.open(at + 'vigbook/');
                   for (let turn = 0; turn < 40; turn += 1) {
                     await new Promise((next) => setTimeout(next, 50));
                     let text = '';
                     try { text = seen.document.body.innerText; } catch { return 'refused'; }
                     if (text.includes('Mia')) return text; }
                   return 'nothing'; })()""",
    "a socket": """new Promise((tell, ill) => Object.assign(
                   new WebSocket(at.replace('http', 'ws') + 'api/kernels/' + kernel + '/channels'),
                   { onopen: () => tell('Mia'), onerror: ill }))""",
    "a module": """import(at + 'vigbook/live/address.js').then(() => 'Mia')""",
}  # fmt: skip
ORIGINS = ["another port", "another name", "a file"]


@pytest.fixture(scope="module")
def strangers(
    browser: Browser, opened: Server, site: Elsewhere, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Page]]:
    """Pages of others in the browser in which the family is open."""
    content = "<!doctype html><title>Another</title><body><p>Win a prize</p></body>"
    file = tmp_path_factory.mktemp("file") / "page.html"
    file.write_text(content, "utf-8")
    addresses = {"another port": site.put("stranger", content),
                 "another name": site.put("stranger", content, "localhost"),
                 "a file": file.as_uri()}  # fmt: skip
    with page_of(browser, "strangers") as page:
        page.goto(opened.address)
        expect(page.get_by_role("heading", name="Mia and Sam")).to_be_visible()
        pages = {}
        for name, address in addresses.items():
            pages[name] = page.context.new_page()
            pages[name].goto(address)
        yield pages


@pytest.fixture(scope="module")
def kernel(opened: Server) -> str:
    """A kernel's id, though nobody else could know it."""
    return find_kernel(render(opened))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("origin", ORIGINS)
def test_another_page_in_the_same_browser_reads(
    strangers: dict[str, Page], opened: Server, kernel: str, origin: str, way: str
) -> None:
    """By whatever a page can do, at another port of this machine, by another name, as a file."""
    found = strangers[origin].evaluate(
        """async ([code, at, kernel]) => {
             try { return String(await eval(code)(at, kernel)); } catch { return 'refused'; }
           }""",
        [f"async (at, kernel) => ({WAYS[way]})", opened.base, kernel],
    )
    assert "Mia" not in found
    assert found in ("refused", "nothing")


TYPED = {"prompt": "remember", "value": "forged", "by": "mum", "source": "said", "base": None,
         "id": "0123456789abcdee"}  # fmt: skip
SENT = {
    "a form": """new Promise((tell) => {
        const form = Object.assign(document.createElement('form'), { method: 'post',
          action: at + path + '?_xsrf=' + encodeURIComponent(xsrf), enctype: 'text/plain',
          target: 'sent' });
        const field = Object.assign(document.createElement('input'), {
          name: body.slice(0, -1) + ',"x":"', value: '"}' });
        const frame = Object.assign(document.createElement('iframe'), { name: 'sent' });
        form.append(field);
        document.body.append(frame, form);
        frame.onload = () => tell('sent');
        form.submit();
      })""",
    "fetch without looking": """fetch(at + path + '?_xsrf=' + encodeURIComponent(xsrf),
        { method: 'POST', mode: 'no-cors', credentials: 'include', body })""",
    "fetch with the header": """fetch(at + path,
        { method: 'POST', credentials: 'include', body, headers: { 'X-XSRFToken': xsrf } })""",
    "a beacon": """navigator.sendBeacon(at + path + '?_xsrf=' + encodeURIComponent(xsrf), body)""",
}


@pytest.mark.parametrize("way", SENT)
@pytest.mark.parametrize("origin", ORIGINS)
def test_another_page_in_the_same_browser_writes(
    strangers: dict[str, Page], opened: Server, place: Place, origin: str, way: str
) -> None:
    """It knows the word against forgery: a page at another port of this machine can read that."""
    page, before = strangers[origin], list_state(place.family)
    page.evaluate(
        """async ([code, at, path, body, known]) => {
             const found = /_xsrf=([^;]*)/.exec(document.cookie);
             const xsrf = found ? found[1] : known;
             try { await eval(code)(at, path, body, xsrf); } catch { }
           }""",
        [f"(at, path, body, xsrf) => {SENT[way]}", opened.base, "vigbook/api/cycle-1/answers",
         json.dumps(TYPED), with_cookie(opened)["X-XSRFToken"]],
    )  # fmt: skip
    # A beacon is sent behind the page's back: what was asked for after it is answered after it.
    page.evaluate("async (at) => { try { await fetch(at + 'vigbook/'); } catch { } }", opened.base)
    assert list_state(place.family) == before


def test_a_page_of_the_family_s_is_forged_without_its_word(opened: Server, place: Place) -> None:
    """The cookie alone writes nothing."""
    before, headers = list_state(place.family), with_cookie(opened)
    del headers["X-XSRFToken"]
    body = json.dumps(TYPED).encode()
    for path in ("vigbook/api/cycle-1/answers", "vigbook/api/cycle-1/prepare",
                 "vigbook/api/cycle-1/work", "vigbook/api/ticket",
                 "voila/api/shutdown/00000000-0000-0000-0000-000000000000"):  # fmt: skip
        assert ask(opened, path, "POST", headers=headers, body=body).status == 403
    assert list_state(place.family) == before


REBOUND = ["vigbook/", "vigbook/live/common.css", "voila/static/voila.js",
           "voila/render/cycle-1/workbook.ipynb", "vigbook/media/cycle-1/clip-1.mp4",
           "vigbook/enter?ticket=x", "voila/labextensions/anywidget/package.json", "nothing",
           "api/kernels/{kernel}", "api/kernels/{kernel}/channels"]  # fmt: skip
NAMES = ["films.example", "films.example:{port}", "127.0.0.1.films.example", "127.0.0.1@x.example",
         "localhost.films.example", "0.0.0.0", "[::1]", "127.0.0.2", ""]  # fmt: skip


@pytest.mark.parametrize("host", NAMES)
@pytest.mark.parametrize("path", REBOUND)
def test_another_site_s_name_leads_here(opened: Server, kernel: str, path: str, host: str) -> None:
    """DNS rebinding: for its pages this server would be their own. Even with a key, all is shut."""
    port = opened.port
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
               "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}  # fmt: skip
    headers = with_token(opened) | (upgrade if path.endswith("channels") else {})
    answer = ask(opened, path.format(kernel=kernel), headers=headers, host=host.format(port=port)
                 or " ")  # fmt: skip
    assert answer.status in (400, 403)
    assert len(answer.body) < 2000
