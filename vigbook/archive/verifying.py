"""Whether a bag is as it was made: every byte is read again, and nothing in it is trusted.

A bag may come from anywhere. Before the library for bags opens it, all that it might wait for, be
led out of the bag by, or not be able to read is looked for. Nothing is ever fetched.
"""

from __future__ import annotations

import codecs
import logging
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import bagit

from vigbook.errors import ArchiveError, Problem
from vigbook.system.reading import open_to_read, read_file

_LARGEST_DECLARATION = 10_000  # bytes of bagit.txt
_LARGEST_LIST = 256_000_000  # bytes of a list: some two million files
_MOST_TOLD = 100
_ENCODING = re.compile(r"^Tag-File-Character-Encoding\s*:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
_ENCODINGS = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "iso8859-1", "ascii", "cp1252")
_MANIFEST = re.compile(r"(?:tag)?manifest-(.+)\.txt")
_LEADS_OUT = re.compile(r"[/\\~]|[A-Za-z]:|(?:.*[/\\])?\.\.(?:[/\\]|$)|.*\\")
_ANOTHER = "take this bag from another copy"
# What the library raises on what it did not look for.
_ODD = (bagit.BagError, OSError, ValueError, LookupError, TypeError, AttributeError)


def verify_bag(bag: Path) -> None:
    """Raises an ArchiveError that names every file that is not what was put into the bag.

    Every byte is read again. Files outside `data/` count too, which BagIt itself lets pass.

    Raises:
        ArchiveError: it is no bag, or files were changed, lost, added or are to be fetched.
    """
    logging.getLogger("bagit").setLevel(logging.CRITICAL)  # it logs what it raises as well
    if not bag.is_dir():
        found = "is no folder, and a bag is one" if bag.exists() else "is not there"
        raise ArchiveError(Problem(file=str(bag), found=found, mend="check the path"))
    _raise_any(_list_no_files(bag))
    encoding = _read_encoding(bag)
    lists = sorted(path for path in bag.glob("*manifest-*.txt") if _MANIFEST.fullmatch(path.name))
    _raise_any(_check_lists(bag, lists, encoding))
    try:
        opened = bagit.Bag(str(bag))
        # A wrong count of bytes stops BagIt before it looks which file they are missing from.
        opened.info.pop("Payload-Oxum", None)
        elsewhere = {*opened.compare_fetch_with_fs()}
        listed = {name for path in lists for _, name in _iter_lines(path, encoding)}
        if not any(path.name.startswith("tag") for path in lists):  # a bag may do without
            listed |= {"bagit.txt", "bag-info.txt", "fetch.txt", *(path.name for path in lists)}
        problems = list(_list_strays(bag, opened, listed))
        problems += _validate(bag, opened, elsewhere)
    except _ODD as err:
        found = f"is not a bag that can be read: {err}"
        raise ArchiveError(Problem(file=str(bag), found=found, mend="take another copy")) from err
    _raise_any(problems)


def _validate(bag: Path, opened: bagit.Bag, elsewhere: set[str]) -> Iterator[Problem]:
    if elsewhere:
        count = "1 file is" if len(elsewhere) == 1 else f"{len(elsewhere)} files are"
        found = f"is not complete on this disk: {count} listed to be fetched from elsewhere"
        mend = "vigbook fetches nothing: ask who made it for the whole bag"
        yield Problem(file=str(bag), found=found, mend=mend)
    try:
        opened.validate()
    except bagit.BagValidationError as err:
        for detail in err.details or [err]:
            if getattr(detail, "path", None) in elsewhere:
                yield Problem(file=str(bag / detail.path), found="is not here, but to be fetched")
            else:
                yield _explain(bag, detail)


def _raise_any(problems: Iterable[Problem]) -> None:
    found = list(problems)
    if len(found) > _MOST_TOLD:
        more = f"{len(found) - _MOST_TOLD} more files are not as they were"
        found = [*found[:_MOST_TOLD], Problem(found=more)]
    if found:
        raise ArchiveError(found)


