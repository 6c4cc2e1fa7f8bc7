"""What is made while clips are chosen: what helps to choose, and the clips as they are marked.

A thread does one thing at a time, tells how far it is, and leaves off as soon as the marks change
or the program ends. Clips are cut as a build cuts them, through the same gate: held, logged, and
never where a hold stands. What helps to choose (a copy that browsers play, a strip of pictures,
how loud it is) is no clip, and a copy takes minutes for which no page could be printed: it is made
without holding the family, and taken away again where somebody said no meanwhile.
"""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from vigbook.case.manifest import clip_recipe
from vigbook.case.models import Clip
from vigbook.cycle.context import CycleContext
from vigbook.errors import ConsentError, VigbookError
from vigbook.film import previews
from vigbook.film.facts import FilmFacts
from vigbook.film.film import open_film
from vigbook.film.reader import Reader
from vigbook.gates import make_in, open_cycle
from vigbook.outcome import Event, Options, Outcome
from vigbook.pipeline import check_film, cut_media, drop_refused
from vigbook.system.atomic import sha256_of

PAUSE_S = 3.0  # without an edit, before clips are cut
_END_S = 10  # for what is being made to be left off


class _LeftOffError(Exception):
    """What was being made is wanted no longer."""


@dataclasses.dataclass(slots=True)
class FilmState:
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


@dataclasses.dataclass(frozen=True, slots=True)
class _Cutting:
    """What is being cut, or came of it.

    Attributes:
        says: a sentence without its full stop.
        busy: whether it goes on.
        done: how much of one clip, from 0 to 1; apart, so that a page can tell it without saying it
            again at each step.
    """

    says: str = ""
    busy: bool = False
    done: float | None = None


_SOON = _Cutting("The clips will be cut after a short pause", True)


