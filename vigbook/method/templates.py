"""Where templates are: a team's own folder goes before ours."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from vigbook.errors import MethodError, Problem
from vigbook.system.atomic import stamp_of

_PACKAGED = Path(__file__).parent.parent / "templates"
_CHECKOUT = Path(__file__).parent.parent.parent / "templates"


def find_templates(first: Path | None = None) -> tuple[Path, ...]:
    """Returns the folders of templates to look in, a team's own first.

    Raises:
        MethodError: vigbook's own are neither in the package nor in the checkout.
    """
    own = next((place for place in (_PACKAGED, _CHECKOUT) if place.is_dir()), None)
    if own is None:
        found = f"no templates in {_PACKAGED} nor in {_CHECKOUT}"
        raise MethodError(Problem(found=found, mend="install vigbook again"))
    if first is not None and not first.is_dir():
        raise MethodError(
            Problem(file=str(first), found="is not a folder", mend="check --templates")
        )
    # Ours named as a team's, as to the notebook's process, are not looked through twice.
    return (first, own) if first and first.resolve() != own.resolve() else (own,)


def find_template(templates: Sequence[Path], name: str) -> Path:
    """Returns a file of the templates, a team's own first.

    Raises:
        MethodError: no folder of templates has it.
    """
    there = [place / name for place in templates]
    path = next((one for one in there if one.is_file() or one.is_dir()), None)
    if path is None:
        places = ", ".join(str(place) for place in templates)
        raise MethodError(Problem(found=f"there is no '{name}' in {places}", mend="check the name"))
    return path


def hash_templates(paths: Iterable[Path]) -> str:
    """Returns one SHA-256 of the names and bytes of files and of all files in folders.

    What has not changed since it was asked for last is not read again: fonts have megabytes.
    """
    files = [
        file
        for path in paths
        for file in (sorted(path.rglob("*")) if path.is_dir() else [path])
        if file.is_file()
    ]
    return _hash_files(tuple((file, stamp_of(file)) for file in files))


@functools.lru_cache(maxsize=8)
def _hash_files(files: tuple[tuple[Path, object], ...]) -> str:
    digest = hashlib.sha256()
    for file, _ in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()
