"""The three papers, read back as PDFs: what a parent, a team and an archive would notice."""

from __future__ import annotations

import base64
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from families import open_first
from pdfs import (
    alt_texts_in,
    is_tagged,
    pages_of,
    papers_of,
    pictures_in,
    properties_of,
    size_of,
    streams_in,
    text_of,
)

from vigbook.cycle.answering import answer_prompt
from vigbook.errors import PaperError
from vigbook.method.templates import find_templates
from vigbook.paper.pdf import lay_out
from vigbook.system.atomic import sha256_of

Run = Callable[..., "CompletedProcess[str]"]
A4, LETTER = (595, 842), (612, 792)
READ_THROUGH = "Read-through copy: we have not checked this together yet"


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def page(family: Path, name: str = "take-home") -> Path:
    return family / "cycle-1" / "print" / f"{name}.pdf"


def say(family: Path, by: str = "mum", **answers: str) -> None:
    """Writes answers as `vigbook answer` does, which would load Python anew for each."""
    for prompt, text in answers.items():
        prompt = prompt.replace("__", "-").replace("_", ".")
        answer_prompt(open_first(family), prompt, text, by=by, source=None)


def test_take_home_says_what_a_parent_takes_home(built_family: Path, vigbook: Run) -> None:
    say(built_family, clip__1_did="I waited for her.", helped="Waiting\nSmiling",
        remember="She looks for me.", try_what="Count to five.", try_where="At tea.",
        try_when="Every day.", goal_settle_now="5")  # fmt: skip
    assert vigbook("print", built_family, "--only", "take-home").returncode == 0
    text = text_of(page(built_family))
    wanted = [
        "Mia and Sam", "From our film on 12 September 2026", "How can I help Mia settle?",
        "Waiting for Mia", "“I waited for her.” Sam", "What helped", "“Waiting”", "“Smiling” Sam",
        "One thing I will try", "“Count to five.”", "“At tea.”", "“Every day.”",
        "“I want us both to enjoy bedtime.”", "“She looks for me.”",
        "We meet again on 28 November 2026.",
        "We will delete the film and clips by 23 January 2027, or sooner if you ask.",
        "Call Jo on 020 7946 0018.", "Riverside Family Team",
    ]  # fmt: skip
    assert [words for words in wanted if words not in text] == []
    assert pages_of(page(built_family)) <= 2
    assert size_of(page(built_family)) == A4


def test_take_home_never_says_what_is_not_the_parents(built_family: Path, vigbook: Run) -> None:
    case = built_family / "case.yaml"
    edit(case, "baseline: {value: 3}", 'baseline: {value: 3, words: "It is a battle."}')
    edit(case, "goals:", "reference: RF-1234\ngoals:")
    say(built_family, own_noticed="I talked too much.")
    vigbook("build", built_family)
    text = text_of(page(built_family))
    for hidden in (
        "battle", "RF-1234", "wren", "talked", "encouraging", "Encouraging", "initiative",
        "cycle", "Cycle", "practitioner", "What happens here?", "%",
    ):  # fmt: skip
        assert hidden not in text


def test_a_family_without_goals_has_a_record(built_family: Path, vigbook: Run) -> None:
    """A table without a row keeps a page from the standard, and was once printed there."""
    file = built_family / "case.yaml"
    file.write_text(file.read_text("utf-8").partition("goals:")[0], "utf-8")
    done = vigbook("print", built_family, "--only", "record")
    assert done.returncode == 0, done.stderr
    said = " ".join(text_of(page(built_family, "record")).split())
    assert "Goals Not said yet." in said
    assert "Hoped for" not in said


def test_an_empty_answer_is_room_to_write(built_family: Path) -> None:
    text = text_of(page(built_family))
    assert "None" not in text
    assert "“" not in text.replace("“I want us both to enjoy bedtime.”", "")
    assert "Draw or write here" in text


def test_only_words_of_a_person_stand_in_quotation_marks(built_family: Path, vigbook: Run) -> None:
    say(built_family, clip__1_did="I waited.")
    vigbook("answer", built_family, "clip-2.did", "Sam held the spoon.")
    vigbook("answer", built_family, "remember", "We looked at waiting.", "--by", "mum",
            "--source", "agreed-summary")  # fmt: skip
    vigbook("print", built_family, "--only", "take-home")
    text = text_of(page(built_family))
    assert "“I waited.” Sam" in text
    assert "Sam held the spoon." in text
    assert "“Sam held the spoon.”" not in text
    assert "We looked at waiting." in text
    assert "“We looked" not in text


