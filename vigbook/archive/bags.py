"""Bags and fixity: one BagIt bag (RFC 8493) a cycle, for an archive that outlives this program."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import bagit

from vigbook.cycle.context import CycleContext
from vigbook.cycle.review_data import format_review, make_review
from vigbook.errors import ArchiveError, Problem
from vigbook.system.atomic import output_error, publish_folder, sha256_of
from vigbook.workbook.build import NOTEBOOK


def write_bag(context: CycleContext, name: str, to: Path) -> tuple[Path, bool]:
    """Writes a cycle's record, its data and its workbook as one bag.

    A bag is never changed. What has been amended since goes into a bag of its own, `-v2`, `-v3`.
    Pictures go in only where everybody in them has said yes to the team's record.

    Args:
        context: the cycle, built.
        name: the bag's name, made of pseudonyms.
        to: the folder of bags.

    Returns:
        The bag that holds the cycle as it is now, and whether it was written just now.

    Raises:
        ArchiveError: the cycle has no record or workbook yet.
        OutputError: the bag cannot be written.
    """
    payload = {
        "record.pdf": context.folder / "print" / "record.pdf",
        "workbook.ipynb": context.folder / NOTEBOOK,
        **dict(_list_pictures(context)),
    }
    missing = [path for path in payload.values() if not path.is_file()]
    if missing:
        raise ArchiveError(
            Problem(file=str(path), found="is not there", mend="run 'vigbook build' first")
            for path in missing
        )
    data = format_review(make_review(context))
    version = 1
    while (bag := to / (name if version == 1 else f"{name}-v{version}")).exists():
        if _holds(bag, payload, data):
            return bag, False
        version += 1
    with publish_folder(bag) as folder:
        try:
            (folder / "review.json").write_bytes(data)
            for payload_name, path in payload.items():
                (folder / payload_name).parent.mkdir(exist_ok=True)
                shutil.copyfile(path, folder / payload_name)
            info = {"External-Identifier": name, "Internal-Sender-Identifier": f"version {version}"}
            if context.service.name:
                info["Source-Organization"] = context.service.name
            bagit.make_bag(str(folder.resolve()), info, checksums=["sha256"])
        except OSError as err:
            raise output_error(bag, err) from err
    return bag, True


def verify_bag(bag: Path) -> None:
    """Raises an ArchiveError that names every file that is not what was put into the bag.

    Every byte is read again. Files outside `data/` count too, which BagIt itself lets pass.

    Raises:
        ArchiveError: it is no bag, or files were changed, lost or added.
    """
    logging.getLogger("bagit").setLevel(logging.CRITICAL)  # it logs what it raises as well
    try:
        opened = bagit.Bag(str(bag))
    except (bagit.BagError, OSError, UnicodeDecodeError) as err:
        found = f"is not a bag that can be read: {err}"
        raise ArchiveError(Problem(file=str(bag), found=found, mend="take another copy")) from err
    # A wrong count of bytes stops BagIt before it looks which file they are missing from.
    opened.info.pop("Payload-Oxum", None)
    problems = list(_list_strays(bag, opened))
    try:
        opened.validate()
    except bagit.BagValidationError as err:
        problems += [_explain(bag, detail) for detail in err.details or [err]]
    except (bagit.BagError, OSError) as err:
        problems.append(Problem(file=str(bag), found=str(err)))
    if problems:
        raise ArchiveError(problems)


def _list_pictures(context: CycleContext) -> Iterator[tuple[str, Path]]:
    for clip in context.cycle.clips:
        for number, still in enumerate(clip.stills, start=1):
            record = context.still_record(clip, number)
            if record and context.may_show("service-record", clip, still):
                yield f"stills/{record.file}", context.media / record.file


def _holds(bag: Path, payload: dict[str, Path], data: bytes) -> bool:
    there = {path.relative_to(bag / "data").as_posix() for path in (bag / "data").rglob("*.*")}
    if there != {"review.json", *payload} or (bag / "data/review.json").read_bytes() != data:
        return False
    return all(sha256_of(bag / "data" / name) == sha256_of(path) for name, path in payload.items())


def _list_strays(bag: Path, opened: bagit.Bag) -> Iterator[Problem]:
    known = {path for path, _ in _read_tag_manifests(bag)}
    for path in sorted(bag.rglob("*")):
        if path.is_symlink():
            yield Problem(file=str(path), found="is a link, put in later", mend="take it out")
            continue
        name = path.relative_to(bag).as_posix()
        ours = name.startswith(("data/", "tagmanifest-")) or name in known
        if path.is_file() and not ours and name not in opened.entries:
            yield Problem(file=str(path), found="was added to the bag", mend="take it out")


def _read_tag_manifests(bag: Path) -> Iterator[tuple[str, str]]:
    for manifest in bag.glob("tagmanifest-*.txt"):
        for line in manifest.read_text("utf-8").splitlines():
            digest, _, name = line.partition(" ")
            yield name.strip().lstrip("*"), digest


def _explain(bag: Path, detail: object) -> Problem:
    name = getattr(detail, "path", None)
    file = str(bag / name) if name else str(bag)
    mend = "take this bag from another copy"
    if isinstance(detail, bagit.ChecksumMismatch):
        return Problem(file=file, found="its bytes have changed", mend=mend)
    if isinstance(detail, bagit.FileMissing):
        return Problem(file=file, found="is missing", mend=mend)
    if isinstance(detail, bagit.UnexpectedFile):
        return Problem(file=file, found="was added to the bag", mend="take it out")
    return Problem(file=file, found=str(detail), mend=mend)
