"""What a film tells of people, places and days beside its pictures and sound goes nowhere.

Films are drawn that tell it wherever a film can; then every byte of every file that vigbook makes
of them is searched for it.
"""

from __future__ import annotations

import datetime
import json
import re
import shutil
import struct
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import av
import pytest
from awkward import Box
from families import CASE, CYCLE, run_vigbook, vigbook_command, write_family
from films import draw_film, run_ffmpeg
from PIL import Image
from pypdf import PdfReader
from pypdf.generic import IndirectObject, StreamObject

from vigbook.film.film import open_film
from vigbook.film.previews import make_filmstrip, make_proxy, make_waveform
from vigbook.system.atomic import sha256_of

TAKEN = datetime.datetime(2019, 7, 14, 16, 31, 8, tzinfo=datetime.UTC)
DAY = "2019-07-14"

# What phones write under keys, and what people do.
KEYS = {
    "com.apple.quicktime.location.ISO6709": "+50.9971-001.3355+038.200/",
    "com.apple.quicktime.make": "Orchardphone",
    "com.apple.quicktime.model": "Orchard 15 Max",
    "com.apple.quicktime.software": "OrchardOS 19.4.1",
    "com.apple.quicktime.creationdate": f"{DAY}T17:31:08+0100",
    "com.apple.quicktime.content.identifier": "B2E1F4AA-77C0-4D0E-9E51-0A4C7D8E6F21",
    "com.orchard.serial": "SN-QX77813",
    "com.android.capture.fps": "240.987654",
    "title": "Kestrel at bedtime",
    "artist": "Wilhelmina Quarles",
    "comment": "call 07700 900123",
}
TAGS = {
    "title": "Kestrel and the spoon",
    "artist": "Wilhelmina Quarles",
    "album": "Quarles family films",
    "comment": "call 07700 900123",
    "description": "case 4711/19",
    "synopsis": "second visit to Sycamore Cottage",
    "copyright": "Quarles and Tolliver",
    "composer": "Tolliver Quarles",
    "keywords": "bedtime-routine-kestrel",
    "location": "+50.9971-001.3355/",
    "make": "Orchardphone",
    "model": "Orchard 15 Max",
    "date": DAY,
}
STREAM_WORDS = {"picture": "Kestrel's own lens", "sound": "Tolliver's microphone"}
CHAPTERS = ("Otterbourne Lane 12", "Sycamore Cottage kitchen")
SPOKEN, MEASURED, STAMPED = "Goodnight, Kestrel", "GPS5 50.9971 -1.3355", "mebx place Otterbourne"
INSIDE = "Encoded by the Quarles phone"
COVER, COVER_WORDS = "Quarles holiday camera", "Kestrel on the swing"
BOXED, SLACK, WIDE = "Hursley Road 4", "left over from another film", "Thistledown Farm"
ATTACHED = "<trkpt lat='50.9971' lon='-1.3355'/>"


def as_written(word: str) -> set[bytes]:
    return {word.encode(), word.encode("utf-16-le"), word.encode("utf-16-be")}


def seconds_since(year: int) -> int:
    return int((TAKEN - datetime.datetime(year, 1, 1, tzinfo=datetime.UTC)).total_seconds())


MOMENTS = {
    "days since 1904": struct.pack(">I", seconds_since(1904)),
    "days since 1970": struct.pack(">I", seconds_since(1970)),
    "the other way round": struct.pack("<I", seconds_since(1970)),
    "days since 2001": struct.pack(">Q", seconds_since(2001) * 1_000_000_000),
}
# Degrees in 65,536ths, as in `loci`.
PLACES = {"latitude": struct.pack(">i", int(50.9971 * 65536)),
          "longitude": struct.pack(">i", int(-1.3355 * 65536))}  # fmt: skip


# --- Films that tell it wherever they can ---------------------------------------------------


