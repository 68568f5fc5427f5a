"""The web book: `make book` writes build/book/ from the committed notebooks, and executes nothing.

The pages are laid out in build/book-source/ as the files are in the repository, so that links
between README, chapters and benchmarks stay as they are. docs/ holds Sphinx's configuration.
"""

import ast
import base64
import os
import re
import shutil
import subprocess
import sys

import nbformat

from book import CHAPTERS, ROOT, npm
from book.figures import without_sliders
from book.fingerprint import GENKERAS, parse_module
from book.pairing import read_notebook

BUILD = ROOT / "build"
SOURCE = BUILD / "book-source"
STATIC = BUILD / "book-static"  # docs/conf.py names it, too
BOOK = BUILD / "book"
README = ROOT / "README.md"

PARTS = (
    ("Foundations", range(1, 3)),
    ("Autoencoders", range(3, 7)),
    ("Variational autoencoders", range(7, 10)),
    ("GANs", range(10, 12)),
    ("Recent advances", range(12, 16)),
    ("Summary", range(16, 17)),
)
# Sections of the README for those who work on the repository; the book leaves them out.
LEFT_OUT = ("Contributing",)
# The pictures of the front page: chapter, how the alternative text of the figure begins, caption.
GALLERY = (
    ("03", "The t-SNE map of the codes with pictures", "A map that a network drew by itself"),
    ("07", "A grid of 20 by 20 decoded images", "Every garment between two garments"),
    ("13", "A table of mixed styles", "The shape of one garment, the style of another"),
    ("15", "Six rows of ten images: garments, their upper halves", "Half a garment, completed"),
)
# What genkeras returns without exporting it.
RETURNED = (("data", "ImageData"), ("runtime", "Runtime"))
MATHJAX = {
    "es5/tex-chtml.js": "mathjax/tex-chtml.js",
    "es5/output/chtml/fonts/woff-v2": "mathjax/output/chtml/fonts/woff-v2",
    "es5/input/tex/extensions": "mathjax/input/tex/extensions",
}


class BookFailed(Exception):
    """The book cannot be built; says why in a sentence."""


def build():
    """Write the book to build/book/; the one of before stays if this fails.

    Returns:
        The exit status, 0 or 1.
    """
    try:
        shutil.rmtree(STATIC, ignore_errors=True)
        npm.unpack("mathjax", MATHJAX, STATIC)
        write_source(SOURCE)
        run_sphinx(SOURCE, BOOK)
    except (BookFailed, npm.NotFetched) as error:
        print(f"make book: {error}", file=sys.stderr)
        return 1
    print(f"{len(pages())} pages: open {os.path.relpath(BOOK / 'index.html')}")
    return 0


def pages(book=BOOK):
    """The pages of the book; _static has others, which belong to the theme."""
    return sorted(path for path in book.rglob("*.html") if "_static" not in path.parts)


def run_sphinx(source, target):
    """Turn the source folder into HTML; a warning is a failure."""
    partial = target.with_name(f".{target.name}.part")
    shutil.rmtree(partial, ignore_errors=True)
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-c", str(ROOT / "docs"), "-q"]
    command += ["-W", "--keep-going", "-E", "-d", str(BUILD / "book-doctrees")]
    command += ["-j", "auto", str(source), str(partial)]
    if subprocess.run(command, cwd=ROOT).returncode != 0:
        raise BookFailed("Sphinx found what it lists above")
    shutil.rmtree(target, ignore_errors=True)
    partial.rename(target)


