"""One cycle's film while its clips are chosen: stills at once, long work in the background.

A thread makes what helps to choose (a copy that browsers play, a strip of pictures, how loud it
is), and cuts the clips as they are marked. It does one thing at a time, tells how far it is, and
leaves off as soon as the marks change or the program ends. Pictures that a person waits for come
from a process of their own.
"""

from __future__ import annotations

import atexit
import collections
import dataclasses
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

from vigbook.case.consent import may_use
from vigbook.case.log import write_log
from vigbook.case.manifest import clip_recipe
from vigbook.case.models import Clip
from vigbook.cycle import checks
from vigbook.cycle.context import CycleContext
from vigbook.errors import CaseError, ConsentError, VigbookError
from vigbook.film import previews
from vigbook.film.clips import widen
from vigbook.film.facts import FilmFacts, Shown
from vigbook.film.media import STILL_LONG_SIDE_PX, cover, encode_picture
from vigbook.film.queries import find_frames, list_frame_times, probe_film
from vigbook.film.reader import Reader
from vigbook.outcome import Outcome
from vigbook.pipeline import check_film, cut_media, drop_refused, find_film
from vigbook.prepare.edits import show_time, to_sentence
from vigbook.prepare.face_search import FaceSearch
from vigbook.system.atomic import sha256_of
from vigbook.timecode import Span, Timecode

T = TypeVar("T")
PAUSE_S = 3.0  # without an edit, before clips are cut
_SCREEN_LONG_SIDE_PX = 960
_MOST_PICTURES = 64  # kept in memory: some 15 MB
_NEIGHBOURS = 3  # before and after
_TICK = Timecode(Fraction(1, 1000))
_END_S = 10  # for what is being made to be left off


class _LeftOffError(Exception):
    """What was being made is wanted no longer."""


@dataclasses.dataclass(slots=True)
class _Film:
    """A film as it lies on the disk, and what was made of it up to now.

    Attributes:
        aid: what is being made, and how much of it is done, from 0 to 1.
        unplayable: why browsers may not play it as it is.
        wrong: why it cannot be used.
    """

    path: Path
    size: int
    changed_ns: int
    facts: FilmFacts | None = None
    content: str = ""
    strip: previews.Filmstrip | None = None
    waveform: previews.Waveform | None = None
    proxy: Path | None = None
    unplayable: str | None = None
    aid: tuple[str, float] | None = None
    wrong: str | None = None
    done: bool = False


