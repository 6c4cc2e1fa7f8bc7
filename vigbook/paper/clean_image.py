"""A team's own picture -> its dots alone, written again: what else was in its file stays out.

It runs in `vigbook.paper.renderer`, since some pictures unpack to more than any memory holds.
"""

from __future__ import annotations

import io

import PIL.Image
import PIL.ImageFile
import PIL.ImageOps

from vigbook.errors import PaperError, Problem

_MOST_DOTS = 40_000_000
_LONG_SIDE_PX = 1600  # 120 mm, the widest it is printed, at 340 dots an inch
_FEW_COLOURS = 20_000  # a plot with its smoothed edges; a photograph has far more
_QUALITY = 90


def tidy_picture(content: bytes) -> tuple[bytes, str, tuple[int, int]]:
    """Returns a picture's dots written anew as PNG or JPEG, the suffix of that, width and height.

    Few colours, as of a plot, stay sharp as PNG; many, as of a photograph, become JPEG.

    Raises:
        PaperError: it is no picture, is damaged or too large.
    """
    mend = "save it as PNG or JPEG, or take it out"
    lenient = PIL.ImageFile.LOAD_TRUNCATED_IMAGES
    try:
        with PIL.Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as opened:
            width, height = opened.size
            if width * height > _MOST_DOTS:
                found = f"a picture of {width} by {height} dots, and a page takes up to"
                found += f" {_MOST_DOTS // 10**6} million dots"
                raise PaperError(Problem(found=found, mend="make it smaller"))
            # WeasyPrint lets Pillow take half a picture for a whole one, everywhere.
            PIL.ImageFile.LOAD_TRUNCATED_IMAGES = False
            opened.load()
            picture = _on_white(PIL.ImageOps.exif_transpose(opened))
    except PIL.Image.DecompressionBombError as err:
        found = "a picture of far more dots than a page can hold"
        raise PaperError(Problem(found=found, mend="make it smaller")) from err
    except (OSError, ValueError, SyntaxError) as err:  # as Pillow tells of broken files
        raise PaperError(Problem(found="a picture that cannot be read", mend=mend)) from err
    finally:
        PIL.ImageFile.LOAD_TRUNCATED_IMAGES = lenient
    picture.thumbnail((_LONG_SIDE_PX, _LONG_SIDE_PX), PIL.Image.Resampling.LANCZOS)
    out = io.BytesIO()
    if picture.getcolors(_FEW_COLOURS) is None:
        picture.save(out, "JPEG", quality=_QUALITY, subsampling=0)
        return out.getvalue(), ".jpg", picture.size
    picture.save(out, "PNG")
    return out.getvalue(), ".png", picture.size


def _on_white(picture: PIL.Image.Image) -> PIL.Image.Image:
    """Returns a picture's dots alone: on white where they let the paper through."""
    if picture.mode == "CMYK":
        flat = picture.convert("RGB")
    else:
        over = picture.convert("RGBA")
        flat = PIL.Image.new("RGB", over.size, "white")
        flat.paste(over, mask=over.getchannel("A"))
    # A new one: colour profile, comments and places stay behind.
    return PIL.Image.frombytes("RGB", flat.size, flat.tobytes())
