"""One cycle's film while its clips are chosen: what the page asks of it.

Pictures that a person waits for come from a process of their own, and wait for nothing else; what
takes longer is made beside it (`background`).
"""

from __future__ import annotations

import collections
import threading
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

from vigbook.case.manifest import clip_file
from vigbook.case.models import Clip
from vigbook.cycle import checks
from vigbook.cycle.context import CycleContext
from vigbook.errors import ConsentError, VigbookError
from vigbook.film import previews
from vigbook.film.clips import widen
from vigbook.film.facts import Shown
from vigbook.film.film import Film
from vigbook.film.media import STILL_LONG_SIDE_PX, cover, encode_picture
from vigbook.film.reader import Reader
from vigbook.outcome import Options
from vigbook.pipeline import find_film_path
from vigbook.prepare.background import PAUSE_S, BackgroundWork, FilmState, check_filming
from vigbook.prepare.edits import show_time
from vigbook.prepare.face_search import FaceSearch
from vigbook.timecode import Span, Timecode

T = TypeVar("T")
_SCREEN_LONG_SIDE_PX = 960
_MOST_PICTURES = 64  # kept in memory: some 15 MB
_TICK = Timecode(Fraction(1, 1000))


class FilmSession:
    """What is made of one cycle's film while its clips are chosen; whoever opens it closes it."""

    def __init__(self, folder: Path, options: Options) -> None:
        """Takes the cycle's folder, and how the family was opened."""
        self._work = BackgroundWork(folder, options)
        self._reader, self._asking = Reader(), threading.Lock()
        self.faces = FaceSearch()
        self._pictures: collections.OrderedDict[tuple[str, ...], bytes] = collections.OrderedDict()

    def close(self) -> None:
        """Leaves off what is being made, and ends the processes."""
        self._work.close()
        self.faces.close()
        self._reader.close()

    # --- Answers ----------------------------------------------------------------------------

    def look(self, context: CycleContext) -> dict[str, Any]:
        """Returns what there is of the film, for the page; begins to make what there is not."""
        try:
            state = self._find(context)
        except VigbookError as err:
            self._work.film_state = None
            why = "refused" if isinstance(err, ConsentError) else "missing"
            cutting = self._work.tell_cutting()
            return {"state": why, "says": err.as_sentences(), "cutting": cutting}
        self._work.start()
        facts = state.facts
        source = "film" if not state.unplayable else "proxy" if state.proxy else None
        return {
            "state": "wrong" if state.wrong else "ready" if facts else "reading",
            "says": state.wrong or state.unplayable,
            "key": f"{state.size}-{state.changed_ns}",
            "source": source if facts and not state.wrong else None,
            "length": float(facts.length.seconds) if facts else 0,
            "frame": float(1 / facts.frame_rate) if facts and facts.frame_rate else 0.04,
            "shape": [facts.width, facts.height] if facts else [16, 9],
            "aid": {"what": state.aid[0], "done": state.aid[1]} if state.aid else None,
            "strip": _show_strip(state.strip) if state.strip else None,
            "sound": float(state.waveform.step.seconds) if state.waveform else None,
            "cutting": self._work.tell_cutting(),
            "faces": self.faces.tell(),
        }

    def source(self, context: CycleContext, which: str) -> Path | None:
        """Returns the path of the film, of the copy that browsers play, or of a clip that is cut.

        None where there is none. A clip is named `covered/` and its id.

        Raises:
            VigbookError: it may not be shown, or is not there.
        """
        state = self._find(context)
        if which in ("film", "proxy"):
            return state.path if which == "film" else state.proxy
        clip = context.cycle.clip(which.removeprefix("covered/"))
        return context.media / clip_file(clip.id) if clip and context.is_cut(clip) else None

    def strip(self, context: CycleContext) -> bytes | None:
        """Returns the strip of small pictures as a JPEG, if it is made already."""
        strip = self._find(context).strip
        return strip.path.read_bytes() if strip else None

    def levels(self, context: CycleContext) -> bytes | None:
        """Returns how loud each step of the film is, a byte each, if that is known already."""
        waveform = self._find(context).waveform
        return waveform.levels if waveform else None

    def snap(self, context: CycleContext, at: Timecode, ends: bool = False) -> Timecode:
        """Returns when the frame came up that is on screen at a time.

        A clip that ends at a film's last frame has that frame too: its end is the film's.

        Raises:
            VigbookError: the film is not there or cannot be read.
        """
        state = self._find(context)
        frame = self._list_times(state, Span(at, at + _TICK))[0]
        if ends and state.facts:
            film_end = Timecode(Fraction(int(state.facts.length.seconds * 1000), 1000))
            rest = Span(frame, max(film_end, frame + _TICK))
            if len(self._list_times(state, rest)) == 1:
                return max(frame, film_end)
        return frame

    def list_moments(
        self, context: CycleContext, at: Timecode, reach: Fraction
    ) -> list[dict[str, Any]]:
        """Returns when each frame comes up from so many seconds before a time to as many after.

        Raises:
            VigbookError: the film is not there or cannot be read.
        """
        state = self._find(context)
        return [show_time(one) for one in self._list_times(state, previews.around(at, reach))]

    def take_still(self, context: CycleContext, at: Timecode, clip: Clip | None) -> bytes:
        """Returns the JPEG that a build writes for a still at a time in a clip, byte for byte.

        Raises:
            VigbookError: the film is not there or cannot be read.
        """
        return self._take(self._find(context), [at], clip, STILL_LONG_SIDE_PX)[0]

    def take_picture(self, context: CycleContext, at: Timecode) -> bytes:
        """Returns the frame on screen at a time as a JPEG for the screen.

        Raises:
            VigbookError: the film is not there or cannot be read.
        """
        return self._take(self._find(context), [at], None, _SCREEN_LONG_SIDE_PX)[0]

    def list_neighbours(
        self, context: CycleContext, at: Timecode, clip: Clip | None
    ) -> list[dict[str, Any]]:
        """Returns the frame on screen at a time and those beside it; their stills are taken too.

        Raises:
            VigbookError: the film is not there or cannot be read.
        """
        state = self._find(context)
        times, here = previews.find_neighbours(lambda span: self._list_times(state, span), at)
        self._take(state, times, clip, STILL_LONG_SIDE_PX)
        return [{**show_time(one), "here": one == here} for one in times]

    def find_sharpest(self, context: CycleContext, at: Timecode) -> dict[str, Any]:
        """Returns the time of the sharpest frame near a time: a suggestion, for a person to choose.

        Raises:
            VigbookError: the film is not there or cannot be read.
        """
        state = self._find(context)
        found = self._ask(state, lambda film: previews.find_sharpest(film, at))
        return show_time(found.at)

    def want_copy(self, context: CycleContext) -> None:
        """Makes a copy of the film that plays, for a browser that failed on the film itself."""
        state = self._find(context)
        if not state.unplayable:
            state.unplayable = "this browser does not play this film"
            state.done = False
            self._work.start()

    def cut_soon(self, pause_s: float = PAUSE_S) -> None:
        """Cuts what is not cut, after a pause; what is being cut for earlier marks is left off."""
        self._work.cut_soon(pause_s)

    def _find(self, context: CycleContext) -> FilmState:
        check_filming(context)
        path = find_film_path(context)
        checks.check_film_there(context, path)
        stat = path.stat()
        state = self._work.film_state
        if state is None or (state.path, state.size, state.changed_ns) != (
            path, stat.st_size, stat.st_mtime_ns,
        ):  # fmt: skip
            state = self._work.film_state = FilmState(path, stat.st_size, stat.st_mtime_ns)
            self._pictures.clear()
        return state

    def _list_times(self, state: FilmState, span: Span) -> list[Timecode]:
        return self._ask(state, lambda film: film.list_frame_times(span))

    def _take(
        self, state: FilmState, times: Sequence[Timecode], clip: Clip | None, long_side: int
    ) -> list[bytes]:
        """Returns frames as JPEGs; a still is of its time as it is written, to the millisecond."""
        masks = clip.masks if clip else ()
        keys = [(str(long_side), one.format(), repr(masks)) for one in times]
        missing = [one for one, key in zip(times, keys, strict=True) if key not in self._pictures]
        if missing:
            written = [Timecode.parse(one.format()) for one in missing]
            shown = self._ask(state, lambda film: film.find_frames(written, long_side=long_side))
            if clip and masks:
                masks = tuple(widen(masks, self._list_times(state, clip.span)))
            for one, frame in zip(missing, shown, strict=True):
                key = (str(long_side), one.format(), repr(clip.masks if clip else ()))
                self._pictures[key] = _to_jpeg(frame, masks)
        found = [self._pictures[key] for key in keys]
        while len(self._pictures) > _MOST_PICTURES:
            self._pictures.popitem(last=False)
        return found

    def _ask(self, state: FilmState, question: Callable[[Film], T]) -> T:
        """Returns the answer to a question about the film, once those asked before have theirs."""
        with self._asking:
            return question(Film(state.path, self._reader))


def _to_jpeg(shown: Shown, masks: Sequence[Any]) -> bytes:
    """Returns a picture exactly as `media` writes it, through the same door."""
    return encode_picture(cover(shown.picture, masks, shown.at))


def _show_strip(strip: previews.Filmstrip) -> dict[str, Any]:
    return {
        "times": [float(one.seconds) for one in strip.times],
        "columns": strip.columns,
        "width": strip.width,
        "height": strip.height,
    }
