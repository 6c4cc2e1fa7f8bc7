"""Makes the documents' pictures of the printed pages from the example families: `make pictures`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

PICTURES = Path(__file__).parent / "pictures"
# Which paper, how its picture is called, and how many of its pages are shown.
PAGES = {
    "take-home": ("otter/cycle-1/print/take-home.pdf", 2),
    "take-home-large": ("otter/cycle-1/print/take-home.en.large.pdf", 2),
    "take-home-easy": ("otter/cycle-1/print/take-home.en.easy.pdf", 1),
    "take-home-large-arabic": ("heron/cycle-1/print/take-home-dad.pdf", 2),
    "record": ("otter/cycle-1/print/record.pdf", 2),
    "worksheet": ("otter/cycle-1/print/worksheet.pdf", 2),
}
DOTS_PER_INCH = 64
GAP_PX = 12


def build_examples(folder: Path) -> None:
    """Makes both example families with their films and prints them."""
    from vigbook.demo.examples import draw_films, lay_out

    families = [lay_out(folder, name) for name in ("otter", "heron")]
    for family in families:
        draw_films(family)
    vigbook = str(Path(sys.executable).with_name("vigbook"))
    subprocess.run([vigbook, "build", *map(str, families)], check=True)
    for size in ("large", "easy"):
        style = ["--only", "take-home", "--size", size]
        subprocess.run([vigbook, "print", str(families[0] / "cycle-1"), *style], check=True)


def picture_pages(pdf: Path, count: int) -> Image.Image:
    """Returns the first pages of a PDF side by side."""
    with tempfile.TemporaryDirectory() as name:
        command = ["pdftoppm", "-r", str(DOTS_PER_INCH), "-l", str(count), "-png", str(pdf)]
        subprocess.run([*command, f"{name}/page"], check=True)
        pages = [Image.open(path).convert("RGB") for path in sorted(Path(name).glob("*.png"))]
    width = sum(page.width + GAP_PX for page in pages) + GAP_PX
    sheet = Image.new("RGB", (width, pages[0].height + 2 * GAP_PX), (203, 210, 217))
    place = GAP_PX
    for page in pages:
        sheet.paste(page, (place, GAP_PX))
        place += page.width + GAP_PX
    return sheet


def main() -> None:
    """Writes every picture anew."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        build_examples(Path(name))
        for picture, (pdf, count) in PAGES.items():
            sheet = picture_pages(Path(name, pdf), count)
            # Few colours: these are read on a screen, and every clone carries them.
            sheet.quantize(128).save(PICTURES / f"{picture}.png", optimize=True)
            print(PICTURES / f"{picture}.png")


if __name__ == "__main__":
    main()
