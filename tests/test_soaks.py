"""What takes many minutes: thousands of kills, damaged films and odd pages, by the benchmarks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
pytestmark = pytest.mark.long


@pytest.mark.parametrize(
    ("script", "times"),
    [("killing.py", "1000"), ("killing_builds.py", "50"), ("mutations.py", "2000"),
     ("soups.py", "2000")],
)  # fmt: skip
def test_nothing_is_lost_and_nothing_wrong_gets_through(script: str, times: str) -> None:
    command = [sys.executable, str(BENCHMARKS / script), times]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
