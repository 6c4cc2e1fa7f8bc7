"""Writes the JSON Schemas anew from the models."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from vigbook.case.manifest import Manifest
from vigbook.case.models import Case, Cycle, Model, Service
from vigbook.cycle.review_data import ReviewData

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
MODELS: Mapping[str, type[Model]] = {
    "case": Case,
    "cycle": Cycle,
    "service": Service,
    "manifest": Manifest,
    "review": ReviewData,
}


def format_schemas() -> dict[str, str]:
    """Returns the text of each schema file by its name."""
    return {
        f"{name}.schema.json": json.dumps({"$schema": _DIALECT, **schema}, indent=1) + "\n"
        for name, model in MODELS.items()
        for schema in [model.model_json_schema(by_alias=True)]
    }


if __name__ == "__main__":
    for name, text in format_schemas().items():
        Path(__file__).with_name(name).write_text(text, "utf-8")
