"""Bags and fixity: one BagIt bag (RFC 8493) a cycle, for an archive that outlives this program."""

from __future__ import annotations

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
