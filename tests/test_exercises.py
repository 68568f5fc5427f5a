"""Exercises: the rules of their sources, and what nbgrader makes of right and wrong answers."""

import csv
import os
import runpy
import subprocess
import sys

import made_up
import nbformat
import pytest
from conftest import ROOT, make_in

from tools import course, exercises, fresh, pairing, running, standalone

SOURCES = sorted((ROOT / "exercises").glob("[0-9][0-9]_*.py"))
# The third check prints to stderr, as TensorFlow does.
MADE_UP = '''\
# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercises for chapter 98
# Read [the chapter](../chapters/98_made_up.ipynb) first.

# %%
import sys


# %% tags=["solution"]
def double(x):
    """Twice x."""
    ### BEGIN SOLUTION
    return x + x
    ### END SOLUTION


# %% tags=["check", "points-2"]
assert double(3) == 6, "twice 3 is 6"

# %% [markdown]
# ## A number
# Which number, `eight`, is twice 4?

# %% tags=["solution"]
### BEGIN SOLUTION
eight = 8
### END SOLUTION

# %% tags=["check", "points-1"]
assert eight == 2 * 4, "another number"

# %% [markdown]
# ## A word
# Which `word` begins with "en"?

# %% tags=["solution"]
### BEGIN SOLUTION
word = "encoder"
### END SOLUTION

# %% tags=["check", "points-4"]
print("a warning", file=sys.stderr)
assert word.startswith("en"), "another word"
'''
MADE_UP_WRONG = {
    1: ["def double(x):\n    return 2", "double = bool"],
    2: ["eight = 9"],
    3: ["word = 'decoder'"],
}


def wrong_answers(source):
    """{number of an exercise: [cells instead of the solution's]}, each of which must run.

    It is the check that has to fail.
    """
    return runpy.run_path(str(ROOT / "tests" / "wrong_answers" / source.name))["WRONG_ANSWERS"]


@pytest.fixture
def source(tmp_path):
    """A made-up source of exercises."""
    source = tmp_path / "exercises" / "98_made_up.py"
    source.parent.mkdir()
    source.write_text(MADE_UP, "utf-8")
    return source


def edit(path, old, new):
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


# --- Sources and their notebooks -----------------------------------------------------------------


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_a_source_belongs_to_a_chapter_and_keeps_every_rule(source):
    assert (ROOT / "chapters" / source.name).exists()
    assert exercises.problems(source) == []


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_there_is_a_wrong_answer_to_each_exercise(source):
    number = len(pairing.tagged_cells(pairing.read_script(source), "solution"))
    wrong = wrong_answers(source)
    assert sorted(wrong) == list(range(1, number + 1)) and all(wrong.values())


BREACHES = [
    ("    ### END SOLUTION\n", "", "solution cell 3 lacks ### BEGIN SOLUTION or ### END"),
    ("### BEGIN SOLUTION\neight = 8\n### END SOLUTION", "eight = 8", "solution cell 6 lacks"),
    (' tags=["check", "points-1"]', "", "solution cell 6 has no check right behind it"),
    (
        '\n# %% [markdown]\n# ## A word\n# Which `word` begins with "en"?\n\n# %% tags=["solution"]\n',
        "",
        "cell 7 has the marks of a",
    ),
    ("number, `eight`,", "number", "solution cell 6 assigns eight, which the text does not"),
    ('"check", "points-1"', '"check"', "check cell 7 has no points"),
    ("points-1", "points-one", "check cell 7 has no points"),
    (
        "\n# %% [markdown]\n# ## A word",
        '\n# %% tags=["check", "points-1"]\n',
        "check cell 8 has no solution right before it",
    ),
]


@pytest.mark.parametrize(("old", "new", "problem"), BREACHES, ids=[b[2] for b in BREACHES])
def test_a_broken_rule_is_found(source, old, new, problem):
    assert list(exercises.source_problems(source)) == []
    edit(source, old, new)
    assert any(problem in found for found in exercises.source_problems(source))
    with pytest.raises(ValueError, match="exercises/98_made_up.py: "):
        exercises.sync(source)


