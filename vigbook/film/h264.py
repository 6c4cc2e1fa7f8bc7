"""What H.264 says of itself: parameter sets, coded pictures, and the order they are shown in.

Only as much as `smart_cut` needs to copy pictures and to know that they stay as they are. Nothing
is decoded here. The clauses in square brackets are those of ITU-T H.264.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Sequence

SLICE, IDR_SLICE, _SEI, SPS, PPS, _DELIMITER, _FILLER = 1, 5, 6, 7, 8, 9, 12
# Times, captions, filling, and what a camera writes about itself. Others may change what is seen
# (turning, film grain, stereo, HDR) and cannot be left out.
_IDLE_SEI = {0, 1, 3, 4, 5, 6, 7}
_PROFILES = {66: "baseline", 77: "main", 100: "high"}
_NOT_PLAIN = "the film is not 8-bit 4:2:0 progressive H.264"
_RARE = "its pictures are coded in a rare way"


class Obstacle(Exception):
    """Something stands in the way of copying; says what, in plain words."""


class _Bits:
    """Reads the numbers that are written bit by bit in a unit [7.2, 9.1]."""

    def __init__(self, unit: bytes) -> None:
        self.all = "".join(f"{byte:08b}" for byte in _unescape(unit[1:]))
        self.at = 0

    def u(self, count: int = 1) -> int:
        self.at += count
        if self.at > len(self.all):
            raise Obstacle("the film is damaged")
        return int(self.all[self.at - count : self.at] or "0", 2)

    def ue(self) -> int:
        zeros = 0
        while not self.u():
            zeros += 1
        self.at -= 1
        return self.u(zeros + 1) - 1

    def is_over(self) -> bool:
        """Tells whether all was read: only the bit that ends it is left."""
        return self.all[self.at :].rstrip("0") == "1"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Sps:
    """A sequence parameter set [7.3.2.1.1, E.1.1].

    Attributes:
        unit: its bytes.
        id: the number that picture parameter sets call it by.
        profile: as x264 calls it.
        frame_num_bits, order_type, order_bits: how slices count.
        colours: primaries, transfer and matrix; nothing when they are not said.
        siting: where colour samples lie.
        limits: how many pictures are held back for reordering, and how many are kept.
        limits_at: the bit at which these begin.
    """

    unit: bytes
    id: int
    profile: str
    frame_num_bits: int
    order_type: int
    order_bits: int
    colours: tuple[int, ...] = ()
    siting: int = 0
    limits: tuple[int, int] | None = None
    limits_at: int = 0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """A film's parameter sets, and how many bytes tell the length of a unit in its packets."""

    sps: Sps
    pps: tuple[bytes, ...]
    pps_ids: frozenset[int]
    length_size: int


@dataclasses.dataclass(frozen=True, slots=True)
class CodedPicture:
    """A coded picture, as an mp4 holds it, without anything else.

    Attributes:
        idr: whether it, and all that follows, is decoded without any picture before it.
        order: the IDR pictures until here, and its place in the order of showing since.
    """

    pts: int
    idr: bool
    data: bytes = b""
    order: tuple[int, int] = (0, 0)


def parse_avcc(avcc: bytes) -> Parameters:
    """Returns the parameter sets in an mp4's avcC [ISO/IEC 14496-15 5.3.3].

    Raises:
        Obstacle: they are not those of a film whose pictures can be copied.
    """
    if len(avcc) < 7 or avcc[0] != 1:
        raise Obstacle("the film has no parameter sets where an mp4 has them")
    sets: list[list[bytes]] = []
    at = 5
    for mask in (0x1F, 0xFF):
        count, at = avcc[at] & mask, at + 1
        sets.append([])
        for _ in range(count):
            end = at + 2 + int.from_bytes(avcc[at : at + 2], "big")
            sets[-1].append(avcc[at + 2 : end])
            at = end
    if len(sets[0]) != 1 or not sets[1]:
        raise Obstacle("the film has several sequence parameter sets")
    sps = parse_sps(sets[0][0])
    ids = frozenset(_parse_pps(unit, sps.id) for unit in sets[1])
    return Parameters(sps=sps, pps=tuple(sets[1]), pps_ids=ids, length_size=(avcc[4] & 3) + 1)


def format_avcc(sps: Sequence[bytes], pps: Sequence[bytes]) -> bytes:
    """Returns an mp4's avcC: the higher profile and level, and the limits that hold for all."""
    profile, level = max(unit[1] for unit in sps), max(unit[3] for unit in sps)
    limits = sps[0][2] & sps[-1][2] if sps[0][1] == sps[-1][1] else 0
    avcc = bytes([1, profile, limits, level, 0xFF])  # four bytes tell a length
    for flags, units in ((0xE0, sps), (0, pps)):
        avcc += bytes([flags + len(units)])
        avcc += b"".join(len(unit).to_bytes(2, "big") + unit for unit in units)
    return avcc + (bytes([0xFD, 0xF8, 0xF8, 0]) if profile == 100 else b"")  # 4:2:0, 8 bits


