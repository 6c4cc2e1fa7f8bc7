"""Reads files that anybody may have put there: whole, of a bounded size, and never for ever.

Into a folder that people share somebody may put, by mistake or to do harm, what is no file: a named
pipe would keep a program waiting until somebody writes to it, a device might never end. JSON may be
too deep for Python, or hold numbers that it takes minutes over. All of that is an `OSError` or a
`ValueError` here, like a missing file or a missing bracket.
"""

from __future__ import annotations

import errno
import json
import math
import os
import stat
from pathlib import Path
from typing import IO, Any

NO_FILE = "it is no file, but something that programs talk through"
_DEEPEST = 200  # lists in lists; what a notebook's other tools write has some twenty
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOINHERIT", 0)


def open_file(path: Path, flags: int = _READ, mode: int = 0o600) -> int:
    """Returns a file opened without waiting for anybody.

    Raises:
        OSError: it cannot be opened, or is no file.
    """
    # Before it is opened: a device may do something as it is.
    if path.exists():
        _check_kind(path.stat(), path)
    descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0), mode)
    try:
        _check_kind(os.fstat(descriptor), path)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def open_to_read(path: Path, largest: int | None = None) -> IO[bytes]:
    """Returns a file opened to be read.

    Args:
        path: the file.
        largest: how many bytes it may have.

    Raises:
        OSError: it cannot be opened, is no file, or is larger.
    """
    file = os.fdopen(open_file(path), "rb")
    size = os.fstat(file.fileno()).st_size
    if largest is not None and size > largest:
        file.close()
        raise _too_large(path, size, largest)
    return file


def read_file(path: Path, largest: int) -> bytes:
    """Returns all that is in a file.

    Raises:
        OSError: as `open_to_read`, also where it grows meanwhile.
    """
    with open_to_read(path, largest) as file:
        content = file.read(largest + 1)
    if len(content) > largest:
        raise _too_large(path, len(content), largest)
    return content


def read_json(path: Path, largest: int) -> Any:
    """Returns what stands in a file of JSON.

    Raises:
        OSError: as `read_file`.
        ValueError: as `parse_json`.
    """
    return parse_json(read_file(path, largest))


def parse_json(content: bytes | str, *, numbers_only: bool = False) -> Any:
    """Returns what stands in a text of JSON, with or without a mark of its bytes' order before it.

    Args:
        content: the text.
        numbers_only: whether to refuse NaN and infinity, which are no JSON and Python writes.

    Raises:
        ValueError: it is no JSON, or is nested deeper, or holds longer numbers than anybody writes.
    """
    text = content.decode("utf-8", "surrogatepass") if isinstance(content, bytes) else content
    try:
        found = (_STRICT if numbers_only else _LENIENT).decode(text.removeprefix("\ufeff"))
    except RecursionError as err:
        raise ValueError("is nested too deeply") from err
    if text.count("[") + text.count("{") > _DEEPEST:
        _check_depth(found)
    return found


def _check_depth(found: Any) -> None:
    level, depth = [found], 0
    while level := [one for each in level for one in _inside(each)]:
        depth += 1
        if depth > _DEEPEST:
            raise ValueError("is nested too deeply")


def _inside(value: Any) -> list[Any]:
    """Returns what in a list or an object may hold more."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [one for one in inside if isinstance(one, dict | list)]


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


# Made once: to make one takes as long as to read a line with it.
_STRICT = json.JSONDecoder(parse_constant=_no_number, parse_float=_finite)
_LENIENT = json.JSONDecoder()


def _check_kind(found: os.stat_result, path: Path) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, NO_FILE, str(path))


def _too_large(path: Path, size: int, largest: int) -> OSError:
    found = f"it has {size / 10**6:.0f} MB, and at most {largest / 10**6:.0f} MB are read"
    return OSError(errno.EFBIG, found, str(path))
