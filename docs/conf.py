"""Sphinx's configuration of the web book: `make book` turns the committed notebooks into pages.

The repository itself is the source folder, so links between the files stay as they are.
"""

import inspect
import os
import sys
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tools import pages  # noqa: E402

STANDALONE = ROOT / "build" / "standalone"

project = html_title = "genkeras"
root_doc = "docs/index"
include_patterns = ["docs/*", "chapters/*.ipynb", "exercises/*.ipynb", "experiments/README.md"]
exclude_patterns = ["build", ".*", "models"]  # looked through in vain
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.mathjax",
    "sphinx_copybutton",
]
myst_enable_extensions = ["amsmath", "dollarmath", "colon_fence"]
myst_heading_anchors = 3
autodoc_preserve_defaults = True
autodoc_inherit_docstrings = False  # Keras has a manual of its own
autodoc_typehints = "none"
toc_object_entries = False
default_role = "literal"  # docstrings write `x` for code, as Markdown does
copybutton_selector = ".cell_input pre"

# Notebooks are shown as they were committed.
nb_execution_mode = "off"
nb_merge_streams = True
nb_ipywidgets_js = {}  # they would ask another host
nb_mime_priority_overrides = [("html", "image/gif", 15)]  # above the text that stands for it

html_theme = "sphinx_book_theme"
html_static_path = ["_static", str(pages.MATHJAX)]
html_extra_path = ["_extra"]  # index.html, which leads to the front page
html_favicon = "_static/favicon.svg"
html_css_files = ["book.css"]
mathjax_path = pages.MATHJAX.name
mathjax3_config = {"options": {"enableMenu": False}}  # it would load more files
html_context = {"default_mode": "auto"}  # light or dark, as the reader's system
html_copy_source = False
html_domain_indices = False
html_use_index = False
html_theme_options = {
    "navbar_persistent": [],  # the side bar has the search already
    "footer_content_items": [],
    "use_download_button": False,  # chapters begin with theirs
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
# REPO=owner/name make book: each chapter gets buttons that open it on Colab and Binder.
if repository := os.environ.get("REPO"):
    html_theme_options["repository_url"] = f"https://github.com/{repository}"
    html_theme_options["repository_branch"] = "main"
    html_theme_options["launch_buttons"] = {
        "colab_url": "https://colab.research.google.com",
        "binderhub_url": "https://mybinder.org",
        "notebook_interface": "jupyterlab",
    }


def prepare_notebook(app, docname, source):
    """Give a notebook its download and alternative texts, and take out what needs a kernel."""
    if docname.startswith(("chapters/", "exercises/")):
        notebook = nbformat.reads(source[0], as_version=4)
        pages.without_sliders(notebook)
        for cell in notebook.cells:
            if "alt" in cell.metadata:
                cell.metadata["mystnb"] = {"image": {"alt": cell.metadata["alt"]}}
        file = f"../build/standalone/{docname.removeprefix('chapters/')}.ipynb"
        line = f"[Download this notebook](path:{file}) to run it on Colab or on your own computer."
        title = notebook.cells[0]
        title.source = title.source.replace("\n", f"\n\n{line}\n", 1)
        source[0] = nbformat.writes(notebook)


def class_signature(app, kind, name, subject, options, signature, returns):
    """Show the arguments of `__init__`, which Keras hides behind its `__new__`."""
    return (str(inspect.signature(subject)), returns) if kind == "class" else None


def setup(app):
    """Connect what is above to Sphinx."""
    if not STANDALONE.exists():
        raise SystemExit("The chapters to download are missing: run `make standalone` first.")
    app.connect("source-read", prepare_notebook)
    app.connect("autodoc-process-signature", class_signature)