def test_the_read_through_line_stands_until_it_was_read(built_family: Path, vigbook: Run) -> None:
    """And comes back when something was said after the reading."""
    assert text_of(page(built_family)).startswith(READ_THROUGH)
    vigbook("answer", built_family, "take-home.checked", "yes", "--by", "mum")
    vigbook("print", built_family, "--only", "take-home")
    assert READ_THROUGH not in text_of(page(built_family))
    say(built_family, remember="She looks for me.")
    vigbook("print", built_family, "--only", "take-home")
    assert READ_THROUGH in text_of(page(built_family))


def test_a_familys_page_closes_the_gap_and_the_worker_is_told(
    built_family: Path, vigbook: Run
) -> None:
    edit(
        built_family / "case.yaml",
        "  - person: mum\n    uses: [filming, shared-review, take-home]",
        "  - {person: mum, uses: [take-home], answer: no, given_by: mum, authority: self, "
        "date: 2026-09-02}\n  - person: mum\n    uses: [filming, shared-review]",
    )
    say(built_family, clip__1_did="I waited.", remember="Our secret.")
    done = vigbook("build", ".", "--json", cwd=built_family)
    assert done.returncode == 0
    text = text_of(page(built_family))
    assert pictures_in(page(built_family)) == set()
    assert not re.search(r"left out|no to|consent|secret|I waited|not asked", text)
    withheld = json.loads(done.stdout)[0]["withheld"]
    reason = "Sam: Sam said no to the printed page on 2026-09-02"
    assert {
        "file": None, "line": None, "field": "clip-1.did, remember", "mend": "",
        "found": f"words left out of the family's page: {reason}",
    } in withheld  # fmt: skip
    assert {
        "file": "cycle-1/cycle.yaml", "line": 4, "field": "clips",
        "found": f"all pictures left out of the family's page: {reason}", "mend": "",
    } in withheld  # fmt: skip


def test_the_worker_is_told_by_picture_where_only_some_are_left_out(
    built_family: Path, vigbook: Run
) -> None:
    edit(built_family / "cycle-1" / "cycle.yaml", 'spoon."}', 'spoon.", in_shot: [mum, dad]}')
    edit(built_family / "case.yaml", "consents:",
         "  - {id: dad, name: Lee, role: father}\nconsents:\n"
         "  - {person: dad, uses: [filming], given_by: dad, authority: self, date: 2026-09-01}"
    )  # fmt: skip
    done = vigbook("build", ".", cwd=built_family)
    assert (
        "left out: cycle-1/cycle.yaml:19 clips[1].stills[0]: picture left out of the family's "
        "page: Lee: not asked about the printed page"
    ) in done.stderr.splitlines()


def test_the_record_walks_the_notebook_and_says_why_pictures_are_left_out(
    built_family: Path, vigbook: Run
) -> None:
    say(built_family, clip__1_see="She reached up.", goal_settle_now="5")
    vigbook("build", built_family)
    text = text_of(page(built_family, "record"))
    wanted = [
        "Review record", "Family wren", "People Mia (child), Sam (mother)", "Author Jo",
        "Film 12 September 2026", "Helping question How can I help Mia settle?",
        "Clip 1: Waiting for Mia", "0:02 to 0:04 (2 seconds)", "Encouraging initiatives: Sam",
        "Still at 0:03: Mia reaches up and Sam leans in.",
        "Pictures were left out: Mia: not asked about the team's record",
        "What do you see? “She reached up.” Sam, said, noted on", "Clip 2: The spoon",
        "Goals", "Next date 28 November 2026", "Consents", "What was left out, and why",
        "Films, clips and pictures: deleted by 23 January 2027.", "Sign-off", "Signature",
    ]  # fmt: skip
    assert [words for words in wanted if words not in text] == []
    assert pictures_in(page(built_family, "record")) == set()


