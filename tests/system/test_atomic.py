"""Whole files or none, whatever happens while they are written."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

import pytest

from vigbook.errors import OutputError, Problem
from vigbook.system.atomic import output_error, publish, publish_bytes, publish_folder, sha256_of


def files_in(folder: Path) -> list[str]:
    """Returns the names of all that lies in a folder, hidden files too."""
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_there_once_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "clip-1.mp4"
    with publish(path) as temporary:
        temporary.write_bytes(b"whole")
        assert not path.exists()
    assert (path.read_bytes(), files_in(tmp_path)) == (b"whole", ["clip-1.mp4"])


def test_the_temporary_file_is_hidden_beside_it_with_its_suffix(tmp_path: Path) -> None:
    """Beside it, so that renaming is one step; with its suffix, since tools go by that."""
    with publish(tmp_path / "clip-1.mp4") as temporary:
        assert (tmp_path, ".mp4", True) == (
            temporary.parent,
            temporary.suffix,
            temporary.name.startswith(".clip-1-"),
        )


def test_missing_folders_are_made(tmp_path: Path) -> None:
    publish_bytes(tmp_path / "cycle-1" / "media" / "a.jpg", b"a")
    assert (tmp_path / "cycle-1" / "media" / "a.jpg").read_bytes() == b"a"


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError, SystemExit])
def test_what_breaks_off_leaves_the_earlier_file(
    tmp_path: Path, error: type[BaseException]
) -> None:
    path = tmp_path / "record.pdf"
    path.write_bytes(b"earlier")

    def write() -> None:
        with publish(path) as temporary:
            temporary.write_bytes(b"hal")
            raise error("Ctrl-C")

    with pytest.raises(error, match="Ctrl-C"):
        write()
    assert (path.read_bytes(), files_in(tmp_path)) == (b"earlier", ["record.pdf"])


FOUND = {
    errno.ENOSPC: "the disk is full; free some space and run the same command again",
    errno.EDQUOT: "your share of the disk is full; free some space and run it again",
    errno.EACCES: "you may not write there; ask for the right to write to this folder",
    errno.EROFS: "the disk is read-only; copy the case to a disk that can be written",
    errno.EIO: f"{os.strerror(errno.EIO)}; see that it can be written",
}


@pytest.mark.parametrize("number", FOUND, ids=errno.errorcode.get)
@pytest.mark.parametrize("call", ["fsync", "chmod", "replace", "mkstemp"])
def test_what_the_system_refuses_is_told_and_the_earlier_file_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    path = tmp_path / "record.pdf"
    path.write_bytes(b"earlier")

    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    seams = {
        "fsync": "vigbook.system.atomic.os.fsync",
        "chmod": "vigbook.system.atomic.Path.chmod",
        "replace": "vigbook.system.atomic.Path.replace",
        "mkstemp": "vigbook.system.atomic.tempfile.mkstemp",
    }
    with monkeypatch.context() as patch:
        patch.setattr(seams[call], refuse)
        with pytest.raises(OutputError, match="could not be written") as raised:
            publish_bytes(path, b"later")
    assert f"{path}: could not be written: {FOUND[number]}" == str(raised.value)
    assert (path.read_bytes(), files_in(tmp_path)) == (b"earlier", ["record.pdf"])


def test_a_folder_in_its_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "record.pdf" / "inside").mkdir(parents=True)
    with pytest.raises(OutputError, match=r"record\.pdf: could not be written: "):
        publish_bytes(tmp_path / "record.pdf", b"later")
    assert files_in(tmp_path) == ["record.pdf"]


def test_a_file_in_the_folder_s_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "media").write_bytes(b"a file")
    with pytest.raises(OutputError, match=r"a\.jpg: could not be written: "):
        publish_bytes(tmp_path / "media" / "a.jpg", b"a")
    assert (tmp_path / "media").read_bytes() == b"a file"


def test_a_name_that_is_too_long_is_told(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="could not be written: the name is too long; use a sh"):
        publish_bytes(tmp_path / ("a" * 300 + ".pdf"), b"a")


@pytest.mark.skipif(os.name == "nt", reason="Windows has other rights")
def test_a_folder_one_may_not_write_to_is_told(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("the superuser may write anywhere")
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(OutputError, match="could not be written: you may not write there"):
            publish_bytes(tmp_path / "a.pdf", b"a")
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize("name", ["it's.pdf", "100%.pdf", "Åse 李.pdf", "no-suffix", ".hidden",
                                  "two.dots.pdf"])  # fmt: skip
def test_any_name_can_be_written(tmp_path: Path, name: str) -> None:
    publish_bytes(tmp_path / name, b"a")
    publish_bytes(tmp_path / name, b"b")
    assert (b"b", [name]) == ((tmp_path / name).read_bytes(), files_in(tmp_path))


def test_a_relative_path_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    publish_bytes(Path("a.pdf"), b"a")
    assert files_in(tmp_path) == ["a.pdf"]


def test_the_earlier_file_is_read_whole_while_the_new_one_is_written(tmp_path: Path) -> None:
    path = tmp_path / "record.pdf"
    path.write_bytes(b"earlier")
    with path.open("rb") as reader:
        publish_bytes(path, b"later")
        assert reader.read() == b"earlier"
    assert path.read_bytes() == b"later"


def test_a_folder_is_there_once_it_is_whole(tmp_path: Path) -> None:
    with publish_folder(tmp_path / "out" / "otter-cycle-1") as temporary:
        (temporary / "data").mkdir()
        (temporary / "data" / "record.pdf").write_bytes(b"whole")
        assert not (tmp_path / "out" / "otter-cycle-1").exists()
    assert files_in(tmp_path / "out") == ["otter-cycle-1"]
    assert (tmp_path / "out" / "otter-cycle-1" / "data" / "record.pdf").read_bytes() == b"whole"


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_a_folder_that_breaks_off_leaves_nothing(
    tmp_path: Path, error: type[BaseException]
) -> None:
    def write() -> None:
        with publish_folder(tmp_path / "otter-cycle-1") as temporary:
            (temporary / "bagit.txt").write_text("half")
            raise error("Ctrl-C")

    with pytest.raises(error, match="Ctrl-C"):
        write()
    assert files_in(tmp_path) == []


def test_a_folder_that_is_there_already_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "otter-cycle-1").mkdir()
    (tmp_path / "otter-cycle-1" / "bagit.txt").write_text("earlier")

    def write() -> None:
        with publish_folder(tmp_path / "otter-cycle-1") as temporary:
            (temporary / "bagit.txt").write_text("later")

    with pytest.raises(OutputError, match=r"otter-cycle-1: could not be written: it is there al"):
        write()
    assert (tmp_path / "otter-cycle-1" / "bagit.txt").read_text() == "earlier"
    assert files_in(tmp_path) == ["otter-cycle-1"]


def test_an_empty_folder_that_is_there_already_is_not_replaced_in_silence(tmp_path: Path) -> None:
    """The same on every system: some let a folder be renamed over an empty one."""
    (tmp_path / "otter-cycle-1").mkdir()
    with (
        pytest.raises(OutputError, match=r"otter-cycle-1: could not be written: it is there al"),
        publish_folder(tmp_path / "otter-cycle-1") as temporary,
    ):
        (temporary / "bagit.txt").write_text("later")
    assert files_in(tmp_path / "otter-cycle-1") == []


def test_an_error_of_the_system_is_a_problem_of_a_file() -> None:
    error = output_error("media/a.jpg", OSError(errno.ENOSPC, "No space left on device"))
    assert error.problems == (
        Problem(
            file="media/a.jpg",
            found="could not be written: the disk is full",
            mend="free some space and run the same command again",
        ),
    )
    assert (
        str(output_error("media/a.jpg", OSError("odd")))
        == "media/a.jpg: could not be written: odd; see that it can be written"
    )


@pytest.mark.parametrize("size", [0, 1, 300_000])
def test_a_sum_is_that_of_all_bytes(tmp_path: Path, size: int) -> None:
    content = bytes(index % 251 for index in range(size))
    (tmp_path / "a").write_bytes(content)
    assert hashlib.sha256(content).hexdigest() == sha256_of(tmp_path / "a")
