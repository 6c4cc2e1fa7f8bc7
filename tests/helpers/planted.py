"""Folders in which whoever can write there has put what would run, were it taken for a program's.

Every module that a program of ours could import, by name, and every file of settings that Python,
IPython, Jupyter or Voila might read where it stands. Each tells in a file that it was run.
"""

from __future__ import annotations

import json
import sys
from importlib import metadata
from pathlib import Path

# Run when they are found, by some version of these programs at least.
SETTINGS = (
    "usercustomize.py", "sitecustomize.py", "conftest.py", "planted.py",
    "jupyter_config.py", "jupyter_server_config.py", "jupyter_lab_config.py",
    "jupyter_nbconvert_config.py", "voila.py", "ipython_config.py", "ipython_kernel_config.py",
    "profile_default/ipython_config.py", "profile_default/ipython_kernel_config.py",
    "profile_default/startup/00.py", "ipykernel/__init__.py", "vigbook/__init__.py",
)  # fmt: skip
# Asked for by name, by us or by a library, where a machine has them.
PROGRAMS = ("cc", "ffmpeg", "gcc", "git", "ld", "ldconfig", "python", "python3", "sh", "uname")


def list_names() -> list[str]:
    """Returns the names of all modules that this Python can import, beside those of settings."""
    found = {*sys.stdlib_module_names, *metadata.packages_distributions()}
    return sorted(name for name in found if name.isidentifier())


def plant(folder: Path, told: Path) -> None:
    """Puts into a folder what appends its own path to a file once it is run."""
    for name in (*SETTINGS, *(f"{name}.py" for name in list_names())):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"open({str(told)!r}, 'a').write({str(path)!r} + '\\n')\n", "utf-8")
    for name in PROGRAMS:
        path = folder / name
        path.write_text(f"#!/bin/sh\necho '{path}' >> '{told}'\nexit 1\n", "utf-8")
        path.chmod(0o755)
    settings = {"VoilaConfiguration": {"template": "nobody"}}  # no page would be shown
    (folder / "voila.json").write_text(json.dumps(settings), "utf-8")
    extensions = {"ServerApp": {"jpserver_extensions": {"planted": True}}}
    for name in ("jupyter_config.json", "jupyter_server_config.json"):
        (folder / name).write_text(json.dumps(extensions), "utf-8")


def told_in(told: Path) -> list[str]:
    """Returns what was run, each once."""
    return sorted({*told.read_text("utf-8").splitlines()}) if told.exists() else []