def test_the_record_has_pictures_only_where_that_was_agreed(
    built_family: Path, vigbook: Run
) -> None:
    edit(built_family / "case.yaml", "shared-review, take-home]",
         "shared-review, take-home, service-record]")  # fmt: skip
    edit(built_family / "cycle-1" / "cycle.yaml",
         '{at: 00:00:07.000, alt: "Sam holds the spoon."}',
         '{at: 00:00:07.000, alt: "Sam holds the spoon.", in_shot: [mum, dad]}')  # fmt: skip
    edit(built_family / "case.yaml", "consents:",
         "  - {id: dad, name: Lee, role: father}\nconsents:\n"
         "  - {person: dad, uses: [filming], given_by: dad, authority: self, date: 2026-09-01}"
    )  # fmt: skip
    assert vigbook("build", built_family).returncode == 0
    first = built_family / "cycle-1" / "media" / "clip-1-1.jpg"
    assert pictures_in(page(built_family, "record")) == {sha256_of(first)}


def test_worksheet_is_blank(built_family: Path, vigbook: Run) -> None:
    say(built_family, clip__1_see="She reached up.", helped="Waiting", goal_settle_now="5")
    vigbook("build", built_family)
    text = text_of(page(built_family, "worksheet"))
    for words in ("What do you see?", "What might Mia be thinking or feeling?", "What I will try"):
        assert words in text
    for words in ("She reached up.", "Waiting Smiling", "“Waiting”"):
        assert words not in text


def test_each_who_receives_gets_a_copy_in_their_language_and_size(
    built_family: Path, vigbook: Run
) -> None:
    """And one person's words stand on another's copy only with a yes that names them."""
    edit(built_family / "case.yaml", "consents:",
         "  - {id: dad, name: Karim, role: father, receives: true, language: ar, size: large}\n"
         "consents:\n"
         "  - {person: dad, uses: [filming, shared-review, take-home], given_by: dad, "
         "authority: self, date: 2026-09-01, to: [dad, mum]}")  # fmt: skip
    say(built_family, remember="She looks for me.")
    say(built_family, by="dad", try_what="Play after tea.")
    done = vigbook("build", built_family)
    assert done.returncode == 0, done.stderr
    mums, dads = page(built_family, "take-home-mum"), page(built_family, "take-home-dad")
    assert "She looks for me." in text_of(mums)
    assert "Play after tea." in text_of(mums)
    assert "Play after tea." in text_of(dads)
    assert "She looks for me." not in text_of(dads)
    assert "remember: words left out of Karim's page: Sam: has not said yes" in done.stderr
    assert (
        "take-home.pdf: holds words of Sam that are not for Karim; give Karim take-home-dad.pdf"
    ) in done.stderr
    assert "/Lang" in str(properties_of(dads)) or is_tagged(dads)
    assert pages_of(dads) >= pages_of(mums)


@pytest.mark.parametrize(
    ("options", "name", "size"),
    [
        (("--size", "large"), "take-home.en.large", A4),
        (("--paper", "letter"), "take-home.en.clear.letter", LETTER),
        (("--private",), "take-home.en.clear.private", A4),
        (("--language", "ar"), "take-home.ar.clear", A4),
        (("--blank",), "take-home.en.clear.blank", A4),
    ],
)
def test_variants_have_names_of_their_own(
    built_family: Path, vigbook: Run, options: tuple[str, ...], name: str, size: tuple[int, int]
) -> None:
    before = sha256_of(page(built_family))
    done = vigbook("print", built_family, "--only", "take-home", *options)
    assert done.returncode == 0, done.stderr
    assert size_of(page(built_family, name)) == size
    assert sha256_of(page(built_family)) == before


def test_the_private_page_has_no_pictures_dates_or_places(built_family: Path, vigbook: Run) -> None:
    say(built_family, try_where="At Gran's.", remember="She looks for me.")
    vigbook("print", built_family, "--only", "take-home", "--private")
    private = page(built_family, "take-home.en.clear.private")
    text = text_of(private)
    assert pictures_in(private) == set()
    for hidden in ("September", "November", "Gran", "Riverside"):
        assert hidden not in text
    assert "She looks for me." in text


def test_papers_are_tagged_titled_and_name_nobody_in_their_properties(built_family: Path) -> None:
    for path in papers_of(built_family):
        assert is_tagged(path), path
        said = " ".join(properties_of(path).values())
        assert not re.search(r"Mia|Sam|Jo\b|/tmp|/home", said), said
        assert properties_of(path)["/Title"]
    assert alt_texts_in(page(built_family)) == [
        "Mia reaches up and Sam leans in.", "Sam holds the spoon.",
    ]  # fmt: skip


