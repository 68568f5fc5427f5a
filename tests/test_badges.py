"""make badges: links to Colab, Kaggle and Binder come and go, and none leads nowhere."""

import re
import shutil

import made_up
import pytest
from book import badges, pairing, rules
from conftest import ROOT, make_in

CHAPTER = "10_generative_adversarial_networks"
EXPECTED = [
    f"https://colab.research.google.com/github/ana-1/gen.ai/blob/main/chapters/{CHAPTER}.ipynb",
    "https://kaggle.com/kernels/welcome?src="
    f"https://github.com/ana-1/gen.ai/blob/main/chapters/{CHAPTER}.ipynb",
    f"https://mybinder.org/v2/gh/ana-1/gen.ai/main?urlpath=lab/tree/chapters/{CHAPTER}.ipynb",
]


@pytest.fixture
def project(tmp_path):
    """The README and two chapters, in step with their notebooks."""
    (tmp_path / "chapters" / "results").mkdir(parents=True)
    shutil.copy(ROOT / "README.md", tmp_path)
    for number in ("01", "10"):
        for path in ROOT.glob(f"chapters/**/{number}_*.*"):
            shutil.copy(path, tmp_path / path.relative_to(ROOT))
    for script in scripts(tmp_path):
        pairing.sync(script)
    return tmp_path


def scripts(project):
    return sorted(project.glob("chapters/*.py"))


def write_badges(project, repo):
    for script in scripts(project):
        badges.update_script(script, repo)
    badges.update_readme(scripts(project), repo, project / "README.md")


def contents(project):
    paths = [project / "README.md", *sorted(project.glob("chapters/[01]*.*"))]
    assert len(paths) == 5
    return {path.name: path.read_bytes() for path in paths}


def test_badges_in_and_out_leave_every_byte_as_it_was(project):
    before = contents(project)
    write_badges(project, "ana-1/gen.ai")
    write_badges(project, "another/name")  # replaces the first
    after = contents(project)
    assert not [name for name in before if before[name] == after[name]]
    assert b"ana-1" not in b"".join(after.values())
    write_badges(project, "")
    assert contents(project) == before


def test_the_links_lead_to_the_chapters_of_that_repository(project):
    write_badges(project, "ana-1/gen.ai")
    head = pairing.read_notebook(project / "chapters" / f"{CHAPTER}.ipynb").cells[0].source
    assert re.findall(r"\]\(([^\s)]+ipynb)\)", head) == EXPECTED
    assert re.findall(r"!\[(.*?)\]", head) == ["Open in Colab", "Open in Kaggle", "Launch Binder"]
    assert head.startswith("# Generative adversarial networks\n\n<!-- badges -->\n[![Open in Colab")
    readme = (project / "README.md").read_text()
    for link in EXPECTED:
        assert f'[10]({link} "Generative adversarial networks")' in readme


def test_badges_cost_no_rerun_and_break_no_rule(project):
    script = project / "chapters" / f"{CHAPTER}.py"
    before = rules.problems(script), outputs(script)
    write_badges(project, "ana-1/gen.ai")
    assert (rules.problems(script), outputs(script)) == before == ([], outputs(script))
    assert rules.stale(script) == [] and pairing.sync(script) is False


def outputs(script):
    notebook = pairing.read_notebook(script.with_suffix(".ipynb"))
    return [cell.outputs for cell in pairing.code_cells(notebook)]


def test_an_edited_notebook_is_refused_and_its_script_stays(project):
    script = project / "chapters" / f"{CHAPTER}.py"
    notebook = pairing.read_notebook(script.with_suffix(".ipynb"))
    notebook.cells[0].source += "\nmy note"
    pairing.write_notebook(notebook, script.with_suffix(".ipynb"))
    before = script.read_bytes()
    with pytest.raises(pairing.EditedNotebook, match="was saved since the last sync"):
        badges.update_script(script, "ana-1/gen.ai")
    assert script.read_bytes() == before


@pytest.mark.parametrize(
    "repo", ["name", "owner/", "https://github.com/owner/name", "owner/name/more", "-a/b", "a b/c"]
)
def test_a_repository_of_another_form_is_refused_in_a_sentence(repo):
    with pytest.raises(ValueError, match="REPO must be the owner and the name of a repository"):
        badges.check_repo(repo)


