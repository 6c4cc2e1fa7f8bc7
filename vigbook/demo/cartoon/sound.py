"""The sound of a scene: soft syllables in turn, the thud of a toy, and the hush of a room."""

from __future__ import annotations

import math
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vigbook.demo.cartoon.story import Scene, list_syllables

_Samples = NDArray[np.float64]
_RATE = 48_000
_VOWELS = ((760, 1250), (520, 950), (560, 1750), (400, 850))
_PITCH = {"parent": 185.0, "child": 320.0, "visitor": 245.0}
_THUDS = {"build": 1.6, "take": 0.7, "topple": 0.7}  # seconds after the moment began


def write_sound(scene: Scene, path: Path) -> None:
    """Writes the sound of a scene as a mono 48 kHz WAV file.

    Raises:
        OSError: it cannot be written.
    """
    sound = _hush(round(scene.seconds * _RATE))
    _add_voices(sound, scene)
    _add_thuds(sound, scene)
    sound *= 0.45 / np.abs(sound).max()
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(_RATE)
        out.writeframes((sound * 32767).astype("<i2").tobytes())


def _hush(samples: int) -> _Samples:
    """Returns room tone: a few seconds of soft rumble, repeated, its ends meeting."""
    hush = np.cumsum(np.random.default_rng(11).normal(0, 1, 4 * _RATE))
    hush -= np.linspace(hush[0], hush[-1], len(hush))
    slow = np.cumsum(np.concatenate((hush[-200:], hush, hush[:200])))
    hush = hush - (slow[400:] - slow[:-400]) / 400
    return np.resize(hush / np.abs(hush).max() * 0.01, samples)


def _add_voices(sound: _Samples, scene: Scene) -> None:
    people = {person.name: person for person in scene.people}
    for i, (start, length, name) in enumerate(list_syllables(scene)):
        who = people[name]
        pitch = _PITCH[who.role] * (0.66 if who.style == "beard" else 1.0)
        pitch *= 1 + 0.06 * ((i * 5) % 4 - 1)
        _add(sound, start, 0.22 * _babble(pitch, length, (i * 3) % 4, (0.12, -0.10, 0.05)[i % 3]))


def _add_thuds(sound: _Samples, scene: Scene) -> None:
    t = np.arange(_RATE // 4) / _RATE
    thud = np.sin(2 * np.pi * (95 - 60 * t) * t) * np.exp(-t * 26) * np.minimum(1, t * 400)
    for moment in scene.moments:
        if moment.move in _THUDS:
            _add(sound, moment.start + _THUDS[moment.move], 0.5 * thud)


def _add(sound: _Samples, at: float, piece: _Samples) -> None:
    """Adds a piece to the sound at a time; what would come after the end is left out."""
    start = round(at * _RATE)
    piece = piece[: max(0, len(sound) - start)]
    sound[start : start + len(piece)] += piece


def _babble(pitch: float, length: float, vowel: int, rise: float) -> _Samples:
    """Returns one soft syllable: harmonics of a gliding pitch, shaped by two formants."""
    t = np.arange(int(length * _RATE)) / _RATE
    phase = 2 * np.pi * pitch * (t + rise * t * t / (2 * length))
    size = 1.0 + (pitch - 180) / 900  # A smaller mouth has higher formants.
    tone = np.zeros_like(t)
    for k in range(1, 9):
        level = sum(
            g * math.exp(-(((k * pitch - f * size) / (170 + 0.1 * f)) ** 2))
            for f, g in zip(_VOWELS[vowel], (1.0, 0.35), strict=True)
        )
        tone += (level + 0.25 / k**1.6) * np.sin(k * phase)
    swell: _Samples = np.sin(np.pi * np.minimum(1.0, t / length)) ** 0.7
    return tone * swell
