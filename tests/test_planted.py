"""Nothing of the case is importable: what lies in a family's folder is read, and never run.

Whoever can write there, as on a shared drive, might put a `vigbook.py` beside a cycle. The folders
of these tests are full of such files (`planted`), and every command and page is used in them.
"""

from __future__ import annotations

import datetime
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from families import run_vigbook
from jupyter_core.paths import jupyter_data_dir
from live import serving
from planted import plant, told_in
from playwright.sync_api import Page, expect

from vigbook.case.folder import read_case_folder
from vigbook.cycle.context import open_context
from vigbook.method.templates import find_templates
from vigbook.workbook.build import kernel_environment
from vigbook.workbook.run import run_template

RELATIVE = {"PYTHONPATH": os.pathsep, "PYTHONSTARTUP": "profile_default/startup/00.py"}
"""A person's own variables, which name places in whatever folder a program stands."""


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory, _built_once: Path) -> Path:
    """Two families that were built, and in every folder what must not be run."""
    cases = tmp_path_factory.mktemp("planted") / "cases"
    shutil.copytree(_built_once, cases)
    shutil.copytree(cases / "wren", cases / "robin")
    case = cases / "robin" / "case.yaml"
    case.write_text(case.read_text("utf-8").replace("family: wren", "family: robin"), "utf-8")
    family = cases / "wren"
    for folder in (cases, family, family / "cycle-1", family / "cycle-1" / "media"):
        plant(folder, cases.parent / "told")
    return cases


@pytest.fixture(autouse=True)
def _nothing_runs(cases: Path) -> Iterator[None]:
    """Sees after each test that nothing was run of what lies in the folders."""
    told = cases.parent / "told"
    told.unlink(missing_ok=True)
    yield
    assert told_in(told) == []


@pytest.fixture
def family(cases: Path) -> Path:
    """One of the families."""
    return cases / "wren"


@pytest.mark.parametrize("where", [".", "cycle-1"])
@pytest.mark.parametrize(
    "command",
    ["check .", "build . --fresh", "build . --fresh --engine nbclient", "print ."],
)
def test_no_command_runs_what_lies_where_it_stands(family: Path, command: str, where: str) -> None:
    done = run_vigbook(*command.split(), cwd=family / where)
    assert done.returncode == 0, done.stderr


def test_nor_do_those_that_need_no_workbook(family: Path, tmp_path: Path) -> None:
    for command in (["film", "cycle-1/film.mp4"], ["archive", ".", "--to", str(tmp_path)]):
        done = run_vigbook(*command, cwd=family, today=None)
        assert done.returncode == 0, done.stderr


def test_many_families_are_built_by_processes_that_run_nothing_of_theirs(cases: Path) -> None:
    done = run_vigbook("build", "wren", "robin", "--fresh", cwd=cases)
    assert done.returncode == 0, done.stderr


