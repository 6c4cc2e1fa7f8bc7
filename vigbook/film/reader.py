"""The process that reads films: decoding happens there, under limits, and never here.

A film comes from anywhere, and its decoders are the likeliest place for a fault. So a film that
makes them fall, fill the memory or never end takes down this process, and the person gets a
sentence. It holds nothing between requests, and writes no file but a clip that is copied.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from vigbook.errors import FilmError, Problem
from vigbook.film.facts import Shown
from vigbook.system.limits import Limits, writing
from vigbook.system.sandbox import (
    ChildCrashedError,
    Reply,
    ReportedError,
    SandboxedProcess,
    answer_requests,
)
from vigbook.timecode import Span, Timecode

_LIMITS = Limits()
_ROOM_BYTES = 256 * 1024**2  # for what is encoded again, beside twice what is copied


class Reader(SandboxedProcess):
    """A process that reads films, started when it is first asked and again after it fell."""

    def __init__(self, limits: Limits = _LIMITS) -> None:
        super().__init__("vigbook.film.reader", limits)

    def ask(self, do: str, path: Path, **details: Any) -> Iterator[Reply]:
        """Yields the answers to one request as they come; left early, the process is ended.

        Raises:
            FilmError: the film cannot be read, or reading it went beyond the limits.
        """
        try:
            yield from self.exchange({"do": do, "film": str(path), **details})
        except ReportedError as err:
            raise FilmError(err.problems) from err
        except ChildCrashedError as err:
            raise FilmError(_fell(path, err.took_too_long)) from err
        except OSError as err:
            found = f"the process that reads films cannot be started: {err.strerror}"
            raise FilmError(
                Problem(found=found, mend="close other programs and try again")
            ) from err


def _fell(path: Path, took_too_long: bool) -> Problem:
    found = "made the program that reads films stop"
    if took_too_long:
        found = "takes far too long to read"
    mend = "it is damaged, or made to do harm: copy it from the camera again"
    return Problem(file=str(path), found=found, mend=mend)


# --- In the process itself ------------------------------------------------------------------


def main() -> None:
    """Answers requests until there are no more."""
    from vigbook.film import decode  # before the limits: PyAV loads all of ffmpeg

    assert decode
    answer_requests(_answer, _memory_problem)


def _memory_problem(request: Mapping[str, Any]) -> Problem:
    found = "needs more memory to be read than a film should"
    mend = "it is damaged, or made to do harm: copy it from the camera again"
    return Problem(file=request["film"], found=found, mend=mend)


def _answer(request: Mapping[str, Any]) -> Iterator[Reply]:
    from vigbook.film import decode, probe, smart_cut

    path = Path(request["film"])
    times = [_time(one) for one in request.get("times", ())]
    match request["do"]:
        case "probe":
            yield probe.probe_film(path).as_json(), b""
        case "frames":
            yield from map(_pack, decode.iter_frames(path, times, request["long_side"]))
        case "faces":
            from vigbook.film import face_detector  # OpenCV, which nothing else here wants

            for shown in decode.iter_frames(path, times, request["long_side"]):
                faces = face_detector.find_faces(shown.picture)
                yield {"at": str(shown.at.seconds), "faces": faces}, b""
        case "thumbnails":
            yield from map(_pack, decode.iter_thumbnails(path, times, request["long_side"]))
        case "times":
            span = Span(_time(request["start"]), _time(request["end"]))
            found = [str(one.seconds) for one in decode.list_frame_times(path, span)]
            yield {"times": found}, b""
        case "lead":
            found_before = decode.find_lead(path, times[0])
            key, before = (None if one is None else str(one.seconds) for one in found_before)
            yield {"key": key, "before": before}, b""
        case "copy":
            span = Span(_time(request["start"]), _time(request["end"]))
            out, sound = Path(request["out"]), request["sound"]
            with writing(2 * path.stat().st_size + _ROOM_BYTES):
                yield {"why": smart_cut.copy_clip(path, times, span, out, sound=sound)}, b""
        case "end":
            yield {"at": str(decode.find_end(path).seconds)}, b""
        case "count":
            yield {"frames": decode.count_frames(path)}, b""
        case "levels":
            levels = decode.iter_levels(path, _time(request["step"]))
            while some := list(itertools.islice(levels, 200)):  # an answer each would take longer
                yield {"levels": [(str(at.seconds), level) for at, level in some]}, b""


def _pack(shown: Shown) -> Reply:
    height, width = shown.picture.shape[:2]
    return {"at": str(shown.at.seconds), "size": [height, width]}, shown.picture.tobytes()


def _time(text: str) -> Timecode:
    return Timecode(Fraction(text))


if __name__ == "__main__":
    main()
