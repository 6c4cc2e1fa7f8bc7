"""Who may read what vigbook writes: in a family's folder whom the folder says, outside it nobody.

Colleagues cover for each other in a shared folder, whatever mask their accounts have; and on a
computer with several accounts nobody else may look at what lies outside such a folder. So this
program's own mask keeps everything to its user (`keep_private`), and what belongs in a folder of a
team's is then given that folder's rights. Where a disk has no such rights, as a telephone's or a
share's, nothing is lost: there they are what the disk says.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from pathlib import Path

PRIVATE_UMASK = -1 if sys.platform == "win32" else 0o077
"""The mask of whatever process of ours writes outside a family's folder; -1 leaves it as it is."""
# What disks without such rights say, as FUSE's and shares.
_NO_RIGHTS_THERE = (errno.ENOSYS, errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP)
_RIGHTS = 0o777
_RUN = 0o111


def keep_private() -> None:
    """Lets nobody else read what this process and all that it starts write, unless told to."""
    if sys.platform != "win32":
        os.umask(PRIVATE_UMASK)


def give_rights(path: Path) -> None:
    """Gives a new file or folder the rights and the group of the folder that it lies in.

    Raises:
        OSError: the disk has rights, and fails.
    """
    around, there = path.parent.stat(), path.lstat()
    if not stat.S_ISLNK(there.st_mode):
        _give(path, _rights_in(around, stat.S_ISDIR(there.st_mode)), around.st_gid)


def give_rights_below(folder: Path) -> None:
    """Gives a new folder and all that is in it the rights of the folder that it lies in.

    Raises:
        OSError: as `give_rights`.
    """
    give_rights(folder)
    for place, folders, names in os.walk(folder):
        for name in (*folders, *names):
            give_rights(Path(place, name))


def keep_rights(path: Path, before: os.stat_result) -> None:
    """Gives a file the rights and the group of the one that it takes the place of.

    Raises:
        OSError: as `give_rights`.
    """
    _give(path, stat.S_IMODE(before.st_mode) & _RIGHTS, before.st_gid)


def make_folders(path: Path) -> None:
    """Makes a folder, and those above it that are not there, with the rights of what is there.

    Raises:
        OSError: it cannot be made.
    """
    missing = []
    while not path.is_dir() and path != path.parent:
        missing.append(path)
        path = path.parent
    for one in reversed(missing):
        with contextlib.suppress(FileExistsError):  # somebody else was quicker
            one.mkdir()
            give_rights(one)
        if not one.is_dir():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(one))


def make_private(path: Path) -> None:
    """Takes from everybody else what they may do with a file or folder of ours outside a family's.

    What is not there is nobody's yet: our mask will make it private.

    Raises:
        PermissionError: it belongs to somebody else, or is a link, and is not to be trusted.
    """
    if sys.platform == "win32":
        return
    try:
        there = path.lstat()
    except OSError:
        return
    if stat.S_ISLNK(there.st_mode):
        raise PermissionError(errno.EPERM, "is a link", str(path))
    if there.st_uid != os.geteuid():
        raise PermissionError(errno.EPERM, "belongs to somebody else", str(path))
    if there.st_mode & _RIGHTS & PRIVATE_UMASK:
        with contextlib.suppress(OSError):
            path.chmod(stat.S_IMODE(there.st_mode) & ~PRIVATE_UMASK)


def find_readable(folder: Path) -> Path | None:
    """Returns a file below a folder that every user of this computer can read, if there is one."""
    if sys.platform == "win32":
        return None
    try:
        whole = folder.resolve()
        way = [whole, *whole.parents]
        if not all(one.stat().st_mode & stat.S_IXOTH for one in way):
            return None
    except (OSError, RuntimeError):  # a link that leads to itself
        return None
    return _find_readable(folder)


def _find_readable(folder: Path) -> Path | None:
    inside = []
    with contextlib.suppress(OSError):
        inside = sorted(folder.iterdir())
    for path in inside:
        with contextlib.suppress(OSError):
            mode = path.lstat().st_mode
            if stat.S_ISREG(mode) and mode & stat.S_IROTH:
                return path
            if stat.S_ISDIR(mode) and mode & stat.S_IXOTH and (found := _find_readable(path)):
                return found
    return None


def _rights_in(around: os.stat_result, is_folder: bool) -> int:
    """Returns the rights of what is new in a folder."""
    if around.st_mode & stat.S_ISVTX:  # everybody's place, as /tmp: what lies there is one's own
        return 0o700 if is_folder else 0o600
    rights = around.st_mode & _RIGHTS | 0o600
    if is_folder:
        return rights | 0o100 | around.st_mode & stat.S_ISGID
    return rights & ~_RUN


def _give(path: Path, rights: int, group: int) -> None:
    """Gives a file or folder rights and a group, as far as that is to be had."""
    if sys.platform == "win32":
        return
    if path.lstat().st_gid != group:
        try:
            os.chown(path, -1, group, follow_symlinks=False)
        except OSError:
            rights &= ~0o070  # what one group may do is not for another one
    try:
        path.chmod(rights)
    except OSError as err:
        if err.errno not in _NO_RIGHTS_THERE:
            raise