def _details(folder: Path) -> dict[str, Path]:
    """Writes what is put into films: words, data, chapters, a cover, an attachment."""
    found = {}
    for name, words in (("words", SPOKEN), ("gps", MEASURED), ("stamps", STAMPED)):
        found[name] = folder / f"{name}.srt"
        found[name].write_text(f"1\n00:00:00,000 --> 00:00:08,000\n{words}\n")
    found["chapters"] = folder / "chapters.txt"
    found["chapters"].write_text(
        ";FFMETADATA1\n"
        + "".join(
            f"[CHAPTER]\nTIMEBASE=1/1000\nSTART={4000 * n}\nEND={4000 * n + 4000}\ntitle={title}\n"
            for n, title in enumerate(CHAPTERS)
        )
    )
    found["cover"] = folder / "cover.jpg"
    picture = Image.new("RGB", (64, 64), (200, 80, 80))
    exif = picture.getexif()
    exif[0x010F], exif[0x0132] = COVER, TAKEN.strftime("%Y:%m:%d %H:%M:%S")
    exif[0x9C9C] = COVER_WORDS.encode("utf-16-le")
    exif.get_ifd(0x8825)[1] = "N"
    picture.save(found["cover"], exif=exif.tobytes(), comment=COVER_WORDS.encode())
    found["track"] = folder / "track.gpx"
    found["track"].write_text(ATTACHED)
    return found


def _options(tags: dict[str, str]) -> list[str]:
    pairs = [f"{key}={value}" for key, value in tags.items()]
    return [part for pair in pairs for part in ("-metadata", pair)] + [
        "-metadata", f"creation_time={TAKEN:%Y-%m-%dT%H:%M:%S.000000Z}",
        "-metadata:s:v:0", f"handler_name={STREAM_WORDS['picture']}",
        "-metadata:s:v:0", f"title={STREAM_WORDS['picture']}",
        "-metadata:s:a:0", f"handler_name={STREAM_WORDS['sound']}",
        "-metadata:s:a:0", f"title={STREAM_WORDS['sound']}",
        "-bsf:v:0", f"h264_metadata=sei_user_data=086f3693-b7b3-4f2c-9653-21492feee5b8+{INSIDE}",
    ]  # fmt: skip


def draw_mp4(path: Path, bare: Path, details: dict[str, Path]) -> None:
    """Writes a film that tells it in the boxes of MP4 and 3GP."""
    run_ffmpeg(
        "-i", bare, "-i", details["words"], "-i", details["gps"], "-i", details["stamps"],
        "-i", details["cover"], "-i", details["chapters"],
        "-map", "0", "-map", "1", "-map", "2", "-map", "3", "-map", "4", "-map_chapters", "5",
        "-c", "copy", "-c:s", "mov_text", "-disposition:v:1", "attached_pic", *_options(TAGS), path,
    )  # fmt: skip
    _by_hand(path)


def draw_mov(path: Path, bare: Path, details: dict[str, Path]) -> None:
    """Writes a film that tells it as a phone does, under keys, with a clock of its own."""
    run_ffmpeg(
        "-i", bare, "-i", details["words"], "-i", details["gps"], "-i", details["stamps"],
        "-i", details["chapters"], "-map", "0", "-map", "1", "-map", "2", "-map", "3",
        "-map_chapters", "4", "-c", "copy", "-c:s", "mov_text", "-timecode", "17:31:08:00",
        "-movflags", "use_metadata_tags", *_options(KEYS), path,
    )  # fmt: skip
    _by_hand(path)


def draw_mkv(path: Path, bare: Path, details: dict[str, Path]) -> None:
    """Writes a film that tells it in the tags, attachments and tracks of Matroska."""
    run_ffmpeg(
        "-i", bare, "-i", details["words"], "-i", details["chapters"], "-map", "0", "-map", "1",
        "-map_chapters", "2", "-c", "copy", "-attach", details["track"],
        "-metadata:s:t:0", "mimetype=application/gpx+xml",
        "-attach", details["cover"], "-metadata:s:t:1", "mimetype=image/jpeg",
        *_options({**TAGS, "com.orchard.serial": KEYS["com.orchard.serial"]}), path,
    )  # fmt: skip


