"""Families built on a real Dask cluster: a scheduler and workers, as processes on this machine."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from families import TODAY, half_written, run_vigbook, vigbook_command, write_family
from live import wait_until

from vigbook.system.atomic import sha256_of

STOPPED = "Stopped. Nothing is half-written; run the same command again to go on.\n"
DASK = str(Path(sys.executable).with_name("dask"))
Files = dict[str, str]


@contextlib.contextmanager
def dask(*arguments: str, log: Path, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
    """Runs one of Dask's own programs, as whoever looks after a cluster does."""
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*arguments, "--host", "127.0.0.1", "--no-dashboard"],
            stdout=file, stderr=file, env={**os.environ, **variables}, cwd=log.parent,
        )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a scheduler without workers."""
    with running_scheduler(tmp_path_factory.mktemp("scheduler")) as address:
        yield address


@contextlib.contextmanager
def running_scheduler(folder: Path, **variables: str) -> Iterator[str]:
    told = folder / "scheduler.json"
    options = ("--port", "0", "--scheduler-file", str(told))
    with dask(DASK, "scheduler", *options, log=folder / "log", **variables):
        wait_until(lambda: told.exists() and told.read_bytes().endswith(b"}"), 60)
        yield json.loads(told.read_text("utf-8"))["address"]


@contextlib.contextmanager
def worker(
    scheduler: str, name: str, log: Path, before: tuple[str, ...] = (), **variables: str
) -> Iterator[subprocess.Popen[bytes]]:
    """A worker of one thread that nobody starts again when it falls; given once it is joined."""
    options = ("--nthreads", "1", "--no-nanny", "--name", name, "--death-timeout", "60")
    scratch = ("--local-directory", str(log.with_suffix(".scratch")))
    command = (*before, DASK, "worker", scheduler, *options, *scratch)
    with dask(*command, log=log, **variables) as process:
        wait_until(lambda: b"Registered to" in log.read_bytes(), 60)
        yield process


def files_of(family: Path) -> Files:
    """Returns what was built for a family, by its bytes."""
    made = [*family.glob("cycle-1/media/*"), *family.glob("cycle-1/print/*.pdf")]
    # The list of what was cut from what tells when the film was written.
    kept = [path for path in made if path.is_file() and path.name != "manifest.json"]
    return {path.relative_to(family).as_posix(): sha256_of(path) for path in kept}


def change(family: Path) -> Path:
    """Changes what is hoped for, so that there is something to build."""
    case = family / "case.yaml"
    case.write_text(case.read_text("utf-8").replace("hoped: 7", "hoped: 8"), "utf-8")
    return family


def papers_in(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*.pdf")]


def builders(of: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """Returns the processes that build for a worker."""
    return [one for one in psutil.Process(of.pid).children() if is_builder(one)]


def is_builder(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):  # or it ended just now
        return "vigbook.batch.build_process" in process.cmdline()
    return False


def is_at_work(builder: psutil.Process) -> bool:
    """Whether a process is in the middle of a family: it started others for it."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return bool(builder.children())
    return False


def start(*arguments: str | Path) -> subprocess.Popen[str]:
    command = [*vigbook_command(), *map(str, arguments), "--today", TODAY]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="nothing tells a process that its parent was killed")
