"""Writes the JSON Schemas anew from the models."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from vigbook.case import Case, Cycle, Model, Service, json_schema
from vigbook.manifest import Manifest
from vigbook.review import Review

MODELS: Mapping[str, type[Model]] = {
    "case": Case,
    "cycle": Cycle,
    "service": Service,
    "manifest": Manifest,
    "review": Review,
}


def format_schemas() -> dict[str, str]:
    """Returns the text of each schema file by its name."""
    return {
        f"{name}.schema.json": json.dumps(json_schema(model), indent=1) + "\n"
        for name, model in MODELS.items()
    }


if __name__ == "__main__":
    for name, text in format_schemas().items():
        Path(__file__).with_name(name).write_text(text, "utf-8")