def _by_hand(path: Path) -> None:
    """Writes what ffmpeg does not: a camera's data, places and days in binary, boxes of others."""
    content = path.read_bytes()
    start = content.rindex(b"moov") - 4
    (moov,) = Box.parse(content[start:])
    tracks = [one for one in moov.boxes or [] if one.kind == b"trak"]
    for track, kind in zip(tracks[3:5], (b"gpmd", b"mebx"), strict=True):
        handler = track.find(b"mdia", b"hdlr")
        handler.body = handler.body[:8] + b"meta" + handler.body[12:]
        kinds = track.find(b"mdia", b"minf", b"stbl", b"stsd")
        kinds.body = kinds.body[:12] + kind + kinds.body[16:]
    name = b"Sycamore Cottage\0"
    loci = bytes(4) + b"\x55\xc4" + name + b"\0" + PLACES["longitude"] + PLACES["latitude"]
    place = b"+50.9971-001.3355/"
    own = [
        Box(b"loci", loci + bytes(4) + b"earth\0" + BOXED.encode() + b"\0"),
        Box(b"titl", bytes(4) + b"\x55\xc4" + b"\xfe\xff" + WIDE.encode("utf-16-be") + b"\0\0"),
        Box(b"\xa9xyz", struct.pack(">HH", len(place), 0x15C7) + place),
    ]
    moov.boxes = [*(moov.boxes or []), Box(b"udta", boxes=own)]
    packet = (
        "<x:xmpmeta xmlns:x='adobe:ns:meta/'><exif:GPSLatitude>50,59.826N</exif:GPSLatitude>"
        f"<xmp:CreateDate>{DAY}</xmp:CreateDate><photoshop:City>{BOXED}</photoshop:City>"
        "</x:xmpmeta>"
    )
    uuid = bytes.fromhex("be7acfcb97a942e89c71999491e3afac") + packet.encode()
    rest = Box(b"free", SLACK.encode()).written() + Box(b"uuid", uuid).written()
    path.write_bytes(content[:start] + moov.written() + rest)


DRAW: dict[str, Callable[[Path, Path, dict[str, Path]], None]] = {
    "film.mp4": draw_mp4, "film.mov": draw_mov, "film.mkv": draw_mkv,
}  # fmt: skip
EVERYWHERE = [*STREAM_WORDS.values(), *CHAPTERS, SPOKEN, INSIDE]
BY_HAND = [MEASURED, STAMPED, BOXED, SLACK, WIDE, "Sycamore Cottage", "50,59.826N"]
PLANTED: dict[str, Sequence[str]] = {
    "film.mp4": [
        *(value for key, value in TAGS.items() if key not in ("make", "model", "location")),
        *EVERYWHERE, *BY_HAND, COVER, COVER_WORDS, "+50.9971-001.3355/",
    ],
    "film.mov": [*KEYS.values(), *EVERYWHERE, *BY_HAND],
    "film.mkv": [*TAGS.values(), KEYS["com.orchard.serial"], *EVERYWHERE, ATTACHED, COVER],
}  # fmt: skip
PLANTED_MOMENTS = {
    "film.mp4": ["days since 1904"],
    "film.mov": ["days since 1904"],
    "film.mkv": ["days since 2001"],
}
# And what is shorter than what was planted, however it may have been taken apart.
PARTS = [
    "Kestrel", "Quarles", "Tolliver", "Orchardphone", "Orchard 15", "OrchardOS", "QX77813",
    "50.9971", "001.3355", "1.3355", "Otterbourne", "Sycamore", "Hursley", "Thistledown", DAY,
    "2019:07:14", "17:31:08", "16:31:08", "900123", "4711/19",
]  # fmt: skip


# --- The search ----------------------------------------------------------------------------


def bytes_of(path: Path) -> Iterator[bytes]:
    """Yields all that is in a file: its bytes, and of a PDF what is packed in it, too."""
    yield path.read_bytes()
    if path.suffix == ".pdf":
        reader = PdfReader(path)
        for number in range(1, int(str(reader.trailer["/Size"]))):
            thing = IndirectObject(number, 0, reader).get_object()
            if isinstance(thing, StreamObject):
                yield thing.get_data()
            yield repr(thing).encode()
        yield "\n".join(page.extract_text() for page in reader.pages).encode()
    if path.suffix in (".json", ".jsonl", ".ipynb"):
        yield path.read_bytes().decode("unicode_escape").encode("utf-8", "replace")


