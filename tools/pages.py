"""Notebooks as pages: pictures in few bytes and with alternative text, formulas without a network.

A figure's alternative text is the `alt` of its cell: `# %% alt="Loss by epoch, falling"`. It is
copied into the metadata of the cell's outputs, where programs that show notebooks look for it.
"""

import base64
import copy
import html
import importlib.util
import io
import pathlib
import re

WIDGET = "application/vnd.jupyter.widget-view+json"
# A link to another file of this repository.
LINK_INSIDE = re.compile(r"(?<!!)\[([^]]*)\]\((?!\w+://|#)[^)\s]+\.(?:md|ipynb|py|json)\)")
LARGE = 150_000  # characters in base64
# A package of PyPI carries MathJax. This file of it draws formulas as SVG and needs no other file.
PACKAGE = pathlib.Path(importlib.util.find_spec("sphinx-mathjax-offline").origin).parent
MATHJAX = PACKAGE / "static" / "mathjax" / "tex-svg-full.js"
# nbconvert's page without the scripts of other hosts, and with MathJax inside.
TEMPLATE = """\
{% extends 'lab/index.html.j2' %}
{% block html_head_js_requirejs %}{% endblock %}
{% block html_head_js_mermaidjs %}{% endblock %}
{% block html_head_js_mathjax %}
<script>
MathJax = {tex: {inlineMath: [["$", "$"]], processEscapes: true}, options: {enableMenu: false}};
{{ resources.mathjax }}
</script>
{% endblock %}
"""


def picture_outputs(cell):
    """The outputs of a cell that hold a PNG picture."""
    if cell.cell_type != "code":
        return []
    return [output for output in cell.outputs if "image/png" in output.get("data", {})]


def add_alternative_texts(notebook):
    """Copy each cell's `alt` into the metadata of the pictures that it drew."""
    for cell in notebook.cells:
        for output in picture_outputs(cell):
            if "alt" in cell.metadata:
                output.metadata.setdefault("image/png", {})["alt"] = cell.metadata["alt"]
            else:
                output.metadata.get("image/png", {}).pop("alt", None)


def without_sliders(notebook):
    """Take the sliders out, which need a running kernel: the picture in their place remains."""
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.get("data", {}).pop(WIDGET, None) and "image/png" not in output["data"]:
                output["data"] = {"text/plain": "(sliders, which move in the notebook only)"}


def without_links_inside(notebook):
    """Turn links to other files of this repository into text, where a notebook leaves it."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = LINK_INSIDE.sub(r"\1", cell.source)


def pictures_as_html(notebook):
    """Turn pictures and animations into HTML, with the alternative text of their cells."""
    for cell in notebook.cells:
        alt = html.escape(cell.metadata.get("alt", ""))
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            for kind in ("image/gif", "image/png"):
                if kind in data:
                    source = f"data:{kind};base64,{data[kind]}"
                    output["data"] = {"text/html": f'<img src="{source}" alt="{alt}">'}
                    break


def write_html(notebook, path):
    """Write a page that is complete in itself: pictures, animations and formulas, no sliders."""
    from nbconvert import HTMLExporter

    page = copy.deepcopy(notebook)
    without_sliders(page)
    pictures_as_html(page)
    resources = {"metadata": {"name": path.stem}, "mathjax": MATHJAX.read_text("utf-8")}
    body, _ = HTMLExporter(raw_template=TEMPLATE).from_notebook_node(page, resources)
    path.write_text(body, encoding="utf-8")


def shrink(notebook):
    """Store gray figures as gray; large ones with half the levels, or with the best 256 colors."""
    for cell in notebook.cells:
        for output in picture_outputs(cell):
            encoded = output["data"]["image/png"]
            packed = pack(encoded)
            if packed is not None and len(packed) < len(encoded):
                output["data"]["image/png"] = packed


def pack(encoded):
    """A PNG picture in base64, with fewer colors; None for one that is partly transparent."""
    from PIL import Image

    figure = Image.open(io.BytesIO(base64.b64decode(encoded)))
    if figure.mode == "RGBA" and figure.getextrema()[-1] != (255, 255):
        return None
    figure = figure.convert("RGB")
    gray = figure.convert("L")
    if gray.convert("RGB").tobytes() == figure.tobytes():
        figure = gray
        if len(encoded) > LARGE:
            figure = gray.point([min(255, (level + 1) // 2 * 2) for level in range(256)])
    elif figure.getcolors(256) or len(encoded) > LARGE:
        figure = figure.quantize(256, dither=Image.Dither.NONE)
    packed = io.BytesIO()
    figure.save(packed, "PNG", optimize=True)
    return base64.b64encode(packed.getvalue()).decode() + "\n"
