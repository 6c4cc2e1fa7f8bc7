"""Attacks on what is imported: the attacker puts modules where Python would look for ours."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from attacking import Answer, Place, render
from live import Server

# The attacker's module does its harm, and then is as the real one, so that nobody sees anything.
_PLANTED = """{marking}
import importlib, sys
_kept = sys.path[:]
sys.path[:] = [one for one in _kept if one not in ("", {folder!r})]
del sys.modules[__name__]
importlib.import_module(__name__)
sys.path[:] = _kept
"""
MODULES = ("anywidget", "vigbook", "json", "ipykernel", "sitecustomize")


@pytest.fixture(scope="module")
def loaded(opened: Server, place: Place) -> Iterator[Answer]:
    """A workbook's page, which came while such modules lay beside it and above it."""
    planted = []
    for folder in (place.family / "cycle-1", place.family):
        for name in MODULES:
            path = folder / f"{name}.py"
            marking = place.marking(f"import-{name}")
            path.write_text(_PLANTED.format(marking=marking, folder=str(folder)), "utf-8")
            planted.append(path)
    yield render(opened)
    for path in planted:
        path.unlink()


@pytest.mark.parametrize("name", MODULES)
def test_the_attacker_puts_a_module_beside_the_workbook(
    loaded: Answer, place: Place, name: str
) -> None:
    """What a workbook's kernel imports is what was installed, and the page comes."""
    assert loaded.status == 200
    assert "vnd.jupyter.widget-view" in loaded.text
    assert not place.mark(f"import-{name}").exists()
