"""Chromium, Firefox and WebKitGTK, steered from outside as a person at keyboard and pointer does.

All three understand WebDriver's commands: Chromium and WebKitGTK by HTTP, through a program that
comes with each, and Firefox itself, over a socket (Marionette). So there is one way to steer them.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import re
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from browsers import command_of, end_group, find_browser
from live import SCREENSHOTS, free_port, wait_until
from marionette import CommandError, Marionette, Send

# Which browsers can be steered, and the programs that each wants.
STEERED = {
    "chromium": ("chromium", "chromedriver"),
    "firefox": ("firefox",),
    "webkit": ("minibrowser", "webkit-driver", "screen"),
}
KEYS = {"Tab": "\ue004", "\n": "\ue007", "Escape": "\ue00c"}
# What each command of WebDriver is by HTTP. Their names are Firefox's.
_BY_HTTP = {
    "Navigate": ("POST", "url"),
    "GetCurrentURL": ("GET", "url"),
    "ExecuteScript": ("POST", "execute/sync"),
    "FindElement": ("POST", "element"),
    "ElementClick": ("POST", "element/{id}/click"),
    "PerformActions": ("POST", "actions"),
    "TakeScreenshot": ("GET", "screenshot"),
    "SetWindowRect": ("POST", "window/rect"),
    "DeleteAllCookies": ("DELETE", "cookie"),
}
_ANSWER_S = 60
_WIDTH, _HEIGHT = 1366, 900
# What the page itself hears, from when it stands: its first moments are told by the console alone.
_LISTEN = """
const { dataset } = document.documentElement;
if (dataset.refused !== undefined) return true;
dataset.refused = "";
document.addEventListener("securitypolicyviolation", (event) => {
  const { effectiveDirective, blockedURI, sample, sourceFile, lineNumber } = event;
  const what = `${effectiveDirective} ${blockedURI} ${sample} (${sourceFile}:${lineNumber})`;
  dataset.refused += `${what}\\n`;
});
return true;
"""
# Pictures that have come are decoded, and have been painted.
_PAINT = """
const decoded = [...document.images].filter((one) => one.complete && one.naturalWidth)
  .map((one) => one.decode().catch(() => {}));
