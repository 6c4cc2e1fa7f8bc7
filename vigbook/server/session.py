"""The one family that a server is for."""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path

from vigbook.case.folder import find_family
from vigbook.cycle.context import CycleContext
from vigbook.errors import CaseError
from vigbook.gates import open_cycle
from vigbook.method.templates import find_templates
from vigbook.outcome import Options
from vigbook.server.jobs import Jobs


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FamilySession:
    """The one family that a server is for, and how it was opened.

    Attributes:
        family: its folder.
        options: what was asked for.
        jobs: what is built or printed just now.
        closing: what else is ended with the server.
    """

    family: Path
    options: Options
    jobs: Jobs = dataclasses.field(default_factory=Jobs)
    closing: contextlib.ExitStack = dataclasses.field(default_factory=contextlib.ExitStack)

    def close(self) -> None:
        """Ends what was begun for the pages."""
        self.jobs.stop()
        self.closing.close()

    @property
    def templates(self) -> tuple[Path, ...]:
        """The folders of templates, a team's own first."""
        return find_templates(self.options.templates)

    def list_cycles(self) -> list[Path]:
        """Returns the folders of the family's cycles, the first first."""
        return find_family(self.family)[1]

    def command(self, cycle: str) -> list[str]:
        """Returns what follows `vigbook build` to do it for one cycle of this family."""
        named = {"--service": self.options.service, "--templates": self.options.templates}
        options = [part for name, value in named.items() if value for part in (name, str(value))]
        today = self.options.today
        if today:  # else the command asks the clock itself, when it runs
            options.append(f"--today={today.isoformat()}")
        return [str(self.family / cycle), *options, f"--wait={self.options.wait_s:g}"]

    def open(self, cycle: str) -> CycleContext:
        """Returns a cycle as it is on the disk now, by its folder's name.

        Raises:
            VigbookError: its files are wrong, or there is none.
        """
        return open_cycle(self.find(cycle), self.options)

    def find(self, cycle: str) -> Path:
        """Returns the folder of a cycle of this family, by its name.

        Raises:
            CaseError: there is none.
        """
        folder = next((one for one in self.list_cycles() if one.name == cycle), None)
        if folder is None:
            raise CaseError(f"there is no {cycle}")
        return folder