def parse_sps(unit: bytes) -> Sps:
    """Returns what a sequence parameter set says.

    Raises:
        Obstacle: pictures like these cannot be copied, or cannot be encoded alike.
    """
    bits = _Bits(unit)
    profile, _, _, id_ = bits.u(8), bits.u(8), bits.u(8), bits.ue()
    # 4:2:0, eight bits twice, not lossless, no scaling lists of its own
    plain = (1, 0, 0, 0, 0)
    if profile not in _PROFILES or (
        profile == 100 and (bits.ue(), bits.ue(), bits.ue(), bits.u(), bits.u()) != plain
    ):
        raise Obstacle(_NOT_PLAIN)
    frame_num_bits, order_type = bits.ue() + 4, bits.ue()
    if order_type == 1:
        raise Obstacle(_RARE)
    order_bits = bits.ue() + 4 if order_type == 0 else 0
    _, _, _, _, progressive, _ = bits.ue(), bits.u(), bits.ue(), bits.ue(), bits.u(), bits.u()
    if not progressive:
        raise Obstacle(_NOT_PLAIN)
    crop = [bits.ue() for _ in range(4)] if bits.u() else [0] * 4
    # What is encoded again is made of whole blocks of 16 x 16 too, cut at the right and below.
    if crop[0] or crop[2] or crop[1] > 7 or crop[3] > 7:
        raise Obstacle("its picture is cut out of a larger one")
    sps = Sps(
        unit=unit, id=id_, profile=_PROFILES[profile], frame_num_bits=frame_num_bits,
        order_type=order_type, order_bits=order_bits,
    )  # fmt: skip
    if bits.u():
        sps = _parse_usability(bits, sps)
    if not bits.is_over():
        raise Obstacle(_RARE)
    return sps


def _parse_usability(bits: _Bits, sps: Sps) -> Sps:
    colours: tuple[int, ...] = ()
    limits, limits_at = None, 0
    if bits.u() and (shape := bits.u(8)) > 1 and (shape != 255 or bits.u(16) != bits.u(16)):
        raise Obstacle("its pixels are not square")
    if bits.u():
        bits.u()
    if bits.u():
        bits.u(3)
        if bits.u():
            raise Obstacle("its colours are not those of BT.709 video")
        colours = (bits.u(8), bits.u(8), bits.u(8)) if bits.u() else ()
    siting = max(bits.ue(), bits.ue()) if bits.u() else 0
    if bits.u():
        bits.u(65)
    if any([_skip_buffers(bits), _skip_buffers(bits)]):
        bits.u()
    bits.u()
    if bits.u():
        bits.u(), bits.ue(), bits.ue(), bits.ue(), bits.ue()
        limits_at, limits = bits.at, (bits.ue(), bits.ue())
    return dataclasses.replace(
        sps, colours=colours, siting=siting, limits=limits, limits_at=limits_at
    )


def _skip_buffers(bits: _Bits) -> bool:
    if not bits.u():
        return False
    count = bits.ue() + 1
    bits.u(8)
    for _ in range(count):
        bits.ue(), bits.ue(), bits.u()
    bits.u(20)
    return True


def _parse_pps(unit: bytes, sps_id: int) -> int:
    """Returns the id of a picture parameter set [7.3.2.2]."""
    bits = _Bits(unit)
    id_, of, _, fields, slice_groups = bits.ue(), bits.ue(), bits.u(), bits.u(), bits.ue()
    if of != sps_id or fields or slice_groups:
        raise Obstacle(_RARE)
    bits.ue(), bits.ue(), bits.u(3), bits.ue(), bits.ue(), bits.ue(), bits.u(2)
    redundant = bits.u()
    # 8 x 8 blocks may follow, but no scaling lists; and nothing that nobody reads.
    if redundant or not (
        bits.is_over() or (not bits.u(2) & 1 and bits.ue() >= 0 and bits.is_over())
    ):
        raise Obstacle(_RARE)
    return id_


