"""Links that open a chapter on Colab, Kaggle or Binder: in the README and under chapters' titles.

They hold the address of this repository, which only its owner knows: `make badges REPO=owner/name`
writes them, and `make badges` takes them out again, byte for byte. The web book is made from the
same texts, and so has them, too.
"""

import re

from book.numbers import README, TABLE_END
from book.pairing import read_notebook, read_script, refuse_edited, sync, title, write_whole

BRANCH = "main"
# {service: (address of a chapter, picture that the service offers for links to it)}
SERVICES = {
    "Open in Colab": (
        "https://colab.research.google.com/github/{repo}/blob/{branch}/chapters/{chapter}.ipynb",
        "https://colab.research.google.com/assets/colab-badge.svg",
    ),
    "Open in Kaggle": (
        "https://kaggle.com/kernels/welcome?src="
        "https://github.com/{repo}/blob/{branch}/chapters/{chapter}.ipynb",
        "https://kaggle.com/static/images/open-in-kaggle.svg",
    ),
    "Launch Binder": (
        "https://mybinder.org/v2/gh/{repo}/{branch}?urlpath=lab/tree/chapters/{chapter}.ipynb",
        "https://mybinder.org/badge_logo.svg",
    ),
}
# Binder reads .binder/, and has all that is needed; the other two know nothing of genkeras.
INSTALL = (
    "On Colab and Kaggle, run `%pip install --no-deps git+https://github.com/{repo}` in a cell of "
    "its own first."
)
START, END = "<!-- badges -->", "<!-- /badges -->"
IN_README = re.compile(rf"\n\n{START}\n.*?\n{END}", re.DOTALL)
IN_SCRIPT = re.compile(rf"\n#\n# {START}\n(?:#.*\n)*?# {END}")
TITLE = re.compile(r"^# # .*$", re.MULTILINE)


def check_repo(repo):
    """Raise ValueError unless `repo` has the form owner/name."""
    if not re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?/[\w.-]+", repo, re.ASCII):
        raise ValueError(
            f"REPO must be the owner and the name of a repository on GitHub, such as owner/name, "
            f"got {repo!r}"
        )


def update_script(script, repo):
    """Write the links under a chapter's title, or take them out if `repo` is empty.

    The notebook follows; outputs and fingerprint stay, since no code changes.

    Args:
        script: path of the chapter's script.
        repo: "owner/name", or an empty string.

    Returns:
        Whether script or notebook changed.

    Raises:
        EditedNotebook: if the notebook was edited by itself; then nothing is written.
    """
    notebook = script.with_suffix(".ipynb")
    if notebook.exists():
        refuse_edited(script, read_notebook(notebook))
    text = IN_SCRIPT.sub("", script.read_text())
    if repo:
        lines = ["", START, chapter_block(script.stem, repo), END]
        block = "".join(f"\n# {line}".rstrip(" ") for line in "\n".join(lines).splitlines())
        text = TITLE.sub(lambda found: found[0] + block, text, count=1)
    changed = text != script.read_text()
    if changed:
        write_whole(script, text)
    return sync(script) or changed


def update_readme(scripts, repo, path=README):
    """Write the links below the README's table of chapters, or take them out if `repo` is empty."""
    text = IN_README.sub("", path.read_text())
    if repo:
        block = f"\n\n{START}\n{readme_block(scripts, repo)}\n{END}"
        before, after = text.split(TABLE_END)
        text = f"{before}{TABLE_END}{block}{after}"
    if text != path.read_text():
        write_whole(path, text)


def chapter_block(chapter, repo):
    """The lines under a chapter's title: a picture with a link for each service."""
    links = [f"[{picture(name)}]({address(name, chapter, repo)})" for name in SERVICES]
    return " ".join(links) + "\n\n" + INSTALL.format(repo=repo)


def readme_block(scripts, repo):
    """A row for each service, with links to all chapters."""
    rows = ["| in the browser | chapters |", "|---|---|"]
    for name in SERVICES:
        links = []
        for script in scripts:
            full_title = title(read_script(script)).replace('"', "'")
            where = address(name, script.stem, repo)
            links.append(f'[{script.stem[:2]}]({where} "{full_title}")')
        rows.append(f"| {picture(name)} | {' '.join(links)} |")
    return "\n".join([*rows, "", INSTALL.format(repo=repo)])


def picture(service):
    return f"![{service}]({SERVICES[service][1]})"


def address(service, chapter, repo):
    """The address that opens a chapter on a service."""
    return SERVICES[service][0].format(repo=repo, branch=BRANCH, chapter=chapter)