def test_the_students_notebook_has_no_answers_outputs_or_grading(source):
    assert exercises.sync(source)
    assert not exercises.sync(source), "nothing has changed"
    path = source.with_suffix(".ipynb")
    notebook = pairing.read_notebook(path)
    nbformat.validate(notebook)
    text = path.read_text("utf-8")
    assert "x + x" not in text and "eight = 8" not in text and "SOLUTION" not in text
    assert text.count("raise NotImplementedError()") == 3
    assert '"nbgrader"' not in text and '"jupytext"' not in text
    assert not any(cell.outputs for cell in pairing.code_cells(notebook))
    ids = [cell["id"] for cell in notebook.cells]
    assert ids == [cell["id"] for cell in exercises.solutions(source).cells]


def test_notebooks_that_are_out_of_step_are_found(source):
    not_run = "the solutions were not executed: run make outputs"
    assert exercises.problems(source) == [
        "the student's notebook is not in step: run make sync",
        not_run,
    ]
    exercises.sync(source)
    assert exercises.problems(source) == [not_run]
    notebook = exercises.solutions(source)  # as if it had been run
    notebook.metadata["genkeras"] = {"digest": fresh.digest(notebook, {})}
    pairing.write_notebook(notebook, exercises.solutions_path(source))
    assert exercises.problems(source) == []
    edit(source, "Which number", "What")
    assert exercises.problems(source) == [
        "the student's notebook is not in step: run make sync",
        "the text of the executed solutions is not in step: run make sync",
    ]
    exercises.sync(source)
    assert exercises.problems(source) == []
    edit(source, "x + x", "2 * x")
    exercises.sync(source)
    assert exercises.problems(source) == [
        "the executed solutions are not up to date: run make outputs"
    ]


def test_exercises_travel_without_answers(source, tmp_path):
    path = standalone.write(source, tmp_path / "out")
    assert path == tmp_path / "out" / "exercises" / "98_made_up.ipynb"
    text = path.read_text("utf-8")
    assert "x + x" not in text and "](../" not in text and path.stat().st_size < 1_000_000


def test_a_course_is_written_again_without_touching_what_the_teacher_changed(
    source, tmp_path, capsys
):
    folder = tmp_path / "course"
    course.write([source], folder)
    assert capsys.readouterr().out.endswith(
        "course/: nbgrader_config.py, and in source/: 98_made_up\n"
    )
    path = folder / "source" / "98_made_up" / "98_made_up.ipynb"
    notebook = pairing.read_notebook(path)
    found = [c.metadata.nbgrader for c in notebook.cells if "nbgrader" in c.metadata]
    assert [cell.grade_id for cell in found] == [
        f"{kind}-{number}" for number in (1, 2, 3) for kind in ("solution", "check")
    ]
    assert [cell.points for cell in found if cell.grade] == [2, 1, 4]
    assert "](../" not in path.read_text("utf-8")
    edit(folder / "nbgrader_config.py", "600", "60")
    course.write([source], folder)
    assert "= 60 " in (folder / "nbgrader_config.py").read_text("utf-8")


def test_a_course_without_nbgrader_is_refused_in_one_sentence(source, tmp_path, monkeypatch):
    monkeypatch.setattr(course.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match="^nbgrader is missing: run make env COURSE=1$"):
        course.write([source], tmp_path / "course")
    assert not (tmp_path / "course").exists()


# --- Runs ----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_solutions_are_kept_with_their_outputs_only_if_every_cell_runs(
    source, tmp_path, monkeypatch
):
    monkeypatch.setattr(running, "FAILED", tmp_path / "failed")
    edit(source, "eight = 8\n", "eight = 8\nprint(eight)\n")
    exercises.sync(source)
    exercises.run(source)
    assert exercises.problems(source) == []
    path = exercises.solutions_path(source)
    text = path.read_text("utf-8")
    assert '"8\\n"' in text and "](../../chapters/98_made_up.ipynb)" in text
    edit(source, "eight = 8\n", "eight = 9\n")
    with pytest.raises(running.ChapterFailed, match="AssertionError: another number"):
        exercises.run(source)
    assert path.read_text("utf-8") == text
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.slow
def test_make_commands_as_they_are_typed(clone):
    (clone / "chapters" / "98_made_up.py").write_text(made_up.CHAPTER, "utf-8")
    (clone / "exercises").mkdir(exist_ok=True)
    source = clone / "exercises" / "98_made_up.py"
    source.write_text(MADE_UP, "utf-8")
    synced = make_in(clone, "sync")
    assert synced.returncode == 0, synced.stderr
    assert "exercises/98_made_up.py: the solutions were not executed: run make outputs N=98\n" in (
        synced.stdout
    )
    done = make_in(clone, "outputs", "N=98")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "exercises/98_made_up.py: solved in " in done.stdout and "run make" not in done.stdout
    assert source.with_suffix(".ipynb").exists() and exercises.solutions_path(source).exists()
    carried = make_in(clone, "standalone").stdout.splitlines()
    assert carried[-1].startswith("build/standalone/exercises/98_made_up.ipynb: 0.")
    written = make_in(clone, "course").stdout
    assert written == "build/course/: nbgrader_config.py, and in source/: 98_made_up\n"


