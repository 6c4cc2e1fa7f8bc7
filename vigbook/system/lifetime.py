"""How a process of ours ends when nobody is left that it works for."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import NoReturn

from vigbook.system.interpreter import python_command, python_variables
from vigbook.system.rights import PRIVATE_UMASK

OWN_GROUP: int | None = 0 if os.name == "posix" else None
"""The `process_group` of a process that Ctrl-C does not reach: that is for who started it."""
_LOOK_S = 1.0  # how often a process looks whether the program still lives
PATIENCE_S = 15.0  # for a process to clear up; ffmpeg and kernels are ended in far less


def start_module(
    module: str, *arguments: int, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Starts a module of ours in a process of its own, which is asked and answers by messages.

    Args:
        module: its name, as `python -m` runs it.
        arguments: what stands behind it on its command line.
        environment: what is handed on of it; this process's own where None.

    Raises:
        OSError: it cannot be started.
    """
    return subprocess.Popen(
        python_command(module, *map(str, arguments)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=None if os.environ.get("VIGBOOK_DEBUG") else subprocess.DEVNULL,
        process_group=OWN_GROUP,
        env={**(os.environ if environment is None else environment), **python_variables()},
        umask=PRIVATE_UMASK,
    )


def end_with(program: int) -> None:
    """Ends this process when the program that started it says so, or is gone, whatever it is doing.

    Ctrl-C and a window that is closed reach every process of a terminal. The program tells its own
    to stop, once, as an exception that unwinds: temporary files are taken away, ffmpeg and kernels
    ended. A program that is killed can tell nobody.

    Args:
        program: its process.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform != "win32":
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, unwind)
    # Not by a thread where there is a fork: a process of one thread can be copied for a notebook.
    if not hasattr(signal, "setitimer"):
        threading.Thread(target=_end_after_parent, daemon=True).start()
        return

    def look(number: int, frame: object) -> None:
        if os.getppid() != program:
            # If clearing up should take too long, the next alarm is the end.
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            try:
                unwind(number, frame)
            finally:
                signal.setitimer(signal.ITIMER_REAL, PATIENCE_S)

    signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, _LOOK_S, _LOOK_S)


def _end_after_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent:  # none is known to a process that `multiprocessing` did not start
        parent.join()
        os._exit(1)


def unwind(_number: int, _frame: object) -> NoReturn:
    """Ends what this process is at as Ctrl-C does: temporary files and programs go with it."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, 0)  # nothing interrupts the clearing up
    raise KeyboardInterrupt


def end_with_reader(writer: int) -> None:
    """Ends this process and all that it started when nobody is left to listen to it.

    Does not return: it is a thread's work. A program that is killed cannot end it, and what it is
    at may go on for ever.

    Args:
        writer: the end of a pipe whose other end is read by who wants it.
    """
    poll = select.poll()
    poll.register(writer, 0)  # for nothing but that its other end was closed
    if any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll()):
        end_group()


def end_group() -> None:
    """Ends every process of this one's group, itself too, if the group is its own."""
    if os.name == "posix" and os.getpgrp() == os.getpid():
        kill_group(0)


def kill_group(leader: int) -> None:
    """Ends every process of a group at once, where there are groups and it is not gone already."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if sys.platform != "win32":
            os.killpg(leader, signal.SIGKILL)
