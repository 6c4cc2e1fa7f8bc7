"""The process that reads films: what a film may not make it do, and what stays when it falls."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import textwrap
import time
import zlib
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import pytest
from awkward import Box
from families import vigbook_command
from films import draw_film, frames_of, numbers_in, paint_number, read_number, run_ffmpeg

from vigbook.case.models import Clip
from vigbook.errors import CutError, FilmError
from vigbook.film.ffmpeg import input_options
from vigbook.film.ffmpeg import run_ffmpeg as run_under_limits
from vigbook.film.film import Film, open_film
from vigbook.film.media import build_media
from vigbook.film.previews import make_filmstrip, make_proxy, make_waveform
from vigbook.film.reader import Reader
from vigbook.system.limits import Limits
from vigbook.timecode import Span, Timecode

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc")

SIZE = (240, 136)
SECRET = 3000  # the frames of what no film may reach tell numbers from here on
PATIENCE_S = 30
MOST_KB = 250_000  # what reading a small film takes, four times over


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds at 25 frames a second."""
    return draw_film(tmp_path_factory.mktemp("films") / "film.mp4", seconds=2, size=SIZE)


@pytest.fixture
def reader() -> Iterator[Reader]:
    """A process that reads films, which gives up soon."""
    with Reader(Limits(seconds=10)) as process:
        yield process


def build(film: Film, folder: Path) -> list[int]:
    """Cuts a second out of a film, and returns the numbers that its frames tell."""
    clip = Clip.model_validate(
        {
            "id": "clip-1",
            "start": Timecode(Fraction(0)),
            "end": Timecode(Fraction(1)),
            "stills": [{"at": Timecode(Fraction(1, 2))}],
        }
    )
    build_media(film, "film.mp4", [clip], folder)
    return numbers_in(folder / "clip-1.mp4")


def is_running(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False


def children(pid: int | str = "self") -> set[int]:
    """Returns the processes that a process started and that still run, but for a browser's."""
    found: set[int] = set()
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            found |= {int(one) for one in (task / "children").read_text().split()}
    return {one for one in found if is_running(one) and not drives_browser(one)}


def drives_browser(pid: int) -> bool:
    """Whether a process is Playwright's, which stays for all tests that need a browser."""
    with contextlib.suppress(OSError):
        return b"playwright" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def wait_for(what: Callable[[], object], seconds: float = PATIENCE_S) -> bool:
    """Whether something comes to be true in good time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if what():
            return True
        time.sleep(0.02)
    return bool(what())


def most_kb(pid: int) -> int:
    """Returns the most memory that a process ever held."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1])


# --- No film makes us read anything else ----------------------------------------------------


@dataclasses.dataclass(frozen=True, slots=True)
class Around:
    """What a film may try to reach: another film, a pipe, and a server on this machine."""

    folder: Path
    server: socket.socket

    @property
    def targets(self) -> dict[str, str]:
        port = self.server.getsockname()[1]
        return {
            "film": str(self.folder / "secret.ts"),
            "file:": f"file://{self.folder}/secret.ts",
            "pipe": str(self.folder / "pipe.ts"),
            "http": f"http://127.0.0.1:{port}/secret.ts",
            "tcp": f"tcp://127.0.0.1:{port}",
            "data": "data:video/mp2t;base64,"
            + base64.b64encode((self.folder / "secret.ts").read_bytes()).decode(),
        }

    def reached(self) -> list[str]:
        """Returns which of them somebody is reading, or has asked for."""
        found = []
        with contextlib.suppress(BlockingIOError):
            self.server.accept()[0].close()
            found.append("server")
        with contextlib.suppress(OSError):  # nobody has it open
            os.close(os.open(self.folder / "pipe.ts", os.O_WRONLY | os.O_NONBLOCK))
            found.append("pipe")
        return found


@pytest.fixture(scope="module")
def around(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Around]:
    folder = tmp_path_factory.mktemp("elsewhere")
    with av.open(str(folder / "secret.mp4"), "w") as out:
        video = out.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = *SIZE, "yuv420p"
        video.options = {"preset": "ultrafast", "g": "10"}
        for number in range(50):
            picture = paint_number(SECRET + number, *SIZE)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
    for name in ("secret.ts", "secret.mkv"):
        run_ffmpeg("-i", folder / "secret.mp4", "-c", "copy", folder / name)
    os.mkfifo(folder / "pipe.ts")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield Around(folder, server)


def _playlist(target: str) -> str:
    return (
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n"
        f"#EXTINF:2,\n{target}\n#EXT-X-ENDLIST\n"
    )


def _master_playlist(target: str) -> str:
    return f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=9000\n{target}\n"


def _locked_playlist(target: str) -> str:
    return _playlist(target).replace(
        "#EXTINF", f'#EXT-X-KEY:METHOD=AES-128,URI="{target}"\n#EXTINF'
    )


def _concat_script(target: str) -> str:
    return f"ffconcat version 1.0\nfile '{target}'\nduration 2\n"


def _dash(target: str) -> str:
    return (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        'mediaPresentationDuration="PT2S"><Period><AdaptationSet mimeType="video/mp4">'
        f'<Representation id="1" bandwidth="9000"><BaseURL>{target}</BaseURL></Representation>'
        "</AdaptationSet></Period></MPD>"
    )


def _session(target: str) -> str:
    port = re.search(r":(\d+)", target)
    return (
        "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=film\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        f"a=control:{target}\r\nm=video {port[1] if port else 9} RTP/AVP 33\r\n"
    )


def _drawing(target: str) -> str:
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="240" height="136"><image xlink:href="{target}" width="240" height="136"/></svg>'
    )


