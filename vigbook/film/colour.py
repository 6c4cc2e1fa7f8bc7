"""High dynamic range and wide colours, brought down to what a page and an ordinary screen show.

Stills are brought down here and clips by ffmpeg, the same way: reference white at 203 nits
(ITU-R BT.2408), highlights above 70 % of it bent over, never cut off.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vigbook.film.facts import HLG, PQ, Pixels

_WHITE_NITS = 203
_HLG_NITS, _HLG_GAMMA = 1000, 1.2
_KNEE, _PEAK = 0.7, 10.0
_SCREEN_GAMMA = 2.4  # BT.1886
_UNSPECIFIED, _BT709, _BT601, _BT2020 = 2, 1, 6, 9  # by the numbers of ITU-T H.273
# From the wider primaries to those of BT.709, in linear light.
_TO_BT709 = {
    9: ((1.660491, -0.587641, -0.072850), (-0.124550, 1.132900, -0.008349),
        (-0.018151, -0.100579, 1.118730)),
    12: ((1.224940, -0.224940, 0.0), (-0.042057, 1.042057, 0.0),
         (-0.019638, -0.078636, 1.098274)),
}  # fmt: skip
_BT2020_LUMA = np.array([0.2627, 0.6780, 0.0593], np.float32)


def is_wide(transfer: int, primaries: int) -> bool:
    """Tells whether colours, by their numbers of H.273, are beyond BT.709."""
    return transfer in (PQ, HLG) or primaries in _TO_BT709


def decide_matrix(matrix: int, transfer: int, primaries: int, height: int) -> int:
    """Returns by which matrix a picture's colours were written, where the film may not say it.

    Args:
        matrix, transfer, primaries: what the film says, by the numbers of H.273.
        height: of the stored picture, in pixels.
    """
    if matrix != _UNSPECIFIED:
        return matrix
    if is_wide(transfer, primaries):
        return _BT2020
    # Players take untagged high definition for BT.709 and the rest for BT.601.
    return _BT709 if height >= 720 else _BT601


def narrow(stored: NDArray[np.uint16], transfer: int, primaries: int) -> Pixels:
    """Returns an RGB picture of 16 bits a sample as BT.709 shows it."""
    return (_narrow(stored, transfer, primaries) * 255 + 0.5).astype(np.uint8)


def narrow_filters(matrix: int, transfer: int, primaries: int) -> list[str]:
    """Returns the filters by which ffmpeg makes of any colours, as `narrow` does, BT.709's."""
    if transfer not in (PQ, HLG):
        # The primaries of BT.601 are so near that players take them for BT.709's.
        given = primaries if primaries in _TO_BT709 else 1
        return [f"zscale=min={matrix}:pin={given}:tin=1:m=1:p=1:t=1:r=tv"]
    given = primaries if primaries in _TO_BT709 else _BT2020
    return [
        # Not with approximate gamma: it bends each colour of a pixel by itself.
        f"zscale=min={matrix}:pin={given}:tin={transfer}:t=linear:npl={_WHITE_NITS}:agamma=0",
        "format=gbrpf32le",
        "zscale=p=1",
        f"tonemap=tonemap=mobius:param={_KNEE}:peak={_PEAK:g}:desat=0",
        "zscale=t=1:m=1:r=tv",
    ]


def _narrow(stored: NDArray[np.uint16], transfer: int, primaries: int) -> NDArray[np.float32]:
    """Returns an RGB picture as BT.709 shows it, each sample from 0 to 1."""
    high = transfer in (PQ, HLG)
    light = _light_of(transfer)[stored]  # 1.0 is the white of a page
    if transfer == HLG:
        luma = np.maximum(light @ _BT2020_LUMA, 1e-6) ** (_HLG_GAMMA - 1)
        light *= luma[..., None] * (_HLG_NITS / _WHITE_NITS)
    if primaries in _TO_BT709 or high:  # what is untagged and high is BT.2020
        matrix = _TO_BT709.get(primaries, _TO_BT709[_BT2020])
        light = light @ np.array(matrix, np.float32).T
    if high:
        brightest = np.maximum(light.max(axis=2, keepdims=True), 1e-6)
        light *= np.where(brightest > _KNEE, _bend(np.maximum(brightest, _KNEE)) / brightest, 1)
    return np.clip(light, 0, 1) ** np.float32(1 / _SCREEN_GAMMA)


def _light_of(transfer: int) -> NDArray[np.float32]:
    """Returns the linear light of each of 65,536 stored levels."""
    level = np.arange(65536) / 65535
    if transfer == PQ:  # SMPTE ST 2084
        m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
        root = level ** (1 / m2)
        nits = 10000 * (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1)
        light = nits / _WHITE_NITS
    elif transfer == HLG:  # ITU-R BT.2100; the rest depends on the brightness of the whole pixel
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        light = np.where(level <= 0.5, level**2 / 3, (np.exp((level - c) / a) + b) / 12)
    else:
        light = level**_SCREEN_GAMMA
    return light.astype(np.float32)


def _bend(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """Returns light over the knee bent towards white, as ffmpeg's `tonemap=mobius` does."""
    j, peak = _KNEE, _PEAK
    a = -j * j * (peak - 1) / (j * j - 2 * j + peak)
    b = (j * j - 2 * j * peak + peak) / (peak - 1)
    return (b * b + 2 * b * j + j * j) / (b - a) * (light + a) / (light + b)