def limit_like(own: Sps, films: Sps) -> bytes:
    """Returns `own` made to hold back and keep as many pictures as the film's.

    Were it less, decoders would show the pictures before an IDR at once, and some of them then
    pass over what is shown first after it.
    """
    if films.limits is None or own.limits is None:
        return own.unit
    held, kept = films.limits
    bits = _Bits(own.unit).all[: own.limits_at] + _format_ue(held) + _format_ue(max(1, kept)) + "1"
    bits += "0" * (-len(bits) % 8)
    return own.unit[:1] + _escape(int(bits, 2).to_bytes(len(bits) // 8, "big"))


class PictureReader:
    """Takes coded pictures out of a film's packets, in decoding order."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters
        self._group, self._reference, self._count = -1, 0, 0

    def read(self, packet: bytes, pts: int) -> CodedPicture:
        """Returns the picture in a packet, and nothing of what else is in it.

        Raises:
            Obstacle: there is something that cannot be left out, or that is not understood.
        """
        slices: list[bytes] = []
        for unit in split_packet(packet, self._parameters.length_size):
            kind = unit[0] & 0x1F
            if kind in (SLICE, IDR_SLICE):
                slices.append(unit)
            elif kind == _SEI:
                _check_sei(unit)
            elif kind in (SPS, PPS):
                if unit not in (self._parameters.sps.unit, *self._parameters.pps):
                    raise Obstacle("its parameter sets change on the way")
            elif kind not in (_DELIMITER, _FILLER):
                raise Obstacle("it holds more than plain pictures")
        # Only a picture's first slice begins at block 0, which is written as one 1.
        begins = [unit[1] >> 7 for unit in slices]
        if begins[:1] != [1] or any(begins[1:]) or len({unit[0] for unit in slices}) != 1:
            raise Obstacle(_RARE)
        idr = slices[0][0] & 0x1F == IDR_SLICE
        return CodedPicture(pts, idr, join_units(slices), self._find_order(slices[0], idr))

    def _find_order(self, unit: bytes, idr: bool) -> tuple[int, int]:
        """Returns when a picture's turn to be shown comes, by its first slice [7.3.3, 8.2.1]."""
        sps, bits = self._parameters.sps, _Bits(unit[:64])
        _, kind, pps_id, _ = bits.ue(), bits.ue() % 5, bits.ue(), bits.u(sps.frame_num_bits)
        if pps_id not in self._parameters.pps_ids:
            raise Obstacle("its parameter sets change on the way")
        if idr:
            bits.ue()
            self._group, self._reference, self._count = self._group + 1, 0, -1
        least, size = bits.u(sps.order_bits), 1 << sps.order_bits
        # The last bit throws pictures away that were not shown yet.
        if idr and (kind != 2 or bits.u()):
            raise Obstacle(_RARE)
        self._count += 1
        if sps.order_type == 2:
            return self._group, self._count
        # Only the last digits are written: the nearest such number to the reference before.
        step = (least - self._reference) % size
        order = self._reference + (step if step <= size // 2 else step - size)
        if unit[0] & 0x60:
            self._reference = order
        return self._group, order


def split_packet(packet: bytes, length_size: int) -> Iterator[bytes]:
    """Yields the units of an mp4's packet.

    Raises:
        Obstacle: it breaks off.
    """
    at = 0
    while at < len(packet):
        begin = at + length_size
        at = begin + int.from_bytes(packet[at:begin], "big")
        if not begin < at <= len(packet):
            raise Obstacle("the film is damaged")
        yield packet[begin:at]


def split_stream(stream: bytes) -> list[bytes]:
    """Returns the units of a byte stream, which start codes part [Annex B]."""
    return [unit for unit in re.split(rb"\x00*\x00\x00\x01", stream) if unit]


def join_units(units: Sequence[bytes]) -> bytes:
    """Returns units as an mp4 holds them."""
    return b"".join(len(unit).to_bytes(4, "big") + unit for unit in units)


def _check_sei(unit: bytes) -> None:
    content, at = _unescape(unit[1:]), 0
    while len(content) - at > 2:  # what is left only ends it
        kind, at = _read_255s(content, at)
        size, at = _read_255s(content, at)
        at += size
        if kind not in _IDLE_SEI:
            raise Obstacle("it tells how its pictures are to be changed for showing")


def _read_255s(content: bytes, at: int) -> tuple[int, int]:
    number = 0
    while content[at : at + 1] == b"\xff":
        number, at = number + 255, at + 1
    return number + int.from_bytes(content[at : at + 1], "big"), at + 1


def _format_ue(number: int) -> str:
    return "0" * ((number + 1).bit_length() - 1) + f"{number + 1:b}"


# A 3 stands in a unit wherever it would else look like the beginning of another [7.4.1.1].
def _unescape(content: bytes) -> bytes:
    return content.replace(b"\0\0\3", b"\0\0")


def _escape(content: bytes) -> bytes:
    return re.sub(rb"\x00\x00(?=[\x00-\x03])", b"\0\0\3", content)