def _reference(target: str) -> str:
    return f"[Reference]\r\nRef1={target}\r\n"


def _subtitles(target: str) -> str:
    return f"# VobSub index file, v7 (do not modify this line!)\nid: en, index: 0\n# {target}\n"


SCRIPTS: dict[str, Callable[[str], str]] = {
    "playlist": _playlist,
    "playlist of playlists": _master_playlist,
    "playlist with a key": _locked_playlist,
    "concat script": _concat_script,
    "DASH": _dash,
    "session description": _session,
    "drawing": _drawing,
    "reference": _reference,
    "subtitles": _subtitles,
}


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=list(SCRIPTS))
def test_what_only_names_a_film_is_none_and_nothing_it_names_is_read(
    tmp_path: Path, around: Around, reader: Reader, script: Callable[[str], str]
) -> None:
    """Whatever it is called, wherever it points: another film, a pipe, a server, data in it."""
    for suffix in (".mp4", ".mov", ".mkv", ".ts"):
        for target in around.targets.values():
            path = tmp_path / f"film{suffix}"
            path.write_text(script(target))
            for look in (
                Film.probe,
                lambda film: film.find_frames([Timecode(Fraction(0))]),
                lambda film: build(film, tmp_path / "media"),
            ):
                with pytest.raises(FilmError, match=": is not a film that can be read; "):
                    look(Film(path, reader))
    assert around.reached() == []
    assert not (tmp_path / "media" / "clip-1.mp4").exists()


@pytest.mark.parametrize("target", ["film", "file:", "pipe", "http", "tcp", "data"])
@pytest.mark.parametrize("script", [_playlist, _concat_script], ids=["playlist", "concat script"])
def test_nor_does_what_cuts_clips_read_it(
    tmp_path: Path, around: Around, script: Callable[[str], str], target: str
) -> None:
    path, out = tmp_path / "film.mp4", tmp_path / "clip.mp4"
    path.write_text(script(around.targets[target]))
    with pytest.raises(CutError, match="could not be cut"):
        run_under_limits([*input_options(path, "mov"), "-c", "copy"], out, "clip", Fraction(1))
    assert around.reached() == []
    assert not out.exists()


