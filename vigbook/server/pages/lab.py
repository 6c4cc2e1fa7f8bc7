"""What JupyterLab gets of a family: its cycles' notebooks, and clips and stills as on every page.

Case files, answers, films and papers are read and changed by pages of ours, which ask consent and
lose nothing. A cell that its user runs can still read all that its user can: it is theirs.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from jupyter_server.services.contents.filemanager import AsyncFileContentsManager
from tornado import web

from vigbook.case.folder import CYCLE_FOLDER
from vigbook.server.handlers import CYCLE, MEDIA, MediaHandler
from vigbook.server.route import Route
from vigbook.server.session import FamilySession
from vigbook.workbook.build import NOTEBOOK

_FOLDER = re.compile(f"(?:{CYCLE_FOLDER})?")
_NOTEBOOK = re.compile(rf"{CYCLE_FOLDER}/[^/\\]+\.ipynb")


class LabContents(AsyncFileContentsManager):  # type: ignore[misc]  # it has no types
    """The notebooks in the folders of a family's cycles, and nothing else."""

    def _get_os_path(self, path: str) -> str:
        """Returns where a path of Jupyter's is on the disk: everything here goes through this.

        Raises:
            tornado.web.HTTPError: it is neither a cycle's folder nor a notebook in one.
        """
        asked = path.strip("/")
        place: str = super()._get_os_path(path)
        if _FOLDER.fullmatch(asked):
            known = not asked or not Path(place).is_symlink()
        else:
            known = bool(_NOTEBOOK.fullmatch(asked)) and not Path(place).is_symlink()
            known = known and not Path(place).parent.is_symlink()
        if not known:
            raise web.HTTPError(404, "JupyterLab shows the notebooks of this family's cycles alone")
        return place

    async def dir_exists(self, path: str) -> bool:
        """Whether it is a folder that is shown."""
        return self._is_shown(path) and bool(await super().dir_exists(path))

    async def file_exists(self, path: str) -> bool:
        """Whether it is a notebook that is shown."""
        return self._is_shown(path) and bool(await super().file_exists(path))

    async def is_hidden(self, path: str) -> bool:
        """Whether it is not shown."""
        return not self._is_shown(path) or bool(await super().is_hidden(path))

    def _is_shown(self, path: str) -> bool:
        try:
            self._get_os_path(path)
        except web.HTTPError:
            return False
        return True

    async def _dir_model(self, path: str, content: bool = True) -> dict[str, Any]:
        place = self._get_os_path(path)
        if not Path(place).is_dir():
            raise web.HTTPError(404, "there is no such cycle")
        model: dict[str, Any] = self._base_model(path)
        model |= {"type": "directory", "size": None}
        if content:
            shown = [await self.get(one, content=False) for one in self._list_shown(place, path)]
            model |= {"content": shown, "format": "json"}
        return model

    def _list_shown(self, place: str, path: str) -> list[str]:
        found = [(f"{path}/{one.name}".strip("/"), one) for one in os.scandir(place)]
        return [
            name for name, one in found
            if (_FOLDER.fullmatch(name) and one.is_dir(follow_symlinks=False))
            or (_NOTEBOOK.fullmatch(name) and one.is_file(follow_symlinks=False))
        ]  # fmt: skip

    async def save(self, model: dict[str, Any], path: str = "") -> dict[str, Any]:
        """Writes a notebook.

        Raises:
            tornado.web.HTTPError: it is something else.
        """
        if model.get("type") != "notebook" or not _NOTEBOOK.fullmatch(path.strip("/")):
            raise web.HTTPError(403, "only notebooks are written from JupyterLab")
        if not await self.dir_exists(path.strip("/").rpartition("/")[0]):
            raise web.HTTPError(404, "there is no such cycle")
        saved: dict[str, Any] = await super().save(model, path)
        return saved

    async def delete_file(self, path: str) -> None:
        """Deletes a notebook, but no cycle's workbook.

        Raises:
            tornado.web.HTTPError: it is something else.
        """
        _check_own(path)
        await super().delete_file(path)

    async def rename_file(self, old_path: str, new_path: str) -> None:
        """Renames a notebook, but no cycle's workbook.

        Raises:
            tornado.web.HTTPError: it is something else.
        """
        _check_own(old_path)
        _check_own(new_path)
        await super().rename_file(old_path, new_path)

    async def create_checkpoint(self, path: str) -> dict[str, Any]:
        """Keeps the state of a notebook: Jupyter would keep that of any file, beside it."""
        self._check_notebook(path)
        made: dict[str, Any] = await super().create_checkpoint(path)
        return made

    async def list_checkpoints(self, path: str) -> list[dict[str, Any]]:
        """Returns the states of a notebook that were kept."""
        self._check_notebook(path)
        found: list[dict[str, Any]] = await super().list_checkpoints(path)
        return found

    async def restore_checkpoint(self, checkpoint_id: str, path: str) -> None:
        """Goes back to a state of a notebook."""
        self._check_notebook(path)
        await super().restore_checkpoint(checkpoint_id, path)

    async def delete_checkpoint(self, checkpoint_id: str, path: str) -> None:
        """Deletes a state of a notebook."""
        self._check_notebook(path)
        await super().delete_checkpoint(checkpoint_id, path)

    def _check_notebook(self, path: str) -> None:
        if not _NOTEBOOK.fullmatch(path.strip("/")) or not self._is_shown(path):
            raise web.HTTPError(404, "JupyterLab keeps the states of notebooks alone")


def _check_own(path: str) -> None:
    asked = path.strip("/")
    if not _NOTEBOOK.fullmatch(asked) or asked.rpartition("/")[2] == NOTEBOOK:
        raise web.HTTPError(403, "this is not moved or deleted from JupyterLab")


def list_lab_routes(session: FamilySession) -> list[Route]:
    """Returns the routes of JupyterLab that handlers of ours answer."""
    return [
        Route(
            pattern=f"files/{CYCLE}/media/{MEDIA}", handler=MediaHandler,
            arguments={"session": session}, who="JupyterLab",
            why="clips and stills that a workbook links to, each after its consents were asked",
        ),
    ]  # fmt: skip
