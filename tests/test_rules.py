"""Every chapter keeps the rules, and every rule can fail."""

import json
import pathlib
import shutil

import made_up
import nbformat
import pytest
from conftest import ROOT

from tools import pairing, quotes, rules, running

CHAPTERS = sorted((ROOT / "chapters").glob("[0-9][0-9]_*.py"))


@pytest.mark.parametrize("script", CHAPTERS, ids=lambda script: script.stem)
def test_chapter_keeps_every_rule(script):
    assert rules.problems(script) == []


def test_readme_is_up_to_date():
    readme = (ROOT / "README.md").read_text("utf-8")
    assert quotes.chapter_table() in readme
    assert list(quotes.problems(readme, {})) == []


# --- The rules, each broken once -----------------------------------------------------------------


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """The made-up chapter, run in place once."""
    folder = tmp_path_factory.mktemp("chapters")
    script = folder / "98_made_up.py"
    script.write_text(made_up.CHAPTER, "utf-8")
    shutil.copy(ROOT / "chapters" / "jupytext.toml", folder)
    running.run_chapter(script, "outputs", folder)
    quotes.update_script(script)  # the seconds
    pairing.sync(script)
    return folder


@pytest.fixture
def chapter(executed, tmp_path):
    shutil.copytree(executed, tmp_path / "chapters")
    return tmp_path / "chapters" / "98_made_up.py"


def edit(path, old, new):
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def edit_cells(script, change):
    """Change the code cells of the notebook, not of the script."""
    path = script.with_suffix(".ipynb")
    notebook = nbformat.read(path, as_version=4)
    change(pairing.code_cells(notebook))
    path.write_text(nbformat.writes(notebook), "utf-8")


def test_the_made_up_chapter_is_without_fault(chapter):
    assert rules.problems(chapter) == []


BREACHES = [
    ("#   kernelspec:", "#   other: 1\n#   kernelspec:", "header must hold jupytext"),
    ("(ipykernel)", "", "the kernel must be called Python 3 (ipykernel)"),
    ("# # 98 A made-up", "# # A made-up", "a title that begins with the chapter's number"),
    ("| Slides |", "| Slide |", "lacks the row 'Slides'"),
    ('tags=["parameters"]', "", "exactly one cell must be tagged"),
    ("QUICK = run.quick", "QUICK = False", "set QUICK = run.quick"),
    ("print(double(EPOCHS))", "", "cell 6 is empty"),
    (
        "print(double",
        "\n".join(["print(1)"] * 40) + "\nprint(double",
        "41 lines in its longest cell",
    ),
    ("print(double", f"print({'1 + ' * 30}double", "characters in its longest line of code"),
    ("# The loss is", "# " + "word " * 2200 + "The loss is", "words, more than 2200"),
    ("return [y + y", "return [y + EPOCHS", "function double reads the notebook's variable EPOCHS"),
    (
        "def double(x):",
        "class A:\n    x = EPOCHS\n\n\ndef double(x):",
        "class A reads the notebook's",
    ),
    ("is 0.25<!-- val_mse", "is 0.26<!-- val_mse", "quotes val_mse as 0.26, but it is 0.25"),
    ("is 0.25<!-- val_mse -->", "is 0.25", "quotes 0.25 without saying where"),
    ("`rate=0.1`.", "a rate of 0.1.", "quotes 0.1 without saying where"),
    ("is 0.25<!-- val_mse", "is 0.25<!-- test_mse", "as 'test_mse', which was not measured"),
    ("is 0.25<!-- val_mse", "is 0.25<!-- textbook x printed", "which was not measured"),
    ("`rate=0.1`.", "a rate of 1e-3.", "quotes 1e-3 without saying where"),
    ("`rate=0.1`.", "`rate=0.1`<!-- val_mse -->.", "'val_mse' stands behind no number"),
]


@pytest.mark.parametrize(("old", "new", "problem"), BREACHES, ids=[b[2] for b in BREACHES])
def test_a_broken_rule_is_found(chapter, old, new, problem):
    edit(chapter, old, new)
    assert any(problem in found for found in rules.problems(chapter))


def test_a_drifted_pair_is_found(chapter):
    edit(chapter, "# The loss is", "# Now the loss is")
    assert rules.problems(chapter) == ["script and notebook differ: run make sync"]
    pairing.sync(chapter)
    assert rules.problems(chapter) == []


def test_a_script_that_jupyterlab_would_rewrite_is_found(chapter):
    edit(chapter, 'alt="A rising line"', 'tags=["a"] alt="A rising line"')
    path = chapter.with_suffix(".ipynb")
    notebook = nbformat.read(path, as_version=4)
    [cell] = [cell for cell in notebook.cells if "alt" in cell.metadata]
    cell.metadata["tags"] = ["a"]
    path.write_text(nbformat.writes(notebook), "utf-8")
    assert rules.problems(chapter) == [
        "JupyterLab would write the script in another way: run make sync"
    ]


def test_a_missing_notebook_or_result_is_found(chapter):
    (chapter.parent / "results" / "98_made_up.json").unlink()
    assert "there are no results that can be read: run make outputs" in rules.problems(chapter)
    chapter.with_suffix(".ipynb").unlink()
    assert "no notebook beside the script: run make sync" in rules.problems(chapter)


