"""What pages and notebooks share: alternative texts, small pictures, pages that need no network."""

import base64
import io

import nbformat
import numpy as np
import pytest
from bs4 import BeautifulSoup
from PIL import Image

from tools import pages


def encoded(pixels):
    """Pixels as a PNG file in base64, as Matplotlib stores a figure."""
    file = io.BytesIO()
    Image.fromarray(pixels).convert("RGBA").save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def decoded(text):
    """The pixels of a PNG file in base64."""
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(text))).convert("RGB"))


@pytest.fixture
def notebook():
    """A notebook with a formula, a figure, an animation and sliders."""
    gray = np.random.default_rng(1).integers(0, 256, (40, 40), "uint8")
    figure = encoded(np.stack([gray] * 3, axis=-1))
    cells = [nbformat.v4.new_markdown_cell("# Title\n\nThe loss is $x^2$.")]
    for alt, data in (
        ('A "gray" figure', {"image/png": figure}),
        ("An animation", {"image/gif": "R0lGODlh", "text/plain": "<Image>"}),
        ("Moving rows", {"image/png": figure, pages.WIDGET: {"model_id": "1"}}),
        ("Sliders", {pages.WIDGET: {"model_id": "2"}, "text/plain": "HBox()"}),
    ):
        cell = nbformat.v4.new_code_cell("draw()", metadata={"alt": alt})
        cell.outputs = [nbformat.v4.new_output("display_data", data)]
        cells.append(cell)
    return nbformat.v4.new_notebook(cells=cells, metadata={"widgets": {}})


def test_gray_figures_get_smaller_and_keep_their_pixels(notebook):
    before = notebook.cells[1].outputs[0].data["image/png"]
    pages.shrink(notebook)
    after = notebook.cells[1].outputs[0].data["image/png"]
    assert len(after) < len(before) / 2
    np.testing.assert_array_equal(decoded(after), decoded(before))


def test_figures_of_few_colors_keep_them():
    pixels = np.random.default_rng(1).choice([10, 200, 90], (30, 30, 3)).astype("uint8")
    np.testing.assert_array_equal(decoded(pages.pack(encoded(pixels))), pixels)


def test_pictures_take_the_alternative_text_of_their_cell(notebook):
    pages.add_alternative_texts(notebook)
    assert notebook.cells[1].outputs[0].metadata["image/png"]["alt"] == 'A "gray" figure'
    del notebook.cells[1].metadata["alt"]
    pages.add_alternative_texts(notebook)
    assert "alt" not in notebook.cells[1].outputs[0].metadata["image/png"]


def test_sliders_give_way_to_their_picture_or_to_a_sentence(notebook):
    pages.without_sliders(notebook)
    assert "widgets" not in notebook.metadata
    assert list(notebook.cells[3].outputs[0]["data"]) == ["image/png"]
    assert "in the notebook only" in notebook.cells[4].outputs[0]["data"]["text/plain"]


def test_a_page_holds_everything_that_it_shows(notebook, tmp_path):
    unchanged = nbformat.from_dict(notebook)
    pages.write_html(notebook, tmp_path / "page.html")
    page = BeautifulSoup((tmp_path / "page.html").read_text("utf-8"), "html.parser")
    assert [(image["src"][:14], image["alt"]) for image in page.select("img")] == [
        ("data:image/png", 'A "gray" figure'),
        ("data:image/gif", "An animation"),
        ("data:image/png", "Moving rows"),
    ]
    assert not page.select("script[src], link[href], iframe")
    assert "MathJax = " in page.script.string and pages.WIDGET not in str(page)
    assert notebook == unchanged  # the caller writes it, too