def test_six_families_are_built_as_on_one_machine_though_a_worker_is_killed(
    scheduler: str, built_family: Path, numbered_film: Path, tmp_path: Path
) -> None:
    here = files_of(built_family)
    cases = built_family.parent
    for number in range(4):
        write_family(cases / f"wren-{number}", numbered_film)
    for number in (4, 5):
        shutil.copytree(built_family, cases / f"wren-{number}")
    (cases / "wren-3" / "case.yaml").write_text("vigbook: [", "utf-8")
    with (
        worker(scheduler, "lost", tmp_path / "lost.log") as lost,
        worker(scheduler, "left", tmp_path / "left.log"),
    ):
        building = start("build", *sorted(cases.glob("wren-*")), "--json", "--scheduler", scheduler)
        wait_until(lambda: any(map(is_at_work, builders(lost))), 60)
        lost.kill()
        said, errors = building.communicate(timeout=300)
    told = sorted(json.loads(said), key=lambda one: str(one["case"]))
    assert (building.returncode, errors) == (1, "")
    assert [Path(one["case"]).name for one in told] == [f"wren-{n}" for n in range(6)]
    assert [one["ok"] for one in told] == [number != 3 for number in range(6)]
    assert [len(one["made"]) for one in told] == [9, 9, 9, 0, 0, 0]
    for number in {0, 1, 2, 4, 5}:
        assert files_of(cases / f"wren-{number}") == here
    assert half_written(cases) == []
    # Here the broken one is told in the same words, and there is nothing left to make.
    again = run_vigbook("build", cases / "wren-0", cases / "wren-3", "--json")
    alone = sorted(json.loads(again.stdout), key=lambda one: str(one["case"]))
    assert [one["made"] for one in alone] == [[], []]
    assert [one["errors"] for one in alone] == [[], told[3]["errors"]]


