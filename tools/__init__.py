"""The maintainer's side of the chapters: `make` calls `python -m tools`.

A person edits chapters/NN_topic.py; it runs in a kernel; results and outputs go into the notebook
beside it; the numbers in prose and README follow. One module for each step:

pairing      the script and its notebook, kept in step by jupytext
running      chapters run from top to bottom: make chapters, make quick, make outputs
fresh        whether outputs and results are those of the code: one hash
pages        notebooks as pages: alternative texts, small pictures, formulas without a network
quotes       the numbers quoted in prose and README, and the README's table
rules        what every chapter keeps, for the tests
exercises    exercises: the students' notebooks and the solutions, from one source
course       exercises as a course for nbgrader: make course
standalone   chapters and exercises as notebooks that carry genkeras with them: make standalone
assets       files of genkeras/assets, made again; pretrain: those that take hours
lift         the functions and classes of a chapter's script, for experiments and tests
"""

import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[1]
CHAPTERS = ROOT / "chapters"
EXPERIMENTS = ROOT / "experiments"
EXERCISES = ROOT / "exercises"
