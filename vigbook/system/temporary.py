"""Temporary files and folders that whoever comes next can tell from forgotten ones.

A process that is killed, or a machine that loses its power, leaves them lying, perhaps with a
child's picture. So each is held by a lock for as long as its maker lives: the system lets go of it
however that one ends, in a container, or on another machine that shares the disk. What nobody
holds is taken away by the next run.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from vigbook.system.signals import hold_interrupts

_FORGOTTEN_S = 24 * 3600  # where there are no such locks: nothing of ours takes so long
_PREFIX, _SUFFIX = ".vb-", ".tmp"  # short: the path of a socket is limited


def hold(descriptor: int) -> bool:
    """Takes the lock of an open file or folder for as long as it is open.

    Returns:
        Whether it is ours; also true where the system or the disk has no such locks.
    """
    if sys.platform == "win32":
        return True  # there an open file cannot be taken away
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def is_forgotten(path: Path) -> bool:
    """Whether the maker of a temporary file or folder is gone, so that it may be taken away.

    A maker that ends in this very moment may count as living; the next who looks finds it.
    """
    with _lock(path) as forgotten:
        return forgotten


def remove_forgotten(path: Path) -> bool:
    """Takes away a temporary file or folder if its maker is gone; returns whether it is away.

    Raises:
        OSError: it cannot be deleted.
    """
    with _lock(path) as forgotten:
        if forgotten and path.is_dir():
            shutil.rmtree(path)
        elif forgotten:
            path.unlink(missing_ok=True)
        return forgotten


def scratch_folder() -> contextlib.AbstractContextManager[Path]:
    """Gives an empty folder for a block, in this machine's place for temporary files.

    Raises:
        OSError: there is no room for one.
    """
    return temporary_folder(_PREFIX, _SUFFIX)


@contextlib.contextmanager
def temporary_folder(prefix: str, suffix: str, place: Path | None = None) -> Iterator[Path]:
    """Gives a new folder for a block, held by a lock; what is at its path then is taken away.

    Args:
        prefix, suffix: of its name.
        place: where; None for this machine's place for temporary files.

    Raises:
        OSError: it cannot be made.
    """
    with hold_interrupts() as let_in:
        path, descriptor = _make_folder(prefix, suffix, place)
        try:
            with let_in():
                yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)
            if descriptor is not None:
                os.close(descriptor)


def remove_scratch() -> list[Path]:
    """Takes away this user's folders of `scratch_folder` that nobody holds; returns their paths."""
    removed = []
    for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}????????{_SUFFIX}"):
        with contextlib.suppress(OSError):
            # Everybody of this machine may put something there, even under such a name.
            ours = sys.platform == "win32" or path.lstat().st_uid == os.getuid()
            if ours and path.is_dir() and not path.is_symlink() and remove_forgotten(path):
                removed.append(path)
    return removed


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[bool]:
    """Tells whether a temporary file or folder is forgotten, and takes its lock for a block."""
    old = _age_s(path) > _FORGOTTEN_S
    if sys.platform == "win32":
        yield old
        return
    import fcntl

    descriptor = None
    try:
        # A folder cannot be opened to be written, and a shared disk locks only what is.
        mode = os.O_RDONLY if path.is_dir() else os.O_RDWR
        descriptor = os.open(path, mode | os.O_NOFOLLOW)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        forgotten = True
    except (BlockingIOError, FileNotFoundError):
        forgotten = False
    except OSError:  # no such locks there
        forgotten = old
    try:
        yield forgotten
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _make_folder(prefix: str, suffix: str, place: Path | None) -> tuple[Path, int | None]:
    """Returns a new folder and the open file that holds it, for as long as that is open."""
    while True:
        path = Path(tempfile.mkdtemp(prefix=prefix, suffix=suffix, dir=place))
        if sys.platform == "win32":  # a folder cannot be opened there
            return path, None
        descriptor = _open_folder(path)
        if descriptor is not None and hold(descriptor) and path.is_dir():
            return path, descriptor
        if descriptor is not None:  # somebody who clears up was quicker
            os.close(descriptor)


def _open_folder(path: Path) -> int | None:
    try:
        return os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None


def _age_s(path: Path) -> float:
    try:
        return time.time() - path.lstat().st_mtime
    except OSError:
        return 0.0
