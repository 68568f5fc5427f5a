"""Chapter 16 and the maps: they are complete and lead somewhere, and 16 runs without results."""

import io
import re

import genkeras as gk
import numpy as np
import pytest
from conftest import ROOT

from tools import lift, pairing

MAPS = (ROOT / "docs" / "maps.md").read_text("utf-8")
SLIDES, TEXTBOOK, TERMS = re.split(r"^## ", MAPS, flags=re.MULTILINE)[1:]
TEXTBOOK_SECTIONS = """
Efficient Data Representations; Performing PCA with an Undercomplete Linear Autoencoder;
Stacked Autoencoders; Visualizing the Fashion MNIST Dataset;
Unsupervised Pretraining Using Stacked Autoencoders; Tying Weights;
Training One Autoencoder at a Time; Convolutional Autoencoders; Denoising Autoencoders;
Sparse Autoencoders; Variational Autoencoders; Generating Fashion MNIST Images;
Generative Adversarial Networks; The Difficulties of Training GANs; Deep Convolutional GANs;
Progressive Growing of GANs; StyleGANs; Diffusion Models
"""


def rows_of(section):
    """Cells of the table in a section of the maps, without italics."""
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line[:2] == "| "]
    return [[cell.strip(" *") for cell in row] for row in rows[1:]]


def chapter_of(link):
    """The text of the script whose notebook a cell of the maps links to."""
    script = lift.find(link[1:3])
    assert link == f"[{script.stem[:2]}](../chapters/{script.stem}.ipynb)"
    return script.read_text("utf-8")


@pytest.mark.parametrize("section", [SLIDES, TEXTBOOK], ids=["slides", "textbook"])
def test_every_section_of_the_maps_exists(section):
    for title, link, heading in rows_of(section):
        headings = re.findall(r"^# ## (.*)$", chapter_of(link).replace("*", ""), re.MULTILINE)
        assert heading in headings, title


def test_the_maps_are_complete():
    titles = [title for title, *_ in rows_of(SLIDES)]
    for script in sorted((ROOT / "chapters").glob("[0-9][0-9]_*.py")):
        assert f"[{script.stem[:2]}]" in SLIDES + TEXTBOOK, script.stem
        [slides] = re.findall(r"\n# \| Slides \| (.*) \|\n", script.read_text("utf-8"))
        for title in re.findall(r"\*(.*?)\*", slides):
            assert any(title in one for one in titles), f"{script.stem} names the slide {title}"
    sections = TEXTBOOK_SECTIONS.replace("\n", " ").strip().split("; ")
    assert set(sections) <= {row[0] for row in rows_of(TEXTBOOK)}


def test_the_english_terms_occur_in_the_chapters_named():
    for spanish, english, link in rows_of(TERMS):
        english = re.sub(r".*\((.*)\)", r"\1", english)  # in brackets: the words of the chapter
        assert english.lower() in chapter_of(link).lower().replace("\n# ", " "), spanish


def test_the_gallery_has_ten_images_of_each_model_in_all_grays():
    with np.load(io.BytesIO(gk.data.read_asset("16_gallery.npz"))) as file:
        for name in set(file.files) - {"scores"}:
            images = file[name]
            assert images.shape == (40 if "quiz" in name else 10, 28, 28), name
            assert images.dtype == np.uint8 and images.min() < 10 and images.max() > 200, name


@pytest.mark.slow
def test_numbers_that_are_not_found_are_nan(monkeypatch, tmp_path):
    monkeypatch.setattr(gk, "__file__", str(tmp_path / "genkeras" / "__init__.py"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "02_some.json").write_text('{"numbers": {"mse_10": 0.02}}', "utf-8")
    code = {}
    for cell in pairing.code_cells(pairing.read_script(lift.find("16"))):
        exec(cell.source, code)
    errors = [row["squared error"] for row in code["autoencoders"]]
    assert np.nansum(errors) == 0.02 and np.isnan(errors).sum() == 10