class FilmSession:
    """What is made of one cycle's film while its clips are chosen."""

    def __init__(self, open_cycle: Callable[[], CycleContext]) -> None:
        """Takes a function that returns the cycle as it is on the disk."""
        self._open = open_cycle
        self._film: _Film | None = None
        self._reader, self._asking = Reader(), threading.Lock()
        self.faces = FaceSearch()
        self._pictures: collections.OrderedDict[tuple[str, ...], bytes] = collections.OrderedDict()
        self._wake = threading.Condition()
        self._cut_at: float | None = None  # when to begin to cut, on the monotonic clock
        self._wanted = 0  # counts the edits: what is cut for an earlier one is left off
        self._cutting = ("", False)
        self._ended = False
        self._thread: threading.Thread | None = None
        atexit.register(self.close)

    def close(self) -> None:
        """Leaves off what is being made, and ends the processes."""
        with self._wake:
            self._ended = True
            self._wake.notify_all()
        if self._thread:
            self._thread.join(_END_S)
        self.faces.close()
        self._reader.close()

    # --- Answers ----------------------------------------------------------------------------

    def look(self, sitting: CycleContext) -> dict[str, Any]:
        """Returns what there is of the film, for the page; begins to make what there is not."""
        try:
            film = self._find(sitting)
        except VigbookError as err:
            self._film = None
            state = "refused" if isinstance(err, ConsentError) else "missing"
            return {"state": state, "says": to_sentence(err), "cutting": self._tell_cutting()}
        self._start()
        source = "film" if not film.unplayable else "proxy" if film.proxy else None
        return {
            "state": "wrong" if film.wrong else "ready" if film.facts else "reading",
            "says": film.wrong or film.unplayable,
            "key": f"{film.size}-{film.changed_ns}",
            "source": source if film.facts and not film.wrong else None,
            "length": float(film.facts.length.seconds) if film.facts else 0,
            "frame": float(1 / film.facts.frame_rate)
            if film.facts and film.facts.frame_rate
            else 0.04,
            "shape": [film.facts.width, film.facts.height] if film.facts else [16, 9],
            "aid": {"what": film.aid[0], "done": film.aid[1]} if film.aid else None,
            "strip": _show_strip(film.strip) if film.strip else None,
            "sound": float(film.waveform.step.seconds) if film.waveform else None,
            "cutting": self._tell_cutting(),
            "faces": self.faces.tell(),
        }

    def source(self, sitting: CycleContext, which: str) -> Path | None:
        """Returns the path of the film, of the copy that browsers play, or of a clip that is cut.

        None where there is none. A clip is named `covered/` and its id.

        Raises:
            VigbookError: it may not be shown, or is not there.
        """
        film = self._find(sitting)
        if which in ("film", "proxy"):
            return film.path if which == "film" else film.proxy
        clip = sitting.cycle.clip(which.removeprefix("covered/"))
        return sitting.media / f"{clip.id}.mp4" if clip and sitting.is_cut(clip) else None

    def strip(self, sitting: CycleContext) -> bytes | None:
        """Returns the strip of small pictures as a JPEG, if it is made already."""
        strip = self._find(sitting).strip
        return strip.path.read_bytes() if strip else None

    def levels(self, sitting: CycleContext) -> bytes | None:
        """Returns how loud each step of the film is, a byte each, if that is known already."""
        waveform = self._find(sitting).waveform
        return waveform.levels if waveform else None

    def snap(self, sitting: CycleContext, at: Timecode, ends: bool = False) -> Timecode:
        """Returns when the frame came up that is on screen at a time.

        A clip that ends at a film's last frame has that frame too: its end is the film's.

        Raises:
            VigbookError: the film is not there or cannot be read.
        """
        film = self._find(sitting)
        span = Span(at, at + _TICK)
        frame = self._ask(lambda: list_frame_times(film.path, span, self._reader))[0]
        if ends and film.facts:
            film_end = Timecode(Fraction(int(film.facts.length.seconds * 1000), 1000))
            rest = Span(frame, max(film_end, frame + _TICK))
            if len(self._ask(lambda: list_frame_times(film.path, rest, self._reader))) == 1:
                return max(frame, film_end)
        return frame

    def list_moments(
        self, sitting: CycleContext, at: Timecode, reach: Fraction
    ) -> list[dict[str, Any]]:
        """Returns when each frame comes up from so many seconds before a time to as many after.

        Raises:
            VigbookError: the film is not there or cannot be read.
        """
        film = self._find(sitting)
        return [show_time(one) for one in self._list_times(film, at, reach)]

    def take_still(self, sitting: CycleContext, at: Timecode, clip: Clip | None) -> bytes:
        """Returns the JPEG that a build writes for a still at a time in a clip, byte for byte.

        Raises:
            VigbookError: the film is not there or cannot be read.
        """
        return self._take(self._find(sitting), [at], clip, STILL_LONG_SIDE_PX)[0]

    def take_picture(self, sitting: CycleContext, at: Timecode) -> bytes:
        """Returns the frame on screen at a time as a JPEG for the screen.

        Raises:
            VigbookError: the film is not there or cannot be read.
        """
        return self._take(self._find(sitting), [at], None, _SCREEN_LONG_SIDE_PX)[0]

    def list_neighbours(
        self, sitting: CycleContext, at: Timecode, clip: Clip | None
    ) -> list[dict[str, Any]]:
        """Returns the frame on screen at a time and those beside it; their stills are taken too.

        Raises:
            VigbookError: the film is not there or cannot be read.
        """
        film = self._find(sitting)
        for reach in (Fraction(1), Fraction(4), Fraction(16)):
            times = self._list_times(film, at, reach)
            here = max((n for n, one in enumerate(times) if one <= at + _TICK), default=0)
            if here >= _NEIGHBOURS and len(times) > here + _NEIGHBOURS:
                break
        beside = times[max(0, here - _NEIGHBOURS) : here + _NEIGHBOURS + 1]
        self._take(film, beside, clip, STILL_LONG_SIDE_PX)
        return [{**show_time(one), "here": one == times[here]} for one in beside]

    def find_sharpest(self, sitting: CycleContext, at: Timecode) -> dict[str, Any]:
        """Returns the time of the sharpest frame near a time: a suggestion, for a person to choose.

        Raises:
            VigbookError: the film is not there or cannot be read.
        """
        film = self._find(sitting)
        return show_time(
            self._ask(lambda: previews.find_sharpest(film.path, at, reader=self._reader)).at
        )

    def want_copy(self, sitting: CycleContext) -> None:
        """Makes a copy of the film that plays, for a browser that failed on the film itself."""
        film = self._find(sitting)
        if not film.unplayable:
            film.unplayable = "this browser does not play this film"
            film.done = False
            self._start()

    def cut_soon(self, pause_s: float = PAUSE_S) -> None:
        """Cuts what is not cut, after a pause; what is being cut for earlier marks is left off."""
        with self._wake:
            self._wanted += 1
            self._cut_at = time.monotonic() + pause_s
            self._wake.notify_all()
        self._start()

    def _find(self, sitting: CycleContext) -> _Film:
        people = {one for clip in sitting.cycle.clips for one in sitting.cycle.in_picture(clip)}
        everybody = sorted({*people, *sitting.cycle.in_shot})
        decision = may_use(sitting.case, everybody, "filming", sitting.today)
        if not decision:
            raise ConsentError("the film is not shown: " + "; ".join(decision.reasons))
        path = find_film(sitting)
        checks.check_film_there(sitting, path)
        state = path.stat()
        film = self._film
        if film is None or (film.path, film.size, film.changed_ns) != (
            path, state.st_size, state.st_mtime_ns,
        ):  # fmt: skip
            film = self._film = _Film(path, state.st_size, state.st_mtime_ns)
            self._pictures.clear()
        return film

    def _list_times(self, film: _Film, at: Timecode, reach: Fraction) -> list[Timecode]:
        first = Timecode(max(Fraction(0), at.seconds - reach))
        span = Span(first, Timecode(at.seconds + reach))
        return self._ask(lambda: list_frame_times(film.path, span, self._reader))

    def _take(
        self, film: _Film, times: Sequence[Timecode], clip: Clip | None, long_side: int
    ) -> list[bytes]:
        """Returns frames as JPEGs; a still is of its time as it is written, to the millisecond."""
        masks = clip.masks if clip else ()
        keys = [(str(long_side), one.format(), repr(masks)) for one in times]
        missing = [one for one, key in zip(times, keys, strict=True) if key not in self._pictures]
        if missing:
            written = [Timecode.parse(one.format()) for one in missing]

            def read() -> list[Shown]:
                return find_frames(film.path, written, self._reader, long_side=long_side)

            shown = self._ask(read)
            if clip and masks:
                inside = clip.span
                times_inside = self._ask(lambda: list_frame_times(film.path, inside, self._reader))
                masks = tuple(widen(masks, times_inside))
            for one, frame in zip(missing, shown, strict=True):
                key = (str(long_side), one.format(), repr(clip.masks if clip else ()))
                self._pictures[key] = _to_jpeg(frame, masks)
        found = [self._pictures[key] for key in keys]
        while len(self._pictures) > _MOST_PICTURES:
            self._pictures.popitem(last=False)
        return found

    def _ask(self, question: Callable[[], T]) -> T:
        with self._asking:
            return question()

    # --- Work in the background -------------------------------------------------------------

    def _start(self) -> None:
        with self._wake:
            if self._thread is None and not self._ended:
                self._thread = threading.Thread(target=self._run, daemon=True)
                self._thread.start()
            self._wake.notify_all()

    def _run(self) -> None:
        while work := self._next():
            try:
                work()
            except _LeftOffError:
                continue

    def _next(self) -> Callable[[], None] | None:
        """Waits for something to do; None when the program ends."""
        with self._wake:
            while not self._ended:
                film = self._film
                if film and not film.done:
                    return lambda: self._make_aids(film)
                now = time.monotonic()
                if self._cut_at is not None and self._cut_at <= now:
                    self._cut_at = None
                    return self._cut
                self._wake.wait(None if self._cut_at is None else self._cut_at - now)
        return None

    def _make_aids(self, film: _Film) -> None:
        def told(what: str) -> Callable[[float], None]:
            def progress(done: float) -> None:
                if self._ended or self._film is not film:
                    raise _LeftOffError
                film.aid = (what, done)

            progress(0.0)
            return progress

        try:
            with Reader() as reader:
                film.facts = probe_film(film.path, reader)
                film.unplayable = film.unplayable or previews.needs_proxy(film.facts)
                film.content = film.content or sha256_of(film.path)
                folder = self._open().media / previews.FOLDER
                common = (film.path, film.content, folder)
                strip = told("The strip of pictures")
                film.strip = previews.make_filmstrip(*common, progress=strip, reader=reader)
                sound = told("The line of sound")
                film.waveform = previews.make_waveform(*common, sound, reader)
                if film.unplayable:
                    copy = told("The copy that plays here")
                    film.proxy = previews.make_proxy(*common, copy, reader)
        except VigbookError as err:
            # Without a strip, or a copy that plays, stills and marks are still to be had.
            film.wrong = to_sentence(err) if film.facts is None else None
        except OSError as err:
            film.wrong = f"The film cannot be read: {err.strerror}."
        film.aid = None
        film.done = True

    def _cut(self) -> None:
        """Cuts as a build does, so that a build finds nothing to cut."""
        wanted = self._wanted
        number: dict[str, int] = {}

        def progress(told: str) -> None:
            if self._ended or self._wanted != wanted:
                raise _LeftOffError
            found = re.fullmatch(r"cutting (\S+), (\d+)%", told)
            if found:
                name = f"Clip {number.get(found[1], '')}"
                self._cutting = (f"{name} is being cut, {found[2]} %", True)

        outcome = Outcome(case="")
        try:
            sitting = self._open()
            number = {clip.id: place for place, clip in enumerate(sitting.cycle.clips, start=1)}
            if not sitting.cycle.clips and not sitting.manifest:
                self._cutting = ("", False)
                return
            self._cutting = ("Looking at what is to be cut", True)
            if sitting.case.legal_hold:
                raise CaseError("a legal hold stands, so nothing is cut")
            if wrong := [*checks.check_links(sitting.folder), *checks.check_vocabulary(sitting)]:
                raise CaseError(wrong)
            with Reader() as reader:
                drop_refused(sitting, outcome)
                film, facts = check_film(sitting, reader, outcome)
                # One after the other, so that those that are done stay when the next is left off.
                for clips in _list_parts(sitting):
                    outcome.withheld.clear()
                    cut_media(_with_clips(sitting, clips), film, facts, reader, outcome, progress)
            if outcome.made:
                names = [Path(made).name for made in outcome.made]
                write_log(sitting.family.folder, "built", sitting.cycle.cycle, names)
        except _LeftOffError:
            self._cutting = ("The clips will be cut after a short pause", True)
            raise
        except VigbookError as err:
            self._cutting = ("Not all clips are cut. " + to_sentence(err), False)
            return
        if outcome.withheld:
            left_out = "; ".join(problem.found for problem in outcome.withheld)
            self._cutting = (f"Left out: {left_out}", False)
        else:
            self._cutting = ("All clips are cut" if number else "", False)

    def _tell_cutting(self) -> dict[str, Any]:
        says, busy = self._cutting
        if self._cut_at is not None and not busy:
            return {"says": "The clips will be cut after a short pause", "busy": True}
        return {"says": says, "busy": busy}


def _list_parts(sitting: CycleContext) -> Iterator[list[Clip]]:
    """Yields the clips that are cut and the first that is not, and so on, up to all of them."""
    clips, manifest = sitting.cycle.clips, sitting.manifest
    records = {clip.id: manifest.clip(clip.id) for clip in clips} if manifest else {}
    missing = [
        clip for clip in clips
        if (record := records.get(clip.id)) is None or record.recipe != clip_recipe(clip)
    ]  # fmt: skip
    for number in range(1, len(missing)):
        later = missing[number:]
        yield [clip for clip in clips if clip not in later]
    yield list(clips)


def _with_clips(sitting: CycleContext, clips: Sequence[Clip]) -> CycleContext:
    """Returns a cycle as if only these of its clips were marked."""
    cycle = sitting.cycle.model_copy(update={"clips": tuple(clips)})
    source = dataclasses.replace(sitting.source, model=cycle)
    cycles = {**sitting.family.cycles, sitting.folder: source}
    return dataclasses.replace(sitting, family=dataclasses.replace(sitting.family, cycles=cycles))


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
