"""What is sent to the page on which clips are chosen: a step, none at all, or one we fail over."""

from __future__ import annotations

import json
import signal
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import psutil
import pytest
from families import TODAY
from live import Server, serving, wait_until

# Python runs it when the server starts: a fault of ours in the middle of a step.
FAULT = """
from vigbook.prepare import edits
def edit(*_):
    raise KeyError("a fault that was planted")
edits.CycleEditor.edit = edit
"""


def send(server: Server, body: object) -> tuple[int, dict[str, Any]]:
    """Sends something as a step; returns the status and what was answered."""
    headers = {"Authorization": f"token {server.token}", "Content-Type": "application/json"}
    address = f"{server.base}vigbook/api/cycle-1/prepare"
    data = None if body is None else json.dumps(body).encode()
    return post(urllib.request.Request(address, data, headers))


def post(request: urllib.request.Request) -> tuple[int, dict[str, Any]]:
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as err:
        with err:
            return err.code, {}


NO_STEPS: list[object] = [
    [], {}, {"do": "fly"}, {"do": "add-clip"}, {"do": "set-clip", "clip": 5, "field": "title"},
    {"do": "move-clip", "clip": "clip-1", "to": "first"},
    {"do": "add-masks", "clip": "clip-1", "masks": [{"box": [0, 0]}]},
    {"do": "set-still", "clip": "clip-1", "still": 1, "field": "id", "value": "x"},
    {"do": "set-clip", "clip": "clip-1", "field": "id", "value": "x"},
    {"do": "set-clip", "clip": "clip-1", "field": "title", "value": ["x"]},
    {"do": "set-clip", "clip": "clip-1", "field": "in_shot", "value": "child"},
    {"do": "add-masks", "clip": "clip-1", "masks": [{"box": [float("nan")] * 4}]},
    {"do": "add-masks", "clip": "clip-1", "masks": [{"box": [float("inf"), 0, 1, 1]}]},
]  # fmt: skip


def test_what_is_no_step_is_refused_and_one_that_cannot_be_done_says_why(family: Path) -> None:
    before = (family / "cycle-1" / "cycle.yaml").read_bytes()
    with serving(family, "--today", TODAY, command="prepare") as server:
        assert [send(server, body)[0] for body in NO_STEPS] == [400] * len(NO_STEPS)
        _, shown = send(server, None)
        step = {"do": "delete-clip", "clip": "clip-9", "revision": shown["revision"]}
        status, answer = send(server, step)
    assert (status, answer["refused"]) == (200, "That clip is not there any more.")
    assert (family / "cycle-1" / "cycle.yaml").read_bytes() == before


def test_a_fault_of_ours_is_no_fault_of_the_page(
    family: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "planted"
    place.mkdir()
    (place / "sitecustomize.py").write_text(FAULT, "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(place))
    with serving(family, "--today", TODAY, command="prepare") as server:
        _, shown = send(server, None)
        step = {"do": "delete-clip", "clip": "clip-1", "revision": shown["revision"]}
        assert send(server, step)[0] == 500
        server.process.terminate()
        said = server.process.communicate()[1]
    assert "vigbook: a fault of its own at vigbook/api/cycle-1/prepare: KeyError" in said


def test_what_was_begun_for_a_page_ends_with_the_server(family: Path) -> None:
    with serving(family, "--today", TODAY, command="prepare") as server:
        send(server, None)  # the film is looked at, and its clips are cut
        program = psutil.Process(server.process.pid)
        begun = wait_until(lambda: program.children(recursive=True))
        server.process.send_signal(signal.SIGINT)
        server.process.communicate(timeout=30)
    _, alive = psutil.wait_procs(begun, timeout=10)
    assert alive == []
    assert [path.name for path in family.rglob(".*") if path.suffix != ".lock"] == []


def test_half_a_sign_and_a_sign_that_nothing_shows_spoil_no_title(family: Path) -> None:
    with serving(family, "--today", TODAY, command="prepare") as server:
        _, shown = send(server, None)
        step = {"do": "set-clip", "clip": "clip-1", "field": "title", "value": "Tea \ud83d\0time"}
        status, answer = send(server, {**step, "revision": shown["revision"]})
    assert status == 200
    assert answer["cycle"]["clips"][0]["title"] == "Tea \ufffdtime"


def test_what_is_nested_without_an_end_is_no_fault_of_ours(family: Path) -> None:
    with serving(family, "--today", TODAY, command="prepare") as server:
        headers = {"Authorization": f"token {server.token}", "Content-Type": "application/json"}
        for path in ("prepare", "answers"):
            address = f"{server.base}vigbook/api/cycle-1/{path}"
            deep = urllib.request.Request(address, b"[" * 200_000, headers)
            assert post(deep)[0] == 400
