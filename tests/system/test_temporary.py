"""Temporary files can be told from forgotten ones, and only those are taken away."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from families import run_vigbook

from vigbook.system.atomic import (
    list_leftovers,
    publish,
    publish_bytes,
    publish_folder,
    remove_leftovers,
)
from vigbook.system.temporary import is_forgotten, remove_scratch, scratch_folder

pytestmark = pytest.mark.skipif(os.name != "posix", reason="there is no kill -9")

MAKER = """
    import sys, time
    from pathlib import Path
    from vigbook.system.atomic import publish
    from vigbook.system.temporary import scratch_folder
    with publish(Path(sys.argv[1])) as temporary, scratch_folder() as folder:
        temporary.write_bytes(b"half a clip")
        (folder / "said").write_text("x")
        print("ready", flush=True)
        time.sleep(60)
"""


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place for temporary files of the test's own."""
    folder = tmp_path / "workshop"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


@pytest.fixture
def maker(tmp_path: Path, workshop: Path) -> Iterator[subprocess.Popen[str]]:
    """A process in the middle of writing a clip, with a temporary folder beside."""
    assert workshop
    command = [sys.executable, "-c", textwrap.dedent(MAKER), str(tmp_path / "media" / "clip-1.mp4")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        yield process
        process.kill()


def test_what_a_living_process_writes_is_no_leftover(
    tmp_path: Path, workshop: Path, maker: subprocess.Popen[str]
) -> None:
    assert maker.poll() is None
    for path in tmp_path.rglob("*"):
        os.utime(path, (0, 0))  # as old as can be: it is its maker that counts
    found = (list_leftovers(tmp_path), remove_leftovers(tmp_path), remove_scratch())
    assert found == ([], [], [])
    assert (len([*tmp_path.glob("media/.*")]), len([*workshop.iterdir()])) == (1, 1)


def test_what_a_killed_process_left_is_listed_and_taken_away(
    tmp_path: Path, workshop: Path, maker: subprocess.Popen[str]
) -> None:
    maker.kill()
    maker.wait()
    (tmp_path / "media" / ".hidden-by-somebody.mp4").touch()
    (half,) = list_leftovers(tmp_path)
    assert (half.parent, half.read_bytes()) == (tmp_path / "media", b"half a clip")
    assert remove_leftovers(tmp_path) == [half]
    assert [one.parent for one in remove_scratch()] == [workshop]
    left = [one.name for one in tmp_path.rglob("*") if one.is_file()]
    assert left == [".hidden-by-somebody.mp4"]


def test_a_build_with_nothing_to_do_clears_up_after_a_killed_one(
    built_family: Path, maker: subprocess.Popen[str], workshop: Path
) -> None:
    run_vigbook("build", built_family)  # it was copied here: what it is made of is looked at
    maker.kill()
    maker.wait()
    assert [*workshop.iterdir()] != []
    done = run_vigbook("build", built_family)
    assert "nothing to make" in done.stdout
    assert [*workshop.iterdir()] == []


def test_only_our_own_folders_are_taken_away(tmp_path: Path, workshop: Path) -> None:
    (tmp_path / "own").mkdir()
    (workshop / ".vb-12345678.tmp").symlink_to(tmp_path / "own")
    (workshop / "vb-12345678").mkdir()
    (workshop / ".vb-x.tmp").mkdir()
    assert remove_scratch() == []
    assert (tmp_path / "own").is_dir()


def test_a_scratch_folder_goes_with_its_block(workshop: Path) -> None:
    with scratch_folder() as folder:
        (folder / "x").touch()
        assert not is_forgotten(folder)
    assert [*workshop.iterdir()] == []


def test_where_there_are_no_locks_only_what_is_old_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some shared disks have none."""

    def refuse(*_arguments: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("fcntl.flock", refuse)
    half = tmp_path / ".clip-1-x3kf_a9q.part.mp4"
    half.write_bytes(b"half")
    assert not is_forgotten(half)
    os.utime(half, (time.time() - 25 * 3600,) * 2)
    assert list_leftovers(tmp_path) == [half]
    publish_bytes(tmp_path / "clip-1.mp4", b"whole")
    assert (tmp_path / "clip-1.mp4").read_bytes() == b"whole"


def test_who_clears_up_at_the_same_time_does_no_harm(tmp_path: Path) -> None:
    """Between a file's making and its lock somebody may take it for forgotten."""
    code = (
        "import sys; from pathlib import Path; from vigbook.system.atomic import remove_leftovers\n"
        "while True: remove_leftovers(Path(sys.argv[1]))"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)]) as sweeper:
        due = time.monotonic() + 3
        number = 0
        while time.monotonic() < due:
            with publish(tmp_path / "a.jpg") as temporary:
                temporary.write_bytes(b"%d" % number)
            assert (tmp_path / "a.jpg").read_bytes() == b"%d" % number
            number += 1
        sweeper.kill()
    assert number > 100


def test_half_a_folder_that_was_left_goes_when_it_is_made_again(tmp_path: Path) -> None:
    """A bag holds a record, and perhaps pictures."""
    half, other = tmp_path / ".wren-cycle-1-x3kf_a9q.part", tmp_path / ".wren-cycle-2-x3kf_a9q.part"
    for folder in (half, other):
        folder.mkdir()
        (folder / "record.pdf").touch()
    with publish_folder(tmp_path / "wren-cycle-1") as first:
        (first / "a").touch()
        with publish_folder(tmp_path / "wren-cycle-1-v2"):
            pass
        assert first.is_dir()
    left = sorted(one.name for one in tmp_path.iterdir())
    assert left == [other.name, "wren-cycle-1", "wren-cycle-1-v2"]