def told_of_this_machine(path: Path, folder: Path) -> list[str]:
    """Returns what of a PDF, packed or not, names a folder or a file of this machine."""
    words = ["file://", str(folder), *{part for part in folder.parts if len(part) > 8}]
    content = b"\n".join([path.read_bytes(), *streams_in(path), text_of(path).encode()])
    return [word for word in words if word.encode() in content]


def test_nothing_of_this_machine_stands_in_a_paper(
    built_family: Path, tmp_path: Path, vigbook: Run
) -> None:
    for path in papers_of(built_family):  # printed elsewhere, before the family was copied here
        path.unlink()
    assert vigbook("build", built_family).returncode == 0
    for path in papers_of(built_family):
        assert told_of_this_machine(path, built_family) == [], path
    # What is looked for would be found, though its page is packed.
    case = built_family / "case.yaml"
    case.write_text(case.read_text("utf-8").replace("How can", f"{tmp_path} How can"), "utf-8")
    assert vigbook("print", built_family, "--only", "record").returncode == 0
    record = built_family / "cycle-1" / "print" / "record.pdf"
    assert str(tmp_path.name) in told_of_this_machine(record, built_family)


def test_words_come_out_of_the_arabic_page_as_they_went_in(
    built_family: Path, vigbook: Run
) -> None:
    sentence = "يوسف يبحث عني بعينيه"
    say(built_family, remember=sentence)
    vigbook("print", built_family, "--only", "take-home", "--language", "ar")
    text = text_of(page(built_family, "take-home.ar.clear"))
    for word in (*sentence.split(), "سؤالنا", "للتذكّر"):
        assert word in text or word[::-1] in text, word


@pytest.mark.parametrize(
    "markup",
    [
        '<img src="../media/../../case.yaml" alt="x">',
        '<img src="file:///etc/hostname.png" alt="x">',
        '<img src="https://example.invalid/a.png" alt="x">',
        '<link rel="stylesheet" href="file:///print/../../etc/a.css">',
        '<p style="background: url(../media/none.jpg)">x</p>',
    ],
)
def test_a_page_cannot_reach_what_it_was_not_given(tmp_path: Path, markup: str) -> None:
    places = {"print": find_templates()[0] / "print", "media": tmp_path}
    html = f"<html lang=en><title>x</title><body>{markup}</body></html>"
    with pytest.raises(PaperError):
        lay_out(html, places)


def test_what_weasyprint_leaves_out_is_an_error(tmp_path: Path) -> None:
    places = {"print": find_templates()[0] / "print", "media": tmp_path}
    with pytest.raises(PaperError, match="the page is not whole"):
        lay_out("<html lang=en><title>x</title><p style='colour: red'>x</p></html>", places)


def test_a_page_that_takes_too_many_sides_is_counted_and_not_painted() -> None:
    places = {"print": find_templates()[0] / "print"}
    sides = "".join(f"<p style='break-before: page'>{number}</p>" for number in range(3))
    html = f"<html lang=en><title>x</title><h1>x</h1>{sides}</html>"
    assert lay_out(html, places, at_most=3) == (4, b"")
    assert lay_out(html, places, at_most=4) == (4, lay_out(html, places)[1])


def test_a_record_without_a_workbook_is_told(built_family: Path, vigbook: Run) -> None:
    (built_family / "cycle-1" / "workbook.ipynb").unlink()
    done = vigbook("print", ".", "--only", "record", cwd=built_family)
    assert done.returncode == 1
    assert "there is no workbook yet, and the record is made from it; run 'vigbook build'" in (
        done.stderr
    )


def test_papers_print_without_the_film(built_family: Path, vigbook: Run) -> None:
    """The film may be deleted in weeks; the papers are printed again for years."""
    (built_family / "cycle-1" / "film.mp4").unlink()
    say(built_family, remember="She looks for me.")
    assert vigbook("print", built_family).returncode == 0
    assert "She looks for me." in text_of(page(built_family))


