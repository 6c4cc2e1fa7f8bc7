"""A clock that tests turn while programs run, below real processes (`clock.c`).

libfaketime does the same for more programs, but up to 0.9.10, which Debian 12 has, Python cannot
sleep on top of it, and a live notebook crawls.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/London")
# Ten seconds before midnight would be over before a busy machine has opened a page.
BEFORE, AFTER = "2026-11-30 23:50:00", "2026-12-01 00:00:10"
SLEPT = "2026-12-01 09:00:00"
_GOES_BY = os.environ.get("TURNED_CLOCK")  # of this process, since it was started
_SOURCE = Path(__file__).with_name("clock.c")


class Clock:
    """The clock of all processes that are started with its variables; it goes on from each time.

    Attributes:
        folder: where what the processes load and look at lies.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file, self._library = folder / "ahead", folder / "clock.so"
        if not self._library.exists():
            self._file.write_bytes(struct.pack("=q", 0))
            make = ["cc", "-shared", "-fPIC", "-O1", "-o", str(self._library), str(_SOURCE), "-ldl"]
            subprocess.run(make, check=True)

    def turn(self, to: str, zone: datetime.tzinfo = ZONE) -> None:
        """Turns it to a time, as `2026-11-30 23:58:00`, in a zone."""
        with self._file.open("r+b") as file:
            (ahead,) = struct.unpack("=q", file.read())
            # Where this process goes by it, its own time is turned already.
            turned = ahead if str(self._file) == _GOES_BY else 0
            wanted = datetime.datetime.fromisoformat(to).replace(tzinfo=zone)
            file.seek(0)
            own = time.time_ns() - turned
            file.write(struct.pack("=q", int(wanted.timestamp()) * 10**9 - own))

    @property
    def variables(self) -> dict[str, str]:
        """What a process needs in its environment; those that it starts go by the same clock."""
        return {
            "LD_PRELOAD": str(self._library), "TURNED_CLOCK": str(self._file), "TZ": str(ZONE),
        }  # fmt: skip

    @contextlib.contextmanager
    def ruling(self) -> Iterator[None]:
        """Lets processes that are started in the block go by it; this one does not."""
        before = {name: os.environ.get(name) for name in self.variables}
        os.environ.update(self.variables)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value
