"""What a process of ours may take: memory, files, the processor. On Windows, time alone."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import sys
import time
from collections.abc import Iterator


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one request may take.

    Attributes:
        seconds: until the next answer, on the clock; of the processor as much for each core.
        memory_bytes: of address space.
        file_bytes: of a file that it writes.
    """

    seconds: int = 120
    memory_bytes: int = 6 * 1024**3
    file_bytes: int = 0


def limit(memory_bytes: int, *, file_bytes: int | None = None, process: int = 0) -> None:
    """Limits this process, or one that it has just started, and leaves no room for a core file.

    Where the system refuses a limit, there is none: macOS refuses one of address space.

    Args:
        memory_bytes: of address space, for good.
        file_bytes: of a file that it writes; `writing` may raise it again.
        process: another one, which Linux alone lets us limit.
    """
    if sys.platform == "win32" or (process and sys.platform != "linux"):
        return
    import resource

    # A core file would hold what was in its memory when it fell: pictures of a family.
    for kind, most in ((resource.RLIMIT_AS, memory_bytes), (resource.RLIMIT_CORE, 0)):
        with contextlib.suppress(ValueError, OSError):
            hard = resource.getrlimit(kind)[1]
            most = most if hard == resource.RLIM_INFINITY else min(most, hard)
            if sys.platform == "linux":
                resource.prlimit(process, kind, (most, most))
            else:
                resource.setrlimit(kind, (most, most))
    if file_bytes is not None:
        _limit_files(file_bytes)


def limit_processor(seconds: int) -> None:
    """Ends this process once it has taken so many seconds more of every core."""
    if sys.platform == "win32":
        return
    import resource

    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    used = int(time.process_time()) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (used + seconds * (os.cpu_count() or 1), hard))


@contextlib.contextmanager
def writing(most: int) -> Iterator[None]:
    """Allows files of so many bytes to be written in a block."""
    if sys.platform == "win32":
        yield
        return
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    _limit_files(most)
    try:
        yield
    finally:
        _limit_files(soft)


def _limit_files(most: int) -> None:
    if sys.platform == "win32":
        return
    import resource

    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
