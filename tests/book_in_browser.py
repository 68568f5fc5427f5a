"""The web book in headless Chromium: `make test-book` runs this file, and no other command does.

Every page is opened from the disk, as a reader without a server does. A page is visited once; the
tests then ask what was found there.
"""

import contextlib
import dataclasses
import functools
import http.server
import io
import os
import re
import shutil
import tarfile
import threading
import urllib.parse

import pytest
from book import CHAPTERS, npm
from book.figures import WIDGET
from book.pairing import read_notebook
from book.web import BOOK, PARTS, pages
from bs4 import BeautifulSoup
from PIL import Image

PAGES = [str(path.relative_to(BOOK)) for path in pages()]
NOTEBOOKS = sorted(CHAPTERS.glob("[0-9][0-9]_*.ipynb"))
STEMS = [path.stem for path in NOTEBOOKS]
WIDE, NARROW = 1280, 390
LOADS = 5  # at most; the quickest one counts, since other programs may keep the machine busy
# .ci/run allows more, since other tests keep both cores busy there
MAX_MILLISECONDS = 1000 * float(os.environ.get("BOOK_LOAD_SECONDS", "1"))
MAX_BYTES = 1_500_000  # of a page: its HTML, pictures and sounds
MAX_SHARED_BYTES = 6_000_000  # of what all pages share, and a browser keeps: theme, icons, MathJax
PICTURES = ("image/gif", "image/png")  # the first that an output has is shown
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]


@pytest.fixture
def float32_afterwards():
    """In place of conftest's, which imports Keras: nothing here does."""


@pytest.fixture
def close_figures():
    """In place of conftest's, which imports Matplotlib."""


@dataclasses.dataclass
class Visit:
    """What a browser found on a page."""

    complaints: list  # errors and warnings in the console
    requests: list  # addresses
    milliseconds: float  # until everything was loaded
    formulas: dict  # how many the page holds, how many were drawn, which ones with an error
    images: list  # source, alternative text, and whether it was drawn
    overhang: dict  # {width of the window: pixels by which the page is wider}
    findings: list  # serious ones of axe-core
    sounds: list  # seconds that each has played after a moment


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium, as Debian packages it."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=CHROMIUM_FLAGS
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def visit(browser):
    """A function that visits a page, once."""
    axe = axe_source()
    return functools.cache(lambda page: open_page(browser, page, axe))


def axe_source():
    """The code of axe-core."""
    with tarfile.open(fileobj=io.BytesIO(npm.fetch("axe-core"))) as archive:
        return archive.extractfile("package/axe.min.js").read().decode()


@contextlib.contextmanager
def new_tab(browser, **options):
    """A tab of the browser, with what it complains about and what it requests."""
    context = browser.new_context(viewport={"width": WIDE, "height": 900}, **options)
    context.route(re.compile("https?://(?!localhost)"), lambda route: route.abort())
    tab, complaints, requests = context.new_page(), [], []
    tab.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
    tab.on("pageerror", lambda error: complaints.append(f"error: {error}"))
    tab.on("request", lambda request: requests.append(request.url))
    tab.on("requestfailed", lambda request: complaints.append(f"error: no {request.url}"))
    yield tab, complaints, requests
    context.close()


def open_page(browser, page, axe, **options):
    """Visit a page: load it, wait for its formulas, look at it wide and narrow, play its sounds."""
    url = (BOOK / page).as_uri()
    with new_tab(browser, **options) as (tab, complaints, requests):
        tab.goto(url)
        milliseconds = load_time(tab)
        tab.evaluate(UNTIL_TYPESET)
        formulas, images = tab.evaluate(FORMULAS), tab.evaluate(IMAGES)
        sounds = tab.evaluate(SOUNDS)
        overhang, findings = {}, []
        for width in (WIDE, NARROW):
            tab.set_viewport_size({"width": width, "height": 900})
            tab.wait_for_timeout(500)  # the theme reacts to the new width
            overhang[width] = tab.evaluate("document.documentElement.scrollWidth") - width
            # Colors do not depend on the width, and to compare them takes most of the time.
            rules = {"color-contrast": {"enabled": width == WIDE}}
            findings += [f"{width} pixels: {text}" for text in serious_findings(tab, axe, rules)]
        found = Visit(
            [text for text in complaints if text.startswith(("error", "warning"))],
            list(requests),
            milliseconds,
            formulas,
            images,
            overhang,
            findings,
            sounds,
        )
        for _ in range(LOADS - 1):  # the quickest load counts
            if found.milliseconds > MAX_MILLISECONDS:
                tab.goto(url)
                found.milliseconds = min(found.milliseconds, load_time(tab))
    return found


def load_time(tab):
    """Milliseconds from the start of the navigation to the end of loading."""
    return tab.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")


