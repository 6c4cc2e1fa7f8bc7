"""What of Voila and of JupyterLab is let through, and why: all else of theirs is off.

A kernel's id stands in the page that started it and in no list, so that no other page can use it.
In JupyterLab, which has its own list of kernels, everything is its user's own.
"""

from __future__ import annotations

from vigbook.server.route import READ, ForeignRoute

_KERNEL = r"(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)"
_PATH = r"(?P<path>(?:(?:/[^/]+)+|/?))"
_LAB = "JupyterLab"

VOILA = (
    ForeignRoute(
        pattern="/voila/static/(.*)", handler="voila.static_file_handler.MultiStaticFileHandler",
        why="Voila's own scripts and styles, of its package alone",
    ),
    ForeignRoute(
        pattern="/voila/templates/(.*)",
        handler="voila.static_file_handler.TemplateStaticFileHandler",
        why="scripts and styles of Voila's page templates, of its package alone",
    ),
    ForeignRoute(
        pattern="/voila/labextensions/(.*)", handler="jupyter_server.base.handlers.FileFindHandler",
        why="the scripts of ipywidgets and anywidget, of their packages alone",
    ),
    ForeignRoute(
        pattern="/voila/api/themes/(.*)", handler="jupyterlab_server.themes_handler.ThemesHandler",
        why="Voila's style of letters and colours",
    ),
    ForeignRoute(
        pattern="/voila/api/shutdown/(.*)", methods=("POST",),
        handler="voila.shutdown_kernel_handler.VoilaShutdownKernelHandler",
        why="a page that is closed ends the kernel that it started, whose id it alone knows",
    ),
    ForeignRoute(
        pattern=f"/api/kernels/{_KERNEL}", methods=("GET",),
        handler="jupyter_server.services.kernels.handlers.KernelHandler",
        why="a page asks for the kernel that it started, whose id it alone knows",
    ),
    ForeignRoute(
        pattern=f"/api/kernels/{_KERNEL}/channels", methods=("GET",),
        handler="jupyter_server.services.kernels.websocket.KernelWebsocketHandler",
        why="the widgets of a page speak with the kernel that it started",
    ),
)  # fmt: skip


def _lab(pattern: str, handler: str, why: str, *methods: str) -> ForeignRoute:
    own = methods or READ
    return ForeignRoute(pattern=pattern, handler=handler, methods=own, why=why, who=_LAB)


_SERVICES = "jupyter_server.services."
LAB = (
    _lab(r"/(?P<mode>lab|doc)(?P<workspace>/workspaces/[a-zA-Z0-9\-\_]+)?(?P<tree>/tree/.*)?",
         "jupyterlab_server.handlers.LabHandler", "JupyterLab's page"),
    _lab("/static/(.*)", "jupyter_server.base.handlers.FileFindHandler",
         "icons of Jupyter's package"),
    _lab("/static/lab/(.*)", "jupyter_server.base.handlers.FileFindHandler",
         "JupyterLab's own scripts and styles"),
    _lab("/lab/extensions/(.*)", "jupyter_server.base.handlers.FileFindHandler",
         "the scripts of installed extensions"),
    _lab("/lab/api/settings/?", "jupyterlab_server.settings_handler.SettingsHandler",
         "the user's settings of JupyterLab"),
    _lab("/lab/api/settings/(?P<schema_name>.+)",
         "jupyterlab_server.settings_handler.SettingsHandler",
         "one of the user's settings", "GET", "PUT"),
    _lab("/lab/api/translations/?", "jupyterlab_server.translations_handler.TranslationsHandler",
         "the languages of its menus"),
    _lab("/lab/api/translations/(?P<locale>.*)",
         "jupyterlab_server.translations_handler.TranslationsHandler", "one of those languages"),
    _lab("/lab/api/workspaces/?", "jupyterlab_server.workspaces_handler.WorkspacesHandler",
         "which windows were open"),
    _lab("/lab/api/workspaces/(?P<space_name>.+)",
         "jupyterlab_server.workspaces_handler.WorkspacesHandler",
         "which windows are open", "GET", "PUT"),
    _lab("/lab/api/themes/(.*)", "jupyterlab_server.themes_handler.ThemesHandler",
         "its styles"),
    _lab("/api/me", f"{_SERVICES}api.handlers.IdentityHandler", "who is at it"),
    _lab(r"/api/config/(?P<section_name>\w+)", f"{_SERVICES}config.handlers.ConfigHandler",
         "its settings that stand at the server", "GET"),
    _lab(f"/api/contents{_PATH}", f"{_SERVICES}contents.handlers.ContentsHandler",
         "the notebooks in the cycles' folders, and nothing else",
         "GET", "POST", "PUT", "PATCH", "DELETE"),
    _lab(f"/api/contents{_PATH}/checkpoints", f"{_SERVICES}contents.handlers.CheckpointsHandler",
         "earlier states of a notebook", "GET", "POST"),
    _lab(rf"/api/contents{_PATH}/checkpoints/(?P<checkpoint_id>[\w-]+)",
         f"{_SERVICES}contents.handlers.ModifyCheckpointsHandler",
         "goes back to one of them", "POST", "DELETE"),
    _lab(f"/api/contents{_PATH}/trust", f"{_SERVICES}contents.handlers.TrustNotebooksHandler",
         "trusts a notebook at its user's word", "POST"),
    _lab("/api/kernels", f"{_SERVICES}kernels.handlers.MainKernelHandler",
         "which kernels run", "GET", "POST"),
    _lab(f"/api/kernels/{_KERNEL}", f"{_SERVICES}kernels.handlers.KernelHandler",
         "one of its kernels", "GET", "DELETE"),
    _lab(f"/api/kernels/{_KERNEL}/(?P<action>restart|interrupt)",
         f"{_SERVICES}kernels.handlers.KernelActionHandler", "starts a kernel again", "POST"),
    _lab("/api/kernelspecs", f"{_SERVICES}kernelspecs.handlers.MainKernelSpecHandler",
         "which kernels there are"),
    _lab(r"/kernelspecs/(?P<kernel_name>[\w\.\-%]+)/(?P<path>.*)",
         "jupyter_server.kernelspecs.handlers.KernelSpecResourceHandler", "their icons"),
    _lab("/api/sessions", f"{_SERVICES}sessions.handlers.SessionRootHandler",
         "which notebook has which kernel", "GET", "POST"),
    _lab(r"/api/sessions/(?P<session_id>\w+-\w+-\w+-\w+-\w+)",
         f"{_SERVICES}sessions.handlers.SessionHandler",
         "one of those", "GET", "PATCH", "DELETE"),
    _lab("/api/nbconvert", f"{_SERVICES}nbconvert.handlers.NbconvertRootHandler",
         "the menu of exports"),
    _lab(rf"/nbconvert/(?P<format>\w+){_PATH}",
         "jupyter_server.nbconvert.handlers.NbconvertFileHandler",
         "exports a notebook by Jupyter's own ways"),
    _lab(rf"/nbconvert/(?P<format>vigbook-[a-z-]+){_PATH}",
         "jupyter_server.nbconvert.handlers.NbconvertFileHandler",
         "exports our pages, after their consents were asked"),
    _lab("/api/events/subscribe", f"{_SERVICES}events.handlers.SubscribeWebsocket",
         "what Jupyter tells JupyterLab"),
)  # fmt: skip