const frame = () => new Promise((done) => { requestAnimationFrame(done); });
return Promise.all(decoded).then(frame).then(frame).then(() => true);
"""
_FIREFOX_CONSOLE = """
const told = Services.console.getMessageArray().filter((one) => one instanceof Ci.nsIScriptError);
Services.console.reset();
return told.map((one) => `${one.category}: ${one.errorMessage}`);
"""

Ask = Callable[[str, str, Mapping[str, Any]], Any]
Console = Callable[[], list[str]]


class Steered:
    """A browser that was started, with one page.

    Attributes:
        name: chromium, firefox or webkit.
    """

    def __init__(self, name: str, send: Send, console: Console) -> None:
        self.name = name
        self._send, self._console = send, console
        self._heard: list[str] = []
        send("SetWindowRect", {"width": _WIDTH, "height": _HEIGHT})

    def open(self, address: str) -> None:
        """Opens a page, and listens from then on for what its policy refuses."""
        self._heard += self._hear()  # it would go with the page
        self._send("Navigate", {"url": address})
        self.listen()

    def listen(self) -> None:
        """Listens from now on for what the page's policy refuses."""
        wait_until(lambda: self._try(_LISTEN))

    @property
    def address(self) -> str:
        """What stands in the line for addresses."""
        return str(self._send("GetCurrentURL", {}))

    def run(self, script: str, *arguments: Any) -> Any:
        """Returns what the body of a function returns on the page."""
        return self._send("ExecuteScript", {"script": script, "args": arguments})

    def _try(self, script: str, *arguments: Any) -> Any:
        with contextlib.suppress(CommandError):
            return self.run(script, *arguments)
        return None

    def wait(self, expression: str, *arguments: Any) -> Any:
        """Waits until an expression is true on the page; returns what it is."""
        try:
            return wait_until(lambda: self._try(f"return {expression}", *arguments))
        except AssertionError as err:
            told = self.run("return document.body?.innerText.slice(0, 1500)")
            raise AssertionError(
                f"{self.name}: {expression} {arguments} {err}; the page says: {told}"
            ) from err

    def text(self, selector: str) -> str:
        """Returns the text of an element, or nothing where there is none."""
        words = "return document.querySelector(arguments[0])?.innerText.trim() ?? ''"
        return str(self.run(words, selector))

    def click(self, selector: str) -> None:
        """Clicks on an element with the pointer; it is brought into the middle of the window."""
        middle = "document.querySelector(arguments[0])?.scrollIntoView({block: 'center'})"
        self.run(middle, selector)
        found = self._send("FindElement", {"using": "css selector", "value": selector})
        self._send("ElementClick", {"id": next(iter(found.values()))})

    def type(self, text: str) -> None:
        """Types into what has the focus, a key for each character."""
        codes = [KEYS.get(sign, sign) for sign in text]
        self._press([(kind, key) for key in codes for kind in ("keyDown", "keyUp")])

    def press(self, key: str) -> None:
        """Presses a key, by its name or as it is."""
        code = KEYS.get(key, key)
        self._press([("keyDown", code), ("keyUp", code)])

    def _press(self, strokes: list[tuple[str, str]]) -> None:
        actions = [{"type": kind, "value": key} for kind, key in strokes]
        keyboard = {"type": "key", "id": "keyboard", "actions": actions}
        self._send("PerformActions", {"actions": [keyboard]})

    def replace(self, selector: str, text: str) -> None:
        """Types a text in the place of all that stands in a field."""
        self.run(
            "const field = document.querySelector(arguments[0]);"
            "field.scrollIntoView({block: 'center'}); field.focus(); field.select();",
            selector,
        )
        self.type(text)

    def forget(self) -> None:
        """Takes away all cookies."""
        self._send("DeleteAllCookies", {})

    def refused(self) -> list[str]:
        """Returns what policies refused since it was last asked for, as console and page told."""
        heard, self._heard = self._heard + self._hear(), []
        return [*(one for one in self._console() if is_refusal(one)), *heard]

    def _hear(self) -> list[str]:
        heard = self.run(
            "const { dataset } = document.documentElement; const { refused } = dataset;"
            "if (refused) dataset.refused = ''; return refused ?? ''"
        )
        return str(heard).splitlines()

    def picture(self) -> bytes:
        """Returns what is seen of the page, as PNG."""
        return base64.b64decode(self._send("TakeScreenshot", {"full": False}))

    def photograph(self, what: str) -> None:
        """Keeps a picture of the page in `build/screenshots`, for people to look at."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.run(_PAINT)
        (SCREENSHOTS / f"{self.name}-{what}.png").write_bytes(self.picture())


def is_refusal(line: str) -> bool:
    """Whether a line of a browser's console tells that a policy refused something."""
    return re.search(r"Content[- ]Security[- ]Policy|^CSP", line) is not None


@contextlib.contextmanager
def steer(name: str, folder: Path, first: str) -> Iterator[Steered]:
    """Yields a browser that was started with an address.

    Args:
        name: chromium, firefox or webkit.
        folder: an empty one, for its profile.
        first: the address.
    """
    start = {"chromium": _chromium, "firefox": _firefox, "webkit": _webkit}[name]
    with start(folder, first) as steered:
        yield steered


# --- Chromium and WebKitGTK -----------------------------------------------------------------


@contextlib.contextmanager
def _chromium(folder: Path, first: str) -> Iterator[Steered]:
    profile, port = folder / "profile", free_port()
    profile.mkdir()
    command = command_of("chromium", profile, first, f"--remote-debugging-port={port}")
    # Its driver knows of no address to start with: it comes to a browser that runs already.
    wanted = {
        "goog:chromeOptions": {"debuggerAddress": f"127.0.0.1:{port}"},
        "goog:loggingPrefs": {"browser": "ALL"},
    }
    with running(command, folder, {}):
        wait_until(lambda: _listens(port))
        with _driven("chromedriver", folder, wanted, {}) as ask:

            def console() -> list[str]:
                told = ask("POST", "se/log", {"type": "browser"})
                return [f"{one['level']}: {one['message']}" for one in told]

            yield Steered("chromium", _by_http(ask), console)


@contextlib.contextmanager
def _webkit(folder: Path, first: str) -> Iterator[Steered]:
    options = {"binary": str(find_browser("minibrowser")), "args": ["--automation"]}
    wanted = {"webkitgtk:browserOptions": options}
    with screen() as display, _driven("webkit-driver", folder, wanted, {"DISPLAY": display}) as ask:
        # Its console tells nothing while it is steered, see `open_in_webkit`.
        steered = Steered("webkit", _by_http(ask), list)
        steered.open(first)  # it takes no address from its command line either
        yield steered