def _list_no_files(bag: Path) -> Iterator[Problem]:
    for place, folders, names in os.walk(bag):
        for path in sorted(Path(place, name) for name in (*folders, *names)):
            if path.is_symlink():
                yield Problem(file=str(path), found="is a link, put in later", mend="take it out")
            elif not path.is_file() and not path.is_dir():
                found = "is no file, but something that programs talk through"
                yield Problem(file=str(path), found=found, mend="take it out")


def _read_encoding(bag: Path) -> str:
    """Returns what a bag's lists are written in.

    Raises:
        ArchiveError: nothing says so, or it is nothing that text is written in.
    """
    path = bag / "bagit.txt"
    try:
        said = _ENCODING.findall(read_file(path, _LARGEST_DECLARATION).decode("utf-8-sig"))
    except (OSError, ValueError) as err:
        found = f"is not a bag that can be read: {getattr(err, 'strerror', None) or 'no UTF-8'}"
        raise ArchiveError(Problem(file=str(path), found=found, mend="take another copy")) from err
    name = " and ".join(said) or "nothing"  # which of several counts, two programs may see apart
    try:
        known = codecs.lookup(name).name
    except (LookupError, ValueError):
        known = ""
    if known not in _ENCODINGS:
        found = f"says that its lists are written in '{name[:40]}', which no bag's are"
        raise ArchiveError(Problem(file=str(path), found=found, mend=_ANOTHER))
    return known


def _check_lists(bag: Path, lists: list[Path], encoding: str) -> Iterator[Problem]:
    """Yields what in the lists of a bag's files cannot be read, or leads out of it."""
    for path in (*lists, bag / "fetch.txt"):
        if path not in lists and not path.is_file():
            continue
        try:
            for number, name in _iter_lines(path, encoding, 3 if path.name == "fetch.txt" else 2):
                if _LEADS_OUT.match(name) or not name.isprintable():
                    found = f"names '{name[:200]}', which is not in the bag"
                    yield Problem(file=str(path), line=number, found=found, mend=_ANOTHER)
        except (OSError, ValueError) as err:
            why = getattr(err, "strerror", None) or f"it is not written in {encoding}"
            yield Problem(file=str(path), found=f"cannot be read: {why}", mend=_ANOTHER)
    known = [_MANIFEST.fullmatch(path.name) for path in lists if path.name.startswith("m")]
    ways = [one[1] for one in known if one]
    if not set(ways) & {*bagit.CHECKSUM_ALGOS}:
        found = "has no list of its files"
        if ways:
            found = f"lists its files in a way that is not known here ({', '.join(ways)[:100]})"
        yield Problem(file=str(bag), found=found, mend=_ANOTHER)


def _iter_lines(path: Path, encoding: str, columns: int = 2) -> Iterator[tuple[int, str]]:
    """Yields the number and the file's name of each line of a list."""
    with open_to_read(path, _LARGEST_LIST) as file:
        text = codecs.getreader("utf-8-sig" if encoding == "utf-8" else encoding)(file)
        for number, line in enumerate(text, start=1):
            parts = line.strip().split(maxsplit=columns - 1)
            if len(parts) == columns:
                yield number, parts[-1].lstrip("*")


def _list_strays(bag: Path, opened: bagit.Bag, listed: set[str]) -> Iterator[Problem]:
    for path in sorted(bag.rglob("*")):
        name = path.relative_to(bag).as_posix()
        ours = name.startswith(("data/", "tagmanifest-")) or name in listed
        if path.is_file() and not ours and name not in opened.entries:
            yield Problem(file=str(path), found="was added to the bag", mend="take it out")


def _explain(bag: Path, detail: object) -> Problem:
    name = getattr(detail, "path", None)
    file = str(bag / name) if name else str(bag)
    if isinstance(detail, bagit.ChecksumMismatch):
        return Problem(file=file, found="its bytes have changed", mend=_ANOTHER)
    if isinstance(detail, bagit.FileMissing):
        return Problem(file=file, found="is missing", mend=_ANOTHER)
    if isinstance(detail, bagit.UnexpectedFile):
        return Problem(file=file, found="was added to the bag", mend="take it out")
    return Problem(file=file, found=str(detail), mend=_ANOTHER)
