"""What Jupyter keeps for this person outside a family's folder: nobody else may read or change it.

By the signatures there a workbook's cells are known to be this person's own, and what stands in the
folder of running servers opens the family's pages.
"""

from __future__ import annotations

import contextlib
import stat
import sys
from pathlib import Path

from jupyter_core.paths import jupyter_data_dir, jupyter_runtime_dir

from vigbook.errors import Problem, UsageError
from vigbook.system.rights import make_private

_SIGNATURES = ("nbsignatures.db", "notebook_secret")
_MEND = "move it away, or ask whoever looks after this computer; vigbook makes a new one"


def keep_signatures_private() -> None:
    """Takes from others what they may do with the signatures of this person's notebooks.

    Raises:
        UsageError: they belong to somebody else, or are links: no cell can be trusted by them.
    """
    folder = Path(jupyter_data_dir())
    for name in _SIGNATURES:
        _keep_private(folder / name)
    with contextlib.suppress(OSError):
        # Others may look at a person's kernels there, and put nothing in the place of a signature.
        mode = folder.stat().st_mode
        if sys.platform != "win32" and mode & 0o022 and not mode & stat.S_ISVTX:
            folder.chmod(stat.S_IMODE(mode) & ~0o022)


def keep_servers_private() -> None:
    """Takes from others what they may do with the keys of servers and of kernels that run.

    Raises:
        UsageError: the folder belongs to somebody else, or is a link.
    """
    _keep_private(Path(jupyter_runtime_dir()))


def _keep_private(path: Path) -> None:
    try:
        make_private(path)
    except PermissionError as err:
        found = f"{err.strerror}, and only what is one's own can be trusted"
        raise UsageError(Problem(file=str(path), found=found, mend=_MEND)) from err
