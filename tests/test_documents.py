"""The documents tell the truth: what they name is there, and what is there is named."""

from __future__ import annotations

import re
from pathlib import Path

import typer
from families import run_vigbook

from vigbook.case.folder import read_case_folder
from vigbook.case.models import Use
from vigbook.cli.commands import app
from vigbook.method.method import find_templates, load_method

REPOSITORY = Path(__file__).parent.parent
README = (REPOSITORY / "README.md").read_text("utf-8")


def commands() -> set[str]:
    return set(re.findall(r"│ (\w+)  ", run_vigbook("--help", today=None).stdout))


def test_every_command_is_in_the_readme_and_no_other() -> None:
    named = set(re.findall(r"`vigbook (\w+)", README))
    assert named - {"COMMAND"} == commands()


def test_every_command_and_option_has_help() -> None:
    command = typer.main.get_command(app)
    without = [
        f"{name} {parameter.name}"
        for name, one in command.commands.items()  # type: ignore[attr-defined]
        for parameter in one.params
        if not parameter.help and parameter.name != "today"
    ]
    assert without == []
    assert [name for name, one in command.commands.items() if not one.help] == []  # type: ignore[attr-defined]


def test_every_option_the_readme_names_exists() -> None:
    named = set(re.findall(r"`(?:[^`]* )?(--[a-z]+)", README)) - {"--templates"}
    shown = "".join(run_vigbook(one, "--help", today=None).stdout for one in commands())
    assert [option for option in sorted(named) if option not in shown] == []


def test_every_file_and_picture_the_documents_name_is_there() -> None:
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        text = (REPOSITORY / name).read_text("utf-8")
        for link in re.findall(r"\]\(([^)#:]+)\)", text):
            assert (REPOSITORY / link).is_file(), link
    for path in re.findall(r"`((?:templates|examples|tests|vigbook|docs)/[\w./-]+)`", README):
        assert (REPOSITORY / path).exists(), path


def test_every_prompt_the_readme_names_exists() -> None:
    family = read_case_folder(REPOSITORY / "examples" / "otter")
    cycle = next(iter(family.cycles.values())).model
    prompts = load_method(find_templates(), "vig").prompts(family.case.model, cycle)
    start = README.index("Prompts are named")
    named = re.findall(
        r"`([a-z-]+\d?(?:\.[a-z]+)+)`", README[start : README.index("When you have")]
    )
    assert set(named) - {"reflection.jsonl"} <= set(prompts)
    assert len(named) > 10


def test_the_readme_names_the_uses_as_the_case_file_does() -> None:
    uses = Use.__args__  # type: ignore[attr-defined]
    starter = (REPOSITORY / "vigbook" / "starters" / "case.yaml").read_text("utf-8")
    assert [use for use in uses if use not in starter] == []


def test_the_changelog_has_a_place_for_what_comes_next() -> None:
    assert "## [Unreleased]" in (REPOSITORY / "CHANGELOG.md").read_text("utf-8")