class BackgroundWork:
    """What is made of one cycle's film in a thread.

    Attributes:
        film_state: the film that is looked at, if any.
    """

    def __init__(self, folder: Path, options: Options) -> None:
        """Takes the cycle's folder, and how the family was opened."""
        self._folder, self._options = folder, options
        self.film_state: FilmState | None = None
        self._wake = threading.Condition()
        self._cut_at: float | None = None  # when to begin to cut, on the monotonic clock
        self._wanted = 0  # counts the edits: what is cut for an earlier one is left off
        self._cutting = _Cutting()
        self._ended = False
        self._thread: threading.Thread | None = None

    def close(self) -> None:
        """Leaves off what is being made."""
        with self._wake:
            self._ended = True
            self._wake.notify_all()
        if self._thread:
            self._thread.join(_END_S)

    def cut_soon(self, pause_s: float = PAUSE_S) -> None:
        """Cuts what is not cut, after a pause; what is being cut for earlier marks is left off."""
        with self._wake:
            self._wanted += 1
            self._cut_at = time.monotonic() + pause_s
            self._wake.notify_all()
        self.start()

    def start(self) -> None:
        """Begins with what there is to do, if nothing is being done."""
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
                state = self.film_state
                if state and not state.done:
                    return lambda: self._make_aids(state)
                now = time.monotonic()
                if self._cut_at is not None and self._cut_at <= now:
                    self._cut_at = None
                    return self._cut
                self._wake.wait(None if self._cut_at is None else self._cut_at - now)
        return None

    def _make_aids(self, state: FilmState) -> None:
        def begin(what: str) -> Callable[[float], None]:
            def progress(done: float) -> None:
                if self._ended or self.film_state is not state:
                    raise _LeftOffError
                state.aid = (what, done)

            progress(0.0)
            return progress

        try:
            context = open_cycle(self._folder, self._options)
            folder = context.media / previews.FOLDER
            with open_film(state.path) as film:
                state.facts = film.probe()
                state.unplayable = state.unplayable or previews.needs_proxy(state.facts)
                if context.case.legal_hold:
                    state.aid, state.done = None, True
                    return
                state.content = state.content or sha256_of(state.path)
                common = (film, state.content, folder)
                progress = begin("The strip of pictures")
                state.strip = previews.make_filmstrip(*common, progress=progress)
                progress = begin("The line of sound")
                state.waveform = previews.make_waveform(*common, progress)
                if state.unplayable:
                    progress = begin("The copy that plays here")
                    state.proxy = previews.make_proxy(*common, progress)
            check_filming(open_cycle(self._folder, self._options))
        except ConsentError as err:  # somebody said no while it was made
            previews.remove_aids(folder, None)
            state.wrong = err.as_sentences()
        except VigbookError as err:
            # Without a strip, or a copy that plays, stills and marks are still to be had.
            state.wrong = err.as_sentences() if state.facts is None else None
        except OSError as err:
            state.wrong = f"The film cannot be read: {err.strerror}."
        state.aid = None
        state.done = True

    def _cut(self) -> None:
        """Cuts as a build does, so that a build finds nothing to cut."""
        wanted = self._wanted
        number: dict[str, int] = {}

        def progress(event: Event) -> None:
            if self._ended or self._wanted != wanted:
                raise _LeftOffError
            if event.kind == "waiting":
                self._cutting = _Cutting("Another program is at work on this family", True)
            elif event.kind == "cutting":
                says = f"Clip {number.get(event.thing, '')} is being cut"
                self._cutting = _Cutting(says, True, event.done or 0.0)

        outcome = Outcome(case="")
        try:
            context = open_cycle(self._folder, self._options)
            number = context.clip_numbers
            if not context.cycle.clips and not context.manifest:
                self._cutting = _Cutting()
                return
            self._cutting = _Cutting("Looking at what is to be cut", True)
            with (
                make_in(self._folder, self._options, "built", outcome, progress) as context,
                Reader() as reader,
            ):
                drop_refused(context, outcome)
                film, facts = check_film(context, reader, outcome)
                # One after the other, so that those that are done stay when the next is left off.
                for clips in _list_parts(context):
                    outcome.withheld.clear()
                    cut_media(_with_clips(context, clips), film, facts, outcome, progress)
        except _LeftOffError:
            self._cutting = _SOON
            raise
        except VigbookError as err:
            self._cutting = _Cutting("Not all clips are cut. " + err.as_sentences())
            return
        if outcome.withheld:
            left_out = "; ".join(problem.found for problem in outcome.withheld)
            self._cutting = _Cutting(f"Left out: {left_out}")
        else:
            self._cutting = _Cutting("All clips are cut" if number else "")

    def tell_cutting(self) -> dict[str, Any]:
        """Returns what is being cut, or came of it, for the page."""
        cutting = self._cutting
        if self._cut_at is not None and not cutting.busy:
            cutting = _SOON
        return dataclasses.asdict(cutting)


def check_filming(context: CycleContext) -> None:
    """Raises a ConsentError where somebody in the film has not agreed to be filmed."""
    decision = context.may_film()
    if not decision:
        raise ConsentError("the film is not shown: " + "; ".join(decision.reasons))


def _list_parts(context: CycleContext) -> Iterator[list[Clip]]:
    """Yields the clips that are cut and the first that is not, and so on, up to all of them."""
    clips, manifest = context.cycle.clips, context.manifest
    records = {clip.id: manifest.clip(clip.id) for clip in clips} if manifest else {}
    missing = [
        clip for clip in clips
        if (record := records.get(clip.id)) is None or record.recipe != clip_recipe(clip)
    ]  # fmt: skip
    for number in range(1, len(missing)):
        later = missing[number:]
        yield [clip for clip in clips if clip not in later]
    yield list(clips)


def _with_clips(context: CycleContext, clips: Sequence[Clip]) -> CycleContext:
    """Returns a cycle as if only these of its clips were marked."""
    cycle = context.cycle.model_copy(update={"clips": tuple(clips)})
    source = dataclasses.replace(context.source, model=cycle)
    cycles = {**context.family.cycles, context.folder: source}
    return dataclasses.replace(context, family=dataclasses.replace(context.family, cycles=cycles))