def test_what_one_carer_says_does_not_take_the_others_words_from_her_copy(
    built_family: Path, vigbook: Run
) -> None:
    edit(built_family / "case.yaml", "consents:",
         "  - {id: dad, name: Karim, role: father, receives: true}\nconsents:\n"
         "  - {person: dad, uses: [filming, shared-review, take-home], given_by: dad, "
         "authority: self, date: 2026-09-01}")  # fmt: skip
    say(built_family, remember="She looks for me.", words_us="Mia and me")
    say(built_family, by="dad", remember="I build with her.")
    assert vigbook("print", built_family, "--only", "take-home").returncode == 0
    mums, dads = page(built_family, "take-home-mum"), page(built_family, "take-home-dad")
    assert "She looks for me." in text_of(mums)
    assert "I build with her." not in text_of(mums)
    assert "I build with her." in text_of(dads)
    assert "Mia and me" in text_of(mums)
    assert "Mia and me" not in text_of(dads)


def test_a_workers_note_is_never_set_as_the_parents_own_words(
    built_family: Path, vigbook: Run
) -> None:
    """The family's own words come first, whichever prompt they answer."""
    vigbook("answer", built_family, "clip-1.did", "Sam waited.")
    say(built_family, clip__1_felt="I felt calm.")
    vigbook("print", built_family, "--only", "take-home")
    text = text_of(page(built_family))
    assert "“I felt calm.” Sam" in text
    assert "Sam waited." not in text


def test_a_moment_with_nothing_left_leaves_no_trace(built_family: Path, vigbook: Run) -> None:
    edit(built_family / "cycle-1" / "cycle.yaml", 'spoon."}', 'spoon.", in_shot: [mum, dad]}')
    edit(built_family / "case.yaml", "consents:",
         "  - {id: dad, name: Lee, role: father}\nconsents:\n"
         "  - {person: dad, uses: [filming], given_by: dad, authority: self, date: 2026-09-01}"
    )  # fmt: skip
    assert vigbook("build", built_family).returncode == 0
    text = text_of(page(built_family))
    assert "Waiting for Mia" in text
    assert "The spoon" not in text


def test_papers_asked_for_before_are_kept_up_to_date_or_taken_away(
    built_family: Path, vigbook: Run
) -> None:
    """An old copy could hold a picture that may no longer be shown."""
    vigbook("print", built_family, "--only", "take-home", "--size", "large")
    large = page(built_family, "take-home-mum.en.large")
    assert len(pictures_in(large)) == 2
    edit(built_family / "case.yaml", "    uses: [filming, shared-review, take-home]",
         "    uses: [filming, shared-review]")  # fmt: skip
    vigbook("build", built_family)
    assert not large.exists()
    edit(built_family / "case.yaml", "receives: true", "receives: false")
    done = vigbook("build", built_family)
    assert not large.exists()
    assert not page(built_family, "take-home-mum").exists()
    assert "was deleted: it was the copy of somebody who no longer receives one" in done.stderr


def test_a_day_of_deletion_that_is_past_is_not_promised(built_family: Path, vigbook: Run) -> None:
    edit(built_family / "cycle-1" / "cycle.yaml", "next: {date: 2026-11-28}\n", "")
    done = vigbook("build", built_family)
    assert "are overdue: they were to be deleted by 2026-11-07" in done.stderr
    assert "We will delete" not in text_of(page(built_family))


def test_a_tick_is_nobodys_sentence_in_the_record(built_family: Path, vigbook: Run) -> None:
    vigbook("answer", built_family, "take-home.checked", "yes", "--by", "mum")
    vigbook("build", built_family)
    text = text_of(page(built_family, "record"))
    assert "We have read the printed page through together Yes" in text
    assert "“Yes”" not in text


def test_a_yes_taken_back_stands_in_the_record(built_family: Path, vigbook: Run) -> None:
    edit(built_family / "case.yaml", "    authority: self\n    date: 2026-09-01\n",
         "    authority: self\n    date: 2026-09-01\n    withdrawn: 2026-11-01\n")  # fmt: skip
    vigbook("build", built_family)
    text = text_of(page(built_family, "record"))
    assert "yes, taken back on 1 November 2026" in text
    assert "The clip may not be shown" in text


def test_the_next_cycle_remembers_what_the_family_calls_itself(
    built_family: Path, vigbook: Run
) -> None:
    say(built_family, words_us="Mia and me")
    shutil.copytree(built_family / "cycle-1", built_family / "cycle-2")
    edit(built_family / "cycle-2" / "cycle.yaml", "cycle: 1", "cycle: 2")
    (built_family / "cycle-2" / "answers.jsonl").unlink()
    assert vigbook("build", built_family).returncode == 0
    assert "Mia and me" in text_of(built_family / "cycle-2" / "print" / "take-home.pdf")


