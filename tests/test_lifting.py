"""Sections lifted out of their chapters: they run with what their heads name, and nothing else."""

import linecache
import time

import keras
import made_up
import matplotlib.pyplot as plt
import pytest
from book import needs, pairing
from conftest import ROOT

CHAPTERS = sorted((ROOT / "chapters").glob("[0-9][0-9]_*.py"))
# Not run here, because they train for long even with quick parameters: the static tests cover them,
# and tests/test_quick_runs.py runs them within their chapters.
TOO_LONG = {
    "02": {"How many numbers does a garment need?"},
    "04": {"Does it come from the neighbors?"},
    "10": {"The game in one dimension"},
}
# Smaller still than the quick parameters, where every section that needs others is long.
SMALLER = {"09": {"SEEDS": 1, "EPOCHS": 1}, "14": {"OUTLINE_STEPS": 4}}


# --- The code and the lines at the heads ---------------------------------------------------------


@pytest.mark.parametrize("script", CHAPTERS, ids=lambda script: script.stem)
def test_the_heads_say_what_the_sections_need(script):
    assert list(needs.problems(pairing.read_script(script))) == []


HEADER = made_up.CHAPTER.partition("# %% [markdown]")[0]
BASE = {
    "Setup": "import genkeras as gk\nimport keras\nimport numpy as np\nrun = gk.setup()",
    "Parameters": "N = 3",
}


def write(path, **sections):
    """A chapter with these sections, after the set-up and the parameters."""
    cells = [
        f"# %% [markdown]\n# ## {heading}\n# Some text.\n\n# %%\n{code}\n"
        for heading, code in {**BASE, **sections}.items()
    ]
    path.write_text(HEADER + "\n".join(cells))
    return path


def needed(tmp_path, **sections):
    """{heading: the headings that it needs} of a chapter with these sections."""
    script = write(tmp_path / "98_made_up.py", **sections)
    return {s.heading: s.needs for s in needs.read_sections(pairing.read_script(script))}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("x = 1", "print(x)"),
        ("x = 1", "x += 1"),
        ("x = 1", "x = x + 1"),
        ("x = [1]", "[y for y in x]"),
        ("x = [1]", "for x in x: pass"),
        ("def x(): pass", "class A:\n    def call(self):\n        return x()"),
        ("x = 1", "def f(y=x): return y"),
        ("x = 1", "def f(): return x"),
        ("import time as x", "x.time()"),
        ("from keras import ops as x", "def f():\n    y = lambda z: x.exp(z)\n    return y"),
        ("x = 1", "if N:\n    x = 2\nprint(x)"),
        ("with open('f') as x: pass", "print(f'{x}')"),
    ],
)
def test_a_name_of_another_section_is_found(first, second, tmp_path):
    assert needed(tmp_path, A=first, B=second)["B"] == ["A"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("x = 1", "x = N"),
        ("x = 1", "print([x for x in range(N)])"),
        ("x = 1", "def f(x): return x"),
        ("x = 1", "def f():\n    x = 2\n    return x"),
        ("x = 1", "f = lambda x: x"),
        ("x = 1", "gk.x(keras.x, x=2)"),
        ("x = 1", "for x in range(N): print(x)"),
        ("x = 1", "if N:\n    x = 2\nelse:\n    x = 3\nprint(x)"),
        ("x = 1", "def f(): return x\nx = 2"),
        ("x = 1", "class A:\n    x = 2\n    y = x"),
        ("x = np.ones(N)", "y = 'x'"),
    ],
)
def test_a_name_that_is_the_sections_own_is_not_taken_for_another_ones(first, second, tmp_path):
    assert needed(tmp_path, A=first, B=second)["B"] == []


@pytest.mark.parametrize(
    "training",
    [
        "model.fit(N)",
        "both.fit(N)",
        "def train(network):\n    network.fit(N)\ntrain(model)",
        "def f(n, m):\n    g(m)\ndef g(m):\n    m.fit(N)\nf(N, m=both)",
        "for network in [model]:\n    network.fit(N)",
        "networks = {'one': both}\nfor name, network in networks.items():\n    network.fit(N)",
        "[network.fit(N) for network in [model]]",
        "model.layers[0].trainable = False",
        "loss = keras.Sequential([model]).fit(N)\nwhole = keras.Model(model)\nwhole.fit(N)",
    ],
)
def test_a_section_that_uses_a_model_needs_the_one_that_trains_it(training, tmp_path):
    model = "model = keras.Sequential([])\nboth = keras.Sequential([model, keras.layers.Dense(N)])"
    found = needed(tmp_path, A=model, B=training, C="other = 1", D="model.predict(N)")
    assert found["D"] == ["A", "B"]


def test_a_section_that_only_looks_at_a_model_is_not_needed(tmp_path):
    looks = "scores = model.predict(N)\nscores.sort()\nprint(model)\nhistory = model.loss"
    found = needed(tmp_path, A="model = keras.Sequential([])", B=looks, C="model.predict(N)")
    assert found["C"] == ["A"]


def test_a_list_that_is_filled_leaves_its_elements_as_they_are(tmp_path):
    fills = "models = [model]\nmodels.append(N)\nrows = {'one': model}\nrows['two'] = N"
    found = needed(tmp_path, A="model = keras.Sequential([])", B=fills, C="model.predict(N)")
    assert found["C"] == ["A"]


def test_the_list_that_another_section_fills_is_needed_from_there(tmp_path):
    fills = "for row in rows.values():\n    row.append(N)"
    found = needed(tmp_path, A="rows = {'one': []}", B=fills, C="print(rows)")
    assert found["C"] == ["A", "B"]


