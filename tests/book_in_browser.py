"""The web book in headless Chromium: `make test-book` builds it and runs this file.

Each page is opened once, from the disk, as by a reader without a server. The tests then look at it
for what a reader would notice.
"""

import re
import shutil
import urllib.parse
from pathlib import Path

import nbformat
import pytest

from tools import CHAPTERS, ROOT, pages

BOOK = ROOT / "build" / "book"
FRONT = BOOK / "docs" / "index.html"
STEMS = [path.stem for path in sorted(CHAPTERS.glob("[0-9]*.ipynb"))]
CHAPTER_PAGES = [f"chapters/{stem}.html" for stem in STEMS]
EXERCISES = [f"exercises/{stem}.html" for stem in STEMS]
OTHERS = ["docs/index.html", "docs/guide.html", "docs/maps.html", "docs/reference.html"]
OTHERS += ["experiments/README.html", "search.html", *EXERCISES]
# Device: its width, and what must not need scrolling to the side there. On a phone tables may,
# those of `model.summary()` among them: a `pre` that brings its own style.
DEVICES = {
    "laptop": (1280, "html, .bd-article, .pst-scrollable-table-container, .cell_output, pre"),
    "phone": (390, "html, .bd-article, pre:not([style])"),
    "paper": (700, "pre"),
}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]

FORMULAS = """() => ({
    held: document.querySelectorAll(".math").length,
    drawn: [...document.querySelectorAll("mjx-container svg")].filter(x => x.clientWidth).length,
    errors: [...document.querySelectorAll("[data-mml-node=merror], [fill=red]")].length,
})"""
IMAGES = """() => [...document.querySelectorAll(".bd-article img")].map(image => ({
    kind: image.src.split(".").pop(),
    alt: image.alt,
    drawn: image.complete && image.naturalWidth > 0,
}))"""
CUT = """selector => [...document.querySelectorAll(selector)].filter(element =>
    element.clientWidth && element.scrollWidth > element.clientWidth
).map(element => `${element.tagName}: ${element.textContent.slice(0, 80)}`)"""


@pytest.fixture(scope="module")
def browser():
    """Chromium, as the system has it."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


def open_page(browser, path, query=""):
    """Open a page and wait for its formulas; also returns what the browser complains about."""
    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    tab.route(re.compile("https?:"), lambda route: route.abort())  # which is then a complaint
    complaints = []
    tab.on("console", lambda entry: entry.type == "log" or complaints.append(entry.text))
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on("requestfailed", lambda request: complaints.append(f"no {request.url}"))
    tab.goto(path.as_uri() + query)
    tab.evaluate("() => window.MathJax?.startup?.promise")
    return tab, complaints


@pytest.fixture(scope="module", params=[*CHAPTER_PAGES, *OTHERS])
def page(request, browser):
    """A page of the book, and the browser's complaints."""
    tab, complaints = open_page(browser, BOOK / request.param)
    yield tab, complaints
    tab.close()


# --- Every page ----------------------------------------------------------------------------------


def test_there_is_no_error_and_no_other_host_is_asked(page):
    assert page[1] == []


def test_formulas_are_drawn(page):
    formulas = page[0].evaluate(FORMULAS)
    assert formulas["held"] == formulas["drawn"] and formulas["errors"] == 0


def test_images_are_drawn_and_have_alternative_texts(page):
    for image in page[0].evaluate(IMAGES):
        assert image["alt"] and image["drawn"], image


def test_the_language_is_named(page):
    assert page[0].locator("html").get_attribute("lang") == "en"


@pytest.mark.parametrize("device", DEVICES)
def test_nothing_is_cut(page, device):
    width, selector = DEVICES[device]
    page[0].emulate_media(media="print" if device == "paper" else "screen")
    page[0].set_viewport_size({"width": width, "height": 900})
    page[0].wait_for_timeout(200)  # the theme reacts to the new width
    assert page[0].evaluate(CUT, selector) == []


