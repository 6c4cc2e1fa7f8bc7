"""How a browser is started: with a private file, a ticket in it, and nothing that opens a page."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from live import Server, free_port, serving, wait_until
from playwright.sync_api import Browser, expect

from vigbook.server.tickets import Tickets


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A computer whose browser is a script, which writes down what it was started with."""
    script = tmp_path / "bin" / "browse"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >> "{tmp_path}/started"\n')
    script.chmod(0o755)
    monkeypatch.setenv("BROWSER", str(script))
    monkeypatch.setenv("DISPLAY", ":0")
    return tmp_path


@pytest.fixture
def started(built_family: Path, desk: Path) -> Iterator[subprocess.Popen[str]]:
    """`vigbook open` as a person types it, with a browser."""
    assert os.environ["BROWSER"].startswith(str(desk))
    process = subprocess.Popen(
        [sys.executable, "-m", "vigbook", "open", str(built_family), "--port", str(free_port())],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    yield process
    process.terminate()
    process.communicate(timeout=30)


def told(desk: Path, times: int = 1) -> list[str]:
    """Returns what the browser was started with, once it was so often."""
    path = desk / "started"
    wait_until(lambda: path.exists() and len(path.read_text().splitlines()) >= times)
    return path.read_text().splitlines()


def file_of(address: str) -> Path:
    return Path(urllib.parse.unquote(urllib.parse.urlsplit(address).path))


def test_no_command_line_holds_the_key_and_the_ticket_is_private(
    started: subprocess.Popen[str], desk: Path
) -> None:
    assert started.stdout
    token = started.stdout.readline().strip().partition("token=")[2]
    (address,) = told(desk)
    assert address.startswith("file:///")
    lines = [" ".join(one.info["cmdline"] or ()) for one in psutil.process_iter(["cmdline"])]
    assert token
    assert not any(token in line for line in lines)
    file = file_of(address)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert token not in file.read_text()


@pytest.mark.usefixtures("started")
def test_the_file_opens_the_family_once_and_is_gone(desk: Path, browser: Browser) -> None:
    """Its cookie opens the next page; the address holds neither ticket nor key."""
    (address,) = told(desk)
    ticket = file_of(address).read_text().partition("ticket=")[2].partition('"')[0]
    context = browser.new_context()
    page = context.new_page()
    page.goto(address)
    page.wait_for_url("**/vigbook/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert not file_of(address).exists()
    (cookie,) = [one for one in context.cookies() if one["name"].startswith("username-")]
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["expires"]) == (True, "Strict", -1)
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert "ticket" not in page.evaluate("document.documentElement.outerHTML")
    again = page.url + "enter?ticket=" + ticket
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(again, timeout=30)
    with refused.value:
        assert refused.value.code == 403
    context.close()


def test_a_second_open_starts_the_browser_with_a_ticket_of_the_first_server(
    started: subprocess.Popen[str], desk: Path, built_family: Path
) -> None:
    assert started.stdout
    printed = started.stdout.readline()
    (first,) = told(desk)
    done = subprocess.run(
        [sys.executable, "-m", "vigbook", "open", str(built_family)],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, printed, "")
    second = told(desk, 2)[1]
    assert second != first
    assert file_of(second).parent == file_of(first).parent
    assert file_of(second).is_file()


@pytest.mark.parametrize("kind", ["snap", "flatpak", "desktop"])
def test_a_packaged_browser_is_not_started_and_the_way_is_told(
    built_family: Path, desk: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """A Snap or a Flatpak reads no file of ours: it would show an error."""
    if kind == "desktop":  # as Ubuntu's Firefox stands in the settings of a desktop
        monkeypatch.delenv("BROWSER")
        entries = desk / "share" / "applications"
        entries.mkdir(parents=True)
        (entries / "firefox_firefox.desktop").write_text(
            "[Desktop Entry]\nExec=env BAMF=x /snap/bin/firefox %u\n"
        )
        asked = desk / "bin" / "xdg-settings"
        asked.write_text("#!/bin/sh\necho firefox_firefox.desktop\n")
        asked.chmod(0o755)
        (desk / "bin" / "xdg-open").symlink_to("browse")
        monkeypatch.setenv("XDG_DATA_HOME", str(desk / "share"))
        monkeypatch.setenv("PATH", f"{desk / 'bin'}{os.pathsep}{os.environ['PATH']}")
    else:
        script = desk / kind / "browse"
        script.parent.mkdir()
        script.symlink_to(desk / "bin" / "browse")
        monkeypatch.setenv("BROWSER", str(script))
    process = subprocess.Popen(
        [sys.executable, "-m", "vigbook", "open", str(built_family), "--port", str(free_port())],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stderr
        said = process.stderr.readline()
        assert said == (
            "note: no browser could be started; open the address above in the browser of your "
            "choice\n"
        )
        assert not (desk / "started").exists()
    finally:
        process.terminate()
        process.communicate(timeout=30)


def test_a_ticket_is_good_for_a_minute(tmp_path: Path) -> None:
    """After that its file is gone too, and it opens nothing."""
    now = [time.monotonic()]
    tickets = Tickets(tmp_path, "http://127.0.0.1:1/vigbook/enter", now=lambda: now[0])
    old = tickets.issue("vigbook/")
    ticket = old.read_text().partition("ticket=")[2].partition('"')[0]
    now[0] += 61
    assert tickets.redeem(ticket) is None
    assert not old.exists()
    new = tickets.issue("vigbook/")
    ticket = new.read_text().partition("ticket=")[2].partition('"')[0]
    now[0] += 59
    assert tickets.redeem(ticket) == "vigbook/"
    assert not new.exists()
    assert tickets.redeem(ticket) is None


def test_all_paths_and_the_cookie_can_begin_with_a_prefix(built_family: Path) -> None:
    """As several families on one server will want it: a cookie opens nothing outside its path."""
    program = (
        "import sys; from pathlib import Path; from vigbook.outcome import Options; "
        "from vigbook.server.app import serve; from vigbook.server.session import FamilySession; "
        "session = FamilySession(family=Path(sys.argv[1]), options=Options()); "
        "serve(session, 'vigbook/', {}, port=int(sys.argv[2]), browser=False, prefix='/f/ab12/', "
        "tell=lambda one: print(one, flush=True), warn=print)"
    )
    port = str(free_port())
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(built_family), port],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout
        server = Server(process, process.stdout.readline().strip())
        assert server.address.startswith(f"http://127.0.0.1:{port}/f/ab12/vigbook/?token=")
        with urllib.request.urlopen(server.address, timeout=30) as answer:
            cookies = answer.headers.get_all("Set-Cookie")
            assert 'href="/f/ab12/vigbook/live/common.css"' in answer.read().decode()
        assert len(cookies) == 2
        assert all("; Path=/f/ab12/" in one for one in cookies)
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(server.address.replace("/f/ab12/", "/"), timeout=30)
        with refused.value:
            assert refused.value.code == 403
    finally:
        process.terminate()
        process.communicate(timeout=30)


def test_the_key_is_taken_out_of_the_browsers_line(built_family: Path, browser: Browser) -> None:
    with serving(built_family) as server:
        page = browser.new_page()
        page.goto(server.address)
        page.wait_for_url(server.base + "vigbook/")
        page.goto(server.url("voila/render/cycle-1/workbook.ipynb"))
        page.wait_for_url(server.base + "voila/render/cycle-1/workbook.ipynb")
        page.close()
