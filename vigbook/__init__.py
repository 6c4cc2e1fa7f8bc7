"""vigbook: from a family's film to a live review workbook and printed pages.

Read `vigbook.pipeline` first: it is the main path, one short function a stage.
"""

__version__ = "0.1.0"