@pytest.mark.slow
def test_a_family_whose_workers_are_all_lost_is_told_as_not_done(
    numbered_film: Path, tmp_path: Path
) -> None:
    """How many losses are too many is for who looks after the cluster to say."""
    family = write_family(tmp_path / "cases" / "wren", numbered_film)
    with (
        running_scheduler(tmp_path, DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0") as address,
        worker(address, "lost", tmp_path / "lost.log") as lost,
    ):
        building = start("build", family, "--scheduler", address)
        wait_until(lambda: any(map(is_at_work, builders(lost))), 60)
        orphans = psutil.Process(lost.pid).children(recursive=True)
        lost.kill()
        lost.wait()
        # What it left behind does not go on to the end.
        wait_until(lambda: not any(one.is_running() for one in orphans), 25)
        assert papers_in(family) == []
        said, errors = building.communicate(timeout=60)
    assert building.returncode == 1
    assert said == f"{family}: NOT DONE, 1 to mend\n"
    told = "its worker was lost in the middle; run the same command again; it goes on where"
    assert errors == f"{family}: {told} it stopped\n"
    # The same command goes on, and takes away what a killed process may have left lying.
    assert run_vigbook("build", family).returncode == 0
    assert half_written(family) == []
    assert len(papers_in(family)) > 2


@pytest.mark.slow
def test_workers_that_cannot_build_are_named_and_the_others_build(
    scheduler: str, built_family: Path, tmp_path: Path
) -> None:
    """One has another version of vigbook; one does not see the families' folder."""
    cases = built_family.parent
    change(built_family)
    for number in range(2):
        shutil.copytree(built_family, cases / f"robin-{number}")
    another = tmp_path / "another" / "vigbook-0.0.9.dist-info"
    another.mkdir(parents=True)
    (another / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: vigbook\nVersion: 0.0.9\n", "utf-8"
    )
    hide = f'mount -t tmpfs tmpfs "{cases}" && exec "$@"'
    blind = ("unshare", "--mount", "sh", "-c", hide, "sh")
    if not shutil.which("unshare") or subprocess.run([*blind, "true"]).returncode:
        pytest.skip("this machine lets nobody mount a disk")
    with (
        worker(scheduler, "old", tmp_path / "old.log", PYTHONPATH=str(another.parent)),
        worker(scheduler, "blind", tmp_path / "blind.log", blind),
    ):
        alone = run_vigbook("build", built_family, "--scheduler", scheduler)
        assert alone.returncode == 1
        assert "does not see" in alone.stderr
        with worker(scheduler, "good", tmp_path / "good.log"):
            families = sorted(cases.glob("robin-*"))
            done = run_vigbook("build", *families, "--json", "--scheduler", scheduler)
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert sorted(Path(one["case"]).name for one in told) == ["robin-0", "robin-1"]
    warned = [note for one in told for note in one["warnings"]]
    notes = [note for note in warned if (note["file"] or "").startswith("worker tcp://")]
    found = sorted(note["found"] for note in notes)
    assert [one.split(" /")[0] for one in found] == [
        "does not see",
        "has vigbook 0.0.9 where this is 0.1.0, so it builds nothing",
    ]
    assert socket.gethostname() in next(n["file"] for n in notes if "does not" in n["found"])


@pytest.mark.slow
def test_stopped_or_killed_a_command_leaves_workers_nothing_to_do(
    scheduler: str, numbered_film: Path, tmp_path: Path
) -> None:
    cases = tmp_path / "cases"
    for number in range(3):
        write_family(cases / f"wren-{number}", numbered_film)
    with worker(scheduler, "one", tmp_path / "one.log") as one:
        building = start("build", *sorted(cases.glob("wren-*")), "--scheduler", scheduler)
        wait_until(lambda: any(map(is_at_work, builders(one))), 60)
        os.killpg(building.pid, signal.SIGINT)
        said = building.communicate(timeout=60)
        assert (building.returncode, said[0]) == (1, "")
        assert said[1].endswith(STOPPED)
        assert not any(map(is_at_work, builders(one)))
        # It was ended, not waited for: papers come last.
        assert papers_in(cases) == half_written(cases) == []
        begun = [path.parent.name for path in cases.glob("*/cycle-1/media")]
        time.sleep(1)  # nothing more begins, so there is nothing that could be waited for
        assert [path.parent.name for path in cases.glob("*/cycle-1/media")] == begun
        assert len(begun) <= 1
        # Killed, it can tell nobody; the scheduler notices.
        building = start("build", *sorted(cases.glob("wren-*")), "--scheduler", scheduler)
        wait_until(lambda: any(map(is_at_work, builders(one))), 60)
        building.kill()
        building.communicate()
        wait_until(lambda: not builders(one), 25)
        assert papers_in(cases) == half_written(cases) == []
        assert one.poll() is None


def test_who_has_no_dask_is_told_how_to_get_it_and_builds_here(
    built_family: Path, tmp_path: Path
) -> None:
    """Without a scheduler Dask is not even looked for."""
    for name in ("dask", "distributed"):
        text = f"raise ModuleNotFoundError('no {name}', name='{name}')\n"
        (tmp_path / f"{name}.py").write_text(text, "utf-8")
    command = [*vigbook_command(), "build", str(change(built_family)), "--today", TODAY]
    without = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [*command, "--scheduler", "tcp://127.0.0.1:1"], capture_output=True, text=True, env=without
    )
    said = "a cluster needs Dask, which is not installed; pip install 'vigbook[cluster]'\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", said)
    assert subprocess.run(command, capture_output=True, env=without).returncode == 0


def test_a_scheduler_that_does_not_answer_is_told_in_one_line(
    scheduler: str, built_family: Path
) -> None:
    """Nobody is there; somebody is who never says a word; a scheduler is, without any worker."""
    change(built_family)
    with (
        socket.create_server(("127.0.0.1", 0)) as mute,
        socket.create_server(("127.0.0.1", 0)) as s,
    ):
        gone = s.getsockname()[1]
        s.close()
        silent = f"tcp://127.0.0.1:{mute.getsockname()[1]}"
        begun = time.monotonic()
        # At the same time, since each is waited for.
        runs = [
            (start("build", built_family, "--scheduler", address), found)
            for address, found in (
                (f"tcp://127.0.0.1:{gone}", "no Dask scheduler answers at"),
                (silent, "no Dask scheduler answers at"),
                (scheduler, "has no workers; start one with 'dask worker"),
                ("localhost", "'localhost' is no address of a Dask scheduler"),
            )
        ]
        for run, found in runs:
            said, errors = run.communicate(timeout=60)
            assert (run.returncode, said, errors.count("\n")) == (1, "", 1), errors
            assert found in errors
    assert time.monotonic() - begun < 40
