"""What an attacker has in hand: the addresses, another site's server, and the family's folder."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import http.client
import json
import os
import re
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import nbformat
from families import TODAY, vigbook_command
from live import Server, await_server, ending, free_port, wait_until

_START_S = 120
_ASK_S = 120  # a page that runs a workbook, on a busy machine
# What Jupyter and Voila would read where a program was started.
SETTINGS: dict[str, Any] = {
    "voila.json": {"VoilaConfiguration": {
        "template": "reveal", "show_tracebacks": True, "strip_sources": False,
        "file_allowlist": [".*"], "file_whitelist": [".*"]}},
    "jupyter_server_config.json": {"ServerApp": {"disable_check_xsrf": True},
                                   "IdentityProvider": {"token": ""}},
    "jupyter_config.json": {"VoilaConfiguration": {"file_allowlist": [".*"]}},
}  # fmt: skip


@dataclasses.dataclass(frozen=True, kw_only=True)
class Place:
    """A computer's folders, which its other users may walk through, and two families in them.

    Attributes:
        folder: holds all the others.
        family: `wren`, whose first cycle is good, whose second has a workbook with a strange cell.
        robin: another family.
        marks: where code of an attacker's leaves its marks.
    """

    folder: Path

    @property
    def family(self) -> Path:
        return self.folder / "cases" / "wren"

    @property
    def robin(self) -> Path:
        return self.folder / "cases" / "robin"

    @property
    def marks(self) -> Path:
        return self.folder / "marks"

    @property
    def settings(self) -> Path:
        return self.folder / "home" / "config" / "vigbook" / "settings.json"

    @property
    def started_with(self) -> Path:
        """What the browser was started with, a line a word."""
        return self.folder / "started-with"

    def environment(self, server: str = "") -> dict[str, str]:
        """What the user's programs are told: nothing of theirs lies anywhere else.

        Args:
            server: which of several of this family's; without that, one would join the other.
        """
        home = self.folder / "home"
        own = {
            "HOME": home, "TMPDIR": self.folder / "tmp", "XDG_CONFIG_HOME": home / "config",
            "XDG_CACHE_HOME": home / "cache", "XDG_DATA_HOME": home / "data",
            "XDG_RUNTIME_DIR": home / "xdg", "JUPYTER_RUNTIME_DIR": home / f"run{server}",
            "JUPYTER_DATA_DIR": home / "jupyter", "JUPYTER_CONFIG_DIR": home / "jupyter-config",
            "IPYTHONDIR": home / "ipython", "BROWSER": self.folder / "browser",
        }  # fmt: skip
        return {**os.environ, **{name: str(value) for name, value in own.items()}}

    def mark(self, name: str) -> Path:
        """Returns a file that code which runs would make."""
        return self.marks / name

    def marking(self, name: str) -> str:
        """Returns code that leaves a mark as it runs."""
        return f"open({str(self.mark(name))!r}, 'w').close()"

    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Runs the installed command without a terminal."""
        return subprocess.run(
            [*vigbook_command(), *map(str, arguments)], env=self.environment(), text=True,
            stdin=subprocess.DEVNULL, capture_output=True, timeout=_START_S, check=False,
        )  # fmt: skip

    def allow(self, workbook: Path) -> None:
        """Says as this user that exactly these bytes may run, as `vigbook open` does."""
        self.settings.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        allowed = [hashlib.sha256(workbook.read_bytes()).hexdigest()]
        self.settings.write_text(json.dumps({"v": 1, "approvals": allowed}), "utf-8")
        self.settings.chmod(0o600)


@contextlib.contextmanager
def serve_place(
    place: Place, command: str, *options: str, port: int | None = None
) -> Iterator[Server]:
    """`vigbook open` or `prepare` of the family, as its user starts it, ended as Ctrl-C would."""
    started = [*vigbook_command(), command, str(place.family), "--today", TODAY, *options]
    own = "" if command == "open" and "--lab" not in options else f"-{command}{len(options)}"
    with serve_by([*started, "--port", str(port or free_port())], place, own) as server:
        yield server


@contextlib.contextmanager
def serve_by(command: list[str], place: Place, own: str) -> Iterator[Server]:
    """A server that some command starts in the family's folder; it prints its address."""
    how = {"env": place.environment(own), "cwd": place.family, "stdin": subprocess.DEVNULL}
    with ending(await_server(command, **how)) as server:
        yield server


# --- Asking ---------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