def test_the_settings_of_the_run_do_not_change(tmp_path):
    trains = "model = keras.Sequential(run.layers, seed=run)\nmodel.fit(N)"
    found = needed(tmp_path, A="x = 1", B=trains, C="print(run.seed)")
    assert found["C"] == []


def test_what_the_needed_sections_need_is_needed_and_the_last_definition_counts(tmp_path):
    found = needed(tmp_path, A="x = 1", B="y = x", C="x = 2", D="z = y", E="print(x)")
    assert found == {
        **{"Setup": [], "Parameters": [], "A": [], "B": ["A"], "C": []},
        **{"D": ["A", "B"], "E": ["C"]},
    }


def test_sync_writes_the_line_renews_it_and_takes_it_out(tmp_path):
    path = tmp_path / "98_made_up.py"
    script = write(path, One="x = 1", Two="y = 1", Three="print(x)")
    pairing.sync(script)
    plain = script.read_text()
    assert needs.update_script(script) is True and needs.update_script(script) is False
    line = '# ## Three\n# *Needs the cells of Setup, Parameters and "One".*\n#\n# Some text.'
    assert line in script.read_text()
    script.write_text(script.read_text().replace("print(x)", "print(x + y)"))
    [problem] = needs.problems(pairing.read_script(script))
    assert problem == "the head of 'Three' does not say what it needs: run make sync"
    needs.update_script(script)
    assert '# *Needs the cells of Setup, Parameters, "One" and "Two".*\n' in script.read_text()
    script.write_text(script.read_text().replace("print(x + y)", "print(x)"))
    script.write_text(script.read_text().replace("x = 1", "z = 1"))
    needs.update_script(script)
    assert script.read_text() == plain.replace("x = 1", "z = 1")


def test_many_needed_sections_are_named_in_short_if_they_are_all(tmp_path):
    sections = {"A": "a = 1", "B": "b = 1", "C": "c = 1"}
    script = write(tmp_path / "98_made_up.py", **sections, D="print(a, b, c)")
    needs.update_script(script)
    assert "# ## D\n# *Needs the cells of all sections above.*\n#\n" in script.read_text()
    assert list(needs.problems(pairing.read_script(script))) == []


# --- Run alone -----------------------------------------------------------------------------------


def plans(sections, too_long):
    """Lists of sections to run, each with set-up and parameters only.

    Every section that stands on its own, and one that needs others, behind those: of the sections
    that need the fewest, the first.
    """
    by_heading = {section.heading: section for section in sections}
    topics = [s for s in sections if s.cells and s.heading not in needs.ALWAYS_NEEDED]
    alone = [[s] for s in topics if not s.needs and s.heading not in too_long]
    others = [s for s in topics if s.needs and not too_long & {s.heading, *s.needs}]
    if others:
        chosen = min(others, key=lambda section: len(section.needs))
        alone.append([*(by_heading[heading] for heading in chosen.needs), chosen])
    return alone


def execute(cells, space, name, smaller=None):
    """Run cells in a namespace, with quick parameters or smaller ones."""
    for number, cell in enumerate(cells):
        path = f"<{name}, cell {number}>"
        # So that AutoGraph finds the code, as in a notebook.
        linecache.cache[path] = (len(cell.source), None, cell.source.splitlines(True), path)
        exec(compile(cell.source, path, "exec"), space)
        if "parameters" in cell.metadata.get("tags", []):
            space.update({**cell.metadata["quick"], **(smaller or {})})
        plt.close("all")


def run(script):
    """Run the sections of `plans`; return the headings of those that have run."""
    number = script.stem[:2]
    sections = needs.read_sections(pairing.read_script(script))
    base = [cell for s in sections if s.heading in needs.ALWAYS_NEEDED for cell in s.cells]
    done, spaces = [], {}
    for plan in plans(sections, TOO_LONG.get(number, set())):
        *before, last = [section.heading for section in plan]
        space = spaces.get(tuple(before))  # where the needed section has just run alone
        if space is None:
            space = {"__name__": "__main__"}
            execute(base, space, "base", SMALLER.get(number))
            for section in plan[:-1]:
                execute(section.cells, space, section.heading)
        start = time.process_time()
        execute(plan[-1].cells, space, last)
        print(f"{script.stem}: {last!r} took {time.process_time() - start:.1f} s of CPU time")
        spaces[(*before, last)] = space
        done.append(last)
    return done


@pytest.fixture
def as_in_a_notebook(tmp_path, monkeypatch):
    """A folder to write to, figures that are not shown, and afterwards our own layers again."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(plt, "show", lambda: plt.close("all"))
    ours = dict(keras.saving.get_custom_objects())
    yield
    keras.saving.get_custom_objects().clear()
    keras.saving.get_custom_objects().update(ours)
    keras.backend.clear_session()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of short trainings, which have not converged
@pytest.mark.parametrize("script", CHAPTERS, ids=lambda script: script.stem)
def test_sections_run_with_what_their_heads_name(script, as_in_a_notebook):
    assert len(run(script)) > 1


def test_a_section_whose_head_names_too_little_fails(tmp_path, monkeypatch):
    script = write(tmp_path / "98_made_up.py", A="x = 1", B="y = 2", C="print(x, y)")
    assert run(script) == ["A", "B", "C"]
    monkeypatch.setattr(needs, "transitive", lambda number, scans: {2} if number == 4 else set())
    with pytest.raises(NameError, match="'y' is not defined"):
        run(script)
