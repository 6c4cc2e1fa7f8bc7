"""The ways of an answer and of a consent, as the page on the architecture shows them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
SCRIPT = REPOSITORY / "docs" / "traces.py"
CURE = "if that is as it should be: .venv/bin/python docs/traces.py --write"


@pytest.mark.slow
def test_an_answer_and_a_consent_still_go_the_way_that_was_recorded() -> None:
    done = subprocess.run([sys.executable, SCRIPT], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    recorded = json.loads(SCRIPT.with_name("traces.json").read_text("utf-8"))
    assert json.loads(done.stdout) == recorded, CURE


def test_both_ways_are_short_enough_to_be_read_and_end_where_they_should() -> None:
    recorded = json.loads(SCRIPT.with_name("traces.json").read_text("utf-8"))
    assert {name: len(some) <= 40 for name, some in recorded.items()} == {
        "answer": True,
        "consent": True,
    }
    rooms = {name: {one.split(".")[1] for one in some} for name, some in recorded.items()}
    assert {"cycle", "case", "paper", "system"} <= rooms["answer"]
    assert any(one.startswith("vigbook.case.consent:") for one in recorded["consent"])