def test_a_still_of_another_moment_never_stands_in_for_one(
    built_family: Path, vigbook: Run
) -> None:
    """A number that passed to another still must not bring the old picture, with its people."""
    edit(built_family / "cycle-1" / "cycle.yaml", "at: 00:00:03.000", "at: 00:00:03.400")
    assert vigbook("print", built_family).returncode == 0
    old = built_family / "cycle-1" / "media" / "clip-1-1.jpg"
    assert sha256_of(old) not in pictures_in(page(built_family))


@pytest.mark.parametrize("fault", ["no film", "no font", "no notebook"])
def test_after_a_withdrawal_no_old_page_with_a_picture_stays_whatever_fails(
    built_family: Path, vigbook: Run, fault: str
) -> None:
    cycle = built_family / "cycle-1"
    edit(built_family / "case.yaml", "    uses: [filming, shared-review, take-home]",
         "    uses: [filming, shared-review]")  # fmt: skip
    if fault == "no film":
        (cycle / "film.mp4").unlink()
    elif fault == "no font":
        vigbook("answer", built_family, "remember", "漢", "--by", "mum")
    else:
        (cycle / "workbook.ipynb").write_text("{", "utf-8")
    done = vigbook("build", built_family)
    if fault != "no font":
        assert done.returncode == 1
    assert "was deleted: it held a picture that may no longer be shown" in done.stderr
    assert [path.name for path in (cycle / "print").glob("*.pdf") if pictures_in(path)] == []


def test_a_picture_that_somebody_put_into_the_notebook_is_not_printed(
    built_family: Path, vigbook: Run
) -> None:
    path = built_family / "cycle-1" / "workbook.ipynb"
    notebook = json.loads(path.read_text("utf-8"))
    still = (built_family / "cycle-1" / "media" / "clip-1-1.jpg").read_bytes()
    picture = {"image/png": base64.b64encode(still).decode()}
    output = {"output_type": "display_data", "metadata": {}, "data": picture}
    notebook["cells"][-1]["outputs"].append(output)
    path.write_text(json.dumps(notebook), "utf-8")
    assert vigbook("print", built_family, "--only", "record").returncode == 0
    assert pictures_in(page(built_family, "record")) == set()
    assert "A picture was left out here: Mia: not asked about the team's record" in text_of(
        page(built_family, "record")
    )


def test_a_teams_broken_page_template_is_told(
    built_family: Path, tmp_path: Path, vigbook: Run
) -> None:
    own = tmp_path / "ours"
    shutil.copytree(find_templates()[0], own)
    (own / "print" / "worksheet.html.j2").write_text("{{ nope }}", "utf-8")
    done = vigbook("print", built_family, "--only", "worksheet", "--templates", own)
    assert done.returncode == 1
    assert "templates/print/worksheet.html.j2: the page's template is wrong: 'nope'" in done.stderr


def test_a_record_is_the_same_to_the_byte_alone_and_after_other_papers(
    built_family: Path, vigbook: Run
) -> None:
    together = sha256_of(page(built_family, "record"))
    shutil.rmtree(built_family / "cycle-1" / "print")
    assert vigbook("print", built_family, "--only", "record").returncode == 0
    assert sha256_of(page(built_family, "record")) == together


def test_a_paper_that_does_not_come_in_a_style_is_told_and_nothing_else_is_printed(
    built_family: Path, vigbook: Run
) -> None:
    before = {path.name for path in (built_family / "cycle-1" / "print").glob("*.pdf")}
    done = vigbook("print", built_family, "--only", "record", "--language", "ar")
    assert done.returncode != 0
    assert "there is no record in this style" in done.stderr
    assert {path.name for path in (built_family / "cycle-1" / "print").glob("*.pdf")} == before


def test_a_goal_that_is_left_out_of_the_worksheet_is_told(built_family: Path, vigbook: Run) -> None:
    edit(
        built_family / "case.yaml",
        "  - person: mum\n    uses: [filming, shared-review, take-home]",
        "  - person: mum\n    uses: [filming, shared-review]",
    )
    done = vigbook("print", built_family, "--only", "worksheet")
    assert done.returncode == 0
    assert "goal.settle: goal left out of the family's page" in done.stderr
