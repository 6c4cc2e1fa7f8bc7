"""Which day it is: asked each time, in the team's zone, or in that of the computer just then."""

from __future__ import annotations

import datetime
import json
import os
import subprocess
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from clocks import Clock
from families import vigbook_command

from vigbook.system import clock

NOON = "2026-11-30 12:00:00"


@pytest.fixture
def turned(tmp_path: Path) -> Clock:
    """A clock at noon of the 30 November, in Greenwich."""
    made = Clock(tmp_path)
    made.turn(NOON, datetime.UTC)
    return made


def test_it_is_today_where_the_team_is(turned: Clock) -> None:
    """At noon in Greenwich it is tomorrow in Auckland, wherever the computer thinks it stands."""
    zones = ["Europe/London", "Pacific/Auckland", "Pacific/Pago_Pago"]
    code = "import sys; from vigbook.system import clock; print(*map(clock.today, sys.argv[1:]))"
    for own in ("UTC", "Asia/Tokyo"):
        done = subprocess.run(
            [sys.executable, "-c", code, *zones], capture_output=True, text=True, check=True,
            env={**os.environ, **turned.variables, "TZ": own},
        )  # fmt: skip
        assert done.stdout.split() == ["2026-11-30", "2026-12-01", "2026-11-30"]


@pytest.mark.skipif(not hasattr(__import__("time"), "tzset"), reason="the zone stays as it began")
def test_a_computer_that_was_carried_into_another_zone_tells_the_day_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):  # no hour of any day is in both
        monkeypatch.setenv("TZ", zone)
        assert clock.today() == datetime.datetime.now(ZoneInfo(zone)).date()
    monkeypatch.undo()
    clock.today()


@pytest.mark.parametrize(
    ("zone", "allowed"),
    [("Europe/London", True), ("Pacific/Auckland", False), (None, True)],
)
def test_a_teams_zone_decides_on_which_day_a_consent_ends(
    built_family: Path, turned: Clock, zone: str | None, allowed: bool
) -> None:
    case, service = built_family / "case.yaml", built_family.parent / "service.yaml"
    text = case.read_text("utf-8")
    case.write_text(text.replace("09-01", "09-01\n    until: 2026-11-30"), "utf-8")
    if zone:
        service.write_text(service.read_text("utf-8") + f"zone: {zone}\n", "utf-8")
    done = subprocess.run(
        [*vigbook_command(), "check", str(built_family), "--json"],
        capture_output=True, text=True, env={**os.environ, **turned.variables, "TZ": "UTC"},
    )  # fmt: skip
    [outcome] = json.loads(done.stdout)
    withheld = [one["found"] for one in outcome["withheld"]]
    ended = [one for one in withheld if "ended on 2026-11-30" in one]
    assert bool(ended) is not allowed


@pytest.mark.parametrize(
    ("written", "mend"),
    [
        ("London", "did you mean 'Europe/London'?"),
        ("europe/london", "did you mean 'Europe/London'?"),
        ("Europe/Londn", "did you mean 'Europe/London'?"),
        ("new york", "did you mean 'America/New_York'?"),
        ("BST", "write an area and a city, as Europe/London"),
        ("GMT+1", "write an area and a city, as Europe/London"),
        ("../../etc/passwd", "write an area and a city, as Europe/London"),
        ("localtime", "write an area and a city, as Europe/London"),
    ],
)
def test_a_zone_that_is_none_is_told_with_the_nearest(
    built_family: Path, written: str, mend: str
) -> None:
    service = built_family.parent / "service.yaml"
    service.write_text(service.read_text("utf-8") + f"zone: {written}\n", "utf-8")
    done = subprocess.run(
        [*vigbook_command(), "check", str(built_family)], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert f"zone: '{written}' is no zone of time; {mend}" in done.stderr


def test_a_plan_asks_in_the_zone_that_the_team_had_when_it_was_built(
    built_family: Path, turned: Clock
) -> None:
    """Without reading the file again: the stamp tells it."""
    service = built_family.parent / "service.yaml"
    service.write_text(service.read_text("utf-8") + "zone: Pacific/Auckland\n", "utf-8")
    build = [*vigbook_command(), "build", str(built_family), "--json"]
    variables = {**os.environ, **turned.variables, "TZ": "UTC"}
    subprocess.run(build, env=variables, check=True, stdout=subprocess.DEVNULL)
    stamp = json.loads((built_family / ".built.json").read_bytes())
    assert (stamp["zone"], stamp["day"]) == ("Pacific/Auckland", "2026-12-01")