def nbgrader(folder, *arguments):
    """Run nbgrader as a teacher does, in the folder of the course."""
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def hand_in(folder, source, student, answers):
    """Hand in, as a student, what was handed out, with answers: {number of the exercise: cell}."""
    name = f"{source.stem}/{source.stem}.ipynb"
    notebook = pairing.read_notebook(folder / "release" / name)
    for number, cell in enumerate(pairing.tagged_cells(notebook, "solution"), 1):
        cell.source = answers.get(number, cell.source)
    pairing.write_notebook(notebook, folder / "submitted" / student / name)


def cell_errors(folder, source, student, tag):
    """{number of the exercise: whether its cell with this tag failed} when it was graded."""
    path = folder / "autograded" / student / source.stem / f"{source.stem}.ipynb"
    cells = pairing.tagged_cells(pairing.read_notebook(path), tag)
    failed = [any(output.output_type == "error" for output in cell.outputs) for cell in cells]
    return dict(enumerate(failed, 1))


def check_grades(source, wrong, folder):
    """Let nbgrader grade all solutions, no solutions, and each wrong answer, and compare."""
    course.write([source], folder)
    nbgrader(folder, "generate_assignment", source.stem)
    notebook = exercises.read(source)
    solved = enumerate(pairing.tagged_cells(notebook, "solution"), 1)
    solutions = {number: cell.source for number, cell in solved}
    checks = enumerate(pairing.tagged_cells(notebook, "check"), 1)
    points = {number: exercises.points(cell) for number, cell in checks}

    expected = {"solves_all": points, "solves_none": dict.fromkeys(points, 0)}
    hand_in(folder, source, "solves_all", solutions)
    hand_in(folder, source, "solves_none", {})
    for i in range(max(len(answers) for answers in wrong.values())):
        mistakes = {number: answers[i] for number, answers in wrong.items() if i < len(answers)}
        hand_in(folder, source, f"mistaken_{i + 1}", {**solutions, **mistakes})
        expected[f"mistaken_{i + 1}"] = {**points, **dict.fromkeys(mistakes, 0)}
    nbgrader(folder, "autograde", source.stem)
    nbgrader(folder, "export")

    with open(folder / "grades.csv", encoding="utf-8", newline="") as file:
        grades = {row["student_id"]: row for row in csv.DictReader(file)}
    for student, graded in expected.items():
        failed = cell_errors(folder, source, student, "check")
        assert failed == {number: not graded[number] for number in graded}, student
        if student != "solves_none":  # a mistake is found by the check, and is no broken cell
            assert not any(cell_errors(folder, source, student, "solution").values()), student
        assert float(grades[student]["score"]) == sum(graded.values()), student
        assert float(grades[student]["max_score"]) == sum(points.values())


@pytest.mark.slow
def test_nbgrader_grades_made_up_exercises(source, tmp_path):
    check_grades(source, MADE_UP_WRONG, tmp_path / "course")


@pytest.mark.slow
def test_nbgrader_grades_the_exercises_of_a_real_chapter(tmp_path):
    """Of the first one only, since it starts TensorFlow for each student; see below for the others."""
    wrong = {number: answers[:1] for number, answers in wrong_answers(SOURCES[0]).items()}
    check_grades(SOURCES[0], wrong, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_every_wrong_answer_is_refused(source):
    wrong = wrong_answers(source)
    names, right, number = {"__name__": "exercises"}, [], 0
    for cell in pairing.code_cells(exercises.read(source)):
        tags = cell.metadata.get("tags", [])
        if "solution" in tags:
            right.append(cell.source)  # later exercises may call it
        elif "check" in tags:
            number += 1
            for answer in wrong[number]:
                answered = dict(names)
                exec(compile(answer, source.name, "exec"), answered)
                with pytest.raises(AssertionError):
                    exec(compile(cell.source, source.name, "exec"), answered)
            while right:
                exec(compile(right.pop(0), source.name, "exec"), names)
        else:
            exec(compile(cell.source, source.name, "exec"), names)
