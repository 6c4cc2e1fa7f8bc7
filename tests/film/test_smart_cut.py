"""Clips in their film's own quality, judged by decoding them and by looking at their bytes."""

from __future__ import annotations

import functools
import hashlib
import itertools
import random
import re
import struct
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from films import Numbered, draw_film, find_numbered, run_ffmpeg
from numpy.typing import NDArray

from vigbook.film import h264
from vigbook.film.smart_cut import copy_clip
from vigbook.timecode import Span, Timecode

SMALL = (240, 136)
BT709 = "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"
NTSC = Fraction(30000, 1001)
SPAN = Span(Timecode(Fraction(1, 2)), Timecode(Fraction(3)))
PLANTED = "Mia at bedtime"
USER_DATA = "086f3693-b7b3-4f2c-9653-21492feee5b8+Mia inside"


def draw(path: Path, x264: str = "keyint=12:bframes=2", *options: str, **shape: Any) -> Path:
    """Draws a film whose frames tell their numbers, as a phone would write it."""
    filters = [options[at + 1] for at, one in enumerate(options) if one == "-vf"]
    whole = draw_film(path.with_name("whole.mkv"), **{"seconds": 4, "size": SMALL, **shape})
    run_ffmpeg(
        "-i", whole, "-c:v", "libx264", "-preset", "veryfast", *options,
        "-vf", ",".join([*filters, BT709]), "-x264-params", x264, "-c:a", "copy", path,
    )  # fmt: skip
    return path


@functools.lru_cache(4)
def frames_in_film(path: Path) -> list[Numbered]:
    """Returns the pictures of a film, which stays as it is."""
    return find_numbered(path)


def packets_of(path: Path) -> Iterator[tuple[Fraction, list[bytes]]]:
    """Yields when each packet's picture comes up, and the units in it."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        for packet in container.demux(stream):
            if packet.size:
                units = list(h264.split_packet(bytes(packet), 4))
                yield (packet.pts or 0) * (stream.time_base or Fraction(1)), units


def due_in(frames: list[Numbered], start: Fraction, end: Fraction) -> list[Numbered]:
    """Returns the pictures that a clip must hold, of all that the film has."""
    first = max((at for at, _, _ in frames if at <= start), default=frames[0][0])
    return [one for one in frames if one[0] == first or first < one[0] < end]


def copy(film: Path, start: float | Fraction, end: float | Fraction, **more: Any) -> str | None:
    """Copies a clip to `clip.mp4` beside the film, and returns why it was not."""
    marks = Fraction(str(start)), Fraction(str(end))
    times = [Timecode(at) for at, _, _ in due_in(frames_in_film(film), *marks)]
    return copy_clip(film, times, Span(*map(Timecode, marks)), film.with_name("clip.mp4"), **more)


def check(film: Path, start: float | Fraction, end: float | Fraction) -> int:
    """Judges the clip that was copied, and returns how many pictures were encoded again."""
    clip = film.with_name("clip.mp4")
    due, got = (
        due_in(frames_in_film(film), Fraction(str(start)), Fraction(str(end))),
        find_numbered(clip),
    )
    assert [number for *_, number in due] == [number for *_, number in got]
    check_pace([at for at, _, _ in due], [at for at, _, _ in got], Fraction(str(start)))
    packets = dict(packets_of(clip))
    assert sorted(packets) == [at for at, _, _ in got]
    raw = run_ffmpeg(
        "-noautorotate", "-i", clip, "-map", "0:v", "-fps_mode", "passthrough",
        "-f", "rawvideo", "-",
    )  # fmt: skip
    assert raw == b"".join(picture.tobytes() for _, picture, _ in got)
    own = {hashlib.sha256(unit).digest() for _, units in packets_of(film) for unit in units}
    again = 0
    for (at, picture, _), (_, original, _) in zip(got, due, strict=True):
        if all(hashlib.sha256(unit).digest() in own for unit in packets[at]):
            assert np.array_equal(picture, original)
        else:
            again += 1
            error = np.mean((picture.astype(np.float32) - original) ** 2)
            assert 10 * np.log10(255**2 / max(float(error), 1e-9)) > 40
    return again


def check_pace(due: list[Fraction], got: list[Fraction], start: Fraction) -> None:
    """Judges when the pictures of a clip come up; its time 0 is its start mark."""
    assert got[0] == 0
    for begin in due[1:2]:
        # Players need the first to stand for 2 ms; times are rounded to the film's own ticks.
        expected = begin - min(max(due[0], start), begin - Fraction(1, 500))
        assert abs(got[1] - expected) <= Fraction(1, 500)
    assert [at - got[1] for at in got[2:]] == [at - due[1] for at in due[2:]]


def rewrite(
    film: Path, out: Path, sps: Callable[[bytes], bytes] = bytes, length_size: int = 4,
    unit: Callable[[int, bytes], list[bytes]] = lambda _, one: [one],
) -> Path:  # fmt: skip
    """Writes a film anew with other parameter sets, lengths or units, its pictures untouched."""
    with av.open(str(film)) as source, av.open(str(out), "w") as target:
        stream = source.streams.video[0]
        avcc = stream.codec_context.extradata or b""
        parameters = h264.parse_avcc(avcc)
        written = bytearray(h264.format_avcc([sps(parameters.sps.unit)], parameters.pps))
        written[4] = 0xFC | length_size - 1
        track = target.add_stream_from_template(stream, opaque=True)
        track.codec_context.extradata = bytes(written)
        for number, packet in enumerate(source.demux(stream)):
            if packet.size:
                units = [two for one in h264.split_packet(bytes(packet), 4)
                         for two in unit(number, one)]  # fmt: skip
                data = b"".join(len(one).to_bytes(length_size, "big") + one for one in units)
                copied: av.Packet[Any] = av.Packet(data)
                copied.pts, copied.dts, copied.time_base = packet.pts, packet.dts, packet.time_base
                copied.duration, copied.is_keyframe = packet.duration, packet.is_keyframe
                copied.stream = track
                target.mux(copied)
    return out


def sps_bits(change: Callable[[str, h264.Sps], str]) -> Callable[[bytes], bytes]:
    """Returns what changes a parameter set, bit by bit; `change` gets all before its limits."""

    def changed(unit: bytes) -> bytes:
        sps = h264.parse_sps(unit)
        content = unit[1:].replace(b"\0\0\3", b"\0\0")
        bits = change("".join(f"{byte:08b}" for byte in content), sps) + "1"
        bits += "0" * (-len(bits) % 8)
        content = int(bits, 2).to_bytes(len(bits) // 8, "big")
        return unit[:1] + re.sub(rb"\x00\x00(?=[\x00-\x03])", b"\0\0\3", content)

    return changed


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds at 25 frames a second, a group of pictures every 12, with sound."""
    return draw(tmp_path_factory.mktemp("films") / "film.mp4")


