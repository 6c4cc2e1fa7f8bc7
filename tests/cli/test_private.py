"""What lies outside a family's folder is for nobody else on the computer, whatever the mask is."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from families import TODAY, run_vigbook, vigbook_command
from live import free_port, start_server

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="other rights are there")
ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
NOBODY = 65534
# A page of IPython's that it copies with its rights, into a folder that is private.
IPYTHONS = "profile_default/startup/README"
# Looks for whatever it can list or open, as another user of the computer, until it is ended.
SPY = """
import os, sys
seen = set()
print("begun", flush=True)
while not os.path.exists(sys.argv[2]):
    for place, folders, names in os.walk(sys.argv[1]):
        for name in names:
            path = os.path.join(place, name)
            try:
                with open(path, "rb") as file:
                    file.read(1)
            except OSError:
                continue
            if path not in seen:
                seen.add(path)
                print(path, flush=True)
"""


class Outside:
    """A home and a place for temporary files that everybody may look into, and what came there."""

    def __init__(self, folder: Path) -> None:
        self.home, self.tmp = folder / "home", folder / "tmp"
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "IPYTHON"))},
            "HOME": str(self.home), "TMPDIR": str(self.tmp),
        }  # fmt: skip
        for place in (self.home, self.tmp):
            place.mkdir()
            place.chmod(0o755)
        self.modes: dict[str, int] = {}
        self.told: set[str] = set()

    def run(self, *arguments: object, umask: int) -> str:
        """Runs the command, and looks over and over at what is there and what others can see."""
        process = subprocess.Popen(
            [*vigbook_command(), *map(str, arguments), "--today", TODAY], umask=umask, text=True,
            env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        over = threading.Event()
        watcher = threading.Thread(target=self._watch, args=[process, over])
        watcher.start()
        said, _ = process.communicate(timeout=300)
        over.set()
        watcher.join()
        self.look()
        assert process.returncode == 0, said
        return said

    def _watch(self, process: subprocess.Popen[str], over: threading.Event) -> None:
        while not over.is_set():
            self.look()
            try:
                one = psutil.Process(process.pid)
                for each in (one, *one.children(recursive=True)):
                    self.told |= {*each.cmdline()}
            except psutil.Error:
                continue

    def look(self) -> None:
        """Keeps the widest rights that each thing had."""
        for place in (self.home, self.tmp):
            for folder, folders, names in os.walk(place):
                for path in (Path(folder, name) for name in (*folders, *names)):
                    with contextlib.suppress(OSError):  # it is gone again
                        found = path.lstat()
                        name = str(path.relative_to(place))
                        if not stat.S_ISLNK(found.st_mode) and not name.endswith(IPYTHONS):
                            self.modes[name] = self.modes.get(name, 0) | stat.S_IMODE(found.st_mode)

    def wide(self) -> dict[str, str]:
        """Returns what others had any rights to, by name."""
        return {name: f"{mode:o}" for name, mode in self.modes.items() if mode & 0o077}


@pytest.fixture
def outside() -> Iterator[Outside]:
    """A home and temporary files in everybody's sight, as on a computer that people share."""
    folder = Path(tempfile.mkdtemp(prefix="vigbook-outside-"))
    folder.chmod(0o755)
    yield Outside(folder)
    shutil.rmtree(folder)


@pytest.mark.parametrize("engine", ["vigbook", "nbclient"])
def test_nothing_outside_the_case_is_for_others(
    outside: Outside, family: Path, engine: str
) -> None:
    """Of a build: ffmpeg's, the notebook's, the renderer's and fontconfig's files, at any time."""
    outside.run("build", family, "--engine", engine, umask=0)
    assert any(name.startswith(".vb-") for name in outside.modes)
    assert ".local/share/jupyter/nbsignatures.db" in outside.modes
    assert outside.wide() == {}


def test_what_was_there_before_with_wider_rights_is_made_private(
    outside: Outside, family: Path
) -> None:
    data = outside.home / ".local" / "share" / "jupyter"
    data.mkdir(parents=True)
    data.chmod(0o777)
    (data / "nbsignatures.db").touch(0o666)
    (data / "nbsignatures.db").chmod(0o666)
    outside.run("build", family, umask=0)
    modes = [stat.S_IMODE(one.stat().st_mode) for one in (data, data / "nbsignatures.db")]
    assert [f"{mode:o}" for mode in modes] == ["755", "600"]


@pytest.mark.skipif(not ROOT, reason="only root gives a file away")
def test_signatures_of_somebody_else_s_are_told_and_not_used(
    outside: Outside, family: Path
) -> None:
    data = outside.home / ".local" / "share" / "jupyter"
    data.mkdir(parents=True)
    (data / "nbsignatures.db").touch()
    os.chown(data / "nbsignatures.db", 4243, -1)
    done = subprocess.run(
        [*vigbook_command(), "build", str(family), "--today", TODAY],
        env=outside.environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert "nbsignatures.db: belongs to somebody else" in done.stderr
    assert len(done.stderr.splitlines()) < 6


@pytest.mark.skipif(not ROOT, reason="only root can become somebody else")
def test_another_user_reads_nothing_while_a_family_is_built_and_printed(
    outside: Outside, family: Path, tmp_path: Path
) -> None:
    """Nor do the programs that are started tell anybody's name, for whoever lists processes."""
    done = outside.tmp.parent / "done"
    spy = subprocess.Popen(
        ["/usr/bin/python3", "-c", SPY, str(outside.tmp.parent), str(done)],
        user=NOBODY, group=NOBODY, extra_groups=[], stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert spy.stdout
    assert spy.stdout.readline() == "begun\n"
    outside.run("build", family, umask=0)
    outside.run("print", family, "--size", "large", umask=0)
    done.touch()
    found, _ = spy.communicate(timeout=60)
    assert [one for one in found.split() if one != str(done)] == []
    told = " ".join(outside.told).replace(str(tmp_path), "")
    assert "vigbook.paper.renderer" in told
    assert [name for name in ("Mia", "Sam", "settle", "token") if name in told] == []


def test_the_keys_of_running_servers_are_for_nobody_else(
    outside: Outside, built_family: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where Jupyter's folder of them was there before, open to everybody."""
    runtime = outside.home / "runtime"
    runtime.mkdir()
    runtime.chmod(0o777)
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(runtime))
    monkeypatch.setenv("TMPDIR", str(outside.tmp))
    before = os.umask(0)
    try:
        server = start_server(built_family, free_port(), "--no-browser")
    finally:
        os.umask(before)
    try:
        outside.look()
        assert [one for one in outside.modes if one.startswith("runtime/jpserver")]
        assert stat.S_IMODE(runtime.stat().st_mode) == 0o700
        assert outside.wide() == {}
    finally:
        server.kill()
        server.process.communicate()


def test_a_folder_of_keys_that_is_a_link_is_told(
    built_family: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "runtime").symlink_to("elsewhere")
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    done = run_vigbook("open", built_family, "--no-browser", timeout=30)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert f"{tmp_path / 'runtime'}: is a link, and only what is one's own can be trusted" in (
        done.stderr
    )
