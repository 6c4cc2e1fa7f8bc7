"""The committed JSON Schemas: as the models are, and of use to an editor."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from families import CASE, CYCLE, SERVICE
from ruamel.yaml import YAML

from vigbook import schemas
from vigbook.demo.examples import lay_out
from vigbook.schemas.__main__ import MODELS, format_schemas

REPOSITORY = Path(__file__).parent.parent
SCHEMAS = Path(schemas.__file__).parent
STARTERS = Path(schemas.__file__).parent.parent / "starters"
FILES = {
    "case": [*(REPOSITORY / "examples").glob("*/case.yaml"), STARTERS / "case.yaml"],
    "cycle": [*(REPOSITORY / "examples").glob("*/cycle-*/cycle.yaml"), STARTERS / "cycle.yaml"],
    "service": [REPOSITORY / "examples" / "service.yaml", STARTERS / "service.yaml"],
}


def _schema(name: str) -> Any:
    return json.loads((SCHEMAS / f"{name}.schema.json").read_text("utf-8"))


def _read(text: str) -> Any:
    """Returns what a file holds as an editor's schema check sees it: dates are text."""
    found = YAML(typ="safe").load(text.replace("FAMILY", "otter"))
    return json.loads(json.dumps(found, default=str))


def _faults(name: str, document: Any) -> list[str]:
    validator = jsonschema.Draft202012Validator(_schema(name))
    return sorted(fault.json_path for fault in validator.iter_errors(document))


def test_the_committed_schemas_are_those_of_the_models() -> None:
    committed = {path.name: path.read_text("utf-8") for path in SCHEMAS.glob("*.json")}
    assert committed == format_schemas(), "run: python -m vigbook.schemas"


@pytest.mark.parametrize("name", MODELS)
def test_a_schema_is_a_sound_schema(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(_schema(name))
    assert _schema(name)["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize(
    ("name", "path"),
    [(name, path) for name, paths in FILES.items() for path in paths],
    ids=lambda value: value if isinstance(value, str) else f"{value.parent.name}-{value.name}",
)
def test_the_examples_and_the_starters_are_as_the_schemas_say(name: str, path: Path) -> None:
    assert _faults(name, _read(path.read_text("utf-8"))) == []


def test_there_are_examples_of_each() -> None:
    assert {name: len(paths) for name, paths in FILES.items()} == {
        "case": 3, "cycle": 4, "service": 2,
    }  # fmt: skip


@pytest.mark.parametrize(
    "path",
    [path for paths in FILES.values() for path in paths if path.parent != STARTERS],
    ids=lambda path: f"{path.parent.name}-{path.name}",
)
def test_an_example_names_the_schema_that_an_editor_finds(path: Path) -> None:
    assert schema_named_in(path).parent == REPOSITORY.resolve() / "vigbook" / "schemas"


def test_a_laid_out_example_names_a_schema_beside_it(tmp_path: Path) -> None:
    lay_out(tmp_path)
    named = {schema_named_in(path).parent for path in tmp_path.rglob("*.yaml")}
    assert named == {tmp_path.resolve() / ".schemas"}


def schema_named_in(path: Path) -> Path:
    first = path.read_text("utf-8").splitlines()[0]
    assert first.startswith("# yaml-language-server: $schema=")
    schema = (path.parent / first.partition("=")[2]).resolve()
    assert schema.is_file()
    return schema


def _put(*keys: str | int, value: Any) -> Callable[[Any], None]:
    def put(document: Any) -> None:
        for key in keys[:-1]:
            document = document[key]
        document[keys[-1]] = value

    return put


@pytest.mark.parametrize(
    ("name", "edit", "expected"),
    [
        ("case", _put("familly", value="x"), ["$"]),
        ("case", _put("vigbook", value=2), ["$.vigbook"]),
        ("case", _put("family", value="Wren"), ["$.family"]),
        ("case", _put("people", value=[]), ["$.people"]),
        ("case", _put("people", 0, "name", value=""), ["$.people[0].name"]),
        ("case", _put("people", 0, "surname", value="x"), ["$.people[0]"]),
        ("case", _put("consents", 0, "uses", value=["films"]), ["$.consents[0].uses[0]"]),
        ("case", _put("consents", 0, "answer", value="maybe"), ["$.consents[0].answer"]),
        ("case", _put("print", value={"size": "huge"}), ["$.print.size"]),
        ("cycle", _put("cycle", value=0), ["$.cycle"]),
        ("cycle", _put("in_shot", value=[]), ["$.in_shot"]),
        ("cycle", _put("clips", 0, "id", value="Clip 1"), ["$.clips[0].id"]),
        ("cycle", _put("clips", 0, "sound", value="off"), ["$.clips[0].sound"]),
        ("cycle", _put("clips", 0, "start", value=None), ["$.clips[0].start"]),
        ("cycle", _put("clips", 0, "stills", 0, "alts", value="x"), ["$.clips[0].stills[0]"]),
        ("service", _put("colour", value="green"), ["$.colour"]),
        ("service", _put("media_weeks", value=0), ["$.media_weeks"]),
    ],
)  # fmt: skip
def test_a_wrong_file_is_told_where(
    name: str, edit: Callable[[Any], None], expected: list[str]
) -> None:
    document = _read({"case": CASE, "cycle": CYCLE, "service": SERVICE}[name])
    assert _faults(name, document) == []
    wrong = copy.deepcopy(document)
    edit(wrong)
    assert _faults(name, wrong) == expected


@pytest.mark.parametrize(
    ("name", "key"),
    [("case", "vigbook"), ("case", "family"), ("case", "people"), ("cycle", "cycle"),
     ("cycle", "in_shot")],
)  # fmt: skip
def test_a_file_without_what_it_must_have_is_told(name: str, key: str) -> None:
    document = _read({"case": CASE, "cycle": CYCLE}[name])
    del document[key]
    assert _faults(name, document) == ["$"]