def test_without_our_care_these_traps_would_catch(tmp_path: Path, around: Around) -> None:
    """The films above are made as they should be: others do read what they name."""
    for name, text, options in (
        ("a.m3u8", _playlist, ["-extension_picky", "0"]),
        ("a.mp4", _concat_script, ["-safe", "0"]),
    ):
        (tmp_path / name).write_text(text(around.targets["film"]))
        run_ffmpeg(*options, "-i", tmp_path / name, "-c", "copy", tmp_path / "out.ts")
        assert min(numbers_in(tmp_path / "out.ts")) == SECRET
    shutil.copy(around.folder / "secret.mp4", tmp_path / "secret.mp4")
    for target in ("beside it", "by its whole path"):
        hollow_film(tmp_path / "b.mov", around, target)
        options = ["-enable_drefs", "1", "-use_absolute_path", "1"]
        run_ffmpeg(*options, "-i", tmp_path / "b.mov", "-c", "copy", tmp_path / "out.ts")
        assert min(numbers_in(tmp_path / "out.ts")) == SECRET


def hollow_film(path: Path, around: Around, where: str) -> None:
    """Writes a film whose index says that its pictures lie elsewhere, and that alone."""
    content = (around.folder / "secret.mp4").read_bytes()
    start = content.rindex(b"moov") - 4
    (moov,) = Box.parse(content[start:])
    target = str(around.folder / "secret.mp4").encode()
    if where in around.targets:
        entry = Box(b"url ", bytes(4) + around.targets[where].encode() + b"\0")
    else:
        levels = 1 if where == "beside it" else 0
        name = b"secret.mp4"
        target += b"\0" * (len(target) % 2)
        # An alias of the classic Macintosh: names, how far up and down, and the whole path.
        alias = (
            bytes(10) + bytes(28) + bytes(12) + bytes([len(name)]) + name.ljust(63, b"\0")
            + bytes(16) + struct.pack(">HH", levels, levels) + bytes(16)
            + struct.pack(">HH", 2, len(target)) + target + struct.pack(">HH", 0xFFFF, 0)
        )  # fmt: skip
        entry = Box(b"alis", bytes(4) + alias)
    references = Box(b"dref", struct.pack(">II", 0, 1) + entry.written())
    moov.track(b"vide").find(b"mdia", b"minf", b"dinf").body = references.written()
    # Of its own it has nothing.
    head = content.index(b"mdat") + 4
    path.write_bytes(content[:head] + bytes(start - head) + moov.written())


@pytest.mark.parametrize("suffix", ["mov", "mp4"])
@pytest.mark.parametrize(
    "where", ["beside it", "by its whole path", "film", "file:", "http", "tcp", "pipe", "data"]
)
def test_a_film_whose_pictures_lie_in_another_file_has_none(
    tmp_path: Path, around: Around, reader: Reader, suffix: str, where: str
) -> None:
    path, out = tmp_path / f"film.{suffix}", tmp_path / "clip.ts"
    hollow_film(path, around, where)
    shutil.copy(around.folder / "secret.mp4", tmp_path / "secret.mp4")
    with pytest.raises(FilmError, match=r"film\.m..: .*no picture in it can be decoded|cannot be"):
        Film(path, reader).probe()
    with pytest.raises(FilmError):
        Film(path, reader).find_frames([Timecode(Fraction(1))])
    with pytest.raises(FilmError):
        build(Film(path, reader), tmp_path / "media")
    with contextlib.suppress(CutError):
        run_under_limits([*input_options(path, "mov"), "-f", "mpegts"], out, "clip", Fraction(1))
    shown = numbers_in(out) if out.exists() and out.stat().st_size else []
    assert [number for number in shown if number >= SECRET] == []
    assert around.reached() == []


