"""The live workbook for tests: the real server, and Debian's Chromium in front of it."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import signal
import socket
import subprocess
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
from browsers import find_browser
from families import vigbook_command
from playwright.sync_api import Browser, Page, expect, sync_playwright

CHROMIUM = find_browser("chromium")
PATIENCE_MS = 30_000  # a busy machine's; nothing waits as long as it takes
_START_S = 60
expect.set_options(timeout=PATIENCE_MS)
SCREENSHOTS = Path(os.environ.get("VIGBOOK_SCREENSHOTS", "build/screenshots"))


@dataclasses.dataclass
class Server:
    """`vigbook open` of one family, as a person starts it."""

    process: subprocess.Popen[str]
    address: str

    @property
    def base(self) -> str:
        """The server's own address, with a slash at its end."""
        return re.sub(r"(http://[^/]+/(?:.*?/)??)(?:vigbook|voila|lab)\b.*", r"\1", self.address)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(urllib.parse.urlsplit(self.address).port or 0)

    @property
    def path(self) -> str:
        """What every path of the server's begins with: a slash, or a secret between two."""
        return urllib.parse.urlsplit(self.base).path

    @property
    def token(self) -> str:
        """What it wants to be told."""
        return self.address.partition("token=")[2]

    def url(self, path: str) -> str:
        """Returns the address of a page below the server's, with its token."""
        return f"{self.base}{path}{'&' if '?' in path else '?'}token={self.token}"

    def kernels(self) -> list[int]:
        """Returns the processes of its kernels."""
        with contextlib.suppress(psutil.NoSuchProcess):
            children = psutil.Process(self.process.pid).children()
            return [one.pid for one in children if "ipykernel" in " ".join(one.cmdline())]
        return []

    def kill(self) -> None:
        """Ends it as a power cut would, with its kernels."""
        for pid in [*self.kernels(), self.process.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()


def free_port() -> int:
    """Returns a port that nobody uses just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_server(
    case: Path, port: int, *options: str, command: str = "open", **where: Any
) -> Server:
    """Starts `vigbook open` (or `prepare`), and waits for the address that it prints.

    `where` is its folder (`cwd`) and its variables (`env`), where not those of the tests.
    """
    started = [*vigbook_command(), command, str(case), "--no-browser", "--port", str(port)]
    return await_server([*started, *options], **where)


def await_server(command: list[str], **how: Any) -> Server:
    """Starts a server by some command, and waits for the address that it prints.

    Args:
        command: the command.
        how: what else `Popen` is told, as `cwd` and `env`.
    """
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **how
    )
    assert process.stdout
    assert process.stderr
    address = process.stdout.readline().strip()
    if not address:
        process.wait(_START_S)
        raise AssertionError(process.stderr.read())
    return Server(process, address)


@contextlib.contextmanager
def serving(case: Path, *options: str, command: str = "open", **where: Any) -> Iterator[Server]:
    """A server for one family, ended as Ctrl-C would."""
    with ending(start_server(case, free_port(), *options, command=command, **where)) as server:
        yield server


@contextlib.contextmanager
def ending(server: Server) -> Iterator[Server]:
    """A server that is ended after the block as Ctrl-C would, where it still runs."""
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.process.send_signal(signal.SIGINT)
            try:
                server.process.communicate(timeout=20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.process.communicate()
        else:
            server.process.communicate()


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    assert CHROMIUM, "there is no Chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
        )
        yield browser
        browser.close()


@contextlib.contextmanager
def page_of(browser: Browser, name: str, **options: Any) -> Iterator[Page]:
    """A page of its own; where the test fails, its picture is kept in `build/screenshots`."""
    context = browser.new_context(**{"viewport": {"width": 1366, "height": 768}, **options})
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    try:
        yield page
    except BaseException:
        with contextlib.suppress(Exception):
            SCREENSHOTS.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=SCREENSHOTS / f"{re.sub(r'[^a-z0-9]+', '-', name.lower())}.png")
        raise
    finally:
        context.close()


def wait_until(what: Any, seconds: float = PATIENCE_MS / 1000, every: float = 0.05) -> Any:
    """Waits for something to come true, looked at every so many seconds; returns what it is."""
    until = time.monotonic() + seconds
    while not (found := what()):
        if time.monotonic() > until:
            raise AssertionError(f"it did not come to be within {seconds} s")
        time.sleep(every)
    return found
