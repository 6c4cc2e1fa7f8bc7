"""The gate: no PDF is published that is not PDF/A-3a and PDF/UA-1 at once."""

from __future__ import annotations

import dataclasses

import page

from vigbook.errors import PaperError, Problem

STANDARDS = {"3a": "PDF/A-3a", "ua1": "PDF/UA-1"}
"""What every paper is at once, by the checker's names: for archives, and for every reader."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One rule that a PDF breaks.

    Attributes:
        standard: whose rule it is.
        rule: its name in the checker.
        message: what is wrong, in the checker's words.
    """

    standard: str
    rule: str
    message: str


def find_faults(content: bytes) -> list[Fault]:
    """Returns what keeps a PDF from the standards, one fault a rule; nothing where it is whole.

    What cannot be read far enough to be checked is a fault too.
    """
    faults: dict[tuple[str, str], Fault] = {}
    for profile, standard in STANDARDS.items():
        try:
            report = page.validate_pdf_bytes(content, profile=profile)
        except page.PageError as err:
            found = [Fault(standard=standard, rule="cannot be checked", message=str(err))]
        else:
            found = [
                Fault(standard=standard, rule=one.rule_id, message=one.message)
                for one in report.failures
            ]
            if not (report.is_compliant or found):
                found = [Fault(standard=standard, rule="fails", message="no reason is given")]
        for fault in found:
            faults.setdefault((fault.standard, fault.rule), fault)
    return list(faults.values())


def check_pdf(content: bytes, file: str) -> None:
    """Lets a PDF pass that is what every paper must be.

    Args:
        content: the PDF.
        file: where it would be published.

    Raises:
        PaperError: it is not, in one sentence that names the first rule it breaks.
    """
    faults = find_faults(content)
    if not faults:
        return
    first, more = faults[0], len(faults) - 1
    found = f"the page is not {first.standard}: {first.message.rstrip('.')} ({first.rule})"
    if more:
        found += f", and breaks {more} more {'rule' if more == 1 else 'rules'}"
    raise PaperError(
        Problem(file=file, found=found, mend="it was not published; mend the template or the cell")
    )
