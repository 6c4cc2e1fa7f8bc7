"""The JavaScript modules of the live pages, and the name of the set that they make.

A widget asks for its module below that name. So a page that stays open while vigbook is changed
never gets a module of one version together with a module of another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from vigbook.method.templates import find_template


def name_modules(templates: Sequence[Path]) -> str:
    """Returns the name of `templates/live`'s modules as they are now, a team's own first.

    Twelve hexadecimal digits; they change with any module.
    """
    digest = hashlib.sha256()
    for name in sorted({path.name for place in templates for path in place.glob("live/*.js")}):
        content = find_template(templates, f"live/{name}").read_bytes()
        digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:12]
