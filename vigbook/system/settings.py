"""This user's settings on this computer: one JSON file in their own configuration folder.

Nobody else of the computer can read it, and nothing in a family's folder says anything to it.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from pathlib import Path
from typing import Any

import platformdirs

from vigbook.errors import OutputError, Problem, SettingsError
from vigbook.system.atomic import output_error, publish_bytes
from vigbook.system.reading import read_json

FILE = "settings.json"
_MOST_BYTES = 2_000_000  # 25,000 workbooks that were allowed
_SECRET = re.compile(r"[\w-]{22}", re.ASCII)


def settings_path() -> Path:
    """Returns where this user's settings stand, whether or not there are any."""
    return platformdirs.user_config_path("vigbook", appauthor=False) / FILE


def read_approvals() -> frozenset[str]:
    """Returns the SHA-256 of every workbook whose cells this user said may run.

    Raises:
        SettingsError: the settings cannot be read.
    """
    return frozenset(_approvals(_read(settings_path())))


def add_approval(sha256: str) -> None:
    """Remembers that the cells of a workbook of exactly these bytes may run for this user.

    Of two that are given in the same moment one may be lost: it is asked again.

    Raises:
        SettingsError: the settings cannot be read.
        OutputError: they cannot be written.
    """
    settings = _read(settings_path())
    _write({**settings, "approvals": sorted({*_approvals(settings), sha256})})


def read_address_secret() -> str:
    """Returns the secret part of the addresses of this user's servers, made the first time.

    It stays, so that a page which was open when a server ended saves once there is one again. Where
    another program writes the settings in the same moment it may be lost, and is made anew.

    Returns:
        22 letters, digits, `-` and `_`, which nobody can guess.

    Raises:
        SettingsError: the settings cannot be read.
        OutputError: they cannot be written.
    """
    settings = _read(settings_path())
    found = settings.get("address")
    if isinstance(found, str) and _SECRET.fullmatch(found):
        return found
    made = secrets.token_urlsafe(16)
    _write({**settings, "address": made})
    return made


def _write(settings: dict[str, Any]) -> None:
    path = settings_path()
    _make_private(path.parent)
    publish_bytes(path, json.dumps({"v": 1, **settings}, indent=1).encode() + b"\n")
    try:
        path.chmod(0o600)
    except OSError as err:
        raise output_error(path, err) from err


def _read(path: Path) -> dict[str, Any]:
    try:
        found = read_json(path, _MOST_BYTES)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as err:
        raise _unreadable(path) from err
    if not isinstance(found, dict):
        raise _unreadable(path)
    return found


def _approvals(settings: dict[str, Any]) -> list[str]:
    found = settings.get("approvals", [])
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise _unreadable(settings_path())
    return found


def _unreadable(path: Path) -> SettingsError:
    found = "these are no settings that can be read"
    mend = "move the file away; what you allowed is asked again"
    return SettingsError(Problem(file=str(path), found=found, mend=mend))


def _make_private(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.name == "posix" and folder.stat().st_mode & 0o077:
            folder.chmod(0o700)
    except OSError as err:
        found = f"cannot be made: {err.strerror}"
        raise OutputError(Problem(file=str(folder), found=found)) from err