def ask(
    server: Server,
    path: str,
    method: str = "GET",
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    host: str | None = None,
) -> Answer:
    """Asks for exactly this path below the server's own, or with a slash for one beside it.

    Nothing in it is put right, and no redirect is followed.
    """
    below = path if path.startswith("/") else server.path + path
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=_ASK_S)
    with contextlib.closing(connection):
        connection.putrequest(method, below, skip_host=True)
        sent = {"Host": host or f"127.0.0.1:{server.port}", **(headers or {})}
        if body is not None or method not in ("GET", "HEAD", "OPTIONS"):
            sent["Content-Length"] = str(len(body or b""))
        for name, value in sent.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        found = connection.getresponse()
        return Answer(status=found.status, headers=found.headers, body=found.read())


def with_token(server: Server) -> dict[str, str]:
    """Returns what a command sends that knows the token."""
    return {"Authorization": f"token {server.token}"}


def with_cookie(server: Server) -> dict[str, str]:
    """Returns what a page of the family's sends: its cookies, and the word against forgery."""
    came = ask(server, f"vigbook/?token={server.token}")
    pairs = [one.partition(";")[0] for one in came.headers.get_all("Set-Cookie", [])]
    xsrf = next(one.partition("=")[2] for one in pairs if one.startswith("_xsrf="))
    return {"Cookie": "; ".join(pairs), "X-XSRFToken": xsrf}


KEYS: dict[str, Callable[[Server], dict[str, str]]] = {
    "with the token": with_token, "with a page's cookie": with_cookie,
}  # fmt: skip


def render(server: Server, cycle: str = "cycle-1", name: str = "workbook.ipynb") -> Answer:
    """Asks for a workbook's page, and waits for its end: what runs of it has run by then."""
    headers = {**with_token(server), "Accept": "text/html"}
    return ask(server, f"voila/render/{cycle}/{name}", headers=headers)


def find_kernel(page: Answer) -> str:
    """Returns the id of the kernel that a page started."""
    found = re.search(r'"kernelId": "([-0-9a-f]{36})"', page.text)
    assert found, page.text[:2000]
    return found[1]


# --- The folder -----------------------------------------------------------------------------


def add_cells(workbook: Path, *cells: Any) -> None:
    """Puts cells below those of a workbook."""
    node = nbformat.read(workbook, as_version=4)
    node.cells += cells
    workbook.write_text(nbformat.writes(node), "utf-8")


def code(source: str, **more: Any) -> Any:
    return nbformat.v4.new_code_cell(source, **more)


def markdown(source: str) -> Any:
    return nbformat.v4.new_markdown_cell(source)


@contextlib.contextmanager
def changed(file: Path) -> Iterator[Path]:
    """A file that the attacker may change or replace; it is put back as it was."""
    before = file.read_bytes()
    try:
        yield file
    finally:
        if file.is_dir() and not file.is_symlink():
            file.rmdir()
        else:
            file.unlink(missing_ok=True)
        file.write_bytes(before)


def list_state(folder: Path) -> dict[str, str]:
    """Returns all that lies in a family's folder, but for what tells of who looked at it."""
    return {
        str(path.relative_to(folder)): _state_of(path)
        for path in folder.rglob("*")
        if path.name != "log.jsonl" and not path.name.endswith(".lock")
    }


def _state_of(path: Path) -> str:
    if path.is_symlink():
        return f"-> {path.readlink()}"
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "a folder"


# --- Another site ---------------------------------------------------------------------------


class Elsewhere(ThreadingHTTPServer):
    """Another site's server, on this machine: its pages, and what was asked of it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _ElsewhereHandler)
        self.pages: dict[str, str] = {}
        self.asked: list[str] = []
        self.cookies: list[str] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def put(self, name: str, content: str, host: str = "127.0.0.1") -> str:
        """Returns the address of a page of this site."""
        self.pages[f"/{name}"] = content
        return f"http://{host}:{self.port}/{name}"


class _ElsewhereHandler(BaseHTTPRequestHandler):
    server: Elsewhere

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.server.cookies.append(self.headers.get("Cookie", ""))
        content = self.server.pages.get(self.path, "").encode()
        self.send_response(200 if content else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@contextlib.contextmanager
def elsewhere() -> Iterator[Elsewhere]:
    """Another site, while the block runs."""
    with Elsewhere() as site:
        answering = threading.Thread(target=site.serve_forever, kwargs={"poll_interval": 0.1})
        answering.start()
        try:
            yield site
        finally:
            site.shutdown()
            answering.join()


def wait_for_words(file: Path) -> list[str]:
    """Returns the words that a browser was started with, once it was."""
    words: str = wait_until(lambda: file.exists() and file.read_text("utf-8"), _START_S)
    return words.split("\n")
