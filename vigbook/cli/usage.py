"""What typer tells of wrong usage, shown as all else is: it quotes what was typed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import typer.core

from vigbook.system.visible import show_signs


class Commands(typer.core.TyperGroup):
    """The commands; what was typed wrong is told without its steering the terminal."""

    def make_context(self, *arguments: Any, **options: Any) -> Any:
        """Reads what stands before the command's name."""
        with _shown():
            return super().make_context(*arguments, **options)

    def invoke(self, ctx: Any) -> Any:
        """Reads the rest and runs the command."""
        with _shown():
            return super().invoke(ctx)


@contextlib.contextmanager
def _shown() -> Iterator[None]:
    try:
        yield
    except Exception as err:
        # typer's own errors, which have no public class in common.
        message = getattr(err, "message", None)
        if hasattr(err, "format_message") and isinstance(message, str):
            setattr(err, "message", show_signs(message, kept="\n"))  # noqa: B010  # it is final
        raise
