"""What is installed is what is in the repository, and it works from anywhere."""

from __future__ import annotations

import json
import subprocess
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import vigbook

REPOSITORY = Path(__file__).parent.parent
SHIPPED = ("templates/", "examples/", "vigbook/")


def tracked(*places: str) -> list[str]:
    """Returns what git holds, below some places; a source archive has no git to ask."""
    done = subprocess.run(
        ["git", "ls-files", *places], cwd=REPOSITORY, capture_output=True, text=True
    )
    if done.returncode or not done.stdout:
        pytest.skip("this is no git checkout")
    return done.stdout.splitlines()


def test_the_wheel_holds_what_git_holds_and_nothing_more() -> None:
    """A missing folder is dropped in silence, and a workbook somebody ran must not be shipped."""
    wheels = sorted((REPOSITORY / "dist").glob("*.whl"))
    if not wheels:
        pytest.skip("no wheel was built; make test builds one")
    names = set(zipfile.ZipFile(wheels[-1]).namelist())
    inside = {name for name in names if ".dist-info/" not in name}
    expected = {
        name if name.startswith("vigbook/") else f"vigbook/{name}" for name in tracked(*SHIPPED)
    }
    # JupyterLab and its server look for their extensions outside any package.
    extension = {name for name in tracked() if name.startswith("templates/labextensions/")}
    shared = f"vigbook-{vigbook.__version__}.data/data"
    expected |= {f"{shared}/share/jupyter/{name.removeprefix('templates/')}" for name in extension}
    expected.add(f"{shared}/etc/jupyter/jupyter_server_config.d/vigbook.json")
    assert len(extension) == 2
    assert inside == expected


def test_the_tests_run_against_what_is_installed() -> None:
    if not sorted((REPOSITORY / "dist").glob("*.whl")):
        pytest.skip("no wheel was built; make test builds one")
    assert Path(vigbook.__file__).is_relative_to(REPOSITORY / "vigbook") is False


def test_every_dependency_is_pinned_to_a_version_it_may_have() -> None:
    lines = (REPOSITORY / "constraints.txt").read_text("utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if "==" in line)
    pinned = {canonicalize_name(name): version for name, version in pins.items()}
    for text in metadata.requires("vigbook") or []:
        requirement = Requirement(text)
        name = canonicalize_name(requirement.name)
        assert requirement.specifier.contains(pinned[name]), text


def test_no_committed_file_names_a_host_of_packages_or_a_path_of_a_machine() -> None:
    hosts = (
        "py" + "pi.org",
        "python" + "hosted",
        "npm" + "js.org",
        "deb." + "debian",
        "/ro" + "ot/",
    )
    for name in tracked():
        path = REPOSITORY / name
        if path.suffix in (
            ".py",
            ".md",
            ".toml",
            ".txt",
            ".yaml",
            ".ipynb",
            ".json",
            ".j2",
            ".css",
            ".js",
        ):
            text = path.read_text("utf-8")
            assert [host for host in hosts if host in text] == [], name


def test_what_checks_our_javascript_is_pinned_and_its_lock_names_no_host() -> None:
    wanted = json.loads((REPOSITORY / "package.json").read_bytes())["devDependencies"]
    assert wanted
    assert [name for name, version in wanted.items() if not version[0].isdigit()] == []
    lock = (REPOSITORY / "package-lock.json").read_text("utf-8")
    assert "://" not in lock, "make it anew: make lock"
    locked = json.loads(lock)["packages"]
    assert {name: locked[f"node_modules/{name}"]["version"] for name in wanted} == wanted


def test_fonts_stand_beside_their_licences() -> None:
    fonts = REPOSITORY / "templates" / "print" / "fonts"
    licences = " ".join(path.read_text("utf-8") for path in fonts.glob("OFL-*.txt"))
    assert "SIL OPEN FONT LICENSE Version 1.1" in licences
    for family in ("Atkinson Hyperlegible Next", "Noto Sans Arabic", "Noto Sans Hebrew"):
        assert family in licences
    assert (fonts / "OFL-NotoEmoji.txt").is_file()