def test_make_badges_as_it_is_typed(clone):
    script = clone / "chapters" / "91_one.py"
    script.write_text(made_up.CHAPTER)
    assert make_in(clone, "sync").returncode == 0
    paths = [clone / "README.md", script, script.with_suffix(".ipynb")]
    before = [path.read_bytes() for path in paths]
    refused = make_in(clone, "badges", "REPO=https://github.com/owner/name")
    assert refused.returncode != 0 and "got 'https://github.com/owner/name'" in refused.stderr
    assert [path.read_bytes() for path in paths] == before
    done = make_in(clone, "badges", "REPO=ana-1/gen.ai")
    assert done.returncode == 0, done.stderr
    assert all("github/ana-1/gen.ai/blob/main" in path.read_text() for path in paths)
    assert make_in(clone, "badges").returncode == 0
    assert [path.read_bytes() for path in paths] == before


# --- No address of our own that does not exist ---------------------------------------------------

# Where a project of this name could have a page.
OURS = re.compile(
    r"(?:github\.com|raw\.githubusercontent\.com|mybinder\.org/v2/gh|"
    r"colab\.research\.google\.com/github)/([\w.-]+/[\w.-]*genkeras[\w.-]*)"
    r"|([\w.-]*genkeras[\w.-]*\.(?:readthedocs\.io|github\.io|org|com|dev)\b)"
    r"|(pypi\.org/project/genkeras)",
    re.IGNORECASE,
)
OF_A_SERVICE = re.compile(
    r"(?:colab\.research\.google\.com/github|mybinder\.org/v2/gh|"
    r"kaggle\.com/kernels/welcome\?src=https://github\.com)/([\w.<>{}$-]+/[\w.<>{}$-]+)"
)
PLACEHOLDER = re.compile(
    r"(?:github\.com|mybinder\.org/v2/gh|colab\.research\.google\.com/github)/"
    r"(?:[<{$]|(?:owner|user|username|your[\w-]*|org|organization|name|me|example|account)/)",
    re.IGNORECASE,
)

TEXTS = (".md", ".html", ".css", ".js", ".json", ".yml", ".toml", ".py", ".txt")


def address_problems(texts):
    """Sentences on addresses of this project that nobody can have given it.

    Badges name a repository, which `make badges` was told; all must name the same one, and other
    addresses of ours may only name that.
    """
    of_badges = {repo for text in texts.values() for repo in OF_A_SERVICE.findall(text)}
    if len(of_badges) > 1:
        yield f"badges lead to {sorted(of_badges)}: run make badges"
    for name, text in texts.items():
        for found in PLACEHOLDER.finditer(text):
            yield f"{name} holds the placeholder {found[0]}"
        for found in OURS.finditer(text):
            if found[1] not in of_badges:
                yield f"{name} names {found[0]}, which is not the repository of the badges"


def public_texts():
    """What readers see: README, chapters (as scripts, which hold the text of the notebooks), pages."""
    paths = [
        *ROOT.glob("*.*"),
        *ROOT.glob("chapters/*.py"),
        *ROOT.glob("benchmarks/*.md"),
        *ROOT.glob("genkeras/*.py"),
        *ROOT.glob(".binder/*"),
        *(path for path in ROOT.glob("docs/**/*") if path.suffix in TEXTS),
    ]
    return {str(path.relative_to(ROOT)): path.read_text() for path in paths if path.is_file()}


def test_nothing_in_the_repository_leads_to_an_address_of_ours_that_does_not_exist():
    texts = public_texts()
    assert {"README.md", "pyproject.toml", f"chapters/{CHAPTER}.py"} <= set(texts)
    assert list(address_problems(texts)) == []


@pytest.mark.parametrize(
    "text",
    [
        "https://github.com/owner/genkeras-book",
        "https://github.com/someone/genkeras",
        "pip install git+https://github.com/<you>/genkeras",
        "https://genkeras.readthedocs.io/en/latest",
        "https://pypi.org/project/genkeras",
        f"{EXPECTED[0]} and {EXPECTED[2].replace('ana-1', 'berta')}",
    ],
)
def test_an_address_that_nobody_gave_us_is_found(text):
    assert list(address_problems({"README.md": text}))


def test_badges_and_the_address_that_they_agree_on_are_fine():
    text = " ".join(EXPECTED) + " git+https://github.com/ana-1/gen.ai"
    assert list(address_problems({"README.md": text})) == []
