"""Which clips and stills of a cycle are given out: one answer, for their door and open pages."""

from __future__ import annotations

from vigbook.case.manifest import clip_file, still_file
from vigbook.cycle.context import CycleContext


def list_media(context: CycleContext) -> list[str]:
    """Returns the names of the clips and stills that may be looked at together, as of its day.

    What was cut before it was covered is none of them.
    """
    names = []
    for clip in context.cycle.clips:
        if context.may_show("shared-review", clip) and (not clip.masks or context.is_cut(clip)):
            names.append(clip_file(clip.id))
        for number, still in enumerate(clip.stills, start=1):
            stands = not clip.masks or context.still_record(clip, number)
            if stands and context.may_show("shared-review", clip, still):
                names.append(still_file(clip.id, number))
    return names
