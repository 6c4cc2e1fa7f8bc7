"""How the documents become pages: `make docs`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))

from reference_pages import write_reference
from room_pages import write_rooms
from traces import write_paths

from vigbook import __version__

# What is made from the code is made anew each time. Its pages are in the repository too, for who
# reads the documents there; a test holds them to the code.
_MADE = Path(__file__).parent / "reference"
write_reference(_MADE)
write_rooms(_MADE / "parts")
write_paths(_MADE / "parts")

project = "vigbook"
release = __version__
extensions = ["myst_parser"]
exclude_patterns = ["reference/parts", "measured", "pictures"]
myst_enable_extensions = ["attrs_block", "deflist"]
myst_heading_anchors = 3
smartquotes = False  # `--` stays two strokes
language = "en"

html_theme = "furo"
html_title = "vigbook"
html_static_path = ["_static"]
html_css_files = ["pages.css"]
templates_path = ["_templates"]
html_copy_source = False
html_use_index = False
