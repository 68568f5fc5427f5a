"""The README's pictures in docs/, taken from the outputs of the notebooks by `make sync`."""

import base64

from book import CHAPTERS, ROOT
from book.figures import picture_outputs
from book.pairing import read_notebook

DOCS = ROOT / "docs"
# File in docs/: the chapter, and how the alternative text of the figure begins.
PICTURES = {
    "reconstructions.png": ("03", "Ten garments in the top row"),
    "plane.png": ("07", "A grid of 20 by 20 decoded images"),
    "styles.png": ("13", "A table of mixed styles"),
    "diffusion.png": ("15", "Four rows of ten garments, one of each class"),
}


def figure(number, beginning):
    """The PNG of a chapter's figure whose alternative text begins so; None without the chapter.

    Raises:
        LookupError: if no figure, or more than one, has such a text.
    """
    path = next(CHAPTERS.glob(f"{number}_*.ipynb"), None)
    if path is None:
        return None
    found = [
        output
        for cell in read_notebook(path).cells
        for output in picture_outputs(cell)
        if cell.metadata.get("alt", "").startswith(beginning)
    ]
    if len(found) != 1:
        raise LookupError(
            f"{path.name}: {len(found)} figures have a text that begins {beginning!r}"
        )
    return base64.b64decode(found[0]["data"]["image/png"])


def outdated():
    """{name of a file in docs/ that is not the figure of its notebook: that figure}"""
    figures = {name: figure(*source) for name, source in PICTURES.items()}
    return {
        name: png
        for name, png in figures.items()
        if png and not ((DOCS / name).exists() and (DOCS / name).read_bytes() == png)
    }


def update():
    """Write the pictures that are not those of the notebooks."""
    for name, png in outdated().items():
        (DOCS / name).write_bytes(png)
