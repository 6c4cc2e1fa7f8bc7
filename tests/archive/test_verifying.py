"""A bag from anywhere: a verdict in plain sentences, without waiting, fetching or a traceback."""

from __future__ import annotations

import hashlib
import os
import socket
from pathlib import Path

import pytest
from families import run_vigbook

DATA = b"the family's page\n"


def make_bag(folder: Path, encoding: str = "UTF-8", written: str = "utf-8") -> Path:
    """Writes a bag by hand, as another program might."""
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "page.txt").write_bytes(DATA)
    declared = f"BagIt-Version: 1.0\nTag-File-Character-Encoding: {encoding}\n"
    (folder / "bagit.txt").write_text(declared)
    line = f"{hashlib.sha256(DATA).hexdigest()}  data/page.txt\n"
    (folder / "manifest-sha256.txt").write_text(line, encoding=written)
    return folder


def verify(*bags: Path) -> tuple[int, str]:
    """Returns what the real command said, within a time that no waiting fits in."""
    done = run_vigbook("verify", *bags, timeout=120)
    assert "vigbook itself failed" not in done.stderr
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


def test_lists_in_any_encoding_that_bags_have_are_read(tmp_path: Path) -> None:
    ways = {"UTF-8": "utf-8", "UTF-16": "utf-16", "ISO-8859-1": "latin-1"}
    bags = [make_bag(tmp_path / name, name, written) for name, written in ways.items()]
    assert verify(*bags) == (0, "".join(f"{bag}: whole\n" for bag in bags))


def test_an_encoding_that_no_text_has_is_told(tmp_path: Path) -> None:
    names = ["rot13", "idna", "zlib_codec", "undefined", "x\0y", "punycode",
             "UTF-8\nTag-File-Character-Encoding: UTF-7"]  # fmt: skip
    bags = [make_bag(tmp_path / f"bag-{place}", name) for place, name in enumerate(names)]
    code, said = verify(*bags)
    assert (code, said.count("bagit.txt: says that its lists are written in '")) == (1, len(bags))


def test_an_encoding_is_only_what_the_declaration_s_own_line_says(tmp_path: Path) -> None:
    bag = make_bag(tmp_path / "bag", "UTF-7")
    path = bag / "bagit.txt"
    path.write_text(f"X-Tag-File-Character-Encoding: UTF-8\n{path.read_text()}")
    code, said = verify(bag)
    assert code == 1
    assert "bagit.txt: says that its lists are written in 'UTF-7'" in said


def test_a_pipe_in_a_bag_keeps_nobody_waiting(tmp_path: Path) -> None:
    places = ["data/pipe", "bagit.txt", "manifest-sha256.txt", "fetch.txt", "bag-info.txt"]
    bags = [make_bag(tmp_path / f"bag-{number}") for number in range(len(places))]
    for bag, place in zip(bags, places, strict=True):
        (bag / place).unlink(missing_ok=True)
        os.mkfifo(bag / place)
    code, said = verify(*bags)
    found = [f"{place}: is no file, but something that programs talk through" for place in places]
    assert (code, [one for one in found if one not in said]) == (1, [])


def test_what_is_to_be_fetched_is_told_and_never_fetched(tmp_path: Path) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        server.setblocking(False)
        bag = make_bag(tmp_path / "bag")
        url = f"http://127.0.0.1:{server.getsockname()[1]}/film.mp4"
        (bag / "fetch.txt").write_text(f"{url} 100 data/film.mp4\n")
        with (bag / "manifest-sha256.txt").open("a") as lists:
            lists.write(f"{'0' * 64}  data/film.mp4\n")
        code, said = verify(bag)
        with pytest.raises(BlockingIOError):
            server.accept()
    assert code == 1
    assert "is not complete on this disk: 1 file is listed to be fetched from elsewhere" in said
    assert "data/film.mp4: is not here, but to be fetched" in said


def test_a_bag_whose_files_were_all_fetched_is_whole(tmp_path: Path) -> None:
    bag = make_bag(tmp_path / "bag")
    (bag / "fetch.txt").write_text(f"http://127.0.0.1/x {len(DATA)} data/page.txt\n")
    assert verify(bag) == (0, f"{bag}: whole\n")


OUT = ("../secret", "data/../../secret", "/etc/passwd", "~/secret", "~root/secret", "C:\\secret",
       "data\\..\\..\\secret", "\\\\server\\share", "data/..", "c:secret")  # fmt: skip


@pytest.mark.parametrize("where", ["manifest-sha256.txt", "tagmanifest-sha256.txt", "fetch.txt"])
def test_a_name_that_leads_out_is_told(tmp_path: Path, where: str) -> None:
    bag = make_bag(tmp_path / "bag")
    (tmp_path / "secret").write_bytes(DATA)
    begin = "http://127.0.0.1/x 1 " if where == "fetch.txt" else f"{'0' * 64}  "
    with (bag / where).open("a") as lists:
        lists.writelines(f"{begin}{name}\n" for name in OUT)
    code, said = verify(bag)
    missing = [name for name in OUT if f"names '{name}', which is not in the bag" not in said]
    assert (code, missing) == (1, [])


def test_a_link_in_a_bag_is_told(tmp_path: Path) -> None:
    bag = make_bag(tmp_path / "bag")
    (bag / "data" / "all").symlink_to("/")
    (bag / "bag-info.txt").symlink_to("/etc/passwd")
    code, said = verify(bag)
    assert (code, said.count("is a link, put in later; take it out")) == (1, 2)


def test_a_way_of_counting_that_nobody_knows_is_told(tmp_path: Path) -> None:
    bag = make_bag(tmp_path / "bag")
    (bag / "manifest-sha256.txt").rename(bag / "manifest-whirl.txt")
    code, said = verify(bag)
    assert (code, "lists its files in a way that is not known here (whirl)" in said) == (1, True)


@pytest.mark.slow
def test_a_list_of_very_many_missing_files_ends(tmp_path: Path) -> None:
    """Each is missing; the first hundred are named, the others counted."""
    bag = make_bag(tmp_path / "bag")
    with (bag / "manifest-sha256.txt").open("a") as lists:
        lists.writelines(f"{number:064x}  data/{number}.jpg\n" for number in range(200_000))
    code, said = verify(bag)
    assert code == 1
    assert said.count("is missing") == 100
    assert "199900 more files are not as they were" in said


def test_a_damaged_list_is_a_sentence(tmp_path: Path) -> None:
    bags: list[Path] = []
    for where in ("bagit.txt", "manifest-sha256.txt", "bag-info.txt", "fetch.txt"):
        for content in ("", "x", "\0" * 100, "[" * 1000, "a b c\n" * 10):
            bags.append(make_bag(tmp_path / f"bag-{len(bags)}"))
            (bags[-1] / where).write_text(content)
    verify(*bags)