# --- What is copied ------------------------------------------------------------------------


FILMS: dict[str, tuple[str, tuple[str, ...], dict[str, Any]]] = {
    "no B": ("keyint=12:bframes=0", (), {}),
    "pyramid": ("keyint=16:bframes=3:b-pyramid=normal:ref=5", (), {}),
    "many B": ("keyint=20:bframes=8:b-adapt=0:ref=4", (), {}),
    "baseline": ("keyint=12", ("-profile:v", "baseline"), {}),
    "main, CAVLC": ("keyint=12:bframes=2:cabac=0", ("-profile:v", "main"), {}),
    "slices": ("keyint=12:slices=3:bframes=2", (), {}),
    "headers inside": ("keyint=12:repeat-headers=1:aud=1:bframes=2", (), {}),
    "hrd": ("keyint=12:nal-hrd=vbr:bframes=2", ("-maxrate", "1M", "-bufsize", "1M"), {}),
    "all intra": ("keyint=1", (), {}),
    "29.97": ("keyint=12:bframes=2", (), {"rate": NTSC}),
    "59.94": ("keyint=24:bframes=3", (), {"rate": 2 * NTSC, "seconds": 3}),
    "late start": ("keyint=12:bframes=2", ("-vf", "setpts=PTS+0.72/TB"), {"sound": False}),
    "cut edge": ("keyint=12:bframes=2", (), {"size": (246, 138), "sound": False}),
    "uneven": (
        "keyint=12:bframes=2",
        ("-vf", "select='gt(random(7),0.3)'", "-fps_mode", "passthrough"),
        {"sound": False},
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FILMS)
def test_a_clip_holds_what_is_due_and_what_is_copied_is_the_film_s(
    tmp_path: Path, name: str
) -> None:
    """Every number, every time, every sample; nothing else in the file."""
    x264, options, shape = FILMS[name]
    film = draw(tmp_path / "film.mp4", x264, *options, **shape)
    times = [at for at, _, _ in frames_in_film(film)]
    rng = random.Random(name)
    marks = [(times[0], times[-1] + 1)]
    marks += [(rng.choice(times[:25]), rng.choice(times[-25:]))]
    marks += [(rng.choice(times[:25]) + Fraction(1, 100), times[-20] + Fraction(1, 100))]
    for start, end in marks:
        assert copy(film, start, end) is None
        check(film, start, end)


def test_only_the_ends_are_encoded_again(film: Path) -> None:
    """Of the group in which it ends, all is copied that is decoded before anything not due."""
    keys = [at for at, units in packets_of(film) if units[-1][0] & 0x1F == h264.IDR_SLICE]
    assert copy(film, keys[2], keys[6]) is None
    assert check(film, keys[2], keys[6]) == 0
    assert copy(film, keys[2] - Fraction(2, 25), keys[6]) is None
    assert check(film, keys[2] - Fraction(2, 25), keys[6]) == 2
    assert copy(film, keys[2], keys[6] + Fraction(6, 25)) is None
    assert check(film, keys[2], keys[6] + Fraction(6, 25)) <= 2


def test_the_clip_plays_as_others_do(film: Path) -> None:
    """It begins at 0, is as long as its span, can be sought, and begins with its index."""
    assert copy(film, 0.5, 3.1) is None
    clip = film.with_name("clip.mp4")
    assert clip.read_bytes().index(b"moov") < clip.read_bytes().index(b"mdat")
    with av.open(str(clip)) as container:
        picture, voice = container.streams.video[0], container.streams.audio[0]
        assert picture.start_time == 0
        assert abs((container.duration or 0) / av.time_base - 2.62) < 0.05
        assert (voice.codec_context.name, voice.rate, voice.layout.name) == ("aac", 48000, "stereo")
        keys = [(packet.pts, packet.dts) for packet in container.demux(picture)
                if packet.is_keyframe and packet.size]  # fmt: skip
        assert len(keys) >= 5
    assert [number for *_, number in find_numbered(clip)] == list(range(12, 78))


@pytest.mark.parametrize("turn", ["90", "180", "270"])
def test_a_turned_film_stays_turned(tmp_path: Path, film: Path, turn: str) -> None:
    turned = tmp_path / "film.mp4"
    run_ffmpeg("-display_rotation", turn, "-i", film, "-c", "copy", turned)
    assert copy(turned, 0.5, 3) is None
    check(turned, 0.5, 3)
    matrices = []
    for path in (turned, turned.with_name("clip.mp4")):
        with av.open(str(path)) as container:
            side_data: Any = next(container.decode(video=0)).side_data
            matrices.append(bytes(side_data["DISPLAYMATRIX"]))
    assert matrices[0] == matrices[1]


def test_lengths_of_two_bytes_become_four(tmp_path: Path, film: Path) -> None:
    short = rewrite(film, tmp_path / "film.mp4", length_size=2)
    assert copy(short, 0.5, 3) is None
    clip = short.with_name("clip.mp4")
    assert [number for *_, number in find_numbered(clip)] == list(range(12, 75))


def test_a_film_that_holds_more_pictures_back_than_it_must_is_exact(
    tmp_path: Path, film: Path
) -> None:
    """Encoders in cameras often say four, or sixteen."""

    def say_four(bits: str, sps: h264.Sps) -> str:
        return bits[: sps.limits_at] + "00101" * 2

    patient = rewrite(film, tmp_path / "film.mp4", sps=sps_bits(say_four))
    with av.open(str(patient)) as container:
        extradata = container.streams.video[0].codec_context.extradata or b""
        assert h264.parse_avcc(extradata).sps.limits == (4, 4)
    for start, end in ((0.5, 3), (0.44, 2.2), (0, 2.1)):
        assert copy(patient, start, end) is None
        check(patient, start, end)


# --- Sound ---------------------------------------------------------------------------------


def samples_of(path: Path) -> NDArray[Any]:
    raw = run_ffmpeg("-i", path, "-vn", "-f", "f32le", "-ac", "1", "-ar", "48000", "-")
    return np.frombuffer(raw, np.float32)


def test_sound_is_that_of_the_span_and_in_step(tmp_path: Path, film: Path) -> None:
    """Noise that is never twice the same: the place where it fits best is where it belongs."""
    noisy = tmp_path / "film.mp4"
    run_ffmpeg(
        "-i", film, "-f", "lavfi", "-i", "anoisesrc=d=4:a=0.3:seed=5:r=44100", "-map", "0:v",
        "-map", "1:a", "-c:v", "copy", "-c:a", "aac", "-b:a", "256k", noisy,
    )  # fmt: skip
    whole = samples_of(noisy)
    for start, end in ((0, 3.1), (0.44, 2.2), (1.2, 3.96)):
        assert copy(noisy, start, end) is None
        part = samples_of(noisy.with_name("clip.mp4"))
        length = end - max(number / 25 for number in range(100) if number / 25 <= start)
        assert -0.001 < len(part) / 48000 - length < 0.022
        middle = part[24000:48000]
        shifts = range(-960, 961)
        begin = round(start * 48000) + 24000
        best = max(shifts, key=lambda shift: float(whole[begin + shift :][: len(middle)] @ middle))
        assert abs(best) < 480


def test_sound_from_outside_the_marks_is_not_in_the_clip(tmp_path: Path, film: Path) -> None:
    """It is loud before and after, and silent between."""
    loud = tmp_path / "film.mp4"
    run_ffmpeg(
        "-i", film, "-f", "lavfi", "-i",
        "anoisesrc=d=4:a=0.9:seed=5,volume=0:enable='between(t,1,3)'",
        "-map", "0:v", "-map", "1:a", "-c:v", "copy", "-c:a", "aac", loud,
    )  # fmt: skip
    assert copy(loud, Fraction(26, 25), Fraction(73, 25)) is None
    assert np.abs(samples_of(loud.with_name("clip.mp4"))).max() < 0.01


def test_a_film_without_sound_and_a_muted_clip_have_none(tmp_path: Path, film: Path) -> None:
    silent = tmp_path / "film.mp4"
    run_ffmpeg("-i", film, "-c", "copy", "-an", silent)
    for source, more in ((silent, {}), (film, {"sound": "mute"})):
        assert copy(source, 0.5, 3, **more) is None
        with av.open(str(source.with_name("clip.mp4"))) as container:
            assert [stream.type for stream in container.streams] == ["video"]


def test_levelled_sound_is_as_loud_as_it_should_be(film: Path) -> None:
    assert copy(film, 0, 4, sound="level") is None
    level = np.sqrt(np.mean(samples_of(film.with_name("clip.mp4")) ** 2))
    assert 0.06 < level < 0.25


# --- Nothing else --------------------------------------------------------------------------


def test_nothing_is_in_the_file_but_pictures_and_sound(tmp_path: Path, film: Path) -> None:
    """No settings of encoders, no notes of cameras, no dates, no titles."""
    told = tmp_path / "film.mp4"
    run_ffmpeg(
        "-i", film, "-c", "copy", "-metadata", f"title={PLANTED}", "-metadata:s:v",
        f"handler_name={PLANTED}", "-metadata", "creation_time=2026-09-12T17:31:08Z",
        "-bsf:v", f"h264_metadata=sei_user_data={USER_DATA}", "-timecode", "01:02:03:04", told,
    )  # fmt: skip
    assert b"Mia inside" in told.read_bytes()
    assert b"x264" in told.read_bytes()
    assert copy(told, 0.46, 3) is None
    check(told, 0.46, 3)
    clip = told.with_name("clip.mp4")
    content = clip.read_bytes()
    for word in (b"Mia", b"x264", b"Lavf", b"Lavc", b"2026", struct.pack(">I", 3_871_993_868)):
        assert word not in content, word
    kinds = {unit[0] & 0x1F for _, units in packets_of(clip) for unit in units}
    assert kinds == {h264.SLICE, h264.IDR_SLICE}
    with av.open(str(clip)) as container:
        assert [stream.type for stream in container.streams] == ["video", "audio"]


def test_no_other_picture_s_bytes_are_in_the_file(film: Path) -> None:
    """Not even where no player looks."""
    assert copy(film, 0.46, 3) is None
    content = film.with_name("clip.mp4").read_bytes()
    other = [units for at, units in packets_of(film) if not Fraction(11, 25) <= at < 3]
    assert other
    for unit in itertools.chain.from_iterable(other):
        assert unit[0] & 0x1F not in (1, 5) or unit[: max(16, len(unit) // 2)] not in content


# --- What is not copied --------------------------------------------------------------------


WHY: dict[str, tuple[str, str, tuple[str, ...], dict[str, Any]]] = {
    "open groups": ("decoded by itself", "keyint=12:open-gop=1:bframes=3:b-adapt=0", (), {}),
    "rolling refresh": ("decoded by itself", "keyint=12:intra-refresh=1:bframes=0", (), {}),
    "long groups": ("a quarter", "keyint=60:scenecut=0", (), {}),
    "interlaced": ("progressive", "keyint=12:tff=1", (), {}),
    "ten bits": ("8-bit", "keyint=12", ("-pix_fmt", "yuv420p10le"), {}),
    "4:4:4": ("4:2:0", "keyint=12", ("-pix_fmt", "yuv444p"), {}),
    "full range": ("BT.709|8-bit", "keyint=12:fullrange=on", (), {}),
    "BT.601": ("BT.709", "keyint=12:colormatrix=smpte170m:colorprim=smpte170m", (), {}),
    "untold colours": (
        "BT.709", "keyint=12:colormatrix=undef:colorprim=undef:transfer=undef", (), {},
    ),
    "narrow pixels": ("square", "keyint=12:sar=8/9", (), {}),
    "own scaling lists": ("8-bit|rare", "keyint=12:cqm=jvt", (), {}),
    "stereo": ("changed for showing", "keyint=12:frame-packing=3", (), {}),
}  # fmt: skip


@pytest.mark.parametrize("name", WHY)
def test_a_film_that_cannot_be_copied_exactly_is_not(tmp_path: Path, name: str) -> None:
    """The reason is told, and nothing is left."""
    why, x264, options, shape = WHY[name]
    film = draw(tmp_path / "film.mp4", x264, *options, **shape)
    reason = copy(film, 0.5, 2.5)
    assert re.search(why, reason or "copied"), reason
    assert not film.with_name("clip.mp4").exists()


def test_a_clip_that_a_player_could_not_jump_about_in_is_not_copied(tmp_path: Path) -> None:
    """Every jump would decode it from its beginning."""
    film = draw(tmp_path / "film.mp4", "keyint=600:scenecut=0", seconds=16, sound=False)
    assert "too far apart" in str(copy(film, 0, 15))
    assert copy(film, 0, 11) is None
    assert check(film, 0, 11) <= 2


def test_open_groups_are_copied_only_from_where_decoding_can_begin(tmp_path: Path) -> None:
    """Pictures at the head of an open group are decoded from those before it."""
    options = "keyint=12:open-gop=1:bframes=3:b-adapt=0"
    film = draw(tmp_path / "film.mp4", options, sound=False)
    assert copy(film, 0, 3.5) is None
    check(film, 0, 3.5)
    with av.open(str(film.with_name("clip.mp4"))) as container:
        keys = [packet.pts for packet in container.demux(video=0) if packet.is_keyframe]
    assert keys[0] == 0
    assert len(keys) <= 2


def test_other_containers_and_codecs_are_not_copied(tmp_path: Path, film: Path) -> None:
    for name, options in {"film.mkv": ["-c", "copy"], "film.ts": ["-c", "copy"],
                          "film.mov": ["-c:v", "mpeg4", "-an"]}.items():  # fmt: skip
        run_ffmpeg("-i", film, *options, tmp_path / name)
        assert re.search("mp4", copy(tmp_path / name, 0.5, 2.5) or "copied")


def test_a_film_that_was_shortened_by_an_edit_list_is_exact_or_not_copied(
    tmp_path: Path, film: Path
) -> None:
    """Phones shorten a film so: what is cut off stays in the file, hidden."""
    edited = tmp_path / "film.mp4"
    run_ffmpeg("-ss", "0.7", "-i", film, "-c", "copy", edited)
    assert "shortened" in str(copy(edited, 0, 2.5))
    assert copy(edited, 0.9, 2.9) is None
    check(edited, 0.9, 2.9)


def test_a_film_in_fragments_is_exact(tmp_path: Path, film: Path) -> None:
    pieces = tmp_path / "film.mp4"
    run_ffmpeg("-i", film, "-c", "copy", "-movflags", "frag_keyframe+empty_moov", pieces)
    assert copy(pieces, 0.5, 3) is None
    check(pieces, 0.5, 3)


def say_nothing(bits: str, sps: h264.Sps) -> str:
    """Returns a parameter set of x264 that does not say how many pictures it holds back."""
    before = bits[: sps.limits_at]
    # A yes, a flag, two noughts, and how far blocks move, twice alike.
    movements = (f"{'0' * 3}{number + 1:b}" for number in range(7, 15))
    end = next(one * 2 for one in movements if before.endswith("1111" + one * 2))
    return before[: -len(end) - 4] + "0"


def test_a_film_that_does_not_say_how_it_is_reordered_is_not_copied(
    tmp_path: Path, film: Path
) -> None:
    """Decoders would have to guess, and guess anew after what was encoded again."""
    vague = rewrite(film, tmp_path / "film.mp4", sps=sps_bits(say_nothing))
    assert [number for *_, number in find_numbered(vague)] == list(range(100))
    assert "reordered" in str(copy(vague, 0.5, 3))


def test_a_film_that_is_not_reordered_need_not_say_so(tmp_path: Path) -> None:
    """Many phones' films: each picture is shown as it comes."""
    plain = draw(tmp_path / "plain.mp4", "keyint=12:bframes=0", sound=False)
    silent = rewrite(plain, tmp_path / "film.mp4", sps=sps_bits(say_nothing))
    for start, end in ((0.5, 3), (0.44, 2.2)):
        assert copy(silent, start, end) is None
        check(silent, start, end)


@pytest.mark.parametrize(
    ("why", "changed"),
    [
        ("parameter sets change", lambda unit: [bytes([0x68, 0xEB, 0xE3, 0xCB, 0x22, 0xC0]), unit]),
        ("more than plain", lambda unit: [bytes([0x0A, 0x80]), unit]),
        ("changed for showing", lambda unit: [bytes([6, 47, 1, 0x55, 0x80]), unit]),
        ("rare way", lambda unit: [unit, unit]),
    ],
)
def test_what_is_not_understood_inside_is_not_copied(
    tmp_path: Path, film: Path, why: str, changed: Callable[[bytes], list[bytes]]
) -> None:
    odd = rewrite(
        film, tmp_path / "film.mp4",
        unit=lambda number, one: changed(one) if number == 40 and one[0] & 31 in (1, 5) else [one],
    )  # fmt: skip
    times = [Timecode(at) for at, _, _ in due_in(find_numbered(film), Fraction(1, 2), Fraction(3))]
    reason = copy_clip(odd, times, SPAN, tmp_path / "clip.mp4")
    assert why in str(reason)
    assert not (tmp_path / "clip.mp4").exists()


def test_pictures_that_are_not_there_are_not_made_up(film: Path) -> None:
    times = [Timecode(Fraction(number, 25)) for number in range(12, 75)]
    clip = film.with_name("clip.mp4")
    assert copy_clip(film, times, SPAN, clip) is None
    for wrong in (times[:-1], times[:9] + times[10:], [], [Timecode(Fraction(1, 7)), *times]):
        assert "other pictures" in str(copy_clip(film, wrong, SPAN, clip))
        assert not clip.exists()


@pytest.mark.parametrize("seed", range(12))
def test_a_damaged_film_does_no_harm(tmp_path: Path, film: Path, seed: int) -> None:
    """It is copied with its damage, or not at all."""
    rng = random.Random(seed)
    content = bytearray(film.read_bytes())
    for _ in range(20):
        content[rng.randrange(len(content))] = rng.randrange(256)
    damaged = tmp_path / "film.mp4"
    damaged.write_bytes(content)
    times = [Timecode(Fraction(number, 25)) for number in range(11, 75)]
    reason = copy_clip(damaged, times, SPAN, tmp_path / "clip.mp4")
    assert (reason is None) == (tmp_path / "clip.mp4").exists()


def test_nothing_is_left_when_it_is_broken_off(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = film.with_name("clip.mp4")

    def stop(*_: object) -> None:
        assert clip.exists()
        raise KeyboardInterrupt("enough")

    monkeypatch.setattr("vigbook.film.smart_cut._check", stop)
    with pytest.raises(KeyboardInterrupt, match="enough"):
        copy(film, 0.5, 3)
    assert not clip.exists()