def found_in(content: bytes, words: Sequence[str]) -> set[str]:
    low = content.lower()
    found = {word for word in words if any(one.lower() in low for one in as_written(word))}
    binary = {**MOMENTS, **PLACES}
    return found | {name for name, value in binary.items() if value in content}


def secrets_in(path: Path) -> set[str]:
    """Returns what of all that was planted is in a file."""
    words = [*PARTS, *(word for planted in PLANTED.values() for word in planted)]
    return {secret for content in bytes_of(path) for secret in found_in(content, words)}


# --- A family whose films tell all ----------------------------------------------------------

CLIPS = {
    "title: Waiting for Mia": "title: Waiting for Mia\n    sound: level\n    slow: true",
    "title: The spoon": "title: The spoon\n    quality: original",
}


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A film of each kind that tells all."""
    folder = tmp_path_factory.mktemp("drawn")
    bare = draw_film(folder / "bare.mp4", seconds=8, size=(240, 136))
    details = _details(folder)
    for name, draw in DRAW.items():
        draw(folder / name, bare, details)
    return {name: folder / name for name in DRAW}


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory, films: dict[str, Path]) -> Path:
    """A family with a cycle for each film: built, with all aids, and archived beside it."""
    place = tmp_path_factory.mktemp("made")
    case = CASE.replace("take-home]", "take-home, service-record]")
    family = write_family(place / "cases" / "wren", films["film.mp4"], case)
    for number, (name, film) in enumerate(films.items(), start=1):
        cycle = CYCLE.replace("cycle: 1", f"cycle: {number}").replace("film.mp4", name)
        for before, after in CLIPS.items():
            cycle = cycle.replace(before, after)
        folder = family / f"cycle-{number}"
        folder.mkdir(exist_ok=True)
        shutil.copyfile(film, folder / name)
        (folder / "cycle.yaml").write_text(cycle, "utf-8")
        with open_film(film) as opened:
            for make in (make_proxy, make_filmstrip, make_waveform):
                make(opened, sha256_of(film), folder / "media" / "aids")
    said = []
    commands: list[list[str | Path]] = [
        ["build", family],
        ["answer", family, "remember", "She looks for me.", "--by", "mum"],
        ["archive", family, "--to", place / "bags"], ["check", family, "--json"],
    ]  # fmt: skip
    for arguments in commands:
        done = run_vigbook(*arguments)
        assert done.returncode == 0, done.stderr
        said.append(done.stdout + done.stderr)
    (place / "said.txt").write_text("\n".join(said))
    return family


@pytest.fixture(scope="module")
def outputs(family: Path) -> list[Path]:
    """Every file that was made: in the family's folder, beside it and in the bags."""
    place = family.parent.parent
    ours = {"case.yaml", "cycle.yaml", "service.yaml", *DRAW}
    return sorted(path for path in place.rglob("*") if path.is_file() and path.name not in ours)


@pytest.mark.parametrize("name", DRAW)
def test_the_search_finds_what_was_planted(films: dict[str, Path], name: str) -> None:
    """Else it would find nothing anywhere."""
    content = films[name].read_bytes()
    expected = {*PLANTED[name], *PLANTED_MOMENTS[name]}
    if name != "film.mkv":
        expected |= set(PLACES)
    assert expected - found_in(content, PLANTED[name]) == set()


@pytest.mark.parametrize("name", DRAW)
def test_the_films_have_tracks_of_data(films: dict[str, Path], name: str) -> None:
    """And words, and a cover: other programs see them."""
    with av.open(str(films[name])) as container:
        kinds = [stream.type for stream in container.streams]
        chapters = container.chapters()
    expected = {
        "film.mp4": {"video", "audio", "subtitle", "data"},
        "film.mov": {"video", "audio", "subtitle", "data"},
        "film.mkv": {"video", "audio", "subtitle", "attachment"},
    }[name]
    assert (set(kinds) >= expected, len(chapters)) == (True, 2)


