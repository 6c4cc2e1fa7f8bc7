"""Whole files or none: write to a temporary name, then rename.

Every output of vigbook is written through here, so that a full disk, a read-only folder or Ctrl-C
leaves the earlier file as it was. A process that is killed leaves its temporary file beside it:
`list_leftovers` finds those of a family.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from vigbook.errors import OutputError, Problem
from vigbook.system.rights import (
    give_rights,
    give_rights_below,
    keep_rights,
    make_folders,
)
from vigbook.system.signals import hold_interrupts
from vigbook.system.temporary import hold, is_forgotten, remove_forgotten, temporary_folder

_TEMPORARY = re.compile(r"\..*-[a-z0-9_]{8}\.part(\.[^.]*)?")
_MENDS = {
    errno.ENOSPC: ("the disk is full", "free some space and run the same command again"),
    errno.EDQUOT: ("your share of the disk is full", "free some space and run it again"),
    errno.EACCES: ("you may not write there", "ask for the right to write to this folder"),
    errno.EPERM: ("you may not write there", "ask for the right to write to this folder"),
    errno.EROFS: ("the disk is read-only", "copy the case to a disk that can be written"),
    errno.ENOENT: ("the folder is not there", "check the path"),
    errno.EEXIST: ("it is there already", "move it away or choose another place"),
    errno.ELOOP: ("it is a link", "put the real thing there"),
    errno.ENAMETOOLONG: ("the name is too long", "use a shorter folder name"),
}


def output_error(path: str | os.PathLike[str], err: OSError) -> OutputError:
    """Returns what the system said about a file, as a sentence for a person."""
    found, mend = _MENDS.get(
        err.errno or 0, (err.strerror or str(err), "see that it can be written")
    )
    return OutputError(
        Problem(file=os.fspath(path), found=f"could not be written: {found}", mend=mend)
    )


@contextlib.contextmanager
def publish(path: Path) -> Iterator[Path]:
    """Gives a temporary path beside `path`; renames it to `path` when the block ends well.

    The temporary name keeps the suffix, since tools choose the format by it.

    Raises:
        OutputError: the file cannot be written. The earlier file, if any, is whole.
    """
    with _telling(path), hold_interrupts() as let_in:
        make_folders(path.parent)
        handle, temporary = _make_file(path)
        try:
            with let_in():
                yield temporary
                # mkstemp makes files that only the owner may read; a team's folder is often shared.
                _share(temporary, path)
                with temporary.open("rb+") as file:
                    os.fsync(file.fileno())
                temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
            if handle is not None:
                os.close(handle)


def publish_bytes(path: Path, content: bytes) -> None:
    """Writes a whole file or nothing.

    Raises:
        OutputError: as `publish`.
    """
    with publish(path) as temporary:
        temporary.write_bytes(content)


@contextlib.contextmanager
def publish_folder(path: Path) -> Iterator[Path]:
    """Gives a temporary folder beside `path`; renames it to `path` when the block ends well.

    What a killed process left of the same folder is taken away.

    Raises:
        OutputError: it cannot be written, or `path` already exists.
    """
    with _telling(path):
        make_folders(path.parent)
        _remove_half_folders(path)
        with temporary_folder(f".{path.name}-", ".part", path.parent) as temporary:
            yield temporary
            give_rights_below(temporary)
            if path.exists():  # POSIX would rename over an empty folder in silence
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
            temporary.rename(path)


def is_temporary(name: str) -> bool:
    """Whether a file's name is one that `publish` gives before the file is whole."""
    return _TEMPORARY.fullmatch(name) is not None


def list_leftovers(folder: Path) -> list[Path]:
    """Returns the temporary files that killed processes left in a folder and those in it.

    What a living process is writing is none of them. Half a clip is a family's film too, and
    hidden files are easily forgotten.
    """
    return [path for path in _list_temporary(folder) if is_forgotten(path)]


def remove_leftovers(folder: Path) -> list[Path]:
    """Deletes what `list_leftovers` lists, and returns the paths.

    Raises:
        OutputError: one cannot be deleted.
    """
    removed = []
    for path in _list_temporary(folder):
        try:
            if remove_forgotten(path):
                removed.append(path)
        except OSError as err:
            raise output_error(path, err) from err
    return removed


_SETTLED_NS = 2_000_000_000  # the coarsest clock of a file system that is still about


def stamp_of(path: Path) -> object:
    """Returns what is equal for a file that has not changed, so that it need not be read again.

    What was written just now equals nothing: within one tick of its clock a file may be written
    twice and show the same.

    Raises:
        OSError: it is not there, or may not be looked at.
    """
    found = path.stat()
    if abs(time.time_ns() - found.st_mtime_ns) < _SETTLED_NS:
        return object()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def sha256_of(path: Path) -> str:
    """Returns the SHA-256 of a file's bytes, as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def _telling(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as err:
        raise output_error(path, err) from err


def _share(temporary: Path, path: Path) -> None:
    """Gives a file the rights of the one that it is to replace, or those of its folder."""
    try:
        before = path.lstat()
    except OSError:
        before = None
    if before is not None and stat.S_ISREG(before.st_mode):
        keep_rights(temporary, before)
    else:
        give_rights(temporary)


def _make_file(path: Path) -> tuple[int | None, Path]:
    """Returns a temporary file beside `path`, and what holds it."""
    while True:
        handle, name = tempfile.mkstemp(
            prefix=f".{path.stem}-", suffix=f".part{path.suffix}", dir=path.parent
        )
        if sys.platform == "win32":  # what is open can be written by no other program there
            os.close(handle)
            return None, Path(name)
        if hold(handle) and os.fstat(handle).st_nlink:
            return handle, Path(name)
        os.close(handle)  # somebody who clears up was quicker


def _remove_half_folders(path: Path) -> None:
    for half in path.parent.iterdir():
        own = half.name.startswith(f".{path.name}-") and _TEMPORARY.fullmatch(half.name)
        if own and half.is_dir() and not half.is_symlink():
            remove_forgotten(half)


def _list_temporary(folder: Path) -> list[Path]:
    return sorted(
        Path(place, name)
        for place, _, names in os.walk(folder)
        for name in names
        if is_temporary(name)
    )
