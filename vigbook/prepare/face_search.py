"""Looking for the faces in one clip while a person chooses: in the background.

What is found is told, never written: a person ticks whose face is to be covered.
"""

from __future__ import annotations

import dataclasses
import io
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from vigbook.case.models import Clip
from vigbook.errors import UsageError, VigbookError
from vigbook.film.face_detector import why_not
from vigbook.film.face_tracks import Face, track_faces
from vigbook.film.film import open_film

_FACE_PX = 192
_END_S = 10  # for what is being looked at to be left off


class _SearchEndedError(Exception):
    """Nobody waits for it any more."""


@dataclasses.dataclass(slots=True)
class _Search:
    """One look through a clip, and what came of it."""

    clip: str
    marks: tuple[str, str]
    done: float = 0.0
    faces: list[Face] | None = None
    wrong: str | None = None
    left_off: bool = False


class FaceSearch:
    """Looks for faces in one clip at a time, in a thread that a process of its own works for."""

    def __init__(self) -> None:
        self._search: _Search | None = None
        self._thread: threading.Thread | None = None

    def begin(self, path: Path, clip: Clip) -> None:
        """Begins to look through a clip; what is being looked for elsewhere is left off.

        Args:
            path: the film's.
            clip: where to look.

        Raises:
            UsageError: faces cannot be looked for here.
        """
        if wrong := why_not():
            raise UsageError(wrong, "boxes can be drawn by hand all the same")
        self.close()
        search = _Search(clip.id, (clip.start.format(), clip.end.format()))
        self._search = search
        self._thread = threading.Thread(target=self._run, args=(search, path, clip), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Leaves off, and forgets what was found."""
        if self._search:
            self._search.left_off = True
            self._search = None
        if self._thread:
            self._thread.join(_END_S)
            self._thread = None

    def tell(self) -> dict[str, Any] | None:
        """Returns how far it is or what it found, for the page; None where nobody asked."""
        search = self._search
        if search is None:
            return None
        return {
            "clip": search.clip,
            "marks": list(search.marks),
            "done": search.done,
            "wrong": search.wrong,
            "faces": None if search.faces is None else [_show_face(one) for one in search.faces],
        }

    def _run(self, search: _Search, path: Path, clip: Clip) -> None:
        def progress(done: float) -> None:
            if search.left_off:
                raise _SearchEndedError
            search.done = done

        try:
            with open_film(path) as film:
                search.faces = track_faces(film, clip, progress)
        except _SearchEndedError:
            return
        except VigbookError as err:
            search.wrong = err.as_sentences()


def crop_face(picture: bytes, box: Sequence[float]) -> bytes:
    """Returns what a box holds of a JPEG, with a little around it, as a small JPEG."""
    with Image.open(io.BytesIO(picture)) as whole:
        width, height = whole.size
        left, top, across, down = box
        side = 1.6 * max(across * width, down * height)
        x, y = (left + across / 2) * width, (top + down / 2) * height
        edges = (max(0, x - side / 2), max(0, y - side / 2),
                 min(width, x + side / 2), min(height, y + side / 2))  # fmt: skip
        left, top, right, bottom = map(round, edges)
        face = whole.crop((left, top, max(right, left + 1), max(bottom, top + 1)))
        face.thumbnail((_FACE_PX, _FACE_PX))
        out = io.BytesIO()
        face.save(out, "JPEG", quality=85)
        return out.getvalue()


def _show_face(face: Face) -> dict[str, Any]:
    left, top, right, bottom = face.best.box
    return {
        "at": face.best.at.format(),
        "box": [left, top, right - left, bottom - top],
        "from_s": float(face.looks[0].at.seconds),
        "to_s": float(face.looks[-1].at.seconds),
        "masks": [
            {"from": mask.start.format(), "to": mask.end.format(), "box": list(mask.box)}
            for mask in face.masks
        ],
    }
