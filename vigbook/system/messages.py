"""How processes of ours send each other messages: their length in bytes, and then themselves."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from typing import IO

_LENGTH = struct.Struct("!Q")


def open_answers() -> IO[bytes]:
    """Returns where this process writes its answers: its standard output, which is no one's else.

    Whatever a library may print goes to standard error from now on, and not among the answers.
    """
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def write_message(stream: IO[bytes] | None, content: bytes) -> None:
    """Writes one message.

    Raises:
        BrokenPipeError: there is nobody to read it.
    """
    if stream is None:
        raise BrokenPipeError
    stream.write(_LENGTH.pack(len(content)))
    stream.write(content)
    stream.flush()


def read_message(stream: IO[bytes] | None) -> bytes | None:
    """Returns one message, or None where there comes none any more."""
    if stream is None:
        return None
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    content = stream.read(length)
    return content if len(content) == length else None


def take_messages(buffer: bytearray, largest: int) -> Iterator[bytes]:
    """Takes the messages that are whole out of what was read up to now.

    Args:
        buffer: what was read; the beginning of a message that is not whole stays in it.
        largest: how many bytes a message may have.

    Raises:
        ValueError: a message is larger; it tells by how much.
    """
    while len(buffer) >= _LENGTH.size:
        (length,) = _LENGTH.unpack_from(buffer)
        if length > largest:
            raise ValueError(f"{length} bytes")
        end = _LENGTH.size + length
        if len(buffer) < end:
            return
        content = bytes(buffer[_LENGTH.size : end])
        del buffer[:end]
        yield content
