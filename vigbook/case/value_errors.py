"""What is wrong with a value in a case file, in words: the validator's own errors, for a person."""

from __future__ import annotations

import functools
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from vigbook.case.models import WRONG
from vigbook.case.rules import Location, nearest

_LONGEST_SHOWN = 80


def explain_mistake(model: type[BaseModel], at: Location, detail: ErrorDetails) -> tuple[str, str]:
    """Returns what was found at a place in a file, and how to mend it where that is known.

    Args:
        model: what the file should hold.
        at: the place, as it is written in the file.
        detail: what pydantic says of it.
    """
    kind = detail["type"]
    context = detail.get("ctx", {})
    value = detail["input"]
    said = _say_value(value)
    if kind == "missing":
        return "is missing", "add it"
    if kind == "extra_forbidden":
        return f"no key is called '{at[-1]}' here", nearest(str(at[-1]), _keys_beside(model, at))
    if kind == "literal_error":
        return f"{said} is not one of its words", nearest(str(value), _words_at(model, at))
    if kind == WRONG:
        return context["found"], context["mend"]
    if kind == "value_error":
        return str(context["error"]), ""
    if kind == "string_pattern_mismatch":
        mends = {
            "language": "write a language as en, cy, ar or pt-BR",
            "colour": "write a colour as #0b6e3b",
        }
        mend = "use small letters, digits and hyphens, a letter first, 32 at most"
        return f"{said} will not do", mends.get(str(at[-1]), mend)
    if kind in ("int_parsing", "int_type", "int_from_float"):
        return f"{said} is not a whole number", "write one in digits"
    if kind == "string_type":
        if value is None:
            return "is empty", "write it, or drop the line"
        return f"{said} is not text", "put it in quotation marks"
    if kind == "too_short":
        return "is empty", "write at least one"
    if kind == "tuple_type":
        return f"{said} is not a list", "begin each entry with a hyphen, or put [ ] around them"
    if kind == "model_type":
        return f"{said} is not what belongs here", "write 'key: value' lines"
    return f"{said}: {detail['msg'][0].lower()}{detail['msg'][1:]}", ""


def _say_value(value: object) -> str:
    """Returns a value in quotation marks, as far as a sentence can hold it."""
    if not isinstance(value, str | int | float):
        return "what stands there"
    try:
        text = str(value)
    except ValueError:  # a number of thousands of digits, which Python does not print
        return "what stands there"
    return f"'{text}'" if len(text) <= _LONGEST_SHOWN else f"'{text[:_LONGEST_SHOWN]}...'"


def _keys_beside(model: type[BaseModel], at: Location) -> list[str]:
    """Returns the keys that a model allows at the place of an unknown one."""
    schema = _schema_of(model)
    return list(_resolve(schema, _find_node(schema, at[:-1])).get("properties", {}))


def _words_at(model: type[BaseModel], at: Location) -> list[str]:
    """Returns the words that a model allows at a place where it takes no other."""
    node = _find_node(_schema_of(model), at)
    choices = [node, *node.get("anyOf", ())]
    return [str(word) for one in choices for word in (*one.get("enum", ()), *_constant(one))]


def _constant(node: dict[str, Any]) -> tuple[object, ...]:
    return (node["const"],) if "const" in node else ()


def _find_node(schema: dict[str, Any], at: Location) -> dict[str, Any]:
    """Returns what a schema says of a place."""
    node: dict[str, Any] = schema
    for step in at:
        node = _resolve(schema, node)
        node = node.get("items", {}) if isinstance(step, int) else node["properties"].get(step, {})
    return node


@functools.lru_cache(maxsize=8)
def _schema_of(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema(by_alias=True)


def _resolve(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    for choice in (node, *node.get("anyOf", ()), *node.get("allOf", ())):
        if "$ref" in choice:
            target: dict[str, Any] = schema["$defs"][choice["$ref"].rpartition("/")[2]]
            return target
        if "items" in choice and choice is not node:
            return dict(choice)
    return node
