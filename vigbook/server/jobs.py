"""Building and printing, started from a page: a process of its own for each, one for a cycle."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Sequence
from typing import Any

from vigbook.system.interpreter import python_command, python_variables


class Jobs:
    """What is being built or printed just now, by cycle, and what came of it last."""

    def __init__(self) -> None:
        self._running: dict[str, subprocess.Popen[str]] = {}
        self._problems: dict[str, list[str]] = {}
        self._lock = threading.Lock()

    def start(self, cycle: str, action: str, arguments: Sequence[str]) -> dict[str, Any]:
        """Starts `vigbook build` or `vigbook print` for a cycle, unless something runs for it.

        Args:
            cycle: the cycle's folder, as `cycle-1`.
            action: "build" or "print".
            arguments: what follows on the command line.
        """
        with self._lock:
            if not self.is_running(cycle):
                self._problems[cycle] = []
                self._running[cycle] = process = subprocess.Popen(
                    python_command("vigbook", action, *arguments, "--json"),
                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                    text=True, encoding="utf-8", env={**os.environ, **python_variables()},
                )  # fmt: skip
                threading.Thread(target=self._wait, args=[cycle, process], daemon=True).start()
        return self.look(cycle)

    def look(self, cycle: str) -> dict[str, Any]:
        """Returns whether something runs for a cycle, and what was wrong with the last."""
        return {"running": self.is_running(cycle), "problems": self._problems.get(cycle, [])}

    def is_running(self, cycle: str) -> bool:
        """Returns whether something runs for a cycle."""
        return cycle in self._running

    def stop(self) -> None:
        """Ends what still runs; nothing half-written stays."""
        for process in [*self._running.values()]:
            process.terminate()

    def _wait(self, cycle: str, process: subprocess.Popen[str]) -> None:
        said, complained = process.communicate()
        try:
            problems = [one for outcome in json.loads(said) for one in outcome["errors"]]
            found = [_format(problem) for problem in problems]
        except (ValueError, KeyError, TypeError):
            found = complained.strip().splitlines()[-1:] or ["it was stopped"]
        with self._lock:
            self._problems[cycle] = found
            del self._running[cycle]


def _format(problem: dict[str, Any]) -> str:
    mend = f"; {problem['mend']}" if problem.get("mend") else ""
    field = f" {problem['field']}" if problem.get("field") else ""
    return f"{problem.get('file') or ''}{field}: {problem['found']}{mend}".lstrip(": ")
