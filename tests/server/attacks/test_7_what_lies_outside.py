"""Attacks by another user of the same computer, on what lies outside the family's folder."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from attacking import Place, ask, find_kernel, render, wait_for_words
from live import Server

NOBODY = 65534
pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="only the administrator can be two users"
)
_LOOK = """
import os, socket, stat, sys
os.setgroups([])
os.setgid({nobody})
os.setuid({nobody})
for path in sys.stdin.read().split("\\0"):
    try:
        kind = os.stat(path).st_mode
        if stat.S_ISSOCK(kind):
            with socket.socket(socket.AF_UNIX) as one:
                one.connect(path)
            print("connected", path)
        elif stat.S_ISDIR(kind):
            print("listed", path, *os.listdir(path))
        else:
            with open(path, "rb") as file:
                print("read", path, file.read().decode("utf-8", "replace"))
    except OSError as err:
        print("refused", path, err.strerror)
"""


def look(*paths: Path) -> dict[str, str]:
    """Returns what another user finds at each path: its content, or "refused"."""
    found = {}
    for path in paths:
        done = subprocess.run(
            [sys.executable, "-I", "-c", _LOOK.format(nobody=NOBODY)], input=str(path),
            capture_output=True, text=True, check=True, cwd="/", errors="replace",
        )  # fmt: skip
        found[str(path)] = done.stdout
    return found


def is_refused(said: str) -> bool:
    return said.startswith("refused")


@pytest.fixture(scope="module")
def running(opened: Server, place: Place) -> Iterator[Server]:
    """The family is open, a workbook runs, and its user once allowed cells."""
    place.settings.unlink(missing_ok=True)
    add = "from vigbook.system.settings import add_approval; add_approval('0' * 64)"
    subprocess.run([sys.executable, "-P", "-c", add], env=place.environment(), check=True)
    assert find_kernel(render(opened))
    yield opened
    place.settings.unlink()


def test_the_other_user_can_look_at_all_when_nothing_is_in_the_way(place: Place) -> None:
    """Or the attacks below would prove nothing."""
    place.started_with.parent.joinpath("open.txt").write_text("Mia", "utf-8")
    path = place.folder / "home" / "open.txt"
    path.write_text("Mia", "utf-8")
    assert look(path) == {str(path): f"read {path} Mia\n"}


def test_the_settings_are_read(running: Server, place: Place) -> None:
    """Who could write there, could allow cells."""
    assert stat.S_IMODE(place.settings.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.settings.parent.stat().st_mode) == 0o700
    assert is_refused(look(place.settings)[str(place.settings)])
    assert is_refused(look(place.settings.parent)[str(place.settings.parent)])
    assert running.process.poll() is None


def test_the_ticket_is_read(running: Server, place: Place) -> None:
    """The browser's command line tells where its file is."""
    words = wait_for_words(place.started_with)[0]
    file = Path(urllib.parse.unquote(urllib.parse.urlparse(words).path))
    assert is_refused(look(file)[str(file)])
    assert is_refused(look(file.parent)[str(file.parent)])
    assert running.process.poll() is None


@pytest.mark.parametrize("name", ["environ", "mem", "maps", "cwd", "fd"])
def test_a_running_program_is_looked_into(running: Server, name: str) -> None:
    """What the server and its kernels were told, what they hold, and what they have open."""
    programs = [psutil.Process(running.process.pid)]
    programs += programs[0].children(recursive=True)
    assert len(programs) > 1
    paths = [Path("/proc", str(one.pid), name) for one in programs]
    assert [said for said in look(*paths).values() if not is_refused(said)] == []


def test_command_lines_are_read(running: Server) -> None:
    """Everybody can read those: they hold no key."""
    programs = [psutil.Process(running.process.pid)]
    programs += programs[0].children(recursive=True)
    found = look(*[Path("/proc", str(one.pid), "cmdline") for one in programs])
    assert all(said.startswith("read ") for said in found.values())
    assert [said for said in found.values() if running.token in said] == []


def test_a_socket_of_a_kernel_s_is_spoken_to(running: Server, place: Place) -> None:
    """A kernel does what it is told: nobody else reaches it, by file or by port."""
    sockets = [path for path in place.folder.rglob("*") if path.is_socket()]
    assert sockets
    assert [said for said in look(*sockets).values() if not is_refused(said)] == []
    # Each has one port, for what its child processes print: it wants a word that only they know.
    kernels = psutil.Process(running.process.pid).children(recursive=True)
    ports = [[one for one in kernel.net_connections("inet") if one.status == psutil.CONN_LISTEN]
             for kernel in kernels]  # fmt: skip
    assert max(map(len, ports)) <= 1


def test_every_file_that_was_made_is_read(running: Server, place: Place) -> None:
    """In the user's home and among the temporary files nothing tells of the family or the key."""
    made = [path for top in ("home", "tmp") for path in (place.folder / top).rglob("*")
            if path.is_file() and path.name != "open.txt"]  # fmt: skip
    assert [path for path in made if running.token.encode() in path.read_bytes()]
    told = [said for said in look(*made).values() if not is_refused(said)]
    secrets = (running.token, "ticket=", "Mia", str(place.family))
    assert [said for said in told if any(secret in said for secret in secrets)] == []


def test_the_server_is_asked_by_another_user(running: Server) -> None:
    """Its port is everybody's: without the key it tells nothing, not even whose it is."""
    for path in ("vigbook/", "voila/render/cycle-1/workbook.ipynb", "vigbook/live/common.css",
                 "api", "api/status", "api/kernels", "vigbook/enter", ""):  # fmt: skip
        answer = ask(running, path, headers={"Accept": "text/html"})
        assert answer.status in (400, 403, 404)
        for word in ("Mia", "wren", str(running.process.pid)):
            assert word not in answer.text


def test_a_family_s_folder_in_a_closed_home_is_opened(place: Place, opened: Server) -> None:
    """Nothing of it is copied to where others may look."""
    home = place.folder / "home" / "closed"
    home.mkdir(mode=0o700)
    try:
        shutil.copytree(place.robin, home / "robin")
        done = place.run("build", home / "robin")
        assert done.returncode == 0, done.stderr
        assert is_refused(look(home / "robin" / "case.yaml")[str(home / "robin" / "case.yaml")])
        left = [path for path in (place.folder / "tmp").rglob("*") if path.is_file()]
        told = [said for said in look(*left).values() if not is_refused(said)]
        assert told == []
    finally:
        shutil.rmtree(home)
    assert opened.process.poll() is None
