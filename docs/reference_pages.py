"""Makes the reference of commands and of files from the code: what is told is what is done."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import json
import pkgutil
import re
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import typer
from pydantic import BaseModel
from tornado import web

import vigbook.method
import vigbook.schemas
from vigbook.case.journal import Answer
from vigbook.cli.commands import app
from vigbook.outcome import Options
from vigbook.server.foreign_routes import LAB, VOILA
from vigbook.server.route import ForeignRoute, Route
from vigbook.server.routes import list_routes
from vigbook.server.session import FamilySession
from vigbook.server.tickets import Tickets

Schema = Mapping[str, Any]

_FILES = {
    "case": ("case.yaml", "One family, in its folder. A person writes it, or `vigbook new`."),
    "cycle": ("cycle.yaml", "One film and one review, in a cycle's folder."),
    "service": ("service.yaml", "The team, beside the families' folders."),
    "method": ("method.yaml", "A way of working, in its folder of templates."),
    "answers": ("answers.jsonl", "What was said, in a cycle's folder. vigbook appends to it."),
    "manifest": ("manifest.json", "What was cut, in a cycle's folder `media`. vigbook writes it."),
    "review": ("review.json", "What a record carries, and a bag of the archive."),
}
_KINDS = {"string": "text", "integer": "a whole number", "number": "a number",
          "boolean": "true or false", "object": "keys and values"}  # fmt: skip
_PATTERNS = {
    "^[a-z][a-z0-9-]{0,31}$": "an id (small letters, digits and hyphens, a letter first)",
    "^[a-z]{2,3}(-[A-Za-z]{2,4})?$": "a language, as en",
    "^#[0-9a-fA-F]{6}$": "a colour, as #0b6e3b",
}


def write_reference(folder: Path) -> None:
    """Writes every page of the reference."""
    folder.mkdir(parents=True, exist_ok=True)
    schemas = read_schemas()
    pages = {
        "commands": "\n".join(tell_commands()), "addresses": "\n".join(tell_addresses()),
    }  # fmt: skip
    own: set[str] = set()
    for name, (file, says) in _FILES.items():
        if name == "answers":
            pages[name] = "\n".join(_tell_journal(file, says))
        else:
            pages[name] = "\n".join(_tell_file(name, file, says, schemas[name], own))
    for name, text in pages.items():
        (folder / f"{name}.md").write_text(text, "utf-8")


def read_schemas() -> dict[str, Schema]:
    """Returns the JSON Schemas that are shipped, and that of a method's file, by name."""
    found: dict[str, Schema] = {
        path.name.removesuffix(".schema.json"): json.loads(path.read_text("utf-8"))
        for path in sorted(Path(vigbook.schemas.__path__[0]).glob("*.schema.json"))
    }
    for module in pkgutil.iter_modules(vigbook.method.__path__, "vigbook.method."):
        for one in vars(importlib.import_module(module.name)).values():
            is_model = inspect.isclass(one) and issubclass(one, BaseModel)
            if is_model and "The whole of `method.yaml`" in (one.__doc__ or ""):
                found["method"] = one.model_json_schema(by_alias=True)
    return found


def tell_commands() -> Iterator[str]:
    """Yields the page of commands, from what `--help` is made of."""
    group: Any = typer.main.get_command(app)
    functions = {one.callback.__doc__: one.callback for one in app.registered_commands
                 if one.callback}  # fmt: skip
    yield "# The commands\n"
    yield "Made from vigbook itself; `vigbook COMMAND --help` tells the same on a terminal, and"
    yield "`vigbook --version` the version.\n"
    for name, command in group.commands.items():
        types = get_type_hints(functions[command.callback.__doc__])
        shown = [one for one in command.params if not one.hidden]
        arguments = [_value_of(one, types) for one in shown if one.param_type_name == "argument"]
        options = "[OPTIONS]" if len(arguments) < len(shown) else ""
        line = " ".join(filter(None, ["vigbook", name, options, *arguments]))
        yield f"(command-{name})=\n\n## vigbook {name}\n"
        yield f"{command.help}\n"
        yield f"```text\n{line}\n```\n"
        for parameter in shown:
            yield from _tell_parameter(parameter, types)


def tell_addresses() -> Iterator[str]:
    """Yields the page of addresses, from the server's own tables."""
    session = FamilySession(family=Path(), options=Options())
    plain = list_routes(session, Tickets(Path(), ""), lab=False)
    lab = list_routes(session, Tickets(Path(), ""), lab=True)
    yield "# What the local server answers\n"
    yield "Made from the server's own table: an address that is not in it answers that there is"
    yield "nothing. Each is a regular expression for what follows the server's address; how it is"
    yield "kept, and from whom, tells [what this protects from](../teams/protection.md).\n"
    yield "## Pages of a family\n"
    yield from _tell_routes([*plain, *VOILA])
    yield "## With `vigbook open --lab` as well\n"
    yield from _tell_routes([*lab[len(plain) :], *LAB])