def _element(kind: int, content: bytes) -> bytes:
    """Returns an element of a Matroska file."""
    size = (0x10000000 | len(content)).to_bytes(4, "big")
    return kind.to_bytes((kind.bit_length() + 7) // 8, "big") + size + content


def test_a_film_that_says_how_it_goes_on_shows_only_itself(
    tmp_path: Path, film: Path, around: Around, reader: Reader
) -> None:
    """Matroska can link one file to the next."""
    path = tmp_path / "film.mkv"
    run_ffmpeg("-i", film, "-c", "copy", "-live", "1", path)
    shutil.copy(around.folder / "secret.mkv", tmp_path / "secret.mkv")
    content = path.read_bytes()
    start = content.rindex(b"\x15\x49\xa9\x66") + 4  # its first mention only says where it is
    width = 9 - content[start].bit_length()
    size = int.from_bytes(content[start : start + width], "big") ^ 1 << 7 * width
    info = content[start + width : start + width + size]
    info += _element(0x3EB923, bytes(range(16))) + _element(0x3E83BB, b"secret.mkv")
    info += _element(0x3CB923, bytes(range(16))) + _element(0x3C83AB, b"secret.mkv")
    linked = content[: start - 4] + _element(0x1549A966, info) + content[start + width + size :]
    path.write_bytes(linked)
    linked_film = Film(path, reader)
    times = linked_film.list_frame_times(Span(Timecode(Fraction(0)), Timecode(Fraction(60))))
    shown = [read_number(one.picture) for one in linked_film.find_frames(times)]
    assert shown == list(range(50))
    assert build(linked_film, tmp_path / "media") == list(range(25))


@pytest.mark.parametrize("suffix", ["", "/film.mp4"])
def test_an_address_is_no_film(around: Around, reader: Reader, suffix: str) -> None:
    for target in ("http", "tcp", "data"):
        with pytest.raises(FilmError, match="the film is not there"):
            Film(Path(around.targets[target][:200] + suffix), reader).probe()
    with pytest.raises(FilmError, match="the film is not there"):
        Film(Path(around.targets["pipe"]), reader).probe()
    assert around.reached() == []


# --- What a film says of its size ------------------------------------------------------------


def _png(side: int) -> bytes:
    """Returns a black picture: a thousand times smaller than its pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)

    packer = zlib.compressobj(1)
    row = bytes(1 + 3 * side)
    # It breaks off: what it says of its size is enough to have memory taken for it.
    rows = b"".join(packer.compress(row) for _ in range(min(side, 500))) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def _change(path: Path, film: Path, change: Callable[[Box], object]) -> None:
    """Writes a film's copy with its index changed."""
    content = film.read_bytes()
    start = content.rindex(b"moov") - 4
    (moov,) = Box.parse(content[start:])
    change(moov)
    path.write_bytes(content[:start] + moov.written())


def _picture_in_film(path: Path, side: int, declared: int) -> None:
    """Writes a film of one PNG, and what its index says of the size."""
    small = path.with_name("small.mov")
    run_ffmpeg("-f", "lavfi", "-i", "color=size=64x64:rate=1:duration=1", "-c:v", "png", small)
    content = small.read_bytes()
    (moov,) = Box.parse(content[content.rindex(b"moov") - 4 :])
    head = content[: struct.unpack(">I", content[:4])[0]]
    picture = _png(side)
    table = moov.track(b"vide").find(b"mdia", b"minf", b"stbl")
    table.find(b"stsz").body = struct.pack(">III", 0, len(picture), 1)
    table.find(b"stco").body = struct.pack(">III", 0, 1, len(head) + 8)
    kinds = bytearray(table.find(b"stsd").body)
    at = kinds.index(b"png ") + 28
    kinds[at : at + 4] = struct.pack(">HH", declared, declared)
    table.find(b"stsd").body = bytes(kinds)
    film = struct.pack(">I4s", 8 + len(picture), b"mdat") + picture + moov.written()
    path.write_bytes(head + film)


def _bits(*fields: int | str) -> bytes:
    """Returns Exp-Golomb numbers and bits as they stand in a parameter set of H.264."""
    text = "".join(
        one if isinstance(one, str) else f"{one + 1:b}".rjust(2 * (one + 1).bit_length() - 1, "0")
        for one in fields
    )
    text += "1"
    text += "0" * (-len(text) % 8)
    return bytes(int(text[at : at + 8], 2) for at in range(0, len(text), 8))


def _huge_parameters(path: Path, film: Path, blocks: int) -> None:
    """Writes a film whose H.264 parameters say that it is so many blocks of 16 wide and high."""
    # Baseline, level 5.1, set 0; numbers of frames; one reference; the size; whole frames; no more.
    parameters = b"\x67\x42\x00\x33" + _bits(0, 0, 2, 1, "0", blocks - 1, blocks - 1, "1100")

    def change(moov: Box) -> None:
        kinds = moov.track(b"vide").find(b"mdia", b"minf", b"stbl", b"stsd")
        body = kinds.body
        at = body.index(b"avcC") - 4
        (size,) = struct.unpack(">I", body[at : at + 4])
        old = body[at + 8 : at + size]
        (length,) = struct.unpack(">H", old[6:8])
        new = old[:6] + struct.pack(">H", len(parameters)) + parameters + old[8 + length :]
        entry = body[12:at] + Box(b"avcC", new).written() + body[at + size :]
        kinds.body = body[:8] + struct.pack(">I", 4 + len(entry)) + entry

    _change(path, film, change)


def _many_samples(path: Path, film: Path, size: int) -> None:
    """Writes a film that says it has two thousand million frames."""

    def change(moov: Box) -> None:
        table = moov.track(b"vide").find(b"mdia", b"minf", b"stbl")
        table.boxes = [one for one in table.boxes or [] if one.kind not in (b"ctts", b"stss")]
        sizes = table.find(b"stsz")
        rest = b"" if size else sizes.body[12:]
        sizes.body = struct.pack(">III", 0, size, 0x7FFFFFFF) + rest
        table.find(b"stts").body = struct.pack(">IIII", 0, 1, 0x7FFFFFFF, 1)
        table.find(b"stsc").body = struct.pack(">IIIII", 0, 1, 1, 0x7FFFFFFF, 1)

    _change(path, film, change)


def _many_entries(path: Path, film: Path) -> None:
    """Writes a film whose tables say that they are as long as can be."""

    def change(moov: Box) -> None:
        table = moov.track(b"vide").find(b"mdia", b"minf", b"stbl")
        for one in table.boxes or []:
            if one.kind in (b"stts", b"ctts", b"stsc", b"stco", b"stss", b"stsd"):
                one.body = one.body[:4] + struct.pack(">I", 0x7FFFFFFF) + one.body[8:]

    _change(path, film, change)


HUGE: dict[str, Callable[[Path, Path], object]] = {
    "picture of 12,000 dots": lambda path, _: _picture_in_film(path, 12_000, 12_000),
    "picture of 12,000 dots that says 64": lambda path, _: _picture_in_film(path, 12_000, 64),
    "picture of 30,000 dots": lambda path, _: _picture_in_film(path, 30_000, 30_000),
    "parameters of 16,384 dots": lambda path, film: _huge_parameters(path, film, 1024),
    "parameters of 130,000 dots": lambda path, film: _huge_parameters(path, film, 8192),
    "frames without end": lambda path, film: _many_samples(path, film, 0),
    "frames of one size without end": lambda path, film: _many_samples(path, film, 1),
    "tables without end": _many_entries,
}


@pytest.mark.parametrize("write", HUGE.values(), ids=list(HUGE))
def test_a_film_that_says_it_is_huge_is_refused_at_once(
    tmp_path: Path, film: Path, write: Callable[[Path, Path], object]
) -> None:
    """Without taking the memory that it says it needs, and the next film is read as ever."""
    path = tmp_path / "film.mov"
    write(path, film)
    with Reader(Limits(seconds=20)) as reader:
        assert Film(film, reader).count_frames() == 50
        (before,) = children()
        huge = Film(path, reader)
        with pytest.raises(FilmError):
            huge.probe()
        with contextlib.suppress(FilmError):
            huge.count_frames()
        with pytest.raises(FilmError, match=r"^[^\n]+$"):
            build(huge, tmp_path / "media")
        (after,) = children()
        assert (after, most_kb(after) < MOST_KB) == (before, True)
        assert Film(film, reader).count_frames() == 50


@pytest.mark.parametrize("at", [76, 80, 74])
def test_a_size_that_only_the_index_tells_is_not_believed(
    tmp_path: Path, film: Path, reader: Reader, at: int
) -> None:
    """The picture's own is."""

    def change(moov: Box) -> None:
        header = moov.track(b"vide").find(b"tkhd")
        header.body = header.body[:at] + b"\xff\xff\0\0" + header.body[at + 4 :]
        kinds = moov.track(b"vide").find(b"mdia", b"minf", b"stbl", b"stsd")
        kinds.body = kinds.body[:40] + b"\xff\xff\xff\xff" + kinds.body[44:]

    path = tmp_path / "film.mp4"
    _change(path, film, change)
    with contextlib.suppress(FilmError):  # it may be refused, too
        facts = Film(path, reader).probe()
        assert (facts.width, facts.height) == SIZE
    (pid,) = children()
    assert most_kb(pid) < MOST_KB


def test_a_film_that_needs_too_much_memory_is_told_and_the_next_is_read(
    tmp_path: Path, film: Path
) -> None:
    path = tmp_path / "film.mov"
    _picture_in_film(path, 8000, 8000)
    with Reader(Limits(seconds=60, memory_bytes=450 * 1024**2)) as reader:
        assert Film(film, reader).count_frames() == 50
        with pytest.raises(FilmError, match=r"memory|stop|decoded") as caught:
            Film(path, reader).find_frames([Timecode(Fraction(0))])
        assert len(caught.value.problems) == 1
        assert Film(film, reader).count_frames() == 50


# --- The process and its end -----------------------------------------------------------------


@pytest.fixture(scope="module")
def endless_film(tmp_path_factory: pytest.TempPathFactory, film: Path) -> Path:
    """A film that takes minutes to read: two hundred thousand million zeros follow its frames."""
    path = tmp_path_factory.mktemp("endless") / "film.mp4"
    run_ffmpeg("-i", film, "-an", "-c", "copy", "-bsf:v", "h264_mp4toannexb", "-f", "h264", path)
    with path.open("r+b") as file:
        file.truncate(200_000_000_000)  # and takes no room on the disk
    return path


def test_a_film_that_takes_too_long_is_told_and_the_next_is_read(
    film: Path, endless_film: Path
) -> None:
    with Reader(Limits(seconds=2)) as reader:
        begin = time.monotonic()
        with pytest.raises(FilmError, match="takes far too long to read") as caught:
            Film(endless_film, reader).count_frames()
        assert time.monotonic() - begin < PATIENCE_S
        assert "\n" not in str(caught.value)
        assert Film(film, reader).count_frames() == 50


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
def test_a_process_that_falls_is_told_in_one_line_and_the_next_request_works(
    film: Path, blow: signal.Signals
) -> None:
    times = [Timecode(Fraction(number, 25)) for number in range(50)]
    with open_film(film) as opened:
        shown = opened.iter_frames(times)
        assert read_number(next(shown).picture) == 0
        (pid,) = children()
        os.kill(pid, blow)
        with pytest.raises(FilmError, match=r"^[^\n]*film\.mp4: made the program that reads films"):
            list(shown)
        assert len(opened.find_frames(times)) == 50
        assert pid not in children()


def test_a_process_that_fell_between_two_requests_is_told_of_once(film: Path) -> None:
    with open_film(film) as opened:
        assert opened.count_frames() == 50
        (pid,) = children()
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not is_running(pid))
        with contextlib.suppress(FilmError):
            opened.count_frames()
        assert opened.count_frames() == 50


