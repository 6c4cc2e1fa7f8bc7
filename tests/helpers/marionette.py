"""Firefox's own connection for whoever steers it: WebDriver's commands over a socket."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Callable, Mapping
from typing import Any

from live import wait_until

Send = Callable[[str, Mapping[str, Any]], Any]
_ANSWER_S = 60


class CommandError(Exception):
    """A browser did not do what it was told, as while one page goes and the next comes."""


class Marionette:
    """The connection: each message is its length, a colon, and JSON."""

    def __init__(self, port: int) -> None:
        self._port, self._number = port, 0

    def __enter__(self) -> Send:
        self._socket = wait_until(self._connect)
        self._stream = self._socket.makefile("rb")
        self._receive()  # it says which protocol it speaks
        return self._send

    def __exit__(self, *_: object) -> None:
        self._stream.close()
        self._socket.close()

    def _connect(self) -> socket.socket | None:
        with contextlib.suppress(OSError):
            return socket.create_connection(("127.0.0.1", self._port), timeout=_ANSWER_S)
        return None

    def _receive(self) -> Any:
        size = b""
        while (sign := self._stream.read(1)) not in (b":", b""):
            size += sign
        return json.loads(self._stream.read(int(size)))

    def _send(self, command: str, words: Mapping[str, Any]) -> Any:
        self._number += 1
        message = json.dumps([0, self._number, command, dict(words)]).encode()
        self._socket.sendall(b"%d:%b" % (len(message), message))
        _, number, error, result = self._receive()
        assert number == self._number
        if error:
            raise CommandError(f"{command} {words}: {error}")
        return result["value"] if isinstance(result, dict) and "value" in result else result
