"""The documents tell the truth: what they name is there, and what is there is named."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
from families import run_vigbook
from ruamel.yaml import YAML

from vigbook.case.folder import read_case_folder
from vigbook.case.models import Service, Use
from vigbook.cli.commands import app
from vigbook.method.method import load_method
from vigbook.method.templates import find_templates

REPOSITORY = Path(__file__).parent.parent
README = (REPOSITORY / "README.md").read_text("utf-8")
# What is made from the code, in docs/reference, has tests of its own.
PAGES = sorted(
    path
    for path in (REPOSITORY / "docs").rglob("*.md")
    if not path.is_relative_to(REPOSITORY / "docs" / "reference")
)
DOCUMENTS = [
    *(REPOSITORY / f"{name}.md" for name in ("README", "CONTRIBUTING", "CHANGELOG")),
    *PAGES,
]
FOR_USERS = {path: path.read_text("utf-8") for path in (REPOSITORY / "README.md", *PAGES)}


def name_of(path: Path) -> str:
    return str(path.relative_to(REPOSITORY))


def commands() -> set[str]:
    return set(re.findall(r"│ (\w+)  ", run_vigbook("--help", today=None).stdout))


def code_of(text: str) -> list[str]:
    """Returns each piece of code in a line, and each line of a block of them."""
    blocks = re.findall(r"^```(?:sh|text)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.splitlines()]
    text = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    return [*lines, *(" ".join(code.split()) for code in re.findall(r"`([^`]+)`", text))]


def test_the_readme_is_short_and_begins_with_what_can_be_tried() -> None:
    assert len(README.splitlines()) <= 150
    assert re.findall(r"```sh\n(.*)\n```", README) == ["make demo", "make test"]
    targets = re.findall(r"^(\w+):", (REPOSITORY / "Makefile").read_text("utf-8"), re.MULTILINE)
    made = {one for text in FOR_USERS.values() for one in re.findall(r"`make (\w+)`", text)}
    assert made | {"demo", "test"} <= set(targets)


def test_every_command_is_in_the_readme_and_no_other() -> None:
    named = set(re.findall(r"`vigbook (\w+)", README))
    assert named - {"COMMAND"} == commands()


def test_every_command_is_in_the_pages_and_no_other() -> None:
    code = [one for path in PAGES for one in code_of(FOR_USERS[path])]
    named = {found[1] for one in code if (found := re.match(r"vigbook (\w+)", one))}
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


def test_every_option_the_documents_name_exists() -> None:
    group: Any = typer.main.get_command(app)
    ours = {
        option
        for one in (group, *group.commands.values())
        for parameter in one.params
        for option in (*parameter.opts, *parameter.secondary_opts)
    } | {"--help"}
    # Of other programs: pip, dask, nbconvert, papermill, and our own scripts.
    others = {"--constraint", "--wheel-dir", "--no-index", "--find-links", "--host", "--to",
              "--no-dashboard", "--nthreads", "--write"}  # fmt: skip
    named = {
        option
        for text in FOR_USERS.values()
        for code in code_of(text)
        for option in re.findall(r"(?<!\S)(--[a-z][a-z-]*)", code)
    }
    assert len(named) > 20
    assert named - others <= ours


LINES = sorted(
    {
        code.partition("  #")[0].strip()
        for text in FOR_USERS.values()
        for code in code_of(text)
        if re.match(r"vigbook [a-z]+ \S", code) and not re.search(r"[A-Z]{3}|\.\.\.", code)
    }
)


@pytest.mark.parametrize("line", LINES)
def test_every_command_line_of_the_documents_is_understood(line: str) -> None:
    """With all that it names: a command, its options and what may be chosen for them."""
    group: Any = typer.main.get_command(app)
    _, name, *arguments = shlex.split(line)
    command = group.commands[name]
    if not [one for one in arguments if "/" in one or "." in one]:  # `vigbook print --size large`
        arguments += ["it" for one in command.params if one.required]
    command.make_context(name, arguments)


def test_every_file_and_picture_the_documents_name_is_there() -> None:
    links = 0
    for path in DOCUMENTS:
        for link in re.findall(r"\]\(([^)#:]+)\)", path.read_text("utf-8")):
            links += 1
            made = "/reference/" in f"/{link}" and path != REPOSITORY / "README.md"
            assert made or (path.parent / link).is_file(), f"{name_of(path)}: {link}"
    assert links > 60
    for path, text in FOR_USERS.items():
        named = re.findall(
            r"`((?:templates|examples|tests|vigbook|docs|benchmarks)/[\w./-]+)`", text
        )
        for one in named:
            assert (REPOSITORY / one).exists(), f"{name_of(path)}: {one}"


def test_every_page_can_be_found_from_the_readme() -> None:
    linked = set(re.findall(r"\]\((docs/[^)#]+\.md)\)", README))
    assert {name_of(path) for path in PAGES} - linked == {"docs/index.md"}


def test_every_prompt_the_documents_name_exists() -> None:
    family = read_case_folder(REPOSITORY / "examples" / "otter")
    cycle = next(iter(family.cycles.values())).model
    prompts = load_method(find_templates(), "vig").prompts(family.case.model, cycle)
    text = FOR_USERS[REPOSITORY / "docs" / "practitioners" / "answers.md"]
    start = text.index("Prompts are named")
    end = text.index("## Once the page")
    named = re.findall(r"`([a-z-]+\d?(?:\.[a-z]+)+)`", text[start:end])
    assert set(named) - {"reflection.jsonl"} <= set(prompts)
    assert len(named) > 10


def test_the_teams_file_in_the_documents_is_one() -> None:
    text = FOR_USERS[REPOSITORY / "docs" / "teams" / "service.md"]
    (written,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert Service.model_validate(dict(YAML(typ="safe").load(written))).media_weeks == 8


def test_the_starter_names_the_uses_as_the_case_file_does() -> None:
    uses = Use.__args__  # type: ignore[attr-defined]
    starter = (REPOSITORY / "vigbook" / "starters" / "case.yaml").read_text("utf-8")
    assert [use for use in uses if use not in starter] == []


def test_the_changelog_has_a_place_for_what_comes_next_by_reader() -> None:
    text = (REPOSITORY / "CHANGELOG.md").read_text("utf-8")
    assert re.findall(r"^##+ (.*)", text, re.MULTILINE)[:5] == [
        "[Unreleased]", "For practitioners", "For teams and their IT",
        "For authors of templates", "For contributors",
    ]  # fmt: skip