def test_links_lead_somewhere(page):
    addresses = page[0].evaluate("() => [...document.querySelectorAll('a[href]')].map(a => a.href)")
    for address in addresses:
        url = urllib.parse.urlsplit(address)
        if url.scheme == "file":
            target = Path(urllib.parse.unquote(url.path))
            assert target.is_file() and BOOK in target.parents, address
            anchor = urllib.parse.unquote(url.fragment)
            if anchor and target.suffix == ".html":
                assert f'id="{anchor}"' in target.read_text("utf-8"), address


# --- Chapters ------------------------------------------------------------------------------------

of_chapters = pytest.mark.parametrize("page", CHAPTER_PAGES, indirect=True)


def notebook_of(page):
    """The committed notebook of a chapter's page."""
    return nbformat.read(CHAPTERS / f"{stem_of(page)}.ipynb", as_version=4)


def stem_of(page):
    """The name of a chapter's page."""
    return Path(page[0].url).stem


@of_chapters
def test_a_chapter_shows_all_its_pictures_with_their_texts(page):
    expected = [
        ("gif" if "image/gif" in output.data else "png", cell.metadata.get("alt"))
        for cell in notebook_of(page).cells
        for output in cell.get("outputs", [])
        if {"image/gif", "image/png"} & output.get("data", {}).keys()
    ]
    assert [(image["kind"], image["alt"]) for image in page[0].evaluate(IMAGES)] == expected


@of_chapters
def test_the_code_of_a_chapter_can_be_copied(page):
    cells = [cell for cell in notebook_of(page).cells if cell.cell_type == "code" and cell.source]
    assert page[0].locator(".cell_input button.copybtn").count() == len(cells)


@of_chapters
def test_a_chapter_offers_its_standalone_notebook(page):
    link = page[0].locator("a.download").first.get_attribute("href")
    standalone = ROOT / "build" / "standalone" / f"{stem_of(page)}.ipynb"
    assert (BOOK / "chapters" / link).read_bytes() == standalone.read_bytes()


@of_chapters
def test_sounds_can_be_played(page):
    durations = "() => [...document.querySelectorAll('audio')].map(sound => sound.duration)"
    assert all(seconds > 0 for seconds in page[0].evaluate(durations))


# --- The front page, search, and the pages of `make chapters` --------------------------------------


def test_the_address_of_the_book_leads_to_the_front_page():
    assert "url=docs/index.html" in (BOOK / "index.html").read_text("utf-8") and FRONT.exists()


def test_the_side_bar_lists_all_chapters_in_their_parts(browser):
    tab, _ = open_page(browser, FRONT)
    parts = tab.locator("nav.bd-links .caption-text").all_inner_texts()
    assert parts[0] == "Foundations" and parts[-1] == "Reference" and len(parts) == 8
    links = tab.evaluate("() => [...document.querySelectorAll('nav.bd-links a')].map(a => a.href)")
    assert [Path(link).stem for link in links][: len(STEMS)] == STEMS


@pytest.mark.parametrize("word", ["reparametrization", "reparameterization"])
def test_search_finds_both_spellings(browser, word):
    tab, _ = open_page(browser, BOOK / "search.html", f"?q={word}")
    titles = tab.locator("#search-results li a")
    titles.first.wait_for(timeout=10_000)
    assert any(title.startswith("07") for title in titles.all_inner_texts())


def test_pages_of_make_chapters_draw_formulas_without_a_network(browser, tmp_path):
    source = "# Title\n\nInline $z = \\mu$, and\n\n$$\\mathcal{L} = \\boldsymbol{z}$$"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(source)])
    pages.write_html(notebook, tmp_path / "page.html")
    tab, complaints = open_page(browser, tmp_path / "page.html")
    formulas = tab.evaluate(FORMULAS)
    assert formulas["drawn"] == 2 and formulas["errors"] == 0 and complaints == []
    assert "$" not in tab.locator("main").inner_text()
