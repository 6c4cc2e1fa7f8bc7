"""How a Python of ours is started: nothing that lies where it stands is taken for a library.

Whoever can write into a family's folder, as on a shared drive, can put a file `json.py` there.
Python, asked for a module with `-m` or `-c`, looks first where it stands; IPython does so before it
looks among what is installed; and a relative place in a person's own `PYTHONPATH` is one there.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path


def python_command(module: str, *arguments: str) -> list[str]:
    """Returns the command that runs a module with this Python, of what is installed alone."""
    return [sys.executable, "-P", "-m", module, *arguments]


def python_variables() -> dict[str, str]:
    """Returns the variables, over those of this process, with which a Python of ours is started."""
    # What no `-P` holds off. An empty place, as a colon at the end makes one, is the folder itself.
    places = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    return {"PYTHONPATH": os.pathsep.join(one for one in places if Path(one).is_absolute())}


@contextlib.contextmanager
def set_variables(variables: Mapping[str, str]) -> Iterator[None]:
    """Sets this process's variables for the length of a block: what starts in it is given them."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
