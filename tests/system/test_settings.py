"""This user's own settings: what they allowed to run, which nobody else can read or write."""

from __future__ import annotations

import json
import os
import re
import stat
from pathlib import Path

import pytest

from vigbook.errors import SettingsError
from vigbook.system.settings import (
    add_approval,
    read_address_secret,
    read_approvals,
    settings_path,
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for settings of this test's own, which is not there yet."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    return settings_path()


def test_what_was_allowed_is_remembered_and_what_else_stands_there_is_kept(home: Path) -> None:
    assert read_approvals() == frozenset()
    add_approval("b" * 64)
    home.write_text(json.dumps({**json.loads(home.read_text()), "worker": "jo"}))
    add_approval("a" * 64)
    assert read_approvals() == {"a" * 64, "b" * 64}
    assert json.loads(home.read_text()) == {
        "v": 1, "approvals": ["a" * 64, "b" * 64], "worker": "jo",
    }  # fmt: skip


def test_the_secret_of_the_addresses_is_made_once_and_stays(home: Path) -> None:
    made = read_address_secret()
    assert re.fullmatch(r"[\w-]{22}", made)
    add_approval("a" * 64)
    assert read_address_secret() == made
    home.write_text(json.dumps({**json.loads(home.read_text()), "address": "../x"}))
    assert read_address_secret() not in (made, "../x")
    assert read_approvals() == {"a" * 64}


def test_nobody_else_of_the_computer_reads_them(home: Path) -> None:
    """Whatever the user's umask, and where the folder was open before."""
    home.parent.mkdir(parents=True)
    home.parent.chmod(0o777)
    before = os.umask(0)
    try:
        add_approval("a" * 64)
    finally:
        os.umask(before)
    assert stat.S_IMODE(home.stat().st_mode) == 0o600
    assert stat.S_IMODE(home.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"approvals": "all"}', '{"approvals": [1]}', "[" * 100_000]
)
def test_settings_that_cannot_be_read_allow_nothing_and_are_not_replaced(
    home: Path, text: str
) -> None:
    home.parent.mkdir(parents=True)
    home.write_text(text)
    with pytest.raises(SettingsError, match=r"settings\.json.*no settings.*move the file away"):
        read_approvals()
    with pytest.raises(SettingsError, match="no settings that can be read"):
        add_approval("a" * 64)
    assert home.read_text() == text