def _by_http(ask: Ask) -> Send:
    def send(command: str, words: Mapping[str, Any]) -> Any:
        method, path = _BY_HTTP[command]
        return ask(method, path.format_map(words), words)

    return send


@contextlib.contextmanager
def _driven(
    driver: str, folder: Path, wanted: Mapping[str, Any], more: Mapping[str, str]
) -> Iterator[Ask]:
    """Starts a driver, which starts its browser; yields how that one session is asked."""
    port = free_port()
    with running([str(find_browser(driver)), f"--port={port}"], folder, more) as process:
        wait_until(lambda: process.poll() is not None or _answers(port))
        words = {"capabilities": {"alwaysMatch": wanted}}
        session = _ask(port, "POST", "/session", words)["sessionId"]
        try:
            yield lambda method, path, said: _ask(port, method, f"/session/{session}/{path}", said)
        finally:
            with contextlib.suppress(OSError, CommandError):
                _ask(port, "DELETE", f"/session/{session}", {})


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError):
        return bool(_ask(port, "GET", "/status", {})["ready"])
    return False


def _ask(port: int, method: str, path: str, words: Mapping[str, Any]) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_ANSWER_S)
    with contextlib.closing(connection):
        body = json.dumps(words) if method == "POST" else None
        connection.request(method, path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        value = json.loads(answer.read())["value"]
    if answer.status != http.HTTPStatus.OK:
        raise CommandError(f"{method} {path} {words}: {value}")
    return value


@contextlib.contextmanager
def open_in_webkit(folder: Path, addresses: list[str]) -> Iterator[Console]:
    """Starts WebKitGTK as a person has it, which nobody steers; yields its console.

    While it is steered, its windows are private, and the console of those is told to nobody.
    """
    command = [
        # Its lines come as they are written, and not with its end.
        "stdbuf", "-oL", str(find_browser("minibrowser")),
        "--enable-write-console-messages-to-stdout=true", *addresses,
    ]  # fmt: skip
    with screen() as display, running(command, folder, {"DISPLAY": display}):
        yield lambda: (folder / "stdbuf.txt").read_text(errors="replace").splitlines()


# --- Firefox --------------------------------------------------------------------------------


@contextlib.contextmanager
def _firefox(folder: Path, first: str) -> Iterator[Steered]:
    profile, port = folder / "profile", free_port()
    profile.mkdir()
    # Its console is not the page's, so whoever steers is told of it only with the second.
    options = ("-marionette", "-remote-allow-system-access")
    command = command_of("firefox", profile, first, *options)
    with (profile / "user.js").open("a") as settings:
        settings.write(f'user_pref("marionette.port", {port});\n')
    with running(command, folder, {}), Marionette(port) as send:

        def console() -> list[str]:
            send("Marionette:SetContext", {"value": "chrome"})
            told = send("WebDriver:ExecuteScript", {"script": _FIREFOX_CONSOLE, "args": []})
            send("Marionette:SetContext", {"value": "content"})
            return [str(one) for one in told]

        send("WebDriver:NewSession", {})
        yield Steered(
            "firefox", lambda command, words: send(f"WebDriver:{command}", words), console
        )


# --- A screen, and what runs ----------------------------------------------------------------


@contextlib.contextmanager
def screen() -> Iterator[str]:
    """Yields the name of a screen that nobody sees: WebKitGTK has no way to do without."""
    reading, writing = os.pipe()
    size = f"{_WIDTH}x{_HEIGHT + 100}x24"
    process = subprocess.Popen(
        [str(find_browser("screen")), "-displayfd", str(writing), "-screen", "0", size,
         "-nolisten", "tcp"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        pass_fds=[writing], start_new_session=True,
    )  # fmt: skip
    os.close(writing)
    try:
        with open(reading) as told:
            number = told.readline().strip()
        assert number, "no screen could be started"
        yield f":{number}"
    finally:
        end_group(process)


@contextlib.contextmanager
def running(
    command: list[str], folder: Path, more: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Yields a program that was started with a home of its own, and ends it with its children."""
    with (folder / f"{Path(command[0]).name}.txt").open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            start_new_session=True,
            env={**os.environ, "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder),
                 "LANG": "en_US.UTF-8", "LANGUAGE": "en_US", "NO_AT_BRIDGE": "1", **more},
        )  # fmt: skip
        try:
            yield process
        finally:
            end_group(process)
