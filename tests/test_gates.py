"""One way to a cycle: whatever makes something of a family waits while another program does.

The commands are those of the command line's own list, the routes those of the server's own table:
a new one is tried without being named here, or this says that it does not know how.
"""

from __future__ import annotations

import json
import re
import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import typer.core
import typer.main
from families import TODAY, vigbook_command
from holding import another_program
from live import Server, serving, wait_until

from vigbook.cli.commands import app
from vigbook.outcome import Options
from vigbook.server.handlers import CYCLE
from vigbook.server.pages.enter import TicketHandler
from vigbook.server.routes import list_routes
from vigbook.server.session import FamilySession
from vigbook.server.tickets import Tickets

# What somebody says or marks is never kept waiting, and makes nothing but itself.
NEVER_KEPT_WAITING = {"answers.jsonl", "reflection.jsonl", "cycle.yaml", "log.jsonl"}
GROUP = typer.main.get_command(app)
assert isinstance(GROUP, typer.core.TyperGroup)
COMMANDS = GROUP.commands
# Each ends only when it is told to: their routes are tried below.
SERVERS = ("open", "prepare")
OF_A_FAMILY = [
    name
    for name, one in COMMANDS.items()
    if {"case", "cases"} & {param.name for param in one.params} and name not in SERVERS
]
HELD = "this family is being built or printed by another program"


def made_of(family: Path) -> dict[str, bytes]:
    """Returns what was made of a family and of its bags, and the files that a person writes."""
    beside = [*family.rglob("*"), *(family.parent / "bags").rglob("*")]
    return {
        str(path.relative_to(family.parent)): path.read_bytes()
        for path in beside
        if path.is_file()
        and path.name not in NEVER_KEPT_WAITING
        and not path.name.endswith(".lock")
        and "aids" not in path.parts  # what helps to choose: see `prepare.background`
    }


def call(name: str, family: Path) -> list[str]:
    """Returns how a command is called on a family, by the parameters that it declares."""
    known = {
        "cases": [str(family)], "case": [str(family)], "to": ["--to", str(family.parent / "bags")],
        "prompt": ["clip-1.see"], "text": ["She looked up."], "by": ["--by", "mum"],
        "today": ["--today", TODAY], "wait": ["--wait", "1"],
    }  # fmt: skip
    parts = [part for one in COMMANDS[name].params for part in known.get(one.name, [])]
    wanted = {one.name for one in COMMANDS[name].params if one.required}
    assert wanted <= known.keys(), f"this test does not know how to call '{name}'"
    return [name, *parts]


