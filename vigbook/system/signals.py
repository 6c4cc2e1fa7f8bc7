"""Signals that end a program, kept waiting while something is begun or cleared up.

Python turns a signal into an exception between any two of its steps: also after a file was made and
before anything stands ready to take it away, or while it is taken away.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK", "SIGALRM")
_ENDINGS = [signal.Signals[one] for one in _NAMES if one in signal.Signals.__members__]

LetIn = Callable[[], contextlib.AbstractContextManager[None]]
"""Gives a block, within one that keeps signals waiting, in which they are answered."""


@contextlib.contextmanager
def hold_interrupts() -> Iterator[LetIn]:
    """Keeps signals that end the program waiting for a block; they are answered at its end.

    Begin and clear up in the block; do what may take long in the part that lets signals in:

        with hold_interrupts() as let_in:
            begin()
            try:
                with let_in():
                    go_on()
            finally:
                clear_up()

    Signals that nothing in Python answers end the program at once, as ever. Only the main thread
    is ever interrupted, so in any other this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield contextlib.nullcontext
        return
    hold = _Hold()
    try:
        hold.take()
        yield hold.let_in
    finally:
        hold.end()


class _Hold:
    def __init__(self) -> None:
        self._handlers: dict[signal.Signals, Callable[..., Any]] = {}
        self._came: list[signal.Signals] = []
        self._ended = False

    def take(self) -> None:
        if self._ended:  # a part that was interrupted as it began may be left after the whole
            return
        for number in _ENDINGS:
            handler = signal.getsignal(number)
            if callable(handler):
                self._handlers[number] = handler
                signal.signal(number, self._remember)

    def release(self) -> None:
        handlers = self._handlers.copy()
        for number, handler in handlers.items():
            signal.signal(number, handler)
        self._handlers.clear()
        came, self._came = self._came, []
        for number in came:
            handlers[number](number, None)

    def end(self) -> None:
        self._ended = True
        self.release()

    @contextlib.contextmanager
    def let_in(self) -> Iterator[None]:
        try:
            self.release()
            yield
        finally:
            self.take()

    def _remember(self, number: int, _frame: object) -> None:
        self._came.append(signal.Signals(number))