def test_all_kinds_of_files_were_made(outputs: list[Path]) -> None:
    names = {path.name for path in outputs}
    assert names >= {
        "clip-1.mp4", "clip-2.mp4", "clip-1-1.jpg", "clip-2-1.jpg", "manifest.json",
        "workbook.ipynb", "take-home.pdf", "record.pdf", "review.json", "bag-info.txt",
        "log.jsonl", "answers.jsonl", "said.txt",
    }  # fmt: skip
    ends = {re.sub(r"^[0-9a-f]{16}-", "", name) for name in names}
    assert ends >= {"proxy.mp4", "strip-60.jpg", "strip-60.json", "sound.bin"}
    assert len([path for path in outputs if path.name == "clip-1.mp4"]) == 3


def test_nothing_that_was_planted_is_in_anything_that_was_made(outputs: list[Path]) -> None:
    found = {path.name: secrets for path in outputs if (secrets := secrets_in(path))}
    assert found == {}


def test_what_was_made_does_not_tell_where_the_films_lie(family: Path, outputs: list[Path]) -> None:
    """A folder's name may be a family's, and whose computer it is."""
    place = family.parent.parent
    told = [path for path in outputs if path.name != "said.txt"]
    found = {
        path.name for path in told for content in bytes_of(path) if str(place).encode() in content
    }
    assert found == set()


def test_clips_and_copies_say_no_day(outputs: list[Path]) -> None:
    """When a film, a track and its media were made and changed: never, in each of them."""
    for path in (one for one in outputs if one.suffix == ".mp4"):
        content = path.read_bytes()
        moov = content[content.index(b"moov") :]
        heads = list(re.finditer(rb"mvhd|tkhd|mdhd", moov))
        assert len(heads) == 5
        for head in heads:
            wide = 16 if moov[head.end()] else 8  # its first byte is its version
            dates = moov[head.end() + 4 : head.end() + 4 + wide]
            assert dates == bytes(wide), path.name


def test_clips_and_copies_hold_a_picture_and_a_sound_and_no_more(outputs: list[Path]) -> None:
    known = {"language", "handler_name", "vendor_id", "encoder"}
    for path in (one for one in outputs if one.suffix == ".mp4"):
        with av.open(str(path)) as container:
            assert [stream.type for stream in container.streams] == ["video", "audio"]
            assert container.metadata.keys() <= {
                "major_brand",
                "minor_version",
                "compatible_brands",
            }
            assert container.chapters() == []
            for stream in container.streams:
                assert stream.metadata.keys() <= known
        content = path.read_bytes()
        moov = content[content.index(b"moov") :]
        for kind in (b"uuid", b"loci", b"\xa9xyz", b"mdta", b"gpmd", b"mebx", b"tmcd", b"covr"):
            assert kind not in moov, (path.name, kind)


def test_pictures_hold_pixels_and_nothing_else(outputs: list[Path]) -> None:
    for path in (one for one in outputs if one.suffix == ".jpg"):
        content, position, segments = path.read_bytes(), 2, set()
        while content[position + 1] != 0xDA:
            segments.add(content[position + 1])
            position += 2 + int.from_bytes(content[position + 2 : position + 4], "big")
        # JFIF's head, tables and the frame: no EXIF or XMP (E1), no comment (FE).
        assert segments == {0xE0, 0xDB, 0xC0, 0xC4}, path.name


@pytest.mark.parametrize("name", DRAW)
def test_that_a_film_tells_it_is_said_without_saying_what(
    films: dict[str, Path], name: str
) -> None:
    film = films[name]
    said = subprocess.run(
        [*vigbook_command(), "film", film.name], cwd=film.parent, capture_output=True, timeout=60
    )
    printed = subprocess.run(
        [*vigbook_command(), "film", film.name, "--json"],
        cwd=film.parent, capture_output=True, timeout=60,
    )  # fmt: skip
    assert (said.returncode, printed.returncode) == (0, 0)
    camera = ["the make of the camera"] if name != "film.mp4" else []  # no box of its own there
    assert json.loads(printed.stdout)["tells"] == [
        "the place where it was filmed", *camera, "the day it was filmed",
        "words somebody wrote into it",
        "a track of the camera's own data, which may hold places",
    ]  # fmt: skip
    for content in (said.stdout, said.stderr, printed.stdout, printed.stderr):
        assert found_in(content, [*PARTS, *PLANTED[name]]) == set()
