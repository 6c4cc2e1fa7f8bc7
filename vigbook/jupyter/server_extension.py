"""JupyterLab's "Save and Export Notebook As" gets our pages: in `vigbook open --lab` and any other.

jupyter_server offers every exporter there is, and then answers only for names without a hyphen.
"""

from __future__ import annotations

from jupyter_server.base.handlers import path_regex
from jupyter_server.nbconvert.handlers import NbconvertFileHandler
from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import url_path_join

EXTENSION = "vigbook.jupyter.server_extension"


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": EXTENSION}]


def _load_jupyter_server_extension(app: ServerApp) -> None:
    ours = url_path_join(app.base_url, "nbconvert", r"(?P<format>vigbook-[a-z-]+)") + path_regex
    app.web_app.add_handlers(".*$", [(ours, NbconvertFileHandler)])  # type: ignore[no-untyped-call]
