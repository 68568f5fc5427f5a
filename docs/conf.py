"""Sphinx's configuration for the web book, which `make book` builds (tools/book/web.py)."""

import os
import re
import sys

from docutils import nodes
from sphinx.transforms import SphinxTransform

sys.path.insert(0, os.path.abspath(".."))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

project = "genkeras"
html_title = "genkeras"
language = "en"
exclude_patterns = ["downloads"]  # files to download are no pages

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.mathjax"]
myst_enable_extensions = ["amsmath", "dollarmath", "colon_fence"]
myst_heading_anchors = 3
autodoc_preserve_defaults = True
autodoc_typehints = "none"
default_role = "literal"  # docstrings write `x` for code, as Markdown does

# --- Notebooks: shown as they were committed
nb_execution_mode = "off"
nb_merge_streams = True
nb_ipywidgets_js = {}  # widgets would fetch require.js from another host
nb_mime_priority_overrides = [("html", "image/gif", 15)]  # above the text that stands for it

# --- Everything is served by the book itself
mathjax_path = "mathjax/tex-chtml.js"
mathjax3_config = {"options": {"enableMenu": False}}  # its menu would load files that we leave out

# --- The theme
html_theme = "sphinx_book_theme"
html_static_path = ["_static", "../build/book-static"]
html_favicon = "_static/favicon.svg"
html_css_files = ["book.css"]
html_js_files = ["book.js"]
html_theme_options = {
    "navbar_persistent": [],  # the side bar has the search already
    "footer_content_items": [],
    "use_download_button": False,  # each chapter begins with its two files
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_context = {"default_mode": "auto"}  # light or dark, as the reader's system
html_copy_source = False  # a chapter's page offers its files
html_domain_indices = False
html_use_index = False


class HeadlessTables(SphinxTransform):
    """A table whose head is empty gets none; the first column names its rows instead."""

    default_priority = 500

    def apply(self, **kwargs):
        """Change the tables of one page."""
        for table in self.document.findall(nodes.table):
            for head in list(table.findall(nodes.thead)):
                if not head.astext().strip():
                    head.parent.remove(head)
                    next(table.findall(nodes.colspec))["stub"] = 1


def plain_docstring(app, kind, name, subject, options, lines):
    """Docstrings are plain text: what reStructuredText would take for markup is escaped."""
    for number, line in enumerate(lines):
        pieces = line.split("`")  # every other one is code
        pieces[::2] = [re.sub(r"[|*]|_(?!\w)", r"\\\g<0>", piece) for piece in pieces[::2]]
        lines[number] = "`".join(pieces)


def setup(app):
    """Add what is above to Sphinx."""
    app.add_transform(HeadlessTables)
    app.connect("autodoc-process-docstring", plain_docstring, priority=400)  # before napoleon