# Neither may wait forever on a page that is broken.
UNTIL_TYPESET = """() => window.MathJax && Promise.race([
    MathJax.startup.promise,
    new Promise(resolve => setTimeout(resolve, 10000)),
])"""
# MathJax shows an unknown command in red.
FORMULAS = """() => ({
    held: document.querySelectorAll(".math").length,
    drawn: [...document.querySelectorAll(".math")].filter(
        formula => formula.querySelector("mjx-container mjx-math")?.offsetWidth > 0).length,
    errors: [...document.querySelectorAll(
        "mjx-merror, mjx-mtext[style*='color: red']")].map(error => error.textContent),
})"""
IMAGES = """() => [...document.images].map(image => ({
    source: image.getAttribute("src"),
    alt: image.getAttribute("alt"),
    drawn: image.complete && image.naturalWidth > 0,
}))"""
SOUNDS = """() => Promise.all([...document.querySelectorAll("audio")].map(async sound => {
    sound.muted = true;
    sound.play().catch(() => {});
    for (let i = 0; i < 50 && sound.currentTime <= 0.1; i++) {
        await new Promise(resolve => setTimeout(resolve, 100));
    }
    sound.pause();
    return sound.currentTime;
}))"""


def serious_findings(tab, axe, rules):
    """What axe-core calls serious or critical, each as a line with the element."""
    tab.evaluate(axe)
    # It would preload style sheets, which a page from the disk may not read.
    options = {"resultTypes": ["violations"], "preload": False, "rules": rules}
    result = tab.evaluate("options => axe.run(options)", options)
    return [
        f"{violation['id']}: {node['html'][:200]} ({node['failureSummary'].splitlines()[-1]})"
        for violation in result["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]


def soup(page):
    """A page's HTML."""
    return BeautifulSoup((BOOK / page).read_text(), "html.parser")


def chapter(stem):
    """The page of a chapter."""
    return f"chapters/{stem}.html"


def picture_alts(path):
    """The alternative texts of the pictures of a committed notebook, in order."""
    return [
        cell.metadata["alt"]
        for cell in read_notebook(path).cells
        for output in cell.get("outputs", [])
        if any(kind in output.get("data", {}) for kind in PICTURES)
    ]


# --- Every page ----------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES)
def test_the_console_has_no_error(visit, page):
    assert visit(page).complaints == []


@pytest.mark.parametrize("page", PAGES)
def test_no_other_host_is_asked(visit, page):
    schemes = {urllib.parse.urlsplit(url).scheme for url in visit(page).requests}
    assert schemes <= {"file", "data"}, visit(page).requests


@pytest.mark.parametrize("page", PAGES)
def test_formulas_are_drawn(visit, page):
    formulas = visit(page).formulas
    assert formulas["drawn"] == formulas["held"] and formulas["errors"] == []


@pytest.mark.parametrize("page", PAGES)
def test_images_are_drawn_and_have_alternative_text(visit, page):
    for image in visit(page).images:
        assert image["alt"] and image["drawn"], image


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_wider_than_the_window(visit, page):
    assert visit(page).overhang == {WIDE: 0, NARROW: 0}


@pytest.mark.parametrize("page", PAGES)
def test_axe_has_no_serious_finding(visit, page):
    assert visit(page).findings == []


@pytest.mark.parametrize("page", PAGES)
def test_the_page_loads_within_a_second(visit, page):
    assert visit(page).milliseconds < MAX_MILLISECONDS


@pytest.mark.parametrize("page", PAGES)
def test_the_page_is_light(visit, page):
    files = {url for url in visit(page).requests if url.startswith("file:")}
    paths = {urllib.parse.unquote(urllib.parse.urlsplit(url).path) for url in files}
    sizes = {path: os.path.getsize(path) for path in paths}
    shared = sum(size for path, size in sizes.items() if "/_static/" in path)
    own = sum(sizes.values()) - shared
    print(f"{page}: {own:,} bytes of its own, {shared:,} shared")
    assert own <= MAX_BYTES and shared <= MAX_SHARED_BYTES, sizes


@pytest.mark.parametrize("page", PAGES)
def test_local_links_lead_somewhere(page):
    html = soup(page)
    for link in html.select("a[href]"):
        path, _, anchor = urllib.parse.unquote(link["href"]).partition("#")
        if re.match(r"[a-z]+:", path):
            continue
        target = ((BOOK / page).parent / path).resolve() if path else BOOK / page
        assert target.is_file(), link
        if anchor and target.suffix == ".html":
            there = html if not path else soup(target.relative_to(BOOK))
            assert there.find(id=anchor), link


# --- Chapters ------------------------------------------------------------------------------------


def test_every_chapter_has_a_page():
    assert [page for page in PAGES if page.startswith("chapters/")] == [chapter(s) for s in STEMS]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=STEMS)
def test_a_chapter_shows_all_its_pictures_with_their_texts(visit, path):
    assert [image["alt"] for image in visit(chapter(path.stem)).images] == picture_alts(path)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=STEMS)