def change(family: Path) -> None:
    """Makes every stage have something to do, and takes a picture's yes back."""
    cycle, case = family / "cycle-1" / "cycle.yaml", family / "case.yaml"
    cycle.write_text(cycle.read_text("utf-8").replace("00:00:04.000", "00:00:04.200"), "utf-8")
    case.write_text(case.read_text("utf-8").replace("How can", "How may"), "utf-8")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [*vigbook_command(), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("name", OF_A_FAMILY)
def test_no_command_makes_anything_of_a_family_that_another_program_holds(
    built_family: Path, name: str
) -> None:
    change(built_family)
    before = made_of(built_family)
    with another_program(built_family):
        held = run(*call(name, built_family))
    assert made_of(built_family) == before
    free = run(*call(name, built_family))
    if made_of(built_family) != before:  # it makes something: so it waited, and said so
        assert (held.returncode, HELD in held.stderr) == (1, True), held.stderr
        assert free.returncode == 0, free.stderr
    else:
        assert HELD not in held.stderr
        assert held.returncode == free.returncode


def test_open_makes_no_workbook_that_a_build_would_not_make(built_family: Path) -> None:
    """It makes those that are missing; choosing clips needs none."""
    workbook, case = built_family / "cycle-1" / "workbook.ipynb", built_family / "case.yaml"
    workbook.unlink()
    command = ["open", str(built_family), "--no-browser", "--today", TODAY, "--wait", "1"]
    with another_program(built_family):
        held = run(*command)
        assert (held.returncode, HELD in held.stderr) == (1, True), held.stderr
        with serving(built_family, "--today", TODAY, command="prepare"):
            assert not workbook.exists()
    text = case.read_text("utf-8")
    case.write_text(f"{text}legal_hold: court\n", "utf-8")
    held = run(*command)
    assert (held.returncode, "a legal hold stands" in held.stderr) == (1, True), held.stderr
    assert not workbook.exists()
    case.write_text(text, "utf-8")
    with serving(built_family, "--today", TODAY):
        assert workbook.exists()
    assert made_by_log(built_family)[-1] == ["workbook.ipynb"]


def test_what_was_made_before_a_stage_failed_stands_in_the_log(built_family: Path) -> None:
    change(built_family)  # a clip is cut anew
    (built_family / "cycle-1" / "workbook.ipynb").write_text("no notebook", "utf-8")
    (built_family / "log.jsonl").unlink()
    assert run("build", str(built_family), "--today", TODAY).returncode == 1
    assert made_by_log(built_family) == [["clip-1.mp4"]]


def made_by_log(family: Path) -> list[list[str]]:
    """Returns the files that were made each time, as the family's log tells."""
    lines = map(json.loads, (family / "log.jsonl").read_text("utf-8").splitlines())
    return [line["what"] for line in lines if line["did"] == "built"]


def test_commands_that_make_something_are_among_those_that_were_tried() -> None:
    """Else the test above would pass where nothing ever made anything."""
    makers = [name for name, one in COMMANDS.items() if any(p.name == "wait" for p in one.params)]
    assert sorted(makers) == ["archive", "build", "open", "prepare", "print"]
    assert sorted({*makers} & {*OF_A_FAMILY}) == ["archive", "build", "print"]


# --- Routes ---------------------------------------------------------------------------------

STEPS: dict[str, list[dict[str, Any]]] = {
    "answers": [{"prompt": "clip-1.see", "value": "She waits.", "by": "mum", "source": "said",
                 "id": "0123456789abcdef", "base": None}],
    "work": [{"do": "build"}, {"do": "print"}],
    "prepare": [{"do": "add-clip", "start": "00:00:08.000", "end": "00:00:09.000"}],
}  # fmt: skip


def routes_that_change(family: Path) -> list[str]:
    """Returns the addresses that the server's own table takes a POST at, for the first cycle."""
    session = FamilySession(family=family, options=Options())
    found = []
    for route in list_routes(session, Tickets(family, ""), lab=False):
        if "post" in vars(route.handler) and route.handler is not TicketHandler:
            address = route.pattern.replace(CYCLE, "cycle-1")
            assert not re.search(r"[\[(*+\\]", address), f"{address}: which one is meant?"
            found.append(address)
    return found


def ask(server: Server, address: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Asks the server for something, as a page does."""
    headers = {"Authorization": f"token {server.token}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{server.base}{address}", data, headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        found: dict[str, Any] = json.loads(answer.read())
        return found


WORK = "vigbook/api/cycle-1/work"


def wait_for_work(server: Server) -> list[str]:
    """Waits until nothing is built or printed any more; returns what was wrong with the last."""
    wait_until(lambda: not ask(server, WORK)["running"], 120)
    return list(ask(server, WORK)["problems"])


def test_no_route_makes_anything_of_a_family_that_another_program_holds(
    built_family: Path,
) -> None:
    change(built_family)
    addresses = routes_that_change(built_family)
    assert {one.rpartition("/")[2] for one in addresses} == STEPS.keys()
    before = made_of(built_family)
    with serving(
        built_family / "cycle-1", "--today", TODAY, "--wait", "5", command="prepare"
    ) as server:
        with another_program(built_family):
            for address in addresses:
                for step in STEPS[address.rpartition("/")[2]]:
                    shown = ask(server, "vigbook/api/cycle-1/prepare")
                    ask(server, address, {"revision": shown["revision"], **step})
                    problems = wait_for_work(server)
                    if step["do" if "do" in step else "prompt"] in ("build", "print"):
                        assert HELD in problems[0]
            # It was marked anew, so something is to be cut: that waits, and then gives up.
            wait_until(lambda: "is being built or printed by another program" in says(server))
            assert made_of(built_family) == before
            words = (built_family / "cycle-1" / "answers.jsonl").read_text("utf-8")
            assert "She waits." in words
        # Nobody holds it any more: what waited, or is asked again, is made.
        ask(server, WORK, {"do": "build"})
        assert wait_for_work(server) == []
        assert made_of(built_family) != before


def says(server: Server) -> str:
    return str(ask(server, "vigbook/api/cycle-1/prepare")["film"]["cutting"]["says"])