def test_a_process_with_threads_starts_another_that_runs_nothing_of_the_case(
    family: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a team's own program may be, from wherever it is run."""
    folder = family / "cycle-1"
    context = open_context(
        read_case_folder(family), folder, find_templates(), datetime.date(2026, 11, 22)
    )
    template = find_templates()[0] / "vig" / "shared-review.ipynb"
    monkeypatch.chdir(folder)
    for name, value in RELATIVE.items():
        monkeypatch.setenv(name, value)
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        parameters = {"case": "..", "cycle": 1}
        ran = run_template(template, parameters, folder, kernel_environment(context))
    finally:
        stop.set()
        thread.join()
    assert ran.warnings == ()


def test_a_kernel_heeds_no_variable_that_names_its_own_folder(
    cases: Path, tmp_path: Path, page: Page
) -> None:
    env = {**os.environ, **RELATIVE}
    arguments = ("build", cases / "wren", "--fresh", "--engine", "nbclient")
    done = run_vigbook(*arguments, cwd=tmp_path, env=env)
    assert done.returncode == 0, done.stderr
    with serving(cases / "wren" / "cycle-1", cwd=tmp_path, env=env) as server:
        page.goto(server.address)
        expect(page.get_by_label("What I want to remember")).to_be_visible()


@pytest.mark.skipif(sys.platform != "linux", reason="its way to say where libraries are looked for")
def test_pages_are_laid_out_by_libraries_of_the_machine(family: Path) -> None:
    """A library may be looked for where a program stands: on macOS always, here if it is said."""
    (family / "cycle-1" / "print" / "worksheet.pdf").unlink()
    modules = Path(sysconfig.get_config_var("DESTSHARED")).glob("*.so")
    shutil.copyfile(next(modules), family / "libgobject-2.0-0")
    try:
        env = {**os.environ, "LD_LIBRARY_PATH": os.pathsep}
        done = run_vigbook("print", ".", "--only", "worksheet", cwd=family, env=env)
    finally:
        (family / "libgobject-2.0-0").unlink()
    assert done.returncode == 0, done.stderr


# --- Live -----------------------------------------------------------------------------------


def test_the_live_pages_run_nothing_of_the_case(family: Path, page: Page) -> None:
    done = run_vigbook("answer", family / "cycle-1", "remember", "She looks.", "--by", "mum")
    assert done.returncode == 0, done.stderr
    with serving(Path(), cwd=family) as server:
        page.goto(server.address)
        section = page.locator("section[data-cycle=cycle-1]")
        page.get_by_role("button", name="Make the pages of film 1").click()
        expect(section).to_contain_text("The pages are up to date.", timeout=60_000)
        page.goto(server.url("voila/render/cycle-1/workbook.ipynb"))
        expect(page.get_by_label("What I want to remember")).to_be_visible(timeout=60_000)


def test_clips_are_chosen_beside_it(family: Path, page: Page) -> None:
    with serving(Path(), command="prepare", cwd=family) as server:
        page.goto(server.address)
        expect(page.locator("video").first).to_be_visible()


def test_jupyterlab_runs_nothing_of_the_case(family: Path, page: Page) -> None:
    with serving(Path("cycle-1"), "--lab", cwd=family) as server:
        page.goto(server.address)
        expect(page.get_by_label("What I want to remember")).to_be_visible(timeout=60_000)
        export = server.url("nbconvert/vigbook-record/cycle-1/workbook.ipynb")
        with urllib.request.urlopen(export, timeout=60) as made:
            assert made.read(5) == b"%PDF-"


@pytest.fixture
def _other_kernel() -> Iterator[None]:
    """A kernel of a person's own, as `ipykernel install --user` leaves it."""
    folder = Path(jupyter_data_dir(), "kernels", "other")
    folder.mkdir(parents=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": command, "display_name": "Other", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec))
    yield
    shutil.rmtree(folder)


@pytest.mark.usefixtures("_other_kernel")
def test_a_workbook_that_names_another_kernel_runs_in_ours(
    family: Path, tmp_path: Path, page: Page
) -> None:
    workbook = family / "cycle-1" / "workbook.ipynb"
    before = workbook.read_bytes()
    node = json.loads(before)
    node["metadata"]["kernelspec"]["name"] = "other"
    workbook.write_text(json.dumps(node))
    try:
        with serving(family / "cycle-1", cwd=tmp_path) as server:
            page.goto(server.address)
            expect(page.get_by_label("What I want to remember")).to_be_visible()
    finally:
        workbook.write_bytes(before)


# --- By hand --------------------------------------------------------------------------------


def test_nbconvert_makes_a_record_where_a_workbook_lies(family: Path) -> None:
    command = [str(Path(sys.executable).with_name("jupyter")), "nbconvert"]
    done = subprocess.run(
        [*command, "--to", "vigbook-record", "workbook.ipynb"],
        cwd=family / "cycle-1", capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (family / "cycle-1" / "workbook.pdf").unlink()
