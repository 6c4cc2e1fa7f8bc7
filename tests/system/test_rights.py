"""Who may read what vigbook writes: in a family's folder as that says, outside it nobody."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from families import run_vigbook

from vigbook.system.atomic import publish_bytes, publish_folder
from vigbook.system.locks import hold_family
from vigbook.system.rights import find_readable, make_private

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="other rights are there")
TEAM = 4242  # a group that nobody here has by default
ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


def rights(path: Path) -> str:
    return f"{stat.S_IMODE(path.stat().st_mode):o}"


@pytest.fixture(params=["000", "022", "077"])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    """Whatever mask somebody's account has."""
    before = os.umask(int(request.param, 8))
    yield int(request.param, 8)
    os.umask(before)


FOLDERS = {0o2770: ("660", "2770"), 0o700: ("600", "700"), 0o755: ("644", "755"),
           0o750: ("640", "750"), 0o1777: ("600", "700")}  # fmt: skip
"""A folder's rights, and those of a new file and a new folder in it."""


@pytest.mark.usefixtures("umask")
@pytest.mark.parametrize("mode", FOLDERS)
def test_what_is_new_has_the_rights_of_its_folder(tmp_path: Path, mode: int) -> None:
    """Whoever covers for a colleague can go on; in everybody's place it is its owner's alone."""
    place = tmp_path / "cycle-1"
    place.mkdir()
    place.chmod(mode)
    publish_bytes(place / "workbook.ipynb", b"a")
    publish_bytes(place / "media" / "deep" / "a.jpg", b"a")
    with publish_folder(place / "bag") as bag:
        (bag / "data").mkdir()
        (bag / "data" / "record.pdf").write_bytes(b"a")
    file, folder = FOLDERS[mode]
    made = {name: rights(place / name) for name in ("workbook.ipynb", "media", "media/deep", "bag")}
    assert made == {"workbook.ipynb": file, "media": folder, "media/deep": folder, "bag": folder}
    below = [rights(place / name) for name in ("media/deep/a.jpg", "bag/data/record.pdf")]
    assert [below, rights(place / "bag" / "data")] == [[file, file], folder]


@pytest.mark.usefixtures("umask")
@pytest.mark.skipif(not ROOT, reason="only root gives a folder to any group")
def test_what_is_new_belongs_to_the_group_of_its_folder(tmp_path: Path) -> None:
    """Also where the folder does not hand its group on by itself."""
    place = tmp_path / "cycle-1"
    place.mkdir()
    os.chown(place, -1, TEAM)
    place.chmod(0o770)
    publish_bytes(place / "media" / "a.jpg", b"a")
    found = [
        (path.stat().st_gid, rights(path)) for path in (place / "media", place / "media/a.jpg")
    ]
    assert found == [(TEAM, "770"), (TEAM, "660")]


@pytest.mark.usefixtures("umask")
@pytest.mark.skipif(not ROOT, reason="only root gives a file to any group")
def test_what_is_replaced_keeps_its_rights_and_its_group(tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_bytes(b"old")
    os.chown(path, -1, TEAM)
    path.chmod(0o640)
    publish_bytes(path, b"new")
    assert (path.read_bytes(), path.stat().st_gid, rights(path)) == (b"new", TEAM, "640")


@pytest.mark.usefixtures("umask")
def test_a_lock_can_be_taken_by_whoever_may_write_in_its_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o770)
    with hold_family(tmp_path):
        pass
    assert rights(tmp_path / ".vigbook.lock") == "660"


@pytest.mark.skipif(not ROOT, reason="only root can become somebody else")
def test_a_group_that_cannot_be_given_is_given_nothing() -> None:
    """A file that stays with one's own group is not opened to that one instead."""
    place = Path("/tmp") / f"vigbook-{os.getpid()}"
    place.mkdir()
    try:
        os.chown(place, 4243, TEAM)
        place.chmod(0o770)
        child = os.fork()
        if not child:
            os.setgroups([])
            os.setgid(4243)
            os.setuid(4243)
            publish_bytes(place / "a.jpg", b"a")
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        there = (place / "a.jpg").stat()
        assert (there.st_gid, rights(place / "a.jpg")) == (4243, "600")
    finally:
        for path in place.iterdir():
            path.unlink()
        place.rmdir()


