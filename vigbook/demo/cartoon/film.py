"""Frames and sound to a film: pipes them through ffmpeg into an MP4 file."""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

import imageio_ffmpeg

from vigbook.demo.cartoon.frames import Frame, draw_frames
from vigbook.demo.cartoon.sound import write_sound
from vigbook.demo.cartoon.story import FPS, HEIGHT, WIDTH, Scene
from vigbook.errors import OutputError, Problem
from vigbook.system.atomic import publish
from vigbook.system.signals import hold_interrupts
from vigbook.system.temporary import scratch_folder

_COLOUR = "-color_range tv -colorspace bt709 -color_primaries bt709 -color_trc bt709"
_RAW = f"-f rawvideo -pix_fmt yuv420p {_COLOUR} -s {WIDTH}x{HEIGHT} -r {FPS} -i -"
# One thread keeps up with who draws, and more only wait for each other. The quantiser is fixed: for
# drawings, `-crf` takes two fifths more space for what nobody can see.
_ENCODER = "-c:v libx264 -preset ultrafast -qp 20 -threads 1 -g 50"
_VIDEO = f"-map 0:v {_ENCODER} -pix_fmt yuv420p {_COLOUR}"
_AUDIO = "-map 1:a -c:a aac -b:a 96k"
_WHOLE = "-fflags +bitexact -movflags +faststart -f mp4"
_PIPE_BYTES = 1 << 20


def draw_film(path: Path, scene: Scene) -> None:
    """Draws a scene as an H.264 and AAC film of 1280 by 720 pixels at 25 frames a second.

    The same scene gives the same pictures.

    Args:
        path: where the MP4 file goes; a file of that name is replaced by the whole film.
        scene: what to draw.

    Raises:
        OutputError: the film cannot be written.
    """
    with publish(path) as temporary, scratch_folder() as folder:
        sound, log = folder / "sound.wav", folder / "log.txt"
        write_sound(scene, sound)
        if _encode(draw_frames(scene), sound, temporary, log):
            raise _failure(path, log.read_text(errors="replace"))


def _encode(frames: Iterable[Frame], sound: Path, out: Path, log: Path) -> int:
    """Pipes frames through ffmpeg and returns its exit code; whatever happens, it has ended."""
    command = [
        imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-v", "error", *_RAW.split(),
        "-i", str(sound.resolve()), *_VIDEO.split(), *_AUDIO.split(), *_WHOLE.split(),
        str(out.resolve()),
    ]  # fmt: skip
    with log.open("wb") as said, hold_interrupts() as let_in:
        encoder = subprocess.Popen(
            command, stdin=subprocess.PIPE, stderr=said, pipesize=_PIPE_BYTES
        )
        assert encoder.stdin is not None
        try:
            with let_in():
                with contextlib.suppress(BrokenPipeError):  # It has stopped; its log says why.
                    for frame in frames:
                        encoder.stdin.write(frame.data)
                    encoder.stdin.close()
                return encoder.wait()
        finally:  # After Ctrl-C, at any point above, nothing may go on writing to `out`.
            encoder.kill()
            with contextlib.suppress(BrokenPipeError):
                encoder.stdin.close()
            encoder.wait()


def _failure(path: Path, said: str) -> Exception:
    if "No space left on device" in said:
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    lines = said.strip().splitlines() or ["no word from ffmpeg"]
    found = f"could not be encoded: {lines[-1].strip()}"
    return OutputError(Problem(file=str(path), found=found, mend="run the same command again"))