def write_source(folder, chapters=CHAPTERS, readme=README):
    """Write what Sphinx reads: chapters, front page, reference, benchmarks, files to download."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("chapters", "downloads", "pictures", "benchmarks"):
        (folder / name).mkdir(parents=True)
    notebooks = sorted(chapters.glob("[0-9][0-9]_*.ipynb"))
    parts = by_part([path.stem for path in notebooks])
    for path in notebooks:
        for file in (path, path.with_suffix(".py")):
            shutil.copy(file, folder / "downloads" / file.name)
        page = chapter_page(read_notebook(path), path.stem)
        nbformat.write(page, folder / "chapters" / path.name)
    shutil.copytree(ROOT / "docs", folder / "docs", ignore=shutil.ignore_patterns("*.py", "_*"))
    shutil.copy(ROOT / "benchmarks" / "README.md", folder / "benchmarks")
    (folder / "reference.rst").write_text(reference())
    cards = [card(number, start, text, folder, chapters) for number, start, text in GALLERY]
    gallery = "\n".join(["::::{container} gallery", *cards, "::::\n"])
    story = front_page(readme.read_text(), gallery, folder)
    (folder / "index.md").write_text(story + "\n" + contents(parts))


# --- Chapters ------------------------------------------------------------------------------------


def by_part(stems):
    """The chapters of each part, such as {"GANs": ["10_...", "11_..."]}; empty parts are left out.

    Raises:
        BookFailed: if a chapter's number is in no part.
    """
    parts = {}
    for stem in stems:
        names = [name for name, numbers in PARTS if int(stem[:2]) in numbers]
        if not names:
            raise BookFailed(f"chapter {stem} has no part: add its number to PARTS in {__file__}")
        parts.setdefault(names[0], []).append(stem)
    return parts


def contents(parts):
    """The tables of contents for the side bar, one for each part."""
    lines = []
    for name, stems in parts.items():
        lines += toctree(name, [f"chapters/{stem}" for stem in stems])
    return "\n".join(lines + toctree("Reference", ["reference", "benchmarks/README"]))


def toctree(caption, entries):
    """The lines of a table of contents that only the side bar shows."""
    return ["```{toctree}", ":hidden:", f":caption: {caption}", "", *entries, "```", ""]


def chapter_page(notebook, stem):
    """A chapter as the book shows it: with downloads and alternative texts, without sliders."""
    without_sliders(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = without_remote_pictures(without_comments(cell.source))
        elif "alt" in cell.metadata:
            cell.metadata["mystnb"] = {"image": {"alt": cell.metadata["alt"]}}
    heading, rest = (notebook.cells[0].source + "\n").split("\n", 1)
    heading = heading.replace("# ", f"# {stem[:2]} ", 1)
    notebook.cells[0].source = f"{heading}\n\n{downloads(stem)}\n{rest}"
    return notebook


def downloads(stem):
    """A line with both files of a chapter."""
    notebook = f"{{download}}`notebook (.ipynb) </downloads/{stem}.ipynb>`"
    script = f"{{download}}`script (.py) </downloads/{stem}.py>`"
    return f"Download this chapter: {notebook}, {script}\n"


def without_comments(markdown):
    """Prose without the comments that say where a number comes from."""
    return re.sub(r"<!--.*?-->", "", markdown, flags=re.DOTALL)


def without_remote_pictures(markdown):
    """Prose without badges and other pictures of other hosts, which a page must not ask."""
    picture = r"!\[[^]]*\]\(https?://[^)]*\)"
    html = r"<img\b[^>]*\bsrc=\"https?://[^>]*>"
    with_link = rf"\[\s*{picture}\s*\]\([^)]*\)|<a\b[^>]*>\s*{html}\s*</a>"
    return re.sub(f"{with_link}|{picture}|{html}", "", markdown)


# --- The front page ------------------------------------------------------------------------------


def front_page(readme, gallery, folder):
    """The README as the front page: with the gallery behind its first paragraph."""
    # the gallery stands for the pictures of the README
    readme = re.sub(r"<!-- pictures -->.*?<!-- /pictures -->", "", readme, flags=re.DOTALL)
    text = without_remote_pictures(without_comments(readme))
    sections = re.split(r"^(?=## )", text, flags=re.MULTILINE)
    kept = [part for part in sections if part.split("\n")[0].removeprefix("## ") not in LEFT_OUT]
    text = convert_links("".join(kept), folder)
    text = re.sub(r"\n([ \t]*\n)+", "\n\n", text)  # where badges stood
    heading, first, rest = text.strip().split("\n\n", 2)
    return f"{heading}\n\n{first}\n\n{gallery}\n{rest}\n"


def convert_links(markdown, folder):
    """Links to files that the book does not hold become plain text."""

    def convert(link):
        target = link[2].split("#")[0]
        stays = not target or re.match(r"[a-z]+:", target) or (folder / target).exists()
        return link[0] if stays else link[1]

    return re.sub(r"(?<!!)\[([^]]*)\]\(([^)\s]+)\)", convert, markdown)


def card(number, start, caption, folder, chapters=CHAPTERS):
    """A picture of the front page, which opens its chapter.

    Args:
        number: of the chapter, such as "03".
        start: how the alternative text of the figure begins.
        caption: the line below the picture.
        folder: the picture is written to `pictures` in there.
        chapters: folder of the notebooks.

    Raises:
        BookFailed: if there is no such figure.
    """
    found = sorted(chapters.glob(f"{number}_*.ipynb"))
    cells = read_notebook(found[0]).cells if found else []
    for cell in cells:
        alt = cell.metadata.get("alt", "")
        for output in cell.get("outputs", []):
            picture = output.get("data", {}).get("image/png")
            if picture and alt.startswith(start):
                (folder / "pictures" / f"{number}.png").write_bytes(base64.b64decode(picture))
                return figure(number, found[0].stem, alt, caption)
    raise BookFailed(
        f"chapter {number} has no figure whose alternative text begins with {start!r}: "
        "choose another one in GALLERY in tools/book/web.py"
    )


def figure(number, stem, alt, caption):
    """A figure that links to a chapter, in MyST's words."""
    return (
        f":::{{figure}} pictures/{number}.png\n:target: chapters/{stem}.html\n"
        f":alt: {alt}\n\n{caption} ([chapter {number}](chapters/{stem}.ipynb))\n:::\n"
    )


# --- The reference -------------------------------------------------------------------------------


def reference(genkeras=GENKERAS):
    """The page on genkeras: its modules, and what each of them exports."""
    exported = parse_module(genkeras / "__init__.py")[1]
    modules = {}
    for name, (module, original) in exported.items():
        if original is not None and not name.startswith("_") and name in public_names(genkeras):
            modules.setdefault(module, []).append(f"genkeras.{name}")
    for module, name in RETURNED:
        modules[module].append(f"genkeras.{module}.{name}")
    lines = [*rst_heading("genkeras", "="), ".. automodule:: genkeras", ""]
    for module in sorted(modules):
        lines += [*rst_heading(f"genkeras.{module}", "-"), f".. automodule:: genkeras.{module}", ""]
        for name in sorted(modules[module], key=str.lower):
            kind = "autoclass" if name.split(".")[-1][0].isupper() else "autofunction"
            lines += [f".. {kind}:: {name}", ""]
    return "\n".join(lines)


def public_names(genkeras):
    """The names in `__all__`."""
    definitions, _ = parse_module(genkeras / "__init__.py")
    return ast.literal_eval(definitions["__all__"].value)


def rst_heading(text, underline):
    """A heading in reStructuredText."""
    return [text, underline * len(text), ""]