@pytest.mark.parametrize("refused", [errno.ENOSYS, errno.EPERM, errno.ENOTSUP])
@pytest.mark.parametrize("call", ["chmod", "chown"])
def test_a_disk_without_rights_is_written_to_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, refused: int
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(refused, os.strerror(refused))

    monkeypatch.setattr(Path if call == "chmod" else os, call, refuse)
    publish_bytes(tmp_path / "media" / "a.jpg", b"a")
    publish_bytes(tmp_path / "media" / "a.jpg", b"b")
    assert (tmp_path / "media" / "a.jpg").read_bytes() == b"b"


@pytest.mark.parametrize("mask", [0o000, 0o077])
def test_the_commands_keep_to_the_rights_of_the_family_s_folder(
    family: Path, tmp_path: Path, mask: int
) -> None:
    """All that a real build, an answer and an archive write, for a team that shares a folder."""
    for folder in (family, family / "cycle-1"):
        folder.chmod(0o2770)
    before = os.umask(mask)
    try:
        (tmp_path / "bags").mkdir(mode=0o750)
        (tmp_path / "bags").chmod(0o750)
        for command in (
            ["build", family], ["answer", family, "clip-1.see", "Mia waited", "--by", "mum"],
            ["archive", family, "--to", tmp_path / "bags"],
        ):  # fmt: skip
            done = run_vigbook(*map(str, command))
            assert done.returncode == 0, done.stderr
    finally:
        os.umask(before)
    written = {"case.yaml", "cycle.yaml", "film.mp4"}  # by a person
    inside = [one for one in family.rglob("*") if one.name not in written]
    files, folders = ({rights(one) for one in inside if is_kind(one)} for is_kind in KINDS)
    assert (files, folders) == ({"660"}, {"2770"})
    assert {".vigbook.lock", "log.jsonl", "answers.jsonl", ".answers.jsonl.lock"} <= {
        one.name for one in inside
    }
    bagged = [*(tmp_path / "bags").rglob("*")]
    files, folders = ({rights(one) for one in bagged if is_kind(one)} for is_kind in KINDS)
    assert (files, folders) == ({"640"}, {"750"})


KINDS = (Path.is_file, Path.is_dir)


def test_a_folder_of_ours_is_made_private(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    make_private(tmp_path)
    assert rights(tmp_path) == "700"


@pytest.mark.skipif(not ROOT, reason="only root gives a folder away")
@pytest.mark.parametrize("kind", ["link", "foreign"])
def test_a_folder_of_somebody_else_s_is_refused(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "runtime"
    if kind == "link":
        place.symlink_to(tmp_path / "elsewhere")
    else:
        place.mkdir()
        os.chown(place, 4243, -1)
    with pytest.raises(PermissionError):
        make_private(place)


@pytest.fixture
def open_family(family: Path) -> Iterator[Path]:
    """A family that lies in everybody's sight."""
    place = Path("/tmp") / f"vigbook-open-{os.getpid()}"
    place.mkdir()
    place.chmod(0o755)
    moved = family.rename(place / "wren")
    for one in (moved, *moved.rglob("*")):
        one.chmod(0o755 if one.is_dir() else 0o644)
    yield moved
    run = [*place.rglob("*")]
    for one in sorted(run, reverse=True):
        one.rmdir() if one.is_dir() and not one.is_symlink() else one.unlink()
    place.rmdir()


SEEN = "every user of this computer can read this family's files"


def test_check_tells_once_that_everybody_can_read_a_family(open_family: Path) -> None:
    (open_family / "cycle-2").mkdir()
    (open_family / "cycle-2" / "cycle.yaml").write_text(
        (open_family / "cycle-1" / "cycle.yaml").read_text().replace("cycle: 1", "cycle: 2")
    )
    done = run_vigbook("check", open_family)
    assert done.stderr.count(SEEN) == 1
    assert "so that nobody but you and your team may look into it" in done.stderr


@pytest.mark.parametrize("closed", ["the home", "the family", "the files"])
def test_a_family_that_others_cannot_reach_is_not_told(open_family: Path, closed: str) -> None:
    if closed == "the home":
        open_family.parent.chmod(0o700)
    elif closed == "the family":
        open_family.chmod(0o750)
    else:
        for one in open_family.rglob("*"):
            one.chmod(0o751 if one.is_dir() else 0o640)
    assert find_readable(open_family) is None
    assert SEEN not in run_vigbook("check", open_family).stderr
