"""What WeasyPrint's PDF lacks of PDF/A-3a and PDF/UA-1 at once, put in before it is written."""

from __future__ import annotations

import re
from typing import Any

import pydyf

PDF_VARIANT = "pdf/a-3a"

# PDF/A allows no property in the metadata whose schema it does not know or find described there.
_UA_METADATA = b"""
<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/">
<pdfuaid:part>1</pdfuaid:part>
</rdf:Description>
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"
 xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>PDF/UA Universal Accessibility Schema</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
<pdfaProperty:name>part</pdfaProperty:name>
<pdfaProperty:valueType>Integer</pdfaProperty:valueType>
<pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>Which part of ISO 14289 is followed</pdfaProperty:description>
</rdf:li></rdf:Seq></pdfaSchema:property>
</rdf:li></rdf:Bag></pdfaExtension:schemas>
</rdf:Description>
"""
_END = b"</rdf:RDF>"
_LAST_LINE = b"\nendstream"
# A glyph that stands for no letter of its own, as the second half of a ligature: no width, no word.
_NO_LETTER = rb"\1 <200b>"
# Scripts whose signs are drawn in another order than they are written, or melt into their letters:
# no table from glyph to letter can give the words back. Devanagari to Sinhala; Thai to Tibetan need
# none, Myanmar and Khmer do. Arabic is drawn in one order and read in the other, which readers
# turn round by themselves: told the text, they would turn that round as well.
_REORDERED = re.compile("[\u0900-\u0dff\u1000-\u109f\u1780-\u17ff]")


def finish_pdf(document: Any, pdf: Any) -> None:
    """Makes WeasyPrint's PDF/A-3a a PDF/UA-1 as well, and its text readable: its `finisher`."""
    _tell_texts(document, pdf)
    metadata = pdf.objects[int(pdf.catalog["Metadata"].split()[0])]
    # Into the one RDF that is there, and readable without unpacking, for archives that look for it.
    metadata.stream = [part.replace(_END, _UA_METADATA + _END) for part in metadata.stream]
    for number, found in enumerate(pdf.objects):
        if not isinstance(found, pydyf.Stream):
            continue
        lines = found.stream
        if b"begincmap" in lines[:8]:
            found.stream = [
                re.sub(rb"^(<[0-9a-f]+>) <>$", _NO_LETTER, line)
                if isinstance(line, bytes)
                else line
                for line in lines
            ]
        # WeasyPrint packs nothing itself here: its packed tables would be written after this.
        found.compress = found is not metadata and "Filter" not in found.extra
        if found.data.endswith(b"\r" + _LAST_LINE):
            pdf.objects[number] = _Written(found)


def _tell_texts(document: Any, pdf: Any) -> None:
    """Puts the text of a line into the page's drawing where its glyphs alone would not tell it.

    Without it a reader, or somebody who copies a sentence, gets the signs of a Bengali word in the
    order of their drawing, and letters that have melted together not at all.
    """
    for page, reference in zip(document.pages, pdf.page_references, strict=True):
        texts = _texts_by_place(page)
        if not texts:
            continue
        drawing = pdf.objects[int(pdf.objects[int(reference.split()[0])]["Contents"].split()[0])]
        marked = pydyf.Dictionary()
        for part in drawing.stream:
            if isinstance(part, pydyf.Dictionary) and "MCID" in part:
                marked = part
            elif isinstance(part, bytes) and part.endswith(b" Tm"):
                *_, x, y, _ = part.split()
                if text := texts.get((float(x), float(y))):
                    marked["ActualText"] = pydyf.String(text)


def _texts_by_place(page: Any) -> dict[tuple[float, float], str]:
    """Returns each line in a script that glyphs cannot tell, by where on the page it is drawn."""
    found = {}
    # By place: which marked content is of which line is known to WeasyPrint only while it draws.
    for box in page._page_box.descendants(placeholders=True):
        text = getattr(box, "text", "")
        if isinstance(text, str) and _REORDERED.search(text):
            place = box.position_x, box.position_y + box.baseline
            found[float(f"{place[0]:f}"), float(f"{place[1]:f}")] = text
    return found


class _Written(pydyf.Object):  # type: ignore[misc]  # pydyf has no types
    """A stream whose last byte would read as half a line break: a whole one stands after it."""

    compressible = False

    def __init__(self, stream: pydyf.Stream) -> None:
        super().__init__()
        self.number, self.generation, self.free = stream.number, stream.generation, stream.free
        content: bytes = stream.data
        self._data = content.removesuffix(_LAST_LINE) + b"\r" + _LAST_LINE

    @property
    def data(self) -> bytes:
        """The object as it stands in the file."""
        return self._data
