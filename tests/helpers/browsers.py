"""Chromium and Firefox without a screen, which play clips on a page and tell what they saw.

Both load the same page, `player.html`, from a server of the test's own. It asks the server for
one clip after another, measures, and posts what it found: no browser is steered from outside.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from films import BITS
from pydantic import BaseModel, ConfigDict

PAGE = Path(__file__).with_name("player.html")
PROGRAMS = {
    "chromium": ("chromium", "chromium-browser", "google-chrome"),
    "firefox": ("firefox-esr", "firefox"),
    # What steers Chromium and WebKitGTK, WebKitGTK itself, and a screen for it.
    "chromedriver": ("chromedriver",),
    "webkit-driver": ("WebKitWebDriver",),
    "minibrowser": tuple(map(str, sorted(Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser")))),
    "screen": ("Xvfb",),
}
LOUD = 0.02  # of 1: what counts as sound
_ASK_S = 10  # for so long the page's question waits for the next clip
_FIRST_S = 90  # a browser that was never started takes a while on a busy machine
_CLIP_S = 60
_FIREFOX_SETTINGS = """
user_pref("app.normandy.enabled", false);
user_pref("app.update.enabled", false);
user_pref("browser.aboutwelcome.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.startup.homepage_override.mstone", "ignore");
user_pref("browser.safebrowsing.downloads.remote.enabled", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("datareporting.policy.dataSubmissionPolicyBypassNotification", true);
user_pref("extensions.update.enabled", false);
user_pref("media.autoplay.blocking_policy", 0);
user_pref("media.autoplay.default", 0);
user_pref("media.gmp-manager.updateEnabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("services.settings.server", "");
user_pref("toolkit.telemetry.enabled", false);
user_pref("toolkit.telemetry.reportingpolicy.firstRun", false);
"""


class _Found(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Frame(_Found):
    """A frame that came on screen while playing: its time, the clip's clock, and its number."""

    at: float
    clock: float
    number: int


class Sought(_Found):
    """A seek: the moment asked for, the number of the frame then shown, and how long it took."""

    asked: float
    number: int
    took_ms: float


class Played(_Found):
    """Playing from the beginning: how it stood at its end, and the frames that were seen."""

    ended: bool
    at: float
    last: int
    frames: tuple[Frame, ...]
    took_ms: float


class Sound(_Found):
    """The sound of a whole clip; it is loud from `begins` to `ends`, in seconds."""

    seconds: float
    channels: int
    peak: float
    begins: float | None
    ends: float | None


class Seen(_Found):
    """What a browser found of a clip. `fault` is why it found no more."""

    browser: str
    fault: str | None = None
    width: int = 0
    height: int = 0
    seconds: float | None = None
    first: int = -1
    played: Played | None = None
    heard: bool | None = None
    seeks: tuple[Sought, ...] = ()
    steps: tuple[Sought, ...] = ()
    colours: tuple[tuple[float, float, float], ...] = ()
    round: tuple[Frame, ...] = ()
    back: int = -1
    sound: Sound | None = None
    error: str | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Task:
    """What to look at in a clip; moments are seconds in the clip, points parts of its picture."""

    clip: Path
    seeks: Sequence[float]
    steps: Sequence[float]
    points: Sequence[tuple[float, float]]


class _Server(ThreadingHTTPServer):
    """Serves the page, the clips it is told to play, and takes what the page found."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.tasks: queue.Queue[Task] = queue.Queue()
        self.found: queue.Queue[Seen] = queue.Queue()
        self.clips: list[Path] = []
        self.statuses: list[set[int]] = []

    def next_task(self) -> bytes | None:
        """Returns the next task in the page's words, or None if there is none for a while."""
        try:
            task = self.tasks.get(timeout=_ASK_S)
        except queue.Empty:
            return None
        words: dict[str, Any] = dataclasses.asdict(task)
        words |= {"clip": f"/clips/{len(self.clips)}.mp4", "bits": BITS, "loud": LOUD}
        self.clips.append(task.clip)
        self.statuses.append(set())
        return json.dumps(words).encode()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing of a browser that no longer listens: a seek drops what was on its way."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        if self.path == "/player.html":
            self._answer(HTTPStatus.OK, PAGE.read_bytes(), "text/html")
        elif self.path == "/next":
            task = self.server.next_task()
            status = HTTPStatus.NO_CONTENT if task is None else HTTPStatus.OK
            self._answer(status, task or b"", "application/json")
        elif match := re.fullmatch(r"/clips/(\d+)\.mp4", self.path):
            self._answer_with_clip(int(match[1]))
        else:
            self._answer(HTTPStatus.NOT_FOUND, b"", "text/plain")

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            seen = Seen.model_validate_json(content)
        except ValueError as err:
            seen = Seen(browser=self.headers["User-Agent"], fault=f"the page told: {err}")
        self.server.found.put(seen)
        self._answer(HTTPStatus.OK, b"", "text/plain")

    def _answer_with_clip(self, index: int) -> None:
        content = self.server.clips[index].read_bytes()
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        status, more = HTTPStatus.OK, {"Accept-Ranges": "bytes"}
        if asked and int(asked[1]) < len(content):
            first, last = int(asked[1]), min(int(asked[2] or len(content)), len(content) - 1)
            more["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
            status, content = HTTPStatus.PARTIAL_CONTENT, content[first : last + 1]
        self.server.statuses[index].add(status)
        self._answer(status, content, "video/mp4", more)

    def _answer(
        self, status: HTTPStatus, content: bytes, kind: str, more: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in {
            "Content-Type": kind,
            "Cache-Control": "no-store",
            **(more or {}),
        }.items():
            self.send_header(name, value)
        if status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: a stray line would be mixed with pytest's own."""


class Browser:
    """A browser that has the page open and waits for clips."""

    def __init__(
        self, name: str, process: subprocess.Popen[bytes], server: _Server, said: Path
    ) -> None:
        self._name, self._process, self._server, self._said = name, process, server, said
        self._answered = False
        self._lost: str | None = None

    def look_at(self, task: Task) -> Seen:
        """Returns what the browser finds of a clip; fails with its words if it finds nothing."""
        if self._lost is None:
            self._server.tasks.put(task)
            limit_s = _CLIP_S if self._answered else _FIRST_S
            until = time.monotonic() + limit_s
            while self._process.poll() is None and time.monotonic() < until:
                with contextlib.suppress(queue.Empty):
                    seen = self._server.found.get(timeout=0.5)
                    self._answered = True
                    return seen
            ended = self._process.poll()
            state = f"told nothing for {limit_s} s" if ended is None else f"ended with {ended}"
            said = self._said.read_text(errors="replace")[-2000:]
            # What it may still tell would be taken for an answer about the next clip.
            self._lost = f"{self._name} {state} over {task.clip}; it said:\n{said}"
        pytest.fail(self._lost)

    def statuses(self) -> set[int]:
        """Returns the HTTP statuses with which the last clip was answered."""
        return self._server.statuses[-1]


def find_browser(name: str) -> str | None:
    """Returns the path of a browser that tests can start, if there is one.

    Ubuntu's are snaps, or pointers to them, which see no profile that a test makes: there
    Playwright's own Chromium is taken where it was installed.
    """
    found = (shutil.which(program) for program in PROGRAMS[name])
    ours = next((path for path in found if path and not _is_snap(Path(path))), None)
    if ours or name != "chromium":
        return ours
    kept = os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright"
    return next((str(path) for path in Path(kept).glob("chromium-*/chrome-linux*/chrome")), None)


def _is_snap(program: Path) -> bool:
    real = program.resolve()
    with real.open("rb") as file:
        text = file.read(8192)
    return "snap" in real.parts or real.name == "snap" or (text[:2] == b"#!" and b"/snap/" in text)


@contextlib.contextmanager
def open_browser(name: str, folder: Path) -> Iterator[Browser]:
    """Yields a browser with the page open, started with a new profile in a folder of its own."""
    profile, said = folder / "profile", folder / "said.txt"
    profile.mkdir()
    with _Server() as server, said.open("wb") as output:
        address = f"http://127.0.0.1:{server.server_address[1]}/player.html"
        answering = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1})
        answering.start()
        process = subprocess.Popen(
            command_of(name, profile, address),
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
            # Settings, caches and locks of whoever runs the tests are left alone.
            env={**os.environ, "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)},
        )  # fmt: skip
        try:
            yield Browser(name, process, server, said)
        finally:
            end_group(process)
            server.shutdown()
            answering.join()


def command_of(name: str, profile: Path, address: str, *more: str) -> list[str]:
    """Returns how a browser without a screen is started with an address.

    Args:
        name: chromium or firefox.
        profile: its new profile's folder, which is there.
        address: what it opens.
        more: further options.
    """
    program = find_browser(name)
    assert program, f"there is no {name}"
    if name == "firefox":
        (profile / "user.js").write_text(_FIREFOX_SETTINGS)
        return [program, "-headless", "-no-remote", "-profile", str(profile), *more, address]
    return [
        program, "--headless", f"--user-data-dir={profile}", "--no-first-run",
        "--no-default-browser-check", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
        "--disable-renderer-backgrounding", "--autoplay-policy=no-user-gesture-required",
        "--mute-audio", "--force-color-profile=srgb",
        # Its sandbox does not start for the administrator, as whom tests run in containers.
        *(["--no-sandbox"] if os.geteuid() == 0 else []), *more, address,
    ]  # fmt: skip


def end_group(process: subprocess.Popen[bytes]) -> None:
    """Ends a browser and all its processes, which are a group of their own."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=10)
