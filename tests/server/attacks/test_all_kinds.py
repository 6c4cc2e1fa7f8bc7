"""There are at least forty attacks, and some of each kind."""

from __future__ import annotations

import collections
import re
import subprocess
import sys
from pathlib import Path

KINDS = {
    1: "what runs", 2: "what is imported", 3: "addresses", 4: "the content policy",
    5: "the key", 6: "until when", 7: "what lies outside",
}  # fmt: skip


def test_every_kind_of_attack_is_tried_and_they_are_many() -> None:
    """A file each; every case is one thing that somebody does."""
    here = Path(__file__)
    files = {here.with_name(f"test_{number}_{name.replace(' ', '_')}.py")
             for number, name in KINDS.items()}  # fmt: skip
    assert {*here.parent.glob("test_*.py")} == files | {here}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider",
         *sorted(map(str, files))],
        cwd=here.parents[3], capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    found = collections.Counter(map(int, re.findall(r"test_(\d)_\w+\.py::", done.stdout)))
    assert {*found} == {*KINDS}
    assert min(found.values()) >= 3
    assert found.total() >= 40
    functions = {*re.findall(r"::(test_\w+)", done.stdout)}
    assert len(functions) >= 40