def test_a_chapter_offers_both_of_its_files(path):
    page = chapter(path.stem)
    links = [link["href"] for link in soup(page).select("a.download")]
    offered = {name.rsplit("/", 1)[1]: (BOOK / page).parent / name for name in links}
    assert sorted(offered) == [f"{path.stem}.ipynb", f"{path.stem}.py"]
    for name, file in offered.items():
        assert file.read_bytes() == (CHAPTERS / name).read_bytes()


def test_next_leads_through_all_chapters_and_previous_back():
    there = follow("index.html", "a.right-next")
    assert there[: len(STEMS)] == [chapter(stem) for stem in STEMS]
    assert follow(there[-1], "a.left-prev") == [*reversed(there[:-1]), "index.html"]


def follow(page, selector):
    """The pages that one reaches by following a link again and again."""
    seen = []
    while link := soup(page).select_one(selector):
        page = str(((BOOK / page).parent / link["href"]).resolve().relative_to(BOOK))
        seen.append(page)
    return seen


def test_the_side_bar_has_the_parts():
    captions = [tag.get_text() for tag in soup("index.html").select("nav.bd-links .caption-text")]
    numbers = [int(stem[:2]) for stem in STEMS]
    parts = [name for name, range_ in PARTS if any(number in range_ for number in numbers)]
    assert captions == [*parts, "Reference"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=STEMS)
def test_sounds_play(visit, path):
    outputs = [output for cell in read_notebook(path).cells for output in cell.get("outputs", [])]
    expected = sum("<audio" in output.get("data", {}).get("text/html", "") for output in outputs)
    played = visit(chapter(path.stem)).sounds
    assert len(played) == expected and all(seconds > 0.1 for seconds in played)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=STEMS)
def test_sliders_degrade_to_pictures(visit, path):
    assert not soup(chapter(path.stem)).select("script[type*=jupyter]")
    for cell in read_notebook(path).cells:
        for output in cell.get("outputs", []):
            if WIDGET in output.get("data", {}):
                alts = [image["alt"] for image in visit(chapter(path.stem)).images]
                assert cell.metadata["alt"] in alts


def animations():
    """(page, source) of the animated pictures."""
    found = []
    for page in PAGES:
        for image in soup(page).select("img[src$='.gif']"):
            with Image.open((BOOK / page).parent / image["src"]) as picture:
                if picture.is_animated:
                    found.append((page, image["src"]))
    return found


@pytest.mark.parametrize(("page", "source"), animations())
def test_animations_play(browser, page, source):
    with new_tab(browser) as (tab, _, _):
        tab.goto((BOOK / page).as_uri())
        image = tab.locator(f"img[src='{source}']")
        first = image.screenshot()
        for _ in range(20):
            tab.wait_for_timeout(200)
            if image.screenshot() != first:
                return
    pytest.fail(f"{source} shows the same frame for seconds")


def test_all_gifs_of_the_chapters_are_animations():
    gifs = [
        output
        for path in NOTEBOOKS
        for cell in read_notebook(path).cells
        for output in cell.get("outputs", [])
        if "image/gif" in output.get("data", {})
    ]
    assert len(animations()) == len(gifs) > 0


# --- Search, and the dark colors -----------------------------------------------------------------


def results(browser, address, words):
    """The titles that a search finds, and what the console says meanwhile."""
    with new_tab(browser) as (tab, complaints, _):
        tab.goto(f"{address}/search.html?q={words}")
        tab.wait_for_selector("#search-results li a")
        tab.wait_for_timeout(500)  # for the excerpts
        found = tab.locator("#search-results li").all_inner_texts()
    return found, [text for text in complaints if text.startswith(("error", "warning"))]


def test_search_finds_the_reparametrization_from_disk(browser):
    found, complaints = results(browser, BOOK.as_uri(), "reparametrization")
    assert "Variational autoencoders" in found[0] and complaints == []


def test_search_shows_excerpts_where_the_book_is_served(browser):
    handler = functools.partial(QuietHandler, directory=BOOK)
    with http.server.ThreadingHTTPServer(("localhost", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://localhost:{server.server_port}"
        found, complaints = results(browser, address, "reparametrization")
        server.shutdown()
    assert "Hands-On Machine Learning" in found[0] and complaints == []


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files and prints nothing."""

    def log_message(self, *arguments):
        """Print nothing."""


@pytest.mark.parametrize("page", ["index.html", chapter(STEMS[0]), "reference.html"])
def test_the_dark_colors_have_no_serious_finding_either(browser, page):
    assert open_page(browser, page, axe_source(), color_scheme="dark").findings == []


# --- The front page ------------------------------------------------------------------------------


def test_the_pictures_of_the_front_page_open_chapters():
    links = [
        link["href"] for link in soup("index.html").select(".gallery figure a.image-reference")
    ]
    assert len(links) >= 4 and set(links) <= {chapter(stem) for stem in STEMS}