def test_outputs_of_other_code_are_found(chapter):
    edit(chapter, "EPOCHS = 3", "EPOCHS = 4")
    pairing.sync(chapter)
    problems = rules.problems(chapter)
    assert "the outputs are not those of this code: run make outputs" in problems
    assert "the results are not those of this code: run make outputs" in problems
    assert "1 code cells have not been run" in problems


def test_outputs_are_old_after_an_edit_in_jupyterlab(chapter):
    from jupytext import TextFileContentsManager

    manager = TextFileContentsManager()
    manager.root_dir = str(chapter.parent)
    model = manager.get("98_made_up.ipynb", content=True, type="notebook")
    for cell in model["content"]["cells"]:
        cell["source"] = cell["source"].replace("EPOCHS = 3", "EPOCHS = 5")
    manager.save(model, "98_made_up.ipynb")
    pairing.sync(chapter)
    assert rules.problems(chapter) == [
        "the outputs are not those of this code: run make outputs",
        "the results are not those of this code: run make outputs",
    ]


def test_outputs_from_the_bundled_sample_are_found(chapter):
    path = chapter.parent / "results" / "98_made_up.json"
    results = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({**results, "data": {"fashion_mnist": "bundled"}}), "utf-8")
    assert any("from the bundled sample" in problem for problem in rules.problems(chapter))


def change_order(cells):
    cells[0].execution_count, cells[1].execution_count = 2, 1


def add_error(cells):
    cells[0].outputs = [nbformat.v4.new_output("error", ename="E", evalue="", traceback=[])]


def add_stderr(cells):
    cells[0].outputs = [nbformat.v4.new_output("stream", name="stderr", text="oh")]


def add_warning(cells):
    cells[0].outputs = [nbformat.v4.new_output("stream", text="WARNING: oh")]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (change_order, "run out of order"),
        (add_error, "ended in an error"),
        (add_stderr, "wrote to stderr"),
        (add_warning, "printed a warning"),
    ],
)
def test_a_bad_output_is_found(chapter, change, problem):
    edit_cells(chapter, change)
    assert any(problem in found for found in rules.problems(chapter))


def test_a_figure_without_alternative_text_is_found(chapter):
    edit(chapter, '# %% alt="A rising line"', "# %%")
    pairing.sync(chapter)
    assert rules.problems(chapter) == [
        "the figure of the cell that starts 'import matplotlib.pyplot as plt' has no alternative text"
    ]


def test_a_notebook_that_is_too_large_is_found(chapter):
    def grow(cells):
        cells[0].outputs = [nbformat.v4.new_output("stream", text="x" * rules.MAX_BYTES)]

    edit_cells(chapter, grow)
    assert any("bytes, more than" in problem for problem in rules.problems(chapter))


# --- Numbers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quoted", "value", "renewed"),
    [
        ("0.99", 0.2512, "0.25"),
        ("12,000", 13500.4, "13,500"),
        ("1,500", 940, "940"),
        ("1500", 12345, "12,345"),
        ("5 %", 7, "7 %"),
        ("1e-3", 0.0042, "4e-3"),
        ("2.5e-4", 1.23e-05, "1.2e-5"),
        ("-0.3", -0.44, "-0.4"),
        ("−0.3", -0.44, "−0.4"),
        ("-0.3", 0.44, "0.4"),
        ("0.3", -0.01, "0.0"),
    ],
)
def test_a_quoted_number_is_renewed_in_its_own_format(quoted, value, renewed):
    text = f"It is {quoted}<!-- x -->. The rest stays: 0.5<!-- setting -->, 1.0<!-- y -->."
    new = text.replace(f"{quoted}<!-- x", f"{renewed}<!-- x")
    assert quotes.renew(text, {"x": value}) == new
    assert list(quotes.problems(new.replace("y", "setting"), {"x": value})) == []


def test_decimals_of_formulas_and_links_need_no_source_and_prices_do():
    free = "$v = 0.5$, `0.5`, [a](a-0.5.png), 2 of 3, version 1.2.3, chapter 07, 55,000 images"
    assert quotes.unsourced(free) == []
    assert quotes.unsourced("$2.5 or 3.5 $, 1e-3. A rate of 0.25.") == [
        "2.5",
        "3.5",
        "1e-3",
        "0.25",
    ]


def test_the_variables_that_texts_quote_are_found(chapter):
    other = chapter.with_name("97_other.py")
    other.write_text("0.1<!-- 98 loss --> 0.2<!-- mine --> 3 s<!-- 98 seconds -->", "utf-8")
    assert quotes.quoted_variables(chapter) == ({"val_mse"}, {"loss"})
    assert quotes.quoted_variables(other) == ({"mine"}, set())


def test_a_chapter_can_quote_the_results_of_another():
    results = json.loads((quotes.CHAPTERS / "results/15_diffusion.json").read_text("utf-8"))
    [(key, expected), *_] = results["numbers"].items()
    assert quotes.look_up(f"15 {key}", {}) == expected
    for source in ("15 no_such_key", f"97 {key}"):
        with pytest.raises(KeyError):
            quotes.look_up(source, {})


def test_textbook_numbers_have_one_home():
    assert quotes.look_up("textbook stacked printed", {}) == 0.0132


def test_the_readme_table_takes_titles_and_results_from_the_chapters(chapter):
    table = quotes.chapter_table(pathlib.Path(chapter.parent))
    row = "| 98 | [A made-up chapter](chapters/98_made_up.ipynb) | A loss of 0.25 | "
    assert any(line.startswith(row) and line.endswith(" s |") for line in table.splitlines())
