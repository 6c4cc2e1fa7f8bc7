"""The local server behind `open` and `prepare`: one family, this machine alone, a token.

jupyter_server with Voila's pages, rooted at the family's folder. Nothing of it reaches out of this
machine. Its port is always the same: a browser keeps what was typed by the address, port included.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import logging
import os
import secrets
import signal
import socket
import sys
import threading
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vigbook.errors import OutputError, Problem, SettingsError, UsageError
from vigbook.jupyter.server_extension import EXTENSION
from vigbook.method.templates import find_template
from vigbook.server.browser import open_in_browser
from vigbook.server.clean_markdown import CleanMarkdownRenderer
from vigbook.server.pages.lab import LabContents
from vigbook.server.pages.workbook import JudgedContents
from vigbook.server.routes import keep_to_the_table
from vigbook.server.session import FamilySession
from vigbook.server.tickets import Tickets
from vigbook.system.interpreter import python_variables
from vigbook.system.settings import read_address_secret
from vigbook.system.temporary import remove_scratch, scratch_folder

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

PORT, LAB_PORT = 8742, 8743
_LONGEST_FOLDER = 50  # a socket's path has at most 107 bytes, and the kernel's name takes half
_ASK_S = 10
_CULL_S = 30 * 60  # a laptop that slept for an hour may find its kernel gone: saving needs none
# What Voila would else load into the page, and nothing of ours uses.
_NOT_LOADED = [
    "@jupyter-notebook/lab-extension", "@voila-dashboards/jupyterlab-preview",
    "jupyterlab_pygments", "@jupyter-lsp/jupyterlab-lsp", "vigbook",
]  # fmt: skip


def serve(
    session: FamilySession,
    page: str,
    environment: dict[str, str],
    *,
    port: int | None = None,
    lab: bool = False,
    browser: bool = True,
    prefix: str | None = None,
    tell: Callable[[str], None],
    warn: Callable[[str], None],
) -> None:
    """Serves one family until it is asked to end, or joins a server that does already.

    Args:
        session: the family.
        page: what to open, below the server's address.
        environment: what kernels are told.
        port: where; always the same by default.
        lab: whether to start JupyterLab rather than the calm pages.
        browser: whether to open the browser.
        prefix: what every path of the server's begins with, and the path of its cookie; one that
            nobody else knows by default.
        tell: told the address once pages can be opened.
        warn: told what else a person should know.

    Raises:
        UsageError: another program has the port.
    """
    port = port or (LAB_PORT if lab else PORT)
    running = _find_running(session.family, port if lab else None)
    if running is not None:
        tell(_address(running["url"], running["token"], page))
        if browser:
            _start_browser(_ask_for_ticket(running, page), warn)
        return
    _check_port(port, session)
    remove_scratch()
    with scratch_folder() as own:
        os.environ |= environment | python_variables()
        # A person's own settings of Jupyter, and IPython's start-up files, are for other work.
        os.environ |= {
            "JUPYTER_NO_CONFIG": "1",
            "IPYTHONDIR": str(own),
            "JUPYTER_PATH": os.pathsep.join(os.path.abspath(one) for one in session.templates),
        }
        app = _make_app(session, port, lab, prefix or _secret_prefix())
        tickets = Tickets(own, f"{app.connection_url}vigbook/enter")
        keep_to_the_table(app.web_app, app.base_url, session, tickets, lab=lab)

        def ready() -> None:
            tell(_address(app.connection_url, app.identity_provider.token, page))
            if browser:  # which may take as long as it is open, and wants an answer from here
                file = tickets.issue(page)
                threading.Thread(target=_start_browser, args=[file, warn], daemon=True).start()

        _run(app, session, ready)


def _secret_prefix() -> str:
    """Returns a path that nobody else knows.

    A browser sends a cookie to every port of this machine: to another user's server too, whose
    page the person opens. But only with addresses that begin with the cookie's path.
    """
    try:
        return f"/{read_address_secret()}/"
    except (SettingsError, OutputError):  # a home that cannot be written: one for this start
        return f"/{secrets.token_urlsafe(16)}/"


def _make_app(session: FamilySession, port: int, lab: bool, prefix: str) -> ServerApp:
    """Returns jupyter_server with its extensions, listening.

    Raises:
        UsageError: another program has the port.
    """
    from jupyter_server.serverapp import ServerApp  # a second to load, and joining needs none

    app = ServerApp(**_settings(session, port, lab, prefix))
    # Voila reads settings, and runs those that are Python, where it stands while it is set up.
    with contextlib.chdir(sys.prefix):
        app.initialize(argv=[], find_extensions=False)
    # Where it stands is told by us, in one line.
    app.log.setLevel(logging.DEBUG if os.environ.get("VIGBOOK_DEBUG") else logging.CRITICAL + 1)
    if app.port != port:
        raise UsageError(_taken(port, session))
    return app


def _run(app: ServerApp, session: FamilySession, ready: Callable[[], None]) -> None:
    def stop(*_: object) -> None:
        # Its own way asks a question on the terminal first.
        app.stop(from_signal=True)

    app.io_loop.add_callback(ready)
    app.io_loop.add_callback(lambda: [signal.signal(one, stop) for one in _endings()])
    try:
        app.start()
    finally:
        session.close()


def _start_browser(file: Path, warn: Callable[[str], None]) -> None:
    """Starts the browser with a private file; where that cannot be, says what to do instead."""
    if not open_in_browser(file):
        warn("no browser could be started; open the address above in the browser of your choice")


def _ask_for_ticket(running: dict[str, Any], page: str) -> Path:
    """Returns a file to start a browser with, from a server that runs already.

    Raises:
        UsageError: it does not answer.
    """
    asked = urllib.request.Request(
        running["url"] + "vigbook/api/ticket", json.dumps({"page": page}).encode(),
        {"Authorization": f"token {running['token']}"},
    )  # fmt: skip
    here = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # never by way of a proxy
    try:
        with here.open(asked, timeout=_ASK_S) as answer:
            return Path(json.load(answer)["file"])
    # Whatever has its port now may answer anything.
    except (OSError, ValueError, LookupError, TypeError, http.client.HTTPException) as err:
        found = "this family is open already, and what opened it does not answer"
        raise UsageError(found, "close that one, and open it again") from err


def _settings(session: FamilySession, port: int, lab: bool, prefix: str) -> dict[str, Any]:
    from jupyter_core.paths import jupyter_runtime_dir
    from traitlets.config import Config

    config = Config()
    config.ServerApp.root_dir = str(session.family.resolve())
    config.ServerApp.ip = "127.0.0.1"
    config.ServerApp.port = port
    config.ServerApp.port_retries = 0
    config.ServerApp.base_url = prefix
    # A cookie opens the pages of this prefix, on no other site's behalf, until the server ends.
    config.ServerApp.cookie_secret = secrets.token_bytes(32)
    config.IdentityProvider.cookie_options = {
        "samesite": "Strict", "httponly": True, "expires_days": None,
    }  # fmt: skip
    config.ServerApp.contents_manager_class = LabContents if lab else JudgedContents
    config.LabContents.delete_to_trash = False  # nothing of a family's lies anywhere else
    config.ServerApp.open_browser = False
    config.ServerApp.answer_yes = True
    config.ServerApp.allow_root = True
    config.ServerApp.terminals_enabled = False
    config.ServerApp.log_level = logging.CRITICAL
    config.ServerApp.jpserver_extensions = {
        "voila.server_extension": True, "jupyterlab": lab, "notebook": False,
        "notebook_shim": False, "jupyter_lsp": False, "jupyter_server_terminals": False,
        EXTENSION: lab,
    }  # fmt: skip
    config.LabApp.app_settings_dir = str(find_template(session.templates, "lab"))
    # Our own kernel, of the Python that runs this: a person's other ones may lack vigbook.
    config.KernelSpecManager.ensure_native_kernel = False
    # Nor one that a workbook names: they may take what lies beside it for a library.
    config.KernelSpecManager.allowed_kernelspecs = {"python3"}
    if os.name == "posix" and len(jupyter_runtime_dir()) < _LONGEST_FOLDER:
        config.KernelManager.transport = (
            "ipc"  # no port that others of this machine could listen to
        )
    config.MappingKernelManager.cull_idle_timeout = _CULL_S
    config.MappingKernelManager.cull_interval = 60
    config.VoilaConfiguration.template = "vigbook"
    # By an address or a notebook Voila would else take another page, without our policy.
    config.VoilaConfiguration.allow_template_override = "NO"
    config.VoilaConfiguration.allow_theme_override = "NO"
    config.VoilaExporter.markdown_renderer_class = CleanMarkdownRenderer
    config.VoilaConfiguration.file_allowlist = ["(?!)"]  # media go by a handler that asks consent
    config.VoilaConfiguration.extension_denylist = _NOT_LOADED
    config.VoilaConfiguration.show_tracebacks = False
    stopped = "Nothing is lost. Run 'vigbook check' on this family: it says what is wrong."
    config.VoilaExecutor.cell_error_instruction = stopped
    config.VoilaExecutor.cell_timeout_instruction = stopped
    return {"config": config}


def _find_running(family: Path, port: int | None) -> dict[str, Any] | None:
    """Returns what a server tells of itself that serves this family, at a port or at any."""
    from jupyter_server.serverapp import list_running_servers

    for found in list_running_servers():
        same = Path(found.get("root_dir", "")).resolve() == family.resolve()
        if same and port in (None, found["port"]) and _answers(found["port"]):
            return dict(found)
    return None


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=2):
        return True
    return False


def _check_port(port: int, session: FamilySession) -> None:
    with socket.socket() as probe:
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as err:
            raise UsageError(_taken(port, session)) from err


def _taken(port: int, session: FamilySession) -> Problem:
    found = f"port {port} is taken by another program, or another family is open"
    mend = f"close that one, or add --port {port + 1} (what is not saved yet stays with its port)"
    return Problem(file=str(session.family), found=found, mend=mend)


def _address(server: str, token: str, page: str) -> str:
    return f"{server.rstrip('/')}/{page}?{urllib.parse.urlencode({'token': token})}"


def _endings() -> list[signal.Signals]:
    return [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if sys.platform != "win32" else [])]
