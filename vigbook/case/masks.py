"""Who is covered by a clip's masks, and whether a person has watched that it is so.

What covers a face hides a face: voices and bodies can still be recognised, and nobody is made
anonymous by it. `consent.may_show` says what follows from being covered.
"""

from __future__ import annotations

import hashlib

from vigbook.case.models import Clip, Mask, Still

_DIGITS = 12


def seal_masks(clip: Clip, film_sha256: str) -> str:
    """Returns what stands for a clip's covered pictures, as `masks_checked` holds it.

    It changes with the marks, with each mask and with the film: then nobody has watched what is
    there now. The first half is of `cycle.yaml` alone, the second of the film.
    """
    return f"{_seal_marks(clip)}-{film_sha256[:_DIGITS]}"


def is_checked(clip: Clip, film_sha256: str | None) -> bool:
    """Returns whether a person has watched a clip covered as it is marked now.

    Args:
        clip: the clip.
        film_sha256: of the film that was cut; None where nothing is cut, and nothing can be seen.
    """
    if not clip.masks or clip.masks_checked is None:
        return False
    marks, _, film = clip.masks_checked.of.partition("-")
    return marks == _seal_marks(clip) and (film_sha256 is None or film_sha256.startswith(film))


def list_covered(clip: Clip, still: Still | None = None) -> tuple[str, ...]:
    """Returns the ids of whose faces a clip's masks cover: at a still's moment, or all through.

    Whether a person has watched it is not asked here; see `is_checked`.
    """
    people = dict.fromkeys(mask.covers for mask in clip.masks if mask.covers)
    return tuple(
        one for one in people if _covers([m for m in clip.masks if m.covers == one], clip, still)
    )


def _covers(masks: list[Mask], clip: Clip, still: Still | None) -> bool:
    if still is not None:
        return any(mask.start <= still.at <= mask.end for mask in masks)
    reached = clip.start
    for mask in sorted(masks, key=lambda one: one.start):
        if mask.start > reached:
            return False
        reached = max(reached, mask.end)
    return reached >= clip.end


def _seal_marks(clip: Clip) -> str:
    boxes = [f"{one.start.seconds} {one.end.seconds} {one.box} {one.covers}" for one in clip.masks]
    text = "\n".join([f"{clip.start.seconds} {clip.end.seconds}", *boxes])
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]
