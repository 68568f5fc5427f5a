"""The source of the web book, without Sphinx and without a browser."""

import os
import re
import shutil
import urllib.error

import nbformat
import pytest
from book import CHAPTERS, figures, npm, web
from conftest import ROOT, make

STEMS = [path.stem for path in sorted(CHAPTERS.glob("[0-9][0-9]_*.py"))]


def test_the_parts_hold_all_chapters_in_order():
    assert [stem for stems in web.by_part(STEMS).values() for stem in stems] == STEMS


def test_a_summary_gets_its_own_part():
    parts = web.by_part(["15_diffusion", "16_summary"])
    assert parts == {"Recent advances": ["15_diffusion"], "Summary": ["16_summary"]}


def test_a_chapter_without_a_part_is_named():
    with pytest.raises(web.BookFailed, match="chapter 17_more has no part"):
        web.by_part(["01_generative_modeling", "17_more"])


@pytest.fixture
def source(tmp_path):
    """What Sphinx reads."""
    web.write_source(tmp_path / "source")
    return tmp_path / "source"


def test_the_front_page_is_the_readme_with_pictures(source):
    text = (source / "index.md").read_text()
    assert "## The two commands" in text and "make chapters" in text
    assert "## Contributing" not in text and "<!--" not in text
    assert text.index(":::{figure}") < text.index("## The two commands")
    for number, _, caption in web.GALLERY:
        assert (source / "pictures" / f"{number}.png").exists() and caption in text


def test_links_of_the_front_page_lead_into_the_book(source):
    text = (source / "index.md").read_text()
    links = re.findall(r"\]\(([^)#]+)\)", text)
    for stem in STEMS:
        assert f"chapters/{stem}.ipynb" in links
    for link in links:
        assert link.startswith("http") or (source / link).exists(), link


def test_a_link_to_what_the_book_does_not_hold_becomes_text(tmp_path):
    (tmp_path / "here.md").write_text("")
    text = (
        "[a](here.md#top), [b](tools/there.py), [c](https://example.org), [d](#below), ![e](f.png)"
    )
    assert web.convert_links(text, tmp_path) == text.replace("[b](tools/there.py)", "b")


@pytest.mark.parametrize(
    "badge",
    [
        "[![Open in Colab](https://example.org/badge.svg)](https://example.org/run)",
        "![Tests](https://example.org/badge.svg)",
        '<a href="https://example.org"><img src="https://example.org/badge.svg" alt="x"/></a>',
    ],
)
def test_badges_of_other_hosts_are_left_out(badge):
    assert web.without_remote_pictures(f"before {badge} after") == "before  after"


def test_a_missing_picture_of_the_front_page_is_named(tmp_path):
    with pytest.raises(web.BookFailed, match="chapter 03 has no figure .* 'A giraffe'"):
        web.card("03", "A giraffe", "caption", tmp_path)


def test_downloads_are_the_committed_files(source):
    for stem in STEMS:
        for name in (f"{stem}.py", f"{stem}.ipynb"):
            assert (source / "downloads" / name).read_bytes() == (CHAPTERS / name).read_bytes()


def test_a_page_has_its_number_its_downloads_and_no_comments():
    first = nbformat.v4.new_markdown_cell("# Title\n\nLoss 0.25<!-- val_mse -->.")
    page = web.chapter_page(nbformat.v4.new_notebook(cells=[first]), "03_title")
    lines = page.cells[0].source.splitlines()
    assert lines[0] == "# 03 Title" and lines[-1] == "Loss 0.25."
    assert "</downloads/03_title.ipynb>" in lines[2] and "</downloads/03_title.py>" in lines[2]


def test_a_slider_gives_way_to_its_picture_with_its_text():
    shown = {figures.WIDGET: {"model_id": "1"}, "image/png": "", "text/plain": "HBox()"}
    cell = nbformat.v4.new_code_cell("panel", metadata={"alt": "Six rows"})
    cell.outputs = [nbformat.v4.new_output("display_data", shown)]
    first = nbformat.v4.new_markdown_cell("# Title")
    notebook = nbformat.v4.new_notebook(cells=[first, cell], metadata={"widgets": {}})
    page = web.chapter_page(notebook, "03_title")
    assert "widgets" not in page.metadata
    assert set(page.cells[1].outputs[0]["data"]) == {"image/png", "text/plain"}
    assert page.cells[1].metadata["mystnb"]["image"]["alt"] == "Six rows"


def test_a_slider_without_a_picture_leaves_a_sentence():
    cell = nbformat.v4.new_code_cell("panel")
    cell.outputs = [nbformat.v4.new_output("display_data", {figures.WIDGET: {"model_id": "1"}})]
    first = nbformat.v4.new_markdown_cell("# Title")
    page = web.chapter_page(nbformat.v4.new_notebook(cells=[first, cell]), "03_title")
    assert "in the notebook only" in page.cells[1].outputs[0]["data"]["text/plain"]


def test_the_gallery_follows_the_first_paragraph_in_spite_of_badges(tmp_path):
    readme = "# T\n\n![x](https://example.org/x.svg) \n\nFirst.\n\nSecond.\n\n## Contributing\n\nno"
    assert web.front_page(readme, "PICTURES", tmp_path) == "# T\n\nFirst.\n\nPICTURES\nSecond.\n"


def test_the_reference_has_every_public_name():
    import genkeras as gk

    found = re.findall(r"^\.\. auto(?:class|function):: genkeras\.(.*)$", web.reference(), re.M)
    returned = {f"{module}.{name}" for module, name in web.RETURNED}
    assert sorted(set(found) - returned) == sorted(gk.__all__) and len(set(found)) == len(found)


# --- Packages of npm -----------------------------------------------------------------------------


def test_a_package_that_cannot_be_fetched_is_said_in_a_sentence(tmp_path, monkeypatch):
    def offline(url, timeout):
        raise urllib.error.URLError("no network")

    monkeypatch.setattr("urllib.request.urlopen", offline)
    with pytest.raises(npm.NotFetched, match="could not be fetched .* connect to the internet"):
        npm.fetch("mathjax", tmp_path)


def test_another_file_than_the_pinned_one_is_refused(tmp_path, monkeypatch):
    other = tmp_path / "other"
    other.write_bytes(b"other")
    monkeypatch.setattr("urllib.request.urlopen", lambda url, timeout: other.open("rb"))
    with pytest.raises(npm.NotFetched, match="other digest"):
        npm.fetch("mathjax", tmp_path)
    assert not list(tmp_path.glob("*.tgz"))


def test_a_cached_package_is_not_fetched_again(tmp_path, monkeypatch):
    monkeypatch.setitem(npm.PACKAGES, "mathjax", ("1.0.0", npm.digest(b"kept")))
    (tmp_path / "mathjax-1.0.0.tgz").write_bytes(b"kept")
    monkeypatch.setattr("urllib.request.urlopen", None)
    assert npm.fetch("mathjax", tmp_path) == b"kept"


def test_a_missing_chromium_is_said_before_anything_is_built(tmp_path):
    for name in ("make", "bash", "sh"):
        os.symlink(shutil.which(name), tmp_path / name)
    done = make("test-book", folder=ROOT, PATH=str(tmp_path))
    assert done.returncode != 0 and done.stdout == ""
    assert "Chromium is missing; install it first" in done.stderr