def test_frames_that_nobody_waits_for_any_more_are_not_read_on(film: Path) -> None:
    times = [Timecode(Fraction(number, 25)) for number in range(50)]
    with open_film(film) as opened:
        shown = opened.iter_frames(times)
        next(shown)
        shown.close()  # type: ignore[attr-defined]
        assert children() == set()
        again = [read_number(one.picture) for one in opened.find_frames(times[:3])]
        assert again == [0, 1, 2]
    assert children() == set()


def test_no_process_stays_after_the_work(film: Path, tmp_path: Path) -> None:
    with open_film(film) as opened:
        opened.probe()
    with open_film(film) as opened:
        build(opened, tmp_path)
    with pytest.raises(FilmError), open_film(tmp_path / "not there.mp4") as missing:
        missing.probe()
    assert children() == set()


def run_python(code: str, *arguments: str | Path) -> subprocess.Popen[str]:
    """Starts a program of its own."""
    command = [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


ASKS = """
    import sys
    from pathlib import Path
    from vigbook.film.film import Film
    from vigbook.film.reader import Limits, Reader
    reader = Reader(Limits(seconds=5))
    Film(Path(sys.argv[1]), reader).count_frames()
    print("ready", flush=True)
    if len(sys.argv) > 2:
        Film(Path(sys.argv[2]), reader).count_frames()
    sys.stdin.read()
"""


@pytest.mark.parametrize("busy", [False, True])
def test_when_the_program_is_killed_its_process_ends_by_itself(
    film: Path, endless_film: Path, busy: bool
) -> None:
    """At once if it has nothing to do, and at the latest when its time is over."""
    with run_python(ASKS, film, *([endless_film] if busy else [])) as program:
        assert program.stdout
        assert program.stdout.readline() == "ready\n"
        (pid,) = children(program.pid)
        program.kill()
        program.wait()
        assert wait_for(lambda: not is_running(pid), 20 if busy else 5)


def test_ctrl_c_ends_the_command_in_one_line_and_leaves_no_process(endless_film: Path) -> None:
    command = [*vigbook_command(), "film", str(endless_film)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as program:
        assert wait_for(lambda: children(program.pid))
        (pid,) = children(program.pid)
        time.sleep(1)  # it is reading by now, or soon: either must do
        os.killpg(program.pid, signal.SIGINT)
        said = program.communicate(timeout=PATIENCE_S)
    assert program.returncode == 1
    stopped = "Stopped. Nothing is half-written; run the same command again to go on.\n"
    assert said == ("", stopped)
    assert wait_for(lambda: not is_running(pid), 5)


def test_no_core_file_is_left_of_what_was_in_its_memory(tmp_path: Path, film: Path) -> None:
    code = """
        import os, resource, signal, sys
        from pathlib import Path
        os.chdir(sys.argv[1])
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
        from vigbook.film.film import Film
        from vigbook.film.reader import Reader
        reader = Reader()
        Film(Path(sys.argv[2]), reader).count_frames()
        (child,) = Path("/proc/self/task", str(os.getpid()), "children").read_text().split()
        print(Path("/proc", child, "limits").read_text())
        os.kill(int(child), signal.SIGSEGV)
        print(os.waitpid(int(child), 0)[1] & 0x80)
    """
    with run_python(code, tmp_path, film) as program:
        said, wrong = program.communicate(timeout=PATIENCE_S)
    assert wrong == ""
    assert re.search(r"Max core file size +0 ", said)
    assert re.search(r"Max file size +0 ", said)
    assert said.splitlines()[-1] == "0"  # the system says that no core was written
    assert list(tmp_path.iterdir()) == []


# --- Where it is run -------------------------------------------------------------------------


@pytest.fixture
def strange_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder full of programs named like our libraries, in which the command is run."""
    place = tmp_path / "place"
    program = "import pathlib\npathlib.Path(__file__ + '.was-run').write_text('')\n"
    for name in ("av", "numpy", "PIL", "vigbook", "fractions", "json", "faulthandler", "resource"):
        (place / name).mkdir(parents=True)
        (place / name / "__init__.py").write_text(program)
        (place / f"{name}.py").write_text(program)
    (place / "vigbook" / "film").mkdir()
    for name in ("__init__", "reader"):
        (place / "vigbook" / "film" / f"{name}.py").write_text(program)
    (place / "start.py").write_text(program)
    monkeypatch.setenv("PYTHONSTARTUP", str(place / "start.py"))
    monkeypatch.chdir(place)
    return place


def test_no_program_that_lies_about_is_run(strange_place: Path, film: Path) -> None:
    shutil.copy(film, strange_place / "film.mp4")
    with open_film(Path("film.mp4")) as opened:
        assert opened.count_frames() == 50
    command = [*vigbook_command(), "film", "film.mp4"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout.splitlines()[0][:19]) == (0, "film.mp4: It is 2 s")
    assert list(strange_place.rglob("*.was-run")) == []


@pytest.mark.parametrize(
    "variable",
    [
        "PYTHONINSPECT=1", "PYTHONVERBOSE=1", "PYTHONPROFILEIMPORTTIME=1", "PYTHONMALLOCSTATS=1",
        "PYTHONFAULTHANDLER=1", "PYTHONUTF8=0", "PYTHONIOENCODING=ascii", "PYTHONWARNINGS=error",
        "LC_ALL=C", "VIGBOOK_DEBUG=1", "PYTHONOPTIMIZE=2", "PYTHONDEVMODE=1",
    ],
)  # fmt: skip
def test_what_python_is_told_elsewhere_does_no_harm(
    tmp_path: Path, film: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    named = tmp_path / "Åse's film.mp4"
    shutil.copy(film, named)
    monkeypatch.setenv(*variable.split("="))
    with open_film(named) as opened:
        assert opened.count_frames() == 50
        with pytest.raises(FilmError, match="Åse's film"):
            opened.beside(named.with_suffix(".mov")).probe()
    assert children() == set()


def test_what_a_library_prints_does_not_get_among_the_answers(
    tmp_path: Path, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even if it writes past Python."""
    noise = """
        import os, sys
        def print_something(event, details):
            if event == "import" and details[0] == "resource":
                sys.addaudithook(print_more)
        def print_more(event, details):
            if event in ("open", "fcntl.fcntl"):
                os.write(1, b"Hello from a library\\n")
        sys.addaudithook(print_something)
    """
    (tmp_path / "sitecustomize.py").write_text(textwrap.dedent(noise))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with open_film(film) as opened:
        for _ in range(3):
            assert opened.count_frames() == 50
        times = [Timecode(Fraction(number, 25)) for number in range(50)]
        shown = [read_number(one.picture) for one in opened.find_frames(times)]
    assert shown == list(range(50))


# --- What a film is called -------------------------------------------------------------------

NAMES = [
    b"it's \"quoted\".mp4", b"100%d %s %%.mp4", b"two\nlines.mp4", b"caf\xe9 \xff.mp4", b"-i.mp4",
    b"\xe2\x80\xae4pm.mp4", b'{"do": "probe"}\n.mp4', b"a,b;c|d&e.mp4", b"\x01\x1b[2J.mp4",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_only_a_name(tmp_path: Path, film: Path, reader: Reader, name: bytes) -> None:
    """Even one that is no text, as on an old camera's card."""
    path = Path(os.fsdecode(bytes(tmp_path) + b"/" + name))
    shutil.copy(film, path)
    named = Film(path, reader)
    assert named.probe().width == SIZE[0]
    (shown,) = named.find_frames([Timecode(Fraction(1))])
    assert read_number(shown.picture) == 25
    assert build(named, tmp_path / "media") == list(range(25))
    folder = tmp_path / "aids"
    assert [number for _, number in frames_of(make_proxy(named, "0" * 64, folder))] == [*range(50)]
    assert len(make_filmstrip(named, "0" * 64, folder, 2).times) == 2
    assert len(make_waveform(named, "0" * 64, folder).levels) >= 40
    missing = Path(str(path) + ".gone")
    with pytest.raises(FilmError, match=r"^[^\n]+: the film is not there; [^\n]+$"):
        Film(missing, reader).probe()