def _tell_routes(routes: Sequence[Route | ForeignRoute]) -> Iterator[str]:
    yield "| address | methods | whose program | why it is there | for whom |"
    yield "|---|---|---|---|---|"
    for route in routes:
        if isinstance(route, ForeignRoute):
            whose, methods = route.handler.partition(".")[0], route.methods
        else:
            nothing, whose = web.RequestHandler.get, "vigbook"
            methods = tuple(
                one for one in web.RequestHandler.SUPPORTED_METHODS
                if getattr(route.handler, one.lower()) is not nothing and one != "OPTIONS"
            )  # fmt: skip
        address = "/" + route.pattern.removeprefix("/").replace("|", "\\|")
        yield f"| `{address}` | {', '.join(methods)} | {whose} | {route.why} | {route.who} |"
    yield ""


def _tell_parameter(parameter: Any, types: Mapping[str, Any]) -> Iterator[str]:
    if parameter.param_type_name == "argument":
        yield f"`{_value_of(parameter, types)}`"
        yield f": {parameter.help}\n"
        return
    told = parameter.help
    names = ", ".join((*parameter.opts, *parameter.secondary_opts))
    if parameter.is_flag:
        if parameter.default:
            told += f"; so it is unless `{parameter.secondary_opts[0]}` is given"
    else:
        names += f" {_value_of(parameter, types)}"
        if isinstance(parameter.default, str):
            told += f"; `{parameter.default}` where it is not given"
    yield f"`{names}`"
    yield f": {told}\n"


def _value_of(parameter: Any, types: Mapping[str, Any]) -> str:
    """Returns what stands for a value: its own word, what may be chosen, or its kind."""
    if parameter.metavar:
        return str(parameter.metavar)
    return _word_for(types[parameter.name]) or parameter.name.upper()


def _word_for(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return "|".join(get_args(kind))
    if inspect.isclass(kind) and issubclass(kind, Enum):
        return "|".join(str(one.value) for one in kind)
    if inspect.isclass(kind) and issubclass(kind, Path):
        return "PATH"
    return next(filter(None, map(_word_for, get_args(kind))), "")


def _tell_file(name: str, file: str, says: str, schema: Schema, own: set[str]) -> Iterator[str]:
    """Yields the page of a file; parts that an earlier page tells are linked to."""
    yield f"(part-{schema['title']})=\n\n# {file}\n"
    yield f"{says}\n"
    if (Path(vigbook.schemas.__path__[0]) / f"{name}.schema.json").is_file():
        yield f"Its JSON Schema is `vigbook/schemas/{name}.schema.json`.\n"
    yield from _tell_model(schema)
    for part, one in schema.get("$defs", {}).items():
        if part not in own and "properties" in one:
            own.add(part)
            yield f"(part-{part})=\n\n## {part}\n"
            yield from _tell_model(one)
    own.add(schema["title"])


def _tell_model(schema: Schema) -> Iterator[str]:
    yield f"{_prose(schema.get('description', ''))}\n"
    for key, field in schema["properties"].items():
        told = [_type_of(field)]
        if field.get("description") and field["description"] not in told[0]:
            told.append(field["description"])
        if key in schema.get("required", ()):
            told.append("**must be there**")
        elif field.get("default") not in (None, [], {}, "") and not isinstance(
            field["default"], dict
        ):
            told.append(f"`{json.dumps(field['default']).strip(chr(34))}` where it is left out")
        yield f"`{key}`"
        yield f": {'; '.join(told)}\n"


def _prose(text: str) -> str:
    return "\n\n".join(" ".join(one.split()) for one in text.split("\n\n"))


def _type_of(field: Schema) -> str:
    if "$ref" in field:
        part = field["$ref"].rpartition("/")[2]
        return f"as [{part}](#part-{part})"
    if "anyOf" in field or "allOf" in field:
        some = [one for one in field.get("anyOf") or field["allOf"] if one.get("type") != "null"]
        return " or ".join(dict.fromkeys(_type_of(one) for one in some))
    if "enum" in field:
        return "one of " + ", ".join(f"`{one}`" for one in field["enum"])
    if "const" in field:
        return f"`{field['const']}`"
    if field.get("format") == "date":
        return "a date, as 2026-03-14"
    if field.get("type") == "array":
        inside = field.get("items") or {}
        if "prefixItems" in field:
            return f"a list of {len(field['prefixItems'])}"
        return f"a list, each {_type_of(inside)}" if inside else "a list"
    if "pattern" in field:
        return _PATTERNS.get(field["pattern"], f"text of the form `{field['pattern']}`")
    limits = [
        f"{words} {field[key]}"
        for key, words in (("minimum", "from"), ("exclusiveMinimum", "above"), ("maximum", "to"))
        if key in field
    ]
    return " ".join([_KINDS.get(str(field.get("type")), "anything"), *limits])


def _tell_journal(file: str, says: str) -> Iterator[str]:
    """Yields the page of the journal, from the docstring of its lines."""
    yield f"# {file}\n"
    yield f"{says} One line of JSON an answer.\n"
    yield from _tell_attributes(inspect.getdoc(Answer) or "")
    fields = {field.name for field in dataclasses.fields(Answer)}
    assert fields == set(re.findall(r"^    (\w+): ", inspect.getdoc(Answer) or "", re.MULTILINE))


def _tell_attributes(text: str) -> Iterator[str]:
    _, _, listed = text.partition("Attributes:\n")
    for line in listed.splitlines():
        key, _, told = line.strip().partition(": ")
        yield f"`{key}`"
        yield f": {told}\n"
