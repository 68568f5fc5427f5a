"""The exercises as a course of nbgrader, which hands them out, runs what comes back, and grades it.

`make course` writes build/course/. There, a teacher types, for example,

    nbgrader generate_assignment 07_variational_autoencoders    release/ is for the students
    nbgrader autograde 07_variational_autoencoders              submitted/NAME/07_.../ is theirs
    nbgrader export                                             grades.csv
"""

import importlib.util
import os

from tools import ROOT, exercises, pages, pairing

FOLDER = ROOT / "build" / "course"
CONFIG = '''\
"""The settings of nbgrader for this course."""

import os
import sys

os.environ["GENKERAS_SILENT"] = "1"  # no progress bars in what is graded
# nbgrader calls a program that is beside Python, and not found if the environment is not active.
os.environ["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])

c = get_config()
c.CourseDirectory.course_id = "genkeras"
c.Execute.timeout = 600  # seconds for a cell: some of them train
# A check that prints to stderr would get no points, and TensorFlow writes its warnings there.
c.IgnorePattern.enabled = True
c.IgnorePattern.pattern = "."
'''


def graded(source):
    """A source as a notebook with the answers, and at its cells the metadata of nbgrader."""
    notebook = exercises.read(source)
    for kind in ("solution", "check"):
        for number, cell in enumerate(pairing.tagged_cells(notebook, kind), 1):
            cell.metadata["nbgrader"] = {
                "schema_version": 3,
                "grade_id": f"{kind}-{number}",
                "grade": kind == "check",
                "solution": kind == "solution",
                "locked": kind == "check",
            }
            if kind == "check":
                cell.metadata["nbgrader"]["points"] = exercises.points(cell)
    return notebook


def write(sources, folder=FOLDER):
    """Write sources as assignments, beside nbgrader's settings, and say so in a line.

    What a teacher has in the folder stays: submissions, grades, and settings that were changed.
    """
    if importlib.util.find_spec("nbgrader") is None:
        raise SystemExit("nbgrader is missing: run make env COURSE=1")
    for source in sources:
        for problem in exercises.source_problems(source):
            raise SystemExit(f"exercises/{source.name}: {problem}")
        notebook = graded(source)
        pages.without_links_inside(notebook)
        pairing.write_notebook(notebook, folder / "source" / source.stem / f"{source.stem}.ipynb")
    if not (folder / "nbgrader_config.py").exists():
        pairing.write_whole(folder / "nbgrader_config.py", CONFIG)
    names = ", ".join(source.stem for source in sources) or "no assignment yet"
    print(f"{os.path.relpath(folder)}/: nbgrader_config.py, and in source/: {names}")
