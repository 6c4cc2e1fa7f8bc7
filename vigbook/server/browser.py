"""Starting the browser of whoever sits here, with nothing in its command line that opens a page."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import webbrowser
from pathlib import Path

_ASK_S = 3  # a desktop that does not answer keeps nobody waiting


def open_in_browser(file: Path) -> bool:
    """Starts the browser with a file; returns whether one was started that can read it.

    A browser of a Snap or Flatpak sees no file outside its own folders: it is not started.
    """
    if sys.platform == "linux" and _is_packaged(_find_browser()):
        return False
    return webbrowser.open(file.as_uri())


def _find_browser() -> list[str]:
    """Returns how the browser that would be started is started, as far as that can be told."""
    if own := os.environ.get("BROWSER"):
        return own.split(os.pathsep)[0].split()
    asking = shutil.which("xdg-settings")
    if not asking:
        return []
    try:
        asked = subprocess.run(
            [asking, "get", "default-web-browser"],
            capture_output=True, text=True, timeout=_ASK_S, stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return []
    name = asked.stdout.strip()
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    places = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    for place in (
        home,
        *places.split(":"),
        "/var/lib/snapd/desktop",
        "/var/lib/flatpak/exports/share",
    ):
        entry = Path(place, "applications", name)
        if name and entry.is_file():
            lines = entry.read_text("utf-8", "replace").splitlines()
            return next((one[5:].split() for one in lines if one.startswith("Exec=")), [])
    return []


def _is_packaged(command: list[str]) -> bool:
    words = [shutil.which(word) or word for word in command if "=" not in word or "/" in word]
    reached = [*words, *(os.path.realpath(word) for word in words if Path(word).is_absolute())]
    parts = {part for word in reached for part in Path(word).parts}
    return bool(parts & {"snap", "snapd", "flatpak"})
